//! Ghost text: Neovim's own, and by extmarks before 0.12. A person sees no difference.

use aside_test_support::model_server::{Reply, dialects::llama};

use super::kit::{BOTH, GHOST, Oldest, Scene, quoted};

const KEYS: &str = r"
vim.keymap.set('i', '<Tab>', function() if not require('aside').accept() then return '<Tab>' end end, { expr = true })
vim.keymap.set('i', '<C-l>', '<Plug>(aside-accept-line)')
vim.keymap.set('i', '<C-f>', '<Plug>(aside-accept-word)')
vim.keymap.set('i', '<C-e>', '<Plug>(aside-dismiss)')
";

/// Waits for this ghost text.
#[track_caller]
fn sees(scene: &Scene, text: &str) {
    let chunk = format!("return (function() {GHOST} end)() == {}", quoted(text));
    scene.nvim.until(&format!("the ghost text {text:?}"), &chunk);
}

/// Waits until the file is this.
#[track_caller]
fn file_is(scene: &Scene, text: &str) {
    scene.nvim.until(&format!("the text {text:?}"), &format!("return Lines('main.rs$') == {text:?}"));
}

/// Waits until no ghost text is there.
#[track_caller]
fn sees_none(scene: &Scene) {
    scene.nvim.until("no ghost text", &format!("return not (function() {GHOST} end)()"));
}

const START: &str = "fn add(a: u32, b: u32) -> u32 {\n";

#[test]
fn ghost_text_is_shown_and_accepted_whole() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&llama::fill(&["+", " b"]));
        scene.nvim.keys("jA    a ");
        sees(&scene, "+ b");
        file_is(&scene, &format!("{START}    a \n}}"));
        scene.nvim.keys("<Tab>");
        file_is(&scene, &format!("{START}    a + b\n}}"));
        scene.nvim.keys("<Esc>u");
        let lines = scene.file();
        assert!(!lines.as_str().expect("text").contains("+ b"), "{version:?}: undone: {lines}");
    }
}

#[test]
fn a_key_does_what_it_did_where_there_is_no_ghost_text() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&Reply::json(503, &serde_json::json!({})));
        scene.nvim.keys("jAa<Tab>b");
        file_is(&scene, &format!("{START}a   b\n}}"));
    }
}

#[test]
fn it_is_accepted_by_words() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&llama::fill(&["+ big_sum(b)"]));
        scene.nvim.keys("jA    a ");
        sees(&scene, "+ big_sum(b)");
        // What the model would say of the rest is what it said before.
        scene.fills_with(&llama::fill(&[" big_sum(b)"]));
        scene.nvim.keys("<C-f>");
        file_is(&scene, &format!("{START}    a +\n}}"));
        sees(&scene, " big_sum(b)");
        scene.nvim.keys("<C-f>");
        file_is(&scene, &format!("{START}    a + big_sum\n}}"));
    }
}

#[test]
fn it_is_accepted_by_lines() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&llama::fill(&["let c = a + b;\n    let d = c;\n    d"]));
        scene.nvim.keys("jA    ");
        sees(&scene, "let c = a + b;\n    let d = c;\n    d");
        scene.nvim.keys("<C-l>");
        file_is(&scene, &format!("{START}    let c = a + b;\n}}"));
    }
}

#[test]
fn typing_what_it_says_keeps_it_without_another_request() {
    let Some(scene) = Scene::with(Oldest, KEYS) else { return };
    scene.fills_with(&llama::fill(&["+ b"]));
    scene.nvim.keys("jA    a ");
    sees(&scene, "+ b");
    let before = scene.server.requests().len();
    scene.nvim.keys("+");
    sees(&scene, " b");
    assert_eq!(scene.server.requests().len(), before);
    scene.nvim.keys("<Tab>");
    file_is(&scene, &format!("{START}    a + b\n}}"));
}

#[test]
fn letters_of_any_script_are_counted_right() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&llama::fill(&["+ \"日本 ü\""]));
        scene.nvim.keys("jA    \"größe 🦀\" ");
        sees(&scene, "+ \"日本 ü\"");
        scene.nvim.keys("<C-f>");
        file_is(&scene, &format!("{START}    \"größe 🦀\" +\n}}"));
        scene.fills_with(&llama::fill(&[" \"日本 ü\""]));
        sees(&scene, " \"日本 ü\"");
        scene.nvim.keys("<Tab>");
        file_is(&scene, &format!("{START}    \"größe 🦀\" + \"日本 ü\"\n}}"));
    }
}

#[test]
fn control_characters_of_it_are_drawn_as_text() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&llama::fill(&["+ b \u{1b}]52;c;ZXZpbA==\u{7}"]));
        scene.nvim.keys("jA    a ");
        scene.nvim.until("ghost text", &format!("return (function() {GHOST} end)()"));
        let row = "vim.cmd.redraw() local text = ''
            for col = 1, vim.o.columns do text = text .. vim.fn.screenstring(vim.fn.screenrow(), col) end return text";
        let row = scene.nvim.lua(row);
        assert!(!row.as_str().expect("text").contains(char::is_control), "{version:?}: {row}");
    }
}

#[test]
fn it_goes_when_it_is_dismissed_or_insert_mode_is_left() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&llama::fill(&["+", " b"]));
        scene.nvim.keys("jA    a ");
        sees(&scene, "+ b");
        scene.nvim.keys("<C-e>");
        sees_none(&scene);
        scene.nvim.keys("<BS><BS>a ");
        sees(&scene, "+ b");
        scene.nvim.keys("<Esc>");
        sees_none(&scene);
        file_is(&scene, &format!("{START}    a \n}}"));
    }
}

#[test]
fn leaving_insert_mode_closes_the_request() {
    for version in BOTH {
        let Some(scene) = Scene::with(version, KEYS) else { return };
        scene.fills_with(&Reply::sse().silent());
        scene.nvim.keys("jA    a ");
        scene.server.wait_live(1);
        scene.nvim.keys("<Esc>");
        scene.server.wait_live(0);
    }
}

#[test]
fn it_is_off_where_it_is_switched_off() {
    for version in BOTH {
        let off = "vim.g.aside = vim.tbl_extend('force', vim.g.aside, { ghost = { enabled = false } })";
        let Some(scene) = Scene::with(version, off) else { return };
        let shown = scene.nvim.lua("return #vim.api.nvim_get_autocmds({ buffer = 0, event = 'InsertEnter' }) > 0");
        assert_eq!(shown, false, "{version:?}");
    }
}
