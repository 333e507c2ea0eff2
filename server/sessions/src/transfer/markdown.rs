//! A conversation as Markdown: a heading for each message, what was attached in fenced blocks, and what became of it.

use std::io::{self, Write};

use aside_model::Role;
use jiff::Timestamp;

use crate::{Attachment, MessageState, SessionInfo, StoredMessage};

pub(super) fn head(out: &mut impl Write, session: &SessionInfo) -> io::Result<()> {
    let title = if session.title.is_empty() { "Conversation" } else { &session.title };
    writeln!(out, "# {}\n", on_one_line(title))?;
    writeln!(out, "- Begun: {}", second(session.created))?;
    writeln!(out, "- Last changed: {}", second(session.updated))?;
    if let Some(model) = &session.model {
        writeln!(out, "- Model: {}", on_one_line(model))?;
    }
    writeln!(out, "- Messages: {}", session.messages)
}

pub(super) fn message(out: &mut impl Write, message: &StoredMessage) -> io::Result<()> {
    writeln!(out, "\n## {}, {}", speaker(message), second(message.at))?;
    for attachment in &message.attachments {
        attached(out, attachment)?;
    }
    let text = message.text.trim_end();
    if !text.is_empty() {
        writeln!(out, "\n{text}")?;
        // An answer that was cut off in its code must not swallow the messages behind it.
        if let Some(fence) = open_fence(text) {
            writeln!(out, "{fence}")?;
        }
    }
    if let Some(note) = note(message) {
        writeln!(out, "\n*({note})*")?;
    }
    Ok(())
}

fn speaker(message: &StoredMessage) -> String {
    match (message.role, &message.model) {
        (Role::User, _) => "You".to_owned(),
        (Role::System, _) => "What came before, summed up".to_owned(),
        (Role::Assistant, Some(model)) => format!("Assistant ({})", on_one_line(model)),
        (Role::Assistant, None) => "Assistant".to_owned(),
    }
}

fn attached(out: &mut impl Write, attachment: &Attachment) -> io::Result<()> {
    let fence = fence_for(&attachment.text);
    let end = if attachment.text.is_empty() || attachment.text.ends_with('\n') { "" } else { "\n" };
    writeln!(out, "\nAttached: {}\n\n{fence}\n{}{end}{fence}", on_one_line(&attachment.label), attachment.text)
}

/// What became of a message that is not whole.
fn note(message: &StoredMessage) -> Option<String> {
    let state = match message.state {
        MessageState::Complete => return None,
        MessageState::Streaming => "still being answered",
        MessageState::Stopped => "stopped",
        MessageState::Length => "cut at a limit of length",
        MessageState::Truncated => "truncated: the stream ended without its end",
        MessageState::Error => "failed",
        MessageState::Interrupted => "interrupted: the program went away",
    };
    let why = message.error.as_ref().map(|error| format!(": {}", on_one_line(&error.message)));
    Some(format!("{state}{}", why.unwrap_or_default()))
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A fence longer than any run of back quotes inside, so that the text cannot close it.
fn fence_for(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The fence that `text` opens and does not close.
fn open_fence(text: &str) -> Option<String> {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let Some((mark, length, rest)) = fence(line) else { continue };
        open = match open {
            None if mark == '`' && rest.contains('`') => None,
            None => Some((mark, length)),
            Some((opened, least)) if opened == mark && length >= least && rest.trim().is_empty() => None,
            still => still,
        };
    }
    open.map(|(mark, length)| mark.to_string().repeat(length))
}

/// The fence at the beginning of a line: its mark, how often it stands there, and what follows.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let body = line.trim_start_matches(' ');
    let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = body.trim_start_matches(mark);
    let length = body.len() - rest.len();
    (line.len() - body.len() <= 3 && length >= 3).then_some((mark, length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_that_is_open_at_the_end_is_found() {
        for (text, open) in [
            ("plain", None),
            ("```rust\nfn main() {}\n```", None),
            ("```rust\nfn main() {", Some("```")),
            ("````\n```\n", Some("````")),
            ("~~~\n```\n", Some("~~~")),
            ("```\n``` not an end\n", Some("```")),
            ("``` inline ``` code", None),
            ("    ```\nindented", None),
        ] {
            assert_eq!(open_fence(text).as_deref(), open, "{text}");
        }
    }
}
