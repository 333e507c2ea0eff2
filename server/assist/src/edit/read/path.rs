//! Which names of files are taken from a model: plain relative paths inside the workspace. Does not look at any disk.

use super::{Refusal, refusal::shown};

/// The most bytes of a path.
const PATH_BYTES: usize = 512;
/// Names that are devices on Windows, with any ending.
const DEVICES: [&str; 8] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$", "config$"];

/// A model's path as the rest of the program writes it: relative, `/` between parts, no `.` parts.
pub(super) fn normal(path: &str) -> Result<String, Refusal> {
    let bad = |problem| Refusal::BadPath { path: shown(path), problem };
    if path.len() > PATH_BYTES {
        return Err(bad("is too long"));
    }
    if path.chars().any(char::is_control) {
        return Err(bad("has control characters"));
    }
    if path.starts_with(['/', '\\', '~']) {
        return Err(bad("is not relative"));
    }
    if path.contains(':') {
        return Err(bad("has a colon"));
    }
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| *part != ".").collect();
    for part in &parts {
        if *part == ".." {
            return Err(bad("steps out of its folder"));
        }
        if part.is_empty() {
            return Err(bad("has an empty part"));
        }
        if part.ends_with(['.', ' ']) || part.starts_with(' ') {
            return Err(bad("has a part that begins or ends with a space or ends with a dot"));
        }
        if part.contains(['<', '>', '"', '|', '?', '*']) {
            return Err(bad("has characters that not every system allows"));
        }
        if is_device(part) {
            return Err(bad("is a device on Windows"));
        }
    }
    if parts.is_empty() {
        return Err(bad("is empty"));
    }
    Ok(parts.join("/"))
}

/// Whether Windows takes a name for a device.
pub(super) fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    let is_number =
        |rest: &str| matches!(rest, "¹" | "²" | "³") || rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit();
    DEVICES.contains(&stem.as_str()) || numbered.is_some_and(is_number)
}

/// The path that a line names when it names nothing else: `src/a.rs`, `**src/a.rs**`, `### File: src/a.rs`.
pub(super) fn named_by(line: &str) -> Option<&str> {
    const MARKS: [char; 6] = ['`', '*', '"', '\'', '#', ' '];
    let mut name = line.trim().trim_start_matches(['#', '>', ' ']);
    let bullet =
        name.strip_prefix("- ").or_else(|| name.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(". "));
    name = bullet.unwrap_or(name);
    name = name.strip_prefix("//").unwrap_or(name).trim_matches(MARKS);
    for word in ["File:", "file:", "Path:", "path:", "File", "Filename:", "File name:"] {
        if let Some(rest) = name.strip_prefix(word).filter(|rest| rest.starts_with([' ', '`', '*', '"'])) {
            name = rest.trim_matches(MARKS);
        }
    }
    name = name.strip_suffix(':').unwrap_or(name).trim_matches(MARKS);
    if is_path(name) { Some(name) } else { quoted(line.trim()) }
}

/// The only path in back quotes of a line that introduces something: "In `src/a.rs`:".
fn quoted(line: &str) -> Option<&str> {
    if !line.ends_with([':', '*']) && !line.starts_with('#') {
        return None;
    }
    let mut paths = line.split('`').skip(1).step_by(2).filter(|word| is_path(word));
    paths.next().filter(|_| paths.next().is_none())
}

/// Whether a word can only be meant as a path.
pub(super) fn is_path(name: &str) -> bool {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || "(){};=,<>".contains(c)) || name.contains("::") {
        return false;
    }
    if name.contains("://") {
        return false;
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let ending = last.rsplit_once('.').map_or("", |(_, ending)| ending);
    let has_ending = (1..=12).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let has_ending = has_ending && ending.contains(char::is_alphabetic);
    name.contains(['/', '\\']) || has_ending || is_device(name) || PLAIN.contains(&name)
}

/// Files without an ending that every language knows.
const PLAIN: [&str; 8] = ["Makefile", "Dockerfile", "LICENSE", "README", "Gemfile", "Rakefile", "Justfile", "Procfile"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_relative_paths_are_taken() {
        for (path, expected) in [
            ("src/main.rs", "src/main.rs"),
            ("./src/./main.rs", "src/main.rs"),
            ("src\\main.rs", "src/main.rs"),
            ("a b/ü日.txt", "a b/ü日.txt"),
            (".github/x.yml", ".github/x.yml"),
            ("console.rs", "console.rs"),
            ("community/lpt10.c", "community/lpt10.c"),
            ("a..b/c", "a..b/c"),
        ] {
            assert_eq!(normal(path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let long = "a/".repeat(300) + "b";
        for path in [
            "",
            ".",
            "/etc/passwd",
            "\\\\server\\share",
            "C:\\x",
            "C:x",
            "~/.ssh/config",
            "../../x",
            "a/../../b",
            "a\\..\\b",
            "a//b",
            "a/",
            "CON",
            "con.txt",
            "a/NUL",
            "aux.c/b",
            "COM1",
            "lpt9.log",
            "COM¹",
            "nul .txt",
            "a\0b",
            "a\nb",
            "a\u{1b}b",
            "a.",
            "a /b",
            "x.rs:stream",
            "a?b",
            "a*b",
            &long,
        ] {
            assert_eq!(normal(path).map_err(|refusal| refusal.code()), Err("answer-bad-path"), "{path:?}");
        }
    }

    #[test]
    fn a_refused_path_is_shown_escaped() {
        let refusal = normal("a\n\u{202e}b").expect_err("a control character");
        assert!(refusal.to_string().contains("a\\u{a}\\u{202e}b"), "{refusal}");
    }

    #[test]
    fn lines_that_name_a_file_are_told_from_prose() {
        for (line, expected) in [
            ("src/a.rs", Some("src/a.rs")),
            ("**src/a.rs**", Some("src/a.rs")),
            ("### `src/a.rs`:", Some("src/a.rs")),
            ("File: src/a.rs", Some("src/a.rs")),
            ("**File:** `a.rs`", Some("a.rs")),
            ("// src/a.rs", Some("src/a.rs")),
            ("Makefile", Some("Makefile")),
            ("- src/a.rs", Some("src/a.rs")),
            ("2. `src/a.rs`", Some("src/a.rs")),
            ("In `src/a.rs`:", Some("src/a.rs")),
            ("### Changes to `src/a.rs`", Some("src/a.rs")),
            ("I moved the helper to `src/a.rs`.", None),
            ("Move it from `src/a.rs` to `src/b.rs`:", None),
            ("Version 2.0:", None),
            ("2.0", None),
            ("../../x", Some("../../x")),
            ("CON", Some("CON")),
            ("Here is the change.", None),
            ("Done.", None),
            ("foo.bar()", None),
            ("and then", None),
            ("https://example.com/a.rs", None),
            ("", None),
        ] {
            assert_eq!(named_by(line), expected, "{line}");
        }
    }
}
