//! Conversations as files that leave the program and come back.
//!
//! Owns the two forms: Markdown for people, and versioned JSON that [`parse`] reads. Pure: pages of messages go in and text comes
//! out, or bytes go in and a conversation comes out; which file that is, and where the conversation is then kept, is for others
//! to say.
//!
//! What was imported was written by anybody. It is checked to be a conversation and nothing more: identities, numbers and the
//! workspace of the file are not taken over, nobody but the person and a model speaks in it, and its text is data. What a model
//! summed up earlier is among it, as data as well.

mod error;
mod json;
mod markdown;
mod parse;
mod row;

use std::io::{self, Write};

pub use error::ImportError;
pub use parse::{Bounds, Imported, parse};

use crate::{SessionInfo, StoredMessage};

/// How a conversation is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// For people.
    Markdown,
    /// For programs; [`parse`] reads it.
    Json,
}

/// Writes a conversation, page by page: no more than a message is held.
#[derive(Debug)]
pub struct Export<W> {
    form: Form,
    out: W,
    first: bool,
}

impl<W: Write> Export<W> {
    /// Writes the head of a conversation. Its workspace stays behind: the path of a folder says more about a person than
    /// whoever shares a conversation may want to tell.
    ///
    /// # Errors
    /// `out` failed.
    pub fn begin(form: Form, mut out: W, session: &SessionInfo) -> io::Result<Self> {
        match form {
            Form::Markdown => markdown::head(&mut out, session)?,
            Form::Json => json::head(&mut out, session)?,
        }
        Ok(Self { form, out, first: true })
    }

    /// Writes the next messages, oldest first.
    ///
    /// # Errors
    /// `out` failed.
    pub fn messages(&mut self, page: &[StoredMessage]) -> io::Result<()> {
        for message in page {
            match self.form {
                Form::Markdown => markdown::message(&mut self.out, message)?,
                Form::Json => json::message(&mut self.out, message, self.first)?,
            }
            self.first = false;
        }
        Ok(())
    }

    /// Writes the end, and gives back what it was written to.
    ///
    /// # Errors
    /// `out` failed.
    pub fn finish(mut self) -> io::Result<W> {
        if self.form == Form::Json {
            json::tail(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A whole conversation as Markdown.
pub fn markdown(session: &SessionInfo, messages: &[StoredMessage]) -> String {
    whole(Form::Markdown, session, messages)
}

/// A whole conversation as JSON.
pub fn json(session: &SessionInfo, messages: &[StoredMessage]) -> String {
    whole(Form::Json, session, messages)
}

fn whole(form: Form, session: &SessionInfo, messages: &[StoredMessage]) -> String {
    let written = Export::begin(form, Vec::new(), session).and_then(|mut export| {
        export.messages(messages)?;
        export.finish()
    });
    String::from_utf8(written.expect("memory takes what is written")).expect("both forms are UTF-8")
}

#[cfg(test)]
mod tests;
