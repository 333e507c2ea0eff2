//! The bounds and paces of sessions. Owns the defaults; the settings that change them belong to `config`.

use std::time::Duration;

use crate::ResumeRates;

/// Bounds and paces of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The longest message, in characters.
    pub max_message_chars: usize,
    /// How much of an answer may be unsaved, in bytes of UTF-8.
    pub checkpoint_bytes: usize,
    /// For how long a part of an answer may be unsaved.
    pub checkpoint_every: Duration,
    /// The shortest time between two pieces of text to one reader. Notices and the end do not wait for it.
    pub emit_every: Duration,
    /// The most text in one event, in bytes of UTF-8.
    pub emit_bytes: usize,
    /// The most sessions of one workspace, those in the trash left out.
    pub max_sessions: u64,
    /// The most bytes of one session on disk before it takes no further question.
    pub max_session_bytes: u64,
    /// How many conversations may be opened within a minute: of one workspace, and of all together.
    pub resumes: ResumeRates,
    /// How much of a conversation is read for a model, in bytes on disk: the last messages.
    pub history_bytes: usize,
    /// The longest answer, in bytes of UTF-8; more ends it with [`End::Length`](crate::End::Length).
    pub max_answer_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message_chars: 50_000,
            checkpoint_bytes: 4096,
            checkpoint_every: Duration::from_secs(1),
            // At most 28 in any second, so that with a notice and the end there are never more than 30 events.
            emit_every: Duration::from_millis(36),
            emit_bytes: 4096,
            max_sessions: 100,
            max_session_bytes: 10 * 1024 * 1024,
            resumes: ResumeRates::default(),
            history_bytes: 384 * 1024,
            max_answer_bytes: 1024 * 1024,
        }
    }
}
