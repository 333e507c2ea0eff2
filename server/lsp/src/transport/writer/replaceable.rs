//! Which notifications may be replaced by a later one while the client does not read.

use serde_json::Value;

/// How a message relates to others.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Has to arrive.
    Plain,
    /// Of those with this key only the latest counts.
    Latest(String),
    /// Has to arrive, and makes what waits under this key meaningless.
    Last(String),
}

impl Kind {
    /// The kind of the message `method` with `params`, where they are known.
    pub(super) fn of(method: &str, params: Option<&Value>) -> Self {
        match method {
            "window/logMessage" => Self::Latest(method.to_owned()),
            // What changed counts: a later change of something else says nothing of it.
            "aside/status/changed" => {
                Self::Latest(format!("{method} {}", params.map_or(&Value::Null, |params| &params["what"])))
            }
            "$/progress" => {
                let Some(params) = params else { return Self::Plain };
                let key = format!("{method} {}", params["token"]);
                match params["value"]["kind"].as_str() {
                    Some("report") => Self::Latest(key),
                    Some(_) => Self::Last(key),
                    // A partial result.
                    None => Self::Plain,
                }
            }
            _ => Self::Plain,
        }
    }

    /// Whether a later one may take its place.
    pub(super) fn is_replaceable(&self) -> bool {
        matches!(self, Self::Latest(_))
    }

    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            Self::Latest(key) | Self::Last(key) => Some(key),
        }
    }
}
