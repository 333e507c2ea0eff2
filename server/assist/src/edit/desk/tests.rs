//! The desk with a model that says what the test tells it to, and an editor that is a map of texts.
#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::{collections::HashMap, time::Duration};

use aside_model::{
    ChatModel, ChatRequest, EndReason, ErrorKind, EventStream, FillModel, ModelError, Role, StreamEvent,
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;
use crate::{Chosen, Editor, edit::HunkState};

const CODE: &str = "fn a() {\n    one();\n}\n\nfn b() {\n    two();\n}\n";
const PATIENCE: Duration = Duration::from_secs(20);

/// A request to the model, and the way to answer it.
struct Asked {
    request: ChatRequest,
    say: UnboundedSender<Result<StreamEvent, ModelError>>,
}

impl Asked {
    fn say(&self, text: &str) {
        let _gone = self.say.send(Ok(StreamEvent::Text(text.to_owned())));
    }

    fn end(self, reason: EndReason) {
        let _gone = self.say.send(Ok(StreamEvent::End(reason)));
    }
}

struct Model(UnboundedSender<Asked>);

impl ChatModel for Model {
    fn chat(&self, request: ChatRequest) -> EventStream {
        let (say, said) = unbounded_channel();
        let _gone = self.0.send(Asked { request, say });
        stream::unfold(said, |mut said| async move { said.recv().await.map(|event| (event, said)) }).boxed()
    }
}

struct One {
    model: Arc<Model>,
    builtin: bool,
}

impl Models for One {
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>> {
        unreachable!("an edit fills nothing")
    }

    fn chat(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>> {
        unreachable!("an edit is no conversation")
    }

    fn edit(&self, wanted: Option<ModelRef>) -> BoxFuture<'_, Result<Editor, ModelError>> {
        let reference = wanted.unwrap_or_else(|| "p/m".parse().expect("a model"));
        if reference.provider == "nobody" {
            return async { Err(ModelError::new(ErrorKind::InvalidRequest, "nobody", "there is nobody")) }.boxed();
        }
        let model: Arc<dyn ChatModel> = self.model.clone();
        let chosen = Chosen { reference, model, builtin: self.builtin };
        async move { Ok(Editor { chosen, shape: Shape::Whole }) }.boxed()
    }
}

#[derive(Default)]
struct Open(Mutex<HashMap<String, Document>>);

impl OpenDocuments for Open {
    fn open(&self, uri: &str) -> Option<Document> {
        lock(&self.0).get(uri).cloned()
    }

    fn is_lost(&self, uri: &str) -> bool {
        uri.ends_with("/lost.rs")
    }
}

struct Heard(UnboundedSender<Proposal>);

impl Watcher for Heard {
    fn changed(&self, proposal: &Proposal) {
        let _gone = self.0.send(proposal.clone());
    }
}

struct Scene {
    desk: Arc<Desk>,
    open: Arc<Open>,
    asked: UnboundedReceiver<Asked>,
    heard: UnboundedReceiver<Proposal>,
    _watcher: Arc<dyn Watcher>,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::with(false)
    }

    fn with(builtin: bool) -> Self {
        let ((ask, asked), (hear, heard)) = (unbounded_channel(), unbounded_channel());
        let open = Arc::new(Open::default());
        let models = Arc::new(One { model: Arc::new(Model(ask)), builtin });
        let desk = Arc::new(Desk::new(models, open.clone(), Options::default()));
        let watcher: Arc<dyn Watcher> = Arc::new(Heard(hear));
        desk.watch(&watcher);
        let folder = tempfile::tempdir().expect("a folder");
        Self { desk, open, asked, heard, _watcher: watcher, folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there")
    }

    fn uri(&self, path: &str) -> String {
        url::Url::from_file_path(self.root().join(path)).expect("an absolute path").into()
    }

    /// The editor has `path` open with this text; a version that was open before is told to have changed.
    fn has(&self, path: &str, version: i32, text: &str) -> Document {
        let uri = self.uri(path);
        let document = Document::open(&uri, "rust", version, text).expect("a text");
        let before = lock(&self.open.0).insert(uri, document.clone());
        if let Some(before) = before {
            self.desk.changed(&before, &document, None);
        }
        document
    }

    /// Asks for an edit of the bytes `range` of `path`, which is open.
    fn ask(&self, path: &str, range: Range<usize>) -> Ask {
        let document = self.open.open(&self.uri(path)).expect("it is open");
        Ask {
            action: "fix".into(),
            title: "Fix it".into(),
            target: Target { label: path.into(), document, open: true, is_new: false, range },
            model: None,
            workspace: Some(self.root()),
            shape: None,
            question: String::new(),
            words: Arc::new(|target, shape, failed| {
                let code = target.document.slice(target.range.clone());
                let why = failed.map(|failed| failed.why.clone()).unwrap_or_default();
                Ok(vec![Message::new(Role::User, format!("{shape}|{code}|{why}"))])
            }),
        }
    }

    async fn start(&mut self, path: &str, range: Range<usize>) -> (EditId, Asked) {
        let id = self.desk.start(self.ask(path, range)).await.expect("a model").id;
        (id, self.asked().await)
    }

    async fn asked(&mut self) -> Asked {
        let asked = tokio::time::timeout(PATIENCE, self.asked.recv()).await;
        asked.expect("the model is asked").expect("the desk is there")
    }

    /// Waits for the state that `wanted` takes.
    async fn until(&mut self, wanted: impl Fn(&Proposal) -> bool) -> Proposal {
        let heard = async {
            loop {
                let proposal = self.heard.recv().await.expect("the desk is there");
                if wanted(&proposal) {
                    return proposal;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("that state comes")
    }

    async fn settled(&mut self) -> Proposal {
        self.until(|proposal| proposal.state != State::Streaming).await
    }
}

fn code(proposal: &Proposal) -> &'static str {
    proposal.error.as_ref().map_or("", |error| error.code())
}

#[tokio::test]
async fn an_answer_becomes_hunks_that_are_taken_at_the_current_version() {
    let mut scene = Scene::new();
    scene.has("a.rs", 3, CODE);
    let (id, asked) = scene.start("a.rs", 0..22).await;
    assert_eq!(asked.request.messages[0].text, "whole|fn a() {\n    one();\n}\n|");
    asked.say("```rust\nfn a() {\n    uno();\n");
    let preview = scene.until(|proposal| !proposal.files.is_empty()).await;
    assert_eq!((preview.state, preview.waiting()), (State::Streaming, 1));
    assert_eq!(scene.desk.take(id, None, None).map(drop).map_err(|error| error.code()), Err("edit-streaming"));
    asked.say("}\n```\n");
    asked.end(EndReason::Complete);
    let proposal = scene.until(|proposal| proposal.state == State::Proposed).await;
    assert_eq!(proposal.files[0].proposed(), CODE.replace("one", "uno"));
    let change = scene.desk.take(id, None, None).expect("a change");
    let file = &change.files[0];
    assert_eq!((file.open, file.document.version(), file.edits.len()), (true, 3, 1));
    assert_eq!(scene.desk.applied(id, &change.hunks, true).expect("known").state, State::Done);
    assert!(scene.desk.list().is_empty());
}

#[tokio::test]
async fn a_change_elsewhere_moves_the_edit_and_one_at_the_place_refuses_it() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let (_, asked) = scene.start("a.rs", 23..45).await;
    asked.say("fn b() {\n    dos();\n}\n");
    scene.has("a.rs", 2, &format!("// top\n{CODE}"));
    asked.end(EndReason::Complete);
    let proposal = scene.until(|proposal| proposal.state == State::Proposed).await;
    assert_eq!(proposal.files[0].proposed(), format!("// top\n{}", CODE.replace("two", "dos")));
    assert_eq!(proposal.files[0].document.version(), 2);

    let (_, asked) = scene.start("a.rs", 30..52).await;
    asked.say("fn b() {\n    tres();\n}\n");
    scene.has("a.rs", 3, &format!("// top\n{}", CODE.replace("two()", "two(1)")));
    asked.end(EndReason::Complete);
    let failed = scene.until(|proposal| proposal.state == State::Failed).await;
    assert_eq!(code(&failed), "edit-stale");
}

#[tokio::test]
async fn a_change_after_the_answer_refuses_the_whole_unless_hunks_are_named() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let (id, asked) = scene.start("a.rs", 0..CODE.len()).await;
    asked.say(&format!("```\n{}```\n", CODE.replace("one", "uno").replace("two", "dos")));
    asked.end(EndReason::Complete);
    scene.until(|proposal| proposal.state == State::Proposed).await;
    scene.has("a.rs", 2, &CODE.replace("one()", "one(1)"));
    let proposal = scene.desk.show(id).expect("known");
    assert_eq!(
        proposal.hunks().map(|(_, hunk)| hunk.state).collect::<Vec<_>>(),
        [HunkState::Stale, HunkState::Proposed]
    );
    assert_eq!(scene.desk.take(id, None, None).map(drop).map_err(|error| error.code()), Err("edit-stale"));
    assert!(scene.desk.take(id, Some(&[1]), None).is_ok());
}

#[tokio::test]
async fn an_answer_that_is_not_whole_changes_nothing_and_says_why() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    for (said, reason, expected) in [
        ("fn a() {", EndReason::Length, "answer-length"),
        ("fn a() {", EndReason::Truncated, "answer-truncated"),
        ("fn a() {", EndReason::Filtered, "answer-filtered"),
    ] {
        let (_, asked) = scene.start("a.rs", 0..22).await;
        asked.say(said);
        asked.end(reason);
        let failed = scene.settled().await;
        assert_eq!((code(&failed), failed.files.len()), (expected, 0), "{reason:?}");
    }
    let (_, asked) = scene.start("a.rs", 0..22).await;
    let _gone = asked.say.send(Err(ModelError::new(ErrorKind::Unreachable, "p", "`p` does not answer")));
    assert_eq!(code(&scene.settled().await), "unreachable");
    let (_, asked) = scene.start("a.rs", 0..22).await;
    drop(asked);
    assert_eq!(code(&scene.settled().await), "answer-truncated");
}

#[tokio::test]
async fn a_stop_lets_the_model_go_and_leaves_nothing() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let (id, asked) = scene.start("a.rs", 0..22).await;
    asked.say("fn a() {");
    assert_eq!(scene.desk.stop(id).expect("known").state, State::Stopped);
    tokio::time::timeout(PATIENCE, asked.say.closed()).await.expect("the stream is dropped");
    assert_eq!(scene.desk.stop(id).expect("known").state, State::Stopped);
    assert!(scene.desk.take(id, None, None).is_err());
}

#[tokio::test]
async fn a_model_that_is_asked_again_sees_what_was_wrong() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let (id, asked) = scene.start("a.rs", 0..22).await;
    asked.say("I am sorry, but I cannot do that.");
    asked.end(EndReason::Complete);
    assert_eq!(scene.settled().await.state, State::Failed);
    let again = scene.desk.retry(id, None, None).await.expect("a model");
    let asked = scene.asked().await;
    let sent = &asked.request.messages[0].text;
    assert!(again.id != id && sent.ends_with(char::is_alphanumeric) || sent.len() > 40, "{sent}");
    asked.say("```\nfn a() {\n    uno();\n}\n```");
    asked.end(EndReason::Complete);
    scene.until(|proposal| proposal.state == State::Proposed).await;
    scene.desk.retry(again.id, Some("say it in Basque".to_owned()), None).await.expect("a model");
    assert!(scene.asked().await.request.messages[0].text.ends_with("say it in Basque"));
    assert_eq!(scene.desk.show(again.id).expect("known").state, State::Done);
}

#[tokio::test]
async fn an_attempt_that_cannot_be_made_leaves_the_last_one() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let (id, asked) = scene.start("a.rs", 0..22).await;
    asked.say("```\nfn a() {\n    uno();\n}\n```");
    asked.end(EndReason::Complete);
    scene.until(|proposal| proposal.state == State::Proposed).await;
    let nobody = "nobody/m".parse().expect("a model");
    assert!(scene.desk.retry(id, None, Some(nobody)).await.is_err());
    assert!(scene.desk.take(id, None, None).is_ok());
}

#[tokio::test]
async fn that_a_model_is_asked_is_told_before_it_says_anything() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let (id, _asked) = scene.start("a.rs", 0..22).await;
    let told = scene.until(|proposal| proposal.id == id).await;
    assert_eq!((told.state, told.received), (State::Streaming, 0));
}

#[tokio::test]
async fn what_is_typed_while_an_answer_is_read_counts_for_every_file_of_it() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    scene.has("b.rs", 1, "fn other() {}\n");
    std::fs::write(scene.root().join("lost.rs"), "fn lost() {}\n").expect("the folder is writable");
    let ask = Ask { shape: Some(Shape::SearchReplace), ..scene.ask("a.rs", 0..22) };
    let id = scene.desk.start(ask.clone()).await.expect("a model").id;
    let asked = scene.asked().await;
    asked.say("b.rs\n<<<<<<< SEARCH\nfn other() {}\n=======\nfn another() {}\n>>>>>>> REPLACE\n");
    asked.end(EndReason::Complete);
    scene.until(|proposal| proposal.state == State::Proposed).await;
    // The newest text is known here, and the desk was not told of it yet.
    let newer = Document::open(&scene.uri("b.rs"), "rust", 2, "// mine\nfn other() {}\n").expect("a text");
    lock(&scene.open.0).insert(scene.uri("b.rs"), newer);
    let change = scene.desk.take(id, None, None).expect("a change");
    let file = &change.files[0];
    assert_eq!((file.document.version(), &file.edits[0].0), (2, &(8..22)));

    // The editor has another text of this one than the disk.
    scene.desk.start(ask).await.expect("a model");
    let asked = scene.asked().await;
    asked.say("lost.rs\n<<<<<<< SEARCH\nfn lost() {}\n=======\nfn found() {}\n>>>>>>> REPLACE\n");
    asked.end(EndReason::Complete);
    let failed = scene.until(|proposal| proposal.state == State::Failed).await;
    assert!(failed.files.is_empty(), "{failed:?}");
}

#[tokio::test]
async fn what_may_not_leave_is_not_asked_about_and_the_builtin_engine_edits_nothing() {
    let mut scene = Scene::new();
    scene.has(".env", 1, "A=1\n");
    let refused = scene.desk.start(scene.ask(".env", 0..4)).await;
    assert_eq!(refused.map(drop).map_err(|error| error.code()), Err("withheld"));
    assert!(scene.asked.try_recv().is_err());
    let scene = Scene::with(true);
    scene.has("a.rs", 1, CODE);
    let refused = scene.desk.start(scene.ask("a.rs", 0..22)).await;
    assert_eq!(refused.map(drop).map_err(|error| error.code()), Err("needs-model"));
}

#[tokio::test]
async fn files_that_are_not_open_are_read_and_read_again_before_they_change() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let other = scene.root().join("b.rs");
    std::fs::write(&other, "fn other() {}\n").expect("the folder is writable");
    let ask = Ask { shape: Some(Shape::SearchReplace), ..scene.ask("a.rs", 0..22) };
    let id = scene.desk.start(ask).await.expect("a model").id;
    let asked = scene.asked().await;
    asked.say("b.rs\n<<<<<<< SEARCH\nfn other() {}\n=======\nfn another() {}\n>>>>>>> REPLACE\n");
    asked.say("new.rs\n<<<<<<< SEARCH\n=======\nfn new() {}\n>>>>>>> REPLACE\n");
    asked.end(EndReason::Complete);
    let proposal = scene.until(|proposal| proposal.state == State::Proposed).await;
    let labels: Vec<_> = proposal.files.iter().map(|file| (file.label.as_str(), file.open, file.is_new)).collect();
    assert_eq!(labels, [("b.rs", false, false), ("new.rs", false, true)]);
    std::fs::write(&other, "// mine\nfn other() {}\n").expect("the folder is writable");
    std::fs::write(scene.root().join("new.rs"), "").expect("the folder is writable");
    let taken = scene.desk.take(id, None, None);
    assert_eq!(taken.map(drop).map_err(|error| error.code()), Err("edit-file"));
    let taken = scene.desk.take(id, Some(&[0]), None);
    assert_eq!(taken.map(drop).map_err(|error| error.code()), Err("edit-file"));
    std::fs::remove_file(scene.root().join("new.rs")).expect("it is there");
    let change = scene.desk.take(id, None, None).expect("a change");
    assert_eq!(change.files[0].edits, [(8..22, "fn another() {}\n".to_owned())]);
}

#[tokio::test]
async fn places_that_need_a_look_are_marked() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let ask = Ask { shape: Some(Shape::SearchReplace), ..scene.ask("a.rs", 0..22) };
    scene.desk.start(ask).await.expect("a model");
    let asked = scene.asked().await;
    asked
        .say(".vscode/settings.json\n<<<<<<< SEARCH\n=======\n{ \"chat.tools.autoApprove\": true }\n>>>>>>> REPLACE\n");
    asked.say("a.rs\n<<<<<<< SEARCH\n    one();\n=======\n    one(); // \u{202e}hidden\n>>>>>>> REPLACE\n");
    asked.end(EndReason::Complete);
    let proposal = scene.until(|proposal| proposal.state == State::Proposed).await;
    let codes = |file: &crate::edit::File| file.warnings.iter().map(|one| one.code).collect::<Vec<_>>();
    assert!(codes(&proposal.files[0]).contains(&"control-file"), "{:?}", proposal.files[0].warnings);
    assert_eq!(proposal.files[1].hunks[0].warnings[0].code, "invisible-characters");
    assert!(!proposal.diff().contains('\u{202e}'));
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let mut scene = Scene::new();
    scene.has("a.rs", 1, CODE);
    let mut waiting = Vec::new();
    for _ in 0..MOST_STREAMING {
        waiting.push(scene.start("a.rs", 0..22).await.1);
    }
    let refused = scene.desk.start(scene.ask("a.rs", 0..22)).await;
    assert_eq!(refused.map(drop).map_err(|error| error.code()), Err("edit-limit"));
}
