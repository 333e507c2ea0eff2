//! The open files of one workspace, as tokens; and the current one around the cursor.
//!
//! Owns keeping them up to date with the editor: a file whose version did not change is not read again, and of a changed one
//! only the lines that differ. Only what the workspace's vocabulary lacks is kept here.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use aside_model::FillRequest;

use super::{
    OpenFile,
    fill::{self, Ask, Known, Place},
    sequence::Sequence,
    vocabulary::{Token, Vocabulary},
    workspace::Workspace,
};

/// A longer text is looked at through the request's windows only.
const MAX_TEXT: usize = 4 << 20;
/// The most tokens of other open files that one fill looks at.
const MAX_OPEN: usize = 200_000;
/// The most bytes of snippets that one fill reads.
const MAX_SNIPPETS: usize = 64 << 10;
/// So many words of its own (half-typed ones stay) and all is read anew.
const MAX_WORDS: usize = 100_000;

/// The open files of one workspace.
#[derive(Default)]
pub(super) struct Nearby {
    workspace: Arc<Workspace>,
    words: Vocabulary,
    files: BTreeMap<String, File>,
}

struct File {
    /// The editor's version of what was read; `None` when it is not known to be exactly that.
    version: Option<i32>,
    read: Sequence,
}

impl Nearby {
    /// What belongs where `request` says, given the workspace's model and the files that are open.
    pub(super) fn fill(
        &mut self,
        workspace: &Arc<Workspace>,
        open: Vec<OpenFile>,
        request: &FillRequest,
        ask: Ask,
    ) -> String {
        self.stand_on(workspace);
        let current = request.path.as_deref().unwrap_or_default();
        let (own, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|file| file.relative == current);
        self.files.retain(|relative, _| relative == current || others.iter().any(|file| file.relative == *relative));
        for file in others {
            self.read(file.relative, Some(file.version), file.text);
        }
        let around = own.first().and_then(|file| around(&file.text, &request.prefix, &request.suffix));
        let is_open = around.is_some();
        let (text, at) =
            around.unwrap_or_else(|| ([&*request.prefix, &*request.suffix].concat(), request.prefix.len()));
        self.read(current.to_owned(), None, text);
        let skip = self.older_states(current, is_open);
        let snippets = self.snippets(request);
        let Self { workspace, words, files } = self;
        let Some(File { read, .. }) = files.get(current) else { return String::new() };
        let (before, line, after) = read.around(at);
        let place = Place {
            before,
            after,
            columns: read.columns_before(at),
            left: read.text().get(line..at).unwrap_or_default(),
            suffix: &request.suffix,
        };
        let mut room = MAX_OPEN;
        let others = files.iter().filter(|(relative, _)| *relative != current).map(|(_, file)| file.read.tokens());
        let open: Vec<&[Token]> = others
            .chain(snippets.iter().map(Sequence::tokens))
            .take_while(|tokens| room.checked_sub(tokens.len()).inspect(|&left| room = left).is_some())
            .collect();
        fill::complete(&place, &Known { workspace, skip: &skip, open: &open }, words, ask)
    }

    /// Starts anew when the workspace was read anew, since its vocabulary is another one then.
    fn stand_on(&mut self, workspace: &Arc<Workspace>) {
        if !Arc::ptr_eq(&self.workspace, workspace) || self.words.own() > MAX_WORDS {
            let words = Vocabulary::over(Arc::clone(&workspace.words));
            *self = Self { workspace: Arc::clone(workspace), words, files: BTreeMap::new() };
        }
    }

    fn read(&mut self, relative: String, version: Option<i32>, text: String) {
        match self.files.get_mut(&relative) {
            Some(file) if version.is_some() && file.version == version => {}
            Some(file) => {
                file.version = version;
                file.read.update(text, &mut self.words);
            }
            None => {
                let read = Sequence::read(text, &mut self.words);
                self.files.insert(relative, File { version, read });
            }
        }
    }

    fn older_states(&self, current: &str, is_open: bool) -> Vec<Range<u32>> {
        let open = self.files.keys().filter(|relative| *relative != current || is_open);
        open.filter_map(|relative| self.workspace.span(relative)).collect()
    }

    /// The request's pieces of files that are not open.
    fn snippets(&mut self, request: &FillRequest) -> Vec<Sequence> {
        let mut room = MAX_SNIPPETS;
        let unknown = request.snippets.iter().rev().filter(|snippet| !self.files.contains_key(&snippet.path));
        let fitting: Vec<String> = unknown
            .map(|snippet| snippet.text.clone())
            .take_while(|text| room.checked_sub(text.len()).inspect(|&left| room = left).is_some())
            .collect();
        fitting.into_iter().map(|text| Sequence::read(text, &mut self.words)).collect()
    }
}

/// The whole text around the cursor and the cursor's place in it, when `prefix` and `suffix` are windows of `text`, or of
/// another version of it that differs between them.
fn around(text: &str, prefix: &str, suffix: &str) -> Option<(String, usize)> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut places = text.match_indices(prefix).map(|(at, _)| at);
    if let Some(at) = places.find(|at| text[at + prefix.len()..].starts_with(suffix)) {
        return Some((text.to_owned(), at + prefix.len()));
    }
    let head = &text[..text.find(prefix)?];
    let tail = &text[text.rfind(suffix)? + suffix.len()..];
    Some(([head, prefix, suffix, tail].concat(), head.len() + prefix.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_found_in_the_text_they_were_cut_from() {
        assert_eq!(around("one two three", "ne t", "wo"), Some(("one two three".to_owned(), 5)));
        assert_eq!(around("abc", "", ""), Some(("abc".to_owned(), 0)));
        assert_eq!(around("aXb aYb", "a", "Yb"), Some(("aXb aYb".to_owned(), 5)));
    }

    #[test]
    fn windows_of_a_later_version_replace_what_they_cover() {
        assert_eq!(around("head\nx = \ntail", "head\nx = f", "\ntail"), None);
        assert_eq!(around("0\na\nc\n1", "a\nb", "\nc"), None);
        assert_eq!(around("0 a\n-\nc 1", "a\n", "+\nc"), None);
        assert_eq!(around("0 a\n-\nc 1", "a\n", "\nc"), Some(("0 a\n\nc 1".to_owned(), 4)));
    }

    fn open(relative: &str, version: i32, text: &str) -> OpenFile {
        OpenFile { relative: relative.to_owned(), version, text: text.to_owned() }
    }

    fn filled(nearby: &mut Nearby, files: Vec<OpenFile>, prefix: &str, suffix: &str) -> String {
        let request = FillRequest {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            path: Some("a".to_owned()),
            ..FillRequest::default()
        };
        let workspace = Arc::clone(&nearby.workspace);
        nearby.fill(&workspace, files, &request, Ask { threshold: 0.2, tokens: 60 })
    }

    #[test]
    fn another_open_file_helps_and_is_forgotten_when_closed() {
        let mut nearby = Nearby::default();
        let other = open("b", 1, &"connect(host, port);\n".repeat(5));
        assert_eq!(filled(&mut nearby, vec![other], "connect(", ""), "host, port);");
        assert_eq!(filled(&mut nearby, vec![], "connect(", ""), "");
    }

    #[test]
    fn an_open_file_is_read_again_with_its_next_version() {
        let mut nearby = Nearby::default();
        for (version, word) in [(1, "one"), (2, "two")] {
            let other = open("b", version, &format!("pick({word});\n").repeat(5));
            assert_eq!(filled(&mut nearby, vec![other], "pick(", ""), format!("{word});"));
        }
    }

    #[test]
    fn all_of_the_current_file_helps_and_not_only_its_windows() {
        let mut nearby = Nearby::default();
        let text = format!("{}\nmiddle\nsend(", "send(message);\n".repeat(5));
        assert_eq!(filled(&mut nearby, vec![open("a", 1, &text)], "middle\nsend(", ""), "message);");
        assert_eq!(filled(&mut nearby, vec![], "middle\nsend(", ""), "");
    }
}
