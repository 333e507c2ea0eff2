//! Reviews: findings in a model's answer become diagnostics, until they are dealt with.
//!
//! The answer itself is a turn of a conversation, and stays there. A finding follows its lines while the document changes, and is
//! gone when the lines themselves change, when a person dismisses it, or when a newer review of the file comes.

mod outbox;

use std::{
    collections::BTreeMap,
    ops::Range,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use aside_assist::{
    action::{
        Severity, Spot,
        findings::{Finding, Reviewed, findings},
    },
    edit::anchor::{Followed, Replaced, follow, narrow},
};
use aside_sessions::SessionId;
use aside_text::Document;
use serde_json::{Value, json};

use crate::{
    backend::{Backend, Shared},
    convert,
    errors::Failure,
};
pub(crate) use outbox::Watch;

/// What diagnostics of reviews name as their source.
pub(crate) const SOURCE: &str = "Aside review";

/// The findings of one editor.
#[derive(Default)]
pub(crate) struct Reviews {
    // Held for a look or a change only.
    kept: Mutex<BTreeMap<String, Vec<Kept>>>,
    next: AtomicU64,
}

/// A finding where it is now.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) finding: Finding,
    pub(crate) range: Range<usize>,
    document: Document,
}

/// What is reviewed.
#[derive(Debug, Clone)]
pub(crate) struct Reviewing {
    /// Addresses by the names that the model is told.
    files: BTreeMap<String, (String, Document)>,
}

impl Reviewing {
    /// One document.
    pub(crate) fn document(spot: &Spot) -> Self {
        let file = (spot.document.uri().to_owned(), spot.document.clone());
        Self { files: BTreeMap::from([(spot.label(), file)]) }
    }

    /// The files that a unified `diff` names, in the folder `root`, as they are now. Reads the disk.
    pub(crate) fn diff(backend: &Shared, root: &std::path::Path, diff: &str) -> Self {
        let named = diff.lines().filter_map(|line| line.strip_prefix("+++ b/"));
        let file = |path: &str| {
            let full: PathBuf = path.split('/').fold(root.to_path_buf(), |at, part| at.join(part));
            let uri = String::from(url::Url::from_file_path(full).ok()?);
            let open = backend.services.documents.snapshot(&uri);
            let document = match open {
                Some(document) => document,
                None => Document::open(&uri, "", 0, &aside_index::read(root, path, 4 << 20).ok()?).ok()?,
            };
            Some((path.to_owned(), (uri, document)))
        };
        Self { files: named.filter_map(|path| file(path.trim_end())).collect() }
    }

    fn reviewed(&self) -> Vec<Reviewed> {
        let one = |(path, (_, document)): (&String, &(String, Document))| Reviewed {
            path: path.clone(),
            lines: u32::try_from(document.len_lines()).unwrap_or(u32::MAX),
        };
        self.files.iter().map(one).collect()
    }
}

/// Listens in `session` for the answer to the review that is about to be asked for.
///
/// # Errors
/// The session cannot be opened.
pub(crate) async fn watch(backend: &Backend, session: SessionId, reviewing: Reviewing) -> Result<Watch, Failure> {
    let watch = Watch::new(reviewing);
    backend.services.sessions.subscribe(session, &watch.outbox).await?;
    Ok(watch)
}

impl Reviews {
    /// Takes the findings of a whole answer, in place of those that the reviewed files had.
    fn take(&self, backend: &Shared, reviewing: &Reviewing, answer: &str) {
        let read = findings(answer, &reviewing.reviewed(), true);
        for remark in &read.remarks {
            backend.log(&format!("review: {remark}"));
        }
        let mut fresh: BTreeMap<&str, Vec<Kept>> =
            reviewing.files.values().map(|(uri, _)| (uri.as_str(), Vec::new())).collect();
        for finding in read.findings {
            let Some((uri, document)) = reviewing.files.get(&finding.path) else { continue };
            let id = format!("r{}", self.next.fetch_add(1, Ordering::Relaxed) + 1);
            let kept = Kept { id, range: lines(document, &finding), finding, document: document.clone() };
            fresh.entry(uri).or_default().push(kept);
        }
        let addresses: Vec<String> = fresh.keys().map(|uri| (*uri).to_owned()).collect();
        {
            let mut all = lock(&self.kept);
            for (uri, mut kept) in fresh {
                if let Some(now) = backend.services.documents.snapshot(uri) {
                    let mut known = None;
                    kept.retain_mut(|one| one.follow(&now, &mut known));
                }
                all.insert(uri.to_owned(), kept);
            }
        }
        for uri in addresses {
            self.publish(backend, &uri);
        }
    }

    /// The document is another now: findings move along, and those whose lines changed are gone.
    pub(crate) fn changed(&self, backend: &Shared, now: &Document) {
        let gone = {
            let mut all = lock(&self.kept);
            let Some(kept) = all.get_mut(now.uri()) else { return };
            let (before, mut known) = (kept.len(), None);
            kept.retain_mut(|one| one.follow(now, &mut known));
            kept.len() != before
        };
        if gone {
            self.publish(backend, now.uri());
        }
    }

    /// The findings of a document, in the order of the text.
    pub(crate) fn of(&self, uri: &str) -> Vec<Kept> {
        lock(&self.kept).get(uri).cloned().unwrap_or_default()
    }

    /// Forgets a finding, those of a document, or all.
    pub(crate) fn clear(&self, backend: &Shared, uri: Option<&str>, id: Option<&str>) {
        let concerned: Vec<String> = {
            let mut all = lock(&self.kept);
            let mut concerned = Vec::new();
            for (address, kept) in all.iter_mut() {
                let before = kept.len();
                let named = uri.is_none_or(|uri| uri == address);
                kept.retain(|one| !named || id.is_some_and(|id| id != one.id));
                if kept.len() != before {
                    concerned.push(address.clone());
                }
            }
            concerned
        };
        for uri in concerned {
            self.publish(backend, &uri);
        }
    }

    fn publish(&self, backend: &Shared, uri: &str) {
        let kept = self.of(uri);
        let encoding = backend.editor.encoding();
        let diagnostics: Vec<Value> = kept.iter().map(|one| one.diagnostic(encoding)).collect();
        let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
        if let Some(document) = backend.services.documents.snapshot(uri) {
            params["version"] = document.version().into();
        }
        backend.notify("textDocument/publishDiagnostics", &params);
        lock(&self.kept).retain(|_, kept| !kept.is_empty());
    }
}

/// What changed since a text: the findings of a file mostly stand in the same one, and comparing takes its time.
type Known = Option<(Document, Vec<Replaced>)>;

impl Kept {
    /// Follows the document; gives whether the finding is still there.
    fn follow(&mut self, now: &Document, known: &mut Known) -> bool {
        if self.document.same_text(now) {
            return true;
        }
        let (_, changes) = match known.take().filter(|(before, _)| before.same_text(&self.document)) {
            Some(known) => known,
            None => (self.document.clone(), narrow(&self.document.text(), &now.text())),
        };
        let followed = changes.iter().try_fold(self.range.clone(), |range, change| match follow(&range, change) {
            Followed::Moved(range) => Some(range),
            Followed::Touched => None,
        });
        *known = Some((std::mem::replace(&mut self.document, now.clone()), changes));
        self.range = followed.clone().unwrap_or_default();
        followed.is_some()
    }

    fn diagnostic(&self, encoding: aside_text::Encoding) -> Value {
        let Finding { title, detail, severity, .. } = &self.finding;
        let message = if detail.trim().is_empty() { title.clone() } else { format!("{title}\n\n{}", detail.trim()) };
        let number = match severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Information => 3,
            Severity::Hint => 4,
        };
        // Without the line end, so that editors mark the lines and not the one behind.
        let text = self.document.slice(self.range.clone());
        let end = self.range.start + text.trim_end_matches(['\n', '\r']).len();
        json!({
            "range": convert::range(&self.document, &(self.range.start..end), encoding),
            "severity": number,
            "source": SOURCE,
            "message": message,
            "data": { "finding": self.id },
        })
    }
}

/// The bytes of the lines of a finding.
fn lines(document: &Document, finding: &Finding) -> Range<usize> {
    let start = |line: u32| {
        let line = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        document.line_range(line).map_or(document.len_bytes(), |line| line.start)
    };
    let (first, behind) = (start(finding.lines.first), start(finding.lines.last.saturating_add(1)));
    first..behind.max(first)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
