//! `docs/guides/sessions.md`, followed: every command of its blocks is run in the page's order.

use std::fs;

use aside_test_support::{
    Finished, Home, ModelServer, binary,
    model_server::{Reply, dialects::openai},
    settings,
};
use rusqlite::Connection;

/// What stands in the page for a conversation's id.
const ID: &str = "0192f0c1";
/// What stands in the page for the place where a folder was.
const OLD: &str = "~/old/project";

/// A command of the page, and what it says.
const STEPS: &[(&str, &str)] = &[
    ("aside chat \"where is the retry policy?\"", "It retries."),
    ("aside chat --new \"what does the parser do?\"", "It parses."),
    ("aside session list", "what does the parser do?"),
    ("aside session show 0192f0c1", "It parses."),
    ("aside chat --continue", "the rest"),
    ("aside session list --resumable", "what does the parser do?"),
    ("aside session search \"retry policy\"", "where is the retry policy?"),
    ("aside session digest", "You talked."),
    ("aside session digest --hours 24 --all", "You talked."),
    ("aside session rename 0192f0c1 \"Retries\"", "Retries"),
    ("aside session fork 0192f0c1", "began"),
    ("aside session compact 0192f0c1 --keep 2", "summed up into"),
    ("aside session delete 0192f0c1", "is in the trash"),
    ("aside session list --trash", "Retries"),
    ("aside session restore 0192f0c1", "is out of the trash"),
    ("aside session clean --dry-run", "nothing is done"),
    ("aside session delete 0192f0c1 --forever", "removed for good"),
    ("aside session export 0192f0c1", "# "),
    ("aside session export 0192f0c1 --format json -o talk.json", "which only you may read"),
    ("aside session import talk.json --title \"From a colleague\"", "marked as imported"),
    ("aside session list", "aside session relink"),
    ("aside session relink ~/old/project", "belong to"),
    ("aside session key status", "the key of the conversations is in"),
    ("aside session key rekey", "sealed under the new key"),
    ("aside session protect 0192f0c1", "opens with its passphrase only"),
    ("aside session lock 0192f0c1", "is locked"),
    ("aside session unlock 0192f0c1", "is open"),
    ("aside session unprotect 0192f0c1", "no passphrase of its own any more"),
    ("aside session verify", "as they were written"),
    ("aside session recover 0192f0c1", "recovered into"),
    ("aside migrate --dry-run", "up to date"),
    ("aside doctor", "conversations"),
    ("aside session verify --accept", "as they were written"),
];

#[test]
fn the_guides_commands_do_what_it_says_in_its_order() {
    let lines: Vec<_> = STEPS.iter().map(|(line, _)| (*line).to_owned()).collect();
    assert_eq!(commands_of("docs/guides/sessions.md"), lines, "the page's commands are those that are run here");
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "");
    let mut reader = Reader { home, server, id: String::new(), moved: None };
    for (line, says) in STEPS {
        reader.prepare(line);
        let done = reader.run(line);
        assert!(
            done.code == 0 && done.said().contains(says),
            "`{line}` says with code {}:\n{}",
            done.code,
            done.said()
        );
    }
}

/// Somebody who follows the page.
struct Reader {
    home: Home,
    server: ModelServer,
    /// The conversation that the page means.
    id: String,
    /// Where a folder is now that was elsewhere.
    moved: Option<std::path::PathBuf>,
}

impl Reader {
    /// What the page takes for given at a command.
    fn prepare(&mut self, line: &str) {
        match line {
            "aside chat \"where is the retry policy?\"" => self.model_says("It retries."),
            "aside chat --new \"what does the parser do?\"" => self.model_says("It parses."),
            "aside session show 0192f0c1" | "aside session export 0192f0c1" => self.id = self.newest(),
            "aside chat --continue" => self.cut_off(),
            "aside session digest" | "aside session digest --hours 24 --all" => self.model_says("You talked."),
            "aside session compact 0192f0c1 --keep 2" => self.model_says("It was about a parser."),
            "aside session list" if self.home.path("talk.json").exists() => self.move_away(),
            "aside session recover 0192f0c1" => {
                self.id = self.newest();
                self.damage();
            }
            // The damaged one was recovered, and goes.
            "aside migrate --dry-run" => {
                self.home.run(&["session", "delete", &self.id, "--forever", "--yes"]).expect_code(0);
            }
            "aside doctor" => self.server.always(openai::CHAT, openai::chat(&["yes"])),
            _ => {}
        }
    }

    fn model_says(&self, text: &str) {
        self.server.once(openai::CHAT, openai::chat(&[text]));
    }

    fn newest(&self) -> String {
        let listed = self.home.run(&["session", "list", "--json", "--all"]).expect_code(0).json();
        listed[0]["id"].as_str().expect("an id").to_owned()
    }

    /// An answer that breaks off, and what goes on with it.
    fn cut_off(&self) {
        let reply = Reply::sse().then(openai::delta("It pa")).broken();
        self.server.once(openai::CHAT, reply);
        assert_ne!(self.home.run(&["chat", "and then?"]).code, 0, "it was cut off");
        self.model_says("the rest");
    }

    /// A folder with a conversation is renamed; the reader stands in it.
    fn move_away(&mut self) {
        let (before, after) = (self.home.path("../old"), self.home.path("../project"));
        fs::create_dir(&before).expect("a folder");
        self.model_says("hello");
        let begun = self.home.run_with(&["chat", "--new", "hi"], "", |command| {
            command.current_dir(&before);
        });
        begun.expect_code(0);
        self.moved = Some(after.clone());
        fs::rename(before, after).expect("moved");
    }

    fn damage(&self) {
        let database = Connection::open(self.home.aside().join("data/sessions.db")).expect("a database");
        let id = self.id.replace('-', "");
        let wipe = format!("UPDATE events SET sealed = zeroblob(length(sealed)) WHERE session = x'{id}' AND n = 0");
        assert_eq!(database.execute(&wipe, ()).expect("changed"), 1);
    }

    fn run(&self, line: &str) -> Finished {
        let old = self.home.path("../old");
        let old = old.parent().and_then(|folder| folder.canonicalize().ok()).expect("there").join("old");
        let line = line.replace(ID, &self.id).replace(OLD, &old.display().to_string());
        let words = words_of(&line);
        let words: Vec<_> = words.iter().skip(1).map(String::as_str).collect();
        let typed = match words.get(1) {
            Some(&("protect" | "unlock")) => "correct horse battery staple\n",
            _ if line.ends_with("--forever") => "delete\n",
            _ => "",
        };
        self.home.run_with(&words, typed, |command| {
            // The moved folder is where the reader is for these two.
            let about_it = line == "aside session list" || line.contains(" relink ");
            if let Some(folder) = self.moved.as_ref().filter(|_| about_it) {
                command.current_dir(folder);
            }
        })
    }
}

/// The words of a line as a shell takes them, as far as the page needs.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The commands in the page's shell blocks, without what is said of them.
fn commands_of(page: &str) -> Vec<String> {
    let text = fs::read_to_string(binary::repository().join(page)).expect("the page is readable");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let bare = |line: &str| line.split(" #").next().unwrap_or(line).trim().to_owned();
    blocks.flat_map(str::lines).map(bare).filter(|line| !line.is_empty()).collect()
}
