//! From an action at a place to what is asked: an edit of the desk, or words in a conversation.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aside_model::{ChatRequest, EndReason, ModelRef, StreamEvent};
use futures_util::StreamExt;

use super::{
    Answers, Builtin, Customs, Offer, Place, Spot, aim,
    aim::Aim,
    commit,
    custom::{Custom, DiagnosticVariable, Variables},
    instruction_comment, offers,
    outlines::Outlines,
    prompt::{self, Task},
    words,
};
use crate::{
    Models,
    chat::Attach,
    edit::{Ask, EditError, Failed, OpenDocuments, Target, Words, read::Shape},
    egress,
    fence::one_line,
};

/// How long an offer waits for a document to be parsed: a menu has to be there at once.
const AT_ONCE: Duration = Duration::from_millis(8);

/// The most characters of a title.
const TITLE_CHARS: usize = 80;

/// Settings of actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most bytes of code that go along with a request.
    pub context_bytes: usize,
    /// The most tokens of a commit message; what a reasoning model thinks counts.
    pub max_tokens: u32,
    /// The person's own instructions to every model.
    pub instructions: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { context_bytes: 49_152, max_tokens: 8192, instructions: String::new() }
    }
}

/// What can be asked about code. One per server.
pub struct Actions {
    models: Arc<dyn Models>,
    documents: Arc<dyn OpenDocuments>,
    /// The outlines of what is open.
    pub outlines: Outlines,
    /// The actions of the settings.
    pub customs: Customs,
    // Held for a clone or a swap only.
    options: Mutex<Options>,
}

/// What an action says in a conversation.
#[derive(Debug, Clone)]
pub struct Said {
    /// The words.
    pub text: String,
    /// What goes along.
    pub attachments: Vec<Attach>,
    /// The model of an action of the settings.
    pub model: Option<ModelRef>,
}

impl Actions {
    /// Actions on what `documents` has open.
    pub fn new(models: Arc<dyn Models>, documents: Arc<dyn OpenDocuments>, options: Options) -> Self {
        Self {
            models,
            documents,
            outlines: Outlines::default(),
            customs: Customs::default(),
            options: Mutex::new(options),
        }
    }

    /// Takes new settings, from the next action on.
    pub fn set_options(&self, options: Options) {
        *self.options.lock().unwrap_or_else(PoisonError::into_inner) = options;
    }

    /// What can be done at `spot`; see [`offers`].
    pub async fn offers(&self, spot: &Spot, only: Option<&[&str]>, asks: bool) -> Vec<Offer> {
        let scopes = self.outlines.around(&spot.document, &spot.range, AT_ONCE).await;
        offers(&spot.place(&scopes), only, &self.customs.current(), asks)
    }

    /// What `action` gives; `None` when there is no such action.
    pub fn answers(&self, action: &str) -> Option<Answers> {
        let builtin = Builtin::of(action).map(Builtin::answers);
        builtin.or_else(|| self.customs.find(action).map(|custom| custom.answers))
    }

    /// The edit that `action` asks for at `spot`, with the person's words where it takes some.
    ///
    /// # Errors
    /// The document may not be sent, there is no such action, nothing at the place that it could be about, or its words cannot be
    /// made.
    pub async fn edit(
        &self,
        action: &str,
        spot: Spot,
        instruction: Option<String>,
        model: Option<ModelRef>,
    ) -> Result<Ask, EditError> {
        allowed(&spot).await?;
        let outline = self.outlines.of(&spot.document).await;
        let custom = self.customs.find(action);
        let title =
            title(action, &spot.place(&outline.around(spot.range.clone())), custom.as_ref(), instruction.as_deref());
        let (documents, name) = (Arc::clone(&self.documents), action.to_owned());
        let (reach, workspace) = (custom.as_ref().map(|custom| custom.scope), spot.workspace.clone());
        // The words of a comment are what is asked for where nobody said anything else.
        let text = spot.document.slice(spot.lines());
        let comment = instruction_comment(&text).filter(|_| action == Builtin::Rewrite.id());
        let instruction = match (instruction, comment) {
            (Some(words), _) => words,
            (None, Some(comment)) => {
                format!("{}\n(Remove the comment that says so: it begins with `aside:`.)", comment.words)
            }
            (None, None) => String::new(),
        };
        if instruction.is_empty() && action == Builtin::Rewrite.id() {
            let reason = "nobody said how: give `instruction`, or a comment that begins with `aside:`".to_owned();
            return Err(EditError::Place { action: name, reason });
        }
        let about = spot.clone();
        let aimed = blocking(move || match (Builtin::of(&name), reach) {
            (Some(builtin), _) => aim::builtin(builtin, &about, &outline, documents.as_ref()),
            (None, Some(reach)) => aim::custom(reach, &about, &outline, &name),
            (None, None) => Err(unknown(&name)),
        });
        let Aim { target, mut request } = aimed.await?;
        request.instruction.clone_from(&instruction);
        if let Some(custom) = &custom {
            aim::surround(&mut request, &target);
            request.task = Task::Custom(fill_in(custom, &variables(&spot, &request))?);
        }
        Ok(Ask {
            action: action.to_owned(),
            title,
            model: model.or_else(|| custom.and_then(|custom| custom.model)),
            workspace,
            shape: None,
            question: instruction,
            words: self.words(request),
            target,
        })
    }

    /// What `action` says in a conversation about `spot`.
    ///
    /// # Errors
    /// The document may not be sent, there is no such action, or its words cannot be made.
    pub async fn said(&self, action: &str, spot: &Spot, instruction: Option<String>) -> Result<Said, EditError> {
        allowed(spot).await?;
        let outline = self.outlines.of(&spot.document).await;
        let place = spot.place(&outline.around(spot.range.clone()));
        if let Some(custom) = self.customs.find(action) {
            let Aim { target, mut request } = aim::custom(custom.scope, spot, &outline, action)?;
            aim::surround(&mut request, &target);
            request.instruction = instruction.unwrap_or_default();
            let text = fill_in(&custom, &variables(spot, &request))?;
            return Ok(Said { text, attachments: Vec::new(), model: custom.model });
        }
        let (mut text, range) = match Builtin::of(action) {
            Some(Builtin::Explain) => (words::explain(&place), aim::subject(spot, &outline)),
            Some(Builtin::Review) => {
                let all = 0..spot.document.len_bytes();
                (words::review(&place.path, place.selection), if spot.range.is_empty() { all } else { spot.lines() })
            }
            _ => return Err(unknown(action)),
        };
        if let Some(more) = instruction.filter(|more| !more.trim().is_empty()) {
            text.push_str(&format!("\n\n{}", more.trim()));
        }
        let document = spot.document.clone();
        let mut attachments = vec![Attach::Document { document, range: Some(range), label: None }];
        if !spot.faults.is_empty() {
            let lines = spot
                .faults
                .iter()
                .map(|fault| format!("{}: {}", fault.diagnostic.heading(), fault.diagnostic.message))
                .collect::<Vec<_>>();
            attachments.push(Attach::Text { label: "problems".to_owned(), text: lines.join("\n") });
        }
        Ok(Said { text, attachments, model: None })
    }

    /// The message for a commit or a pull request with `diff`; `recent` are the subjects of the last commits, newest first.
    ///
    /// # Errors
    /// No model can be asked, it fails or does not finish, or what it says is no message.
    pub async fn commit(
        &self,
        diff: &str,
        kind: commit::Kind,
        recent: &[String],
        model: Option<ModelRef>,
    ) -> Result<String, EditError> {
        let chosen = self.models.chat(model).await?;
        if chosen.builtin {
            return Err(EditError::NoWriter);
        }
        let Options { context_bytes, max_tokens, .. } =
            self.options.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let messages = commit::messages(diff, kind, recent, None, context_bytes)?;
        let model = chosen.reference.model.clone();
        let request = ChatRequest { model, messages, max_tokens: Some(max_tokens), ..ChatRequest::default() };
        let mut stream = chosen.model.chat(request);
        let mut text = String::new();
        while let Some(event) = stream.next().await {
            match event? {
                StreamEvent::Text(more) => text.push_str(&more),
                StreamEvent::Reasoning(_) | StreamEvent::Usage(_) => {}
                StreamEvent::End(EndReason::Complete) => return Ok(commit::clean(&text, kind)?),
                StreamEvent::End(EndReason::Length) => return Err(EditError::Length { max_tokens }),
                StreamEvent::End(EndReason::Truncated) => return Err(EditError::Truncated),
                StreamEvent::End(EndReason::Filtered) => return Err(EditError::Filtered),
            }
        }
        Err(EditError::Truncated)
    }

    /// Makes the request for a target as it is when it is asked.
    fn words(&self, request: prompt::Request) -> Words {
        let options = self.options.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Arc::new(move |target: &Target, shape: Shape, failed: Option<&Failed>| {
            let mut request = request.clone();
            aim::surround(&mut request, target);
            request.shape_instructions = shape.instructions().to_owned();
            request.failed =
                failed.map(|failed| prompt::Failed { answer: failed.answer.clone(), why: failed.why.clone() });
            let options = prompt::Options { context_bytes: options.context_bytes, instructions: &options.instructions };
            Ok(prompt::messages(&request, &options)?)
        })
    }
}

/// What will be done, without the program's name in front.
fn title(action: &str, place: &Place, custom: Option<&Custom>, instruction: Option<&str>) -> String {
    if let Some(custom) = custom {
        return one_line(&custom.title, TITLE_CHARS);
    }
    if let Some(words) = instruction.filter(|_| action == Builtin::Rewrite.id()) {
        return one_line(words, TITLE_CHARS);
    }
    let offered = offers(place, None, &[], true);
    let found = offered.into_iter().find(|offer| offer.action == action && !offer.asks);
    found.map_or_else(|| action.to_owned(), |offer| offer.title.trim_start_matches("Aside: ").to_owned())
}

/// Whether the document at `spot` may be shown to a model: whatever an action writes to, it is this one that it tells of.
async fn allowed(spot: &Spot) -> Result<(), EditError> {
    let (document, workspace) = (spot.document.clone(), spot.workspace.clone());
    // It reads ignore files, which may take its time.
    let allowed = blocking(move || egress::allows_document(&document, workspace.as_deref())).await;
    allowed.map_err(|kept| EditError::Withheld { path: spot.label(), rule: kept.rule.to_owned() })
}

fn unknown(action: &str) -> EditError {
    EditError::UnknownAction { action: one_line(action, 80) }
}

fn fill_in(custom: &Custom, variables: &Variables) -> Result<String, EditError> {
    custom
        .fill_in(variables)
        .map_err(|error| EditError::Words { action: custom.name.clone(), reason: error.to_string() })
}

fn variables(spot: &Spot, request: &prompt::Request) -> Variables {
    let lines = u32::try_from(request.code.lines().count()).unwrap_or(u32::MAX).max(1);
    Variables {
        code: request.code.clone(),
        language: request.language.clone(),
        path: request.path.clone(),
        file_name: request.path.rsplit('/').next().unwrap_or_default().to_owned(),
        instruction: request.instruction.clone(),
        diagnostics: spot.faults.iter().map(|fault| DiagnosticVariable::from(&fault.diagnostic)).collect(),
        imports: request.imports.clone(),
        enclosing: request.enclosing.clone(),
        line: request.line,
        end_line: request.line.saturating_add(lines - 1),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    // The blocking task is never aborted: it can only have panicked.
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
