//! What version control says about a workspace: the words for it. The program around the server asks for it.

/// Which changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// What the next commit would hold.
    Staged,
    /// What differs from the last commit.
    All,
    /// What this branch holds beyond the one that it goes into.
    Branch,
}

/// Changes as a unified diff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// The diff, UTF-8, without what may not leave this machine.
    pub text: String,
    /// The files whose changes are not in it, because they may not leave or are too long.
    pub left_out: Vec<String>,
    /// The first lines of the last commits, the newest first.
    pub recent: Vec<String>,
}
