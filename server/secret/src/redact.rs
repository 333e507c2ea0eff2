//! What may be shown of a text that may hold key material.
//!
//! Two rules: the exact bytes of keys in use, and the shapes in which providers issue keys. It works on whole words, so
//! that ordinary prose and code pass unchanged. It does not look for secrets in files: that is the egress rules' work.

use std::borrow::Cow;

use crate::Secret;

/// What stands in the place of a redacted word.
const MARK: &str = "[redacted]";

/// Prefixes of keys as their issuers document them: OpenAI and compatible (`sk-`, `sk_`), Anthropic (`sk-ant-`), Google
/// (`AIza`), GitHub (`ghp_`, `gho_`, `ghs_`, `github_pat_`), Groq (`gsk_`), xAI (`xai-`), Hugging Face (`hf_`), AWS
/// (`AKIA`, `ASIA`), Slack (`xox`), Replicate (`r8_`), Perplexity (`pplx-`), JSON Web Tokens (`eyJ`).
const PREFIXES: [&str; 17] = [
    "sk-",
    "sk_",
    "AIza",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "gsk_",
    "xai-",
    "hf_",
    "AKIA",
    "ASIA",
    "xox",
    "r8_",
    "pplx-",
    "eyJ",
    "glpat-",
];

/// The shortest word with a known prefix that counts as a key; documented keys are longer.
const SHORTEST_KEY: usize = 16;

/// Returns `text` with every word that looks like a provider key, and every value behind `Bearer`, replaced.
pub fn redact(text: &str) -> Cow<'_, str> {
    Redactor::default().redact(text)
}

/// A redactor that also knows exact values in use.
#[derive(Default)]
pub struct Redactor<'a> {
    known: Vec<&'a Secret>,
}

impl<'a> Redactor<'a> {
    /// A redactor for these values besides the known shapes. Values under 4 bytes are ignored: they would hide ordinary text.
    pub fn with(known: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self { known: known.into_iter().filter(|secret| secret.expose().len() >= 4).collect() }
    }

    /// Returns `text` with known values and key-shaped words replaced by `[redacted]`; borrowed when nothing was found.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.known {
            if let Ok(value) = std::str::from_utf8(secret.expose())
                && text.contains(value)
            {
                text = Cow::Owned(text.replace(value, MARK));
            }
        }
        match replace_shapes(&text) {
            Some(clean) => Cow::Owned(clean),
            None => text,
        }
    }
}

/// `None` when nothing looks like a key.
fn replace_shapes(text: &str) -> Option<String> {
    let mut clean: Option<String> = None;
    let mut copied = 0;
    let mut after_bearer = false;
    for (start, word) in words(text) {
        // What was redacted already stays as it is.
        if looks_like_key(word) || (after_bearer && word.len() >= 8 && word != "redacted") {
            let out = clean.get_or_insert_with(String::new);
            out.push_str(&text[copied..start]);
            out.push_str(MARK);
            copied = start + word.len();
        }
        after_bearer = word.eq_ignore_ascii_case("bearer");
    }
    clean.map(|mut out| {
        out.push_str(&text[copied..]);
        out
    })
}

/// The maximal runs of the characters that keys are made of, with their byte offsets.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(in_key)?;
        let end = text[start..].find(|c| !in_key(c)).map_or(text.len(), |n| start + n);
        rest = end;
        Some((start, &text[start..end]))
    })
}

fn looks_like_key(word: &str) -> bool {
    // `key=sk-…`, `path/sk-…` and `name.sk-…` are one run: the shape may begin behind a separator.
    word.split(['=', '/', '.']).any(|part| {
        part.len() >= SHORTEST_KEY
            && PREFIXES.iter().any(|prefix| part.starts_with(prefix))
            && part.bytes().any(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_shapes_are_replaced_and_the_rest_stays() {
        for (text, expected) in [
            ("Incorrect API key provided: sk-proj-abc123DEF456ghi789.", "Incorrect API key provided: [redacted]"),
            ("x-api-key: xai-0123456789abcdefgh", "x-api-key: [redacted]"),
            ("providers.sk-proj-abc123DEF456ghi789", "[redacted]"),
            ("Authorization: Bearer 0123456789abcdef", "Authorization: Bearer [redacted]"),
            (r#"{"k":"AIzaSyA1234567890abcdefg"}"#, r#"{"k":"[redacted]"}"#),
            ("https://h/x?key=AIzaSyA1234567890abcdefg&b", "https://h/x?[redacted]&b"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn ordinary_text_and_code_pass_unchanged() {
        for text in
            ["sk-learn is a library", "let ask_ = skip_all(&task-1);", "the bearer of news", "日本語 ghp_ x", ""]
        {
            assert!(matches!(redact(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn exact_values_are_replaced_whatever_their_shape() {
        let secret = Secret::new("hünter2 pass".into());
        let redactor = Redactor::with([&secret]);
        assert_eq!(redactor.redact("echo: hünter2 pass!"), "echo: [redacted]!");
        assert_eq!(redactor.redact("Bearer hünter2 pass"), "Bearer [redacted]");
        let short = Secret::new(b"a".to_vec());
        assert_eq!(Redactor::with([&short]).redact("banana"), "banana");
    }
}
