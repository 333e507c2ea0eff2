//! Keys in a real GNOME Keyring: stored where people's own tools find them, read when a person needs them, gone when nobody does.

use std::time::{Duration, Instant};

use aside_test_support::{
    Client, Finished, Home, Keyring, ModelServer,
    memory::{is_permitted, scan},
    model_server::dialects::anthropic,
    vault::PASSPHRASE,
};
use serde_json::{Value, json};

const KEY: &str = "test-key-Zq81vX0pLm3-ringed";

/// A keyring, a server for the provider `anthropic`, and a home that knows both.
struct Scene {
    ring: Keyring,
    server: ModelServer,
    home: Home,
}

impl Scene {
    fn start(more: &str) -> Option<Self> {
        let ring = Keyring::start()?;
        let server = ModelServer::start();
        server.always(anthropic::MESSAGES, anthropic::chat(&["hello"]));
        let settings = format!(
            "[roles]\nchat = \"anthropic/m\"\n[providers.anthropic]\nbase_url = \"{}\"\nkey = \"keyring\"\n{more}",
            server.url("")
        );
        Some(Self { ring, server, home: Home::with(&settings, "") })
    }

    fn run(&self, arguments: &[&str], input: &str) -> Finished {
        self.home.run_with(arguments, input, |command| self.ring.lead(command))
    }

    fn connect(&self) -> Client {
        let start = self
            .ring
            .variables()
            .into_iter()
            .fold(Client::of(&self.home).heeds_status(), |start, (name, value)| start.env(name, value));
        start.connect()
    }

    fn looked_up(&self) -> Option<String> {
        self.ring.lookup(&["service", "aside", "provider", "anthropic", "origin", &self.server.url("")])
    }
}

/// Waits until `pid` has no copy of the key in its memory, within the second that a lock may take.
#[track_caller]
fn is_gone(pid: u32) {
    let start = Instant::now();
    loop {
        let hits = scan(pid, &[KEY.as_bytes()]).unwrap_or_else(|refused| panic!("{refused}"));
        if hits.is_empty() {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "copies are left: {hits:#?}");
    }
}

#[test]
fn a_key_is_stored_where_secret_tool_finds_it_used_and_removed() {
    let Some(scene) = Scene::start("") else { return };
    let done = scene.run(&["secret", "set", "anthropic"], KEY).expect_code(0);
    assert!(done.stdout.contains("in the keyring"), "{}", done.stdout);
    assert_eq!(scene.looked_up().as_deref(), Some(KEY));
    let listed = scene.run(&["secret", "list", "--json"], "").expect_code(0).json();
    assert_eq!((&listed[0]["provider"], &listed[0]["used"]), (&"anthropic".into(), &true.into()), "{listed}");
    assert!(scene.run(&["chat", "--new", "hi"], "").expect_code(0).stdout.contains("hello"));
    assert_eq!(scene.server.request(anthropic::MESSAGES).header("x-api-key"), Some(KEY));
    let doctor = scene.run(&["doctor", "--json"], "").json();
    for (name, result) in
        [("keyring", "good"), ("lock", "good"), ("keys", "good"), ("memory", "good"), ("audit", "good")]
    {
        let row = doctor.as_array().expect("rows").iter().find(|row| row["name"] == name);
        let row = row.unwrap_or_else(|| panic!("no row `{name}`: {doctor:#}"));
        assert!(row["result"] == result || name == "memory", "{row}");
    }
    let status = scene.run(&["vault", "status", "--json"], "").expect_code(0).json();
    assert_eq!((&status["backend"], &status["unlock"]), (&"keyring".into(), &"on-use".into()), "{status}");
    // Rotated without a test, and back; another process sees each at once.
    scene.run(&["secret", "rotate", "--no-test", "anthropic"], "test-key-other").expect_code(0);
    assert_eq!(scene.looked_up().as_deref(), Some("test-key-other"));
    scene.run(&["secret", "rotate", "--back", "anthropic"], "").expect_code(0);
    assert_eq!(scene.looked_up().as_deref(), Some(KEY));
    scene.run(&["secret", "delete", "anthropic"], "").expect_code(0);
    assert_eq!(scene.looked_up(), None);
    scene.run(&["secret", "delete", "anthropic"], "").expect_code(4);
    assert!(!scene.home.agent_socket().exists(), "the keyring needs no agent");
}

#[test]
fn a_key_is_gone_from_memory_after_the_idle_limit_and_back_with_the_next_message() {
    let Some(scene) = Scene::start("\n[vault]\nidle_lock = \"1s\"\n") else { return };
    if !is_permitted() {
        return;
    }
    scene.run(&["secret", "set", "anthropic"], KEY).expect_code(0);
    let mut client = scene.connect();
    let pid = client.process().pid();
    let session = client.new_session(&scene.home.workspace_uri()).id;
    for _ in 0..2 {
        assert_eq!(client.converse(&session, "hi").text, "hello");
        assert_eq!(scene.server.request(anthropic::MESSAGES).header("x-api-key"), Some(KEY));
        client.notification_where("aside/status/changed", |params| params["reason"]["code"] == "locked");
        is_gone(pid);
    }
    // The time since the start may have locked it before the first message: then there was an opening as well.
    client.kill();
}

#[test]
fn explicit_keeps_the_keyring_shut_until_an_unlock() {
    let Some(scene) = Scene::start("\n[vault]\nunlock = \"explicit\"\n") else { return };
    scene.run(&["secret", "set", "anthropic"], KEY).expect_code(3);
    scene.run(&["vault", "unlock"], "").expect_code(0);
    scene.run(&["secret", "set", "anthropic"], KEY).expect_code(0);
    scene.run(&["vault", "lock"], "").expect_code(0);
    let mut client = scene.connect();
    let refused = client.refused("aside/chat/new", json!({ "workspace": scene.home.workspace_uri() }));
    assert_eq!((refused.kind(), refused.hint()), ("locked", "run `aside vault unlock` in a terminal"));
    client.notification("window/showMessage");
    scene.run(&["vault", "unlock"], "").expect_code(0);
    let told = client.notification("aside/status/changed");
    assert_eq!((&told["what"], &told["reason"]), (&"vault".into(), &Value::Null));
    let session = client.new_session(&scene.home.workspace_uri()).id;
    assert_eq!(client.converse(&session, "hi").text, "hello");
    client.request::<Value>("aside/vault/lock", json!({}));
    assert_eq!(client.notification("aside/status/changed")["reason"]["code"], "locked");
    let refused = client.refused("aside/chat/send", json!({ "session": session, "text": "hi" }));
    assert_eq!(refused.kind(), "locked", "neither the provider's key nor that of the conversations");
    client.notification("window/showMessage");
    client.shutdown();
}

#[test]
fn the_keys_of_the_keyring_move_into_a_vault_and_back() {
    let Some(scene) = Scene::start("") else { return };
    scene.run(&["secret", "set", "anthropic"], KEY).expect_code(0);
    scene.run(&["vault", "init", "--no-recovery"], &format!("{PASSPHRASE}\n")).expect_code(0);
    assert_eq!(scene.run(&["secret", "list", "--json"], "").expect_code(0).json(), json!([]));
    scene.run(&["secret", "import", "--from", "keyring"], "").expect_code(0);
    scene.run(&["chat", "--new", "hi"], "").expect_code(0);
    assert_eq!(scene.server.request(anthropic::MESSAGES).header("x-api-key"), Some(KEY));
    assert_eq!(scene.looked_up().as_deref(), Some(KEY), "what is copied stays where it was");
    // And the other way, for who changes their mind.
    let back = ["--set", "vault.backend=keyring"];
    scene.run(&[&back[..], &["secret", "delete", "anthropic"]].concat(), "").expect_code(0);
    assert_eq!(scene.looked_up(), None);
    scene.run(&[&back[..], &["secret", "import", "--from", "file"]].concat(), "").expect_code(0);
    assert_eq!(scene.looked_up().as_deref(), Some(KEY));
}
