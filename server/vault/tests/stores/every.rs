//! Every place that keeps keys, under the suite of `conformance`.

use std::sync::Arc;

use aside_secret::Secret;
use aside_vault::{CommandStore, EnvironmentStore, KeyName, KeyStore, MemoryStore};

use super::conformance::{CANARY, HERE, check, check_read_only, origin};

#[tokio::test]
async fn memory_does_what_every_store_does() {
    let store: Arc<dyn KeyStore> = Arc::new(MemoryStore::default());
    check(Arc::new(move || Arc::clone(&store)), false).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vault_file_behind_its_agent_does_what_every_store_does() {
    let scene = super::agent::Scene::start().await;
    check(Arc::new(move || Arc::new(scene.store())), true).await;
}

#[tokio::test]
async fn a_program_does_what_every_store_that_is_only_read_does() {
    let name = KeyName::new("work", origin(HERE));
    let argv = vec!["op".to_owned(), "read".to_owned()];
    let store = CommandStore::new(argv, name.clone(), super::agent::Prints(CANARY));
    check_read_only(&store, &name, CANARY).await;
}

#[tokio::test]
async fn the_environment_does_what_every_store_that_is_only_read_does() {
    let name = KeyName::new("work", origin(HERE));
    let store = EnvironmentStore::new("WORK_KEY", name.clone(), |variable| {
        (variable == "WORK_KEY").then(|| Secret::new(CANARY.into()))
    });
    check_read_only(&store, &name, CANARY).await;
}

#[cfg(target_os = "linux")]
mod keyrings {
    use std::time::{Duration, Instant};

    use aside_vault::KeyRing;

    use super::super::{
        conformance::{Bench, CANARY, HERE, Open, origin},
        session::{Kind, Session, this_program},
    };
    use super::{Arc, KeyName, check};

    /// Runs a test of this program in a session with this keyring.
    fn run_in(kind: Kind, test: &str) {
        let Some(session) = Session::with_busy_keyring(kind, test) else { return };
        let mut command = session.program(&this_program());
        command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        let output = command.stderr(std::process::Stdio::piped()).output().expect("this program runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{kind:?}: {out}\n{err}");
        println!("{kind:?}: {out}");
    }

    fn open() -> Open {
        Arc::new(|| Arc::new(KeyRing::new(Duration::from_secs(20))))
    }

    #[test]
    fn gnome_keyring_does_what_every_store_does() {
        run_in(Kind::Gnome, "stores::every::keyrings::the_session_s_keyring_does");
    }

    #[test]
    fn keepassxc_does_what_every_store_does() {
        run_in(Kind::KeePassXc, "stores::every::keyrings::the_session_s_keyring_does");
    }

    #[tokio::test]
    #[ignore = "the child of the two tests before"]
    async fn the_session_s_keyring_does() {
        check(open(), true).await;
    }

    #[test]
    fn how_long_the_keyrings_take_is_shown() {
        for kind in Kind::BOTH {
            run_in(kind, "stores::every::keyrings::the_session_s_keyring_takes");
        }
    }

    #[tokio::test]
    #[ignore = "the child of the test before"]
    async fn the_session_s_keyring_takes() {
        let store = open()();
        let name = |number: usize| KeyName::new(format!("p{number}"), origin(HERE));
        let bench = Bench::of(Arc::clone(&store));
        let mut rows = Vec::new();
        let mut row = |what: &str, mut times: Vec<Duration>| {
            times.sort_unstable();
            let (p50, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
            rows.push(format!("{what:24} p50 {:7.2} ms  p95 {:7.2} ms", ms(p50), ms(p95)));
        };
        row("first call", vec![timed(bench.get(&name(0))).await]);
        let mut set = Vec::new();
        for number in 0..200 {
            set.push(timed(bench.set(&name(number), CANARY)).await);
        }
        row("set, new", set);
        let (mut set, mut get, mut missing, mut list) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in 0..100 {
            set.push(timed(bench.set(&name(number), "another")).await);
            get.push(timed(bench.get(&name(number))).await);
        }
        for number in 0..10 {
            missing.push(timed(bench.get(&name(1000 + number))).await);
            list.push(timed(store.list(aside_vault::Patience::Request)).await);
        }
        row("set, replacing", set);
        row("get", get);
        row("get, missing, of 200", missing);
        row("list of 200", list);
        println!("\n{}", rows.join("\n"));
    }

    async fn timed<T>(work: impl Future<Output = T>) -> Duration {
        let start = Instant::now();
        work.await;
        start.elapsed()
    }

    fn ms(time: Duration) -> f64 {
        time.as_secs_f64() * 1000.0
    }
}
