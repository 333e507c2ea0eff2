//! `textDocument/completion`: the same suggestion as an entry of the menu, for editors that show no ghost text.

use aside_assist::inline::{Answer, Suggestion, Trigger};
use aside_text::{Document, Encoding};

use super::{
    answer, commands,
    target::{self, Target},
};
use crate::{
    backend::Backend,
    convert,
    errors::Failure,
    params::Params,
    protocol::{MenuItem, MenuList, WireEdit},
    routes::Work,
};

/// The longest label, in characters.
const LABEL: usize = 60;
/// Behind what language servers say: they sort by names, and a tilde follows all letters.
const LAST: &str = "~~~~aside";
/// The protocol's numbers for plain text, plain text as it is, and an entry that is text.
const PLAIN: u32 = 1;
const AS_IT_IS: u32 = 1;
const TEXT: u32 = 1;

pub(crate) fn completion(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let target = Target::read(&mut params.fields()?)?;
    backend.look(&target.uri, Some(target.position));
    if !backend.editor.capabilities().uses_menu(backend.services.host.menu()) {
        let silent = MenuList { is_incomplete: true, items: Vec::new(), reason: None };
        return Ok(Box::pin(async move { answer(&silent) }));
    }
    let found = target.find(backend);
    let ask = found.map(|(document, at)| {
        (target::ask(backend, document, at, Trigger::Automatic), backend.order.next(&target.uri))
    });
    let backend = backend.clone();
    Ok(Box::pin(async move {
        match ask {
            Err(error) => {
                let empty = target::nowhere(&backend, &target, &error).empty;
                answer(&MenuList {
                    is_incomplete: true,
                    items: Vec::new(),
                    reason: empty.as_ref().map(convert::reason),
                })
            }
            Ok((ask, turn)) => {
                let document = ask.document.clone();
                let found = target::complete(&backend, turn, ask).await;
                answer(&list(found, &document, backend.editor.encoding()))
            }
        }
    }))
}

fn list(found: Answer, document: &Document, encoding: Encoding) -> MenuList {
    let reason = found.empty.as_ref().map(convert::reason);
    let model = found.model.unwrap_or_default();
    let items = found.suggestions.iter().map(|suggestion| item(suggestion, &model, document, encoding)).collect();
    // Incomplete, so that the editor asks again at the next character instead of filtering an old answer.
    MenuList { is_incomplete: true, items, reason }
}

fn item(suggestion: &Suggestion, model: &str, document: &Document, encoding: Encoding) -> MenuItem {
    // Editors filter entries by the word before the cursor and replace it, so the entry begins with that word.
    let start = word_start(document, suggestion.replace.start);
    let word = document.slice(start..suggestion.replace.start);
    let whole = format!("{word}{}", suggestion.text);
    MenuItem {
        label: label(&whole),
        kind: TEXT,
        detail: format!("Aside: {model}"),
        sort_text: LAST,
        filter_text: whole.lines().next().unwrap_or_default().to_owned(),
        insert_text_format: PLAIN,
        insert_text_mode: AS_IT_IS,
        documentation: (whole.lines().count() > 1).then(|| whole.clone()),
        command: commands::accepted(document.uri(), model, suggestion.text.chars().count()),
        text_edit: WireEdit {
            range: convert::range(document, &(start..suggestion.replace.end), encoding),
            new_text: whole,
        },
    }
}

/// Where the word that ends at `at` begins.
fn word_start(document: &Document, at: usize) -> usize {
    let mut start = at;
    while let Some(before) = document.char_before(start).filter(|c| c.is_alphanumeric() || *c == '_') {
        start -= before.len_utf8();
    }
    start
}

/// The first line that is not blank, shortened.
fn label(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut label: String = line.chars().take(LABEL).collect();
    if label.len() < text.trim().len() {
        label.push('\u{2026}');
    }
    label
}

#[cfg(test)]
mod tests {
    use aside_assist::inline::Empty;

    use super::*;

    fn check(text: &str, at: usize, said: &str) -> MenuItem {
        let document = Document::open("file:///a.rs", "rust", 1, text).expect("a text");
        let suggestion = Suggestion { text: said.to_owned(), replace: at..at };
        item(&suggestion, "work/m", &document, Encoding::Utf16)
    }

    #[test]
    fn an_entry_begins_with_the_word_before_the_cursor() {
        let item = check("let a = compu", 13, "te(b);");
        assert_eq!(
            (&*item.label, &*item.filter_text, &*item.text_edit.new_text),
            ("compute(b);", "compute(b);", "compute(b);")
        );
        assert_eq!((item.text_edit.range.start.character, item.text_edit.range.end.character), (8, 13));
    }

    #[test]
    fn a_word_may_hold_more_than_ascii() {
        let item = check("\u{1F600} gr\u{f6}\u{df}", 11, "e");
        assert_eq!(&*item.label, "gr\u{f6}\u{df}e");
        assert_eq!((item.text_edit.range.start.character, item.text_edit.range.end.character), (3, 7));
    }

    #[test]
    fn an_entry_of_many_lines_is_labelled_with_the_first_and_documented() {
        let item = check("", 0, "\n    one();\n    two();\n");
        assert_eq!(&*item.label, "one();\u{2026}");
        assert!(item.documentation.is_some_and(|whole| whole.contains("two();")));
        let long = "x".repeat(100);
        assert_eq!(label(&long).chars().count(), LABEL + 1);
    }

    #[test]
    fn an_empty_answer_says_why() {
        let document = Document::open("file:///a.rs", "rust", 1, "").expect("a text");
        let list = list(target::nothing(Empty::Disabled), &document, Encoding::Utf8);
        assert_eq!(list.reason.map(|reason| reason.code), Some("disabled"));
    }
}
