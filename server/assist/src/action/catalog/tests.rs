//! What is offered where.

use super::*;
use crate::action::place::Severity;

fn place() -> Place {
    Place { language: "rust".to_owned(), path: "src/a.rs".to_owned(), line: 3, ..Place::default() }
}

fn in_parse() -> Place {
    let scopes = vec![
        ScopeName { kind: ScopeKind::Block, name: None },
        ScopeName::new(ScopeKind::Function, "parse"),
        ScopeName::new(ScopeKind::Class, "Reader"),
    ];
    Place { scopes, ..place() }
}

fn selected(first: u32, last: u32) -> Place {
    Place { selection: Some(Lines { first, last }), ..in_parse() }
}

fn wrong(message: &str, severity: Severity) -> Diagnostic {
    Diagnostic { message: message.to_owned(), severity, line: 3, ..Diagnostic::default() }
}

fn with(mut place: Place, diagnostics: &[Diagnostic]) -> Place {
    place.diagnostics = diagnostics.to_vec();
    place
}

fn titles(offers: &[Offer]) -> Vec<&str> {
    offers.iter().map(|offer| offer.title.strip_prefix("Aside: ").expect("people see who offers it")).collect()
}

fn custom(name: &str) -> Custom {
    Custom {
        name: name.to_owned(),
        title: format!("Do {name}"),
        prompt: String::new(),
        scope: Reach::Line,
        answers: Answers::Chat,
        kind: "source",
        languages: Vec::new(),
        model: None,
        ask: false,
    }
}

#[test]
fn titles_say_what_will_be_done() {
    let error = wrong("cannot find value `x`\nin this scope", Severity::Error);
    let blank = Place { blank: true, ..place() };
    let told = Place { instruction: Some("make this async".to_owned()), ..place() };
    for (place, expected) in [
        (place(), vec!["Explain this file", "Review this file"]),
        (
            in_parse(),
            vec![
                "Explain function `parse`",
                "Document `parse`",
                "Write tests for `parse`",
                "Simplify function `parse`",
                "Review this file",
            ],
        ),
        (
            selected(3, 9),
            vec![
                "Explain lines 3–9",
                "Document `parse`",
                "Write tests for `parse`",
                "Simplify lines 3–9",
                "Review lines 3–9",
            ],
        ),
        (with(place(), &[error]), vec!["Fix: cannot find value `x`", "Explain this file", "Review this file"]),
        (blank, vec!["Explain this file", "Continue here", "Review this file"]),
        (told, vec!["Rewrite as the comment says: make this async", "Explain this file", "Review this file"]),
    ] {
        assert_eq!(titles(&offers(&place, None, &[], false)), expected);
    }
    assert_eq!(titles(&offers(&place(), None, &[], true))[0], "Rewrite…");
    assert_eq!(titles(&offers(&selected(3, 3), None, &[], false))[0], "Explain line 3");
}

#[test]
fn an_editor_that_asks_for_a_kind_gets_it_and_what_is_below() {
    let both = with(in_parse(), &[wrong("a", Severity::Error), wrong("b", Severity::Error)]);
    for (only, expected) in [
        (vec!["quickfix"], vec!["fix", "fix"]),
        (vec!["refactor"], vec!["rewrite", "document", "test", "simplify"]),
        (vec!["refactor.rewrite"], vec!["rewrite", "document", "test", "simplify"]),
        (vec!["refactor.re"], vec![]),
        (vec!["source"], vec!["fix-all", "review"]),
        (vec!["source.fixAll"], vec!["fix-all"]),
        (vec!["source.fixAll.other"], vec![]),
        (vec!["source.organizeImports"], vec![]),
        (vec!["aside"], vec!["explain"]),
        (vec!["", "x"], vec!["fix", "fix", "fix-all", "rewrite", "explain", "document", "test", "simplify", "review"]),
    ] {
        let found = offers(&both, Some(&only), &[], true);
        let ids: Vec<_> = found.iter().map(|offer| offer.action.as_str()).collect();
        assert_eq!(ids, expected, "{only:?}");
    }
    assert_eq!(offers(&both, Some(&[]), &[], true), offers(&both, None, &[], true));
}

#[test]
fn everything_is_fixed_at_once_where_that_is_asked_for_or_there_are_several() {
    let one = wrong("a", Severity::Error);
    let all = |place: &Place, only: Option<&[&str]>| {
        offers(place, only, &[], false).into_iter().find(|offer| offer.action == "fix-all")
    };
    let (single, double) = (with(place(), std::slice::from_ref(&one)), with(place(), &[one.clone(), one.clone()]));
    assert_eq!(all(&single, None), None);
    assert_eq!(all(&place(), Some(&["source.fixAll"])), None);
    let asked = all(&single, Some(&["source.fixAll"])).expect("it was asked for");
    assert_eq!(asked.title, "Aside: Fix the only problem here");
    let offered = all(&double, None).expect("there are two");
    assert_eq!((offered.title.as_str(), offered.kind), ("Aside: Fix all 2 problems here", "source.fixAll.aside"));
    assert_eq!(offered.diagnostics, [0, 1]);
    let file = Place { whole_file: true, ..double };
    assert_eq!(all(&file, None).expect("there are two").title, "Aside: Fix all 2 problems in this file");
}

#[test]
fn fixes_begin_with_the_worst_and_are_not_many() {
    let hint = wrong("hint", Severity::Hint);
    let error = wrong("\u{202e}error\u{1b}[2J  of\ttabs", Severity::Error);
    let found = offers(&with(place(), &[hint.clone(), error]), Some(&["quickfix"]), &[], false);
    assert_eq!(titles(&found), ["Fix: error [2J of tabs", "Fix: hint"]);
    assert_eq!(found[0].diagnostics, [1]);
    assert!(found.iter().all(|offer| !offer.preferred));
    let many = vec![hint; 50];
    assert_eq!(offers(&with(place(), &many), Some(&["quickfix"]), &[], false).len(), MOST_FIXES);
    let long = wrong(&"x".repeat(500), Severity::Error);
    let found = offers(&with(place(), &[long]), Some(&["quickfix"]), &[], false);
    assert_eq!(found[0].title.chars().count(), "Aside: Fix: ".len() + QUOTED_CHARS);
    let silent = offers(&with(place(), &[wrong(" \n", Severity::Warning)]), Some(&["quickfix"]), &[], false);
    assert_eq!(titles(&silent), ["Fix: the warning in line 3"]);
}

#[test]
fn what_needs_words_is_offered_where_the_editor_asks_for_them() {
    let asking = Custom { ask: true, ..custom("that") };
    let found = offers(&place(), None, &[custom("this"), asking], true);
    let asks: Vec<_> = found.iter().filter(|offer| offer.asks).map(|offer| offer.title.as_str()).collect();
    assert_eq!(asks, ["Aside: Rewrite…", "Aside: Do that…"]);
    let asking = Custom { ask: true, ..custom("that") };
    assert!(offers(&place(), None, &[asking], false).iter().all(|offer| !offer.asks));
}

#[test]
fn a_custom_action_is_offered_where_what_it_is_about_is() {
    let of = |scope, place: &Place| {
        let one = Custom { scope, ..custom("it") };
        offers(place, None, &[one], false).iter().any(|offer| offer.action == "custom/it")
    };
    for (scope, bare, inside, selection) in [
        (Reach::Line, true, true, true),
        (Reach::File, true, true, true),
        (Reach::Selection, false, false, true),
        (Reach::Function, false, true, true),
        (Reach::Class, false, true, true),
    ] {
        let found = [place(), in_parse(), selected(3, 9)].map(|place| of(scope, &place));
        assert_eq!(found, [bare, inside, selection], "{scope:?}");
    }
    let speaks = |languages: &[&str]| {
        let languages = languages.iter().map(|one| (*one).to_owned()).collect();
        let one = Custom { languages, ..custom("it") };
        offers(&place(), Some(&["source"]), &[one], false).len() == 2
    };
    assert!(speaks(&[]) && speaks(&["c", "rust"]) && !speaks(&["c"]));
}

#[test]
fn every_action_has_a_name_and_a_kind_that_is_announced() {
    for action in Builtin::ALL {
        assert_eq!(Builtin::of(action.id()), Some(action));
        assert!(KINDS.contains(&action.kind()), "{action:?}");
    }
    assert_eq!(Builtin::of("custom/x"), None);
}

#[test]
fn names_are_shown_and_cannot_act() {
    let scopes = vec![
        ScopeName::new(ScopeKind::Function, "a`b\u{1b}c\u{202e}"),
        ScopeName { kind: ScopeKind::Class, name: None },
    ];
    let found = offers(&Place { scopes, ..place() }, None, &[], false);
    assert_eq!(found[0].title, "Aside: Explain function `a'b c`");
}
