//! Commit messages and reviews of what is staged, with the real Git.

use std::process::Command;

use aside_test_support::{Client, Home, model_server::dialects::openai, real};
use serde_json::{Value, json};

use super::{CODE, end, plain, rendering, scripted};

const PUBLISH: &str = "textDocument/publishDiagnostics";

/// Runs Git in the workspace.
fn git(home: &Home, arguments: &[&str]) {
    let mut command: Command = home.command("git".as_ref());
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"]);
    let done = command.args(arguments).output().expect("git runs");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_commit_message_comes_of_what_is_staged_and_of_nothing_that_has_to_stay() {
    if real::program("git").is_none() {
        return;
    }
    let (server, home) = scripted();
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let ask = |client: &mut Client| client.try_request::<Value>("aside/commit", json!({}));
    assert_eq!(ask(&mut client).expect_err("no repository").kind(), "git-no-repository");
    git(&home, &["init", "-q", "-b", "main"]);
    git(&home, &["add", "a.rs"]);
    git(&home, &["commit", "-q", "-m", "Begin"]);
    let error = ask(&mut client).expect_err("nothing is staged");
    assert_eq!(error.kind(), "nothing-changed");
    assert!(error.message.contains("nothing is staged") && error.hint().contains("git add"), "{error:?}");

    // What a repository says to run is not run: neither for a file nor in a submodule.
    git(&home, &["init", "-q", "-b", "main", "inner"]);
    home.write("inner/b.rs", "fn b() {}\n");
    git(&home, &["-C", "inner", "add", "."]);
    git(&home, &["-C", "inner", "commit", "-q", "-m", "Begin"]);
    git(&home, &["submodule", "add", "-q", "./inner", "inner"]);
    for folder in [".", "inner"] {
        let touch = format!("touch {}; cat", home.path("ran").display());
        git(&home, &["-C", folder, "config", "filter.evil.clean", &touch]);
        git(&home, &["-C", folder, "config", "core.fsmonitor", &touch]);
        git(&home, &["-C", folder, "config", "diff.external", &touch]);
    }
    home.write("a.rs", &CODE.replace("1;", "bat;"));
    home.write(".env", "TOKEN=abc\n");
    git(&home, &["add", "-f", "a.rs", ".env"]);
    for folder in ["", "inner/"] {
        home.write(&format!("{folder}.gitattributes"), "*.rs filter=evil diff=evil\n");
    }
    home.write("inner/b.rs", "fn bi() {}\n");
    if home.path("ran").exists() {
        std::fs::remove_file(home.path("ran")).expect("it is there");
    }

    server.once(openai::CHAT, openai::chat(&["Say one in ", "Basque\n"]));
    let said = ask(&mut client).expect("a message");
    assert_eq!((&said["text"], &said["leftOut"]), (&json!("Say one in Basque"), &json!([".env"])));
    let sent = server.request(openai::CHAT).text();
    assert!(sent.contains("+    bat;") && sent.contains("Begin") && !sent.contains("TOKEN"), "{sent}");

    for changes in ["staged", "all"] {
        server.once(openai::CHAT, openai::chat(&["### a.rs:2 hint: a name\n\nBetter.\n"]));
        let said: Value = client.request("aside/review", json!({ "changes": changes }));
        client.notification("aside/chat/show");
        let answer = client.whole_answer(said["turn"].as_str().expect("a turn"));
        assert_eq!(answer.end.reason, "complete");
        let ours = |params: &Value| params["uri"] == home.uri("a.rs");
        let marked = client.notification_where(PUBLISH, ours);
        assert_eq!(marked["diagnostics"][0]["severity"], 4, "{marked}");
        let sent = server.request(openai::CHAT).text();
        assert!(sent.contains("+    bat;") && !sent.contains("TOKEN"), "{sent}");
    }
    assert!(!home.path("ran").exists(), "a program of the repository was run");
    client.tolerate(PUBLISH);
    end(client);
}

#[test]
fn a_commit_message_is_put_into_the_document_where_git_asks_for_one() {
    if real::program("git").is_none() {
        return;
    }
    let (server, home) = scripted();
    git(&home, &["init", "-q", "-b", "main"]);
    git(&home, &["add", "a.rs"]);
    let mut client = Client::of(&home).capabilities(plain("utf-8")).connect();
    let uri = home.uri(".git/COMMIT_EDITMSG");
    client.open(&uri, "git-commit", "\n# Please enter the message\n");
    let place = json!({ "line": 0, "character": 0 });
    let params = json!({
        "textDocument": { "uri": uri }, "range": { "start": place, "end": place }, "context": { "diagnostics": [] },
    });
    let actions: Vec<Value> = client.request("textDocument/codeAction", params);
    server.once(openai::CHAT, openai::chat(&["Begin\n"]));
    super::run(&mut client, super::titled(&actions, "Write the commit message"));
    assert_eq!(client.text(&uri), "Begin\n\n# Please enter the message\n");
    client.shutdown();
}

#[test]
fn a_message_takes_the_model_for_conversations_and_says_so() {
    if real::program("git").is_none() {
        return;
    }
    let (server, home) = scripted();
    let config = aside_test_support::settings("openai", &server.url("/v1"));
    home.config(&config.replace("chat = ", "edit = "));
    git(&home, &["init", "-q", "-b", "main"]);
    git(&home, &["add", "a.rs"]);
    git(&home, &["commit", "-q", "-m", "Begin"]);
    home.write("a.rs", "fn other() {}\n");
    git(&home, &["add", "a.rs"]);
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let error = client.refused("aside/commit", json!({}));
    assert_eq!(error.kind(), "needs-model");
    assert!(error.message.contains("conversations") && error.hint().contains("roles.chat"), "{error:?}");
    end(client);
}
