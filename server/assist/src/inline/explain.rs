//! What a completion would send, to whom, and what it leaves out, for `aside complete --explain` and its LSP twin.

use aside_model::{FillModel, ModelError};
use serde::Serialize;

use super::{Ask, Empty, context::Context};
use crate::Chosen;

/// The answer to "what would be sent from here".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The model that would be asked, as `provider/model`.
    pub model: Option<String>,
    /// Whether that model runs inside this program, so that nothing leaves it.
    pub builtin: bool,
    /// The document's path inside its workspace, as the model sees it.
    pub path: Option<String>,
    /// Text from before the cursor.
    pub prefix: String,
    /// Text from after the cursor.
    pub suffix: String,
    /// Pieces of other files.
    pub snippets: Vec<Part>,
    /// What was considered and is not sent.
    pub left_out: Vec<LeftOut>,
    /// Whether only the rest of the line is asked for.
    pub single_line: bool,
    /// Why nothing would be sent at all.
    pub refused: Option<Refusal>,
}

/// A piece of another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Path inside the workspace.
    pub path: String,
    /// The text.
    pub text: String,
}

/// Something that is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Path inside the workspace.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Why nothing would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Stable code, see [`Empty::code`].
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The next step.
    pub hint: String,
}

impl From<&Empty> for Refusal {
    fn from(empty: &Empty) -> Self {
        Self { code: empty.code(), message: empty.to_string(), hint: empty.hint() }
    }
}

pub(super) fn explanation(
    ask: &Ask,
    chosen: Result<&Chosen<dyn FillModel>, &ModelError>,
    context: Result<Context, Empty>,
) -> Explanation {
    let mut refused = chosen.err().map(|error| Refusal::from(&Empty::Failed(error.clone())));
    let mut explanation = Explanation {
        model: chosen.ok().map(|chosen| chosen.reference.to_string()),
        builtin: chosen.is_ok_and(|chosen| chosen.builtin),
        path: ask.relative.clone(),
        prefix: String::new(),
        suffix: String::new(),
        snippets: Vec::new(),
        left_out: Vec::new(),
        single_line: false,
        refused: None,
    };
    match context {
        Ok(context) => {
            let parts = context.snippets.into_iter().map(|(piece, _)| Part { path: piece.path, text: piece.text });
            explanation.snippets = parts.collect();
            explanation.prefix = context.prefix;
            explanation.suffix = context.suffix;
            explanation.left_out = context.left_out;
            explanation.single_line = context.single_line;
        }
        Err(empty) => refused = Some(Refusal::from(&empty)),
    }
    explanation.refused = refused;
    explanation
}
