//! Edits on the wire: what a person sees of one, and what an editor is asked to apply.

use std::ops::Range;

use aside_assist::edit::{Change, File, FileChange, Hunk, Proposal, guard::Warning};
use aside_text::{Document, Encoding};
use serde_json::{Value, json};

use super::{range, usage};
use crate::{
    capabilities::Edits,
    protocol::{WireEditFile, WireHunk, WireProposal, WireTurnError, WireWarning},
};

/// The name under which all edits of one change ask for a look.
const ANNOTATION: &str = "aside";

/// An edit.
pub(crate) fn proposal(proposal: &Proposal, encoding: Encoding) -> WireProposal {
    WireProposal {
        id: proposal.id.to_string(),
        action: proposal.action.clone(),
        title: proposal.title.clone(),
        uri: proposal.uri.clone(),
        model: proposal.model.clone(),
        state: proposal.state.as_str(),
        received: proposal.received,
        files: proposal.files.iter().map(|one| file(one, encoding)).collect(),
        notes: proposal.notes.clone(),
        error: proposal.error.as_ref().map(|error| WireTurnError {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
        }),
        usage: proposal.usage.map(usage),
    }
}

fn file(file: &File, encoding: Encoding) -> WireEditFile {
    WireEditFile {
        uri: file.document.uri().to_owned(),
        label: file.label.clone(),
        version: file.open.then(|| file.document.version()),
        new: file.is_new,
        warnings: warnings(&file.warnings),
        hunks: file.hunks.iter().map(|one| hunk(one, &file.document, encoding)).collect(),
    }
}

fn hunk(hunk: &Hunk, document: &Document, encoding: Encoding) -> WireHunk {
    WireHunk {
        n: hunk.n,
        range: range(document, &hunk.range, encoding),
        old_text: hunk.old.clone(),
        new_text: hunk.new.clone(),
        state: hunk.state.as_str(),
        warnings: warnings(&hunk.warnings),
    }
}

fn warnings(warnings: &[Warning]) -> Vec<WireWarning> {
    warnings.iter().map(|one| WireWarning { code: one.code, message: one.message.clone() }).collect()
}

/// A change as a `WorkspaceEdit` for an editor that can do `able`. With versions where it knows them: an editor that has another
/// text by now refuses. Every edit is marked as one to look at when `sensitive`.
///
/// # Errors
/// The editor cannot make a file that the change needs; its name.
pub(crate) fn workspace_edit(
    change: &Change,
    able: Edits,
    sensitive: bool,
    encoding: Encoding,
) -> Result<Value, String> {
    if let Some(unmade) = change.files.iter().find(|file| file.is_new && !(able.create && able.versioned)) {
        return Err(unmade.label.clone());
    }
    if !able.versioned {
        let changes = change.files.iter().map(|file| (file.document.uri().to_owned(), edits(file, false, encoding)));
        return Ok(json!({ "changes": changes.collect::<serde_json::Map<_, _>>() }));
    }
    let mut steps = Vec::new();
    for file in &change.files {
        if file.is_new {
            // Never over something that came to be meanwhile.
            let options = json!({ "overwrite": false, "ignoreIfExists": false });
            steps.push(json!({ "kind": "create", "uri": file.document.uri(), "options": options }));
        }
        let version = file.open.then(|| file.document.version());
        steps.push(json!({
            "textDocument": { "uri": file.document.uri(), "version": version },
            "edits": edits(file, able.annotated && sensitive, encoding),
        }));
    }
    let mut edit = json!({ "documentChanges": steps });
    if able.annotated && sensitive {
        let annotation = json!({ "label": change.title, "needsConfirmation": true });
        edit["changeAnnotations"] = json!({ ANNOTATION: annotation });
    }
    Ok(edit)
}

fn edits(file: &FileChange, annotated: bool, encoding: Encoding) -> Value {
    let edit = |(bytes, text): &(Range<usize>, String)| {
        let mut edit = json!({ "range": range(&file.document, bytes, encoding), "newText": text });
        if annotated {
            edit["annotationId"] = ANNOTATION.into();
        }
        edit
    };
    file.edits.iter().map(edit).collect()
}
