//! Inline completion: from a place in a document to ghost text, or to the reason why there is none.
//!
//! Owns the order of the steps (gate, reuse, context, fill, trim) and the effects between them: the clock, the model's
//! stream, what was suggested before. Each decision itself is a pure function in a file of its own. It knows no protocol:
//! places are bytes of a snapshot, and the caller decides whether a late answer is still wanted.

mod context;
mod empty;
mod explain;
mod gate;
mod reuse;
mod trim;
mod verdicts;

#[cfg(test)]
mod tests;

pub use empty::{Empty, EmptyReport};
pub use explain::{Explanation, LeftOut, Part, Refusal};

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aside_model::{FillModel, FillRequest, ModelError, StreamEvent};
use aside_text::Document;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use crate::{Chosen, Models, egress};
use context::Context;
use gate::Gate;
use reuse::{Memory, Remembered};
use verdicts::Verdicts;

/// What a person or editor asks for.
#[derive(Clone)]
pub struct Ask {
    /// The document as it was at the request's place in the wire order.
    pub document: Document,
    /// The cursor: a byte offset into the document.
    pub at: usize,
    /// Root folder of the workspace the document belongs to.
    pub workspace: Option<PathBuf>,
    /// The document's path inside that workspace, with `/`.
    pub relative: Option<String>,
    /// The other open documents.
    pub open: Vec<Document>,
    /// Who asked.
    pub trigger: Trigger,
    /// The completion menu's current item, which a suggestion has to extend.
    pub selected: Option<Selected>,
}

/// Who asked for a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person, by a key or command.
    Invoked,
    /// The editor, because of typing.
    Automatic,
}

/// The item selected in the editor's completion menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The bytes that accepting it replaces.
    pub range: Range<usize>,
    /// The text that accepting it inserts.
    pub text: String,
}

/// Ghost text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What would be inserted.
    pub text: String,
    /// The bytes it replaces: empty at the cursor, or the selected item's.
    pub replace: Range<usize>,
}

/// An answer: suggestions, or the reason why there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Best first.
    pub suggestions: Vec<Suggestion>,
    /// Why `suggestions` is empty; `None` exactly when it is not.
    pub empty: Option<Empty>,
    /// The model that said it, as `provider/model`.
    pub model: Option<String>,
    /// Whether it came from memory, without asking the model.
    pub reused: bool,
}

impl Answer {
    fn none(empty: Empty, model: Option<String>) -> Self {
        Self { suggestions: Vec::new(), empty: Some(empty), model, reused: false }
    }
}

/// Settings of inline completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Whether completions are offered at all.
    pub enabled: bool,
    /// LSP language identifiers for which none is offered.
    pub disabled_languages: Vec<String>,
    /// The most tokens a model may answer with.
    pub max_tokens: u32,
    /// Text sent from before the cursor, in bytes.
    pub prefix_bytes: usize,
    /// Text sent from after the cursor, in bytes.
    pub suffix_bytes: usize,
    /// How long a request waits before it goes to a model outside this program when requests come faster than this.
    pub debounce: Duration,
    /// How long a model may take for one completion.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            enabled: true,
            disabled_languages: Vec::new(),
            max_tokens: 128,
            prefix_bytes: 6144,
            suffix_bytes: 2048,
            debounce: Duration::from_millis(40),
            timeout: Duration::from_secs(10),
        }
    }
}

/// The completion feature. One per server, shared by all requests.
pub struct Inline {
    models: Arc<dyn Models>,
    gate: Gate,
    // Standard mutexes: each is held for a few comparisons or a swap, never over an await.
    options: Mutex<Arc<Options>>,
    memory: Mutex<Memory>,
    verdicts: Mutex<Verdicts>,
    last_empty: Mutex<Option<EmptyReport>>,
}

impl Inline {
    /// A feature that reaches its models through `models`.
    pub fn new(models: Arc<dyn Models>, options: Options) -> Self {
        Self {
            models,
            gate: Gate::default(),
            options: Mutex::new(Arc::new(options)),
            memory: Mutex::new(Memory::default()),
            verdicts: Mutex::new(Verdicts::default()),
            last_empty: Mutex::new(None),
        }
    }

    /// Takes new settings; what was remembered under the old ones is forgotten.
    pub fn set_options(&self, options: Options) {
        *lock(&self.options) = Arc::new(options);
        lock(&self.memory).clear();
    }

    /// Why the latest empty answer was empty; answers that were merely overtaken do not count.
    pub fn last_empty(&self) -> Option<EmptyReport> {
        lock(&self.last_empty).clone()
    }

    /// Records a reason that the caller found before asking (no such document, not in sync, …).
    pub fn note_empty(&self, uri: &str, empty: &Empty) {
        if !matches!(empty, Empty::Superseded) {
            *lock(&self.last_empty) = Some(EmptyReport::new(uri, empty));
        }
    }

    /// Answers one request. The newest request per document wins: an older one still running is answered
    /// [`Empty::Superseded`] at once, and its connection is closed. Dropping the future has the same effect.
    pub async fn complete(&self, ask: Ask) -> Answer {
        let uri = ask.document.uri().to_owned();
        let ticket = self.gate.enter(&uri, Instant::now());
        let answer = tokio::select! {
            biased;
            () = ticket.superseded() => Answer::none(Empty::Superseded, None),
            answer = self.answer(&ask, ticket.since_previous()) => answer,
        };
        if let Some(empty) = &answer.empty {
            self.note_empty(&uri, empty);
        }
        answer
    }

    /// What would be sent for `ask`, to whom, and what is left out; sends nothing.
    pub async fn explain(&self, ask: Ask) -> Explanation {
        let options = lock(&self.options).clone();
        let chosen = self.models.fill().await;
        let context = self.refusal(&ask, &options).map_or_else(|| Ok(self.context(&ask, &options)), Err);
        explain::explanation(&ask, chosen.as_ref(), context)
    }

    /// Forgets what was remembered about a document that was closed.
    pub fn closed(&self, uri: &str) {
        self.gate.forget(uri);
        lock(&self.memory).forget(uri);
    }

    async fn answer(&self, ask: &Ask, since_previous: Option<Duration>) -> Answer {
        let options = lock(&self.options).clone();
        if let Some(empty) = self.refusal(ask, &options) {
            return Answer::none(empty, None);
        }
        let chosen = match self.models.fill().await {
            Ok(chosen) => chosen,
            Err(error) => return Answer::none(Empty::Failed(error), None),
        };
        let model = chosen.reference.to_string();
        lock(&self.memory).visit(ask.document.uri(), ask.at);
        // A selected menu item changes what stands before the cursor, so nothing that was suggested without it fits.
        let reusable = ask.selected.is_none();
        let remembered = if reusable { lock(&self.memory).recall(&ask.document, ask.at, &model) } else { None };
        if let Some(text) = remembered {
            return deliver(ask, text, model, true);
        }
        let rushed = since_previous.is_some_and(|gap| gap < options.debounce);
        if rushed && !chosen.builtin && ask.trigger == Trigger::Automatic {
            sleep(options.debounce).await;
        }
        match self.fill(ask, &options, &chosen).await {
            Ok(text) => {
                if reusable {
                    lock(&self.memory).remember(Remembered::new(&ask.document, ask.at, &model, &text));
                }
                deliver(ask, text, model, false)
            }
            Err(empty) => Answer::none(empty, Some(model)),
        }
    }

    async fn fill(&self, ask: &Ask, options: &Options, chosen: &Chosen<dyn FillModel>) -> Result<String, Empty> {
        let context = self.context(ask, options);
        let request = FillRequest {
            model: chosen.reference.model.clone(),
            prefix: context.prefix.clone(),
            suffix: context.suffix.clone(),
            path: ask.relative.clone(),
            workspace: ask.workspace.clone(),
            language: ask.document.language().to_owned(),
            snippets: context.snippets.iter().map(|(snippet, _)| snippet.clone()).collect(),
            max_tokens: options.max_tokens,
            single_line: context.single_line,
        };
        let raw = timeout(options.timeout, read(chosen.model.as_ref(), request, &context))
            .await
            .map_err(|_| Empty::TimedOut { after: options.timeout })?
            .map_err(Empty::Failed)?;
        if raw.trim().is_empty() {
            return Err(Empty::NoText);
        }
        trim::trim(&raw, &context.shape()).ok_or(Empty::Duplicate)
    }

    fn context(&self, ask: &Ask, options: &Options) -> Context {
        let places = lock(&self.memory).places();
        context::gather(ask, options, &places, &|document| self.allows(document, ask.workspace.as_deref()))
    }

    fn refusal(&self, ask: &Ask, options: &Options) -> Option<Empty> {
        context::refusal(ask, options, &|document| self.allows(document, ask.workspace.as_deref()))
    }

    /// Whether `document` may be shown, by the rules as they were at most a moment ago.
    fn allows(&self, document: &Document, workspace: Option<&Path>) -> Result<(), aside_index::LeftOut> {
        let now = Instant::now();
        if let Some(said) = lock(&self.verdicts).recall(document, workspace, now) {
            return said;
        }
        let said = egress::allows_document(document, workspace);
        lock(&self.verdicts).keep(document, workspace, now, said.clone());
        said
    }
}

/// Reads a fill to its end, or until more text could not change what is shown.
async fn read(model: &dyn FillModel, request: FillRequest, context: &Context) -> Result<String, ModelError> {
    let mut stream = model.fill(request);
    let mut text = String::new();
    while let Some(event) = stream.next().await {
        match event? {
            StreamEvent::Text(more) => {
                text.push_str(&more);
                if trim::is_enough(&text, &context.shape()) {
                    break;
                }
            }
            StreamEvent::Reasoning(_) | StreamEvent::Usage(_) => {}
            StreamEvent::End(_) => break,
        }
    }
    Ok(text)
}

fn deliver(ask: &Ask, text: String, model: String, reused: bool) -> Answer {
    let suggestion = match &ask.selected {
        // The cursor stands inside the item's range; what the model saw ends with the item's text.
        Some(selected) => Suggestion { text: format!("{}{text}", selected.text), replace: selected.range.clone() },
        None => Suggestion { text, replace: ask.at..ask.at },
    };
    Answer { suggestions: vec![suggestion], empty: None, model: Some(model), reused }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves at worst an incomplete memory of suggestions, which is harmless.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
