//! The inline pipeline over scripted models: what is shown, what is asked, and why an answer is empty.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use aside_model::{ChatModel, EndReason, ErrorKind, EventStream, ModelRef, failed};
use futures_util::{FutureExt, future::BoxFuture, stream};
use tokio::sync::Notify;

use super::*;

/// A model that answers each request with the next script, and remembers what it was asked.
#[derive(Default)]
struct Scripted {
    answers: Mutex<Vec<Script>>,
    asked: Mutex<Vec<FillRequest>>,
    dropped: Arc<AtomicUsize>,
    started: Arc<Notify>,
}

enum Script {
    Says(&'static str),
    Fails(ErrorKind),
    Hangs,
}

/// Counts the streams that were dropped before their end.
struct OnDrop(Arc<AtomicUsize>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl FillModel for Scripted {
    fn fill(&self, request: FillRequest) -> EventStream {
        self.asked.lock().unwrap().push(request);
        self.started.notify_one();
        match self.answers.lock().unwrap().remove(0) {
            Script::Says(text) => {
                let events = text.split_inclusive(' ').map(|piece| Ok(StreamEvent::Text(piece.to_owned())));
                let end = [Ok(StreamEvent::End(EndReason::Complete))];
                stream::iter(events.collect::<Vec<_>>().into_iter().chain(end)).boxed()
            }
            Script::Fails(kind) => failed(ModelError::new(kind, "p", "`p` said no")),
            Script::Hangs => {
                let guard = OnDrop(Arc::clone(&self.dropped));
                stream::once(async move {
                    let _guard = guard;
                    std::future::pending::<()>().await;
                    Ok(StreamEvent::End(EndReason::Complete))
                })
                .boxed()
            }
        }
    }
}

struct Only(Arc<Scripted>);

impl Models for Only {
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>> {
        let reference = ModelRef { provider: "p".into(), model: "m".into() };
        let model: Arc<dyn FillModel> = self.0.clone();
        async move { Ok(Chosen { reference, model, builtin: false }) }.boxed()
    }

    fn chat(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>> {
        async { Err(ModelError::new(ErrorKind::InvalidRequest, "p", "no chat here")) }.boxed()
    }

    fn edit(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<crate::Editor, ModelError>> {
        unreachable!("a completion edits nothing")
    }
}

/// A feature over a model with these answers.
fn feature(answers: Vec<Script>) -> (Arc<Inline>, Arc<Scripted>) {
    let model = Arc::new(Scripted { answers: Mutex::new(answers), ..Scripted::default() });
    (Arc::new(Inline::new(Arc::new(Only(Arc::clone(&model))), Options::default())), model)
}

/// A request at `|` of `marked`.
fn ask(marked: &str) -> Ask {
    ask_in("file:///w/src/a.py", marked)
}

fn ask_in(uri: &str, marked: &str) -> Ask {
    let at = marked.find('|').expect("a cursor");
    let document = Document::open(uri, "python", 1, &marked.replacen('|', "", 1)).expect("small text");
    let relative = uri.strip_prefix("file:///w/").map(str::to_owned);
    let trigger = Trigger::Automatic;
    Ask { document, at, workspace: Some("/w".into()), relative, open: Vec::new(), trigger, selected: None }
}

fn shown(answer: &Answer) -> Vec<&str> {
    answer.suggestions.iter().map(|one| one.text.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_fill_becomes_ghost_text_at_the_cursor() {
    let (inline, model) = feature(vec![Script::Says("a + b\nmore")]);
    let answer = inline.complete(ask("def f(a, b):\n    return |\n")).await;
    assert_eq!(shown(&answer), ["a + b"]);
    assert_eq!(answer.suggestions[0].replace, 24..24);
    assert_eq!((answer.model.as_deref(), answer.reused), (Some("p/m"), false));
    let asked = &model.asked.lock().unwrap()[0];
    assert_eq!((asked.prefix.as_str(), asked.suffix.as_str()), ("def f(a, b):\n    return ", "\n"));
    assert_eq!(
        (asked.path.as_deref(), asked.language.as_str(), asked.single_line),
        (Some("src/a.py"), "python", false)
    );
}

#[tokio::test(start_paused = true)]
async fn typing_through_a_suggestion_asks_nobody() {
    let (inline, model) = feature(vec![Script::Says("foo(1)")]);
    inline.complete(ask("x = |\n")).await;
    let answer = inline.complete(ask("x = fo|\n")).await;
    assert_eq!((shown(&answer), answer.reused), (vec!["o(1)"], true));
    assert_eq!(model.asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_newest_request_wins_and_the_older_stream_is_dropped() {
    let (inline, model) = feature(vec![Script::Hangs, Script::Says("new")]);
    let older = tokio::spawn({
        let inline = Arc::clone(&inline);
        async move { inline.complete(ask("x = |\n")).await }
    });
    model.started.notified().await;
    let newer = inline.complete(ask("y = |\n")).await;
    assert_eq!(shown(&newer), ["new"]);
    assert_eq!(older.await.expect("answered").empty, Some(Empty::Superseded));
    assert_eq!(model.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_ten_keystrokes_asks_the_model_at_most_twice() {
    let (inline, model) = feature(vec![Script::Hangs, Script::Says("last")]);
    let mut running = Vec::new();
    for typed in 0..10 {
        let inline = Arc::clone(&inline);
        let marked = format!("{}|\n", "k".repeat(typed + 1));
        running.push(tokio::spawn(async move { inline.complete(ask(&marked)).await }));
        tokio::task::yield_now().await;
    }
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.expect("answered"));
    }
    assert_eq!(shown(&answers[9]), ["last"]);
    assert!(answers[..9].iter().all(|answer| answer.empty == Some(Empty::Superseded)));
    assert_eq!(model.asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_single_request_is_not_delayed() {
    let (inline, _) = feature(vec![Script::Says("x"), Script::Says("yy")]);
    let start = Instant::now();
    inline.complete(ask("a|\n")).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    inline.complete(ask("b|\n")).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn every_empty_answer_has_a_reason() {
    let off = Options { enabled: false, ..Options::default() };
    let no_python = Options { disabled_languages: vec!["python".into()], ..Options::default() };
    let cases = [
        (Options::default(), vec![Script::Says("  \n")], "no-text"),
        (Options::default(), vec![Script::Says(")")], "duplicate"),
        (Options::default(), vec![Script::Fails(ErrorKind::Unreachable)], "unreachable"),
        (Options::default(), vec![Script::Hangs], "timeout"),
        (off, vec![], "disabled"),
        (no_python, vec![], "language-disabled"),
    ];
    for (options, answers, code) in cases {
        let (inline, _) = feature(answers);
        inline.set_options(options);
        let answer = inline.complete(ask("f(|)\n")).await;
        assert_eq!(answer.empty.as_ref().map(Empty::code), Some(code));
        let report = inline.last_empty().expect("a reason");
        assert_eq!(report.code, code);
        assert!(!report.message.is_empty() && !report.hint.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_asks_for_comes_even_when_typing_is_left_alone() {
    let (inline, _) = feature(vec![Script::Says("1")]);
    inline.set_options(Options { enabled: false, disabled_languages: vec!["python".into()], ..Options::default() });
    let asked = Ask { trigger: Trigger::Invoked, ..ask("x = |\n") };
    assert_eq!(shown(&inline.complete(asked).await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_file_is_shown_to_no_model() {
    let (inline, model) = feature(vec![]);
    let answer = inline.complete(ask_in("file:///w/.env", "TOKEN=|\n")).await;
    assert_eq!(answer.empty.as_ref().map(Empty::code), Some("withheld"));
    assert!(model.asked.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn places_visited_in_other_files_go_along_but_secret_ones_do_not() {
    let (inline, model) = feature(vec![Script::Says("1"), Script::Says("2")]);
    let other = ask_in("file:///w/lib.py", "def helper():\n    return |\n");
    inline.complete(other.clone()).await;
    inline.complete(ask_in("file:///w/.env", "A=|")).await;
    let mut here = ask("x = |\n");
    here.open = vec![other.document.clone(), ask_in("file:///w/.env", "A=|").document, here.document.clone()];
    inline.complete(here.clone()).await;
    let asked = model.asked.lock().unwrap();
    let paths: Vec<_> = asked[1].snippets.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["lib.py"]);
    assert!(asked[1].snippets[0].text.contains("def helper()"));
}

#[tokio::test(start_paused = true)]
async fn a_suggestion_extends_the_item_selected_in_the_menu() {
    let (inline, model) = feature(vec![Script::Says("(1)")]);
    let mut asked = ask("x = fo|\n");
    asked.selected = Some(Selected { range: 4..6, text: "format".into() });
    let answer = inline.complete(asked).await;
    assert_eq!(answer.suggestions, [Suggestion { text: "format(1)".into(), replace: 4..6 }]);
    assert_eq!(model.asked.lock().unwrap()[0].prefix, "x = format");
}

#[tokio::test(start_paused = true)]
async fn explaining_sends_nothing_and_tells_what_would_go() {
    let (inline, model) = feature(vec![]);
    let explanation = inline.explain(ask("x = |\n")).await;
    assert_eq!((explanation.model.as_deref(), explanation.prefix.as_str()), (Some("p/m"), "x = "));
    assert!(explanation.refused.is_none() && model.asked.lock().unwrap().is_empty());
    let refused = inline.explain(ask_in("file:///w/id_rsa", "|")).await.refused.expect("withheld");
    assert_eq!(refused.code, "withheld");
}
