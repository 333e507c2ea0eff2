//! Overviews over real sessions and a scripted model.

use std::sync::{Arc, Mutex};

use aside_model::{EndReason, EventStream, FillModel, ModelRef};
use futures_util::{FutureExt, future::BoxFuture, stream};

use super::*;
use crate::{
    Models,
    chat::{Options, spoken},
};

/// A model that says `says`, and remembers what it was asked.
struct Scripted {
    says: &'static str,
    builtin: bool,
    asked: Arc<Mutex<Vec<ChatRequest>>>,
}

impl ChatModel for Scripted {
    fn chat(&self, request: ChatRequest) -> EventStream {
        self.asked.lock().unwrap().push(request);
        stream::iter([Ok(StreamEvent::Text(self.says.into())), Ok(StreamEvent::End(EndReason::Complete))]).boxed()
    }
}

impl Models for Scripted {
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>> {
        unreachable!("an overview fills nothing")
    }

    fn chat(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>> {
        let reference = "p/m".parse().expect("a reference");
        let model: Arc<dyn ChatModel> =
            Arc::new(Self { says: self.says, builtin: self.builtin, asked: Arc::clone(&self.asked) });
        let builtin = self.builtin;
        async move { Ok(Chosen { reference, model, builtin }) }.boxed()
    }

    fn edit(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<crate::Editor, ModelError>> {
        unreachable!("a conversation edits nothing")
    }
}

struct Desk {
    chat: Chat,
    sessions: Sessions,
    asked: Arc<Mutex<Vec<ChatRequest>>>,
    _folder: tempfile::TempDir,
}

fn desk(says: &'static str, builtin: bool) -> Desk {
    let folder = tempfile::tempdir().expect("a folder");
    let home = aside_sessions::Home {
        database: folder.path().join("data/sessions.db"),
        anchor: folder.path().join("state/sessions.anchor"),
        entered: folder.path().join("run/sessions.open"),
        keys: Arc::new(aside_sessions::PassingKey::random().expect("randomness")),
    };
    let sessions = Sessions::new(home, aside_sessions::Options::default());
    let asked = Arc::default();
    let models = Arc::new(Scripted { says, builtin, asked: Arc::clone(&asked) });
    Desk { chat: Chat::new(models, sessions.clone(), Options::default()), sessions, asked, _folder: folder }
}

impl Desk {
    /// A session of `turns` questions and answers, said just now.
    async fn talked(&self, turns: i64) -> SessionId {
        let now = |message: StoredMessage| StoredMessage { at: Timestamp::now(), ..message };
        let said = (0..turns).flat_map(|turn| {
            let question = spoken::asked(2 * turn, &format!("question {turn} about src/main.rs"));
            [now(question), now(spoken::answered(2 * turn + 1, &format!("answer {turn}")))]
        });
        let made = self.sessions.import(&WorkspaceId::of(None), "Talk", said.collect()).await;
        made.expect("room for a session").id
    }

    fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_digest_is_the_answer_of_the_model_to_what_was_said_lately() {
    let desk = desk("We talked about main.", false);
    desk.talked(2).await;
    let digested = desk.chat.digest(None, 6).await.expect("a digest");
    assert_eq!(digested, Digested { text: "We talked about main.".into(), model: Some("p/m".into()) });
    let asked = desk.asked.lock().unwrap();
    assert!(asked[0].messages.iter().any(|message| message.text.contains("question 1 about src/main.rs")));
}

#[tokio::test]
async fn without_a_model_a_digest_is_an_outline_that_says_so() {
    let desk = desk("never said", true);
    desk.talked(1).await;
    let digested = desk.chat.digest(None, 6).await.expect("an outline");
    assert!(digested.model.is_none() && digested.text.contains("without a model"), "{}", digested.text);
    assert!(digested.text.contains("question 0") && desk.requests() == 0);
}

#[tokio::test]
async fn there_is_no_digest_of_nothing() {
    let desk = desk("never said", false);
    let error = desk.chat.digest(None, 6).await.expect_err("nothing was said");
    assert_eq!((error.code(), desk.requests()), ("nothing-said", 0));
}

#[tokio::test]
async fn a_compacted_session_begins_with_the_summary_and_keeps_the_last_turns() {
    let desk = desk("What came before.", false);
    let id = desk.talked(5).await;
    let made = desk.chat.compact(id, 2).await.expect("compacted");
    let opened = desk.sessions.open(made.id, 100, None).await.expect("there");
    let texts: Vec<_> = opened.messages.iter().map(|message| &*message.text).collect();
    assert!(texts[0].starts_with("What came before.") && opened.messages[0].role == Role::System, "{texts:?}");
    let kept = ["question 3 about src/main.rs", "answer 3", "question 4 about src/main.rs", "answer 4"];
    assert_eq!(texts[1..], kept);
    let before = desk.sessions.open(id, 100, None).await.expect("there");
    assert_eq!(before.messages.len(), 10, "the first one stays as it is");
    // Once more: what was summed up goes into the next summary.
    let again = desk.chat.compact(made.id, 1).await.expect("compacted");
    let asked = desk.asked.lock().unwrap().last().cloned().expect("asked");
    assert!(asked.messages.iter().any(|message| message.text.contains("What came before.")));
    assert_eq!(desk.sessions.open(again.id, 100, None).await.expect("there").messages.len(), 3);
}

#[tokio::test]
async fn nothing_is_compacted_without_a_model_or_without_anything_older() {
    let small = desk("never said", false);
    let id = small.talked(2).await;
    assert_eq!(small.chat.compact(id, 4).await.expect_err("all of it stays").code(), "nothing-said");
    let engine = desk("never said", true);
    let id = engine.talked(9).await;
    let error = engine.chat.compact(id, 1).await.expect_err("no model");
    assert!(error.code() == "needs-model" && error.hint().contains("roles.chat"), "{error}");
    assert_eq!((small.requests(), engine.requests()), (0, 0));
}

#[tokio::test]
async fn an_answer_of_nothing_is_no_summary() {
    let desk = desk(" ", false);
    let id = desk.talked(5).await;
    assert_eq!(desk.chat.compact(id, 1).await.expect_err("nothing").code(), "provider-protocol");
    assert_eq!(desk.sessions.list(None, 10, None).await.expect("listed").sessions.len(), 1);
}

#[tokio::test]
async fn a_long_conversation_is_summed_up_in_parts() {
    let desk = desk("So far.", false);
    let long = "words of an answer ".repeat(1500);
    let said = (0..10).flat_map(|turn| [spoken::asked(2 * turn, "q"), spoken::answered(2 * turn + 1, &long)]);
    let made = desk.sessions.import(&WorkspaceId::of(None), "Long", said.collect()).await.expect("room");
    let compacted = desk.chat.compact(made.id, 1).await.expect("compacted");
    let opened = desk.sessions.open(compacted.id, 100, None).await.expect("there");
    assert_eq!(opened.messages.len(), 3, "a summary, and the last question with its answer");
    assert!(desk.requests() > 1, "{}", desk.requests());
}
