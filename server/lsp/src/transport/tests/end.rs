//! How serving ends: at once, with everything saved.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::Ended;
use super::harness::{Client, Options, endless, flag, notification, request};

#[tokio::test]
async fn exit_ends_it_with_what_was_before() {
    for shutdown in [false, true] {
        let (saved, save) = flag();
        let mut client = Client::initialized(Options { save, ..Options::default() }).await;
        client.send(&request(1, "test/wait", &Value::Null)).await;
        client.began(1).await;
        if shutdown {
            client.send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "shutdown" })).await;
        }
        client.send(&notification("exit", &Value::Null)).await;
        if shutdown {
            let answer = client.receive().await;
            assert_eq!((&answer["id"], &answer["result"]), (&json!(2), &Value::Null));
        }
        let world = client.world.clone();
        assert_eq!(client.ended().await, Ended::Exit { after_shutdown: shutdown });
        assert!(saved.load(Ordering::SeqCst));
        tokio::task::yield_now().await;
        assert_eq!(world.dropped.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn exit_is_heard_before_initialize_and_with_an_id() {
    for exit in [notification("exit", &Value::Null), request(1, "exit", &Value::Null)] {
        let mut client = Client::start(Options::default());
        client.send(&exit).await;
        assert_eq!(client.ended().await, Ended::Exit { after_shutdown: false });
    }
}

#[tokio::test]
async fn the_end_of_the_input_ends_it_at_once_though_a_request_runs() {
    let (saved, save) = flag();
    let mut client = Client::initialized(Options { save, ..Options::default() }).await;
    client.send(&request(1, "test/wait", &Value::Null)).await;
    client.began(1).await;
    let world = client.world.clone();
    let start = std::time::Instant::now();
    assert_eq!(client.close().await, Ended::InputClosed);
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert!(saved.load(Ordering::SeqCst));
    tokio::task::yield_now().await;
    assert_eq!(world.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_was_answered_before_the_end_of_the_input_still_arrives() {
    let mut client = Client::initialized(Options { pipe: 1024 * 1024, ..Options::default() }).await;
    for id in 0..100 {
        client.send(&request(id, "test/echo", &json!(id))).await;
    }
    use tokio::io::AsyncWriteExt;
    client.take_input().shutdown().await.expect("the pipe closes");
    assert_eq!(client.answers(100).await.len(), 100);
    assert_eq!(client.ended().await, Ended::InputClosed);
}

#[tokio::test]
async fn half_a_frame_at_the_end_is_no_trouble() {
    let mut client = Client::initialized(Options::default()).await;
    client.raw(b"Content-Length: 100\r\n\r\n{\"jsonrpc\":").await;
    assert_eq!(client.close().await, Ended::InputClosed);
}

#[tokio::test(start_paused = true)]
async fn saving_that_never_ends_is_given_up_within_a_second() {
    let (dropped, save) = endless();
    let mut client = Client::initialized(Options { save, ..Options::default() }).await;
    client.send(&notification("exit", &Value::Null)).await;
    let start = tokio::time::Instant::now();
    assert_eq!(client.ended().await, Ended::Exit { after_shutdown: false });
    assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(dropped.await.is_err());
}

#[tokio::test]
async fn saving_that_panics_does_not_end_in_a_panic() {
    let save = Box::pin(async { panic!("cannot save") });
    let mut client = Client::initialized(Options { save, ..Options::default() }).await;
    client.send(&notification("exit", &Value::Null)).await;
    assert_eq!(client.ended().await, Ended::Exit { after_shutdown: false });
}

#[tokio::test]
async fn a_client_that_is_gone_for_writing_is_gone() {
    use tokio::io::duplex;
    use tower_lsp::LspService;

    struct Nothing;
    impl tower_lsp::LanguageServer for Nothing {
        async fn initialize(
            &self,
            _: tower_lsp::gen_lsp_types::InitializeParams,
        ) -> tower_lsp::jsonrpc::Result<tower_lsp::gen_lsp_types::InitializeResult> {
            Ok(tower_lsp::gen_lsp_types::InitializeResult::default())
        }

        async fn shutdown(&self) -> tower_lsp::jsonrpc::Result<()> {
            Ok(())
        }
    }

    let (service, socket) = LspService::build_with_lifecycle_methods(|_| Nothing).finish();
    let ((input, _open), (output, closed)) = (duplex(64), duplex(64));
    drop(closed);
    let outgoing = super::super::Outgoing::default();
    outgoing.notify("test/note", &1);
    let hooks = super::super::Hooks { outgoing, handlers: None, save: Box::pin(async {}) };
    assert_eq!(super::super::serve(service, socket, input, output, hooks).await, Ended::InputClosed);
}

#[cfg(unix)]
#[tokio::test]
async fn the_death_of_the_editor_ends_it() {
    #![expect(clippy::disallowed_methods, reason = "an editor to watch has to be started")]

    let (saved, save) = flag();
    let mut editor = std::process::Command::new("sleep").arg("600").spawn().expect("`sleep` starts");
    let mut client = Client::start(Options { save, ..Options::default() });
    let answer = client.ask("initialize", &json!({ "processId": editor.id(), "capabilities": {} })).await;
    assert!(answer["result"].is_object());
    client.assert_alive().await;
    editor.kill().expect("killed");
    editor.wait().expect("reaped");
    assert_eq!(client.ended().await, Ended::ParentGone);
    assert!(saved.load(Ordering::SeqCst));
}
