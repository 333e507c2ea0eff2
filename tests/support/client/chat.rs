//! A conversation as a client has it.

use serde_json::{Value, json};

use super::Client;
use crate::protocol::{ChatEvent, End, Opened, SessionInfo, TurnEvent};

/// The whole of one streamed answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// All deltas.
    pub text: String,
    /// How many notifications carried it, without the end.
    pub events: usize,
    /// How it ended.
    pub end: End,
}

impl Client {
    /// Starts a conversation in the workspace `workspace` (a URI).
    #[track_caller]
    pub fn new_session(&mut self, workspace: &str) -> SessionInfo {
        let mut result: Value = self.request("aside/chat/new", json!({ "workspace": workspace }));
        super::read(&result["session"].take())
    }

    /// Says `text`; gives the turn.
    #[track_caller]
    pub fn say(&mut self, session: &str, text: &str) -> String {
        let result: Value = self.request("aside/chat/send", json!({ "session": session, "text": text }));
        result["turn"].as_str().unwrap_or_else(|| panic!("no turn in {result}")).to_owned()
    }

    /// Opens a conversation: its last messages, and its events from now on.
    #[track_caller]
    pub fn open_session(&mut self, session: &str) -> Opened {
        self.request("aside/chat/open", json!({ "session": session }))
    }

    /// Waits for the next event of `turn`.
    #[track_caller]
    pub fn event(&mut self, turn: &str) -> TurnEvent {
        super::read(&self.notification_where("aside/chat/event", |params| params["turn"] == turn))
    }

    /// Reads events of `turn` until its text so far holds `text`; gives the text so far.
    #[track_caller]
    pub fn hears(&mut self, turn: &str, text: &str) -> String {
        let mut heard = String::new();
        while !heard.contains(text) {
            match self.event(turn).event {
                ChatEvent::Delta { text } => heard.push_str(&text),
                ChatEvent::End(end) => panic!("the answer ended ({end:?}) before `{text}` came: {heard}"),
                _ => {}
            }
        }
        heard
    }

    /// Reads an answer to its end and checks that its events are numbered without gaps.
    #[track_caller]
    pub fn whole_answer(&mut self, turn: &str) -> Answer {
        self.answer_from(turn, 0)
    }

    /// Waits until another program asks in `session`, and reads its question and the whole answer.
    #[track_caller]
    pub fn overhears(&mut self, session: &str) -> (String, Answer) {
        let asked = |params: &Value| params["session"] == session && params["event"]["type"] == "asked";
        let TurnEvent { turn, n, event, .. } = super::read(&self.notification_where("aside/chat/event", asked));
        let ChatEvent::Asked { text, .. } = event else { panic!("a question was expected: {event:?}") };
        assert_eq!(n, 0, "the question comes first");
        (text, self.answer_from(&turn, 1))
    }

    #[track_caller]
    fn answer_from(&mut self, turn: &str, first: u64) -> Answer {
        let mut text = String::new();
        let mut log = String::new();
        for expected in first.. {
            let TurnEvent { n, event, .. } = self.event(turn);
            log.push_str(&format!("{n}: {event:?}\n"));
            assert_eq!(n, expected, "events are numbered from 0 without gaps:\n{log}");
            match event {
                ChatEvent::Delta { text: more } => text.push_str(&more),
                ChatEvent::End(end) => {
                    return Answer { text, events: usize::try_from(n).expect("few events"), end };
                }
                _ => {}
            }
        }
        unreachable!("an endless count ends by its end event")
    }

    /// Says `text` and reads the whole answer.
    #[track_caller]
    pub fn converse(&mut self, session: &str, text: &str) -> Answer {
        let turn = self.say(session, text);
        self.whole_answer(&turn)
    }
}
