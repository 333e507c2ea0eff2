//! "Did you mean": the nearest of a few names by edit distance.

/// Longer texts are no misspelt names.
const LONGEST: usize = 64;

/// The candidate that `text` most likely meant, if any is near enough: at most a third of its characters differ.
pub(crate) fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if text.len() > LONGEST {
        return None;
    }
    let text: Vec<char> = text.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .map(|candidate| (distance(&text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(text.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many single-character insertions, deletions, replacements and swaps of neighbours make one of the other.
fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(l != r);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_far_ones_are_not() {
        let names = ["complete.max_tokens", "complete.menu", "chat.max_tokens", "http.proxy"];
        for (text, expected) in [
            ("complete.max_token", Some("complete.max_tokens")),
            ("complete.maxTokens", Some("complete.max_tokens")),
            ("complete.mneu", Some("complete.menu")),
            ("chat.max-tokens", Some("chat.max_tokens")),
            ("banana", None),
            ("", None),
            (&"x".repeat(5000), None),
        ] {
            assert_eq!(nearest(text, names), expected, "{text}");
        }
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("mneu"), "menu"), 1);
        assert_eq!(distance(&chars("kitten"), "sitting"), 3);
        assert_eq!(distance(&chars(""), "abc"), 3);
        assert_eq!(distance(&chars("日本"), "日本語"), 1);
    }
}
