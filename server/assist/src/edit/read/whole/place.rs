//! How new lines take the place of a range: its blank lines, its indentation, its line ends, and no repeated neighbours.

use std::collections::HashMap;

use super::super::{
    Target,
    desk::line_end,
    find::overlap,
    indent::{Shift, Style, common, indent, is_blank},
    language,
};

const BOM: char = '\u{feff}';
/// How far ahead of an answer that still comes an old line is taken to be the same as a new one.
const AHEAD: usize = 40;

/// A range in its text.
struct Place<'t> {
    before: &'t str,
    /// What is replaced, with the white space before it on its first line.
    old: &'t str,
    after: &'t str,
    /// Whether `old` begins at the start of a line.
    is_aligned: bool,
    end: &'static str,
    is_prose: bool,
}

impl<'t> Place<'t> {
    fn of(target: &'t Target) -> Self {
        let text: &str = &target.text;
        let mut start = target.range.start;
        if start == 0 && text.starts_with(BOM) {
            start = BOM.len_utf8();
        }
        let end = target.range.end.max(start);
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = if text[line..].starts_with(BOM) { line + BOM.len_utf8() } else { line };
        let is_aligned = line <= start && text[line..start].bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        let start = if is_aligned { line } else { start };
        Self {
            before: &text[..start],
            old: &text[start..end],
            after: &text[end..],
            is_aligned,
            end: line_end(text),
            is_prose: language::is_prose(&target.path),
        }
    }

    /// What stands before and after the text proper in its place: blank lines and a final line end, as they were.
    fn frame(&self) -> (&'t str, &'t str) {
        let old = self.old;
        if old.trim().is_empty() {
            return self.empty_frame();
        }
        let first = old.find(|c: char| !c.is_whitespace()).unwrap_or_default();
        let start = old[..first].rfind('\n').map_or(0, |at| at + 1);
        let body = old.trim_end().len();
        let tail = old[body..].find('\n').map_or("", |at| {
            let at = body + at;
            &old[if old[..at].ends_with('\r') { at - 1 } else { at }..]
        });
        (&old[..start], tail)
    }

    fn empty_frame(&self) -> (&'t str, &'t str) {
        let at_line_start = self.before.is_empty() || self.before.ends_with(['\n', BOM]);
        if self.old.contains('\n')
            || self.old.is_empty() && self.is_aligned && at_line_start && !self.is_on_blank_line()
        {
            return ("", self.end);
        }
        let follows_code = self.old.is_empty() && self.after.is_empty() && !self.is_aligned;
        (if follows_code { self.end } else { "" }, "")
    }

    /// The text from the first line after the range; `None` when the range stops inside of a line.
    fn after_lines(&self) -> Option<&'t str> {
        if self.old.is_empty() || self.old.ends_with('\n') || self.after.is_empty() {
            return Some(self.after);
        }
        self.after.strip_prefix("\r\n").or_else(|| self.after.strip_prefix('\n'))
    }

    fn is_on_blank_line(&self) -> bool {
        self.after.starts_with('\n') || self.after.starts_with("\r\n")
    }
}

/// The target's whole text with `lines` in the place of its range.
pub(super) fn put(lines: &[&str], target: &Target) -> String {
    let place = Place::of(target);
    let (lead, tail) = place.frame();
    let lines = settled(lines, &place);
    [place.before, lead, &lines.join(place.end), tail, place.after].concat()
}

/// The same while more lines are to come: the old lines that they have not reached stay.
pub(super) fn put_beginning(lines: &[&str], target: &Target) -> Option<String> {
    let place = Place::of(target);
    if trimmed(lines).is_empty() || !place.is_aligned {
        return None;
    }
    let (lead, _) = place.frame();
    let lines = settled(lines, &place);
    let old: Vec<&str> = place.old[lead.len()..].split_inclusive('\n').collect();
    let reached = reached(&lines, &old);
    let rest = old[reached..].concat();
    let end = if rest.is_empty() && place.old.is_empty() { place.frame().1 } else { place.end };
    Some([place.before, lead, &lines.join(place.end), end, &rest, place.after].concat())
}

/// How many of the old lines the new ones have passed: the new lines' last that is also an old one tells.
fn reached(lines: &[String], old: &[&str]) -> usize {
    let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, line) in old.iter().enumerate() {
        numbers.entry(line.trim_end()).or_default().push(number);
    }
    let mut reached = 0;
    for line in lines {
        let same = numbers.get(line.trim_end());
        let next = same.and_then(|all| all.get(all.partition_point(|number| *number < reached)).copied());
        // Brackets and blank lines occur everywhere: far away they are others.
        let ahead = if line.chars().any(char::is_alphanumeric) { AHEAD } else { 0 };
        if let Some(next) = next.filter(|next| next - reached <= ahead) {
            reached = next + 1;
        }
    }
    reached
}

/// The new lines as they stand in the document, without its line ends.
fn settled(lines: &[&str], place: &Place<'_>) -> Vec<String> {
    let lines = trimmed(without_echo(trimmed(lines), place));
    let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    if let Some(first) = lines.first_mut().filter(|first| first.starts_with(BOM)) {
        first.remove(0);
    }
    if place.is_aligned { indented(lines, place) } else { inside_line(lines, place) }
}

/// Without blank lines at both ends.
fn trimmed<'l, 'a>(lines: &'l [&'a str]) -> &'l [&'a str] {
    let start = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !is_blank(line)).map_or(start, |at| at + 1);
    &lines[start..end]
}

/// Without the lines beside the range that the answer repeats, when they can be nothing else.
fn without_echo<'l, 'a>(lines: &'l [&'a str], place: &Place<'_>) -> &'l [&'a str] {
    if !place.is_aligned {
        return lines;
    }
    let own: Vec<&str> = place.old.lines().filter(|line| !is_blank(line)).collect();
    let bare: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    let mut rest = 0..lines.len();
    let count = overlap(&without_ends(place.before), &bare);
    if is_telling(&bare[..count]) && own.first() != lines.first() {
        rest.start = count;
    }
    let count = place.after_lines().map_or(0, |after| overlap(&bare[rest.clone()], &without_ends(after)));
    if is_telling(&bare[rest.end - count..rest.end]) && own.last() != lines.last() {
        rest.end -= count;
    }
    if trimmed(&lines[rest.clone()]).is_empty() { lines } else { &lines[rest] }
}

/// The lines of a text without white space at their ends.
fn without_ends(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

/// Whether lines are more than brackets, which stand everywhere.
fn is_telling(lines: &[&str]) -> bool {
    lines.iter().any(|line| line.chars().filter(|c| c.is_alphanumeric()).count() >= 3)
}

/// Lines for a range that begins behind something on its line.
fn inside_line(mut lines: Vec<String>, place: &Place<'_>) -> Vec<String> {
    let head = place.before.rsplit('\n').next().unwrap_or_default().trim_start();
    let rest = place.after.split(['\n', '\r']).next().unwrap_or_default().trim_end();
    if let [line] = &mut lines[..] {
        let whole = line.trim();
        let within = whole.strip_prefix(head).and_then(|line| line.strip_suffix(rest));
        let is_echo = !head.is_empty() && !rest.is_empty() && !place.old.is_empty();
        *line = within.filter(|_| is_echo).unwrap_or(whole).to_owned();
    } else if let Some(first) = lines.first_mut() {
        *first = first.trim_start().to_owned();
    }
    lines
}

/// Lines as far to the right as those that they replace, when they are off by the same everywhere.
fn indented(lines: Vec<String>, place: &Place<'_>) -> Vec<String> {
    let old: Vec<&str> = place.old.lines().collect();
    let lines = restyled(lines, place);
    let wanted = common(old.iter().copied()).or_else(|| old.last().copied().map(indent));
    let own = common(lines.iter().map(String::as_str));
    let (Some(wanted), Some(own)) = (wanted, own) else { return lines };
    if let Some(lines) = with_first_line(&lines, &old) {
        return lines;
    }
    let old_first = first_indent(old.iter().copied()).saturating_sub(wanted.len());
    let own_first = first_indent(lines.iter().map(String::as_str)).saturating_sub(own.len());
    // Code at the margin may be answered by deeper code only where depth has no meaning of its own.
    let is_meant = wanted.is_empty() && place.is_prose || wanted == own || old_first != own_first;
    let shift = Shift::between(own, wanted).filter(|_| !is_meant);
    let moved = shift.and_then(|shift| lines.iter().map(|line| shift.moved(line)).collect());
    moved.unwrap_or(lines)
}

/// How far the first line that is not blank is indented, in bytes.
fn first_indent<'l>(mut lines: impl Iterator<Item = &'l str>) -> usize {
    lines.find(|line| !is_blank(line)).map_or(0, |line| indent(line).len())
}

/// The lines when all but the first stand where those that they replace stand: then only the first may have lost its
/// indentation, and gets it back when it lost all.
fn with_first_line(lines: &[String], old: &[&str]) -> Option<Vec<String>> {
    let old_at = old.iter().position(|line| !is_blank(line))?;
    let (first, rest) = lines.split_first()?;
    let wanted = indent(old[old_at]);
    let rest_wanted = common(old[old_at + 1..].iter().copied())?;
    if indent(first) == wanted || rest_wanted.is_empty() || common(rest.iter().map(String::as_str))? != rest_wanted {
        return None;
    }
    let mut lines = lines.to_vec();
    if indent(first).is_empty() {
        lines[0] = format!("{wanted}{first}");
    }
    Some(lines)
}

/// Lines with the document's tabs or spaces.
fn restyled(lines: Vec<String>, place: &Place<'_>) -> Vec<String> {
    let document = place.before.lines().chain(place.old.lines()).chain(place.after.lines());
    let style = || {
        let from = Style::of(lines.iter().map(String::as_str))?;
        Some((from, Style::of(document)?.instead_of(from)?))
    };
    let Some((from, to)) = style().filter(|_| !place.is_prose) else { return lines };
    lines.iter().map(|line| to.restyle(line, from)).collect()
}

/// Whether lines begin and end like the range: then they can only be meant to take its place.
pub(super) fn is_same_part(lines: &[&str], target: &Target) -> bool {
    let own: Vec<&str> = target.text[target.range.clone()].lines().filter(|line| !is_blank(line)).collect();
    let lines = trimmed(lines);
    let same = |own: Option<&&str>, line: Option<&&str>| {
        own.is_some() && own.map(|own| own.trim()) == line.map(|line| line.trim())
    };
    own.len() > 1 && lines.len() > 1 && same(own.first(), lines.first()) && same(own.last(), lines.last())
}
