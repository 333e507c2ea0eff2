//! Order, isolation and cancellation.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::harness::{Client, Options, frame, notification, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_edits_are_applied_in_order_and_each_request_sees_its_place() {
    const EDITS: u64 = 5_000;
    let mut client = Client::initialized(Options::default()).await;
    let mut input = client.take_input();
    let sent = tokio::spawn(async move {
        for n in 0..EDITS {
            let mut bytes = frame(&notification("test/edit", &json!(n)));
            if n % 10 == 9 {
                bytes.extend(frame(&request(n, "test/seen", &Value::Null)));
            }
            input.write_all(&bytes).await.expect("the server reads");
        }
        input
    });
    for _ in 0..EDITS / 10 {
        let answer = client.receive().await;
        assert_eq!(answer["result"].as_u64(), answer["id"].as_u64().map(|n| n + 1), "{answer}");
    }
    drop(sent.await.expect("sent"));
    assert_eq!(*client.world.edits.lock().expect("no panic"), (0..EDITS).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_panic_costs_its_own_request_and_tells_nothing() {
    let mut client = Client::initialized(Options::default()).await;
    client.send(&request("waits", "test/wait", &Value::Null)).await;
    let mut ids = std::collections::HashSet::new();
    for method in ["test/panic", "test/panicLater", "test/panic"] {
        let answer = client.ask(method, &Value::Null).await;
        assert_eq!(answer["error"]["code"], -32603);
        assert_eq!(answer["error"]["data"]["code"], "internal");
        assert!(ids.insert(answer["error"]["data"]["id"].as_str().expect("an id").to_owned()), "{answer}");
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
    client.send(&notification("test/notePanics", &Value::Null)).await;
    client.assert_alive().await;
    client.world.gate.0.add_permits(1);
    assert_eq!(client.receive().await["id"], "waits");
}

#[tokio::test]
async fn a_cancelled_request_is_answered_so_once_and_its_handler_dropped() {
    let mut client = Client::initialized(Options::default()).await;
    for id in [json!(1), json!("1"), json!(-5), json!(3_000_000_000_u64), json!(9_007_199_254_740_993_u64)] {
        let dropped = client.world.dropped.load(Ordering::SeqCst);
        client.send(&request(id.clone(), "test/wait", &Value::Null)).await;
        for _ in 0..2 {
            client.send(&notification("$/cancelRequest", &json!({ "id": id }))).await;
        }
        let answer = client.receive().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(-32800)));
        client.assert_alive().await;
        while client.world.dropped.load(Ordering::SeqCst) == dropped {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_id_is_free_again_once_it_is_answered_and_not_before() {
    let mut client = Client::initialized(Options::default()).await;
    let wait = request(1, "test/wait", &Value::Null);
    let cancel = notification("$/cancelRequest", &json!({ "id": 1 }));
    for message in [&wait, &wait, &cancel, &wait] {
        client.send(message).await;
    }
    for code in [-32600, -32800] {
        assert_eq!(client.receive().await["error"]["code"], code);
    }
    client.world.gate.0.add_permits(1);
    assert_eq!(client.receive().await["result"], "waited");
    client.assert_alive().await;
}

#[test]
fn handlers_that_keep_every_worker_busy_delay_nobody_else() {
    let workers =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let own = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    own.block_on(async {
        let options = Options { handlers: Some(workers.handle().clone()), ..Options::default() };
        let mut client = Client::initialized(options).await;
        for id in 0..2 {
            client.send(&request(id, "test/block", &Value::Null)).await;
        }
        client.began(2).await;
        for id in 2..6 {
            client.send(&request(id, "test/wait", &Value::Null)).await;
        }
        for id in 0..6 {
            client.send(&notification("$/cancelRequest", &json!({ "id": id }))).await;
            let answer = client.receive().await;
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32800)));
            client.assert_alive().await;
        }
        // The cancelled ones queue for it too until a worker is free to drop them.
        client.world.gate.0.add_permits(6);
    });
}

#[tokio::test]
async fn an_answer_of_the_client_reaches_who_asked() {
    let mut client = Client::initialized(Options::default()).await;
    let folder = json!({ "uri": "file:///a", "name": "a" });
    for (answer, expected) in [
        (json!({ "result": [folder] }), json!({ "result": [folder] })),
        (json!({ "result": null }), json!({ "result": null })),
        (json!({ "error": { "code": -1, "message": "no" } }), json!({ "error": { "code": -1, "message": "no" } })),
    ] {
        client.send(&request(1, "test/ask", &Value::Null)).await;
        let asked = client.receive().await;
        assert_eq!(asked["method"], "workspace/workspaceFolders");
        client.assert_alive().await;
        let mut message = json!({ "jsonrpc": "2.0", "id": asked["id"] });
        message.as_object_mut().expect("an object").extend(answer.as_object().expect("an object").clone());
        client.send(&message).await;
        let mut answered = client.receive().await;
        let members = answered.as_object_mut().expect("an object");
        members.remove("jsonrpc");
        assert_eq!(members.remove("id"), Some(json!(1)));
        assert_eq!(answered, expected);
    }
}

#[tokio::test]
async fn notifications_leave_in_the_order_they_were_sent() {
    let mut client = Client::initialized(Options::default()).await;
    for n in 0..1_000 {
        client.outgoing.notify("test/note", &n);
    }
    for n in 0..1_000 {
        assert_eq!(client.receive().await["params"], n);
    }
    client.send(&request(1, "test/log", &json!(100))).await;
    for n in 0..100 {
        assert_eq!(client.receive().await["params"]["message"], n.to_string());
    }
    assert_eq!(client.receive().await["result"], 100);
}
