//! Real editors on a screen of their own, with the settings that their recipes give, driven by typed keys.
//!
//! Owns how each editor is started in a [`Home`], what its language server is known by, and the screen ([`Screen`]). A
//! recipe starts `aside`, so that is what lies on the editor's `PATH`: the program under test.

mod screen;
mod servers;

use std::{fs, path::Path};

pub use screen::Screen;
pub use servers::{Servers, install};

use crate::{Home, binary::repository, real};

/// A running editor with a file open.
#[derive(Debug)]
pub struct Editor {
    /// What it shows, and its keyboard.
    pub screen: Screen,
    /// The language servers that it started.
    pub servers: Servers,
}

impl Editor {
    /// Helix on `file` of `home`'s workspace; `languages` is its `languages.toml`.
    pub fn helix(home: &Home, languages: &str, file: &str) -> Option<Self> {
        let program = real::part("ASIDE_TEST_HELIX", "Helix")?;
        settings(home, ".config/helix/languages.toml", languages);
        // Nothing but keys moves the screen, and everything that is said stays on it.
        settings(home, ".config/helix/config.toml", "[editor.lsp]\ndisplay-progress-messages = true\n");
        Self::start(home, &program, &[file])
    }

    /// Emacs on `file` of `home`'s workspace; `init` is its init file.
    pub fn emacs(home: &Home, init: &str, file: &str) -> Option<Self> {
        let program = real::part("ASIDE_TEST_EMACS", "Emacs")?;
        // Compiling takes a compiler and minutes, and a question about it the screen.
        let quiet = "(setq native-comp-jit-compilation nil inhibit-startup-screen t make-backup-files nil)\n";
        let file_of_settings = settings(home, ".emacs.d/aside-test.el", &format!("{quiet}{init}"));
        Self::start(home, &program, &["-nw", "-Q", "-l", &file_of_settings, file])
    }

    /// Vim with ALE on `file` of `home`'s workspace; `init` is its vimrc.
    pub fn vim(home: &Home, init: &str, file: &str) -> Option<Self> {
        let program = real::part("ASIDE_TEST_VIM", "Vim")?;
        let ale = real::part("ASIDE_TEST_VIM_ALE", "ALE for Vim")?;
        let quiet = format!("set nocompatible noswapfile\nset runtimepath+={}\nfiletype plugin on\n", ale.display());
        let file_of_settings = settings(home, ".vimrc", &format!("{quiet}{init}"));
        Self::start(home, &program, &["-u", &file_of_settings, file])
    }

    /// Kakoune with kak-lsp on `file` of `home`'s workspace; `init` is its kakrc.
    pub fn kakoune(home: &Home, init: &str, file: &str) -> Option<Self> {
        let program = real::part("ASIDE_TEST_KAK", "Kakoune")?;
        let client = real::part("ASIDE_TEST_KAK_LSP", "kak-lsp")?;
        settings(home, ".config/kak/kakrc", init);
        install(home, &client, "kak-lsp");
        Self::start(home, &program, &[file])
    }

    fn start(home: &Home, program: &Path, arguments: &[&str]) -> Option<Self> {
        let servers = Servers::on_path(home);
        let screen = Screen::start(home, &servers.path(), program, arguments)?;
        Some(Self { screen, servers })
    }

    /// Waits until the editor and all its servers are gone.
    #[track_caller]
    pub fn ends(self) {
        self.screen.ends();
        self.servers.end();
    }
}

/// A file of the recipes, by its path in `editors/`.
pub fn recipe(path: &str) -> String {
    let path = repository().join("editors").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// The blocks of a recipe's page that are written in `language`, one after the other.
pub fn blocks(page: &str, language: &str) -> String {
    let start = format!("```{language}\n");
    let blocks = page.split(start.as_str()).skip(1).filter_map(|block| block.split("```").next());
    let blocks: String = blocks.collect();
    assert!(!blocks.is_empty(), "no block of `{language}` in:\n{page}");
    blocks
}

/// Writes a settings file of an editor; gives its path.
fn settings(home: &Home, path: &str, text: &str) -> String {
    let path = home.user().join(path);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the home is writable");
    fs::write(&path, text).expect("the home is writable");
    path.to_str().expect("the path is text").to_owned()
}
