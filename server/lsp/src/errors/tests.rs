//! The table of codes against the crates that fail, and against the documentation.

use aside_assist::{chat::NoOverview, inline::Empty};
use aside_model::ErrorKind;
use aside_sessions::{KeyFault, KeyFaultKind, transfer::ImportError};

use super::*;

const PROTOCOL: &str = include_str!("../../../../docs/protocol.md");

/// Every kind of model error; the compiler asks for an arm when there is another.
fn kinds() -> Vec<ErrorKind> {
    use ErrorKind as K;
    let all = [
        K::NoKey,
        K::Locked,
        K::Auth,
        K::RateLimited,
        K::Overloaded,
        K::ContextTooLong,
        K::ModelNotFound,
        K::InvalidRequest,
        K::Unreachable,
        K::Timeout,
        K::Provider,
        K::Protocol,
    ];
    for kind in all {
        match kind {
            K::NoKey | K::Locked | K::Auth | K::RateLimited | K::Overloaded | K::ContextTooLong => {}
            K::ModelNotFound | K::InvalidRequest | K::Unreachable | K::Timeout | K::Provider | K::Protocol => {}
        }
    }
    all.to_vec()
}

fn is_known(code: &str) -> bool {
    CODES.iter().any(|(known, _)| *known == code)
}

#[test]
fn every_code_of_a_model_or_session_is_in_the_table() {
    for kind in kinds() {
        let code = ModelError::new(kind, "p", "m").code();
        assert!(is_known(code), "{code}");
    }
    let errors = [
        SessionError::Empty { field: "text", max: 1 },
        SessionError::TooLong { field: "text", length: 2, max: 1, unit: "characters" },
        SessionError::OutOfBounds { field: "limit", value: 0, min: 1, max: 2 },
        SessionError::BadCursor,
        SessionError::ShuttingDown,
        SessionError::TooMany { max: 1, oldest: Vec::new() },
        SessionError::WorkspaceTaken { path: "/w".to_owned(), sessions: 1 },
        SessionError::RateLimited { limit: 1, retry_after: Duration::ZERO },
        SessionError::Nothing,
        SessionError::Altered { what: "it" },
        SessionError::Older { what: "it" },
    ];
    for error in errors {
        assert!(is_known(error.code()), "{error}");
    }
    for kind in KEY_FAULTS {
        let fault = KeyFault { kind, place: None, message: String::new(), hint: String::new() };
        assert!(is_known(fault.code()), "{}", fault.code());
    }
}

const KEY_FAULTS: [KeyFaultKind; 6] = [
    KeyFaultKind::Missing,
    KeyFaultKind::Locked,
    KeyFaultKind::Damaged,
    KeyFaultKind::Denied,
    KeyFaultKind::Unavailable,
    KeyFaultKind::ReadOnly,
];

#[test]
fn every_code_of_an_overview_or_a_file_is_in_the_table() {
    let overview = |error| ChatError::Overview(error);
    let errors = [
        ChatError::NeedsModel,
        ChatError::NothingCutOff,
        overview(NoOverview::Nothing),
        overview(NoOverview::TooTight { budget: 0, least: 1 }),
    ];
    for error in errors {
        assert!(is_known(error.code()), "{error}");
    }
    let files = [
        ImportError::TooLarge { bytes: 2, limit: 1 },
        ImportError::NotText { at: 0 },
        ImportError::NotAConversation,
        ImportError::Newer { version: 2 },
        ImportError::Wrong { place: String::new(), problem: String::new() },
    ];
    for error in files {
        assert!(is_known(error.code()), "{error}");
    }
}

#[test]
fn opening_too_often_tells_how_long_to_wait() {
    let error = SessionError::RateLimited { limit: 5, retry_after: Duration::from_secs(3) };
    assert_eq!(Failure::from(error).into_error("x").data.expect("data")["retryAfterMs"], 3000);
}

#[test]
fn a_code_stands_in_the_table_once() {
    for (index, (code, _)) in CODES.iter().enumerate() {
        assert!(!CODES[..index].iter().any(|(other, _)| other == code), "{code}");
    }
}

#[test]
fn an_error_carries_code_sentence_next_step_and_id() {
    let error = Failure::new("session-busy", "it answers", "wait").into_error("aside/chat/send");
    assert_eq!((i64::from(error.code), &*error.message), (-32803, "it answers"));
    let data = error.data.expect("data");
    assert_eq!(
        (&data["code"], &data["message"], &data["hint"]),
        (&json!("session-busy"), &json!("it answers"), &json!("wait"))
    );
    assert!(data.get("retryAfterMs").is_none());
    let other = Failure::params("wrong").into_error("x").data.expect("data");
    assert_ne!(data["id"], other["id"]);
}

#[test]
fn the_time_to_wait_is_told_when_it_is_known() {
    let mut error = ModelError::new(ErrorKind::RateLimited, "work", "too many");
    error.retry_after = Some(Duration::from_millis(1500));
    let data = Failure::from(error).into_error("x").data.expect("data");
    assert_eq!(data["retryAfterMs"], 1500);
}

#[test]
fn the_documentation_lists_every_code_with_its_number() {
    for (code, number) in CODES {
        let row = format!("| `{code}` | {number} |");
        assert!(PROTOCOL.contains(&row), "no row begins with {row} in docs/protocol.md");
    }
}

#[test]
fn the_documentation_lists_every_code_of_the_transport() {
    let source = include_str!("../transport/refusal.rs");
    let codes = source.split("fn code(").nth(1).and_then(|rest| rest.split("\n    }\n").next()).expect("the codes");
    let codes: Vec<_> = codes.split('"').skip(1).step_by(2).collect();
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert!(PROTOCOL.contains(&format!("| `{code}` |")), "`{code}` is not in docs/protocol.md");
    }
}

#[test]
fn the_documentation_lists_every_reason_of_an_empty_answer() {
    let text = String::new;
    let mut reasons = vec![
        Empty::Disabled,
        Empty::Language(text()),
        Empty::Withheld { path: text(), rule: text() },
        Empty::Superseded,
        Empty::Stale,
        Empty::Place(text()),
        Empty::TimedOut { after: Duration::ZERO },
        Empty::NoText,
        Empty::Duplicate,
    ];
    reasons.extend(kinds().into_iter().map(|kind| Empty::Failed(ModelError::new(kind, "p", "m"))));
    for reason in reasons {
        let code = reason.code();
        assert!(PROTOCOL.contains(&format!("| `{code}` |")), "`{code}` is not in docs/protocol.md");
    }
}

#[test]
fn the_documentation_lists_every_method_and_command() {
    for method in crate::routes::methods() {
        assert!(PROTOCOL.contains(&format!("`{method}`")), "`{method}` is not in docs/protocol.md");
    }
    for command in crate::handlers::commands::names() {
        assert!(PROTOCOL.contains(&format!("`{command}`")), "`{command}` is not in docs/protocol.md");
    }
    for sent in [crate::outbox::CHAT_EVENT, "aside/status/changed", "window/showMessage", "window/logMessage"] {
        assert!(PROTOCOL.contains(&format!("`{sent}`")), "`{sent}` is not in docs/protocol.md");
    }
}

#[test]
fn no_error_repeats_a_key_that_it_was_given() {
    let key = ["sk-or-v1-", &"0a1b2c3d".repeat(8)].concat();
    let error = Failure::new("bad-model", format!("`{key}` is no model"), format!("take another than {key}"));
    let error = error.into_error("aside/chat/send");
    assert!(!format!("{error:?}").contains(&key), "{error:?}");
    assert!(error.message.contains("[redacted]"), "{error:?}");
}
