//! `aside try`: the main features at work on a real workspace, driven over stdio as an editor does it.
//!
//! Every step talks to a real `aside lsp` child and fails the command when it does not do what it should. Conversations
//! of a trial are kept in a temporary folder that is removed at the end; the settings are the user's own.

mod editor;
mod place;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use aside_model::ModelRef;
use serde_json::{Value, json};

use aside_vault::audit::By;

use crate::{
    cli::{Asked, Try},
    command::{block_on, warned},
    failure::{Exit, Failure},
    models::{BUILTIN, chat_role, complete_role},
    terminal::{self, Style, styled, visible},
    wiring::{self, App},
};
use editor::Editor;
use place::{Hole, Tour};

/// An answer is interrupted after this long, so that some of it is surely on disk.
const INTERRUPT_AFTER: Duration = Duration::from_millis(1300);
/// Bytes of a suggestion from which on it is shown at all, and from which on no better one is looked for.
const TELLING: std::ops::Range<usize> = 4..20;
/// The built-in engine answers at once; paced like this its answer can be interrupted in the middle.
const PACE: &str = "builtin.pace=25ms";
/// A small workspace gives the built-in engine little to be sure by: where it says nothing, it is asked for guesses.
const GUESSES: &str = "builtin.threshold=0.3";

/// Runs the tour; the first step that fails ends it.
pub(crate) fn run(asked: &Asked, args: &Try) -> Result<ExitCode, Failure> {
    let folder = wiring::absolute(&args.folder)?;
    let root = folder.canonicalize().map_err(|error| {
        Failure::new(Exit::NotFound, format!("`{}`: {error}", folder.display()), "name a folder with source code")
    })?;
    let app = warned(App::new(asked, Some(&root), By::Cli)?);
    let home = tempfile::Builder::new().prefix("aside-try-").tempdir()?;
    block_on(tour(&app, asked, args, &root, home.path()))
}

async fn tour(app: &App, asked: &Asked, args: &Try, root: &Path, data: &Path) -> Result<ExitCode, Failure> {
    let roles = Roles::choose(app, args).await?;
    let start = Start { root: root.to_path_buf(), data: data.to_path_buf(), settings: roles.settings(&asked.set) };
    heading(&format!("aside {} in {}", env!("CARGO_PKG_VERSION"), root.display()));
    terminal::line(&format!("completion by {}, chat by {}", roles.complete, roles.chat));
    let tour = Tour::of(root)?;

    let mut editor = ghost_text(&start, &tour, roles.complete.provider == BUILTIN).await?;
    let session = first_answer(&mut editor, &tour, root).await?;
    let interrupted = interrupted_answer(editor, &session, &tour).await?;
    resumed(&start, &session, &interrupted).await?;
    next_steps();
    Ok(ExitCode::SUCCESS)
}

/// The models of the trial.
struct Roles {
    chat: ModelRef,
    complete: ModelRef,
}

impl Roles {
    async fn choose(app: &App, args: &Try) -> Result<Self, Failure> {
        if let Some(model) = &args.model {
            return Ok(Self { chat: model.clone(), complete: model.clone() });
        }
        let current = app.current.load_full();
        if !args.local {
            return Ok(Self { chat: chat_role(&current)?, complete: complete_role(&current)? });
        }
        let found = current.providers.discover().await;
        let first = found.iter().find_map(|one| Some((one, one.models.first()?)));
        let (server, model) = first.ok_or_else(|| {
            let message = "no Ollama, llama.cpp or LM Studio with a model answers on this machine's usual ports";
            Failure::new(Exit::NotFound, message, "start one, or run `aside try` without `--local`")
        })?;
        let model = ModelRef { provider: server.provider.clone(), model: model.clone() };
        Ok(Self { chat: model.clone(), complete: model })
    }

    fn settings(&self, set: &[String]) -> Vec<String> {
        let ours = [PACE.to_owned(), format!("roles.chat={}", self.chat), format!("roles.complete={}", self.complete)];
        set.iter().cloned().chain(ours).collect()
    }
}

/// How the server of the trial is started, each time.
struct Start {
    root: PathBuf,
    data: PathBuf,
    settings: Vec<String>,
}

impl Start {
    async fn editor(&self) -> Result<Editor, Failure> {
        Editor::start(&self.root, &self.data, &self.settings).await
    }
}

/// Shows the first completion that comes; gives the editor that asked for it.
async fn ghost_text(start: &Start, tour: &Tour, builtin: bool) -> Result<Editor, Failure> {
    heading("1. Ghost text");
    let mut editor = start.editor().await?;
    if shows_completion(&mut editor, tour).await? {
        return Ok(editor);
    }
    let places = tour.holes().len();
    if builtin {
        terminal::line(&format!("nothing was sure enough at {places} places; with `{GUESSES}` it guesses:"));
        editor.leave().await?;
        let settings = start.settings.iter().cloned().chain([GUESSES.to_owned()]).collect();
        editor = Start { root: start.root.clone(), data: start.data.clone(), settings }.editor().await?;
        if shows_completion(&mut editor, tour).await? {
            return Ok(editor);
        }
    }
    let status = editor.request("aside/status", json!({})).await?;
    let why = status["lastEmpty"]["message"].as_str().unwrap_or("no reason was given").to_owned();
    let hint = status["lastEmpty"]["hint"].as_str().unwrap_or_default().to_owned();
    Err(Failure::new(Exit::Failed, format!("no completion came at {places} places: {why}"), hint))
}

/// Shows the first suggestion that is long enough to be worth a look, else the longest of all places.
async fn shows_completion(editor: &mut Editor, tour: &Tour) -> Result<bool, Failure> {
    let mut best: Option<(&Hole, String, Duration)> = None;
    for hole in tour.holes() {
        editor.open(hole).await?;
        let asked = Instant::now();
        let answer = editor.complete(hole).await?;
        let took = asked.elapsed();
        editor.close(hole).await?;
        let Some(text) = answer.filter(|text| text.trim().len() >= TELLING.start) else { continue };
        if best.as_ref().is_none_or(|(_, longest, _)| longest.len() < text.len()) {
            best = Some((hole, text, took));
        }
        if best.as_ref().is_some_and(|(_, longest, _)| longest.len() >= TELLING.end) {
            break;
        }
    }
    if let Some((hole, text, took)) = &best {
        show_hole(hole, text, *took);
    }
    Ok(best.is_some())
}

fn show_hole(hole: &Hole, text: &str, took: Duration) {
    let number = hole.line + 1;
    terminal::line(&format!("{}:{number}", visible(&hole.relative)));
    for (line, above) in (number - hole.above.len()..).zip(&hole.above) {
        terminal::line(&format!("{line:>6} │ {}", visible(above)));
    }
    let ghost = styled(Style::Dim, &format!("⟦{}⟧", visible(text)));
    terminal::line(&format!("{number:>6} │ {}{ghost}", visible(&hole.typed)));
    terminal::line(&format!(
        "suggested in {} ms; the file had `{}` there",
        took.as_millis(),
        visible(hole.removed.trim_end())
    ));
}

async fn first_answer(editor: &mut Editor, tour: &Tour, root: &Path) -> Result<String, Failure> {
    heading("2. Chat about this workspace");
    let workspace = editor::uri(root)?;
    let made = editor.request("aside/chat/new", json!({ "workspace": workspace })).await?;
    let session = made["session"]["id"].as_str().unwrap_or_default().to_owned();
    let question = format!("Where is `{}` used, and what for?", tour.word);
    say(&question);
    let mut answer = editor.ask(&session, &question).await?;
    let mut shown = Shown::default();
    while let Some(text) = answer.next_text(editor, Duration::MAX).await? {
        shown.add(&text);
    }
    shown.end();
    match answer.end.as_deref() {
        Some("complete" | "length") => Ok(session),
        _ => Err(answer.failure()),
    }
}

/// The beginning of an answer as it streams: a tour is not the place to read it all.
#[derive(Default)]
struct Shown {
    lines: usize,
}

impl Shown {
    /// Lines shown of one answer.
    const MOST: usize = 24;

    fn add(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            if self.lines < Self::MOST {
                terminal::piece(&visible(line));
            }
            self.lines += usize::from(line.ends_with('\n'));
        }
    }

    fn end(&self) {
        let more = self.lines.saturating_sub(Self::MOST);
        terminal::line(&if more > 0 {
            styled(Style::Dim, &format!("… and {more} more lines"))
        } else {
            String::new()
        });
    }
}

/// What was seen of an answer before the server was killed.
struct Seen {
    text: String,
    ended: bool,
}

async fn interrupted_answer(mut editor: Editor, session: &str, tour: &Tour) -> Result<Seen, Failure> {
    heading("3. The server is killed in the middle of an answer");
    let question =
        format!("Describe in detail everything that has to do with `{}` and `{}`.", tour.second_word, tour.word);
    say(&question);
    let mut answer = editor.ask(session, &question).await?;
    let (mut text, mut shown) = (String::new(), Shown::default());
    let mut deadline = None;
    loop {
        let left =
            deadline.map_or(Duration::MAX, |deadline: Instant| deadline.saturating_duration_since(Instant::now()));
        match answer.next_text(&mut editor, left).await? {
            Some(piece) => {
                deadline.get_or_insert_with(|| Instant::now() + INTERRUPT_AFTER);
                shown.add(&piece);
                text.push_str(&piece);
            }
            None => break,
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
    }
    editor.kill().await?;
    shown.end();
    if answer.end.as_deref().is_some_and(|end| end == "error") {
        return Err(answer.failure());
    }
    let when = if answer.end.is_some() { "the answer was already complete" } else { "in the middle of the answer" };
    terminal::line(&styled(Style::Warn, &format!("SIGKILL after {} characters: {when}", text.chars().count())));
    Ok(Seen { text, ended: answer.end.is_some() })
}

async fn resumed(start: &Start, session: &str, seen: &Seen) -> Result<(), Failure> {
    heading("4. Started again: the conversation is there");
    let mut editor = start.editor().await?;
    let workspace = editor::uri(&start.root)?;
    let list = editor.request("aside/chat/list", json!({ "workspace": workspace })).await?;
    let listed = list["sessions"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == session));
    let opened = editor.request("aside/chat/open", json!({ "session": session })).await?;
    let messages = opened["messages"].as_array().cloned().unwrap_or_default();
    for message in &messages {
        show_message(message);
    }
    editor.leave().await?;
    let last = messages.last().cloned().unwrap_or_default();
    let kept = last["text"].as_str().unwrap_or_default();
    let state = last["state"].as_str().unwrap_or_default();
    let expected = if seen.ended { "complete" } else { "interrupted" };
    let whole = messages.len() == 4
        && state == expected
        && (kept.is_empty() || seen.text.starts_with(kept) || kept.starts_with(&seen.text));
    if !listed || !whole || (kept.is_empty() && !seen.text.is_empty() && !seen.ended) {
        let message =
            format!("the conversation is not there as it was: {} messages, the last one `{state}`", messages.len());
        return Err(Failure::new(Exit::Failed, message, "please report this with the output above"));
    }
    let good =
        format!("{} messages, the last one {state} with {} characters kept", messages.len(), kept.chars().count());
    terminal::line(&styled(Style::Good, &good));
    Ok(())
}

fn show_message(message: &Value) {
    let who = if message["role"] == "user" { "you" } else { "aside" };
    let state = message["state"].as_str().unwrap_or_default();
    let text = message["text"].as_str().unwrap_or_default();
    let first: String =
        text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(80).collect();
    terminal::line(&format!("  {who:>5} [{state}] {}", visible(&first)));
}

fn next_steps() {
    heading("5. In your editor");
    let program = std::env::current_exe().map_or_else(|_| "aside".to_owned(), |path| path.display().to_string());
    terminal::line(&format!("  put it on your PATH first: install -Dm755 {program} ~/.local/bin/aside"));
    for (name, how) in [
        ("VS Code", "install the extension of `editors/vscode`: `docs/guides/vscode.md` shows how"),
        (
            "Neovim",
            "vim.lsp.config('aside', { cmd = { 'aside', 'lsp' }, root_markers = { '.git' } }); vim.lsp.enable('aside'); vim.lsp.inline_completion.enable()",
        ),
        (
            "Helix",
            "languages.toml: [language-server.aside] command = \"aside\", args = [\"lsp\"]; add \"aside\" to a language's language-servers",
        ),
        (
            "Emacs",
            "(with-eval-after-load 'eglot (add-to-list 'eglot-server-programs '(prog-mode \"aside\" \"lsp\"))), then M-x eglot",
        ),
        ("Zed", "needs an extension that registers a language server with the command `aside lsp`"),
    ] {
        terminal::line(&format!("  {name:8} {how}"));
    }
}

fn heading(text: &str) {
    terminal::line(&format!("\n{}", styled(Style::Bold, text)));
    let _ = std::io::stdout().flush();
}

fn say(question: &str) {
    terminal::line(&format!("{} {question}\n", styled(Style::Bold, "you:")));
}
