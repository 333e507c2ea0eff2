//! Where in a workspace the trial asks for completions, and what it asks about.
//!
//! Pure but for reading the workspace: the same files give the same places.

use std::{collections::HashMap, ops::ControlFlow, path::Path};

use aside_index::{FileText, WalkLimits, walk};

use crate::{
    command::complete::language_of,
    failure::{Exit, Failure},
};

/// Files looked at; more would not make a better trial.
const FILES: usize = 300;
/// Places tried.
const HOLES: usize = 24;
/// Places of one file.
const HOLES_OF_FILE: usize = 4;

/// What the trial asks.
pub(super) struct Tour {
    holes: Vec<Hole>,
    /// A name that occurs often in the workspace.
    pub(super) word: String,
    /// Another one.
    pub(super) second_word: String,
}

/// A line of a real file whose end is taken away.
pub(super) struct Hole {
    /// Path inside the workspace.
    pub(super) relative: String,
    /// LSP language identifier.
    pub(super) language: &'static str,
    /// The file without the end of that line.
    pub(super) text: String,
    /// Line, from 0.
    pub(super) line: usize,
    /// The lines above it, for showing.
    pub(super) above: Vec<String>,
    /// What is left of the line.
    pub(super) typed: String,
    /// What was taken away.
    pub(super) removed: String,
}

impl Tour {
    /// Reads the workspace at `root`.
    ///
    /// # Errors
    /// There is no source code.
    pub(super) fn of(root: &Path) -> Result<Self, Failure> {
        let mut files: Vec<FileText> = Vec::new();
        walk(root, WalkLimits::default(), &mut |file| {
            if !language_of(Path::new(&file.relative)).is_empty() {
                files.push(file);
            }
            if files.len() < FILES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let is_code =
            |file: &FileText| !matches!(language_of(Path::new(&file.relative)), "markdown" | "toml" | "json" | "yaml");
        let mut code: Vec<&FileText> = files.iter().filter(|file| is_code(file)).collect();
        code.sort_by_key(|file| std::cmp::Reverse(file.text.len()));
        let per_file: Vec<Vec<Hole>> = code.iter().take(HOLES).map(|file| holes_of(file)).collect();
        // One place of each file before the second of any.
        let mut holes: Vec<(usize, Hole)> =
            per_file.into_iter().flat_map(|holes| holes.into_iter().enumerate()).collect();
        holes.sort_by_key(|(rank, _)| *rank);
        let holes: Vec<Hole> = holes.into_iter().map(|(_, hole)| hole).take(HOLES).collect();
        let mut words = words_of(&code);
        if holes.is_empty() || words.len() < 2 {
            let message = format!("`{}` holds no source code to complete in", root.display());
            return Err(Failure::new(Exit::NotFound, message, "run `aside try FOLDER` on a folder with source files"));
        }
        let (second_word, word) = (words.swap_remove(1), words.swap_remove(0));
        Ok(Self { holes, word, second_word })
    }

    /// The places to try, in order.
    pub(super) fn holes(&self) -> &[Hole] {
        &self.holes
    }
}

fn holes_of(file: &FileText) -> Vec<Hole> {
    let lines: Vec<&str> = file.text.split_inclusive('\n').collect();
    let start = lines.len() / 3;
    let wanted = (start..lines.len()).filter_map(|line| hole(file, &lines, line));
    wanted.step_by(7).take(HOLES_OF_FILE).collect()
}

/// Takes the end away from a line of code, behind its first call or assignment.
fn hole(file: &FileText, lines: &[&str], line: usize) -> Option<Hole> {
    let content = lines[line].trim_end();
    let comment = ["//", "#", "*", "--", "/*"].iter().any(|mark| content.trim_start().starts_with(mark));
    let cut = content.find(" = ").map(|at| at + 3).or_else(|| content.find('(').map(|at| at + 1))?;
    let removed = content.get(cut..)?;
    if comment || removed.trim().chars().count() < 8 || content.len() > 120 {
        return None;
    }
    let before: usize = lines[..line].iter().map(|line| line.len()).sum();
    let mut text = file.text.clone();
    text.replace_range(before + cut..before + content.len(), "");
    Some(Hole {
        relative: file.relative.clone(),
        language: language_of(Path::new(&file.relative)),
        text,
        line,
        above: lines[line.saturating_sub(2)..line].iter().map(|line| line.trim_end().to_owned()).collect(),
        typed: content[..cut].to_owned(),
        removed: removed.to_owned(),
    })
}

/// What stands before the name of something that a file defines, in most languages.
const DEFINES: [&str; 11] =
    ["fn ", "struct ", "enum ", "trait ", "class ", "def ", "func ", "function ", "interface ", "type ", "const "];

/// Names worth asking about: defined here, long, and used. The most used first, ties in alphabetical order.
fn words_of(files: &[&FileText]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for file in files.iter().filter(|file| !file.relative.contains("test")) {
        for line in file.text.lines() {
            let defined = DEFINES.iter().filter_map(|define| line.split_once(define)).map(|(_, rest)| name_at(rest));
            for name in defined.filter(|name| is_telling(name)) {
                counts.entry(name).or_default();
            }
        }
    }
    for file in files {
        for word in file.text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            counts.entry(word).and_modify(|count| *count += 1);
        }
    }
    let mut words: Vec<(&str, usize)> = counts.into_iter().filter(|(_, count)| *count >= 2).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    words.into_iter().map(|(word, _)| word.to_owned()).take(8).collect()
}

/// A name of one common word says little about where it belongs.
fn is_telling(name: &str) -> bool {
    let compound = name.contains('_') || name.chars().skip(1).any(char::is_uppercase);
    (8..=30).contains(&name.len()) && (compound || name.len() >= 12)
}

fn name_at(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_takes_the_end_of_a_line_and_nothing_else() {
        let text = "fn a() {\n    let total = compute(first, second);\n}\n";
        let file = FileText { relative: "src/a.rs".into(), text: text.into(), modified: None };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let hole = hole(&file, &lines, 1).expect("an assignment");
        assert_eq!(hole.typed, "    let total = ");
        assert_eq!(hole.removed, "compute(first, second);");
        assert_eq!(hole.text, "fn a() {\n    let total = \n}\n");
    }
}
