//! What states and ends are called wherever they are written: on a wire, in JSON, in a terminal.

use crate::{End, MessageState, State};

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
