//! Conversations: streamed beside one's own typing, folded, stopped, killed and resumed; and the code in them.

use aside_test_support::{
    model_server::{Reply, dialects::openai},
    nvim::Nvim,
};
use serde_json::json;

use super::kit::{BOTH, Scene, gone, init, kill};

/// An answer of two halves, of which the second waits.
fn halves(scene: &Scene, first: &str, second: &str) -> aside_test_support::model_server::Gate {
    let gate = scene.server.gate();
    let reply = Reply::sse().then(openai::delta(first)).hold(&gate).then(openai::delta(second));
    scene.server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    gate
}

#[test]
fn an_answer_streams_beside_ones_own_typing() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let gate = halves(&scene, "first half,\n", "second half");
        scene.nvim.keys(":Aside chat<CR>");
        scene.nvim.until("the window to ask", "return vim.api.nvim_buf_get_name(0):find('aside://ask/')");
        scene.nvim.keys("What is this?<Esc>:w<CR>");
        scene.chat_has("first half,");
        scene.nvim.keys("<C-w>h");
        scene.nvim.until("the code", "return vim.api.nvim_buf_get_name(0):find('main.rs$')");
        scene.nvim.keys("jA// typed ");
        gate.open();
        scene.chat_has("second half");
        scene.nvim.keys("meanwhile<Esc>");
        scene.nvim.until("the typing", "return vim.api.nvim_get_current_line() == '// typed meanwhile'");
        let chat = scene.nvim.lua("return Chat()");
        assert_eq!(chat, "## You\n\nWhat is this?\n\n## Aside\n\nfirst half,\nsecond half", "{version:?}");
        let at_end = "local buf = Buffer('aside://chat/') local win = vim.fn.win_findbuf(buf)[1]
            return vim.api.nvim_win_get_cursor(win)[1] == vim.api.nvim_buf_line_count(buf)";
        assert_eq!(scene.nvim.lua(at_end), true, "the window follows");
        let sent = scene.server.request(openai::CHAT).text();
        assert!(sent.contains("What is this?") && sent.contains("fn add"), "the file goes along: {sent}");
    }
}

#[test]
fn a_window_that_was_scrolled_up_stays_where_it_is() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let gate = halves(&scene, &"line\n".repeat(60), "the end");
        scene.nvim.keys(":Aside ask long<CR>");
        scene.nvim.until("60 lines", "return select(2, Chat():gsub('line\\n', '')) >= 59");
        scene.nvim.keys("<C-w>lgg");
        scene.nvim.until("the top", "return vim.fn.line('.') == 1 and vim.api.nvim_buf_get_name(0):find('chat')");
        gate.open();
        scene.chat_has("the end");
        assert_eq!(scene.nvim.lua("return { vim.fn.line('.'), vim.fn.line('w0') }"), json!([1, 1]), "{version:?}");
    }
}

#[test]
fn escape_sequences_are_shown_as_text() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let evil = "a\u{1b}]52;c;ZXZpbA==\u{7}b\u{1b}[2Jc\u{1b}]8;;http://x\u{1b}\\d\u{9b}31me\r\nf";
        scene.answers(evil);
        scene.nvim.keys(":Aside ask show<CR>");
        scene.chat_has("\u{1b}]52;c;ZXZpbA==\u{7}b");
        // What Neovim itself draws is what the terminal gets.
        scene.nvim.lua("vim.cmd.redraw()");
        let drawn = "local win = vim.fn.win_findbuf(Buffer('aside://chat/'))[1]
            local place = vim.fn.win_screenpos(win)
            local rows = {}
            for row = place[1], place[1] + vim.api.nvim_win_get_height(win) - 1 do
              local text = ''
              for col = place[2], place[2] + vim.api.nvim_win_get_width(win) - 1 do text = text .. vim.fn.screenstring(row, col) end
              table.insert(rows, (text:gsub('%s+$', '')))
            end
            return table.concat(rows, '')";
        let drawn = scene.nvim.lua(drawn);
        let drawn = drawn.as_str().expect("text");
        assert!(drawn.contains("a^[]52;c;ZXZpbA==^Gb^[[2Jc^[]8;;http://x^[\\d"), "{version:?}: {drawn}");
        assert!(!drawn.contains(char::is_control), "{drawn:?}");
        scene.nvim.until("lines without carriage returns", "return Chat():find('e\\nf', 1, true)");
    }
}

#[test]
fn a_title_is_not_evaluated_in_the_window_bar() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers("Yes.");
        scene.nvim.keys(":Aside chat<CR>");
        scene.nvim.until("the window to ask", "return vim.api.nvim_buf_get_name(0):find('aside://ask/')");
        scene.nvim.keys("%{execute('let g:evil=1')} and %!foo<Esc>:w<CR>");
        scene.chat_has("Yes.");
        scene.settled();
        let bar = "local bar = vim.wo[vim.fn.win_findbuf(Buffer('aside://chat/'))[1]].winbar
            vim.cmd.redraw() return bar:find('execute') and { vim.api.nvim_eval_statusline(bar, {}).str, vim.g.evil or 0 }";
        let bar = scene.nvim.until("the title", bar);
        assert_eq!(bar, json!(["{execute('let g:evil=1')} and !foo", 0]), "{version:?}");
    }
}

#[test]
fn each_turn_is_a_fold() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        for (question, answer) in [("one?", "## You\n\nnot a question"), ("two?", "second")] {
            scene.answers(answer);
            scene.nvim.keys(&format!(":Aside ask {question}<CR>"));
            scene.chat_has(answer);
            scene.settled();
        }
        let folds = "local win = vim.fn.win_findbuf(Buffer('aside://chat/'))[1]
            return vim.api.nvim_win_call(win, function()
              vim.cmd('normal! zM')
              local found, line = {}, 1
              while line <= vim.fn.line('$') do
                local last = vim.fn.foldclosedend(line)
                if last < 0 then return 'line ' .. line .. ' is in no fold' end
                table.insert(found, vim.fn.foldtextresult(line))
                line = last + 1
              end
              return found
            end)";
        let found = scene.nvim.lua(folds);
        assert_eq!(found, json!(["▸ one? (10 lines)", "▸ two? (7 lines)"]), "{version:?}");
    }
}

#[test]
fn what_streams_while_one_types_is_folded_as_well() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let gate = halves(&scene, "first\n", "second\nthird");
        scene.nvim.keys(":Aside ask one?<CR>");
        scene.chat_has("first");
        scene.nvim.keys("jAtyping");
        scene.nvim.until("insert mode", "return vim.fn.mode() == 'i'");
        gate.open();
        scene.chat_has("third");
        scene.nvim.keys("<Esc>");
        let level = "local buf = Buffer('aside://chat/')
            return vim.api.nvim_win_call(vim.fn.win_findbuf(buf)[1], function() return vim.fn.foldlevel('$') == 1 end)";
        scene.nvim.until(&format!("the last line in a fold, {version:?}"), level);
    }
}

#[test]
fn conversations_of_a_folder_that_was_moved_are_offered() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.home.write("old/.git/HEAD", "ref: refs/heads/main\n");
        scene.home.write("old/a.rs", "fn a() {}\n");
        scene.answers("From before.");
        scene.nvim.keys(":edit old/a.rs<CR>");
        scene.nvim.until("the other server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("From before.");
        scene.settled();
        scene.nvim.quit();
        let Scene { home, nvim, .. } = scene;
        drop(nvim);
        std::fs::rename(home.path("old"), home.path("new")).expect("moved");

        let Some(nvim) = Nvim::with_plugin(version, &home, &init("Pick = 'bring the'"), &["new/a.rs"]) else { return };
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        nvim.keys(":Aside chat<CR>");
        nvim.until("the conversation", "return Chat():find('From before.', 1, true)");
        assert_eq!(nvim.lua("return #Asked"), 1, "{version:?}");
    }
}

#[test]
fn an_answer_whose_server_was_stopped_does_not_block_the_next() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let _gate = halves(&scene, "one, two", ", never");
        scene.nvim.keys(":Aside ask count<CR>");
        scene.chat_has("one, two");
        scene.nvim.lua("vim.lsp.stop_client(Client().id)");
        scene.chat_has("*Interrupted:");
        scene.answers("Here again.");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("Here again.");
    }
}

#[test]
fn an_answer_is_stopped_and_goes_on() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let _gate = halves(&scene, "one, two", ", never");
        scene.nvim.keys(":Aside ask count<CR>");
        scene.chat_has("one, two");
        scene.nvim.keys(":Aside stop<CR>");
        scene.chat_has("*Stopped.* `:Aside resume` goes on with it.");
        scene.server.wait_live(0);
        scene.answers(", three");
        scene.nvim.keys(":Aside resume<CR>");
        scene.chat_has(", three");
        scene.settled();
        scene.nvim.keys(":Aside stop<CR>");
        scene.told("nothing is being answered");
    }
}

#[test]
fn a_conversation_that_was_killed_with_its_editor_opens_where_it_stopped() {
    for version in BOTH {
        let Some(mut scene) = Scene::of(version) else { return };
        scene.answers("Hello.");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("Hello.");
        scene.settled();
        let _gate = halves(&scene, "one, two", ", never");
        scene.nvim.keys(":Aside ask count<CR>");
        scene.chat_has("one, two");
        let saved = "local opened = vim.lsp.buf_request_sync(0, 'aside/chat/open',
                { session = Buffer('aside://chat/') and vim.api.nvim_buf_get_name(Buffer('aside://chat/')):match('[^/]+$') }, 5000)
             local _, one = next(opened or {})
             local last = one and one.result and one.result.messages[4]
             return last and last.text == 'one, two'";
        scene.nvim.until("the words on disk", saved);
        let pid = scene.nvim.lua("return tonumber(vim.fn.system({ 'pgrep', '-P', vim.fn.getpid(), 'aside' }))");
        kill(pid.as_i64().expect("a number"));
        scene.nvim.kill();
        gone(pid.as_i64().expect("a number"));

        // The same folder in the next editor.
        scene.nvim = Nvim::with_plugin(version, &scene.home, &init(""), &["main.rs"]).expect("there was one");
        scene.nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        scene.nvim.keys(":Aside chat<CR>");
        let chat = scene.chat_has("*Interrupted: the program that gave this answer ended.*");
        assert!(chat.contains("Hello.") && chat.contains("one, two"), "{chat}");
        scene.answers(", three");
        scene.nvim.keys("<Esc>:Aside resume<CR>");
        scene.chat_has(", three");
    }
}

#[test]
fn a_server_that_dies_in_an_answer_leaves_it_marked_and_continuable() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let _gate = halves(&scene, "one, two", ", never");
        scene.nvim.keys(":Aside ask count<CR>");
        scene.chat_has("one, two");
        let pid = scene.nvim.lua("return tonumber(vim.fn.system({ 'pgrep', '-P', vim.fn.getpid(), 'aside' }))");
        kill(pid.as_i64().expect("a number"));
        scene.chat_has("*Interrupted:");
        scene.nvim.until("another server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        scene.answers(", three");
        scene.nvim.keys(":Aside resume<CR>");
        scene.chat_has(", three");
    }
}

#[test]
fn a_failure_is_told_with_its_next_step_where_the_answer_would_be() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.server.always(openai::CHAT, openai::error(404, "model `qwen` not found"));
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("> *Failed.* ");
        scene.settled();
    }
}

#[test]
fn what_cannot_be_sent_is_given_back() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let gate = halves(&scene, "busy", ".");
        scene.nvim.keys(":Aside ask first<CR>");
        scene.chat_has("busy");
        scene.nvim.keys(":Aside ask second<CR>");
        scene.told("an answer is being given");
        scene.lines_have("aside://ask/", "second");
        gate.open();
        scene.chat_has("busy.");
        scene.settled();
        let long = scene.nvim.lua("vim.cmd('Aside ask ' .. ('x'):rep(50001)) return true");
        assert_eq!(long, true);
        scene.told("it takes at most 50000");
        scene.lines_have("aside://ask/", "xxxx");
        assert_eq!(scene.nvim.lua("return Chat():find('xxxx') == nil"), true, "{version:?}");
    }
}

#[test]
fn a_question_that_no_server_takes_stays_in_its_window() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers("Hello.");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("Hello.");
        scene.settled();
        scene.nvim.lua(
            "local cmd = { '/nonexistent/aside', 'lsp' }
            vim.g.aside = { cmd = cmd }
            if vim.fn.has('nvim-0.11') == 1 then vim.lsp.config('aside', { cmd = cmd }) end
            vim.lsp.stop_client(Client().id, true)",
        );
        scene.nvim.until("its end", "return Client() == nil");
        scene.nvim.keys(":Aside ask second<CR>");
        scene.lines_have("aside://ask/", "second");
        scene.nvim.keys(":Aside log<CR>");
        scene.nvim.until("the log", "return vim.api.nvim_buf_get_name(0):find('aside.log$') ~= nil");
    }
}

#[test]
fn a_question_whose_server_dies_is_given_back_and_can_be_asked_again() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers("Hello.");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("Hello.");
        scene.settled();
        let pid = scene.nvim.lua("return tonumber(vim.fn.system({ 'pgrep', '-P', vim.fn.getpid(), 'aside' }))");
        let pid = pid.as_i64().expect("a number");
        scene.nvim.lua(&format!("return vim.uv.kill({pid}, 'sigstop')"));
        scene.nvim.keys(":Aside ask second<CR>");
        scene.chat_has("second");
        kill(pid);
        scene.lines_have("aside://ask/", "second");
        scene.nvim.until("another server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        scene.answers("At last.");
        scene.nvim.keys(":Aside send<CR>");
        scene.chat_has("At last.");
        assert_eq!(scene.nvim.lua("return Lines('aside://ask/')"), "", "{version:?}");
    }
}

#[test]
fn conversations_are_chosen_and_begun() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        for (question, answer) in [("Aside ask first question", "one"), ("Aside! ask second question", "two")] {
            scene.answers(answer);
            scene.nvim.keys(&format!(":{question}<CR>"));
            let here = format!(
                "local one = require('aside.chat').here() return one and not one.busy
                and table.concat(vim.api.nvim_buf_get_lines(one.transcript.buf, 0, -1, false), '\\n'):find('{answer}')"
            );
            scene.nvim.until(answer, &here);
        }
        scene.nvim.lua("Pick = 'first question'");
        scene.nvim.keys(":Aside sessions<CR>");
        let shown = "local win = vim.api.nvim_tabpage_list_wins(0)
            for _, one in ipairs(win) do
              local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(one), 0, -1, false), '\\n')
              if text:find('first question') then return #win end
            end";
        assert_eq!(scene.nvim.until("the first conversation", shown), 3, "{version:?}: in the same windows");
        assert_eq!(scene.nvim.lua("return #Asked[1].items"), 2);
    }
}

#[test]
fn what_a_terminal_asks_in_the_same_conversation_is_seen() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers("Here.");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("Here.");
        scene.settled();
        scene.answers("There.");
        scene.home.run(&["chat", "from the terminal"]).expect_code(0);
        let chat = scene.chat_has("There.");
        assert_eq!(chat.matches("from the terminal").count(), 1, "{version:?}: {chat}");
        assert_eq!(chat.matches("There.").count(), 1, "{version:?}: {chat}");
        assert!(chat.ends_with("There."), "{chat}");
    }
}

#[test]
fn a_model_is_chosen_for_what_is_asked_next() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.lua("Pick = 'builtin/search'");
        scene.nvim.keys(":Aside model<CR>");
        scene.told("builtin/search answers from now on");
        scene.nvim.keys(":Aside ask where is add?<CR>");
        scene.chat_has("not a model's words");
        assert_eq!(
            scene.nvim.lua("return vim.fn.getcompletion('Aside model b', 'cmdline')"),
            json!(["builtin/search"])
        );
    }
}

const WITH_CODE: &str = "Take this:\n\n```rust\n    a + b\n```\n\nand not this:\n\n~~~\nother\n~~~\n";

#[test]
fn a_code_block_is_yanked_and_applied_after_its_diff_was_seen() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.answers(WITH_CODE);
        scene.nvim.keys("j:.Aside ask fill this line<CR>");
        scene.chat_has("other\n~~~");
        scene.settled();
        scene.nvim.keys(":Aside yank a<CR>");
        scene.nvim.until("the last block", "return vim.fn.getreg('a') == 'other\\n'");
        scene
            .nvim
            .lua("vim.api.nvim_set_current_win(vim.fn.win_findbuf(Buffer('aside://chat/'))[1]) vim.fn.search('a + b')");
        scene.nvim.keys(":Aside yank<CR>");
        scene.nvim.until("the block", "return vim.fn.getreg('\"') == '    a + b\\n'");
        scene.nvim.keys(":Aside apply<CR>");
        scene.nvim.until("the diff", "return vim.fn.tabpagenr('$') == 2 and vim.wo.diff");
        assert_eq!(scene.nvim.lua("return Lines('aside://edit/')"), "fn add(a: u32, b: u32) -> u32 {\n    a + b\n}");
        let before = scene.file();
        assert_eq!(before, "fn add(a: u32, b: u32) -> u32 {\n\n}", "nothing is changed yet");
        scene.nvim.keys(":Aside accept<CR>");
        scene
            .nvim
            .until("the new text", "return Lines('main.rs$') == 'fn add(a: u32, b: u32) -> u32 {\\n    a + b\\n}'");
        assert_eq!(scene.nvim.lua("return vim.fn.tabpagenr('$')"), 1);
        scene.nvim.lua("vim.api.nvim_buf_call(Buffer('main.rs$'), function() vim.cmd.undo() end)");
        assert_eq!(scene.file(), before, "{version:?}: undone in one step");
    }
}

#[test]
fn both_windows_go_together() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.keys(":Aside chat<CR>");
        scene.nvim.until("three windows", "return #vim.api.nvim_tabpage_list_wins(0) == 3");
        scene.nvim.keys("draft<Esc>:q<CR>");
        scene.nvim.until("one window", "return #vim.api.nvim_tabpage_list_wins(0) == 1");
        scene.nvim.keys(":Aside chat<CR>");
        scene.lines_have("aside://ask/", "draft");
        scene.nvim.until("three windows again", "return #vim.api.nvim_tabpage_list_wins(0) == 3");
        let files = "return vim.fn.glob(vim.fn.stdpath('state') .. '/**/*aside*') .. vim.fn.swapname('%')";
        assert_eq!(scene.nvim.lua(files), "", "nothing of a conversation is written by the editor");
    }
}
