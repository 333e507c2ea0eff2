//! The store on a real database.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use aside_storage::database::DatabaseError;

use super::*;
use crate::{
    DataKey, End, Kept as KeptKeys, KeyFault, KeyFaultKind, KeyPlace, MessageState,
    turn::{Closing, Outcome},
};

mod protected;

#[path = "../../tests/sessions/keys.rs"]
mod keys;

use keys::HeldKeys;

struct Scene {
    folder: tempfile::TempDir,
    keys: Arc<HeldKeys>,
}

impl Scene {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), keys: HeldKeys::of(1) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/sessions.db")
    }

    /// A store of its own owner, as another editor in the same process would be.
    fn store(&self) -> Store {
        self.store_with(&Options::default())
    }

    fn store_with(&self, options: &Options) -> Store {
        let anchor = self.folder.path().join("state/sessions.anchor");
        let entered = self.folder.path().join("run/sessions.open");
        let keys: Arc<dyn DataKeys> = self.keys.clone();
        Store::new(Place { database: self.path(), anchor, entered, keys }, options)
    }
}

fn new(workspace: WorkspaceId, title: Option<&str>) -> NewSession {
    NewSession { workspace, title: title.map(str::to_owned), model: None, mark: None }
}

/// For rows that nothing was held back of, while the key is at hand.
fn unheld() -> (Option<usize>, Hold) {
    (None, Hold::default())
}

fn place() -> WorkspaceId {
    WorkspaceId::stored("/work".to_owned())
}

fn question(session: SessionId, text: &str) -> Question {
    let turn = TurnId::fresh();
    Question { session, turn, text: text.to_owned(), attachments: Vec::new(), model: "a/b".to_owned(), replaces: None }
}

fn ending(text: &str, reason: End) -> Closing {
    Closing { text: text.to_owned(), outcome: Outcome { reason, error: None }, usage: None }
}

async fn fresh(store: &Store) -> SessionId {
    store.create(new(place(), None)).await.expect("made").id
}

async fn ask(store: &Store, session: SessionId, text: &str) -> (TurnId, Vec<String>) {
    let question = question(session, text);
    let turn = question.turn;
    let begun = store.begin(question).await.expect("begun");
    let (history, _) = store.history(begun).await;
    (turn, history.into_iter().map(|message| message.text).collect())
}

async fn exchange(store: &Store, session: SessionId, text: &str, answer: &str) {
    let (turn, _) = ask(store, session, text).await;
    let record = Record::End(ending(answer, End::Complete));
    assert_eq!(store.append(session, turn, record, unheld()).await.expect("ended"), Kept::Kept);
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
        store.trash(id).await.expect_err("unknown"),
        store.remove(id).await.expect_err("unknown"),
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
    assert!(matches!(theirs.trash(session).await, Err(SessionError::Busy { elsewhere: true, .. })));
    mine.append(session, turn, Record::End(ending("done", End::Complete)), unheld()).await.expect("ended");
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
    store.append(session, running.turn(), Record::Part { text: "half".to_owned() }, unheld()).await.expect("kept");
    assert_eq!(store.session(session).await.expect("there").state, State::Running);

    let turn = running.turn();
    drop(running);
    assert_eq!(store.session(session).await.expect("there").state, State::Interrupted);
    assert_eq!(texts(&store, session).await[1], ("half".to_owned(), MessageState::Interrupted));

    let (_, history) = ask(&store, session, "next").await;
    assert_eq!(history, ["left", "half", "next"]);
    let late = Record::Part { text: "late".to_owned() };
    assert_eq!(store.append(session, turn, late, unheld()).await.expect("answered"), Kept::Lost);
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
    store.append(session, turn, Record::Part { text: "still here".to_owned() }, unheld()).await.expect("written");
}

#[tokio::test]
async fn an_end_that_was_refused_before_is_saved_with_the_next_question() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let (turn, _) = ask(&store, session, "one").await;
    store.append(session, turn, Record::Part { text: "ha".to_owned() }, unheld()).await.expect("kept");
    store.hold_back_end(session, turn, ending("lf", End::Stopped), 2);
    assert!(store.session(session).await.expect("there").unsaved);
    assert_eq!(texts(&store, session).await[1], ("half".to_owned(), MessageState::Stopped), "it is shown before");
    let begun = store.begin(question(session, "two")).await.expect("begun");
    let (history, _) = store.history(begun).await;
    assert_eq!((history[1].text.as_str(), history[1].state), ("half", MessageState::Stopped));
    assert!(!store.session(session).await.expect("there").unsaved);
}

#[tokio::test]
async fn what_was_refused_and_kept_all_the_same_is_not_written_twice() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let asked = question(session, "one");
    let turn = asked.turn;
    store.begin(asked.clone()).await.expect("kept");
    // The disk takes each of these, and nobody is told.
    store.begin_in_memory(asked, outage()).await.expect("held back");
    store.append(session, turn, Record::Part { text: "größ".to_owned() }, unheld()).await.expect("kept");
    let again = Record::Part { text: "größer".to_owned() };
    store.append(session, turn, again, (Some(0), Hold::default())).await.expect("the rest of it");
    store.hold_back_end(session, turn, ending("größer als", End::Complete), 0);
    store.flush(session).await.expect("saved");
    store.hold_back_end(session, turn, ending("größer als", End::Complete), 0);
    store.flush(session).await.expect("saved once more");
    let whole = MessageState::Complete;
    assert_eq!(texts(&store, session).await, [("one".to_owned(), whole), ("größer als".to_owned(), whole)]);
    assert_eq!(store.session(session).await.expect("there").messages, 2);

    let new = store.create_in_memory(session, new(place(), Some("made twice")), outage()).expect("held back");
    store.flush(new.id).await.expect("saved");
    assert_eq!(texts(&store, session).await.len(), 2, "the one that is there stays");
}

fn outage() -> SessionError {
    DatabaseError::Missing { path: PathBuf::new() }.into()
}

#[tokio::test]
async fn of_many_that_need_the_key_at_once_one_asks_and_a_fault_is_not_remembered() {
    let scene = Scene::new();
    fresh(&scene.store()).await;
    let store = scene.store();
    scene.keys.fail(Some(KeyFaultKind::Unavailable));
    assert_eq!(store.list(None, 10, None).await.expect_err("out of reach").code(), "session-key-unavailable");
    scene.keys.fail(None);
    let asked = scene.keys.asked();
    let lists = futures_util::future::join_all((0..16).map(|_| store.list(None, 10, None))).await;
    assert!(lists.into_iter().all(|page| page.is_ok_and(|page| page.sessions.len() == 1)));
    assert_eq!(scene.keys.asked(), asked + 1);
}

#[tokio::test]
async fn an_answer_cut_off_by_a_shutdown_marks_the_session_until_the_next_question() {
    let scene = Scene::new();
    let store = scene.store();
    let session = fresh(&store).await;
    let (turn, _) = ask(&store, session, "one").await;
    store.append(session, turn, Record::End(ending("half", End::Interrupted)), unheld()).await.expect("ended");
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
    store.trash(session).await.expect("deleted");
    let kept = store.append(session, turn, Record::Part { text: "late".to_owned() }, unheld()).await.expect("answered");
    assert_eq!(kept, Kept::Lost);
    assert_eq!(store.open(session, 10, None).await.map(drop).expect_err("gone").code(), "unknown-session");
    assert_eq!(store.list(None, 10, None).await.expect("listed").sessions, []);
    let trashed: Vec<_> = store.trashed().await.expect("listed").into_iter().map(|(info, _)| info.id).collect();
    assert_eq!(trashed, [session]);
    store.restore(session).await.expect("restored");
    assert_eq!(texts(&store, session).await[0].0, "a secret word: xyzzy");
    store.remove(session).await.expect("removed");
    assert_eq!(store.restore(session).await.expect_err("gone").code(), "unknown-session");
    let nothing = Count { sessions: 0, rows: 0, bytes: Some(0) };
    assert_eq!(store.count().await.expect("counted"), Some(nothing));
}

#[tokio::test]
async fn a_title_stays_what_it_was_set_to() {
    let scene = Scene::new();
    let store = scene.store();
    let session = store.create(new(place(), Some("given"))).await.expect("made").id;
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
    let elsewhere = store.create(new(WorkspaceId::of(None), None)).await.expect("made").id;
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
            store.append(session, turn, Record::Part { text: part.to_owned() }, unheld()).await.expect("kept");
        }
        store
            .append(session, turn, Record::End(ending(&number.to_string(), End::Complete)), unheld())
            .await
            .expect("ended");
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
        store.database().read(move |tx| Ok(tx.query_row(&plan, ([0; 16], 9), |row| row.get::<_, String>(3))?)).await;
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
    let spoil = "UPDATE events SET sealed = x'00' WHERE n = 2";
    store.database().write::<_, DatabaseError>(move |tx| Ok(tx.execute(spoil, ())?)).await.expect("spoiled");
    let opened = store.open(session, 10, None).await.expect("opened");
    assert_eq!((opened.session.state, opened.damage), (State::Damaged, vec![Damage::Altered { n: 2 }]));
    let states: Vec<_> = opened.messages.iter().map(|message| message.state).collect();
    let whole = MessageState::Complete;
    assert_eq!(states, [whole, MessageState::Error, whole, whole]);
}

/// Days before now, as the store would have written it then.
fn days_ago(days: i64) -> Timestamp {
    Timestamp::now() - jiff::SignedDuration::from_hours(24 * days)
}

/// Makes a session look as if it was last changed, or thrown away, some days ago.
async fn age(store: &Store, id: SessionId, days: i64, trashed: bool) {
    let aged = store.write(move |book| {
        let mut head = book.any_head(id)?;
        head.updated = days_ago(days);
        head.trashed = trashed.then(|| days_ago(days));
        book.save(&mut head)
    });
    aged.await.expect("aged");
}

/// Remembers that the last look for old sessions was some hours ago.
async fn looked(store: &Store, hours: i64) {
    let at = (Timestamp::now() - jiff::SignedDuration::from_hours(hours)).as_microsecond();
    store.write(move |book| book.change(|row| row.looked = Some(at))).await.expect("remembered");
}

#[tokio::test]
async fn what_has_had_its_time_goes_to_the_trash_and_out_of_it_and_nothing_else_does() {
    let scene = Scene::new();
    let store = scene.store();
    let rule = Rule::default();
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(fresh(&store).await);
    }
    let [old, young, running, open, thrown, forgotten, ahead] = made[..] else { panic!("seven") };
    let imported = store.import(new(place(), Some("then")), Vec::new()).await.expect("imported").id;
    let turn = store.ledger().enter(TurnId::fresh());
    let mut asked = question(running, "still running");
    asked.turn = turn.turn();
    store.begin(asked).await.expect("begun");
    for (id, days, trashed) in [
        (old, 31, false),
        (young, 29, false),
        (running, 31, false),
        (open, 31, false),
        (thrown, 6, true),
        (forgotten, 8, true),
        (ahead, -3650, false),
        (imported, 3650, false),
    ] {
        age(&store, id, days, trashed).await;
    }
    let clean = |dry| store.clean(rule, vec![open], dry);
    let first = clean(false).await.expect("looked").expect("there");
    assert_eq!((first.trash, first.purge), (Vec::new(), Vec::new()), "the first look only remembers");
    looked(&store, 24).await;
    let planned = clean(true).await.expect("looked").expect("there");
    assert_eq!((&planned.trash, &planned.purge), (&vec![old], &vec![forgotten]));
    assert_eq!(store.list(None, 100, None).await.expect("listed").sessions.len(), 6, "it was only planned");

    let done = clean(false).await.expect("looked").expect("there");
    assert_eq!((&done.trash, &done.purge, &done.skipped), (&planned.trash, &planned.purge, &planned.skipped));
    let mut there: Vec<_> = store.list(None, 100, None).await.expect("listed").sessions;
    there.sort_by_key(|info| info.id);
    let there: Vec<_> = there.into_iter().map(|info| info.id).collect();
    assert_eq!(there, [young, running, open, ahead, imported]);
    let mut trashed: Vec<_> = store.trashed().await.expect("listed").into_iter().map(|(info, _)| info.id).collect();
    trashed.sort();
    assert_eq!(trashed, [old, thrown]);
    assert_eq!(store.restore(forgotten).await.expect_err("gone").code(), "unknown-session");
    store.restore(old).await.expect("undone");
    let again = clean(false).await.expect("looked").expect("there");
    assert_eq!((again.trash, again.purge), (Vec::new(), Vec::new()), "a moment later nothing is done");
    let verified = store.verify(None).await.expect("verified");
    assert_eq!((verified.damaged, verified.strays, verified.whole), (Vec::new(), 0, None));
}

#[tokio::test]
async fn a_clock_that_cannot_be_right_throws_nothing_away() {
    let scene = Scene::new();
    let store = scene.store();
    for (days, hours, what) in [
        (31, -1, "the last look was later than now"),
        (31, 24 * 9, "the last look was too long ago"),
        (31, 0, "the last look was a moment ago"),
        (3650, 24, "nothing was touched for longer than anything is kept"),
    ] {
        for info in store.list(None, 100, None).await.expect("listed").sessions {
            store.remove(info.id).await.expect("removed");
        }
        let id = fresh(&store).await;
        age(&store, id, days, false).await;
        looked(&store, hours).await;
        let plan = store.clean(Rule::default(), Vec::new(), false).await.expect("looked").expect("there");
        assert_ne!(plan.verdict, crate::retention::Verdict::Act, "{what}");
        assert_eq!(store.session(id).await.expect("there").id, id, "{what}");
    }
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
    /// Asks anew instead of the n-th question.
    Instead(usize, usize, String),
    /// Forks at the n-th message.
    Fork(usize, usize),
    /// Takes the session that was thrown away last out of the trash.
    Restore,
    /// Removes for good: from the trash, where something is in it.
    Remove(usize),
    /// Questions and answers from a file.
    Import(Vec<(String, String)>),
    /// Sums up what is before the n-th message.
    Compact(usize, usize, String),
    Reopen,
    /// The key is let go of.
    Lock,
}

fn step() -> impl Strategy<Value = Step> {
    let text = "[aé🎬]{0,4}";
    prop_oneof![
        1 => Just(Step::Create),
        4 => (0..3_usize, text).prop_map(|(at, text)| Step::Ask(at, text)),
        4 => (0..3_usize, text).prop_map(|(at, text)| Step::Part(at, text)),
        3 => (0..3_usize, text).prop_map(|(at, text)| Step::End(at, text)),
        1 => (0..3_usize).prop_map(Step::Delete),
        2 => (0..3_usize, 0..6_usize, text).prop_map(|(at, n, text)| Step::Instead(at, n, text)),
        1 => (0..3_usize, 0..9_usize).prop_map(|(at, n)| Step::Fork(at, n)),
        1 => Just(Step::Restore),
        1 => (0..3_usize).prop_map(Step::Remove),
        1 => proptest::collection::vec((text, text), 0..3).prop_map(Step::Import),
        1 => (0..3_usize, 0..6_usize, text).prop_map(|(at, n, text)| Step::Compact(at, n, text)),
        1 => Just(Step::Reopen),
        1 => Just(Step::Lock),
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
    /// Thrown away, the last one behind.
    trash: Vec<Plain>,
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
                let mut gone = self.sessions.swap_remove(index);
                self.store.trash(gone.id).await.expect("deleted");
                gone.open = None;
                self.trash.push(gone);
            }
            Step::Restore => {
                let Some(back) = self.trash.pop() else { return };
                self.store.restore(back.id).await.expect("restored");
                self.sessions.push(back);
            }
            Step::Remove(index) => {
                let gone = match (self.trash.pop(), at(index)) {
                    (Some(gone), _) => gone,
                    (None, Some(index)) => self.sessions.swap_remove(index),
                    (None, None) => return,
                };
                self.store.remove(gone.id).await.expect("removed");
                assert_eq!(self.store.restore(gone.id).await.expect_err("gone").code(), "unknown-session");
            }
            Step::Import(turns) => self.import(turns.into_iter().flat_map(<[String; 2]>::from).collect()).await,
            Step::Compact(index, nth, text) => {
                let Some(index) = at(index) else { return };
                self.compact(index, nth, text).await;
            }
            Step::Instead(index, nth, text) => {
                let Some(index) = at(index) else { return };
                self.instead(index, nth, text).await;
            }
            Step::Fork(index, nth) => {
                let Some(index) = at(index) else { return };
                self.fork(index, nth).await;
            }
            Step::Lock => self.store.access().lock(),
            Step::Reopen => {
                // The same owner, as if the file had been closed in between.
                self.store.database().close().await;
            }
        }
    }

    async fn instead(&mut self, index: usize, nth: usize, text: String) {
        let plain = &mut self.sessions[index];
        let opened = self.store.open(plain.id, 1000, None).await.expect("opened");
        let questions: Vec<usize> = (0..plain.messages.len()).step_by(2).collect();
        let Some(at) = questions.get(nth).copied() else { return };
        let mut question = question(plain.id, &text);
        question.replaces = Some(opened.messages[at].n);
        plain.messages.truncate(at);
        plain.messages.push((text, MessageState::Complete));
        plain.open = Some(question.turn);
        let begun = self.store.begin(question).await.expect("begun");
        let (history, _) = self.store.history(begun).await;
        assert_eq!(history.len(), plain.messages.len());
        plain.messages.push((String::new(), MessageState::Streaming));
    }

    async fn import(&mut self, texts: Vec<String>) {
        let message = |(number, text): (usize, &String)| StoredMessage {
            n: 0,
            role: if number % 2 == 0 { aside_model::Role::User } else { aside_model::Role::Assistant },
            text: text.clone(),
            at: Timestamp::UNIX_EPOCH,
            model: None,
            state: MessageState::Complete,
            error: None,
            usage: None,
            attachments: Vec::new(),
        };
        let messages = texts.iter().enumerate().map(message).collect();
        let info = self.store.import(new(place(), Some("imported")), messages).await.expect("imported");
        assert!(info.imported);
        let messages = texts.into_iter().map(|text| (text, MessageState::Complete)).collect();
        self.sessions.push(Plain { id: info.id, messages, open: None });
    }

    async fn compact(&mut self, index: usize, nth: usize, text: String) {
        let plain = self.sessions[index].clone();
        let opened = self.store.open(plain.id, 1000, None).await.expect("opened");
        // Whole turns only.
        let nth = (nth * 2).min(plain.messages.len());
        let end = opened.messages.last().map_or(0, |message| message.n + 1);
        let from = opened.messages.get(nth).map_or(end, |message| message.n);
        let copy = self.store.compact(plain.id, from, text.clone(), "a/b".to_owned()).await.expect("summed up");
        let mut messages = vec![(text, MessageState::Complete)];
        messages.extend_from_slice(&plain.messages[nth..]);
        if let Some((_, state @ MessageState::Streaming)) = messages.last_mut() {
            *state = MessageState::Interrupted;
        }
        assert_eq!((texts(&self.store, copy.id).await, copy.messages), (messages.clone(), messages.len() as u64));
        self.store.remove(copy.id).await.expect("removed");
    }

    async fn fork(&mut self, index: usize, nth: usize) {
        let plain = self.sessions[index].clone();
        let opened = self.store.open(plain.id, 1000, None).await.expect("opened");
        let Some(message) = opened.messages.get(nth) else { return };
        let fork = self.store.fork(plain.id, Some(message.n)).await.expect("forked");
        // Whole turns only.
        let mut messages = plain.messages[..(nth / 2 + 1) * 2].to_vec();
        if let Some((_, state @ MessageState::Streaming)) = messages.last_mut() {
            *state = MessageState::Interrupted;
        }
        self.sessions.push(Plain { id: fork.id, messages, open: None });
    }

    async fn add(&mut self, at: Option<usize>, record: Record, text: &str, end: Option<MessageState>) {
        let Some(plain) = at.map(|at| &mut self.sessions[at]) else { return };
        let turn = plain.open.unwrap_or_else(TurnId::fresh);
        let kept = self.store.append(plain.id, turn, record, unheld()).await.expect("answered");
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
        let trashed: Vec<_> =
            self.store.trashed().await.expect("listed").into_iter().map(|(info, _)| info.id).collect();
        assert_eq!(trashed.len(), self.trash.len());
        assert!(self.trash.iter().all(|plain| trashed.contains(&plain.id)));
        assert_eq!(self.scene.path(), self.store.database().path());
        let verified = self.store.verify(None).await.expect("verified");
        assert_eq!((verified.damaged, verified.strays, verified.whole), (Vec::new(), 0, None));
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
            let mut model = Model { scene, store, sessions: Vec::new(), trash: Vec::new() };
            model.step(Step::Create).await;
            for step in steps {
                model.step(step).await;
            }
            model.check().await;
        });
    }
}
