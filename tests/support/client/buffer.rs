//! A document as an editor holds it: its text, its version, and edits by places counted as was agreed. Owns no message.

use serde_json::{Value, json};

/// How places count, as the server's answer to `initialize` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Units {
    /// Bytes.
    Utf8,
    /// The protocol's default.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Units {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "utf-8" => Self::Utf8,
            "utf-32" => Self::Utf32,
            _ => Self::Utf16,
        }
    }

    fn of(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf32 => text.chars().count(),
        }
    }
}

/// An open document.
#[derive(Debug, Clone)]
pub(super) struct Buffer {
    pub(super) version: i64,
    pub(super) text: String,
}

impl Buffer {
    /// The place of byte `at`, which must be between two characters.
    pub(super) fn place(&self, at: usize, units: Units) -> Value {
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        json!({ "line": before.matches('\n').count(), "character": units.of(&before[start..]) })
    }

    /// The byte of a place; a character past the end of its line is that end, a line past the last one is the end of the text.
    fn byte(&self, place: &Value, units: Units) -> Result<usize, String> {
        let number = |name: &str| place[name].as_u64().and_then(|count| usize::try_from(count).ok());
        let wrong = || format!("no place: {place}");
        let (line, character) = (number("line").ok_or_else(wrong)?, number("character").ok_or_else(wrong)?);
        let Some(start) = self.line_start(line) else { return Ok(self.text.len()) };
        let content = self.text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let ends = content.char_indices().map(|(at, _)| at).chain([content.len()]);
        for end in ends {
            match units.of(&content[..end]) {
                count if count == character => return Ok(start + end),
                count if count > character => return Err(format!("{place} splits a character")),
                _ => {}
            }
        }
        Ok(start + content.len())
    }

    fn line_start(&self, line: usize) -> Option<usize> {
        match line {
            0 => Some(0),
            _ => self.text.match_indices('\n').nth(line - 1).map(|(at, _)| at + 1),
        }
    }

    /// Applies `edits` (`TextEdit[]`), all of which are about the text as it is, as one step. Gives them as the content changes of
    /// a `didChange`.
    ///
    /// # Errors
    /// One of them is none, or two overlap: nothing is applied.
    pub(super) fn apply(&mut self, edits: &[Value], units: Units) -> Result<Value, String> {
        let mut spans = Vec::new();
        for edit in edits {
            let (range, text) = (&edit["range"], edit["newText"].as_str().ok_or_else(|| format!("no edit: {edit}"))?);
            let (from, to) = (self.byte(&range["start"], units)?, self.byte(&range["end"], units)?);
            if from > to {
                return Err(format!("the edit ends before it starts: {edit}"));
            }
            spans.push((from, to, range, text));
        }
        spans.sort_by_key(|(from, to, ..)| (*from, *to));
        if spans.windows(2).any(|two| two[0].1 > two[1].0) {
            return Err("two edits overlap".to_owned());
        }
        let mut changes = Vec::new();
        // From the end, so that no span moves another.
        for (from, to, range, text) in spans.into_iter().rev() {
            self.text.replace_range(from..to, text);
            changes.push(json!({ "range": range, "text": text }));
        }
        self.version += 1;
        Ok(Value::Array(changes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: (u32, u32), end: (u32, u32), text: &str) -> Value {
        let place = |(line, character): (u32, u32)| json!({ "line": line, "character": character });
        json!({ "range": { "start": place(start), "end": place(end) }, "newText": text })
    }

    #[test]
    fn places_count_as_agreed() {
        let buffer = Buffer { version: 1, text: "a\nb\u{1F600}c\n".to_owned() };
        for (units, character) in [(Units::Utf8, 5), (Units::Utf16, 3), (Units::Utf32, 2)] {
            let place = json!({ "line": 1, "character": character });
            assert_eq!(buffer.byte(&place, units), Ok(7));
            assert_eq!(buffer.place(7, units), place);
        }
        assert!(buffer.byte(&json!({ "line": 1, "character": 2 }), Units::Utf16).is_err());
        assert_eq!(buffer.byte(&json!({ "line": 0, "character": 9 }), Units::Utf16), Ok(1));
        assert_eq!(buffer.byte(&json!({ "line": 9, "character": 0 }), Units::Utf16), Ok(9));
    }

    #[test]
    fn edits_of_one_step_do_not_move_each_other() {
        let mut buffer = Buffer { version: 1, text: "one two\n".to_owned() };
        let edits = [edit((0, 0), (0, 3), "1"), edit((0, 4), (0, 7), "2"), edit((1, 0), (1, 0), "3\n")];
        let changes = buffer.apply(&edits, Units::Utf16).expect("they fit");
        assert_eq!((&*buffer.text, buffer.version), ("1 2\n3\n", 2));
        assert_eq!(changes.as_array().map(Vec::len), Some(3));
        let overlapping = [edit((0, 0), (0, 2), ""), edit((0, 1), (0, 3), "")];
        assert!(buffer.apply(&overlapping, Units::Utf16).is_err());
        assert_eq!(buffer.text, "1 2\n3\n");
    }
}
