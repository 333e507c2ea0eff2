//! Rows in, messages out.
//!
//! Owns what a series of rows means: which make one message, what became of it, and what is said of a row that cannot be read.
//! Pure; the rows come from `store`.

use aside_model::Role;
use jiff::Timestamp;

use crate::{
    End, MessageState, StoredMessage, TurnError, TurnId,
    format::{Kind, Record},
};

/// One row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number in the session.
    pub(crate) n: u64,
    /// The turn it belongs to.
    pub(crate) turn: Option<TurnId>,
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
    /// Its content, if it can be read.
    pub(crate) record: Option<Record>,
}

/// Messages, and whether all their rows could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transcript {
    pub(crate) messages: Vec<StoredMessage>,
    pub(crate) damaged: bool,
}

/// Makes messages of `rows`, which are in order and begin with a row that opens a message. An answer without an end is still
/// streaming if it is that of the turn `running`, and was interrupted otherwise.
pub(crate) fn transcript(rows: impl IntoIterator<Item = Row>, running: Option<TurnId>) -> Transcript {
    let mut reading = Reading { running, transcript: Transcript { messages: Vec::new(), damaged: false }, turn: None };
    for row in rows {
        reading.take(row);
    }
    reading.transcript
}

struct Reading {
    running: Option<TurnId>,
    transcript: Transcript,
    /// The turn of the answer that is open, the last message.
    turn: Option<TurnId>,
}

impl Reading {
    fn take(&mut self, row: Row) {
        self.transcript.damaged |= row.record.is_none();
        match (row.kind, row.record) {
            (Kind::User, record) => {
                let message = opened(row.n, Role::User, row.at, MessageState::Complete);
                if let Some(Record::User { text, attachments }) = record {
                    self.push(StoredMessage { text, attachments, ..message }, None);
                } else {
                    self.push(message, None);
                    self.mark_last();
                }
            }
            (Kind::Answer, record) => {
                let state = if row.turn.is_some() && row.turn == self.running {
                    MessageState::Streaming
                } else {
                    MessageState::Interrupted
                };
                let model = match record {
                    Some(Record::Answer { model }) => named(model),
                    _ => None,
                };
                let message = opened(row.n, Role::Assistant, row.at, state);
                self.push(StoredMessage { model, ..message }, row.turn);
            }
            (Kind::Part, record) => self.add(row.turn, record),
            (Kind::End, record) => {
                self.add(row.turn, record);
                if self.turn == row.turn {
                    self.turn = None;
                }
            }
            (Kind::Summary, record) => {
                let message = opened(row.n, Role::System, row.at, MessageState::Complete);
                if let Some(Record::Summary { text, model }) = record {
                    self.push(StoredMessage { text, model: named(model), ..message }, None);
                } else {
                    self.push(message, None);
                    self.mark_last();
                }
            }
            (Kind::Title | Kind::Rewind, _) => {}
        }
    }

    fn push(&mut self, message: StoredMessage, turn: Option<TurnId>) {
        self.turn = turn;
        self.transcript.messages.push(message);
    }

    /// Adds a part or an end to the open answer, if it is of its turn.
    fn add(&mut self, turn: Option<TurnId>, record: Option<Record>) {
        let Some(message) = self.transcript.messages.last_mut() else { return };
        if turn.is_none() || turn != self.turn {
            return;
        }
        match record {
            Some(Record::Part { text }) => message.text.push_str(&text),
            Some(Record::End(closing)) => {
                message.text.push_str(&closing.text);
                message.usage = closing.usage;
                // What cannot be read of a message weighs more than how it ended.
                if message.error.is_none() {
                    message.state = state_of(closing.outcome.reason);
                    message.error = closing.outcome.error;
                }
            }
            _ => self.mark_last(),
        }
    }

    fn mark_last(&mut self) {
        if let Some(message) = self.transcript.messages.last_mut() {
            let said = "a part of this message cannot be read";
            message.state = MessageState::Error;
            message.error = Some(TurnError::new("damaged", said, "the rest of the session is unharmed"));
        }
    }
}

/// A model, if it was named.
fn named(model: String) -> Option<String> {
    Some(model).filter(|model| !model.is_empty())
}

fn opened(n: u64, role: Role, at: Timestamp, state: MessageState) -> StoredMessage {
    StoredMessage {
        n,
        role,
        text: String::new(),
        at,
        model: None,
        state,
        error: None,
        usage: None,
        attachments: Vec::new(),
    }
}

/// The state of a message whose turn ended so.
pub(crate) fn state_of(end: End) -> MessageState {
    match end {
        End::Complete => MessageState::Complete,
        End::Stopped => MessageState::Stopped,
        End::Length => MessageState::Length,
        End::Truncated => MessageState::Truncated,
        End::Error => MessageState::Error,
        End::Interrupted => MessageState::Interrupted,
    }
}

#[cfg(test)]
mod tests;
