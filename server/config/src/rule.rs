//! What a setting accepts. Owns the types of settings: reading a written value, its bounds, and how both are told to
//! people and to the schema. It knows no particular setting.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::raw::Raw;

mod number;
mod template;
mod text;

pub(crate) use number::{Count, Fraction, Lasting, Size};
pub(crate) use template::Template;
pub(crate) use text::{Address, File, ModelName, Name, OneOf, Proxy, Text, Words};

/// Why a value is refused: the end of a sentence that begins with the key and the value.
pub(crate) type Reason = String;

/// A setting's type and bounds, told.
pub(crate) trait Rule {
    /// Type and bounds in one phrase: "a whole number from 1 to 2048".
    fn wanted(&self) -> String;
    /// The same without how it is written, for a table that has said so above.
    fn brief(&self) -> String {
        self.wanted()
    }
    /// A JSON schema that accepts what the rule accepts, as near as a schema can say it.
    fn schema(&self) -> Json;
    /// A value to show in examples and hints.
    fn example(&self) -> String;
    /// Whether a refused value may be repeated in a message.
    fn may_echo(&self) -> bool {
        true
    }
}

/// A rule that gives a `T`.
pub(crate) trait Typed<T>: Rule {
    /// The value, or why it is refused.
    fn accept(&self, raw: &Raw) -> Result<T, Reason>;
    /// The value as it is written in TOML; `unset` when there is none.
    fn show(&self, value: &T) -> String;
}

/// What [`Typed::show`] says of an optional setting without a value.
pub(crate) const UNSET: &str = "unset";

/// `true` or `false`.
pub(crate) struct Switch;

impl Rule for Switch {
    fn wanted(&self) -> String {
        "`true` or `false`".to_owned()
    }

    fn schema(&self) -> Json {
        json!({ "type": "boolean" })
    }

    fn example(&self) -> String {
        "false".to_owned()
    }
}

impl Typed<bool> for Switch {
    fn accept(&self, raw: &Raw) -> Result<bool, Reason> {
        match raw {
            Raw::Bool(value) => Ok(*value),
            Raw::Loose(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Ok(true),
                "false" | "0" | "no" | "off" => Ok(false),
                _ => Err("is neither `true` nor `false`".to_owned()),
            },
            other => Err(mistyped(other, "`true` or `false`")),
        }
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

pub(crate) fn mistyped(raw: &Raw, wanted: &str) -> Reason {
    format!("is {}, not {wanted}", raw.kind())
}

/// `text` as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A duration as it is written in settings: in the largest unit that gives a whole number.
pub(crate) fn duration_text(duration: Duration) -> String {
    let ms = duration.as_millis();
    match ms {
        0 => "0ms".to_owned(),
        _ if ms.is_multiple_of(86_400_000) && ms > 86_400_000 => format!("{}d", ms / 86_400_000),
        _ if ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

/// A size as it is written in settings: in the largest binary unit that gives a whole number.
pub(crate) fn size_text(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    const GIB: u64 = 1024 * MIB;
    match bytes {
        0 => "0".to_owned(),
        _ if bytes.is_multiple_of(GIB) => format!("{}GiB", bytes / GIB),
        _ if bytes.is_multiple_of(MIB) => format!("{}MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{}KiB", bytes / KIB),
        _ => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests;
