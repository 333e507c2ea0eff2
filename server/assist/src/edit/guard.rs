//! What a person has to confirm on its own before a change is made, and how a change is shown so that nothing hides in it.
//!
//! A model's proposal is judged by where it would write ([`judge_place`]) and by what it would bring in
//! ([`judge_text`]). Pure: whoever asks has resolved symbolic links and knows the person's folders. It says what it found
//! and decides nothing; no setting reaches in here.

mod blanks;
mod characters;
mod package;
mod paths;
mod words;

use std::path::{Path, PathBuf};

pub use characters::{escape, escape_line};

/// Something that needs a confirmation of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable, kebab-case: `own-file`, `control-file`, `home-file`, `outside-workspace`, `new-file` about the place;
    /// `invisible-characters`, `mixed-scripts`, `blank-run` about the text.
    pub code: &'static str,
    /// What it is, as the rest of a sentence: it starts in lower case and has no full stop. Shows no hidden character.
    pub message: String,
}

impl Warning {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Where a change would be written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place<'a> {
    /// The path as the proposal calls it: inside the workspace, or a bare name. `/` and `\` both separate.
    pub named: &'a str,
    /// The path inside the workspace once symbolic links are resolved; `None` when it leads out, or there is no workspace.
    pub inside: Option<&'a str>,
    /// The whole path once symbolic links are resolved; `None` for what is no file on disk.
    pub absolute: Option<&'a Path>,
    /// The person's home folder.
    pub home: Option<&'a Path>,
    /// Folders and files of this program: its settings, data, state and the program itself.
    pub own: &'a [PathBuf],
    /// Whether the file does not exist yet.
    pub is_new: bool,
}

/// What there is to say about writing `new` where `old` was (empty for a new file), by the place and by the whole text.
pub fn judge_place(place: &Place<'_>, old: &str, new: &str) -> Vec<Warning> {
    let mut found = Vec::new();
    if place.own.iter().any(|own| place.absolute.is_some_and(|path| paths::below(path, own).is_some())) {
        found.push(Warning::new("own-file", "it belongs to Aside itself, which no proposal should change"));
    }
    found.extend(control(place, old, new));
    if place.is_home_file() {
        found.push(Warning::new("home-file", "it is a settings file of your home folder"));
    }
    if place.inside.is_none() {
        found.push(Warning::new("outside-workspace", "it is outside the workspace"));
    }
    if place.is_new {
        found.extend(judge_name(place.named));
        found.push(Warning::new("new-file", "it is a new file"));
    }
    // A run of blank lines may grow by several parts that are harmless one by one.
    found.extend(blanks::judge_lines(old, new));
    found
}

/// A name that the change brings in looks like another.
fn judge_name(named: &str) -> Option<Warning> {
    let hides = characters::judge("", named).or_else(|| words::judge("", named))?;
    Some(Warning { message: format!("its name is not what it looks like: `{}`", escape_line(named)), ..hides })
}

/// What there is to say about text that `new` brings and `old`, which it replaces, did not have. For a whole file or
/// for one part of a change.
pub fn judge_text(old: &str, new: &str) -> Vec<Warning> {
    let found = [characters::judge(old, new), words::judge(old, new), blanks::judge_lines(old, new)];
    found.into_iter().chain([blanks::judge_columns(old, new)]).flatten().collect()
}

/// How much a change is, for titles: `3 changes in 2 files`.
pub fn summary(files: usize, hunks: usize) -> String {
    let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{} in {}", many(hunks, "change"), many(files, "file"))
}

impl Place<'_> {
    fn is_home_file(&self) -> bool {
        let below = self.absolute.zip(self.home).and_then(|(path, home)| paths::below(path, home));
        below.is_some_and(|names| names.first().is_some_and(|name| name.starts_with('.')))
    }
}

/// The file decides what runs on this machine, or what tools are allowed to do.
fn control(place: &Place<'_>, old: &str, new: &str) -> Option<Warning> {
    let whole = place.absolute.filter(|_| place.inside.is_none()).map(|path| path.to_string_lossy().into_owned());
    let seen = [Some(place.named), place.inside, whole.as_deref()].into_iter().flatten().map(paths::names);
    for names in seen {
        if let Some(rule) = paths::control_rule(&names) {
            let message = format!("it decides what runs or what is allowed on this machine (`{rule}`)");
            return Some(Warning::new("control-file", message));
        }
        let manifest = names.last().is_some_and(|name| name == "package.json");
        if let Some(parts) = manifest.then(|| package::running_parts(old, new)).flatten() {
            return Some(Warning::new(
                "control-file",
                format!("it changes what a package manager runs or fetches ({parts})"),
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests;
