//! Weak and strong passphrases, and what is none. All of them are made up or on every list.

use std::time::{Duration, Instant};

use super::*;

fn parse(bytes: &[u8]) -> Result<Passphrase, BadPassphrase> {
    Passphrase::parse(Secret::new(bytes.to_vec()))
}

const WEAK: [&str; 44] = [
    "a",
    "1",
    "12",
    "abc",
    "123456",
    "1234567890",
    "password",
    "Password1",
    "P@ssw0rd",
    "p4ssw0rd!",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r",
    "iloveyou",
    "letmein",
    "welcome1",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman123",
    "trustno1",
    "master",
    "shadow",
    "michael",
    "jennifer",
    "abcdefgh",
    "aaaaaaaaaaaa",
    "abcabcabc",
    "11111111",
    "00000000",
    "2024",
    "19901231",
    "01/01/1990",
    "aside",
    "passphrase",
    "vault",
    "passwordpassword",
    "drowssap",
];

const STRONG: [&str; 26] = [
    "correct horse battery staple",
    "seven purple otters juggle",
    "kettle-violet-anvil-crumb",
    "Xk9#mQ2$vL7!pR4z",
    "nV3tzHq8Lw5cJb2Y",
    "the 4th lamp hums at dusk, loudly",
    "grüne Wolken über Bücherregalen",
    "quiet harbour mustard ladder",
    "w8-trolley!gauze.Sphinx",
    "пурпурный ёжик читает газету",
    "紫色の猫が静かに新聞を読む夜",
    "oblong pickle symphony tractor",
    "mossy-typhoon-ledger-quill",
    "9vF!kz2Q@rT5xW8e",
    "umbrella cactus violin thunder",
    "zebra,quartz,waffle,nebula",
    "my otter writes bad haiku daily",
    "tangerine boulder eclipse fjord",
    "gH7$kLp0!sD3^fJ9",
    "lantern oyster gravel tempo",
    "hazelnut pylon drizzle mantra",
    "e4b1c0ffee9d7a5382f6",
    "crimson walrus debates plumbing",
    "velvet.harpoon.onion.comet",
    "🦊 jumps over 🌕 with socks on",
    "rusty anchor hums a waltz",
];

#[test]
fn a_passphrase_that_is_easy_to_guess_cannot_be_a_new_one() {
    for text in WEAK {
        let passphrase = parse(text.as_bytes()).expect("it opens what it opens");
        let error = passphrase.check_new().expect_err(text);
        let BadPassphrase::Weak { advice } = &error else { panic!("{text}: {error:?}") };
        assert!(!advice.is_empty(), "{text}");
        let told = format!("{error} {}", error.hint());
        // Short ones are letters of any sentence.
        assert!(
            text.len() < 8 || ["password", "passphrase", "abcabcabc"].contains(&text) || !told.contains(text),
            "{told}"
        );
        assert!(passphrase.strength().score <= 1, "{text}");
    }
}

#[test]
fn a_passphrase_of_uncommon_words_or_characters_is_good() {
    for text in STRONG {
        let passphrase = parse(text.as_bytes()).expect("a passphrase");
        passphrase.check_new().expect(text);
        let strength = passphrase.strength();
        assert!(strength.score >= 3, "{text}: {strength:?}");
    }
}

#[test]
fn what_is_no_passphrase_says_why() {
    for (bytes, expected) in [
        (b"".as_slice(), BadPassphrase::Empty),
        (b"\n", BadPassphrase::Empty),
        (b"\r\n", BadPassphrase::Empty),
        (b" ", BadPassphrase::Blank),
        (b" \t \n", BadPassphrase::Blank),
        (b"\n\n", BadPassphrase::Blank),
        ("\u{3000}\u{a0}".as_bytes(), BadPassphrase::Blank),
        (b"correct\0horse", BadPassphrase::Nul),
        (b"\0", BadPassphrase::Nul),
        (b"caf\xe9", BadPassphrase::NotText),
        (b"\xff\xfe", BadPassphrase::NotText),
        (&[b'a'; LONGEST + 1], BadPassphrase::TooLong),
    ] {
        assert_eq!(parse(bytes).map(drop), Err(expected.clone()), "{:?}", &bytes[..bytes.len().min(20)]);
        assert!(!expected.hint().is_empty());
    }
    parse(&[b'a'; LONGEST]).expect("exactly what is allowed");
}

#[test]
fn composed_and_decomposed_characters_are_the_same_passphrase() {
    for (composed, decomposed) in [
        ("caf\u{e9} cr\u{e8}me", "cafe\u{301} cre\u{300}me"),
        ("\u{1e69}", "s\u{307}\u{323}"),
        ("\u{ac00}", "\u{1100}\u{1161}"),
    ] {
        let [left, right] = [composed, decomposed].map(|text| parse(text.as_bytes()).expect("a passphrase"));
        assert_eq!(left.secret().expose(), right.secret().expose(), "{composed}");
    }
    let family = "👩\u{200d}👩\u{200d}👧 and a word";
    assert_eq!(parse(family.as_bytes()).expect("a passphrase").secret().expose(), family.as_bytes());
}

#[test]
fn a_line_end_is_not_part_of_it_and_spaces_are() {
    for (bytes, expected) in [
        (b"two words\n".as_slice(), b"two words".as_slice()),
        (b"two words\r\n", b"two words"),
        (b" two words ", b" two words "),
        (b"two\nwords", b"two\nwords"),
    ] {
        assert_eq!(parse(bytes).expect("a passphrase").secret().expose(), expected);
    }
}

#[test]
fn a_long_one_is_measured_quickly() {
    for text in ["ab".repeat(1 << 19), "é".repeat(1 << 18), "correct horse battery ".repeat(1_000)] {
        let passphrase = parse(text.as_bytes()).expect("a passphrase");
        let start = Instant::now();
        passphrase.strength();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

#[test]
fn debug_shows_nothing_of_it() {
    assert_eq!(format!("{:?}", parse(b"correct horse").expect("a passphrase")), "[redacted]");
}
