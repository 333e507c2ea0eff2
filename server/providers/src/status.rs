//! What a provider's refusal means: pure reading of a status and an error body, for all vendors at once.

use aside_model::ErrorKind;
use serde_json::Value;

/// What an error body says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The provider's sentence; empty when there is none. Not redacted.
    pub(crate) message: String,
    /// Its machine words (`type`, `code`, `status`), lower case, separated by spaces.
    pub(crate) words: String,
}

/// Reads an error body of any vendor; text that is not JSON is its own message, a web page has none.
pub(crate) fn report(body: &str) -> Report {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => of_value(&value),
        Err(_) if is_web_page(body.as_bytes()) => Report::default(),
        Err(_) => Report { message: body.trim().to_owned(), words: String::new() },
    }
}

/// Reads an error object, wherever in it the vendor puts the sentence.
pub(crate) fn of_value(value: &Value) -> Report {
    let outer = match value {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    };
    let inner = match outer.get("error") {
        Some(inner @ (Value::Object(_) | Value::String(_))) => inner,
        _ => outer,
    };
    let message = match inner {
        Value::String(text) => text.clone(),
        _ => ["message", "detail", "error_description"]
            .iter()
            .find_map(|name| inner.get(name).and_then(sentence))
            .unwrap_or_default(),
    };
    let mut words = String::new();
    for name in ["type", "code", "status", "error_type"] {
        match inner.get(name) {
            Some(Value::String(word)) => words.push_str(&word.to_ascii_lowercase()),
            Some(Value::Number(number)) => words.push_str(&number.to_string()),
            _ => continue,
        }
        words.push(' ');
    }
    Report { message, words: words.trim_end().to_owned() }
}

fn sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            items.iter().find_map(|item| item.get("msg").or_else(|| item.get("message")).and_then(sentence))
        }
        Value::Object(_) => value.get("message").or_else(|| value.get("msg")).and_then(sentence),
        _ => None,
    }
}

/// Whether a body begins like HTML.
pub(crate) fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// What a status other than 200 means.
pub(crate) fn kind(status: u16, report: &Report) -> ErrorKind {
    match status {
        400 | 413 | 422 if is_context(report) => ErrorKind::ContextTooLong,
        413 => ErrorKind::ContextTooLong,
        // Some vendors answer a wrong key with 400.
        400 if names_key(report) => ErrorKind::Auth,
        400 | 404 if names_missing_model(report) => ErrorKind::ModelNotFound,
        401..=403 => ErrorKind::Auth,
        // A path that is not there: the address or the dialect is wrong, not the model.
        404 | 405 => ErrorKind::Protocol,
        407 => ErrorKind::Unreachable,
        408 | 504 | 522 | 524 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        503 | 529 => ErrorKind::Overloaded,
        500.. if is_context(report) => ErrorKind::ContextTooLong,
        500.. => ErrorKind::Provider,
        400.. => ErrorKind::InvalidRequest,
        // Redirects are not followed; 1xx and other 2xx are no answer.
        _ => ErrorKind::Protocol,
    }
}

/// What an error object inside a stream that began with 200 means.
pub(crate) fn kind_in_stream(report: &Report) -> ErrorKind {
    let has = |word: &str| report.words.contains(word);
    if is_context(report) {
        ErrorKind::ContextTooLong
    } else if has("overloaded") || has("unavailable") || has("529") || has("503") {
        ErrorKind::Overloaded
    } else if has("rate_limit") || has("429") {
        ErrorKind::RateLimited
    } else if has("authentication") || has("permission") || has("401") || has("403") {
        ErrorKind::Auth
    } else if has("not_found") || has("404") {
        ErrorKind::ModelNotFound
    } else if has("timeout") {
        ErrorKind::Timeout
    } else if has("invalid_request") || has("400") {
        ErrorKind::InvalidRequest
    } else {
        ErrorKind::Provider
    }
}

fn is_context(report: &Report) -> bool {
    let text = report.message.to_ascii_lowercase();
    ["context_length", "exceed_context", "request_too_large", "string_above_max_length"]
        .iter()
        .any(|word| report.words.contains(word))
        || [
            "context length",
            "context size",
            "context window",
            "maximum context",
            "prompt is too long",
            "too many tokens",
            "input is too long",
        ]
        .iter()
        .any(|phrase| text.contains(phrase))
}

fn names_key(report: &Report) -> bool {
    let text = report.message.to_ascii_lowercase();
    text.contains("api key") || report.words.contains("invalid_api_key")
}

fn names_missing_model(report: &Report) -> bool {
    let text = report.message.to_ascii_lowercase();
    report.words.contains("model_not_found")
        || (text.contains("model")
            && [
                "not found",
                "does not exist",
                "not exist",
                "unknown",
                "not a valid",
                "invalid model",
                "no such",
                "model:",
            ]
            .iter()
            .any(|phrase| text.contains(phrase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendors_error_body_is_read() {
        for (body, message, words) in [
            (
                r#"{"error":{"message":"Bad","type":"invalid_request_error","code":"x"}}"#,
                "Bad",
                "invalid_request_error x",
            ),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "Overloaded",
                "overloaded_error",
            ),
            (r#"{"error":"model 'q' not found"}"#, "model 'q' not found", ""),
            (
                r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
                "Loading model",
                "unavailable_error 503",
            ),
            (r#"{"object":"error","message":"no","type":"NotFoundError","code":404}"#, "no", "notfounderror 404"),
            (r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, "field required", ""),
            (r#"[{"error":{"message":"m","status":"UNAVAILABLE"}}]"#, "m", "unavailable"),
            ("404 page not found\n", "404 page not found", ""),
            ("  <!DOCTYPE html><title>Login</title>", "", ""),
            ("", "", ""),
            ("null", "", ""),
            (r#"{"error":{"message":{"a":1}}}"#, "", ""),
        ] {
            assert_eq!(report(body), Report { message: message.into(), words: words.into() }, "{body}");
        }
    }

    #[test]
    fn a_status_with_its_body_gives_the_kind() {
        for (status, body, expected) in [
            (400, "bad field", ErrorKind::InvalidRequest),
            (400, r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#, ErrorKind::ContextTooLong),
            (
                400,
                r#"{"error":{"message":"prompt is too long: 3 > 2","type":"invalid_request_error"}}"#,
                ErrorKind::ContextTooLong,
            ),
            (400, r#"{"error":{"message":"Incorrect API key provided"}}"#, ErrorKind::Auth),
            (400, r#"{"error":{"message":"qwen is not a valid model ID"}}"#, ErrorKind::ModelNotFound),
            (401, "", ErrorKind::Auth),
            (402, "Insufficient balance", ErrorKind::Auth),
            (403, "", ErrorKind::Auth),
            (404, r#"{"error":"model 'q' not found"}"#, ErrorKind::ModelNotFound),
            (404, "404 page not found", ErrorKind::Protocol),
            (405, "", ErrorKind::Protocol),
            (407, "", ErrorKind::Unreachable),
            (408, "", ErrorKind::Timeout),
            (413, "", ErrorKind::ContextTooLong),
            (422, "x", ErrorKind::InvalidRequest),
            (429, "", ErrorKind::RateLimited),
            (500, "", ErrorKind::Provider),
            (501, "", ErrorKind::Provider),
            (503, "", ErrorKind::Overloaded),
            (529, "", ErrorKind::Overloaded),
            (302, "", ErrorKind::Protocol),
            (204, "", ErrorKind::Protocol),
        ] {
            assert_eq!(kind(status, &report(body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn an_error_inside_a_stream_is_told_by_its_words() {
        for (body, expected) in [
            (r#"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#, ErrorKind::Overloaded),
            (r#"{"error":{"type":"rate_limit_error"}}"#, ErrorKind::RateLimited),
            (r#"{"error":{"code":401,"message":"no"}}"#, ErrorKind::Auth),
            (r#"{"error":"llama runner stopped"}"#, ErrorKind::Provider),
            (
                r#"{"error":{"type":"invalid_request_error","message":"exceeds the context window"}}"#,
                ErrorKind::ContextTooLong,
            ),
        ] {
            assert_eq!(kind_in_stream(&report(body)), expected, "{body}");
        }
    }
}
