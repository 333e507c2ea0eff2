//! Edits while other things happen: typing, a second edit, a stop, the death of the server.

use std::fs;

use aside_test_support::{
    Client,
    model_server::{Reply, dialects::openai},
};
use serde_json::{Value, json};

use super::{CODE, EVENT, accept, end, proposed, rendering, rewrite, scripted, settled};

const TWO: &str = "```rust\nfn two() {\n    bi;\n";

#[test]
fn two_edits_of_one_file_land_where_they_were_meant_while_somebody_types() {
    let (server, home) = scripted();
    let (one, two) = (server.gate(), server.gate());
    let held = |text: &str, gate| {
        let (first, rest) = text.split_at(12);
        let reply = Reply::sse().then(openai::delta(first)).hold(gate).then(openai::delta(rest));
        reply.then(openai::finish("stop")).then(openai::DONE)
    };
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    server.once(openai::CHAT, held("```rust\nfn one() {\n    bat;\n    bat;\n}\n```", &one));
    let first = rewrite(&mut client, &uri, 1);
    server.request(openai::CHAT);
    server.once(openai::CHAT, held(&format!("{TWO}}}\n```"), &two));
    let second = rewrite(&mut client, &uri, 5);
    server.request(openai::CHAT);
    client.type_at(&uri, 0, "// top\n");
    one.open();
    proposed(&mut client, &first);
    client.type_at_end(&uri, "// end\n");
    accept(&mut client, &first);
    two.open();
    proposed(&mut client, &second);
    client.type_at(&uri, 0, "// above\n");
    accept(&mut client, &second);
    let code = CODE.replace("    1;\n", "    bat;\n    bat;\n").replace("2;", "bi;");
    assert_eq!(client.text(&uri), format!("// above\n// top\n{code}// end\n"));

    // At the place itself: refused, by name.
    let gate = server.gate();
    server.once(openai::CHAT, held("```rust\nfn two() {\n    hiru;\n}\n```", &gate));
    let third = rewrite(&mut client, &uri, 9);
    server.request(openai::CHAT);
    let at = client.text(&uri).find("bi;").expect("it is there");
    client.replace(&uri, at..at + 2, "lau");
    gate.open();
    let failed = settled(&mut client, &third);
    assert_eq!(failed["error"]["code"], "edit-stale", "{failed:#}");
    assert!(client.text(&uri).contains("lau;"));
    end(client);
}

#[test]
fn a_stop_closes_the_connection_and_a_killed_server_leaves_every_file_as_it_was() {
    let (server, home) = scripted();
    let answer = || Reply::sse().then(openai::delta(TWO)).silent();
    let mut client = Client::of(&home).capabilities(rendering()).connect();
    let uri = home.uri("a.rs");
    client.open(&uri, "rust", CODE);
    server.once(openai::CHAT, answer());
    let edit = rewrite(&mut client, &uri, 5);
    let request = server.request(openai::CHAT);
    client.notification_where(EVENT, |params| params["edit"]["files"][0]["hunks"] != Value::Null);
    client.request::<Value>("aside/edit/stop", json!({ "edit": edit }));
    server.gone(&request);
    server.once(openai::CHAT, answer());
    rewrite(&mut client, &uri, 5);
    let request = server.request(openai::CHAT);
    client.notification_where(EVENT, |params| params["edit"]["files"][0]["hunks"] != Value::Null);
    client.kill();
    server.gone(&request);
    assert_eq!(home.read("a.rs"), CODE);
    let names = || fs::read_dir(home.workspace()).expect("a folder").filter_map(Result::ok).map(|one| one.file_name());
    assert_eq!(names().collect::<Vec<_>>(), ["a.rs"]);

    let mut client = Client::of(&home).capabilities(rendering()).connect();
    client.open(&uri, "rust", CODE);
    assert_eq!(client.request::<Value>("aside/edit/list", json!({}))["edits"], json!([]));
    server.once(openai::CHAT, openai::chat(&[TWO, "}\n```"]));
    let edit = rewrite(&mut client, &uri, 5);
    proposed(&mut client, &edit);
    client.refuse_edits(1);
    assert_eq!(client.refused("aside/edit/accept", json!({ "edit": edit })).kind(), "edit-not-applied");
    assert_eq!(client.text(&uri), CODE);
    accept(&mut client, &edit);
    assert_eq!(client.text(&uri), CODE.replace("2;", "bi;"));
    end(client);
}
