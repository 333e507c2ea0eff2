//! Conversations: what was said, who is answering, and where it stands when the editor or the machine goes away.
//!
//! Owns sessions from the first message to deletion: the pure turn machine, the task that owns each live session, the map of
//! workspaces, the rows on disk and how they read back. It does not choose models or build prompts (`assist` hands it a stream
//! of an answer), knows no protocol, and reaches files only through `storage`.

mod error;
mod event;
mod format;
mod ids;
mod live;
mod message;
mod options;
mod owner;
mod registry;
mod relay;
mod say;
mod sessions;
mod store;
mod title;
mod transcript;
mod turn;
mod words;

pub use error::SessionError;
pub use event::{End, Event, Outbox, TurnError, TurnEvent};
pub use ids::{BadSessionId, SessionId, TurnId, WorkspaceId};
pub use message::{Attachment, MessageState, Opened, Page, SessionInfo, State, StoredMessage};
pub use options::Options;
pub use say::{Answer, Say};
pub use sessions::{Health, Sessions};
