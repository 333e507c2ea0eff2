//! Edits: small, at the right place, and never at the cost of what the person wrote.

use proptest::prelude::*;

use super::*;

/// The server's part with this much of the conversation.
fn part(talk: &str) -> String {
    format!("# T\n\n{talk}\n\n## You {}\n", Mark::of("w").below())
}

fn parts<'p>(last: &'p str, wanted: &'p str) -> Parts<'p> {
    Parts { last, wanted, taken: None, anew: false }
}

fn applied(page: &str, change: Option<Change>) -> String {
    let mut page = page.to_owned();
    if let Some(Change { bytes, text }) = change {
        page.replace_range(bytes, &text);
    }
    page
}

#[test]
fn more_of_an_answer_is_a_small_edit_at_its_end() {
    let (last, wanted) = (part("once"), part("once upon"));
    let page = format!("{last}\ndraft");
    let change = plan(&page, &Mark::of("w"), parts(&last, &wanted)).expect("an edit");
    assert_eq!((&*change.text, change.bytes.len()), (" upon", 0));
    assert_eq!(applied(&page, Some(change)), format!("{wanted}\ndraft"));
    assert_eq!(plan(&format!("{wanted}\ndraft"), &Mark::of("w"), parts(&wanted, &wanted)), None);
}

#[test]
fn what_the_person_changed_above_stays() {
    let (last, wanted) = (part("a\n\nlong answer"), part("a\n\nlong answer goes on"));
    let page = format!("{}\n", last.replace("# T", "# My notes"));
    let after = applied(&page, plan(&page, &Mark::of("w"), parts(&last, &wanted)));
    assert_eq!(after, format!("{}\n", wanted.replace("# T", "# My notes")));
}

#[test]
fn where_the_end_was_changed_the_whole_part_is_made_anew() {
    let mark = Mark::of("w");
    let (last, wanted) = (part("answer"), part("answer goes on"));
    let page = format!("{}\ndraft", last.replace("\n\n## You", "\n\nscribble\n## You"));
    assert_eq!(applied(&page, plan(&page, &mark, parts(&last, &wanted))), format!("{wanted}\ndraft"));
    let odd = format!("{}\ndraft", part("something else"));
    let anew = Parts { anew: true, ..parts(&wanted, &wanted) };
    assert_eq!(applied(&odd, plan(&odd, &mark, anew)), format!("{wanted}\ndraft"));
}

#[test]
fn a_page_without_its_mark_gets_it_back_and_keeps_the_rest() {
    let mark = Mark::of("w");
    let last = part("answer");
    let anew = Parts { anew: true, ..parts(&last, &last) };
    assert_eq!(applied("mine", plan("mine", &mark, anew)), format!("{last}mine"));
    let headless = "# T\n\nanswer\n\nmine\n";
    assert_eq!(applied(headless, plan(headless, &mark, anew)), format!("{last}mine\n"));
}

#[test]
fn what_was_sent_goes_from_below_in_the_same_edit() {
    let mark = Mark::of("w");
    let (last, wanted) = (part("a"), part("a\n\n## You\n\nquestion"));
    for (below, taken, rest) in [
        ("\nquestion\n", "\nquestion\n", "\n"),
        ("\nquestion", "\nquestion", "\n"),
        ("\nquestion\nand more", "\nquestion", "\nand more"),
        ("\nfirst\nquestion\nand more", "\nquestion", "\nfirst\n\nand more"),
        ("\nmy questions", "\nquestion", "\nmy questions"),
        ("gone", "\nquestion", "gone"),
    ] {
        let page = format!("{last}{below}");
        let parts = Parts { taken: Some(taken), ..parts(&last, &wanted) };
        assert_eq!(applied(&page, plan(&page, &mark, parts)), format!("{wanted}{rest}"), "{below:?}");
        let left = written(&page, &mark, Some(taken)).expect("a mark");
        assert_eq!(left.contains("question"), below.contains("questions"), "{below:?}");
    }
}

#[test]
fn line_ends_of_windows_stay() {
    let mark = Mark::of("w");
    let (last, wanted) = (part("a\nb"), part("a\nb\nc"));
    let page = format!("{last}\ndraft\n").replace('\n', "\r\n");
    let change = plan(&page, &mark, parts(&last, &wanted));
    assert_eq!(change.as_ref().map(|change| &*change.text), Some("c\r\n"));
    assert_eq!(applied(&page, change), format!("{wanted}\ndraft\n").replace('\n', "\r\n"));
    assert!(has(&page, &mark, &last) && !has(&page, &mark, &wanted));
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![Just("a"), Just("b\n"), Just("\u{e9}"), Just("\u{1F600}"), Just(" ")], 0..12)
        .prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn an_edit_leads_to_what_is_wanted_and_keeps_what_is_below(old in words(), new in words(), below in words()) {
        let (last, wanted) = (part(&old), part(&new));
        let page = format!("{last}{below}");
        prop_assert_eq!(applied(&page, plan(&page, &Mark::of("w"), parts(&last, &wanted))), format!("{wanted}{below}"));
    }

    #[test]
    fn whatever_the_page_has_become_what_is_below_the_mark_stays(
        head in words(), old in words(), new in words(), below in words(), anew: bool,
    ) {
        let mark = Mark::of("w");
        let (last, wanted) = (part(&old), part(&new));
        let page = format!("{}{below}", part(&head));
        let after = applied(&page, plan(&page, &mark, Parts { anew, ..parts(&last, &wanted) }));
        prop_assert_eq!(&after[mark.end(&after).expect("a mark")..], below);
    }
}
