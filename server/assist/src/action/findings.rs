//! The findings of a review: how a model is told to write them, and how they are read back.
//!
//! A review is Markdown that people read in a conversation. Each finding is a heading of a fixed form, with an explanation and
//! perhaps a suggested replacement below. The reader takes any text, also one that is still being written: what it has found once
//! stays as it is when more comes. The form of a heading is `heading`'s.

mod heading;

use super::place::{Lines, Severity};
use crate::fence::one_line;
use heading::{Heading, Spot};

/// How a model writes findings.
pub const INSTRUCTIONS: &str = "Write each finding as a heading of exactly this form, the most serious first:\n\n\
    ### path:line-line severity: title\n\n\
    `path` is the file's path as it is given to you, the lines are those of the code that is given (one number when it is a single \
    line), and `severity` is one of error, warning, information, hint. Below the heading explain in a few sentences what is wrong, \
    when it shows, and what to do. When a small change corrects it, add one fenced block with the lines that replace exactly those \
    of the heading. Report real faults: wrong results, crashes, lost data, races, leaks, security holes, misleading names and \
    comments; not taste. When there is nothing to report, write one sentence that says so, and no heading.";

/// More findings than anyone reads; the rest is only counted.
const MOST: usize = 200;
/// The most characters of a title.
const TITLE_CHARS: usize = 200;

/// Something that a review found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named to the model.
    pub path: String,
    /// Lines of the file, inside it.
    pub lines: Lines,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// The explanation, Markdown; may be empty.
    pub detail: String,
    /// What to put in place of the lines, without a line end behind its last line.
    pub suggestion: Option<String>,
}

/// A file that is reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Its path as the model was told.
    pub path: String,
    /// How many lines it has.
    pub lines: u32,
}

/// What was read of a review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// What could not be placed, and what was placed by a guess; a sentence each.
    pub remarks: Vec<String>,
}

/// Reads the findings of `markdown` about `files`.
///
/// Give `is_whole` as false while the text is being written: then the finding that it ends in is left out, because it may go on.
/// Text that is no finding is passed over. A finding of a file that is not reviewed, or of lines that it does not have, is left out
/// and remarked on; lines that end behind the file's end are cut there.
pub fn findings(markdown: &str, files: &[Reviewed], is_whole: bool) -> Findings {
    let mut sections = sections(markdown, is_whole);
    if !is_whole {
        sections.pop();
    }
    let mut read = Findings::default();
    let more = sections.len().saturating_sub(MOST);
    for section in sections.into_iter().take(MOST) {
        match placed(&section, files, &mut read.remarks) {
            Ok(finding) => read.findings.push(finding),
            Err(reason) => read.remarks.push(format!("\"{}\" is not shown in the code: {reason}", section.title())),
        }
    }
    if more > 0 {
        read.remarks.push(format!("{more} more findings are not shown in the code"));
    }
    read
}

/// A finding's heading and the lines below it.
#[derive(Debug)]
struct Section<'a> {
    heading: Heading<'a>,
    body: Vec<Line<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// The first line of a fenced block.
    Opens,
    Inside,
    Closes,
}

impl Section<'_> {
    fn title(&self) -> String {
        let words = one_line(self.heading.title, TITLE_CHARS);
        if !words.is_empty() {
            return words;
        }
        let plain = self.body.iter().find(|line| line.kind == Kind::Plain && !line.text.trim().is_empty());
        plain.map_or_else(|| "no title".to_owned(), |line| one_line(line.text, TITLE_CHARS))
    }

    /// The one fenced block, or the first that is called a suggestion: from its first line to its last.
    fn suggested(&self) -> Option<std::ops::Range<usize>> {
        let opens: Vec<_> = self.body.iter().enumerate().filter(|(_, line)| line.kind == Kind::Opens).collect();
        let called =
            opens.iter().find(|(_, line)| line.text.trim_start_matches(['`', '~', ' ']).starts_with("suggestion"));
        let (start, _) = match (called, opens.as_slice()) {
            (Some(called), _) => called,
            (None, [only]) => only,
            (None, _) => return None,
        };
        let length = self.body[*start..].iter().position(|line| line.kind == Kind::Closes)?;
        Some(*start..start + length + 1)
    }
}

/// The findings of a text, wherever they say they are.
fn sections(markdown: &str, is_whole: bool) -> Vec<Section<'_>> {
    let lines: Vec<&str> = markdown.lines().collect();
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut is_open = false;
    for line in classified(&lines, is_whole) {
        let found = if line.kind == Kind::Plain { heading::read(line.text) } else { None };
        if let Some(heading) = found {
            sections.push(Section { heading, body: Vec::new() });
            is_open = true;
        } else if let Some(section) = sections.last_mut().filter(|_| is_open) {
            let level = if line.kind == Kind::Plain { heading::level(line.text) } else { None };
            // A heading of its own, such as a summary, is no part of the finding above it.
            is_open = level.is_none_or(|level| level > section.heading.level);
            if is_open {
                section.body.push(line);
            }
        }
    }
    sections
}

/// Which lines stand in fenced blocks. In a whole text, a block that is never closed ends at the next finding.
fn classified<'a>(lines: &[&'a str], is_whole: bool) -> Vec<Line<'a>> {
    let mut out: Vec<Line<'a>> = Vec::with_capacity(lines.len());
    let mut open: Option<(&'a str, usize)> = None;
    while out.len() < lines.len() || (is_whole && open.is_some()) {
        if out.len() == lines.len() {
            let Some((_, opened)) = open.take() else { break };
            let next = (opened + 1..lines.len()).find(|at| heading::read(lines[*at]).is_some());
            // What was taken for code behind the next finding is looked at again.
            out.truncate(next.unwrap_or(lines.len()));
            continue;
        }
        let text = lines[out.len()];
        let kind = match (open, fence(text)) {
            (Some((fence, _)), Some((closing, ""))) if closing.len() >= fence.len() && closing[..1] == fence[..1] => {
                open = None;
                Kind::Closes
            }
            (Some(_), _) => Kind::Inside,
            (None, Some((fence, _))) => {
                open = Some((fence, out.len()));
                Kind::Opens
            }
            (None, None) => Kind::Plain,
        };
        out.push(Line { text, kind });
    }
    out
}

/// The fence that a line begins with, and what stands behind it.
fn fence(line: &str) -> Option<(&str, &str)> {
    let text = line.trim_start();
    let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = text.trim_start_matches(mark);
    let fence = &text[..text.len() - rest.len()];
    let is_fence = fence.len() >= 3 && !(mark == '`' && rest.contains('`'));
    is_fence.then(|| (fence, rest.trim()))
}

/// The finding of a section, in a file that is reviewed; or why it has no place.
fn placed(section: &Section<'_>, files: &[Reviewed], remarks: &mut Vec<String>) -> Result<Finding, String> {
    let Spot { path, lines } = &section.heading.spot;
    let file = file_of(path.as_deref(), files)?;
    let title = section.title();
    let last = file.lines.max(1);
    let lines = match *lines {
        None => {
            remarks.push(format!("\"{title}\" names no line and is shown at the first"));
            Lines { first: 1, last: 1 }
        }
        Some(lines) if lines.first > last => {
            return Err(format!("it names {}, and the file has {last}", lines.words()));
        }
        Some(lines) => Lines { first: lines.first.max(1), last: lines.last.clamp(1, last) },
    };
    let suggested = section.suggested();
    let plain = |range: &[Line<'_>]| range.iter().map(|line| line.text).collect::<Vec<_>>().join("\n");
    let (detail, suggestion) = match suggested {
        None => (plain(&section.body), None),
        Some(range) => {
            let (before, after) = (plain(&section.body[..range.start]), plain(&section.body[range.end..]));
            let code = plain(&section.body[range.start + 1..range.end - 1]);
            (format!("{}\n\n{}", before.trim(), after.trim()), Some(code))
        }
    };
    let detail = detail.trim().to_owned();
    Ok(Finding { path: file.path.clone(), lines, severity: section.heading.severity, title, detail, suggestion })
}

/// The reviewed file that `path` means: by its whole path, else by the end of one.
fn file_of<'f>(path: Option<&str>, files: &'f [Reviewed]) -> Result<&'f Reviewed, String> {
    let Some(path) = path else {
        return match files {
            [only] => Ok(only),
            _ => Err("it names no file".to_owned()),
        };
    };
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let unprefixed = path.strip_prefix("a/").or_else(|| path.strip_prefix("b/"));
    let exact = |path: &str| files.iter().find(|file| file.path == path);
    if let Some(file) = exact(path).or_else(|| exact(unprefixed?)) {
        return Ok(file);
    }
    let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('/'));
    let mut alike = files.iter().filter(|file| ends(&file.path, path) || ends(path, &file.path));
    match (alike.next(), alike.next()) {
        (Some(file), None) => Ok(file),
        (Some(_), Some(_)) => Err(format!("`{}` is the end of several paths", one_line(path, 80))),
        (None, _) => Err(format!("`{}` was not reviewed", one_line(path, 80))),
    }
}

#[cfg(test)]
mod tests;
