//! From the types inside to their twins on the wire, and from addresses to paths. The only place that knows both sides.

pub(crate) mod edit;

use std::path::PathBuf;

use aside_assist::inline::Empty;
use aside_model::{Role, Usage};
use aside_sessions::{
    Attachment, Damage, Event, Match, Matches, Moved, Opened, Page, SessionInfo, StoredMessage, TurnError, TurnEvent,
    search::Snippet,
};
use aside_text::{Document, Encoding, Position};
use url::Url;

use crate::protocol::{
    ChatEvent, OpenSession, Reason, SessionList, WireAttachment, WireDamage, WireEvent, WireMatch, WireMatches,
    WireMessage, WireMoved, WirePosition, WireRange, WireSession, WireSnippet, WireTurnError, WireUsage,
};

/// The path of a `file:` address.
pub(crate) fn path(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok()?.to_file_path().ok()
}

/// A short name of a document for a sentence: the last part of its address.
pub(crate) fn name(uri: &str) -> String {
    let last = uri.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(uri);
    last.chars().take(80).collect()
}

/// Bytes of a document as a span on the wire.
pub(crate) fn range(document: &Document, bytes: &std::ops::Range<usize>, encoding: Encoding) -> WireRange {
    let place = |byte| position(document.position(byte, encoding));
    WireRange { start: place(bytes.start), end: place(bytes.end) }
}

fn position(Position { line, character }: Position) -> WirePosition {
    WirePosition { line, character }
}

/// Why an answer is empty.
pub(crate) fn reason(empty: &Empty) -> Reason {
    Reason { code: empty.code(), message: empty.to_string(), hint: empty.hint() }
}

/// A session.
pub(crate) fn session(info: SessionInfo) -> WireSession {
    WireSession {
        id: info.id.to_string(),
        title: info.title,
        workspace: folder(info.workspace),
        created: info.created.to_string(),
        updated: info.updated.to_string(),
        messages: info.messages,
        bytes: info.bytes,
        model: info.model,
        state: info.state.as_str(),
        elsewhere: info.elsewhere,
        unsaved: info.unsaved,
        imported: info.imported,
        trashed: None,
    }
}

/// A workspace's path as an address; what is no path stays as it is.
fn folder(path: String) -> String {
    Url::from_file_path(&path).map_or(path, String::from)
}

/// A page of sessions, with the folders that may have been moved here.
pub(crate) fn page(page: Page, moved: Vec<Moved>) -> SessionList {
    let moved = moved.into_iter().map(|one| WireMoved { from: folder(one.path), sessions: one.sessions });
    SessionList {
        sessions: page.sessions.into_iter().map(session).collect(),
        cursor: page.cursor,
        moved: moved.collect(),
    }
}

/// What is wrong with a session.
pub(crate) fn damage(damage: &[Damage]) -> Vec<WireDamage> {
    let n = |one: &Damage| match one {
        Damage::Altered { n } | Damage::Surplus { n } | Damage::Missing { from: n, .. } => Some(*n),
        Damage::Head => None,
    };
    damage.iter().map(|one| WireDamage { code: one.code(), message: one.to_string(), n: n(one) }).collect()
}

/// What a search gave.
pub(crate) fn matches(found: Matches, encoding: Encoding) -> WireMatches {
    let matches = found.matches.into_iter().map(|Match { session: info, n, role, at, snippet }| WireMatch {
        session: session(info),
        n,
        role: self::role(role),
        at: at.to_string(),
        snippet: self::snippet(snippet, encoding),
    });
    WireMatches { matches: matches.collect(), partial: found.partial }
}

fn snippet(Snippet { text, highlights }: Snippet, encoding: Encoding) -> WireSnippet {
    let units = |byte: usize| match encoding {
        Encoding::Utf8 => byte,
        Encoding::Utf16 => text[..byte].encode_utf16().count(),
        Encoding::Utf32 => text[..byte].chars().count(),
    };
    let highlights = highlights.iter().map(|one| [units(one.start), units(one.end)]).collect();
    WireSnippet { highlights, text }
}

/// A session with messages.
pub(crate) fn opened(opened: Opened) -> OpenSession {
    OpenSession {
        session: session(opened.session),
        messages: opened.messages.into_iter().map(message).collect(),
        before: opened.before,
        damage: damage(&opened.damage),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn message(message: StoredMessage) -> WireMessage {
    WireMessage {
        n: message.n,
        role: role(message.role),
        text: message.text,
        at: message.at.to_string(),
        model: message.model,
        state: message.state.as_str(),
        error: message.error.map(turn_error),
        usage: message.usage.map(usage),
        attachments: message.attachments.into_iter().map(attachment).collect(),
    }
}

fn attachment(Attachment { label, uri, text }: Attachment) -> WireAttachment {
    WireAttachment { label, uri, text }
}

fn usage(Usage { input_tokens, output_tokens, cached_tokens }: Usage) -> WireUsage {
    WireUsage { input_tokens, output_tokens, cached_tokens }
}

fn turn_error(TurnError { code, message, hint }: TurnError) -> WireTurnError {
    WireTurnError { code, message, hint }
}

/// An event of a turn.
pub(crate) fn event(TurnEvent { session, turn, n, event }: TurnEvent) -> ChatEvent {
    let event = match event {
        Event::Asked { text, model } => WireEvent::Asked { text, model },
        Event::Delta(text) => WireEvent::Delta { text },
        Event::Reasoning(text) => WireEvent::Reasoning { text },
        Event::Usage(counts) => WireEvent::Usage(usage(counts)),
        Event::Notice(text) => WireEvent::Notice { text },
        Event::End { reason, error } => WireEvent::End { reason: reason.as_str(), error: error.map(turn_error) },
    };
    ChatEvent { session: session.to_string(), turn: turn.to_string(), n, event }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_in_the_agreed_encoding() {
        let document = Document::open("file:///a", "rust", 1, "x\n\u{1F600}b\n").expect("a text");
        for (encoding, from, to) in [(Encoding::Utf8, 4, 5), (Encoding::Utf16, 2, 3), (Encoding::Utf32, 1, 2)] {
            let WireRange { start, end } = range(&document, &(6..7), encoding);
            assert_eq!((start.line, start.character, end.character), (1, from, to), "{encoding:?}");
        }
    }

    #[test]
    fn a_document_is_named_shortly() {
        assert_eq!(name("file:///home/me/src/a%20b.rs"), "a%20b.rs");
        assert_eq!(name("untitled:Untitled-1"), "untitled:Untitled-1");
        assert_eq!(name("file:///"), "file:///");
    }

    #[test]
    fn a_highlight_counts_in_the_agreed_encoding() {
        let found = || Snippet { text: "\u{1F600} bee a".to_owned(), highlights: vec![5..8, 9..10] };
        for (encoding, places) in [
            (Encoding::Utf8, [[5, 8], [9, 10]]),
            (Encoding::Utf16, [[3, 6], [7, 8]]),
            (Encoding::Utf32, [[2, 5], [6, 7]]),
        ] {
            assert_eq!(snippet(found(), encoding).highlights, places, "{encoding:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_workspace_is_an_address_on_the_wire() {
        assert_eq!(folder("/home/me/a b".to_owned()), "file:///home/me/a%20b");
        assert_eq!(folder(String::new()), "");
    }
}
