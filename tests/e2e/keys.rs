//! Keys: sent to their own origin, and seen nowhere else.

use aside_test_support::{
    Client, Home, ModelServer,
    model_server::{
        Reply,
        dialects::{anthropic, openai},
    },
};
use serde_json::{Value, json};

const KEY: &str = "test-key-Zq81vX0pLm3";

/// A home with provider `work` (with a key from the environment) and `other` (without).
fn home(dialect: &str, work: &ModelServer, other: &ModelServer) -> Home {
    let text = format!(
        "[roles]\nchat = \"work/m\"\n\
         [providers.work]\ndialect = \"{dialect}\"\nbase_url = \"{}\"\nkey = \"env:WORK_TEST_KEY\"\n\
         [providers.other]\ndialect = \"openai\"\nbase_url = \"{}\"\nkey = \"none\"\n",
        work.url("/v1"),
        other.url("/v1"),
    );
    Home::with(&text, "")
}

fn start(home: &Home) -> Client {
    let mut client = Client::of(home).env("WORK_TEST_KEY", KEY).connect();
    client.tolerate("window/showMessage");
    client
}

/// Everything that was written below the home, and what the server said on standard error.
fn everything_written(home: &Home, errors: &str) -> String {
    fn collect(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("the folder is readable").flatten() {
            if entry.path().is_dir() {
                collect(&entry.path(), text);
            } else {
                let bytes = std::fs::read(entry.path()).expect("the file is readable");
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
    let mut text = errors.to_owned();
    collect(&home.aside(), &mut text);
    text
}

#[test]
fn a_key_of_the_environment_goes_to_its_own_provider_only() {
    let (work, other) = (ModelServer::start(), ModelServer::start());
    let home = home("openai", &work, &other);
    work.once(openai::CHAT, openai::chat(&["with a key"]));
    other.once(openai::CHAT, openai::chat(&["without"]));
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "with a key");
    let params = json!({ "session": session.id, "text": "hi", "model": "other/m" });
    let sent: Value = client.request("aside/chat/send", params);
    assert_eq!(client.whole_answer(sent["turn"].as_str().expect("a turn")).text, "without");
    assert_eq!(work.request(openai::CHAT).header("authorization"), Some(&*format!("Bearer {KEY}")));
    let request = other.request(openai::CHAT);
    assert!(!format!("{:?}{}", request.headers, request.text()).contains(KEY), "{request:?}");
    client.shutdown();
}

#[test]
fn anthropic_gets_its_key_in_its_own_header() {
    let (work, other) = (ModelServer::start(), ModelServer::start());
    let home = home("anthropic", &work, &other);
    work.once(anthropic::MESSAGES, anthropic::chat(&["hello"]));
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "hello");
    let request = work.request(anthropic::MESSAGES);
    assert_eq!(request.header("x-api-key"), Some(KEY));
    assert_eq!(request.header("authorization"), None);
    assert!(request.header("anthropic-version").is_some());
    client.shutdown();
}

#[test]
fn a_provider_that_echoes_the_key_is_not_believed() {
    let (work, other) = (ModelServer::start(), ModelServer::start());
    let home = home("openai", &work, &other);
    let echo = format!("Incorrect API key provided: {KEY}. You can find your API key at your account.");
    work.once(openai::CHAT, openai::error(401, &echo));
    work.once(openai::CHAT, Reply::sse().then(openai::event(&json!({ "error": { "message": echo } }))));
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri());
    for code in ["auth", "provider-error"] {
        let answer = client.converse(&session.id, "hi");
        let error = answer.end.error.expect("an error");
        assert_eq!(error.code, code, "{error:?}");
        assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    }
    let status: Value = client.request("aside/status", Value::Null);
    assert!(!status.to_string().contains(KEY));
    let errors = client.errors();
    client.shutdown();
    assert!(!everything_written(&home, &errors).contains(KEY), "the key was written somewhere");
}

#[test]
fn a_redirect_is_not_followed() {
    let (work, other) = (ModelServer::start(), ModelServer::start());
    let home = home("openai", &work, &other);
    other.always(openai::CHAT, openai::chat(&["stolen"]));
    for status in [301, 302, 307, 308] {
        work.once(openai::CHAT, Reply::new(status, "text/plain").header("location", &other.url(openai::CHAT)));
    }
    let mut client = start(&home);
    let session = client.new_session(&home.workspace_uri());
    for _ in 0..4 {
        let answer = client.converse(&session.id, "hi");
        assert_eq!(answer.end.reason, "error", "{answer:?}");
    }
    assert!(other.requests().is_empty(), "nobody went where the redirect pointed");
    client.shutdown();
}

#[test]
fn a_missing_key_is_named_with_the_next_step() {
    let (work, other) = (ModelServer::start(), ModelServer::start());
    let home = home("openai", &work, &other);
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri());
    let error = client.converse(&session.id, "hi").end.error.expect("an error");
    assert_eq!(error.code, "no-key");
    assert!(format!("{error:?}").contains("WORK_TEST_KEY"), "{error:?}");
    assert!(work.requests().is_empty(), "nothing is sent without the key");
    client.shutdown();
}

#[test]
fn a_key_in_the_settings_file_is_reported_and_never_shown() {
    let leaked = "sk-proj-Jd83kfLq02mXvB71nTzYw5RcEu64HgPa";
    let home = Home::with(&format!("[providers.openai]\napi_key = \"{leaked}\"\n"), "");
    let checked = home.run(&["config", "check"]).expect_code(1);
    assert!(checked.stdout.contains("aside secret set openai"), "{}", checked.stdout);
    for command in [&["config", "check"][..], &["config", "show"], &["config", "check", "--json"], &["doctor"]] {
        let done = home.run(command);
        assert!(!(done.stdout + &done.stderr).contains(leaked), "`{}` shows the key", command.join(" "));
    }
}

#[test]
fn the_server_of_a_trial_has_the_key_of_the_environment() {
    let (work, other) = (ModelServer::start(), ModelServer::start());
    let home = home("openai", &work, &other);
    let source = "fn first_thing(text: &str) -> u32 {\n    second_thing(text.len())\n}\n\
                  fn second_thing(count: usize) -> u32 {\n    let doubled = count * 2 + first_thing(\"\");\n    doubled\n}\n";
    home.write("src/a.rs", source);
    work.always(openai::COMPLETIONS, openai::fill(&["second_thing(text.len())"]));
    work.always(openai::CHAT, openai::chat(&["an answer"]));
    // Whether the tour likes these answers does not matter here.
    let done = home.run_with(&["try", "--model", "work/m"], "", |command| {
        command.env("WORK_TEST_KEY", KEY);
    });
    let requests = work.requests();
    assert!(!requests.is_empty(), "the trial asks the model: {done:?}");
    for request in requests {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    }
}
