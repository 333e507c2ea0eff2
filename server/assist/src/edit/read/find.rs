//! Finding a run of lines among lines, in linear time whatever the lines are.

/// Where the lines `wanted` stand among `count` lines; places may overlap. No wanted lines are nowhere.
pub(super) fn places<'a>(wanted: &[&str], count: usize, line: impl Fn(usize) -> &'a str) -> Vec<usize> {
    let mut found = Vec::new();
    if wanted.is_empty() || wanted.len() > count {
        return found;
    }
    let fallback = fallbacks(wanted);
    let mut matched = 0;
    for at in 0..count {
        let line = line(at);
        while matched > 0 && (matched == wanted.len() || wanted[matched] != line) {
            matched = fallback[matched - 1];
        }
        if wanted[matched] == line {
            matched += 1;
        }
        if matched == wanted.len() {
            found.push(at + 1 - matched);
        }
    }
    found
}

/// The most lines with which `left` ends and `right` begins.
pub(super) fn overlap(left: &[&str], right: &[&str]) -> usize {
    let right = &right[..right.len().min(left.len())];
    let fallback = fallbacks(right);
    let mut matched = 0;
    for line in left {
        while matched > 0 && (matched == right.len() || right[matched] != *line) {
            matched = fallback[matched - 1];
        }
        matched += usize::from(right.get(matched) == Some(line));
    }
    matched
}

/// For each beginning of `wanted`, the length of its longest proper end that is also its beginning (Knuth, Morris, Pratt).
fn fallbacks(wanted: &[&str]) -> Vec<usize> {
    let mut fallback = vec![0; wanted.len()];
    let mut length = 0;
    for at in 1..wanted.len() {
        while length > 0 && wanted[length] != wanted[at] {
            length = fallback[length - 1];
        }
        length += usize::from(wanted[length] == wanted[at]);
        fallback[at] = length;
    }
    fallback
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_places_and_no_others_are_found(wanted in "[ab]{0,4}", lines in "[ab]{0,30}") {
            let split = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
            let (wanted, lines) = (split(&wanted), split(&lines));
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            let slow: Vec<usize> = (0..lines.len())
                .filter(|at| !wanted.is_empty() && lines[*at..].len() >= wanted.len() && lines[*at..*at + wanted.len()] == wanted[..])
                .collect();
            prop_assert_eq!(places(&wanted, lines.len(), |at| &lines[at]), slow);
        }

        #[test]
        fn the_longest_overlap_is_found(left in "[ab]{0,12}", right in "[ab]{0,12}") {
            let split = |text: &'static str| text.split("").filter(|one| !one.is_empty()).collect::<Vec<_>>();
            let (left, right) = (split(left.leak()), split(right.leak()));
            let slow = (0..=left.len().min(right.len())).rev().find(|count| left.ends_with(&right[..*count]));
            prop_assert_eq!(Some(overlap(&left, &right)), slow);
        }
    }
}
