//! Edits: proposed as a diff, accepted, rejected, undone; and the other things that are done with code.

use std::process::Command;

use aside_test_support::{
    Home,
    model_server::{Reply, dialects::openai},
    nvim::Nvim,
};
use serde_json::json;

use super::kit::{BOTH, FILES, Oldest, Scene, init, quoted};

/// The file of the scene.
const BEFORE: &str = "fn add(a: u32, b: u32) -> u32 {\n\n}";
/// The file with its body.
const AFTER: &str = "fn add(a: u32, b: u32) -> u32 {\n    a + b\n}";

/// Waits until the diff is shown, and gives its right side.
#[track_caller]
fn diff(scene: &Scene) -> String {
    scene.nvim.until("a diff in a tab", "return vim.fn.tabpagenr('$') == 2 and vim.wo.diff");
    let proposed = scene.nvim.lua("return Lines('aside://edit/')");
    proposed.as_str().expect("text").to_owned()
}

/// Waits until the tab with the diff is gone.
#[track_caller]
fn no_diff(scene: &Scene) {
    scene.nvim.until("no diff", "return vim.fn.tabpagenr('$') == 1 and not vim.wo.diff");
}

/// Waits until the file is this.
#[track_caller]
fn file_is(scene: &Scene, text: &str) {
    scene.nvim.until(&format!("the text {text:?}"), &format!("return Lines('main.rs$') == {}", quoted(text)));
}

/// The model's answer as a fenced block.
fn fenced(code: &str) -> String {
    format!("```rust\n{code}\n```")
}

#[test]
fn an_edit_is_seen_accepted_and_undone_in_one_step() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers(&fenced(AFTER));
        scene.nvim.keys(":%Aside edit add them<CR>");
        assert_eq!(diff(&scene), AFTER, "{version:?}");
        assert_eq!(scene.file(), BEFORE, "nothing is changed yet");
        scene.nvim.keys(":Aside accept<CR>");
        file_is(&scene, AFTER);
        no_diff(&scene);
        scene.nvim.keys("u");
        file_is(&scene, BEFORE);
    }
}

#[test]
fn a_rejected_edit_changes_nothing() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers(&fenced(AFTER));
        scene.nvim.keys(":%Aside edit add them<CR>");
        diff(&scene);
        scene.nvim.keys(":Aside reject<CR>");
        no_diff(&scene);
        assert_eq!(scene.file(), BEFORE, "{version:?}");
        scene.nvim.keys(":Aside accept<CR>");
        scene.told("there is no edit");
    }
}

#[test]
fn closing_the_tab_decides_nothing() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers(&fenced(AFTER));
        scene.nvim.keys(":%Aside edit add them<CR>");
        diff(&scene);
        scene.nvim.keys(":tabclose<CR>");
        no_diff(&scene);
        scene.nvim.keys(":Aside diff<CR>");
        assert_eq!(diff(&scene), AFTER, "{version:?}");
        scene.nvim.keys(":Aside accept<CR>");
        file_is(&scene, AFTER);
    }
}

#[test]
fn of_two_edits_the_one_that_waits_is_found_when_the_other_is_settled() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        for _ in 0..2 {
            scene.answers(&fenced(AFTER));
            scene.nvim.keys(":%Aside edit add them<CR>");
            diff(&scene);
            scene.nvim.keys(":tabclose<CR>");
            no_diff(&scene);
        }
        scene.nvim.keys(":Aside reject<CR>:Aside diff<CR>");
        diff(&scene);
        // In the last tab, which cannot be closed.
        scene.nvim.keys(":tabonly<CR>:Aside accept<CR>");
        file_is(&scene, AFTER);
        no_diff(&scene);
    }
}

#[test]
fn somebody_who_types_is_not_taken_elsewhere() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let gate = scene.server.gate();
        let reply = Reply::sse().then(openai::delta(&fenced(AFTER))).hold(&gate);
        scene.server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
        scene.nvim.keys(":%Aside edit add them<CR>");
        scene.server.wait_live(1);
        scene.nvim.keys("ggO// mine");
        scene.nvim.until("typing", "return vim.api.nvim_get_current_line() == '// mine'");
        gate.open();
        scene.told("the edit is ready: `:Aside diff` shows it");
        scene.nvim.keys(", all of it<Esc>");
        scene.nvim.until("the typing", "return vim.api.nvim_get_current_line() == '// mine, all of it'");
        no_diff(&scene);
        scene.nvim.keys(":Aside diff<CR>");
        diff(&scene);
        // The server is told of the typing a moment later, and says where the change lies then.
        let expected = format!("// mine, all of it\n{AFTER}");
        let shown = format!("return Lines('aside://edit/') == {}", quoted(&expected));
        scene.nvim.until("the change at its place", &shown);
    }
}

const LONG: &str = "fn one() {}\n\n\n\n\n\n\n\n\n\nfn two() {}";
const LONG_AFTER: &str = "fn one() { 1 }\n\n\n\n\n\n\n\n\n\nfn two() { 2 }";

#[test]
fn changes_are_accepted_one_by_one() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.lua(&format!("vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split({}, '\\n'))", quoted(LONG)));
        scene.answers(&fenced(LONG_AFTER));
        scene.nvim.keys(":%Aside edit number them<CR>");
        assert_eq!(diff(&scene), LONG_AFTER);
        scene.nvim.keys("G:Aside accept hunk<CR>");
        let one = LONG.replace("two() {}", "two() { 2 }");
        file_is(&scene, &one);
        // What is left is shown still.
        scene.nvim.until("the other change", &format!("return Lines('aside://edit/') == {}", quoted(LONG_AFTER)));
        scene.nvim.keys(":Aside reject hunk<CR>");
        no_diff(&scene);
        file_is(&scene, &one);
    }
}

#[test]
fn a_proposal_moves_along_with_what_is_typed_meanwhile() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers(&fenced(AFTER));
        scene.nvim.keys(":%Aside edit add them<CR>");
        diff(&scene);
        scene.nvim.keys("<C-w>hggO// mine<Esc>");
        scene.nvim.until("the new place", "return Lines('aside://edit/'):find('// mine', 1, true)");
        scene.nvim.keys(":Aside accept<CR>");
        file_is(&scene, &format!("// mine\n{AFTER}"));
        no_diff(&scene);
        assert_eq!(scene.nvim.lua("return #Told"), 0, "{version:?}");
    }
}

#[test]
fn an_edit_that_is_being_written_is_stopped() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let gate = scene.server.gate();
        let reply = Reply::sse().then(openai::delta("```rust\nfn add")).hold(&gate);
        scene.server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
        scene.nvim.keys(":%Aside edit add them<CR>");
        scene.nvim.until("the work", "return require('aside').statusline():find('answering')");
        scene.nvim.keys(":Aside stop<CR>");
        scene.server.wait_live(0);
        scene.nvim.until("its end", "return not require('aside').statusline():find('answering')");
        assert_eq!(scene.file(), BEFORE, "{version:?}");
    }
}

#[test]
fn an_answer_that_is_no_code_is_told_and_tried_again() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.server.always(openai::CHAT, openai::chat(&["I cannot help with that."]));
        scene.nvim.keys(":%Aside edit add them<CR>");
        scene.nvim.until("a message", "return #Told > 0");
        assert_eq!(scene.file(), BEFORE, "{version:?}");
        scene.server.always(openai::CHAT, openai::chat(&[&fenced(AFTER)]));
        scene.nvim.keys(":Aside retry with code, please<CR>");
        assert_eq!(diff(&scene), AFTER, "{version:?}");
    }
}

#[test]
fn without_a_model_an_edit_says_what_to_do() {
    for version in BOTH {
        let home = Home::with("", FILES);
        let Some(nvim) = Nvim::with_plugin(version, &home, &init(""), &["main.rs"]) else { return };
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        nvim.keys(":%Aside edit add them<CR>");
        let told = nvim.until("a message", "return Told[1]");
        assert!(told.as_str().is_some_and(|text| text.contains("model")), "{version:?}: {told}");
        assert_eq!(nvim.lua("return Lines('main.rs$')"), BEFORE);
    }
}

#[test]
fn a_new_file_is_seen_before_it_is_there() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let answer = "```diff\n--- /dev/null\n+++ b/sum.rs\n@@ -0,0 +1,2 @@\n+pub fn sum() {}\n+// end\n```";
        scene.answers(answer);
        scene.nvim.keys(":%Aside edit move it to a file of its own<CR>");
        scene.nvim.until("a tab", "return vim.fn.tabpagenr('$') == 2");
        assert_eq!(scene.nvim.lua("return Lines('aside://edit/')"), "pub fn sum() {}\n// end", "{version:?}");
        assert!(!scene.home.path("sum.rs").exists());
        scene.nvim.lua("Pick = 'Apply the change'");
        scene.nvim.lua("Pick = 'Apply the change'");
        scene.nvim.keys(":Aside accept<CR>");
        no_diff(&scene);
        scene.nvim.until("the new file", "return Lines('sum.rs$') == 'pub fn sum() {}\\n// end'");
    }
}

#[test]
fn several_files_are_gone_through_one_by_one() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.home.write("b.rs", "fn b() {}\n");
        let diff_of =
            |file: &str, old: &str, new: &str| format!("--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-{old}\n+{new}\n");
        let answer = diff_of("b.rs", "fn b() {}", "fn b() { 2 }")
            + &diff_of("main.rs", "fn add(a: u32, b: u32) -> u32 {", "fn add(a: u64, b: u64) -> u64 {");
        scene.answers(&format!("```diff\n{answer}```"));
        scene.nvim.keys(":%Aside edit widen it<CR>");
        let first = diff(&scene);
        scene.nvim.keys(":Aside accept<CR>");
        let other = if first.contains("fn b") { "u64" } else { "fn b() { 2 }" };
        scene.nvim.until("the other file", &format!("return Lines('aside://edit/'):find({}, 1, true)", quoted(other)));
        scene.nvim.keys(":Aside! accept<CR>");
        no_diff(&scene);
        scene.nvim.until("one file", "return Lines('/b.rs$') == 'fn b() { 2 }'");
        file_is(&scene, &BEFORE.replace("u32", "u64"));
    }
}

#[test]
fn an_edit_that_does_not_fit_any_more_is_refused_as_a_whole() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let uri = scene.home.uri("main.rs");
        let refusal = |changes: serde_json::Value| {
            let edit = quoted(&json!({ "documentChanges": changes }).to_string());
            scene
                .nvim
                .lua(&format!("return require('aside.apply').refusal(vim.json.decode({edit}), Client()) or vim.NIL"))
        };
        let edits = |uri: &str, version: serde_json::Value| json!([{ "textDocument": { "uri": uri, "version": version }, "edits": [] }]);
        let now = scene
            .nvim
            .lua("return vim.lsp.util.buf_versions[0] or vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()]");
        let now = now.as_i64().expect("a number");
        assert_eq!(refusal(edits(&uri, json!(now))), json!(null), "{version:?}");
        assert_eq!(refusal(edits(&uri, json!(now + 1))), "main.rs was changed meanwhile");
        assert_eq!(refusal(json!([{ "kind": "create", "uri": uri }])), "main.rs is there already");
        assert_eq!(refusal(json!([{ "kind": "create", "uri": scene.home.uri("new.rs") }])), json!(null));
        assert_eq!(refusal(edits(&scene.home.uri("closed.rs"), json!(null))), json!(null));
        scene
            .nvim
            .lua("vim.lsp.buf_detach_client(0, Client().id) vim.api.nvim_buf_set_lines(0, 0, 0, false, { '// mine' })");
        assert_eq!(refusal(edits(&uri, json!(null))), "main.rs has changes that are not written");
    }
}

#[test]
fn words_are_asked_for_where_they_are_missing() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers(&fenced(AFTER));
        scene.nvim.lua("Words = 'add them up'");
        scene.nvim.keys(":%Aside edit<CR>");
        diff(&scene);
        assert!(scene.server.request(openai::CHAT).text().contains("add them up"), "{version:?}");
        scene.nvim.keys(":Aside reject<CR>");
        no_diff(&scene);
        // The server's own code action asks by the plugin.
        scene.answers(&fenced(AFTER));
        scene.nvim.lua("Words, Pick = 'by the menu', 'Rewrite'");
        scene.nvim.keys("ggVG:lua vim.lsp.buf.code_action()<CR>");
        diff(&scene);
        assert!(scene.server.request(openai::CHAT).text().contains("by the menu"), "{version:?}");
    }
}

#[test]
fn what_cannot_be_seen_is_warned_of_and_needs_a_confirmation() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let hidden = AFTER.replace("a + b", "a + b // \u{202e}evil");
        scene.answers(&fenced(&hidden));
        scene.nvim.keys(":%Aside edit add them<CR>");
        diff(&scene);
        let warned = "local buf = Buffer('aside://edit/')
            for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buf, -1, 0, -1, { details = true })) do
              if mark[4].virt_lines then return mark[4].virt_lines[1][1][1] end
            end";
        let warned = scene.nvim.until("a warning", warned);
        assert!(warned.as_str().is_some_and(|text| text.starts_with("! ")), "{warned}");
        scene.nvim.keys(":Aside accept<CR>");
        scene.nvim.until("the question", "return Asked[1] and Asked[1].items");
        assert_eq!(scene.file(), BEFORE, "{version:?}: not confirmed");
        scene.nvim.lua("Pick = 'Apply the change'");
        scene.nvim.keys(":Aside accept<CR>");
        file_is(&scene, &hidden);
    }
}

#[test]
fn fix_docs_and_tests_propose_and_explain_answers() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.lua(&format!("vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split({}, '\\n'))", quoted(AFTER)));
        scene.nvim.lua(
            "vim.diagnostic.set(vim.api.nvim_create_namespace('test'), 0,
               { { lnum = 1, col = 4, end_col = 5, message = 'a is not what you mean', severity = 1, source = 'rustc' } })",
        );
        scene.answers(&fenced(&AFTER.replace("a + b", "b + a")));
        scene.nvim.keys(":%Aside fix<CR>");
        diff(&scene);
        assert!(scene.server.request(openai::CHAT).text().contains("a is not what you mean"), "{version:?}");
        scene.nvim.keys(":Aside reject<CR>");
        no_diff(&scene);

        scene.answers(&fenced(&format!("/// Adds.\n{AFTER}")));
        scene.nvim.keys(":%Aside docs<CR>");
        assert!(diff(&scene).contains("/// Adds."), "{version:?}");
        scene.nvim.keys(":Aside reject<CR>");
        no_diff(&scene);

        scene.answers(&fenced("#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {}\n}"));
        scene.nvim.keys(":%Aside tests<CR>");
        assert!(diff(&scene).contains("fn adds()"), "{version:?}");
        scene.nvim.keys(":Aside reject<CR>");
        no_diff(&scene);

        scene.answers("It adds two numbers.");
        scene.nvim.keys(":%Aside explain<CR>");
        scene.chat_has("It adds two numbers.");
    }
}

#[test]
fn a_review_answers_in_a_conversation() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers("Nothing to say.");
        scene.nvim.keys(":Aside review<CR>");
        scene.chat_has("Nothing to say.");
        scene.nvim.keys(":Aside review clear<CR>");
        scene.nvim.lua("vim.wait(50, function() return false end)");
        assert_eq!(scene.nvim.lua("return Told"), json!([]), "{version:?}");
    }
}

#[test]
fn a_commit_message_is_written_into_the_one_that_one_writes() {
    let Some(scene) = Scene::of(Oldest) else { return };
    std::fs::remove_dir_all(scene.home.path(".git")).expect("it was there");
    for arguments in [&["init", "-q"][..], &["add", "main.rs"]] {
        let done = Command::new("git").args(arguments).current_dir(scene.home.workspace()).status().expect("git runs");
        assert!(done.success(), "git {arguments:?}");
    }
    scene.answers("Add a function that adds");
    scene.nvim.keys(":Aside commit<CR>");
    let shown = "return vim.bo.filetype == 'gitcommit' and vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]";
    assert_eq!(scene.nvim.until("the message", shown), "Add a function that adds");
    scene.nvim.keys(":close<CR>:edit .git/COMMIT_EDITMSG<CR>");
    scene.nvim.until("the file", "return vim.api.nvim_buf_get_name(0):find('COMMIT_EDITMSG')");
    scene.nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { '', '# Please enter the message' })");
    scene.answers("Add a function that adds\n\nIt is tested.");
    scene.nvim.keys(":Aside commit<CR>");
    let lines = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '|')
        == 'Add a function that adds||It is tested.|# Please enter the message'";
    scene.nvim.until("the message above the comment", lines);
}
