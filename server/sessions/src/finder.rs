//! Finding what was said: keeps the searchable text of conversations up to date with the store, in memory and only while the key
//! is at hand. Owns which messages are in it; how text is matched is `search`'s.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    MessageState, SessionError, SessionId, SessionInfo, State, WorkspaceId,
    search::{Corpus, Hit, MAX_QUERY_CHARS, Snippet, snippet},
    store::Store,
};

/// Sessions read in one page of the list.
const PAGE: usize = 200;
/// Messages read at a time.
const MESSAGES: usize = 500;

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The session.
    pub session: SessionInfo,
    /// The message in it.
    pub n: u64,
    /// Who said it.
    pub role: aside_model::Role,
    /// When.
    pub at: Timestamp,
    /// The place, with what was looked for.
    pub snippet: Snippet,
}

/// What a search gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// The best first.
    pub matches: Vec<Match>,
    /// Whether some messages could not be looked at: there was no room for them, or their session is damaged.
    pub partial: bool,
}

/// The searchable text, and how much of each session is in it.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    // A plain lock, held for one step of work in memory.
    text: Mutex<Text>,
    /// One at a time brings it up to date.
    updating: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Text {
    corpus: Corpus,
    /// What each session looked like when it was read: what was taken back since must not be found.
    read: HashMap<SessionId, Read>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Read {
    updated: Timestamp,
    messages: u64,
    hidden: usize,
}

impl Finder {
    /// Forgets and wipes everything.
    pub(crate) fn forget(&self) {
        *self.text() = Text::default();
    }

    /// Up to `limit` messages of one workspace or of all that have every word of `query`.
    pub(crate) async fn find(
        &self,
        store: &Store,
        workspace: Option<&WorkspaceId>,
        query: &str,
        limit: usize,
    ) -> Result<Matches, SessionError> {
        let length = query.chars().count();
        if query.trim().is_empty() {
            return Err(SessionError::Empty { field: "query", max: MAX_QUERY_CHARS });
        }
        if length > MAX_QUERY_CHARS {
            return Err(SessionError::TooLong { field: "query", length, max: MAX_QUERY_CHARS, unit: "characters" });
        }
        let sessions = self.update(store, workspace).await?;
        let mut partial = sessions.values().any(|info| matches!(info.state, State::Damaged | State::Locked));
        let hits: Vec<Hit> = {
            let text = self.text();
            partial |= text.corpus.is_partial();
            let hits = text.corpus.find(query, usize::MAX);
            hits.into_iter().filter(|hit| sessions.contains_key(&hit.session)).take(limit).collect()
        };
        let mut matches = Vec::new();
        for hit in hits {
            let Some(session) = sessions.get(&hit.session) else { continue };
            // The message is read once more: the text that is searched is not the text that is shown.
            let opened = store.open(hit.session, 1, Some(hit.n + 1)).await?;
            let Some(message) = opened.messages.into_iter().find(|message| message.n == hit.n) else { continue };
            let snippet = snippet(&message.text, query);
            matches.push(Match { session: session.clone(), n: hit.n, role: hit.role, at: message.at, snippet });
        }
        Ok(Matches { matches, partial })
    }

    /// Reads what came since. Gives the sessions there are.
    async fn update(
        &self,
        store: &Store,
        workspace: Option<&WorkspaceId>,
    ) -> Result<HashMap<SessionId, SessionInfo>, SessionError> {
        let _one_at_a_time = self.updating.lock().await;
        let mut sessions = HashMap::new();
        let mut cursor = None;
        loop {
            let page = store.list(workspace.cloned(), PAGE, cursor).await?;
            for info in page.sessions {
                self.read(store, &info).await?;
                sessions.insert(info.id, info);
            }
            match page.cursor {
                Some(next) => cursor = Some(next.parse()?),
                None => break,
            }
        }
        Ok(sessions)
    }

    async fn read(&self, store: &Store, info: &SessionInfo) -> Result<(), SessionError> {
        if info.state == State::Locked {
            self.text().corpus.forget(info.id);
            return Ok(());
        }
        let hidden = match store.hidden(info.id).await {
            // What cannot be read now cannot be found; the list says what is the matter with it.
            Err(SessionError::Damaged { .. } | SessionError::Unknown { .. }) => return Ok(()),
            other => other?,
        };
        let now = Read { updated: info.updated, messages: info.messages, hidden };
        {
            let mut text = self.text();
            match text.read.get(&info.id) {
                Some(before) if *before == now => return Ok(()),
                Some(before) if before.hidden != hidden => text.corpus.forget(info.id),
                _ => {}
            }
        }
        // Backwards to what is known, then forwards into the corpus.
        let known = self.text().corpus.known(info.id);
        let (mut fresh, mut before) = (Vec::new(), None);
        loop {
            let opened = store.open(info.id, MESSAGES, before).await?;
            let reached = opened.messages.first().is_none_or(|message| message.n < known);
            fresh.splice(0..0, opened.messages.into_iter().filter(|message| message.n >= known));
            before = opened.before;
            if reached || before.is_none() {
                break;
            }
        }
        let mut text = self.text();
        // One that is still being said is found once it is whole.
        let whole = fresh.into_iter().take_while(|message| message.state != MessageState::Streaming);
        for message in whole {
            text.corpus.add(info.id, message.n, message.role, &message.text);
        }
        text.read.insert(info.id, now);
        Ok(())
    }

    fn text(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
