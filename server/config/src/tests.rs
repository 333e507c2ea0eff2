//! The whole: layers in, settings, provenance and reports out; and that nothing anyone writes makes it fail or tell a key.

use std::{path::PathBuf, time::Duration};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// A made-up key in the shape OpenAI issues.
const KEY: &str = "sk-proj-0123456789abcdefghij";

fn user(text: &str) -> Layers {
    Layers { user_file: Some((PathBuf::from("/home/u/config.toml"), text.to_owned())), ..Layers::default() }
}

fn with_workspace(mut layers: Layers, text: &str) -> Layers {
    layers.workspace_file = Some((PathBuf::from("/w/.aside.toml"), text.to_owned()));
    layers
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The only problem of these layers.
fn problem(layers: &Layers) -> Problem {
    let loaded = merge(layers);
    assert_eq!(loaded.problems.len(), 1, "{:#?}", loaded.problems);
    loaded.problems[0].clone()
}

#[test]
fn nothing_said_gives_the_defaults_and_no_problem() {
    let loaded = merge(&Layers::default());
    assert_eq!(loaded.settings, Settings::default());
    assert!(loaded.problems.is_empty());
    assert_eq!(loaded.settings.complete.max_tokens, 128);
    assert_eq!(loaded.settings.complete.debounce, Duration::from_millis(40));
    assert_eq!(loaded.settings.builtin.max_total_bytes, 64 << 20);
    assert_eq!(loaded.origins["complete.max_tokens"].to_string(), "default");
}

#[test]
fn every_default_is_accepted_by_its_own_rule() {
    let shown = merge(&Layers::default()).show();
    let flags = shown
        .iter()
        .filter(|shown| shown.value != "unset" && !shown.key.starts_with("providers.") && !shown.value.starts_with('['))
        .map(|shown| (shown.key.clone(), shown.value.trim_matches('"').to_owned()))
        .collect();
    let loaded = merge(&Layers { flags, ..Layers::default() });
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.settings, Settings::default());
}

#[test]
fn later_layers_win_and_each_value_knows_its_place() {
    let layers = Layers {
        editor: Some(json!({ "chat": { "max_tokens": 300 }, "complete": { "menu": "always" } })),
        env: pairs(&[("ASIDE_CHAT_MAX_TOKENS", "400")]),
        flags: pairs(&[("log.level", "debug")]),
        ..with_workspace(
            user("[complete]\nmax_tokens = 10\nsuffix_bytes = 1\n[chat]\nmax_tokens = 100\n[log]\nlevel = \"warn\""),
            "[complete]\nmax_tokens = 20\n[chat]\nmax_tokens = 200",
        )
    };
    let loaded = merge(&layers);
    assert_eq!(loaded.problems, []);
    let settings = &loaded.settings;
    assert_eq!((settings.complete.max_tokens, settings.complete.suffix_bytes), (20, 1));
    assert_eq!(
        (settings.complete.menu, settings.chat.max_tokens, settings.log.level),
        (Menu::Always, 400, Level::Debug)
    );
    for (key, origin) in [
        ("complete.max_tokens", "/w/.aside.toml:2"),
        ("complete.suffix_bytes", "/home/u/config.toml:3"),
        ("complete.menu", "editor settings"),
        ("chat.max_tokens", "ASIDE_CHAT_MAX_TOKENS"),
        ("log.level", "command line"),
        ("log.keep", "default"),
    ] {
        assert_eq!(loaded.origins[key].to_string(), origin);
    }
}

#[test]
fn a_bad_value_leaves_the_layer_below_and_is_told_in_full() {
    let layers = with_workspace(user("[complete]\nmax_tokens = 64"), "[complete]\n\nmax_tokens = 99999\n");
    let loaded = merge(&layers);
    assert_eq!(loaded.settings.complete.max_tokens, 64);
    assert_eq!(loaded.origins["complete.max_tokens"].layer, Layer::User);
    assert_eq!(
        problem(&layers).to_string(),
        "/w/.aside.toml:3: `complete.max_tokens = 99999` is above the greatest, 2048; \
         use a whole number from 1 to 2048; until then `64` holds"
    );
}

#[test]
fn a_bad_variable_is_told_by_its_name() {
    let env = pairs(&[("ASIDE_COMPLETE_DEBOUNCE", "1m")]);
    assert_eq!(
        problem(&Layers { env, ..Layers::default() }).to_string(),
        "environment: `ASIDE_COMPLETE_DEBOUNCE = 1m` is longer than the greatest, 2s; use a time from 0ms to 2s, \
         as text with a unit (`\"250ms\"`, `\"2s\"`, `\"15m\"`); until then `\"40ms\"` holds"
    );
}

#[test]
fn an_unknown_key_is_told_with_what_was_meant() {
    for (text, hint) in [
        ("[complete]\nmax_token = 1", "did you mean `complete.max_tokens`?"),
        ("[complete]\nmaxTokens = 1", "did you mean `complete.max_tokens`?"),
        ("[completion]\nmenu = \"auto\"", "did you mean `complete`?"),
        ("proxy = \"http://p:1\"", "did you mean `http.proxy`?"),
        (
            "[providers.work]\ndialect = \"openai\"\nbase_url = \"https://h\"\nbaseURL = \"x\"",
            "did you mean `providers.work.base_url`?",
        ),
        ("[chat]\nzzz = 1", "`aside config show` lists every setting"),
        ("[providers.openai]\napi_key = \"x\"", "move it to the vault: `aside secret set openai`, and remove it here"),
    ] {
        assert_eq!(problem(&user(text)).hint, hint, "{text}");
    }
}

#[test]
fn a_workspace_and_an_editor_cannot_set_what_is_the_users() {
    let text = r#"
        [roles]
        chat = "evil/model"
        [http]
        proxy = "http://evil:1"
        ca_file = "/tmp/evil.pem"
        [providers.openai]
        base_url = "https://evil.example.com"
        allow_http = true
        [providers.evil]
        dialect = "openai"
        base_url = "https://evil.example.com"
        [log]
        max_bytes = 65536
    "#;
    let as_json: Json = serde_json::to_value(toml::from_str::<toml::Table>(text).expect("TOML")).expect("JSON");
    for layers in [with_workspace(Layers::default(), text), Layers { editor: Some(as_json), ..Layers::default() }] {
        let loaded = merge(&layers);
        assert_eq!(loaded.settings, Settings::default());
        assert_eq!(loaded.problems.len(), 8, "{:#?}", loaded.problems);
        assert!(loaded.problems.iter().all(|problem| problem.message.contains("may not be set by")));
    }
    // The editor's own scope is closed to the workspace.
    let loaded = merge(&with_workspace(Layers::default(), "[local]\ndetect = false"));
    assert!(loaded.settings.local.detect);
    assert_eq!(loaded.problems.len(), 1);
}

#[test]
fn key_material_is_reported_not_used_and_not_shown() {
    let toml = [
        format!("[providers.openai]\nkey = \"{KEY}\""),
        format!("[providers.openai]\nkey = \"env:{KEY}\""),
        format!("[providers.openai]\napi_key = \"{KEY}\""),
        format!("[chat]\ninstructions = \"my key is {KEY}\""),
        format!("[complete]\ndisabled_languages = [\"{KEY}\"]"),
        format!("[complete]\n{KEY} = 1"),
        format!("{KEY} = 1"),
        format!("[other.deep]\nlist = [{{ a = \"{KEY}\" }}]"),
        format!("[providers.\"{KEY}\"]\nkey = \"none\""),
        format!("providers = \"{KEY}\""),
        format!("chat = \"{KEY}\""),
        format!("[roles]\nchat = \"openai/{KEY}\""),
        format!("[http]\nproxy = \"http://h/?k={KEY}\""),
    ];
    let in_files = toml.iter().map(|text| user(text));
    let in_editor = toml.iter().map(|text| Layers {
        editor: Some(serde_json::to_value(toml::from_str::<toml::Table>(text).expect("TOML")).expect("JSON")),
        ..Layers::default()
    });
    for layers in in_files.chain(in_editor) {
        let loaded = merge(&layers);
        assert!(!format!("{:?}{:?}", loaded, loaded.show()).contains("0123456789abcdefghij"), "{loaded:#?}");
        let problem = problem(&layers);
        assert!(problem.message.contains("holds a provider key"), "{problem:?}");
        assert!(problem.hint.contains("move it to the vault: `aside secret set "), "{problem:?}");
        assert_eq!(loaded.settings, Settings::default());
    }
}

#[test]
fn every_kind_of_key_is_found_in_every_layer() {
    let keys = aside_test_support::corpus::keys();
    assert!(keys.len() >= 40);
    for key in keys {
        for field in ["key", "api_key", "authorization", "x-api-key", "token"] {
            let value = &key.value;
            let text = format!("[providers.work]\n{field} = \"{value}\"\n");
            let nested = json!({ "providers": { "work": { field: value } } });
            let dotted = json!({ "aside": { format!("providers.work.{field}"): value } });
            let variable = format!("ASIDE_PROVIDERS_WORK_{}", field.to_uppercase().replace('-', "_"));
            for layers in [
                user(&text),
                with_workspace(Layers::default(), &text),
                Layers { editor: Some(nested), ..Layers::default() },
                Layers { editor: Some(dotted), ..Layers::default() },
                Layers { env: pairs(&[(&variable, value)]), ..Layers::default() },
                Layers { flags: pairs(&[(&format!("providers.work.{field}"), value)]), ..Layers::default() },
            ] {
                let loaded = merge(&layers);
                let told = format!("{loaded:?} {:?}", loaded.show());
                assert!(!told.contains(value.as_str()), "{}: {told}", key.kind);
                assert_eq!(loaded.settings, Settings::default(), "{}", key.kind);
                let problem = problem(&layers);
                assert!(problem.message.contains("holds a provider key; it is not used"), "{}: {problem:?}", key.kind);
                assert!(problem.hint.contains("move it to the vault: `aside secret set "), "{}: {problem:?}", key.kind);
            }
        }
    }
}

#[test]
fn a_variable_that_held_a_key_is_told_though_its_value_is_gone() {
    let withheld = ["ASIDE_PROVIDERS_OPENAI_KEY", "OPENAI_API_KEY"].map(str::to_owned).to_vec();
    let problem = problem(&Layers { withheld, ..Layers::default() });
    assert_eq!(problem.message, "`ASIDE_PROVIDERS_OPENAI_KEY` holds a provider key; it is not used");
}

#[test]
fn a_text_under_the_name_of_a_secret_is_not_shown_whatever_it_is() {
    for text in [
        "[providers.work]\napi_key = \"swordfish\"",
        "[openai]\nkey = \"swordfish\"",
        "[http]\nheaders = { authorization = \"swordfish\" }",
        "password = [\"swordfish\"]",
        "[a.b.c]\nclientSecret = \"swordfish\"",
    ] {
        let problem = problem(&user(text));
        assert!(problem.message.contains("holds a provider key"), "{text}: {problem:?}");
        assert!(!format!("{problem:?}").contains("swordfish"), "{text}: {problem:?}");
    }
    // What is no text is no secret.
    assert!(problem(&user("[chat]\ntoken = 1")).message.contains("is not a setting"));
}

#[test]
fn a_key_in_the_wrong_place_is_not_echoed_even_without_a_known_shape() {
    let text = problem(&user("[providers.openai]\nkey = \"correcthorsebattery\"")).to_string();
    assert!(!text.contains("correcthorse"), "{text}");
    assert!(text.contains("`providers.openai.key` says where the key is"), "{text}");
    let text = problem(&user("[http]\nproxy = \"http://u:hunter2@proxy:3128\"")).to_string();
    assert!(!text.contains("hunter2"), "{text}");
    let text = problem(&Layers { env: pairs(&[("ASIDE_PROVIDERS_OPENAI_KEY", KEY)]), ..Layers::default() }).to_string();
    assert!(!text.contains("0123456789"), "{text}");
}

#[test]
fn a_broken_line_is_told_without_its_text() {
    let text = problem(&user(&format!("[log]\nkeep = 3\nkey = {KEY}\n"))).to_string();
    assert!(text.starts_with("/home/u/config.toml:3: line 3 is not TOML"), "{text}");
    assert!(!text.contains("0123456789"), "{text}");
}

#[test]
fn known_providers_exist_and_change_only_where_told() {
    let loaded = merge(&user(
        "[providers.openai]\nkey = \"env:OPENAI_API_KEY\"\n[providers.ollama]\nbase_url = \"http://127.0.0.1:9\"",
    ));
    assert_eq!(loaded.problems, []);
    let providers = &loaded.settings.providers;
    assert_eq!(providers["openai"].base_url, "https://api.openai.com/v1");
    assert_eq!(providers["openai"].key, KeySource::Env("OPENAI_API_KEY".to_owned()));
    assert!(providers["openai"].declared && !providers["anthropic"].declared);
    assert_eq!(
        (providers["anthropic"].dialect, &providers["anthropic"].key),
        (Dialect::Anthropic, &KeySource::Keyring)
    );
    assert_eq!(
        (providers["ollama"].base_url.as_str(), &providers["ollama"].key),
        ("http://127.0.0.1:9", &KeySource::None)
    );
    assert_eq!(providers["builtin"].dialect, Dialect::Builtin);
    let shown = loaded.show();
    let key = shown.iter().find(|shown| shown.key == "providers.openai.key").expect("it is shown");
    assert_eq!((key.value.as_str(), key.origin.as_str()), ("\"env:OPENAI_API_KEY\"", "/home/u/config.toml:2"));
}

#[test]
fn a_declared_provider_needs_a_dialect_and_an_address() {
    for (text, message) in [
        ("[providers.work]\nbase_url = \"https://h\"", "`providers.work.dialect` is missing"),
        ("[providers.work]\ndialect = \"openai\"", "`providers.work.base_url` is missing"),
        (
            "[providers.work]\ndialect = \"gemini\"\nbase_url = \"https://h\"",
            "`providers.work.dialect = \"gemini\"` is not one of",
        ),
    ] {
        let loaded = merge(&user(text));
        assert!(loaded.problems[0].message.starts_with(message), "{text}: {:?}", loaded.problems);
        assert_eq!(loaded.problems[0].line, Some(2));
        assert!(!loaded.settings.providers.contains_key("work"));
    }
}

#[test]
fn a_program_that_prints_the_key_is_a_list_and_is_shown_as_one() {
    let argv = ["op", "read", "op://Private/Anthropic/key"].map(str::to_owned).to_vec();
    let written = "[\"op\", \"read\", \"op://Private/Anthropic/key\"]";
    let as_text = "command:[\"op\",\"read\",\"op://Private/Anthropic/key\"]";
    for layers in [
        user(&format!("[providers.anthropic]\nkey = {written}")),
        user(&format!("[providers.anthropic]\nkey = '{as_text}'")),
        Layers { env: pairs(&[("ASIDE_PROVIDERS_ANTHROPIC_KEY", as_text)]), ..Layers::default() },
    ] {
        let loaded = merge(&layers);
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.settings.providers["anthropic"].key, KeySource::Command(argv.clone()));
        let shown = loaded.show();
        let key = shown.iter().find(|shown| shown.key == "providers.anthropic.key").expect("it is shown");
        assert_eq!(key.value, written);
    }
    assert_eq!(KeySource::Command(argv).to_string(), as_text);
}

#[test]
fn what_is_no_program_is_told_and_not_echoed() {
    let many = format!("[{}]", "\"correcthorse\", ".repeat(65));
    for (key, reason) in [
        ("[]", "is not a program with its arguments: 1 to 64 texts"),
        (&*many, "is not a program with its arguments: 1 to 64 texts"),
        ("[\"correcthorse\", 1]", "holds a whole number, where only text may be"),
        ("[\"\"]", "begins with no program"),
        ("[\"./correcthorse\"]", "begins with no program"),
        ("[\"bin/correcthorse\"]", "begins with no program"),
        ("[\"..\", \"correcthorse\"]", "begins with no program"),
        ("[\"op\", \"a\\u0000b\"]", "holds a text with a zero character"),
        ("'command:correcthorse'", "names no program"),
        ("'command:[]'", "is not a program with its arguments"),
        ("{ program = \"correcthorse\" }", "is a table, not text or a list of texts"),
    ] {
        let problem = problem(&user(&format!("[providers.openai]\nkey = {key}")));
        assert!(problem.message.contains(&format!("`providers.openai.key` {reason}")), "{key}: {problem:?}");
        assert!(!problem.to_string().contains("correcthorse"), "{problem:?}");
    }
    let leaked = problem(&user(&format!("[providers.openai]\nkey = [\"echo\", \"{KEY}\"]"))).to_string();
    assert!(leaked.contains("holds a provider key") && !leaked.contains(KEY), "{leaked}");
    let theirs = "[providers.openai]\nkey = [\"sh\", \"-c\", \"touch /tmp/x\"]";
    let loaded = merge(&with_workspace(Layers::default(), theirs));
    assert_eq!(loaded.settings.providers["openai"].key, KeySource::Keyring, "a workspace names no program");
}

#[test]
fn plain_http_to_another_machine_is_told_and_gets_no_key() {
    let text = "[providers.gpu]\ndialect = \"openai\"\nbase_url = \"http://10.0.0.7:8000/v1/\"\n";
    let loaded = merge(&user(text));
    assert_eq!(loaded.settings.providers["gpu"].base_url, "http://10.0.0.7:8000/v1");
    assert_eq!(loaded.settings.providers["gpu"].key, KeySource::None);
    assert!(loaded.problems[0].to_string().contains(":3: `providers.gpu.base_url` is plain http to `10.0.0.7`"));
    let loaded = merge(&user(&format!("{text}allow_http = true")));
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.settings.providers["gpu"].key, KeySource::Keyring);
}

#[test]
fn the_builtin_engine_has_no_address_and_no_other_dialect() {
    let loaded = merge(&user("[providers.builtin]\ndialect = \"openai\"\nbase_url = \"https://evil.example.com\""));
    assert_eq!(loaded.settings.providers["builtin"].dialect, Dialect::Builtin);
    assert_eq!(loaded.settings.providers["builtin"].base_url, "");
    assert_eq!(loaded.problems.len(), 2);
}

#[test]
fn a_role_for_a_provider_that_is_not_there_is_told_and_stays() {
    let layers = user("[roles]\nchat = \"opnai/gpt-5\"");
    let problem = problem(&layers);
    assert_eq!((problem.line, problem.hint.as_str()), (Some(2), "did you mean `openai`?"));
    assert_eq!(merge(&layers).settings.roles.chat.as_deref(), Some("opnai/gpt-5"));
}

#[test]
fn ten_thousand_mistakes_are_not_ten_thousand_reports() {
    let text: String = (0..10_000).map(|n| format!("nonsense{n} = 1\n")).collect();
    let problems = merge(&user(&text)).problems;
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].message, "there are 9900 more problems");
}

#[test]
fn the_schema_knows_every_setting_with_type_default_and_meaning() {
    let schema = schema();
    for shown in merge(&Layers::default()).show().iter().filter(|shown| !shown.key.starts_with("providers.")) {
        let (section, name) = shown.key.split_once('.').expect("a section");
        let entry = &schema["properties"][section]["properties"][name];
        assert!(entry["description"].as_str().is_some_and(|text| text.len() > 20), "{}", shown.key);
        assert_eq!(entry["default"].is_null(), shown.value == "unset", "{}", shown.key);
        assert_eq!(entry["examples"].is_null(), shown.value != "unset", "{}", shown.key);
    }
    assert_eq!(schema["properties"]["complete"]["properties"]["max_tokens"]["maximum"], 2048);
    assert_eq!(schema["properties"]["complete"]["properties"]["debounce"]["default"], "40ms");
    let provider = &schema["properties"]["providers"]["additionalProperties"];
    assert_eq!(provider["properties"]["dialect"]["oneOf"][0]["const"], "openai");
}

#[test]
fn examples_in_the_schema_are_accepted() {
    let value = |section: &str, name: &str| schema()["properties"][section]["properties"][name]["examples"][0].clone();
    for key in ["roles.chat", "roles.complete", "http.proxy", "http.ca_file"] {
        let (section, name) = key.split_once('.').expect("a section");
        let text = value(section, name).as_str().expect("text").to_owned();
        let loaded = merge(&Layers { flags: vec![(key.to_owned(), text)], ..Layers::default() });
        assert_eq!(loaded.problems, [], "{key}");
    }
}

const MINE: &str = "[actions.short]\ntitle = \"Shorter\"\nprompt = \"Make it shorter.\"\nmodel = \"ollama/m\"\n";

#[test]
fn an_action_of_the_user_is_in_force_with_what_was_not_said() {
    let loaded = merge(&user(&format!("{MINE}[actions.why]\nprompt = \"Why? {{{{ code }}}}\"\nanswers = \"chat\"\n")));
    assert_eq!(loaded.problems, []);
    let actions = &loaded.settings.actions;
    let (short, why) = (&actions["short"], &actions["why"]);
    assert_eq!((short.title.as_str(), short.model.as_deref()), ("Shorter", Some("ollama/m")));
    assert_eq!(
        (short.scope, short.answers, short.kind),
        (ActionScope::Selection, ActionAnswers::Edit, ActionKind::Rewrite)
    );
    assert_eq!((why.title.as_str(), why.kind, why.ask), ("why", ActionKind::Source, false));
    let shown = loaded.show();
    let of = |key: &str| shown.iter().find(|shown| shown.key == key).expect("it is shown").clone();
    assert_eq!(of("actions.short.prompt").origin, "/home/u/config.toml:3");
    assert_eq!(
        (of("actions.short.kind").value.as_str(), of("actions.short.kind").origin.as_str()),
        ("\"refactor.rewrite\"", "default")
    );
}

#[test]
fn a_bad_action_is_told_with_its_line_and_reason() {
    for (text, reason) in [
        ("[actions.a]\ntitle = \"x\"", "config.toml:2: `actions.a.prompt` is missing; the action is not there"),
        ("[actions.a]\nprompt = \"x\\n{{ code\"", "config.toml:2: `actions.a.prompt = \"x·{{ code\"` is no template: "),
        ("[actions.a]\nprompt = \"x\\n{% if %}\"", "in its line 2;"),
        ("[actions.a]\nprompt = \" \"", "is empty"),
        ("[actions.a]\nprompt = \"x\"\nkind = \"source.fixAll\"", "config.toml:3: `actions.a.kind"),
        ("[actions.a]\nprompt = \"x\"\npromt = \"x\"", "did you mean `actions.a.prompt`?"),
        ("[actions.a]\nprompt = \"x\"\nwhatever = 1", "an action takes `title`, `prompt`"),
        ("[actions.\"A b\"]\nprompt = \"x\"", "`A b` is no name for an action"),
        ("[actions]\na = 1", "config.toml:2: `actions.a` is a whole number"),
        ("actions = 1", "`actions` is a whole number, and it is a section"),
        ("[actions.a]\nprompt = \"x\"\nmodel = \"nowhere/m\"", "`actions.a.model` names the provider `nowhere`"),
    ] {
        let problems = merge(&user(text)).problems;
        assert!(problems.iter().any(|problem| problem.to_string().contains(reason)), "{reason}: {problems:#?}");
    }
    let secret = merge(&user(&format!("[actions.a]\nprompt = \"{KEY}\"")));
    assert!(secret.problems[0].message.contains("holds a provider key") && secret.settings.actions.is_empty());
}

#[test]
fn a_workspace_brings_actions_that_count_only_when_it_is_trusted() {
    let theirs = "[actions.short]\nprompt = \"Theirs.\"\n[actions.new]\nprompt = \"New.\"\nscope = \"file\"\n";
    let mut loaded = merge(&with_workspace(user(MINE), theirs));
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.settings.actions.len(), 1);
    assert_eq!(loaded.settings.actions["short"].prompt, "Make it shorter.");
    assert_eq!(loaded.brought.actions.keys().collect::<Vec<_>>(), ["new", "short"]);
    assert!(loaded.brought.written().contains(&"actions.new.prompt = \"New.\"".to_owned()));

    let mut untrusted = loaded.clone();
    untrusted.distrust_workspace("it is not trusted", "trust it".to_owned());
    assert_eq!(
        untrusted.notes[0].what(),
        "/w/.aside.toml:4: 2 actions of this workspace are not used: it is not trusted"
    );

    loaded.trust_workspace();
    assert_eq!(loaded.settings.actions["new"].scope, ActionScope::File);
    assert_eq!(loaded.settings.actions["short"].prompt, "Make it shorter.");
    assert_eq!(loaded.origins["actions.new.prompt"].to_string(), "/w/.aside.toml:4");
    assert_eq!(loaded.origins["actions.new.ask"].to_string(), "default");
    assert_eq!(loaded.origins["actions.short.prompt"].to_string(), "/home/u/config.toml:3");
    assert_eq!(loaded.notes.len(), 1, "{:?}", loaded.notes);
    assert!(loaded.notes[0].what().starts_with("/w/.aside.toml:2: `actions.short` of the workspace is not used"));
}

#[test]
fn neither_a_workspace_nor_an_editor_chooses_what_is_asked_of_whom() {
    let theirs = "[actions.a]\nprompt = \"x\"\nmodel = \"evil/m\"\n";
    let found = problem(&with_workspace(Layers::default(), theirs)).to_string();
    assert!(found.contains("`actions.a.model` may not be set by a workspace"), "{found}");
    let editor = Layers { editor: Some(json!({ "actions": { "a": { "prompt": "x" } } })), ..Layers::default() };
    let loaded = merge(&editor);
    assert!(
        loaded.problems[0].message.contains("`actions.a.prompt` may not be set by the editor"),
        "{:?}",
        loaded.problems
    );
    assert!(loaded.settings.actions.is_empty() && loaded.brought.is_empty());
    let flags = Layers { flags: pairs(&[("actions.a.prompt", "x")]), ..Layers::default() };
    assert_eq!(merge(&flags).settings.actions["a"].prompt, "x");
}

#[test]
fn the_settings_page_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let expected = reference();
    #[expect(clippy::disallowed_methods, reason = "a test reads its own switch and writes the page it checks")]
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).expect("docs can be written");
    }
    let found = std::fs::read_to_string(path).expect("docs/settings.md is there");
    assert!(found == expected, "docs/settings.md is stale: run `UPDATE=1 cargo test -p aside-config`");
}

#[test]
fn the_settings_page_names_every_setting_and_its_tables_are_whole() {
    let page = reference();
    for shown in merge(&Layers::default()).show() {
        let key = match shown.key.strip_prefix("providers.").and_then(|rest| rest.split_once('.')) {
            Some((_, field)) => format!("providers.NAME.{field}"),
            None => shown.key,
        };
        assert!(page.contains(&format!("| `{key}` |")), "{key}");
    }
    let mut columns = 0;
    for line in page.lines() {
        let found = line.matches('|').count();
        assert!(!line.starts_with('|') || columns == 0 || found == columns, "{line}");
        columns = if line.starts_with('|') { found } else { 0 };
    }
}

#[test]
fn files_are_read_when_there_and_told_when_not_readable() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let paths = |config: PathBuf| Paths {
        config_file: config,
        data: at("d"),
        state: at("s"),
        cache: at("c"),
        runtime: at("r"),
        is_under_one_root: true,
    };
    #[expect(clippy::disallowed_methods, reason = "a test makes the files that are read")]
    {
        std::fs::write(at("config.toml"), "[log]\nkeep = 2").expect("written");
        std::fs::write(at(".aside.toml"), "[complete]\nenabled = false").expect("written");
        std::fs::write(at("latin"), b"a = \"\xe9\"").expect("written");
        std::fs::write(at("large"), vec![b'#'; 1024 * 1024 + 1]).expect("written");
    }
    let (layers, problems) = Layers::read(&paths(at("config.toml")), Some(folder.path()));
    assert_eq!(problems, []);
    let settings = merge(&Layers { env: Vec::new(), ..layers }).settings;
    assert_eq!((settings.log.keep, settings.complete.enabled), (2, false));

    let (layers, problems) = Layers::read(&paths(at("none")), None);
    assert!(problems.is_empty() && layers.user_file.is_none() && layers.workspace_file.is_none());
    for (name, reason) in [("latin", "not UTF-8"), ("large", "larger than 1 MiB"), ("", "not a regular file")] {
        let (layers, problems) = Layers::read(&paths(at(name)), None);
        assert!(layers.user_file.is_none());
        assert!(problems[0].message.contains(reason), "{problems:?}");
    }
}

fn json_value() -> impl Strategy<Value = Json> {
    let key = prop_oneof![
        "[a-z_.]{0,12}",
        Just("complete".to_owned()),
        Just("providers".to_owned()),
        Just("aside".to_owned()),
        Just("max_tokens".to_owned()),
        Just("debounce".to_owned()),
        Just("key".to_owned()),
        Just("base_url".to_owned()),
        ".{0,6}"
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,20}".prop_map(Json::from),
        "[0-9]{1,30} ?(ms|s|m|h|KiB|GiB)?".prop_map(Json::from),
        Just(Json::from(format!("x {KEY} y"))),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|items| Json::Object(items.into_iter().collect())),
        ]
    })
}

/// Text made of pieces of TOML, so that most of it comes far into the reader.
fn toml_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z_\"'.=\\[\\]{}#\\n ]{0,10}",
        ".{0,8}",
        prop::sample::select(vec![
            "[complete]\n",
            "[providers.work]\n",
            "[[complete]]\n",
            "[actions.a]\n",
            "prompt = \"{{ x }\"\n",
            "max_tokens = ",
            "debounce = ",
            "key = ",
            "base_url = ",
            "1\n",
            "-0x1\n",
            "1e999\n",
            "nan\n",
            "\"2s\"\n",
            "\"\"\"",
            "[",
            "{",
            "1979-05-27T07:32:00Z\n",
            "true\n",
            "\r\n",
            "\"http://u:p@h\"\n",
            "\"sk-proj-0123456789abcdefghij\"\n",
            "roles.chat = \"a/b\"\n",
            "\u{0}",
            "é",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn holds(loaded: &Loaded) {
    let settings = &loaded.settings;
    assert!((1..=2048).contains(&settings.complete.max_tokens));
    assert!(settings.complete.debounce <= Duration::from_secs(2));
    assert!((0.05..=1.0).contains(&settings.builtin.threshold));
    assert!(
        settings
            .providers
            .values()
            .all(|provider| provider.base_url.is_empty() || provider.base_url.starts_with("http"))
    );
    let told = format!("{:?}{:?}{:?}", loaded.problems, loaded.show(), settings);
    assert!(!told.contains("0123456789abcdefghij"), "{told}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_fail(user_text in toml_text(), workspace in toml_text()) {
        holds(&merge(&with_workspace(user(&user_text), &workspace)));
    }

    #[test]
    fn no_editor_makes_it_fail(value in json_value()) {
        holds(&merge(&Layers { editor: Some(value), ..Layers::default() }));
    }

    #[test]
    fn no_variable_and_no_flag_makes_it_fail(names in prop::collection::vec(("(ASIDE_)?[A-Z_]{0,20}|ASIDE_(LOG_KEEP|COMPLETE_DEBOUNCE|PROVIDERS_A_KEY)", ".{0,20}"), 0..8),
        flags in prop::collection::vec(("[a-z_.]{0,20}|log.keep|(providers|actions).[a-z]{1,3}.(key|base_url|prompt|ask)", ".{0,20}"), 0..8)) {
        holds(&merge(&Layers { env: names, flags, ..Layers::default() }));
    }
}
