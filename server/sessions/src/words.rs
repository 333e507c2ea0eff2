//! What states and ends are called wherever they are written: on a wire, in JSON, in a terminal.

use std::fmt;

use crate::{Damage, End, MessageState, State};

impl State {
    /// Its name, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Locked => "locked",
            Self::Damaged => "damaged",
        }
    }
}

impl MessageState {
    /// Its name, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Streaming => "streaming",
            Self::Stopped => "stopped",
            Self::Length => "length",
            Self::Truncated => "truncated",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
        }
    }
}

impl End {
    /// Its name, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Length => "length",
            Self::Truncated => "truncated",
            Self::Error => "error",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Damage {
    /// A stable code for protocols and scripts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Altered { .. } => "altered",
            Self::Missing { .. } => "missing",
            Self::Surplus { .. } => "surplus",
            Self::Head => "head",
        }
    }
}

impl fmt::Display for Damage {
    /// One sentence, lower case, no full stop.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { n } => write!(formatter, "row {n} was altered or put in another place"),
            Self::Missing { from, to } if *to == from + 1 => write!(formatter, "row {from} is missing"),
            Self::Missing { from, to } => write!(formatter, "rows {from} to {} are missing", to - 1),
            Self::Surplus { n } => write!(formatter, "row {n} does not belong to the session"),
            Self::Head => write!(formatter, "what sums the session up was altered"),
        }
    }
}
