//! Edits as documents to look at: a diff as a private file, and what a file would say as a document of the scheme `aside`.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aside_assist::edit::{Desk, EditId, File, Proposal, guard};

use crate::Papers;

/// The scheme of documents that are no files.
pub(crate) const SCHEME: &str = "aside";

/// The address of the text that the file number `n` of an edit would have.
pub(super) fn proposed_uri(proposal: &Proposal, n: usize) -> String {
    let label = proposal.files.get(n).map_or("", |file| &file.label);
    let name = label.rsplit('/').next().unwrap_or_default();
    let mut uri = url::Url::parse(&format!("{SCHEME}:/")).expect("a fixed address");
    uri.set_path(&format!("/edit/{}/{n}/{name}", proposal.id));
    uri.into()
}

/// The text of a document of the scheme `aside`: `/edit/e1.diff`, or `/edit/e1/0/name`.
pub(super) fn text(desk: &Desk, uri: &str) -> Option<String> {
    let uri = url::Url::parse(uri).ok().filter(|uri| uri.scheme() == SCHEME)?;
    let path = uri.path().strip_prefix("/edit/")?;
    if let Some(id) = path.strip_suffix(".diff").filter(|id| !id.contains('/')) {
        return Some(diff(&desk.show(id.parse().ok()?).ok()?));
    }
    let mut parts = path.splitn(3, '/');
    let id: EditId = parts.next()?.parse().ok()?;
    let n: usize = parts.next()?.parse().ok()?;
    desk.show(id).ok()?.files.get(n).map(File::proposed)
}

/// The diff documents of one editor: where each lies, and its address.
#[derive(Default)]
// Held for a look or a change only.
pub(crate) struct Diffs(Mutex<BTreeMap<EditId, (PathBuf, String)>>);

impl Diffs {
    /// Writes or writes anew the diff document of an edit; gives its address. Blocks.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub(crate) fn write(&self, papers: &dyn Papers, proposal: &Proposal) -> Result<String, String> {
        let text = diff(proposal);
        let known = self.lock().get(&proposal.id).cloned();
        if let Some((path, uri)) = known {
            papers.replace(&path, &text).map_err(|refused| refused.message)?;
            return Ok(uri);
        }
        let path = papers.create(&stem(proposal), "diff", &text).map_err(|refused| refused.message)?;
        let uri = url::Url::from_file_path(&path).map(String::from);
        let uri = uri.map_err(|()| "its path is no address".to_owned())?;
        self.lock().insert(proposal.id, (path, uri.clone()));
        Ok(uri)
    }

    /// Removes the diff document of an edit, where there is one. Blocks.
    pub(super) fn remove(&self, papers: &dyn Papers, id: EditId) {
        let known = self.lock().remove(&id);
        if let Some((path, _)) = known {
            papers.remove(&path);
        }
    }

    /// The edit whose diff document is `uri`.
    pub(crate) fn edit(&self, uri: &str) -> Option<EditId> {
        self.lock().iter().find(|(_, (_, known))| known == uri).map(|(id, _)| *id)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EditId, (PathBuf, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the name of the diff document's file begins with.
fn stem(proposal: &Proposal) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = proposal.title.chars().map(plain).collect();
    let words = words.split('-').filter(|word| !word.is_empty()).take(5).collect::<Vec<_>>().join("-");
    format!("{}-{}", proposal.id, &words[..words.len().min(40)])
}

/// The diff document: what it is, what to know, and the change.
fn diff(proposal: &Proposal) -> String {
    let mut text = format!("# Aside: {}\n# {}.", guard::escape_line(&proposal.title), super::counted(proposal));
    text.push_str(" Accept or reject with the code actions here, or at the places in the code.\n");
    if proposal.files.len() > 1 {
        for file in &proposal.files {
            let new = if file.is_new { " (new)" } else { "" };
            text.push_str(&format!("#   {}{new}\n", guard::escape_line(&file.label)));
        }
    }
    for file in &proposal.files {
        let warnings = file.warnings.iter().chain(file.hunks.iter().flat_map(|hunk| &hunk.warnings));
        for warning in warnings {
            text.push_str(&format!("# Attention: {}: {}\n", guard::escape_line(&file.label), warning.message));
        }
    }
    for note in &proposal.notes {
        for line in note.lines() {
            text.push_str(&format!("# {}\n", guard::escape_line(line)));
        }
    }
    text.push('\n');
    text.push_str(&proposal.diff());
    text
}
