//! Actions that people declare in their settings: what they are, which are in force, and how their prompts are filled in.
//!
//! A prompt is a template with a few variables. It reads nothing but these, loads no other template, and its work and its
//! length are bounded, whoever wrote it.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use aside_model::ModelRef;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, value::Serde};
use serde::Serialize;

use super::{catalog::Answers, place::Diagnostic};
use crate::fence::{fenced, one_line};

/// The most steps that filling in a prompt takes.
const FUEL: u64 = 100_000;
/// The longest prompt after filling in, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;
/// What the id of a custom action begins with.
const PREFIX: &str = "custom/";

/// How much of the document a custom action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The selection; it is offered only where there is one.
    Selection,
    /// The lines of the selection, or the cursor's line.
    Line,
    /// The innermost function.
    Function,
    /// The innermost class.
    Class,
    /// The whole file.
    File,
}

/// An action of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// Its name in the settings.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The template of what the model is told.
    pub prompt: String,
    /// What it is about.
    pub scope: Reach,
    /// What it gives.
    pub answers: Answers,
    /// Its LSP code action kind.
    pub kind: &'static str,
    /// The editor's identifiers of the languages it is for; none means all.
    pub languages: Vec<String>,
    /// The model to ask instead of the one of the settings.
    pub model: Option<ModelRef>,
    /// Whether it needs a person's words.
    pub ask: bool,
}

/// What a prompt may name. Every variable is always there; what does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Variables {
    /// The code that the action is about.
    pub code: String,
    /// The editor's identifier of the language.
    pub language: String,
    /// The file's path inside the workspace, with `/`.
    pub path: String,
    /// The file's name.
    pub file_name: String,
    /// The person's words.
    pub instruction: String,
    /// What tools say is wrong there.
    pub diagnostics: Vec<DiagnosticVariable>,
    /// The file's imports, as they are written.
    pub imports: String,
    /// The headers of what encloses the code, outermost first.
    pub enclosing: String,
    /// The first line of the code, from 1.
    pub line: u32,
    /// Its last line.
    pub end_line: u32,
}

/// One of the `diagnostics` of a prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DiagnosticVariable {
    /// What it says.
    pub message: String,
    /// The tool; may be empty.
    pub source: String,
    /// Its code; may be empty.
    pub code: String,
    /// The line it begins in, from 1.
    pub line: u32,
}

impl From<&Diagnostic> for DiagnosticVariable {
    fn from(diagnostic: &Diagnostic) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            message: diagnostic.message.clone(),
            source: text(&diagnostic.source),
            code: text(&diagnostic.code),
            line: diagnostic.line,
        }
    }
}

/// The names of [`Variables`].
const NAMES: [&str; 10] =
    ["code", "language", "path", "file_name", "instruction", "diagnostics", "imports", "enclosing", "line", "end_line"];

/// Why a prompt could not be filled in. Each names the action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomError {
    /// It names something that is not there.
    #[error("the prompt of the action `{action}` names `{variable}`, which is not there")]
    Unknown {
        /// The action.
        action: String,
        /// The variable.
        variable: String,
    },
    /// It is no template, or asks for something that cannot be done.
    #[error("the prompt of the action `{action}` does not work: {reason} (line {line})")]
    Broken {
        /// The action.
        action: String,
        /// What is wrong.
        reason: String,
        /// The line of the prompt, from 1.
        line: usize,
    },
    /// It takes too many steps.
    #[error("filling in the prompt of the action `{action}` takes too long; it was given up")]
    TooMuchWork {
        /// The action.
        action: String,
    },
    /// It becomes too long.
    #[error("the prompt of the action `{action}` becomes longer than {LONGEST} bytes")]
    TooLong {
        /// The action.
        action: String,
    },
    /// Nothing is left to say.
    #[error("the prompt of the action `{action}` is empty here")]
    Empty {
        /// The action.
        action: String,
    },
}

impl CustomError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "action-unknown-variable",
            Self::Broken { .. } => "action-broken-prompt",
            Self::TooMuchWork { .. } => "action-too-much-work",
            Self::TooLong { .. } => "action-prompt-too-long",
            Self::Empty { .. } => "action-prompt-empty",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { .. } => format!("a prompt may name {}", NAMES.map(|name| format!("`{name}`")).join(", ")),
            Self::Broken { action, .. } | Self::Empty { action } => {
                format!("correct `actions.{action}.prompt`; `aside config show` says where it is set")
            }
            Self::TooMuchWork { action } | Self::TooLong { action } => {
                format!("make `actions.{action}.prompt` simpler, or use it on less code")
            }
        }
    }
}

impl Custom {
    /// The stable name in the protocol: `custom/NAME`.
    pub fn id(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    /// The prompt with `variables` filled in. The filter `fenced` puts a text between fences that it cannot close.
    ///
    /// # Errors
    /// The prompt names what is not there, does not work, takes too many steps, or becomes empty or too long.
    pub fn fill_in(&self, variables: &Variables) -> Result<String, CustomError> {
        let environment = environment();
        let template = environment.template_from_str(&self.prompt).map_err(|error| self.broken(&error))?;
        let mut out = Bounded::default();
        if let Err(error) = template.render_captured_to(Value::from(Serde(variables)), &mut out) {
            let action = self.name.clone();
            return Err(match error.kind() {
                _ if out.is_full => CustomError::TooLong { action },
                ErrorKind::OutOfFuel => CustomError::TooMuchWork { action },
                ErrorKind::UndefinedError => match unknown(&template) {
                    Some(variable) => CustomError::Unknown { action, variable },
                    None => self.broken(&error),
                },
                _ => self.broken(&error),
            });
        }
        let text = String::from_utf8_lossy(&out.bytes).trim().to_owned();
        if text.is_empty() { Err(CustomError::Empty { action: self.name.clone() }) } else { Ok(text) }
    }

    fn broken(&self, error: &minijinja::Error) -> CustomError {
        let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        CustomError::Broken {
            action: self.name.clone(),
            reason: one_line(&reason, 200),
            line: error.line().unwrap_or(1),
        }
    }
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.add_filter("fenced", |text: String| fenced(&text));
    environment
}

/// A name in the template that stands for nothing.
fn unknown(template: &minijinja::Template<'_, '_>) -> Option<String> {
    let mut named: Vec<_> = template.undeclared_variables(false).into_iter().collect();
    named.sort_unstable();
    named.into_iter().find(|name| !NAMES.contains(&name.as_str())).map(|name| one_line(&name, 60))
}

/// Takes so many bytes and no more.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for &mut Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > LONGEST {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The custom actions in force; replaced as a whole when the settings change.
#[derive(Debug, Default)]
pub struct Customs {
    // Held for a clone or a swap of the `Arc` only.
    current: Mutex<Arc<[Custom]>>,
}

impl Customs {
    /// These actions, in the order of a menu.
    pub fn new(custom: Vec<Custom>) -> Self {
        Self { current: Mutex::new(custom.into()) }
    }

    /// Puts other actions into force.
    pub fn set_custom(&self, custom: Vec<Custom>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = custom.into();
    }

    /// Those in force now.
    pub fn current(&self) -> Arc<[Custom]> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The action that the protocol calls `id` (`custom/NAME`).
    pub fn find(&self, id: &str) -> Option<Custom> {
        let name = id.strip_prefix(PREFIX)?;
        self.current().iter().find(|custom| custom.name == name).cloned()
    }
}

#[cfg(test)]
mod tests;
