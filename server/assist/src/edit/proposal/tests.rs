//! What becomes of hunks, without a model: texts and changes as data.

use aside_model::Usage;

use super::*;

const TEXT: &str = "one\ntwo\nthree\nfour\n";

/// A document `a` of this text.
fn document(text: &str) -> Document {
    Document::open("file:///w/a", "text", 1, text).expect("a text")
}

/// An edit that makes `new` of `old`, with its answer whole.
fn proposed(old: &str, new: &str) -> Proposal {
    let mut proposal = Proposal::new(EditId(7), "fix".into(), "Fix".into(), "file:///w/a".into(), "p/m".into());
    let plain = hunks::hunks(old, new).into_iter();
    let hunks = plain.map(|hunk| Hunk::new(hunk.old.clone(), old[hunk.old].to_owned(), hunk.new)).collect();
    let file =
        File { label: "a".into(), document: document(old), open: true, is_new: false, warnings: Vec::new(), hunks };
    proposal.show(vec![file], State::Proposed);
    proposal
}

/// The document becomes `text`.
fn becomes(proposal: &mut Proposal, text: &str) {
    let (before, next) = (proposal.files[0].document.clone(), document(text));
    assert!(proposal.follow(&before, &next, Some(&narrow(&before.text(), text))));
}

fn states(proposal: &Proposal) -> Vec<&'static str> {
    proposal.hunks().map(|(_, hunk)| hunk.state.as_str()).collect()
}

/// The text of the first file after `change`.
fn applied(change: &Change) -> String {
    let file = &change.files[0];
    let edits: Vec<_> =
        file.edits.iter().map(|(old, new)| hunks::Hunk { old: old.clone(), new: new.clone() }).collect();
    hunks::apply(&file.document.text(), &edits)
}

#[test]
fn all_that_waits_is_taken_as_one_change() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nFOUR\n");
    let change = proposal.take(None, None).expect("two hunks wait");
    assert_eq!(applied(&change), "ONE\ntwo\nthree\nFOUR\n");
    assert_eq!(proposal.take(None, None).map(drop).map_err(|error| error.code()), Err("edit-settled"));
    proposal.applied(&change.hunks, true);
    assert_eq!((proposal.state, states(&proposal)), (State::Done, vec!["accepted", "accepted"]));
}

#[test]
fn hunks_are_taken_and_left_one_by_one() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nFOUR\n");
    let change = proposal.take(Some(&[1]), None).expect("it waits");
    assert_eq!(applied(&change), "one\ntwo\nthree\nFOUR\n");
    // The editor tells of the change before it answers.
    becomes(&mut proposal, "one\ntwo\nthree\nFOUR\n");
    proposal.applied(&change.hunks, true);
    assert_eq!((proposal.state, states(&proposal)), (State::Proposed, vec!["proposed", "accepted"]));
    proposal.reject(None, None).expect("one waits");
    assert_eq!((proposal.state, states(&proposal)), (State::Done, vec!["rejected", "accepted"]));
}

#[test]
fn what_an_editor_does_not_apply_is_still_proposed() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nfour\n");
    proposal.take(None, None).expect("it waits");
    proposal.applied(&[0], false);
    assert_eq!((proposal.state, states(&proposal)), (State::Proposed, vec!["proposed"]));
    proposal.take(None, None).expect("it waits again");
    becomes(&mut proposal, "on\ntwo\nthree\nfour\n");
    proposal.applied(&[0], false);
    assert_eq!((proposal.state, states(&proposal)), (State::Done, vec!["stale"]));
}

#[test]
fn changes_that_are_on_their_way_together_are_told_apart() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nFOUR\n");
    let (first, second) = (proposal.take(Some(&[0]), None), proposal.take(Some(&[1]), None));
    let (first, second) = (first.expect("it waits"), second.expect("it waits"));
    // Both count in the same version, so an editor takes one of them.
    becomes(&mut proposal, "ONE\ntwo\nthree\nfour\n");
    proposal.applied(&first.hunks, true);
    assert_eq!((proposal.state, states(&proposal)), (State::Proposed, vec!["accepted", "proposed"]));
    proposal.applied(&second.hunks, false);
    assert_eq!((proposal.state, states(&proposal)), (State::Proposed, vec!["accepted", "proposed"]));
    let again = proposal.take(None, None).expect("it waits again");
    assert_eq!(applied(&again), "ONE\ntwo\nthree\nFOUR\n");
}

#[test]
fn what_is_settled_hears_of_no_change() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nfour\n");
    proposal.reject(None, None).expect("it waits");
    let (before, next) = (proposal.files[0].document.clone(), document("zero\none\n"));
    assert!(!proposal.follow(&before, &next, None));
}

#[test]
fn a_preview_shows_what_still_fits() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nFOUR\n");
    let files = std::mem::take(&mut proposal.files);
    proposal.show(files, State::Streaming);
    becomes(&mut proposal, "zero\none\ntwo\nthree\nfour\n");
    becomes(&mut proposal, "zero\none\ntwo\nthree\n");
    assert_eq!((proposal.state, proposal.hunks().count()), (State::Streaming, 1));
    assert_eq!(proposal.files[0].proposed(), "zero\nONE\ntwo\nthree\n");
    becomes(&mut proposal, "");
    assert_eq!((proposal.files[0].proposed(), proposal.diff()), (String::new(), String::new()));
}

#[test]
fn hunks_move_along_and_are_given_up_when_their_lines_change() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nFOUR\n");
    becomes(&mut proposal, "zero\none\ntwo\nthree\nfour\n");
    assert_eq!(proposal.files[0].hunks[1].range, 19..24);
    becomes(&mut proposal, "zero\none!\ntwo\nthree\nfour\n");
    assert_eq!(states(&proposal), ["stale", "proposed"]);
    let change = proposal.take(Some(&[1]), None).expect("the other one waits");
    assert_eq!(applied(&change), "zero\none!\ntwo\nthree\nFOUR\n");
}

#[test]
fn a_file_of_an_edit_is_taken_by_its_address() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nfour\n");
    assert!(proposal.take(None, Some("file:///w/b")).is_err());
    assert!(proposal.reject(None, Some("file:///w/b")).is_err());
    assert!(proposal.take(None, Some("file:///w/a")).is_ok());
}

#[test]
fn nothing_of_a_preview_can_be_taken() {
    let mut proposal = proposed(TEXT, "ONE\n");
    let files = std::mem::take(&mut proposal.files);
    proposal.show(files, State::Streaming);
    proposal.usage = Some(Usage::default());
    assert_eq!(proposal.take(None, None).map(drop).map_err(|error| error.code()), Err("edit-streaming"));
    assert_eq!(proposal.reject(None, None).map_err(|error| error.code()), Err("edit-streaming"));
    proposal.stop();
    assert!(proposal.files.is_empty() && proposal.state.is_settled());
}

#[test]
fn the_diff_shows_what_still_waits() {
    let mut proposal = proposed(TEXT, "ONE\ntwo\nthree\nFOUR\n");
    proposal.reject(Some(&[0]), None).expect("it waits");
    let diff = proposal.diff();
    assert!(diff.contains("+FOUR") && !diff.contains("+ONE"), "{diff}");
    assert_eq!(proposal.files[0].proposed(), "one\ntwo\nthree\nFOUR\n");
}

#[test]
fn an_edit_has_a_name() {
    assert_eq!("e12".parse::<EditId>().ok(), Some(EditId(12)));
    assert_eq!(EditId(12).to_string(), "e12");
    for wrong in ["", "e", "12", "e-1", "e1x"] {
        assert!(wrong.parse::<EditId>().is_err(), "{wrong}");
    }
}
