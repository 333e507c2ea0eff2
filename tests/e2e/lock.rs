//! The lock of the keys as editors see it: what it ends, what opens it, and who cannot move it.

mod hostile;
mod surface;

use std::time::{Duration, Instant};

use aside_test_support::{
    Client, Home, ModelServer, PATIENCE,
    client::ErrorData,
    model_server::{Reply, dialects::openai},
    settings_with_key,
    vault::PASSPHRASE,
};
use serde_json::{Value, json};

const KEY: &str = "test-key-Zq81vX0pLm3";

/// How soon after a lock nothing that used a key goes on: half a second of grace, and what a busy machine takes.
const SOON: Duration = Duration::from_millis(1500);

/// Settings whose provider takes its key from the environment, with these more.
fn home_with(server: &ModelServer, more: &str) -> Home {
    Home::with(&format!("{}{more}", settings_with_key("openai", &server.url("/v1"), "env:WORK_TEST_KEY")), "")
}

fn start(home: &Home) -> Client {
    Client::of(home).env("WORK_TEST_KEY", KEY).heeds_status().connect()
}

/// Hears of a change of the keys; the reason's code, or nothing when they are open.
#[track_caller]
fn heard(client: &mut Client) -> Option<String> {
    let told = client.notification_where("aside/status/changed", |params| params["what"] == "vault");
    told["reason"]["code"].as_str().map(str::to_owned)
}

/// Runs `aside chat` with the key in its environment.
fn ask(home: &Home) -> aside_test_support::Finished {
    home.run_with(&["chat", "--new", "hi"], "", |command| {
        command.env("WORK_TEST_KEY", KEY);
    })
}

#[test]
fn va16_what_is_in_flight_ends_soon_after_a_lock_and_no_connection_stays() {
    let (server, free) = (ModelServer::start(), ModelServer::start());
    let whole = server.gate();
    let undisturbed = free.gate();
    for _ in 0..10 {
        let begun = Reply::sse().then(openai::delta("half "));
        server.once(openai::CHAT, begun.hold(&whole).then(openai::finish("stop")).then(openai::DONE));
    }
    server.always(openai::CHAT, Reply::sse().then(openai::delta("half ")).silent());
    let begun = Reply::sse().then(openai::delta("half "));
    free.once(
        openai::CHAT,
        begun.hold(&undisturbed).then(openai::delta("whole")).then(openai::finish("stop")).then(openai::DONE),
    );
    let settings = settings_with_key("openai", &server.url("/v1"), "keyring");
    let free_one =
        format!("[providers.free]\ndialect = \"openai\"\nbase_url = \"{}\"\nkey = \"none\"\n", free.url("/v1"));
    let home = Home::with(&format!("{settings}{free_one}"), "").with_open_vault();
    home.store("work", KEY);

    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let mut turns = Vec::new();
    for _ in 0..20 {
        let session = client.new_session(&home.workspace_uri()).id;
        let turn = client.say(&session, "hi");
        turns.push(turn);
    }
    let session = client.new_session(&home.workspace_uri()).id;
    let sent: Value = client.request("aside/chat/send", json!({ "session": session, "text": "hi", "model": "free/m" }));
    let keyless = sent["turn"].as_str().expect("a turn").to_owned();
    server.wait_live(20);
    free.wait_live(1);
    for turn in &turns {
        client.hears(turn, "half ");
    }

    home.run(&["vault", "lock"]).expect_code(0);
    let locked = Instant::now();
    whole.open();
    let mut ends = Vec::new();
    for turn in &turns {
        loop {
            if let aside_test_support::protocol::ChatEvent::End(end) = client.event(turn).event {
                ends.push(end.error.map_or(end.reason, |error| error.code));
                break;
            }
        }
    }
    let took = locked.elapsed();
    assert!(took < SOON, "the last ended after {took:?}");
    let (complete, cut): (Vec<_>, Vec<_>) = ends.iter().partition(|end| *end == "complete");
    assert!(cut.iter().all(|end| *end == "locked"), "{ends:?}");
    assert!(cut.len() >= 10, "{ends:?}");
    assert!(!complete.is_empty(), "what was nearly whole became whole: {ends:?}");
    server.wait_live(0);
    assert!(locked.elapsed() < SOON, "a connection stayed for {:?}", locked.elapsed());
    server.wait_closed(SOON);
    // Who needs no key is not disturbed.
    undisturbed.open();
    let answer = client.hears(&keyless, "whole");
    assert!(answer.ends_with("whole"), "{answer}");
    let end = client.event(&keyless);
    assert!(format!("{end:?}").contains("complete"), "{end:?}");

    assert_eq!(client.refused("aside/chat/send", json!({ "session": session, "text": "hi" })).kind(), "locked");
    home.unlock(PASSPHRASE);
    server.once(openai::CHAT, openai::chat(&["again"]));
    assert_eq!(client.converse(&session, "hi").text, "again");
    client.shutdown();
}

#[test]
fn on_use_the_next_thing_a_person_does_opens_the_lock_and_a_check_does_not() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = home_with(&server, "");
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri()).id;
    assert_eq!(client.converse(&session, "hi").text, "hello");
    let status: Value = client.request("aside/vault/lock", json!({}));
    assert_eq!(status["locked"]["code"], "locked", "{status}");
    assert_eq!(heard(&mut client).as_deref(), Some("locked"));
    let asked = server.requests().len();
    client.request::<Value>("aside/health", Value::Null);
    let status: Value = client.request("aside/vault/status", json!({}));
    assert!(status["locked"].is_object(), "a check opens nothing: {status}");
    assert_eq!(server.requests().len(), asked, "and gets no key");
    assert_eq!(client.converse(&session, "hi").text, "hello");
    assert_eq!(heard(&mut client), None);
    let status: Value = client.request("aside/vault/status", json!({}));
    assert!(status["locked"].is_null() && status["locksIn"].as_u64().is_some_and(|left| left > 800), "{status}");
    client.shutdown();
}

#[test]
fn r025_the_keys_lock_when_nobody_uses_them_and_after_the_absolute_limit() {
    for limit in ["idle_lock = \"1s\"", "idle_lock = \"1h\"\nabsolute_lock = \"1s\""] {
        let server = ModelServer::start();
        server.always(openai::CHAT, openai::chat(&["hello"]));
        let home = home_with(&server, &format!("\n[vault]\n{limit}\n"));
        let mut client = start(&home);
        let session = client.new_session(&home.workspace_uri()).id;
        assert_eq!(client.converse(&session, "hi").text, "hello");
        // Whether the clock began with the process or with the use, it locks and tells by itself.
        let told = client.notification_where("aside/status/changed", |params| params["reason"]["code"] == "locked");
        let sentence = told["reason"]["message"].as_str().expect("a sentence");
        assert!(sentence.contains("they were"), "{limit}: {sentence}");
        assert_eq!(client.converse(&session, "hi").text, "hello", "the next message opens them");
        client.kill();
    }
}

#[test]
fn explicit_means_that_only_an_unlock_opens_the_lock() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = home_with(&server, "\n[vault]\nunlock = \"explicit\"\n");
    home.run(&["vault", "unlock"]).expect_code(0);
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri()).id;
    home.run(&["vault", "lock"]).expect_code(0);
    assert_eq!(heard(&mut client).as_deref(), Some("locked"));
    for round in 0..2 {
        let refused = client.refused("aside/chat/send", json!({ "session": session, "text": "hi" }));
        assert_eq!((refused.kind(), refused.hint()), ("locked", "run `aside vault unlock` in a terminal"));
        let told = client.notification("window/showMessage");
        assert!(told["message"].as_str().is_some_and(|text| text.contains("aside vault unlock")), "{told}");
        // Once for each lock: another message would be left unread.
        client.refused("aside/chat/send", json!({ "session": session, "text": "hi" }));
        assert_eq!(ask(&home).code, 3);
        assert_eq!(server.requests().len(), 2 * round, "nothing is sent");

        home.run(&["vault", "unlock"]).expect_code(0);
        assert_eq!(heard(&mut client), None);
        assert_eq!(client.converse(&session, "hi").text, "hello");
        // A process that starts soon after is open, too.
        ask(&home).expect_code(0);

        home.run(&["vault", "lock"]).expect_code(0);
        assert_eq!(heard(&mut client).as_deref(), Some("locked"));
    }
    ask(&home).expect_code(3);
    client.shutdown();
}

#[test]
fn ab05_an_editor_sends_no_key_to_a_changed_address_until_the_person_says_so() {
    let (old, new) = (ModelServer::start(), ModelServer::start());
    for server in [&old, &new] {
        server.always(openai::CHAT, openai::chat(&["hello"]));
    }
    let home = Home::with(&settings_with_key("openai", &old.url("/v1"), "keyring"), "").with_open_vault();
    home.store("work", KEY);
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri()).id;
    assert_eq!(client.converse(&session, "hi").text, "hello");
    home.config(&settings_with_key("openai", &new.url("/v1"), "keyring"));
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "aside": { "complete": { "max_tokens": 64 } } } }),
    );
    let error = client.converse(&session, "hi").end.error.expect("an error");
    assert!(error.message.contains(&old.url("")) && error.message.contains(&new.url("")), "{error:?}");
    assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("aside secret rebind work")), "{error:?}");
    let refusal = client.refused("aside/secret/test", json!({ "provider": "work" }));
    let ErrorData { code, hint, .. } = *refusal.data.expect("data");
    assert!(code == "key-elsewhere" && hint.is_some_and(|hint| hint.contains("rebind")));
    assert!(new.requests().is_empty(), "nothing is sent there");
    home.run(&["secret", "rebind", "work", "--yes"]).expect_code(0);
    assert_eq!(client.converse(&session, "hi").text, "hello");
    assert_eq!(new.request(openai::CHAT).header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(old.requests().len(), 1);
    client.shutdown();
}

#[test]
fn a_process_that_hangs_is_named_when_it_cannot_be_locked() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = home_with(&server, "");
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri()).id;
    client.converse(&session, "hi");
    let pid = client.process().pid();
    client.process().stop();
    let done = home.run(&["vault", "lock"]).expect_code(1);
    assert!(done.stderr.contains(&format!("{pid}.sock")) && done.stderr.contains("next: "), "{}", done.stderr);
    client.process().go_on();
    // What it was told while it could not hear holds.
    assert_eq!(heard(&mut client).as_deref(), Some("locked"));
    client.kill();
    // What it left is no obstacle.
    let start = Instant::now();
    home.run(&["vault", "lock"]).expect_code(0);
    assert!(start.elapsed() < PATIENCE);
}
