//! `aside/chat/export`, `import`: conversations as text that an editor saves or has opened.

use std::io;

use aside_sessions::{ExportError, SessionId, WorkspaceId, transfer::Form};

use super::{answer, here, workspace_maybe};
use crate::{
    backend::Backend,
    convert,
    errors::Failure,
    params::{Fields, Params},
    protocol::{Exported, OneSession},
    routes::Work,
};

/// The longest text that is exported over this wire, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;

pub(crate) fn export(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let session = fields.session()?;
    let form = form(&mut fields)?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let exported = backend.services.sessions.export(session, form, Bounded::default()).await;
        let (text, damage) = exported.map_err(|error| refused(session, error))?;
        let text = String::from_utf8(text.0).expect("both forms are UTF-8");
        answer(&Exported { text, damage: convert::damage(&damage) })
    }))
}

pub(crate) fn import(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let workspace = workspace_maybe(&mut fields)?.or_else(|| here(backend));
    let text = fields.text("text")?;
    let title = fields.text_maybe("title")?;
    let backend = backend.clone();
    Ok(Box::pin(async move {
        let workspace = WorkspaceId::of(workspace.as_deref());
        let info = backend.services.sessions.import_file(&workspace, title.as_deref(), text.into_bytes()).await?;
        answer(&OneSession { session: convert::session(info) })
    }))
}

fn form(fields: &mut Fields) -> Result<Form, Failure> {
    match fields.text("format")?.as_str() {
        "markdown" => Ok(Form::Markdown),
        "json" => Ok(Form::Json),
        _ => Err(Failure::params("`format` is no format: it takes `markdown` or `json`")),
    }
}

fn refused(session: SessionId, error: ExportError) -> Failure {
    match error {
        ExportError::Session(error) => error.into(),
        ExportError::Write(_) => Failure::new(
            "export-too-large",
            format!("session `{session}` is longer than the 8 MiB that an editor is sent"),
            format!("run `aside session export {session} -o FILE` in a terminal"),
        ),
    }
}

/// Memory that takes no more than an editor is sent.
#[derive(Default)]
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
