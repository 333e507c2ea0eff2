//! Why an answer was not taken. Owns the sentences, codes and next steps, for people and for the model.

/// An answer that is not taken. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing in it.
    #[error("the model answered nothing")]
    Empty,
    /// It has no code.
    #[error("the model answered without code: \"{said}\"")]
    Prose {
        /// The first line of what it said.
        said: String,
    },
    /// The model does not want to, or cannot.
    #[error("the model declined: \"{said}\"")]
    Declined {
        /// The first line of what it said.
        said: String,
    },
    /// It stops in the middle.
    #[error("the answer is half an edit: it stops before {missing}")]
    Cut {
        /// What would have to come.
        missing: &'static str,
    },
    /// It goes on and on.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// The most bytes.
        limit: usize,
    },
    /// It has too many parts.
    #[error("the answer has more than {limit} {what}")]
    TooMany {
        /// `lines`, `blocks`, `hunks` or `files`.
        what: &'static str,
        /// The most.
        limit: usize,
    },
    /// More than one part of it could be the new text.
    #[error("the answer has {count} code blocks, and more than one of them could be the new text")]
    Several {
        /// How many there are.
        count: usize,
    },
    /// Its code is in another language than the file.
    #[error("the answer has code in `{found}`, which `{path}` is not")]
    WrongLanguage {
        /// The language that the answer names.
        found: String,
        /// The file.
        path: String,
    },
    /// Its code is labelled with another file.
    #[error("the answer has the text of \"{found}\", and not of `{path}`")]
    WrongFile {
        /// The file that the answer names.
        found: String,
        /// The file that was asked for.
        path: String,
    },
    /// It is in a shape that is not unmistakable.
    #[error("the answer is not in the shape that was asked for ({asked})")]
    WrongShape {
        /// The shape.
        asked: super::Shape,
    },
    /// Its shape is broken.
    #[error("the answer cannot be read at line {line}: {problem}")]
    Malformed {
        /// Where, from 1.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// What it wants to replace is not there.
    #[error("`{path}` has no lines like those that begin with \"{search}\"")]
    NoMatch {
        /// The file.
        path: String,
        /// The first line that was looked for.
        search: String,
    },
    /// What it wants to replace is there several times.
    #[error("`{path}` has {places} places like the lines that begin with \"{search}\"")]
    Ambiguous {
        /// The file.
        path: String,
        /// The first line that was looked for.
        search: String,
        /// How many places.
        places: usize,
    },
    /// Two of its parts change the same lines.
    #[error("two parts of the answer change the same lines of `{path}`, the second at \"{search}\"")]
    Overlap {
        /// The file.
        path: String,
        /// The first line that the later one looked for.
        search: String,
    },
    /// It changes a file that is not there.
    #[error("there is no file `{path}` to change")]
    NoFile {
        /// The file.
        path: String,
    },
    /// It makes a file that is there.
    #[error("`{path}` exists and is not empty, and the answer does not say where its lines belong")]
    Exists {
        /// The file.
        path: String,
    },
    /// It deletes a file.
    #[error("the answer deletes `{path}`")]
    Deletes {
        /// The file.
        path: String,
    },
    /// It renames or copies a file.
    #[error("the answer renames or copies `{path}`")]
    Renames {
        /// The file.
        path: String,
    },
    /// It names a file that cannot be meant.
    #[error("the answer names the file \"{path}\", which {problem}")]
    BadPath {
        /// The name, with what cannot be seen escaped.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It leaves lines out.
    #[error("the answer leaves lines out: \"{line}\"")]
    Elided {
        /// The line that says so.
        line: String,
    },
    /// It brings marks that belong to the form of an answer.
    #[error("the answer would bring the mark \"{line}\" into `{path}`")]
    Marks {
        /// The file.
        path: String,
        /// The line.
        line: String,
    },
    /// It brings control characters.
    #[error("the answer brings the control character U+{character:04X} into `{path}`")]
    ControlCharacters {
        /// The file.
        path: String,
        /// The character's number.
        character: u32,
    },
    /// It leaves everything as it was.
    #[error("the answer changes nothing")]
    NoChange,
}

impl Refusal {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "answer-empty",
            Self::Prose { .. } => "answer-no-code",
            Self::Declined { .. } => "answer-declined",
            Self::Cut { .. } => "answer-cut",
            Self::TooLong { .. } => "answer-too-long",
            Self::TooMany { .. } => "answer-too-many",
            Self::Several { .. } => "answer-several",
            Self::WrongLanguage { .. } => "answer-wrong-language",
            Self::WrongFile { .. } => "answer-wrong-file",
            Self::WrongShape { .. } => "answer-wrong-shape",
            Self::Malformed { .. } => "answer-malformed",
            Self::NoMatch { .. } => "answer-no-match",
            Self::Ambiguous { .. } => "answer-ambiguous",
            Self::Overlap { .. } => "answer-overlap",
            Self::NoFile { .. } => "answer-no-file",
            Self::Exists { .. } => "answer-exists",
            Self::Deletes { .. } => "answer-deletes",
            Self::Renames { .. } => "answer-renames",
            Self::BadPath { .. } => "answer-bad-path",
            Self::Elided { .. } => "answer-elided",
            Self::Marks { .. } => "answer-marks",
            Self::ControlCharacters { .. } => "answer-control-characters",
            Self::NoChange => "answer-no-change",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Prose { .. } | Self::Declined { .. } => "say more exactly what is to change, or ask in a chat",
            Self::Cut { .. } => "try again; if it stops again, select less code or allow a longer answer",
            Self::TooLong { .. } | Self::TooMany { .. } => "select less code, or ask for one change at a time",
            Self::Deletes { .. } => "delete the file yourself, then ask for the rest",
            Self::Renames { .. } => "rename the file yourself, then ask for the rest",
            Self::BadPath { .. } => "try again, and name the files that may change",
            Self::NoChange => "nothing needs to be done, or say more exactly what is to change",
            Self::Elided { .. } => "try again, select less code, or choose another model",
            _ => "try again, or choose another model",
        }
    }

    /// What to tell the model when it is asked again. Quotes at most one line of what it wrote.
    pub fn for_model(&self) -> String {
        let advice = match self {
            Self::Empty | Self::Prose { .. } | Self::Declined { .. } => {
                "Answer with the code itself, in the shape that was described."
            }
            Self::Cut { .. } => "Write the answer again, to its end, and close its fence.",
            Self::TooLong { .. } | Self::TooMany { .. } => "Make a smaller change.",
            Self::Several { .. } => "Give the new text in exactly one fenced code block.",
            Self::WrongLanguage { .. } | Self::WrongFile { .. } => {
                "Give only the new text of the file, in its own language."
            }
            Self::WrongShape { .. } | Self::Malformed { .. } | Self::Marks { .. } => {
                "Follow the described shape exactly."
            }
            Self::NoMatch { .. } => "Copy the lines to find exactly from the file, with their indentation.",
            Self::Ambiguous { .. } => "Add neighbouring lines until the lines to find occur only once.",
            Self::Overlap { .. } => "Join parts that touch the same lines into one.",
            Self::NoFile { .. } => "Use the paths that were given, or make a new file.",
            Self::Exists { .. } => "Name the lines to change instead of writing the file anew.",
            Self::Deletes { .. } | Self::Renames { .. } => "Do not delete, rename or copy files.",
            Self::BadPath { .. } => "Use plain paths inside the workspace, with `/`.",
            Self::Elided { .. } => "Write every line out; leave nothing out.",
            Self::ControlCharacters { .. } => "Write control characters as escapes of the language.",
            Self::NoChange => "Make the change that was asked for.",
        };
        format!("The last answer could not be used: {self}. {advice}")
    }
}

/// The most characters that are quoted of a line.
const SHOWN: usize = 160;

/// A line of a model's as it may be shown: on one line, short, with what cannot be seen escaped.
pub(super) fn shown(line: &str) -> String {
    let line = line.trim();
    let mut text = String::new();
    for c in line.chars().take(SHOWN) {
        let hides = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        if c.is_control() || hides {
            text.extend(c.escape_unicode());
        } else {
            text.push(c);
        }
    }
    if line.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}
