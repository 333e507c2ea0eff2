//! What needs a confirmation, and what must not.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Place, Warning, escape, escape_line, judge_place, judge_text, summary};

fn codes(found: &[Warning]) -> Vec<&str> {
    found.iter().map(|warning| warning.code).collect()
}

/// What is said about a path inside the workspace.
fn at(path: &str) -> Vec<Warning> {
    judge_place(&Place { named: path, inside: Some(path), ..Place::default() }, "", "x")
}

#[test]
fn files_that_control_something_are_known_at_any_depth_and_in_any_case() {
    for path in [
        ".vscode/settings.json",
        ".vscode/tasks.json",
        "a.code-workspace",
        ".git/hooks/pre-commit",
        ".git",
        ".gitmodules",
        ".gitattributes",
        ".githooks/x",
        ".husky/pre-commit",
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        ".devcontainer/devcontainer.json",
        "Dockerfile",
        "Dockerfile.dev",
        "docker-compose.override.yml",
        ".idea/workspace.xml",
        ".zed/tasks.json",
        ".helix/languages.toml",
        ".nvim.lua",
        ".nvimrc",
        ".exrc",
        ".dir-locals.el",
        ".envrc",
        ".env",
        ".env.local",
        ".npmrc",
        ".yarnrc.yml",
        ".cargo/config.toml",
        "build.rs",
        "rust-toolchain.toml",
        "pip.conf",
        "setup.py",
        "conftest.py",
        "Makefile",
        "justfile",
        ".mcp.json",
        ".cursor/rules/a.mdc",
        ".claude/settings.json",
        ".gemini/settings.json",
        ".codex/config.toml",
        "AGENTS.md",
        "CLAUDE.md",
        ".aside.toml",
        ".ssh/authorized_keys",
        ".bashrc",
        ".config/systemd/user/x.service",
        ".config/autostart/x.desktop",
        "package.json/../.vscode/x.json",
    ] {
        let upper = path.to_uppercase();
        let deep = format!("some/where/{path}");
        let windows = path.replace('/', "\\");
        for path in [path, &upper, &deep, &windows] {
            assert_eq!(codes(&at(path)), ["control-file"], "{path}");
        }
    }
}

#[test]
fn another_way_to_write_the_same_path_changes_nothing() {
    for path in [
        "./.vscode/../.vscode/settings.json",
        "src/../.vscode//settings.json",
        ".VsCode/Settings.JSON",
        ".vscode./settings.json",
        ".vscode /settings.json",
        ".vscode/settings.json::$DATA",
        ".v\u{17f}code/settings.json",
        ".gi\u{200c}t/config",
        ".git::$INDEX_ALLOCATION/config",
        "İ/../.IDEA/x",
    ] {
        assert_eq!(codes(&at(path)), ["control-file"], "{path}");
    }
}

#[test]
fn ordinary_files_need_nothing() {
    for path in [
        "src/main.rs",
        "vscode/settings.json",
        "src/git/config.rs",
        "docs/Makefile.md",
        "environment.ts",
        "src/.hidden.rs",
        "gitlab-ci.yml.md",
        "src/startup/main.rs",
        "systemd/notify.rs",
        "Cargo.toml",
        ".github/ISSUE_TEMPLATE.md",
    ] {
        assert_eq!(at(path), [], "{path}");
    }
}

#[test]
fn a_link_is_judged_by_where_it_leads_and_by_its_name() {
    let place = Place { named: "notes.txt", inside: Some(".git/hooks/post-checkout"), ..Place::default() };
    assert_eq!(codes(&judge_place(&place, "", "")), ["control-file"]);
    let place = Place { named: ".vscode/settings.json", inside: Some("notes.txt"), ..Place::default() };
    assert_eq!(codes(&judge_place(&place, "", "")), ["control-file"]);
}

#[test]
fn what_is_outside_new_or_in_the_home_folder_is_told() {
    let place = Place { named: "x.rs", absolute: Some(Path::new("/srv/x.rs")), ..Place::default() };
    assert_eq!(codes(&judge_place(&place, "", "")), ["outside-workspace"]);
    assert_eq!(codes(&judge_place(&Place { is_new: true, ..place }, "", "")), ["outside-workspace", "new-file"]);

    let home = Some(Path::new("/home/u"));
    let place = Place {
        named: "x",
        inside: Some(".inputs/x"),
        absolute: Some(Path::new("/home/u/.inputs/x")),
        home,
        ..Place::default()
    };
    assert_eq!(codes(&judge_place(&place, "", "")), ["home-file"]);
    let place = Place { absolute: Some(Path::new("/home/u/work/.x")), ..place };
    assert_eq!(judge_place(&place, "", ""), []);
    let place = Place { absolute: Some(Path::new("/home/u/.config/autostart/x.desktop")), inside: None, ..place };
    assert_eq!(codes(&judge_place(&place, "", "")), ["control-file", "home-file", "outside-workspace"]);
}

#[test]
fn a_new_name_that_disguises_itself_is_told_and_shown_as_it_is() {
    let new = |named| judge_place(&Place { named, inside: Some(named), is_new: true, ..Place::default() }, "", "");
    let found = new("src/a\u{202e}sr.b");
    assert_eq!(codes(&found), ["invisible-characters", "new-file"]);
    assert!(found[0].message.contains("a\\u{202e}sr.b"), "{found:?}");
    assert_eq!(codes(&new("src/p\u{430}th.rs")), ["mixed-scripts", "new-file"]);
    for plain in ["src/path.rs", "\u{43f}\u{443}\u{442}\u{44c}.md", "na\u{ef}ve.txt"] {
        assert_eq!(codes(&new(plain)), ["new-file"], "{plain}");
    }
}

#[test]
fn what_belongs_to_this_program_is_told_first() {
    let own = [PathBuf::from("/home/u/.config/aside"), PathBuf::from("/opt/aside")];
    let place = Place { named: "a", inside: Some("a"), own: &own, ..Place::default() };
    for path in ["/home/u/.config/Aside/config.toml", "/opt/aside", "/opt/x/../aside"] {
        assert_eq!(
            codes(&judge_place(&Place { absolute: Some(Path::new(path)), ..place }, "", "")),
            ["own-file"],
            "{path}"
        );
    }
    assert_eq!(judge_place(&Place { absolute: Some(Path::new("/opt/aside-notes")), ..place }, "", ""), []);
}

#[track_caller]
fn assert_manifest(old: &str, new: &str, expected: Option<&str>) {
    let found = judge_place(
        &Place { named: "web/package.json", inside: Some("web/package.json"), ..Place::default() },
        old,
        new,
    );
    let message = found.first().map(|warning| warning.message.as_str());
    assert_eq!(message.and_then(|message| message.split_once('(')).map(|(_, parts)| parts), expected, "{new}");
}

#[test]
fn a_package_manifest_matters_where_it_changes_what_runs() {
    assert_manifest(r#"{"version": "1"}"#, r#"{"version": "2", "description": "x"}"#, None);
    assert_manifest(r#"{"scripts": {"a": "x"}}"#, r#"{"name": "n", "scripts": {"a": "x"}}"#, None);
    assert_manifest("{}", r#"{"scripts": {"preinstall": "x"}}"#, Some("`scripts`)"));
    assert_manifest(r#"{"bin": "a"}"#, "{}", Some("`bin`)"));
    assert_manifest("", r#"{"scr\u0069pts": {}}"#, Some("`scripts`)"));
    assert_manifest("{}", r#"{"dependencies": {"left": "^1.2.3"}}"#, None);
    assert_manifest("{}", r#"{"dependencies": {"left": "git+https://example.com/x"}}"#, Some("`dependencies`)"));
    assert_manifest("{}", "{ // no", Some("it cannot be read as JSON)"));
    assert_manifest("[", "{}", Some("it cannot be read as JSON)"));
}

#[test]
fn every_character_that_hides_is_found_and_shown_escaped() {
    let ranges = [
        0x202a..=0x202e,
        0x2066..=0x2069,
        0x200b..=0x200f,
        0x2060..=0x2064,
        0xe0000..=0xe007f,
        0x80..=0x9f,
        0x1..=0x8,
        0xad..=0xad,
        0x34f..=0x34f,
        0x115f..=0x1160,
        0x3164..=0x3164,
        0xffa0..=0xffa0,
        0xfeff..=0xfeff,
        0xfe00..=0xfe0f,
        0xe0100..=0xe01ef,
        0x7f..=0x7f,
    ];
    for c in ranges.into_iter().flatten().filter_map(char::from_u32) {
        let text = format!("let a{c}b = 1;\n");
        let found = judge_text("let ab = 1;\n", &text);
        assert_eq!(codes(&found), ["invisible-characters"], "{c:?}");
        assert!(found[0].message.contains(&format!("U+{:04X} (1)", u32::from(c))), "{}", found[0].message);
        assert_eq!(escape(&text), format!("let a{}b = 1;\n", c.escape_unicode()));
        assert_eq!(judge_text(&text, &text), [], "it was there before");
    }
}

#[test]
fn a_carriage_return_hides_what_is_before_it_unless_it_ends_a_line() {
    assert_eq!(codes(&judge_text("", "a\rb\r\n")), ["invisible-characters"]);
    assert_eq!(escape("a\rb\r\n"), "a\\rb\r\n");
    assert_eq!(judge_text("", "a\r\n"), []);
}

#[test]
fn ordinary_texts_of_the_world_are_left_alone() {
    for text in [
        "naïve café",
        "привет, мир",
        "γειά σου Κόσμε",
        "日本語",
        "\u{1F469}\u{200D}\u{1F467} ok",
        "\u{2764}\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "a\tb\u{c}\n",
        "json_файл",
        "Δt = 3",
    ] {
        assert_eq!(judge_text("", text), [], "{text}");
        assert_eq!(escape(text), text);
    }
}

#[test]
fn names_that_only_look_latin_are_told() {
    for word in ["\u{430}dmin", "p\u{430}ypal", "\u{39f}K", "is_\u{430}", "na\u{3bf}me1"] {
        let found = judge_text("x", &format!("let {word} = 1;"));
        assert_eq!(codes(&found), ["mixed-scripts"], "{word}");
        assert!(found[0].message.contains("\\u{"), "{}", found[0].message);
        assert_eq!(judge_text(word, &format!("f({word})")), []);
    }
}

#[test]
fn blank_space_that_moves_code_out_of_sight_is_told() {
    assert_eq!(codes(&judge_text("", &format!("a\n{}b\n", "\n".repeat(21)))), ["blank-run"]);
    assert_eq!(judge_text("", &format!("a\n{}b\n", "\n".repeat(20))), []);
    assert_eq!(codes(&judge_text("", &format!("a;{}b\n", " ".repeat(121)))), ["blank-run"]);
    assert_eq!(codes(&judge_text("", &format!("{}b\n", "\t".repeat(31)))), ["blank-run"]);
    assert_eq!(judge_text("", &format!("a;{}\n", " ".repeat(500))), []);
    let (ten, blank) = ("\n".repeat(10), "x\n\n\n\n\n\n\n\n\n\n\n\n\n");
    assert_eq!(
        codes(&judge_place(
            &Place { named: "a", inside: Some("a"), ..Place::default() },
            blank,
            &format!("{blank}{ten}")
        )),
        ["blank-run"]
    );
}

#[test]
fn titles_count_and_stay_on_one_line() {
    assert_eq!(summary(2, 3), "3 changes in 2 files");
    assert_eq!(summary(1, 1), "1 change in 1 file");
    assert_eq!(escape_line("a\nb\tc\r\n\u{202e}"), "a\\nb\\tc\\r\\n\\u{202e}");
}

/// Texts in which what a character hides depends on its neighbours.
fn neighbours() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        &[
            "a",
            "1",
            "é",
            "\u{1F469}",
            "\u{200d}",
            "\u{fe0f}",
            "\u{fe0e}",
            "\u{20e3}",
            "\u{200b}",
            "\r",
            "\n",
            "\u{e0041}",
        ][..],
    );
    prop_oneof![prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()), any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_escaped_text_hides_nothing(text in neighbours()) {
        let escaped = escape(&text);
        prop_assert!(!codes(&judge_text("", &escaped)).contains(&"invisible-characters"), "{:?}", escaped);
        prop_assert_eq!(escape(&escaped), escaped);
        prop_assert!(escape_line(&text).lines().count() <= 1);
    }

    #[test]
    fn no_path_and_no_text_is_too_strange(named in any::<String>(), old in any::<String>(), new in any::<String>()) {
        judge_place(&Place { named: &named, absolute: Some(Path::new(&named)), home: Some(Path::new("/")), ..Place::default() }, &old, &new);
        judge_text(&old, &new);
    }
}
