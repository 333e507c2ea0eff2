//! Rows as data, messages as data.

use aside_model::Usage;
use proptest::prelude::*;

use super::*;
use crate::{
    Attachment,
    turn::{Closing, Outcome},
};

fn turn(number: u8) -> TurnId {
    TurnId::stored([number; 16])
}

fn at(n: u64) -> Timestamp {
    Timestamp::from_second(1_000 + n.cast_signed()).expect("in range")
}

/// Rows numbered from `first` on.
fn rows(first: u64, records: impl IntoIterator<Item = (u8, Record)>) -> Vec<Row> {
    let numbered = (first..).zip(records);
    let row = |(n, (of, record)): (u64, (u8, Record))| {
        let turn = (of != 0).then(|| turn(of));
        Row { n, turn, at: at(n), kind: record.kind(), record: Some(record) }
    };
    numbered.map(row).collect()
}

fn user(text: &str) -> Record {
    Record::User { text: text.to_owned(), attachments: Vec::new() }
}

fn answer() -> Record {
    Record::Answer { model: "builtin/search".to_owned() }
}

fn part(text: &str) -> Record {
    Record::Part { text: text.to_owned() }
}

fn end(text: &str, reason: End) -> Record {
    Record::End(Closing { text: text.to_owned(), outcome: Outcome { reason, error: None }, usage: None })
}

fn title() -> Record {
    Record::Title { title: "a title".to_owned() }
}

/// Number, text and state of each message.
fn read(rows: Vec<Row>, running: Option<TurnId>) -> Vec<(u64, String, MessageState)> {
    let transcript = transcript(rows, running);
    transcript.messages.into_iter().map(|message| (message.n, message.text, message.state)).collect()
}

fn said(n: u64, text: &str, state: MessageState) -> (u64, String, MessageState) {
    (n, text.to_owned(), state)
}

use MessageState::{Complete, Error, Interrupted, Streaming};

#[test]
fn parts_and_the_end_make_one_message() {
    let rows = rows(0, [(1, user("q")), (1, answer()), (1, part("a")), (1, part("b")), (1, end("c", End::Complete))]);
    assert_eq!(read(rows, None), [said(0, "q", Complete), said(1, "abc", Complete)]);
}

#[test]
fn every_end_gives_the_message_its_state() {
    for (reason, state) in [
        (End::Complete, Complete),
        (End::Stopped, MessageState::Stopped),
        (End::Length, MessageState::Length),
        (End::Truncated, MessageState::Truncated),
        (End::Error, Error),
        (End::Interrupted, Interrupted),
    ] {
        let rows = rows(0, [(1, user("q")), (1, answer()), (1, end("a", reason))]);
        assert_eq!(read(rows, None)[1], said(1, "a", state));
    }
}

#[test]
fn an_answer_without_an_end_streams_if_its_turn_runs_and_was_interrupted_otherwise() {
    let half = || rows(0, [(1, user("q")), (1, answer()), (1, part("half"))]);
    assert_eq!(read(half(), Some(turn(1)))[1], said(1, "half", Streaming));
    for running in [None, Some(turn(2))] {
        assert_eq!(read(half(), running)[1], said(1, "half", Interrupted));
    }
}

#[test]
fn a_title_in_the_middle_of_an_answer_changes_nothing() {
    let rows = rows(5, [(1, user("q")), (1, answer()), (1, part("a")), (0, title()), (1, end("b", End::Complete))]);
    assert_eq!(read(rows, None), [said(5, "q", Complete), said(6, "ab", Complete)]);
}

#[test]
fn a_page_may_begin_with_an_answer() {
    let rows = rows(7, [(1, answer()), (1, end("a", End::Complete)), (2, user("q"))]);
    assert_eq!(read(rows, None), [said(7, "a", Complete), said(9, "q", Complete)]);
}

#[test]
fn rows_of_another_turn_are_not_added() {
    let stray = [(1, user("q")), (1, answer()), (2, part("x")), (1, end("a", End::Complete)), (1, part("late"))];
    assert_eq!(read(rows(0, stray), None)[1], said(1, "a", Complete));
}

#[test]
fn what_belongs_to_a_message_is_with_it() {
    let attachment = Attachment { label: "a.rs".to_owned(), uri: None, text: "fn a() {}".to_owned() };
    let question = Record::User { text: "q".to_owned(), attachments: vec![attachment.clone()] };
    let usage = Usage { input_tokens: 1, output_tokens: 2, cached_tokens: 0 };
    let error = TurnError::new("timeout", "too slow", "try again");
    let outcome = Outcome { reason: End::Error, error: Some(error.clone()) };
    let end = Record::End(Closing { text: String::new(), outcome, usage: Some(usage) });

    let read = transcript(rows(0, [(1, question), (1, answer()), (1, end)]), None);
    assert!(!read.damaged);
    let [asked, answered] = &read.messages[..] else { panic!("{read:?}") };
    assert_eq!((asked.role, &asked.attachments, asked.at, &asked.model), (Role::User, &vec![attachment], at(0), &None));
    assert_eq!((answered.role, answered.at, answered.usage), (Role::Assistant, at(1), Some(usage)));
    assert_eq!((answered.model.as_deref(), answered.error.as_ref()), (Some("builtin/search"), Some(&error)));
}

#[test]
fn a_row_that_cannot_be_read_marks_its_message_and_no_other() {
    let whole = || {
        let first = [(1, user("q1")), (1, answer()), (1, part("a")), (1, end("b", End::Complete))];
        let second = [(2, user("q2")), (2, answer()), (2, end("c", End::Complete))];
        rows(0, first.into_iter().chain(second))
    };
    for (broken, message) in [(0, 0), (2, 1), (3, 1), (4, 2), (6, 3)] {
        let mut rows = whole();
        rows[broken].record = None;
        let read = transcript(rows, None);
        assert!(read.damaged);
        assert_eq!(read.messages.len(), 4, "row {broken}");
        for (index, one) in read.messages.iter().enumerate() {
            let code = one.error.as_ref().map(|error| error.code.as_str());
            assert_eq!((one.state == Error, code), (index == message, (index == message).then_some("damaged")));
        }
    }
}

proptest! {
    #[test]
    fn any_rows_give_a_transcript_and_lose_no_opened_message(
        rows in proptest::collection::vec((1_u8..4, 0_u8..5, proptest::option::weighted(0.9, "[aé]{0,3}")), 0..40),
    ) {
        let rows: Vec<Row> = (0_u64..)
            .zip(rows)
            .map(|(n, (of, kind, text))| {
                let record = |text: &str| match kind {
                    0 => user(text),
                    1 => answer(),
                    2 => part(text),
                    3 => end(text, End::Complete),
                    _ => title(),
                };
                Row { n, turn: Some(turn(of)), at: at(n), kind: record("").kind(), record: text.as_deref().map(record) }
            })
            .collect();
        let opened: Vec<u64> =
            rows.iter().filter(|row| matches!(row.kind, Kind::User | Kind::Answer)).map(|row| row.n).collect();
        let damaged = rows.iter().any(|row| row.record.is_none());
        let read = transcript(rows, None);
        prop_assert_eq!(read.messages.iter().map(|message| message.n).collect::<Vec<_>>(), opened);
        prop_assert_eq!(read.damaged, damaged);
    }
}
