//! How the plugin begins: nothing before its first use, the right buffers, old Neovims, and settings of the person's own.

use aside_test_support::{
    Home, binary,
    model_server::dialects::llama,
    nvim::{Nvim, Version},
};
use serde_json::json;

use super::kit::{BOTH, FILES, GHOST, Newest, Scene, init, page, quoted};

#[test]
fn nothing_is_loaded_before_the_first_file() {
    for version in BOTH {
        let home = Home::with("", FILES);
        let Some(nvim) = Nvim::with_plugin(version, &home, &init(""), &[]) else { return };
        let loaded = "local found = {}
             for name in pairs(package.loaded) do if name:find('^aside') then table.insert(found, name) end end
             return #found == 0 and vim.fn.exists(':Aside') == 2";
        assert_eq!(nvim.lua(loaded), true, "{version:?}");
        nvim.keys(":edit main.rs<CR>");
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
    }
}

#[test]
fn only_files_of_reasonable_size_are_attached() {
    for version in BOTH {
        let more = "vim.g.aside = vim.tbl_extend('force', vim.g.aside, { max_bytes = 1000, exclude = { 'text' } })";
        let Some(scene) = Scene::with(version, more) else { return };
        scene.home.write("big.rs", &"// long\n".repeat(200));
        scene.home.write("a.txt", "text\n");
        scene.home.write("small.rs", "// short\n");
        for file in ["big.rs", "a.txt", "small.rs"] {
            scene.nvim.keys(&format!(":edit {file}<CR>"));
            scene.nvim.until(file, &format!("return vim.api.nvim_buf_get_name(0):find('{file}$')"));
        }
        scene.nvim.keys(":help<CR>");
        let attached = "local found = {}
            for buf in pairs(Client().attached_buffers) do
              table.insert(found, vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ':t'))
            end
            table.sort(found)
            return #found >= 2 and found";
        let found = scene.nvim.until("the attached files", attached);
        assert_eq!(found, json!(["main.rs", "small.rs"]), "{version:?}");
    }
}

#[test]
fn a_file_that_is_left_alone_is_not_taken_for_another() {
    for version in BOTH {
        let more = "vim.g.aside = vim.tbl_extend('force', vim.g.aside, { max_bytes = 1000 })";
        let Some(scene) = Scene::with(version, more) else { return };
        scene.home.write("big.rs", &"// long\n".repeat(200));
        scene.nvim.keys(":edit big.rs<CR>:Aside edit make it short<CR>");
        scene.told("this is no file to work on");
        assert_eq!(scene.server.requests().len(), 0, "{version:?}");
    }
}

#[test]
fn the_help_is_there_with_every_tag_once() {
    let home = Home::with("", FILES);
    home.write("help/doc/aside.txt", &page("editors/nvim/doc/aside.txt"));
    let Some(nvim) = Nvim::with_plugin(Newest, &home, &init(""), &[]) else { return };
    nvim.lua("vim.cmd('set rtp^=help') vim.cmd('helptags help/doc') return true");
    let missing = "local missing = {}
        for _, name in ipairs(vim.fn.getcompletion('Aside ', 'cmdline')) do
          if not pcall(vim.cmd.help, ':Aside-' .. name) then table.insert(missing, name) end
        end
        for _, name in ipairs({ 'aside', 'aside-options', 'g:aside', 'aside-keys' }) do
          if not pcall(vim.cmd.help, name) then table.insert(missing, name) end
        end
        return #missing == 0 or missing";
    assert_eq!(nvim.lua(missing), true);
}

#[test]
fn an_older_neovim_is_told_politely_and_once() {
    let home = Home::with("", FILES);
    let told = "Told = {} vim.notify = function(message) table.insert(Told, message) end";
    let Some(nvim) = Nvim::with_plugin(Version::TooOld, &home, told, &["main.rs"]) else { return };
    let said = nvim.until("a message", "return #Told > 0 and Told");
    let said = said.as_array().expect("messages");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].as_str().is_some_and(|one| one.contains("Neovim 0.10") && one.contains("this is 0.7")), "{said:?}");
    nvim.keys(":Aside chat<CR>:edit main.rs<CR>ihello<Esc>");
    nvim.until("typing", "return vim.api.nvim_get_current_line():find('hello')");
    assert_eq!(nvim.lua("return #Told"), 1);
    assert_eq!(nvim.lua("return vim.v.errmsg"), "");
}

#[test]
fn settings_of_vim_lsp_config_count() {
    let home = Home::with("", FILES);
    home.write("sub/Cargo.toml", "");
    home.write("sub/a.rs", "fn a() {}\n");
    let own = format!(
        "vim.lsp.config('aside', {{ cmd = {{ '{}', 'lsp' }}, root_markers = {{ 'Cargo.toml' }} }})",
        binary::aside().display()
    );
    let Some(nvim) = Nvim::with_plugin(Newest, &home, &own, &["sub/a.rs"]) else { return };
    let root = nvim
        .until("the server", "local c = vim.lsp.get_clients({ name = 'aside', bufnr = 0 })[1] return c and c.root_dir");
    assert_eq!(root, home.path("sub").display().to_string());
    let told = nvim.lua("return vim.lsp.get_clients({ name = 'aside' })[1].config.capabilities.experimental.aside");
    assert_eq!(told, json!({ "status": true, "edit": true, "chat": true, "ask": true }));
}

#[test]
fn setup_counts_where_the_plugin_comes_late() {
    for version in BOTH {
        let home = Home::with("", FILES);
        let late = format!("vim.g.loaded_aside = true\nProgram = {}", quoted(&binary::aside().display().to_string()));
        let Some(nvim) = Nvim::with_plugin(version, &home, &late, &["main.rs"]) else { return };
        nvim.lua(
            "vim.g.loaded_aside = nil
             vim.cmd('runtime plugin/aside.lua')
             require('aside').setup({ cmd = { Program, 'lsp' }, ghost = { enabled = false } })",
        );
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
    }
}

#[test]
fn a_wrong_option_is_named_and_the_rest_counts() {
    for version in BOTH {
        let wrong = "vim.g.aside = vim.tbl_extend('force', vim.g.aside, { max_bytes = 'much', gost = {}, chat = { width = 'wide' } })";
        let Some(scene) = Scene::with(version, wrong) else { return };
        scene.told("there is no option `gost`");
        scene.told("`max_bytes` is a number, not a string");
        scene.told("`chat.width` is a number, not a string");
    }
}

#[test]
fn every_subcommand_completes_and_stands_in_the_help() {
    let Some(scene) = Scene::of(Newest) else { return };
    let names = scene.nvim.lua("return vim.fn.getcompletion('Aside ', 'cmdline')");
    let names: Vec<_> = names.as_array().expect("a list").iter().filter_map(|name| name.as_str()).collect();
    for name in [
        "chat", "ask", "edit", "explain", "fix", "tests", "docs", "review", "commit", "sessions", "resume", "stop",
        "model", "status", "lock", "log", "doctor",
    ] {
        assert!(names.contains(&name), "`{name}` is not among {names:?}");
    }
    let help = page("editors/nvim/doc/aside.txt");
    let missing: Vec<_> = names.iter().filter(|name| !help.contains(&format!("*:Aside-{name}*"))).collect();
    assert!(missing.is_empty(), "{missing:?} stand nowhere in the help");
    let reviews = scene.nvim.lua("return vim.fn.getcompletion('1,2Aside! review s', 'cmdline')");
    assert_eq!(reviews, json!(["staged"]));
    let plugs = page("editors/nvim/plugin/aside.lua");
    for name in plugs.lines().filter_map(|line| line.trim().strip_prefix("plug(")) {
        let name = name.split("'").find(|part| part.len() > 1 && !part.contains(',') && !part.contains('{'));
        let plug = format!("<Plug>(aside-{})", name.expect("a name"));
        assert!(help.contains(&plug), "`{plug}` stands nowhere in the help");
    }
    scene.nvim.keys(":Aside nonsense<CR>");
    scene.told("there is no `:Aside nonsense`");
}

#[test]
fn nothing_is_used_that_goes_away() {
    let watch = "Old = {} vim.deprecate = function(name) table.insert(Old, name) end";
    let Some(scene) = Scene::with(Newest, watch) else { return };
    scene.fills_with(&llama::fill(&["+ b"]));
    scene.nvim.keys("jA    a ");
    scene.nvim.until("ghost text", GHOST);
    scene.nvim.lua("require('aside').accept_word()");
    scene.nvim.until("a word of it", "return vim.api.nvim_get_current_line() == '    a +'");
    scene.nvim.lua(
        "vim.diagnostic.set(vim.api.nvim_create_namespace('test'), 0, { { lnum = 1, col = 4, message = 'wrong' } })",
    );
    scene.answers("```rust\n    b\n```");
    scene.nvim.keys("<Esc>:Aside fix<CR>");
    scene.nvim.until("a diff", "return vim.fn.tabpagenr('$') == 2");
    scene.nvim.keys(":Aside reject<CR>");
    scene.nvim.until("one tab", "return vim.fn.tabpagenr('$') == 1");
    scene.answers("Yes.");
    scene.nvim.keys(":.Aside ask is it?<CR>");
    scene.chat_has("Yes.");
    scene.nvim.lua("vim.cmd('checkhealth aside') vim.cmd('Aside status') vim.cmd('Aside sessions')");
    scene.told("chat: work/");
    assert_eq!(scene.nvim.lua("return #Old == 0 or Old"), true);
}

#[test]
fn no_key_is_mapped_by_itself() {
    for version in BOTH {
        let Some(scene) = Scene::of(version) else { return };
        let mapped = "local found = {}
            for _, mode in ipairs({ 'n', 'i', 'x', 'o', 'c' }) do
              for _, map in ipairs(vim.api.nvim_get_keymap(mode)) do
                local what = (map.desc or '') .. (map.rhs or '')
                if what:find('[Aa]side') and not map.lhs:find('^<Plug>') then table.insert(found, map.lhs) end
              end
            end
            return #found";
        assert_eq!(scene.nvim.lua(mapped), 0, "{version:?}");
    }
}
