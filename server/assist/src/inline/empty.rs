//! Why there is no ghost text: one reason for every empty answer, with the next step.

use std::time::{Duration, SystemTime};

use aside_model::ModelError;

/// Why an answer is empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Empty {
    /// Switched off in the settings.
    #[error("completion is switched off")]
    Disabled,
    /// Switched off for this language.
    #[error("completion is switched off for `{0}`")]
    Language(String),
    /// The file may not leave the machine, so no model sees it.
    #[error("`{path}` is kept from models by the rule `{rule}`")]
    Withheld {
        /// Path inside the workspace.
        path: String,
        /// The egress rule.
        rule: String,
    },
    /// A newer request for the same document came.
    #[error("a newer request took its place")]
    Superseded,
    /// The document changed while the model answered.
    #[error("the document changed meanwhile")]
    Stale,
    /// The editor asked about a document or place that it did not open.
    #[error("{0}")]
    Place(String),
    /// The model could not be asked or failed.
    #[error("{0}")]
    Failed(ModelError),
    /// The model took too long.
    #[error("the model took longer than {} ms", after.as_millis())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// The model had nothing to say here.
    #[error("the model suggested nothing here")]
    NoText,
    /// What the model said is already there.
    #[error("the model suggested only what already follows")]
    Duplicate,
}

impl Empty {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Language(_) => "language-disabled",
            Self::Withheld { .. } => "withheld",
            Self::Superseded => "superseded",
            Self::Stale => "stale",
            Self::Place(_) => "bad-place",
            Self::Failed(error) => error.code(),
            Self::TimedOut { .. } => "timeout",
            Self::NoText => "no-text",
            Self::Duplicate => "duplicate",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Disabled => "set `complete.enabled = true`".to_owned(),
            Self::Language(_) => "remove the language from `complete.disabled_languages`".to_owned(),
            Self::Withheld { .. } => {
                "this is on purpose: secret files and files named in ignore files stay here".to_owned()
            }
            Self::Superseded | Self::Stale => "nothing to do: the newer request is answered".to_owned(),
            Self::Place(_) => "reopen the file in the editor".to_owned(),
            Self::Failed(error) => error.hint(),
            Self::TimedOut { .. } => "use a smaller model for `roles.complete`, or raise `complete.timeout`".to_owned(),
            Self::NoText => "type a little more, or use a larger model for `roles.complete`".to_owned(),
            Self::Duplicate => "nothing to do".to_owned(),
        }
    }
}

/// The latest reason, as status and doctor show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmptyReport {
    /// The document.
    pub uri: String,
    /// [`Empty::code`].
    pub code: &'static str,
    /// The reason as a sentence.
    pub message: String,
    /// [`Empty::hint`].
    pub hint: String,
    /// When it happened, by the wall clock.
    pub at: SystemTime,
}

impl EmptyReport {
    pub(super) fn new(uri: &str, empty: &Empty) -> Self {
        let (code, message, hint) = (empty.code(), empty.to_string(), empty.hint());
        Self { uri: uri.to_owned(), code, message, hint, at: SystemTime::now() }
    }
}
