//! What keys cost: reading one from each place, a vault of ten thousand, a record in the audit log, unlocking.
//!
//! The agent and the keyring are the real ones; the stores are asked as the program asks them.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aside_secret::{Secret, Shielded};
use aside_test_support::{
    Client, Home, ModelServer, keyring::Keyring, model_server::dialects::openai, settings_with_key, vault::PASSPHRASE,
};
use aside_vault::{
    AgentClient, AgentStore, By, COMMAND_OUTPUT, Ended, Gate, KeyName, KeyRing, KeyStore, NewKey, Origin, Patience,
    Policy, Ran, Reopen, Runner, Slot,
    audit::{AuditFiles, AuditLog, By as Writer, Limits, Record, Required, What},
    from_command,
};
use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::stats::{self, Row, Sample};

const KEY: &str = "sk-test-Zq81vX0pLm3Tz5uQwE7hR2kdNc6YbJ9aUo1iGf4s";

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let runtime = Runtime::new().expect("threads can be started");
    let mut rows = vec![unlock()];
    rows.extend(places(&runtime));
    rows.extend(ten_thousand(&runtime));
    rows.extend(records());
    rows.extend(memory());
    rows
}

/// `aside vault unlock` in a terminal, from its start to its end: the key derivation is most of it.
fn unlock() -> Row {
    let home = Home::new().with_open_vault();
    let mut sample = Sample::default();
    for _ in 0..20 {
        home.run(&["vault", "lock"]).expect_code(0);
        let begun = Instant::now();
        home.unlock(PASSPHRASE);
        sample.push(begun.elapsed());
    }
    Row::times("`aside vault unlock`, Argon2id 64 MiB, t = 3", &sample, "≤ 1 s")
}

fn name(number: usize) -> KeyName {
    KeyName::new(format!("provider-{number:05}"), Origin::of("https://api.example.com").expect("an address"))
}

fn new(number: usize) -> NewKey {
    NewKey { name: name(number), slot: Slot::Current, value: Secret::new(format!("{KEY}{number}").into()) }
}

/// Runs `work` so often, after a first time that does not count.
fn timed(count: usize, mut work: impl FnMut(usize)) -> Sample {
    work(0);
    let mut sample = Sample::default();
    for round in 0..count {
        let begun = Instant::now();
        work(round);
        sample.push(begun.elapsed());
    }
    sample
}

/// One key from each place.
fn places(runtime: &Runtime) -> Vec<Row> {
    let policy = Policy { idle: Duration::MAX, absolute: Duration::MAX, reopen: Reopen::OnUse };
    let gate = Gate::new(policy, true, Box::new(|_| {}));
    let pass = gate.admit(By::Person).expect("open");
    assert!(gate.keep(pass, name(0), &Secret::new(KEY.into())));
    let kept = timed(1000, |_| assert!(gate.kept(gate.admit(By::Person).expect("open"), &name(0)).is_some()));
    let shield = timed(1000, |_| drop(Shielded::new(Secret::new(KEY.into())).expect("randomness")));
    let home = Home::new().with_open_vault();
    let agent = AgentStore::new(AgentClient::new(&[home.runtime()]));
    let argv = ["printf".to_owned(), KEY.to_owned()];
    let command = timed(50, |_| drop(runtime.block_on(from_command(&argv, &Spawn)).expect("a key")));
    let mut rows = vec![
        Row::fine("a key that is kept, shielded in memory", &kept, "≤ 5 ms"),
        Row::fine("shielding a key", &shield, ""),
        Row::fine("a key of the vault file, by way of the agent", &stored(runtime, &agent), "≤ 5 ms"),
    ];
    if let Some(keyring) = Keyring::start() {
        rows.push(Row::fine("a key of GNOME Keyring", &of_keyring(&keyring), ""));
    }
    rows.push(Row::fine("a key that a program (`printf`) prints", &command, ""));
    rows
}

fn stored(runtime: &Runtime, store: &dyn KeyStore) -> Sample {
    runtime.block_on(store.set(vec![new(0)], Patience::Person)).expect("stored");
    let name = name(0);
    timed(200, |_| drop(runtime.block_on(store.get(&name, Slot::Current, Patience::Request)).expect("a key")))
}

/// Asked by this program again, in the environment of the keyring; see [`child`].
fn of_keyring(keyring: &Keyring) -> Sample {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.arg(CHILD).envs(keyring.variables()).stdout(Stdio::piped());
    let output = command.output().expect("this program starts");
    assert!(output.status.success(), "the keyring is read");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut sample = Sample::default();
    for nanos in text.split_whitespace() {
        sample.push(Duration::from_nanos(nanos.parse().expect("a number")));
    }
    sample
}

/// What makes this program the reader of a keyring.
pub(crate) const CHILD: &str = "--reads-the-keyring";

/// Reads a key of the keyring again and again and prints how many nanoseconds each time took.
pub(crate) fn child() {
    let runtime = Runtime::new().expect("threads can be started");
    let sample = stored(&runtime, &KeyRing::new(Duration::from_secs(10)));
    sample.each().for_each(|one| println!("{}", one.as_nanos()));
}

/// Starts a program as it is.
struct Spawn;

impl Runner for Spawn {
    fn run<'a>(&'a self, argv: &'a [String]) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let output = Command::new(&argv[0]).args(&argv[1..]).output().expect("the program starts");
            assert!(output.stdout.len() < COMMAND_OUTPUT);
            let said = Zeroizing::new(output.stdout);
            Ran { ended: Ended::Exited(0), stdout: said, stderr: Zeroizing::default() }
        })
    }
}

/// A vault of ten thousand keys, by way of the agent.
fn ten_thousand(runtime: &Runtime) -> Vec<Row> {
    const COUNT: usize = 10_000;
    let home = Home::new().with_open_vault();
    let store = AgentStore::new(AgentClient::new(&[home.runtime()]));
    let batch = (0..COUNT).map(new).collect();
    let begun = Instant::now();
    runtime.block_on(store.set(batch, Patience::Person)).expect("stored");
    let batch = begun.elapsed();
    let list = timed(20, |_| {
        assert_eq!(runtime.block_on(store.list(Patience::Request)).expect("listed").len(), COUNT);
    });
    let get = timed(200, |round| {
        let name = name(round * 7919 % COUNT);
        drop(runtime.block_on(store.get(&name, Slot::Current, Patience::Request)).expect("a key"));
    });
    let one = timed(10, |round| {
        runtime.block_on(store.set(vec![new(round)], Patience::Person)).expect("stored");
    });
    let (resident, _) = stats::memory_kib(home.agent().expect("an agent"));
    vec![
        Row::text("10,000 keys stored at once", format!("{:.0} ms", batch.as_secs_f64() * 1e3), "≤ 2 s"),
        Row::times("list of 10,000 keys", &list, "≤ 50 ms"),
        Row::fine("one key of 10,000", &get, "≤ 5 ms"),
        Row::times("one more of 10,000 stored", &one, ""),
        Row::text("RSS of the agent with 10,000 keys", format!("{:.1} MB", resident as f64 / 1000.0), ""),
    ]
}

/// Records of the audit log.
fn records() -> Vec<Row> {
    let home = Home::new();
    let limits = Limits { max_bytes: 10 << 20, keep: 5, required: Required::All };
    let log = AuditLog::new(AuditFiles::under(&home.path("state"), &home.path("data")), limits, Writer::Cli);
    let name = name(0);
    let record = timed(200, |_| log.record(Record::done(What::Use).key(&name)).expect("recorded"));
    let note = timed(1000, |_| log.note(Record::done(What::Use).key(&name)));
    log.close();
    vec![
        Row::fine("a record in the audit log, durable", &record, ""),
        Row::fine("a note for the audit log, written later", &note, ""),
    ]
}

/// What processes with an unlocked key need when nobody does anything.
fn memory() -> Vec<Row> {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = Home::with(&settings_with_key("openai", &server.url("/v1"), "keyring"), "").with_open_vault();
    home.store("work", KEY);
    let mut client = Client::of(&home).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "hello");
    let (editor, agent) = (client.process().pid(), home.agent().expect("an agent"));
    std::thread::sleep(Duration::from_secs(1));
    let before = stats::cpu_ticks(editor) + stats::cpu_ticks(agent);
    std::thread::sleep(Duration::from_secs(10));
    let spent = stats::cpu_ticks(editor) + stats::cpu_ticks(agent) - before;
    let rss = |pid| {
        let (resident, anonymous) = stats::memory_kib(pid);
        format!("{:.1} MB, {:.1} MB of it private", resident as f64 / 1000.0, anonymous as f64 / 1000.0)
    };
    let rows = vec![
        Row::text("RSS of a server with an unlocked key", rss(editor), ""),
        Row::text("RSS of the agent", rss(agent), ""),
        Row::text("CPU of both in 10 s, idle and unlocked", format!("{spent} ticks of 10 ms"), "0"),
    ];
    client.kill();
    rows
}
