//! From a model's answer to a message: without fences and chatter, with a subject of its length, the body wrapped.

use super::{CommitError, Kind};
use crate::fence::one_line;

/// The most characters of a line.
const WIDTH: usize = 72;

/// What models write before a message, in lower case.
const BEFORE: [&str; 12] = [
    "here is",
    "here's",
    "here are",
    "sure",
    "certainly",
    "of course",
    "okay",
    "based on",
    "commit message:",
    "title:",
    "subject:",
    "the commit message",
];
/// Of these the words behind them are the message when there are some on the same line.
const LABELS: [&str; 4] = ["commit message:", "title:", "subject:", "pull request title:"];
/// What models write after a message, in lower case.
const AFTER: [&str; 6] =
    ["let me know", "feel free", "i hope", "this commit message", "this message", "would you like"];

/// The message in a model's answer: subject, blank line, body; without a line end at the end.
///
/// The subject has at most 72 characters; what is over goes on in the body. The body of a commit message is wrapped at 72
/// characters where it is running text; lists, quotes, code, tables and trailers stay as they are, as does all Markdown of a pull
/// request.
///
/// # Errors
/// The answer holds no message.
pub fn clean(answer: &str, kind: Kind) -> Result<String, CommitError> {
    let plain: String = answer.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let lines = without_chatter(unfenced(&plain));
    let mut lines = lines.into_iter().skip_while(|line| line.trim().is_empty());
    let first = lines.next().ok_or(CommitError::NoMessage)?;
    let (subject, over) = subject(first);
    if !subject.contains(char::is_alphanumeric) {
        return Err(CommitError::NoMessage);
    }
    let mut body: Vec<&str> = lines.skip_while(|line| line.trim().is_empty()).map(str::trim_end).collect();
    while body.last().is_some_and(|line| line.is_empty()) {
        body.pop();
    }
    body.dedup_by(|next, last| next.is_empty() && last.is_empty());
    let over = over.map(|over| format!("… {over}"));
    if let Some(over) = &over {
        let blank = (!body.is_empty()).then_some("");
        body.splice(0..0, [over.as_str()].into_iter().chain(blank));
    }
    let body = match kind {
        Kind::Commit => wrapped(&body),
        Kind::PullRequest => body.join("\n"),
    };
    Ok(if body.is_empty() { subject } else { format!("{subject}\n\n{body}") })
}

/// The lines inside the fence where the answer is a fenced block with words around it; else all lines.
fn unfenced(answer: &str) -> Vec<&str> {
    let lines: Vec<&str> = answer.lines().collect();
    let is_fence = |line: &&str| line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
    let Some(open) = lines.iter().position(is_fence) else { return lines };
    let is_first = lines[..open].iter().all(|line| line.trim().is_empty() || is_before(line));
    if !is_first {
        return lines;
    }
    let fence = lines[open].trim_start();
    let fence = &fence[..fence.len() - fence.trim_start_matches(&fence[..1]).len()];
    let inside = &lines[open + 1..];
    let close = inside.iter().rposition(|line| line.trim() == fence);
    inside[..close.unwrap_or(inside.len())].to_vec()
}

fn is_before(line: &str) -> bool {
    let line = line.trim().trim_matches(['*', '#', ' ']).to_lowercase();
    BEFORE.iter().any(|words| line.starts_with(words)) && (line.ends_with([':', '!', '.']) || line.len() < 12)
}

fn without_chatter(mut lines: Vec<&str>) -> Vec<&str> {
    let start = lines.iter().position(|line| !line.trim().is_empty() && !is_before(line)).unwrap_or(lines.len());
    lines.drain(..start);
    let is_after = |line: &str| {
        let line = line.trim().to_lowercase();
        AFTER.iter().any(|words| line.starts_with(words))
    };
    // Only a paragraph of its own at the end.
    if let Some(last) = lines.iter().rposition(|line| !line.trim().is_empty()) {
        let start = lines[..last].iter().rposition(|line| line.trim().is_empty()).map_or(0, |blank| blank + 1);
        if start > 0 && is_after(lines[start]) {
            lines.truncate(start);
        }
    }
    lines
}

/// The subject, and what of the line is over its length.
fn subject(line: &str) -> (String, Option<String>) {
    let mut text = one_line(line, usize::MAX);
    text = text.trim_start_matches('#').trim().to_owned();
    for mark in ["**", "`", "\"", "'"] {
        let inner = text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        if let Some(inner) = inner.filter(|inner| !inner.contains(mark)) {
            text = inner.trim().to_owned();
        }
    }
    let bare = text.trim_start_matches('*');
    let is_label = |label: &&&str| bare.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label));
    if let Some(label) = LABELS.iter().find(is_label) {
        text = bare[label.len()..].trim_matches([' ', '*']).to_owned();
    }
    if text.chars().count() <= WIDTH {
        return (text, None);
    }
    let limit = text.char_indices().nth(WIDTH).map_or(text.len(), |(at, _)| at);
    let (head, rest) = text.split_at(limit);
    let end = if rest.starts_with(' ') { limit } else { head.rfind(' ').unwrap_or(limit) };
    (text[..end].trim_end().to_owned(), Some(text[end..].trim().to_owned()))
}

/// The body with running text wrapped, paragraph by paragraph.
fn wrapped(body: &[&str]) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut running: Vec<&str> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in body {
        let is_fence = line.trim_start().get(..3).filter(|head| matches!(*head, "```" | "~~~"));
        if fence.is_none() && is_fence.is_none() && is_running(line) {
            running.push(line);
            continue;
        }
        flow(&mut running, &mut out);
        out.push((*line).to_owned());
        fence = match (fence, is_fence) {
            (None, opened) => opened,
            (Some(open), closing) if closing == Some(open) => None,
            (open, _) => open,
        };
    }
    flow(&mut running, &mut out);
    out.join("\n")
}

/// Whether a line is running text rather than a list item, a quote, code, a table, a heading, a trailer or blank.
fn is_running(line: &str) -> bool {
    let is_numbered = || {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < line.len() && rest.starts_with([')', '.'])
    };
    let is_trailer = || {
        let key = line.split_once(": ").map_or("", |(key, _)| key);
        key.contains('-') && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    !(line.is_empty() || line.starts_with([' ', '\t', '-', '*', '+', '>', '|', '#']) || is_numbered() || is_trailer())
}

/// Puts a paragraph out: as it is where every line has its length, else wrapped anew.
fn flow(running: &mut Vec<&str>, out: &mut Vec<String>) {
    let lines = std::mem::take(running);
    if lines.iter().all(|line| line.chars().count() <= WIDTH) {
        out.extend(lines.into_iter().map(str::to_owned));
        return;
    }
    let mut line = String::new();
    let mut width = 0;
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push(std::mem::take(&mut line));
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += length;
    }
    out.push(line);
}
