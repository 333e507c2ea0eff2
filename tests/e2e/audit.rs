//! The audit log as a user sees it: what a real run leaves in it, and what is found when somebody changed it.

use aside_test_support::{Client, Home, ModelServer, model_server::dialects::openai};

/// A home whose provider `work` takes its key from the environment, and its server.
fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = Home::with(
        &format!(
            "[roles]\nchat = \"work/m\"\n[providers.work]\ndialect = \"openai\"\nbase_url = \"{}\"\nkey = \"env:WORK_TEST_KEY\"\n",
            server.url("/v1")
        ),
        "",
    );
    (server, home)
}

const KEY: &str = "test-key-Zq81vX0pLm3";

/// One chat in an editor, and one in a terminal whose key is missing.
fn use_the_key(home: &Home) {
    let mut client = Client::of(home).env("WORK_TEST_KEY", KEY).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "hello");
    client.shutdown();
    home.run(&["chat", "--new", "hi"]).expect_code(1);
}

fn log(home: &Home) -> std::path::PathBuf {
    home.aside().join("state/audit/audit.jsonl")
}

#[test]
fn every_use_of_a_key_is_recorded_by_whom_and_never_with_what() {
    let (server, home) = scripted();
    home.run(&["audit", "verify"]).expect_code(0);
    assert!(!log(&home).exists(), "reading makes nothing");
    use_the_key(&home);
    let tail = home.run(&["audit", "tail", "--json"]).expect_code(0).json();
    let told: Vec<_> = tail
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["by"].as_str(), one["what"].as_str(), one["outcome"].as_str(), one["why"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            // The key of the conversations, with the first of them.
            (Some("lsp"), Some("set"), Some("done"), None),
            (Some("lsp"), Some("use"), Some("done"), None),
            (Some("cli"), Some("use"), Some("failed"), Some("no-key")),
        ]
    );
    let origin = server.url("");
    assert!(tail[1]["name"].as_str().is_some_and(|name| name == format!("`work` for `{origin}`")), "{tail}");
    let text = std::fs::read_to_string(log(&home)).expect("a log");
    assert!(!text.contains(KEY) && !text.contains("work") && !text.contains(&origin), "{text}");
    let verified = home.run(&["audit", "verify"]).expect_code(0);
    assert_eq!(verified.stdout, "3 records: intact\n");
    let shown = home.run(&["audit", "tail", "-n", "1"]).expect_code(0).stdout;
    assert!(shown.contains("use") && shown.contains("(no-key)") && shown.lines().count() == 1, "{shown}");
    let doctor = home.run(&["doctor", "--json"]).json();
    let row = doctor.as_array().expect("a list").iter().find(|row| row["name"] == "audit").expect("a row");
    assert_eq!(row["result"], "good", "{row}");
}

#[test]
fn a_changed_log_is_found_by_place_and_fails() {
    let (_server, home) = scripted();
    use_the_key(&home);
    let text = std::fs::read_to_string(log(&home)).expect("a log");
    std::fs::write(log(&home), text.replacen("\"done\"", "\"lost\"", 1)).expect("written");
    let verified = home.run(&["audit", "verify"]).expect_code(1);
    assert!(verified.stdout.starts_with("2 records: not intact: 1 finding\n"), "{}", verified.stdout);
    assert!(verified.stdout.contains("`audit.jsonl` line 1: was changed or put in"), "{}", verified.stdout);
    let json = home.run(&["audit", "verify", "--json"]).expect_code(1).json();
    assert_eq!((&json["intact"], &json["findings"][0]["line"]), (&false.into(), &1.into()));
    // The end, cut off.
    let (rest, _) = text.trim_end().rsplit_once('\n').expect("several lines");
    std::fs::write(log(&home), format!("{rest}\n")).expect("written");
    let verified = home.run(&["audit", "verify"]).expect_code(1);
    assert!(verified.stdout.contains("the last record is gone"), "{}", verified.stdout);
    std::fs::remove_file(home.aside().join("data/audit.key")).expect("removed");
    let verified = home.run(&["audit", "verify"]).expect_code(1);
    assert!(verified.stderr.contains("its key") && verified.stderr.contains("next: "), "{}", verified.stderr);
}

#[test]
fn a_report_sums_up_and_tells_what_is_out_of_the_ordinary() {
    let (_server, home) = scripted();
    use_the_key(&home);
    let report = home.run(&["audit", "report", "--days", "7", "--json"]).expect_code(0).json();
    assert_eq!((&report["records"], &report["anomalies"]), (&3.into(), &serde_json::json!([])));
    let outcomes: Vec<_> = report["counts"].as_array().expect("a list").iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["done", "done", "failed"]);
    // Somebody takes the head away: the next writer says so, and the report with it.
    std::fs::remove_file(home.aside().join("data/audit.head")).expect("removed");
    home.run(&["chat", "--new", "hi"]).expect_code(1);
    let report = home.run(&["audit", "report"]).expect_code(0);
    assert!(report.stdout.contains("not as its last writer left it: head-missing"), "{}", report.stdout);
    assert!(home.run(&["audit", "verify"]).expect_code(1).stdout.contains("head-missing"));
}

#[test]
fn where_every_use_must_be_recorded_an_unusable_log_stops_the_use_and_else_it_does_not() {
    let (server, home) = scripted();
    std::fs::create_dir_all(log(&home)).expect("a folder in the log's place");
    let ask = |arguments: &[&str]| {
        home.run_with(arguments, "", |command| {
            command.env("WORK_TEST_KEY", KEY);
        })
    };
    let refused = ask(&["--set", "audit.required=all", "chat", "--new", "hi"]).expect_code(1);
    assert!(
        refused.stderr.contains("its use cannot be recorded") && refused.stderr.contains("next: "),
        "{}",
        refused.stderr
    );
    assert!(server.requests().is_empty(), "nothing is sent");
    assert!(ask(&["chat", "--new", "hi"]).expect_code(0).stdout.contains("hello"));
    let row = home.run(&["doctor"]).expect_code(1).stdout;
    assert!(row.contains("audit") && row.contains("is not a file"), "{row}");
}
