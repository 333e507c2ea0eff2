//! Vim with ALE.

use aside_test_support::{
    editors::{Editor, recipe},
    model_server::dialects::openai,
};

use super::{RIGHT, WRONG, chat_scene, fills_with, has_line, next_place, scene, text_of, wrong_scene};

/// Runs an Ex command.
fn run(vim: &Editor, command: &str) {
    vim.screen.types(&format!(":{command}"));
    vim.screen.press("Enter");
}

#[test]
fn a_suggestion_is_taken_from_the_menu() {
    let (server, home) = scene();
    // Without a parenthesis, at which ALE cuts every entry.
    fills_with(&server, "d + 2");
    let Some(vim) = Editor::vim(&home, &recipe("vim/aside.vim"), "src/main.rs") else { return };
    // ALE does not say its name.
    vim.servers.see("");
    vim.screen.press("o");
    vim.screen.types("ad");
    vim.screen.shows("add + 2");
    vim.screen.press("C-n");
    vim.screen.shows("    add + 2");
    vim.screen.press("Escape");
    vim.screen.until("normal mode", |shown| !shown.contains("-- "));
    vim.screen.types(":wq");
    vim.screen.press("Enter");
    vim.ends();
    assert_eq!(text_of(&home), "fn add(a: u32, b: u32) -> u32 {\n    add + 2\n    a + b\n}\n");
}

#[test]
fn a_fix_is_chosen_on_a_diagnostic_seen_accepted_and_undone() {
    let (server, home) = wrong_scene();
    let Some(vim) = Editor::vim(&home, &recipe("vim/aside.vim"), "src/main.rs") else { return };
    let screen = &vim.screen;
    vim.servers.see("");
    screen.types("j");
    screen.shows("this has to be a sum");
    run(&vim, "ALECodeAction");
    screen.shows("1) Aside: Fix: this has to be a sum");
    screen.types("1");
    screen.press("Enter");
    server.request(openai::CHAT);
    screen.shows("1 change in 1 file");
    run(&vim, "AsideDiff");
    screen.until("the diff", |shown| shown.contains("-    a - b") && shown.contains("+    a + b"));
    assert_eq!(text_of(&home), WRONG, "nothing is changed before it is accepted");
    run(&vim, "quit");
    run(&vim, "AsideAccept");
    screen.shows("accepted");
    run(&vim, "drop src/main.rs | only");
    screen.until("the change", |shown| has_line(shown, "a + b"));
    run(&vim, "write");
    screen.until("the file on disk", |_| text_of(&home) == RIGHT);
    screen.types("u");
    screen.shows("1 change; before");
    run(&vim, "write");
    screen.until("the old text on disk", |_| text_of(&home) == WRONG);
    run(&vim, "qall!");
    vim.ends();
}

#[test]
fn a_conversation_is_a_document_in_which_the_answer_stands_when_it_is_whole() {
    let (server, home) = chat_scene();
    server.once(openai::CHAT, openai::chat(&["Hello,", " editor."]));
    let Some(vim) = Editor::vim(&home, &recipe("vim/aside.vim"), "src/main.rs") else { return };
    let screen = &vim.screen;
    vim.servers.see("");
    run(&vim, "AsideChat");
    screen.shows("# Conversation");
    screen.types("Go");
    screen.types("greet me");
    screen.press("Escape");
    screen.until("normal mode", |shown| !shown.contains("-- INSERT"));
    run(&vim, "AsideSend");
    assert!(server.request(openai::CHAT).text().contains("greet me"));
    screen.shows("Hello, editor.");
    screen.until("the next question's place", next_place);
    assert_eq!(vim.servers.pids().len(), 1, "the document belongs to the server that shows it");
    run(&vim, "qall!");
    vim.ends();
}
