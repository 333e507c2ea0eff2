//! Blank space that moves text out of sight.

use super::Warning;

/// More blank lines in a row than this hide what follows below the screen.
const MOST_LINES: usize = 20;
/// More blank columns than this hide what follows beside the screen.
const MOST_COLUMNS: usize = 120;
/// Columns that a tab counts.
const TAB: usize = 4;

/// A run of blank lines in `new` that is long, and longer than any in `old`.
pub(super) fn judge_lines(old: &str, new: &str) -> Option<Warning> {
    let longest = blank_lines(new);
    let hides = longest > MOST_LINES && longest > blank_lines(old);
    hides.then(|| {
        Warning::new("blank-run", format!("it has {longest} blank lines in a row, which can hide what follows"))
    })
}

/// More lines in `new` than in `old` whose text stands behind a long blank.
pub(super) fn judge_columns(old: &str, new: &str) -> Option<Warning> {
    let count = |text: &str| text.split(['\n', '\r']).filter(|line| has_far_text(line)).count();
    let hides = count(new) > count(old);
    let message = || format!("it has text behind more than {MOST_COLUMNS} blanks, out of sight to the right");
    hides.then(|| Warning::new("blank-run", message()))
}

fn blank_lines(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for line in text.split_inclusive('\n') {
        run = if line.trim().is_empty() { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn has_far_text(line: &str) -> bool {
    let mut blank = 0;
    for c in line.trim_end().chars() {
        match c {
            '\t' => blank += TAB,
            c if c.is_whitespace() => blank += 1,
            _ if blank > MOST_COLUMNS => return true,
            _ => blank = 0,
        }
    }
    false
}
