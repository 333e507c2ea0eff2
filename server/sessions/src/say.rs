//! What a person says in a session, and where the answer comes from. Owns the checks of a message.

use std::fmt;

use aside_model::EventStream;

use crate::{Attachment, SessionError, StoredMessage};

/// The most bytes of attachments in one message.
const MAX_ATTACHMENT_BYTES: usize = 8 * 1024 * 1024;

/// Gives the answer's stream for the history so far, oldest first, the new message last.
pub type Answer = Box<dyn FnOnce(Vec<StoredMessage>) -> EventStream + Send>;

/// A message to say.
pub struct Say {
    /// What the person wrote.
    pub text: String,
    /// What goes along with it, resolved.
    pub attachments: Vec<Attachment>,
    /// The model that answers, as `provider/model`: a label, kept with the answer.
    pub model: String,
    /// The number of an earlier question that this one is asked instead of: it and everything behind it is taken back.
    pub replaces: Option<u64>,
    /// Called once, after the message is on disk.
    pub answer: Answer,
}

impl fmt::Debug for Say {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No text: what a person says does not belong into a log.
        formatter.debug_struct("Say").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Say {
    /// Whether the message is within its bounds; `max` is the longest text, in characters.
    pub(crate) fn check(&self, max: usize) -> Result<(), SessionError> {
        if self.text.trim().is_empty() {
            return Err(SessionError::Empty { field: "text", max });
        }
        let length = self.text.chars().count();
        if length > max {
            return Err(SessionError::TooLong { field: "text", length, max, unit: "characters" });
        }
        let length = self.attachments.iter().map(|one| one.text.len() + one.label.len()).sum();
        if length > MAX_ATTACHMENT_BYTES {
            return Err(SessionError::TooLong {
                field: "attachments",
                length,
                max: MAX_ATTACHMENT_BYTES,
                unit: "bytes",
            });
        }
        Ok(())
    }
}
