//! The life of a key: replaced by a new value that works, taken back, and never missing meanwhile.

use aside_test_support::{
    Client, Home, ModelServer,
    model_server::{Reply, dialects::openai},
};
use serde_json::json;

use super::{KEY, NEW_KEY, home_of, listed, refused};

/// A home with a stored key, and its server, which lists one model for any key.
fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = home_of(&server).with_open_vault();
    home.store("work", KEY);
    (server, home)
}

fn models() -> Reply {
    Reply::json(200, &json!({ "data": [{ "id": "m" }] }))
}

#[track_caller]
fn sent(home: &Home, server: &ModelServer) -> String {
    home.run(&["chat", "--new", "hi"]).expect_code(0);
    server.request(openai::CHAT).header("authorization").expect("a key was sent").to_owned()
}

#[test]
fn r239_a_new_key_is_tested_and_the_old_one_kept_to_roll_back() {
    let (server, home) = scripted();
    server.once(openai::MODELS, models());
    let done = home.answer(&["secret", "rotate", "work"], &[NEW_KEY]).expect_code(0);
    assert!(done.stdout.contains("the provider takes it"), "{}", done.stdout);
    assert_eq!(server.request(openai::MODELS).header("authorization"), Some(&*format!("Bearer {NEW_KEY}")));
    assert_eq!(sent(&home, &server), format!("Bearer {NEW_KEY}"));
    let slots: Vec<_> = listed(&home).iter().map(|one| one["previous"].as_bool()).collect();
    assert_eq!(slots, [Some(false), Some(true)]);
    home.run(&["secret", "rotate", "--back", "work"]).expect_code(0);
    assert_eq!(sent(&home, &server), format!("Bearer {KEY}"));
    refused(home.run(&["secret", "rotate", "--back", "work"]), 4, "no earlier value");
    // An old value is not kept longer than the settings say.
    home.answer(&["secret", "rotate", "--no-test", "work"], &[NEW_KEY]).expect_code(0);
    assert_eq!(listed(&home).len(), 2);
    let kept = home.run(&["--set", "vault.keep_replaced=0ms", "secret", "list", "--json"]).expect_code(0).json();
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "{kept}");
    refused(home.run(&["secret", "rotate", "--back", "work"]), 4, "no earlier value");
}

#[test]
fn va20_a_new_key_that_fails_its_test_changes_nothing() {
    let (server, home) = scripted();
    for (reply, told) in [
        (openai::error(401, &format!("no such key {NEW_KEY}")), "`work`"),
        (openai::error(500, "broken"), "--no-test"),
        (Reply::json(429, &json!({ "error": { "message": "slow down" } })), "--no-test"),
    ] {
        server.always(openai::MODELS, reply);
        let done = home.answer(&["secret", "rotate", "work"], &[NEW_KEY]);
        assert!(!done.said().contains(NEW_KEY), "{}", done.said());
        refused(done, 1, told);
        assert_eq!(listed(&home).len(), 1);
    }
    assert_eq!(sent(&home, &server), format!("Bearer {KEY}"));
    // Nobody can be asked, and the person knows better.
    drop(server);
    refused(home.answer(&["secret", "rotate", "work"], &[NEW_KEY]), 1, "--no-test");
    home.answer(&["secret", "rotate", "--no-test", "work"], &[NEW_KEY]).expect_code(0);
    assert_eq!(listed(&home).len(), 2);
}

#[test]
fn r239_a_rotation_under_load_fails_no_request_and_the_next_ones_use_the_new_key() {
    let (server, home) = scripted();
    server.always(openai::MODELS, models());
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri()).id;
    std::thread::scope(|scope| {
        let rotation = scope.spawn(|| home.answer(&["secret", "rotate", "work"], &[NEW_KEY]).expect_code(0));
        let mut asked = 0;
        while !rotation.is_finished() || asked < 5 {
            let answer = client.converse(&session, "hi");
            assert_eq!(answer.end.reason, "complete", "{answer:?}");
            asked += 1;
        }
    });
    let before = server.requests().len();
    client.converse(&session, "hi");
    let last = server.requests().last().cloned().expect("requests");
    assert_eq!(last.header("authorization"), Some(&*format!("Bearer {NEW_KEY}")), "of {before} requests");
    client.shutdown();
}

#[test]
fn an_editor_uses_a_key_that_was_replaced_and_not_one_that_was_removed() {
    let (server, home) = scripted();
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri()).id;
    assert_eq!(client.converse(&session, "hi").end.reason, "complete");
    home.store("work", NEW_KEY);
    assert_eq!(client.converse(&session, "hi").end.reason, "complete");
    let keys: Vec<_> = server.requests().iter().map(|one| one.header("authorization").map(str::to_owned)).collect();
    assert_eq!(keys, [Some(format!("Bearer {KEY}")), Some(format!("Bearer {NEW_KEY}"))]);
    home.run(&["secret", "delete", "work"]).expect_code(0);
    let end = client.converse(&session, "hi").end;
    assert_eq!(end.error.expect("an error").code, "no-key");
    assert_eq!(server.requests().len(), 2);
    client.shutdown();
}
