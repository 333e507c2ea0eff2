//! What of a document an action is to replace, and what goes along with it.

use std::ops::Range;

use aside_text::{DocStyle, Document, Outline, Scope, ScopeKind, TestPlace, test_place};

use super::{
    Builtin, Spot,
    custom::Reach,
    prompt::{Request, Task, Tests},
    spot::uri_in,
};
use crate::edit::{EditError, OpenDocuments, Target};

/// The longest part of a document that is replaced as a whole where less would do, in bytes.
const COMFORTABLE: usize = 16 << 10;
/// How much before and behind goes along, in bytes; the budget may cut it further.
const AROUND: usize = 8 << 10;
/// How much of other headers goes along, in bytes.
const SIGNATURES: usize = 6 << 10;
/// The longest file of tests that is looked at, in bytes.
const TEST_FILE_BYTES: u64 = 1 << 20;

/// An action's target and its request, which still lacks its shape.
pub(super) struct Aim {
    pub(super) target: Target,
    pub(super) request: Request,
}

/// Aims a built-in action. May read the disk.
///
/// # Errors
/// There is nothing at the place that the action could be about.
pub(super) fn builtin(
    action: Builtin,
    spot: &Spot,
    outline: &Outline,
    documents: &dyn OpenDocuments,
) -> Result<Aim, EditError> {
    let document = &spot.document;
    let mut aim = match action {
        Builtin::Fix => here(spot, outline, comfortable(outline, spot.faulty())),
        Builtin::FixAll => here(spot, outline, 0..document.len_bytes()),
        Builtin::Rewrite | Builtin::Simplify | Builtin::Explain | Builtin::Review => {
            let range = if spot.range.is_empty() {
                comfortable(outline, spot.range.clone())
            } else {
                outline.statement(spot.range.clone())
            };
            here(spot, outline, range)
        }
        Builtin::Document => documented(spot, outline)?,
        Builtin::Test => tested(spot, outline, documents)?,
        Builtin::Continue => here(spot, outline, next(spot)),
    };
    aim.request.task = Task::Builtin(action);
    aim.request.problems = spot.problems(documents);
    Ok(aim)
}

/// Aims an action of the settings.
///
/// # Errors
/// There is nothing of its scope at the place.
pub(super) fn custom(reach: Reach, spot: &Spot, outline: &Outline, action: &str) -> Result<Aim, EditError> {
    let nothing = |what: &str| EditError::Place { action: action.to_owned(), reason: format!("there is no {what}") };
    let range = match reach {
        Reach::Selection if spot.range.is_empty() => return Err(nothing("selection")),
        Reach::Selection | Reach::Line => spot.lines(),
        Reach::Function => outline.function_around(spot.range.clone()).ok_or_else(|| nothing("function"))?.range,
        Reach::Class => around(outline, spot, &[ScopeKind::Class]).ok_or_else(|| nothing("class"))?.range,
        Reach::File => 0..spot.document.len_bytes(),
    };
    Ok(here(spot, outline, range))
}

/// The bytes that a conversation about the place is about: the selection, else the innermost function or class, else all.
pub(super) fn subject(spot: &Spot, outline: &Outline) -> Range<usize> {
    if !spot.range.is_empty() {
        return spot.lines();
    }
    let kinds = [ScopeKind::Function, ScopeKind::Method, ScopeKind::Class];
    around(outline, spot, &kinds).map_or(0..spot.document.len_bytes(), |scope| scope.range)
}

/// The innermost function round `range` as long as it is of a comfortable size, else the statements there.
fn comfortable(outline: &Outline, range: Range<usize>) -> Range<usize> {
    let function = outline.function_around(range.clone()).map(|scope| scope.range);
    function.filter(|lines| lines.len() <= COMFORTABLE).unwrap_or_else(|| outline.statement(range))
}

fn around(outline: &Outline, spot: &Spot, kinds: &[ScopeKind]) -> Option<Scope> {
    outline.around(spot.range.clone()).into_iter().find(|scope| kinds.contains(&scope.kind))
}

/// A blank line is filled in; behind any other line something is put in.
fn next(spot: &Spot) -> Range<usize> {
    let lines = spot.lines();
    if spot.document.slice(lines.clone()).trim().is_empty() { lines } else { lines.end..lines.end }
}

/// An aim at `range` of the spot's own document.
fn here(spot: &Spot, outline: &Outline, range: Range<usize>) -> Aim {
    let document = &spot.document;
    let label = spot.label();
    let mut request = Request::new(Task::Custom(String::new()), &label, "");
    request.language = document.language().to_owned();
    request.enclosing = enclosing(document, outline, &range);
    request.imports = outline.imports().iter().map(|import| document.slice(import.clone())).collect();
    request.signatures = outline.signatures(range.clone(), SIGNATURES);
    let target = Target { label, document: document.clone(), open: true, is_new: false, range };
    Aim { target, request }
}

/// The headers of what encloses `range`, the outermost first.
fn enclosing(document: &Document, outline: &Outline, range: &Range<usize>) -> String {
    let outside =
        |scope: &&Scope| scope.range.start < range.start && scope.range.end >= range.end && scope.range != *range;
    let scopes = outline.around(range.clone());
    let named = scopes.iter().filter(outside).filter(|scope| scope.kind != ScopeKind::Block);
    let headers: Vec<_> = named.map(|scope| document.slice(scope.header.clone())).collect();
    headers.iter().rev().map(|header| format!("{}\n", header.trim_end())).collect()
}

/// A function or class with its documentation: all of it where that is short, else its head.
fn documented(spot: &Spot, outline: &Outline) -> Result<Aim, EditError> {
    let kinds = [ScopeKind::Function, ScopeKind::Method, ScopeKind::Class, ScopeKind::Module];
    let found = around(outline, spot, &kinds).and_then(|scope| Some((outline.doc_place(&scope)?, scope)));
    let (place, scope) = found.ok_or_else(|| EditError::Place {
        action: Builtin::Document.id().to_owned(),
        reason: "no function or class encloses the cursor".to_owned(),
    })?;
    let range = if scope.range.len() <= COMFORTABLE {
        scope.range
    } else {
        let head = scope.doc.as_ref().map_or(scope.header.end, |doc| doc.end.max(scope.header.end));
        scope.range.start..spot.document.whole_lines(head..head).end
    };
    let mut aim = here(spot, outline, range);
    aim.request.doc_style = match place.style {
        DocStyle::Lines(mark) => format!("lines that begin with `{mark}`"),
        DocStyle::Block => "a `/** */` comment".to_owned(),
        DocStyle::Docstring => "a docstring in three double quotes".to_owned(),
    };
    Ok(aim)
}

/// Where the tests go: in the same file or in the one that the language's convention names.
fn tested(spot: &Spot, outline: &Outline, documents: &dyn OpenDocuments) -> Result<Aim, EditError> {
    let label = spot.label();
    let subject = subject(spot, outline);
    let subject = spot.document.slice(if subject.len() <= COMFORTABLE { subject } else { spot.lines() });
    let mut aim = match test_place(outline.grammar(), &label, outline, &spot.document) {
        TestPlace::Here { at, inside_module, test_file } => {
            let mut aim = here(spot, outline, at..at);
            let module =
                around_byte(outline, at).filter(|_| inside_module).map(|scope| spot.document.slice(scope.range));
            let convention = match (inside_module, test_file) {
                (true, _) => "inside the module of tests that is there".to_owned(),
                (false, true) => "at the end of this file of tests".to_owned(),
                (false, false) => {
                    "in a new `#[cfg(test)] mod tests` with `use super::*;` at the end of the file".to_owned()
                }
            };
            aim.request.tests = Some(Tests { path: label, convention, existing: module.unwrap_or_default() });
            aim
        }
        TestPlace::Other { candidates } => elsewhere(spot, outline, documents, &candidates)?,
    };
    aim.request.subject = subject;
    Ok(aim)
}

fn around_byte(outline: &Outline, at: usize) -> Option<Scope> {
    outline.around(at..at).into_iter().find(|scope| scope.kind == ScopeKind::Module)
}

/// The end of the first of `candidates` that is there, or the first as a new file.
fn elsewhere(
    spot: &Spot,
    outline: &Outline,
    documents: &dyn OpenDocuments,
    candidates: &[String],
) -> Result<Aim, EditError> {
    let nowhere = || EditError::Place {
        action: Builtin::Test.id().to_owned(),
        reason: "the file lies in no folder of the workspace, so its tests have no place".to_owned(),
    };
    let root = spot.workspace.as_deref().ok_or_else(nowhere)?;
    let language = spot.document.language();
    let found = candidates.iter().find_map(|path| {
        let uri = uri_in(root, path)?;
        if let Some(document) = documents.open(&uri) {
            return Some((path.clone(), document, true));
        }
        let text = aside_index::read(root, path, TEST_FILE_BYTES).ok()?;
        Some((path.clone(), Document::open(&uri, language, 0, &text).ok()?, false))
    });
    let mut aim = here(spot, outline, 0..0);
    let existing = found.as_ref().map(|(_, document, _)| document.text()).unwrap_or_default();
    aim.target = match found {
        Some((label, document, open)) => {
            let end = document.len_bytes();
            Target { label, document, open, is_new: false, range: end..end }
        }
        None => {
            let label = candidates.first().cloned().ok_or_else(nowhere)?;
            let uri = uri_in(root, &label).ok_or_else(nowhere)?;
            let document = Document::open(&uri, language, 0, "").map_err(|_| nowhere())?;
            Target { label, document, open: false, is_new: true, range: 0..0 }
        }
    };
    let convention = if aim.target.is_new { "a new file" } else { "at its end" };
    aim.request.tests = Some(Tests { path: aim.target.label.clone(), convention: convention.to_owned(), existing });
    aim.request.path = aim.target.label.clone();
    Ok(aim)
}

/// The code of `target` and what stands round it, put into `request`.
pub(super) fn surround(request: &mut Request, target: &Target) {
    let (document, range) = (&target.document, &target.range);
    let line_start = |byte: usize| document.whole_lines(byte..byte).start;
    let from = line_start(range.start.saturating_sub(AROUND)).min(range.start);
    let to = document
        .whole_lines((range.end + AROUND).min(document.len_bytes())..(range.end + AROUND).min(document.len_bytes()))
        .end;
    request.code = document.slice(range.clone());
    request.line = u32::try_from(document.line_of(range.start) + 1).unwrap_or(u32::MAX);
    request.before = document.slice(from..range.start);
    request.after = document.slice(range.end..to.max(range.end));
}
