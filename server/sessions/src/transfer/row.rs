//! How the parts of a conversation are spelled in JSON: the twins of the inner types, for writing and for reading.

use std::borrow::Cow;

use aside_model::{Role, Usage};
use serde::{Deserialize, Serialize};

use crate::{Attachment, MessageState, TurnError};

/// What says that a file is a conversation.
pub(super) const KIND: &str = "conversation";
/// The version that is written, and the only one there is.
pub(super) const VERSION: u64 = 1;

/// Who speaks, as a file has it. What stands for earlier messages is a model's words about words, and no instruction.
pub(super) const ROLES: [(Role, &str); 3] =
    [(Role::User, "user"), (Role::Assistant, "assistant"), (Role::System, "summary")];

/// The word for a role.
pub(super) fn role(role: Role) -> &'static str {
    ROLES.iter().find(|(one, _)| *one == role).map_or("assistant", |(_, word)| word)
}

/// Every state that a message may have in a file.
pub(super) const STATES: [MessageState; 7] = [
    MessageState::Complete,
    MessageState::Streaming,
    MessageState::Stopped,
    MessageState::Length,
    MessageState::Truncated,
    MessageState::Error,
    MessageState::Interrupted,
];

#[derive(Serialize)]
pub(super) struct SessionRow<'a> {
    pub(super) id: String,
    pub(super) title: &'a str,
    pub(super) created: String,
    pub(super) updated: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct MessageRow<'a> {
    pub(super) role: &'static str,
    pub(super) at: String,
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<&'a str>,
    pub(super) text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attachments: Vec<AttachmentRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ErrorRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<UsageRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttachmentRow<'a> {
    pub(super) label: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<Cow<'a, str>>,
    pub(super) text: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorRow<'a> {
    pub(super) code: Cow<'a, str>,
    pub(super) message: Cow<'a, str>,
    pub(super) hint: Cow<'a, str>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UsageRow {
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
}

impl<'a> From<&'a Attachment> for AttachmentRow<'a> {
    fn from(one: &'a Attachment) -> Self {
        let uri = one.uri.as_deref().map(Cow::Borrowed);
        Self { label: Cow::Borrowed(&one.label), uri, text: Cow::Borrowed(&one.text) }
    }
}

impl From<AttachmentRow<'_>> for Attachment {
    fn from(row: AttachmentRow<'_>) -> Self {
        Self { label: row.label.into_owned(), uri: row.uri.map(Cow::into_owned), text: row.text.into_owned() }
    }
}

impl<'a> From<&'a TurnError> for ErrorRow<'a> {
    fn from(error: &'a TurnError) -> Self {
        let TurnError { code, message, hint } = error;
        Self { code: Cow::Borrowed(code), message: Cow::Borrowed(message), hint: Cow::Borrowed(hint) }
    }
}

impl From<Usage> for UsageRow {
    fn from(usage: Usage) -> Self {
        let Usage { input_tokens, output_tokens, cached_tokens } = usage;
        Self { input_tokens, output_tokens, cached_tokens }
    }
}

impl From<UsageRow> for Usage {
    fn from(row: UsageRow) -> Self {
        let UsageRow { input_tokens, output_tokens, cached_tokens } = row;
        Self { input_tokens, output_tokens, cached_tokens }
    }
}
