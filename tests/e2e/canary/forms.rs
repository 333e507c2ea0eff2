//! The forms in which a value may be written without looking like itself.

/// A value to look for, and what it is called in a failure.
#[derive(Debug)]
pub(crate) struct Canary {
    pub(crate) name: &'static str,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    pub(crate) fn new(name: &'static str, value: &str) -> Self {
        let bytes = value.as_bytes();
        let mut forms = vec![
            ("as it is", bytes.to_vec()),
            ("hex", hex(bytes, false)),
            ("hex", hex(bytes, true)),
            ("UTF-16", bytes.iter().flat_map(|byte| [*byte, 0]).collect()),
            ("percent", percent(bytes)),
            ("JSON", serde_json::to_string(value).expect("text").trim_matches('"').into()),
            ("Rust", format!("{value:?}").trim_matches('"').into()),
            ("strace", utf16_in_strace(value)),
            ("a list of numbers", format!("{bytes:?}").trim_matches(['[', ']']).into()),
            ("backwards", bytes.iter().rev().copied().collect()),
        ];
        for before in 0..3 {
            forms.push(("base64", base64(bytes, before, b"+/")));
            forms.push(("base64 for URLs", base64(bytes, before, b"-_")));
        }
        Self { name, forms }
    }

    /// A value that is looked for as it is only: there are many of them.
    pub(crate) fn plain(name: &'static str, value: &str) -> Self {
        Self { name, forms: vec![("as it is", value.into())] }
    }

    /// The form in which it stands in `bytes`.
    pub(crate) fn found(&self, bytes: &[u8]) -> Option<&'static str> {
        self.forms.iter().find(|(_, form)| memchr::memmem::find(bytes, form).is_some()).map(|(name, _)| *name)
    }
}

fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    bytes.iter().map(digits).collect::<String>().into()
}

fn percent(bytes: &[u8]) -> Vec<u8> {
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(one).collect::<String>().into()
}

/// As `strace` prints it.
fn utf16_in_strace(value: &str) -> Vec<u8> {
    // A zero before a digit is written with three.
    let zero = |next: Option<char>| if next.is_some_and(|next| next.is_ascii_digit()) { "\\000" } else { "\\0" };
    let next = value.chars().skip(1).map(Some).chain([None]);
    value.chars().zip(next).map(|(one, next)| format!("{one}{}", zero(next))).collect::<String>().into()
}

/// The characters that `bytes` decide when so many others stand before them.
fn base64(bytes: &[u8], before: usize, last: &[u8; 2]) -> Vec<u8> {
    let letters = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*last).collect::<Vec<_>>();
    let bit = |at: usize| at.checked_sub(8 * before).map(|at| usize::from(bytes[at / 8] >> (7 - at % 8) & 1));
    let end = 8 * (before + bytes.len());
    let group = |from: usize| (from..from + 6).map(bit).try_fold(0, |sum, bit| Some(sum << 1 | bit?));
    (0..end / 6).filter_map(|at| group(6 * at)).map(|six| letters[six]).collect()
}

#[test]
fn a_canary_is_seen_in_every_form() {
    let canary = Canary::new("one", "aZ9+/ \"key\" 12345");
    for text in [
        "x aZ9+/ \"key\" 12345 y",
        "615a392b2f20226b6579222031323334 35 615a392b2f20226b65792220313233343500",
        "615A392B2F20226B657922203132333435",
        "key=aZ9%2B%2F%20%22key%22%2012345&",
        "{\"a\":\"aZ9+/ \\\"key\\\" 12345\"}",
        "54321 \"yek\" /+9Za",
        "YVo5Ky8gImtleSIgMTIzNDU=",
        "eGFaOSsvICJrZXkiIDEyMzQ1",
        "a\\0Z\\0009\\0+\\0/\\0 \\0\"\\0k\\0e\\0y\\0\"\\0 \\0001\\0002\\0003\\0004\\0005\\0",
    ] {
        assert!(canary.found(text.as_bytes()).is_some(), "{text}");
    }
    assert_eq!(canary.found(b"aZ9+/ \"key\" 1234"), None);
}
