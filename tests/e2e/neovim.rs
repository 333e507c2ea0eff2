//! A real Neovim 0.12 with nothing but `vim.lsp.config`: no plugin, as a user would set it up from the README.

mod edits;

use aside_test_support::{
    Home, ModelServer, binary,
    editors::{blocks, recipe},
    model_server::{
        Reply,
        dialects::{llama, openai},
    },
    nvim::Nvim,
    settings_with_model,
};
use serde_json::json;

/// The settings that the documentation gives, with the path of the program, and the events of chats kept for the test.
fn init() -> String {
    format!(
        r"
        vim.lsp.config('aside', {{ cmd = {{ '{}', 'lsp' }}, root_markers = {{ 'Cargo.toml' }}, filetypes = {{ 'rust' }} }})
        vim.lsp.enable('aside')
        vim.lsp.inline_completion.enable()
        vim.keymap.set('i', '<Tab>', function()
          if not vim.lsp.inline_completion.get() then return '<Tab>' end
        end, {{ expr = true }})
        vim.opt.autoindent = false
        Events = {{}}
        vim.lsp.handlers['aside/chat/event'] = function(_, params) table.insert(Events, params) end
        ",
        binary::aside().display()
    )
}

/// Lua: the ghost text on the screen, or nothing.
const GHOST: &str = r"
    for name, space in pairs(vim.api.nvim_get_namespaces()) do
      for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
        local text = ''
        for _, chunk in ipairs(mark[4].virt_text or {}) do text = text .. chunk[1] end
        if name:find('inline_completion') and text ~= '' then return text end
      end
    end
    return false
";

const FILES: &str = "
//- Cargo.toml
[package]
name = \"demo\"
//- src/main.rs
fn add(a: u32, b: u32) -> u32 {

}
";

/// An editor on a file, attached, with a scripted model.
fn scene() -> Option<(ModelServer, Home, Nvim)> {
    let server = ModelServer::start();
    let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), FILES);
    let nvim = Nvim::start(&home, &init(), "src/main.rs")?;
    nvim.until(
        "the server to be attached",
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]; return c and c.initialized",
    );
    Some((server, home, nvim))
}

fn fills_with(server: &ModelServer, reply: &Reply) {
    server.always(llama::INFILL, reply.clone());
    server.always(llama::COMPLETION, reply.clone());
}

#[test]
fn ghost_text_is_shown_and_accepted() {
    let Some((server, _home, nvim)) = scene() else { return };
    fills_with(&server, &llama::fill(&["+", " b"]));
    nvim.keys("jA    a ");
    let ghost = nvim.until("ghost text", GHOST);
    assert_eq!(ghost, "+ b");
    assert_eq!(nvim.lua("return vim.api.nvim_get_current_line()"), "    a ", "ghost text is not text");
    nvim.keys("<Tab>");
    nvim.until("the accepted text", "return vim.api.nvim_get_current_line() == '    a + b'");
}

#[test]
fn leaving_insert_mode_closes_the_request() {
    let Some((server, _home, nvim)) = scene() else { return };
    fills_with(&server, &Reply::sse().silent());
    nvim.keys("jA    a ");
    server.wait_live(1);
    let request = server.requests().pop().expect("a request is live");
    nvim.keys("<Esc>");
    server.gone(&request);
    server.wait_live(0);
}

#[test]
fn a_conversation_is_held_by_requests_and_commands() {
    let Some((server, _home, nvim)) = scene() else { return };
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("Hello")).hold(&gate).then(openai::delta(", Neovim"));
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let session = nvim.lua(
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]
         local made = c:request_sync('aside/chat/new', { workspace = vim.uri_from_fname(c.root_dir) }, 10000)
         Session = made.result.session.id
         local sent = c:request_sync('workspace/executeCommand',
           { command = 'aside.chat.send', arguments = { { session = Session, text = 'greet me' } } }, 10000)
         return sent.result.turn and Session",
    );
    assert!(session.is_string(), "{session}");
    let heard = "local text = ''
         for _, one in ipairs(Events) do if one.event.type == 'delta' then text = text .. one.event.text end end
         return text == '%' and text";
    nvim.until("the first piece", &heard.replace('%', "Hello"));
    gate.open();
    nvim.until("the whole answer", &heard.replace('%', "Hello, Neovim"));
    nvim.until("the end", "return #Events > 0 and Events[#Events].event.reason == 'complete'");
    let opened = nvim.lua(
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]
         local opened = c:request_sync('aside/chat/open', { session = Session }, 10000).result
         return { opened.messages[1].text, opened.messages[2].text }",
    );
    assert_eq!(opened, json!(["greet me", "Hello, Neovim"]));
}

#[test]
fn a_conversation_that_was_killed_with_its_editor_goes_on_in_another() {
    let Some((server, home, nvim)) = scene() else { return };
    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("one, two")).hold(&gate);
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    let pids = nvim.lua(
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]
         local made = c:request_sync('aside/chat/new', { workspace = vim.uri_from_fname(c.root_dir) }, 10000)
         Session = made.result.session.id
         c:request_sync('aside/chat/send', { session = Session, text = 'count' }, 10000)
         return { tonumber(vim.fn.system({ 'pgrep', '-P', vim.fn.getpid(), 'aside' })), vim.fn.getpid() }",
    );
    let saved = "local c = vim.lsp.get_clients({ name = 'aside' })[1]
         local opened = c:request_sync('aside/chat/open', { session = Session }, 10000).result
         return opened and opened.messages[2] and opened.messages[2].text == 'one, two'";
    nvim.until("the words on disk", saved);
    for pid in pids.as_array().expect("two numbers") {
        let pid = i32::try_from(pid.as_i64().expect("a number")).expect("a process");
        let pid = rustix::process::Pid::from_raw(pid).expect("not 0");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    }

    // The same folder in the next editor.
    let again = Nvim::start(&home, &init(), "src/main.rs").expect("there was one");
    again.until(
        "the server to be attached",
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]; return c and c.initialized",
    );
    let there = again.lua(
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]
         local list = c:request_sync('aside/chat/list', { workspace = vim.uri_from_fname(c.root_dir) }, 10000).result
         Session = list.sessions[1].id
         local opened = c:request_sync('aside/chat/open', { session = Session }, 10000).result
         return { list.sessions[1].state, opened.messages[1].text, opened.messages[2].text, opened.messages[2].state }",
    );
    assert_eq!(there, json!(["interrupted", "count", "one, two", "interrupted"]));
    server.once(openai::CHAT, openai::chat(&[", three"]));
    again.lua(
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]
         return c:request_sync('aside/chat/continue', { session = Session }, 10000).result.turn",
    );
    again.until("the rest", "return #Events > 0 and Events[#Events].event.reason == 'complete'");
}

/// The settings that `editors/neovim-plain/README.md` gives, word for word but for where the program is.
fn documented() -> String {
    let settings = blocks(&recipe("neovim-plain/README.md"), "lua");
    let (told, real) = ("cmd = { 'aside',", format!("cmd = {{ '{}',", binary::aside().display()));
    assert!(settings.contains(told), "it starts `aside`: {settings}");
    settings.replace(told, &real)
}

#[test]
fn the_documented_settings_do_as_the_page_says() {
    let server = ModelServer::start();
    let settings = settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder");
    let home = Home::with(&settings, "//- .git/HEAD\n//- main.rs\nlet sum = a \n");
    let Some(nvim) = Nvim::start(&home, &documented(), "main.rs") else { return };
    nvim.until(
        "the server to be attached",
        "local c = vim.lsp.get_clients({ name = 'aside' })[1]; return c and c.initialized",
    );
    fills_with(&server, &llama::fill(&["+", " b"]));
    nvim.keys("A ");
    nvim.until("ghost text", GHOST);
    nvim.keys("<Tab>");
    nvim.until("the accepted text", "return vim.api.nvim_get_current_line():sub(-3) == '+ b'");

    let gate = server.gate();
    let reply = Reply::sse().then(openai::delta("Hello,\n")).hold(&gate).then(openai::delta("Neovim"));
    server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
    nvim.keys("<Esc>:Aside greet me<CR>");
    let shown = "local window = vim.api.nvim_list_wins()[2]
         local lines = window and vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false) or {}
         return table.concat(lines, '|') == '%'";
    nvim.until("the first piece", &shown.replace('%', "> greet me||Hello,|"));
    gate.open();
    nvim.until("the whole answer", &shown.replace('%', "> greet me||Hello,|Neovim||"));
    let workspace = nvim.lua("return vim.lsp.get_clients({ name = 'aside' })[1].root_dir");
    let listed = home.run(&["session", "list", "--json"]).expect_code(0).json();
    assert_eq!((&listed[0]["workspace"], &listed[0]["title"]), (&workspace, &json!("greet me")), "{listed}");
}

#[test]
fn the_server_ends_with_the_editor() {
    let Some((_server, _home, nvim)) = scene() else { return };
    let pid = nvim.lua("return tonumber(vim.fn.system({ 'pgrep', '-P', vim.fn.getpid(), 'aside' }))");
    let pid = pid.as_i64().expect("the server is a child of Neovim");
    nvim.keys("<Esc>:qa!<CR>");
    let deadline = std::time::Instant::now() + aside_test_support::PATIENCE;
    while std::path::Path::new(&format!("/proc/{pid}")).exists() {
        assert!(std::time::Instant::now() < deadline, "the server {pid} outlives its editor");
        std::thread::yield_now();
    }
}
