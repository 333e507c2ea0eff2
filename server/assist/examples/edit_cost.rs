//! What edits cost: time to offer actions in a large file, to read and apply an edit of many lines, and from a model's word to
//! the preview. Prints a table for `docs/performance.md`; asserts nothing.
#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aside_assist::{
    Chosen, Editor, Models,
    action::{Actions, Spot},
    edit::{
        Ask, Desk, OpenDocuments, Options, Proposal, State, Target, Watcher, hunks,
        read::{Reader, Shape, Sources, Target as ReadTarget},
    },
};
use aside_model::{
    ChatModel, ChatRequest, EndReason, EventStream, FillModel, Message, ModelError, ModelRef, Role, StreamEvent,
};
use aside_text::{Change, Document, Encoding, Position, Range};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const LINES: usize = 20_000;

/// A Rust file of about so many lines, in functions of ten.
fn code(lines: usize) -> String {
    let function = |n: usize| {
        format!(
            "/// Number {n}.\npub fn number_{n}(a: u32, b: u32) -> u32 {{\n    let sum = a + b + {n};\n    if sum > {n} {{\n        \
             return sum - {n};\n    }}\n    let product = a * b;\n    product + {n}\n}}\n\n"
        )
    };
    (0..lines / 10).map(function).collect()
}

fn document(version: i32, text: &str) -> Document {
    Document::open("file:///w/large.rs", "rust", version, text).expect("a text")
}

#[derive(Default)]
struct Open(Mutex<HashMap<String, Document>>);

impl OpenDocuments for Open {
    fn open(&self, uri: &str) -> Option<Document> {
        self.0.lock().expect("no panic").get(uri).cloned()
    }

    fn is_lost(&self, _: &str) -> bool {
        false
    }
}

/// A model that says what comes through a channel.
struct Model(Mutex<Option<UnboundedReceiver<String>>>);

impl ChatModel for Model {
    fn chat(&self, _: ChatRequest) -> EventStream {
        let said = self.0.lock().expect("no panic").take().expect("asked once");
        let texts = stream::unfold(said, |mut said| async move { said.recv().await.map(|text| (text, said)) });
        let end = stream::once(async { Ok(StreamEvent::End(EndReason::Complete)) });
        texts.map(|text| Ok(StreamEvent::Text(text))).chain(end).boxed()
    }
}

struct One(Arc<Model>);

impl Models for One {
    fn fill(&self) -> BoxFuture<'_, Result<Chosen<dyn FillModel>, ModelError>> {
        unreachable!("nothing is completed")
    }

    fn chat(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<Chosen<dyn ChatModel>, ModelError>> {
        unreachable!("nothing is said")
    }

    fn edit(&self, _: Option<ModelRef>) -> BoxFuture<'_, Result<Editor, ModelError>> {
        let model: Arc<dyn ChatModel> = self.0.clone();
        let reference = "p/m".parse().expect("a model");
        async move { Ok(Editor { chosen: Chosen { reference, model, builtin: false }, shape: Shape::Whole }) }.boxed()
    }
}

fn models(said: UnboundedReceiver<String>) -> Arc<One> {
    Arc::new(One(Arc::new(Model(Mutex::new(Some(said))))))
}

fn print(what: &str, mut times: Vec<Duration>, aim: &str) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    println!("| {what} | {:.2} ms | {:.2} ms | {aim} |", at(50), at(99));
}

async fn offers() {
    let (_, said) = unbounded_channel();
    let actions = Actions::new(models(said), Arc::new(Open::default()), aside_assist::action::Options::default());
    let mut text = document(1, &code(LINES));
    let spot = |document: &Document| {
        let at = document.len_bytes() / 2;
        Spot { document: document.clone(), range: at..at, workspace: None, faults: Vec::new(), whole_file: false }
    };
    let begun = Instant::now();
    actions.offers(&spot(&text), None, false).await;
    print("actions offered in a 20,000-line file, never seen before", vec![begun.elapsed()], "≤ 10 ms");
    actions.outlines.of(&text).await;
    let mut known = Vec::new();
    for _ in 0..100 {
        let begun = Instant::now();
        actions.offers(&spot(&text), None, false).await;
        known.push(begun.elapsed());
    }
    print("the same again", known, "≤ 10 ms");
    let mut typed = Vec::new();
    for n in 0..100 {
        let at = Position { line: 10_000, character: 0 };
        let change = Change { range: Some(Range { start: at, end: at }), text: "/".to_owned() };
        text = text.apply(2 + n, &[change], Encoding::Utf8).expect("an edit");
        let begun = Instant::now();
        actions.offers(&spot(&text), None, false).await;
        typed.push(begun.elapsed());
        actions.outlines.of(&text).await;
    }
    print("the same after each of 100 keystrokes", typed, "≤ 10 ms");
}

struct Nothing;

impl Sources for Nothing {
    fn read(&self, _: &str) -> Option<Arc<str>> {
        None
    }
}

/// 2,000 changed lines of 20,000, as a model writes them.
fn reading() {
    let old = code(LINES);
    let new: String = old
        .lines()
        .enumerate()
        .map(|(n, line)| if n % 10 == 7 { format!("{line} // seen\n") } else { format!("{line}\n") })
        .collect();
    let plain = hunks::hunks(&old, &new);
    let label = [("large.rs", Some(old.as_str()), &plain[..900])];
    let diff = aside_assist::edit::patch::unified(&label);
    let blocks: String = plain
        .iter()
        .take(500)
        .map(|hunk| {
            let before = old[..hunk.old.start].rfind("/// Number").expect("each function has one");
            let whole = &old[before..hunk.old.end];
            format!("<<<<<<< SEARCH\n{whole}=======\n{}{}>>>>>>> REPLACE\n", &old[before..hunk.old.start], hunk.new)
        })
        .collect();
    let whole = format!("```rust\n{new}```\n");
    for (what, shape, answer) in [
        ("2,000 changed lines of 20,000 read as a whole text", Shape::Whole, whole),
        ("200 search and replace blocks in 20,000 lines read", Shape::SearchReplace, blocks),
        ("900 hunks of a unified diff in 20,000 lines read", Shape::Diff, diff),
    ] {
        let text: Arc<str> = old.as_str().into();
        let begun = Instant::now();
        let target = ReadTarget { path: "large.rs".into(), range: 0..text.len(), text };
        let mut reader = Reader::new(shape, target);
        for chunk in answer.as_bytes().chunks(4096) {
            reader.push(std::str::from_utf8(chunk).expect("ASCII")).expect("within bounds");
        }
        let outcome = reader.finish(&Nothing);
        let took = begun.elapsed();
        match outcome {
            Ok(_) => print(what, vec![took], ""),
            Err(refusal) => println!("| {what} | refused: {refusal} | | |"),
        }
    }
    let mut times = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        assert_eq!(hunks::apply(&old, &hunks::hunks(&old, &new)), new);
        times.push(begun.elapsed());
    }
    print("hunks of 2,000 changed lines found and applied", times, "");
}

struct Heard(UnboundedSender<(Instant, State, usize)>);

impl Watcher for Heard {
    fn changed(&self, proposal: &Proposal) {
        let _gone = self.0.send((Instant::now(), proposal.state, proposal.received));
    }
}

/// From a model's word to the preview that shows it, when words come slower than previews.
async fn preview(lines: usize) {
    let (say, said) = unbounded_channel();
    let open = Arc::new(Open::default());
    let text = document(1, &code(lines));
    open.0.lock().expect("no panic").insert(text.uri().to_owned(), text.clone());
    let desk = Arc::new(Desk::new(models(said), open, Options::default()));
    let (hear, mut heard) = unbounded_channel();
    let watcher: Arc<dyn Watcher> = Arc::new(Heard(hear));
    desk.watch(&watcher);
    let range = 0..text.slice(0..text.len_bytes()).find("\n\n").expect("several functions") + 1;
    let target = Target { label: "large.rs".into(), document: text, open: true, is_new: false, range };
    let ask = Ask {
        action: "fix".into(),
        title: "Fix".into(),
        target,
        model: None,
        workspace: None,
        shape: None,
        question: String::new(),
        words: Arc::new(|_, _, _| Ok(vec![Message::new(Role::User, "x")])),
    };
    desk.start(ask).await.expect("a model");
    let mut times = Vec::new();
    for n in 0..20 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        while heard.try_recv().is_ok() {}
        let begun = Instant::now();
        let _gone = say.send(format!("    let n{n} = {n};\n"));
        if let Some((at, ..)) = heard.recv().await {
            times.push(at - begun);
        }
    }
    print(&format!("a word of the model to its preview, {lines}-line file"), times, "≤ 16 ms");
}

#[tokio::main]
async fn main() {
    println!("| what | p50 | p99 | aim |\n|---|---|---|---|");
    offers().await;
    reading();
    preview(400).await;
    preview(LINES).await;
}
