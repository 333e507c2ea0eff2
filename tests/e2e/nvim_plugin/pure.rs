//! The parts of the plugin that only take and give text, as tables.

use aside_test_support::{Home, nvim::Nvim};
use serde_json::{Value, json};

use super::kit::{Newest, init, quoted};

/// An editor without a file, and its home.
fn nvim() -> Option<(Home, Nvim)> {
    let home = Home::with("", "");
    let nvim = Nvim::with_plugin(Newest, &home, &init(""), &[])?;
    Some((home, nvim))
}

#[test]
fn a_piece_of_ghost_text_is_a_word_or_a_line() {
    let Some((_home, nvim)) = nvim() else { return };
    for (text, word, line) in [
        ("foo(bar)", "foo", "foo(bar)"),
        ("(bar)", "(", "(bar)"),
        (" + b", " +", " + b"),
        ("größe_1 = 2", "größe_1", "größe_1 = 2"),
        ("one\ntwo", "one", "one"),
        ("\n  two\nthree", "\n  two", "\n  two"),
        ("\n\n  x", "\n\n  x", "\n"),
        ("   ", "   ", "   "),
        ("日本 go", "日本", "日本 go"),
        ("= x", "=", "= x"),
    ] {
        let piece =
            |size: &str| nvim.lua(&format!("return require('aside.ghost.piece').of({}, '{size}')", quoted(text)));
        assert_eq!((piece("word"), piece("line"), piece("all")), (json!(word), json!(line), json!(text)), "{text:?}");
    }
}

#[test]
fn code_blocks_are_found_as_markdown_has_them() {
    let Some((_home, nvim)) = nvim() else { return };
    for (text, blocks) in [
        ("no code", json!([])),
        ("```rust\na\n```", json!([["rust", "a"]])),
        ("~~~\na\n```\nb\n~~~", json!([["", "a\n```\nb"]])),
        ("````md\n```\na\n```\n````", json!([["md", "```\na\n```"]])),
        ("  ```\n  a\n    b\n  ```", json!([["", "a\n  b"]])),
        ("``` js {1}\na\n```\n\n```\nb\n```", json!([["js", "a"], ["", "b"]])),
        ("```\ncut off", json!([["", "cut off"]])),
        ("a ``` b", json!([])),
        ("```not `a fence`\n", json!([])),
        ("```\n```", json!([["", ""]])),
    ] {
        let found = nvim.lua(&format!(
            "local found = {{}}
             for _, one in ipairs(require('aside.chat.blocks').of(vim.split({}, '\\n'))) do
               table.insert(found, {{ one.language, table.concat(one.lines, '\\n') }})
             end
             return found",
            quoted(text)
        ));
        let found = if found == json!({}) { json!([]) } else { found };
        assert_eq!(found, blocks, "{text:?}");
    }
}

/// A hunk of whole lines.
fn hunk(n: u32, first: u32, last: u32, text: &str, state: &str) -> Value {
    let range = json!({ "start": { "line": first, "character": 0 }, "end": { "line": last, "character": 0 } });
    json!({ "n": n, "range": range, "newText": text, "state": state })
}

#[test]
fn hunks_are_laid_over_lines() {
    let Some((_home, nvim)) = nvim() else { return };
    let end_of_text = json!({
        "n": 0, "newText": "C", "state": "proposed",
        "range": { "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 1 } },
    });
    for (hunks, new) in [
        (json!([hunk(0, 1, 2, "B\n", "proposed")]), "a|B|c"),
        (json!([hunk(0, 1, 1, "x\ny\n", "proposed")]), "a|x|y|b|c"),
        (json!([hunk(0, 0, 2, "", "proposed")]), "c"),
        (json!([hunk(1, 2, 3, "C\n", "proposed"), hunk(0, 0, 1, "A\nA\n", "proposed")]), "A|A|b|C"),
        (json!([hunk(0, 0, 1, "A\n", "rejected"), hunk(1, 1, 2, "B\n", "stale")]), "a|b|c"),
        (json!([hunk(0, 3, 3, "d\n", "proposed")]), "a|b|c|d"),
        (json!([end_of_text]), "a|b|C"),
    ] {
        let hunks = quoted(&hunks.to_string());
        let found = nvim.lua(&format!(
            "return table.concat((require('aside.edit.patch').apply({{ 'a', 'b', 'c' }}, vim.json.decode({hunks}))), '|')"
        ));
        assert_eq!(found, new, "{hunks}");
    }
}

#[test]
fn events_are_put_in_order_and_gaps_are_seen() {
    let Some((_home, nvim)) = nvim() else { return };
    let kinds = "local feeds, found = {}, {}
        for _, one in ipairs({ { 'a', 1 }, { 'a', 0 }, { 'a', 1 }, { 'a', 1 }, { 'a', 3 }, { 'b', 2 }, { 'b', 0 }, { 'b', 0 }, { 'b', 1 } }) do
          local event = { session = 's', turn = one[1], n = one[2], event = { type = 'delta', text = '' } }
          table.insert(found, (require('aside.chat.feed').add(feeds, event)))
        end
        return found";
    let expected = json!(["gap", "new", "more", "old", "gap", "gap", "new", "new", "more"]);
    assert_eq!(nvim.lua(kinds), expected);
}

#[test]
fn what_goes_into_a_bar_is_one_line_without_items() {
    let Some((_home, nvim)) = nvim() else { return };
    for (text, shown) in [
        ("100% sure %{execute('x')} %!f %=", "100 sure {execute('x')} !f ="),
        ("two\nlines\tand \u{1b}[31m", "two lines and ^[[31m"),
        ("\u{202e}evil", "<202e>evil"),
    ] {
        let found = nvim.lua(&format!("return require('aside.text').for_bar({})", quoted(text)));
        assert_eq!(found, shown, "{text:?}");
    }
}
