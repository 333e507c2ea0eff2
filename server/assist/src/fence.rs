//! Text of files and people as data in a prompt: between fences that it cannot close, and cut where it is long.

/// A fence longer than any run of back quotes inside, so that the text cannot close it.
pub(crate) fn fence_for(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// A text between fences.
pub(crate) fn fenced(data: &str) -> String {
    fenced_as(data, "")
}

/// A text between fences, the first of which names its `language`.
pub(crate) fn fenced_as(data: &str, language: &str) -> String {
    let fence = fence_for(data);
    let end = if data.is_empty() || data.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{data}{end}{fence}\n")
}

/// The beginning and the end of `text` in at most `most` bytes, and how much is missing between them.
pub(crate) fn cut(text: &str, most: usize) -> String {
    /// The longest mark there is: a number has at most 20 digits.
    const MARK: usize = 54;
    if text.len() <= most {
        return text.to_owned();
    }
    if most < 2 * MARK {
        return text[..text.floor_char_boundary(most)].to_owned();
    }
    let room = most - MARK;
    let head = &text[..text.floor_char_boundary(room - room / 3)];
    let tail = &text[text.ceil_char_boundary(text.len() - room / 3)..];
    let missing = text.len() - head.len() - tail.len();
    format!("{head}\n[… {missing} bytes are left out …]\n{tail}")
}

/// `text` on one line of at most `most` characters, without characters that are not seen or that turn what stands around them.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !is_hidden(*c)).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().nth(most).is_none() {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Whether a character shows nothing, or turns the direction of its neighbours.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(fence_for("plain"), "```");
        assert_eq!(fence_for("a ```` b"), "`````");
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        let text = format!("start {} end", "ü".repeat(1000));
        let short = cut(&text, 200);
        assert!(short.starts_with("start ü") && short.ends_with("ü end") && short.contains("bytes are left out"));
        assert_eq!(cut("short", 5), "short");
    }

    #[test]
    fn a_line_hides_nothing_and_ends_in_time() {
        for (text, most, line) in [
            ("a\r\n  b\tc", 10, "a b c"),
            ("x\u{202e}y\u{200b}z\u{1b}[2J", 20, "xyz [2J"),
            ("12345", 5, "12345"),
            ("123 456", 5, "123…"),
            ("ü漢🎬abc", 4, "ü漢🎬…"),
            ("", 3, ""),
        ] {
            assert_eq!(one_line(text, most), line);
        }
    }

    proptest! {
        #[test]
        fn a_cut_text_is_never_longer_than_it_may_be(text in "(\\PC|[ü漢🎬\n]){0,400}", most in 0usize..500) {
            prop_assert!(cut(&text, most).len() <= most.min(text.len()));
        }

        #[test]
        fn what_is_fenced_cannot_close_its_fence(text in "[`\na]{0,80}") {
            let whole = fenced(&text);
            let fence = whole.lines().next().expect("a fence");
            prop_assert_eq!(whole.lines().filter(|line| line.starts_with(fence)).count(), 2);
        }
    }
}
