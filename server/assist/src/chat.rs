//! Chat: from what a person says, and what stands in the editor, to a turn of a session.
//!
//! Owns which context goes along (attachments, the open file, the selection), within a budget and the egress rules, and
//! how it is worded for the model. The conversation itself, its storage and its stream belong to `sessions`.

mod compact;
mod context;
mod digest;
mod outline;
mod overview;
mod prompt;
mod quote;
mod resume;

#[cfg(test)]
mod spoken;
#[cfg(test)]
mod tests;

pub use compact::{Compaction, LEAST_COMPACTION_BYTES, Summary, compact};
pub use context::{Attach, AttachError, Focus};
pub use digest::{Digest, LEAST_DIGEST_BYTES, digest};
pub use outline::{LEAST_OUTLINE_BYTES, outline};
pub use overview::Digested;
pub use quote::{Conversation, NoOverview, Span};

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aside_model::{ChatRequest, ModelError, ModelRef};
use aside_sessions::{Say, SessionError, SessionId, Sessions, TurnId};

use crate::Models;

/// What a person says in a session, and from where.
pub struct Ask {
    /// The session.
    pub session: SessionId,
    /// The person's words, Markdown in UTF-8.
    pub text: String,
    /// What the person attached.
    pub attachments: Vec<Attach>,
    /// The number of an earlier question of the session that this one is asked instead of; it and what follows it is taken back.
    pub replaces: Option<u64>,
    /// The model to ask instead of the one of the settings.
    pub model: Option<ModelRef>,
    /// Root folder of the workspace.
    pub workspace: Option<PathBuf>,
    /// The document in front of the person, if the editor tells.
    pub focus: Option<Focus>,
}

/// Settings of chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The most tokens of an answer.
    pub max_tokens: u32,
    /// The most bytes of attached text in one message.
    pub context_bytes: usize,
    /// The person's own instructions to every model.
    pub instructions: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_tokens: 4096, context_bytes: 65_536, instructions: String::new() }
    }
}

/// Why a message was not taken. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The session does not take it.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The model cannot be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An attachment cannot go along.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// There is nothing to give an overview of.
    #[error(transparent)]
    Overview(#[from] NoOverview),
    /// The built-in engine sums up nothing.
    #[error("the built-in engine cannot sum up a conversation")]
    NeedsModel,
    /// The last answer of the session is whole.
    #[error("the last answer of this conversation was not cut off")]
    NothingCutOff,
}

impl ChatError {
    /// A stable code for protocols and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Session(error) => error.code(),
            Self::Model(error) => error.code(),
            Self::Attach(error) => error.code(),
            Self::Overview(error) => error.code(),
            Self::NeedsModel => "needs-model",
            Self::NothingCutOff => "nothing-cut-off",
        }
    }

    /// The next step for a person, one sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Session(error) => error.hint(),
            Self::Model(error) => error.hint(),
            Self::Attach(error) => error.hint(),
            Self::Overview(error) => error.hint(),
            Self::NeedsModel => {
                "set `roles.chat` to a model, such as `ollama/qwen2.5-coder:7b`; `aside doctor` says what is there"
                    .to_owned()
            }
            Self::NothingCutOff => "ask something new".to_owned(),
        }
    }
}

/// The chat feature. One per server.
pub struct Chat {
    models: Arc<dyn Models>,
    sessions: Sessions,
    // Held for a clone or a swap of the `Arc` only.
    options: Mutex<Arc<Options>>,
}

impl Chat {
    /// A feature that talks in `sessions` with `models`.
    pub fn new(models: Arc<dyn Models>, sessions: Sessions, options: Options) -> Self {
        Self { models, sessions, options: Mutex::new(Arc::new(options)) }
    }

    /// Takes new settings, from the next message on.
    pub fn set_options(&self, options: Options) {
        *self.options.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(options);
    }

    /// Starts a turn and returns once the person's message is stored; the answer comes as the session's events.
    ///
    /// # Errors
    /// The session is unknown, busy or refuses the text; the model cannot be chosen; an attachment may not leave the
    /// machine or cannot be read.
    pub async fn send(&self, ask: Ask) -> Result<TurnId, ChatError> {
        let question = ask.text.clone();
        self.say(ask, question).await
    }

    fn options(&self) -> Arc<Options> {
        Arc::clone(&self.options.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends `ask`, which is about `question`.
    async fn say(&self, ask: Ask, question: String) -> Result<TurnId, ChatError> {
        let options = self.options();
        let attachments = context::resolve(&ask, options.context_bytes).await?;
        let chosen = self.models.chat(ask.model).await?;
        let model = chosen.reference.model.clone();
        let (workspace, replaces) = (ask.workspace, ask.replaces);
        let answer = Box::new(move |history: Vec<aside_sessions::StoredMessage>| {
            let messages = prompt::messages(&history, &options, workspace.as_deref());
            let max_tokens = Some(options.max_tokens);
            chosen.model.chat(ChatRequest {
                model,
                messages,
                max_tokens,
                question,
                workspace,
                ..ChatRequest::default()
            })
        });
        let say = Say { text: ask.text, attachments, model: chosen.reference.to_string(), replaces, answer };
        Ok(self.sessions.send(ask.session, say).await?)
    }
}
