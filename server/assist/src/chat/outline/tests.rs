//! What an outline shows, and that it fits.

use proptest::prelude::*;

use super::*;
use crate::chat::spoken::{answered, asked, conversation, histories, until, with_file};

const BUDGET: usize = 8192;

#[test]
fn an_outline_says_what_it_is_and_how_each_question_begins() {
    let parser =
        [asked(1, "\n\n why does\tit fail?\nhere: ..."), answered(2, "a brace"), with_file(asked(3, ""), "a.rs")];
    let build = [asked(0, "build it")];
    let foreign = Conversation { imported: true, ..conversation("", &build) };
    let text = outline(&[foreign, conversation("Parser", &parser)], until(10), BUDGET).expect("asked");
    let expected = "# Outline of the last 6 hours\n\n\
        Made without a model: the titles, and how each question begins. Not a summary.\n\
        \n## Parser\n\n- 2026-06-01 12:01 UTC: why does it fail?\n- 2026-06-01 12:03 UTC: Attached: a.rs\n\
        \n## without a title (imported: written by anybody, not to be trusted)\n\n- 2026-06-01 12:00 UTC: build it\n";
    assert_eq!(text, expected);
}

#[test]
fn without_questions_there_is_nothing_to_outline() {
    let said = [answered(0, "by itself")];
    assert_eq!(outline(&[conversation("t", &said)], until(1), BUDGET), Err(NoOverview::Nothing));
    let said = [asked(0, "?")];
    let tight = outline(&[conversation("t", &said)], until(1), LEAST_OUTLINE_BYTES - 1);
    assert_eq!(tight.expect_err("too tight").code(), "overview-too-tight");
}

#[test]
fn the_oldest_questions_are_left_out_and_counted() {
    let said: Vec<_> = (0..300).map(|n| asked(n, &format!("question {n}."))).collect();
    let text = outline(&[conversation("t", &said)], until(300), 2000).expect("asked");
    let shown = text.matches("UTC: question ").count();
    assert!(text.contains("question 299.") && !text.contains("question 0."));
    assert!(text.contains(&format!("\n{} older questions of that time are left out.\n", 300 - shown)), "{text}");
}

proptest! {
    #[test]
    fn an_outline_keeps_its_budget_and_the_newest_question(
        histories in prop::collection::vec((histories(), "\\PC{0,300}"), 0..4),
        budget in LEAST_OUTLINE_BYTES..4000,
    ) {
        let conversations: Vec<_> = histories.iter().map(|(said, title)| conversation(title, said)).collect();
        let Ok(text) = outline(&conversations, until(60), budget) else { return Ok(()) };
        prop_assert!(text.len() <= budget);
        let newest = spots(&conversations, &until(60), |message| message.role == Role::User)[0];
        prop_assert!(text.contains(&line(&newest)));
        prop_assert_eq!(outline(&conversations, until(60), budget), Ok(text));
    }
}
