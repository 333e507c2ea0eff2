//! `aside chat`: one answer, or a conversation, in the sessions that the editors share.

use std::{
    io::{IsTerminal, Read, stdin},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use aside_assist::chat::{Ask, Attach};
use aside_model::ModelRef;
use aside_sessions::{End, Event, Outbox, SessionId, TurnEvent, TurnId, WorkspaceId};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    sync::mpsc,
};

use super::{current_root, session};
use crate::{
    cli::Chat,
    failure::{Exit, Failure},
    terminal::{self, Style, styled, visible},
    wiring::{self, App},
};

/// Answers the question of the command line, of standard input, or each line of a conversation.
pub(crate) async fn run(app: &App, args: Chat) -> Result<ExitCode, Failure> {
    if args.resume {
        let mut talk = Talk::begin(app, &args).await?;
        let ended = talk.resume().await;
        app.sessions.shutdown().await;
        return ended;
    }
    let piped = if stdin().is_terminal() { None } else { read_piped()? };
    if args.text.is_none() && piped.is_none() && !stdin().is_terminal() {
        return Err(Failure::new(Exit::Usage, "there is no question", "give it as TEXT or on standard input"));
    }
    let mut talk = Talk::begin(app, &args).await?;
    let ended = match (args.text, piped) {
        (Some(text), Some(input)) => {
            talk.attach.push(Attach::Text { label: "standard input".to_owned(), text: input });
            talk.say(text).await
        }
        (Some(text), None) | (None, Some(text)) => talk.say(text).await,
        (None, None) => talk.converse().await,
    };
    app.sessions.shutdown().await;
    ended
}

fn read_piped() -> Result<Option<String>, Failure> {
    let mut bytes = Vec::new();
    stdin().lock().take(16 * 1024 * 1024).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            Exit::Usage,
            "standard input is not UTF-8 text",
            "convert it first, for example with `iconv -t utf-8`",
        )
    })?;
    Ok((!text.trim().is_empty()).then_some(text))
}

/// One terminal talking in one session.
struct Talk<'a> {
    app: &'a App,
    /// None until the first question: a conversation in which nothing was said is not kept.
    session: Option<SessionId>,
    root: PathBuf,
    model: Option<ModelRef>,
    attach: Vec<Attach>,
    json: bool,
    events: mpsc::UnboundedReceiver<TurnEvent>,
    // The session holds it weakly; it lives as long as the talk.
    outbox: Arc<dyn Outbox>,
}

/// Passes a session's events to the terminal. The terminal is never slower than its own reading, so it is always ready.
struct Events(mpsc::UnboundedSender<TurnEvent>);

impl Outbox for Events {
    fn ready(&self) -> bool {
        true
    }

    fn send(&self, event: TurnEvent) {
        // The reader is gone when the command is ending; the event is stored all the same.
        let _ = self.0.send(event);
    }
}

impl<'a> Talk<'a> {
    async fn begin(app: &'a App, args: &Chat) -> Result<Self, Failure> {
        let root = current_root()?;
        let attach = args.files.iter().map(|path| Ok(Attach::File { path: wiring::absolute(path)? }));
        let attach = attach.collect::<Result<_, Failure>>()?;
        let session = pick(app, args, &root).await?;
        let (sender, events) = mpsc::unbounded_channel();
        let outbox: Arc<dyn Outbox> = Arc::new(Events(sender));
        if let Some(session) = session {
            app.sessions.subscribe(session, &outbox).await?;
        }
        Ok(Self { app, session, root, model: args.model.clone(), attach, json: args.json, events, outbox })
    }

    /// The session to talk in, and whether it was made for this.
    async fn session(&mut self) -> Result<(SessionId, bool), Failure> {
        if let Some(session) = self.session {
            return Ok((session, false));
        }
        let session = self.app.sessions.create(&WorkspaceId::of(Some(&self.root)), None, None).await?.id;
        self.app.sessions.subscribe(session, &self.outbox).await?;
        self.session = Some(session);
        Ok((session, true))
    }

    /// Sends `ask`; a session that was made for a message that is refused goes with it.
    async fn send(&mut self, ask: Ask, made: bool) -> Result<TurnId, Failure> {
        let session = ask.session;
        let sent = self.app.chat.send(ask).await;
        if sent.is_err() && made {
            self.session = None;
            // Why the message was refused is what matters; an empty session left behind does no harm.
            let _ = self.app.sessions.delete(session).await;
        }
        Ok(sent?)
    }

    /// Says `text` and prints the answer as it comes.
    async fn say(&mut self, text: String) -> Result<ExitCode, Failure> {
        let (session, made) = self.session().await?;
        let ask = Ask {
            session,
            text,
            attachments: std::mem::take(&mut self.attach),
            replaces: None,
            model: self.model.clone(),
            workspace: Some(self.root.clone()),
            focus: None,
        };
        let turn = self.send(ask, made).await?;
        self.listen(session, turn).await
    }

    /// Asks for the rest of the last answer and prints it as it comes.
    async fn resume(&mut self) -> Result<ExitCode, Failure> {
        let Some(session) = self.session else {
            return Err(Failure::new(Exit::NotFound, "there is no conversation here", "begin one: `aside chat`"));
        };
        let turn = self.app.chat.resume(session, self.model.clone(), Some(self.root.clone())).await?;
        self.listen(session, turn).await
    }

    /// Prints the answer of a turn as it comes.
    async fn listen(&mut self, session: SessionId, turn: TurnId) -> Result<ExitCode, Failure> {
        let (mut stopping, mut shown) = (false, false);
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) if event.turn == turn => {
                        if let Some(ended) = self.show(session, event.event, &mut shown) {
                            return ended;
                        }
                    }
                    Some(_) => {}
                    None => return Err(Failure::new(Exit::Failed, "the session ended in the middle of the answer", "`aside session show` has what came")),
                },
                _ = tokio::signal::ctrl_c(), if !stopping => {
                    stopping = true;
                    self.app.sessions.stop(session).await?;
                }
            }
        }
    }

    /// Prints one event; gives how the command ends when it is the last. `shown` is whether any of the answer is printed.
    fn show(&self, session: SessionId, event: Event, shown: &mut bool) -> Option<Result<ExitCode, Failure>> {
        if self.json {
            terminal::json_line(&event_json(&session, &event));
        }
        match event {
            Event::Delta(text) if !self.json => {
                terminal::piece(&visible(&text));
                *shown = true;
            }
            Event::Notice(text) if !self.json => terminal::complain(&format!("note: {text}")),
            Event::End { reason, error } => {
                if *shown {
                    terminal::piece("\n");
                }
                if reason == End::Stopped && !self.json {
                    terminal::complain("stopped; what came is kept");
                }
                return Some(end(reason, error));
            }
            _ => {}
        }
        None
    }

    async fn converse(&mut self) -> Result<ExitCode, Failure> {
        terminal::line(&styled(Style::Dim, "say something; an empty line or Ctrl-D ends, Ctrl-C stops an answer"));
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        loop {
            terminal::piece(&styled(Style::Bold, "> "));
            // Once an answer was listened to, Ctrl-C is ours for the rest of the process: at the prompt it ends the conversation.
            let line = tokio::select! {
                line = lines.next_line() => line?,
                _ = tokio::signal::ctrl_c() => None,
            };
            let Some(line) = line else { break };
            if line.trim().is_empty() {
                break;
            }
            if let Err(failure) = self.say(line).await {
                failure.show();
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The session that the command line names, or the latest one here; none when a new one is wanted or there is none.
async fn pick(app: &App, args: &Chat, root: &std::path::Path) -> Result<Option<SessionId>, Failure> {
    if let Some(id) = &args.session {
        return session::find(app, id).await.map(Some);
    }
    if args.new {
        return Ok(None);
    }
    let latest = app.sessions.list(Some(&WorkspaceId::of(Some(root))), 1, None).await?.sessions;
    Ok(latest.first().map(|info| info.id))
}

fn end(reason: End, error: Option<aside_sessions::TurnError>) -> Result<ExitCode, Failure> {
    match (reason, error) {
        (End::Complete | End::Stopped, _) => Ok(ExitCode::SUCCESS),
        (_, Some(error)) => {
            let exit = match error.code.as_str() {
                "locked" => Exit::Locked,
                "model-not-found" => Exit::NotFound,
                _ => Exit::Failed,
            };
            Err(Failure::new(exit, error.message, error.hint))
        }
        (End::Length, None) => Err(Failure::new(
            Exit::Failed,
            "the answer reached the token limit",
            "say `continue`, or raise `chat.max_tokens`",
        )),
        (reason, None) => Err(Failure::new(
            Exit::Failed,
            format!("the answer ended {}", reason.as_str()),
            "ask again; what came is kept",
        )),
    }
}

fn event_json(session: &SessionId, event: &Event) -> serde_json::Value {
    let session = session.to_string();
    match event {
        Event::Delta(text) => json!({ "session": session, "type": "delta", "text": text }),
        Event::Reasoning(text) => json!({ "session": session, "type": "reasoning", "text": text }),
        Event::Usage(usage) => json!({ "session": session, "type": "usage", "usage": usage }),
        Event::Notice(text) => json!({ "session": session, "type": "notice", "text": text }),
        Event::Asked { text, model } => json!({ "session": session, "type": "asked", "text": text, "model": model }),
        Event::End { reason, error } => json!({
            "session": session, "type": "end", "reason": reason.as_str(),
            "error": error.as_ref().map(|error| json!({ "code": error.code, "message": error.message, "hint": error.hint })),
        }),
    }
}
