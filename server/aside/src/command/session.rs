//! `aside session`: the conversations that editors and terminals share.

use std::process::ExitCode;

use aside_model::Role;
use aside_sessions::{MessageState, Opened, SessionId, SessionInfo, StoredMessage, WorkspaceId};
use serde_json::{Value, json};

use super::current_root;
use crate::{
    cli::Session,
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// Messages fetched at a time.
const PAGE: u32 = 200;

/// Runs one of the subcommands.
pub(crate) async fn run(app: &App, args: Session) -> Result<ExitCode, Failure> {
    match args {
        Session::List { all, limit, json } => list(app, all, limit, json).await?,
        Session::Show { id, json } => show(app, &id, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(app: &App, all: bool, limit: u32, json: bool) -> Result<(), Failure> {
    let workspace = WorkspaceId::of(Some(&current_root()?));
    let page = app.sessions.list((!all).then_some(&workspace), limit, None).await?;
    if json {
        terminal::json(&page.sessions.iter().map(info_json).collect::<Vec<_>>());
        return Ok(());
    }
    if page.sessions.is_empty() {
        terminal::line("no conversations here yet: start one with `aside chat`, or in your editor");
    }
    for info in &page.sessions {
        let state = match info.state {
            aside_sessions::State::Idle => String::new(),
            other => format!("  [{}]", other.as_str()),
        };
        let detail = format!("{} messages, {}", info.messages, info.updated.strftime("%Y-%m-%d %H:%M UTC"));
        terminal::line(&format!("{}  {}{state}  {}", info.id, visible(&info.title), styled(Style::Dim, &detail)));
    }
    Ok(())
}

async fn show(app: &App, id: &str, json: bool) -> Result<(), Failure> {
    let id = find(app, id).await?;
    let Opened { session, messages, .. } = whole(app, id).await?;
    if json {
        terminal::json(
            &json!({ "session": info_json(&session), "messages": messages.iter().map(message_json).collect::<Vec<_>>() }),
        );
        return Ok(());
    }
    terminal::line(&styled(Style::Bold, &visible(&session.title)));
    messages.iter().for_each(show_message);
    Ok(())
}

/// Prints one message as Markdown under a heading.
pub(crate) fn show_message(message: &StoredMessage) {
    let who = match message.role {
        Role::User => "You",
        Role::Assistant | Role::System => message.model.as_deref().unwrap_or("Aside"),
    };
    let state = match message.state {
        MessageState::Complete => String::new(),
        other => format!(" [{}]", other.as_str()),
    };
    terminal::line(&styled(Style::Bold, &format!("\n## {}{state}", visible(who))));
    for attachment in &message.attachments {
        terminal::line(&styled(Style::Dim, &format!("attached: {}", visible(&attachment.label))));
    }
    terminal::line(&visible(&message.text));
    if let Some(error) = &message.error {
        terminal::line(&styled(Style::Bad, &visible(&format!("{} — {}", error.message, error.hint))));
    }
}

/// The session whose id is, or begins with, `text`.
///
/// # Errors
/// No session, or more than one, fits.
pub(crate) async fn find(app: &App, text: &str) -> Result<SessionId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let all = app.sessions.list(None, 1000, None).await?.sessions;
    let mut fits = all.iter().filter(|info| text.len() >= 4 && info.id.to_string().starts_with(text));
    match (fits.next(), fits.next()) {
        (Some(info), None) => Ok(info.id),
        (Some(_), Some(_)) => {
            Err(Failure::new(Exit::Usage, format!("`{text}` begins more than one session's id"), "give more of it"))
        }
        (None, _) => Err(Failure::new(
            Exit::NotFound,
            format!("there is no session `{text}`"),
            "`aside session list --all` shows their ids",
        )),
    }
}

/// A session with all its messages.
pub(crate) async fn whole(app: &App, id: SessionId) -> Result<Opened, Failure> {
    let mut opened = app.sessions.open(id, PAGE, None).await?;
    while let Some(before) = opened.before {
        let mut earlier = app.sessions.open(id, PAGE, Some(before)).await?;
        earlier.messages.append(&mut opened.messages);
        opened.messages = earlier.messages;
        opened.before = earlier.before;
    }
    Ok(opened)
}

fn info_json(info: &SessionInfo) -> Value {
    json!({
        "id": info.id.to_string(), "title": info.title, "workspace": info.workspace,
        "created": info.created.to_string(), "updated": info.updated.to_string(),
        "messages": info.messages, "bytes": info.bytes, "model": info.model, "state": info.state.as_str(),
    })
}

fn message_json(message: &StoredMessage) -> Value {
    json!({
        "n": message.n, "role": message.role, "text": message.text, "at": message.at.to_string(),
        "model": message.model, "state": message.state.as_str(), "usage": message.usage,
        "attachments": message.attachments.iter().map(|one| json!({ "label": one.label, "uri": one.uri })).collect::<Vec<_>>(),
        "error": message.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message, "hint": error.hint })),
    })
}
