//! What is done with the vault stands in the audit log; what cannot be recorded is not done.

use std::{fs, time::Instant};

use aside_test_support::{
    Client, Home, ModelServer, PATIENCE,
    model_server::{Reply, dialects::openai},
    vault::{OTHER, PASSPHRASE, recovery_words},
};
use serde_json::{Value, json};

use super::{KEY, NEW_KEY, home_of, providers, refused, stored_files};

/// What the log says that commands and agents did, without how often.
fn recorded(home: &Home) -> Vec<String> {
    let log = home.run(&["audit", "tail", "-n", "1000", "--json"]).expect_code(0).json();
    let one = |entry: &Value| {
        let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", word("by"), word("what"), word("outcome"))
    };
    log.as_array().expect("a list").iter().map(one).collect()
}

/// The same once `what` was recorded so many times: what an agent notes is written within a moment.
#[track_caller]
fn until_recorded(home: &Home, what: &str, times: usize) -> Vec<String> {
    let start = Instant::now();
    loop {
        let told = recorded(home);
        if told.iter().filter(|one| *one == what).count() >= times {
            return told;
        }
        assert!(start.elapsed() < PATIENCE, "`{what}` is not recorded {times} times: {told:#?}");
    }
}

#[test]
fn every_change_is_recorded_before_and_after_and_the_log_stays_whole() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    server.always(openai::MODELS, Reply::json(200, &json!({ "data": [] })));
    let home = home_of(&server);
    let file = home.path("b.aside").display().to_string();
    home.answer(&["vault", "init", "--no-recovery"], &[PASSPHRASE]).expect_code(0);
    home.store("work", KEY);
    home.run(&["chat", "--new", "hi"]).expect_code(0);
    home.answer(&["secret", "rotate", "work"], &[NEW_KEY]).expect_code(0);
    home.run(&["secret", "rotate", "--back", "work"]).expect_code(0);
    home.run(&["secret", "test", "work"]).expect_code(0);
    home.run(&["secret", "list"]).expect_code(0);
    home.answer(&["vault", "backup", &file], &[PASSPHRASE, OTHER]).expect_code(0);
    home.answer(&["vault", "rekey"], &[PASSPHRASE]).expect_code(0);
    home.answer(&["vault", "passphrase"], &[PASSPHRASE, OTHER]).expect_code(0);
    home.answer(&["secret", "import", "-"], &["openai=sk-1234"]).expect_code(0);
    home.run(&["secret", "delete", "openai"]).expect_code(0);
    home.run(&["secret", "delete", "openai"]).expect_code(4);
    home.answer(&["vault", "clear"], &["clear the vault", OTHER]).expect_code(0);
    home.answer(&["vault", "restore", "--yes", &file], &[OTHER]).expect_code(0);
    home.run(&["vault", "lock"]).expect_code(0);
    home.answer(&["vault", "unlock"], &[PASSPHRASE]).expect_code(3);
    home.answer(&["vault", "unlock"], &[OTHER]).expect_code(0);
    home.run(&["vault", "lock"]).expect_code(0);
    let told = until_recorded(&home, "agent lock done", 2);
    let cli: Vec<_> = told.iter().filter_map(|one| one.strip_prefix("cli ")).collect();
    let changes = "init set rotate roll-back test backup rekey passphrase-change import delete clear restore";
    for what in changes.split(' ') {
        assert!(cli.contains(&&*format!("{what} done")), "`{what}` was not recorded: {told:#?}");
        if what != "test" {
            let begun = cli.iter().position(|one| *one == format!("{what} begun"));
            let done = cli.iter().position(|one| *one == format!("{what} done"));
            assert!(begun < done && begun.is_some(), "`{what}` was begun before it was done: {told:#?}");
        }
    }
    assert!(cli.contains(&"use done") && cli.contains(&"list done") && cli.contains(&"delete failed"), "{told:#?}");
    let agent: Vec<_> = told.iter().filter_map(|one| one.strip_prefix("agent ")).collect();
    for what in ["agent-start done", "unlock done", "wrong-passphrase refused", "lock done"] {
        assert!(agent.contains(&what), "`{what}` was not recorded: {told:#?}");
    }
    let verified = home.run(&["audit", "verify", "--json"]).expect_code(0).json();
    assert_eq!((&verified["intact"], &verified["lost"]), (&true.into(), &0.into()), "{verified}");
    let log = fs::read_to_string(home.aside().join("state/audit/audit.jsonl")).expect("a log");
    for secret in [KEY, NEW_KEY, PASSPHRASE, OTHER, "sk-1234", "work", "openai", "127.0.0.1"] {
        assert!(!log.contains(secret), "`{secret}` stands in the log");
    }
}

#[test]
fn r174_a_report_tells_of_wrong_passphrases() {
    let home = Home::new().with_vault();
    for _ in 0..3 {
        home.answer(&["vault", "unlock"], &[OTHER]).expect_code(3);
    }
    home.unlock(PASSPHRASE);
    home.store("openai", KEY);
    until_recorded(&home, "agent unlock done", 1);
    let report = home.run(&["audit", "report", "--json"]).expect_code(0).json();
    let kinds: Vec<_> = report["anomalies"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert!(kinds.contains(&&json!("unlock-failures")), "{report:#}");
    let text = home.run(&["audit", "report"]).expect_code(0).stdout;
    assert!(text.contains("wrong-passphrase"), "{text}");
}

/// Puts a folder in the log's place.
fn block(home: &Home) {
    let log = home.aside().join("state/audit/audit.jsonl");
    if log.exists() {
        fs::remove_file(&log).expect("removed");
    }
    fs::create_dir_all(log).expect("a folder");
}

#[test]
fn lg08_what_cannot_be_recorded_is_not_changed_and_a_use_goes_on() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = home_of(&server).with_open_vault();
    home.store("work", KEY);
    home.answer(&["secret", "rotate", "--no-test", "work"], &[NEW_KEY]).expect_code(0);
    let file = home.path("b.aside").display().to_string();
    block(&home);
    let before = stored_files(&home);
    for (arguments, lines) in [
        (&["secret", "set", "work"][..], &[KEY][..]),
        (&["secret", "delete", "work"], &[]),
        (&["secret", "rotate", "--no-test", "work"], &[KEY]),
        (&["secret", "rotate", "--back", "work"], &[]),
        (&["secret", "import", "-"], &["openai=sk-1234"]),
        (&["vault", "backup", &file], &[PASSPHRASE, OTHER]),
        (&["vault", "passphrase"], &[PASSPHRASE, OTHER]),
        (&["vault", "rekey"], &[PASSPHRASE]),
        (&["vault", "clear"], &["clear the vault", PASSPHRASE]),
        (&["vault", "restore", "--yes", "--generation", "1"], &[PASSPHRASE]),
        (&["vault", "unlock", "--recovery"], &[recovery_words(), OTHER]),
    ] {
        refused(home.answer(arguments, lines), 1, "is not a file");
        assert_eq!(stored_files(&home), before, "{arguments:?} changed something");
    }
    assert!(!home.path("b.aside").exists());
    assert!(home.run(&["chat", "--new", "hi"]).expect_code(0).stdout.contains("hello"));
    assert_eq!(providers(&home).len(), 2);
    let fresh = Home::new();
    block(&fresh);
    refused(fresh.answer(&["vault", "init"], &[PASSPHRASE]), 1, "is not a file");
    assert!(!fresh.vault_file().exists() && fresh.agent().is_none());
}

#[test]
fn lg08_where_every_use_must_be_recorded_a_locked_log_locks_the_keys() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    server.always(openai::COMPLETIONS, openai::fill(&["word"]));
    let home = home_of(&server).with_open_vault();
    home.store("work", KEY);
    let settings = fs::read_to_string(home.aside().join("config.toml")).expect("settings");
    home.config(&format!("{settings}\n[audit]\nrequired = \"all\"\n"));
    block(&home);
    refused(home.run(&["chat", "--new", "hi"]), 1, "its use cannot be recorded");
    refused(home.run(&["secret", "test", "work"]), 1, "is not a file");
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri()).id;
    let error = client.converse(&session, "hi").end.error.expect("an error");
    assert!(error.message.contains("cannot be recorded") && error.hint.is_some(), "{error:?}");
    let refusal = client.refused("aside/secret/test", json!({ "provider": "work" }));
    assert_eq!(refusal.kind(), "audit-failed", "{refusal:?}");
    client.shutdown();
    assert!(server.requests().is_empty(), "nothing is sent");
    home.run(&["vault", "lock"]).expect_code(0);
    refused(home.answer(&["vault", "unlock"], &[PASSPHRASE]), 1, "is not a file");
    refused(home.run(&["secret", "list"]), 3, "locked");
}

#[test]
fn what_an_editor_changes_is_recorded_too() {
    let server = ModelServer::start();
    let home = home_of(&server).with_open_vault();
    home.store("work", KEY);
    let mut client = Client::of(&home).connect();
    client.refused("aside/secret/test", json!({ "provider": "work" }));
    client.request::<Value>("aside/secret/delete", json!({ "provider": "work" }));
    client.shutdown();
    home.unlock(PASSPHRASE);
    let told = recorded(&home);
    for what in ["lsp test failed", "lsp delete begun", "lsp delete done"] {
        assert!(told.iter().any(|one| one == what), "`{what}` was not recorded: {told:#?}");
    }
    home.store("work", KEY);
    block(&home);
    let mut client = Client::of(&home).connect();
    let refusal = client.refused("aside/secret/delete", json!({ "provider": "work" }));
    assert_eq!(refusal.kind(), "audit-failed", "{refusal:?}");
    assert_eq!(providers(&home), ["work"]);
    client.shutdown();
}
