//! Keys in the vault: set, list, test, delete, import, rebind; and what is refused without being repeated.

use aside_test_support::{
    Home, ModelServer,
    model_server::{Reply, dialects::openai},
    settings_with_key,
};
use serde_json::json;

use super::{KEY, NEW_KEY, home_of, listed, providers, refused, stored_files};

/// What a chat in a terminal sent as its key.
#[track_caller]
fn sent(home: &Home, server: &ModelServer) -> String {
    home.run(&["chat", "--new", "hi"]).expect_code(0);
    server.request(openai::CHAT).header("authorization").expect("a key was sent").to_owned()
}

#[test]
fn r258_a_key_is_set_listed_used_after_a_restart_and_deleted() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = home_of(&server).with_open_vault();
    assert_eq!(listed(&home), Vec::<serde_json::Value>::new());
    home.store("work", KEY);
    let origin = server.url("");
    let all = listed(&home);
    let mut one = all[0].clone();
    let at = one.as_object_mut().expect("an object").remove("storedAt").expect("a time");
    assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{at}");
    assert_eq!(one, json!({ "provider": "work", "origin": origin, "previous": false, "old": false, "used": true }));
    let table = home.run(&["secret", "list"]).expect_code(0).stdout;
    assert!(table.contains(&format!("work  {origin}  just now")), "{table}");
    assert_eq!(sent(&home, &server), format!("Bearer {KEY}"));
    home.kill_agent();
    refused(home.run(&["chat", "--new", "hi"]), 3, "locked");
    home.unlock(aside_test_support::vault::PASSPHRASE);
    assert_eq!(sent(&home, &server), format!("Bearer {KEY}"));
    home.run(&["secret", "delete", "work"]).expect_code(0);
    assert_eq!(providers(&home), Vec::<String>::new());
    refused(home.run(&["secret", "delete", "work"]), 4, "does not exist");
    refused(home.run(&["chat", "--new", "hi"]), 1, "does not exist");
    assert_eq!(server.requests().len(), 2);
    for (name, bytes) in stored_files(&home) {
        assert!(!String::from_utf8_lossy(&bytes).contains(KEY), "{name}");
    }
}

#[test]
fn who_has_no_such_key_is_told_what_there_is() {
    let server = ModelServer::start();
    let home = home_of(&server).with_open_vault();
    for verb in ["set", "delete", "test", "rotate", "rebind"] {
        refused(home.answer(&["secret", verb, "wrok"], &[KEY]), 4, "there is no provider `wrok` in the settings");
        refused(home.answer(&["secret", verb, "ollama"], &[KEY]), 2, "`ollama` uses no stored key");
    }
    refused(home.answer(&["secret", "test", "work"], &[]), 4, "does not exist");
    refused(home.answer(&["secret", "rotate", "work"], &[NEW_KEY]), 4, "does not exist");
    refused(home.answer(&["secret", "rotate", "--back", "work"], &[]), 4, "no earlier value");
    refused(home.answer(&["secret", "rebind", "work"], &[]), 4, "no key for another address");
    refused(home.answer(&["secret", "delete", "work", "--origin", "https://x.example"], &[]), 4, "does not exist");
    refused(home.answer(&["secret", "delete", "work", "--origin", "no url"], &[]), 1, "cannot be used");
    home.run(&["vault", "lock"]).expect_code(0);
    for arguments in [&["secret", "set", "work"][..], &["secret", "list"], &["secret", "delete", "work"]] {
        refused(home.answer(arguments, &[KEY]), 3, "the vault is locked");
    }
}

#[test]
fn va19_what_no_header_can_carry_is_refused_and_never_repeated() {
    let server = ModelServer::start();
    let home = home_of(&server).with_open_vault();
    home.store("work", KEY);
    let before = stored_files(&home);
    let long = format!("test-key-{}", "x".repeat(8192));
    let longer = format!("test-key-{}", "x".repeat(1 << 20));
    for (value, told) in [
        ("", "is empty"),
        ("\r\n\n", "is empty"),
        ("test-key-1\ntest-key-2\n", "has more than one line"),
        ("test-key-1\r\nHost: evil.example", "has more than one line"),
        (" test-key-1", "at byte 0"),
        ("test-key-1 and more", "at byte 10"),
        ("test-key-\0", "at byte 9"),
        ("test-key-ü", "at byte 9"),
        (&long, "is longer than 8192 bytes"),
        (&longer, "is longer than 16384 bytes"),
    ] {
        for arguments in [&["secret", "set", "work"][..], &["secret", "rotate", "--no-test", "work"]] {
            let done = home.run_with(arguments, value, |_| {}).expect_code(2);
            assert!(done.stderr.contains(told) && done.stderr.contains("next: "), "{told}: {}", done.stderr);
            assert!(!done.said().contains("test-key-"), "{told}: it is repeated: {}", done.said());
        }
    }
    assert_eq!(stored_files(&home), before, "nothing was stored");
    // What a pipe leaves behind the value is not part of it, and the longest value goes.
    home.run_with(&["secret", "set", "work"], format!("{KEY}\r\n"), |_| {}).expect_code(0);
    home.run_with(&["secret", "set", "work"], "x".repeat(8192), |_| {}).expect_code(0);
}

#[test]
fn no_value_is_taken_from_the_command_line() {
    let home = Home::new().with_open_vault();
    let key = ["sk-proj-", &"k3Yz9Qw1".repeat(5)].concat();
    let flag = format!("--value={key}");
    let line = format!("OPENAI_API_KEY={key}");
    for (arguments, code) in [
        (&["secret", "set", "openai", &key][..], 2),
        (&["secret", "set", "openai", &flag], 2),
        (&["secret", "set", &line], 4),
        (&["secret", "set", &key], 4),
        (&["secret", "rotate", "openai", &key], 2),
        (&["secret", "rotate", &key], 4),
        (&["secret", "test", &key], 4),
        (&["secret", "delete", &key], 4),
        (&["secret", "import", &line], 4),
        (&["vault", "unlock", &key], 2),
        (&["vault", "restore", &key], 4),
    ] {
        let done = home.run(arguments).expect_code(code);
        assert!(!done.said().contains(&key), "{:?} repeats it: {}", &arguments[..2], done.said());
        assert!(!done.said().contains(&key[8..]), "{:?} repeats it in part: {}", &arguments[..2], done.said());
    }
    assert_eq!(providers(&home), Vec::<String>::new());
    super::walk(&home.aside(), &mut |path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(&key), "{}", path.display());
    });
}

#[test]
fn a_test_asks_the_provider_and_tells_what_it_said() {
    let server = ModelServer::start();
    let home = home_of(&server).with_open_vault();
    home.store("work", KEY);
    server.once(openai::MODELS, Reply::json(200, &json!({ "data": [{ "id": "m" }] })));
    let tested = home.run(&["secret", "test", "work", "--json"]).expect_code(0).json();
    assert_eq!((&tested["provider"], &tested["origin"]), (&"work".into(), &server.url("").into()), "{tested}");
    assert!(tested["milliseconds"].is_u64(), "{tested}");
    assert_eq!(server.request(openai::MODELS).header("authorization"), Some(&*format!("Bearer {KEY}")));
    server.once(openai::MODELS, openai::error(401, &format!("bad key {KEY}")));
    let done = home.run(&["secret", "test", "work"]).expect_code(1);
    assert!(!done.said().contains(KEY) && done.stderr.contains("next: "), "{}", done.said());
    // A server without a list of models is asked a small question.
    server.once(openai::CHAT, openai::chat(&["ok"]));
    assert!(home.run(&["secret", "test", "work"]).expect_code(0).stdout.contains("takes the key"));
}

#[test]
fn keys_are_imported_from_the_lines_that_other_tools_keep() {
    let server = ModelServer::start();
    let home = home_of(&server).with_open_vault();
    home.write(
        "keys.env",
        &format!(
            "# my keys\n\nexport OPENAI_API_KEY=\"sk-one\"\nANTHROPIC_API_KEY='sk-two'\r\n  GOOGLE_API_KEY = sk-three \nwork={KEY}\n"
        ),
    );
    let done = home.run(&["secret", "import", "keys.env"]).expect_code(0);
    assert!(
        done.stdout.contains("stored 4 keys in the vault") && done.stdout.contains("remove `keys.env`"),
        "{}",
        done.stdout
    );
    assert_eq!(providers(&home), ["anthropic", "gemini", "openai", "work"]);
    server.always(openai::CHAT, openai::chat(&["hello"]));
    assert_eq!(sent(&home, &server), format!("Bearer {KEY}"));
    let done = home.answer(&["secret", "import", "-"], &["MISTRAL_API_KEY=sk-four"]).expect_code(0);
    assert!(done.stdout.contains("stored 1 key") && !done.stdout.contains("remove"), "{}", done.stdout);
    assert_eq!(providers(&home).len(), 5);
}

#[test]
fn a_bad_line_is_told_by_its_number_and_nothing_is_imported() {
    let home = Home::new().with_open_vault();
    let before = stored_files(&home);
    for (text, code, told) in [
        ("openai=sk-one-1\nnothing here\n", 2, "line 2: it has no `=`"),
        (
            "openai=sk-one-1\n\n# c\nAWS_SECRET_ACCESS_KEY=sk-one-2\n",
            2,
            "line 4: `AWS_SECRET_ACCESS_KEY` names no provider",
        ),
        ("openai=sk-one-1\nollama=sk-one-2\n", 2, "line 2: `ollama` uses no stored key"),
        ("openai=\n", 2, "line 1: the key of `openai` is empty"),
        ("anthropic=sk-one-1\nopenai=sk-one 2\n", 2, "line 2: the key of `openai` has a space"),
        ("openai=sk-one-1\nOPENAI_API_KEY=sk-one-2\n", 2, "line 2: `openai` has a key in an earlier line already"),
        ("sk-one-1=openai\n", 2, "line 1: "),
        ("# nothing\n", 4, "there is no key to import"),
        ("", 4, "there is no key to import"),
    ] {
        home.write("keys.env", text);
        let done = home.run(&["secret", "import", "keys.env"]).expect_code(code);
        assert!(done.stderr.contains(told) && done.stderr.contains("next: "), "{text:?}: {}", done.stderr);
        assert!(!done.said().contains("sk-one-2"), "{text:?}: {}", done.stderr);
    }
    std::fs::write(home.path("keys.env"), b"openai=\xff\xfe\n").expect("written");
    refused(home.run(&["secret", "import", "keys.env"]), 2, "is not UTF-8 text");
    refused(home.run(&["secret", "import", "other.env"]), 4, "`other.env` cannot be read");
    refused(home.run(&["secret", "import", "."]), 1, "`.` cannot be read");
    refused(home.run(&["secret", "import", "--from", "file"]), 2, "kept in the vault already");
    refused(home.run(&["secret", "import", "--from", "keyring"]), 1, "the keyring cannot be used");
    home.run(&["secret", "import"]).expect_code(2);
    assert_eq!(stored_files(&home), before);
}

#[test]
fn ab05_a_changed_address_does_not_get_the_key_until_the_person_says_so() {
    let (old, new) = (ModelServer::start(), ModelServer::start());
    for server in [&old, &new] {
        server.always(openai::CHAT, openai::chat(&["hello"]));
    }
    let home = home_of(&old).with_open_vault();
    home.store("work", KEY);
    assert_eq!(sent(&home, &old), format!("Bearer {KEY}"));
    home.config(&settings_with_key("openai", &new.url("/v1"), "keyring"));
    let done = home.run(&["chat", "--new", "hi"]).expect_code(1);
    for part in [&old.url("")[..], &new.url(""), "next: ", "aside secret rebind work"] {
        assert!(done.stderr.contains(part), "`{part}` is missing: {}", done.stderr);
    }
    refused(home.answer(&["secret", "rebind", "work"], &["no"]), 1, "not confirmed");
    refused(home.answer(&["secret", "rebind", "work"], &[]), 2, "standard input ended");
    assert!(new.requests().is_empty(), "nothing is sent to the new address");
    let rows = home.run(&["secret", "list"]).expect_code(0).stdout;
    assert!(rows.contains("not used"), "{rows}");
    home.answer(&["secret", "rebind", "work"], &["yes"]).expect_code(0);
    assert_eq!(sent(&home, &new), format!("Bearer {KEY}"));
    assert_eq!(listed(&home).len(), 1);
    // Back to the first, where another key waits.
    home.config(&settings_with_key("openai", &old.url("/v1"), "keyring"));
    home.store("work", NEW_KEY);
    assert_eq!(sent(&home, &old), format!("Bearer {NEW_KEY}"));
    let log = home.run(&["audit", "tail", "-n", "100", "--json"]).expect_code(0).json();
    let rebinds = log.as_array().expect("a list").iter().filter(|one| one["what"] == "rebind").count();
    assert_eq!(rebinds, 2, "begun and done: {log}");
}

#[test]
fn of_several_addresses_the_person_says_which() {
    let servers = [ModelServer::start(), ModelServer::start(), ModelServer::start()];
    let home = home_of(&servers[0]).with_open_vault();
    for (server, key) in servers.iter().zip([KEY, NEW_KEY]) {
        home.config(&settings_with_key("openai", &server.url("/v1"), "keyring"));
        home.store("work", key);
    }
    home.config(&settings_with_key("openai", &servers[2].url("/v1"), "keyring"));
    refused(home.run(&["secret", "rebind", "work", "--yes"]), 2, "keys for several addresses");
    let from = servers[1].url("/v1");
    home.run(&["secret", "rebind", "work", "--yes", "--from", &from]).expect_code(0);
    servers[2].always(openai::CHAT, openai::chat(&["hello"]));
    assert_eq!(sent(&home, &servers[2]), format!("Bearer {NEW_KEY}"));
    let left: Vec<_> = listed(&home).iter().map(|one| one["origin"].clone()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    home.run(&["secret", "delete", "work", "--origin", &servers[0].url("")]).expect_code(0);
    assert_eq!(listed(&home).len(), 1);
}
