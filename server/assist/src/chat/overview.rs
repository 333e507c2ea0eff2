//! Overviews, made: a digest of the last hours, and a conversation that goes on behind a summary of its older part.
//!
//! Owns what is read for them, which model is asked, and what is done with its answer. What is asked, and what stays as it stood,
//! is `digest`'s and `compact`'s; without a model there is `outline`'s, which says so of itself.

use aside_model::{ChatModel, ChatRequest, ErrorKind, Message, ModelError, Role, StreamEvent};
use aside_sessions::{SessionError, SessionId, SessionInfo, Sessions, State, StoredMessage, WorkspaceId};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::{
    Chat, ChatError, Conversation, NoOverview, Span, Summary, compact::compact, digest::digest, outline::outline,
};
use crate::Chosen;

/// The most bytes of conversation that a model is sent for an overview: what models on small machines read at once.
const REQUEST_BYTES: usize = 32 * 1024;
/// The longest outline.
const OUTLINE_BYTES: usize = 16 * 1024;
/// The longest summary.
const SUMMARY_BYTES: usize = 16 * 1024;
/// The longest answer of a model that is taken for an overview.
const ANSWER_BYTES: usize = 256 * 1024;
/// The most parts that a conversation is summed up in; where that is not all, the rest stays as it is.
const ROUNDS: usize = 32;
/// Sessions and messages read at a time.
const PAGE: u32 = 200;
/// The most messages that are looked at for a digest; more than any request holds.
const DIGEST_MESSAGES: usize = 4000;

/// What happened in the last hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digested {
    /// Markdown.
    pub text: String,
    /// Which model wrote it, as `provider/model`; `None` for an outline, which none did.
    pub model: Option<String>,
}

impl Chat {
    /// Sums up what was said in the last `hours` in the conversations of one workspace or of all. Where the built-in engine
    /// answers it is an outline, and says so.
    ///
    /// # Errors
    /// Nothing was said in that time; the conversations cannot be read; the model fails.
    pub async fn digest(&self, workspace: Option<&WorkspaceId>, hours: u32) -> Result<Digested, ChatError> {
        let span = Span { now: Timestamp::now(), hours };
        let said = said_since(&self.sessions, workspace, since(span)).await?;
        let conversations: Vec<_> = said.iter().map(Said::as_conversation).collect();
        let chosen = self.models.chat(None).await?;
        if chosen.builtin {
            return Ok(Digested { text: outline(&conversations, span, OUTLINE_BYTES)?, model: None });
        }
        let asked = digest(&conversations, span, REQUEST_BYTES)?;
        let (model, text) = (chosen.reference.to_string(), self.answered(&chosen, asked.messages).await?);
        Ok(Digested { text, model: Some(model) })
    }

    /// Makes a new session that begins with a summary of `id` up to its last `keep_turns` questions (at least 1), and goes on with
    /// those. `id` stays as it is.
    ///
    /// # Errors
    /// Nothing is older than what stays; the conversation cannot be read or answers just now; only the built-in engine would
    /// answer, which sums up nothing; the model fails.
    pub async fn compact(&self, id: SessionId, keep_turns: usize) -> Result<SessionInfo, ChatError> {
        let chosen = self.models.chat(None).await?;
        if chosen.builtin {
            return Err(ChatError::NeedsModel);
        }
        let (info, history) = whole(&self.sessions, id).await?;
        if info.state == State::Running {
            return Err(SessionError::Busy { id, elsewhere: info.elsewhere }.into());
        }
        let keep = history[first_of_turns(&history, keep_turns)..].iter().map(bytes_of).sum();
        let summary = self.sum_up(&chosen, &history, keep).await?;
        let from = history.iter().find(|message| message.n > summary.to).map_or(summary.to + 1, |message| message.n);
        let model = chosen.reference.to_string();
        Ok(self.sessions.compact(id, from, &summary.text, &model).await?)
    }

    /// Asks for summaries, each of the one before and of what follows it, until all that is to go is summed up.
    async fn sum_up(
        &self,
        chosen: &Chosen<dyn ChatModel>,
        history: &[StoredMessage],
        keep: usize,
    ) -> Result<Summary, ChatError> {
        let earlier = earlier_summary(history);
        let mut summary = earlier.clone();
        for _ in 0..ROUNDS {
            let asked = match compact(history, summary.as_ref(), keep, REQUEST_BYTES) {
                Err(NoOverview::Nothing) => break,
                other => other?,
            };
            let answer = self.answered(chosen, asked.messages.clone()).await?;
            summary = Some(asked.summary(&answer, SUMMARY_BYTES));
        }
        summary.filter(|summary| earlier.as_ref() != Some(summary)).ok_or(ChatError::Overview(NoOverview::Nothing))
    }

    /// The whole answer of a model to `messages`.
    async fn answered(&self, chosen: &Chosen<dyn ChatModel>, messages: Vec<Message>) -> Result<String, ModelError> {
        let (model, max_tokens) = (chosen.reference.model.clone(), Some(self.options().max_tokens));
        let mut answer = chosen.model.chat(ChatRequest { model, messages, max_tokens, ..ChatRequest::default() });
        let mut text = String::new();
        while let Some(event) = answer.next().await {
            match event? {
                StreamEvent::Text(more) => text.push_str(&more),
                StreamEvent::Reasoning(_) | StreamEvent::Usage(_) => {}
                StreamEvent::End(_) => break,
            }
            if text.len() > ANSWER_BYTES {
                break;
            }
        }
        if text.trim().is_empty() {
            let (kind, provider) = (ErrorKind::Protocol, chosen.reference.provider.clone());
            return Err(ModelError::new(kind, provider, "the model answered with nothing"));
        }
        Ok(text)
    }
}

/// What was said in one session.
struct Said {
    info: SessionInfo,
    messages: Vec<StoredMessage>,
}

impl Said {
    fn as_conversation(&self) -> Conversation<'_> {
        Conversation { title: &self.info.title, imported: self.info.imported, messages: &self.messages }
    }
}

fn since(span: Span) -> Timestamp {
    let hours = SignedDuration::from_hours(i64::from(span.hours));
    span.now.checked_sub(hours).unwrap_or(Timestamp::MIN)
}

/// What was said since then, session by session. One that cannot be read is left out: the list says what is the matter with it.
async fn said_since(
    sessions: &Sessions,
    workspace: Option<&WorkspaceId>,
    since: Timestamp,
) -> Result<Vec<Said>, SessionError> {
    let (mut all, mut room, mut cursor) = (Vec::new(), DIGEST_MESSAGES, None);
    loop {
        let page = sessions.list(workspace, PAGE, cursor.as_deref()).await?;
        for info in page.sessions {
            if info.updated < since || room == 0 {
                return Ok(all);
            }
            if info.state == State::Damaged {
                continue;
            }
            let messages = tail(sessions, info.id, since, room).await?;
            room -= messages.len();
            all.push(Said { info, messages });
        }
        let Some(next) = page.cursor else { return Ok(all) };
        cursor = Some(next);
    }
}

/// The messages of a session from the first that was said since then, at most `most` of them.
async fn tail(
    sessions: &Sessions,
    id: SessionId,
    since: Timestamp,
    most: usize,
) -> Result<Vec<StoredMessage>, SessionError> {
    let (mut messages, mut before) = (Vec::new(), None);
    loop {
        let page = sessions.open(id, PAGE, before).await?;
        let reached = page.messages.first().is_none_or(|first| first.at < since);
        messages.splice(0..0, page.messages);
        before = page.before;
        if reached || before.is_none() || messages.len() >= most {
            let surplus = messages.len().saturating_sub(most);
            messages.drain(..surplus);
            messages.retain(|message| message.at >= since);
            return Ok(messages);
        }
    }
}

/// A session with all its messages.
async fn whole(sessions: &Sessions, id: SessionId) -> Result<(SessionInfo, Vec<StoredMessage>), SessionError> {
    let opened = sessions.open(id, PAGE, None).await?;
    let (mut messages, mut before) = (opened.messages, opened.before);
    while before.is_some() {
        let page = sessions.open(id, PAGE, before).await?;
        messages.splice(0..0, page.messages);
        before = page.before;
    }
    Ok((opened.session, messages))
}

/// The summary that a conversation begins with when it was compacted before.
fn earlier_summary(history: &[StoredMessage]) -> Option<Summary> {
    let first = history.first().filter(|message| message.role == Role::System)?;
    Some(Summary { text: first.text.clone(), from: first.n, to: first.n })
}

fn bytes_of(message: &StoredMessage) -> usize {
    message.text.len() + message.attachments.iter().map(|one| one.text.len()).sum::<usize>()
}

/// Where the last `turns` questions (at least 1) of a conversation begin.
fn first_of_turns(history: &[StoredMessage], turns: usize) -> usize {
    let questions = history.iter().enumerate().filter(|(_, message)| message.role == Role::User);
    questions.rev().take(turns.max(1)).last().map_or(history.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests;
