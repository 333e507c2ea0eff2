//! Messages for the tests of overviews, said at minutes of one afternoon.

use aside_model::Role;
use aside_sessions::{Attachment, MessageState, StoredMessage};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::quote::{Conversation, Span};

/// So many minutes after noon.
pub(super) fn at(minute: i64) -> Timestamp {
    let noon: Timestamp = "2026-06-01T12:00:00Z".parse().expect("a time");
    noon + SignedDuration::from_mins(minute)
}

/// The six hours until then.
pub(super) fn until(minute: i64) -> Span {
    Span::until(at(minute))
}

pub(super) fn asked(minute: i64, text: &str) -> StoredMessage {
    StoredMessage {
        n: minute.unsigned_abs(),
        role: Role::User,
        text: text.to_owned(),
        at: at(minute),
        model: None,
        state: MessageState::Complete,
        error: None,
        usage: None,
        attachments: Vec::new(),
    }
}

pub(super) fn answered(minute: i64, text: &str) -> StoredMessage {
    StoredMessage { role: Role::Assistant, ..asked(minute, text) }
}

pub(super) fn with_file(message: StoredMessage, label: &str) -> StoredMessage {
    let attachments = vec![Attachment { label: label.to_owned(), uri: None, text: "fn secret() {}".to_owned() }];
    StoredMessage { attachments, ..message }
}

pub(super) fn conversation<'a>(title: &'a str, messages: &'a [StoredMessage]) -> Conversation<'a> {
    Conversation { title, imported: false, messages }
}

/// Texts of every kind and length, such that try to close a fence among them.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z `./]{0,40}",
        "(\\PC|\n){0,200}",
        (0usize..5000).prop_map(|n| "`".repeat(n)),
        (0usize..2000).prop_map(|n| "wörd ".repeat(n))
    ]
}

/// A conversation in its order.
pub(super) fn histories() -> impl Strategy<Value = Vec<StoredMessage>> {
    prop::collection::vec((any::<bool>(), texts(), prop::option::of("\\PC{0,40}"), 0i64..3), 0..12).prop_map(|all| {
        let mut minute = 0;
        let said = |(is_question, text, label, step): (bool, String, Option<String>, i64)| {
            minute += step + 1;
            let one = if is_question { asked(minute, &text) } else { answered(minute, &text) };
            label.map_or(one.clone(), |label| with_file(one, &label))
        };
        all.into_iter().map(said).collect()
    })
}
