//! Conversations that go well, and those that people and models end early.

use std::{sync::Arc, time::Duration};

use aside_model::{EndReason, ErrorKind, ModelError, StreamEvent, Usage};
use aside_sessions::{End, Event, MessageState, Options, SessionError, State, WorkspaceId};

use crate::kit::{Place, Reader, Script, fresh, one, one_with, quick, read, say, until};

#[tokio::test]
async fn an_answer_is_told_from_number_zero_and_is_on_disk_when_its_end_is_told() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("Why?");
    sessions.send(id, say).await.expect("said");
    let elsewhere = place.sessions();
    assert_eq!(read(&elsewhere, id).await[0].0, "Why?", "the question is on disk before the answer begins");

    script.text("Be");
    assert_eq!(reader.next().await, Event::Delta("Be".to_owned()));
    script.text("cause.");
    script.give(Ok(StreamEvent::Usage(Usage { input_tokens: 3, output_tokens: 2, cached_tokens: 0 })));
    script.end();
    let mut rest = Vec::new();
    while !matches!(rest.last(), Some(Event::End { .. })) {
        rest.push(reader.next().await);
    }
    assert_eq!(rest.first(), Some(&Event::Delta("cause.".to_owned())));
    assert_eq!(rest.last(), Some(&Event::End { reason: End::Complete, error: None }));

    let opened = elsewhere.open(id, 10, None).await.expect("opened");
    assert_eq!((opened.session.state, opened.session.title.as_str()), (State::Idle, "Why?"));
    let [asked, answered] = &opened.messages[..] else { panic!("{opened:?}") };
    assert_eq!((asked.attachments[0].label.as_str(), asked.state), ("a.rs", MessageState::Complete));
    assert_eq!((answered.text.as_str(), answered.state), ("Because.", MessageState::Complete));
    assert_eq!(answered.model.as_deref(), Some("test/scripted"));
    assert_eq!(answered.usage.map(|usage| usage.output_tokens), Some(2));
}

#[tokio::test]
async fn the_model_is_given_the_conversation_so_far() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    sessions.send(id, quick("one", "1")).await.expect("said");
    assert_eq!(reader.turn().await.text(), "1");
    let (script, say) = Script::say("two");
    sessions.send(id, say).await.expect("said");
    script.end();
    reader.turn().await;
    assert_eq!(script.history(), ["one", "1", "two"]);
}

#[tokio::test]
async fn a_session_that_answers_is_busy_and_others_are_not() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, first) = Script::say("one");
    sessions.send(id, first).await.expect("said");
    let busy = sessions.send(id, quick("two", "2")).await.expect_err("busy");
    assert!(matches!(busy, SessionError::Busy { elsewhere: false, .. }));
    assert_eq!(busy.code(), "session-busy");

    let other = fresh(&sessions).await;
    let mut other_reader = Reader::of(&sessions, other).await;
    sessions.send(other, quick("one", "1")).await.expect("said");
    assert_eq!(other_reader.turn().await.end(), (End::Complete, None));

    script.end();
    reader.turn().await;
    sessions.send(id, quick("two", "2")).await.expect("said");
    assert_eq!(reader.turn().await.text(), "2");
}

#[tokio::test]
async fn of_many_that_speak_at_once_one_is_heard_at_a_time_and_nothing_is_lost() {
    let (_place, sessions, id) = one().await;
    let said: Vec<_> = (0..64)
        .map(|number| {
            let sessions = sessions.clone();
            tokio::spawn(async move {
                let text = number.to_string();
                while let Err(error) = sessions.send(id, quick(&text, &text)).await {
                    assert_eq!(error.code(), "session-busy");
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for one in said {
        one.await.expect("said");
    }
    until(&sessions, id, |_, state| state == MessageState::Complete).await;
    let messages = read(&sessions, id).await;
    assert_eq!(messages.len(), 128);
    assert!(messages.chunks(2).all(|turn| turn[0].0 == turn[1].0), "each answer follows its question");
    let mut texts: Vec<_> = messages.into_iter().map(|(text, _)| text).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 64);
}

#[tokio::test]
async fn stopping_closes_the_stream_and_keeps_what_had_come() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    reader.next().await;
    sessions.stop(id).await.expect("stopped");
    script.closed().await;
    assert_eq!(read(&place.sessions(), id).await[1], ("half".to_owned(), MessageState::Stopped));
    assert_eq!(reader.next().await, Event::End { reason: End::Stopped, error: None });
    sessions.stop(id).await.expect("nothing runs");
    sessions.send(id, quick("two", "2")).await.expect("the session goes on");
}

#[tokio::test]
async fn every_bad_end_of_a_stream_is_told_and_keeps_the_text() {
    let refused = Err(ModelError::new(ErrorKind::RateLimited, "test", "`test` is rate limited"));
    let ended = |reason| Some(Ok(StreamEvent::End(reason)));
    // The last word, if there is one, before the stream ends.
    let ends = [
        (None, End::Truncated, Some("truncated"), MessageState::Truncated),
        (Some(refused), End::Error, Some("rate-limited"), MessageState::Error),
        (ended(EndReason::Length), End::Length, None, MessageState::Length),
        (ended(EndReason::Truncated), End::Truncated, Some("truncated"), MessageState::Truncated),
        (ended(EndReason::Filtered), End::Error, Some("filtered"), MessageState::Error),
    ];
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    for (word, reason, code, state) in ends {
        let (script, say) = Script::say("one");
        sessions.send(id, say).await.expect("said");
        script.text("half");
        if let Some(word) = word {
            script.give(word);
        }
        drop(script);
        let told = reader.turn().await;
        assert_eq!((told.text().as_str(), told.end()), ("half", (reason, code)));
        let opened = place.sessions().open(id, 1, None).await.expect("opened");
        let last = &opened.messages[0];
        assert_eq!((last.text.as_str(), last.state), ("half", state));
        assert_eq!(last.error.as_ref().map(|error| error.code.as_str()), code);
    }
}

#[tokio::test]
async fn a_defect_in_an_adapter_ends_its_answer_and_nothing_else() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let at_the_start = say("one", |_| panic!("a defect"));
    let in_the_stream = say("two", |_| Box::pin(futures_util::stream::poll_fn(|_| panic!("a defect"))));
    for broken in [at_the_start, in_the_stream] {
        sessions.send(id, broken).await.expect("said");
        assert_eq!(reader.turn().await.end(), (End::Error, Some("internal")));
    }
    sessions.send(id, quick("three", "3")).await.expect("said");
    assert_eq!(reader.turn().await.text(), "3");
}

#[tokio::test]
async fn the_turn_does_not_hang_on_whoever_asked() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    {
        let mut asking = std::pin::pin!(sessions.send(id, say));
        // Poll until the request is on its way, then drop it.
        tokio::select! {
            biased;
            _ = &mut asking => {}
            () = tokio::task::yield_now() => {}
        }
    }
    script.text("all the same");
    script.end();
    assert_eq!(reader.turn().await.text(), "all the same");
}

#[tokio::test(start_paused = true)]
async fn events_are_at_most_thirty_a_second_and_four_kibibytes() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let text = "größe 🎬 ".repeat(10_000);
    sessions.send(id, quick("one", &text)).await.expect("said");
    let told = reader.turn().await;
    assert_eq!(told.text(), text);
    assert_eq!(told.end(), (End::Complete, None));
    assert!(told.deltas.iter().all(|delta| delta.len() <= 4096));
    assert!(told.times.len() > 31);
    for second in told.times.windows(31) {
        assert!(second[30] - second[0] >= Duration::from_secs(1), "31 events in a second");
    }
}

#[tokio::test]
async fn the_end_does_not_wait_for_the_pace_of_text() {
    let never = Options { emit_every: Duration::from_secs(3600), ..Options::default() };
    let (_place, sessions, id) = one_with(never).await;
    let mut reader = Reader::of(&sessions, id).await;
    sessions.send(id, quick("one", "1")).await.expect("said");
    assert_eq!(reader.turn().await.end(), (End::Complete, None));
}

#[tokio::test(start_paused = true)]
async fn text_merges_while_a_reader_is_not_ready_and_another_is_told_meanwhile() {
    let (_place, sessions, id) = one().await;
    let mut slow = Reader::of(&sessions, id).await;
    let mut quick = Reader::of(&sessions, id).await;
    slow.set_ready(false);
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    for word in ["a", "b", "c"] {
        script.text(word);
        assert_eq!(quick.next().await, Event::Delta(word.to_owned()));
    }
    assert!(slow.has_nothing());
    slow.set_ready(true);
    assert_eq!(slow.next().await, Event::Delta("abc".to_owned()));
    script.end();
    assert!(matches!(slow.next().await, Event::End { reason: End::Complete, .. }));
}

#[tokio::test]
async fn subscribing_twice_is_subscribing_once() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    sessions.subscribe(id, &reader.outbox).await.expect("subscribed");
    sessions.send(id, quick("one", "1")).await.expect("said");
    assert_eq!(reader.turn().await.deltas, ["1"]);
    assert!(reader.has_nothing());
}

#[tokio::test]
async fn whoever_joins_a_running_answer_is_told_all_of_it_and_whoever_joins_later_nothing() {
    let (_place, sessions, id) = one().await;
    let mut first = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    first.next().await;

    let mut second = Reader::new();
    let opened = sessions.join(id, 10, None, &second.outbox).await.expect("joined");
    assert_eq!(opened.messages[1].state, MessageState::Streaming);
    script.text(" and half");
    script.end();
    assert_eq!(second.turn().await.text(), "half and half");

    let mut third = Reader::new();
    let opened = sessions.join(id, 10, None, &third.outbox).await.expect("joined");
    assert_eq!((opened.messages[1].text.as_str(), opened.messages[1].state), ("half and half", MessageState::Complete));
    sessions.send(id, quick("two", "2")).await.expect("said");
    assert_eq!(third.turn().await.text(), "2", "the finished answer is not told again");
}

#[tokio::test]
async fn a_session_is_live_only_while_somebody_needs_it() {
    let (_place, sessions, id) = one().await;
    assert_eq!(sessions.live(), 0);
    sessions.send(id, quick("one", "1")).await.expect("said");
    until(&sessions, id, |_, state| state == MessageState::Complete).await;
    while sessions.live() > 0 {
        tokio::task::yield_now().await;
    }
    let reader = Reader::of(&sessions, id).await;
    assert_eq!(sessions.live(), 1);
    drop(reader);
    sessions.send(id, quick("two", "2")).await.expect("said");
    while sessions.live() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_shutdown_saves_interrupts_and_tells_what_runs() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    reader.next().await;
    sessions.shutdown().await;
    assert_eq!(reader.next().await, {
        let opened = place.sessions().open(id, 1, None).await.expect("opened");
        assert_eq!((opened.session.state, opened.messages[0].text.as_str()), (State::Interrupted, "half"));
        Event::End { reason: End::Interrupted, error: opened.messages[0].error.clone() }
    });
    script.closed().await;
    for refused in [
        sessions.send(id, quick("two", "2")).await.map(drop),
        sessions.create(&WorkspaceId::of(None), None, None).await.map(drop),
        sessions.subscribe(id, &reader.outbox).await,
    ] {
        assert_eq!(refused.expect_err("shut down").code(), "shutting-down");
    }
    let next = place.sessions();
    next.send(id, quick("two", "2")).await.expect("the session goes on");
    until(&next, id, |text, state| (text, state) == ("2", MessageState::Complete)).await;
}

#[tokio::test]
async fn sessions_that_are_dropped_interrupt_what_runs() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    reader.next().await;
    drop(sessions);
    assert_eq!(reader.turn_from(1).await.end(), (End::Interrupted, Some("interrupted")));
    script.closed().await;
    assert_eq!(read(&place.sessions(), id).await[1], ("half".to_owned(), MessageState::Interrupted));
}

#[tokio::test]
async fn deleting_stops_the_answer_and_leaves_nothing() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    reader.next().await;
    sessions.delete(id).await.expect("deleted");
    script.closed().await;
    assert_eq!(reader.next().await, Event::End { reason: End::Stopped, error: None });
    for gone in [
        sessions.open(id, 10, None).await.map(drop),
        sessions.send(id, quick("two", "2")).await.map(drop),
        sessions.delete(id).await,
        place.sessions().stop(id).await,
    ] {
        assert_eq!(gone.expect_err("gone").code(), "unknown-session");
    }
    assert_eq!(sessions.list(None, 10, None).await.expect("listed").sessions, []);
}

#[tokio::test]
async fn renaming_bounds_the_title_and_does_not_disturb_an_answer() {
    let (_place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    script.text("half");
    reader.next().await;
    assert_eq!(sessions.rename(id, " a\ntitle ").await.expect("renamed").title, "a title");
    assert_eq!(sessions.rename(id, " ").await.expect_err("blank").code(), "empty");
    script.end();
    assert_eq!(reader.turn_from(1).await.end(), (End::Complete, None));
    assert_eq!(read(&sessions, id).await[1], ("half".to_owned(), MessageState::Complete));
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_with_the_bounds_and_leaves_nothing() {
    let (_place, sessions, id) = one_with(Options { max_message_chars: 5, ..Options::default() }).await;
    sessions.send(id, quick("größe", "5 characters fit")).await.expect("said");
    until(&sessions, id, |_, state| state == MessageState::Complete).await;
    let no_text = |text| sessions.send(id, quick(text, "x"));
    for blank in ["", "   ", "\r\n\t", "\u{3000}"] {
        let error = no_text(blank).await.expect_err("blank");
        assert_eq!((error.code(), error.field()), ("empty", Some("text")));
        assert_eq!(error.to_string(), "`text` is empty: it takes 1 to 5 characters");
    }
    let error = no_text("größer").await.expect_err("long");
    assert_eq!((error.code(), error.field()), ("too-long", Some("text")));
    assert_eq!(error.to_string(), "`text` has 6 characters: it takes at most 5");
    sessions.set_options(Options { max_message_chars: 6, ..Options::default() });
    assert_eq!(no_text("größere").await.expect_err("long").to_string(), "`text` has 7 characters: it takes at most 6");
    for limit in [0, 1001, u32::MAX] {
        let listed = sessions.list(None, limit, None).await.map(drop).expect_err("out of bounds");
        let opened = sessions.open(id, limit, None).await.map(drop).expect_err("out of bounds");
        assert_eq!([listed.code(), opened.code()], ["out-of-bounds"; 2]);
    }
    assert_eq!(sessions.list(None, 10, Some("nonsense")).await.expect_err("nonsense").code(), "bad-cursor");
    assert_eq!(read(&sessions, id).await.len(), 2);
}

#[tokio::test]
async fn nothing_is_created_by_asking_for_what_is_not_there() {
    let place = Place::new();
    let sessions = place.sessions();
    let known = Place::new();
    let id = fresh(&known.sessions()).await;
    let reader = Reader::new();
    assert_eq!(sessions.list(None, 10, None).await.expect("listed").sessions, []);
    for unknown in [
        sessions.open(id, 10, None).await.map(drop),
        sessions.send(id, quick("one", "1")).await.map(drop),
        sessions.stop(id).await,
        sessions.subscribe(id, &reader.outbox).await,
        sessions.rename(id, "title").await.map(drop),
        sessions.delete(id).await,
    ] {
        assert_eq!(unknown.expect_err("unknown").code(), "unknown-session");
    }
    let health = sessions.health().await;
    assert!(!health.exists && health.error.is_none(), "{health:?}");
    sessions.shutdown().await;
    assert!(!place.data().exists());
}

#[tokio::test]
async fn health_counts_what_is_there() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("one");
    sessions.send(id, say).await.expect("said");
    let health = sessions.health().await;
    assert_eq!((health.sessions, health.live, health.running, health.unsaved), (1, 1, 1, 0));
    assert_eq!((health.database, health.exists), (place.database(), true));
    assert!(health.bytes > Some(0));
    script.end();
    reader.turn().await;
    assert_eq!(sessions.health().await.running, 0);
    assert_eq!(Arc::strong_count(&reader.outbox), 2, "an outbox is held weakly");
}
