//! What the egress rules said of a document, kept for a moment: a person types many letters in a second, and asking takes
//! two dozen looks at the disk.
//!
//! No clock: the instant comes in.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Duration,
};

use aside_index::LeftOut;
use aside_text::Document;
use tokio::time::Instant;

/// How long a verdict holds: a rule that was just written is obeyed after this at the latest.
const HOLDS: Duration = Duration::from_secs(2);
/// Verdicts kept.
const KEPT: usize = 32;

/// The latest verdicts.
#[derive(Default)]
pub(super) struct Verdicts(VecDeque<Verdict>);

struct Verdict {
    uri: String,
    workspace: Option<PathBuf>,
    at: Instant,
    said: Result<(), LeftOut>,
}

impl Verdicts {
    /// What was said of `document` lately.
    pub(super) fn recall(
        &self,
        document: &Document,
        workspace: Option<&Path>,
        now: Instant,
    ) -> Option<Result<(), LeftOut>> {
        let fits = |one: &&Verdict| one.uri == document.uri() && one.workspace.as_deref() == workspace;
        let holds = |one: &&Verdict| now.saturating_duration_since(one.at) < HOLDS;
        self.0.iter().rev().find(fits).filter(holds).map(|one| one.said.clone())
    }

    /// Keeps what was said; the oldest goes when there are too many.
    pub(super) fn keep(
        &mut self,
        document: &Document,
        workspace: Option<&Path>,
        now: Instant,
        said: Result<(), LeftOut>,
    ) {
        let (uri, workspace) = (document.uri().to_owned(), workspace.map(Path::to_path_buf));
        self.0.retain(|one| one.uri != uri || one.workspace != workspace);
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Verdict { uri, workspace, at: now, said });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_holds_for_a_moment_for_its_document_and_workspace() {
        let document = |uri| Document::open(uri, "", 1, "").expect("an empty text");
        let (here, other) = (document("file:///w/a"), document("file:///w/b"));
        let (mut verdicts, now) = (Verdicts::default(), Instant::now());
        verdicts.keep(&here, Some(Path::new("/w")), now, Ok(()));
        let recall = |document, workspace, later| verdicts.recall(document, workspace, now + later).is_some();
        assert!(recall(&here, Some(Path::new("/w")), HOLDS / 2));
        assert!(!recall(&here, Some(Path::new("/w")), HOLDS));
        assert!(!recall(&here, None, Duration::ZERO) && !recall(&other, Some(Path::new("/w")), Duration::ZERO));
    }
}
