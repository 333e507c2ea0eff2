//! Answers that are no edit: the document stays, the message names the reason and the next step, and who tries again shows the
//! model what failed.

use aside_test_support::{
    Client, Home,
    model_server::{Reply, dialects::openai},
};
use serde_json::{Value, json};

use super::{CODE, accept, end, id, plain, proposed, rendering, rewrite, scripted, settled};

/// What the model says, the code of what is wrong with it, a part of the sentence, and whether the model is to blame.
struct Bad {
    reply: Reply,
    code: &'static str,
    says: &'static str,
    blamed: bool,
}

fn bad() -> Vec<Bad> {
    let of = |reply, code, says, blamed| Bad { reply, code, says, blamed };
    let said = |text: &str| openai::chat(&[text]);
    let long = "x".repeat(64 << 10) + "\n";
    let endless = (0..80).fold(Reply::sse(), |reply, _| reply.then(openai::delta(&long)));
    let half = "```rust\nfn two() {\n    22;\n";
    vec![
        of(said("The function looks fine to me, and I would leave it."), "answer-no-code", "without code", true),
        of(openai::chat(&[]), "answer-empty", "answered nothing", false),
        of(said(half), "answer-cut", "half an edit", true),
        of(
            said("nowhere.rs\n<<<<<<< SEARCH\nfn x() {}\n=======\nfn y() {}\n>>>>>>> REPLACE\n"),
            "",
            "nowhere.rs",
            true,
        ),
        of(said("```python\ndef two():\n    return 22\n```"), "", "python", true),
        of(said("```rust\nfn two() {\n    // ... existing code ...\n}\n```"), "", "leaves lines out", true),
        of(said("```rust\nfn two() {\n    \u{1b}[31m2;\n}\n```"), "", "control character", true),
        of(said("```rust\nfn two() {\n    2;\n}\n```"), "", "", true),
        of(endless.then(openai::finish("stop")).then(openai::DONE), "", "longer than", true),
        of(Reply::sse().then(openai::delta(half)).broken(), "answer-truncated", "broke off", false),
        of(
            Reply::sse().then(openai::delta(half)).then(openai::finish("length")).then(openai::DONE),
            "answer-length",
            "cut off",
            true,
        ),
        of(
            Reply::sse().then(openai::delta(half)).then(openai::finish("content_filter")).then(openai::DONE),
            "answer-filtered",
            "filter",
            false,
        ),
    ]
}

#[test]
fn a_bad_answer_leaves_the_document_says_why_and_the_model_is_shown_what_failed() {
    let (server, home) = scripted();
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    for Bad { reply, code, says, blamed } in bad() {
        server.once(openai::CHAT, reply);
        let edit = rewrite(&mut client, &uri, 5);
        let failed = settled(&mut client, &edit);
        let error = &failed["error"];
        let message = error["message"].as_str().unwrap_or_default();
        assert_eq!(failed["state"], "failed", "{says}: {failed:#}");
        assert!(message.contains(says), "`{says}`: {message}");
        assert!(code.is_empty() || error["code"] == code, "{code}: {error}");
        assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{error}");
        assert!(!message.contains('\u{1b}'), "{message:?}");
        server.once(openai::CHAT, openai::chat(&["```rust\nfn two() {\n    22;\n}\n```"]));
        let again: Value = client.request("aside/edit/retry", json!({ "edit": edit }));
        let again = id(&again);
        assert_eq!(settled(&mut client, &again)["state"], "proposed", "{says}");
        let sent = server.requests().last().expect("a request").text();
        let shown = sent.contains("could not be used") || sent.contains("was cut off");
        assert_eq!(shown, blamed, "{says}: {}", &sent[..sent.len().min(3000)]);
        client.request::<Value>("aside/edit/reject", json!({ "edit": again }));
        assert_eq!((client.text(&uri), client.version(&uri)), (CODE, 1));
    }
    assert_eq!((client.edits_applied(), client.open_documents().len()), (0, 1));
    end(client);
}

#[test]
fn a_server_that_fails_and_a_model_that_is_not_set_are_told_in_plain_editors_too() {
    let (server, home) = scripted();
    server.always(openai::CHAT, openai::error(400, "no such parameter"));
    let mut client = Client::of(&home).capabilities(plain("utf-8")).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    rewrite(&mut client, &uri, 5);
    let told = client.notification("window/showMessage");
    let told = told["message"].as_str().expect("a message");
    assert!(
        told.contains("say it in Basque") && told.contains("no such parameter") && told.contains("Next:"),
        "{told}"
    );
    server.always(openai::CHAT, openai::error(500, "out of order"));
    rewrite(&mut client, &uri, 5);
    let told = client.notification("window/showMessage");
    assert!(told["message"].as_str().is_some_and(|told| told.contains("Next:")), "{told}");
    assert_eq!(client.text(&uri), CODE);
    end(client);

    let home = Home::new();
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    let error = client.refused("aside/edit", json!({ "textDocument": { "uri": uri }, "instruction": "more" }));
    assert_eq!(error.kind(), "needs-model");
    assert!(error.hint().contains("roles.edit"), "{error:?}");
    end(client);
}

#[test]
fn an_answer_in_pieces_that_split_everything_is_read_as_one() {
    let (server, home) = scripted();
    let answer = "```rust\r\nfn two() {\n    \"\u{1F600}\u{e9}\";\n}\n```";
    let pieces: Vec<String> = answer.chars().map(String::from).collect();
    server.once(openai::CHAT, openai::chat(&pieces.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    let edit = rewrite(&mut client, &uri, 5);
    proposed(&mut client, &edit);
    accept(&mut client, &edit);
    assert_eq!(client.text(&uri), CODE.replace("2;", "\"\u{1F600}\u{e9}\";"));
    end(client);
}
