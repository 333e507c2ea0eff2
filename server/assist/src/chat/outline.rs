//! What happened in the last hours, without a model: titles, times, and how each question begins.
//!
//! Pure. It says of itself that it is an outline: nobody should take it for a summary.

use aside_model::Role;

use super::quote::{Conversation, NoOverview, Span, Spot, minute, name, on_one_line, spots};

/// The least budget, in bytes: the head and the newest question fit.
pub const LEAST_OUTLINE_BYTES: usize = 1536;

/// The longest line of a question, in bytes.
const LINE: usize = 200;
/// Bytes kept for what says how much was left out.
const LEFT_OUT_BYTES: usize = 100;

/// An outline of `span` over `conversations` as Markdown, in at most `budget` bytes: the conversation that was used last comes
/// first. Where not all fits the oldest questions are left out, and their number is told.
///
/// # Errors
/// Nothing was asked in that time, or the budget is below [`LEAST_OUTLINE_BYTES`].
pub fn outline(conversations: &[Conversation<'_>], span: Span, budget: usize) -> Result<String, NoOverview> {
    if budget < LEAST_OUTLINE_BYTES {
        return Err(NoOverview::TooTight { budget, least: LEAST_OUTLINE_BYTES });
    }
    let spots = spots(conversations, &span, |message| message.role == Role::User);
    if spots.is_empty() {
        return Err(NoOverview::Nothing);
    }
    let mut text = format!(
        "# Outline of {}\n\nMade without a model: the titles, and how each question begins. Not a summary.\n",
        span.words()
    );
    let chosen = choose(conversations, &spots, budget - text.len() - LEFT_OUT_BYTES);
    let left_out = spots.len() - chosen.len();
    let mut current = None;
    for spot in chosen {
        if current.replace(spot.conversation) != Some(spot.conversation) {
            text.push_str(&heading(&conversations[spot.conversation]));
        }
        text.push_str(&line(&spot));
    }
    if left_out > 0 {
        text.push_str(&format!("\n{left_out} older questions of that time are left out.\n"));
    }
    Ok(text)
}

/// The questions that fit: by conversation, the one that was used last first; in each the oldest first.
fn choose<'a>(conversations: &[Conversation<'_>], spots: &[Spot<'a>], room: usize) -> Vec<Spot<'a>> {
    let mut rank = vec![None; conversations.len()];
    let (mut left, mut chosen) = (room, Vec::new());
    for spot in spots {
        let is_new = rank[spot.conversation].is_none();
        let heading = if is_new { heading(&conversations[spot.conversation]).len() } else { 0 };
        let Some(rest) = left.checked_sub(heading + line(spot).len()) else { break };
        left = rest;
        // The newest come first: so does the conversation that was used last.
        rank[spot.conversation].get_or_insert(chosen.len());
        chosen.push(*spot);
    }
    chosen.sort_by_key(|spot| (rank[spot.conversation], spot.index));
    chosen
}

fn heading(conversation: &Conversation<'_>) -> String {
    format!("\n## {}\n\n", name(conversation))
}

fn line(spot: &Spot<'_>) -> String {
    let said = spot.message.text.lines().map(on_one_line).find(|line| !line.is_empty());
    let attached = || spot.message.attachments.first().map(|one| format!("Attached: {}", on_one_line(&one.label)));
    let first = said.or_else(attached).unwrap_or_default();
    let short = &first[..first.floor_char_boundary(LINE)];
    let more = if short.len() < first.len() { "…" } else { "" };
    format!("- {}: {short}{more}\n", minute(spot.message.at))
}

#[cfg(test)]
mod tests;
