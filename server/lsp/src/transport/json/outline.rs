//! The second look at a body that is not a plain message: which request it was, and what is wrong with it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tower_lsp::jsonrpc::Id;

use super::super::refusal::Refusal;
use super::whole;

/// What can be said of any JSON text, however deep.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The id to answer to, when it is certain.
    pub(super) id: Option<Id>,
    /// What keeps it from being a message.
    pub(super) wrong: Option<Refusal>,
}

impl Outline {
    fn scalar() -> Self {
        Self { id: None, wrong: Some(Refusal::NotAMessage("it is not an object")) }
    }
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutlineVisitor)
    }
}

struct OutlineVisitor;

impl<'de> Visitor<'de> for OutlineVisitor {
    type Value = Outline;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
        let mut members = Members::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "jsonrpc" => members.twice |= members.version.replace(map.next_value()?).is_some(),
                "id" => members.two_ids |= members.id.replace(map.next_value()?).is_some(),
                "method" => members.twice |= members.method.replace(map.next_value()?).is_some(),
                "params" => members.twice |= members.params.replace(map.next_value()?).is_some(),
                "result" => members.twice |= members.result.replace(map.next_value()?).is_some(),
                "error" => members.twice |= members.error.replace(map.next_value()?).is_some(),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(members.outline())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Outline, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Outline { id: None, wrong: Some(Refusal::Batch) })
    }

    fn visit_str<E>(self, _: &str) -> Result<Outline, E> {
        Ok(Outline::scalar())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Outline, E> {
        Ok(Outline::scalar())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Outline, E> {
        Ok(Outline::scalar())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Outline, E> {
        Ok(Outline::scalar())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Outline, E> {
        Ok(Outline::scalar())
    }

    fn visit_unit<E>(self) -> Result<Outline, E> {
        Ok(Outline::scalar())
    }
}

/// The members of an object that has some of those of a message.
#[derive(Default)]
struct Members {
    version: Option<Loose>,
    id: Option<Loose>,
    method: Option<Loose>,
    params: Option<IgnoredAny>,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
    two_ids: bool,
    twice: bool,
}

impl Members {
    fn outline(self) -> Outline {
        let text = |member: &Option<Loose>| match member {
            Some(Loose::Id(Id::String(text))) => Some(text.clone()),
            _ => None,
        };
        let wrong = if self.twice || self.two_ids {
            Some("a member stands there twice")
        } else if text(&self.version).as_deref() != Some("2.0") {
            Some("`jsonrpc` is not \"2.0\"")
        } else if matches!(self.id, Some(Loose::Other)) {
            Some("`id` is neither a whole number nor a string")
        } else if self.method.is_some() && text(&self.method).is_none() {
            Some("`method` is not a string")
        } else {
            None
        };
        // The id of an answer is ours: an error sent to it would reach the client's request of the same number.
        let answer = self.method.is_none() && (self.result.is_some() || self.error.is_some());
        let id = match self.id {
            Some(Loose::Id(id)) if !answer && !self.two_ids => Some(id),
            _ => None,
        };
        Outline { id, wrong: wrong.map(Refusal::NotAMessage) }
    }
}

/// A member that should be an id or a string.
enum Loose {
    Id(Id),
    Other,
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor;
        impl<'de> Visitor<'de> for LooseVisitor {
            type Value = Loose;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Id(Id::String(text.to_owned())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
                Ok(Loose::Id(Id::Number(number)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
                Ok(i64::try_from(number).map_or(Loose::Other, |number| Loose::Id(Id::Number(number))))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
                Ok(whole(number).map_or(Loose::Other, |number| Loose::Id(Id::Number(number))))
            }

            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Id(Id::Null))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
                Ok(Loose::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }
        }
        deserializer.deserialize_any(LooseVisitor)
    }
}
