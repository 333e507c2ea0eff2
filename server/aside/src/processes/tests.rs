//! Real programs: small shell scripts in a folder of the test.
#![expect(clippy::disallowed_methods, reason = "a test writes its own scripts")]

use std::{fs, os::unix::fs::PermissionsExt, time::Instant};

use aside_vault::{CommandFault, KeyError, from_command};

use super::*;

const KEY: &str = "sk-proj-0123456789abcdefghij";

struct Scripts(tempfile::TempDir);

impl Scripts {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn script(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path.display().to_string()
    }

    /// What a script's output is taken for.
    async fn key(&self, text: &str, deadline: Duration) -> Result<String, CommandFault> {
        let argv = [self.script("program", text), "an argument".to_owned()];
        match from_command(&argv, &Programs { deadline }).await {
            Ok(key) => Ok(String::from_utf8_lossy(key.expose()).into_owned()),
            Err(KeyError::Command { fault, .. }) => Err(fault),
            Err(other) => panic!("{other}"),
        }
    }
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_program_gives_its_one_line() {
    let scripts = Scripts::new();
    for (text, expected) in [
        (format!("echo {KEY}"), Ok(KEY)),
        (format!("printf {KEY}; echo noise >&2"), Ok(KEY)),
        ("[ \"$1\" = 'an argument' ] && [ $# = 1 ] && echo yes".to_owned(), Ok("yes")),
        ("read line; echo no-input".to_owned(), Ok("no-input")),
        ("echo sk-1; echo sk-2".to_owned(), Err(CommandFault::Lines)),
        (":".to_owned(), Err(CommandFault::Empty)),
        (
            format!("echo 'bad {KEY}' >&2; exit 3"),
            Err(CommandFault::Exit { code: 3, said: "bad [redacted]".to_owned() }),
        ),
        ("kill -9 $$".to_owned(), Err(CommandFault::Signal { signal: 9, said: String::new() })),
        ("head -c 1000000 /dev/zero | tr '\\0' a".to_owned(), Err(CommandFault::TooMuch)),
        ("head -c 1000000 /dev/zero >&2; echo sk-1".to_owned(), Ok("sk-1")),
    ] {
        assert_eq!(scripts.key(&text, LONG).await.as_deref().map_err(Clone::clone), expected, "{text}");
    }
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_what_it_started() {
    let scripts = Scripts::new();
    let pipe = scripts.0.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    // The child ignores the polite signal and holds the pipe open; its end is seen at the other end.
    let text = format!("(trap '' TERM; exec sleep 1000 9>'{}') & trap '' TERM; wait", pipe.display());
    let watching = tokio::task::spawn_blocking(move || fs::read(pipe));
    let started = Instant::now();
    let fault = scripts.key(&text, Duration::from_secs(3)).await.expect_err("it hangs");
    assert!(matches!(fault, CommandFault::TimedOut { .. }), "{fault:?}");
    timeout(LONG, watching).await.expect("the child ended too").expect("read").expect("an empty pipe");
    assert!(started.elapsed() < LONG);
}

#[tokio::test]
async fn a_program_that_nobody_waits_for_any_more_is_killed_too() {
    let scripts = Scripts::new();
    let pipe = scripts.0.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    let program = scripts.script("program", &format!("exec 9>'{}'; echo up >&9; sleep 1000", pipe.display()));
    let (up, heard) = tokio::sync::oneshot::channel();
    let watching = tokio::task::spawn_blocking(move || {
        let mut reader = std::io::BufReader::new(fs::File::open(pipe)?);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut reader, &mut line)?;
        drop(up.send(line));
        std::io::Read::read(&mut reader, &mut [0])
    });
    let asking = tokio::spawn(async move { from_command(&[program], &Programs::default()).await.is_ok() });
    assert_eq!(heard.await.as_deref(), Ok("up\n"));
    asking.abort();
    let end = timeout(LONG, watching).await.expect("it ended").expect("read").expect("an end");
    assert_eq!(end, 0);
}

#[tokio::test]
async fn a_helper_left_behind_does_not_hold_the_key_back() {
    let scripts = Scripts::new();
    let started = Instant::now();
    let key = scripts.key("sleep 30 & echo sk-1", LONG).await;
    assert_eq!(key.as_deref(), Ok("sk-1"));
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_program_sees_its_home_and_none_of_our_variables() {
    let scripts = Scripts::new();
    let seen = scripts.key("env | grep -c -e '^ASIDE_' -e '^OLDPWD='; true", LONG).await;
    assert_eq!(seen.as_deref(), Ok("0"));
    let folder = scripts.key("pwd -P", LONG).await.expect("a folder");
    assert_eq!(Path::new(&folder), home().canonicalize().expect("a home"));
}

#[tokio::test]
async fn what_is_not_there_or_no_program_is_told_apart() {
    let scripts = Scripts::new();
    let plain = scripts.script("plain", "echo sk-1");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).expect("a mode");
    for (program, told) in [
        ("no-such-program-here".to_owned(), "is not among the programs"),
        (plain, "cannot be started"),
        (scripts.0.path().join("gone").display().to_string(), "cannot be started"),
    ] {
        let error = from_command(&[program], &Programs::default()).await.expect_err("no key");
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn a_program_is_found_in_absolute_folders_only() {
    let scripts = Scripts::new();
    let program = PathBuf::from(scripts.script("tool", ":"));
    let folder = scripts.0.path().display();
    fs::set_permissions(scripts.script("data", ":"), fs::Permissions::from_mode(0o644)).expect("a mode");
    for (name, path, expected) in [
        ("tool", format!("/nowhere:{folder}"), Some(&program)),
        ("tool", format!("::.:relative:{folder}"), Some(&program)),
        ("tool", "::.:relative".to_owned(), None),
        ("data", folder.to_string(), None),
        ("./tool", folder.to_string(), None),
        ("../tool", folder.to_string(), None),
        ("", folder.to_string(), None),
    ] {
        assert_eq!(find(name, path.as_ref()).as_ref(), expected, "{name} in {path}");
    }
    assert_eq!(find("/bin/sh", OsStr::new("")), Some(PathBuf::from("/bin/sh")));
}
