//! Helix: menu completion beside the language's own server.

use aside_test_support::{
    editors::{Editor, recipe},
    model_server::dialects::openai,
};

use super::{
    RIGHT, WRONG, answers_in_two_pieces, chat_scene, fills_with, has_line, next_place, scene, text_of, wrong_scene,
};

#[test]
fn a_suggestion_is_taken_from_the_menu() {
    let (server, home) = scene();
    fills_with(&server, "d(2, 2)");
    let Some(helix) = Editor::helix(&home, &recipe("helix/languages.toml"), "src/main.rs") else { return };
    helix.servers.see("helix");
    helix.screen.press("o");
    helix.screen.shows("INS");
    helix.screen.types("ad");
    helix.screen.shows("add(2, 2)");
    helix.screen.press("C-n");
    helix.screen.press("Enter");
    helix.screen.until("the text", |shown| shown.contains("2  add(2, 2)"));
    helix.screen.press("Escape");
    helix.screen.shows("NOR");
    helix.screen.types(":wq");
    helix.screen.press("Enter");
    helix.ends();
    assert_eq!(text_of(&home), "fn add(a: u32, b: u32) -> u32 {\nadd(2, 2)\n    a + b\n}\n");
}

#[test]
fn a_fix_is_chosen_on_a_diagnostic_seen_accepted_and_undone() {
    let (server, home) = wrong_scene();
    let Some(helix) = Editor::helix(&home, &recipe("helix/languages.toml"), "src/main.rs") else { return };
    let screen = &helix.screen;
    helix.servers.see("helix");
    screen.shows("\u{25cf} 1");
    screen.types("]d");
    screen.until("the cursor at the diagnostic", |shown| shown.contains("2:9"));
    screen.types(" a");
    screen.shows("Aside: Fix: this has to be a sum");
    // The first entry, which is chosen already.
    screen.press("Enter");
    let request = server.request(openai::CHAT).text();
    assert!(request.contains("this has to be a sum"), "{request}");
    screen.until("the diff", |shown| shown.contains("-    a - b") && shown.contains("+    a + b"));
    assert_eq!(text_of(&home), WRONG, "nothing is changed before it is accepted");
    screen.types(" a");
    screen.shows("Aside: accept");
    screen.press("Enter");
    screen.types(":buffer-previous");
    screen.press("Enter");
    screen.until("the change", |shown| has_line(shown, "a + b"));
    screen.types(":write");
    screen.press("Enter");
    screen.shows("written");
    assert_eq!(text_of(&home), RIGHT);
    screen.types("u");
    screen.until("the old text", |shown| has_line(shown, "a - b"));
    screen.types(":write-quit-all");
    screen.press("Enter");
    helix.ends();
    assert_eq!(text_of(&home), WRONG);
}

#[test]
fn a_conversation_is_a_document_into_which_the_answer_streams() {
    let (server, home) = chat_scene();
    let gate = answers_in_two_pieces(&server);
    let Some(helix) = Editor::helix(&home, &recipe("helix/languages.toml"), "src/main.rs") else { return };
    let screen = &helix.screen;
    helix.servers.see("helix");
    screen.types(":lsp-workspace-command aside.chat.document {\"new\":true}");
    screen.press("Enter");
    screen.shows("# Conversation");
    screen.types("geo");
    screen.shows("INS");
    screen.types("greet me");
    screen.press("Escape");
    screen.shows("NOR");
    screen.types(" a");
    // The second entry: the first one is spelled out in the document, too.
    screen.shows("Aside: New conversation");
    screen.press("Enter");
    assert!(server.request(openai::CHAT).text().contains("greet me"));
    screen.until("the first piece", |shown| has_line(shown, "Hello,"));
    gate.open();
    screen.shows("Hello, editor.");
    screen.until("the next question's place", next_place);
    assert_eq!(helix.servers.pids().len(), 1, "the document belongs to the server that shows it");
    screen.types(":quit-all!");
    screen.press("Enter");
    helix.ends();
}
