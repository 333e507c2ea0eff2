//! `aside session show`: one conversation, and what is wrong with it.

use aside_model::Role;
use aside_sessions::{Damage, MessageState, Opened, SessionId, StoredMessage};
use serde_json::{Value, json};

use super::{damage_json, find, info_json, whole};
use crate::{
    failure::Failure,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

pub(super) async fn show(app: &App, id: &str, json: bool) -> Result<(), Failure> {
    let id = find(app, id).await?;
    let Opened { session, messages, damage, .. } = whole(app, id).await?;
    if json {
        terminal::json(&json!({
            "session": info_json(&session), "messages": messages.iter().map(message_json).collect::<Vec<_>>(),
            "damage": damage_json(&damage),
        }));
        return Ok(());
    }
    terminal::line(&styled(Style::Bold, &visible(&session.title)));
    if session.imported {
        terminal::line(&styled(Style::Warn, "imported: anybody may have written it"));
    }
    messages.iter().for_each(show_message);
    complain(id, &damage);
    Ok(())
}

/// Says what is damaged, and what to do.
pub(super) fn complain(id: SessionId, damage: &[Damage]) {
    for one in damage {
        terminal::complain(&format!("damaged: {one}"));
    }
    if !damage.is_empty() {
        terminal::complain(&format!("  next: `aside session recover {id}` makes a new session of what can be read"));
    }
}

/// Prints one message as Markdown under a heading.
fn show_message(message: &StoredMessage) {
    let who = match message.role {
        Role::User => "You",
        Role::System => "What came before, summed up",
        Role::Assistant => message.model.as_deref().filter(|model| !model.is_empty()).unwrap_or("Aside"),
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

fn message_json(message: &StoredMessage) -> Value {
    json!({
        "n": message.n, "role": message.role, "text": message.text, "at": message.at.to_string(),
        "model": message.model, "state": message.state.as_str(), "usage": message.usage,
        "attachments": message.attachments.iter().map(|one| json!({ "label": one.label, "uri": one.uri })).collect::<Vec<_>>(),
        "error": message.error.as_ref().map(|error| json!({ "code": error.code, "message": error.message, "hint": error.hint })),
    })
}
