//! A disk that takes nothing: full, read-only, not ours, without handles or locks, or gone. The conversation goes on in memory, it
//! is said that it is not saved, a list says what is the matter, and what was said is saved once the disk takes it.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "the tests break the disk and start processes")]

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use aside_sessions::{End, Event, MessageState, Options, SessionId, Sessions};
use aside_test_support::real;

use crate::{
    crash::tell,
    deeds,
    kit::{Place, Reader, Script, fresh, one, quick, read},
};

/// The child: says something, tells how that went, lets the disk be mended, and saves.
pub(crate) async fn chat(home: &Path, id: SessionId, mend: &str) {
    let sessions = deeds::sessions(home);
    let before = sessions.open(id, 10, None).await;
    tell(&format!("opened {}", before.map_or_else(|error| error.code(), |_| "well")));
    let mut reader = Reader::of(&sessions, id).await;
    // What breaks from here on.
    shell("break");
    let long = "long ".repeat(60_000);
    match sessions.send(id, quick("asked without a disk", &long)).await {
        Ok(_) => {
            let told = reader.turn().await;
            tell(&format!("said {:?} {:?}", told.end(), told.notices.first()));
        }
        Err(error) => tell(&format!("refused {}", error.code())),
    }
    tell(&format!("unsaved {}", sessions.health().await.unsaved));
    assert_eq!(read(&sessions, id).await.last().expect("an answer").0, long, "it is shown all the same");
    shell(mend);
    sessions.shutdown().await;
    tell("saved");
}

/// Runs one of the scripts that the environment gives.
fn shell(name: &str) {
    let Ok(script) = std::env::var(format!("ASIDE_TEST_{}", name.to_uppercase())) else { return };
    assert!(Command::new("sh").args(["-ec", &script]).status().expect("ran").success(), "{script}");
}

/// What a child said whose disk breaks by one script and is mended by another one; both run in the home.
async fn without_a_disk(before: &[&str], setting: (&str, &str, &str)) {
    let (setup, breaks, mends) = setting;
    let home = tempfile::tempdir().expect("a folder");
    let sessions = deeds::sessions(home.path());
    let id = fresh(&sessions).await;
    sessions.shutdown().await;
    let at = |script: &str| format!("cd '{}'; {script}", home.path().display());
    let role = format!("chat {id} mend");
    let script = at(&format!(
        "{setup}; \"$@\"; if mountpoint -q data; then cp -a data/. kept; umount data; rm -r data; mv kept data; fi"
    ));
    let mut command = Command::new(before[0]);
    command.args(&before[1..]).args(["sh", "-ec", &script, "sh"]).args(crate::crash::line());
    command.envs([("ASIDE_TEST_ROLE", role.as_str()), ("ASIDE_TEST_DATABASE", home.path().to_str().expect("text"))]);
    command.envs([("ASIDE_TEST_BREAK", at(breaks)), ("ASIDE_TEST_MEND", at(mends))]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().expect("ran");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("child: opened well"), "{said} {errors}");
    assert!(said.contains("not-saved") && said.contains("not saved: "), "{said} {errors}");
    assert!(said.contains("child: unsaved 1") && said.contains("child: saved"), "{said} {errors}");
    let sessions = deeds::sessions(home.path());
    let there = read(&sessions, id).await;
    assert_eq!((there.len(), there[0].0.as_str()), (2, "asked without a disk"), "{said}");
    assert_eq!((there[1].0.len(), there[1].1), (300_000, MessageState::Complete));
    let verified = sessions.verify(None).await.expect("verified");
    assert_eq!((verified.damaged, verified.strays, verified.whole), (Vec::new(), 0, None));
}

const MOUNT: &str = "cp -a data kept; mount -t tmpfs -o size=500k,mode=700 tmpfs data; cp -a kept/. data";

#[tokio::test]
async fn on_a_full_disk_a_conversation_goes_on_and_is_saved_when_there_is_room() {
    if real::program("unshare").is_none() || !real::is_root("a full disk") {
        return;
    }
    let full = "dd if=/dev/zero of=data/fill bs=1k 2>/dev/null || true";
    without_a_disk(&["unshare", "-m"], (MOUNT, full, "rm data/fill; mount -o remount,size=4m data")).await;
}

#[tokio::test]
async fn on_a_disk_that_turns_read_only_a_conversation_goes_on_and_is_saved_when_it_can_be_written() {
    if real::program("unshare").is_none() || !real::is_root("a read-only disk") {
        return;
    }
    let mount = format!("{MOUNT}; mount -o remount,size=4m data");
    // A mount of its own, since what is open for writing cannot be made read-only.
    let breaks = "mv data/sessions.db* kept/; mount --bind kept data; mount -o remount,ro,bind data";
    without_a_disk(&["unshare", "-m"], (&mount, breaks, "umount -l data; mv kept/sessions.db* data/")).await;
}

async fn chats_on(place: &Place, sessions: &Sessions, id: SessionId, mends: impl FnOnce()) {
    let mut reader = Reader::of(sessions, id).await;
    sessions.send(id, quick("asked without a disk", "answered")).await.expect("said");
    let told = reader.turn().await;
    assert_eq!(told.end(), (End::Error, Some("not-saved")));
    assert!(told.notices.iter().any(|notice| notice.starts_with("not saved")), "{told:?}");
    let listed = sessions.list(None, 10, None).await.expect_err("not an empty list");
    assert_eq!(listed.code(), "storage-missing");
    let health = sessions.health().await;
    assert!(health.unsaved == 1 && health.error.is_some_and(|error| error.contains("removed")));
    assert!(!place.database().exists(), "another one is not made");
    mends();
    sessions.shutdown().await;
    let there = read(&place.sessions(), id).await;
    let texts: Vec<_> = there.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["before", "0", "asked without a disk", "answered"]);
}

#[tokio::test]
async fn a_folder_that_is_renamed_while_it_is_used_takes_nothing_until_it_is_back() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    sessions.send(id, quick("before", "0")).await.expect("said");
    reader.turn().await;
    drop(reader);
    let aside = place.root().join("elsewhere");
    fs::rename(place.data(), &aside).expect("renamed");
    chats_on(&place, &sessions, id, || fs::rename(&aside, place.data()).expect("renamed back")).await;
}

#[tokio::test]
async fn a_folder_that_is_removed_while_it_is_used_takes_nothing_until_it_is_put_back() {
    let (place, sessions, id) = one().await;
    let mut reader = Reader::of(&sessions, id).await;
    sessions.send(id, quick("before", "0")).await.expect("said");
    reader.turn().await;
    drop(reader);
    // Nobody writes now: a copy of all files is a backup.
    let aside = place.root().join("backup");
    fs::create_dir(&aside).expect("made");
    for entry in fs::read_dir(place.data()).expect("listed") {
        let path = entry.expect("listed").path();
        fs::copy(&path, aside.join(path.file_name().expect("a name"))).expect("copied");
    }
    fs::remove_dir_all(place.data()).expect("removed");
    chats_on(&place, &sessions, id, || {
        drop(fs::remove_dir_all(place.data()));
        fs::rename(&aside, place.data()).expect("put back");
    })
    .await;
}

/// A child whose calls are broken from outside. What it says is given.
fn under(before: &[&str], home: &Path, role: &str) -> String {
    let mut command = Command::new(before[0]);
    command.args(&before[1..]).args(crate::crash::line());
    command.envs([("ASIDE_TEST_ROLE", role), ("ASIDE_TEST_DATABASE", home.to_str().expect("text"))]);
    let output = command.stdin(Stdio::null()).output().expect("ran");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The child: lists, and says something.
pub(crate) async fn look(home: &Path, id: SessionId) {
    let sessions = deeds::sessions(home);
    let list = sessions.list(None, 10, None).await;
    tell(&format!(
        "listed {}",
        list.map_or_else(|error| error.code().to_owned(), |page| page.sessions.len().to_string())
    ));
    let send = sessions.send(id, quick("one", "1")).await;
    tell(&format!("sent {}", send.map_or_else(|error| error.code(), |_| "well")));
    drop(std::io::stdout().flush());
}

#[tokio::test]
async fn what_the_system_refuses_is_told_and_a_list_is_never_empty() {
    if real::program("strace").is_none() {
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let sessions = deeds::sessions(home.path());
    let id = fresh(&sessions).await;
    sessions.shutdown().await;
    let (data, database) = (home.path().join("data"), deeds::database(home.path()));
    let [data, database] = [data, database].map(|path| path.display().to_string());
    for (call, error, code) in [
        ("openat", "EMFILE", "storage-handles"),
        ("openat", "EIO", "storage-disk"),
        ("openat", "EACCES", "storage-denied"),
    ] {
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}"));
        let words =
            ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &data, "-P", &database, "-e", &trace, "-e", &inject];
        let said = under(&words, home.path(), &format!("look {id}"));
        assert!(said.contains(&format!("listed {code}")), "{error}: {said}");
    }
    for handles in [12, 14, 16, 20] {
        let limit = format!("ulimit -n {handles}; exec \"$@\"");
        let said = under(&["sh", "-c", &limit, "sh"], home.path(), &format!("look {id}"));
        let told = ["listed 1", "listed storage-handles", "listed storage-denied"];
        // With too few the runtime itself cannot be made.
        assert!(told.iter().any(|one| said.contains(one)) || !said.contains("listed"), "{handles}: {said}");
        assert!(!said.contains("listed 0"), "{handles}: {said}");
    }
    let inject = "inject=fcntl:error=ENOLCK:when=20+";
    let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fcntl", "-e", inject];
    let said = under(&words, home.path(), &format!("look {id}"));
    assert!(!said.contains("listed 0"), "{said}");
    assert_eq!(deeds::sessions(home.path()).list(None, 10, None).await.expect("listed").sessions.len(), 1);
}

#[tokio::test]
async fn a_disk_whose_writes_fail_now_and_then_loses_nothing_and_doubles_nothing() {
    if real::program("strace").is_none() {
        return;
    }
    for (call, error, when) in
        [("fdatasync", "EIO", "1"), ("fdatasync", "EIO", "2+2"), ("pwrite64", "ENOSPC", "3"), ("pwrite64", "EIO", "7")]
    {
        let home = tempfile::tempdir().expect("a folder");
        let sessions = deeds::sessions(home.path());
        let id = fresh(&sessions).await;
        sessions.shutdown().await;
        let log = home.path().join("data/sessions.db-wal").display().to_string();
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}:when={when}"));
        let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &log, "-e", &trace, "-e", &inject];
        let said = under(&words, home.path(), &format!("pieces {id}"));
        assert!(said.contains("child: saved"), "{call} {error}: {said}");
        let there = read(&deeds::sessions(home.path()), id).await;
        let texts: Vec<_> = there.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["asked", "one two three four ", "asked again", "5"], "{call} {error} {when}");
    }
}

/// The child: an answer that is written down piece by piece, and another one.
pub(crate) async fn pieces(home: &Path, id: SessionId) {
    let sessions = deeds::sessions(home);
    let hasty = Options { checkpoint_bytes: 1, checkpoint_every: Duration::from_millis(5), ..Options::default() };
    sessions.set_options(hasty);
    let mut reader = Reader::of(&sessions, id).await;
    let (script, say) = Script::say("asked");
    sessions.send(id, say).await.expect("said");
    for piece in ["one ", "two ", "three ", "four "] {
        script.text(piece);
        while !matches!(reader.next().await, Event::Delta(_)) {}
    }
    script.end();
    while !matches!(reader.next().await, Event::End { .. }) {}
    sessions.send(id, quick("asked again", "5")).await.expect("said");
    reader.turn().await;
    sessions.shutdown().await;
    tell("saved");
}
