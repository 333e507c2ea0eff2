//! The one place where a failure becomes a JSON-RPC error: which number, which stable code, which id in the log.
//!
//! Owns the table of codes. What failed, why and what to do next is said by the crate that failed. Errors about the wire itself
//! (frames, methods, cancelled requests) are made by the transport; their codes stand in the same table.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aside_assist::{chat::ChatError, edit::EditError};
use aside_model::{Advice, BadModelRef, ModelError};
use aside_secret::redact;
use aside_sessions::{BadSessionId, NotImported, SessionError};
use serde_json::json;
use tower_lsp::jsonrpc;

/// The parameters are wrong: the same request will fail again.
const INVALID_PARAMS: i64 = -32602;
/// The request is fine and could not be met.
const REQUEST_FAILED: i64 = -32803;
/// The server is at fault.
const INTERNAL_ERROR: i64 = -32603;

/// Every stable code and its JSON-RPC number; a code that is missing here is answered as -32803.
const CODES: &[(&str, i64)] = &[
    // Parameters.
    ("invalid-params", INVALID_PARAMS),
    ("out-of-bounds", INVALID_PARAMS),
    ("empty", INVALID_PARAMS),
    ("too-long", INVALID_PARAMS),
    ("bad-cursor", INVALID_PARAMS),
    ("bad-model", INVALID_PARAMS),
    ("bad-place", INVALID_PARAMS),
    ("unknown-session", INVALID_PARAMS),
    ("unknown-document", INVALID_PARAMS),
    ("unknown-command", INVALID_PARAMS),
    ("attachment-outside", INVALID_PARAMS),
    ("attachments-too-long", INVALID_PARAMS),
    ("unknown-message", INVALID_PARAMS),
    ("no-heading", INVALID_PARAMS),
    ("import-too-large", INVALID_PARAMS),
    ("import-not-json", INVALID_PARAMS),
    ("import-not-a-conversation", INVALID_PARAMS),
    ("import-newer", INVALID_PARAMS),
    ("import-wrong", INVALID_PARAMS),
    // What stands in the way.
    ("withheld", REQUEST_FAILED),
    ("attachment-unreadable", REQUEST_FAILED),
    ("session-busy", REQUEST_FAILED),
    ("session-limit", REQUEST_FAILED),
    ("session-full", REQUEST_FAILED),
    ("session-locked", REQUEST_FAILED),
    ("session-damaged", REQUEST_FAILED),
    ("workspace-taken", REQUEST_FAILED),
    ("no-sessions", REQUEST_FAILED),
    ("sessions-altered", REQUEST_FAILED),
    ("sessions-older", REQUEST_FAILED),
    ("session-key-missing", REQUEST_FAILED),
    ("session-key-damaged", REQUEST_FAILED),
    ("session-key-denied", REQUEST_FAILED),
    ("session-key-unavailable", REQUEST_FAILED),
    ("session-key-read-only", REQUEST_FAILED),
    ("export-too-large", REQUEST_FAILED),
    ("nothing-cut-off", REQUEST_FAILED),
    ("nothing-said", REQUEST_FAILED),
    ("needs-model", REQUEST_FAILED),
    ("overview-too-tight", REQUEST_FAILED),
    ("shutting-down", REQUEST_FAILED),
    ("storage-denied", REQUEST_FAILED),
    ("storage-read-only", REQUEST_FAILED),
    ("storage-full", REQUEST_FAILED),
    ("storage-disk", REQUEST_FAILED),
    ("storage-missing", REQUEST_FAILED),
    ("storage-handles", REQUEST_FAILED),
    ("storage-locks", REQUEST_FAILED),
    ("storage-busy", REQUEST_FAILED),
    ("storage-damaged", REQUEST_FAILED),
    ("storage-newer", REQUEST_FAILED),
    ("storage-foreign", REQUEST_FAILED),
    ("storage-failed", REQUEST_FAILED),
    // Edits.
    ("unknown-edit", INVALID_PARAMS),
    ("edit-place", INVALID_PARAMS),
    ("unknown-action", INVALID_PARAMS),
    ("too-much-code", REQUEST_FAILED),
    ("nothing-changed", REQUEST_FAILED),
    ("no-message", REQUEST_FAILED),
    ("no-folder", REQUEST_FAILED),
    ("git-missing", REQUEST_FAILED),
    ("git-no-repository", REQUEST_FAILED),
    ("git-too-much", REQUEST_FAILED),
    ("git-failed", REQUEST_FAILED),
    ("edit-streaming", REQUEST_FAILED),
    ("edit-settled", REQUEST_FAILED),
    ("edit-stale", REQUEST_FAILED),
    ("edit-file", REQUEST_FAILED),
    ("edit-not-applied", REQUEST_FAILED),
    ("edit-not-confirmed", REQUEST_FAILED),
    ("edit-limit", REQUEST_FAILED),
    ("action-template", REQUEST_FAILED),
    ("answer-length", REQUEST_FAILED),
    ("answer-empty", REQUEST_FAILED),
    ("answer-no-code", REQUEST_FAILED),
    ("answer-declined", REQUEST_FAILED),
    ("answer-cut", REQUEST_FAILED),
    ("answer-too-long", REQUEST_FAILED),
    ("answer-too-many", REQUEST_FAILED),
    ("answer-several", REQUEST_FAILED),
    ("answer-wrong-language", REQUEST_FAILED),
    ("answer-wrong-file", REQUEST_FAILED),
    ("answer-wrong-shape", REQUEST_FAILED),
    ("answer-malformed", REQUEST_FAILED),
    ("answer-no-match", REQUEST_FAILED),
    ("answer-ambiguous", REQUEST_FAILED),
    ("answer-overlap", REQUEST_FAILED),
    ("answer-no-file", REQUEST_FAILED),
    ("answer-exists", REQUEST_FAILED),
    ("answer-deletes", REQUEST_FAILED),
    ("answer-renames", REQUEST_FAILED),
    ("answer-bad-path", REQUEST_FAILED),
    ("answer-elided", REQUEST_FAILED),
    ("answer-marks", REQUEST_FAILED),
    ("answer-control-characters", REQUEST_FAILED),
    ("answer-no-change", REQUEST_FAILED),
    ("answer-truncated", REQUEST_FAILED),
    ("answer-filtered", REQUEST_FAILED),
    // Models.
    ("no-key", REQUEST_FAILED),
    ("locked", REQUEST_FAILED),
    ("auth", REQUEST_FAILED),
    ("rate-limited", REQUEST_FAILED),
    ("overloaded", REQUEST_FAILED),
    ("context-too-long", REQUEST_FAILED),
    ("model-not-found", REQUEST_FAILED),
    ("invalid-request", REQUEST_FAILED),
    ("unreachable", REQUEST_FAILED),
    ("timeout", REQUEST_FAILED),
    ("provider-error", REQUEST_FAILED),
    ("provider-protocol", REQUEST_FAILED),
    // Keys.
    ("unknown-provider", INVALID_PARAMS),
    ("keyring-unavailable", REQUEST_FAILED),
    ("keyring-timeout", REQUEST_FAILED),
    ("key-unusable", REQUEST_FAILED),
    ("key-elsewhere", REQUEST_FAILED),
    ("key-command-failed", REQUEST_FAILED),
    ("key-read-only", REQUEST_FAILED),
    ("vault-failed", REQUEST_FAILED),
    ("audit-failed", REQUEST_FAILED),
    // The server.
    ("internal", INTERNAL_ERROR),
];

/// A request that is answered with an error.
#[derive(Debug)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
    hint: String,
    retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with a code of the table, a sentence, and the next step.
    pub(crate) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), retry_after: None }
    }

    /// Wrong parameters; `message` names the field and what it takes.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new("invalid-params", message, "correct the parameters: `docs/protocol.md` lists what each method takes")
    }

    /// The error as it leaves, which is also logged under the same id.
    pub(crate) fn into_error(self, method: &str) -> jsonrpc::Error {
        let id = correlation_id();
        let Self { code, message, hint, retry_after } = self;
        // What failed may quote what it was given.
        let (message, hint) = (redact(&message).into_owned(), redact(&hint).into_owned());
        let number = number(code);
        if number == INTERNAL_ERROR {
            tracing::error!(id, method, code, "{message}");
        } else {
            tracing::warn!(id, method, code, "{message}");
        }
        let mut data = json!({ "code": code, "message": message, "hint": hint, "id": id });
        if let Some(wait) = retry_after {
            data["retryAfterMs"] = json!(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        }
        jsonrpc::Error { code: number.into(), message: message.into(), data: Some(data) }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let retry_after = match error {
            SessionError::RateLimited { retry_after, .. } => Some(retry_after),
            _ => None,
        };
        Self { retry_after, ..Self::new(error.code(), error.to_string(), error.hint()) }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let retry_after = match error.advice() {
            Advice::RetryAfter(wait) => Some(wait),
            Advice::RetryLater | Advice::AskUser | Advice::GiveUp => None,
        };
        Self { retry_after, ..Self::new(error.code(), error.to_string(), error.hint()) }
    }
}

impl From<ChatError> for Failure {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Model(error) => error.into(),
            ChatError::Session(error) => error.into(),
            ChatError::Attach(_) | ChatError::Overview(_) | ChatError::NeedsModel | ChatError::NothingCutOff => {
                Self::new(error.code(), error.to_string(), error.hint())
            }
        }
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Model(error) => error.into(),
            error => Self::new(error.code(), error.to_string(), error.hint()),
        }
    }
}

impl From<NotImported> for Failure {
    fn from(error: NotImported) -> Self {
        match error {
            NotImported::Session(error) => error.into(),
            NotImported::File(_) => Self::new(error.code(), error.to_string(), error.hint()),
        }
    }
}

impl From<BadSessionId> for Failure {
    fn from(error: BadSessionId) -> Self {
        Self::new("invalid-params", error.to_string(), "take the id from `aside/chat/list` or `aside/chat/new`")
    }
}

impl From<BadModelRef> for Failure {
    fn from(error: BadModelRef) -> Self {
        // What was sent in its place may be of any length.
        let shown = BadModelRef(error.0.chars().take(80).collect());
        Self::new("bad-model", shown.to_string(), "take a model from `aside/model/list`")
    }
}

fn number(code: &str) -> i64 {
    CODES.iter().find(|(known, _)| *known == code).map_or(REQUEST_FAILED, |(_, number)| *number)
}

/// Ties an answer to a line of the log: unlike any other in this process, and almost surely in the log's other processes.
pub(crate) fn correlation_id() -> String {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| {
        let random = RandomState::new().build_hasher().finish();
        u32::try_from(random >> 32).expect("the upper half of 64 bits has 32")
    });
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:08x}-{:04x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests;
