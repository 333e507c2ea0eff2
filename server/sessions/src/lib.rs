//! Conversations: what was said, who is answering, and where it stands when the editor or the machine goes away.
//!
//! Owns sessions from the first message to deletion: the pure turn machine, the task that owns each live session, the map of
//! workspaces, the rows on disk and how they read back. It does not choose models or build prompts (`assist` hands it a stream
//! of an answer), knows no protocol, and reaches files only through `storage`.

mod error;
mod event;
mod exchange;
mod finder;
mod format;
mod ids;
mod key;
mod limiter;
mod live;
mod message;
pub mod moved;
mod options;
mod owner;
mod registry;
mod relay;
pub mod retention;
mod say;
mod seal;
pub mod search;
mod sessions;
mod store;
mod title;
mod transcript;
pub mod transfer;
mod turn;
mod words;

pub use aside_storage::database::Versions;
pub use error::SessionError;
pub use event::{End, Event, Outbox, TurnError, TurnEvent};
pub use exchange::{ExportError, NotImported};
pub use finder::{Match, Matches};
pub use ids::{BadSessionId, SessionId, TurnId, WorkspaceId};
pub use key::{DataKey, DataKeys, Kept, KeyFault, KeyFaultKind, KeyId, KeyPlace, MOST_KEYS, PassingKey};
pub use limiter::{Limiter, Rate, ResumeRates, RetryAfter};
pub use message::{Attachment, Damage, MessageState, Opened, Page, SessionInfo, State, StoredMessage};
pub use options::Options;
pub use say::{Answer, Say};
pub use sessions::{Health, Home, LastCheck, Moved, Sessions};
pub use store::Verified;
