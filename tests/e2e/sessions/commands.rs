//! `aside session` and `aside chat --continue`, each command for good and for bad input.

use std::{fs, os::unix::fs::PermissionsExt as _};

use aside_test_support::{
    Client, Home, ModelServer,
    model_server::{Reply, dialects::openai},
    settings,
};
use serde_json::{Value, json};

use super::{UNKNOWN, listed, said, talked};

#[test]
fn a_conversation_is_renamed_copied_thrown_away_and_brought_back() {
    let home = Home::new();
    let id = talked(&home, "what is here");
    let messages = said(&home, &id);
    home.run(&["session", "rename", &id[..13], "Ropes and knots"]).expect_code(0);
    assert_eq!(listed(&home, &[])[0]["title"], "Ropes and knots");

    let copy = home.run(&["session", "fork", &id, "--json"]).expect_code(0).json();
    let copy = copy["id"].as_str().expect("an id");
    assert_eq!(said(&home, copy), messages);
    assert_eq!(home.run(&["session", "fork", &id, "--at", "999"]).code, 4);

    home.run(&["session", "delete", &id, copy]).expect_code(0);
    assert_eq!(listed(&home, &[]), Vec::<Value>::new());
    let trash = listed(&home, &["--trash"]);
    assert!(trash.len() == 2 && trash[0]["trashed"].is_string(), "{trash:?}");
    let unsure = home.run(&["session", "delete", copy, "--forever"]);
    assert!(unsure.code != 0 && listed(&home, &["--trash"]).len() == 2, "{}", unsure.said());
    home.answer(&["session", "delete", copy, "--forever"], &["delete"]).expect_code(0);
    home.run(&["session", "restore", &id]).expect_code(0);
    assert_eq!(home.run(&["session", "restore", copy]).code, 4);
    home.run(&["session", "delete", &id, "--forever", "--yes"]).expect_code(0);
    assert_eq!((listed(&home, &["--all"]).len(), listed(&home, &["--trash"]).len()), (0, 0));
}

#[test]
fn what_is_not_there_or_not_possible_is_refused_with_its_exit_code() {
    let home = Home::new();
    let id = talked(&home, "what is here");
    let missing = home.path("none.json").display().to_string();
    home.write("wrong.json", "{}");
    let wrong = home.path("wrong.json").display().to_string();
    let long = "x".repeat(201);
    let cases: &[(&[&str], i32)] = &[
        (&["session", "show", UNKNOWN], 4),
        (&["session", "show", "zzzz"], 4),
        (&["session", "rename", UNKNOWN, "t"], 4),
        (&["session", "rename", &id, " "], 2),
        (&["session", "rename", &id, &long], 2),
        (&["session", "fork", UNKNOWN], 4),
        (&["session", "compact", UNKNOWN], 1),
        (&["session", "compact", &id], 1),
        (&["session", "digest", "--hours", "0"], 2),
        (&["session", "search", " "], 2),
        (&["session", "search", "nowhere-to-be-found"], 4),
        (&["session", "delete"], 2),
        (&["session", "delete", &id, UNKNOWN], 4),
        (&["session", "restore", UNKNOWN], 4),
        (&["session", "export", UNKNOWN], 4),
        (&["session", "export", &id, "--format", "pdf"], 2),
        (&["session", "export", &id, "-o", "/nonexistent/a.md"], 1),
        (&["session", "export", &id, "-o", &wrong], 2),
        (&["session", "import", &missing], 4),
        (&["session", "import", &wrong], 2),
        (&["session", "import", "-"], 2),
        (&["session", "verify", UNKNOWN], 4),
        (&["session", "recover", UNKNOWN], 4),
        (&["session", "relink", "/never/was"], 4),
        (&["session", "relink", "/never/was", "/nonexistent"], 4),
        (&["chat", "--continue"], 4),
        (&["chat", "--continue", "and a question"], 2),
    ];
    for (arguments, code) in cases {
        let done = home.run(arguments);
        assert_eq!(done.code, *code, "`aside {}`: {}", arguments.join(" "), done.said());
        assert!(done.code == 2 || done.stderr.contains("next:"), "no next step: {}", done.said());
    }
    assert_eq!((listed(&home, &["--all"]).len(), fs::read_to_string(&wrong).expect("there")), (1, "{}".to_owned()));
}

#[test]
fn an_exported_conversation_is_private_overwrites_nothing_and_comes_back_marked() {
    let home = Home::new();
    let id = talked(&home, "what is a rope");
    let messages = said(&home, &id);
    let markdown = home.run(&["session", "export", &id]).expect_code(0).stdout;
    assert!(markdown.contains("what is a rope"), "{markdown}");
    let file = home.path("rope.json");
    let path = file.display().to_string();
    let export = ["session", "export", &id, "--format", "json", "-o", &path];
    home.run(&export).expect_code(0);
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    home.run(&export).expect_code(2);
    home.run(&[&export[..], &["--force"]].concat()).expect_code(0);
    assert_eq!(home.run(&export[..5]).expect_code(0).stdout, fs::read_to_string(&file).expect("there"));

    let made = home.run(&["session", "import", &path, "--title", "Brought", "--json"]).expect_code(0).json();
    assert_eq!((&made["imported"], &made["title"]), (&json!(true), &json!("Brought")));
    let new = made["id"].as_str().expect("an id");
    assert_eq!(said(&home, new), messages);
    assert!(home.run(&["session", "show", new]).stdout.contains("imported"));
    assert!(home.run(&["session", "list"]).stdout.contains("[imported]"));
    let text = fs::read_to_string(&file).expect("there");
    let piped = home.run_with(&["session", "import", "-"], &text, |_| {}).expect_code(0).stdout;
    assert!(piped.contains("marked as imported"), "{piped}");
}

#[test]
fn a_search_finds_what_was_said_before_the_server_was_started_anew() {
    let home = Home::new();
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.converse(&session.id, "how are Ropes balanced after an insertion");
    client.shutdown();
    let mut client = Client::of(&home).connect();
    let found: Value = client.request("aside/chat/search", json!({ "query": "balanced ropes" }));
    assert_eq!(found["matches"][0]["session"]["id"], json!(session.id));
    client.shutdown();
    let found = home.run(&["session", "search", "BALANCED ropes"]).expect_code(0).stdout;
    assert!(found.contains(&session.id) && found.contains("how are Ropes balanced"), "{found}");
    let found = home.run(&["session", "search", "\"after an\"", "--json", "--all"]).expect_code(0).json();
    let snippet = &found["matches"][0]["snippet"];
    let text: Vec<char> = snippet["text"].as_str().expect("a text").chars().collect();
    let bound = |at: usize| usize::try_from(snippet["highlights"][0][at].as_u64().expect("a number")).expect("small");
    assert_eq!(text[bound(0)..bound(1)].iter().collect::<String>(), "after an");
    home.run(&["session", "delete", &session.id]).expect_code(0);
    home.run(&["session", "search", "ropes"]).expect_code(4);
}

#[test]
fn a_model_sums_up_what_was_said_and_without_one_there_is_an_outline() {
    let home = Home::new();
    talked(&home, "why is the parser slow");
    let outline = home.run(&["session", "digest"]).expect_code(0).stdout;
    assert!(outline.contains("without a model") && outline.contains("why is the parser slow"), "{outline}");
    let id = listed(&home, &[])[0]["id"].as_str().expect("an id").to_owned();
    let refused = home.run(&["session", "compact", &id]).expect_code(1);
    assert!(refused.stderr.contains("roles.chat"), "{}", refused.stderr);

    let server = ModelServer::start();
    home.config(&settings("openai", &server.url("/v1")));
    server.once(openai::CHAT, openai::chat(&["The parser ", "was slow."]));
    let digest = home.run(&["session", "digest", "--hours", "1", "--json"]).expect_code(0).json();
    assert_eq!(digest, json!({ "text": "The parser was slow.", "model": "work/m" }));
    assert!(server.request(openai::CHAT).json().to_string().contains("why is the parser slow"));

    server.once(openai::CHAT, openai::chat(&["second answer"]));
    home.run(&["chat", "second question"]).expect_code(0);
    server.request(openai::CHAT);
    server.once(openai::CHAT, openai::chat(&["It was about a parser."]));
    let made = home.run(&["session", "compact", &id, "--keep", "1", "--json"]).expect_code(0).json();
    let messages = said(&home, made["id"].as_str().expect("an id"));
    assert_eq!((messages.len(), &*messages[0].0), (3, "system"), "{messages:?}");
    assert!(messages[0].1.starts_with("It was about a parser.") && messages[1].1 == "second question");
    assert_eq!(said(&home, &id).len(), 4, "the first one stays as it is");
}

#[test]
fn an_answer_that_a_crash_cut_off_is_continued_in_the_terminal() {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("one, two")).hold(&gate);
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let turn = client.say(&session.id, "count");
    client.hears(&turn, "one, two");
    // What is told may be saved a moment later: a page of the session shows what is.
    let start = std::time::Instant::now();
    while !said(&home, &session.id).iter().any(|(_, text)| text == "one, two") {
        assert!(start.elapsed() < aside_test_support::PATIENCE, "the answer is not saved");
    }
    client.kill();
    server.request(openai::CHAT);
    assert_eq!(listed(&home, &[])[0]["state"], "interrupted");

    server.once(openai::CHAT, openai::chat(&[", three"]));
    let done = home.run(&["chat", "--continue"]).expect_code(0);
    assert_eq!(done.stdout, ", three\n");
    let sent = server.request(openai::CHAT).json().to_string();
    assert!(sent.contains("one, two") && sent.contains("cut off"), "{sent}");
    assert_eq!(said(&home, &session.id).len(), 4);
    home.run(&["chat", "--continue"]).expect_code(4);
}

#[test]
fn a_look_at_what_has_had_its_time_says_why_it_waits() {
    let home = Home::new();
    assert!(home.run(&["session", "clean"]).expect_code(0).stdout.contains("no conversations"));
    let id = talked(&home, "what is here");
    let first = home.run(&["session", "clean", "--json"]).expect_code(0).json();
    assert!(first["waits"].as_str().is_some_and(|why| why.contains("no look before")), "{first}");
    let second = home.run(&["session", "clean"]).expect_code(0).stdout;
    assert!(second.contains("less than an hour ago"), "{second}");
    assert_eq!(listed(&home, &[])[0]["id"], json!(id));
}
