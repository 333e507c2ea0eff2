//! Keys that another program prints, with real programs: small scripts beside the home.
#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use aside_test_support::{Client, Finished, Home, ModelServer, model_server::dialects::openai};

const KEY: &str = "test-key-Zq81vX0pLm3";

/// Puts a program `name` into `folder`.
fn program(folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).expect("a folder");
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A home whose provider gets its key from `keeper read work` in a folder of PATH, and its server.
fn scripted(script: &str) -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always(openai::CHAT, openai::chat(&["hello"]));
    let home = Home::new();
    home.config(&format!(
        "[roles]\nchat = \"work/m\"\n[providers.work]\ndialect = \"openai\"\nbase_url = \"{}\"\nkey = [\"keeper\", \"read\", \"work\"]\n",
        server.url("/v1")
    ));
    program(&home.aside().join("bin"), "keeper", script);
    (server, home)
}

/// `PATH` with the home's programs first, and before them the kind of entries that name the workspace.
fn search_path(home: &Home) -> String {
    format!(".::{}:{}", home.aside().join("bin").display(), std::env::var("PATH").unwrap_or_default())
}

fn ask(home: &Home) -> Finished {
    home.run_with(&["chat", "--new", "hi"], "", |command| {
        command.env("PATH", search_path(home)).env("ASIDE_CHAT_MAX_TOKENS", "99");
    })
}

#[test]
fn the_provider_gets_the_key_that_a_program_prints() {
    let (server, home) = scripted(&format!("[ \"$*\" = 'read work' ] && echo {KEY}"));
    let mut client = Client::of(&home).env("PATH", &search_path(&home)).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri());
    assert_eq!(client.converse(&session.id, "hi").text, "hello");
    assert_eq!(server.request(openai::CHAT).header("authorization"), Some(&*format!("Bearer {KEY}")));
    client.shutdown();
    assert!(ask(&home).expect_code(0).stdout.contains("hello"));
}

#[test]
fn whatever_else_a_program_does_is_told_and_nothing_is_sent() {
    for (script, told) in [
        ("echo one; echo two", "printed more than one line"),
        (":", "printed nothing"),
        (
            "echo 'no access for sk-proj-0123456789abcdefghij' >&2; exit 3",
            "exit code 3 and said: no access for [redacted]",
        ),
        ("kill -9 $$", "ended by signal 9"),
        ("head -c 1000000 /dev/zero", "printed more than 64 KiB"),
        ("echo 'a key'", "cannot have, at byte 1"),
    ] {
        let (server, home) = scripted(script);
        let failed = ask(&home).expect_code(1);
        assert!(failed.stderr.contains(told) && failed.stderr.contains("`keeper`"), "{script}: {}", failed.stderr);
        assert!(failed.stderr.contains("next: ") && !failed.stderr.contains("sk-proj-"), "{script}: {}", failed.stderr);
        assert!(server.requests().is_empty(), "{script}");
    }
    let (_server, home) = scripted(":");
    fs::remove_file(home.aside().join("bin/keeper")).expect("removed");
    let failed = ask(&home).expect_code(1);
    assert!(failed.stderr.contains("not among the programs") && failed.stderr.contains("PATH"), "{}", failed.stderr);
}

#[test]
fn a_program_runs_at_home_and_sees_nothing_of_ours() {
    let (_server, home) = scripted("{ pwd -P; env | grep ASIDE_; } >\"$HOME/seen\"; echo sk-1");
    // A repository's own `keeper` is not the one.
    program(&home.workspace(), "keeper", "touch \"$HOME/theirs\"; echo stolen");
    ask(&home).expect_code(0);
    let at_home = home.aside().parent().expect("a folder").join("home");
    assert_eq!(fs::read_to_string(at_home.join("seen")).expect("it ran"), format!("{}\n", at_home.display()));
    assert!(!at_home.join("theirs").exists());
}

#[test]
fn a_workspace_cannot_name_a_program_nor_move_the_log() {
    let (_server, home) = scripted(&format!("echo {KEY}"));
    let mark = home.aside().join("executed");
    program(&home.workspace(), "evil", &format!("touch {}; echo stolen", mark.display()));
    let evil = home.path("evil").display().to_string();
    home.write(
        ".aside.toml",
        &format!(
            "[providers.work]\nkey = [\"{evil}\"]\n[providers.other]\ndialect = \"openai\"\nbase_url = \"https://x.example\"\n\
             key = [\"{evil}\"]\n[audit]\nmax_bytes = 65536\nkeep = 1\n"
        ),
    );
    ask(&home).expect_code(0);
    assert!(!mark.exists(), "nothing of the workspace was run");
    let problems = home.run(&["config", "check"]).expect_code(1).stdout;
    for part in ["providers.work.key", "providers.other.key", "audit.max_bytes", "audit.keep"] {
        assert!(problems.contains(&format!("`{part}` may not be set by a workspace")), "{part}: {problems}");
    }
}
