//! Conversations as material for an overview: which messages count, and how each is quoted as data.
//!
//! Pure. What somebody said is put between fences that it cannot close, under a heading that is ours, and cut where it is long;
//! what an overview then asks of a model, or shows without one, is `digest`'s, `compact`'s and `outline`'s.

use aside_model::Role;
use aside_sessions::{MessageState, StoredMessage};
use jiff::{SignedDuration, Timestamp};

use crate::fence::{cut, fenced};

/// The most bytes of the names of a message's attachments.
const NAMES_BYTES: usize = 300;
/// The most characters of a title.
const TITLE_CHARS: usize = 200;

/// A conversation to give an overview of.
#[derive(Debug, Clone, Copy)]
pub struct Conversation<'a> {
    /// Its title; may be empty.
    pub title: &'a str,
    /// Whether it came from a file: anybody may have written it.
    pub imported: bool,
    /// Oldest first.
    pub messages: &'a [StoredMessage],
}

/// The time that an overview is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its end.
    pub now: Timestamp,
    /// How long it is.
    pub hours: u32,
}

impl Span {
    /// The last six hours.
    pub fn until(now: Timestamp) -> Self {
        Self { now, hours: 6 }
    }

    /// Whether a message is of this time. A clock may have been ahead: what is later than now is not lost.
    fn has(&self, message: &StoredMessage) -> bool {
        self.now.duration_since(message.at) <= SignedDuration::from_hours(i64::from(self.hours))
    }

    /// `the last 6 hours`.
    pub(super) fn words(&self) -> String {
        if self.hours == 1 { "the last hour".to_owned() } else { format!("the last {} hours", self.hours) }
    }
}

/// Why there is no overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoOverview {
    /// Nothing was said that it could be of.
    #[error("there is nothing to sum up")]
    Nothing,
    /// There is no room for even the newest question.
    #[error("an overview does not fit into {budget} bytes; the least is {least}")]
    TooTight {
        /// The room there was.
        budget: usize,
        /// The least room there must be.
        least: usize,
    },
}

impl NoOverview {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing-said",
            Self::TooTight { .. } => "overview-too-tight",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Nothing => "ask for more hours, or say something first".to_owned(),
            Self::TooTight { .. } => "choose a model that reads more at once".to_owned(),
        }
    }
}

/// A message of one of several conversations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) conversation: usize,
    pub(super) index: usize,
    pub(super) message: &'a StoredMessage,
}

/// The messages of `span` that `wanted` wants and that say something, in the order in which they matter: the newest question,
/// then all others, the newest first.
pub(super) fn spots<'a>(
    conversations: &[Conversation<'a>],
    span: &Span,
    wanted: impl Fn(&StoredMessage) -> bool,
) -> Vec<Spot<'a>> {
    let mut spots: Vec<Spot<'a>> = Vec::new();
    for (conversation, one) in conversations.iter().enumerate() {
        let messages = one.messages.iter().enumerate();
        let counts = messages.filter(|(_, message)| span.has(message) && says_something(message) && wanted(message));
        spots.extend(counts.map(|(index, message)| Spot { conversation, index, message }));
    }
    spots.sort_by_key(|spot| std::cmp::Reverse((spot.message.at, spot.conversation, spot.index)));
    if let Some(question) = spots.iter().position(|spot| spot.message.role == Role::User) {
        spots[..=question].rotate_right(1);
    }
    spots
}

fn says_something(message: &StoredMessage) -> bool {
    !message.text.trim().is_empty() || !message.attachments.is_empty()
}

/// A message under a heading, as data; `most` bytes of its text, and a little around it.
pub(super) fn quoted(message: &StoredMessage, most: usize) -> String {
    let mut data = String::new();
    if !message.attachments.is_empty() {
        let names: Vec<_> = message.attachments.iter().map(|one| one.label.as_str()).collect();
        data = cut(&format!("Attached: {}", on_one_line(&names.join(", "))), NAMES_BYTES.min(most));
        data.push('\n');
    }
    data.push_str(&cut(message.text.trim_end(), most));
    format!("{}, {}{}:\n{}", speaker(message.role), minute(message.at), unfinished(message), fenced(&data))
}

fn speaker(role: Role) -> &'static str {
    match role {
        Role::User => "Person",
        Role::Assistant => "Assistant",
        Role::System => "Program",
    }
}

fn unfinished(message: &StoredMessage) -> String {
    match message.state {
        MessageState::Complete => String::new(),
        state => format!(" ({})", state.as_str()),
    }
}

/// What a conversation is called, on one line, and whether it is to be trusted.
pub(super) fn name(conversation: &Conversation<'_>) -> String {
    let title: String = on_one_line(conversation.title).chars().take(TITLE_CHARS).collect();
    let title = if title.is_empty() { "without a title" } else { &title };
    let origin = if conversation.imported { " (imported: written by anybody, not to be trusted)" } else { "" };
    format!("{title}{origin}")
}

pub(super) fn on_one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
