//! What the tests of the plugin share: a scene with a scripted model, and Lua that looks at the screen.

use std::{fs, path::Path};

use aside_test_support::{
    Home, ModelServer, PATIENCE, binary,
    model_server::{
        Reply,
        dialects::{llama, openai},
    },
    nvim::{Nvim, Version},
    settings_with_model,
};
use serde_json::Value;

pub(super) use Version::{Newest, Oldest};

/// The versions that the plugin is for.
pub(super) const BOTH: [Version; 2] = [Newest, Oldest];

pub(super) const FILES: &str = "
//- .git/HEAD
ref: refs/heads/main
//- main.rs
fn add(a: u32, b: u32) -> u32 {

}
";

/// Lua that is there in every test: messages are kept, choices are made by `Pick`, words are given by `Words`.
const PRELUDE: &str = r"
vim.opt.autoindent = false
vim.o.columns, vim.o.lines = 120, 40
Told = {}
vim.notify = function(message) table.insert(Told, message) end
Asked = {}
vim.ui.select = function(items, options, done)
  local shown = vim.tbl_map(options.format_item or tostring, items)
  table.insert(Asked, { prompt = options.prompt, items = shown })
  for index, one in ipairs(shown) do
    if Pick and one:find(Pick, 1, true) then return done(items[index], index) end
  end
  done(nil)
end
vim.ui.input = function(options, done)
  table.insert(Asked, { prompt = options.prompt })
  done(Words)
end
function Client() return vim.lsp.get_clients({ name = 'aside' })[1] end
function Buffer(pattern)
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(buf):find(pattern) then return buf end
  end
end
function Lines(pattern)
  local buf = Buffer(pattern)
  return buf and table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n') or ''
end
function Chat() return Lines('aside://chat/') end
";

/// An editor with the plugin, and the model that answers it.
pub(super) struct Scene {
    pub(super) server: ModelServer,
    pub(super) home: Home,
    pub(super) nvim: Nvim,
}

/// The Lua that is there in every test.
pub(super) fn prelude() -> &'static str {
    PRELUDE
}

/// Settings for the plugin under test, with more of them.
pub(super) fn init(more: &str) -> String {
    let server = format!("vim.g.aside = {{ cmd = {{ '{}', 'lsp' }} }}\n", binary::aside().display());
    format!("{PRELUDE}{server}{more}")
}

impl Scene {
    /// An editor of this version on a file, with its server; or nothing where there is no such editor.
    pub(super) fn of(version: Version) -> Option<Self> {
        Self::with(version, "")
    }

    /// The same, with more settings of the editor (Lua).
    pub(super) fn with(version: Version, more: &str) -> Option<Self> {
        let server = ModelServer::start();
        let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), FILES);
        let nvim = Nvim::with_plugin(version, &home, &init(more), &["main.rs"])?;
        nvim.until("the server to be attached", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
        Some(Self { server, home, nvim })
    }

    /// Every completion is this one.
    pub(super) fn fills_with(&self, reply: &Reply) {
        self.server.always(llama::INFILL, reply.clone());
        self.server.always(llama::COMPLETION, reply.clone());
    }

    /// The next answer of the model.
    pub(super) fn answers(&self, text: &str) {
        self.server.once(openai::CHAT, openai::chat(&[text]));
    }

    /// Waits until this stands in the conversation.
    #[track_caller]
    pub(super) fn chat_has(&self, text: &str) -> String {
        self.lines_have("aside://chat/", text)
    }

    /// Waits until no answer is being given.
    #[track_caller]
    pub(super) fn settled(&self) {
        self.nvim.until("the end of the answer", "return not require('aside.chat').is_busy()");
    }

    /// Waits until this stands in the buffer of this name (a Lua pattern).
    #[track_caller]
    pub(super) fn lines_have(&self, buffer: &str, text: &str) -> String {
        let chunk = format!("local text = Lines('{buffer}') return text:find({}, 1, true) and text", quoted(text));
        let found = self.nvim.until(&format!("`{text}` in {buffer}"), &chunk);
        found.as_str().expect("text").to_owned()
    }

    /// Waits until a message holds this text, and gives how many do.
    #[track_caller]
    pub(super) fn told(&self, text: &str) -> i64 {
        let chunk = format!(
            "local n = 0 for _, one in ipairs(Told) do if one:find({}, 1, true) then n = n + 1 end end return n > 0 and n",
            quoted(text)
        );
        self.nvim.until(&format!("the message `{text}`"), &chunk).as_i64().expect("a number")
    }

    /// The lines of the file.
    pub(super) fn file(&self) -> Value {
        self.nvim.lua("return Lines('main.rs$')")
    }
}

/// A text as Lua writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}").replace("\\u{1b}", "\\27").replace("\\u{7}", "\\7")
}

/// Lua: the ghost text on the screen, or nothing.
pub(super) const GHOST: &str = r"
    for name, space in pairs(vim.api.nvim_get_namespaces()) do
      for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
        local text = ''
        for _, chunk in ipairs(mark[4].virt_text or {}) do text = text .. chunk[1] end
        for _, line in ipairs(mark[4].virt_lines or {}) do text = text .. '\n' .. line[1][1] end
        if (name:find('inline_completion') or name == 'aside.ghost') and text ~= '' then return text end
      end
    end
    return false
";

/// Waits until the process is gone.
pub(super) fn gone(pid: i64) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(std::time::Instant::now() < deadline, "the process {pid} lives on");
        std::thread::yield_now();
    }
}

/// Kills a process as a crash would.
pub(super) fn kill(pid: i64) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a process")).expect("not 0");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
}

/// A page of the repository.
pub(super) fn page(path: &str) -> String {
    fs::read_to_string(binary::repository().join(path)).expect("the page is readable")
}
