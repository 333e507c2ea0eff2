//! Emacs with eglot, in a terminal.

use aside_test_support::{
    Home,
    editors::{Editor, recipe},
    model_server::dialects::openai,
};

use super::{answers_in_two_pieces, chat_scene, fills_with, has_line, next_place, repairing_scene, scene};

const WRONG: &str = "def add(a, b):\n    return a - b\n";
const RIGHT: &str = "def add(a, b):\n    return a + b\n";

/// Emacs on a wrong function in `a.py`, with its server.
fn emacs(home: &Home) -> Option<Editor> {
    home.write("a.py", WRONG);
    let emacs = Editor::emacs(home, &recipe("emacs/aside-eglot.el"), "a.py")?;
    emacs.servers.see("Eglot");
    emacs.screen.shows("[eglot:workspace]");
    Some(emacs)
}

/// Runs a command by its name.
fn run(emacs: &Editor, command: &str) {
    emacs.screen.press("M-x");
    emacs.screen.shows("M-x");
    emacs.screen.types(command);
    emacs.screen.press("Enter");
}

/// Chooses the code action at point whose title begins with `title`.
fn choose(emacs: &Editor, title: &str) {
    run(emacs, "eglot-code-actions");
    emacs.screen.shows("Pick an action");
    emacs.screen.types(title);
    emacs.screen.press("Tab");
    emacs.screen.press("Enter");
}

/// Leaves Emacs without saving anything.
fn leave(emacs: Editor) {
    run(&emacs, "kill-emacs");
    emacs.ends();
}

#[test]
fn a_suggestion_is_completed_at_point() {
    let (server, home) = scene();
    fills_with(&server, "d(2, 2)");
    let Some(emacs) = emacs(&home) else { return };
    emacs.screen.press("M->");
    emacs.screen.types("ad");
    emacs.screen.press("C-M-i");
    emacs.screen.shows("add(2, 2)");
    emacs.screen.press("C-x");
    emacs.screen.press("C-s");
    emacs.screen.shows("Wrote");
    assert_eq!(home.read("a.py"), format!("{WRONG}add(2, 2)\n"));
    emacs.screen.press("C-x");
    emacs.screen.press("C-c");
    emacs.ends();
}

#[test]
fn an_edit_is_chosen_seen_accepted_and_undone() {
    let (server, home) = repairing_scene("python", RIGHT);
    let Some(emacs) = emacs(&home) else { return };
    let screen = &emacs.screen;
    // To the function's name.
    screen.press("M-f");
    screen.press("M-f");
    choose(&emacs, "Aside: Simplify");
    server.request(openai::CHAT);
    screen.until("the diff", |shown| shown.contains("-    return a - b") && shown.contains("+    return a + b"));
    assert!(!has_line(&screen.shown(), "return a + b"), "nothing is changed before it is accepted");
    choose(&emacs, "Aside: accept");
    screen.until("the change", |shown| has_line(shown, "return a + b"));
    screen.press("C-x");
    screen.types("o");
    run(&emacs, "save-buffer");
    screen.shows("Wrote");
    assert_eq!(home.read("a.py"), RIGHT);
    run(&emacs, "undo");
    screen.until("the old text", |shown| has_line(shown, "return a - b"));
    leave(emacs);
}

#[test]
fn a_conversation_is_a_document_into_which_the_answer_streams() {
    let (server, home) = chat_scene();
    let gate = answers_in_two_pieces(&server);
    let Some(emacs) = emacs(&home) else { return };
    let screen = &emacs.screen;
    run(&emacs, "aside-chat");
    screen.shows("# Conversation");
    screen.press("M->");
    screen.types("greet me");
    choose(&emacs, "Aside: Send");
    assert!(server.request(openai::CHAT).text().contains("greet me"));
    screen.shows("Hello,");
    assert!(!screen.shown().contains("editor."));
    gate.open();
    screen.shows("Hello, editor.");
    screen.until("the next question's place", next_place);
    assert_eq!(emacs.servers.pids().len(), 1, "the document belongs to the server that shows it");
    leave(emacs);
}
