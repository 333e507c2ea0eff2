//! A value as it was written, before anyone has checked it. Owns the one shape that TOML, JSON, variables and flags share.

use aside_secret::{is_key_shaped, names_secret, redact};
use serde_json::Value as Json;
use toml::de::DeValue;

use crate::env::PREFIX;

/// Deeper nesting than any setting has; what lies below is not looked at.
const DEEPEST: usize = 16;

/// A value of any layer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    Bool(bool),
    Whole(i128),
    Number(f64),
    Text(String),
    /// From a variable or a flag, where everything is text: the setting's own type decides.
    Loose(String),
    List(Vec<Raw>),
    Table(Vec<Item>),
    /// A TOML date or time: no setting is one.
    Date,
    Null,
}

/// One entry of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) key: String,
    /// The line of the key, from 1, where there are lines.
    pub(crate) line: Option<u32>,
    pub(crate) value: Raw,
}

impl Raw {
    /// From parsed TOML; `line_at` gives the line of a byte offset.
    pub(crate) fn from_toml(value: &DeValue<'_>, line_at: &dyn Fn(usize) -> u32, depth: usize) -> Self {
        if depth > DEEPEST {
            return Self::Null;
        }
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(number) => {
                Self::Whole(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
            }
            DeValue::Float(number) => Self::Number(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => Self::Bool(*value),
            DeValue::Datetime(_) => Self::Date,
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::from_toml(item.get_ref(), line_at, depth + 1)).collect())
            }
            DeValue::Table(table) => Self::Table(
                table
                    .iter()
                    .map(|(key, value)| Item {
                        key: key.get_ref().clone().into_owned(),
                        line: Some(line_at(key.span().start)),
                        value: Self::from_toml(value.get_ref(), line_at, depth + 1),
                    })
                    .collect(),
            ),
        }
    }

    /// From JSON.
    pub(crate) fn from_json(value: &Json, depth: usize) -> Self {
        if depth > DEEPEST {
            return Self::Null;
        }
        match value {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => {
                number.as_i128().map_or_else(|| Self::Number(number.as_f64().unwrap_or(f64::NAN)), Self::Whole)
            }
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(|item| Self::from_json(item, depth + 1)).collect()),
            Json::Object(object) => Self::Table(
                object
                    .iter()
                    .map(|(key, value)| Item { key: key.clone(), line: None, value: Self::from_json(value, depth + 1) })
                    .collect(),
            ),
        }
    }

    /// Whether any text in it is a provider key, by its own shape or by the name before it.
    pub(crate) fn holds_key(&self) -> bool {
        match self {
            Self::Text(text) | Self::Loose(text) => is_key_shaped(text),
            Self::List(items) => items.iter().any(Self::holds_key),
            Self::Table(items) => items.iter().any(|item| {
                let named = sounds_secret(&item.key) && item.value.has_text();
                named || is_key_shaped(&item.key) || item.value.holds_key()
            }),
            Self::Bool(_) | Self::Whole(_) | Self::Number(_) | Self::Date | Self::Null => false,
        }
    }

    /// Whether it is text, or a list with some; not empty.
    pub(crate) fn has_text(&self) -> bool {
        match self {
            Self::Text(text) => !text.trim().is_empty(),
            Self::Loose(text) => !text.trim().is_empty() && text.trim().parse::<f64>().is_err(),
            Self::List(items) => items.iter().any(Self::has_text),
            Self::Table(_) | Self::Bool(_) | Self::Whole(_) | Self::Number(_) | Self::Date | Self::Null => false,
        }
    }

    /// Whether it is text made as keys are that have no shape of their own.
    pub(crate) fn is_opaque(&self) -> bool {
        match self {
            Self::Text(text) | Self::Loose(text) => is_key_shaped(&format!("api_key={}", text.trim())),
            _ => false,
        }
    }

    /// The value for a message: short, on one line, without key material.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Whole(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => format!("\"{}\"", short(text)),
            Self::Loose(text) => short(text),
            Self::List(_) => "[…]".to_owned(),
            Self::Table(_) => "{…}".to_owned(),
            Self::Date => "a date".to_owned(),
            Self::Null => "null".to_owned(),
        }
    }

    /// What kind of value it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Whole(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Text(_) | Self::Loose(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Date => "a date",
            Self::Null => "null",
        }
    }
}

/// Whether a setting that does not exist is called as a secret is: `api_key`, `token`, `ASIDE_WORK_TOKEN`.
pub(crate) fn sounds_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    names_secret(last)
        || last == "key"
        || (last.starts_with(PREFIX) && (last.ends_with("_TOKEN") || last.ends_with("_KEY")))
}

/// At most 60 characters of `text`, redacted, with control characters and backticks replaced.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    let clean = without_passwords(&redact(text));
    // Between backticks in a message: a backtick of its own would end them.
    let shown = |c: char| match c {
        '`' => '\'',
        c if c.is_control() => '·',
        c => c,
    };
    let mut shown: String = clean.chars().take(LONGEST).map(shown).collect();
    if clean.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// `text` without the parts of an address that may carry a password: what stands between `://` and `@`, and behind `?` or `#`.
fn without_passwords(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    // A password may hold a `?`: whatever stands before an `@` of the first part counts as one.
    let end = rest.find('/').unwrap_or(rest.len());
    let at = rest[..end].rfind('@');
    let (user, rest) = at.map_or(("", rest), |at| ("[redacted]", &rest[at..]));
    let (rest, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let query = match query.get(..1) {
        // A value of TOML ends with its quote.
        Some(mark) => format!("{mark}[redacted]{}", if query.ends_with('"') { "\"" } else { "" }),
        None => String::new(),
    };
    format!("{scheme}://{user}{rest}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lg03_what_an_address_may_carry_besides_the_place_is_not_shown() {
        for (text, shown) in [
            ("https://x.example/v1", "https://x.example/v1"),
            ("\"https://me:pass@x.example/v1\"", "\"https://[redacted]@x.example/v1\""),
            ("\"https://x.example/v1?key=Zq81vX0p\"", "\"https://x.example/v1?[redacted]\""),
            ("https://me:p@x.example/?a=b@c#d", "https://[redacted]@x.example/?[redacted]"),
            ("https://me:pa?ss#word@x.example/v1", "https://[redacted]@x.example/v1"),
            ("https://x.example/#token", "https://x.example/#[redacted]"),
            ("what? no address", "what? no address"),
        ] {
            assert_eq!(short(text), shown);
        }
    }
}
