//! The questions of commands on a real terminal: what is typed does not show, and is asked for again where a slip would hurt.

use aside_test_support::{
    Home, Terminal,
    vault::{OTHER, PASSPHRASE},
};

use super::{KEY, providers};

#[test]
fn a_new_passphrase_is_entered_twice_and_never_shown() {
    let home = Home::new();
    let Some(mut terminal) = Terminal::start(&home, &["vault", "init"]) else { return };
    terminal.asks_hidden("New passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.shows("strength 4 of 4");
    terminal.asks_hidden("The same again: ");
    terminal.enter(PASSPHRASE);
    let done = terminal.ends().expect_code(0);
    assert!(done.stdout.contains("made the vault") && done.stdout.contains("write them on paper"), "{}", done.stdout);
    assert!(!done.stdout.contains(PASSPHRASE), "{}", done.stdout);
    home.run(&["vault", "lock"]).expect_code(0);
    home.unlock(PASSPHRASE);
}

#[test]
fn two_different_passphrases_make_no_vault() {
    let home = Home::new();
    let Some(mut terminal) = Terminal::start(&home, &["vault", "init"]) else { return };
    terminal.asks_hidden("New passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.asks_hidden("The same again: ");
    terminal.enter(OTHER);
    let done = terminal.ends().expect_code(2);
    assert!(done.stdout.contains("the two passphrases differ; nothing was changed"), "{}", done.stdout);
    assert!(!done.stdout.contains(PASSPHRASE) && !done.stdout.contains(OTHER), "{}", done.stdout);
    assert!(!home.vault_file().exists() && home.agent().is_none());
}

#[test]
fn va02_a_wrong_passphrase_can_be_corrected_twice() {
    let home = Home::new().with_vault();
    let Some(mut terminal) = Terminal::start(&home, &["vault", "unlock"]) else { return };
    for _ in 0..2 {
        terminal.asks_hidden("Passphrase of the vault: ");
        terminal.enter("not this one");
        terminal.shows("do not open the vault");
    }
    terminal.asks_hidden("Passphrase of the vault: ");
    terminal.enter(PASSPHRASE);
    terminal.ends().expect_code(0);
    assert_eq!(providers(&home), Vec::<String>::new());

    home.run(&["vault", "lock"]).expect_code(0);
    let Some(mut terminal) = Terminal::start(&home, &["vault", "unlock"]) else { return };
    for _ in 0..3 {
        terminal.asks_hidden("Passphrase of the vault: ");
        terminal.enter("not this one");
    }
    let done = terminal.ends().expect_code(3);
    assert!(done.stdout.contains("next: ") && !done.stdout.contains("not this one"), "{}", done.stdout);
    home.run(&["secret", "list"]).expect_code(3);
}

#[test]
fn a_key_is_asked_for_after_the_vault_and_neither_shows() {
    let home = Home::new().with_vault();
    let Some(mut terminal) = Terminal::start(&home, &["secret", "set", "openai"]) else { return };
    terminal.asks_hidden("Passphrase of the vault: ");
    terminal.enter(PASSPHRASE);
    terminal.asks_hidden("Key of openai: ");
    terminal.enter(KEY);
    let done = terminal.ends().expect_code(0);
    assert!(done.stdout.contains("stored the key of `openai`"), "{}", done.stdout);
    assert!(!done.stdout.contains(PASSPHRASE) && !done.stdout.contains(KEY), "{}", done.stdout);
    assert_eq!(providers(&home), ["openai"]);
}

#[test]
fn what_confirms_shows_as_it_is_typed() {
    let home = Home::new().with_open_vault();
    home.store("openai", KEY);
    let Some(mut terminal) = Terminal::start(&home, &["vault", "clear"]) else { return };
    terminal.shows("Type `clear the vault` to go on:");
    assert!(terminal.echoes());
    terminal.enter("clear the vault");
    terminal.asks_hidden("Passphrase of the vault: ");
    terminal.enter(PASSPHRASE);
    let done = terminal.ends().expect_code(0);
    assert!(done.stdout.contains("the vault is empty") && !done.stdout.contains(PASSPHRASE), "{}", done.stdout);
    assert_eq!(providers(&home), Vec::<String>::new());
}

#[test]
fn who_gives_up_at_a_question_leaves_the_terminal_and_the_vault_as_they_were() {
    for keys in ["test-key-half\x03", "\x04"] {
        let home = Home::new().with_open_vault();
        let Some(mut terminal) = Terminal::start(&home, &["secret", "set", "openai"]) else { return };
        terminal.asks_hidden("Key of openai: ");
        terminal.press(keys);
        terminal.wait_for_end();
        assert!(terminal.echoes(), "what is typed next is not shown after {keys:?}");
        let done = terminal.ends().expect_code(1);
        assert!(done.stdout.contains("given up; nothing was changed"), "{}", done.stdout);
        assert!(!done.stdout.contains("test-key-half"), "{}", done.stdout);
        assert_eq!(providers(&home), Vec::<String>::new());
    }
}

#[test]
fn a_slip_can_be_corrected_unseen() {
    let home = Home::new().with_vault();
    let Some(mut terminal) = Terminal::start(&home, &["vault", "unlock"]) else { return };
    terminal.asks_hidden("Passphrase of the vault: ");
    terminal.press("something else\x15");
    terminal.enter(&format!("{}\x1b[Dü\x7f{}", &PASSPHRASE[..5], &PASSPHRASE[5..]));
    terminal.ends().expect_code(0);
}
