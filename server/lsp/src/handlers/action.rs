//! `aside/action`, `aside/edit`: an action at a place, answered at once; what comes of it is an edit or a turn of a conversation.

use std::path::PathBuf;

use aside_assist::{
    action::{Answers, Diagnostic, Fault, Severity, Spot},
    chat::Ask,
};
use aside_model::ModelRef;
use aside_sessions::SessionId;
use aside_text::{Document, Range};
use serde_json::{Value, json};

use crate::{
    backend::Backend,
    convert,
    errors::Failure,
    page,
    params::{Fields, Params},
    reviews::{self, Reviewing},
    routes::Work,
};

/// The most diagnostics that one request may hold.
const DIAGNOSTICS: usize = 1000;
/// The most places that one diagnostic may name; more help nobody.
const RELATED: usize = 8;
/// The longest word at a cursor, in bytes.
const WORD_BYTES: usize = 200;
/// The longest words of a person, in characters.
const WORDS: usize = 20_000;

/// What is asked for.
struct Asked {
    action: String,
    spot: Spot,
    instruction: Option<String>,
    session: Option<SessionId>,
    model: Option<ModelRef>,
}

pub(crate) fn edit(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let asked = read(backend, &mut fields, "rewrite".to_owned())?;
    Ok(run(backend, asked))
}

pub(crate) fn action(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let action = fields.text("action")?;
    let asked = read(backend, &mut fields, action)?;
    Ok(run(backend, asked))
}

pub(crate) fn list(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let spot = spot(backend, &mut fields)?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let offers = backend.services.actions.offers(&spot, None, true).await;
        let action = |offer: &aside_assist::action::Offer| {
            json!({
                "action": offer.action, "title": offer.title.trim_start_matches("Aside: "), "kind": offer.kind,
                "answers": offer.answers.as_str(), "asks": offer.asks,
            })
        };
        Ok(json!({ "actions": offers.iter().map(action).collect::<Vec<_>>() }))
    }))
}

/// A review of a document, as `aside/review` asks for it.
pub(super) fn say_review(backend: &Backend, fields: &mut Fields, session: Option<SessionId>) -> Result<Work, Failure> {
    let asked = read(backend, fields, "review".to_owned())?;
    Ok(run(backend, Asked { session, ..asked }))
}

fn read(backend: &Backend, fields: &mut Fields, action: String) -> Result<Asked, Failure> {
    let spot = spot(backend, fields)?;
    let instruction = fields.text_maybe("instruction")?.filter(|words| !words.trim().is_empty());
    if instruction.as_ref().is_some_and(|words| words.chars().count() > WORDS) {
        let message = format!("`instruction` is longer than {WORDS} characters");
        return Err(Failure::new("too-long", message, "say it in fewer words"));
    }
    let session = fields.text_maybe("session")?.map(|id| id.parse()).transpose()?;
    let model = fields.model_maybe("model")?;
    Ok(Asked { action, spot, instruction, session, model })
}

/// The place that a request names: `textDocument`, `range`, `diagnostics`.
pub(super) fn spot(backend: &Backend, fields: &mut Fields) -> Result<Spot, Failure> {
    let (uri, version) = match fields.fields_maybe("textDocument")? {
        Some(mut named) => (named.text("uri")?, named.version("version")?),
        // A command that a person types names no document: it is about the one in front of them.
        None => (backend.editor.seen().map(|seen| seen.uri).unwrap_or_default(), None),
    };
    let document = backend.services.documents.find(&uri)?;
    if version.is_some_and(|version| version != document.version()) {
        let message = format!("`textDocument.version` is not the newest one, which is {}", document.version());
        return Err(Failure::new("edit-stale", message, "ask again about the text as it is now"));
    }
    let range = fields.range_maybe("range")?;
    let faults = fields.list("diagnostics", DIAGNOSTICS)?;
    spot_of(backend, document, range, faults)
}

/// The place `range` of `document`, with the editor's diagnostics.
pub(super) fn spot_of(
    backend: &Backend,
    document: Document,
    range: Option<Range>,
    faults: Vec<Fields>,
) -> Result<Spot, Failure> {
    let seen = backend.editor.seen().filter(|seen| seen.uri == document.uri()).and_then(|seen| seen.range);
    // Editors move on while a menu is open: a place behind the end is the end.
    let bytes = |range: Range| {
        let offset = |position| document.offset(position, backend.editor.encoding()).unwrap_or(document.len_bytes());
        let start = offset(range.start);
        start..offset(range.end).max(start)
    };
    let selected = meant(&document, range.or(seen).map_or(0..0, bytes));
    let faults = faults.into_iter().map(|fault| self::fault(fault, &document, bytes)).collect::<Result<_, _>>()?;
    let path = convert::path(document.uri());
    let workspace = match &path {
        Some(path) => backend.editor.folder_of(path),
        None => backend.editor.main_folder(),
    };
    let whole_file = selected == (0..document.len_bytes());
    Ok(Spot { document, range: selected, workspace, faults, whole_file })
}

/// What a person means by a range. Helix and Kakoune always select a character, Eglot sends the word at point: neither was
/// selected by anybody, and stands for the bare cursor.
fn meant(document: &Document, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    if range.len() > WORD_BYTES {
        return range;
    }
    let text = document.slice(range.clone());
    let (one, is_word) = (text.chars().nth(1).is_none(), text.chars().all(|c| c.is_alphanumeric() || c == '_'));
    if one || is_word { range.start..range.start } else { range }
}

/// Whether `fault` is a diagnostic of the protocol.
pub(super) fn is_diagnostic(fault: &Value, document: &Document) -> bool {
    Fields::of(fault.clone()).is_ok_and(|fields| self::fault(fields, document, |_| 0..0).is_ok())
}

fn fault(
    mut fields: Fields,
    document: &Document,
    bytes: impl Fn(Range) -> std::ops::Range<usize>,
) -> Result<Fault, Failure> {
    let range = fields.range_maybe("range")?.map_or(0..0, bytes);
    let severity = match fields.uinteger_maybe("severity")? {
        Some(2) => Severity::Warning,
        Some(3) => Severity::Information,
        Some(4) => Severity::Hint,
        _ => Severity::Error,
    };
    let code = match fields.take("code") {
        Some(Value::String(code)) => Some(code),
        Some(Value::Number(code)) => Some(code.to_string()),
        _ => None,
    };
    let mut related = Vec::new();
    for mut one in fields.list("relatedInformation", usize::MAX)?.into_iter().take(RELATED) {
        let mut location = one.fields("location")?;
        let line = location.range_maybe("range")?.map_or(0, |range| range.start.line);
        related.push((location.text("uri")?, line.saturating_add(1), one.text("message")?));
    }
    let line = u32::try_from(document.line_of(range.start) + 1).unwrap_or(u32::MAX);
    let message = fields.text_maybe("message")?.unwrap_or_default();
    let diagnostic = Diagnostic { message, source: fields.text_maybe("source")?, code, severity, line };
    Ok(Fault { diagnostic, range, related })
}

fn run(backend: &Backend, asked: Asked) -> Work {
    let backend = backend.clone();
    Box::pin(async move {
        match backend.services.actions.answers(&asked.action) {
            Some(Answers::Chat) => say(&backend, asked).await,
            // What there is not is refused by name there.
            Some(Answers::Edit) | None => {
                let Asked { action, spot, instruction, model, .. } = asked;
                let ask = backend.services.actions.edit(&action, spot, instruction, model).await?;
                let proposal = backend.services.edits.start(ask).await?;
                super::edit::one(&backend, &proposal)
            }
        }
    })
}

/// Says what the action says in a conversation, and has the editor show it.
async fn say(backend: &Backend, asked: Asked) -> Result<Value, Failure> {
    let Asked { action, spot, instruction, session, model } = asked;
    let said = backend.services.actions.said(&action, &spot, instruction).await?;
    let workspace = spot.workspace.clone();
    let session = conversation(backend, session, workspace.clone()).await?;
    let review = (action == "review").then(|| Reviewing::document(&spot));
    let model = model.or(said.model);
    let focus = None;
    let ask = Ask { session, text: said.text, attachments: said.attachments, replaces: None, model, workspace, focus };
    tell(backend, ask, review).await
}

/// Sends `ask` and has the editor show the conversation; the findings about `review` are looked for in the answer.
pub(super) async fn tell(backend: &Backend, ask: Ask, review: Option<Reviewing>) -> Result<Value, Failure> {
    let session = ask.session;
    let sessions = &backend.services.sessions;
    sessions.subscribe(session, &backend.outbox).await?;
    // Before the question, so that no part of the answer is missed.
    let watch = match review {
        Some(files) => Some(reviews::watch(backend, session, files).await?),
        None => None,
    };
    let turn = backend.services.chat.send(ask).await?;
    if let Some(watch) = watch {
        watch.of(backend, turn);
    }
    page::show(backend, session).await?;
    Ok(json!({ "session": session.to_string(), "turn": turn.to_string() }))
}

/// The conversation to talk in: the one that is named, else the newest of the folder that is idle, else a new one.
pub(super) async fn conversation(
    backend: &Backend,
    named: Option<SessionId>,
    workspace: Option<PathBuf>,
) -> Result<SessionId, Failure> {
    match named {
        Some(session) => Ok(session),
        None => page::choose(backend, workspace, false).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_and_a_word_are_a_bare_cursor_and_more_is_a_selection() {
        let document = Document::open("file:///a.rs", "rust", 1, "fn gr\u{f6}\u{df}e_2(a: u8) {}\n").expect("a text");
        for (range, expected) in [
            (3..3, 3..3),
            (0..1, 0..0),
            (2..3, 2..2),
            (5..7, 5..5),
            (3..12, 3..3),
            (0..12, 0..12),
            (12..14, 12..14),
            (21..23, 21..23),
        ] {
            assert_eq!(meant(&document, range.clone()), expected, "{range:?}");
        }
    }
}
