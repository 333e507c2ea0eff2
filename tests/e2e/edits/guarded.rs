//! Edits of places where a model has no business: outside, in control files, through links, with hidden text.

use std::fs;

use aside_test_support::{Client, Home, ModelServer, model_server::dialects::openai, settings};
use serde_json::json;

use super::{CODE, accept, end, plain, rendering, rewrite, settled};

/// A home whose models name what they change.
fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let shape = "[edit]\nshape = \"search-replace\"\n";
    let home =
        Home::with(&format!("{}\n{shape}", settings("openai", &server.url("/v1"))), &format!("//- a.rs\n{CODE}"));
    (server, home)
}

/// An answer that makes the file `path` with `text`.
fn makes(path: &str, text: &str) -> String {
    format!("{path}\n```\n<<<<<<< SEARCH\n=======\n{text}>>>>>>> REPLACE\n```\n")
}

#[test]
fn a_sensitive_place_takes_a_confirmation_of_its_own() {
    let (server, home) = scripted();
    let outside = home.user().join("outside");
    fs::create_dir_all(&outside).expect("the home is writable");
    fs::create_dir_all(home.path(".git/hooks")).expect("the workspace is writable");
    std::os::unix::fs::symlink(&outside, home.path("link")).expect("the workspace is writable");
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    let cases = [
        (".vscode/settings.json", "control-file"),
        (".git/hooks/pre-commit", "control-file"),
        ("link/new.rs", "outside-workspace"),
        ("a\u{202e}sr.b", "invisible-characters"),
    ];
    for (path, warning) in cases {
        server.once(openai::CHAT, openai::chat(&[&makes(path, "echo\n")]));
        let edit = rewrite(&mut client, &uri, 5);
        let proposed = settled(&mut client, &edit);
        if proposed["state"] == "failed" {
            // Refused outright is as good.
            assert!(proposed["error"]["message"].as_str().is_some_and(|told| told.contains(path)), "{proposed:#}");
            continue;
        }
        let codes = proposed["files"][0]["warnings"].to_string();
        assert!(codes.contains(warning), "{path}: {codes}");
        let refused = client.refused("aside/edit/accept", json!({ "edit": edit, "confirmed": true }));
        assert_eq!(refused.kind(), "edit-not-confirmed");
        assert!(!home.path(path).exists(), "{path}");
        let asked = client.questions().last().expect("a question")["message"].as_str().unwrap_or_default().to_owned();
        assert!(asked.contains(&path.replace('\u{202e}', "\\u{202e}")) && !asked.contains('\u{202e}'), "{asked}");
        client.will_choose("Apply the change");
        accept(&mut client, &edit);
        assert_eq!(home.read(path), "echo\n");
    }
    end(client);
}

#[test]
fn a_place_that_cannot_be_meant_is_refused() {
    let (server, home) = scripted();
    home.write(".env", "TOKEN=abc\n");
    let own = home.aside().join("config.toml");
    let before = fs::read_to_string(&own).expect("the settings are there");
    std::os::unix::fs::symlink(home.aside(), home.path("own")).expect("the workspace is writable");
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    let absolute = own.to_string_lossy().into_owned();
    for path in ["../x", "/etc/passwd", &absolute, "own/config.toml", "own/data/new", ".env", "a\u{1}b.rs", "."] {
        server.once(openai::CHAT, openai::chat(&[&makes(path, "x = 1\n")]));
        let edit = rewrite(&mut client, &uri, 5);
        let failed = settled(&mut client, &edit);
        assert_eq!(failed["state"], "failed", "{path}: {failed:#}");
        assert!(!failed["error"]["message"].as_str().unwrap_or_default().contains('\u{202e}'), "{failed:#}");
    }
    assert_eq!(fs::read_to_string(&own).expect("the settings are there"), before);
    assert_eq!((home.read(".env").as_str(), client.edits_applied()), ("TOKEN=abc\n", 0));
    end(client);
}

#[test]
fn hidden_text_is_shown_and_asked_about() {
    let (server, home) = scripted();
    let mut client = Client::of(&home).capabilities(plain("utf-16")).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    let block = "a.rs\n```rust\n<<<<<<< SEARCH\n    2;\n=======\n    2; // \u{202e}hidden\n>>>>>>> REPLACE\n```\n";
    server.once(openai::CHAT, openai::chat(&[block]));
    let edit = rewrite(&mut client, &uri, 5);
    let diff = client.shown_where(|uri| uri.ends_with(".diff"));
    let text = client.text(&diff).to_owned();
    assert!(
        text.contains("\\u{202e}hidden") && !text.contains('\u{202e}') && text.contains("# Attention: a.rs:"),
        "{text}"
    );
    assert_eq!(client.refused("aside/edit/accept", json!({ "edit": edit })).kind(), "edit-not-confirmed");
    assert_eq!(client.text(&uri), CODE);
    client.will_choose("Apply the change");
    accept(&mut client, &edit);
    assert!(client.text(&uri).contains('\u{202e}'), "the person wanted it");
    end(client);
}
