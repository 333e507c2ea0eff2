//! The keyring under test, in a process of its own, told what to do line by line.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use aside_secret::Secret;
use aside_vault::{KeyError, KeyName, KeyRing, KeyStore as _, NewKey, Origin, Patience, Slot};
use tokio::runtime::Runtime;

/// The child's limit for a request: far above what an answer takes, far below a test's patience.
pub(crate) const DEADLINE: Duration = Duration::from_secs(3);

/// The child.
pub(crate) struct Reader {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Reader {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .args(["stores::child::does_as_it_is_told", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let input = child.stdin.take().expect("its input is piped");
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        Self { child, input, output }
    }

    /// What the child says to this line, and how long it took.
    pub(crate) fn ask(&mut self, line: &str) -> (String, Duration) {
        let start = Instant::now();
        self.tell(line);
        let answer = self.hear();
        (answer, start.elapsed())
    }

    /// Gives the child a line and does not wait.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the child reads");
    }

    /// The child's next answer.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            let mut answer = String::new();
            assert!(self.output.read_line(&mut answer).expect("the child answers") > 0, "the child ended");
            if let Some(answer) = answer.trim_end().strip_prefix("ANSWER ") {
                return answer.to_owned();
            }
        }
    }

    /// Ends the child in the middle of what it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits for the child, which then has a deadline's answer.
#[track_caller]
pub(crate) fn quick(answer: &(String, Duration), expected: &str) {
    assert!(answer.0.contains(expected), "{answer:?}, expected {expected:?}");
    assert!(answer.1 < DEADLINE, "{answer:?}");
}

/// A line is a verb, then what it is about: `get PROVIDER ADDRESS`, `set PROVIDER ADDRESS VALUE`, `delete PROVIDER ADDRESS`,
/// `list`, `probe`. In front of it `person` for a person's patience and `previous` for the value before the last.
#[test]
#[ignore = "the child of the other tests"]
fn does_as_it_is_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let keyring = KeyRing::new(DEADLINE);
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        println!("\nANSWER {}", answer(&runtime, &keyring, &line));
    }
}

fn answer(runtime: &Runtime, keyring: &KeyRing, line: &str) -> String {
    let mut words: Vec<_> = line.split_whitespace().collect();
    let mut has = |word| words.first() == Some(&word) && words.remove(0) == word;
    let patience = if has("person") { Patience::Person } else { Patience::Request };
    let slot = if has("previous") { Slot::Previous } else { Slot::Current };
    let name = |provider: &str, address| KeyName::new(provider, Origin::of(address).expect("an address"));
    let told = |error: KeyError| format!("{error}; {}", error.hint());
    match words.as_slice() {
        ["get", provider, address] => {
            runtime.block_on(keyring.get(&name(provider, address), slot, patience)).map_or_else(told, |secret| {
                let text = String::from_utf8_lossy(secret.expose()).into_owned();
                format!("found {text}")
            })
        }
        ["set", provider, address, value] => {
            let value = Secret::new((*value).into());
            let key = NewKey { name: name(provider, address), slot, value };
            runtime.block_on(keyring.set(vec![key], patience)).map_or_else(told, |()| "stored".to_owned())
        }
        ["delete", provider, address] => runtime
            .block_on(keyring.delete(&name(provider, address), slot, patience))
            .map_or_else(told, |()| "removed".to_owned()),
        ["list"] => runtime.block_on(keyring.list(patience)).map_or_else(told, |keys| {
            let keys = keys.iter().map(|key| {
                let at = if key.stored_at.is_some() { "dated" } else { "undated" };
                format!("{:?} {} {at}", key.slot, key.name)
            });
            format!("listed {}", keys.collect::<Vec<_>>().join(", "))
        }),
        ["probe"] => {
            let state = runtime.block_on(keyring.probe());
            format!("{state}; {}", state.hint())
        }
        other => panic!("{other:?}"),
    }
}
