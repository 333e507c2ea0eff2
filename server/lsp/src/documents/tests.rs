//! Editors that keep to the protocol, and editors that do not.

use aside_text::{MAX_BYTES, Position, Range};

use super::*;

const URI: &str = "file:///w/a.rs";

fn open(text: &str) -> Documents {
    let documents = Documents::new();
    assert_eq!(documents.open(URI, "rust", 1, text), None);
    documents
}

/// Replaces characters `from..to` of the first line.
fn edit(from: u32, to: u32, text: &str) -> Change {
    let place = |character| Position { line: 0, character };
    Change { range: Some(Range { start: place(from), end: place(to) }), text: text.to_owned() }
}

fn whole(text: &str) -> Change {
    Change { range: None, text: text.to_owned() }
}

fn change(documents: &Documents, version: i32, changes: &[Change]) -> Option<Trouble> {
    documents.change(URI, Some(version), changes, Encoding::Utf16)
}

fn text(documents: &Documents) -> Result<String, Unavailable> {
    documents.find(URI).map(|document| document.text())
}

#[test]
fn changes_are_applied_one_after_the_other() {
    let documents = open("abc");
    assert_eq!(change(&documents, 2, &[edit(0, 1, "x"), edit(1, 2, "yz")]), None);
    assert_eq!(text(&documents), Ok("xyzc".to_owned()));
    assert_eq!(documents.snapshot(URI).map(|document| document.version()), Some(2));
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let documents = open("abc");
    let before = documents.snapshot(URI).expect("open");
    change(&documents, 2, &[whole("new")]);
    assert_eq!((before.text(), before.version()), ("abc".to_owned(), 1));
}

#[test]
fn versions_may_skip_numbers() {
    let documents = open("abc");
    assert_eq!(change(&documents, 9, &[edit(0, 0, "x")]), None);
    assert_eq!(text(&documents), Ok("xabc".to_owned()));
}

#[test]
fn an_editor_that_does_not_count_is_counted_for() {
    let documents = open("abc");
    for expected in 2..5 {
        assert_eq!(documents.change(URI, None, &[edit(0, 0, "x")], Encoding::Utf8), None);
        assert_eq!(documents.snapshot(URI).map(|document| document.version()), Some(expected));
    }
}

#[test]
fn an_edit_that_does_not_fit_is_told_once_and_healed_by_a_whole_text() {
    let reversed = edit(2, 1, "");
    for bad in [(2, reversed), (1, edit(0, 0, "late"))] {
        let documents = open("a\u{1F600}c");
        let trouble = change(&documents, bad.0, &[bad.1]);
        assert!(matches!(&trouble, Some(Trouble::Show(told)) if told.contains("`a.rs`")), "{trouble:?}");
        assert!(matches!(text(&documents), Err(Unavailable::OutOfSync { .. })));
        assert_eq!(documents.snapshot(URI).map(|_| ()), None);
        assert_eq!(change(&documents, 3, &[edit(0, 0, "more")]), None, "told once");
        assert_eq!(documents.census(), Census { open: 0, out_of_sync: 1, declined: 0 });
        assert_eq!(change(&documents, 4, &[edit(9, 3, "lost"), whole("healed"), edit(0, 0, "is ")]), None);
        assert_eq!(text(&documents), Ok("is healed".to_owned()));
        assert_eq!(documents.snapshot(URI).map(|document| document.language().to_owned()).as_deref(), Some("rust"));
    }
}

#[test]
fn an_edit_inside_a_surrogate_pair_is_out_of_sync() {
    let documents = open("a\u{1F600}c");
    assert!(matches!(change(&documents, 2, &[edit(2, 3, "x")]), Some(Trouble::Show(_))));
}

#[test]
fn one_bad_edit_of_a_list_applies_none() {
    let documents = open("abc");
    change(&documents, 2, &[edit(0, 1, "x"), edit(2, 1, "")]);
    assert!(text(&documents).is_err());
}

#[test]
fn reopening_heals() {
    let documents = open("abc");
    change(&documents, 2, &[edit(2, 1, "")]);
    assert!(matches!(documents.open(URI, "rust", 1, "new"), Some(Trouble::Log(_))), "it was not closed");
    assert_eq!(text(&documents), Ok("new".to_owned()));
}

#[test]
fn a_change_that_cannot_be_read_loses_the_document() {
    let documents = open("abc");
    assert!(matches!(documents.lose(URI, "why"), Some(Trouble::Show(_))));
    assert_eq!(documents.lose(URI, "again"), None);
    assert_eq!(documents.lose("file:///other", "why"), None);
    assert!(text(&documents).is_err());
}

#[test]
fn opening_twice_takes_the_newer_text() {
    let documents = open("abc");
    assert!(matches!(documents.open(URI, "rust", 1, "newer"), Some(Trouble::Log(_))));
    assert_eq!(text(&documents), Ok("newer".to_owned()));
}

#[test]
fn what_was_never_opened_is_not_changed_or_closed() {
    let documents = Documents::new();
    assert!(matches!(change(&documents, 2, &[whole("x")]), Some(Trouble::Log(_))));
    assert!(!documents.close(URI));
    assert_eq!(text(&documents), Err(Unavailable::NotOpen("a.rs".to_owned())));
}

#[test]
fn closing_forgets() {
    let documents = open("abc");
    assert!(documents.close(URI));
    assert_eq!(text(&documents), Err(Unavailable::NotOpen("a.rs".to_owned())));
}

#[test]
fn a_huge_or_binary_document_is_declined_until_it_is_neither() {
    for bad in ["x".repeat(MAX_BYTES + 1), "ELF\0\u{1}".to_owned()] {
        let documents = Documents::new();
        assert!(matches!(documents.open(URI, "rust", 1, &bad), Some(Trouble::Log(_))));
        assert!(matches!(text(&documents), Err(Unavailable::Declined { .. })));
        assert_eq!(change(&documents, 2, &[edit(0, 0, "x")]), None);
        assert_eq!(change(&documents, 3, &[whole(&bad)]), None, "told when it was opened");
        assert!(matches!(text(&documents), Err(Unavailable::Declined { .. })));
        assert_eq!(change(&documents, 4, &[whole("bc"), edit(0, 0, "a")]), None);
        assert_eq!(text(&documents), Ok("abc".to_owned()));
    }
}

#[test]
fn documents_are_listed_by_their_last_use() {
    let documents = Documents::new();
    for uri in ["file:///w/a", "file:///w/b", "file:///elsewhere/c", "untitled:d", "file:///w2/e"] {
        documents.open(uri, "", 1, "");
    }
    documents.change("file:///w/a", Some(2), &[whole("x")], Encoding::Utf8);
    let uris = |documents: Vec<Document>| documents.iter().map(|one| one.uri().to_owned()).collect::<Vec<_>>();
    let all = ["file:///w/a", "file:///w2/e", "untitled:d", "file:///elsewhere/c", "file:///w/b"];
    assert_eq!(uris(documents.all()), all);
    assert_eq!(uris(documents.under(Path::new("/w"))), ["file:///w/a", "file:///w/b"]);
}
