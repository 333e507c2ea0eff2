//! Going on with an answer that was cut off. Owns when there is one, and how a model is asked for the rest.

use std::path::PathBuf;

use aside_model::{ModelRef, Role};
use aside_sessions::{MessageState, Opened, SessionId, TurnId};

use super::{Ask, Chat, ChatError};

/// What a model is asked. It stands in the conversation as a question, so that everybody sees what happened.
const CONTINUE: &str = "Your last answer was cut off. Go on where it stops, without repeating what stands there; where nothing \
    stands there yet, answer now.";

/// Messages that are looked at: the answer and its question are among them.
const LAST: u32 = 8;

impl Chat {
    /// Asks for the rest of the last answer of a session, which was stopped, failed or was cut off.
    ///
    /// # Errors
    /// [`ChatError::NothingCutOff`] when that answer is whole, or there is none; else as for [`send`](Self::send).
    pub async fn resume(
        &self,
        session: SessionId,
        model: Option<ModelRef>,
        workspace: Option<PathBuf>,
    ) -> Result<TurnId, ChatError> {
        let opened = self.sessions.open(session, LAST, None).await?;
        let Some(question) = cut_off(&opened) else { return Err(ChatError::NothingCutOff) };
        let text = CONTINUE.to_owned();
        let ask = Ask { session, text, attachments: Vec::new(), replaces: None, model, workspace, focus: None };
        self.say(ask, question).await
    }
}

/// The question of an answer that is not whole. One that is being given is not cut off: the session says that it is busy.
fn cut_off(opened: &Opened) -> Option<String> {
    let last = opened.messages.last()?;
    let whole = last.role != Role::Assistant || last.state == MessageState::Complete;
    let questions = opened.messages.iter().rev().filter(|message| message.role == Role::User);
    let question = || questions.map(|message| &message.text).find(|text| *text != CONTINUE);
    (!whole).then(|| question().cloned().unwrap_or_default())
}
