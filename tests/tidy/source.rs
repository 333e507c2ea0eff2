//! Rust source with comments and texts blanked out, so that what is found in it is code. No parser: quotes and braces.

/// Source whose comments, texts and characters are blanks; line ends stay where they were.
pub(crate) struct Source(String);

impl Source {
    /// Blanks out `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut code = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = skipped(rest, &code).unwrap_or(0);
            if length == 0 {
                code.push(first);
                rest = &rest[first.len_utf8()..];
            } else {
                code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
                rest = &rest[length..];
            }
        }
        Self(code)
    }

    /// How many lines it has.
    pub(crate) fn lines(&self) -> usize {
        self.0.lines().count()
    }

    /// The lines (from 1) that hold `text`, once for each time.
    pub(crate) fn find(&self, text: &str) -> Vec<usize> {
        let lines = self.0.lines().enumerate();
        lines.flat_map(|(number, line)| line.matches(text).map(move |_| number + 1)).collect()
    }

    /// The same without its `#[cfg(test)]` modules.
    pub(crate) fn without_tests(mut self) -> Self {
        while let Some(start) = self.0.find("#[cfg(test)]") {
            let end = item_end(&self.0, start).unwrap_or(self.0.len());
            let blank: String = self.0[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            self.0.replace_range(start..end, &blank);
        }
        self
    }
}

/// How many bytes at the beginning of `rest` are a comment, text or character; `None` for code. `code` came before.
fn skipped(rest: &str, code: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    let in_name = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if let Some(raw) = rest.strip_prefix('r').filter(|_| !in_name || code.ends_with('b')) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(body.find(&close).map_or(rest.len(), |end| 1 + hashes + 1 + end + close.len()));
    }
    // A character, unless it is a lifetime.
    let mut characters = rest.strip_prefix('\'')?.chars();
    match (characters.next()?, characters.next()?) {
        ('\\', _) | (_, '\'') => Some(quoted(rest, '\'')),
        _ => None,
    }
}

/// The length of a text between `quote`s, escapes heeded.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            end if end == quote => return at + end.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Where the item that begins at `start` ends: behind its braces, or its semicolon.
fn item_end(code: &str, start: usize) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, character) in code[start..].char_indices() {
        match character {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces == 1 => return Some(start + at + 1),
            '}' => braces = braces.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return Some(start + at + 1),
            _ => {}
        }
    }
    None
}

/// Name, first line and length in lines of every function with a body.
pub(crate) fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let code = &source.0;
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let own_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let (true, false, Some(end)) = (own_word, name.is_empty(), item_end(code, at)) {
            let first = code[..at].matches('\n').count() + 1;
            found.push((name, first, code[at..end].matches('\n').count() + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_code_is_blank() {
        for (text, code) in [
            ("a // .unwrap()\nb", "a             \nb"),
            ("a /* { */ b", "a         b"),
            ("f(\"}\\\"{\")", "f(      )"),
            ("r#\"a\"b\"# x", "         x"),
            ("'{' '\\'' 'a", "         'a"),
            ("for r in x", "for r in x"),
        ] {
            assert_eq!(Source::of(text).0, code);
        }
    }

    #[test]
    fn tests_are_cut_out() {
        let source =
            Source::of("fn a() { b.unwrap() }\n#[cfg(test)]\nmod tests {\n  c.unwrap();\n}\nfn d() { e.unwrap() }\n");
        assert_eq!(source.without_tests().find(".unwrap()"), [1, 6]);
    }

    #[test]
    fn functions_are_measured_with_their_braces() {
        let source = Source::of("trait T { fn none(); }\nfn two() {\n}\nfn four(a: [u8; 2]) {\n  if x {\n  }\n}\n");
        assert_eq!(
            functions(&source),
            [("none".to_owned(), 1, 1), ("two".to_owned(), 2, 2), ("four".to_owned(), 4, 4)]
        );
    }
}
