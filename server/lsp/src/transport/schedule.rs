//! Hands messages to the service in wire order, runs what remains of each as a task of its own, and sees to exactly one answer
//! for each request: from its handler, or by cancellation, or because the handler failed.

mod flights;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use flights::{Flights, MAX_FLIGHTS};
use futures_util::future::CatchUnwind;
use futures_util::{FutureExt, Sink, SinkExt};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tower_lsp::jsonrpc::{ErrorCode, Id, Request, Response};
use tower_service::Service;

use super::Ended;
use super::json::{self, Call, Message};
use super::lifecycle::{Lifecycle, Phase, Verdict, judge};
use super::refusal::Refusal;
use super::writer::Outgoing;
use crate::errors::correlation_id;

/// Our own number for a request: the service can cancel only ids of 32 bits, clients may use longer ones.
type Number = i32;

/// What a handler came to: an answer, none, or a panic.
type Outcome<E> = Result<Result<Option<Response>, E>, Box<dyn Any + Send>>;

/// See the module. `A` takes the client's answers to our requests.
pub(super) struct Schedule<S, A> {
    service: S,
    answers: A,
    outgoing: Outgoing,
    handlers: Handle,
    /// Each yields its number when the service has to be told to forget it.
    running: JoinSet<Option<Number>>,
    flights: Flights,
    life: Lifecycle,
    last: Number,
    parent: Option<oneshot::Sender<i64>>,
}

impl<S, A> Schedule<S, A>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + Unpin + 'static,
    A: Sink<Response> + Unpin,
{
    /// Serves with `service`. The process id in `initialize` goes to `parent`.
    pub(super) fn new(
        service: S,
        answers: A,
        outgoing: Outgoing,
        handlers: Handle,
        parent: oneshot::Sender<i64>,
    ) -> Self {
        let (running, flights, life) = (JoinSet::new(), Flights::default(), Lifecycle::default());
        Self { service, answers, outgoing, handlers, running, flights, life, last: 0, parent: Some(parent) }
    }

    /// Takes in a message body. Returns why serving ends, if it does.
    pub(super) fn take(&mut self, body: &[u8]) -> Option<Ended> {
        self.reap();
        match json::read(body) {
            Ok(Message::Call(call)) => self.call(call),
            Ok(Message::Answer(response)) => {
                // The sink is a map: it is always ready.
                _ = self.answers.send(response).now_or_never();
                None
            }
            Err(bad) => {
                self.refuse(&bad.id, &bad.refusal);
                None
            }
        }
    }

    /// Answers the request `id` without a handler.
    pub(super) fn refuse(&self, id: &Id, refusal: &Refusal) {
        self.outgoing.answer(id, Err(&refusal.error()));
    }

    /// Aborts every handler that waits for something.
    pub(super) fn stop(&mut self) {
        self.running.abort_all();
    }

    fn call(&mut self, call: Call) -> Option<Ended> {
        let phase = self.life.phase();
        match (judge(phase, &call.method, call.id.is_some()), &call.id) {
            (Verdict::Serve, _) => self.serve(call),
            (Verdict::Refuse(refusal), Some(id)) => self.refuse(id, &refusal),
            (Verdict::Ignore | Verdict::Refuse(_), _) => {
                tracing::debug!(method = %call.method, ?phase, "a notification at the wrong time is ignored");
            }
            (Verdict::Cancel, _) => self.cancel(call.params.as_ref()),
            (Verdict::Exit, _) => {
                // The service lets go of whoever waits for the client.
                _ = self.first_poll(Request::build("exit").finish());
                return Some(Ended::Exit { after_shutdown: phase == Phase::ShutDown });
            }
        }
        None
    }

    fn serve(&mut self, call: Call) {
        let Call { id, method, params } = call;
        if let Some(id) = &id {
            if self.flights.contains(id) {
                return self.refuse(id, &Refusal::IdInUse);
            }
            // Cancelled handlers that have not noticed yet count too, at half weight.
            let full = self.flights.is_full() || self.running.len() >= 2 * MAX_FLIGHTS;
            if full && method != "shutdown" {
                return self.refuse(id, &Refusal::Busy(MAX_FLIGHTS));
            }
        }
        if method == "initialize" {
            self.watch(params.as_ref());
        }
        self.life.begin(&method);
        let number = self.number();
        let mut request = Request::build(method.clone());
        if let Some(params) = params {
            request = request.params(params);
        }
        if id.is_some() {
            request = request.id(i64::from(number));
        }
        let flight = Flight {
            id,
            number,
            method: method.into_owned(),
            outgoing: self.outgoing.clone(),
            life: self.life.clone(),
        };
        match self.first_poll(request.finish()) {
            Step::Done(outcome) => {
                if flight.land(outcome).is_some() {
                    self.forget(number);
                }
            }
            Step::Waits(rest) => self.depart(flight, rest),
        }
    }

    /// Runs the rest of a handler as a task.
    fn depart(&mut self, flight: Flight, rest: CatchUnwind<AssertUnwindSafe<S::Future>>) {
        let Some(id) = flight.id.clone() else {
            self.running.spawn_on(async move { flight.land(rest.await) }, &self.handlers);
            return;
        };
        self.flights.add(id.clone(), flight.number);
        let flights = self.flights.clone();
        let task = async move {
            let outcome = rest.await;
            // Whoever takes the entry answers: we, or the cancellation.
            let ours = flights.remove(&id, flight.number);
            if ours { flight.land(outcome) } else { flight.divert(&outcome) }
        };
        self.running.spawn_on(task, &self.handlers);
    }

    /// Calls the service and polls once, so that what a handler does before its first await is done in wire order.
    fn first_poll(&mut self, request: Request) -> Step<S> {
        let _inside = self.handlers.enter();
        let service = &mut self.service;
        let mut context = Context::from_waker(Waker::noop());
        let called = catch_unwind(AssertUnwindSafe(|| match service.poll_ready(&mut context) {
            Poll::Ready(Err(error)) => Err(error),
            // This service holds nothing that readiness would stand for.
            Poll::Ready(Ok(())) | Poll::Pending => Ok(service.call(request)),
        }));
        let mut future = match called {
            Ok(Ok(future)) => AssertUnwindSafe(future).catch_unwind(),
            Ok(Err(error)) => return Step::Done(Ok(Err(error))),
            Err(panic) => return Step::Done(Err(panic)),
        };
        // A task polls again at once, so nobody needs to be woken by this poll.
        match Pin::new(&mut future).poll(&mut context) {
            Poll::Ready(outcome) => Step::Done(outcome),
            Poll::Pending => Step::Waits(future),
        }
    }

    /// `$/cancelRequest`: answered here and now, however busy the handler is.
    fn cancel(&mut self, params: Option<&Value>) {
        let id = match params.map(|params| &params["id"]) {
            Some(Value::String(text)) => Id::String(text.clone()),
            Some(Value::Number(number)) => match json::whole_number(number) {
                Some(number) => Id::Number(number),
                None => return,
            },
            _ => return,
        };
        if let Some(number) = self.flights.take(&id) {
            self.refuse(&id, &Refusal::Cancelled);
            self.forget(number);
        }
    }

    /// Lets the service drop its handler for `number`, and its note of it.
    fn forget(&mut self, number: Number) {
        _ = self.first_poll(Request::build("$/cancelRequest").params(json!({ "id": number })).finish());
    }

    fn watch(&mut self, params: Option<&Value>) {
        let process = params.and_then(|params| params["processId"].as_i64());
        if let (Some(process), Some(parent)) = (process, self.parent.take()) {
            _ = parent.send(process);
        }
    }

    fn reap(&mut self) {
        while let Some(ended) = self.running.try_join_next() {
            if let Ok(Some(number)) = ended {
                self.forget(number);
            }
        }
    }

    fn number(&mut self) -> Number {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.last
    }
}

/// Where a first poll led.
enum Step<S: Service<Request>> {
    Done(Outcome<S::Error>),
    Waits(CatchUnwind<AssertUnwindSafe<S::Future>>),
}

/// A message that is being handled.
struct Flight {
    /// The client's id; none for a notification.
    id: Option<Id>,
    number: Number,
    method: String,
    outgoing: Outgoing,
    life: Lifecycle,
}

impl Flight {
    /// Answers with what the handler came to. Returns the number if the service still holds a note of it.
    fn land<E>(self, outcome: Outcome<E>) -> Option<Number> {
        let panicked = outcome.is_err();
        let answer = match outcome {
            Ok(Ok(Some(response))) => response.into_parts().1.map_err(|error| match (error.code, &error.data) {
                (ErrorCode::MethodNotFound, Some(Value::String(_)) | None) => self.unknown().error(),
                (ErrorCode::InvalidParams, None) => Refusal::BadParams(brief(&error.message)).error(),
                (ErrorCode::InvalidRequest, None) => Refusal::NotARequest(self.method.clone()).error(),
                _ => error,
            }),
            // The service stays silent on unknown methods that begin so; a request has to be answered all the same.
            Ok(Ok(None)) if self.method.starts_with("$/") => Err(self.unknown().error()),
            Ok(Ok(None)) if self.id.is_none() => return None,
            Ok(Ok(None) | Err(_)) => Err(self.broken("gave no answer")),
            Err(_) => Err(self.broken("panicked")),
        };
        self.life.end(&self.method, answer.is_ok());
        if let Some(id) = &self.id {
            self.outgoing.answer(id, answer.as_ref());
        }
        (panicked && self.id.is_some()).then_some(self.number)
    }

    /// The same for a request that was answered by its cancellation.
    fn divert<E>(self, outcome: &Outcome<E>) -> Option<Number> {
        self.life.end(&self.method, false);
        outcome.is_err().then_some(self.number)
    }

    fn unknown(&self) -> Refusal {
        Refusal::UnknownMethod(brief(&self.method))
    }

    /// The panic's own text may hold anything, so it goes neither to the client nor to the log from here.
    fn broken(&self, what: &str) -> tower_lsp::jsonrpc::Error {
        let id = correlation_id();
        tracing::error!(id, method = self.method, "the handler {what}");
        Refusal::Broken(id).error()
    }
}

/// The start of `text`, which comes from the client and may be of any length.
fn brief(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}
