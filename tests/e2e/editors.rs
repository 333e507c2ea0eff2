//! Real editors with the settings of their recipes in `editors/`: Helix, Emacs, Vim and Kakoune, driven by typed keys.
//!
//! Neovim has its own file. What each editor can do is the same list, so that the recipes can say what works where.

mod emacs;
mod helix;
mod kakoune;
mod vim;

use aside_test_support::{
    Home, ModelServer,
    binary::repository,
    editors::install,
    model_server::{
        Gate, Reply,
        dialects::{llama, openai},
    },
    settings, settings_with_model,
};

/// A workspace whose first file ends where the next call is to be typed.
const FILES: &str = "
//- Cargo.toml
[package]
name = \"demo\"
//- src/main.rs
fn add(a: u32, b: u32) -> u32 {
    a + b
}
";

/// A home with a scripted model for both roles.
fn scene() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), FILES);
    (server, home)
}

/// A home with a wrong function, which `rust-analyzer` reports, and a scripted model that repairs it when asked.
///
/// The language's own server is a stand-in that knows this one error.
fn wrong_scene() -> (ModelServer, Home) {
    let (server, home) = repairing_scene("rust", RIGHT);
    home.write("src/main.rs", WRONG);
    rust_analyzer(&home);
    (server, home)
}

/// Puts the stand-in for `rust-analyzer` on the path.
fn rust_analyzer(home: &Home) {
    install(home, &repository().join("tests/tools/diagnostic_server.py"), "rust-analyzer");
}

/// A home with a scripted model that answers every request for an edit with `code`.
fn repairing_scene(language: &str, code: &str) -> (ModelServer, Home) {
    let (server, home) = chat_scene();
    server.always(openai::CHAT, openai::chat(&[&format!("```{language}\n"), code, "```\n"]));
    (server, home)
}

/// A home with a scripted model that says nothing yet.
fn chat_scene() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), FILES);
    (server, home)
}

/// Lets the model answer in two pieces, with a gate between them.
fn answers_in_two_pieces(server: &ModelServer) -> Gate {
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("Hello,")).hold(&gate).then(openai::delta(" editor."));
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    gate
}

/// Whether a conversation's document ends, behind the answer, with the heading below which the next question is written.
fn next_place(shown: &str) -> bool {
    shown.split_once("Hello, editor.").is_some_and(|(_, rest)| rest.contains("write below"))
}

/// Whether a line of the screen ends with `text` and holds nothing else but numbers and marks of the margin.
fn has_line(shown: &str, text: &str) -> bool {
    let margin = |rest: &str| rest.chars().all(|c| !c.is_alphabetic() && !"-+\"".contains(c));
    shown.lines().any(|line| line.trim_end().strip_suffix(text).is_some_and(margin))
}

const WRONG: &str = "fn add(a: u32, b: u32) -> u32 {\n    a - b\n}\n";
const RIGHT: &str = "fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n";

/// Lets the model fill in `text` wherever it is asked.
fn fills_with(server: &ModelServer, text: &str) {
    server.always(llama::INFILL, llama::fill(&[text]));
    server.always(llama::COMPLETION, llama::fill(&[text]));
}

/// What `src/main.rs` holds on disk.
fn text_of(home: &Home) -> String {
    home.read("src/main.rs")
}
