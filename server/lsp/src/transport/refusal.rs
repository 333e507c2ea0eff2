//! What the transport itself answers when no handler does: the JSON-RPC code, a sentence, a stable code and the next step.

use std::fmt;

use serde_json::json;
use tower_lsp::jsonrpc::{Error, ErrorCode};

use super::frames::{Fault, MAX_BODY, MAX_HEADER};
use crate::errors::correlation_id;

/// Most levels of nesting in a message, the message itself included.
pub(crate) const MAX_DEPTH: usize = 127;

/// Why a message is answered by the transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The bytes are no frame.
    Frame(Fault),
    /// The body is not UTF-8.
    NotUtf8,
    /// The body is not JSON; where it stops being JSON.
    NotJson { line: usize, column: usize },
    /// The body is nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The body is an array; the protocol has no batches.
    Batch,
    /// The body is JSON and no message; what is wrong.
    NotAMessage(&'static str),
    /// A request before `initialize` was answered.
    NotInitialized,
    /// Another `initialize`.
    InitializedTwice,
    /// A request after `shutdown`.
    ShutDown,
    /// A request with the id of one that is still running.
    IdInUse,
    /// Too many requests run; how many may.
    Busy(usize),
    /// The client cancelled the request.
    Cancelled,
    /// The method does not exist.
    UnknownMethod(String),
    /// The method is a notification, and was asked for an answer.
    NotARequest(String),
    /// The parameters are not those of the method; how.
    BadParams(String),
    /// The handler panicked or gave no answer; the id under which the log tells of it already.
    Broken(String),
}

impl Refusal {
    /// The answer's error, whose `data` is `{ code, message, hint, id }`, and which is also logged under that id.
    pub(crate) fn error(&self) -> Error {
        let message = aside_secret::redact(&self.to_string()).into_owned();
        // Every other keystroke cancels something: that answer stays short.
        let data = (*self != Self::Cancelled).then(|| {
            let id = self.logged(&message);
            json!({ "code": self.code(), "message": message, "hint": self.hint(), "id": id })
        });
        Error { code: self.number(), message: message.into(), data }
    }

    /// The id under which the log tells of this refusal.
    fn logged(&self, message: &str) -> String {
        if let Self::Broken(id) = self {
            return id.clone();
        }
        let id = correlation_id();
        tracing::warn!(id, code = self.code(), "refused: {message}");
        id
    }

    fn number(&self) -> ErrorCode {
        match self {
            Self::Frame(Fault::TooLarge(_)) => ErrorCode::InvalidRequest,
            Self::Frame(_) | Self::NotUtf8 | Self::NotJson { .. } => ErrorCode::ParseError,
            Self::TooDeep | Self::Batch | Self::NotAMessage(_) | Self::NotARequest(_) => ErrorCode::InvalidRequest,
            Self::InitializedTwice | Self::ShutDown | Self::IdInUse => ErrorCode::InvalidRequest,
            Self::BadParams(_) => ErrorCode::InvalidParams,
            Self::NotInitialized => ErrorCode::ServerError(-32002),
            Self::Busy(_) => ErrorCode::ServerError(-32803),
            Self::Cancelled => ErrorCode::RequestCancelled,
            Self::UnknownMethod(_) => ErrorCode::MethodNotFound,
            Self::Broken(_) => ErrorCode::InternalError,
        }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Frame(Fault::TooLarge(_)) => "message-too-large",
            Self::Frame(_) => "bad-frame",
            Self::NotUtf8 | Self::NotJson { .. } => "bad-json",
            Self::TooDeep => "message-too-deep",
            Self::Batch | Self::NotAMessage(_) | Self::NotARequest(_) => "bad-message",
            Self::BadParams(_) => "invalid-params",
            Self::NotInitialized => "not-initialized",
            Self::InitializedTwice => "initialized-twice",
            Self::ShutDown => "shut-down",
            Self::IdInUse => "id-in-use",
            Self::Busy(_) => "busy",
            Self::Cancelled => "cancelled",
            Self::UnknownMethod(_) => "unknown-method",
            Self::Broken(_) => "internal",
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Frame(Fault::TooLarge(_)) => "send less at once; a document this large is not supported",
            Self::Frame(_) => "start each message with `Content-Length: <bytes>`, an empty line, and that many bytes",
            Self::NotUtf8 | Self::NotJson { .. } | Self::TooDeep => "send one JSON object in UTF-8 per message",
            Self::Batch => "send each request as a message of its own",
            Self::NotAMessage(_) => "send a JSON-RPC 2.0 request, notification or response",
            Self::NotInitialized => "send `initialize` and wait for its answer first",
            Self::InitializedTwice => "start another server to initialize again",
            Self::ShutDown => "only `exit` is expected now",
            Self::IdInUse => "give each request an id of its own",
            Self::Busy(_) => "wait for answers, or cancel what is no longer needed, and try again",
            Self::Cancelled => "nothing to do: the client asked for this",
            Self::UnknownMethod(_) => "see the capabilities in the answer to `initialize`",
            Self::NotARequest(_) => "send it without `id`",
            Self::BadParams(_) => "correct the parameters: `docs/protocol.md` lists what each method takes",
            Self::Broken(_) => "try again; if it stays, report it with the log lines that carry this id",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(fault) => fault.fmt(f),
            Self::NotUtf8 => f.write_str("the message is not valid UTF-8"),
            Self::NotJson { line, column } => {
                write!(f, "the message is not valid JSON at line {line}, column {column}")
            }
            Self::TooDeep => write!(f, "the message is nested deeper than {MAX_DEPTH} levels"),
            Self::Batch => f.write_str("batches are not part of the language server protocol"),
            Self::NotAMessage(what) => write!(f, "the message is not JSON-RPC 2.0: {what}"),
            Self::NotInitialized => f.write_str("the server is not initialized"),
            Self::InitializedTwice => f.write_str("the server is initialized already, or about to be"),
            Self::ShutDown => f.write_str("the server is shut down"),
            Self::IdInUse => f.write_str("a request with this id is still running"),
            Self::Busy(limit) => write!(f, "{limit} requests are waiting for their answers already"),
            Self::Cancelled => f.write_str("the request was cancelled"),
            Self::UnknownMethod(method) => write!(f, "there is no method `{method}`"),
            Self::NotARequest(method) => write!(f, "`{method}` is a notification and has no answer"),
            Self::BadParams(how) => write!(f, "the parameters do not fit: {how}"),
            Self::Broken(_) => f.write_str("the server failed at this request"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAHeader => f.write_str("a line that is not a header was skipped"),
            Self::HeaderTooLong => write!(f, "a header longer than {MAX_HEADER} bytes was skipped"),
            Self::NoLength => f.write_str("a message without `Content-Length` was skipped"),
            Self::BadLength => f.write_str("a message whose `Content-Length` is not a whole number was skipped"),
            Self::Lengths => f.write_str("a message with different `Content-Length` headers was skipped"),
            Self::Charset => f.write_str("a message in another character set than UTF-8 was skipped"),
            Self::TooLarge(size) => write!(f, "a message of {size} bytes was skipped; the limit is {MAX_BODY} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_refusal_repeats_a_key_that_was_sent() {
        let key = ["sk-or-v1-", &"0a1b2c3d".repeat(8)].concat();
        for refusal in [Refusal::UnknownMethod(key.clone()), Refusal::BadParams(format!("invalid value `{key}`"))] {
            let error = refusal.error();
            assert!(!format!("{error:?}").contains(&key) && error.message.contains("[redacted]"), "{error:?}");
        }
    }
}
