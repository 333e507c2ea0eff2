//! `aside session export`, `import`: conversations as files.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, stdin},
    path::Path,
};

use aside_sessions::{Damage, ExportError, SessionId, transfer::Form};
use aside_storage::{StorageError, private::NewFile};

use super::{find, here, info_json, plural, show};
use crate::{
    cli::ExportFormat,
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// The most bytes that are read of a file; more is refused by its length.
const MOST: u64 = 64 * 1024 * 1024 + 1;

pub(super) async fn export(
    app: &App,
    id: &str,
    format: ExportFormat,
    output: Option<&Path>,
    force: bool,
) -> Result<(), Failure> {
    let id = find(app, id).await?;
    let form = match format {
        ExportFormat::Markdown => Form::Markdown,
        ExportFormat::Json => Form::Json,
    };
    let damage = match output {
        Some(path) => to_file(app, id, form, path, force).await?,
        None => to_terminal(app, id, form).await?,
    };
    show::complain(id, &damage);
    Ok(())
}

async fn to_terminal(app: &App, id: SessionId, form: Form) -> Result<Vec<Damage>, Failure> {
    match app.sessions.export(id, form, terminal::out()).await {
        // Nobody reads any more.
        Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Vec::new()),
        other => Ok(other?.1),
    }
}

async fn to_file(app: &App, id: SessionId, form: Form, path: &Path, force: bool) -> Result<Vec<Damage>, Failure> {
    // Before the work, and once more when the file gets its name.
    if !force && path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let file = NewFile::begin(path).map_err(|error| unwritten(&error))?;
    let (file, damage) = app.sessions.export(id, form, file).await?;
    file.keep(force).map_err(|error| match error {
        StorageError::Exists { .. } => exists(path),
        error => unwritten(&error),
    })?;
    let what = format!("wrote `{}`, which only you may read", path.display());
    terminal::line(&format!("{} {}", styled(Style::Good, "✓"), visible(&what)));
    Ok(damage)
}

fn exists(path: &Path) -> Failure {
    let message = format!("`{}` exists; nothing was written", path.display());
    Failure::new(Exit::Usage, message, "give another name, or `--force` to replace it")
}

fn unwritten(error: &StorageError) -> Failure {
    Failure::new(Exit::Failed, error.to_string(), "write it to another folder")
}

pub(super) async fn import(app: &App, path: &Path, title: Option<&str>, json: bool) -> Result<(), Failure> {
    let bytes = read(path).map_err(|error| unread(path, &error))?;
    let info = app.sessions.import_file(&here()?, title, bytes).await?;
    if json {
        terminal::json(&info_json(&info));
        return Ok(());
    }
    let what = format!("imported {} as {}  {}", plural(info.messages, "message"), info.id, info.title);
    terminal::line(&format!("{} {}", styled(Style::Good, "✓"), visible(&what)));
    terminal::line(&styled(Style::Dim, "it is marked as imported: anybody may have written what stands in it"));
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        stdin().lock().take(MOST).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn unread(path: &Path, error: &io::Error) -> Failure {
    let exit = if error.kind() == ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
    Failure::new(
        exit,
        format!("`{}` cannot be read: {error}", path.display()),
        "give a file of `aside session export --format json`",
    )
}
