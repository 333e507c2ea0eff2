//! One message body to a request, a notification or a response: the JSON-RPC envelope and nothing inside it.
//!
//! Parsed once, straight into what the service takes. Only a body that fails is looked at again, to say why and to whom.

mod outline;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use outline::Outline;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Response};

use super::refusal::{MAX_DEPTH, Refusal};

/// What a body says.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// A request, or without an id a notification.
    Call(Call),
    /// The client's answer to one of our requests.
    Answer(Response),
}

/// A request, or without an id a notification.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    /// The client's id.
    pub(crate) id: Option<Id>,
    /// The method.
    pub(crate) method: Cow<'static, str>,
    /// Its parameters, unchecked.
    pub(crate) params: Option<Value>,
}

/// A body that is no message: what to answer, and to which request, `null` when that cannot be said.
#[derive(Debug, PartialEq)]
pub(crate) struct Bad {
    /// The request's id.
    pub(crate) id: Id,
    /// Why.
    pub(crate) refusal: Refusal,
}

/// Reads a message body.
///
/// A lone half of a surrogate pair, which editors send while a character is being typed, is read as U+FFFD: it has the same
/// length in UTF-16, so positions after it stay right. Of two equal keys inside `params` the last one counts.
///
/// # Errors
///
/// What to answer instead.
pub(crate) fn read(body: &[u8]) -> Result<Message, Bad> {
    match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => envelope.message(),
        Err(_) => reread(body),
    }
}

/// The slow way, for a body that is not a plain message.
fn reread(body: &[u8]) -> Result<Message, Bad> {
    let bad = |refusal| Bad { id: Id::Null, refusal };
    if std::str::from_utf8(body).is_err() {
        return Err(bad(Refusal::NotUtf8));
    }
    let repaired = without_lone_surrogates(body);
    let body = repaired.as_deref().unwrap_or(body);
    let error = match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => return envelope.message(),
        Err(error) => error,
    };
    // Reads past any depth without recursion, and past numbers too large for us.
    let outline = match serde_json::from_slice::<Outline>(body) {
        Ok(outline) => outline,
        Err(error) => return Err(bad(Refusal::NotJson { line: error.line(), column: error.column() })),
    };
    let id = outline.id.unwrap_or(Id::Null);
    let refusal = match outline.wrong {
        Some(wrong) => wrong,
        None if depth(body) > MAX_DEPTH => Refusal::TooDeep,
        None => Refusal::NotJson { line: error.line(), column: error.column() },
    };
    Err(Bad { id, refusal })
}

/// The members of a message.
#[derive(Debug, Default)]
struct Envelope {
    id: Option<Id>,
    method: Option<Cow<'static, str>>,
    params: Option<Value>,
    result: Option<Value>,
    error: Option<Value>,
}

impl Envelope {
    fn message(self) -> Result<Message, Bad> {
        if let Some(method) = self.method {
            // JSON-RPC tolerates a null id, the language server protocol does not.
            return match self.id {
                Some(Id::Null) => Err(Bad { id: Id::Null, refusal: Refusal::NotAMessage("`id` is null") }),
                id => Ok(Message::Call(Call { id, method, params: self.params })),
            };
        }
        let id = self.id.unwrap_or(Id::Null);
        match (self.result, self.error) {
            (_, Some(error)) => Ok(Message::Answer(Response::from_error(id, failure(&error)))),
            (Some(result), None) => Ok(Message::Answer(Response::from_ok(id, result))),
            (None, None) => Err(Bad { id, refusal: Refusal::NotAMessage("`method` is missing") }),
        }
    }
}

/// The client's error, whatever its shape.
fn failure(error: &Value) -> Error {
    let code = error.get("code").and_then(Value::as_i64).map_or(ErrorCode::InternalError, ErrorCode::from);
    let message = error.get("message").and_then(Value::as_str).unwrap_or("the client gave no reason").to_owned();
    let data = error.get("data").cloned();
    Error { code, message: message.into(), data }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        let mut version = None;
        while let Some(Text(key)) = map.next_key()? {
            match key.as_ref() {
                "jsonrpc" => {
                    let Text(text) = map.next_value()?;
                    once(&mut version, text == "2.0")?;
                }
                "id" => {
                    let Number(id) = map.next_value()?;
                    once(&mut envelope.id, id)?;
                }
                "method" => once(&mut envelope.method, map.next_value::<String>()?.into())?,
                "params" => once(&mut envelope.params, map.next_value()?)?,
                "result" => once(&mut envelope.result, map.next_value()?)?,
                "error" => once(&mut envelope.error, map.next_value()?)?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if version == Some(true) { Ok(envelope) } else { Err(A::Error::custom("no JSON-RPC 2.0")) }
    }
}

fn once<T, E: serde::de::Error>(member: &mut Option<T>, value: T) -> Result<(), E> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a member stands there twice")),
    }
}

/// A string, borrowed when it holds no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// An id: a whole number (however it is written), a string, or null.
struct Number(Id);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a string")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Id::Number(number)))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Number, E> {
                let signed =
                    i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
                Ok(Number(Id::Number(signed)))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Number, E> {
                whole(number)
                    .map(Id::Number)
                    .map(Number)
                    .ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(Id::String(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number(Id::Null))
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

/// `number` as the whole number it is, however it is written.
pub(super) fn whole_number(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| number.as_f64().and_then(whole))
}

/// `number` as the whole number it is, as far as a double can tell neighbours apart.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// `body` with U+FFFD for each escaped half of a surrogate pair that has no other half; `None` when there is none.
fn without_lone_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let mut repaired: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(escape) = body[at..].iter().position(|byte| *byte == b'\\').map(|found| at + found) {
        at = match (unit(body, escape), unit(body, escape + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => escape + 12,
            (Some(0xD800..=0xDFFF), _) => {
                repaired.get_or_insert_with(|| body.to_vec())[escape + 2..escape + 6].copy_from_slice(b"fffd");
                escape + 6
            }
            (Some(_), _) => escape + 6,
            (None, _) => (escape + 2).min(body.len()),
        };
    }
    repaired
}

/// The UTF-16 unit that the escape at `at` stands for.
fn unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

/// How many levels of arrays and objects are open at once in `body`, at most.
fn depth(body: &[u8]) -> usize {
    let (mut open, mut deepest, mut string, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            _ if string => {}
            b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
