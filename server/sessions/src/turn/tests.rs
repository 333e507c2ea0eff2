//! The turn machine as data: inputs in, effects out.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn options() -> Options {
    Options { checkpoint_bytes: 10, max_answer_bytes: 100, ..Options::default() }
}

/// Feeds a machine and collects what it asks for.
struct Bench {
    turn: Turn,
    now: Duration,
}

impl Bench {
    fn new() -> Self {
        Self { turn: Turn::new(&options()), now: Duration::ZERO }
    }

    fn on(&mut self, input: Input) -> Vec<Effect> {
        self.turn.on(self.now, input)
    }

    fn after(&mut self, time: Duration, input: Input) -> Vec<Effect> {
        self.now += time;
        self.on(input)
    }

    fn outcome(&self) -> (End, Option<&str>) {
        let outcome = self.turn.outcome().expect("over");
        (outcome.reason, outcome.error.as_ref().map(|error| error.code.as_str()))
    }
}

fn text(text: &str) -> Input {
    Input::Text(text.to_owned())
}

fn refused() -> Input {
    Input::SaveFailed("the disk is full".to_owned())
}

fn part(text: &str) -> Vec<Effect> {
    vec![Effect::Save(Save::Part(text.to_owned()))]
}

fn close(text: &str, reason: End, code: Option<&str>) -> Save {
    let error = code.map(|code| match code {
        "interrupted" => shut_down(),
        "failed" => TurnError::new("failed", "it failed", "try again"),
        _ => outcome_of(EndReason::Truncated).error.expect("a truncated answer says so"),
    });
    Save::Close(Closing { text: text.to_owned(), outcome: Outcome { reason, error }, usage: None })
}

fn closed(text: &str, reason: End, code: Option<&str>) -> Vec<Effect> {
    vec![Effect::CloseStream, Effect::Save(close(text, reason, code))]
}

#[test]
fn a_complete_answer_is_over_only_when_its_end_is_on_disk() {
    let mut bench = Bench::new();
    assert_eq!(bench.on(text("hello")), []);
    assert_eq!(bench.on(Input::Ended(EndReason::Complete)), closed("hello", End::Complete, None));
    assert_eq!(bench.turn.outcome(), None);
    assert_eq!(bench.on(Input::Saved), []);
    assert_eq!(bench.outcome(), (End::Complete, None));
    assert_eq!(bench.turn.take_unsaved(), None);
}

#[test]
fn every_way_a_stream_ends_has_its_own_end_and_keeps_the_text() {
    let failed = Input::Failed(TurnError::new("failed", "it failed", "try again"));
    for (input, reason, code) in [
        (Input::Ended(EndReason::Complete), End::Complete, None),
        (Input::Ended(EndReason::Length), End::Length, None),
        (Input::Ended(EndReason::Truncated), End::Truncated, Some("truncated")),
        (Input::Dry, End::Truncated, Some("truncated")),
        (failed, End::Error, Some("failed")),
        (Input::Stop, End::Stopped, None),
        (Input::Shutdown, End::Interrupted, Some("interrupted")),
    ] {
        let mut bench = Bench::new();
        bench.on(text("half"));
        assert_eq!(bench.on(input), closed("half", reason, code));
        bench.on(Input::Saved);
        assert_eq!(bench.outcome(), (reason, code));
    }
}

#[test]
fn a_withheld_answer_is_an_error() {
    let mut bench = Bench::new();
    bench.on(Input::Ended(EndReason::Filtered));
    bench.on(Input::Saved);
    assert_eq!(bench.outcome(), (End::Error, Some("filtered")));
}

#[test]
fn an_empty_answer_is_not_silent() {
    let mut bench = Bench::new();
    bench.on(text(" \n"));
    bench.on(Input::Ended(EndReason::Complete));
    assert_eq!(bench.turn.notices(), ["the model answered with nothing"]);
}

#[test]
fn enough_text_is_saved_at_once_and_only_what_is_new() {
    let mut bench = Bench::new();
    assert_eq!(bench.on(text("012345678")), []);
    assert_eq!(bench.on(text("9")), part("0123456789"));
    assert_eq!(bench.on(text("abcdefghijklm")), [], "one save at a time");
    assert_eq!(bench.on(Input::Saved), part("abcdefghijklm"));
    assert_eq!(bench.on(Input::Saved), []);
    assert_eq!(bench.on(Input::Ended(EndReason::Complete)), closed("", End::Complete, None));
}

#[test]
fn little_text_is_saved_after_a_while() {
    let mut bench = Bench::new();
    assert_eq!(bench.turn.deadline(), None, "nothing to save");
    bench.on(text("a"));
    assert_eq!(bench.turn.deadline(), Some(SECOND));
    assert_eq!(bench.after(SECOND / 2, text("b")), []);
    assert_eq!(bench.turn.deadline(), Some(SECOND), "the oldest text counts");
    assert_eq!(bench.after(SECOND / 2, Input::Tick), part("ab"));
    assert_eq!(bench.turn.deadline(), None);
    assert_eq!(bench.on(Input::Saved), []);
    assert_eq!(bench.turn.deadline(), None);
}

#[test]
fn text_that_comes_during_a_save_waits_from_then_on() {
    let mut bench = Bench::new();
    bench.on(text("0123456789"));
    bench.after(SECOND / 4, text("a"));
    bench.after(SECOND / 4, Input::Saved);
    assert_eq!(bench.turn.deadline(), Some(SECOND / 4 + SECOND));
    assert_eq!(bench.after(SECOND, Input::Tick), part("a"));
}

#[test]
fn an_end_during_a_save_is_saved_after_it() {
    let mut bench = Bench::new();
    bench.on(text("0123456789"));
    bench.on(text("rest"));
    assert_eq!(bench.on(Input::Ended(EndReason::Complete)), [Effect::CloseStream]);
    assert_eq!(bench.on(Input::Saved), [Effect::Save(close("rest", End::Complete, None))]);
    bench.on(Input::Saved);
    assert_eq!(bench.outcome(), (End::Complete, None));
}

#[test]
fn a_refused_checkpoint_is_said_at_once_and_tried_again_after_a_while() {
    let mut bench = Bench::new();
    bench.on(text("0123456789"));
    assert_eq!(bench.on(refused()), []);
    assert_eq!(bench.turn.notices(), ["not saved: the disk is full"]);
    assert_eq!(bench.on(text("0123456789")), [], "not at every piece of text");
    assert_eq!(bench.after(SECOND, Input::Tick), part("01234567890123456789"));
    assert_eq!(bench.on(refused()), []);
    assert_eq!(bench.turn.notices().len(), 1, "once is enough");
    assert_eq!(bench.after(SECOND, Input::Tick), part("01234567890123456789"));
    bench.on(Input::Saved);
    assert_eq!(bench.turn.notices(), ["not saved: the disk is full", "saved again"]);
    assert_eq!(bench.on(text("abcdefghij")), part("abcdefghij"), "back to the usual pace");
}

#[test]
fn an_end_that_is_refused_is_an_error_and_what_is_missing_is_kept() {
    let mut bench = Bench::new();
    bench.on(text("0123456789"));
    bench.on(Input::Saved);
    bench.on(text("rest"));
    bench.on(Input::Ended(EndReason::Complete));
    assert_eq!(bench.on(refused()), []);
    assert_eq!(bench.outcome(), (End::Error, Some("not-saved")));
    let unsaved = bench.turn.take_unsaved().map(Save::Close);
    assert_eq!(unsaved, Some(close("rest", End::Complete, None)), "as it really ended");
    assert_eq!(bench.turn.take_unsaved(), None);
}

#[test]
fn an_end_after_refused_checkpoints_carries_all_their_text() {
    let mut bench = Bench::new();
    bench.on(text("0123456789"));
    bench.on(refused());
    assert_eq!(bench.on(Input::Stop), closed("0123456789", End::Stopped, None));
    bench.on(Input::Saved);
    assert_eq!(bench.outcome(), (End::Stopped, None));
}

#[test]
fn a_lost_turn_ends_without_writing() {
    for inputs in [vec![], vec![Input::Stop], vec![text("0123456789")]] {
        let mut bench = Bench::new();
        for input in inputs {
            bench.on(input);
        }
        let effects = bench.on(Input::Lost);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Save(_))), "{effects:?}");
        assert_eq!(bench.outcome(), (End::Interrupted, Some("session-lost")));
    }
}

#[test]
fn an_answer_beyond_the_limit_is_cut_between_characters() {
    let mut bench = Bench::new();
    bench.on(text(&"x".repeat(98)));
    let effects = bench.on(text("aé"));
    assert_eq!(effects, [Effect::CloseStream], "the checkpoint is still on its way");
    assert_eq!(bench.turn.text().len(), 99);
    bench.on(Input::Saved);
    bench.on(Input::Saved);
    assert_eq!(bench.outcome(), (End::Length, None));
    assert_eq!(bench.turn.notices(), ["the answer reached the limit of 100 bytes"]);
}

#[test]
fn an_answer_of_exactly_the_limit_is_whole() {
    let mut bench = Bench::new();
    bench.on(text(&"x".repeat(100)));
    bench.on(text(""));
    bench.on(Input::Saved);
    bench.on(Input::Ended(EndReason::Complete));
    bench.on(Input::Saved);
    assert_eq!(bench.outcome(), (End::Complete, None));
}

#[test]
fn reasoning_is_bounded_and_not_saved() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        assert_eq!(bench.on(Input::Reasoning("ü".repeat(30))), []);
    }
    assert_eq!(bench.turn.reasoning().len(), 100);
    assert_eq!(bench.on(Input::Stop), closed("", End::Stopped, None));
}

#[test]
fn the_newest_usage_is_kept_with_the_end() {
    let mut bench = Bench::new();
    let usage = |output_tokens| Usage { output_tokens, ..Usage::default() };
    bench.on(Input::Usage(usage(1)));
    bench.on(Input::Usage(usage(2)));
    let effects = bench.on(Input::Ended(EndReason::Complete));
    let [Effect::CloseStream, Effect::Save(Save::Close(closing))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(closing.usage, Some(usage(2)));
}

fn input() -> impl Strategy<Value = Input> {
    let ends = [EndReason::Complete, EndReason::Length, EndReason::Truncated, EndReason::Filtered];
    prop_oneof![
        20 => "[aé€🎬]{0,12}".prop_map(Input::Text),
        3 => "[aé€🎬]{0,12}".prop_map(Input::Reasoning),
        1 => any::<u64>().prop_map(|output_tokens| Input::Usage(Usage { output_tokens, ..Usage::default() })),
        1 => proptest::sample::select(ends.to_vec()).prop_map(Input::Ended),
        1 => Just(Input::Failed(TurnError::new("failed", "it failed", "try again"))),
        1 => Just(Input::Dry),
        1 => Just(Input::Stop),
        1 => Just(Input::Shutdown),
        12 => Just(Input::Tick),
        // Answers to saves; they are left out when nothing was asked for.
        12 => Just(Input::Saved),
        6 => Just(refused()),
        1 => Just(Input::Lost),
    ]
}

/// What a disk and a stream would have seen of a machine.
#[derive(Default)]
struct World {
    said: String,
    disk: String,
    pending: Option<Save>,
    closings: usize,
    stream_closed: usize,
    refused_close: bool,
    lost: bool,
}

impl World {
    fn answer(&mut self, input: &Input) {
        match input {
            Input::Saved => match self.pending.take() {
                Some(Save::Part(text)) => self.disk.push_str(&text),
                Some(Save::Close(closing)) => {
                    self.disk.push_str(&closing.text);
                    self.closings += 1;
                }
                None => unreachable!("left out"),
            },
            Input::SaveFailed(_) => self.refused_close |= matches!(self.pending.take(), Some(Save::Close(_))),
            Input::Lost => {
                self.pending = None;
                self.lost = true;
            }
            _ => {}
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::CloseStream => self.stream_closed += 1,
                Effect::Save(save) => assert_eq!(self.pending.replace(save), None, "one save at a time"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_happens_the_disk_has_the_answer_in_order_and_the_end_is_honest(
        steps in proptest::collection::vec((0_u64..1_500, input()), 0..60),
    ) {
        let mut bench = Bench::new();
        let mut world = World::default();
        for (wait, input) in steps {
            let answers_a_save = matches!(input, Input::Saved | Input::SaveFailed(_) | Input::Lost);
            if answers_a_save && world.pending.is_none() {
                continue;
            }
            let was_over = bench.turn.outcome().is_some();
            if let Input::Text(text) = &input && !was_over {
                world.said.push_str(text);
            }
            world.answer(&input);
            let effects = bench.after(Duration::from_millis(wait), input);
            prop_assert!(!was_over || effects.is_empty(), "nothing happens after the end");
            world.carry_out(effects);

            prop_assert!(world.said.starts_with(bench.turn.text()));
            prop_assert!(bench.turn.text().starts_with(&world.disk));
            prop_assert!(bench.turn.text().len() <= options().max_answer_bytes);
            prop_assert!(bench.turn.deadline().is_none_or(|deadline| deadline + SECOND > bench.now), "nothing overdue");
            if let Some(outcome) = bench.turn.outcome() {
                prop_assert_eq!(world.stream_closed, 1);
                prop_assert_eq!(world.lost, outcome.reason == End::Interrupted && world.closings == 0);
                if world.closings == 1 {
                    prop_assert_eq!(&world.disk, bench.turn.text());
                } else if !world.lost {
                    prop_assert!(world.refused_close);
                    prop_assert_eq!(outcome.error.as_ref().map(|error| error.code.as_str()), Some("not-saved"));
                }
            } else {
                prop_assert_eq!(world.closings, 0, "over as soon as the end is on disk");
            }
        }
    }

    #[test]
    fn what_is_left_after_a_refused_end_completes_the_disk(
        texts in proptest::collection::vec("[aé€🎬]{0,12}", 0..8),
        saved in any::<[bool; 8]>(),
    ) {
        let mut bench = Bench::new();
        let mut world = World::default();
        for (text, saved) in texts.into_iter().zip(saved) {
            let effects = bench.after(SECOND, Input::Text(text));
            world.carry_out(effects);
            if world.pending.is_some() {
                let answer = if saved { Input::Saved } else { refused() };
                world.answer(&answer);
                let effects = bench.on(answer);
                world.carry_out(effects);
            }
        }
        // Refuse until the close is refused.
        let effects = bench.on(Input::Stop);
        world.carry_out(effects);
        while world.pending.is_some() {
            world.answer(&refused());
            let effects = bench.on(refused());
            world.carry_out(effects);
        }
        if let Some(unsaved) = bench.turn.take_unsaved() {
            prop_assert_eq!(world.disk + &unsaved.text, bench.turn.text());
        }
    }
}
