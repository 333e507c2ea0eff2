//! A conversation as a Markdown document: what editors without a plugin have.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Instant,
};

use aside_test_support::{
    Client, Home, ModelServer, PATIENCE,
    model_server::{Reply, dialects::openai},
    settings,
};
use serde_json::{Value, json};
use url::Url;

const DOCUMENT: &str = "aside.chat.document";
const SEND: &str = "aside.chat.document.send";

fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "//- a.rs\nfn a() {}\n");
    (server, home)
}

/// What an editor without a plugin can do, counting in `units`, and naming versions in edits or not.
fn plain(units: &str, versions: bool) -> Value {
    json!({
        "general": { "positionEncodings": [units] },
        "workspace": { "applyEdit": true, "workspaceEdit": { "documentChanges": versions } },
        "window": { "showDocument": { "support": true } },
    })
}

fn connect(home: &Home) -> Client {
    connect_as(home, plain("utf-16", true))
}

/// An editor that does not mind the events of conversations: no other one knows them.
fn connect_as(home: &Home, capabilities: Value) -> Client {
    let mut client = Client::of(home).capabilities(capabilities).connect();
    client.tolerate("aside/chat/event");
    client
}

fn command(client: &mut Client, command: &str, argument: Value) -> Value {
    client.request("workspace/executeCommand", json!({ "command": command, "arguments": Value::Array(vec![argument]) }))
}

/// Opens a document of a conversation and waits until the editor has it; gives its address and the conversation.
fn open(client: &mut Client, argument: Value) -> (String, String) {
    let made = command(client, DOCUMENT, argument);
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    let (uri, session) = (text("uri"), text("session"));
    client.text_where(&uri, |text| text.contains("write below"));
    (uri, session)
}

/// Writes `text` at the end and sends it.
fn say(client: &mut Client, uri: &str, text: &str) {
    client.type_at_end(uri, text);
    let sent = command(client, SEND, json!({ "uri": uri }));
    assert!(sent["turn"].is_string(), "{sent}");
}

/// What stands below the last heading.
fn below(page: &str) -> &str {
    page.split_once(": write below -->\n").expect("the last heading is there").1
}

/// Whether nobody answers any more, and the answer has this text.
fn is_over(page: &str, answer: &str) -> bool {
    page.contains(answer) && page.contains("\n## You <!-- aside") && !page.contains("*answering")
}

fn path(uri: &str) -> PathBuf {
    Url::parse(uri).expect("an address").to_file_path().expect("a file")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn titles(client: &mut Client, uri: &str) -> Vec<String> {
    let range = client.whole_range(uri);
    let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] } });
    let actions: Value = client.request("textDocument/codeAction", params);
    let actions = actions.as_array().expect("a list").iter();
    actions.map(|action| action["title"].as_str().expect("a title").to_owned()).collect()
}

/// The texts of the conversation as it is kept.
fn kept(client: &mut Client, session: &str) -> Vec<String> {
    client.open_session(session).messages.into_iter().map(|message| message.text).collect()
}

/// Writes, sends, and hears a whole answer with characters of every length, in an editor of this kind.
fn converse(units: &str, versions: bool) {
    let (server, home) = scripted();
    let gate = server.gate();
    let first = Reply::sse().then(openai::delta("It is \u{1F600} a ")).hold(&gate);
    let reply = first.then(openai::delta("tr\u{e9}e.\n\n## You\n\nnot me")).then(openai::finish("stop"));
    server.once(openai::CHAT, reply.then(openai::DONE));
    let mut client = connect_as(&home, plain(units, versions));
    let (uri, session) = open(&mut client, json!({}));
    assert_eq!(client.shown(), std::slice::from_ref(&uri));
    assert_eq!((mode(&path(&uri)), mode(path(&uri).parent().expect("a folder"))), (0o600, 0o700));
    assert_eq!(titles(&mut client, &uri), ["Aside: Send", "Aside: New conversation"]);

    say(&mut client, &uri, "What is a r\u{f6}pe \u{1F600}?\n");
    let page = client.text_where(&uri, |page| page.contains("It is \u{1F600} a ") && page.contains("*answering"));
    assert!(page.contains("-->\n\nWhat is a r\u{f6}pe \u{1F600}?\n\n## Aside"), "{page}");
    assert_eq!(below(&page), "\n", "what was sent moved up");
    assert_eq!(titles(&mut client, &uri)[0], "Aside: Stop");

    // The person goes on writing below and above while the answer comes.
    client.type_at_end(&uri, "my next \u{1F600} question");
    client.type_at(&uri, 2, "Notes: ");
    gate.open();
    let page = client.text_where(&uri, |page| is_over(page, "not me"));
    assert!(page.contains("\n\nIt is \u{1F600} a tr\u{e9}e.\n\n## You\n\nnot me\n\n## You <!--"), "{page}");
    assert!(page.starts_with("# Notes: "), "{page}");
    assert_eq!(below(&page), "\nmy next \u{1F600} question");
    assert_eq!(kept(&mut client, &session)[1], "It is \u{1F600} a tr\u{e9}e.\n\n## You\n\nnot me");

    server.once(openai::CHAT, openai::chat(&["Second."]));
    command(&mut client, SEND, json!({}));
    let page = client.text_where(&uri, |page| is_over(page, "Second."));
    assert_eq!(below(&page), "\n");
    let kept = kept(&mut client, &session);
    assert_eq!((kept.len(), &*kept[2], &*kept[3]), (4, "my next \u{1F600} question", "Second."));
    client.close(&uri);
    client.shutdown();
    assert!(!path(&uri).exists());
}

#[test]
fn an_answer_comes_into_the_document_while_the_person_writes_in_it() {
    converse("utf-16", true);
}

#[test]
fn the_same_in_an_editor_that_counts_bytes_and_knows_no_versions_in_edits() {
    converse("utf-8", false);
}

#[test]
fn an_answer_that_is_stopped_is_marked_and_can_be_continued() {
    let (server, home) = scripted();
    let gate = server.gate();
    server.once(openai::CHAT, Reply::sse().then(openai::delta("Half an")).hold(&gate));
    let mut client = connect(&home);
    let (uri, session) = open(&mut client, json!({}));
    say(&mut client, &uri, "go");
    client.text_where(&uri, |page| page.contains("Half an"));
    let lenses: Value = client.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(lenses[0]["command"]["title"], "Aside: Stop");
    assert_eq!(lenses.as_array().map(Vec::len), Some(1));
    let stop = &lenses[0]["command"];
    command(&mut client, stop["command"].as_str().expect("a name"), stop["arguments"][0].clone());
    let page = client.text_where(&uri, |page| is_over(page, "Half an\n\n*stopped"));
    assert_eq!(titles(&mut client, &uri)[..2], ["Aside: Send", "Aside: Continue"], "{page}");

    server.once(openai::CHAT, openai::chat(&["swer."]));
    command(&mut client, "aside.chat.continue", json!({ "session": session }));
    client.text_where(&uri, |page| is_over(page, "swer."));
    client.close(&uri);
    client.shutdown();
    gate.open();
}

#[test]
fn nothing_is_sent_twice_and_nothing_empty() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["Once."]));
    let mut client = connect(&home);
    let (uri, session) = open(&mut client, json!({}));
    let send = |client: &mut Client| {
        client.refused("workspace/executeCommand", json!({ "command": SEND, "arguments": [{ "uri": uri }] }))
    };
    assert_eq!(send(&mut client).kind(), "empty");
    client.type_at_end(&uri, "one question");
    let first = client.ask("workspace/executeCommand", json!({ "command": SEND, "arguments": [{ "uri": uri }] }));
    let second = client.ask("workspace/executeCommand", json!({ "command": SEND, "arguments": [{ "uri": uri }] }));
    client.answer::<Value>(first).expect("sent");
    let refused = client.answer::<Value>(second).expect_err("it was sent already");
    assert!(["session-busy", "empty"].contains(&refused.kind()), "{refused:?}");
    client.text_where(&uri, |page| is_over(page, "Once."));
    assert_eq!(send(&mut client).kind(), "empty");
    assert_eq!(kept(&mut client, &session), ["one question", "Once."]);
    client.close(&uri);
    client.shutdown();
}

#[test]
fn an_edit_that_the_editor_refuses_is_made_anew() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["There ", "it is."]));
    let mut client = connect(&home);
    let (uri, _) = open(&mut client, json!({}));
    client.refuse_edits(4);
    say(&mut client, &uri, "where?");
    let page = client.text_where(&uri, |page| is_over(page, "There it is."));
    assert_eq!((page.matches("-->\n\nwhere?\n\n").count(), below(&page)), (1, "\n"), "{page}");
    client.close(&uri);
    client.shutdown();
}

#[test]
fn a_heading_that_was_removed_comes_back_and_nothing_is_lost() {
    let (_server, home) = scripted();
    let mut client = connect(&home);
    let (uri, _) = open(&mut client, json!({}));
    let end = client.text(&uri).len();
    client.replace(&uri, 0..end, "only mine");
    let refused = client.refused("workspace/executeCommand", json!({ "command": SEND, "arguments": [{ "uri": uri }] }));
    assert_eq!(refused.kind(), "no-heading");
    let page = client.text_where(&uri, |page| page.contains("write below -->"));
    assert_eq!(below(&page), "only mine");
    client.close(&uri);
    client.shutdown();
}

#[test]
fn what_another_editor_asks_appears_as_well() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["From afar."]));
    let mut client = connect(&home);
    let (uri, session) = open(&mut client, json!({}));
    client.type_at_end(&uri, "a draft");
    let mut other = Client::of(&home).connect();
    other.open_session(&session);
    assert_eq!(other.converse(&session, "a question from elsewhere").text, "From afar.");
    let page = client.text_where(&uri, |page| is_over(page, "From afar."));
    assert!(page.contains("-->\n\na question from elsewhere\n\n## Aside"), "{page}");
    assert_eq!(below(&page), "\na draft");
    other.shutdown();
    client.close(&uri);
    client.shutdown();
}

#[test]
fn the_newest_idle_conversation_is_opened_and_a_closed_one_opens_again() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["Kept."]));
    let mut client = connect(&home);
    let (first, session) = open(&mut client, json!({}));
    say(&mut client, &first, "keep this");
    client.text_where(&first, |page| is_over(page, "Kept."));
    let begun = Instant::now();
    let (second, other) = open(&mut client, json!({ "new": true }));
    assert_ne!(session, other);
    // The page is there before the others are looked up.
    while !titles(&mut client, &second).contains(&"Aside: Open \"keep this\"".to_owned()) {
        assert!(begun.elapsed() < PATIENCE, "the other conversation is not offered");
    }
    client.close(&first);
    client.close(&second);
    let (again, _) = open(&mut client, json!({ "session": session }));
    assert!(is_over(client.text(&again), "Kept.") && path(&again).exists());
    assert!(!path(&second).exists(), "what was closed is gone");
    client.shutdown();
    assert!(!path(&again).exists(), "the end of the server removes what is open");
}

#[test]
fn a_document_that_the_editor_reads_again_goes_on() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["Still here."]));
    let mut client = connect(&home);
    let (uri, _) = open(&mut client, json!({}));
    let text = client.text(&uri).to_owned();
    client.close(&uri);
    client.open(&uri, "markdown", &text);
    say(&mut client, &uri, "are you there?");
    client.text_where(&uri, |page| is_over(page, "Still here."));
    assert!(path(&uri).exists());
    client.close(&uri);
    client.shutdown();
    assert!(!path(&uri).exists());
}

#[test]
fn earlier_messages_are_shown_on_request() {
    let (server, home) = scripted();
    let mut client = Client::of(&home).capabilities(plain("utf-16", true)).connect();
    let session = client.new_session(&home.workspace_uri());
    for n in 0..3 {
        server.once(openai::CHAT, openai::chat(&[&format!("answer {n}")]));
        client.converse(&session.id, &format!("question {n}"));
    }
    let (uri, _) = open(&mut client, json!({ "session": session.id, "limit": 2 }));
    let page = client.text(&uri).to_owned();
    assert!(page.contains("answer 2") && !page.contains("question 1") && page.contains("*Earlier"), "{page}");
    client.type_at_end(&uri, "draft");
    assert!(titles(&mut client, &uri).contains(&"Aside: Show earlier messages".to_owned()));
    command(&mut client, DOCUMENT, json!({ "session": session.id, "limit": 50 }));
    let page = client.text_where(&uri, |page| page.contains("question 0") && !page.contains("*Earlier"));
    assert!(page.contains("answer 2") && below(&page) == "\ndraft", "{page}");
    client.close(&uri);
    client.shutdown();
}

#[test]
fn a_killed_server_leaves_nothing_after_the_next_start() {
    let (_server, home) = scripted();
    let mut client = connect(&home);
    let (uri, _) = open(&mut client, json!({}));
    let left = path(&uri);
    client.kill();
    assert!(left.exists(), "a killed program removes nothing");
    let mut client = connect(&home);
    let (uri, _) = open(&mut client, json!({ "new": true }));
    assert!(!left.exists());
    client.close(&uri);
    client.shutdown();
    let found = fs::read_dir(left.parent().expect("a folder")).expect("the folder stays");
    assert_eq!(found.count(), 0, "neither documents nor locks");
}

#[test]
fn an_editor_that_can_do_nothing_is_told_where_the_answer_is() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["In the file."]));
    let mut client = Client::of(&home).capabilities(json!({})).connect();
    let made = command(&mut client, DOCUMENT, json!({}));
    let uri = made["uri"].as_str().expect("an address").to_owned();
    let told = client.notification("window/showMessage");
    let place = path(&uri).display().to_string();
    assert!(told["message"].as_str().is_some_and(|message| message.contains(&place)), "{told}");
    let text = fs::read_to_string(path(&uri)).expect("it is there");
    client.open(&uri, "markdown", &text);
    say(&mut client, &uri, "where?");
    let told = client.notification("window/showMessage");
    assert!(told["message"].as_str().is_some_and(|message| message.contains("Read that file again")), "{told}");
    let text = fs::read_to_string(path(&uri)).expect("it is there");
    client.change(&uri, 9, &text);
    assert!(is_over(&text, "In the file.") && mode(&path(&uri)) == 0o600, "{text}");
    client.close(&uri);
    client.shutdown();
}

#[test]
fn a_conversation_in_a_document_is_no_context_of_another_model() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["Seen."]));
    let mut client = connect(&home);
    client.open(&home.uri("a.rs"), "rust", "fn looked_at() {}\n");
    let (uri, _) = open(&mut client, json!({}));
    say(&mut client, &uri, "what is this?");
    client.text_where(&uri, |page| is_over(page, "Seen."));
    let asked = server.request(openai::CHAT).json().to_string();
    assert!(asked.contains("looked_at"), "the code in front of the person goes along: {asked}");
    assert!(!asked.contains("write below"), "the document of the conversation does not: {asked}");
    client.close(&uri);
    client.shutdown();
}
