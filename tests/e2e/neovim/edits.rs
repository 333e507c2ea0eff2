//! Neovim without a plugin: edits as diff documents and conversations as Markdown documents, by code actions.

use std::path::Path;

use aside_test_support::{
    Home, ModelServer,
    binary::repository,
    editors::{blocks, recipe},
    model_server::{Reply, dialects::openai},
    nvim::Nvim,
    settings,
};
use serde_json::json;

use super::documented;

const WRONG: &str = "fn add(a: u32, b: u32) -> u32 {\n    a - b\n}\n";

const RIGHT: &str = "fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n";

/// Neovim on a wrong function that a stand-in for the language's own server reports, and a model that repairs it.
fn scene() -> Option<(ModelServer, Home, Nvim)> {
    let server = ModelServer::start();
    let home = Home::with(&settings("openai", &server.url("/v1")), &format!("//- .git/HEAD\n//- main.rs\n{WRONG}"));
    let checker = repository().join("tests/tools/diagnostic_server.py");
    let nvim = Nvim::start(&home, &format!("{}\n{CHOOSER}\n{}", documented(), checker_of(&checker)), "main.rs")?;
    nvim.until("the diagnostic", "return #vim.diagnostic.get(0) == 1");
    nvim.until(
        "the server to be attached",
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]; return c and c.initialized",
    );
    Some((server, home, nvim))
}

fn checker_of(program: &Path) -> String {
    format!("vim.lsp.config('checker', {{ cmd = {{ '{}' }} }})\nvim.lsp.enable('checker')", program.display())
}

/// Lua: lets the person choose the entry whose title begins with `Wanted` in any menu.
const CHOOSER: &str = "
    vim.ui.select = function(items, options, choose)
      local titles = vim.tbl_map(options.format_item, items)
      for at, title in ipairs(titles) do
        if vim.startswith(title, Wanted) then return choose(items[at]) end
      end
      error('no entry ' .. Wanted .. ' among ' .. vim.inspect(titles))
    end
";

/// Chooses among the code actions at the cursor, with the key for them.
fn choose(nvim: &Nvim, title: &str) {
    nvim.lua(&format!("Wanted = '{title}'"));
    nvim.keys("gra");
}

const LINES: &str = "return vim.api.nvim_buf_get_lines(0, 0, -1, false)";

#[test]
fn a_fix_is_chosen_on_a_diagnostic_seen_accepted_and_undone() {
    let Some((server, home, nvim)) = scene() else { return };
    server.always(openai::CHAT, openai::chat(&["```rust\n", RIGHT, "```\n"]));
    nvim.keys("jww");
    choose(&nvim, "Aside: Fix: this has to be a sum");
    let request = server.request(openai::CHAT).text();
    assert!(request.contains("this has to be a sum"), "{request}");
    nvim.until("the diff document", "return vim.api.nvim_buf_get_name(0):match('%.diff$')");
    let diff = nvim.lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')");
    let diff = diff.as_str().expect("a text");
    assert!(diff.contains("\n-    a - b\n+    a + b\n"), "{diff}");
    assert_eq!(home.read("main.rs"), WRONG, "nothing is changed before it is accepted");
    nvim.until("the server in the diff document", "return #vim.lsp.get_clients({ bufnr = 0, name = 'aside' }) == 1");
    choose(&nvim, "Aside: accept");
    nvim.until("the change", "return vim.fn.getbufline('main.rs', 2)[1] == '    a + b'");
    nvim.keys(":buffer main.rs<CR>u");
    nvim.until("the old text", "return vim.fn.getbufline('main.rs', 2)[1] == '    a - b'");
    assert_eq!(nvim.lua(LINES), json!(WRONG.lines().collect::<Vec<_>>()));
    assert_eq!(nvim.lua("return vim.fn.undotree().seq_cur"), 0, "undone in one step");
}

#[test]
fn a_conversation_is_a_document_into_which_the_answer_streams() {
    let Some((server, _home, nvim)) = scene() else { return };
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("Hello,")).hold(&gate).then(openai::delta(" Neovim."));
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let command = blocks(&recipe("neovim-plain/README.md"), "vim");
    nvim.keys(&format!("{}<CR>", command.trim().replace('<', "<lt>")));
    nvim.until("the document", "return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] == '# Conversation'");
    nvim.until("the server in it", "return #vim.lsp.get_clients({ bufnr = 0, name = 'aside' }) == 1");
    nvim.keys("Gogreet me<Esc>");
    nvim.until("the question", "return vim.api.nvim_get_current_line() == 'greet me'");
    choose(&nvim, "Aside: Send");
    assert!(server.request(openai::CHAT).text().contains("greet me"));
    let holds = |line: &str| format!("return vim.list_contains(vim.api.nvim_buf_get_lines(0, 0, -1, false), '{line}')");
    nvim.until("the first piece", &holds("Hello,"));
    gate.open();
    nvim.until("the whole answer", &holds("Hello, Neovim."));
    assert_eq!(
        nvim.lua("return #vim.lsp.get_clients({ name = 'aside' })"),
        1,
        "it belongs to the server that shows it"
    );
}
