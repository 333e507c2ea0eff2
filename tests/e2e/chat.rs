//! Conversations: streamed, stored, stopped, resumed after a crash, shared by two servers.

use aside_test_support::{
    Client, Home, ModelServer,
    client::RpcError,
    model_server::{
        Reply,
        dialects::{anthropic, ollama, openai},
    },
    protocol::{ChatEvent, Listed, Message},
    settings,
};
use serde_json::{Value, json};

/// A home whose chat model is a scripted OpenAI server.
fn scripted() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), "//- a.rs\nfn a() {}\n");
    (server, home)
}

/// Role, text and state of each message.
fn told(messages: &[Message]) -> Vec<(&str, &str, &str)> {
    messages.iter().map(|message| (&*message.role, &*message.text, &*message.state)).collect()
}

#[test]
fn an_answer_is_streamed_as_it_comes_and_stored() {
    let (server, home) = scripted();
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("Hello")).hold(&gate).then(openai::delta(", world"));
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    assert_eq!((session.messages, &*session.state), (0, "idle"));

    let turn = client.say(&session.id, "greet me");
    assert_eq!(client.hears(&turn, "Hello"), "Hello", "the first piece is there while the second is held back");
    assert_eq!(client.open_session(&session.id).session.state, "running");
    assert_eq!(client.hears(&turn, "Hello"), "Hello", "whoever opens a running answer is told it from its start");
    gate.open();
    assert_eq!(client.hears(&turn, ", world"), ", world");
    let ChatEvent::End(end) = client.event(&turn).event else { panic!("the end was expected") };
    assert_eq!((&*end.reason, end.error), ("complete", None));

    let opened = client.open_session(&session.id);
    assert_eq!(told(&opened.messages), [("user", "greet me", "complete"), ("assistant", "Hello, world", "complete")]);
    assert_eq!((opened.session.messages, &*opened.session.state), (2, "idle"));
    assert_eq!(opened.messages[1].model.as_deref(), Some("work/m"));
    client.shutdown();
}

#[test]
fn the_model_is_sent_the_whole_conversation() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["first answer"]));
    server.once(openai::CHAT, openai::chat(&["second answer"]));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.converse(&session.id, "first question");
    client.converse(&session.id, "second question");
    server.request(openai::CHAT);
    let body = server.request(openai::CHAT).json();
    assert_eq!((&body["model"], &body["stream"]), (&json!("m"), &json!(true)));
    let said: Vec<(String, String)> = body["messages"]
        .as_array()
        .expect("a list of messages")
        .iter()
        .filter(|message| message["role"] != "system")
        .map(|message| (message["role"].as_str().unwrap_or_default().to_owned(), message["content"].to_string()))
        .collect();
    let expected = [("user", "first question"), ("assistant", "first answer"), ("user", "second question")];
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for ((role, text), (expected_role, expected_text)) in said.iter().zip(expected) {
        assert!(role == expected_role && text.contains(expected_text), "{said:?}");
    }
    client.shutdown();
}

#[test]
fn every_dialect_streams_and_ends() {
    for (dialect, path, reply) in [
        ("openai", openai::CHAT, openai::chat(&["He", "llo"])),
        ("llama-cpp", openai::CHAT, openai::chat(&["He", "llo"])),
        ("anthropic", anthropic::MESSAGES, anthropic::chat(&["He", "llo"])),
        ("ollama", ollama::CHAT, ollama::chat(&["He", "llo"])),
    ] {
        let server = ModelServer::start();
        let home = Home::with(&settings(dialect, &server.url("")), "");
        server.once(path, reply);
        let mut client = Client::of(&home).connect();
        let session = client.new_session(&home.workspace_uri());
        let answer = client.converse(&session.id, "hi");
        assert_eq!((&*answer.text, &*answer.end.reason), ("Hello", "complete"), "{dialect}: {:?}", answer.end.error);
        client.shutdown();
    }
}

#[test]
fn how_an_answer_ends_is_told_and_kept() {
    let (server, home) = scripted();
    let piece = || Reply::sse().then(openai::delta("Hel"));
    let wrong = json!({ "error": { "message": "the engine is on fire", "type": "server_error" } });
    let cases = [
        (piece().then(openai::finish("length")).then(openai::DONE), "length"),
        (piece().broken(), "truncated"),
        (piece(), "truncated"),
        (piece().then(openai::event(&wrong)), "error"),
    ];
    let mut client = Client::of(&home).connect();
    for (reply, reason) in cases {
        server.once(openai::CHAT, reply);
        let session = client.new_session(&home.workspace_uri());
        let answer = client.converse(&session.id, "hi");
        assert_eq!((&*answer.text, &*answer.end.reason), ("Hel", reason), "{:?}", answer.end);
        let helps = answer.end.error.as_ref().map(|error| !error.message.is_empty() && error.hint.is_some());
        assert_eq!(
            helps,
            (reason != "length").then_some(true),
            "a failure is told with its next step: {:?}",
            answer.end
        );
        let opened = client.open_session(&session.id);
        assert_eq!(told(&opened.messages)[1], ("assistant", "Hel", reason));
    }
    client.shutdown();
}

#[test]
fn stopping_keeps_what_came_and_closes_the_connection() {
    let (server, home) = scripted();
    server.once(openai::CHAT, Reply::sse().then(openai::delta("Once upon")).silent());
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let turn = client.say(&session.id, "tell me a story");
    client.hears(&turn, "Once upon");
    let request = server.request(openai::CHAT);
    client.request::<Value>("aside/chat/stop", json!({ "session": session.id }));
    server.gone(&request);
    let ChatEvent::End(end) = client.event(&turn).event else { panic!("the end was expected") };
    assert_eq!((&*end.reason, end.error), ("stopped", None));
    assert_eq!(told(&client.open_session(&session.id).messages)[1], ("assistant", "Once upon", "stopped"));
    client.request::<Value>("aside/chat/stop", json!({ "session": session.id }));
    client.shutdown();
}

#[test]
fn a_killed_server_loses_nothing_that_was_stored() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["whole answer"]));
    // More than a checkpoint's worth, then silence: the crash comes in the middle.
    let long = "0123456789abcde ".repeat(512);
    server.once(openai::CHAT, Reply::sse().then(openai::delta(&long)).silent());
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.converse(&session.id, "first question");
    let turn = client.say(&session.id, "second question");
    client.hears(&turn, "0123456789abcde ");
    // What is checkpointed is there for everybody to read: no guess about when that is.
    let kept = wait_for_part(&mut client, &session.id);
    client.kill();

    let mut client = Client::of(&home).connect();
    let listed: Listed = client.request("aside/chat/list", json!({ "workspace": home.workspace_uri() }));
    let ids: Vec<_> = listed.sessions.iter().map(|one| (&*one.id, &*one.state)).collect();
    assert_eq!(ids, [(&*session.id, "interrupted")]);
    let opened = client.open_session(&session.id);
    let told = told(&opened.messages);
    assert_eq!(
        told[..3],
        [
            ("user", "first question", "complete"),
            ("assistant", "whole answer", "complete"),
            ("user", "second question", "complete"),
        ]
    );
    let (role, text, state) = told[3];
    assert_eq!((role, state), ("assistant", "interrupted"));
    assert!(text.len() >= kept && long.starts_with(text), "{} characters were stored, {} are left", kept, text.len());

    server.once(openai::CHAT, openai::chat(&["third answer"]));
    assert_eq!(client.converse(&session.id, "third question").end.reason, "complete");
    client.shutdown();
}

/// Opens the session until its last message has text; gives how much.
fn wait_for_part(client: &mut Client, session: &str) -> usize {
    loop {
        let opened = client.open_session(session);
        match opened.messages.last() {
            Some(last) if last.role == "assistant" && !last.text.is_empty() => return last.text.len(),
            _ => {}
        }
    }
}

#[test]
fn two_servers_share_one_workspace() {
    let (server, home) = scripted();
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("from one")).hold(&gate);
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let mut one = Client::of(&home).connect();
    let mut two = Client::of(&home).connect();
    let session = one.new_session(&home.workspace_uri());
    let turn = one.say(&session.id, "to one");
    one.hears(&turn, "from one");

    let listed: Listed = two.request("aside/chat/list", json!({ "workspace": home.workspace_uri() }));
    assert_eq!(listed.sessions.len(), 1);
    assert_eq!(listed.sessions[0].state, "running", "the other server sees that it runs");
    let refused = two.refused("aside/chat/send", json!({ "session": session.id, "text": "to two" }));
    assert_eq!(refused.kind(), "session-busy");

    gate.open();
    let ChatEvent::End(end) = one.event(&turn).event else { panic!("the end was expected") };
    assert_eq!(end.reason, "complete");
    let (question, answer) = two.overhears(&session.id);
    assert_eq!((&*question, &*answer.text), ("to one", "from one"), "who was refused hears what was being said");
    server.once(openai::CHAT, openai::chat(&["from two"]));
    two.open_session(&session.id);
    assert_eq!(two.converse(&session.id, "to two").text, "from two");
    let (question, answer) = one.overhears(&session.id);
    assert_eq!((&*question, &*answer.text, &*answer.end.reason), ("to two", "from two", "complete"));
    let messages = one.open_session(&session.id).messages;
    let texts: Vec<_> = messages.iter().map(|message| &*message.text).collect();
    assert_eq!(texts, ["to one", "from one", "to two", "from two"]);
    one.shutdown();
    two.shutdown();
}

#[test]
fn a_list_is_paged_newest_first_and_holds_one_workspace() {
    let (_server, home) = scripted();
    let mut client = Client::of(&home).connect();
    let made: Vec<String> = (0..5).map(|_| client.new_session(&home.workspace_uri()).id).collect();
    client.new_session(&home.uri("elsewhere"));
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut params = json!({ "workspace": home.workspace_uri(), "limit": 2 });
        if !cursor.is_null() {
            params["cursor"] = cursor;
        }
        let page: Listed = client.request("aside/chat/list", params);
        assert!(page.sessions.len() <= 2);
        seen.extend(page.sessions.into_iter().map(|one| one.id));
        match page.cursor {
            Some(next) => cursor = json!(next),
            None => break,
        }
    }
    let newest_first: Vec<String> = made.into_iter().rev().collect();
    assert_eq!(seen, newest_first);
    client.shutdown();
}

#[test]
fn a_conversation_is_renamed_and_deleted() {
    let (_server, home) = scripted();
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    client.request::<Value>("aside/chat/rename", json!({ "session": session.id, "title": "About ropes" }));
    assert_eq!(client.open_session(&session.id).session.title, "About ropes");
    client.request::<Value>("aside/chat/delete", json!({ "session": session.id }));
    assert_eq!(client.refused("aside/chat/open", json!({ "session": session.id })).kind(), "unknown-session");
    let listed: Listed = client.request("aside/chat/list", json!({ "workspace": home.workspace_uri() }));
    assert_eq!(listed.sessions, []);
    client.shutdown();
}

#[test]
fn every_request_is_also_a_command() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["by command"]));
    let mut client = Client::of(&home).connect();
    let command = |client: &mut Client, name: &str, argument: Value| -> Value {
        client.request("workspace/executeCommand", json!({ "command": name, "arguments": [argument] }))
    };
    let made = command(&mut client, "aside.chat.new", json!({ "workspace": home.workspace_uri(), "title": "T" }));
    let session = made["session"]["id"].as_str().expect("a session").to_owned();
    let sent = command(&mut client, "aside.chat.send", json!({ "session": session, "text": "hi" }));
    let answer = client.whole_answer(sent["turn"].as_str().expect("a turn"));
    assert_eq!(answer.text, "by command");
    let opened = command(&mut client, "aside.chat.open", json!({ "session": session }));
    assert_eq!(opened["messages"].as_array().map(Vec::len), Some(2));
    let listed = command(&mut client, "aside.chat.list", json!({}));
    assert_eq!(listed["sessions"][0]["title"], "T");
    client.shutdown();
}

#[test]
fn what_is_attached_reaches_the_model_and_is_stored() {
    let (server, home) = scripted();
    server.once(openai::CHAT, openai::chat(&["seen"]));
    let mut client = Client::of(&home).connect();
    let text = "fn first() {}\nfn second_marker() {}\nfn third() {}\n";
    client.open(&home.uri("a.rs"), "rust", text);
    let session = client.new_session(&home.workspace_uri());
    let range = json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 2, "character": 0 } });
    home.write("on_disk.rs", "fn disk_marker() {}\n");
    let attachments = json!([
        { "uri": home.uri("a.rs"), "range": range },
        { "uri": home.uri("on_disk.rs") },
        { "text": "pasted_marker", "label": "notes" },
    ]);
    let params = json!({ "session": session.id, "text": "look", "attachments": attachments });
    let sent: Value = client.request("aside/chat/send", params);
    client.whole_answer(sent["turn"].as_str().expect("a turn"));
    let body = server.request(openai::CHAT).text();
    for marker in ["second_marker", "disk_marker", "pasted_marker"] {
        assert!(body.contains(marker), "`{marker}` is missing in {body}");
    }
    let opened = client.open_session(&session.id);
    assert_eq!(opened.messages[0].attachments.len(), 3, "{:?}", opened.messages[0]);
    client.shutdown();
}

#[test]
fn what_the_person_looks_at_goes_along() {
    let (server, home) = scripted();
    server.always(openai::CHAT, openai::chat(&["seen"]));
    let mut client = Client::of(&home).connect();
    client.open(&home.uri("a.rs"), "rust", "fn around_it() {\n    selected_marker();\n}\n");
    let session = client.new_session(&home.workspace_uri());
    let range = json!({ "start": { "line": 1, "character": 4 }, "end": { "line": 1, "character": 22 } });
    for (focus, around) in
        [(json!({ "uri": home.uri("a.rs") }), true), (json!({ "uri": home.uri("a.rs"), "range": range }), false)]
    {
        let params = json!({ "session": session.id, "text": "what is this?", "focus": focus });
        let sent: Value = client.request("aside/chat/send", params);
        client.whole_answer(sent["turn"].as_str().expect("a turn"));
        let body = server.request(openai::CHAT).json();
        let last = body["messages"].as_array().and_then(|all| all.last()).expect("messages")["content"].to_string();
        assert!(last.contains("selected_marker") && last.contains("a.rs"), "{last}");
        assert_eq!(last.contains("around_it"), around, "a selection goes along alone: {last}");
    }
    client.shutdown();
}

#[test]
fn a_secret_file_that_is_looked_at_stays_here() {
    let (server, home) = scripted();
    server.always(openai::CHAT, openai::chat(&["hm"]));
    let mut client = Client::of(&home).connect();
    client.open(&home.uri(".env"), "shellscript", "TOKEN=do-not-send-me\n");
    let session = client.new_session(&home.workspace_uri());
    let params = json!({ "session": session.id, "text": "hi", "focus": { "uri": home.uri(".env") } });
    let sent: Value = client.request("aside/chat/send", params);
    client.whole_answer(sent["turn"].as_str().expect("a turn"));
    assert!(!server.request(openai::CHAT).text().contains("do-not-send-me"));
    client.shutdown();
}

#[test]
fn a_secret_file_is_never_attached() {
    let (server, home) = scripted();
    server.always(openai::CHAT, openai::chat(&["hm"]));
    home.write(".env", "TOKEN=do-not-send-me\n");
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let params = json!({ "session": session.id, "text": "look", "attachments": [{ "uri": home.uri(".env") }] });
    let refused = client.refused("aside/chat/send", params);
    assert!(refused.kind() == "withheld" && refused.message.contains(".env"), "{refused:?}");
    assert!(server.requests().is_empty(), "nothing was sent");
    client.shutdown();
}

/// Code, and that the error has a sentence, an incident id and a next step.
#[track_caller]
fn kind(error: &RpcError) -> &str {
    let data = error.data.as_ref().unwrap_or_else(|| panic!("the error has no data: {error:?}"));
    assert!(!data.message.is_empty() && data.id.is_some(), "{error:?}");
    assert!(data.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "{error:?}");
    &data.code
}

#[test]
fn what_cannot_be_said_is_refused_with_bounds_and_next_step() {
    let (server, home) = scripted();
    server.always(openai::CHAT, openai::chat(&["fine"]));
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let say = |text: &str| json!({ "session": session.id, "text": text });
    for blank in ["", "  \n\t "] {
        let error = client.refused("aside/chat/send", say(blank));
        assert_eq!(kind(&error), "empty");
    }
    let error = client.refused("aside/chat/send", say(&"x".repeat(50_001)));
    assert_eq!(kind(&error), "too-long");
    assert!(error.message.contains("50001") && error.message.contains("50000"), "{error:?}");
    let unknown = "01890000-0000-7000-8000-000000000000";
    for method in ["aside/chat/open", "aside/chat/stop", "aside/chat/delete"] {
        assert_eq!(kind(&client.refused(method, json!({ "session": unknown }))), "unknown-session", "{method}");
    }
    let error = client.refused("aside/chat/send", json!({ "session": session.id, "text": "x", "model": "nobody/m" }));
    assert!(error.message.contains("nobody"), "{error:?}");
    kind(&error);
    let error = client.refused("aside/chat/send", json!({ "session": session.id, "text": "x", "model": "nonsense" }));
    assert!(error.message.contains("nonsense"), "{error:?}");
    assert_eq!(client.converse(&session.id, &"x".repeat(50_000)).end.reason, "complete");
    client.shutdown();
}

#[test]
fn an_unreachable_provider_is_named_with_what_to_try() {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        free.local_addr().expect("a bound listener has an address").port()
    };
    let home = Home::with(&settings("openai", &format!("http://127.0.0.1:{port}/v1")), "");
    let mut client = Client::of(&home).connect();
    let session = client.new_session(&home.workspace_uri());
    let answer = client.converse(&session.id, "hi");
    let error = answer.end.error.expect("an error");
    assert_eq!((&*answer.end.reason, &*error.code), ("error", "unreachable"));
    assert!(error.message.contains(&port.to_string()), "{}", error.message);
    assert!(error.hint.is_some_and(|hint| hint.contains("work")));
    client.shutdown();
}
