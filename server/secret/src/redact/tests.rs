//! What is replaced and what passes: the corpus of keys, the corpus of look-alikes, and the keys in use.

use std::borrow::Cow;

use aside_test_support::corpus;
use proptest::prelude::*;

use super::*;
use crate::Secret;

#[test]
fn every_kind_of_key_is_found_wherever_it_stands() {
    let keys = corpus::keys();
    assert!(keys.len() >= 60, "only {}", keys.len());
    for corpus::Key { kind, named, value } in keys {
        let name = if named { "api_key" } else { "x" };
        let mut texts = vec![
            format!("{name}={value}"),
            format!("{name}: {value}"),
            format!("{name} = \"{value}\""),
            format!("{{\"{name}\":\"{value}\"}}"),
            format!("{{\\\"{name}\\\": \\\"{value}\\\"}}"),
            format!("Authorization: Bearer {value}\r\nHost: h"),
        ];
        if !named {
            texts.extend([
                value.clone(),
                format!("Incorrect API key provided: {value}."),
                format!("https://h/v1?q=1&k={value}&z=1"),
                format!("https://h/v1/{value}/x"),
                format!("providers.{value}"),
                format!("line one\\n{value}\\nline two"),
                format!("q%3D{value}"),
                format!("unexpected argument '--{value}' found"),
                format!("日本語{value}日本語"),
            ]);
        }
        for text in texts {
            let shown = redact(&text);
            let inner = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            assert!(!shown.contains(inner) && shown.contains(MARK), "{kind}: {text:?} -> {shown:?}");
            assert_eq!(redact(&shown), shown, "once is enough");
        }
    }
}

#[test]
fn ordinary_text_and_code_pass_unchanged() {
    let all = corpus::look_alikes();
    assert!(all.len() >= 60, "only {}", all.len());
    for text in all {
        assert!(matches!(redact(&text), Cow::Borrowed(same) if same == text), "{text:?} -> {:?}", redact(&text));
    }
}

#[test]
fn the_sources_of_this_repository_pass_unchanged() {
    // Tests quote keys on purpose; everything else is ordinary code.
    fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" && name != "target" && name != "examples" {
                files(&path, found);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    files(&aside_test_support::binary::repository().join("server"), &mut found);
    assert!(found.len() > 100, "only {}", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a source");
        for line in text.split("#[cfg(test)]").next().unwrap_or_default().lines() {
            assert!(matches!(redact(line), Cow::Borrowed(_)), "{}: {line}", path.display());
        }
    }
}

#[test]
fn only_the_key_is_replaced() {
    for (text, expected) in [
        ("Incorrect API key provided: sk-proj-abc123DEF456ghi789zz.", "Incorrect API key provided: [redacted]"),
        ("x-api-key: xai-0123456789abcdefgh", "x-api-key: [redacted]"),
        ("providers.sk-proj-abc123DEF456ghi789zz", "providers.[redacted]"),
        ("Authorization: Bearer 0123456789abcdef", "Authorization: Bearer [redacted]"),
        ("Authorization: Basic dXNlcjpwYXNz1A==", "Authorization: Basic [redacted]"),
        ("password: 8f14e45fceea167a5a36dedd4bea2543", "password: [redacted]"),
        (r#"{"k":"AIzaSyA1234567890abcdefghijk"}"#, r#"{"k":"[redacted]"}"#),
        ("https://h/x?key=AIzaSyA1234567890abcdefghijk&b", "https://h/x?key=[redacted]&b"),
        ("bot 123456789:AAF0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p ok", "bot 123456789:[redacted] ok"),
    ] {
        assert_eq!(redact(text), expected);
    }
}

#[test]
fn private_keys_are_replaced_as_a_whole() {
    let block =
        ["-----BEGIN OPENSSH ", "PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH ", "PRIVATE KEY-----"].concat();
    assert_eq!(redact(&format!("a\n{block}\nb")), "a\n[redacted]\nb");
    assert_eq!(redact(&format!("a {}", &block[..60])), "a [redacted]");
    let public = ["-----BEGIN PUBLIC ", "KEY-----\nMFkwEwYHKoZIzj0\n-----END PUBLIC ", "KEY-----"].concat();
    assert_eq!(redact(&public), public);
}

#[test]
fn a_key_in_use_is_replaced_whatever_its_shape_and_encoding() {
    let value = "hünter2 \"päss\"/word";
    know(&Secret::new(value.into()));
    know(&Secret::new(b"another-plain-value".to_vec()));
    for (text, expected) in [
        (format!("echo: {value}!"), "echo: [redacted]!"),
        (serde_json::json!({ "k": value }).to_string(), r#"{"k":"[redacted]"}"#),
        ("k=h%C3%BCnter2%20%22p%C3%A4ss%22%2Fword&x".to_owned(), "k=[redacted]&x"),
        ("k=h%c3%bcnter2%20%22p%c3%a4ss%22%2fword&x".to_owned(), "k=[redacted]&x"),
        ("another-plain-valueanother-plain-value".to_owned(), "[redacted][redacted]"),
    ] {
        assert_eq!(redact(&text), expected, "{text}");
    }
    // `user:another-plain-value` in base64, as HTTP's basic authentication has it: what the value decides is gone.
    for text in ["dXNlcjphbm90aGVyLXBsYWluLXZhbHVl", "dTphbm90aGVyLXBsYWluLXZhbHVl", "YW5vdGhlci1wbGFpbi12YWx1ZQ=="] {
        assert!(redact(text).contains(MARK) && redact(text).len() < 20, "{text}: {}", redact(text));
    }
}

#[test]
fn short_values_are_not_known_because_they_are_words() {
    know(&Secret::new(b"ollama".to_vec()));
    know(&Secret::new(Vec::new()));
    assert_eq!(redact("ollama answers"), "ollama answers");
}

#[test]
fn names_of_secrets_are_told_from_others() {
    for name in
        ["api_key", "providers.work.apiKey", "X-Api-Key", "token", "client_secret", "Authorization", "db.password"]
    {
        assert!(names_secret(name), "{name}");
    }
    for name in ["max_tokens", "stop_token", "key", "keyring", "author", "secrets_dir", "tokenizer", "", "pass"] {
        assert!(!names_secret(name), "{name}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_fail_and_a_known_value_never_shows(
        before in ".{0,40}", after in ".{0,40}", value in "[ -~äöü]{8,60}",
    ) {
        know(&Secret::new(value.clone().into_bytes()));
        let text = format!("{before}{value}{after}");
        prop_assert!(!redact(&text).contains(&value) || MARK.contains(&value));
        let _ = is_key_shaped(&before);
    }
}
