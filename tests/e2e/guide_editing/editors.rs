//! The steps of the page in plain Neovim and in plain Helix: the keys that it names are typed, the titles that it names chosen.

use aside_test_support::{
    Home, ModelServer, binary,
    editors::{Editor, install, recipe},
    nvim::Nvim,
};

use super::{model_says, page::section, settings};

const WRONG: &str = "fn add(a: u32, b: u32) -> u32 {\n    a - b\n}\n";
const RIGHT: &str = "fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n";
const FIXED: &str = "```rust\nfn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n```\n";

/// A home whose program is wrong, and a model that knows better.
fn scene() -> (ModelServer, Home) {
    let server = ModelServer::start();
    let home = Home::with(&settings(&server), "//- .git/HEAD\n//- Cargo.toml\n[package]\n//- src/main.rs\n");
    home.write("src/main.rs", WRONG);
    model_says(&server, FIXED);
    (server, home)
}

fn checker() -> std::path::PathBuf {
    binary::repository().join("tests/tools/diagnostic_server.py")
}

/// Lua that the reader stands for: a menu waits for what they choose. And the language's own server.
fn reader() -> String {
    let folder = binary::aside().parent().expect("a program lies in a folder");
    format!(
        "vim.env.PATH = '{}:' .. vim.env.PATH
        vim.ui.select = function(items, options, choose) Menu = {{ items = items, options = options, choose = choose }} end
        vim.lsp.config('checker', {{ cmd = {{ '{}' }}, filetypes = {{ 'rust' }} }})
        vim.lsp.enable('checker')\n",
        folder.display(),
        checker().display()
    )
}

/// Lua: chooses the title `%` from the menu, once it is there.
const CHOOSE: &str = "if not Menu then return false end
    local menu = Menu
    for _, item in ipairs(menu.items) do
      if vim.startswith(menu.options.format_item(item), '%') then
        Menu = nil
        menu.choose(item)
        return true
      end
    end
    return false";

const ATTACHED: &str =
    "local c = vim.lsp.get_clients({ name = 'aside', bufnr = 0 })[1]; return c ~= nil and c.initialized";
const DIFF: &str = "return vim.api.nvim_buf_get_name(0):match('%.diff$') ~= nil";
const LINE: &str = "return vim.fn.getbufline('main.rs', 2)[1] == '%'";

#[test]
fn the_steps_go_in_neovim_as_the_page_says() {
    let (_server, home) = scene();
    let page = section("A fix, in Neovim");
    let init = format!("{}{}", reader(), page.blocks("lua").concat());
    let Some(nvim) = Nvim::start(&home, &init, "src/main.rs") else { return };
    nvim.until("the error", "return #vim.diagnostic.get(0) == 1");
    for step in page.steps() {
        match step.as_str() {
            "gra" => {
                nvim.until("the server", ATTACHED);
                nvim.keys("gra");
            }
            title if title.starts_with("Aside: Fix") => {
                nvim.until(title, &CHOOSE.replace('%', title));
                nvim.until("the diff", DIFF);
                assert_eq!(nvim.lua(&LINE.replace('%', "    a - b")), true, "nothing is changed yet");
            }
            title if title.starts_with("Aside: accept") => {
                nvim.until(title, &CHOOSE.replace('%', title));
                nvim.until("the change", &LINE.replace('%', "    a + b"));
            }
            keys => nvim.keys(keys),
        }
    }
    nvim.until("the old text", &LINE.replace('%', "    a - b"));
    assert_eq!(nvim.lua("return vim.fn.undotree().seq_cur"), 0, "one step undoes it");
    assert_eq!(home.read("src/main.rs"), WRONG);
}

#[test]
fn a_command_is_run_in_neovim_as_the_page_says() {
    let (_server, home) = scene();
    let blocks = [section("A fix, in Neovim").blocks("lua"), section("Running a command").blocks("lua")].concat();
    let Some(nvim) = Nvim::start(&home, &format!("{}{}", reader(), blocks.concat()), "src/main.rs") else { return };
    nvim.until("the server", ATTACHED);
    let (name, parameters) = section("A conversation").commands().remove(1);
    nvim.keys(&format!(":AsideRun {name} {parameters}<CR>"));
    nvim.until("the conversation", "return vim.bo.filetype == 'markdown' and vim.fn.search('write below') > 0");
}

#[test]
fn the_steps_go_in_helix_as_the_page_says() {
    let (_server, home) = scene();
    install(&home, &checker(), "rust-analyzer");
    let Some(helix) = Editor::helix(&home, &recipe("helix/languages.toml"), "src/main.rs") else { return };
    let screen = &helix.screen;
    helix.servers.see("helix");
    screen.shows("●");
    for step in section("A fix, in Helix").steps() {
        match step.as_str() {
            "]d" => {
                screen.types("]d");
                screen.shows("this has to be a sum");
            }
            "space" => screen.types(" "),
            // Both are the first of their menus, which is chosen already.
            title if title.starts_with("Aside: Fix") => {
                screen.shows(title);
                screen.press("Enter");
                screen.until("the diff", |shown| shown.contains("-    a - b") && shown.contains("+    a + b"));
            }
            title if title.starts_with("Aside: accept") => {
                screen.shows(title);
                screen.press("Enter");
            }
            command if command.starts_with(':') => {
                screen.types(command);
                screen.press("Enter");
                screen.until("the change", |shown| shown.contains("2      a + b"));
                screen.types(":write");
                screen.press("Enter");
                screen.shows("written");
                assert_eq!(home.read("src/main.rs"), RIGHT);
            }
            keys => screen.types(keys),
        }
    }
    screen.until("the old text", |shown| shown.contains("2      a - b"));
    screen.types(":quit-all!");
    screen.press("Enter");
    helix.ends();
}
