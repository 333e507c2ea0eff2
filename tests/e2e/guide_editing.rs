//! `docs/guides/editing.md`, followed: its settings are used, its keys typed, its titles chosen, its commands run, and each reason
//! that it names is one that the program gives.

mod any_editor;
mod editors;
mod page;

use aside_test_support::{
    ModelServer,
    model_server::{Reply, dialects::ollama},
};
use page::{quoted, read, section};

/// The page's settings, with the model server where the test has it.
fn settings(server: &ModelServer) -> String {
    let page = section("A model").blocks("toml").concat();
    format!("{page}\n[providers.ollama]\nbase_url = \"{}\"\n", server.url(""))
}

/// What the model says from now on.
fn model_says(server: &ModelServer, text: &str) {
    server.always(ollama::CHAT, answer(text));
}

fn answer(text: &str) -> Reply {
    ollama::chat(&[text])
}

/// Where the sentences about edits stand.
const SENTENCES: [&str; 5] = [
    "server/assist/src/edit/error.rs",
    "server/assist/src/edit/read/refusal.rs",
    "server/assist/src/action/prompt.rs",
    "server/assist/src/action/commit.rs",
    "server/aside/src/git.rs",
];

/// A source file with texts that go on in the next line put together.
fn joined(path: &str) -> String {
    let lines: Vec<_> = read(path).lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n").replace("\\\n", "")
}

#[test]
fn each_reason_of_the_page_is_one_of_the_programs_with_its_next_step() {
    let said: String = SENTENCES.iter().map(|path| joined(path)).collect();
    let said = said.replace("\\\"", "\"");
    let rows = section("When nothing comes of it").rows();
    assert!(rows.len() > 30, "{rows:?}");
    for row in rows {
        let [says, helps] = row.as_slice() else { panic!("a row of two cells: {row:?}") };
        for part in quoted(says) {
            assert!(said.contains(&part), "nobody says `{part}`");
        }
        assert!(said.contains(helps.as_str()), "nobody says what helps: {helps}");
    }
}

#[test]
fn every_reason_of_the_program_stands_on_the_page() {
    let page = section("When nothing comes of it");
    let told: Vec<String> = page.rows().iter().flat_map(|row| quoted(&row[0])).collect();
    for path in &SENTENCES[..2] {
        let source = read(path);
        let sentences = source.lines().filter_map(|line| line.trim().strip_prefix("#[error(\"")?.strip_suffix("\")]"));
        let mut count = 0;
        for sentence in sentences {
            count += 1;
            assert!(told.iter().any(|part| sentence.contains(part.as_str())), "the page does not have: {sentence}");
        }
        assert!(count > 10, "`{path}` has its sentences elsewhere");
    }
}
