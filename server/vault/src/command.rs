//! Keys that another program prints: `op`, `pass`, `bw`, `gopass` and whatever keeps secrets and has a command line.
//!
//! Owns what a program's end and output mean. It starts no process: whoever does so implements [`Runner`]. The program is
//! given as a list, never as a line for a shell, and what it prints is a key or an error, never a guess.

use std::time::Duration;

use aside_secret::Secret;
use futures_util::future::{BoxFuture, ready};
use zeroize::Zeroizing;

use crate::{BadValue, CommandFault, KeyError, KeyInfo, KeyName, KeyStore, NewKey, Patience, Place, Slot, value};

/// How long a program may take: a password manager may ask a person first.
pub const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// The most that a program may print, in bytes. A key has 8 KiB at most.
pub const COMMAND_OUTPUT: usize = 64 * 1024;

/// The most that is shown of what a failing program says, in characters.
const SHOWN: usize = 200;

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal.
    Signal(i32),
    /// Not in time; it was killed with everything that it started.
    TimedOut,
    /// It printed more than [`COMMAND_OUTPUT`], and was killed.
    TooMuch,
    /// There is no such program.
    NotFound,
    /// The system did not start it, and why.
    NotStarted(String),
}

/// What came of running a program.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub ended: Ended,
    /// Its standard output.
    pub stdout: Zeroizing<Vec<u8>>,
    /// The beginning of its standard error.
    pub stderr: Zeroizing<Vec<u8>>,
}

impl Ran {
    /// A program that said nothing.
    pub fn silent(ended: Ended) -> Self {
        Self { ended, stdout: Zeroizing::default(), stderr: Zeroizing::default() }
    }
}

/// Whoever starts programs.
pub trait Runner: Send + Sync {
    /// Runs the program `argv[0]` with the rest as its arguments, no input, within [`COMMAND_DEADLINE`]. Keeps what it prints
    /// out of every buffer that is not wiped. Dropping the future kills the program.
    fn run<'a>(&'a self, argv: &'a [String]) -> BoxFuture<'a, Ran>;
}

/// The key that `argv` prints: all of its output but the line end.
///
/// # Errors
/// [`KeyError::Command`] for whatever else it does.
pub async fn from_command(argv: &[String], runner: &dyn Runner) -> Result<Secret, KeyError> {
    let program = argv.first().cloned().unwrap_or_default();
    let ran = runner.run(argv).await;
    judge(ran).map_err(|fault| KeyError::Command { program, fault })
}

fn judge(ran: Ran) -> Result<Secret, CommandFault> {
    let Ran { ended, mut stdout, stderr } = ran;
    match ended {
        Ended::Exited(0) => value::into_secret(std::mem::take(&mut *stdout)).map_err(|problem| match problem {
            BadValue::Empty => CommandFault::Empty,
            BadValue::Lines => CommandFault::Lines,
            BadValue::TooLong | BadValue::Character(_) => CommandFault::NoKey(problem),
        }),
        Ended::Exited(code) => Err(CommandFault::Exit { code, said: said(&stdout, &stderr) }),
        Ended::Signal(signal) => Err(CommandFault::Signal { signal, said: said(&stdout, &stderr) }),
        Ended::TimedOut => Err(CommandFault::TimedOut { after: COMMAND_DEADLINE }),
        Ended::TooMuch => Err(CommandFault::TooMuch),
        Ended::NotFound => Err(CommandFault::NotFound),
        Ended::NotStarted(reason) => Err(CommandFault::NotStarted { reason }),
    }
}

/// The beginning of what a failing program said, on one line, without what looks like a key and without what it printed to
/// its standard output.
fn said(stdout: &[u8], stderr: &[u8]) -> String {
    let printed = stdout.split(u8::is_ascii_whitespace).filter(|word| word.len() >= 4).take(100);
    let mut text = Zeroizing::new(String::from_utf8_lossy(stderr).into_owned());
    for word in printed.filter_map(|word| std::str::from_utf8(word).ok()) {
        if text.contains(word) {
            text = Zeroizing::new(text.replace(word, "[redacted]"));
        }
    }
    let clean = Zeroizing::new(aside_secret::redact(&text).into_owned());
    let mut shown = String::new();
    let words = clean.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    for word in words {
        let space = if shown.is_empty() { "" } else { " " };
        shown.push_str(space);
        shown.push_str(word);
        if shown.len() > SHOWN * 4 {
            break;
        }
    }
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

/// The key of one provider that a program prints, as a place where keys are kept. Can only be read.
pub struct CommandStore<R> {
    argv: Vec<String>,
    name: KeyName,
    runner: R,
}

impl<R: Runner> CommandStore<R> {
    /// The key `name`, which `argv` prints. Starts nothing yet.
    pub fn new(argv: Vec<String>, name: KeyName, runner: R) -> Self {
        Self { argv, name, runner }
    }

    fn place(&self) -> Place {
        Place::Command(self.argv.first().cloned().unwrap_or_default())
    }
}

impl<R: Runner> KeyStore for CommandStore<R> {
    fn get<'a>(&'a self, name: &'a KeyName, slot: Slot, _: Patience) -> BoxFuture<'a, Result<Secret, KeyError>> {
        if *name == self.name && slot == Slot::Current {
            return Box::pin(from_command(&self.argv, &self.runner));
        }
        Box::pin(ready(Err(KeyError::Missing { place: self.place() })))
    }

    fn set(&self, _: Vec<NewKey>, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(ready(Err(KeyError::ReadOnly { place: self.place() })))
    }

    fn add(&self, _: NewKey, _: Patience) -> BoxFuture<'_, Result<(), KeyError>> {
        Box::pin(ready(Err(KeyError::ReadOnly { place: self.place() })))
    }

    fn delete<'a>(&'a self, _: &'a KeyName, _: Slot, _: Patience) -> BoxFuture<'a, Result<(), KeyError>> {
        Box::pin(ready(Err(KeyError::ReadOnly { place: self.place() })))
    }

    /// Whether it prints one is not tried: it may ask a person.
    fn list(&self, _: Patience) -> BoxFuture<'_, Result<Vec<KeyInfo>, KeyError>> {
        Box::pin(ready(Ok(vec![KeyInfo { name: self.name.clone(), slot: Slot::Current, stored_at: None }])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-proj-0123456789abcdefghij";

    /// A program that always does the same.
    struct Fixed(Ended, &'static str, &'static str);

    impl Runner for Fixed {
        fn run<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Ran> {
            let of = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
            Box::pin(ready(Ran { ended: self.0.clone(), stdout: of(self.1), stderr: of(self.2) }))
        }
    }

    fn argv() -> Vec<String> {
        vec!["op".to_owned(), "read".to_owned()]
    }

    async fn run(ended: Ended, stdout: &'static str, stderr: &'static str) -> Result<Secret, KeyError> {
        from_command(&argv(), &Fixed(ended, stdout, stderr)).await
    }

    #[tokio::test]
    async fn what_a_program_prints_is_the_key_without_its_line_end() {
        for printed in ["sk-1", "sk-1\n", "sk-1\r\n"] {
            assert_eq!(run(Ended::Exited(0), printed, "a warning").await.expect("a key").expose(), b"sk-1");
        }
    }

    #[tokio::test]
    async fn everything_else_has_its_own_sentence_and_next_step() {
        let mut hints = std::collections::BTreeSet::new();
        for (ended, stdout, stderr, message) in [
            (Ended::Exited(0), "", "", "`op` printed nothing where its key was wanted"),
            (Ended::Exited(0), "sk-1\nuser: me\n", "", "`op` printed more than one line, and a key is one"),
            (
                Ended::Exited(0),
                "my key",
                "",
                "what `op` printed is no key: it has a space or another character that a key cannot have, at byte 2",
            ),
            (
                Ended::Exited(3),
                "",
                "[ERROR]\x1b[31m not\tsigned in\n",
                "`op` ended with exit code 3 and said: [ERROR] [31m not signed in",
            ),
            (Ended::Exited(1), "", "", "`op` ended with exit code 1"),
            (Ended::Signal(9), "", "", "`op` was ended by signal 9"),
            (Ended::TimedOut, "", "", "`op` did not print the key within 30 s"),
            (Ended::TooMuch, "", "", "`op` printed more than 64 KiB, and a key is short"),
            (Ended::NotFound, "", "", "`op`, which prints the key, is not among the programs of this machine"),
            (Ended::NotStarted("Permission denied".to_owned()), "", "", "`op` cannot be started: Permission denied"),
        ] {
            let error = run(ended, stdout, stderr).await.expect_err(message);
            assert_eq!(error.to_string(), message);
            assert!(!error.hint().is_empty());
            hints.insert(error.hint());
        }
        assert_eq!(hints.len(), 9, "{hints:#?}");
    }

    #[tokio::test]
    async fn nothing_that_a_failing_program_says_shows_a_key() {
        let odd = "hunter2-of-the-bank";
        for (stdout, stderr) in [("", format!("cannot parse {KEY}")), (odd, format!("after printing {odd}!"))] {
            let stderr: &'static str = Box::leak(stderr.into_boxed_str());
            let error = run(Ended::Exited(1), stdout, stderr).await.expect_err("failed");
            let told = format!("{error} {error:?} {}", error.hint());
            assert!(!told.contains(KEY) && !told.contains(odd) && told.contains("[redacted]"), "{told}");
        }
        let error = run(Ended::Exited(1), "", Box::leak("x ".repeat(9000).into_boxed_str())).await.expect_err("failed");
        assert!(error.to_string().chars().count() < 260, "{error}");
    }
}
