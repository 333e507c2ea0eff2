//! How talking to a model fails: one vocabulary for all vendors, with what to do about it.

use std::time::Duration;

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No key is stored for this provider and address.
    NoKey,
    /// The keys are locked, or the keyring did not answer in time.
    Locked,
    /// The provider refused the key (401, 403).
    Auth,
    /// Too many requests (429).
    RateLimited,
    /// The provider is over capacity (503, 529).
    Overloaded,
    /// The request is longer than the model's context.
    ContextTooLong,
    /// The provider does not know the model (404).
    ModelNotFound,
    /// The provider refused the request for another reason (400, 413, 422).
    InvalidRequest,
    /// Nothing answers at the address: refused, unknown host, broken connection, TLS failure.
    Unreachable,
    /// Something answers, too slowly.
    Timeout,
    /// The provider failed (5xx, an error object inside a stream).
    Provider,
    /// The answer is not what the dialect promises, or is larger than our bounds.
    Protocol,
}

/// What the caller may do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The same request may succeed after this long.
    RetryAfter(Duration),
    /// The same request may succeed at any later time.
    RetryLater,
    /// Only a person can change the outcome.
    AskUser,
    /// The same request will fail again.
    GiveUp,
}

/// A failed request to a model. Its text is safe to show and to log: adapters redact before they build it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Settings name of the provider.
    pub provider: String,
    /// One sentence that names the provider and the address or model, lower case, no full stop.
    pub message: String,
    /// The provider's advice, bounded by the adapter.
    pub retry_after: Option<Duration>,
    /// A next step more exact than the kind's own, from who knows more.
    pub next: Option<String>,
}

impl ModelError {
    /// An error of `kind` from `provider` saying `message`.
    pub fn new(kind: ErrorKind, provider: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, provider: provider.into(), message: message.into(), retry_after: None, next: None }
    }

    /// What the caller may do.
    pub fn advice(&self) -> Advice {
        match (self.kind, self.retry_after) {
            (ErrorKind::RateLimited | ErrorKind::Overloaded, Some(wait)) => Advice::RetryAfter(wait),
            (
                ErrorKind::RateLimited
                | ErrorKind::Overloaded
                | ErrorKind::Unreachable
                | ErrorKind::Timeout
                | ErrorKind::Provider,
                _,
            ) => Advice::RetryLater,
            (ErrorKind::NoKey | ErrorKind::Locked | ErrorKind::Auth | ErrorKind::ModelNotFound, _) => Advice::AskUser,
            (ErrorKind::ContextTooLong | ErrorKind::InvalidRequest | ErrorKind::Protocol, _) => Advice::GiveUp,
        }
    }

    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::NoKey => "no-key",
            ErrorKind::Locked => "locked",
            ErrorKind::Auth => "auth",
            ErrorKind::RateLimited => "rate-limited",
            ErrorKind::Overloaded => "overloaded",
            ErrorKind::ContextTooLong => "context-too-long",
            ErrorKind::ModelNotFound => "model-not-found",
            ErrorKind::InvalidRequest => "invalid-request",
            ErrorKind::Unreachable => "unreachable",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Provider => "provider-error",
            ErrorKind::Protocol => "provider-protocol",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        if let Some(next) = &self.next {
            return next.clone();
        }
        let provider = &self.provider;
        match self.kind {
            ErrorKind::NoKey => format!(
                "store a key with `aside secret set {provider}`, or name where it is as `key` under [providers.{provider}]; `aside doctor` shows what was looked for"
            ),
            ErrorKind::Locked => "run `aside vault unlock` in a terminal and try again".to_owned(),
            ErrorKind::Auth => format!(
                "check the key of `{provider}`: it may be revoked, or belong to another account; `aside secret set {provider}` stores another"
            ),
            ErrorKind::RateLimited => "wait a little, or choose another model".to_owned(),
            ErrorKind::Overloaded => "the provider is busy: try again later, or choose another model".to_owned(),
            ErrorKind::ContextTooLong => "attach less, or start a new conversation".to_owned(),
            ErrorKind::ModelNotFound => {
                format!("run `aside doctor` to see which models `{provider}` has, and set [roles] accordingly")
            }
            ErrorKind::InvalidRequest => "correct what the message names, or choose another model".to_owned(),
            ErrorKind::Unreachable => format!(
                "start the server or check `base_url` under [providers.{provider}], the network and the proxy; `aside doctor` tests it"
            ),
            ErrorKind::Timeout => "try again; if the model is large, raise the timeouts under [http]".to_owned(),
            ErrorKind::Provider => "try again later; the provider reported a failure of its own".to_owned(),
            ErrorKind::Protocol => format!("check that `dialect` under [providers.{provider}] fits the server"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_with_a_time_is_retried_after_it() {
        let mut error = ModelError::new(ErrorKind::RateLimited, "work", "`work` is rate limited");
        assert_eq!(error.advice(), Advice::RetryLater);
        error.retry_after = Some(Duration::from_secs(3));
        assert_eq!(error.advice(), Advice::RetryAfter(Duration::from_secs(3)));
    }

    #[test]
    fn what_only_a_person_can_change_is_not_retried() {
        for kind in [ErrorKind::NoKey, ErrorKind::Locked, ErrorKind::Auth, ErrorKind::ModelNotFound] {
            assert_eq!(ModelError::new(kind, "p", "m").advice(), Advice::AskUser);
        }
    }
}
