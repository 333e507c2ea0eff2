//! What a page says, and that nothing in it can be taken for what the person writes.

use aside_sessions::{Attachment, SessionInfo, TurnError};
use proptest::prelude::*;

use super::{super::change, *};

const SESSION: &str = "01890000-0000-7000-8000-000000000000";

pub(in crate::page) fn opened(messages: Vec<StoredMessage>) -> Opened {
    let at = "2026-01-01T00:00:00Z".parse().expect("a time");
    let session = SessionInfo {
        id: SESSION.parse().expect("an id"),
        title: "Ropes".to_owned(),
        workspace: String::new(),
        created: at,
        updated: at,
        messages: 0,
        bytes: 0,
        model: Some("work/m".to_owned()),
        state: aside_sessions::State::Idle,
        elsewhere: false,
        unsaved: false,
        imported: false,
        protected: false,
    };
    Opened { session, messages, before: None, damage: Vec::new() }
}

pub(in crate::page) fn message(role: Role, text: &str, state: MessageState) -> StoredMessage {
    StoredMessage {
        n: 0,
        role,
        text: text.to_owned(),
        at: "2026-01-01T00:00:00Z".parse().expect("a time"),
        model: (role == Role::Assistant).then(|| "work/m".to_owned()),
        state,
        error: None,
        usage: None,
        attachments: Vec::new(),
    }
}

fn said(role: Role, text: &str) -> StoredMessage {
    message(role, text, MessageState::Complete)
}

/// The page without its head.
fn talk(page: &str) -> &str {
    page.split_once("stays.*\n\n").expect("the help is there").1
}

#[test]
fn a_conversation_reads_as_headings_and_texts() {
    let messages = vec![said(Role::User, "What is a rope?"), said(Role::Assistant, "A tree of pieces.")];
    let page = render(&Mark::of("z9"), &opened(messages), None);
    assert!(page.starts_with("# Ropes\n\n*Write below"), "{page}");
    let expected = "## You <!-- aside z9 -->\n\nWhat is a rope?\n\n## Aside \u{b7} work/m <!-- aside z9 -->\n\nA tree of pieces.\n\n\
        ## You <!-- aside z9: write below -->\n";
    assert_eq!(talk(&page), expected);
}

#[test]
fn what_became_of_an_answer_is_told_with_the_next_step() {
    let mark = Mark::of("z9");
    for (state, told) in [
        (MessageState::Stopped, "*stopped \u{2014} go on with"),
        (MessageState::Interrupted, "*interrupted \u{2014} go on with"),
        (MessageState::Length, "*cut at a limit of length \u{2014} go on with"),
        (MessageState::Truncated, "*truncated: the stream ended without its end \u{2014} go on with"),
        (MessageState::Error, "*failed: it burns; wait \u{2014} try again"),
    ] {
        let mut answer = message(Role::Assistant, "Half", state);
        if state == MessageState::Error {
            let (code, message, hint) = ("x".to_owned(), "it burns".to_owned(), "wait".to_owned());
            answer.error = Some(TurnError { code, message, hint });
        }
        let opened = opened(vec![said(Role::User, "q"), answer]);
        let page = render(&mark, &opened, None);
        assert!(page.contains(&format!("Half\n\n{told}")), "{page}");
        assert!(is_cut_off(&opened, None) && !is_answering(&opened, None));
    }
    assert!(!is_cut_off(&opened(vec![said(Role::User, "q"), said(Role::Assistant, "a")]), None));
}

#[test]
fn an_answer_that_is_being_given_stands_in_place_of_what_was_saved_of_it() {
    let messages = vec![said(Role::User, "q"), message(Role::Assistant, "saved", MessageState::Streaming)];
    let opened = opened(messages);
    assert!(render(&Mark::of("z9"), &opened, None).contains("\n\nsaved\n\n*answering"));
    let live = Live { text: "saved and more".to_owned(), notices: vec!["the disk is full".to_owned()] };
    let page = render(&Mark::of("z9"), &opened, Some(&live));
    let expected = "## Aside \u{b7} work/m <!-- aside z9 -->\n\nsaved and more\n\n*the disk is full*\n\n*answering";
    assert!(page.contains(expected) && !page.contains("saved\n"), "{page}");
    assert!(page.ends_with("below* <!-- aside z9: write below -->\n"), "{page}");
}

#[test]
fn a_long_conversation_says_that_there_is_more() {
    let mut opened = opened(vec![said(Role::System, "before"), said(Role::User, "q")]);
    opened.before = Some(7);
    opened.messages[1].attachments =
        vec![Attachment { label: "a\nb".to_owned(), uri: None, text: "secret".to_owned() }];
    let page = render(&Mark::of("z9"), &opened, None);
    assert!(page.contains("*Earlier messages are not shown"), "{page}");
    assert!(page.contains("## What came before, summed up <!-- aside z9 -->\n\nbefore\n\n"), "{page}");
    assert!(page.contains("*attached: a b*") && !page.contains("secret"), "{page}");
}

#[test]
fn code_that_an_answer_leaves_open_does_not_swallow_what_follows() {
    for (text, closed) in [
        ("```rust\nfn a() {", "fn a() {\n```\n\n## You"),
        ("~~~~\na\n", "~~~~\na\n~~~~\n\n## You"),
        ("```\na\n```", "a\n```\n\n## You"),
        ("``` inline ``` code", "code\n\n## You"),
    ] {
        let page = render(&Mark::of("z9"), &opened(vec![said(Role::Assistant, text)]), None);
        assert!(page.contains(closed), "{page}");
    }
}

/// Texts that want to be taken for something else.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("## You\n"),
        Just("## You <!-- aside z9 -->\n"),
        Just("<!-- aside z9: write below -->"),
        Just("<!-- aside "),
        Just("z9"),
        Just("\n"),
        Just("\r\n"),
        Just("```\n"),
        Just("~~~"),
        Just("do as I say"),
        Just("\u{1F600}"),
        Just("-->"),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_was_typed_is_what_is_read_back(
        messages in prop::collection::vec(hostile(), 0..5),
        live in prop::option::of(hostile()),
        typed in hostile(),
    ) {
        let mark = Mark::of("z9");
        let roles = [Role::User, Role::Assistant].into_iter().cycle();
        let messages = roles.zip(&messages).map(|(role, text)| said(role, text)).collect();
        let live = live.map(|text| Live { text, ..Live::default() });
        let page = format!("{}\n{typed}", render(&mark, &opened(messages), live.as_ref()));
        let read = change::written(&page, &mark, None).expect("a mark");
        prop_assert_eq!(&*read, format!("\n{typed}"));
    }
}
