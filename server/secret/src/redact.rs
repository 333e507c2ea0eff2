//! What may be shown of a text that may hold key material: the one way to redact, for logs, errors and messages.
//!
//! Three rules: the exact keys in use ([`know`]), the shapes in which issuers hand out keys, and what stands behind a name
//! such as `api_key` or `Bearer`. Ordinary prose and code pass unchanged. It does not look for secrets in files: that is the
//! egress rules' work.

mod encodings;
mod known;
mod shapes;
mod words;

use std::{borrow::Cow, ops::Range};

pub use known::know;
pub use words::names_secret;

/// What stands in the place of key material.
const MARK: &str = "[redacted]";

/// Returns `text` with all key material replaced by `[redacted]`; borrowed when there is none.
pub fn redact(text: &str) -> Cow<'_, str> {
    match spans(text) {
        spans if spans.is_empty() => Cow::Borrowed(text),
        spans => Cow::Owned(replace(text, spans)),
    }
}

/// Whether there is anything in `text` that [`redact`] would replace.
pub fn is_key_shaped(text: &str) -> bool {
    !spans(text).is_empty()
}

fn spans(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    known::find(text, &mut found);
    shapes::find_blocks(text, &mut found);
    words::find(text, &mut found);
    found
}

/// `text` with a mark for each run of overlapping spans.
fn replace(text: &str, mut spans: Vec<Range<usize>>) -> String {
    spans.sort_unstable_by_key(|span| span.start);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        // What overlaps the span before belongs to the same mark.
        if span.start >= copied {
            out.push_str(&text[copied..span.start]);
            out.push_str(MARK);
        }
        copied = copied.max(span.end);
    }
    out.push_str(&text[copied..]);
    out
}

#[cfg(test)]
mod tests;
