//! Where provider keys come from.
//!
//! Owns reading of keys: from the operating system's keyring on a thread of its own with a deadline, from the sealed vault file
//! with its passphrases, recovery words, backups and agent, from a named environment variable, and from what a program prints.
//! Each key is bound to one origin and checked before it can become a header. Owns the lock, and the gate that wipes keys when it
//! locks; what is done with keys is recorded in the [`audit`] log. It knows no settings and no provider's wire, and never puts a
//! value into a message or a log.

mod agent;
pub mod audit;
mod clock;
mod command;
mod environment;
mod error;
mod file;
mod gate;
mod keyring;
mod memory;
mod name;
mod origin;
mod passphrase;
mod recovery;
mod state;
mod store;
mod system;
mod value;

pub use agent::{
    Agent, AgentClient, AgentEnd, AgentEvent, AgentOptions, AgentStore, Deaf, KEY_CHANGED, Listener, Listening,
    OpenFile, OpenVault, Opens, ProcessStatus, Refusal, RefusalKind, Unreached, Word, processes, tell_all,
};
pub use clock::now;
pub use command::{COMMAND_DEADLINE, COMMAND_OUTPUT, CommandStore, Ended, Ran, Runner, from_command};
pub use environment::{EnvironmentStore, from_env};
pub use error::{CommandFault, KeyError, Place};
pub use file::{
    Backup, Changes, FileVault, Files, Note, Opener, PassphraseChanged, Plan, Recovery, Unlocked, VaultError, VaultInfo,
};
pub use gate::{Gate, GateState, OnChange, Pass};
pub use keyring::{KeyRing, KeyringState};
pub use memory::MemoryStore;
pub use name::{KeyName, Slot};
pub use origin::{BadOrigin, Origin};
pub use passphrase::{BadPassphrase, Passphrase, Strength};
pub use recovery::{BadWords, RecoveryWords};
pub use state::{By, Lock, LockReason, Moment, Policy, Reopen, Verdict};
pub use store::{KeyInfo, KeyStore, NewKey, Patience};
pub use system::store_command;
pub use value::{BadValue, check_value, trimmed_value};
