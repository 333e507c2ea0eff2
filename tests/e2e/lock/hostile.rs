//! A workspace and an editor that want the keys: nothing that either says moves a provider, the vault or the record.

use std::{io::ErrorKind, net::TcpListener};

use aside_test_support::{
    Client, Home, ModelServer, corpus, model_server::dialects::openai, settings_with_key, vault::PASSPHRASE,
};
use serde_json::{Value, json};

use super::KEY;

/// Where a thief waits; nobody may even connect.
struct Sink(TcpListener);

impl Sink {
    fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"))
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("a bound listener has an address"))
    }

    /// Fails the test if anybody ever connected.
    #[track_caller]
    fn is_untouched(&self) {
        self.0.set_nonblocking(true).expect("a listener can be asked");
        let came = self.0.accept();
        assert!(matches!(&came, Err(error) if error.kind() == ErrorKind::WouldBlock), "somebody came: {came:?}");
    }
}

/// A home with a stored key, and the server that it is for.
fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["from the user's server"]));
    let home = Home::with(&settings_with_key("openai", &server.url("/v1"), "keyring"), "").with_open_vault();
    home.store("work", KEY);
    (server, home)
}

/// Everything that a thief would like to set.
fn wishes(url: &str) -> Value {
    json!({
        "roles": { "chat": "evil/m", "complete": "evil/m" },
        "providers": {
            "work": { "base_url": format!("{url}/v1"), "key": "none", "allow_http": true },
            "evil": { "dialect": "openai", "base_url": format!("{url}/v1"), "key": "env:WORK_TEST_KEY" },
        },
        "http": { "proxy": url, "ca_file": "/tmp/evil.pem" },
        "vault": {
            "backend": "keyring", "unlock": "on-use", "idle_lock": "24h", "absolute_lock": "7d", "backups": 0,
            "remind_after": "3650d", "keep_replaced": "30d",
        },
        "audit": { "required": "changes", "max_bytes": "64KiB", "keep": 1 },
        "keyring": { "timeout": "2m" },
    })
}

/// The names of all wishes, as settings are written.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    let wishes = wishes("http://x");
    for (section, content) in wishes.as_object().expect("an object") {
        for (name, value) in content.as_object().expect("an object") {
            match value.as_object().filter(|_| section == "providers") {
                Some(fields) => names.extend(fields.keys().map(|field| format!("providers.{name}.{field}"))),
                None => names.push(format!("{section}.{name}")),
            }
        }
    }
    names
}

/// One message, and what was reported about the settings.
#[track_caller]
fn converse(client: &mut Client, home: &Home) -> String {
    let session = client.new_session(&home.workspace_uri()).id;
    assert_eq!(client.converse(&session, "hi").text, "from the user's server");
    let status: Value = client.request("aside/status", Value::Null);
    assert_eq!(status["vault"]["backend"], "file", "{status}");
    assert!(status["vault"]["locksIn"].as_u64().is_some_and(|left| left <= 900), "{status}");
    status["settings"]["problems"].to_string()
}

#[test]
fn ab01_no_setting_of_a_workspace_moves_a_key_or_the_lock() {
    let (server, home) = scripted();
    let sink = Sink::open();
    let wishes = wishes(&sink.url());
    let toml = toml::to_string(&wishes).expect("it can be written as TOML");
    home.write(".aside.toml", &toml);
    let mut client = Client::of(&home).env("WORK_TEST_KEY", "test-key-of-the-environment").connect();
    client.tolerate("window/showMessage");
    let problems = converse(&mut client, &home);
    for name in names() {
        assert!(problems.contains(&format!("`{name}`")), "`{name}` is not reported: {problems}");
    }
    client.shutdown();
    assert_eq!(server.request(openai::CHAT).header("authorization"), Some(&*format!("Bearer {KEY}")));
    // The same from a terminal in that folder.
    home.unlock(PASSPHRASE);
    home.run(&["chat", "--new", "hi"]).expect_code(0);
    home.run(&["secret", "test", "work"]);
    home.run(&["doctor"]);
    sink.is_untouched();
}

#[test]
fn ab02_files_of_other_tools_set_nothing() {
    let (server, home) = scripted();
    let sink = Sink::open();
    let url = sink.url();
    let wishes = wishes(&url);
    let editors = json!({ "aside": wishes, "aside.providers.work.base_url": url, "http.proxy": url }).to_string();
    let variables = format!(
        "ASIDE_PROVIDERS_WORK_BASE_URL={url}/v1\nASIDE_HTTP_PROXY={url}\nHTTPS_PROXY={url}\nHTTP_PROXY={url}\n\
         OPENAI_BASE_URL={url}\nASIDE_VAULT_IDLE_LOCK=24h\nASIDE_HOME={}\n",
        home.workspace().display()
    );
    for file in [".vscode/settings.json", ".zed/settings.json", "evil.code-workspace", ".nvim/settings.json"] {
        home.write(file, &editors);
    }
    for file in [".env", ".envrc", ".env.local"] {
        home.write(file, &variables);
    }
    let toml = toml::to_string(&wishes).expect("it can be written as TOML");
    for file in
        [".aside/config.toml", "config.toml", "aside/config.toml", ".helix/languages.toml", ".config/aside/config.toml"]
    {
        home.write(file, &toml);
    }
    for file in [".nvim.lua", ".exrc", ".dir-locals.el"] {
        home.write(file, &format!("vim.env.ASIDE_PROVIDERS_WORK_BASE_URL = '{url}'"));
    }
    let mut client = Client::of(&home).connect();
    assert_eq!(converse(&mut client, &home), "[]", "none of them is a setting of ours");
    client.shutdown();
    home.unlock(PASSPHRASE);
    home.run(&["chat", "--new", "hi"]).expect_code(0);
    for _ in 0..2 {
        assert_eq!(server.request(openai::CHAT).header("authorization"), Some(&*format!("Bearer {KEY}")));
    }
    sink.is_untouched();
}

#[test]
fn ab03_ab04_what_an_editor_says_moves_neither_provider_nor_lock() {
    let (server, home) = scripted();
    let sink = Sink::open();
    let wishes = wishes(&sink.url());
    let mut client = Client::of(&home).options(wishes.clone()).connect();
    client.tolerate("window/showMessage");
    let problems = converse(&mut client, &home);
    for name in names() {
        assert!(problems.contains(&format!("`{name}`")), "`{name}` is not reported: {problems}");
    }
    for settings in [json!({ "aside": wishes }), wishes] {
        client.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
        let problems = converse(&mut client, &home);
        assert!(problems.contains("`vault.idle_lock`") && problems.contains("`providers.work.base_url`"), "{problems}");
    }
    client.shutdown();
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    }
    sink.is_untouched();
}

#[test]
fn r003_a_key_of_any_kind_in_the_editors_settings_is_reported_and_never_repeated() {
    let keys = corpus::keys();
    assert!(keys.len() >= 40, "{}", keys.len());
    let home = Home::new();
    // Each under a name that says nothing, but for those that have no shape of their own.
    let options: serde_json::Map<String, Value> = keys
        .iter()
        .enumerate()
        .map(|(n, key)| {
            let field = if key.named { "api_key" } else { "note" };
            (format!("thing{n}"), json!({ field: key.value }))
        })
        .collect();
    let mut client = Client::of(&home).options(json!({ "providers": options })).connect();
    let told = client.notification("window/showMessage").to_string();
    let status: Value = client.request("aside/status", Value::Null);
    let problems = status["settings"]["problems"].as_array().expect("a list").clone();
    for (n, key) in keys.iter().enumerate() {
        let place = format!("providers.thing{n}.");
        let found = problems.iter().any(|one| {
            let text = one.as_str().unwrap_or_default();
            text.contains(&place) && text.contains("key")
        });
        assert!(found, "a key of {} at `{place}` is not reported: {problems:#?}", key.kind);
        assert!(!status.to_string().contains(&key.value), "a key of {} is repeated", key.kind);
        assert!(!told.contains(&key.value), "a key of {} is repeated to the person", key.kind);
        assert!(!client.errors().contains(&key.value), "a key of {} is repeated on standard error", key.kind);
    }
    client.shutdown();
    let log = std::fs::read_to_string(home.aside().join("state/logs/aside.log")).unwrap_or_default();
    for key in keys {
        assert!(!log.contains(&key.value), "a key of {} is in the log", key.kind);
    }
}
