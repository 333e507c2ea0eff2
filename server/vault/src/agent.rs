//! What the processes of one user say to each other about keys, over private sockets.
//!
//! Two sorts of process listen: the agent, which holds the unlocked vault file for all editors and terminals, and every other
//! process that holds keys, so that one command can lock them all. A socket lies in the runtime folder, which only its owner may
//! enter, and each side checks the other's user. Nothing here crosses the network or an editor.

#[cfg_attr(not(unix), expect(dead_code, reason = "nobody talks where there are no sockets"))]
mod message;
mod store;

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod connection;
#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod socket;
mod terms;
#[cfg(unix)]
mod tries;

#[cfg(unix)]
pub use client::{AgentClient, processes, tell_all};
#[cfg(not(unix))]
pub use elsewhere::{Agent, AgentClient, Listener, Listening, processes, tell_all};
pub use message::{ProcessStatus, Refusal, RefusalKind};
#[cfg(unix)]
pub use server::Agent;
#[cfg(unix)]
pub use socket::{Listener, Listening};
pub use store::AgentStore;
pub use terms::{AgentEnd, AgentEvent, AgentOptions, Deaf, KEY_CHANGED, OpenFile, OpenVault, Opens, Unreached, Word};
