//! What the page says of any editor, with one that knows what plain Helix and plain Neovim know: titles, settings and commands
//! are taken from the page.

use std::{fs, process::Command, time::Instant};

use aside_test_support::{
    Client, Home, ModelServer, PATIENCE, Terminal, binary::repository, model_server::dialects::ollama,
};
use serde_json::{Value, json};

use super::{answer, model_says, page::section, settings};

/// An editor without a plugin, and what it has open.
struct Reader {
    server: ModelServer,
    home: Home,
    client: Client,
}

impl Reader {
    /// With the page's settings and `more`.
    fn with(more: &str) -> Self {
        let server = ModelServer::start();
        let home = Home::with(&format!("{}\n{more}", settings(&server)), "");
        let client = connect(&home);
        Self { server, home, client }
    }

    /// Writes and opens a file.
    fn open(&mut self, path: &str, language: &str, text: &str) -> String {
        self.home.write(path, text);
        let uri = self.home.uri(path);
        self.client.open(&uri, language, text);
        uri
    }

    fn menu(&mut self, uri: &str, lines: (u32, u32), diagnostics: &Value) -> Vec<Value> {
        let place = |line: u32| json!({ "line": line, "character": 0 });
        let range = json!({ "start": place(lines.0), "end": place(lines.1) });
        let context = json!({ "diagnostics": diagnostics });
        let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": context });
        self.client.request("textDocument/codeAction", params)
    }

    /// Chooses what begins with `title` from the menu at these lines.
    #[track_caller]
    fn choose(&mut self, uri: &str, lines: (u32, u32), title: &str) -> Value {
        let menu = self.menu(uri, lines, &json!([]));
        let found = menu.iter().find(|action| action["title"].as_str().is_some_and(|known| known.starts_with(title)));
        let command = found.unwrap_or_else(|| panic!("no `{title}` in {menu:#?}"))["command"].clone();
        self.client.request(
            "workspace/executeCommand",
            json!({ "command": command["command"], "arguments": command["arguments"] }),
        )
    }

    fn run(&mut self, (name, parameters): &(String, Value)) -> Value {
        self.client.request("workspace/executeCommand", json!({ "command": name, "arguments": [parameters] }))
    }

    /// Waits until something whose address ends in `end` was shown; takes it off the list of those that were seen.
    #[track_caller]
    fn shown(&mut self, end: &str, seen: &mut Vec<String>) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let fresh = |uri: &&String| uri.ends_with(end) && !seen.contains(uri);
            if let Some(uri) = self.client.shown().iter().find(fresh).cloned() {
                seen.push(uri.clone());
                return uri;
            }
            assert!(Instant::now() < deadline, "nothing was shown that ends in `{end}`");
            // Whatever is asked, requests of the server are answered meanwhile.
            let _edits: Value = self.client.request("aside/edit/list", json!({}));
        }
    }

    /// The text of the newest request to the model.
    fn asked(&self) -> String {
        self.server.requests().last().expect("a request").text()
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.current_dir(self.home.workspace()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
        let done = git.output().expect("Git runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn end(mut self) {
        for method in ["window/logMessage", "aside/chat/event", "textDocument/publishDiagnostics", "window/showMessage"]
        {
            self.client.tolerate(method);
        }
        self.client.shutdown();
    }
}

fn connect(home: &Home) -> Client {
    let capabilities = json!({
        "general": { "positionEncodings": ["utf-8"] },
        "workspace": { "applyEdit": true, "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] } },
        "window": { "showDocument": { "support": true } },
    });
    let mut client = Client::of(home).capabilities(capabilities).connect();
    for method in ["window/logMessage", "aside/chat/event"] {
        client.tolerate(method);
    }
    client
}

const CODE: &str = "// Adds.\nfn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n";

#[test]
fn a_comment_says_what_is_to_change_and_goes_with_the_change() {
    let mut reader = Reader::with("");
    let page = section("In your own words");
    let code = page.blocks("rust").concat();
    let uri = reader.open("src/a.rs", "rust", &code);
    let changed = "fn add(a: u32, b: u32) -> Option<u32> {\n    a.checked_add(b)\n}\n";
    model_says(&reader.server, &format!("```rust\n{changed}```\n"));
    reader.choose(&uri, (1, 1), &page.title("Aside: Rewrite as the comment says"));
    reader.shown(".diff", &mut Vec::new());
    assert!(reader.asked().contains("return None when it overflows"));
    assert_eq!(reader.client.text(&uri), code, "nothing is changed yet");
    reader.choose(&uri, (1, 1), "Aside: accept");
    assert_eq!(reader.client.text(&uri), changed);
    reader.end();
}

#[test]
fn actions_of_ones_own_and_of_a_trusted_workspace_are_in_the_menu() {
    let page = section("Actions of your own");
    let blocks = page.blocks("toml");
    let mut reader = Reader::with(&blocks[0]);
    reader.home.write(".aside.toml", &blocks[1]);
    let uri = reader.open("src/a.rs", "rust", CODE);
    model_says(&reader.server, &format!("```rust\n{}```\n", CODE.replace("Adds", "Addiert")));
    reader.choose(&uri, (0, 4), &page.title("Aside: Translate"));
    reader.shown(".diff", &mut Vec::new());
    reader.choose(&uri, (0, 4), "Aside: accept");
    assert_eq!(reader.client.text(&uri), CODE.replace("Adds", "Addiert"));
    assert!(reader.asked().contains("Translate the comments of this code to German."));

    model_says(&reader.server, "It is not.");
    reader.choose(&uri, (2, 2), &page.title("Aside: Why"));
    let asked = reader.server.request(ollama::CHAT).text();
    assert!(asked.contains("German"), "the first request: {asked}");
    let document = reader.shown(".md", &mut Vec::new());
    reader.client.text_where(&document, |text| text.contains("It is not."));
    assert!(reader.asked().contains("Why may this rust code be slow?"), "{}", reader.asked());

    let titles = |menu: Vec<Value>| {
        menu.iter().map(|one| one["title"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let ours = "Aside: Add our logging".to_owned();
    assert!(!titles(reader.menu(&uri, (2, 2), &json!([]))).contains(&ours), "nobody trusts it yet");
    trust(&reader.home, &page.blocks("sh").concat());
    reader.end();
}

/// Follows the page's commands; an editor that starts in between has the workspace's actions.
fn trust(home: &Home, block: &str) {
    let commands: Vec<_> = block.lines().map(|line| line.split(" #").next().unwrap_or(line).trim()).collect();
    assert_eq!(
        commands,
        ["aside trust add", "aside trust list", "aside trust remove"],
        "what the page says is done here"
    );
    let Some(mut terminal) = Terminal::start(home, &["trust", "add"]) else { return };
    terminal.shows("actions.logging.prompt");
    terminal.shows("Type `y` to go on:");
    terminal.enter("y");
    terminal.ends().expect_code(0);
    assert!(home.run(&["trust", "list"]).expect_code(0).stdout.contains("since"));
    let mut client = connect(home);
    let uri = home.uri("src/a.rs");
    client.open(&uri, "rust", CODE);
    let place = json!({ "line": 2, "character": 0 });
    let params = json!({ "textDocument": { "uri": uri }, "range": { "start": place, "end": place }, "context": { "diagnostics": [] } });
    let menu: Value = client.request("textDocument/codeAction", params);
    assert!(menu.to_string().contains("Aside: Add our logging"), "{menu}");
    client.shutdown();
    home.run(&["trust", "remove"]).expect_code(0);
}

#[test]
fn a_review_leaves_findings_that_are_fixed_and_dismissed() {
    let mut reader = Reader::with("");
    let page = section("A review");
    let uri = reader.open("src/a.rs", "rust", CODE);
    let review = "### src/a.rs:3 error: it overflows\n\nUse `checked_add`.\n";
    model_says(&reader.server, review);
    reader.choose(&uri, (0, 0), &page.title("Aside: Review this file"));
    let found = reader.client.notification("textDocument/publishDiagnostics");
    let finding = &found["diagnostics"][0];
    assert_eq!(
        (&finding["source"], &finding["range"]["start"]["line"]),
        (&json!("Aside review"), &json!(2)),
        "{found}"
    );
    let menu = reader.menu(&uri, (2, 2), &json!([finding]));
    for title in [page.title("Aside: Fix"), page.title("Aside: Dismiss")] {
        let title = title.replace('…', "it overflows");
        assert!(menu.iter().any(|action| action["title"] == title), "no `{title}` in {menu:#?}");
    }

    reader.git(&["init", "--quiet", "--initial-branch=main"]);
    reader.git(&["add", "."]);
    reader.git(&["commit", "--quiet", "-m", "Begin"]);
    reader.home.write("src/a.rs", &CODE.replace("a + b", "a - b"));
    reader.git(&["add", "."]);
    let commands = page.commands();
    for command in &commands[..2] {
        reader.run(command);
        let found = reader.client.notification_where("textDocument/publishDiagnostics", |found| found["uri"] == *uri);
        assert_eq!(found["diagnostics"][0]["source"], "Aside review", "{found}");
        assert!(reader.asked().contains("+    a - b"), "{}", reader.asked());
    }
    reader.run(&commands[2]);
    let found = reader.client.notification("textDocument/publishDiagnostics");
    assert_eq!(found["diagnostics"], json!([]));
    reader.end();
}

#[test]
fn a_commit_message_comes_into_its_editor_and_by_command() {
    let mut reader = Reader::with("");
    let page = section("A commit message");
    let uri = reader.open("src/a.rs", "rust", CODE);
    reader.git(&["init", "--quiet", "--initial-branch=main"]);
    reader.git(&["add", "."]);
    reader.git(&["commit", "--quiet", "-m", "Begin"]);
    reader.git(&["switch", "--quiet", "-c", "work"]);
    reader.home.write("src/a.rs", &CODE.replace("a + b", "a - b"));
    reader.home.write(".env", "PASSWORD=canary-of-the-guide\n");
    reader.git(&["add", "--force", "."]);
    model_says(&reader.server, "Subtract\n\nAs was asked.");
    let message = reader.open(".git/COMMIT_EDITMSG", "git-commit", "\n# Please enter the message.\n");
    reader.choose(&message, (0, 0), &page.title("Aside: Write the commit message"));
    let text = reader.client.text(&message);
    assert!(
        text.starts_with("Subtract\n\nAs was asked.\n") && text.ends_with("# Please enter the message.\n"),
        "{text}"
    );
    let asked = reader.asked();
    assert!(
        asked.contains("+    a - b") && asked.contains("Begin") && !asked.contains("canary-of-the-guide"),
        "{asked}"
    );

    reader.client.close(&message);
    let commands = page.commands();
    let mut seen = Vec::new();
    assert_eq!(reader.run(&commands[0])["text"], "Subtract\n\nAs was asked.");
    reader.shown(".md", &mut seen);
    reader.git(&["commit", "--quiet", "-m", "Subtract"]);
    reader.run(&commands[1]);
    reader.shown(".md", &mut seen);
    assert_eq!(reader.client.text(&uri), CODE);
    reader.end();
}

#[test]
fn a_conversation_is_a_document() {
    let mut reader = Reader::with("");
    let page = section("A conversation");
    let commands = page.commands();
    model_says(&reader.server, "It adds.");
    let mut uris = Vec::new();
    for command in &commands {
        let uri = reader.run(command)["uri"].as_str().expect("an address").to_owned();
        reader.client.text_where(&uri, |text| text.contains("write below"));
        reader.client.type_at_end(&uri, "what does it do?\n");
        reader.choose(&uri, (0, 0), &page.title("Aside: Send"));
        reader.client.text_where(&uri, |text| text.contains("It adds."));
        uris.push(uri);
    }
    assert_ne!(uris[0], uris[1], "the second one is new");
    reader.end();
}

#[test]
fn what_fails_is_told_with_the_next_step_and_can_be_tried_again() {
    let mut reader = Reader::with("");
    let page = section("When nothing comes of it");
    let uri = reader.open("src/a.rs", "rust", CODE);
    reader.server.once(ollama::CHAT, answer("I would rather talk about it."));
    reader.choose(&uri, (2, 2), "Aside: Simplify");
    let told = reader.client.notification("window/showMessage");
    let told = told["message"].as_str().expect("a sentence");
    let row = page.rows().into_iter().find(|row| row[0] == "`the model answered without code`").expect("a row");
    assert!(told.contains("the model answered without code") && told.contains(&row[1]), "{told}");
    assert_eq!(reader.client.text(&uri), CODE);
    model_says(&reader.server, &format!("```rust\n{}```\n", CODE.replace("a + b", "b + a")));
    reader.choose(&uri, (2, 2), page.title("Aside: try again").trim_end_matches('…'));
    reader.shown(".diff", &mut Vec::new());
    assert!(reader.asked().contains("I would rather talk about it."), "{}", reader.asked());
    reader.end();
}

#[test]
fn a_file_that_decides_what_runs_asks_once_more_and_a_secret_file_is_refused() {
    assert!(section("What is never done").title(".vscode").starts_with(".vscode"));
    let mut reader = Reader::with(&section("Actions of your own").blocks("toml")[0]);
    let uri = reader.open("Makefile", "makefile", "# Builds.\nall:\n\ttrue\n");
    model_says(&reader.server, "```make\n# Baut.\nall:\n\ttrue\n```\n");
    let title = section("Actions of your own").title("Aside: Translate");
    reader.choose(&uri, (0, 3), &title);
    reader.shown(".diff", &mut Vec::new());
    let edits: Value = reader.client.request("aside/edit/list", json!({}));
    let edit = json!({ "edit": edits["edits"][0]["id"] });
    assert_eq!(reader.client.refused("aside/edit/accept", &edit).kind(), "edit-not-confirmed");
    reader.client.will_choose("Apply the change");
    let _applied: Value = reader.client.request("aside/edit/accept", &edit);
    assert!(reader.client.text(&uri).starts_with("# Baut."));
    let secret = reader.open(".env", "shellscript", "# A\nPASSWORD=1\n");
    let params = json!({ "action": "custom/german", "textDocument": { "uri": secret },
        "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 2, "character": 0 } } });
    assert_eq!(reader.client.refused("aside/action", params).kind(), "withheld");
    reader.end();
}

#[test]
fn no_action_is_an_edit_that_an_editor_could_apply_by_itself() {
    let mut reader = Reader::with(&section("Actions of your own").blocks("toml")[0]);
    let uri = reader.open("src/a.rs", "rust", CODE);
    let place = json!({ "start": { "line": 2, "character": 4 }, "end": { "line": 2, "character": 9 } });
    let wrong = json!([{ "range": place, "severity": 1, "message": "it overflows" }, { "range": place, "message": "and more" }]);
    let menu = reader.menu(&uri, (0, 4), &wrong);
    assert!(menu.len() > 8 && menu.iter().all(|action| action.get("edit").is_none()), "{menu:#?}");
    reader.end();
}

#[test]
fn the_settings_of_the_program_are_changed_by_no_proposal() {
    let mut reader = Reader::with(&section("Actions of your own").blocks("toml")[0]);
    let path = reader.home.aside().join("config.toml");
    let before = fs::read_to_string(&path).expect("the settings");
    let uri = format!("file://{}", path.display());
    reader.client.open(&uri, "toml", &before);
    model_says(&reader.server, "```toml\n[roles]\nchat = \"elsewhere/m\"\n```\n");
    reader.choose(&uri, (0, 3), &section("Actions of your own").title("Aside: Translate"));
    let told = reader.client.notification("window/showMessage");
    assert!(told["message"].as_str().is_some_and(|told| told.contains("it belongs to Aside itself")), "{told}");
    assert_eq!(reader.client.text(&uri), before);
    reader.end();
}

#[test]
fn the_recipe_that_the_page_names_is_there() {
    assert!(fs::exists(repository().join("editors/helix/languages.toml")).is_ok_and(|there| there));
}
