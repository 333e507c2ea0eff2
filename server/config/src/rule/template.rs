//! Settings that are templates: whether one can be read at all. What it may name is told by those who fill it in.

use minijinja::Environment;
use serde_json::{Value as Json, json};

use super::{Reason, Rule, Typed, UNSET, mistyped, quoted};
use crate::raw::{Raw, short};

/// A template of at most so many characters.
pub(crate) struct Template(pub(crate) usize);

impl Rule for Template {
    fn wanted(&self) -> String {
        format!("a template of 1 to {} characters", self.0)
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "minLength": 1, "maxLength": self.0 })
    }

    fn example(&self) -> String {
        quoted("Make this {{ language }} code shorter.")
    }
}

impl Typed<Option<String>> for Template {
    fn accept(&self, raw: &Raw) -> Result<Option<String>, Reason> {
        let text = match raw {
            Raw::Text(text) | Raw::Loose(text) => text,
            other => return Err(mistyped(other, "text")),
        };
        if text.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        if text.chars().nth(self.0).is_some() {
            return Err(format!("is longer than {} characters", self.0));
        }
        match Environment::new().template_from_str(text) {
            Ok(_) => Ok(Some(text.clone())),
            Err(error) => {
                let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                Err(format!("is no template: {} in its line {}", short(&reason), error.line().unwrap_or(1)))
            }
        }
    }

    fn show(&self, value: &Option<String>) -> String {
        value.as_deref().map_or_else(|| UNSET.to_owned(), quoted)
    }
}
