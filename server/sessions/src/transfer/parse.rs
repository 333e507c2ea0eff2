//! Reads a conversation from bytes that anybody may have written.
//!
//! Owns what is accepted: one spelling, every field known, every length bounded. The bytes are read as they come, straight into
//! what they must be, so that neither depth nor number of what they hold instead costs more than the bytes themselves.

mod conversation;
mod field;

use aside_model::Role;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, de::DeserializeSeed};
use serde_json::error::Category;

use super::{
    ImportError,
    row::{KIND, VERSION},
};
use crate::StoredMessage;
use conversation::Conversation;
use field::{Place, shown};

/// How far a time may be ahead: clocks of two machines differ.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// The first moment that can be one of a conversation: the year 2000, in seconds since 1970.
const EARLIEST: i64 = 946_684_800;

/// The bounds of what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most bytes of the file.
    pub bytes: usize,
    /// The most messages.
    pub messages: usize,
    /// The longest message of a person, in characters.
    pub question_chars: usize,
    /// The longest answer, in characters.
    pub answer_chars: usize,
    /// The most attachments of a message.
    pub attachments: usize,
    /// The most bytes of a message's attachments.
    pub attachment_bytes: usize,
    /// No time in the file may be later than this, but for a day.
    pub now: Timestamp,
}

impl Bounds {
    /// The usual bounds, at `now`: they let every conversation in that this program keeps.
    pub fn at(now: Timestamp) -> Self {
        Self {
            // A session of the largest size, every byte of it escaped.
            bytes: 64 * 1024 * 1024,
            messages: 100_000,
            question_chars: 50_000,
            answer_chars: 1024 * 1024,
            attachments: 256,
            attachment_bytes: 8 * 1024 * 1024,
            now,
        }
    }

    /// The most characters of a message of `role`.
    fn chars(&self, role: Role) -> usize {
        if role == Role::User { self.question_chars } else { self.answer_chars }
    }

    /// Whether a conversation may have been held at `at`.
    fn allow(&self, at: Timestamp) -> bool {
        at.as_second() >= EARLIEST && at.duration_since(self.now) <= AHEAD
    }
}

/// A conversation as a file has it. It has no identity and no workspace: whoever keeps it gives it new ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its title, cleaned; may be empty.
    pub title: String,
    /// The last used model as `provider/model`: a label.
    pub model: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When something was last added.
    pub updated: Timestamp,
    /// Oldest first, numbered from 0. An answer that was streaming is interrupted here: nobody gives it any more.
    pub messages: Vec<StoredMessage>,
}

/// What tells whether to read on.
#[derive(Deserialize)]
struct Header {
    aside: Option<String>,
    version: Option<u64>,
}

/// Reads the conversation in `bytes`.
///
/// # Errors
/// It is none, one of a later version, or over its bounds; the error names what is wrong and where.
pub fn parse(bytes: &[u8], bounds: &Bounds) -> Result<Imported, ImportError> {
    if bytes.len() > bounds.bytes {
        return Err(ImportError::TooLarge { bytes: bytes.len(), limit: bounds.bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ImportError::NotText { at: error.valid_up_to() })?;
    check_header(text)?;
    let place = Place::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Conversation { bounds, place: &place }.deserialize(&mut json);
    // A file whose end is missing is not JSON, wherever it stopped.
    let whole = read.and_then(|imported| json.end().map(|()| imported));
    whole.map_err(|error| failed(&error, &place))
}

/// Tells a conversation from everything else and from those of later versions, before any of its fields is judged.
fn check_header(text: &str) -> Result<(), ImportError> {
    match serde_json::from_str::<Header>(text) {
        Ok(header) if header.aside.as_deref() != Some(KIND) => Err(ImportError::NotAConversation),
        Ok(Header { version: Some(version), .. }) if version > VERSION => Err(ImportError::Newer { version }),
        Err(error) if error.classify() != Category::Data => Err(not_json(&error)),
        // A header that is spelled wrongly is judged, and named, like any other field.
        Ok(_) | Err(_) if text.trim_start().starts_with('{') => Ok(()),
        Ok(_) | Err(_) => Err(ImportError::NotAConversation),
    }
}

fn failed(error: &serde_json::Error, place: &Place) -> ImportError {
    match error.classify() {
        Category::Data => ImportError::Wrong { place: place.to_string(), problem: shown(&error.to_string(), 200) },
        Category::Io | Category::Syntax | Category::Eof => not_json(error),
    }
}

fn not_json(error: &serde_json::Error) -> ImportError {
    ImportError::NotJson { line: error.line(), column: error.column() }
}
