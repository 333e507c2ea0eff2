//! What is recorded: the types, their stable words, and which of them must be recorded.

use jiff::Timestamp;

use super::Required;
use crate::{KeyName, Slot};

/// Makes an enum whose values have a stable word each, and the way back from the word.
macro_rules! words {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $value:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $doc])+ $value,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The word in the log; it never changes.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }
    };
}

words! {
    /// Which kind of process writes.
    By {
        /// The language server of an editor.
        Lsp = "lsp",
        /// A command in a terminal.
        Cli = "cli",
        /// The agent that holds the open vault.
        Agent = "agent",
    }
}

words! {
    /// How it went.
    Outcome {
        /// It is about to be done: what must be recorded is recorded before it happens, and again with its end.
        Begun = "begun",
        /// It was done.
        Done = "done",
        /// It was not allowed; nothing was done.
        Refused = "refused",
        /// It was tried and did not work.
        Failed = "failed",
    }
}

words! {
    /// What was done.
    What {
        /// A key was read to be sent to its provider.
        Use = "use",
        /// A key was stored.
        Set = "set",
        /// A key was removed.
        Delete = "delete",
        /// A key's value was replaced by a new one.
        Rotate = "rotate",
        /// A rotation was taken back.
        RollBack = "roll-back",
        /// Keys were brought in from a file or another place.
        Import = "import",
        /// A key was tried at its provider.
        Test = "test",
        /// The keys' names were listed.
        List = "list",
        /// The vault was unlocked.
        Unlock = "unlock",
        /// An unlock with a wrong passphrase.
        WrongPassphrase = "wrong-passphrase",
        /// The keys were locked; `why` says by what.
        Lock = "lock",
        /// A vault was made.
        Init = "init",
        /// The passphrase was changed.
        PassphraseChange = "passphrase-change",
        /// The vault got a new data key.
        Rekey = "rekey",
        /// The vault was emptied.
        Clear = "clear",
        /// The vault was copied, sealed.
        Backup = "backup",
        /// The vault was replaced by a copy.
        Restore = "restore",
        /// Keys were taken out.
        Export = "export",
        /// A key was given to another address of its provider.
        Rebind = "rebind",
        /// A key was moved to another place, and is no longer where it was.
        Move = "move",
        /// An agent began to run.
        AgentStart = "agent-start",
        /// An agent ended.
        AgentEnd = "agent-end",
        /// Records that could not be written; `count` says how many.
        Lost = "lost",
        /// The log itself was not as its last writer left it; `why` says how.
        Repair = "repair",
    }
}

impl What {
    /// Whether `required` asks for a record before this may be done. Locking is never refused, nor what already happened.
    pub(super) fn is_required(self, required: Required) -> bool {
        match self {
            Self::Set
            | Self::Delete
            | Self::Rotate
            | Self::RollBack
            | Self::Import
            | Self::Init
            | Self::PassphraseChange
            | Self::Rekey
            | Self::Clear
            | Self::Backup
            | Self::Restore
            | Self::Export
            | Self::Rebind
            | Self::Move => true,
            Self::Use | Self::Test | Self::Unlock => required == Required::All,
            Self::List
            | Self::WrongPassphrase
            | Self::Lock
            | Self::AgentStart
            | Self::AgentEnd
            | Self::Lost
            | Self::Repair => false,
        }
    }
}

/// One thing that was done, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What.
    pub what: What,
    /// With which key; written as a keyed hash.
    pub key: Option<KeyName>,
    /// Which of the key's values.
    pub slot: Slot,
    /// How it went.
    pub outcome: Outcome,
    /// Why, as a stable code of `a-z`, `0-9` and `-`; anything else is written as `other`.
    pub why: Option<&'static str>,
    /// How many times, or how many: 1 where there is nothing to count.
    pub count: u64,
}

impl Record {
    /// `what` was done.
    pub fn done(what: What) -> Self {
        Self { what, key: None, slot: Slot::Current, outcome: Outcome::Done, why: None, count: 1 }
    }

    /// `what` is about to be done.
    pub fn begun(what: What) -> Self {
        Self { outcome: Outcome::Begun, ..Self::done(what) }
    }

    /// `what` was not allowed.
    pub fn refused(what: What, why: &'static str) -> Self {
        Self { outcome: Outcome::Refused, why: Some(why), ..Self::done(what) }
    }

    /// `what` was tried and did not work.
    pub fn failed(what: What, why: &'static str) -> Self {
        Self { outcome: Outcome::Failed, why: Some(why), ..Self::done(what) }
    }

    /// The keys were locked by `reason`: `idle`, `absolute`, `suspend`, `command`, `last-client`, …
    pub fn locked(reason: &'static str) -> Self {
        Self { why: Some(reason), ..Self::done(What::Lock) }
    }

    /// The same, about this key.
    #[must_use]
    pub fn key(self, name: &KeyName) -> Self {
        Self { key: Some(name.clone()), ..self }
    }

    /// The same, about this one of the key's values.
    #[must_use]
    pub fn slot(self, slot: Slot) -> Self {
        Self { slot, ..self }
    }

    pub(super) fn lost(count: u64) -> Self {
        Self { count, ..Self::failed(What::Lost, "not-written") }
    }

    pub(super) fn repair(why: &'static str, count: u64) -> Self {
        Self { count, why: Some(why), ..Self::done(What::Repair) }
    }

    /// Whether both tell the same, but for how many times.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.what, self.outcome, self.why, self.slot) == (other.what, other.outcome, other.why, other.slot)
            && self.key == other.key
    }
}

/// A record and when it was made.
#[derive(Debug, Clone)]
pub(super) struct Stamped {
    pub(super) at: Timestamp,
    pub(super) record: Record,
}
