//! Rules: what is read, what is refused and why, and that what is shown reads back.

use super::*;
use crate::choice::Menu;

fn text(text: &str) -> Raw {
    Raw::Text(text.to_owned())
}

fn loose(text: &str) -> Raw {
    Raw::Loose(text.to_owned())
}

fn check<T: PartialEq + std::fmt::Debug>(rule: &impl Typed<T>, raw: &Raw, expected: Result<T, &str>) {
    match (rule.accept(raw), expected) {
        (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{raw:?}"),
        (Err(got), Err(expected)) => assert!(got.contains(expected), "{raw:?}: {got}"),
        (got, expected) => panic!("{raw:?}: got {got:?}, expected {expected:?}"),
    }
}

#[test]
fn counts_keep_their_bounds_and_say_which_was_crossed() {
    let rule = Count(1, 2048);
    for (raw, expected) in [
        (Raw::Whole(1), Ok(1_u32)),
        (Raw::Whole(2048), Ok(2048)),
        (loose(" 64 "), Ok(64)),
        (Raw::Whole(0), Err("below the least, 1")),
        (Raw::Whole(-1), Err("below the least, 1")),
        (Raw::Whole(2049), Err("above the greatest, 2048")),
        (Raw::Whole(i128::MAX), Err("above the greatest, 2048")),
        (Raw::Number(5.0), Err("is a number, not a whole number")),
        (text("5"), Err("is text, not a whole number")),
        (loose("five"), Err("is not a whole number")),
        (Raw::Null, Err("null")),
    ] {
        check(&rule, &raw, expected);
    }
}

#[test]
fn sizes_are_numbers_or_text_with_a_unit() {
    let rule = Size(0, 1 << 30);
    for (raw, expected) in [
        (Raw::Whole(10), Ok(10_u64)),
        (text("10MiB"), Ok(10 << 20)),
        (text("10 KiB"), Ok(10 << 10)),
        (text("1GiB"), Ok(1 << 30)),
        (text("2MB"), Ok(2_000_000)),
        (loose("512"), Ok(512)),
        (text("2GiB"), Err("above the greatest, 1GiB")),
        (text("99999999999999999999999999999999999GiB"), Err("above the greatest")),
        (text("10mib"), Err("is not a size")),
        (text("MiB"), Err("begins with no whole number")),
        (text("1.5MiB"), Err("is not a size")),
        (Raw::Bool(true), Err("not a size")),
    ] {
        check(&rule, &raw, expected);
    }
    check(&Size(0, 1 << 32), &text("4GiB"), Err::<u32, _>("above the greatest"));
}

#[test]
fn times_need_a_unit() {
    let rule = Lasting(Duration::from_millis(100), Duration::from_secs(7200));
    for (raw, expected) in [
        (text("250ms"), Ok(Duration::from_millis(250))),
        (text("2s"), Ok(Duration::from_secs(2))),
        (text("15 m"), Ok(Duration::from_secs(900))),
        (loose("2h"), Ok(Duration::from_secs(7200))),
        (text("99ms"), Err("shorter than the least, 100ms")),
        (text("3h"), Err("longer than the greatest, 2h")),
        (text("99999999999999999h"), Err("longer than the greatest")),
        (Raw::Whole(5), Err("has no unit")),
        (text("5"), Err("has no unit")),
        (text("5 weeks"), Err("is not a time")),
        (text(""), Err("has no unit")),
        (text("-5s"), Err("is not a time")),
    ] {
        check(&rule, &raw, expected);
    }
}

#[test]
fn probabilities_refuse_what_is_no_number() {
    let rule = Fraction(0.05, 1.0);
    for (raw, expected) in [
        (Raw::Number(0.05), Ok(0.05)),
        (Raw::Whole(1), Ok(1.0)),
        (loose("0.5"), Ok(0.5)),
        (Raw::Number(f64::NAN), Err("is not within")),
        (Raw::Number(f64::INFINITY), Err("is not within")),
        (loose("nan"), Err("is not within")),
        (text("0.5"), Err("is text")),
    ] {
        check(&rule, &raw, expected);
    }
}

#[test]
fn switches_and_words_take_what_a_shell_would_write() {
    for (raw, expected) in [
        (Raw::Bool(false), Ok(false)),
        (loose("ON"), Ok(true)),
        (loose("0"), Ok(false)),
        (text("true"), Err("is text")),
        (loose("maybe"), Err("neither")),
    ] {
        check(&Switch, &raw, expected);
    }
    check(&OneOf::<Menu>::NEW, &loose("Never"), Ok(Menu::Never));
    check(&OneOf::<Menu>::NEW, &text("sometimes"), Err::<Menu, _>("not one of the words"));
    assert_eq!(OneOf::<Menu>::NEW.wanted(), "one of `\"auto\"`, `\"always\"`, `\"never\"`");
}

#[test]
fn lists_are_short_texts_without_repetition() {
    let rule = Words(3, 8);
    let list = |words: &[&str]| Raw::List(words.iter().map(|word| text(word)).collect());
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    for (raw, expected) in [
        (list(&["a", "b", "a"]), Ok(owned(&["a", "b"]))),
        (list(&[]), Ok(owned(&[]))),
        (loose("a, b"), Ok(owned(&["a", "b"]))),
        (list(&["a", ""]), Err("empty or longer than 8")),
        (list(&["a", "123456789"]), Err("empty or longer than 8")),
        (list(&["a", "b", "c", "d"]), Err("more than 3")),
        (Raw::List(vec![Raw::Whole(1)]), Err("holds a whole number")),
        (text("a"), Err("is text")),
    ] {
        check(&rule, &raw, expected);
    }
}

#[test]
fn optional_texts_are_unset_by_nothing_between_the_quotes() {
    check(&ModelName, &text(""), Ok(None));
    check(&ModelName, &text("openrouter/qwen/qwen3"), Ok(Some("openrouter/qwen/qwen3".to_owned())));
    for bad in ["gpt", "/x", "x/", "a b/c", "a/b c"] {
        check(&ModelName, &text(bad), Err::<Option<String>, _>("is not a model"));
    }
    check(&Name, &text("two words"), Err::<Option<String>, _>("is not a name"));
    check(&File, &text("relative.pem"), Err::<Option<std::path::PathBuf>, _>("not an absolute path"));
    check(&Text(3), &text("日本語"), Ok("日本語".to_owned()));
    check(&Text(3), &text("four"), Err::<String, _>("longer than 3"));
}

#[test]
fn amounts_are_shown_in_the_largest_whole_unit() {
    for (ms, shown) in [(0, "0ms"), (40, "40ms"), (1000, "1s"), (1500, "1500ms"), (900_000, "15m"), (7_200_000, "2h")] {
        assert_eq!(duration_text(Duration::from_millis(ms)), shown);
    }
    for (bytes, shown) in [(0, "0"), (1000, "1000"), (2048, "2KiB"), (10 << 20, "10MiB"), (1 << 30, "1GiB")] {
        assert_eq!(size_text(bytes), shown);
    }
}
