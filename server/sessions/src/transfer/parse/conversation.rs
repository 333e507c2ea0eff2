//! The objects of a file, read field by field: the conversation, its session, its messages.

use std::fmt;

use aside_model::{Role, Usage};
use jiff::Timestamp;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

use super::{
    Bounds, Imported,
    field::{Place, each, required, shown},
};
use crate::{
    Attachment, MessageState, StoredMessage, TurnError, title,
    transfer::row::{AttachmentRow, ErrorRow, KIND, ROLES, STATES, UsageRow, VERSION},
};

/// The longest label of a model, in bytes: a provider and a model of 256 bytes each.
const MAX_MODEL: usize = 513;
/// The longest label of an attachment, in characters.
const MAX_LABEL: usize = 512;
/// The longest address of an attachment, in bytes.
const MAX_URI: usize = 8192;
/// The longest word of an error, in characters.
const MAX_ERROR: usize = 2000;

/// Reads the whole file.
#[derive(Clone, Copy)]
pub(super) struct Conversation<'a> {
    pub(super) bounds: &'a Bounds,
    pub(super) place: &'a Place,
}

/// What a session says of itself.
struct Session {
    title: String,
    model: Option<String>,
    created: Timestamp,
    updated: Timestamp,
}

#[derive(Clone, Copy)]
struct SessionOf<'a>(Conversation<'a>);

#[derive(Clone, Copy)]
struct MessagesOf<'a>(Conversation<'a>);

#[derive(Clone, Copy)]
struct MessageOf<'a>(Conversation<'a>);

impl<'de> DeserializeSeed<'de> for Conversation<'_> {
    type Value = Imported;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Imported, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Conversation<'_> {
    type Value = Imported;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Imported, A::Error> {
        let (mut kind, mut version, mut session, mut messages) = (None, None, None, None);
        each(&mut map, self.place, &["aside", "version", "session", "messages"], |field, map| {
            match field {
                "aside" => kind = Some(map.next_value::<String>()?),
                "version" => version = Some(map.next_value::<u64>()?),
                "session" => session = Some(map.next_value_seed(SessionOf(self))?),
                _ => messages = Some(map.next_value_seed(MessagesOf(self))?),
            }
            Ok(())
        })?;
        if required::<_, A::Error>(kind, self.place, "aside")? != KIND {
            return Err(self.wrong("aside", format!("it is not `{KIND}`")));
        }
        if required::<_, A::Error>(version, self.place, "version")? != VERSION {
            return Err(self.wrong("version", format!("it is not {VERSION}")));
        }
        let Session { title, model, created, updated } = required(session, self.place, "session")?;
        let messages = required(messages, self.place, "messages")?;
        Ok(Imported { title, model, created, updated, messages })
    }
}

impl<'de> DeserializeSeed<'de> for SessionOf<'_> {
    type Value = Session;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Session, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for SessionOf<'_> {
    type Value = Session;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Session, A::Error> {
        let Self(whole) = self;
        whole.place.session.set(true);
        whole.place.field.set(None);
        let (mut title, mut model, mut created, mut updated) = (None, None, None, None);
        each(&mut map, whole.place, &["id", "title", "created", "updated", "model"], |field, map| {
            match field {
                // Whose identity it was says nothing about what it becomes here.
                "id" => drop(map.next_value::<String>()?),
                "title" => title = Some(clean_title(&map.next_value::<String>()?)?),
                "created" => created = Some(whole.time(&map.next_value::<String>()?)?),
                "updated" => updated = Some(whole.time(&map.next_value::<String>()?)?),
                _ => model = map.next_value::<Option<String>>()?.map(checked_model).transpose()?,
            }
            Ok(())
        })?;
        let session = Session {
            title: required(title, whole.place, "title")?,
            model,
            created: required(created, whole.place, "created")?,
            updated: required(updated, whole.place, "updated")?,
        };
        whole.place.session.set(false);
        Ok(session)
    }
}

impl<'de> DeserializeSeed<'de> for MessagesOf<'_> {
    type Value = Vec<StoredMessage>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MessagesOf<'_> {
    type Value = Vec<StoredMessage>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let Self(whole) = self;
        let mut messages: Vec<StoredMessage> = Vec::new();
        loop {
            whole.place.field.set(None);
            whole.place.message.set(Some(messages.len()));
            let Some(message) = list.next_element_seed(MessageOf(whole))? else { break };
            if messages.len() == whole.bounds.messages {
                whole.place.message.set(None);
                return Err(whole.wrong("messages", format!("there are more than {}", whole.bounds.messages)));
            }
            messages.push(StoredMessage { n: messages.len() as u64, ..message });
        }
        whole.place.message.set(None);
        Ok(messages)
    }
}

impl<'de> DeserializeSeed<'de> for MessageOf<'_> {
    type Value = StoredMessage;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<StoredMessage, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageOf<'_> {
    type Value = StoredMessage;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StoredMessage, A::Error> {
        const FIELDS: [&str; 8] = ["role", "at", "state", "model", "text", "attachments", "error", "usage"];
        let Self(whole) = self;
        let (mut role, mut at, mut state, mut text) = (None, None, None, None);
        let (mut model, mut attachments, mut error, mut usage) = (None, Vec::new(), None, None);
        each(&mut map, whole.place, &FIELDS, |field, map| {
            match field {
                "role" => role = Some(role_of(&map.next_value::<String>()?)?),
                "at" => at = Some(whole.time(&map.next_value::<String>()?)?),
                "state" => state = Some(state_of(&map.next_value::<String>()?)?),
                "model" => model = map.next_value::<Option<String>>()?.map(checked_model).transpose()?,
                "text" => text = Some(map.next_value::<String>()?),
                "attachments" => attachments = whole.attachments(map.next_value()?)?,
                "error" => error = map.next_value::<Option<ErrorRow<'_>>>()?.as_ref().map(error_of).transpose()?,
                _ => usage = map.next_value::<Option<UsageRow>>()?.map(Usage::from),
            }
            Ok(())
        })?;
        let role = required(role, whole.place, "role")?;
        let text = whole.text(role, required(text, whole.place, "text")?)?;
        let at = required(at, whole.place, "at")?;
        let state = required(state, whole.place, "state")?;
        Ok(StoredMessage { n: 0, role, text, at, model, state, error, usage, attachments })
    }
}

impl Conversation<'_> {
    fn wrong<E: Error>(&self, field: &'static str, problem: impl fmt::Display) -> E {
        self.place.enter(field);
        E::custom(problem)
    }

    fn time<E: Error>(&self, text: &str) -> Result<Timestamp, E> {
        let at: Timestamp = text.parse().map_err(|_| E::custom("it is not a time such as `2026-01-31T12:00:00Z`"))?;
        if self.bounds.allow(at) { Ok(at) } else { Err(E::custom(format!("no conversation was held at {at}"))) }
    }

    fn text<E: Error>(&self, role: Role, text: String) -> Result<String, E> {
        let most = self.bounds.chars(role);
        // Counting stops there: a character has at least a byte.
        if text.len() > most && text.chars().nth(most).is_some() {
            return Err(self.wrong("text", format!("it has more than {most} characters")));
        }
        Ok(text)
    }

    fn attachments<E: Error>(&self, rows: Vec<AttachmentRow<'_>>) -> Result<Vec<Attachment>, E> {
        if rows.len() > self.bounds.attachments {
            return Err(E::custom(format!("there are more than {}", self.bounds.attachments)));
        }
        if rows.iter().map(|row| row.text.len()).sum::<usize>() > self.bounds.attachment_bytes {
            return Err(E::custom(format!("together they have more than {} bytes", self.bounds.attachment_bytes)));
        }
        rows.into_iter().map(attachment_of).collect()
    }
}

/// A title as it can be shown: on one line, and without the marks that turn the direction of what stands round them.
fn clean_title<E: Error>(text: &str) -> Result<String, E> {
    let plain: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    if plain.chars().all(|c| c.is_control() || c.is_whitespace()) {
        return Ok(String::new());
    }
    title::given(&plain).map_err(E::custom)
}

/// Whether a character turns directions or tags text without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Who may speak in a file: instructions of the program do not come from outside.
fn role_of<E: Error>(text: &str) -> Result<Role, E> {
    let known = ROLES.iter().find(|(_, word)| *word == text).map(|(role, _)| *role);
    let refused = || format!("`{}` does not speak here: `user`, `assistant` and `summary` do", shown(text, 40));
    known.ok_or_else(|| E::custom(refused()))
}

fn state_of<E: Error>(text: &str) -> Result<MessageState, E> {
    match STATES.into_iter().find(|state| state.as_str() == text) {
        Some(MessageState::Streaming) => Ok(MessageState::Interrupted),
        Some(state) => Ok(state),
        None => Err(E::custom(format!("`{}` is not a state of a message", shown(text, 40)))),
    }
}

fn checked_model<E: Error>(label: String) -> Result<String, E> {
    if label.is_empty() || label.len() > MAX_MODEL || label.chars().any(char::is_control) {
        return Err(E::custom(format!("it is not the label of a model, of 1 to {MAX_MODEL} bytes on one line")));
    }
    Ok(label)
}

fn attachment_of<E: Error>(row: AttachmentRow<'_>) -> Result<Attachment, E> {
    let Attachment { label, uri, text } = row.into();
    let uri = uri.filter(|uri| !uri.is_empty());
    if uri.as_ref().is_some_and(|uri| uri.len() > MAX_URI || uri.chars().any(char::is_control)) {
        return Err(E::custom(format!("a `uri` is longer than {MAX_URI} bytes or has control characters")));
    }
    Ok(Attachment { label: line(&label, MAX_LABEL)?, uri, text })
}

fn error_of<E: Error>(row: &ErrorRow<'_>) -> Result<TurnError, E> {
    let word = |text: &str| line(text, MAX_ERROR);
    Ok(TurnError { code: word(&row.code)?, message: word(&row.message)?, hint: word(&row.hint)? })
}

/// A short text on one line, so that it cannot word a part of the conversation.
fn line<E: Error>(text: &str, most: usize) -> Result<String, E> {
    if text.chars().nth(most).is_some() {
        return Err(E::custom(format!("one of its words has more than {most} characters")));
    }
    Ok(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
}
