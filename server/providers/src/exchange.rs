//! One request and its streamed answer, the same for every dialect: key, send, retry, decode, end.
//!
//! Owns when an answer counts as whole. Knows no dialect: a [`Wire`] reads the messages.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::SystemTime,
};

use aside_model::{EndReason, ErrorKind, EventStream, ModelError, StreamEvent};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use reqwest::{
    Method, Response, Url,
    header::{CONTENT_TYPE, HeaderValue},
};
use tokio::time::{Duration, sleep, timeout};

use crate::{
    endpoint::{Credential, Endpoint, check},
    fail::{Passage, is_broken, span},
    framing::{Framing, Style},
    leash::Leash,
    lines::TooLong,
    retry::{self, Patience, Trouble},
    status::{self, Report},
};

/// What a dialect makes of the messages of one answer.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Reads one message: `name` is the event's name where the framing has one. `true` when it is a message of this dialect.
    fn message(&mut self, name: &str, data: &str, events: &mut Events) -> Result<bool, Fault>;

    /// Why the answer ended, once the provider's terminal event was read.
    fn ended(&self) -> Option<EndReason>;

    /// Whether anything may still follow the terminal event (token counts); otherwise the stream ends at it.
    fn more_may_follow(&self) -> bool {
        false
    }
}

/// What is wrong with a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// It is not what the dialect promises.
    Unreadable,
    /// It is an error of the provider.
    Reported(Report),
    /// It exceeds a bound.
    TooLong(TooLong),
}

impl From<TooLong> for Fault {
    fn from(error: TooLong) -> Self {
        Self::TooLong(error)
    }
}

/// The events read and not yet taken. Text that comes together stays together.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Events(VecDeque<StreamEvent>);

impl Events {
    pub(crate) fn text(&mut self, text: String) {
        match self.0.back_mut() {
            _ if text.is_empty() => {}
            Some(StreamEvent::Text(last)) => last.push_str(&text),
            _ => self.0.push_back(StreamEvent::Text(text)),
        }
    }

    pub(crate) fn reasoning(&mut self, text: String) {
        match self.0.back_mut() {
            _ if text.is_empty() => {}
            Some(StreamEvent::Reasoning(last)) => last.push_str(&text),
            _ => self.0.push_back(StreamEvent::Reasoning(text)),
        }
    }

    pub(crate) fn usage(&mut self, usage: aside_model::Usage) {
        self.0.push_back(StreamEvent::Usage(usage));
    }

    #[cfg(test)]
    pub(crate) fn take(&mut self) -> Vec<StreamEvent> {
        self.0.drain(..).collect()
    }
}

/// A request ready to be sent.
pub(crate) struct Call {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) url: Url,
    /// JSON.
    pub(crate) body: Bytes,
    pub(crate) style: Style,
    pub(crate) wire: Box<dyn Wire>,
    pub(crate) patience: Patience,
}

/// The answer to `call`. Nothing is sent before it is polled; dropping it closes the connection.
pub(crate) fn stream(call: Call) -> EventStream {
    stream::unfold(State::Ready(Box::new(call)), |state| async move {
        match state {
            State::Ready(call) => match open(*call).await {
                Ok(reading) => reading.next().await,
                Err(error) => Some((Err(error), State::Done)),
            },
            State::Reading(reading) => reading.next().await,
            State::Done => None,
        }
    })
    .boxed()
}

enum State {
    Ready(Box<Call>),
    Reading(Box<Reading>),
    Done,
}

type Step = Option<(Result<StreamEvent, ModelError>, State)>;

/// An answer that is coming in.
struct Reading {
    endpoint: Arc<Endpoint>,
    /// Ends the answer after a lock, where a key was used for it.
    leash: Option<Leash>,
    response: Option<Response>,
    framing: Framing,
    wire: Box<dyn Wire>,
    events: Events,
    /// Any byte of the body was seen.
    begun: bool,
    /// A message of the dialect was seen, or the answer is at least labelled as a stream.
    plausible: bool,
    /// What follows once `events` is empty.
    outcome: Option<Result<EndReason, ModelError>>,
}

/// Reads the key and sends the request, until an answer begins or a lock takes the key away.
async fn open(call: Call) -> Result<Box<Reading>, ModelError> {
    let endpoint = Arc::clone(&call.endpoint);
    let mut leash = Leash::new(endpoint.network.keys.locks());
    let credential = endpoint.key(call.patience.by()).await?;
    let answer = tokio::select! {
        biased;
        () = leash.pulled(), if credential.is_some() => return Err(endpoint.peer().locked()),
        answer = answer(&call, credential.as_ref()) => answer?,
    };
    let framing = framing(&answer, call.style);
    let Some((framing, plausible)) = framing else {
        return Err(endpoint.peer().error(ErrorKind::Protocol, WEB_PAGE));
    };
    Ok(Box::new(Reading {
        leash: credential.is_some().then_some(leash),
        response: Some(answer),
        framing,
        wire: call.wire,
        events: Events::default(),
        begun: false,
        plausible,
        outcome: None,
        endpoint,
    }))
}

/// Sends the request, again where that may help, until an answer begins.
async fn answer(call: &Call, credential: Option<&Credential>) -> Result<Response, ModelError> {
    let endpoint = &call.endpoint;
    let peer = endpoint.peer();
    let client = endpoint.network.http.client(&endpoint.address).await;
    let client = client.map_err(|error| peer.error(ErrorKind::InvalidRequest, error))?;
    let mut attempt = 0;
    loop {
        let mut request = endpoint.request(Method::POST, call.url.clone(), credential);
        request.headers_mut().insert("accept", HeaderValue::from_static(call.style.media_type()));
        *request.body_mut() = Some(call.body.clone().into());
        let (trouble, mut error) = match endpoint.network.http.send(&client, request).await {
            Ok(mut response) => {
                let advice = retry::advice(response.headers(), SystemTime::now());
                match check(&peer, &mut response).await {
                    Ok(()) => return Ok(response),
                    Err(error) => (trouble_of(error.kind, advice), ModelError { retry_after: advice, ..error }),
                }
            }
            Err(passage) => (trouble_on_the_way(&passage), peer.no_answer(&passage)),
        };
        let Some(wait) = retry::wait(trouble, attempt, call.patience, jitter()) else {
            if attempt > 0 {
                error.message.push_str(&format!(" (tried {} times)", attempt + 1));
            }
            return Err(error);
        };
        tracing::debug!(provider = endpoint.name, code = error.code(), attempt, ?wait, "asking again");
        sleep(wait).await;
        attempt += 1;
    }
}

const WEB_PAGE: &str =
    "answers with a web page instead of a model's answer; check `base_url`, and whether the network wants a login";

/// How to read the body, and whether it is labelled as a stream; `None` for a web page.
fn framing(response: &Response, style: Style) -> Option<(Framing, bool)> {
    let label = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let label = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match label.as_str() {
        "text/html" => None,
        // A server that does not stream, or a failure in place of a stream.
        "application/json" if style == Style::Events => Some((Framing::whole(), false)),
        label => Some((Framing::new(style), label == style.media_type())),
    }
}

fn trouble_of(kind: ErrorKind, advice: Option<Duration>) -> Trouble {
    match kind {
        ErrorKind::RateLimited | ErrorKind::Overloaded | ErrorKind::Provider => Trouble::Busy(advice),
        _ => Trouble::Lasting,
    }
}

fn trouble_on_the_way(passage: &Passage) -> Trouble {
    match passage {
        Passage::Client(error) if is_broken(error) => Trouble::Broken,
        _ => Trouble::Lasting,
    }
}

/// A number in `0.0..1.0` that differs between processes and calls.
fn jitter() -> f64 {
    let bits = RandomState::new().hash_one(0u8);
    f64::from((bits >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
}

impl Reading {
    /// The next event; reads on until there is one.
    async fn next(mut self: Box<Self>) -> Step {
        loop {
            if let Some(event) = self.events.0.pop_front() {
                return Some((Ok(event), State::Reading(self)));
            }
            if let Some(outcome) = self.outcome.take() {
                return Some((outcome.map(StreamEvent::End), State::Done));
            }
            self.read().await;
        }
    }

    /// Takes one chunk of the body, or finds out how it ended.
    async fn read(&mut self) {
        let options = self.endpoint.network.http.options();
        let limit = if self.begun { options.idle_timeout } else { options.first_byte_timeout };
        let Some(response) = &mut self.response else {
            self.outcome = Some(Ok(EndReason::Truncated));
            return;
        };
        let chunk = tokio::select! {
            biased;
            // First: a stream that never pauses must not outrun it.
            () = pulled(&mut self.leash) => {
                return self.end(Err(self.endpoint.peer().locked()));
            }
            chunk = timeout(limit, response.chunk()) => chunk,
        };
        match chunk {
            Ok(Ok(Some(chunk))) => self.chunk(&chunk),
            Ok(Ok(None)) => self.finish(None),
            Ok(Err(error)) => self.finish(Some(Passage::Client(error.without_url()))),
            // What a terminal event was read of is whole, even when the connection then hangs.
            Err(_) if self.wire.ended().is_some() => self.finish(None),
            Err(_) if self.begun => {
                let sentence = format!("stopped sending for {}", span(limit));
                self.end(Err(self.peer_error(ErrorKind::Timeout, &sentence)));
            }
            Err(_) => {
                let error = self.endpoint.peer().no_answer(&Passage::FirstByte(limit));
                self.end(Err(error));
            }
        }
    }

    fn chunk(&mut self, chunk: &[u8]) {
        if !self.begun && !chunk.trim_ascii_start().is_empty() {
            self.begun = true;
            if status::is_web_page(chunk) {
                return self.end(Err(self.peer_error(ErrorKind::Protocol, WEB_PAGE)));
            }
        }
        let (wire, events, plausible) = (&mut self.wire, &mut self.events, &mut self.plausible);
        let mut replaced = false;
        let fed = self.framing.feed(chunk, |name, data, bad| {
            replaced |= bad;
            if wire.ended().is_none() || wire.more_may_follow() {
                *plausible |= wire.message(name, data, events)?;
            }
            Ok(())
        });
        self.note(replaced);
        match fed {
            Err(fault) => {
                let error = self.fault(&fault);
                self.end(Err(error));
            }
            Ok(()) => {
                if let Some(reason) = self.wire.ended()
                    && !self.wire.more_may_follow()
                {
                    self.end(Ok(reason));
                }
            }
        }
    }

    /// The body ended, properly or by `failure`.
    fn finish(&mut self, failure: Option<Passage>) {
        let (wire, events, plausible) = (&mut self.wire, &mut self.events, &mut self.plausible);
        let mut reported = None;
        let mut replaced = false;
        let last = self.framing.finish(|name, data, bad| {
            replaced |= bad;
            match wire.message(name, data, events) {
                Ok(known) => *plausible |= known,
                Err(Fault::Reported(report)) => reported = Some(Fault::Reported(report)),
                // Cut in the middle of a message: what stood before it counts.
                Err(_) => {}
            }
            Ok(())
        });
        self.note(replaced);
        let outcome = match (reported.or(last.err()), self.wire.ended()) {
            (Some(fault), _) => Err(self.fault(&fault)),
            (None, Some(reason)) => Ok(reason),
            (None, None) if self.begun && self.plausible => Ok(EndReason::Truncated),
            (None, None) => Err(match failure {
                Some(passage) => self.endpoint.peer().no_answer(&passage),
                None if self.begun => {
                    self.peer_error(ErrorKind::Protocol, "answers with something its dialect does not know")
                }
                None => self.peer_error(ErrorKind::Protocol, "answers with nothing at all"),
            }),
        };
        self.end(outcome);
    }

    /// Nothing more is read. After a whole answer the connection is kept for the next request.
    fn end(&mut self, outcome: Result<EndReason, ModelError>) {
        let whole = matches!(outcome, Ok(reason) if reason != EndReason::Truncated);
        self.outcome = Some(outcome);
        if let Some(response) = self.response.take()
            && whole
        {
            keep(response);
        }
    }

    fn peer_error(&self, kind: ErrorKind, sentence: &str) -> ModelError {
        self.endpoint.peer().error(kind, sentence)
    }

    fn fault(&self, fault: &Fault) -> ModelError {
        match fault {
            Fault::Unreadable => self.peer_error(ErrorKind::Protocol, "sends a message its dialect does not know"),
            Fault::TooLong(what) => self.peer_error(ErrorKind::Protocol, &format!("sends {what}")),
            Fault::Reported(report) => self.endpoint.peer().failed_midway(status::kind_in_stream(report), report),
        }
    }

    fn note(&self, replaced: bool) {
        if replaced {
            tracing::warn!(provider = self.endpoint.name, "replaced bytes that are not UTF-8 in an answer");
        }
    }
}

/// Returns a grace after a lock; never where no key was used.
async fn pulled(leash: &mut Option<Leash>) {
    match leash {
        Some(leash) => leash.pulled().await,
        None => std::future::pending().await,
    }
}

/// Reads what little follows a terminal event, so that the connection can serve the next request. Usually it is there already.
fn keep(mut response: Response) {
    if let Some(Ok(None) | Err(_)) = response.chunk().now_or_never() {
        return;
    }
    tokio::spawn(async move {
        let rest = async {
            for _ in 0..16 {
                if !matches!(response.chunk().await, Ok(Some(_))) {
                    return;
                }
            }
        };
        let _ = timeout(Duration::from_secs(1), rest).await;
    });
}
