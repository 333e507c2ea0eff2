//! The command line: what it prints, what `--json` holds, and its exit codes.

use aside_test_support::{
    Home, ModelServer,
    model_server::{Reply, dialects::openai},
    settings,
};
use serde_json::{Value, json};

/// Code as it is: the same few shapes again and again.
const FILES: &str = "
//- src/basket.rs
pub fn total_of_basket(items: &[Item]) -> u64 {
    items.iter().map(|item| item.price_in_cents).sum()
}
pub fn largest_in_basket(items: &[Item]) -> Option<u64> {
    items.iter().map(|item| item.price_in_cents).max()
}
pub fn smallest_in_basket(items: &[Item]) -> Option<u64> {
    items.iter().map(|item| item.price_in_cents).min()
}
pub fn costs(items: &[Item]) -> u64 {
    items.iter().map(|item| item.
}
//- src/order.rs
use crate::basket::{largest_in_basket, smallest_in_basket, total_of_basket};
pub fn parse_order_header(text: &str) -> Option<Header> {
    let (name, rest) = text.split_once(':')?;
    Some(Header { name: name.trim().to_owned(), rest: rest.trim().to_owned() })
}
pub fn parse_order_footer(text: &str) -> Option<Footer> {
    let (name, rest) = text.split_once(':')?;
    Some(Footer { name: name.trim().to_owned(), rest: rest.trim().to_owned() })
}
pub fn parse_order_total(items: &[Item]) -> u64 {
    items.iter().map(|item| item.price_in_cents).sum()
}
pub fn parse_order_lines(items: &[Item]) -> Vec<u64> {
    items.iter().map(|item| item.price_in_cents).collect()
}
pub fn parse_order(text: &str, items: &[Item]) -> Option<Order> {
    let header = parse_order_header(text)?;
    let footer = parse_order_footer(text)?;
    let total = parse_order_total(items);
    let largest = largest_in_basket(items)?;
    let smallest = smallest_in_basket(items)?;
    Some(Order { header, footer, total, largest, smallest })
}
";

fn scripted(answer: &[&str]) -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(answer));
    let home = Home::with(&settings("openai", &server.url("/v1")), FILES);
    (server, home)
}

#[test]
fn what_is_not_a_command_is_wrong_usage() {
    let home = Home::new();
    for arguments in [&[][..], &["nonsense"], &["complete"], &["session"], &["session", "show"], &["lsp", "--nonsense"]]
    {
        let done = home.run(arguments).expect_code(2);
        assert!(done.stdout.is_empty() && !done.stderr.is_empty(), "{arguments:?}: {done:?}");
    }
    assert!(home.run(&["--version"]).expect_code(0).stdout.starts_with("aside "));
    assert!(home.run(&["--help"]).expect_code(0).stdout.contains("doctor"));
}

#[test]
fn complete_prints_the_completion_at_a_place() {
    let home = Home::with("[builtin]\nthreshold = 0.5\n", FILES);
    let done = home.run(&["complete", "src/basket.rs:11:34"]).expect_code(0);
    assert!(done.stdout.starts_with("price_in_cents)"), "{done:?}");
    let told = home.run(&["complete", "src/basket.rs:11:34", "--json"]).expect_code(0).json();
    assert!(told["suggestions"][0]["text"].as_str().is_some_and(|text| text.starts_with("price_in_cents)")), "{told}");
    assert!(told["model"].as_str().is_some_and(|model| model.starts_with("builtin/")), "{told}");
    assert_eq!(told["empty"], Value::Null);
}

#[test]
fn complete_explains_what_it_would_send_and_sends_nothing() {
    let (server, home) = scripted(&["hm"]);
    let told = home.run(&["complete", "src/basket.rs:11:34", "--explain", "--json"]).expect_code(0).json();
    assert_eq!(told["model"], "work/m");
    assert!(told["prefix"].as_str().is_some_and(|text| text.ends_with("|item| item.")), "{told}");
    assert!(home.run(&["complete", "src/basket.rs:11:34", "--explain"]).expect_code(0).stdout.contains("work/m"));
    assert!(server.requests().is_empty());
}

#[test]
fn complete_refuses_a_place_that_is_not_there() {
    let home = Home::with("", FILES);
    for (place, code) in [
        ("src/basket.rs", 2),
        ("src/basket.rs:0:1", 2),
        ("src/basket.rs:x:1", 2),
        ("src/basket.rs:900:1", 2),
        ("src/missing.rs:1:1", 4),
        ("src:1:1", 4),
    ] {
        let done = home.run(&["complete", place]).expect_code(code);
        assert!(done.stderr.contains("next:"), "`{place}` has a next step: {done:?}");
    }
}

#[test]
fn complete_says_why_there_is_nothing() {
    let home = Home::with("", FILES);
    home.write(".env", "TOKEN=abc\n");
    let done = home.run(&["complete", ".env:1:10"]).expect_code(1);
    assert!(done.stdout.is_empty() && done.stderr.contains(".env` is kept from models"), "{done:?}");
    let told = home.run(&["complete", ".env:1:10", "--json"]).expect_code(1).json();
    assert_eq!(told["empty"]["code"], "withheld");
}

#[test]
fn chat_prints_the_answer_and_keeps_the_conversation() {
    let (server, home) = scripted(&["Hello", ", world"]);
    assert_eq!(home.run(&["chat", "greet me"]).expect_code(0).stdout, "Hello, world\n");
    home.run(&["chat", "again"]).expect_code(0);
    home.run(&["chat", "--new", "something else"]).expect_code(0);
    let listed = home.run(&["session", "list", "--json"]).expect_code(0).json();
    let counts: Vec<_> = listed.as_array().expect("a list").iter().map(|one| one["messages"].clone()).collect();
    assert_eq!(counts, [json!(2), json!(4)], "newest first, the first two in one conversation");

    let id = listed[1]["id"].as_str().expect("an id");
    let shown = home.run(&["session", "show", id]).expect_code(0).stdout;
    assert!(shown.contains("greet me") && shown.contains("Hello, world"), "{shown}");
    let shown = home.run(&["session", "show", id, "--json"]).expect_code(0).json();
    assert_eq!(shown["messages"][1]["text"], "Hello, world");
    home.run(&["chat", "--session", id, "once more"]).expect_code(0);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn chat_takes_the_question_and_files_from_where_they_are() {
    let (server, home) = scripted(&["fine"]);
    home.run_with(&["chat"], "a piped question", |_| {}).expect_code(0);
    assert!(server.request(openai::CHAT).text().contains("a piped question"));
    home.run_with(&["chat", "what is this?"], "a piped text", |_| {}).expect_code(0);
    let body = server.request(openai::CHAT).text();
    assert!(body.contains("what is this?") && body.contains("a piped text"), "{body}");
    home.run(&["chat", "look", "--file", "src/basket.rs"]).expect_code(0);
    assert!(server.request(openai::CHAT).text().contains("price_in_cents"));
    home.run(&["chat", "look", "--file", "src/missing.rs"]).expect_code(4);
    home.run(&["chat", " "]).expect_code(2);
    home.run(&["chat"]).expect_code(2);
}

#[test]
fn a_message_that_is_refused_leaves_no_empty_conversation() {
    let (_server, home) = scripted(&["never"]);
    home.write(".env", "TOKEN=abc\n");
    home.run(&["chat", "--new", "look", "--file", ".env"]).expect_code(1);
    home.run(&["chat", "--new", "look", "--file", "src/missing.rs"]).expect_code(4);
    home.run(&["chat", "--new", &"x".repeat(50_001)]).expect_code(2);
    home.run(&["chat", "--new"]).expect_code(2);
    assert_eq!(home.run(&["session", "list", "--json"]).expect_code(0).json(), json!([]));
}

#[test]
fn a_mistake_in_the_settings_is_told_before_the_work_and_does_not_stop_it() {
    let (_server, home) = scripted(&["Hello"]);
    let done = home.run(&["--set", "chat.max_tokens=1", "chat", "hi"]).expect_code(0);
    assert_eq!(done.stdout, "Hello\n");
    assert!(done.stderr.contains("warning: ") && done.stderr.contains("`chat.max_tokens = 1`"), "{done:?}");
    let done = home.run(&["--set", "chat.max_tokens=1", "complete", "src/basket.rs:1:1", "--explain"]).expect_code(0);
    assert!(done.stderr.contains("warning: "), "{done:?}");
}

#[test]
fn a_home_that_is_no_absolute_path_is_refused_with_the_one_thing_to_do() {
    let told = Home::new().run_with(&["config", "path"], "", |command| {
        command.env("ASIDE_HOME", "relative");
    });
    assert!(told.stderr.contains("`ASIDE_HOME` is `relative`") && !told.stderr.contains("set HOME"), "{told:?}");
    assert_eq!((told.code, told.stdout.as_str()), (1, ""));
}

#[test]
fn chat_prints_one_event_per_line_as_json() {
    let (_server, home) = scripted(&["Hello"]);
    let done = home.run(&["chat", "--json", "greet me"]).expect_code(0);
    let events: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let text: String = events.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(text, "Hello");
    let last = events.last().expect("an end");
    assert_eq!((&last["type"], &last["reason"]), (&json!("end"), &json!("complete")));
}

#[test]
fn chat_fails_with_a_reason_when_the_model_does() {
    let (server, home) = scripted(&["never"]);
    server.once(openai::CHAT, openai::error(404, "no such model"));
    let done = home.run(&["chat", "hi"]);
    assert_eq!((done.code, done.stdout.as_str()), (4, ""), "{done:?}");
    assert!(done.stderr.contains("work") && done.stderr.contains("next:"), "{done:?}");
    server.once(openai::CHAT, Reply::sse().then(openai::delta("Hel")).broken());
    let done = home.run(&["chat", "hi"]).expect_code(1);
    assert!(done.stdout.starts_with("Hel"), "what came is shown: {done:?}");
    home.run(&["chat", "hi", "--model", "nonsense"]).expect_code(2);
    home.run(&["chat", "hi", "--model", "nobody/m"]).expect_code(1);
}

#[test]
fn what_a_provider_says_cannot_drive_the_terminal() {
    let (server, home) = scripted(&["\u{1b}]0;title\u{7}fine"]);
    let said = home.run(&["chat", "hi"]).expect_code(0);
    server.once(openai::CHAT, openai::error(400, "\u{1b}[31m\u{202e}no"));
    let failed = home.run(&["chat", "hi"]).expect_code(1);
    let listed = home.run(&["session", "list", "--json"]).expect_code(0).json();
    let shown = home.run(&["session", "show", listed[0]["id"].as_str().expect("an id")]).expect_code(0);
    for (done, part) in [(said, "fine"), (failed, "no"), (shown, "fine")] {
        let text = done.stdout + &done.stderr;
        assert!(text.contains(part) && !text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn a_conversation_that_is_not_there_is_not_found() {
    let home = Home::new();
    let unknown = "01890000-0000-7000-8000-000000000000";
    home.run(&["session", "show", unknown]).expect_code(4);
    home.run(&["session", "show", "zzzz"]).expect_code(4);
    home.run(&["chat", "--session", unknown, "hi"]).expect_code(4);
    assert!(home.run(&["session", "list"]).expect_code(0).stdout.contains("aside chat"));
    assert_eq!(home.run(&["session", "list", "--json"]).expect_code(0).json(), json!([]));
}

#[test]
fn config_check_names_file_line_reason_and_bounds() {
    let home = Home::with("[chat]\n\nmax_tokens = 1\n", "");
    let done = home.run(&["config", "check"]).expect_code(1);
    for part in ["config.toml", "chat.max_tokens", "16", "131072", "next:"] {
        assert!(done.stdout.contains(part), "`{part}` is missing in:\n{}", done.stdout);
    }
    let told = home.run(&["config", "check", "--json"]).expect_code(1).json();
    assert_eq!((&told[0]["key"], &told[0]["line"]), (&json!("chat.max_tokens"), &json!(3)));
    home.config("[chat]\nmax_tokens = 1000\n");
    home.run(&["config", "check"]).expect_code(0);
    assert_eq!(home.run(&["config", "check", "--json"]).expect_code(0).json(), json!([]));
}

#[test]
fn config_show_tells_where_each_value_comes_from() {
    let home = Home::with("[chat]\nmax_tokens = 1000\n", "");
    home.write(".aside.toml", "[complete]\nmax_tokens = 55\n");
    let arguments = ["config", "show", "--json", "--set", "chat.context_bytes=1024"];
    let done = home.run_with(&arguments, "", |command| {
        command.env("ASIDE_COMPLETE_PREFIX_BYTES", "4096");
    });
    let told = done.expect_code(0).json();
    let find = |key: &str| {
        let all = told.as_array().expect("a list");
        let one = all.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("`{key}` is missing in {told}"));
        (one["value"].as_str().unwrap_or_default().to_owned(), one["origin"].as_str().unwrap_or_default().to_owned())
    };
    for (key, value, origin) in [
        ("chat.max_tokens", "1000", "config.toml"),
        ("complete.max_tokens", "55", ".aside.toml"),
        ("complete.prefix_bytes", "\"4KiB\"", "ASIDE_COMPLETE_PREFIX_BYTES"),
        ("chat.context_bytes", "\"1KiB\"", ""),
        ("complete.suffix_bytes", "\"2KiB\"", "default"),
    ] {
        let (shown, from) = find(key);
        assert!(shown == value && from.contains(origin), "{key} = {shown} from {from}");
    }
}

#[test]
fn config_schema_and_path_are_for_tools() {
    let home = Home::new();
    let schema = home.run(&["config", "schema"]).expect_code(0).json();
    assert!(schema["properties"]["complete"].is_object() && schema["$schema"].is_string(), "{schema}");
    let paths = home.run(&["config", "path", "--json"]).expect_code(0).json();
    assert_eq!(paths["settings"], json!(home.aside().join("config.toml")));
    assert!(home.run(&["config", "path"]).expect_code(0).stdout.contains("config.toml"));
}

#[test]
fn doctor_says_which_model_changes_code() {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["yes"]));
    let chat = settings("openai", &server.url("/v1"));
    let edit = chat.replace("[roles]", "[roles]\nedit = \"nobody/m\"");
    for (config, outcome, detail) in [
        ("", "note", "none: the built-in engine changes no code"),
        (&*chat, "good", "as for conversations"),
        (&*edit, "bad", "nobody"),
    ] {
        let checks = Home::with(config, "").run(&["doctor", "--json"]).json();
        let row = checks.as_array().expect("a list").iter().find(|row| row["name"] == "edit model").expect("a row");
        assert_eq!(row["result"], outcome, "{row}");
        assert!(row["detail"].as_str().is_some_and(|told| told.contains(detail)), "{row}");
    }
}

#[test]
fn doctor_finds_what_is_wrong_and_what_to_do() {
    let (_server, home) = scripted(&["fine"]);
    let done = home.run(&["doctor"]).expect_code(0);
    assert!(done.stdout.contains("work/m"), "{}", done.stdout);
    let told = home.run(&["doctor", "--json"]).expect_code(0).json();
    let checks = told.get("checks").unwrap_or(&told).as_array().expect("a list").clone();
    assert!(checks.iter().all(|check| check["name"].is_string() && check["result"].is_string()), "{told}");

    home.config(&settings("openai", "http://127.0.0.1:1/v1"));
    let done = home.run(&["doctor"]).expect_code(1);
    assert!(done.stdout.contains("127.0.0.1:1"), "{}", done.stdout);
}

#[test]
fn try_shows_the_main_features_offline() {
    let home = Home::with("", FILES);
    let done = home.run(&["try"]).expect_code(0);
    for part in ["SIGKILL", "Neovim", "VS Code", "Helix", "Emacs", "Zed"] {
        assert!(done.stdout.contains(part), "`{part}` is missing in:\n{}", done.stdout);
    }
}

#[test]
fn try_works_where_the_built_in_engine_has_little_to_go_by() {
    let files = "//- src/a.rs\nfn first_thing(text: &str) -> u32 {\n    second_thing(text.len())\n}\n\
                 fn second_thing(count: usize) -> u32 {\n    let doubled = count * 2 + first_thing(\"\");\n    doubled\n}\n";
    let done = Home::with("", files).run(&["try"]).expect_code(0);
    assert!(done.stdout.contains("it guesses"), "{}", done.stdout);
}

#[test]
fn try_fails_when_a_step_fails() {
    let home = Home::with(&settings("openai", "http://127.0.0.1:1/v1"), FILES);
    let done = home.run(&["try", "--model", "work/m"]);
    assert_ne!(done.code, 0, "{done:?}");
    let empty = Home::new();
    assert_ne!(empty.run(&["try", "missing-folder"]).code, 0);
}

#[test]
fn output_that_nobody_reads_is_no_crash() {
    let home = Home::new();
    let mut command = home.command(aside_test_support::binary::aside());
    command.args(["config", "schema"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("`aside` starts");
    drop(child.stdout.take());
    let mut process = aside_test_support::Process::of(child);
    process.wait(aside_test_support::PATIENCE).expect("it ends");
    assert!(!process.errors().contains("panicked"), "{}", process.errors());
}
