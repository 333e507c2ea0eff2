//! The server seen from the plugin: missing, killed, without a model, locked; and what it tells of itself.

use aside_test_support::{
    Home, ModelServer, model_server::dialects::openai, nvim::Nvim, settings_with_key, vault::PASSPHRASE,
};

use super::kit::{BOTH, FILES, Scene, gone, init, kill};

#[test]
fn a_missing_program_is_told_once_with_the_next_step() {
    for version in BOTH {
        let home = Home::with("", FILES);
        home.write("b.rs", "fn b() {}\n");
        let missing = init("vim.g.aside = { cmd = { '/nonexistent/aside', 'lsp' } }");
        let Some(nvim) = Nvim::with_plugin(version, &home, &missing, &["main.rs"]) else { return };
        nvim.until("a message", "return #Told > 0");
        nvim.keys(":edit b.rs<CR>ihello<Esc>");
        nvim.until("typing", "return vim.api.nvim_get_current_line():find('hello')");
        let told = nvim.lua("return Told");
        assert_eq!(told.as_array().map(Vec::len), Some(1), "{version:?}: {told}");
        let told = told[0].as_str().expect("text");
        assert!(told.contains("/nonexistent/aside") && told.contains(":checkhealth aside"), "{told}");
        nvim.keys(":Aside chat<CR>");
        nvim.until("another message", "return Told[2] and Told[2]:find('checkhealth')");
        let health =
            "vim.cmd('checkhealth aside') return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')";
        let health = nvim.lua(health);
        assert!(
            health.as_str().is_some_and(|page| page.contains("the program `/nonexistent/aside` is not there")),
            "{health}"
        );
    }
}

const PID: &str = "return tonumber(vim.fn.system({ 'pgrep', '-P', vim.fn.getpid(), 'aside' }))";

#[test]
fn a_server_that_was_killed_is_started_again_and_told_once() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        for round in 0..2 {
            let pid = scene.nvim.until("the server's process", PID).as_i64().expect("a number");
            let client = scene.nvim.lua("return Client().id");
            kill(pid);
            gone(pid);
            let again = format!(
                "local c = vim.lsp.get_clients({{ name = 'aside', bufnr = 0 }})[1] return c and c.id ~= {client}"
            );
            scene.nvim.until(&format!("another server, round {round}"), &again);
        }
        assert_eq!(scene.told("is started again"), 1, "{version:?}");
        scene.answers("Hello.");
        scene.nvim.keys(":Aside ask hi<CR>");
        scene.chat_has("Hello.");
    }
}

#[test]
fn a_server_that_was_stopped_stays_stopped() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.lua("vim.lsp.stop_client(Client().id)");
        scene.nvim.until("its end", "return Client() == nil");
        scene.nvim.lua("vim.wait(400, function() return false end)");
        assert_eq!(scene.nvim.lua("return Client() == nil and #Told"), 0, "{version:?}");
    }
}

#[test]
fn a_server_that_cannot_live_is_told_once() {
    for version in BOTH {
        let home = Home::with("", FILES);
        let dying = init("vim.g.aside = { cmd = { 'sh', '-c', 'exit 3' } }");
        let Some(nvim) = Nvim::with_plugin(version, &home, &dying, &["main.rs"]) else { return };
        // Neovim itself says each time that the server quit: three times here.
        let quits = "local n = 0
            for _, one in ipairs(Told) do if one:find('^Client aside quit') then n = n + 1 end end
            return n >= 3";
        nvim.until("three ends", quits);
        let ours = nvim.lua("return vim.tbl_filter(function(one) return one:find('^Aside: ') end, Told)");
        let ours = ours.as_array().expect("a list").clone();
        assert_eq!(ours.len(), 1, "{version:?}: {ours:?}");
        assert_eq!(ours[0], "Aside: the server ended with exit code 3 and is started again");
    }
}

#[test]
fn while_the_keys_are_locked_the_next_step_is_told_and_then_it_works() {
    for version in BOTH {
        let server = ModelServer::start();
        let settings = settings_with_key("openai", &server.url("/v1"), "keyring");
        let home = Home::with(&settings, FILES).with_open_vault();
        home.store("work", "test-key-Zq81vX0pLm3");
        let Some(nvim) = Nvim::with_plugin(version, &home, &init(""), &["main.rs"]) else { return };
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        nvim.keys(":Aside lock<CR>");
        nvim.until("the message", "return Told[1] == 'Aside: the keys are locked'");
        nvim.until("the status line", "return require('aside').statusline() == 'aside locked'");
        nvim.keys(":Aside ask hi<CR>");
        nvim.until("the next step", "return Told[2] and Told[2]:find('aside vault unlock', 1, true)");
        home.unlock(PASSPHRASE);
        server.once(openai::CHAT, openai::chat(&["Open."]));
        nvim.keys(":Aside ask hi<CR>");
        nvim.until("the answer", "return Chat():find('Open.', 1, true)");
        nvim.until("the status line", "return not require('aside').statusline():find('locked')");
    }
}

#[test]
fn without_a_model_the_workspace_answers_and_says_so() {
    for version in BOTH {
        let home = Home::with("", FILES);
        let Some(nvim) = Nvim::with_plugin(version, &home, &init(""), &["main.rs"]) else { return };
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        nvim.keys(":Aside ask where is add?<CR>");
        nvim.until("an answer", "return Chat():find('not a model', 1, true)");
    }
}

#[test]
fn status_doctor_log_and_lock_tell() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.keys(":Aside status<CR>");
        scene.told("chat: work/qwen2.5-coder");
        scene.nvim.keys(":Aside doctor<CR>");
        scene.lines_have("aside://doctor", "settings: ");
        scene.nvim.keys(":close<CR>:Aside log<CR>");
        scene.nvim.until("the log", "return vim.api.nvim_buf_get_name(0):find('aside.log$') and vim.bo.readonly");
        scene.nvim.keys(":close<CR>:Aside lock<CR>");
        scene.told("the keys are locked");
    }
}

#[test]
fn the_health_page_has_what_the_server_says() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let page = scene.nvim.lua(
            "vim.cmd('checkhealth aside') return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')",
        );
        let page = page.as_str().expect("text");
        for part in ["ghost text: by", "aside 0.", "runs for", "complete model: work/qwen2.5-coder"] {
            assert!(page.contains(part), "{version:?}: no `{part}` in\n{page}");
        }
    }
}

#[test]
fn the_status_line_names_the_model_and_never_waits() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        scene.nvim.until("the status", "return require('aside').statusline() == 'aside work/qwen2.5-coder'");
        scene.nvim.keys(":enew<CR>");
        scene.nvim.until("another buffer", "return require('aside').statusline() == ''");
    }
}

#[test]
fn the_settings_of_the_editor_reach_the_server() {
    for version in BOTH {
        let more =
            "vim.g.aside = vim.tbl_extend('force', vim.g.aside, { settings = { complete = { enabled = false } } })";
        let Some(scene) = Scene::with(version, more) else { return };
        scene.nvim.keys("jAa ");
        scene.nvim.until(
            "the reason",
            "local params = vim.lsp.util.make_position_params(0, 'utf-8')
             local answer = vim.lsp.buf_request_sync(0, 'textDocument/inlineCompletion', params, 5000)
             local _, one = next(answer)
             return one.result.reason and one.result.reason.code == 'disabled'",
        );
        assert_eq!(scene.server.requests().len(), 0);
    }
}

#[test]
fn the_server_ends_with_the_editor() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let pid = scene.nvim.until("the server's process", PID).as_i64().expect("a number");
        scene.nvim.keys(":Aside chat<CR>");
        scene.nvim.until("the window", "return Buffer('aside://ask/')");
        scene.nvim.keys("not sent<Esc>");
        scene.nvim.until("normal mode", "return vim.fn.mode() == 'n'");
        scene.nvim.quit();
        gone(pid);
    }
}
