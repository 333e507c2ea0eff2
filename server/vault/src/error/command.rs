//! Why a program gave no key: one sentence and one next step for each way.

use std::{fmt, time::Duration};

use crate::BadValue;

/// What a program did instead of printing a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandFault {
    /// It ended with an exit code other than 0.
    Exit {
        /// The exit code.
        code: i32,
        /// The beginning of what it said, redacted; empty when it said nothing.
        said: String,
    },
    /// It was ended by a signal.
    Signal {
        /// The signal's number.
        signal: i32,
        /// The beginning of what it said, redacted; empty when it said nothing.
        said: String,
    },
    /// It was killed because it took too long.
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// It was killed because it printed too much.
    TooMuch,
    /// There is no such program.
    NotFound,
    /// The system did not start it.
    NotStarted {
        /// What the system said.
        reason: String,
    },
    /// It printed nothing.
    Empty,
    /// It printed several lines.
    Lines,
    /// It printed something that cannot be sent as a key.
    NoKey(BadValue),
}

impl CommandFault {
    /// The sentence about `program`.
    pub(super) fn told(&self, program: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit { code, said } => write!(formatter, "`{program}` ended with exit code {code}{}", quoted(said)),
            Self::Signal { signal, said } => {
                write!(formatter, "`{program}` was ended by signal {signal}{}", quoted(said))
            }
            Self::TimedOut { after } => {
                write!(formatter, "`{program}` did not print the key within {} s", after.as_secs())
            }
            Self::TooMuch => write!(formatter, "`{program}` printed more than 64 KiB, and a key is short"),
            Self::NotFound => {
                write!(formatter, "`{program}`, which prints the key, is not among the programs of this machine")
            }
            Self::NotStarted { reason } => write!(formatter, "`{program}` cannot be started: {reason}"),
            Self::Empty => write!(formatter, "`{program}` printed nothing where its key was wanted"),
            Self::Lines => write!(formatter, "`{program}` printed more than one line, and a key is one"),
            Self::NoKey(problem) => write!(formatter, "what `{program}` printed is no key: it {problem}"),
        }
    }

    /// The next step.
    pub(super) fn hint(&self, program: &str) -> String {
        match self {
            Self::Exit { .. } => {
                format!("run `{program}` with the same arguments in a terminal and follow what it says")
            }
            Self::Signal { .. } => format!("something ended `{program}`: try again, and look at the system's log"),
            Self::TimedOut { .. } => {
                format!(
                    "`{program}` may be waiting for a password that nobody sees: unlock it in a terminal, and try again"
                )
            }
            Self::TooMuch => format!("`{program}` has to print the key and nothing else: check its arguments"),
            Self::NotFound => format!(
                "install `{program}`, or give its absolute path in the provider's `key`: an editor may have another PATH than your terminal"
            ),
            Self::NotStarted { .. } => format!("make sure that `{program}` is a program that you may run"),
            Self::Empty => format!("check that the entry that `{program}` reads has a value"),
            Self::Lines => "keep the key in an entry of its own, or name its field in the arguments".to_owned(),
            Self::NoKey(_) => "check that the entry holds the key alone, as its issuer shows it".to_owned(),
        }
    }
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" and said: {said}") }
}
