//! `docs/guides/neovim.md`, followed in its order: the settings and commands of its blocks, word for word but for where things are.

use aside_test_support::{
    Home, ModelServer, binary,
    model_server::dialects::{llama, openai},
    nvim::{Nvim, Version},
    settings_with_model,
};

use super::kit::{BOTH, FILES, GHOST, page, prelude};

const GUIDE: &str = "docs/guides/neovim.md";
/// Where the page says that the repository is.
const TOLD: &str = "~/src/aside";

/// The blocks of this language in a section of the page.
fn blocks(section: &str, language: &str) -> Vec<String> {
    let page = page(GUIDE);
    let heading = format!("{section}\n");
    let part = page.split("\n## ").find(|part| part.starts_with(&heading)).expect("a section");
    let fence = format!("```{language}\n");
    // A fence begins its line: a picture may hold others.
    let end = |rest: &str| rest.starts_with("```").then_some(0).or_else(|| rest.find("\n```").map(|at| at + 1));
    let blocks = part.split(&fence).skip(1).filter_map(|rest| Some(rest[..end(rest)?].to_owned()));
    let root = binary::repository().display().to_string();
    blocks.map(|block| block.replace(TOLD, &root)).collect()
}

/// A reader's editor on a file: with the page's keys, and what else they did to install.
fn reader(version: Version, install: &str) -> Option<(ModelServer, Home, Nvim)> {
    let server = ModelServer::start();
    let home = Home::with(&settings_with_model("llama-cpp", &server.url(""), "qwen2.5-coder"), FILES);
    let program =
        format!("vim.env.PATH = '{}:' .. vim.env.PATH\n", binary::aside().parent().expect("a folder").display());
    let init = format!("{}{program}{install}\n{}", prelude(), blocks("Keys", "lua").concat());
    let nvim = Nvim::start_version(version, &home, &init, &["main.rs"], &[])?;
    nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
    Some((server, home, nvim))
}

#[test]
fn the_first_five_minutes_go_as_the_page_says() {
    let runtime = blocks("Install", "lua").remove(0);
    for version in BOTH {
        let Some((server, _home, nvim)) = reader(version, &runtime) else { return };
        for path in [llama::INFILL, llama::COMPLETION] {
            server.always(path, llama::fill(&["+ b; //", " sum"]));
        }
        nvim.keys("jA    a ");
        nvim.until("ghost text", GHOST);
        nvim.keys("<M-w>");
        nvim.until("a word", "return vim.api.nvim_get_current_line() == '    a +'");
        for path in [llama::INFILL, llama::COMPLETION] {
            server.always(path, llama::fill(&[" b; // sum"]));
        }
        nvim.until("more ghost text", GHOST);
        nvim.keys("<Tab>");
        nvim.until("all of it", "return vim.api.nvim_get_current_line() == '    a + b; // sum'");
        nvim.keys("<Esc>");

        let status = blocks("Ghost text", "vim").concat();
        nvim.keys(&status.replace('\n', "<CR>"));
        nvim.until("the status", "return Told[1] and Told[1]:find('completion: work/qwen2.5-coder', 1, true)");

        let gate = server.gate();
        let reply = aside_test_support::model_server::Reply::sse().then(openai::delta("It adds")).hold(&gate);
        server.once(openai::CHAT, reply.then(openai::finish("stop")).then(openai::DONE));
        let talk = blocks("A conversation", "vim");
        nvim.keys(&talk[0].replace('\n', "<CR>"));
        nvim.until("the answer", "return Chat():find('It adds')");
        let (stop, resume) = talk[1].split_once('\n').expect("two commands");
        nvim.keys(&format!("{stop}<CR>"));
        nvim.until("its end", "return Chat():find('*Stopped.*', 1, true)");
        server.once(openai::CHAT, openai::chat(&[" two numbers."]));
        nvim.keys(&format!("{}<CR>", resume.trim()));
        nvim.until("the rest", "return Chat():find('two numbers')");

        server.once(openai::CHAT, openai::chat(&["```rust\n    a - b\n```"]));
        nvim.keys("<C-w>t");
        nvim.keys(&blocks("Edits", "vim").concat().replace('\n', "<CR>"));
        nvim.until("the diff", "return vim.fn.tabpagenr('$') == 2 and Lines('aside://edit/'):find('a - b', 1, true)");
        nvim.keys(":Aside reject<CR>");
        nvim.until("one tab", "return vim.fn.tabpagenr('$') == 1");

        let health = blocks("When something is wrong", "vim").concat();
        nvim.keys(&health.replace('\n', "<CR>"));
        nvim.until("the page", "return vim.fn.search('runs for') > 0 and vim.bo.filetype == 'checkhealth'");
    }
}

#[test]
fn as_a_package_it_loads_by_itself() {
    for version in BOTH {
        let commands = blocks("Install", "sh").concat();
        let home = Home::with("", FILES);
        let done = home.run_program(std::path::Path::new("/bin/sh"), &["-ec", &commands], "", |_| {});
        done.expect_code(0);
        let program = format!("vim.g.aside = {{ cmd = {{ '{}', 'lsp' }} }}", binary::aside().display());
        // Not `--clean`, which looks for no packages of the person's own.
        let Some(nvim) =
            Nvim::start_version(version, &home, &program, &["main.rs"], &["--cmd", "set pp^=~/.local/share/nvim/site"])
        else {
            return;
        };
        nvim.until("the server", "return #vim.lsp.get_clients({ name = 'aside', bufnr = 0 }) == 1");
    }
}

#[test]
fn the_messages_of_the_page_are_those_that_are_said() {
    let page = page(GUIDE);
    let table = page.rsplit("## When something is wrong").next().expect("a table");
    let sources = ["plugin/aside.lua", "lua/aside/lsp.lua", "lua/aside/crash.lua", "lua/aside/statusline.lua"];
    let sources: String = sources.map(|file| super::kit::page(&format!("editors/nvim/{file}"))).concat();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let message = row.split('`').nth(1).expect("a message");
        for part in message.split("...").map(str::trim).filter(|part| !part.is_empty()) {
            assert!(sources.contains(part), "the plugin does not say `{part}`");
        }
    }
}

/// Lua: what is on the screen, as lines without blanks at their ends.
const SCREEN: &str = r"
    vim.cmd.redraw()
    local rows = {}
    for row = 1, vim.o.lines - 1 do
      local text = ''
      for col = 1, vim.o.columns do text = text .. vim.fn.screenstring(row, col) end
      table.insert(rows, (text:gsub('%s+$', '')))
    end
    return table.concat(rows, '\n')
";

/// Compares a picture of the page with the screen, or puts it there with `UPDATE=1`.
fn picture(section: &str, screen: &str) {
    let shown = blocks(section, "text").concat();
    let screen = format!("{}\n", screen.trim_end());
    if shown == screen {
        return;
    }
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    assert!(update, "`{section}` of {GUIDE} is not what is on the screen, which is (UPDATE=1 writes it):\n{screen}");
    let page = page(GUIDE);
    let (before, part) = page.split_once(&format!("\n## {section}\n")).expect("a section");
    let part = part.replacen(&format!("```text\n{shown}```"), &format!("```text\n{screen}```"), 1);
    let path = binary::repository().join(GUIDE);
    std::fs::write(path, format!("{before}\n## {section}\n{part}")).expect("the page is writable");
}

#[test]
fn the_pictures_of_the_page_are_what_is_on_the_screen() {
    let small = "vim.o.columns, vim.o.lines, vim.o.laststatus, vim.o.ruler = 90, 22, 3, false\n";
    let install = format!("{small}{}", blocks("Install", "lua").remove(0));
    let Some((server, _home, nvim)) = reader(Version::Newest, &install) else { return };
    for path in [llama::INFILL, llama::COMPLETION] {
        server.always(path, llama::fill(&["a.checked_add(b)", ".unwrap_or(u32::MAX)"]));
    }
    nvim.keys("jA    ");
    nvim.until("ghost text", GHOST);
    let screen = nvim.lua(SCREEN);
    let screen = screen.as_str().expect("text");
    picture("Ghost text", screen.lines().take(3).collect::<Vec<_>>().join("\n").as_str());
    nvim.keys("<Tab>");
    nvim.until("the text", "return vim.api.nvim_get_current_line():find('MAX')");

    let answer =
        "It adds two numbers, and stops at the largest one:\n\n```rust\na.checked_add(b).unwrap_or(u32::MAX)\n```\n";
    server.once(openai::CHAT, openai::chat(&[answer]));
    nvim.keys("<Esc>:Aside ask what does this file do?<CR>");
    nvim.until("the answer", "return Chat():find('MAX)\\n```', 1, true) and not require('aside.chat').is_busy()");
    nvim.keys("<C-l>");
    let screen = nvim.lua(SCREEN);
    picture("A conversation", screen.as_str().expect("text"));
}
