//! Reading of layers: how far a broken file counts, and how editors write settings.

use std::path::PathBuf;

use serde_json::json;

use super::*;

fn keys(found: &Found) -> Vec<(&str, Option<u32>)> {
    found.entries.iter().map(|entry| (entry.key.as_str(), entry.place.line)).collect()
}

fn read(text: &str) -> Found {
    file(Layer::User, &PathBuf::from("config.toml"), text)
}

#[test]
fn entries_know_their_line() {
    let found = read("# first\r\n\n[complete]\nmenu = \"auto\"\n\nmax_tokens = 5\n[providers.work]\nkey = \"none\"\n");
    assert_eq!(
        keys(&found),
        [("complete.max_tokens", Some(6)), ("complete.menu", Some(4)), ("providers.work.key", Some(8))]
    );
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

#[test]
fn dotted_keys_and_inline_tables_are_the_same_settings() {
    let found = read("complete.menu = \"auto\"\nchat = { max_tokens = 16 }\nproviders.a = { key = \"none\" }");
    assert_eq!(keys(&found), [("chat.max_tokens", Some(2)), ("complete.menu", Some(1)), ("providers.a.key", Some(3))]);
}

#[test]
fn what_stands_above_a_broken_line_counts() {
    for (text, line, left) in [
        ("[log]\nkeep = 3\nlevel = inf o\nmax_bytes = 1", 3, 1),
        ("[log]\nkeep = 3\n[complete\nmenu = \"auto\"", 3, 1),
        ("[log]\nkeep = 3\nkeep = 4\nlevel = \"warn\"", 3, 1),
        ("[log]\nkeep = 3\nlevel = \"warn\nmax_bytes = 1", 3, 1),
        ("keep = = 3\n[log]\nkeep = 3", 1, 0),
        ("[log]\nkeep = 3\n[complete]\ndisabled_languages = [\n\"a\",\n", 4, 1),
        ("[log]\nkeep = 3\n\u{0}\n", 3, 1),
    ] {
        let found = read(text);
        assert_eq!(found.problems.first().and_then(|problem| problem.line), Some(line), "{text:?}: {found:?}");
        assert_eq!(found.entries.len(), left, "{text:?}: {found:?}");
        assert!(found.problems[0].message.starts_with(&format!("line {line} is not TOML: ")), "{found:?}");
    }
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    assert_eq!(keys(&read("\u{feff}[log]\nkeep = 3")), [("log.keep", Some(2))]);
}

#[test]
fn editors_may_nest_settings_or_write_dots() {
    for value in [
        json!({ "complete": { "menu": "auto", "max_tokens": 5 } }),
        json!({ "aside": { "complete": { "menu": "auto", "max_tokens": 5 } }, "python": { "x": 1 } }),
        json!({ "complete.menu": "auto", "complete": { "max_tokens": 5 } }),
        json!({ "complete": { "max_tokens": 5 }, "complete.menu": "auto" }),
        json!({ "aside.complete.menu": "auto", "aside.complete.max_tokens": 5, "editor.tabSize": 4 }),
        json!({ "aside": { "complete.menu": "auto", "complete.max_tokens": 5, "chat": null, "roles": { "chat": null } } }),
    ] {
        let found = editor(&value);
        let mut keys = keys(&found);
        keys.sort_unstable();
        assert_eq!(keys, [("complete.max_tokens", None), ("complete.menu", None)], "{value}");
        assert!(found.problems.is_empty(), "{value}: {:?}", found.problems);
    }
}

#[test]
fn an_editor_without_settings_says_nothing() {
    for value in [json!(null), json!({}), json!({ "aside": null }), json!({ "aside": {} })] {
        let found = editor(&value);
        assert!(found.entries.is_empty() && found.problems.is_empty(), "{value}: {found:?}");
    }
    assert_eq!(editor(&json!([1])).problems[0].message, "the editor's settings are a list, not an object");
}

#[test]
fn flags_name_settings_by_their_full_key() {
    let flag = |key: &str| (key.to_owned(), "1".to_owned());
    let found = flags(&[flag("log.keep"), flag("providers.a.key"), flag("log.keeps"), flag("providers.A B.key")]);
    assert_eq!(keys(&found), [("log.keep", None), ("providers.a.key", None)]);
    assert_eq!(found.problems.len(), 2);
    assert_eq!(found.problems[0].hint, "did you mean `log.keep`?");
}
