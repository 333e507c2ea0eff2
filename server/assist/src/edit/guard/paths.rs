//! Files that decide what runs, or what is allowed, when somebody opens, builds, tests or commits a workspace.

use std::path::Path;

/// Rules by name, in lower case. A rule holds at any depth; `*` stands for any characters of one name, a last `**` for the
/// folder itself and everything in it.
const RULES: &[&str] = &[
    // Editors
    ".vscode/**",
    ".vscode-server/**",
    "*.code-workspace",
    ".idea/**",
    ".fleet/**",
    ".zed/**",
    ".helix/**",
    "*.sublime-project",
    ".nvim.lua",
    ".nvimrc",
    ".lvimrc",
    ".vimrc",
    "_vimrc",
    ".gvimrc",
    ".exrc",
    "_exrc",
    ".dir-locals.el",
    ".dir-locals-2.el",
    // Version control and what runs on its events
    ".git/**",
    ".gitmodules",
    ".gitattributes",
    ".gitconfig",
    ".githooks/**",
    ".hg/**",
    ".hgrc",
    ".husky/**",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    // Other people's machines
    ".github/workflows/**",
    ".github/actions/**",
    ".gitlab-ci.yml",
    ".circleci/**",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "jenkinsfile",
    // Containers
    ".devcontainer/**",
    ".devcontainer.json",
    "dockerfile",
    "dockerfile.*",
    "*.dockerfile",
    "containerfile",
    "docker-compose*",
    "compose.yml",
    "compose.yaml",
    // Environments and shells
    ".env*",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".xprofile",
    ".xinitrc",
    ".xsessionrc",
    ".inputrc",
    "config.fish",
    "*profile.ps1",
    ".ssh/**",
    ".gnupg/**",
    // What starts by itself
    "crontab",
    "etc/cron*/**",
    "spool/cron/**",
    "systemd/user/**",
    "systemd/system/**",
    "autostart/*.desktop",
    "launchagents/**",
    "launchdaemons/**",
    "start menu/programs/startup/**",
    // Package managers and build tools
    ".npmrc",
    ".yarnrc*",
    ".yarn/**",
    ".pnpmfile.cjs",
    ".cargo/config.toml",
    ".cargo/config",
    "build.rs",
    "rust-toolchain*",
    "pip.conf",
    "pip.ini",
    "setup.py",
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "makefile",
    "gnumakefile",
    "justfile",
    ".justfile",
    ".bazelrc",
    ".gdbinit",
    ".lldbinit",
    // Assistants, this one included
    ".mcp.json",
    "mcp.json",
    ".cursor/**",
    ".cursorrules",
    ".windsurf/**",
    ".windsurfrules",
    ".claude/**",
    ".gemini/**",
    ".codex/**",
    "agents.md",
    "claude.md",
    "claude.local.md",
    "gemini.md",
    "copilot-instructions.md",
    ".aside.toml",
];

/// The names in a path that count: without `.`, with `..` taken, in lower case, and each as every file system would
/// understand it.
pub(super) fn names(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    for name in path.split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            _ => names.push(significant(name)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The names of `path` below `folder`, none when they are the same; `None` when it is not in there.
pub(super) fn below(path: &Path, folder: &Path) -> Option<Vec<String>> {
    let (path, folder) = (names(&path.to_string_lossy()), names(&folder.to_string_lossy()));
    path.strip_prefix(folder.as_slice()).filter(|_| !folder.is_empty()).map(<[String]>::to_vec)
}

/// The rule that makes the file with these [`names`] one that controls something.
pub(super) fn control_rule(names: &[String]) -> Option<&'static str> {
    RULES.iter().copied().find(|rule| (0..names.len()).any(|from| holds(rule, &names[from..])))
}

/// A name without what some file system ignores: Windows trailing dots, blanks and stream names, macOS invisible
/// characters; all of them case.
fn significant(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    let visible = name.chars().filter(|&c| !super::characters::is_ignorable(c));
    // Two letters that fold to ASCII ones and are not lower-cased to them.
    let folded = visible.flat_map(char::to_lowercase).map(|c| match c {
        'ſ' => 's',
        'ı' => 'i',
        _ => c,
    });
    folded.filter(|&c| c != '\u{307}').collect::<String>().trim_end_matches(['.', ' ']).to_owned()
}

/// Whether `rule` holds for exactly these names.
fn holds(rule: &str, names: &[String]) -> bool {
    let mut names = names.iter();
    for part in rule.split('/') {
        if part == "**" {
            return true;
        }
        if !names.next().is_some_and(|name| matches(part, name)) {
            return false;
        }
    }
    names.next().is_none()
}

/// Whether a name is as `part` says, with one `*` at most.
fn matches(part: &str, name: &str) -> bool {
    match part.split_once('*') {
        None => part == name,
        Some((start, end)) => name.len() >= part.len() - 1 && name.starts_with(start) && name.ends_with(end),
    }
}
