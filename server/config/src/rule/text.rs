//! Settings that are text: free text, words from a list, models, addresses and paths.

use std::{
    marker::PhantomData,
    path::{Path, PathBuf},
};

use serde_json::{Value as Json, json};

use super::{Reason, Rule, Typed, UNSET, mistyped, quoted};
use crate::{address, choice::Choice, raw::Raw};

fn text_of<'r>(raw: &'r Raw, wanted: &str) -> Result<&'r str, Reason> {
    match raw {
        Raw::Text(text) | Raw::Loose(text) => Ok(text),
        other => Err(mistyped(other, wanted)),
    }
}

fn show_option<T: AsRef<str>>(value: Option<&T>) -> String {
    value.map_or_else(|| UNSET.to_owned(), |text| quoted(text.as_ref()))
}

/// Free text of at most so many characters.
pub(crate) struct Text(pub(crate) usize);

impl Rule for Text {
    fn wanted(&self) -> String {
        format!("text of at most {} characters", self.0)
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "maxLength": self.0 })
    }

    fn example(&self) -> String {
        quoted("Answer briefly.")
    }
}

impl Typed<String> for Text {
    fn accept(&self, raw: &Raw) -> Result<String, Reason> {
        let text = text_of(raw, "text")?;
        if text.chars().nth(self.0).is_some() {
            return Err(format!("is longer than {} characters", self.0));
        }
        Ok(text.to_owned())
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// One of a few words.
pub(crate) struct OneOf<T>(PhantomData<fn() -> T>);

impl<T> OneOf<T> {
    /// The rule; it has no parameters.
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<T: Choice> OneOf<T> {
    fn word(value: T) -> &'static str {
        T::ALL.iter().find(|(other, ..)| *other == value).map_or("", |(_, word, _)| word)
    }

    fn parse(raw: &Raw) -> Result<T, Reason> {
        let text = text_of(raw, "one of the words")?.trim();
        T::ALL
            .iter()
            .find(|(_, word, _)| word.eq_ignore_ascii_case(text))
            .map(|(value, ..)| *value)
            .ok_or_else(|| "is not one of the words".to_owned())
    }
}

impl<T: Choice> Rule for OneOf<T> {
    fn wanted(&self) -> String {
        let words: Vec<_> = T::ALL.iter().map(|(_, word, _)| format!("`\"{word}\"`")).collect();
        format!("one of {}", words.join(", "))
    }

    fn schema(&self) -> Json {
        let words: Vec<_> =
            T::ALL.iter().map(|(_, word, doc)| json!({ "const": word, "description": doc.trim() })).collect();
        json!({ "type": "string", "oneOf": words })
    }

    fn example(&self) -> String {
        quoted(T::ALL.last().map_or("", |(_, word, _)| word))
    }
}

impl<T: Choice> Typed<T> for OneOf<T> {
    fn accept(&self, raw: &Raw) -> Result<T, Reason> {
        Self::parse(raw)
    }

    fn show(&self, value: &T) -> String {
        quoted(Self::word(*value))
    }
}

impl<T: Choice> Typed<Option<T>> for OneOf<T> {
    fn accept(&self, raw: &Raw) -> Result<Option<T>, Reason> {
        Self::parse(raw).map(Some)
    }

    fn show(&self, value: &Option<T>) -> String {
        value.map_or_else(|| UNSET.to_owned(), |value| quoted(Self::word(value)))
    }
}

/// A list of words: how many at most, and how long each at most.
pub(crate) struct Words(pub(crate) usize, pub(crate) usize);

impl Rule for Words {
    fn wanted(&self) -> String {
        format!("a list of at most {} texts of 1 to {} characters", self.0, self.1)
    }

    fn schema(&self) -> Json {
        json!({
            "type": "array", "maxItems": self.0, "uniqueItems": true,
            "items": { "type": "string", "minLength": 1, "maxLength": self.1 },
        })
    }

    fn example(&self) -> String {
        r#"["markdown", "plaintext"]"#.to_owned()
    }
}

impl Typed<Vec<String>> for Words {
    fn accept(&self, raw: &Raw) -> Result<Vec<String>, Reason> {
        let words: Vec<&str> = match raw {
            Raw::List(items) => items
                .iter()
                .map(|item| match item {
                    Raw::Text(text) => Ok(text.trim()),
                    other => Err(format!("holds {}, where only text may be", other.kind())),
                })
                .collect::<Result<_, _>>()?,
            Raw::Loose(text) => text.split(',').map(str::trim).collect(),
            other => return Err(mistyped(other, "a list of texts")),
        };
        if words.len() > self.0 {
            return Err(format!("holds more than {} texts", self.0));
        }
        if words.iter().any(|word| word.is_empty() || word.chars().nth(self.1).is_some()) {
            return Err(format!("holds a text that is empty or longer than {} characters", self.1));
        }
        let mut kept: Vec<String> = Vec::new();
        for word in words {
            if !kept.iter().any(|other| other == word) {
                kept.push(word.to_owned());
            }
        }
        Ok(kept)
    }

    fn show(&self, value: &Vec<String>) -> String {
        let words: Vec<_> = value.iter().map(|word| quoted(word)).collect();
        format!("[{}]", words.join(", "))
    }
}

/// Makes an optional text rule: empty text is no value, everything else goes through one check.
macro_rules! optional_text {
    ($(#[doc = $doc:literal])+ $name:ident, $check:path, $wanted:literal, $example:literal) => {
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl Rule for $name {
            fn wanted(&self) -> String {
                $wanted.to_owned()
            }

            fn schema(&self) -> Json {
                json!({ "type": "string" })
            }

            fn example(&self) -> String {
                quoted($example)
            }
        }

        impl Typed<Option<String>> for $name {
            fn accept(&self, raw: &Raw) -> Result<Option<String>, Reason> {
                let text = text_of(raw, "text")?.trim();
                if text.is_empty() { Ok(None) } else { $check(text).map(Some) }
            }

            fn show(&self, value: &Option<String>) -> String {
                show_option(value.as_ref())
            }
        }
    };
}

optional_text!(
    /// A model, as `provider/model`.
    ModelName,
    model_name,
    "a model as `provider/model`; `\"\"` for none",
    "ollama/qwen2.5-coder:1.5b"
);

optional_text!(
    /// A short name without spaces.
    Name,
    name,
    "a name of at most 64 characters without spaces",
    "qwen"
);

optional_text!(
    /// Where a provider answers.
    Address,
    address::base_url,
    "an `http` or `https` address without user name, query or fragment",
    "https://llm.example.com/v1"
);

optional_text!(
    /// A proxy.
    Proxy,
    address::proxy,
    "an `http`, `https`, `socks5` or `socks5h` address without user name and path; `\"\"` for the system's",
    "http://proxy.example.com:3128"
);

fn model_name(text: &str) -> Result<String, Reason> {
    let whole = |part: &str| {
        !part.is_empty() && part.len() <= 256 && !part.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    match text.split_once('/') {
        Some((provider, model)) if whole(provider) && whole(model) => Ok(text.to_owned()),
        _ => Err("is not a model: it is written `provider/model`".to_owned()),
    }
}

fn name(text: &str) -> Result<String, Reason> {
    if text.chars().count() > 64 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("is not a name: it is longer than 64 characters or holds a space".to_owned());
    }
    Ok(text.to_owned())
}

/// An absolute path.
pub(crate) struct File;

impl Rule for File {
    fn wanted(&self) -> String {
        "an absolute path; `\"\"` for none".to_owned()
    }

    fn schema(&self) -> Json {
        json!({ "type": "string" })
    }

    fn example(&self) -> String {
        quoted("/etc/ssl/company.pem")
    }
}

impl Typed<Option<PathBuf>> for File {
    fn accept(&self, raw: &Raw) -> Result<Option<PathBuf>, Reason> {
        let text = text_of(raw, "a path")?;
        if text.is_empty() {
            return Ok(None);
        }
        if text.contains('\0') {
            return Err("holds a zero character".to_owned());
        }
        if !Path::new(text).is_absolute() {
            return Err("is not an absolute path".to_owned());
        }
        Ok(Some(PathBuf::from(text)))
    }

    fn show(&self, value: &Option<PathBuf>) -> String {
        value.as_ref().map_or_else(|| UNSET.to_owned(), |path| quoted(&path.to_string_lossy()))
    }
}
