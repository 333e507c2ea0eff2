//! The Secret Service by hand: one that never answers or answers with garbage, and one item of any bytes in a real one.

use std::{collections::HashMap, time::Duration};

use zbus::{
    blocking::{Connection, Proxy, connection::Builder},
    fdo,
    zvariant::{OwnedObjectPath, OwnedValue, Str, Value},
};

use super::{
    child::{DEADLINE, quick},
    session::{Kind, Screen, Session, until},
};

const GET: &str = "get anthropic https://api.anthropic.com/v1";

/// How the fake answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    Never,
    /// A session whose key is no number.
    BadSession,
    /// Items that are not there.
    NoSuchItems,
    /// Items whose values cannot be decrypted.
    BadSecrets,
}

/// One object that is service, collection and item, so that any path is answered.
struct Fake(Answers);

fn path(path: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path).expect("a path")
}

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Fake {
    async fn open_session(&self, _algorithm: &str, _input: Value<'_>) -> (OwnedValue, OwnedObjectPath) {
        match self.0 {
            Answers::Never => std::future::pending().await,
            Answers::BadSession => (OwnedValue::from(Str::from("no number")), path("/session")),
            // 1 is a public key whose shared secret is 1.
            _ => (Value::from(vec![1_u8]).try_into_owned().expect("bytes"), path("/session")),
        }
    }

    fn search_items(&self, _attributes: HashMap<String, String>) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        let item = if self.0 == Answers::NoSuchItems { "/nothing" } else { "/item" };
        (vec![path(item)], Vec::new())
    }

    fn read_alias(&self, _name: &str) -> OwnedObjectPath {
        path("/nothing")
    }
}

struct Item;

#[zbus::interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn get_secret(&self, session: OwnedObjectPath) -> (OwnedObjectPath, Vec<u8>, Vec<u8>, String) {
        (session, vec![7; 16], b"canary-5d1f".to_vec(), "text/plain".to_owned())
    }

    fn set_secret(&self, _secret: (OwnedObjectPath, Vec<u8>, Vec<u8>, String)) -> fdo::Result<()> {
        Err(fdo::Error::Failed("canary".repeat(1_000)))
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn attributes(&self) -> u32 {
        7
    }
}

fn start(session: &Session, answers: Answers) -> Connection {
    Builder::address(session.address())
        .and_then(|bus| bus.serve_at("/org/freedesktop/secrets", Fake(answers))?.serve_at("/item", Item))
        .and_then(|bus| bus.name("org.freedesktop.secrets")?.build())
        .expect("the fake is on the bus")
}

#[test]
fn a_service_that_never_answers_costs_one_deadline() {
    let Some(session) = Session::start(Kind::Gnome, Screen::None, "never answers") else { return };
    let _fake = start(&session, Answers::Never);
    let mut reader = session.reader();
    let (answer, took) = reader.ask(GET);
    assert!(answer.contains("did not answer within 3000 ms"), "{answer}");
    assert!(took >= DEADLINE && took < DEADLINE + Duration::from_secs(1), "{took:?}");
    for line in [GET, "set anthropic https://api.anthropic.com sk-made-up", "list"] {
        let (answer, took) = reader.ask(line);
        assert!(answer.contains("did not answer") && took < DEADLINE / 4, "{answer} {took:?}");
    }
}

#[test]
fn garbage_is_told_and_never_taken_for_a_key_or_an_empty_keyring() {
    for answers in [Answers::BadSession, Answers::NoSuchItems, Answers::BadSecrets] {
        let Some(session) = Session::start(Kind::Gnome, Screen::None, "garbage") else { return };
        let _fake = start(&session, answers);
        let mut reader = session.reader();
        let set = "set anthropic https://api.anthropic.com sk-made-up";
        for line in [GET, set, "delete anthropic https://api.anthropic.com", "list", "probe"] {
            let answer = reader.ask(line);
            quick(&answer, "the keyring cannot be used: ");
            assert!(!answer.0.contains("canary-5d1f") && answer.0.len() < 800, "{answers:?} {line}: {answer:?}");
        }
    }
}

/// Puts one more item into the session's keyring, of any bytes, whatever is there; the attributes are pairs.
pub(crate) fn plant(session: &Session, attributes: &[&str], value: &[u8]) {
    let bus = Builder::address(session.address()).and_then(Builder::build).expect("the bus is there");
    let call = |path: &str, interface: &str| {
        let interface = format!("org.freedesktop.Secret.{interface}");
        Proxy::new(&bus, "org.freedesktop.secrets", path.to_owned(), interface).expect("the service is there")
    };
    let (_, opened): (OwnedValue, OwnedObjectPath) = call("/org/freedesktop/secrets", "Service")
        .call("OpenSession", &("plain", Value::from("")))
        .expect("a session");
    let attributes: HashMap<_, _> = attributes.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let properties = HashMap::from([
        ("org.freedesktop.Secret.Item.Label", Value::from("planted")),
        ("org.freedesktop.Secret.Item.Attributes", Value::from(attributes)),
    ]);
    let before = session.items("service", "aside");
    let secret = (opened, Vec::<u8>::new(), value.to_vec(), "application/octet-stream");
    let (_, prompt): (OwnedObjectPath, OwnedObjectPath) =
        call("/org/freedesktop/secrets/aliases/default", "Collection")
            .call("CreateItem", &(properties, secret, false))
            .expect("the item is made");
    if prompt.as_str() != "/" {
        call(prompt.as_str(), "Prompt").call::<_, _, ()>("Prompt", &"").expect("it asks nothing");
    }
    until("the item is not there", || session.items("service", "aside") > before);
}
