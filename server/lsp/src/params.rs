//! Reads what a client sent, field by field, and says exactly what is wrong with it.
//!
//! Owns the sentences about parameters. `null` counts as absent, unknown fields are ignored, and a value is never echoed unless it
//! is a number: what a client sends may be private.

use std::ops::RangeInclusive;

use aside_model::ModelRef;
use aside_sessions::SessionId;
use aside_text::{Position, Range};
use serde_json::{Map, Value};
use tower_lsp::jsonrpc;

use crate::errors::Failure;

/// The numbers a position or a version may have: the protocol's `uinteger`.
const UINTEGER: RangeInclusive<u64> = 0..=2_147_483_647;

/// A method's parameters, unread.
#[derive(Debug)]
pub(crate) struct Params(pub(crate) Option<Value>);

impl jsonrpc::FromParams for Params {
    fn from_params(params: Option<Value>) -> jsonrpc::Result<Self> {
        Ok(Self(params))
    }
}

impl Params {
    /// The parameters as an object; absent ones are an empty object.
    pub(crate) fn fields(self) -> Result<Fields, Failure> {
        match self.0 {
            None | Some(Value::Null) => Ok(Fields { path: String::new(), map: Map::new() }),
            Some(Value::Object(map)) => Ok(Fields { path: String::new(), map }),
            Some(other) => Err(Failure::params(format!("the parameters are {}: they are one object", kind(&other)))),
        }
    }
}

/// An object whose fields are taken out one by one.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Where it stands in the parameters, with a dot at its end; empty at the top.
    path: String,
    map: Map<String, Value>,
}

impl Fields {
    /// The fields of an object that stands for itself.
    pub(crate) fn of(value: Value) -> Result<Self, Failure> {
        Params(Some(value)).fields()
    }

    /// A field as it is.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, Failure> {
        self.text_maybe(name)?.ok_or_else(|| self.missing(name, "a string"))
    }

    /// A text that may be absent.
    pub(crate) fn text_maybe(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, &other, "a string")),
        }
    }

    /// A switch; off when it is absent.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Failure> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(self.wrong(name, &other, "true or false")),
        }
    }

    /// A whole number within `bounds` that may be absent.
    pub(crate) fn whole_maybe(&mut self, name: &str, bounds: &RangeInclusive<u64>) -> Result<Option<u64>, Failure> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let Value::Number(number) = &value else { return Err(self.wrong(name, &value, &expected)) };
        match number.as_u64().or_else(|| whole(number.as_f64()?)) {
            Some(number) if bounds.contains(&number) => Ok(Some(number)),
            _ => {
                let message = format!("`{}{name}` is {number}: it takes {expected}", self.path);
                Err(Failure::new("out-of-bounds", message, "give a number within the bounds"))
            }
        }
    }

    /// A whole number as the protocol's `uinteger`.
    pub(crate) fn uinteger(&mut self, name: &str) -> Result<u32, Failure> {
        self.uinteger_maybe(name)?.ok_or_else(|| self.missing(name, "a whole number"))
    }

    /// A whole number as the protocol's `uinteger` that may be absent.
    pub(crate) fn uinteger_maybe(&mut self, name: &str) -> Result<Option<u32>, Failure> {
        let number = self.whole_maybe(name, &UINTEGER)?;
        Ok(number.map(|number| u32::try_from(number).expect("the bounds were just checked")))
    }

    /// A document's version, which may be negative and may be absent.
    pub(crate) fn version(&mut self, name: &str) -> Result<Option<i32>, Failure> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let version = value.as_i64().and_then(|version| i32::try_from(version).ok());
        version.map(Some).ok_or_else(|| self.wrong(name, &value, "a whole number of 32 bits"))
    }

    /// An object.
    pub(crate) fn fields(&mut self, name: &str) -> Result<Self, Failure> {
        self.fields_maybe(name)?.ok_or_else(|| self.missing(name, "an object"))
    }

    /// An object that may be absent.
    pub(crate) fn fields_maybe(&mut self, name: &str) -> Result<Option<Self>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self { path: format!("{}{name}.", self.path), map })),
            Some(other) => Err(self.wrong(name, &other, "an object")),
        }
    }

    /// A list of objects of at most `most`; absent is an empty list.
    pub(crate) fn list(&mut self, name: &str, most: usize) -> Result<Vec<Self>, Failure> {
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(self.wrong(name, &other, "a list of objects")),
        };
        if items.len() > most {
            let message = format!("`{}{name}` has {} items: it takes at most {most}", self.path, items.len());
            return Err(Failure::new("out-of-bounds", message, "send fewer at a time"));
        }
        let item = |(index, item)| match item {
            Value::Object(map) => Ok(Self { path: format!("{}{name}[{index}].", self.path), map }),
            other => Err(self.wrong(&format!("{name}[{index}]"), &other, "an object")),
        };
        items.into_iter().enumerate().map(item).collect()
    }

    /// The address inside the protocol's `textDocument`.
    pub(crate) fn document(&mut self) -> Result<String, Failure> {
        self.fields("textDocument")?.text("uri")
    }

    /// A position, counted as was agreed.
    pub(crate) fn position(&mut self, name: &str) -> Result<Position, Failure> {
        let mut fields = self.fields(name)?;
        Ok(Position { line: fields.uinteger("line")?, character: fields.uinteger("character")? })
    }

    /// A range that may be absent.
    pub(crate) fn range_maybe(&mut self, name: &str) -> Result<Option<Range>, Failure> {
        let Some(mut fields) = self.fields_maybe(name)? else { return Ok(None) };
        Ok(Some(Range { start: fields.position("start")?, end: fields.position("end")? }))
    }

    /// The conversation.
    pub(crate) fn session(&mut self) -> Result<SessionId, Failure> {
        Ok(self.text("session")?.parse::<SessionId>()?)
    }

    /// A model as `provider/model` that may be absent.
    pub(crate) fn model_maybe(&mut self, name: &str) -> Result<Option<ModelRef>, Failure> {
        self.text_maybe(name)?.map(|model| model.parse().map_err(Failure::from)).transpose()
    }

    /// A field that has a value of a wrong kind.
    pub(crate) fn wrong(&self, name: &str, value: &Value, expected: &str) -> Failure {
        Failure::params(format!("`{}{name}` is {}: it takes {expected}", self.path, kind(value)))
    }

    /// The full name of a field, for a sentence about it.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    fn missing(&self, name: &str, expected: &str) -> Failure {
        Failure::params(format!("`{}{name}` is missing: it takes {expected}", self.path))
    }
}

/// What a value is, without saying it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A whole number that was written with a fraction of zero, as some languages do.
fn whole(number: f64) -> Option<u64> {
    let whole = number.fract() == 0.0 && (0.0..=2_147_483_647.0).contains(&number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
    whole.then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check<T: std::fmt::Debug>(params: Value, read: impl Fn(&mut Fields) -> Result<T, Failure>, expected: &str) {
        let mut fields = Params(Some(params)).fields().expect("an object");
        let error = read(&mut fields).expect_err("wrong").into_error("test");
        assert_eq!(error.message, expected);
    }

    #[test]
    fn a_wrong_field_is_named_with_its_place_and_what_it_takes() {
        check(json!({}), |f| f.text("title"), "`title` is missing: it takes a string");
        check(json!({ "title": 3 }), |f| f.text("title"), "`title` is a number: it takes a string");
        check(json!({ "textDocument": {} }), Fields::document, "`textDocument.uri` is missing: it takes a string");
        check(json!({ "textDocument": "a" }), Fields::document, "`textDocument` is a string: it takes an object");
        let position = json!({ "position": { "line": 1, "character": "x" } });
        let expected = "`position.character` is a string: it takes a whole number from 0 to 2147483647";
        check(position, |f| f.position("position"), expected);
        check(json!({ "list": [{}, 5] }), |f| f.list("list", 9), "`list[1]` is a number: it takes an object");
        check(
            json!({ "list": [{}] }),
            |f| f.list("list", 9)?[0].text("uri"),
            "`list[0].uri` is missing: it takes a string",
        );
        check(json!({ "list": [{}, {}] }), |f| f.list("list", 1), "`list` has 2 items: it takes at most 1");
        check(
            json!({ "version": 1.5 }),
            |f| f.version("version"),
            "`version` is a number: it takes a whole number of 32 bits",
        );
    }

    #[test]
    fn a_number_outside_its_bounds_is_told_with_them() {
        for (value, told) in
            [(json!(0), "0"), (json!(11), "11"), (json!(-1), "-1"), (json!(1.5), "1.5"), (json!(1e300), "1e+300")]
        {
            let expected = format!("`limit` is {told}: it takes a whole number from 1 to 10");
            check(json!({ "limit": value }), |f| f.whole_maybe("limit", &(1..=10)), &expected);
        }
    }

    #[test]
    fn null_is_absent_and_a_whole_fraction_is_whole() {
        let mut fields = Params(Some(json!({ "a": null, "n": 3.0 }))).fields().expect("an object");
        assert_eq!(fields.text_maybe("a").expect("absent"), None);
        assert_eq!(fields.uinteger("n").expect("whole"), 3);
        assert!(Params(None).fields().is_ok());
        assert!(Params(Some(Value::Null)).fields().is_ok());
    }

    #[test]
    fn parameters_that_are_no_object_are_refused() {
        let error = Params(Some(json!([1]))).fields().expect_err("a list").into_error("test");
        assert_eq!(error.message, "the parameters are a list: they are one object");
    }

    #[test]
    fn texts_are_never_echoed() {
        let params = json!({ "session": { "key": "sk-secret" } });
        let mut fields = Params(Some(params)).fields().expect("an object");
        let error = fields.session().expect_err("no id").into_error("test");
        assert!(!format!("{error:?}").contains("sk-secret"));
    }
}
