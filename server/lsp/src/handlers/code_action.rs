//! `textDocument/codeAction` and its resolve: what can be done at a place, without asking any model.
//!
//! Choosing one runs a command: a model answers for seconds, and editors wait for an edit of an action only so long. What an action
//! will do is in its title; its command comes with it, or when it is resolved, as the editor prefers.

use std::future::ready;

use aside_assist::action::{KINDS, Offer};
use aside_text::Range;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::{CodeActionKind, CodeActionOptions};

use super::{action, commit, edit_places};
use crate::{
    backend::Backend,
    edits,
    errors::Failure,
    page,
    params::{Fields, Params},
    reviews::SOURCE,
    routes::Work,
};

/// The most diagnostics that are looked at.
const DIAGNOSTICS: usize = 1000;
/// What editors call a document in which a commit message is written.
const COMMIT_LANGUAGES: [&str; 3] = ["git-commit", "gitcommit", "git-commit-message"];

/// What the server says of its code actions.
pub(crate) fn options() -> CodeActionOptions {
    CodeActionOptions {
        code_action_kinds: Some(KINDS.into_iter().map(|kind| CodeActionKind::from(kind.to_owned())).collect()),
        resolve_provider: Some(true),
        ..CodeActionOptions::default()
    }
}

pub(crate) fn code_action(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let uri = fields.document()?;
    let range = fields.range_maybe("range")?;
    if let Some(actions) = page::actions(backend, &uri, range) {
        return Ok(Box::pin(ready(Ok(Value::Array(actions)))));
    }
    let (faults, only) = context(&mut fields)?;
    let quick = only
        .as_ref()
        .is_none_or(|only| only.is_empty() || only.iter().any(|kind| kind.is_empty() || kind == "quickfix"));
    // A document that is not read has no actions; an error would pop up at every move of the cursor.
    let Ok(document) = backend.services.documents.find(&uri) else { return Ok(Box::pin(ready(Ok(json!([]))))) };
    if edits::of_document(backend, &uri).is_some() {
        let actions = if quick { edit_places::actions_of_diff(backend, &uri) } else { Vec::new() };
        return Ok(Box::pin(ready(Ok(Value::Array(actions)))));
    }
    if COMMIT_LANGUAGES.contains(&document.language()) {
        let actions = if quick { vec![commit::offer(&uri)] } else { Vec::new() };
        return Ok(Box::pin(ready(Ok(Value::Array(actions)))));
    }
    backend.editor.look_at(&uri, range);
    // They come from other servers: one that is odd is no reason to have no actions.
    let faults: Vec<Value> = faults.into_iter().filter(|fault| action::is_diagnostic(fault, &document)).collect();
    let known = faults.iter().map(|fault| Fields::of(fault.clone())).collect::<Result<Vec<_>, _>>()?;
    let spot = action::spot_of(backend, document, range, known)?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let wanted = only.as_ref().map(|only| only.iter().map(String::as_str).collect::<Vec<_>>());
        let wanted = wanted.as_deref();
        let can = backend.editor.capabilities().edits;
        let mut actions = Vec::new();
        if quick && !can.rendered {
            actions.extend(edit_places::actions(&backend, &spot.document, &spot.range));
        }
        for offer in backend.services.actions.offers(&spot, wanted, can.asks).await {
            actions.push(wire(&offer, &uri, range, &faults, can.resolve_command));
        }
        if quick {
            actions.extend(dismissals(&uri, &faults));
        }
        Ok(Value::Array(actions))
    }))
}

pub(crate) fn resolve(_backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut action = params.0.filter(Value::is_object).unwrap_or_else(|| json!({}));
    if let Some(command) = action.get("data").and_then(|data| data.get("command")).cloned() {
        action["command"] = command;
    }
    Ok(Box::pin(ready(Ok(action))))
}

/// The diagnostics and the kinds of a request's `context`.
fn context(fields: &mut Fields) -> Result<(Vec<Value>, Option<Vec<String>>), Failure> {
    let Some(mut context) = fields.fields_maybe("context")? else { return Ok((Vec::new(), None)) };
    let faults = match context.take("diagnostics") {
        Some(Value::Array(mut faults)) => {
            faults.truncate(DIAGNOSTICS);
            faults.retain(Value::is_object);
            faults
        }
        _ => Vec::new(),
    };
    let only = match context.take("only") {
        Some(Value::Array(only)) => Some(only.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    };
    Ok((faults, only))
}

fn wire(offer: &Offer, uri: &str, range: Option<Range>, faults: &[Value], resolves: bool) -> Value {
    let about: Vec<&Value> = offer.diagnostics.iter().filter_map(|&index| faults.get(index)).collect();
    let place = range.map(|Range { start, end }| {
        json!({
            "start": { "line": start.line, "character": start.character },
            "end": { "line": end.line, "character": end.character },
        })
    });
    let mut argument = json!({ "action": offer.action, "textDocument": { "uri": uri }, "range": place });
    let command = if offer.asks {
        // A command of the plugin: it asks the person and comes back with their words.
        json!({ "title": offer.title, "command": "aside.client.ask", "arguments": [argument] })
    } else {
        if !about.is_empty() {
            argument["diagnostics"] = json!(about);
        }
        json!({ "title": offer.title, "command": "aside.action", "arguments": [argument] })
    };
    let mut action = json!({ "title": offer.title, "kind": offer.kind });
    if !about.is_empty() {
        action["diagnostics"] = json!(about);
    }
    if offer.preferred {
        action["isPreferred"] = true.into();
    }
    if resolves {
        action["data"] = json!({ "command": command });
    } else {
        action["command"] = command;
    }
    action
}

/// For each finding of a review at the place: to be rid of it.
fn dismissals(uri: &str, faults: &[Value]) -> Vec<Value> {
    let ours = faults.iter().filter(|fault| fault["source"] == SOURCE);
    let dismissal = |fault: &Value| {
        let finding = fault.pointer("/data/finding").and_then(Value::as_str)?;
        let message = fault["message"].as_str().unwrap_or_default();
        let first: String = message.lines().next().unwrap_or_default().chars().take(60).collect();
        let title = format!("Aside: Dismiss: {first}");
        let argument = json!({ "uri": uri, "finding": finding });
        Some(json!({
            "title": title, "kind": "quickfix", "diagnostics": [fault],
            "command": { "title": title, "command": "aside.review.clear", "arguments": [argument] },
        }))
    };
    ours.filter_map(dismissal).collect()
}
