//! Search as a person sees it: what is found, in which order, and which part is shown.

use proptest::prelude::*;

use super::*;

fn session(number: u8) -> SessionId {
    SessionId::stored([number; 16])
}

/// A corpus of one session that holds `texts`, numbered from 0.
fn corpus(texts: &[&str]) -> Corpus {
    let mut corpus = Corpus::default();
    for (n, text) in (0..).zip(texts) {
        assert!(corpus.add(session(1), n, Role::User, text));
    }
    corpus
}

/// The numbers of the messages that are found, best first.
fn found(texts: &[&str], query: &str) -> Vec<u64> {
    corpus(texts).find(query, 100).iter().map(|hit| hit.n).collect()
}

/// A snippet with its highlights in brackets.
fn marked(text: &str, query: &str) -> String {
    let Snippet { mut text, highlights } = snippet(text, query);
    for range in highlights.into_iter().rev() {
        text.insert(range.end, ']');
        text.insert(range.start, '[');
    }
    text
}

#[test]
fn every_word_must_occur_in_any_order_and_case() {
    let texts = ["the parser fails", "Fails: the LEXER", "nothing", "a parser and a lexer"];
    assert_eq!(found(&texts, "lexer"), [3, 1]);
    assert_eq!(found(&texts, "FAILS the"), [1, 0]);
    assert_eq!(found(&texts, "lexer parser"), [3]);
    assert_eq!(found(&texts, "parse"), [3, 0]);
    assert_eq!(found(&texts, "absent parser"), [] as [u64; 0]);
    assert_eq!(found(&texts, "lexer Lexer"), [3, 1]);
}

#[test]
fn a_quoted_phrase_is_taken_as_it_is() {
    let texts = ["open file now", "file open", "open the file"];
    assert_eq!(found(&texts, "\"open file\""), [0]);
    assert_eq!(found(&texts, "\"Open the\" file"), [2]);
    assert_eq!(found(&texts, "\"open fi"), [0]);
    assert_eq!(found(&texts, "\"\" open"), [2, 1, 0]);
}

#[test]
fn phrases_come_before_close_words_and_those_before_newer_ones() {
    let far = format!("open {} file", "x ".repeat(100));
    let texts = ["open file", "open the file", &far, "the file is open", "open file"];
    assert_eq!(found(&texts, "open file"), [4, 0, 3, 1, 2]);
}

#[test]
fn the_closest_place_of_several_is_weighed() {
    let spread = format!("open {} file ... open a file", "x ".repeat(100));
    let texts = [spread.as_str(), "open, by the way, any file"];
    assert_eq!(found(&texts, "open file"), [0, 1]);
    assert_eq!(corpus(&texts).find("open file", 1)[0].start, spread.rfind("open").expect("there"));
}

#[test]
fn younger_sessions_come_first_and_the_limit_keeps_the_best() {
    let mut corpus = Corpus::default();
    for number in [2, 1, 3] {
        for n in [3, 7] {
            corpus.add(session(number), n, Role::Assistant, "word");
        }
    }
    corpus.add(session(1), 9, Role::User, "word two");
    let order = |query, limit| corpus.find(query, limit).iter().map(|hit| (hit.session, hit.n)).collect::<Vec<_>>();
    assert_eq!(order("word", 3), [(session(3), 7), (session(3), 3), (session(2), 7)]);
    assert_eq!(order("two word", 9), [(session(1), 9)]);
    assert_eq!(order("word", 0), []);
    assert_eq!(corpus.find("two", 1)[0], Hit { session: session(1), n: 9, role: Role::User, start: 5 });
}

#[test]
fn nothing_is_found_across_two_messages() {
    assert_eq!(found(&["one", "two"], "onetwo"), [] as [u64; 0]);
    assert_eq!(found(&["one", "two"], "one two"), [] as [u64; 0]);
    assert_eq!(found(&["", "a", ""], "a"), [1]);
}

#[test]
fn letters_match_however_they_are_typed_and_accents_stay() {
    let texts = ["cafe\u{301}", "CAFÉ", "cafe", "İstanbul", "STRAẞE", "ΟΔΟΣ οδός", "한글"];
    assert_eq!(found(&texts, "café"), [1, 0]);
    assert_eq!(found(&texts, "cafe"), [2]);
    assert_eq!(found(&texts, "i\u{307}stanbul"), [3]);
    assert_eq!(found(&texts, "i̇STANBUL"), [3]);
    assert_eq!(found(&texts, "straße"), [4]);
    assert_eq!(found(&texts, "οδος"), [5]);
    assert_eq!(found(&texts, "\u{1112}\u{1161}\u{11ab}글"), [6]);
}

#[test]
fn an_empty_query_finds_nothing_and_a_very_long_one_is_cut() {
    for query in ["", " \n", "\"\"", "\" \"", "\""] {
        assert_eq!(found(&["some text"], query), [] as [u64; 0], "{query:?}");
    }
    let long = format!("some {}", "ü".repeat(5_000_000));
    assert_eq!(found(&["some text"], &long), [] as [u64; 0]);
    let cut = format!("{} absent", "some ".repeat(MAX_QUERY_CHARS / 5));
    assert_eq!(found(&["some text"], &cut), [0]);
    assert_eq!(marked("some text", &long), "[some] text");
}

#[test]
fn a_message_that_is_known_is_not_added_twice() {
    let mut corpus = corpus(&["one", "two"]);
    assert_eq!((corpus.known(session(1)), corpus.known(session(2))), (2, 0));
    assert!(corpus.add(session(1), 1, Role::User, "three"));
    assert!(corpus.find("three", 9).is_empty());
    assert!(corpus.add(session(1), 5, Role::User, "three"));
    assert_eq!((corpus.known(session(1)), corpus.find("three", 9)[0].n), (6, 5));
    corpus.forget(session(1));
    assert_eq!((corpus.known(session(1)), corpus.bytes(), corpus.find("one", 9).len()), (0, 0, 0));
}

#[test]
fn over_the_bound_the_corpus_is_partial_and_stays_in_it() {
    let mut corpus = Corpus::new(10_000);
    let text = "word ".repeat(100);
    let added = (0..100).take_while(|n| corpus.add(session(1), *n, Role::User, &text)).count() as u64;
    assert!(corpus.is_partial() && corpus.bytes() <= 10_000 && added > 15, "{added}");
    // What comes behind the hole waits, however short it is, and other sessions fit if they can.
    assert!(!corpus.add(session(1), added + 1, Role::User, "x"));
    assert_eq!(corpus.known(session(1)), added);
    assert_eq!(corpus.find("word", 1000).len() as u64, added);
    assert!(!corpus.add(session(2), 0, Role::User, &text));
    corpus.forget(session(1));
    assert!(corpus.is_partial());
    assert!(corpus.add(session(2), 0, Role::User, &text) && !corpus.is_partial());
}

#[test]
fn tens_of_thousands_of_messages_are_searched() {
    let mut corpus = Corpus::default();
    let filler = "lorem ipsum dolor sit amet ".repeat(7);
    for n in 0..20_000 {
        let role = if n % 2 == 0 { Role::User } else { Role::Assistant };
        corpus.add(session((n % 50) as u8), n, role, &format!("{filler} number {n}"));
    }
    assert_eq!(corpus.find("number 19999", 10).iter().map(|hit| hit.n).collect::<Vec<_>>(), [19_999]);
    assert_eq!(corpus.find("amet number", 10).len(), 10);
    assert!(!corpus.is_partial());
}

#[test]
fn a_snippet_shows_the_words_in_their_line() {
    assert_eq!(marked("Why does the parser fail?", "PARSER why"), "[Why] does the [parser] fail?");
    assert_eq!(marked("a\n\n  b\tc\u{1b}", "b"), "a [b] c\u{fffd}");
    assert_eq!(marked("\n text", "absent"), "text");
    assert_eq!(marked("text", ""), "text");
    assert_eq!(marked("", "x"), "");
    let long = format!("{} needle {}", "word ".repeat(100), "tail ".repeat(100));
    let shown = marked(&long, "needle");
    assert!(shown.starts_with("…word word") && shown.contains(" [needle] tail") && shown.ends_with('…'), "{shown}");
}

#[test]
fn highlights_stand_on_the_original_where_folding_changes_lengths() {
    assert_eq!(marked("İİİ STRAẞE x", "straße"), "İİİ [STRAẞE] x");
    assert_eq!(marked("İstanbul", "stan"), "İ[stan]bul");
    assert_eq!(marked("cafe\u{301} cafe", "café"), "[cafe\u{301}] cafe");
    assert_eq!(marked("é", "e"), "é");
    assert_eq!(marked("ab abc", "ab bc"), "[ab] [abc]");
}

proptest! {
    #[test]
    fn a_snippet_is_short_and_marks_only_what_matches(text in "(\\PC|[ \n\u{301}İẞς]){0,300}", query in "\\PC{0,8}") {
        let Snippet { text: line, highlights } = snippet(&text, &query);
        prop_assert!(line.chars().count() <= 160 && !line.contains(char::is_control));
        prop_assert!(highlights.is_sorted_by(|one, next| one.end < next.start));
        for range in highlights {
            prop_assert!(!line[range].is_empty());
        }
    }

    #[test]
    fn any_part_of_a_message_between_blanks_finds_it_and_is_marked(words in prop::collection::vec("[a-zÀ-ÿİẞΣς漢\u{301}]{1,6}", 1..30)) {
        let text = words.join(" ");
        for word in &words {
            prop_assert_eq!(found(&[&text], word), [0]);
            prop_assert!(!snippet(&text, word).highlights.is_empty());
            prop_assert_eq!(found(&[&text.to_lowercase()], word), [0]);
        }
        prop_assert_eq!(found(&[&text], &format!("\"{text}\"")), [0]);
    }

    #[test]
    fn what_is_found_has_every_word(texts in prop::collection::vec("[ab ]{0,12}", 0..20), query in "[ab ]{0,6}") {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let words: Vec<&str> = query.split_whitespace().collect();
        let has_all = |text: &&str| !words.is_empty() && words.iter().all(|word| text.contains(word));
        let mut hits = found(&texts, &query);
        hits.sort_unstable();
        let expected: Vec<u64> = (0..).zip(&texts).filter(|(_, text)| has_all(text)).map(|(n, _)| n).collect();
        prop_assert_eq!(hits, expected);
    }
}
