//! A conversation as the text of a page, down to the line below which the person writes. Pure: the same conversation gives the same
//! text, and what an answer adds is added near the end.

use std::fmt::Write as _;

use aside_model::Role;
use aside_sessions::{MessageState, Opened, StoredMessage};

use super::mark::Mark;

/// What is told at the top of each page.
const HELP: &str = "*Write below the last heading and run the code action \"Aside: Send\" (or the command `aside.chat.document.send`). \
    \"Aside: Stop\" ends an answer, \"Aside: Continue\" goes on with one that was cut off. This file goes when you close it; the \
    conversation stays.*";
const EARLIER: &str = "*Earlier messages are not shown: the code action \"Aside: Show earlier messages\" loads them.*";
const ANSWERING: &str = "*answering: the code action \"Aside: Stop\" ends it; write the next question below*";

/// An answer that is being given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Live {
    pub(super) text: String,
    /// Sentences for the person.
    pub(super) notices: Vec<String>,
}

/// The server's part of a page: everything down to and with the line that ends in the last mark, and its line end.
pub(super) fn render(mark: &Mark, opened: &Opened, live: Option<&Live>) -> String {
    let mut page = String::new();
    let title = if opened.session.title.is_empty() { "Conversation" } else { &opened.session.title };
    add(&mut page, format_args!("# {}\n\n{HELP}\n\n", mark.clean(&one_line(title))));
    if opened.before.is_some() {
        add(&mut page, format_args!("{EARLIER}\n\n"));
    }
    for one in &opened.messages {
        if live.is_none() || one.state != MessageState::Streaming {
            message(&mut page, mark, one);
        }
    }
    if let Some(live) = live {
        let model = opened.messages.last().and_then(|last| last.model.as_deref()).or(opened.session.model.as_deref());
        heading(&mut page, mark, &speaker(Role::Assistant, model));
        body(&mut page, mark, &live.text);
        for notice in &live.notices {
            add(&mut page, format_args!("*{}*\n\n", mark.clean(&one_line(notice))));
        }
    }
    let last = if is_answering(opened, live) { ANSWERING } else { "## You" };
    add(&mut page, format_args!("{last} {}\n", mark.below()));
    page
}

/// Whether an answer is being given.
pub(super) fn is_answering(opened: &Opened, live: Option<&Live>) -> bool {
    live.is_some() || opened.messages.last().is_some_and(|last| last.state == MessageState::Streaming)
}

/// Whether the last answer was cut off, so that a model can go on with it.
pub(super) fn is_cut_off(opened: &Opened, live: Option<&Live>) -> bool {
    let cut = |last: &StoredMessage| last.role == Role::Assistant && last.state != MessageState::Complete;
    !is_answering(opened, live) && opened.messages.last().is_some_and(cut)
}

fn message(page: &mut String, mark: &Mark, message: &StoredMessage) {
    heading(page, mark, &speaker(message.role, message.model.as_deref()));
    body(page, mark, &message.text);
    for attachment in &message.attachments {
        add(page, format_args!("*attached: {}*\n\n", mark.clean(&one_line(&attachment.label))));
    }
    if let Some(note) = note(message) {
        add(page, format_args!("*{}*\n\n", mark.clean(&note)));
    }
}

fn heading(page: &mut String, mark: &Mark, who: &str) {
    add(page, format_args!("## {} {}\n\n", mark.clean(who), mark.heading()));
}

/// The text as it is. A block of code that it leaves open is closed, so that the headings below stay headings.
fn body(page: &mut String, mark: &Mark, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = mark.clean(text);
    page.push_str(&text);
    if let Some(fence) = open_fence(&text) {
        add(page, format_args!("{}{fence}", if text.ends_with('\n') { "" } else { "\n" }));
    }
    page.push_str("\n\n");
}

fn speaker(role: Role, model: Option<&str>) -> String {
    match (role, model) {
        (Role::User, _) => "You".to_owned(),
        (Role::System, _) => "What came before, summed up".to_owned(),
        (Role::Assistant, Some(model)) => format!("Aside \u{b7} {}", one_line(model)),
        (Role::Assistant, None) => "Aside".to_owned(),
    }
}

/// What became of an answer that is not whole.
fn note(message: &StoredMessage) -> Option<String> {
    const ON: &str = "go on with the code action \"Aside: Continue\"";
    let (what, next) = match message.state {
        MessageState::Complete | MessageState::Streaming => return None,
        MessageState::Stopped => ("stopped", ON),
        MessageState::Length => ("cut at a limit of length", ON),
        MessageState::Truncated => ("truncated: the stream ended without its end", ON),
        MessageState::Interrupted => ("interrupted", ON),
        MessageState::Error => ("failed", "try again with the code action \"Aside: Continue\""),
    };
    let why = message.error.as_ref().map(|error| format!(": {}; {}", one_line(&error.message), one_line(&error.hint)));
    Some(format!("{what}{} \u{2014} {next}", why.unwrap_or_default()))
}

fn add(page: &mut String, what: std::fmt::Arguments<'_>) {
    page.write_fmt(what).expect("writing to memory cannot fail");
}

fn one_line(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}

/// The fence that `text` opens and does not close.
fn open_fence(text: &str) -> Option<String> {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let body = line.trim_start_matches(' ');
        let Some(sign) = body.chars().next().filter(|sign| matches!(sign, '`' | '~')) else { continue };
        let rest = body.trim_start_matches(sign);
        let length = body.len() - rest.len();
        if line.len() - body.len() > 3 || length < 3 {
            continue;
        }
        open = match open {
            None if sign == '`' && rest.contains('`') => None,
            None => Some((sign, length)),
            Some((opened, least)) if opened == sign && length >= least && rest.trim().is_empty() => None,
            still => still,
        };
    }
    open.map(|(sign, length)| sign.to_string().repeat(length))
}

#[cfg(test)]
pub(super) mod tests;
