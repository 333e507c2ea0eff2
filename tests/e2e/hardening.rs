//! The process keeps its memory to itself: against other programs of the same user, crashes, its own environment and what
//! is typed by mistake. As root, the servers here run as another user, because root may look everywhere.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::chown,
        process::{CommandExt as _, ExitStatusExt as _},
    },
    path::{Path, PathBuf},
    process::{ChildStdin, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use aside_test_support::{
    Client, Home, PATIENCE, Process, binary,
    client::frame,
    memory::{is_permitted, scan},
    real::{program, skip},
};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::{Value, json};

const KEY: &str = "test-key-Zq81vX0pLm3-Tz5uQwE7";
/// The user `nobody` of most systems; what it is called does not matter.
const NOBODY: u32 = 65534;

/// A home and a program that belong to somebody who is not root.
struct Other {
    home: Home,
    program: PathBuf,
    user: Option<u32>,
}

impl Other {
    fn new() -> Self {
        let config =
            "[providers.work]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:9\"\nkey = \"env:WORK_TEST_KEY\"\n";
        let home = Home::with(config, "");
        if !geteuid().is_root() {
            return Self { home, program: binary::aside().to_path_buf(), user: None };
        }
        // The build may lie where only root comes.
        let root = home.aside().parent().expect("a home has a folder").to_path_buf();
        let program = root.join("program");
        fs::copy(binary::aside(), &program).expect("the program can be copied");
        give_away(&root);
        Self { home, program, user: Some(NOBODY) }
    }

    /// A command of this user.
    fn command(&self, program: &Path) -> Command {
        let mut command = self.home.command(program);
        command.env("WORK_TEST_KEY", KEY).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// A command of this user that runs after `limits` were set in a shell.
    fn limited(&self, limits: &str, program: &Path) -> Command {
        let mut command = self.command(Path::new("/bin/sh"));
        command.args(["-c", &format!("{limits} && exec \"$0\" \"$@\"")]).arg(program);
        command
    }

    /// What `program` says, run by this user, and whether it was content.
    fn says(&self, program: &Path, arguments: &[&str]) -> (bool, String) {
        let output = self.command(program).args(arguments).output().expect("the program runs");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

fn give_away(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder").flatten() {
            give_away(&entry.path());
        }
    }
}

/// A program that has begun its work: a server that has answered, or `cat` that has echoed.
struct Begun {
    process: Process,
    _input: ChildStdin,
}

fn begin(mut command: Command, say: &[u8]) -> Begun {
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("its input is piped");
    input.write_all(say).expect("it reads");
    let mut output = child.stdout.take().expect("its output is piped");
    output.read_exact(&mut [0]).expect("it answers");
    // Whatever else it says is nobody's concern, but must not stop it.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    Begun { process: Process::of(child), _input: input }
}

fn server(mut command: Command) -> Begun {
    command.arg("lsp");
    let params = json!({ "processId": null, "capabilities": {}, "workspaceFolders": null });
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    begin(command, &frame(initialize.to_string().as_bytes()))
}

/// A program of the same user that does nothing to protect itself, for comparison.
fn cat(mut command: Command) -> Begun {
    command.stderr(Stdio::null());
    begin(command, b"x")
}

const CAT: &str = "/bin/cat";

#[test]
#[cfg(target_os = "linux")]
fn another_program_of_the_same_user_cannot_look_into_a_server() {
    let other = Other::new();
    let (server, plain) = (server(other.command(&other.program)), cat(other.command(Path::new(CAT))));
    for file in ["mem", "environ", "maps", "auxv"] {
        let path = format!("/proc/{}/{file}", server.process.pid());
        let (done, said) = other.says(Path::new("/usr/bin/head"), &["-c", "1", &path]);
        assert!(!done && said.contains("ermission denied"), "{path}: {said}");
    }
    // The same question about an ordinary program is answered.
    let path = format!("/proc/{}/environ", plain.process.pid());
    let (done, said) = other.says(Path::new(CAT), &[&path]);
    assert!(done && said.contains(KEY), "{path}: {said}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_debugger_of_the_same_user_cannot_attach_to_a_server() {
    let Some(gdb) = program("gdb") else { return };
    let other = Other::new();
    let server = server(other.command(&other.program));
    let pid = server.process.pid().to_string();
    let (_, said) = other.says(&gdb, &["-nx", "-batch", "-p", &pid, "-ex", "info registers"]);
    assert!(said.contains("ptrace: Operation not permitted"), "{said}");
    assert!(!said.contains("rip") && !said.contains("x29"), "{said}");
}

/// How the program ends of `signal`. Rust's own handler lets the first SIGSEGV pass when nothing is wrong with the stack; the
/// program then dies of the next.
fn dies(mut begun: Begun, signal: Signal) -> ExitStatus {
    let pid = Pid::from_raw(begun.process.pid().cast_signed()).expect("a process id");
    let start = Instant::now();
    loop {
        // It may have ended by the one before.
        let _ = kill_process(pid, signal);
        if let Some((status, _)) = begun.process.wait(Duration::from_millis(100)) {
            return status;
        }
        assert!(start.elapsed() < PATIENCE, "it does not end");
    }
}

#[test]
fn a_crash_leaves_no_core_file() {
    let limits = "ulimit -c \"$(ulimit -H -c)\"";
    for signal in [Signal::SEGV, Signal::ABORT] {
        let other = Other::new();
        let status = dies(server(other.limited(limits, &other.program)), signal);
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(!status.core_dumped(), "{status:?}");
        let left: Vec<_> = fs::read_dir(other.home.workspace()).expect("a folder").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    // The same crash of an ordinary program does leave one, so that the above means something.
    let other = Other::new();
    if !dies(cat(other.limited(limits, Path::new(CAT))), Signal::SEGV).core_dumped() {
        skip(
            "core files",
            "crashes of ordinary programs leave none here either (`ulimit -H -c`, `kernel.core_pattern`)",
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_key_of_the_environment_is_neither_there_nor_in_memory_after_the_start() {
    if !is_permitted() {
        return;
    }
    let other = Other::new();
    let mut command = other.command(&other.program);
    // One that the settings name, one that only looks like a key, and one in a place where no key may be.
    let shaped = ["sk-proj-", &"k3Yz9Qw1".repeat(5)].concat();
    command.env("SOME_VARIABLE", &shaped).env("ASIDE_PROVIDERS_OPENAI_KEY", &shaped).env("PLAIN", "stays");
    let server = server(command);
    let pid = server.process.pid();
    let environment = fs::read(format!("/proc/{pid}/environ")).expect("root may read it");
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("PLAIN=stays"), "{environment}");
    assert!(!environment.contains(KEY) && !environment.contains(&shaped), "{environment}");
    let hits = scan(pid, &[KEY.as_bytes(), shaped.as_bytes()]).unwrap_or_else(|refused| panic!("{refused}"));
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn a_key_in_a_variable_of_the_settings_is_told_and_not_shown() {
    let home = Home::new();
    let key = ["sk-ant-api03-", &"Kq7".repeat(20)].concat();
    let checked = home.run_with(&["config", "check"], "", |command| {
        command.env("ASIDE_PROVIDERS_ANTHROPIC_KEY", &key);
    });
    assert!(checked.stdout.contains("`ASIDE_PROVIDERS_ANTHROPIC_KEY` holds a provider key"), "{}", checked.stdout);
    assert!(checked.stdout.contains("aside secret set"), "{}", checked.stdout);
    assert!(!(checked.stdout + &checked.stderr).contains(&key));
}

#[test]
fn a_key_on_the_command_line_is_refused_and_not_repeated() {
    let home = Home::new();
    let key = ["ghp_", &"aB3d".repeat(9)].concat();
    for arguments in [
        vec!["config".to_owned(), "check".to_owned(), "--set".to_owned(), format!("providers.openai.key={key}")],
        vec!["config".to_owned(), "check".to_owned(), "--set".to_owned(), format!("chat.instructions=use {key}")],
        vec!["config".to_owned(), "check".to_owned(), key.clone()],
        vec!["chat".to_owned(), format!("--{key}")],
        vec![key.clone()],
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let done = home.run(&arguments);
        assert!(done.code == 1 || done.code == 2, "{arguments:?}: {}", done.code);
        assert!(!(done.stdout + &done.stderr).contains(&key), "{arguments:?} is repeated");
    }
}

#[test]
fn a_key_in_the_editors_settings_is_told_and_not_repeated() {
    let home = Home::new();
    let key = ["gsk_", &"aB3d".repeat(13)].concat();
    let options = json!({ "providers": { "groq": { "apiKey": key, "baseUrl": "https://evil.example.com" } } });
    let mut client = Client::of(&home).options(options).connect();
    let told = client.notification("window/showMessage");
    assert!(told.to_string().contains("holds a provider key") && !told.to_string().contains(&key), "{told}");
    let status: Value = client.request("aside/status", Value::Null);
    assert!(status.to_string().contains("aside secret set groq") && !status.to_string().contains(&key), "{status}");
    // What is sent by mistake is not sent back.
    let error = client.refused("aside/chat/open", json!({ "session": key }));
    assert!(!format!("{error:?}").contains(&key), "{error:?}");
    let error = client.refused(&format!("aside/{key}"), json!({}));
    assert!(!format!("{error:?}").contains(&key), "{error:?}");
    client.shutdown();
}

#[test]
#[cfg(target_os = "linux")]
fn without_the_right_to_lock_memory_everything_works_and_doctor_tells() {
    let other = Other::new();
    let mut command = other.limited("ulimit -l 0", &other.program);
    let output = command.args(["doctor", "--json"]).output().expect("`aside` runs");
    let checks: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let memory = checks.as_array().into_iter().flatten().find(|check| check["name"] == "memory").expect("a check");
    assert_eq!(memory["result"], "note", "{memory}");
    assert!(memory["next"].as_str().is_some_and(|next| next.contains("ulimit -l")), "{memory}");
}
