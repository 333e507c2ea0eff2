//! What goes along with a message: attachments and the document in front of the person.
//!
//! Everything passes the egress rules of `index`. What a person attached and may not leave is an error that names it;
//! what the editor merely shows is left out. The budget is shared: what the person attached comes first.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use aside_index::{LeftOut, ReadError};
use aside_sessions::Attachment;
use aside_text::Document;

use super::Ask;
use crate::egress;

/// Lines sent round the cursor of an open document of which nothing is selected.
const FOCUS_BYTES: usize = 8 * 1024;

/// The longest label, in characters: more than a path needs.
const LABEL_CHARS: usize = 512;

/// Something that a person attached.
#[derive(Debug, Clone)]
pub enum Attach {
    /// An open document, or bytes of it.
    Document {
        /// The snapshot.
        document: Document,
        /// The part; `None` for the whole.
        range: Option<Range<usize>>,
        /// What to call it instead of its path and lines.
        label: Option<String>,
    },
    /// A file of the workspace, as it is on disk.
    File {
        /// Absolute path.
        path: PathBuf,
    },
    /// Text from elsewhere, such as a terminal.
    Text {
        /// What to call it.
        label: String,
        /// The text.
        text: String,
    },
}

/// The document in front of the person.
#[derive(Debug, Clone)]
pub struct Focus {
    /// The snapshot.
    pub document: Document,
    /// The selected bytes; empty at a bare cursor, `None` when the editor does not tell.
    pub selection: Option<Range<usize>>,
}

/// Why an attachment cannot go along.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The egress rules keep it here.
    #[error("`{path}` is not attached: the rule `{rule}` keeps it on this machine")]
    Withheld {
        /// The path.
        path: String,
        /// The rule.
        rule: String,
    },
    /// It cannot be read.
    #[error("the attachment is not readable: {0}")]
    Read(#[from] ReadError),
    /// It lies in no open workspace.
    #[error("`{}` is not attached: it lies outside the workspace", .0.display())]
    Outside(PathBuf),
    /// Together the attachments are too long.
    #[error("the attachments have {bytes} bytes or more; at most {limit} go along with a message")]
    TooLong {
        /// The length of those that were looked at, which is too long already.
        bytes: usize,
        /// `chat.context_bytes`.
        limit: usize,
    },
}

impl AttachError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Withheld { .. } => "withheld",
            Self::Read(_) => "attachment-unreadable",
            Self::Outside(_) => "attachment-outside",
            Self::TooLong { .. } => "attachments-too-long",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Withheld { .. } => {
                "leave it out: secret files and files named in ignore files are never sent".to_owned()
            }
            Self::Read(_) => "check the path, or open the file in the editor and attach it from there".to_owned(),
            Self::Outside(_) => "open the file in the editor, or open its folder as a workspace".to_owned(),
            Self::TooLong { .. } => "attach a selection instead, or raise `chat.context_bytes`".to_owned(),
        }
    }
}

/// Reads and checks everything that goes along with `ask`, at most `limit` bytes.
pub(super) async fn resolve(ask: &Ask, limit: usize) -> Result<Vec<Attachment>, AttachError> {
    let mut resolved = Vec::with_capacity(ask.attachments.len() + 1);
    let mut bytes = 0;
    for attach in &ask.attachments {
        let attachment = attached(attach, ask, limit).await?;
        bytes += attachment.text.len();
        // At once: many large ones must not be held together only to be refused.
        if bytes > limit {
            return Err(AttachError::TooLong { bytes, limit });
        }
        resolved.push(attachment);
    }
    if let Some(focus) = focused(ask, limit - bytes) {
        resolved.push(focus);
    }
    for attachment in &mut resolved {
        attachment.label = one_line(&attachment.label);
    }
    Ok(resolved)
}

/// A label as one short line, so that neither a file's name nor a client can word a part of the conversation with it.
fn one_line(label: &str) -> String {
    label.chars().take(LABEL_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

async fn attached(attach: &Attach, ask: &Ask, limit: usize) -> Result<Attachment, AttachError> {
    match attach {
        Attach::Text { label, text } => Ok(Attachment { label: label.clone(), uri: None, text: text.clone() }),
        Attach::Document { document, range, label } => {
            let path = egress::name_of(document, ask.workspace.as_deref());
            egress::allows_document(document, ask.workspace.as_deref()).map_err(|kept| withheld(&path, &kept))?;
            let mut attachment = part(document, range.clone(), &path);
            if let Some(label) = label {
                attachment.label.clone_from(label);
            }
            Ok(attachment)
        }
        Attach::File { path } => file(path.clone(), ask.workspace.clone(), limit).await,
    }
}

async fn file(path: PathBuf, workspace: Option<PathBuf>, limit: usize) -> Result<Attachment, AttachError> {
    // It reads ignore files and the file, which may take its time.
    let read = tokio::task::spawn_blocking(move || read_file(&path, workspace.as_deref(), limit as u64)).await;
    // The blocking task is never aborted: it can only have panicked.
    read.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn read_file(path: &Path, workspace: Option<&Path>, limit: u64) -> Result<Attachment, AttachError> {
    let outside = || AttachError::Outside(path.to_path_buf());
    let root = workspace.or_else(|| path.parent()).ok_or_else(outside)?;
    let relative = egress::inside(root, path).ok_or_else(outside)?;
    let withheld = |kept: LeftOut| withheld(&relative, &kept);
    egress::allows(path, workspace).map_err(withheld)?;
    let text = aside_index::read(root, &relative, limit).map_err(|error| match error {
        ReadError::Withheld(kept) => withheld(kept),
        error => error.into(),
    })?;
    let uri = url::Url::from_file_path(path).ok().map(String::from);
    Ok(Attachment { label: relative, uri, text })
}

/// The selection, or what stands round the cursor; nothing when it may not leave or is attached already.
fn focused(ask: &Ask, room: usize) -> Option<Attachment> {
    let Focus { document, selection } = ask.focus.as_ref()?;
    let path = egress::name_of(document, ask.workspace.as_deref());
    let already =
        |attach: &Attach| matches!(attach, Attach::Document { document: other, .. } if other.uri() == document.uri());
    if egress::allows_document(document, ask.workspace.as_deref()).is_err() || ask.attachments.iter().any(already) {
        return None;
    }
    let range = match selection {
        Some(selected) if !selected.is_empty() => selected.clone(),
        other => {
            let at = other.as_ref().map_or(0, |cursor| cursor.start);
            let window = document.window(at, FOCUS_BYTES / 2, FOCUS_BYTES / 2);
            at - window.prefix.len()..at + window.suffix.len()
        }
    };
    let attachment = part(document, Some(range), &path);
    (attachment.text.len() <= room && !attachment.text.trim().is_empty()).then_some(attachment)
}

fn part(document: &Document, range: Option<Range<usize>>, path: &str) -> Attachment {
    let whole = 0..document.len_bytes();
    let range = range.unwrap_or_else(|| whole.clone());
    let text = document.slice(range.clone());
    let label = if range == whole {
        path.to_owned()
    } else {
        let last = range.start + text.trim_end_matches(['\n', '\r']).len();
        format!("{path}:{}-{}", document.line_of(range.start) + 1, document.line_of(last) + 1)
    };
    Attachment { label, uri: Some(document.uri().to_owned()), text }
}

fn withheld(path: &str, kept: &LeftOut) -> AttachError {
    AttachError::Withheld { path: path.to_owned(), rule: kept.rule.to_owned() }
}
