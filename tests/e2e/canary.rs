//! A whole life of keys at the noisiest settings, with a canary for each secret: none of them is found anywhere but on its way
//! to its own provider and to the agent.
#![cfg(target_os = "linux")]

mod forms;
mod watch;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use aside_test_support::{
    Client, Home, ModelServer, binary,
    model_server::{Reply, dialects::openai},
    settings_with_key, vault,
};
use forms::Canary;
use serde_json::{Value, json};
use watch::{Watch, Written};

const WORK: &str = "Wk7+vQ2/xZpL9mTn4RsB8cYd";
const NEW: &str = "Nw3+hJ6/aUoE1kGi5FqV0tXe";
const REFUSED: &str = "Rf5+bD8/yMwC2sHn7PlA4jZk";
const IMPORTED: &str = "Im9+gS1/dXrN6vKt3WuQ7eOc";
const COPIED: &str = "Cp2+lF4/zThB8nYi0JmR5oVa";
const OF_ENVIRONMENT: &str = "Ev6+uC3/qGkM9xDs1LpZ4wHt";
const OF_PROGRAM: &str = "Pg8+nE5/rJyT2bQf7VaX0iUo";
const UNUSABLE: &str = "Un4+kW7/tBgL1cRz9 MhS3dPy";
const PASSPHRASE: &str = "plover \"41\" quarry lantern";
const NEXT: &str = "seven brass kettles 88 humming";
const WRONG: &str = "wrong otter 63 velvet anchor";
const OF_BACKUP: &str = "amber 29 violin harbor thistle";

/// What was in an environment before the program could take it out.
const GIVEN: &str = "key of the environment";

fn canaries(recovery: &[Vec<String>]) -> Vec<Canary> {
    let mut canaries = vec![
        Canary::new("old key", WORK),
        Canary::new("new key", NEW),
        Canary::new("refused key", REFUSED),
        Canary::new("imported key", IMPORTED),
        Canary::new("imported variable", COPIED),
        Canary::new(GIVEN, OF_ENVIRONMENT),
        Canary::new("key of a program", OF_PROGRAM),
        Canary::new("unusable key", UNUSABLE),
        Canary::new("passphrase", PASSPHRASE),
        Canary::new("next passphrase", NEXT),
        Canary::new("wrong passphrase", WRONG),
        Canary::new("passphrase of the backup", OF_BACKUP),
    ];
    // Any three in a row are no accident.
    assert!(recovery.iter().all(|words| words.len() == 24), "{recovery:?}");
    for words in recovery.iter().flat_map(|words| words.windows(3)) {
        canaries
            .extend([" ", "  ", "\\n", "\", \""].map(|between| Canary::plain("recovery words", &words.join(between))));
    }
    canaries
}

/// The home, what stands round it, and everything that was said.
struct Scene {
    home: Home,
    server: ModelServer,
    watch: Watch,
    /// What people have outside: files to import from, and programs.
    outside: tempfile::TempDir,
    said: Vec<u8>,
}

impl Scene {
    fn new() -> Option<Self> {
        let (watch, server) = (Watch::new()?, ModelServer::start());
        let outside = tempfile::tempdir().expect("the temporary folder is writable");
        let home = Home::new();
        let provider = |name: &str, key: &str| {
            format!("[providers.{name}]\ndialect = \"openai\"\nbase_url = \"{}\"\nkey = {key}\n", server.url("/v1"))
        };
        let program = outside.path().join("keeper");
        home.config(&format!(
            "[roles]\nchat = \"work/m\"\ncomplete = \"work/m\"\n[log]\nlevel = \"trace\"\n[audit]\nrequired = \"all\"\n{}{}{}{}",
            provider("work", "\"keyring\""),
            provider("other", "\"keyring\""),
            provider("environment", "\"env:CANARY_VARIABLE\""),
            provider("program", &format!("[\"{}\"]", program.display())),
        ));
        let seen = home.aside().parent().expect("a folder").join("home/environment");
        fs::write(&program, format!("#!/bin/sh\nenv >{}\necho {OF_PROGRAM}\n", seen.display())).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::create_dir(temporary(&home)).expect("the home is writable");
        server.always(openai::CHAT, openai::chat(&["hello"]));
        server.always(openai::MODELS, Reply::json(200, &json!({ "object": "list", "data": [{ "id": "m" }] })));
        Some(Self { home, server, watch, outside, said: Vec::new() })
    }

    /// A command that is watched, with every variable that makes programs talk.
    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let (strace, front) = self.watch.front(name);
        let mut command = self.home.command(strace);
        command.args(front).arg(binary::aside()).args(arguments).envs(NOISY).env("TMPDIR", temporary(&self.home));
        command.env("CANARY_VARIABLE", OF_ENVIRONMENT);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command with one line of input for each question, to its end; gives its standard output.
    #[track_caller]
    fn run(&mut self, code: i32, arguments: &[&str], lines: &[&str]) -> String {
        let mut child =
            self.command(&arguments.join(" ").replace('/', ""), arguments).spawn().expect("`strace` starts");
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // It may end without reading.
        drop(child.stdin.take().expect("its input is piped").write_all(input.as_bytes()));
        let done = child.wait_with_output().expect("it ends");
        let (out, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{arguments:?}:\n{out}\n{errors}");
        self.said.extend_from_slice(&done.stderr);
        if !SHOW_WORDS.contains(&arguments) {
            self.said.extend_from_slice(&done.stdout);
        }
        out.into_owned()
    }

    /// The agent, started by hand: what starts it by itself would be watched until the agent ends.
    fn agent(&self) -> Child {
        let mut child = self.command("agent", &["agent"]).spawn().expect("`strace` starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output is piped")).read_line(&mut line).expect("it says so");
        assert_eq!(line, "ready\n");
        child
    }

    fn editor(&self, name: &str) -> (Client, String) {
        let (strace, front) = self.watch.front(name);
        let start = NOISY.iter().fold(Client::of(&self.home), |start, (name, value)| start.env(name, value));
        let start = start.env("TMPDIR", &temporary(&self.home).display().to_string());
        let mut client = start.env("CANARY_VARIABLE", OF_ENVIRONMENT).through(strace, &front).connect();
        client.tolerate("window/showMessage");
        client.notify("$/setTrace", json!({ "value": "verbose" }));
        client.open(&self.home.uri("a.rs"), "rust", "fn add(a: u32, b: u32) -> u32 {\n    a \n}\n");
        let session = client.new_session(&self.home.workspace_uri()).id;
        (client, session)
    }
}

/// Commands that print recovery words, once.
const SHOW_WORDS: [&[&str]; 3] = [&["vault", "init"], &["vault", "rekey"], &["vault", "clear"]];

/// Every variable that makes programs talk.
const NOISY: [(&str, &str); 3] = [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("G_MESSAGES_DEBUG", "all")];

fn temporary(home: &Home) -> std::path::PathBuf {
    home.aside().parent().expect("a folder").join("tmp")
}

/// Everything that an editor does: with each provider, in a completion, with providers that fail and send the key back.
fn use_all((client, session): &mut (Client, String), scene: &Scene) {
    for model in ["work/m", "other/m", "environment/m", "program/m"] {
        let params = json!({ "session": session, "text": "hi", "model": model });
        let sent: Value = client.request("aside/chat/send", params);
        assert_eq!(client.whole_answer(sent["turn"].as_str().expect("a turn")).text, "hello", "{model}");
    }
    let place = json!({ "textDocument": { "uri": scene.home.uri("a.rs") }, "position": { "line": 1, "character": 6 } });
    client.request::<Value>("textDocument/inlineCompletion", with(&place, &json!({ "context": { "triggerKind": 2 } })));
    client.request::<Value>("aside/complete/explain", place);
    let key = scene.server.requests().iter().rev().find_map(|one| one.header("authorization").map(str::to_owned));
    let key = key.expect("a key was sent");
    let echo = format!("no access with `{key}`, see https://example.com/?key={}", key.replace("Bearer ", ""));
    // Asked again after a while, which is logged.
    scene.server.once(openai::CHAT, openai::error(503, &echo));
    assert_eq!(client.converse(session, "hi").text, "hello");
    for reply in [
        openai::error(401, &echo).header("x-echo", &echo).header("www-authenticate", &echo),
        openai::error(429, &echo).header("retry-after", "3600"),
        Reply::new(307, "text/plain").header("location", &scene.server.url(&format!("/?key={key}"))),
        Reply::new(200, "text/html").then(format!("<html>{echo}")),
        Reply::sse().then(openai::event(&json!({ "error": { "message": echo, "code": key } }))),
        Reply::sse().then(format!("data: {{\"choices\": \"{echo}\n\n")).broken(),
    ] {
        scene.server.once(openai::CHAT, reply);
        let answer = client.converse(session, "hi");
        assert!(answer.end.error.is_some(), "{answer:?}");
    }
    for method in ["aside/status", "aside/health", "aside/vault/status", "aside/secret/list", "aside/model/list"] {
        client.request::<Value>(method, json!({}));
    }
    client.request::<Value>("aside/secret/test", json!({ "provider": "work" }));
    client.request::<Value>("aside/chat/open", json!({ "session": session }));
}

fn with(params: &Value, more: &Value) -> Value {
    let mut params = params.clone();
    let fields = more.as_object().expect("an object").clone();
    params.as_object_mut().expect("an object").extend(fields);
    params
}

/// The recovery words that a command printed.
fn words_in(output: &str) -> Vec<String> {
    vault::words_in(output).split(' ').map(str::to_owned).collect()
}

/// Every file below `folder` in which a canary stands.
fn search(folder: &Path, canaries: &[Canary], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder is readable").flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            search(&path, canaries, found);
        } else if kind.is_file() {
            let bytes = [fs::read(&path).expect("the file is readable"), path.as_os_str().as_encoded_bytes().to_vec()];
            for canary in canaries {
                let form = bytes.iter().find_map(|bytes| canary.found(bytes));
                found.extend(form.map(|form| format!("`{}` {form}: {}", canary.name, path.display())));
            }
        }
    }
}

/// Keys go to the provider, passphrases and keys to the agent, and what somebody put into an environment is there until the
/// program takes it out. Nothing else is expected.
fn is_expected(written: &Written<'_>, provider: &str) -> bool {
    let target = written.target();
    let starts_ours =
        written.call.starts_with("execve(") && written.call.contains(binary::aside().to_str().expect("a path"));
    let shows_words = written.canary == "recovery words"
        && SHOW_WORDS.iter().any(|command| written.command.ends_with(&command.join(" ")));
    target.starts_with("TCP:[") && target.contains(provider)
        || target.starts_with("UNIX-STREAM:[") && written.canary != "recovery words"
        || starts_ours && written.canary == GIVEN
        || shows_words && target.starts_with("pipe:[")
}

#[test]
fn lg01_no_secret_is_anywhere_but_on_its_way_to_its_provider_and_the_agent() {
    let Some(mut scene) = Scene::new() else { return };
    let lines = scene.outside.path().join("keys.env");
    fs::write(&lines, format!("# mine\nother={IMPORTED}\nexport OPENAI_API_KEY='{COPIED}'\n")).expect("written");
    let lines = lines.display().to_string();
    let backup = scene.home.path("backup").display().to_string();

    let mut agent = scene.agent();
    let words = words_in(&scene.run(0, &["vault", "init"], &[PASSPHRASE]));
    scene.run(0, &["secret", "set", "work"], &[WORK]);
    scene.run(2, &["secret", "set", "other"], &[UNUSABLE]);
    scene.run(0, &["secret", "import", &lines], &[]);
    let mut first = scene.editor("editor");
    use_all(&mut first, &scene);
    scene.server.once(openai::MODELS, openai::error(401, &format!("`{REFUSED}` is not a key")));
    scene.run(1, &["secret", "rotate", "work"], &[REFUSED]);
    scene.run(0, &["secret", "rotate", "work"], &[NEW]);
    use_all(&mut first, &scene);
    scene.run(0, &["secret", "rotate", "work", "--back"], &[]);
    scene.run(0, &["secret", "rotate", "work"], &[NEW]);
    scene.run(0, &["secret", "test", "work"], &[]);
    scene.run(0, &["secret", "list", "--json"], &[]);
    scene.run(0, &["chat", "--new", "hi"], &[]);
    scene.run(0, &["vault", "backup", &backup], &[PASSPHRASE, OF_BACKUP]);
    scene.run(0, &["vault", "passphrase"], &[PASSPHRASE, NEXT]);
    let again = words_in(&scene.run(0, &["vault", "rekey"], &[NEXT]));
    scene.run(0, &["vault", "lock"], &[]);
    let refused = first.0.refused("aside/chat/send", json!({ "session": first.1, "text": "hi" }));
    assert_eq!(refused.kind(), "locked");
    scene.run(3, &["vault", "unlock"], &[WRONG]);
    scene.run(0, &["vault", "unlock"], &[NEXT]);
    scene.run(0, &["vault", "unlock", "--recovery"], &[&again.join(" "), PASSPHRASE]);
    use_all(&mut first, &scene);
    let last = words_in(&scene.run(0, &["vault", "clear"], &["clear the vault", PASSPHRASE]));
    scene.run(0, &["vault", "restore", &backup, "--dry-run"], &[OF_BACKUP]);
    scene.run(0, &["vault", "restore", &backup, "--yes", "--conversations"], &[OF_BACKUP]);
    use_all(&mut first, &scene);
    for arguments in [
        &["audit", "tail", "-n", "1000", "--json"][..],
        &["audit", "report", "--json"],
        &["audit", "verify"],
        &["vault", "status", "--json"],
        &["config", "show"],
        &["session", "list"],
    ] {
        scene.run(0, arguments, &[]);
    }
    scene.run(0, &["doctor", "--json"], &[]);
    let second = scene.editor("second editor");
    // The server itself: without the watcher, what it watched hangs.
    scene.watch.kill(second.0.process().pid());
    second.0.kill();
    scene.said.extend_from_slice(first.0.errors().as_bytes());
    first.0.shutdown();
    scene.run(0, &["vault", "lock"], &[]);

    let canaries = canaries(&[words, again, last]);
    let provider = format!(":{}]", scene.server.address().port());
    let mut found = scene.watch.written(&canaries, |written| is_expected(written, &provider));
    search(scene.home.aside().parent().expect("a folder"), &canaries, &mut found);
    let said =
        canaries.iter().filter_map(|canary| Some(format!("`{}` {}: said", canary.name, canary.found(&scene.said)?)));
    found.extend(said);
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
    // Where they are expected, they are seen: the watching works.
    let seen = scene.watch.written(&canaries, |_| false);
    for expected in
        ["`old key` as it is: 05 editor: writev(", "`new key` as it is: 00 agent: sendto(", "`wrong passphrase`"]
    {
        assert!(seen.iter().any(|line| line.starts_with(expected)), "{expected}: {seen:#?}");
    }
    let log = fs::read_to_string(scene.home.aside().join("state/logs/aside.log")).expect("there is a log");
    assert!(log.contains("DEBUG"), "the log is as noisy as can be: {log}");
    // It may have ended by itself by now.
    scene.watch.kill(agent.id());
    drop(agent.wait());
}

/// A value in the head of an answer that nobody is to repeat.
const HEADER: &str = "Hd4+rT8/eWqA6yUj";
/// A value in the query of an address that nobody is to repeat.
const QUERY: &str = "Qy9+bN2/kMzX5vCl";

/// What comes of a question to a provider at `url`, as an editor hears and sees it, and in the log.
fn heard(url: &str) -> String {
    let settings = settings_with_key("openai", url, "env:CANARY_VARIABLE");
    let home = Home::with(&format!("{settings}[log]\nlevel = \"trace\"\n[http]\nconnect_timeout = \"2s\"\n"), "");
    let mut client = Client::of(&home).env("CANARY_VARIABLE", OF_ENVIRONMENT).connect();
    client.tolerate("window/showMessage");
    let session = client.new_session(&home.workspace_uri()).id;
    let answer = client.converse(&session, "hi");
    let error = answer.end.error.unwrap_or_else(|| panic!("{url} answers: {}", answer.text));
    let status: Value = client.request("aside/status", Value::Null);
    client.shutdown();
    let log = fs::read_to_string(home.aside().join("state/logs/aside.log")).unwrap_or_default();
    let told = format!("{}\n{:?}\n{status}", error.message, error.hint);
    // Where the log is, is told; where else somebody's files are is not the failure's business.
    assert!(!error.message.contains(home.aside().parent().expect("a folder").to_str().expect("text")), "{error:?}");
    format!("{told}\n{log}")
}

#[test]
fn lg03_no_failure_tells_of_keys_headers_queries_or_our_own_code() {
    let body = json!({ "error": { "message": "no", "type": "x" } });
    let statuses = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504, 529];
    let mut replies: Vec<_> = statuses.iter().map(|status| Reply::json(*status, &body)).collect();
    replies.extend([200, 204, 418, 301, 302, 303, 307, 308].map(|status| Reply::new(status, "text/plain")));
    replies.extend([
        Reply::new(200, "text/html").then("<html>log in</html>"),
        Reply::json(200, &json!({ "what": "is this" })),
        Reply::sse().then("data: {\n\n"),
        Reply::sse().then("data: {}\n\n").broken(),
        Reply::sse().then(openai::event(&body)),
        Reply::sse().header("content-encoding", "gzip"),
        Reply::sse().header("x-long", &"x".repeat(70_000)),
    ]);
    let mut all = Vec::new();
    for reply in replies {
        let server = ModelServer::start();
        let location = format!("https://example.com/next?key={QUERY}");
        let reply = reply.header("x-request-id", HEADER).header("set-cookie", HEADER).header("location", &location);
        server.always(openai::CHAT, reply);
        all.push(heard(&server.url("/v1")));
    }
    // Nobody there, nobody of that name, and one who speaks no TLS.
    let server = ModelServer::start();
    all.push(heard("http://127.0.0.1:9/v1"));
    all.push(heard("https://nowhere.invalid/v1"));
    all.push(heard(&server.url("/v1").replace("http:", "https:")));
    let canaries =
        [("key", OF_ENVIRONMENT), ("header", HEADER), ("query", QUERY)].map(|(name, value)| Canary::new(name, value));
    for text in all {
        let found = canaries.iter().find_map(|canary| Some((canary.name, canary.found(text.as_bytes())?)));
        assert_eq!(found, None, "{text}");
        let ours = ["stack backtrace", ".rs:", "panicked", "RUST_BACKTRACE", "Authorization", "authorization"];
        let ours = ours.into_iter().find(|part| text.contains(part));
        assert_eq!(ours, None, "{text}");
    }
}
