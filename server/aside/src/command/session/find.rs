//! `aside session search`, `digest`: what was said, over many conversations.

use aside_model::Role;
use aside_sessions::{Match, search::Snippet};
use serde_json::{Value, json};

use super::{here_unless, info_json};
use crate::{
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    wiring::App,
};

pub(super) async fn search(app: &App, text: &str, all: bool, limit: u32, json: bool) -> Result<(), Failure> {
    let found = app.sessions.search(here_unless(all)?.as_ref(), text, limit).await?;
    if json {
        let matches: Vec<_> = found.matches.iter().map(match_json).collect();
        terminal::json(&json!({ "matches": matches, "partial": found.partial }));
        return Ok(());
    }
    found.matches.iter().for_each(show);
    if found.partial {
        terminal::complain(
            "note: some messages could not be searched: there are too many, or a conversation is damaged",
        );
    }
    if found.matches.is_empty() {
        let hint = if all { "try fewer or shorter words" } else { "try fewer words, or `--all` for every workspace" };
        return Err(Failure::new(Exit::NotFound, "nothing was found", hint));
    }
    Ok(())
}

fn show(found: &Match) {
    let who = if found.role == Role::User { "you" } else { "answer" };
    let when = found.at.strftime("%Y-%m-%d %H:%M UTC");
    let place = styled(Style::Dim, &format!("message {}, {who}, {when}", found.n));
    terminal::line(&format!("{}  {}  {place}", found.session.id, visible(&found.session.title)));
    terminal::line(&format!("    {}", highlighted(&found.snippet)));
}

/// The line with what was looked for in bold.
fn highlighted(snippet: &Snippet) -> String {
    let (mut line, mut at) = (String::new(), 0);
    for place in &snippet.highlights {
        line.push_str(&visible(&snippet.text[at..place.start]));
        line.push_str(&styled(Style::Bold, &visible(&snippet.text[place.clone()])));
        at = place.end;
    }
    line.push_str(&visible(&snippet.text[at..]));
    line
}

fn match_json(found: &Match) -> Value {
    let text = &found.snippet.text;
    // In characters: every language counts those.
    let characters = |byte: usize| text[..byte].chars().count();
    let highlights = found.snippet.highlights.iter().map(|place| [characters(place.start), characters(place.end)]);
    json!({
        "session": info_json(&found.session), "n": found.n, "role": found.role, "at": found.at.to_string(),
        "snippet": { "text": text, "highlights": highlights.collect::<Vec<_>>() },
    })
}

pub(super) async fn digest(app: &App, hours: u32, all: bool, json: bool) -> Result<(), Failure> {
    let digested = app.chat.digest(here_unless(all)?.as_ref(), hours).await?;
    if json {
        terminal::json(&json!({ "text": digested.text, "model": digested.model }));
        return Ok(());
    }
    terminal::line(&visible(digested.text.trim_end()));
    if let Some(model) = digested.model {
        terminal::line(&styled(Style::Dim, &format!("\nsummed up by {}", visible(&model))));
    }
    Ok(())
}
