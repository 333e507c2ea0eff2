//! Bursts, storms, and a client that does not read.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::super::Ended;
use super::harness::{Client, Options, frame, notification, request};

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or(0)
}

#[tokio::test]
async fn of_a_thousand_requests_at_once_512_run_and_the_rest_is_refused_at_once() {
    let mut client = Client::initialized(Options { pipe: 1024 * 1024, ..Options::default() }).await;
    for id in 0..1_000 {
        client.send(&request(id, "test/wait", &Value::Null)).await;
    }
    let refused = client.answers(1_000 - 512).await;
    assert!(refused.values().all(|answer| code(answer) == -32803 && answer["error"]["data"]["code"] == "busy"));
    client.send(&request("s", "test/seen", &Value::Null)).await;
    assert_eq!(code(&client.receive().await), -32803);
    client.world.gate.0.add_permits(512);
    assert!(client.answers(512).await.values().all(|answer| answer["result"] == "waited"));
    client.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_and_a_thousand_cancellations_are_each_answered_once() {
    const REQUESTS: usize = 10_000;
    let mut client = Client::initialized(Options::default()).await;
    client.world.gate.0.add_permits(REQUESTS);
    let mut input = client.take_input();
    let sent = tokio::spawn(async move {
        for id in 0..REQUESTS {
            let method = if id % 10 == 0 { "test/wait" } else { "test/echo" };
            let mut bytes = frame(&request(id, method, &Value::Null));
            if id % 10 == 5 {
                bytes.extend(frame(&notification("$/cancelRequest", &json!({ "id": id - 5 }))));
            }
            input.write_all(&bytes).await.expect("the server reads");
        }
        input
    });
    let answers = client.answers(REQUESTS).await;
    assert!(answers.values().all(|answer| [0, -32800].contains(&code(answer))));
    drop(sent.await.expect("sent"));
}

#[tokio::test]
async fn a_cancel_storm_is_answered_completely() {
    let mut client = Client::initialized(Options { pipe: 1024 * 1024, ..Options::default() }).await;
    for round in 0..5 {
        for id in 0..500 {
            client.send(&request(id, "test/wait", &Value::Null)).await;
        }
        for id in (0..500).rev() {
            client.send(&notification("$/cancelRequest", &json!({ "id": id }))).await;
        }
        let answers = client.answers(500).await;
        assert!(answers.values().all(|answer| code(answer) == -32800), "{round}");
        client.assert_alive().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_can_go_on_sending_and_loses_no_answer() {
    const REQUESTS: usize = 5_000;
    let mut client = Client::initialized(Options { pipe: 4096, ..Options::default() }).await;
    let text = "x".repeat(500);
    for id in 0..REQUESTS {
        client.send(&request(id, "test/echo", &json!(text))).await;
    }
    client.send(&request("edits", "test/seen", &Value::Null)).await;
    assert!(!client.outgoing.pressure().ready());
    for id in 0..REQUESTS {
        let answer = client.receive().await;
        assert_eq!((answer["id"].as_u64(), answer["result"].as_str()), (Some(id as u64), Some(text.as_str())));
    }
    assert_eq!(client.receive().await["id"], "edits");
    client.assert_alive().await;
    assert!(client.outgoing.pressure().ready());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_more_can_still_say_exit() {
    let mut client = Client::initialized(Options { pipe: 4096, ..Options::default() }).await;
    client.send(&request(0, "test/log", &json!(20_000))).await;
    for id in 1..2_000 {
        client.send(&request(id, "test/echo", &json!("x".repeat(2_000)))).await;
    }
    client.send(&notification("exit", &Value::Null)).await;
    let start = tokio::time::Instant::now();
    assert_eq!(client.ended().await, Ended::Exit { after_shutdown: false });
    assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_leaves_16_mib_unread_is_not_read_from_until_it_reads() {
    let mut client = Client::initialized(Options { pipe: 256 * 1024, ..Options::default() }).await;
    let mut input = client.take_input();
    let text = "x".repeat(100_000);
    let sent = tokio::spawn(async move {
        for id in 0..200 {
            input.write_all(&frame(&request(id, "test/echo", &json!(text)))).await.expect("the server reads");
        }
        input
    });
    // Twenty megabytes do not fit; it is over when they were read.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!sent.is_finished());
    assert_eq!(client.answers(200).await.len(), 200);
    drop(sent.await.expect("sent"));
}
