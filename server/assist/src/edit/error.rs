//! Why an edit came to nothing. Whatever it was, no document was touched.

use aside_model::ModelError;

use super::read::Refusal;
use crate::action::{commit::CommitError, prompt::TooMuchCode};

/// Why there is no edit, or nothing of it can be accepted.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The document may not be shown to a model.
    #[error("`{path}` is not sent to a model: the rule `{rule}` keeps it on this machine")]
    Withheld {
        /// The path.
        path: String,
        /// The rule.
        rule: String,
    },
    /// No model is set that could edit.
    #[error("no model is set for edits, and the built-in engine cannot make any")]
    NoModel,
    /// No model is set that could write a message.
    #[error("no model is set for conversations, and the built-in engine writes no messages")]
    NoWriter,
    /// The model cannot be asked, or failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What the model said is no usable change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The answer ended at the token limit.
    #[error("the model's answer was cut off at {max_tokens} tokens")]
    Length {
        /// `edit.max_tokens`.
        max_tokens: u32,
    },
    /// The connection ended in the middle of the answer.
    #[error("the model's answer broke off in the middle")]
    Truncated,
    /// The provider withheld the rest.
    #[error("the provider's filter withheld the answer")]
    Filtered,
    /// The text that the edit is about changed while the model answered.
    #[error("`{label}` was changed where the edit would go while the model answered")]
    Moved {
        /// What the document is called.
        label: String,
    },
    /// A file of the edit cannot be read or made.
    #[error("`{label}` cannot be edited: {reason}")]
    File {
        /// The file.
        label: String,
        /// Why.
        reason: &'static str,
    },
    /// There is no such edit.
    #[error("there is no such edit")]
    Unknown,
    /// The answer is not whole yet.
    #[error("the model is still answering")]
    Streaming,
    /// Nothing that was named waits to be accepted.
    #[error("nothing of this edit waits to be accepted")]
    NothingWaits,
    /// The editor did not apply it.
    #[error("the editor did not apply the change: {reason}")]
    NotApplied {
        /// What the editor said.
        reason: String,
    },
    /// The person did not confirm what needs it.
    #[error("the change was not confirmed")]
    NotConfirmed,
    /// Too many edits at once.
    #[error("{most} edits are being made already")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// Nothing can be done at that place.
    #[error("`{action}` can do nothing there: {reason}")]
    Place {
        /// The action.
        action: String,
        /// Why.
        reason: String,
    },
    /// There is no such action.
    #[error("there is no action `{action}`")]
    UnknownAction {
        /// What was asked for.
        action: String,
    },
    /// What is to be changed is too long to be sent.
    #[error(transparent)]
    TooMuch(#[from] TooMuchCode),
    /// There is nothing to describe, or no description.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The words for the model cannot be made.
    #[error("the action `{action}` cannot be worded: {reason}")]
    Words {
        /// The action.
        action: String,
        /// Why.
        reason: String,
    },
}

impl EditError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Withheld { .. } => "withheld",
            Self::NoModel | Self::NoWriter => "needs-model",
            Self::Model(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Length { .. } => "answer-length",
            Self::Truncated => "answer-truncated",
            Self::Filtered => "answer-filtered",
            Self::Moved { .. } => "edit-stale",
            Self::File { .. } => "edit-file",
            Self::Unknown => "unknown-edit",
            Self::Streaming => "edit-streaming",
            Self::NothingWaits => "edit-settled",
            Self::NotApplied { .. } => "edit-not-applied",
            Self::NotConfirmed => "edit-not-confirmed",
            Self::TooMany { .. } => "edit-limit",
            Self::Place { .. } => "edit-place",
            Self::UnknownAction { .. } => "unknown-action",
            Self::TooMuch(error) => error.code(),
            Self::Commit(error) => error.code(),
            Self::Words { .. } => "action-template",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Withheld { .. } => "secret files and files named in ignore files are never sent".to_owned(),
            Self::NoModel => "set `roles.edit` (or `roles.chat`) to a model, such as `ollama/qwen2.5-coder:7b`; \
                              `aside doctor` says what is there"
                .to_owned(),
            Self::NoWriter => {
                "set `roles.chat` to a model, such as `ollama/qwen2.5-coder:7b`; `aside doctor` says what is there"
                    .to_owned()
            }
            Self::Model(error) => error.hint(),
            Self::Refused(refusal) => refusal.hint().to_owned(),
            Self::Length { .. } => "select less, or raise `edit.max_tokens`; the document is as it was".to_owned(),
            Self::Truncated => "try again; the document is as it was".to_owned(),
            Self::Filtered => "ask in other words; the document is as it was".to_owned(),
            Self::Moved { .. } => "ask again: nothing was changed".to_owned(),
            Self::File { .. } => "open the file in the editor and ask there; nothing was changed".to_owned(),
            Self::Unknown => "`aside/edit/list` tells which edits there are".to_owned(),
            Self::Streaming => "wait for the end, or stop it".to_owned(),
            Self::NothingWaits => "ask for a new edit".to_owned(),
            Self::NotApplied { .. } => "the change is still proposed: accept it again".to_owned(),
            Self::NotConfirmed => "the change is still proposed: accept it and confirm, or reject it".to_owned(),
            Self::TooMany { .. } => "wait for one to end, or stop one".to_owned(),
            Self::Place { .. } => "put the cursor into the code it is about, or select it".to_owned(),
            Self::UnknownAction { .. } => "`aside/action/list` tells which there are at a place".to_owned(),
            Self::TooMuch(error) => error.hint(),
            Self::Commit(error) => error.hint(),
            Self::Words { .. } => "correct its `prompt` in your settings; `aside config check` shows where".to_owned(),
        }
    }

    /// What to tell the model when a person tries again; `None` when the model is not to blame.
    pub fn for_model(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => Some(refusal.for_model()),
            Self::Length { .. } => Some("The answer was too long and was cut off. Change less.".to_owned()),
            _ => None,
        }
    }
}
