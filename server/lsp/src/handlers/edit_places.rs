//! Edits at the places in the code: accept and reject as code actions and code lenses, for editors that do not render edits.

use aside_assist::edit::{EditId, File, Proposal, State, guard};
use aside_text::{Document, Encoding};
use serde_json::{Value, json};

use crate::{backend::Backend, convert, edits};

/// What accepting and rejecting are among code actions: what a person most likely wants at that place.
const KIND: &str = "quickfix";

/// The code actions about edits in the bytes `range` of `document`.
pub(super) fn actions(backend: &Backend, document: &Document, range: &std::ops::Range<usize>) -> Vec<Value> {
    let desk = &backend.services.edits;
    let mut found = Vec::new();
    for proposal in desk.list() {
        match proposal.state {
            State::Streaming if proposal.uri == document.uri() => {
                found.push(action(
                    "stop",
                    &guard::escape_line(&proposal.title),
                    "aside.edit.stop",
                    &whole(proposal.id),
                ));
            }
            State::Proposed => found.extend(of_proposal(&proposal, document.uri(), range)),
            _ => {}
        }
    }
    if let Some(failed) = desk.failed(document.uri()) {
        found.push(action("try again", &guard::escape_line(&failed.title), "aside.edit.retry", &whole(failed.id)));
    }
    found
}

/// The code actions in the diff document of an edit.
pub(super) fn actions_of_diff(backend: &Backend, uri: &str) -> Vec<Value> {
    edits::of_document(backend, uri).map(|proposal| all(&proposal)).unwrap_or_default()
}

fn of_proposal(proposal: &Proposal, uri: &str, range: &std::ops::Range<usize>) -> Vec<Value> {
    let Some(file) = proposal.files.iter().find(|file| file.document.uri() == uri) else { return Vec::new() };
    let mut found = Vec::new();
    let touches = |bytes: &std::ops::Range<usize>| bytes.start <= range.end && range.start <= bytes.end;
    if proposal.waiting() > 1 {
        for hunk in file.hunks.iter().filter(|hunk| hunk.waits() && touches(&hunk.range)) {
            let (what, edit) = (format!("{} of {}", hunk.n + 1, proposal.hunks().count()), one(proposal.id, hunk.n));
            found.push(action("accept this change", &what, "aside.edit.accept", &edit));
            found.push(action("reject this change", &what, "aside.edit.reject", &edit));
        }
    }
    found.extend(all(proposal));
    let title = guard::escape_line(&proposal.title);
    found.push(action("show the diff", &title, "aside.edit.document", &whole(proposal.id)));
    found
}

fn all(proposal: &Proposal) -> Vec<Value> {
    let waiting = proposal.waiting();
    if waiting == 0 {
        return Vec::new();
    }
    let files = proposal.files.iter().filter(|file| file.hunks.iter().any(aside_assist::edit::Hunk::waits)).count();
    let what = guard::summary(files, waiting);
    let edit = whole(proposal.id);
    vec![action("accept", &what, "aside.edit.accept", &edit), action("reject", &what, "aside.edit.reject", &edit)]
}

fn whole(id: EditId) -> Value {
    json!({ "edit": id.to_string() })
}

fn one(id: EditId, n: usize) -> Value {
    json!({ "edit": id.to_string(), "hunks": [n] })
}

fn action(verb: &str, what: &str, command: &str, argument: &Value) -> Value {
    let title = format!("Aside: {verb}: {what}");
    json!({ "title": title, "kind": KIND, "command": { "title": title, "command": command, "arguments": [argument] } })
}

/// The code lenses of the document `uri`: at each change, and at the top of a diff document.
pub(super) fn lenses(backend: &Backend, uri: &str) -> Vec<Value> {
    let desk = &backend.services.edits;
    if backend.editor.capabilities().edits.rendered {
        return Vec::new();
    }
    if let Some(proposal) = edits::of_document(backend, uri) {
        let top = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        return all_lenses(&proposal, &top);
    }
    let encoding = backend.editor.encoding();
    let open = desk.list().into_iter().filter(|proposal| proposal.state == State::Proposed);
    open.flat_map(|proposal| {
        let file = proposal.files.iter().find(|file| file.document.uri() == uri);
        file.map(|file| of_file(&proposal, file, encoding)).unwrap_or_default()
    })
    .collect()
}

fn of_file(proposal: &Proposal, file: &File, encoding: Encoding) -> Vec<Value> {
    let (mut found, count) = (Vec::new(), proposal.hunks().count());
    for (at, hunk) in file.hunks.iter().filter(|hunk| hunk.waits()).enumerate() {
        let start = json!(convert::range(&file.document, &(hunk.range.start..hunk.range.start), encoding));
        if at == 0 && proposal.waiting() > 1 {
            found.extend(all_lenses(proposal, &start));
        }
        let which = if count > 1 { format!(" {} of {count}", hunk.n + 1) } else { String::new() };
        let this = one(proposal.id, hunk.n);
        found.push(lens(&start, &format!("Accept change{which}"), "aside.edit.accept", &this));
        found.push(lens(&start, "Reject", "aside.edit.reject", &this));
        if at == 0 {
            found.push(lens(&start, "Show diff", "aside.edit.document", &whole(proposal.id)));
        }
    }
    found
}

fn all_lenses(proposal: &Proposal, range: &Value) -> Vec<Value> {
    let (edit, waiting) = (whole(proposal.id), proposal.waiting());
    vec![
        lens(range, &format!("Accept all {waiting}"), "aside.edit.accept", &edit),
        lens(range, "Reject all", "aside.edit.reject", &edit),
    ]
}

fn lens(range: &Value, title: &str, command: &str, argument: &Value) -> Value {
    json!({ "range": range, "command": { "title": title, "command": command, "arguments": [argument] } })
}
