//! The lines of a unified diff, as models write them: counts and numbers may be wrong, the heads of files may be missing.

use super::super::{
    BLOCKS, Refusal,
    answer::{Answer, Part},
    path,
    refusal::shown,
};

/// What a line of a hunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Context,
    Removed,
    Added,
}

/// A hunk.
#[derive(Debug)]
pub(super) struct Hunk<'a> {
    /// Its file; the target when nothing names one.
    pub(super) path: Option<&'a str>,
    /// Whether its old side is `/dev/null`.
    pub(super) makes_file: bool,
    /// Where it says it begins in the old text, from 1.
    pub(super) old_start: Option<usize>,
    pub(super) lines: Vec<(Sign, &'a str)>,
    pub(super) old_has_no_end: bool,
    pub(super) new_has_no_end: bool,
    /// Whether something stands behind it.
    pub(super) is_closed: bool,
    /// Where its head is in the answer, from 1.
    pub(super) line: usize,
    counts: Option<(usize, usize)>,
    /// Blank lines that may belong to it.
    blanks: usize,
}

/// A diff.
#[derive(Debug, Default)]
pub(super) struct Patch<'a> {
    pub(super) hunks: Vec<Hunk<'a>>,
    pub(super) remarks: Vec<&'a str>,
    /// What is missing or wrong; the hunks before it were read.
    pub(super) problem: Option<Refusal>,
}

/// The numbers in the head of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    old_start: usize,
    counts: (usize, usize),
}

/// The numbers of `@@ -1,2 +3,4 @@`.
pub(super) fn numbers(line: &str) -> Option<Numbers> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let pair = |text: &str| {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
    };
    let ((old_start, old), (_, new)) = (pair(old)?, pair(new)?);
    Some(Numbers { old_start, counts: (old, new) })
}

impl<'a> Hunk<'a> {
    /// The lines of the old side ([`Sign::Removed`]) or the new one, with what both have.
    pub(super) fn side(&self, sign: Sign) -> Vec<&'a str> {
        self.lines.iter().filter(|(own, _)| *own == sign || *own == Sign::Context).map(|(_, line)| *line).collect()
    }

    fn count(&self, sign: Sign) -> usize {
        self.lines.iter().filter(|(own, _)| *own == sign || *own == Sign::Context).count()
    }

    /// How it stands to the counts of its head: `None` when it has none.
    fn is_full(&self) -> Option<bool> {
        let (old, new) = self.counts?;
        Some(self.count(Sign::Removed) + self.blanks >= old && self.count(Sign::Added) + self.blanks >= new)
    }

    fn push(&mut self, sign: Sign, line: &'a str) {
        for _ in 0..std::mem::take(&mut self.blanks) {
            self.lines.push((Sign::Context, ""));
        }
        self.lines.push((sign, line));
    }
}

/// What reading knows between lines.
#[derive(Default)]
struct Parser<'a> {
    patch: Patch<'a>,
    path: Option<&'a str>,
    makes_file: bool,
    in_hunk: bool,
    fenced: bool,
    /// Whether its fence has no head of a hunk at all.
    headless: bool,
    /// Whether the head of the file was there and its hunks were not yet.
    after_head: bool,
    /// Whether the lines are those that git writes before the head of a file.
    in_git_head: bool,
}

/// Reads the diff of an answer: its diff fences when there are any, else what stands without one.
pub(super) fn parse<'a>(answer: &Answer<'a>) -> Patch<'a> {
    let parts = answer.parts();
    let mut parser = Parser::default();
    let fenced = parts.iter().any(|part| matches!(part, Part::Fence(fence) if super::is_fence(fence)));
    let result = if fenced { parser.fences(&parts) } else { parser.bare(&answer.lines) };
    parser.patch.problem = result.err();
    parser.patch
}

impl<'a> Parser<'a> {
    fn fences(&mut self, parts: &[Part<'a>]) -> Result<(), Refusal> {
        self.fenced = true;
        for part in parts {
            match part {
                Part::Fence(fence) if super::is_fence(fence) => {
                    self.begin(fence.path());
                    self.headless = !fence.lines.iter().any(|line| line.starts_with("@@"));
                    self.lines(&fence.lines, fence.first_line)?;
                    if !fence.closed {
                        return Err(Refusal::Cut { missing: "the end of its fence" });
                    }
                    self.end_hunk();
                }
                Part::Fence(fence) => self.patch.remarks.extend(&fence.lines),
                Part::Prose(line) => self.patch.remarks.push(line),
            }
        }
        Ok(())
    }

    fn bare(&mut self, lines: &[&'a str]) -> Result<(), Refusal> {
        let ended = lines.last().is_some_and(|line| line.is_empty());
        self.lines(&lines[..lines.len() - usize::from(ended)], 1)?;
        // The last hunk of a text without a fence has no end but its counts.
        let cut = self.in_hunk && self.patch.hunks.last().is_some_and(|hunk| hunk.is_full() == Some(false));
        if cut || self.after_head {
            return Err(Refusal::Cut { missing: "the end of a hunk" });
        }
        Ok(())
    }

    /// A fence begins: nothing of the one before counts on, but the file when the new one names none.
    fn begin(&mut self, path: Option<&'a str>) {
        self.path = path.or(self.path);
        self.makes_file = false;
    }

    fn lines(&mut self, lines: &[&'a str], first: usize) -> Result<(), Refusal> {
        let mut at = 0;
        while at < lines.len() {
            let number = first + at;
            if let Some(end) = self.head(&lines[at..])? {
                at += end;
                continue;
            }
            let line = lines[at];
            at += 1;
            // `@@ def f():` without numbers names a place that is not looked for.
            if line == "@@" || line.starts_with("@@ ") {
                self.hunk(line, number)?;
            } else if self.in_hunk && is_git(line) {
                self.end_hunk();
                self.outside(line)?;
            } else if !self.in_hunk && self.fenced && self.begins_without_head(line) {
                self.hunk("@@", number)?;
                self.content(line);
            } else if self.in_hunk {
                self.content(line);
            } else {
                self.outside(line)?;
            }
        }
        Ok(())
    }

    /// Whether a line is the first of a hunk that has no head.
    fn begins_without_head(&self, line: &str) -> bool {
        let is_head = is_git(line) || self.in_git_head || line.trim().is_empty();
        line.starts_with(['+', '-']) || self.headless && !is_head
    }

    /// Reads the head of a file; gives how many lines it has.
    fn head(&mut self, lines: &[&'a str]) -> Result<Option<usize>, Refusal> {
        let Some(old) = lines[0].strip_prefix("--- ") else { return Ok(None) };
        let Some(new) = lines.get(1).and_then(|line| line.strip_prefix("+++ ")) else { return Ok(None) };
        // A removed line `-- x` and an added `++ y` look the same, but hardly name files with a hunk after them.
        let follows = lines.get(2).is_some_and(|line| line.starts_with("@@"));
        if self.in_hunk && !(follows && is_name(old, "a/") && is_name(new, "b/")) {
            return Ok(None);
        }
        self.end_hunk();
        let (old, new) = (name(old), name(new));
        if new == "/dev/null" {
            return Err(Refusal::Deletes { path: shown(without(old, "a/")) });
        }
        self.makes_file = old == "/dev/null";
        let (old, new) = (without(old, "a/"), without(new, "b/"));
        if !self.makes_file && old != new && !old.ends_with(&format!("/{new}")) && !new.ends_with(&format!("/{old}")) {
            return Err(Refusal::Renames { path: shown(old) });
        }
        self.path = Some(new);
        self.after_head = true;
        Ok(Some(2))
    }

    fn hunk(&mut self, head: &'a str, line: usize) -> Result<(), Refusal> {
        self.end_hunk();
        if self.patch.hunks.len() == BLOCKS {
            return Err(Refusal::TooMany { what: "hunks", limit: BLOCKS });
        }
        let numbers = numbers(head);
        self.patch.hunks.push(Hunk {
            path: self.path,
            makes_file: self.makes_file,
            old_start: numbers.map(|numbers| numbers.old_start),
            counts: numbers.map(|numbers| numbers.counts),
            lines: Vec::new(),
            old_has_no_end: false,
            new_has_no_end: false,
            is_closed: false,
            line,
            blanks: 0,
        });
        self.in_hunk = true;
        self.after_head = false;
        self.in_git_head = false;
        Ok(())
    }

    fn end_hunk(&mut self) {
        self.in_hunk = false;
        if let Some(hunk) = self.patch.hunks.last_mut() {
            hunk.is_closed = true;
        }
    }

    /// A line of the hunk that is open.
    fn content(&mut self, line: &'a str) {
        let Some(hunk) = self.patch.hunks.last_mut() else { return };
        let is_done = !self.fenced && hunk.blanks > 0 && hunk.is_full() == Some(true);
        match line.as_bytes().first() {
            _ if is_done => self.after(line),
            Some(b' ') => hunk.push(Sign::Context, &line[1..]),
            Some(b'-') => hunk.push(Sign::Removed, &line[1..]),
            Some(b'+') => hunk.push(Sign::Added, &line[1..]),
            Some(b'\\') => no_end(hunk),
            None => hunk.blanks += 1,
            // The space before an unchanged line is easily forgotten.
            Some(_) if self.fenced => hunk.push(Sign::Context, line),
            Some(_) => self.after(line),
        }
    }

    /// A line behind the hunk that was open.
    fn after(&mut self, line: &'a str) {
        self.end_hunk();
        self.patch.remarks.push(line);
    }

    fn outside(&mut self, line: &'a str) -> Result<(), Refusal> {
        let path = |line: &str| shown(line.split_whitespace().last().unwrap_or_default());
        let moves = ["rename from ", "rename to ", "copy from ", "copy to "];
        if self.in_git_head && moves.iter().any(|head| line.starts_with(head)) {
            return Err(Refusal::Renames { path: path(line) });
        }
        if self.in_git_head && line.starts_with("deleted file mode") {
            return Err(Refusal::Deletes { path: self.path.map(shown).unwrap_or_default() });
        }
        if self.in_git_head && (line.starts_with("GIT binary patch") || line.starts_with("Binary files ")) {
            return Err(Refusal::Malformed { line: 1, problem: "the diff has binary content" });
        }
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.in_git_head = true;
            self.path = names.split(' ').next().map(|name| without(name, "a/"));
            self.makes_file = false;
        } else if !is_git(line) && !line.starts_with("--- ") && !line.starts_with("+++ ") {
            self.patch.remarks.push(line);
        }
        Ok(())
    }
}

fn no_end(hunk: &mut Hunk<'_>) {
    match hunk.lines.last() {
        Some((Sign::Removed, _)) => hunk.old_has_no_end = true,
        Some((Sign::Added, _)) => hunk.new_has_no_end = true,
        Some((Sign::Context, _)) => (hunk.old_has_no_end, hunk.new_has_no_end) = (true, true),
        None => {}
    }
}

/// The name in the head of a file, without a date behind it.
fn name(text: &str) -> &str {
    text.split('\t').next().unwrap_or_default().trim().trim_matches('"')
}

/// Whether the head of a file names one.
fn is_name(text: &str, prefix: &str) -> bool {
    let name = name(text);
    name.starts_with(prefix) || path::is_path(name)
}

fn without<'a>(path: &'a str, prefix: &str) -> &'a str {
    path.strip_prefix(prefix).unwrap_or(path)
}

/// Whether a line is one that git writes between files.
fn is_git(line: &str) -> bool {
    let heads =
        ["diff --git ", "index ", "new file mode ", "old mode ", "new mode ", "similarity index ", "Index: ", "======"];
    heads.iter().any(|head| line.starts_with(head))
}
