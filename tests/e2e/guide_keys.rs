//! `docs/guides/keys.md`, followed: every command of its blocks is run in the page's order, on a real keyring and on a vault file.

use std::{path::Path, process::Command};

use aside_test_support::{
    Finished, Home, ModelServer, binary,
    keyring::Keyring,
    model_server::{Reply, dialects::anthropic},
    vault::{OTHER, PASSPHRASE, words_in},
};
use serde_json::json;

const KEY: &str = "test-key-Wm27cQzr4Lb9";
const NEW_KEY: &str = "test-key-Hd85yTnv1Kx3";

/// What a reader does at one command of the page.
struct Step {
    /// The command, as the page has it.
    line: &'static str,
    /// What is typed at it, a line each.
    typed: &'static [&'static str],
    /// What it then says.
    says: &'static str,
}

const fn step(line: &'static str, typed: &'static [&'static str], says: &'static str) -> Step {
    Step { line, typed, says }
}

const ON_A_DESKTOP: &[Step] = &[
    step("aside secret set anthropic", &[KEY], "stored the key of `anthropic`"),
    step("aside secret test anthropic", &[], "takes the key"),
    step("aside secret list", &[], "anthropic"),
    step("secret-tool lookup service aside provider anthropic origin https://api.anthropic.com:443", &[], KEY),
];

const WITHOUT_A_KEYRING: &[Step] = &[
    step("aside vault init", &[PASSPHRASE], "made the vault"),
    step("aside secret set anthropic", &[KEY], "stored the key of `anthropic`"),
    step("aside vault status", &[], "unlocked"),
    step("aside vault unlock", &[PASSPHRASE], "unlocked"),
    step("aside secret rotate anthropic", &[NEW_KEY], "anthropic"),
    step("aside secret rotate anthropic --back", &[], "anthropic"),
    step("aside secret delete anthropic", &[], "anthropic"),
    step("aside secret import keys.env", &[], "2"),
    step("aside secret rebind work", &["yes"], "work"),
    step("aside vault passphrase", &[PASSPHRASE, OTHER], "passphrase"),
    step("aside vault rekey", &[OTHER], "recovery words"),
    step("aside vault backup ~/aside-keys.backup", &[OTHER, PASSPHRASE], "aside-keys.backup"),
    step("aside vault restore ~/aside-keys.backup --dry-run", &[PASSPHRASE], "nothing was changed"),
    step("aside vault restore --list", &[], "generation"),
    step("aside vault restore --generation 7", &[OTHER, "restore"], "the vault is restored"),
    step("aside vault clear", &["clear the vault", OTHER], "the vault is empty"),
    step("aside audit tail", &[], "restore"),
    step("aside audit verify", &[], "records"),
    step("aside audit report --days 30", &[], "anthropic"),
];

#[test]
fn the_guides_commands_do_what_it_says_in_its_order() {
    let steps: Vec<_> = ON_A_DESKTOP.iter().chain(WITHOUT_A_KEYRING).map(|step| step.line.to_owned()).collect();
    assert_eq!(commands_of("docs/guides/keys.md"), steps, "the page's commands are those that are run here");
    on_a_desktop();
    without_a_keyring();
}

fn on_a_desktop() {
    let Some(keyring) = Keyring::start() else { return };
    let (server, home) = scene();
    for step in ON_A_DESKTOP {
        run(&home, step, &server, |command| keyring.lead(command));
    }
}

fn without_a_keyring() {
    let (server, home) = scene();
    for step in WITHOUT_A_KEYRING {
        match step.line {
            "aside vault unlock" => drop(home.run(&["vault", "lock"]).expect_code(0)),
            "aside secret import keys.env" => home.write("keys.env", &format!("anthropic={KEY}\nwork={NEW_KEY}\n")),
            "aside secret rebind work" => {
                configure(&home, &server, &server.url("/v1").replace("127.0.0.1", "localhost"));
            }
            _ => {}
        }
        let done = run(&home, step, &server, |_| {});
        if step.line == "aside vault init" {
            let words = words_in(&done.stdout);
            assert_eq!(words.split(' ').count(), 24, "{}", done.stdout);
            home.run(&["vault", "lock"]).expect_code(0);
            home.answer(&["vault", "unlock", "--recovery"], &[&words, PASSPHRASE]).expect_code(0);
        }
    }
}

/// A home whose `anthropic` and `work` are a scripted server.
fn scene() -> (ModelServer, Home) {
    let server = ModelServer::start();
    server.always("/v1/models", Reply::json(200, &json!({ "data": [{ "id": "claude-sonnet-4-5", "type": "model" }] })));
    let home = Home::new();
    server.always(anthropic::MESSAGES, anthropic::chat(&["hello"]));
    configure(&home, &server, &server.url("/v1"));
    (server, home)
}

/// Writes the settings, with `work` at this address.
fn configure(home: &Home, server: &ModelServer, work: &str) {
    let provider = |name: &str, url: &str| {
        format!("[providers.{name}]\ndialect = \"{name}\"\nbase_url = \"{url}\"\nkey = \"keyring\"\n")
    };
    let work = provider("openai", work).replace("[providers.openai]", "[providers.work]");
    let anthropic = provider("anthropic", &server.url("")).replace("dialect = \"anthropic\"\n", "");
    home.config(&format!("[roles]\nchat = \"anthropic/claude-sonnet-4-5\"\n{work}{anthropic}"));
}

#[track_caller]
fn run(home: &Home, step: &Step, server: &ModelServer, lead: impl FnOnce(&mut Command)) -> Finished {
    let backups = home.path("aside-keys.backup").display().to_string();
    let line =
        step.line.replace("https://api.anthropic.com:443", &server.url("")).replace("~/aside-keys.backup", &backups);
    let line = if line.ends_with("--generation 7") { line.replace('7', &kept_generation(home)) } else { line };
    let words: Vec<_> = line.split(' ').collect();
    let typed: String = step.typed.iter().map(|line| format!("{line}\n")).collect();
    let aside = binary::aside();
    let program = if words[0] == "aside" { aside } else { Path::new(words[0]) };
    let done = home.run_program(program, &words[1..], &typed, lead);
    assert!(
        done.code == 0 && done.said().contains(step.says),
        "`{line}` says with code {}:\n{}",
        done.code,
        done.said()
    );
    done
}

/// A state from before the last change, as the list names it.
fn kept_generation(home: &Home) -> String {
    let listed = home.run(&["vault", "restore", "--list"]).expect_code(0).stdout;
    let number = |line: &str| line.split_whitespace().find(|word| word.parse::<u64>().is_ok()).map(str::to_owned);
    listed.lines().find_map(number).expect("a copy is kept")
}

/// The commands in the page's shell blocks, without what is said of them.
fn commands_of(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(binary::repository().join(page)).expect("the page is readable");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let bare = |line: &str| line.split(" #").next().unwrap_or(line).trim().to_owned();
    blocks.flat_map(str::lines).map(bare).filter(|line| !line.is_empty()).collect()
}
