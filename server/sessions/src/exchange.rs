//! Conversations out to a file and in from one, over the door of [`Sessions`].
//!
//! Owns how a conversation of any length is read for that without being held, and what an imported one is called. The forms of
//! files are `transfer`'s; which file it is, is for others to say.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::{
    Damage, SessionError, SessionId, SessionInfo, Sessions, WorkspaceId, title,
    transfer::{Bounds, Export, Form, ImportError, parse},
};

/// Messages read at a time.
const PAGE: u32 = 100;
/// What a conversation is called that has no title and no words to take one from.
const UNTITLED: &str = "Imported conversation";

/// A conversation could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be read.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What it is written to failed.
    #[error("the conversation could not be written: {0}")]
    Write(#[from] io::Error),
}

/// A file could not be made a conversation. Nothing of it was taken.
#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    /// It is none.
    #[error(transparent)]
    File(#[from] ImportError),
    /// The store does not take it.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl NotImported {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Session(error) => error.code(),
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::File(error) => error.hint(),
            Self::Session(error) => error.hint(),
        }
    }
}

impl Sessions {
    /// Writes a conversation to `out`, a page of messages at a time, and gives `out` back with what is wrong with the rows that
    /// were read. An answer that is being given is written as far as it was saved.
    ///
    /// # Errors
    /// There is no such session, it cannot be read, or `out` failed.
    pub async fn export<W: Write + Send>(
        &self,
        id: SessionId,
        form: Form,
        out: W,
    ) -> Result<(W, Vec<Damage>), ExportError> {
        let (session, places) = self.pages(id).await?;
        let mut export = Export::begin(form, out, &session)?;
        let mut damage = Vec::new();
        for before in places.into_iter().rev() {
            let page = self.open(id, PAGE, before).await?;
            export.messages(&page.messages)?;
            damage.extend(page.damage);
        }
        damage.sort_unstable();
        damage.dedup();
        Ok((export.finish()?, damage))
    }

    /// The session, and what asks for each of its pages, the last one first. A page is read backwards from its end: where they
    /// begin is known only once all were looked at.
    async fn pages(&self, id: SessionId) -> Result<(SessionInfo, Vec<Option<u64>>), SessionError> {
        let last = self.open(id, PAGE, None).await?;
        // What is said meanwhile must not push the last page over its neighbour. What is only in memory comes with no number.
        let end = last.messages.last().filter(|_| !last.session.unsaved).map(|message| message.n + 1);
        let (mut places, mut before) = (vec![end], last.before);
        while let Some(place) = before {
            places.push(before);
            before = self.open(id, PAGE, Some(place)).await?.before;
        }
        Ok((last.session, places))
    }

    /// Makes a session of a file that [`export`](Self::export) wrote as JSON. Without a `title` it has the file's, or one of its
    /// first message. Its messages are marked as imported: anybody may have written them.
    ///
    /// # Errors
    /// The file is no conversation, or the store does not take another one.
    pub async fn import_file(
        &self,
        workspace: &WorkspaceId,
        title: Option<&str>,
        file: Vec<u8>,
    ) -> Result<SessionInfo, NotImported> {
        // Before the work: a title that does not fit is told at once.
        let title = title.map(title::given).transpose()?;
        let usual = Bounds::at(Timestamp::now());
        let bounds = Bounds { question_chars: usual.question_chars.max(self.longest_message()), ..usual };
        let parsed = tokio::task::spawn_blocking(move || parse(&file, &bounds)).await;
        let imported = parsed.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?;
        let named = || title::given(&imported.title).ok();
        let taken = || imported.messages.first().map(|message| title::taken(&message.text));
        let title = title.or_else(named).or_else(taken).filter(|title| !title.is_empty());
        Ok(self.import(workspace, title.as_deref().unwrap_or(UNTITLED), imported.messages).await?)
    }
}
