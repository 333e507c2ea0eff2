//! The store on a real database.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::*;
use crate::{End, MessageState, turn::Outcome};

struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data/sessions.db")
    }

    /// A store of its own owner, as another editor in the same process would be.
    fn store(&self) -> Store {
        Store::new(self.path())
    }
}

fn place() -> WorkspaceId {
    WorkspaceId::stored("/work".to_owned())
}

fn question(session: SessionId, text: &str) -> Question {
    let turn = TurnId::fresh();
    Question { session, turn, text: text.to_owned(), attachments: Vec::new(), model: "a/b".to_owned(), backlog: None }
}

fn ending(text: &str, reason: End) -> Closing {
    Closing { text: text.to_owned(), outcome: Outcome { reason, error: None }, usage: None }
}

async fn fresh(store: &Store) -> SessionId {
    store.create(place(), None, None).await.expect("made").id
}

async fn ask(store: &Store, session: SessionId, text: &str) -> (TurnId, Vec<String>) {
    let question = question(session, text);
    let turn = question.turn;
    let history = store.begin(question).await.expect("begun");
    (turn, history.into_iter().map(|message| message.text).collect())
}

async fn exchange(store: &Store, session: SessionId, text: &str, answer: &str) {
    let (turn, _) = ask(store, session, text).await;
    let record = Record::End(ending(answer, End::Complete));
    assert_eq!(store.append(session, turn, record).await.expect("ended"), Kept::Kept);
}

async fn texts(store: &Store, session: SessionId) -> Vec<(String, MessageState)> {
    let opened = store.open(session, 1000, None).await.expect("opened");
    opened.messages.into_iter().map(|message| (message.text, message.state)).collect()
}

#[tokio::test]
async fn reading_creates_nothing() {
    let scene = Scene::new();
    let store = scene.store();
    let id = SessionId::fresh();
    let page = store.list(None, 10, None).await.expect("listed");
    assert_eq!(page, Page { sessions: Vec::new(), cursor: None });
    assert_eq!(store.count().await.expect("counted"), None);
    for error in [
        store.open(id, 10, None).await.map(drop).expect_err("unknown"),
        store.workspace_of(id).await.map(drop).expect_err("unknown"),
        store.rename(id, "t".to_owned()).await.map(drop).expect_err("unknown"),
        store.delete(id).await.expect_err("unknown"),
    ] {
        assert_eq!(error.code(), "unknown-session");
    }
    assert!(!scene.path().parent().expect("a folder").exists());
}

#[tokio::test]
async fn a_conversation_is_there_for_another_store() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    exchange(&store, session, "Why?", "Because.").await;
    let (_, history) = ask(&store, session, "And then?").await;
    assert_eq!(history, ["Why?", "Because.", "And then?"]);

    let opened = scene.store().open(session, 10, None).await.expect("opened");
    let info = &opened.session;
    assert_eq!((info.title.as_str(), info.workspace.as_str(), info.messages), ("Why?", "/work", 4));
    assert_eq!((info.model.as_deref(), info.state), (Some("a/b"), State::Running));
    assert!(info.bytes > 0 && info.updated >= info.created);
    assert_eq!(opened.messages.len(), 4);
    assert_eq!(opened.messages[3].state, MessageState::Streaming);
    assert_eq!(opened.messages[3].model.as_deref(), Some("a/b"));
}

#[tokio::test]
async fn two_owners_cannot_answer_in_one_session_at_once() {
    let scene = Scene::new();
    let (mine, theirs) = (scene.store(), scene.store());
    let session = fresh(&mine).await;
    let (turn, _) = ask(&mine, session, "mine").await;
    let busy = theirs.begin(question(session, "theirs")).await.expect_err("busy");
    assert!(matches!(busy, SessionError::Busy { elsewhere: true, .. }), "{busy}");
    assert!(matches!(theirs.delete(session).await, Err(SessionError::Busy { elsewhere: true, .. })));
    mine.append(session, turn, Record::End(ending("done", End::Complete))).await.expect("ended");
    exchange(&theirs, session, "theirs", "too").await;
    let texts: Vec<_> = texts(&mine, session).await.into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["mine", "done", "theirs", "too"], "what was refused left nothing");
}

#[tokio::test]
async fn a_turn_of_ours_that_nobody_runs_is_interrupted_and_closed_by_the_next() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let running = store.ledger().enter(TurnId::fresh());
    let mut left = question(session, "left");
    left.turn = running.turn();
    store.begin(left).await.expect("begun");
    store.append(session, running.turn(), Record::Part { text: "half".to_owned() }).await.expect("kept");
    assert_eq!(store.session(session).await.expect("there").state, State::Running);

    let turn = running.turn();
    drop(running);
    assert_eq!(store.session(session).await.expect("there").state, State::Interrupted);
    assert_eq!(texts(&store, session).await[1], ("half".to_owned(), MessageState::Interrupted));

    let (_, history) = ask(&store, session, "next").await;
    assert_eq!(history, ["left", "half", "next"]);
    let late = Record::Part { text: "late".to_owned() };
    assert_eq!(store.append(session, turn, late).await.expect("answered"), Kept::Lost);
    assert_eq!(texts(&store, session).await[1], ("half".to_owned(), MessageState::Interrupted));
}

#[tokio::test]
async fn an_owner_on_another_host_lives_as_long_as_it_gives_signs_of_life() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let (turn, _) = ask(&store, session, "one").await;
    let set = |seen: Timestamp| {
        let owner = format!("{} 1 1 another-boot", uuid::Uuid::nil());
        let update = "UPDATE sessions SET owner = ?1, seen = ?2";
        let values = (owner, seen.as_microsecond());
        store.database().write::<_, DatabaseError>(move |tx| Ok(tx.execute(update, values).map(drop)?))
    };
    set(Timestamp::now()).await.expect("set");
    assert_eq!(store.session(session).await.expect("there").state, State::Running);
    assert!(matches!(store.begin(question(session, "two")).await, Err(SessionError::Busy { elsewhere: true, .. })));
    set(Timestamp::UNIX_EPOCH).await.expect("set");
    assert_eq!(store.session(session).await.expect("there").state, State::Interrupted);
    store.beat(session, turn).await.expect("written");
    assert_eq!(store.session(session).await.expect("there").state, State::Running);
}

#[tokio::test]
async fn an_end_that_was_refused_before_is_saved_with_the_next_question() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let (turn, _) = ask(&store, session, "one").await;
    store.append(session, turn, Record::Part { text: "ha".to_owned() }).await.expect("kept");
    let mut next = question(session, "two");
    next.backlog = Some((turn, ending("lf", End::Stopped)));
    let history = store.begin(next).await.expect("begun");
    assert_eq!((history[1].text.as_str(), history[1].state), ("half", MessageState::Stopped));
}

#[tokio::test]
async fn an_answer_cut_off_by_a_shutdown_marks_the_session_until_the_next_question() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let (turn, _) = ask(&store, session, "one").await;
    store.append(session, turn, Record::End(ending("half", End::Interrupted))).await.expect("ended");
    assert_eq!(store.session(session).await.expect("there").state, State::Interrupted);
    exchange(&store, session, "two", "whole").await;
    assert_eq!(store.session(session).await.expect("there").state, State::Idle);
}

#[tokio::test]
async fn a_deleted_session_is_gone_and_its_turn_is_lost() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let (turn, _) = ask(&store, session, "a secret word: xyzzy").await;
    store.delete(session).await.expect("deleted");
    let kept = store.append(session, turn, Record::Part { text: "late".to_owned() }).await.expect("answered");
    assert_eq!(kept, Kept::Lost);
    assert_eq!(store.open(session, 10, None).await.map(drop).expect_err("gone").code(), "unknown-session");
    assert_eq!(store.count().await.expect("counted"), Some(Count::default()));
    store.database().close().await;
    let bytes = std::fs::read(scene.path()).expect("read");
    assert!(!bytes.windows(5).any(|window| window == b"xyzzy"), "deleted text is overwritten");
}

#[tokio::test]
async fn a_title_stays_what_it_was_set_to() {
    let scene = Scene::new();
    let store = scene.store();
    let session = store.create(place(), Some("given".to_owned()), None).await.expect("made").id;
    exchange(&store, session, "first message", "a").await;
    assert_eq!(store.session(session).await.expect("there").title, "given");
    assert_eq!(store.rename(session, "renamed".to_owned()).await.expect("renamed").title, "renamed");
    assert_eq!(texts(&store, session).await.len(), 2, "a title is no message");
}

#[tokio::test]
async fn the_list_is_newest_first_and_pages_without_gap_or_repeat() {
    let scene = Scene::new();
    let store = scene.store();
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(fresh(&store).await);
    }
    let elsewhere = store.create(WorkspaceId::of(None), None, None).await.expect("made").id;
    exchange(&store, made[2], "moves to the front", "a").await;

    let mut expected = vec![made[2]];
    expected.extend([6, 5, 4, 3, 1, 0].map(|index| made[index]));
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list(Some(place()), 3, cursor).await.expect("listed");
        listed.extend(page.sessions.iter().map(|one| one.id));
        match page.cursor {
            Some(next) => cursor = Some(next.parse().expect("a cursor of ours")),
            None => break,
        }
    }
    assert_eq!(listed, expected);
    let all = store.list(None, 100, None).await.expect("listed").sessions;
    assert_eq!((all.len(), all[1].id), (8, elsewhere));
}

#[tokio::test]
async fn a_long_session_opens_at_its_tail_and_pages_to_its_start() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    for number in 0..5 {
        let (turn, _) = ask(&store, session, &format!("q{number}")).await;
        for part in ["a", "b"] {
            store.append(session, turn, Record::Part { text: part.to_owned() }).await.expect("kept");
        }
        store.append(session, turn, Record::End(ending(&number.to_string(), End::Complete))).await.expect("ended");
    }
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let opened = store.open(session, 3, before).await.expect("opened");
        assert!(opened.messages.len() <= 3);
        pages.splice(0..0, opened.messages.into_iter().map(|message| message.text));
        before = opened.before;
        if before.is_none() {
            break;
        }
    }
    let whole = ["q0", "ab0", "q1", "ab1", "q2", "ab2", "q3", "ab3", "q4", "ab4"];
    assert_eq!(pages, whole);
    assert_eq!(store.open(session, 3, Some(u64::MAX)).await.expect("opened").messages[2].text, "ab4");
    assert_eq!(store.open(session, 3, Some(0)).await.expect("opened").messages, []);
}

#[tokio::test]
async fn a_page_is_found_by_an_index_without_reading_parts() {
    let scene = Scene::new();
    let store = scene.store();
    fresh(&store).await;
    let plan = format!("EXPLAIN QUERY PLAN {}", page::OPENINGS);
    let plan: Result<_, DatabaseError> =
        store.database().read(move |tx| Ok(tx.query_row(&plan, ([0; 16], 9, 9), |row| row.get::<_, String>(3))?)).await;
    let plan = plan.expect("planned").expect("there");
    assert!(plan.contains("SEARCH") && plan.contains("INDEX events_that_open"), "{plan}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_the_rest_is_shown() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    exchange(&store, session, "one", "a").await;
    exchange(&store, session, "two", "b").await;
    let spoil = "UPDATE events SET payload = x'00' WHERE n = 2";
    store.database().write::<_, DatabaseError>(move |tx| Ok(tx.execute(spoil, ())?)).await.expect("spoiled");
    let opened = store.open(session, 10, None).await.expect("opened");
    assert_eq!(opened.session.state, State::Damaged);
    let states: Vec<_> = opened.messages.iter().map(|message| message.state).collect();
    let whole = MessageState::Complete;
    assert_eq!(states, [whole, MessageState::Error, whole, whole]);
}

#[test]
fn a_cursor_that_no_list_gave_is_refused() {
    for text in ["", ".", "1", "x.y", "1.2", &format!("{}.{}", "9".repeat(30), SessionId::fresh())] {
        assert_eq!(text.parse::<Cursor>().expect_err(text).code(), "bad-cursor");
    }
}

/// What may happen to one of a few sessions.
#[derive(Debug, Clone)]
enum Step {
    Create,
    Ask(usize, String),
    Part(usize, String),
    End(usize, String),
    Delete(usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let text = "[aé🎬]{0,4}";
    prop_oneof![
        1 => Just(Step::Create),
        4 => (0..3_usize, text).prop_map(|(at, text)| Step::Ask(at, text)),
        4 => (0..3_usize, text).prop_map(|(at, text)| Step::Part(at, text)),
        3 => (0..3_usize, text).prop_map(|(at, text)| Step::End(at, text)),
        1 => (0..3_usize).prop_map(Step::Delete),
        1 => Just(Step::Reopen),
    ]
}

/// The plain model of one session.
#[derive(Debug, Clone)]
struct Plain {
    id: SessionId,
    messages: Vec<(String, MessageState)>,
    open: Option<TurnId>,
}

struct Model {
    scene: Scene,
    store: Store,
    sessions: Vec<Plain>,
}

impl Model {
    async fn step(&mut self, step: Step) {
        let at = |at: usize| (!self.sessions.is_empty()).then(|| at % self.sessions.len().max(1));
        match step {
            Step::Create => {
                let id = fresh(&self.store).await;
                self.sessions.push(Plain { id, messages: Vec::new(), open: None });
            }
            Step::Ask(index, text) => {
                let Some(index) = at(index) else { return };
                let plain = &mut self.sessions[index];
                if let Some((_, state @ MessageState::Streaming)) = plain.messages.last_mut() {
                    *state = MessageState::Interrupted;
                }
                plain.messages.push((text.clone(), MessageState::Complete));
                let (turn, history) = ask(&self.store, plain.id, &text).await;
                assert_eq!(history, plain.messages.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>());
                plain.messages.push((String::new(), MessageState::Streaming));
                plain.open = Some(turn);
            }
            Step::Part(index, text) => self.add(at(index), Record::Part { text: text.clone() }, &text, None).await,
            Step::End(index, text) => {
                let record = Record::End(ending(&text, End::Complete));
                self.add(at(index), record, &text, Some(MessageState::Complete)).await;
            }
            Step::Delete(index) => {
                let Some(index) = at(index) else { return };
                let gone = self.sessions.swap_remove(index);
                self.store.delete(gone.id).await.expect("deleted");
            }
            Step::Reopen => {
                // The same owner, as if the file had been closed in between.
                self.store.database().close().await;
            }
        }
    }

    async fn add(&mut self, at: Option<usize>, record: Record, text: &str, end: Option<MessageState>) {
        let Some(plain) = at.map(|at| &mut self.sessions[at]) else { return };
        let turn = plain.open.unwrap_or_else(TurnId::fresh);
        let kept = self.store.append(plain.id, turn, record).await.expect("answered");
        assert_eq!(kept == Kept::Kept, plain.open.is_some());
        if let (Kept::Kept, Some(last)) = (kept, plain.messages.last_mut()) {
            last.0.push_str(text);
            if let Some(end) = end {
                last.1 = end;
                plain.open = None;
            }
        }
    }

    async fn check(&self) {
        let listed = self.store.list(None, 1000, None).await.expect("listed").sessions;
        assert_eq!(listed.len(), self.sessions.len());
        for plain in &self.sessions {
            // Nobody runs these turns: another reader of the file sees them interrupted.
            let mut expected = plain.messages.clone();
            if let Some((_, state @ MessageState::Streaming)) = expected.last_mut() {
                *state = MessageState::Interrupted;
            }
            assert_eq!(texts(&self.store, plain.id).await, expected);
            let info = self.store.session(plain.id).await.expect("there");
            assert_eq!(info.messages, plain.messages.len() as u64);
        }
        assert_eq!(self.scene.path(), self.store.database().path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_store_does_what_plain_lists_do(steps in proptest::collection::vec(step(), 1..24)) {
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let scene = Scene::new();
            let store = scene.store();
            let mut model = Model { scene, store, sessions: Vec::new() };
            model.step(Step::Create).await;
            for step in steps {
                model.step(step).await;
            }
            model.check().await;
        });
    }
}
