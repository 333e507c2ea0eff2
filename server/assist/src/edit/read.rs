//! Reads a model's answer in one of a few shapes, as it streams, and turns it into new text.
//!
//! Pure: an answer and the texts of files in, new texts or a reason out. Owns the shapes and what is asked of a model in each;
//! showing, guarding and applying a change belong to its siblings. An answer is never guessed at: what can be read in two
//! ways is refused, and the refusal says what to tell the model.
//!
//! What is promised of an answer that was cut: inside a fence, a block or a counted hunk the cut is seen and refused. A bare
//! text, blocks that stand outside of one fence, and fences of which more could follow have no end that could be missing: so [`Reader::finish`] is called only when
//! the provider's terminal event came.

mod answer;
mod blocks;
mod check;
mod desk;
mod diff;
mod elision;
mod find;
mod indent;
mod language;
mod path;
mod prose;
mod refusal;
mod shape;
mod whole;

use std::{ops::Range, sync::Arc};

pub use refusal::Refusal;
pub use shape::{Shape, UnknownShape};

use answer::Answer;
use desk::Desk;

/// The most bytes of an answer.
pub const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most blocks or hunks of an answer.
pub const BLOCKS: usize = 1000;
/// The most files that one answer may change.
pub const FILES: usize = 100;
/// The most lines of an answer.
pub const LINES: usize = 500_000;
/// The most bytes of a model's prose that are kept.
const REMARK_BYTES: usize = 2048;

/// What an edit is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its path in the workspace, relative, with `/`.
    pub path: String,
    /// Its text as the model was shown it.
    pub text: Arc<str>,
    /// In bytes: what is to be replaced when the answer is new text. An empty range is a place to insert at.
    pub range: Range<usize>,
}

/// Other files of the workspace, for answers about several.
pub trait Sources {
    /// The text of the file at `path` (relative, with `/`); `None` when there is none or it may not be read.
    fn read(&self, path: &str) -> Option<Arc<str>>;
}

/// A file as it was and as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// Its path in the workspace, relative, with `/`.
    pub path: String,
    /// Its text before; `None` for a new file. The target's own text, also when that is empty.
    pub old: Option<Arc<str>>,
    /// Its whole text after.
    pub new: String,
}

/// What an answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The files that change, in the order in which the answer names them; never empty.
    pub files: Vec<FileText>,
    /// The model's prose beside the code, trimmed, at most 2 KiB.
    pub remarks: Option<String>,
}

/// Reads one answer.
#[derive(Debug)]
pub struct Reader {
    shape: Shape,
    target: Target,
    answer: String,
    too_long: bool,
}

impl Reader {
    /// Waits for an answer in `shape` about `target`. A range that does not lie in the text is brought inside.
    pub fn new(shape: Shape, mut target: Target) -> Self {
        let end = target.text.ceil_char_boundary(target.range.end.min(target.text.len()));
        target.range = target.text.floor_char_boundary(target.range.start.min(end))..end;
        Self { shape, target, answer: String::new(), too_long: false }
    }

    /// Takes the next piece of the answer.
    ///
    /// [`Refusal::TooLong`] once there is more than [`ANSWER_BYTES`]: nothing more is kept, and the request may as well be
    /// stopped.
    pub fn push(&mut self, chunk: &str) -> Result<(), Refusal> {
        self.too_long |= self.answer.len() + chunk.len() > ANSWER_BYTES;
        if self.too_long {
            return Err(Refusal::TooLong { limit: ANSWER_BYTES });
        }
        self.answer.push_str(chunk);
        Ok(())
    }

    /// How many bytes of the answer are here.
    pub fn received(&self) -> usize {
        self.answer.len()
    }

    /// The best view so far: whole lines, blocks and hunks that are sure; what was not yet reached is unchanged. Costs time
    /// in proportion to the answer and the files.
    pub fn preview(&self, sources: &dyn Sources) -> Vec<FileText> {
        let mut answer = Answer::of(&self.answer);
        answer.forget_last_line();
        let mut desk = Desk::new(&self.target, sources);
        match answer.shape(self.shape, &self.target) {
            Ok(Shape::Whole) => return whole::preview(&answer, self.shape, &self.target).into_iter().collect(),
            Ok(Shape::SearchReplace) => blocks::preview(&answer, &mut desk),
            Ok(Shape::Diff) => diff::preview(&answer, &mut desk),
            Err(_) => {}
        }
        desk.changed()
    }

    /// What the whole answer comes to. To be called only when the provider's terminal event came.
    pub fn finish(self, sources: &dyn Sources) -> Result<Outcome, Refusal> {
        if self.too_long {
            return Err(Refusal::TooLong { limit: ANSWER_BYTES });
        }
        let answer = Answer::of(&self.answer);
        let mut desk = Desk::new(&self.target, sources);
        let (files, remarks) = match answer.shape(self.shape, &self.target)? {
            Shape::Whole => {
                let read = whole::read(&answer, self.shape, &self.target)?;
                (vec![read.file], read.remarks)
            }
            Shape::SearchReplace => {
                let remarks = blocks::apply(&answer, &mut desk)?;
                (desk.changed(), remarks)
            }
            Shape::Diff => {
                let remarks = diff::apply(&answer, &mut desk)?;
                (desk.changed(), remarks)
            }
        };
        let files: Vec<FileText> =
            files.into_iter().filter(|file| file.old.as_deref() != Some(file.new.as_str())).collect();
        if files.is_empty() {
            return Err(Refusal::NoChange);
        }
        files.iter().try_for_each(check::check)?;
        Ok(Outcome { files, remarks: remarked(&remarks) })
    }
}

/// Lines of prose as a remark: trimmed, cut, `None` when nothing is left.
fn remarked(lines: &[&str]) -> Option<String> {
    let text = lines.join("\n");
    let text = text.trim();
    let text = text[..text.floor_char_boundary(REMARK_BYTES)].trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
