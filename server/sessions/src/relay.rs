//! What one reader of a turn has seen, and what it should see next.
//!
//! Owns the numbering, the merging and the size of events. Pure: it keeps no text of its own, only places in the turn's, so a
//! reader that falls behind or comes late costs nothing and gets the whole turn from number 0. When to send is `live`'s matter.

use aside_model::Usage;

use crate::{
    Event,
    turn::{Turn, fitting},
};

/// One reader's place in the running turn.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    next: u64,
    /// Whether another program's question was given.
    asked: bool,
    notices: usize,
    reasoning: usize,
    text: usize,
    usage: Option<Usage>,
    /// Whether the end was given: nothing follows.
    ended: bool,
}

impl Relay {
    /// For a reader that came after the end of the turn.
    pub(crate) fn deaf() -> Self {
        Self { ended: true, ..Self::default() }
    }

    /// Whether the reader has not seen everything there is.
    pub(crate) fn is_behind(&self, turn: &Turn) -> bool {
        !self.ended
            && (self.owes_question(turn)
                || self.notices < turn.notices().len()
                || self.reasoning < turn.reasoning().len()
                || self.text < turn.text().len()
                || self.usage != turn.usage()
                || turn.outcome().is_some())
    }

    /// Whether the next event is one that does not wait for the pace of text: a notice, or the end when all else was given.
    pub(crate) fn is_urgent(&self, turn: &Turn) -> bool {
        let all_given = self.reasoning == turn.reasoning().len()
            && self.text == turn.text().len()
            && self.usage == turn.usage()
            && turn.outcome().is_some();
        !self.ended && (self.owes_question(turn) || self.notices < turn.notices().len() || all_given)
    }

    fn owes_question(&self, turn: &Turn) -> bool {
        !self.asked && turn.asked().is_some()
    }

    /// The next event and its number, with at most `max_bytes` of text. The end comes when everything else was given.
    pub(crate) fn next(&mut self, turn: &Turn, max_bytes: usize) -> Option<(u64, Event)> {
        if self.ended {
            return None;
        }
        let event = self.event(turn, max_bytes)?;
        let n = self.next;
        self.next += 1;
        Some((n, event))
    }

    fn event(&mut self, turn: &Turn, max_bytes: usize) -> Option<Event> {
        if let Some(asked) = turn.asked().filter(|_| !self.asked) {
            self.asked = true;
            return Some(Event::Asked { text: asked.text.clone(), model: asked.model.clone() });
        }
        if let Some(notice) = turn.notices().get(self.notices) {
            self.notices += 1;
            return Some(Event::Notice(notice.clone()));
        }
        if let Some(piece) = piece(turn.reasoning(), &mut self.reasoning, max_bytes) {
            return Some(Event::Reasoning(piece));
        }
        if let Some(piece) = piece(turn.text(), &mut self.text, max_bytes) {
            return Some(Event::Delta(piece));
        }
        if self.usage != turn.usage() {
            self.usage = turn.usage();
            return self.usage.map(Event::Usage);
        }
        let outcome = turn.outcome()?;
        self.ended = true;
        Some(Event::End { reason: outcome.reason, error: outcome.error.clone() })
    }
}

/// The next piece of `text` behind `place`, which moves on. At least one character, whatever the limit.
fn piece(text: &str, place: &mut usize, max_bytes: usize) -> Option<String> {
    let rest = &text[*place..];
    let first = rest.chars().next()?;
    let piece = fitting(rest, max_bytes.max(first.len_utf8()));
    *place += piece.len();
    Some(piece.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aside_model::EndReason;

    use super::*;
    use crate::{End, Options, turn::Input};

    fn turn(inputs: impl IntoIterator<Item = Input>) -> Turn {
        let mut turn = Turn::new(&Options::default());
        feed(&mut turn, inputs);
        turn
    }

    fn feed(turn: &mut Turn, inputs: impl IntoIterator<Item = Input>) {
        for input in inputs {
            turn.on(Duration::ZERO, input);
        }
    }

    fn text(text: &str) -> Input {
        Input::Text(text.to_owned())
    }

    fn delta(text: &str) -> Event {
        Event::Delta(text.to_owned())
    }

    fn drain(relay: &mut Relay, turn: &Turn, max_bytes: usize) -> Vec<(u64, Event)> {
        std::iter::from_fn(|| relay.next(turn, max_bytes)).collect()
    }

    #[test]
    fn text_that_came_meanwhile_merges_into_one_event() {
        let mut turn = turn([text("a")]);
        let mut relay = Relay::default();
        assert_eq!(drain(&mut relay, &turn, 100), [(0, delta("a"))]);
        feed(&mut turn, [text("b"), text("c")]);
        assert_eq!(drain(&mut relay, &turn, 100), [(1, delta("bc"))]);
        assert!(!relay.is_behind(&turn));
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let turn = turn([text("aé€b")]);
        let pieces = drain(&mut Relay::default(), &turn, 3);
        assert_eq!(pieces, [(0, delta("aé")), (1, delta("€")), (2, delta("b"))]);
        let one_by_one = drain(&mut Relay::default(), &turn, 0);
        assert_eq!(one_by_one.len(), 4, "a limit below one character still makes way");
    }

    #[test]
    fn the_end_comes_last_and_once_and_only_when_saved() {
        let mut turn = turn([text("a"), Input::Ended(EndReason::Complete)]);
        let mut relay = Relay::default();
        assert_eq!(drain(&mut relay, &turn, 100), [(0, delta("a"))]);
        feed(&mut turn, [Input::Saved]);
        let end = Event::End { reason: End::Complete, error: None };
        assert_eq!(drain(&mut relay, &turn, 100), [(1, end)]);
        assert!(!relay.is_behind(&turn));
    }

    #[test]
    fn a_reader_that_came_after_the_end_is_told_nothing() {
        let turn = turn([text("a"), Input::Ended(EndReason::Complete), Input::Saved]);
        let mut relay = Relay::deaf();
        assert!(!relay.is_behind(&turn));
        assert_eq!(relay.next(&turn, 100), None);
    }

    #[test]
    fn notices_and_the_end_do_not_wait_but_never_overtake_text() {
        let mut turn = turn([text("a")]);
        let mut relay = Relay::default();
        assert!(!relay.is_urgent(&turn));
        feed(&mut turn, [Input::Ended(EndReason::Length), Input::Saved]);
        assert!(!relay.is_urgent(&turn), "text comes first");
        assert_eq!(relay.next(&turn, 100), Some((0, delta("a"))));
        assert!(relay.is_urgent(&turn));
        relay.next(&turn, 100);
        assert!(!relay.is_urgent(&turn));

        let silent = self::turn([Input::Ended(EndReason::Complete)]);
        assert!(Relay::default().is_urgent(&silent), "it says that there is nothing");
    }

    #[test]
    fn a_late_reader_gets_the_whole_turn_from_zero() {
        let usage = Usage { input_tokens: 1, output_tokens: 2, cached_tokens: 0 };
        let turn = turn([text("a"), Input::Reasoning("r".to_owned()), Input::Usage(usage), text("b")]);
        let expected = [(0, Event::Reasoning("r".to_owned())), (1, delta("ab")), (2, Event::Usage(usage))];
        assert_eq!(drain(&mut Relay::default(), &turn, 100), expected);
    }
}
