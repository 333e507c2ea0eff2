//! The names of pages' files.

use super::{sheet, stem};

#[test]
fn a_file_is_named_after_the_title_and_the_conversation() {
    for (title, expected) in [
        ("", "chat-00000000"),
        ("Ropes & trees", "chat-ropes-trees-00000000"),
        ("../../etc/passwd", "chat-etc-passwd-00000000"),
        ("\u{4f60}\u{597d}", "chat-\u{4f60}\u{597d}-00000000"),
        ("a very long title that goes on and on", "chat-a-very-long-title-that-g-00000000"),
    ] {
        let mut opened = sheet::tests::opened(Vec::new());
        opened.session.title = title.to_owned();
        assert_eq!(stem(&opened.session), expected);
    }
}
