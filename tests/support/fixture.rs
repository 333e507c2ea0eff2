//! Workspaces and cursor places from inline text.
//!
//! A workspace is one text with a line `//- path` before each file; a place in a text is marked `<|>`.

/// A text and the place that was marked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text without the mark.
    pub text: String,
    /// Line of the mark, from 0.
    pub line: u32,
    /// Place in the line in UTF-16 units, as LSP counts by default.
    pub character: u32,
}

/// Reads a text with one `<|>` mark.
pub fn place(marked: &str) -> Place {
    let (before, after) = marked.split_once("<|>").expect("the text marks a place with `<|>`");
    let last = before.rsplit('\n').next().unwrap_or_default();
    Place {
        text: format!("{before}{after}"),
        line: u32::try_from(before.matches('\n').count()).expect("a fixture is short"),
        character: u32::try_from(last.encode_utf16().count()).expect("a fixture is short"),
    }
}

/// Splits a text with `//- path` lines into paths and contents. Lines before the first one are ignored.
pub fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("//- ") {
            files.push((path.trim().to_owned(), String::new()));
        } else if let Some((_, content)) = files.last_mut() {
            content.push_str(line);
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_utf16_units_of_its_line() {
        let found = place("one\nt\u{1F600}w<|>o\n");
        assert_eq!(found, Place { text: "one\nt\u{1F600}wo\n".to_owned(), line: 1, character: 4 });
    }

    #[test]
    fn a_workspace_is_split_at_its_headers() {
        let found = files("\n//- a.rs\nfn a() {}\n//- b/c.py\nx = 1\n");
        let expected = [("a.rs", "fn a() {}\n"), ("b/c.py", "x = 1\n")];
        assert_eq!(found, expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    }
}
