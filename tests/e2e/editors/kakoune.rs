//! Kakoune with kak-lsp.

use aside_test_support::{
    editors::{Editor, recipe},
    model_server::dialects::openai,
};

use super::{
    RIGHT, WRONG, answers_in_two_pieces, chat_scene, fills_with, has_line, next_place, rust_analyzer, scene, text_of,
    wrong_scene,
};

/// Runs a command.
fn run(kakoune: &Editor, command: &str) {
    kakoune.screen.types(&format!(":{command}"));
    kakoune.screen.press("Enter");
}

/// Chooses the code action here whose title holds `words`.
fn choose(kakoune: &Editor, words: &str) {
    run(kakoune, "lsp-code-actions");
    kakoune.screen.shows(&format!("Aside: {words}"));
    kakoune.screen.types(words);
    // Enter takes what is typed, unless it is narrowed down to one entry.
    let menu = |shown: &str| shown.lines().rev().take_while(|line| !line.starts_with('~')).collect::<String>();
    kakoune.screen.until("one entry", |shown| menu(shown).matches("Aside: ").count() == 1);
    kakoune.screen.press("Enter");
}

#[test]
fn a_suggestion_is_taken_from_the_menu() {
    let (server, home) = scene();
    fills_with(&server, "d(2, 2)");
    rust_analyzer(&home);
    let Some(kakoune) = Editor::kakoune(&home, &recipe("kakoune/aside.kak"), "src/main.rs") else { return };
    kakoune.servers.see("kakoune-lsp");
    kakoune.screen.press("o");
    kakoune.screen.types("ad");
    kakoune.screen.shows("add(2, 2)");
    kakoune.screen.press("C-n");
    kakoune.screen.shows("    add(2, 2)");
    kakoune.screen.press("Escape");
    kakoune.screen.until("normal mode", |shown| !shown.contains("insert"));
    kakoune.screen.types(":write-quit");
    kakoune.screen.press("Enter");
    kakoune.ends();
    assert_eq!(text_of(&home), "fn add(a: u32, b: u32) -> u32 {\n    add(2, 2)\n    a + b\n}\n");
}

#[test]
fn an_edit_is_chosen_seen_accepted_and_undone() {
    let (server, home) = wrong_scene();
    let Some(kakoune) = Editor::kakoune(&home, &recipe("kakoune/aside.kak"), "src/main.rs") else { return };
    let screen = &kakoune.screen;
    kakoune.servers.see("kakoune-lsp");
    // The mark of the language's own server, which runs beside.
    screen.until("its diagnostic", |shown| shown.lines().any(|line| line.starts_with('*')));
    screen.types("j");
    choose(&kakoune, "Simplify");
    server.request(openai::CHAT);
    screen.shows("Aside: Simplify function `add`: 1 change in 1 file");
    choose(&kakoune, "show the diff");
    screen.shows("the diff is in `");
    let diff = home.papers(".diff").pop().expect("the diff is a file");
    run(&kakoune, &format!("edit {}", diff.display()));
    screen.until("the diff", |shown| shown.contains("-    a - b") && shown.contains("+    a + b"));
    assert_eq!(text_of(&home), WRONG, "nothing is changed before it is accepted");
    choose(&kakoune, "accept");
    run(&kakoune, "buffer src/main.rs");
    screen.until("the change", |shown| has_line(shown, "a + b"));
    run(&kakoune, "write");
    screen.until("the file on disk", |_| text_of(&home) == RIGHT);
    screen.types("u");
    screen.until("the old text", |shown| has_line(shown, "a - b"));
    run(&kakoune, "kill!");
    kakoune.ends();
}

#[test]
fn a_conversation_is_a_document_into_which_the_answer_streams() {
    let (server, home) = chat_scene();
    let gate = answers_in_two_pieces(&server);
    rust_analyzer(&home);
    let Some(kakoune) = Editor::kakoune(&home, &recipe("kakoune/aside.kak"), "src/main.rs") else { return };
    let screen = &kakoune.screen;
    kakoune.servers.see("kakoune-lsp");
    run(&kakoune, "aside-chat");
    screen.shows(".md");
    let page = home.papers(".md").pop().expect("the conversation is a file");
    run(&kakoune, &format!("edit {}", page.display()));
    screen.shows("# Conversation");
    screen.types("ge");
    screen.types("ogreet me");
    screen.press("Escape");
    screen.until("normal mode", |shown| !shown.contains("insert"));
    run(&kakoune, "lsp-code-actions");
    // The first entry is spelled out in the document, too.
    screen.shows("Aside: New conversation");
    screen.types("Send");
    screen.until("one entry", |shown| !shown.contains("Aside: New conversation"));
    screen.press("Enter");
    assert!(server.request(openai::CHAT).text().contains("greet me"));
    screen.until("the first piece", |shown| has_line(shown, "Hello,"));
    gate.open();
    screen.shows("Hello, editor.");
    screen.until("the next question's place", next_place);
    run(&kakoune, "kill!");
    kakoune.ends();
}
