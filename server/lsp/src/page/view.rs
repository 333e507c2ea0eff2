//! What is known of a page at any time, without asking its task: enough to offer what can be done.

use aside_sessions::{Opened, SessionId};

use super::sheet::{self, Live};
use crate::convert;

/// How many other conversations are offered.
pub(super) const RECENT: usize = 5;
/// The most characters of a title in a menu.
const TITLE: usize = 48;

/// A page as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    /// An answer is being given.
    pub(super) answering: bool,
    /// The last answer was cut off.
    pub(super) cut_off: bool,
    /// There are messages before those that are shown.
    pub(super) earlier: bool,
    /// How many messages are shown at most.
    pub(super) limit: u32,
    /// The address of the conversation's folder.
    pub(super) workspace: Option<String>,
    /// Other conversations of the folder with their titles, the last changed first.
    pub(super) recent: Vec<(SessionId, String)>,
}

impl View {
    /// What `opened` and an answer that is being given look like.
    pub(super) fn of(opened: &Opened, live: Option<&Live>, limit: u32, recent: &[(SessionId, String)]) -> Self {
        let workspace = convert::session(opened.session.clone()).workspace;
        Self {
            answering: sheet::is_answering(opened, live),
            cut_off: sheet::is_cut_off(opened, live),
            earlier: opened.before.is_some(),
            limit,
            workspace: (!workspace.is_empty()).then_some(workspace),
            recent: recent.to_vec(),
        }
    }
}

/// A title in a menu.
pub(super) fn short(title: &str) -> String {
    let clean: String = title.chars().filter(|one| !one.is_control()).take(TITLE).collect();
    if clean.is_empty() { "a conversation without a title".to_owned() } else { clean }
}
