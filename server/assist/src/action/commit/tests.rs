//! What is asked of a model for a diff, and what is taken of its answer.

use proptest::prelude::*;

use super::*;

const DIFF: &str = "diff --git a/x b/x\n-a\n+b\n";

fn asked(diff: &str, kind: Kind, recent: &[String], template: Option<&str>, budget: usize) -> String {
    messages(diff, kind, recent, template, budget).expect("there are changes")[1].text.clone()
}

#[test]
fn a_diff_goes_along_with_the_style_that_is_usual_there() {
    let recent = ["Fix the \u{1b}[31mparser".to_owned(), "Add tests".to_owned()];
    let text = asked(DIFF, Kind::Commit, &recent, Some("Why:\nHow tested:"), 1000);
    for part in
        ["```\ndiff --git a/x b/x\n-a\n+b\n```", "Fix the [31mparser\nAdd tests", "Why:\nHow tested:", "imperative"]
    {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let text = asked(DIFF, Kind::PullRequest, &[], Some("  "), 1000);
    assert!(text.contains("pull request") && !text.contains("template") && !text.contains("Subjects"));
}

#[test]
fn without_changes_there_is_nothing_to_describe() {
    let error = messages(" \n", Kind::Commit, &[], None, 1000).expect_err("there is nothing");
    assert_eq!(error.code(), "nothing-changed");
}

#[test]
fn of_a_long_diff_each_file_keeps_its_share() {
    let small = "diff --git a/small b/small\n+s\n";
    let large = |name: &str| format!("diff --git a/{name} b/{name}\n{}", "+long\n".repeat(1000));
    let diff = format!("{}{small}{}", large("one"), large("two"));
    let text = shortened(&diff, 2000);
    assert!(text.len() <= 2010, "{}", text.len());
    assert!(text.contains("a/one") && text.contains(small) && text.contains("a/two"), "{text}");
    assert_eq!(shortened(DIFF, 1000), DIFF);
}

#[test]
fn an_answer_is_freed_of_what_is_no_message() {
    for (answer, message) in [
        ("Fix the parser", "Fix the parser"),
        ("Here is the commit message:\n\n```\nFix it\n\nWhy.\n```\nLet me know!", "Fix it\n\nWhy."),
        ("```text\nFix it\n```", "Fix it"),
        ("```\nFix it", "Fix it"),
        ("Sure!\n\nFix it\n\nLet me know if you want changes.", "Fix it"),
        ("**Fix it**\n\nWhy.", "Fix it\n\nWhy."),
        ("\"Fix it\"", "Fix it"),
        ("`Fix it`", "Fix it"),
        ("# Fix it\nWhy.\n\n\n\nMore.\n\n", "Fix it\n\nWhy.\n\nMore."),
        ("Subject: Fix it", "Fix it"),
        ("**Title:** Fix it", "Fix it"),
        ("feat(x): `a` and `b`", "feat(x): `a` and `b`"),
        ("Sure-fire cache for paths", "Sure-fire cache for paths"),
        ("Fix it\n\n```sh\nrun\n```", "Fix it\n\n```sh\nrun\n```"),
        ("Fix\r\n\r\nWhy\x1b[2J.\r\n", "Fix\n\nWhy[2J."),
    ] {
        assert_eq!(clean(answer, Kind::Commit).as_deref(), Ok(message), "{answer:?}");
    }
    for answer in ["", " \n\t", "```\n```", "Here is the commit message:", "**"] {
        assert_eq!(clean(answer, Kind::Commit), Err(CommitError::NoMessage), "{answer:?}");
    }
}

#[test]
fn a_subject_that_is_too_long_goes_on_in_the_body() {
    let long = format!("Fix {}", "word ".repeat(30));
    let message = clean(&format!("{long}\n\nWhy."), Kind::PullRequest).expect("a message");
    let mut lines = message.lines();
    let subject = lines.next().expect("a subject");
    assert!(subject.chars().count() <= 72 && subject.ends_with("word"), "{subject}");
    assert_eq!(lines.next(), Some(""));
    assert!(lines.next().expect("the rest").starts_with("… word"));
    assert!(message.ends_with("\n\nWhy."));
    let one = clean(&"ü".repeat(100), Kind::Commit).expect("a message");
    assert_eq!(one, format!("{}\n\n… {}", "ü".repeat(72), "ü".repeat(28)));
}

#[test]
fn running_text_is_wrapped_and_all_else_is_left() {
    let long = "word ".repeat(30);
    let kept = format!(
        "- {long}\n  {long}\n1. {long}\n> {long}\n| {long}\n    {long}\n```\n{long}\n```\nCo-authored-by: {long}"
    );
    let kept = kept.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let message = clean(&format!("Fix\n\n{long}\n\nshort\nlines\n\n{kept}"), Kind::Commit).expect("a message");
    let (running, rest) = message.split_once("\n\nshort\nlines\n\n").expect("short lines stay");
    assert!(running.lines().count() > 3 && running.lines().all(|line| line.chars().count() <= 72), "{running}");
    assert_eq!(rest, kept);
    let markdown = format!("Fix\n\n{}", long.trim());
    assert_eq!(clean(&markdown, Kind::PullRequest).as_deref(), Ok(markdown.as_str()));
}

proptest! {
    #[test]
    fn any_answer_gives_a_fit_message_or_none(answer in "(\\PC|\n|```|Here is|ü |word ){0,60}") {
        if let Ok(message) = clean(&answer, Kind::Commit) {
            let mut lines = message.lines();
            let subject = lines.next().unwrap_or_default();
            prop_assert!(!subject.trim().is_empty() && subject.chars().count() <= 72, "{:?}", message);
            prop_assert!(lines.next().is_none_or(str::is_empty));
            prop_assert_eq!(message.trim_end(), &message);
        }
    }

    #[test]
    fn any_diff_is_shortened_to_its_budget(diff in "(diff --git a b\n|\\+x{0,80}\n|ü){0,60}", budget in 0usize..2000) {
        let files = diff.matches("diff --git").count() + 1;
        prop_assert!(shortened(&diff, budget).len() <= budget + files);
    }
}
