//! What a summary must not lose: names in code, paths, and sentences that decide something.
//!
//! Pure, and by rule: a model may forget, and this does not. It finds what is marked as code, what looks like a path, and lines
//! with a word of decision in English; what is missed is only missed.

use std::collections::HashMap;

use aside_sessions::StoredMessage;

/// The longest fact, in bytes.
const LONGEST: usize = 160;
/// The most facts.
const MOST: usize = 64;
/// How much more a decision weighs than a name that stands there once.
const DECISION: usize = 4;

/// Words by which a line decides something.
const DECIDING: [&str; 8] =
    ["decision:", "decided", "we agreed", "agreed to", "we will use", "we use", "must not", "do not use"];

/// What must be kept of `messages`, the most important first, on single lines and together at most `most` bytes: what decides,
/// what is named often, and of the rest what is named last.
pub(super) fn pinned(messages: &[StoredMessage], most: usize) -> Vec<String> {
    let mut facts: HashMap<String, Fact> = HashMap::new();
    let mut at = 0;
    for message in messages {
        for label in message.attachments.iter().map(|one| one.label.trim()).filter(|label| fits(label)) {
            note(&mut facts, label, 1, &mut at);
        }
        for line in prose(&message.text) {
            if decides(line) && fits(line.trim()) {
                note(&mut facts, line.trim(), DECISION, &mut at);
            }
            for name in names(line) {
                note(&mut facts, name, 1, &mut at);
            }
        }
    }
    let mut facts: Vec<_> = facts.into_iter().collect();
    // No two were noted at the same place: the order is one.
    facts.sort_by_key(|(_, fact)| std::cmp::Reverse((fact.weight, fact.at)));
    facts.truncate(MOST);
    within(facts.into_iter().map(|(text, _)| text), most)
}

struct Fact {
    weight: usize,
    /// Where it was noted last.
    at: usize,
}

fn note(facts: &mut HashMap<String, Fact>, text: &str, weight: usize, at: &mut usize) {
    *at += 1;
    let fact = facts.entry(text.to_owned()).or_insert(Fact { weight: 0, at: *at });
    fact.weight += weight;
    fact.at = *at;
}

/// The first of `facts` that fit as lines between fences.
fn within(facts: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    // The fences are as long as the longest run of back quotes allows, and no fact has one.
    let mut left = most.saturating_sub(2 * "```\n".len());
    facts
        .take_while(|fact| match left.checked_sub(fact.len() + 1) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .collect()
}

/// The lines outside fenced blocks: whole programs are not facts.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    })
}

fn decides(line: &str) -> bool {
    let lower = line.to_lowercase();
    DECIDING.iter().any(|word| lower.contains(word))
}

/// Code spans and paths of a line.
fn names(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let parts: Vec<&str> = line.split('`').collect();
    for (index, part) in parts.iter().enumerate() {
        // The part behind the last mark is code only where another mark closes it.
        if index % 2 == 1 && index + 1 < parts.len() {
            names.push(part.trim());
        } else {
            names.extend(part.split_whitespace().map(bare).filter(|word| is_path(word)));
        }
    }
    names.retain(|name| name.len() > 1 && fits(name));
    names
}

/// A word without the punctuation round it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '\'' | '*'))
        .trim_end_matches('.')
}

/// Whether a word looks like a path: folders, or a name with a short extension.
fn is_path(word: &str) -> bool {
    if word.contains("://") || !word.contains(char::is_alphabetic) {
        return false;
    }
    let in_folder = word.split('/').filter(|part| !part.is_empty()).count() > 1 && !word.contains("//");
    let named = word.rsplit_once('.').is_some_and(|(stem, end)| {
        stem.len() > 1
            && (1..=5).contains(&end.len())
            && end.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    });
    in_folder || named
}

fn fits(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control) && !text.contains("``")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_code_are_found_in_a_line() {
        let line = "Look at `Parser::next`, then src/parse.rs: (see README.md), not at e.g. https://a.b/c or 3.14 or and/or `open";
        assert_eq!(names(line), ["Parser::next", "src/parse.rs", "README.md", "and/or"]);
    }

    #[test]
    fn code_blocks_are_passed_over() {
        let lines: Vec<_> = prose("a\n```rust\nlet x;\n```\nb\n```\nopen").collect();
        assert_eq!(lines, ["a", "b"]);
    }
}
