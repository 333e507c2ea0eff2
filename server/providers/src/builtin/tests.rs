//! The engine as its callers see it: models over a corpus, in the background, with a clock that the test owns.

use std::{
    collections::BTreeMap,
    sync::{
        Condvar,
        atomic::{AtomicUsize, Ordering},
    },
};

use aside_model::{ChatRequest, EndReason, EventStream, FillRequest, Snippet, StreamEvent};
use futures_util::StreamExt;
use proptest::prelude::*;

use super::*;

/// A workspace in memory that counts how often it is walked, and can hold a walk up.
#[derive(Default)]
struct Memory {
    files: Mutex<BTreeMap<String, String>>,
    open: Mutex<Vec<OpenFile>>,
    walks: AtomicUsize,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Memory {
    fn of(files: &[(&str, &str)]) -> Arc<Self> {
        let files = files.iter().map(|(relative, text)| ((*relative).to_owned(), (*text).to_owned())).collect();
        Arc::new(Self { files: Mutex::new(files), ..Self::default() })
    }

    fn put(&self, relative: &str, text: &str) {
        self.files.lock().unwrap().insert(relative.to_owned(), text.to_owned());
    }

    fn walks(&self) -> usize {
        self.walks.load(Ordering::SeqCst)
    }
}

impl Corpus for Memory {
    fn walk(&self, _: &Path, each: &mut dyn FnMut(CorpusFile) -> ControlFlow<()>) {
        self.walks.fetch_add(1, Ordering::SeqCst);
        drop(self.opened.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
        let files = self.files.lock().unwrap().clone();
        for (relative, text) in files {
            assert_ne!(text, "panic");
            if each(CorpusFile { relative, text }).is_break() {
                return;
            }
        }
    }

    fn open_files(&self, _: &Path) -> Vec<OpenFile> {
        self.open.lock().unwrap().clone()
    }
}

/// An engine whose clock stands until the test moves it.
struct Bench {
    engine: Arc<Engine>,
    corpus: Arc<Memory>,
    now: Arc<Mutex<Instant>>,
}

impl Bench {
    fn over(corpus: Arc<Memory>, options: Options) -> Self {
        let now = Arc::new(Mutex::new(Instant::now()));
        let hand = Arc::clone(&now);
        let clock = Arc::new(move || *hand.lock().unwrap());
        let engine = Arc::new(Engine::with_clock(options, Arc::clone(&corpus) as Arc<dyn Corpus>, clock));
        Self { engine, corpus, now }
    }

    fn of(files: &[(&str, &str)]) -> Self {
        Self::over(Memory::of(files), Options { threshold: 0.3, ..Options::default() })
    }

    fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    async fn prepare(&self) -> Prepared {
        self.engine.prepare(Path::new("/w")).await
    }

    async fn fill(&self, prefix: &str, suffix: &str) -> String {
        self.ask(FillRequest { workspace: Some("/w".into()), ..request(prefix, suffix) }).await
    }

    async fn ask(&self, request: FillRequest) -> String {
        text_of(self.engine.fill_model().fill(request)).await
    }

    async fn chat(&self, question: &str) -> Vec<StreamEvent> {
        let request =
            ChatRequest { question: question.to_owned(), workspace: Some("/w".into()), ..ChatRequest::default() };
        self.engine.chat_model().chat(request).map(|event| event.expect("answers")).collect().await
    }
}

fn request(prefix: &str, suffix: &str) -> FillRequest {
    FillRequest {
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
        path: Some("now.rs".to_owned()),
        ..FillRequest::default()
    }
}

/// The text of a stream that ends well, in at most one piece.
async fn text_of(stream: EventStream) -> String {
    let events: Vec<_> = stream.map(|event| event.expect("fills")).collect().await;
    match events.as_slice() {
        [StreamEvent::End(EndReason::Complete)] => String::new(),
        [StreamEvent::Text(text), StreamEvent::End(EndReason::Complete)] if !text.is_empty() => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn lines(line: &str) -> String {
    format!("{line}\n").repeat(6)
}

#[tokio::test]
async fn an_engine_does_nothing_before_its_first_use() {
    let bench = Bench::of(&[("a.rs", &lines("start(engine);"))]);
    assert_eq!((bench.engine.status(), bench.corpus.walks()), (EngineStatus::default(), 0));
    drop(bench.engine.fill_model().fill(request("start(", "")));
    drop(bench.engine.prepare(Path::new("/w")));
    assert_eq!(bench.corpus.walks(), 0);
}

#[tokio::test]
async fn a_prepared_workspace_is_used() {
    let bench = Bench::of(&[("a.rs", &lines("start(engine);")), ("b.rs", "other")]);
    let prepared = bench.prepare().await;
    assert_eq!((prepared.files, prepared.tokens), (2, 6 * 6 + 1 + 3));
    assert_eq!(bench.fill("start(", "").await, "engine);");
    let status = bench.engine.status().workspaces.remove(0);
    assert_eq!((status.root, status.files, status.tokens, status.ready), ("/w".into(), 2, 40, true));
}

#[tokio::test]
async fn a_fill_does_not_wait_for_the_workspace() {
    let bench = Bench::of(&[("a.rs", &lines("start(engine);"))]);
    *bench.corpus.closed.lock().unwrap() = true;
    assert_eq!(bench.fill("start(", "").await, "");
    assert!(!bench.engine.status().workspaces[0].ready);
    assert_eq!(bench.fill(&format!("{}start(", lines("start(here);")), "").await, "here);");
    *bench.corpus.closed.lock().unwrap() = false;
    bench.corpus.opened.notify_all();
    bench.prepare().await;
    assert_eq!(bench.fill("start(", "").await, "engine);");
    assert_eq!(bench.corpus.walks(), 1);
}

#[tokio::test]
async fn a_workspace_is_read_again_after_a_minute_when_it_changed() {
    let bench = Bench::of(&[("a.rs", &lines("start(engine);"))]);
    bench.prepare().await;
    bench.corpus.put("a.rs", &lines("start(motor);"));
    bench.pass(Duration::from_secs(59));
    bench.prepare().await;
    assert_eq!((bench.fill("start(", "").await.as_str(), bench.corpus.walks()), ("engine);", 1));
    bench.pass(Duration::from_secs(2));
    bench.prepare().await;
    assert_eq!((bench.fill("start(", "").await.as_str(), bench.corpus.walks()), ("motor);", 3));
}

#[tokio::test]
async fn an_unchanged_workspace_is_only_looked_at() {
    for most in [1_000, 20] {
        let files: Vec<_> = (0..5).map(|n| (format!("{n}.rs"), lines("start(engine);"))).collect();
        let files: Vec<_> = files.iter().map(|(relative, text)| (relative.as_str(), text.as_str())).collect();
        let bench = Bench::over(Memory::of(&files), Options { max_tokens_indexed: most, ..Options::default() });
        bench.prepare().await;
        bench.pass(Duration::from_secs(61));
        bench.prepare().await;
        assert_eq!(bench.corpus.walks(), 2, "{most}");
        bench.pass(Duration::from_secs(61));
        bench.corpus.put("0.rs", "changed");
        bench.prepare().await;
        assert_eq!(bench.corpus.walks(), 4, "{most}");
    }
}

#[tokio::test]
async fn a_reading_that_fails_is_not_waited_for() {
    let bench = Bench::of(&[("a.rs", "panic")]);
    assert_eq!(bench.prepare().await, Prepared::default());
    bench.corpus.put("a.rs", &lines("start(engine);"));
    bench.pass(Duration::from_secs(61));
    assert_eq!(bench.prepare().await.files, 1);
}

#[tokio::test]
async fn no_more_than_the_allowed_tokens_are_kept() {
    let options = Options { max_tokens_indexed: 50, ..Options::default() };
    let bench = Bench::over(Memory::of(&[("a", &lines("a b c").repeat(9)), ("b", "d")]), options);
    let prepared = bench.prepare().await;
    assert!(prepared.tokens <= 50 && prepared.files == 1, "{prepared:?}");
}

#[tokio::test]
async fn a_workspace_takes_few_bytes_for_a_token() {
    let text: String = (0..20_000).map(|n| format!("    let name_{} = call(value, {});\n", n / 7, n % 90)).collect();
    let bench = Bench::of(&[("a.rs", &text)]);
    let tokens = bench.prepare().await.tokens;
    let bytes = bench.engine.status().workspaces[0].bytes;
    assert!(tokens > 200_000 && bytes <= 12 * tokens, "{bytes} bytes for {tokens} tokens");
}

#[tokio::test]
async fn what_was_saved_of_an_open_file_is_not_suggested() {
    let bench = Bench::of(&[("now.rs", &lines("start(saved);"))]);
    bench.prepare().await;
    assert_eq!(bench.fill("start(", "").await, "saved);");
    let open = OpenFile { relative: "now.rs".to_owned(), version: 1, text: "start(".to_owned() };
    bench.corpus.open.lock().unwrap().push(open);
    assert_eq!(bench.fill("start(", "").await, "");
}

#[tokio::test]
async fn a_snippet_helps_without_a_workspace() {
    let bench = Bench::of(&[]);
    let snippet = Snippet { path: "other.rs".to_owned(), text: lines("start(snippet);") };
    let ask = FillRequest { snippets: vec![snippet], ..request("start(", "") };
    assert_eq!(bench.ask(ask).await, "snippet);");
    assert_eq!(bench.engine.status(), EngineStatus::default());
}

#[tokio::test]
async fn the_workspace_unused_for_longest_is_forgotten() {
    let bench = Bench::of(&[("a", "b")]);
    for root in 0..=MOST_ROOMS {
        bench.engine.prepare(Path::new(&format!("/{root}"))).await;
        bench.pass(Duration::from_secs(1));
    }
    let mut roots: Vec<_> = bench.engine.status().workspaces.into_iter().map(|status| status.root).collect();
    roots.sort();
    assert_eq!((roots.len(), roots[0].to_str()), (MOST_ROOMS, Some("/1")));
}

#[test]
fn a_fill_works_without_a_runtime() {
    let bench = Bench::of(&[]);
    let prefix = format!("{}start(", lines("start(here);"));
    let events: Vec<_> = futures_executor(bench.engine.fill_model().fill(request(&prefix, "")));
    assert_eq!(events, ["here);"]);
}

/// Polls a stream that is always ready.
fn futures_executor(mut stream: EventStream) -> Vec<String> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut texts = Vec::new();
    while let std::task::Poll::Ready(Some(event)) = stream.poll_next_unpin(&mut context) {
        if let StreamEvent::Text(text) = event.expect("fills") {
            texts.push(text);
        }
    }
    texts
}

#[tokio::test]
async fn an_answer_comes_in_pieces_and_says_what_it_is() {
    let bench = Bench::of(&[("a.rs", "fn open_vault() {}"), ("b.rs", "fn close_vault() {}")]);
    let events = bench.chat("where is the vault?").await;
    let [StreamEvent::Text(label), StreamEvent::Text(first), StreamEvent::Text(_), StreamEvent::Text(next), end] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    assert!(label.contains("search results") && label.contains("not a model's words"));
    assert!(first.starts_with("`a.rs:1`"), "{first}");
    assert!(next.contains("Ollama") && *end == StreamEvent::End(EndReason::Complete));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_request_breaks_the_engine(prefix in any::<String>(), suffix in any::<String>(), open in any::<String>(), question in any::<String>()) {
        let corpus = Memory::of(&[("a", &open), ("b", &prefix)]);
        let both = OpenFile { relative: "now.rs".to_owned(), version: 1, text: format!("{open}{prefix}{suffix}") };
        corpus.open.lock().unwrap().push(both);
        let bench = Bench::over(corpus, Options { threshold: 0.0, ..Options::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            bench.prepare().await;
            for _ in 0..2 {
                let text = bench.fill(&prefix, &suffix).await;
                assert!(!text.contains(['\n', '\r']));
            }
            assert!(bench.chat(&question).await.len() >= 2);
        });
    }
}
