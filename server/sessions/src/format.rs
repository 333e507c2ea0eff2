//! How a row's content is written on disk: the twins of the inner types.
//!
//! Owns the spelling before it is sealed; the inner types are free to change. Content is JSON, one object per row; a field that is
//! unknown is passed over. Which rows make a conversation is `transcript`'s.

mod head;

use aside_model::Usage;
use serde::{Deserialize, Serialize};

use crate::{
    Attachment, End, TurnError,
    turn::{Closing, Outcome},
};

pub(crate) use head::{HeadRow, LockRow, OpenedRow, StoreRow, Sum, WorkspaceRow};

/// One row's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// A person's message; opens a turn.
    User { text: String, attachments: Vec<Attachment> },
    /// The answer to it begins.
    Answer { model: String },
    /// More of the answer.
    Part { text: String },
    /// The rest of the answer and its end.
    End(Closing),
    /// The session was given a title.
    Title { title: String },
    /// Everything from row `to` up to here was taken back, to be said differently.
    Rewind { to: u64 },
    /// What an earlier conversation was about, in a model's words.
    Summary { text: String, model: String },
}

/// What kind of row it is, in clear and vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Answer,
    Part,
    End,
    Title,
    Rewind,
    Summary,
}

impl Kind {
    const ALL: [Self; 7] = [Self::User, Self::Answer, Self::Part, Self::End, Self::Title, Self::Rewind, Self::Summary];

    /// The number in the database. A number is never given to another kind.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::User => 1,
            Self::Answer => 2,
            Self::Part => 3,
            Self::End => 4,
            Self::Title => 5,
            Self::Rewind => 6,
            Self::Summary => 7,
        }
    }

    /// Whether a message begins with it.
    pub(crate) fn opens(self) -> bool {
        matches!(self, Self::User | Self::Answer | Self::Summary)
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Record {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::User { .. } => Kind::User,
            Self::Answer { .. } => Kind::Answer,
            Self::Part { .. } => Kind::Part,
            Self::End(_) => Kind::End,
            Self::Title { .. } => Kind::Title,
            Self::Rewind { .. } => Kind::Rewind,
            Self::Summary { .. } => Kind::Summary,
        }
    }

    /// About how much text is in it, in bytes.
    pub(crate) fn text_len(&self) -> usize {
        match self {
            Self::User { text, attachments } => {
                text.len() + attachments.iter().map(|one| one.text.len()).sum::<usize>()
            }
            Self::Part { text } | Self::Title { title: text } | Self::Summary { text, .. } => text.len(),
            Self::End(closing) => closing.text.len(),
            Self::Answer { model } => model.len(),
            Self::Rewind { .. } => 0,
        }
    }

    /// The bytes to store.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let written = match self {
            Self::User { text, attachments } => serde_json::to_vec(&UserRow {
                text: text.clone(),
                attachments: attachments.iter().map(Into::into).collect(),
            }),
            Self::Answer { model } => serde_json::to_vec(&AnswerRow { model: model.clone() }),
            Self::Part { text } => serde_json::to_vec(&PartRow { text: text.clone() }),
            Self::End(closing) => serde_json::to_vec(&EndRow::from(closing)),
            Self::Title { title } => serde_json::to_vec(&TitleRow { title: title.clone() }),
            Self::Rewind { to } => serde_json::to_vec(&RewindRow { to: *to }),
            Self::Summary { text, model } => {
                serde_json::to_vec(&SummaryRow { text: text.clone(), model: model.clone() })
            }
        };
        written.expect("strings and numbers always have a JSON form")
    }

    /// Reads stored bytes; `None` when they are not what `kind` says.
    pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Option<Self> {
        match kind {
            Kind::User => {
                let UserRow { text, attachments } = serde_json::from_slice(bytes).ok()?;
                Some(Self::User { text, attachments: attachments.into_iter().map(Into::into).collect() })
            }
            Kind::Answer => serde_json::from_slice(bytes).ok().map(|AnswerRow { model }| Self::Answer { model }),
            Kind::Part => serde_json::from_slice(bytes).ok().map(|PartRow { text }| Self::Part { text }),
            Kind::End => serde_json::from_slice::<EndRow>(bytes).ok().map(|row| Self::End(row.into())),
            Kind::Title => serde_json::from_slice(bytes).ok().map(|TitleRow { title }| Self::Title { title }),
            Kind::Rewind => serde_json::from_slice(bytes).ok().map(|RewindRow { to }| Self::Rewind { to }),
            Kind::Summary => {
                serde_json::from_slice(bytes).ok().map(|SummaryRow { text, model }| Self::Summary { text, model })
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct UserRow {
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentRow>,
}

#[derive(Serialize, Deserialize)]
struct AttachmentRow {
    label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct AnswerRow {
    model: String,
}

#[derive(Serialize, Deserialize)]
struct PartRow {
    text: String,
}

#[derive(Serialize, Deserialize)]
struct TitleRow {
    title: String,
}

#[derive(Serialize, Deserialize)]
struct RewindRow {
    to: u64,
}

#[derive(Serialize, Deserialize)]
struct SummaryRow {
    text: String,
    model: String,
}

#[derive(Serialize, Deserialize)]
struct EndRow {
    text: String,
    reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<ErrorRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

#[derive(Serialize, Deserialize)]
struct ErrorRow {
    code: String,
    message: String,
    hint: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Complete,
    Stopped,
    Length,
    Truncated,
    Error,
    Interrupted,
}

impl From<&Attachment> for AttachmentRow {
    fn from(one: &Attachment) -> Self {
        Self { label: one.label.clone(), uri: one.uri.clone(), text: one.text.clone() }
    }
}

impl From<AttachmentRow> for Attachment {
    fn from(row: AttachmentRow) -> Self {
        Self { label: row.label, uri: row.uri, text: row.text }
    }
}

impl From<&Closing> for EndRow {
    fn from(closing: &Closing) -> Self {
        let error = closing.outcome.error.clone();
        Self {
            text: closing.text.clone(),
            reason: closing.outcome.reason.into(),
            error: error.map(|TurnError { code, message, hint }| ErrorRow { code, message, hint }),
            usage: closing.usage,
        }
    }
}

impl From<EndRow> for Closing {
    fn from(row: EndRow) -> Self {
        let error = row.error.map(|ErrorRow { code, message, hint }| TurnError { code, message, hint });
        Self { text: row.text, outcome: Outcome { reason: row.reason.into(), error }, usage: row.usage }
    }
}

impl From<End> for Reason {
    fn from(end: End) -> Self {
        match end {
            End::Complete => Self::Complete,
            End::Stopped => Self::Stopped,
            End::Length => Self::Length,
            End::Truncated => Self::Truncated,
            End::Error => Self::Error,
            End::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Reason> for End {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Complete => Self::Complete,
            Reason::Stopped => Self::Stopped,
            Reason::Length => Self::Length,
            Reason::Truncated => Self::Truncated,
            Reason::Error => Self::Error,
            Reason::Interrupted => Self::Interrupted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let attachment = |uri| Attachment { label: "größe.rs".to_owned(), uri, text: "fn ü() {}\r\n".to_owned() };
        let closing = |reason, error| {
            Record::End(Closing {
                text: "ende 🎬".to_owned(),
                outcome: Outcome { reason, error },
                usage: Some(Usage { input_tokens: 1, output_tokens: 2, cached_tokens: 3 }),
            })
        };
        let mut records = vec![
            Record::User { text: "hé\u{0} \"x\"".to_owned(), attachments: Vec::new() },
            Record::User {
                text: "a".to_owned(),
                attachments: vec![attachment(None), attachment(Some("file:///x".into()))],
            },
            Record::Answer { model: "builtin/search".to_owned() },
            Record::Part { text: String::new() },
            Record::Title { title: "ein Titel".to_owned() },
            Record::Rewind { to: 7 },
            Record::Summary { text: "früher".to_owned(), model: "a/b".to_owned() },
            closing(End::Error, Some(TurnError::new("no-key", "no key", "store one"))),
        ];
        let ends = [End::Complete, End::Stopped, End::Length, End::Truncated, End::Error, End::Interrupted];
        records.extend(ends.map(|end| closing(end, None)));
        records
    }

    #[test]
    fn every_record_reads_back_as_written() {
        for record in records() {
            let kind = record.kind();
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert_eq!(Record::decode(kind, &record.encode()), Some(record));
        }
    }

    #[test]
    fn a_field_of_a_later_version_is_passed_over() {
        let bytes = br#"{"text":"t","reason":"stopped","later":[1,2]}"#;
        let Some(Record::End(closing)) = Record::decode(Kind::End, bytes) else { panic!("read") };
        assert_eq!((closing.text.as_str(), closing.outcome.reason, closing.usage), ("t", End::Stopped, None));
    }

    #[test]
    fn bytes_that_are_not_what_the_kind_says_are_not_read() {
        for record in records() {
            let bytes = record.encode();
            assert_eq!(Record::decode(record.kind(), &bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Record::decode(Kind::Part, br#"{"text":1}"#), None);
        assert_eq!(Record::decode(Kind::End, br#"{"text":"t","reason":"unheard"}"#), None);
    }
}
