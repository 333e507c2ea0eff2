//! Where the tests of a file go, by the language's convention.
//!
//! Knows names only: which of the files it proposes exist is for others to find out.

use super::{Grammar, Outline, ScopeKind};
use crate::Document;

/// Where tests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestPlace {
    /// Into the same file.
    Here {
        /// The byte where they are put in.
        at: usize,
        /// There is a module of tests, and `at` is inside of it. Otherwise, in Rust and outside of `tests/`, one is to be made.
        inside_module: bool,
        /// The file holds nothing but tests.
        test_file: bool,
    },
    /// Into another file.
    Other {
        /// Paths as the file's own was given, `/`-separated: the first that exists is meant, or else the first is to be made.
        candidates: Vec<String>,
    },
}

/// A path taken apart: the folder (with its last `/`, or empty), the name without extension, and the extension.
struct Path<'a> {
    folder: &'a str,
    stem: &'a str,
    extension: &'a str,
}

impl<'a> Path<'a> {
    fn of(path: &'a str) -> Self {
        let (folder, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
        let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
        Self { folder, stem, extension }
    }

    fn is_in(&self, folder: &str) -> bool {
        self.folder.split('/').any(|part| part == folder)
    }

    /// Another name in the same folder.
    fn beside(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }
}

/// Where the tests of the file `path` go. `path` is `/`-separated and relative to the workspace.
pub fn test_place(grammar: Option<Grammar>, path: &str, outline: &Outline, document: &Document) -> TestPlace {
    let file = Path::of(path);
    let end = TestPlace::Here { at: document.len_bytes(), inside_module: false, test_file: true };
    if is_test(grammar, &file) {
        return end;
    }
    let candidates = match grammar {
        Some(Grammar::Rust) => return in_rust(&file, outline, document),
        Some(Grammar::Go) => vec![file.beside(&format!("{}_test.go", file.stem))],
        Some(Grammar::Python) => python(&file),
        Some(Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx) => javascript(&file),
        Some(Grammar::Java) => java(&file),
        Some(Grammar::C) => c(&file),
        Some(Grammar::Cpp) => cpp(&file),
        Some(Grammar::Lua) => lua(&file),
        Some(Grammar::Markdown) => return end,
        None => other(&file),
    };
    TestPlace::Other { candidates }
}

/// Whether a file is itself a test, by its name and folder.
fn is_test(grammar: Option<Grammar>, file: &Path<'_>) -> bool {
    let stem = file.stem;
    match grammar {
        Some(Grammar::Rust) => {
            file.is_in("tests") || stem == "tests" || stem.ends_with("_test") || stem.ends_with("_tests")
        }
        Some(Grammar::Go) => stem.ends_with("_test"),
        Some(Grammar::Python) => stem.starts_with("test_") || stem.ends_with("_test"),
        Some(Grammar::JavaScript | Grammar::TypeScript | Grammar::Tsx) => {
            file.is_in("__tests__") || stem.ends_with(".test") || stem.ends_with(".spec")
        }
        Some(Grammar::Java) => {
            file.folder.contains("src/test/")
                || ["Test", "Tests", "IT"].iter().any(|end| stem.len() > end.len() && stem.ends_with(end))
        }
        Some(Grammar::C | Grammar::Cpp) => {
            stem.starts_with("test_") || ["_test", "_tests", "_unittest"].iter().any(|end| stem.ends_with(end))
        }
        Some(Grammar::Lua) => stem.ends_with("_spec") || stem.starts_with("test_") || stem.ends_with("_test"),
        Some(Grammar::Markdown) => false,
        None => {
            stem.starts_with("test_")
                || ["_test", "_spec", "Test", "Tests", "Spec"].iter().any(|end| stem.ends_with(end))
        }
    }
}

fn in_rust(file: &Path<'_>, outline: &Outline, document: &Document) -> TestPlace {
    let is_tests = |scope: &&super::Scope| {
        scope.kind == ScopeKind::Module
            && (scope.name.as_deref() == Some("tests")
                || document.slice(scope.range.start..scope.header.start).contains("#[cfg(test)]"))
    };
    let here = |at, inside_module| TestPlace::Here { at, inside_module, test_file: false };
    match outline.scopes().iter().filter(|scope| scope.depth == 0).rfind(is_tests) {
        None => here(document.len_bytes(), false),
        Some(module) => match &module.body {
            Some(body) => {
                let line = document.whole_lines(body.end..body.end).start;
                let closes_a_line = line >= body.start && document.slice(line..body.end).trim().is_empty();
                here(if closes_a_line { line } else { body.end }, true)
            }
            None => {
                let name = module.name.as_deref().unwrap_or("tests");
                let inner =
                    if matches!(file.stem, "mod" | "lib" | "main") { String::new() } else { format!("{}/", file.stem) };
                let candidates =
                    vec![file.beside(&format!("{inner}{name}.rs")), file.beside(&format!("{inner}{name}/mod.rs"))];
                TestPlace::Other { candidates }
            }
        },
    }
}

fn python(file: &Path<'_>) -> Vec<String> {
    let package = file.folder.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty());
    let subject = if file.stem == "__init__" { package.unwrap_or("init") } else { file.stem.trim_start_matches('_') };
    let name = format!("test_{subject}.py");
    let mirrored = file.folder.strip_prefix("src/").unwrap_or(file.folder);
    distinct([
        format!("tests/{name}"),
        format!("tests/{mirrored}{name}"),
        file.beside(&format!("tests/{name}")),
        file.beside(&name),
    ])
}

fn javascript(file: &Path<'_>) -> Vec<String> {
    let (stem, extension) = (file.stem, file.extension);
    distinct([
        file.beside(&format!("{stem}.test.{extension}")),
        file.beside(&format!("__tests__/{stem}.test.{extension}")),
        file.beside(&format!("__tests__/{stem}.{extension}")),
        file.beside(&format!("{stem}.spec.{extension}")),
    ])
}

fn java(file: &Path<'_>) -> Vec<String> {
    let name = format!("{}Test.java", file.stem);
    match file.folder.find("src/main/") {
        Some(at) => {
            let (before, after) = (&file.folder[..at], &file.folder[at + "src/main/".len()..]);
            distinct([
                format!("{before}src/test/{after}{name}"),
                format!("{before}src/test/{after}{}Tests.java", file.stem),
            ])
        }
        None => vec![file.beside(&name)],
    }
}

fn c(file: &Path<'_>) -> Vec<String> {
    let name = format!("test_{}.c", file.stem);
    distinct([
        format!("tests/{name}"),
        format!("test/{name}"),
        file.beside(&format!("tests/{name}")),
        file.beside(&name),
    ])
}

fn cpp(file: &Path<'_>) -> Vec<String> {
    let extension = match file.extension {
        "hpp" | "h" | "ipp" | "inl" | "" => "cpp",
        "hh" => "cc",
        "hxx" => "cxx",
        source => source,
    };
    let (stem, beside) = (file.stem, format!("{}_test.{extension}", file.stem));
    distinct([
        file.beside(&beside),
        format!("tests/{beside}"),
        format!("test/{beside}"),
        format!("tests/test_{stem}.{extension}"),
    ])
}

fn lua(file: &Path<'_>) -> Vec<String> {
    let subject = if file.stem == "init" {
        file.folder.trim_end_matches('/').rsplit('/').next().unwrap_or("init")
    } else {
        file.stem
    };
    let name = format!("{}_spec.lua", if subject.is_empty() { "init" } else { subject });
    distinct([format!("spec/{name}"), format!("tests/{name}"), file.beside(&name)])
}

fn other(file: &Path<'_>) -> Vec<String> {
    let dot = if file.extension.is_empty() { "" } else { "." };
    let (stem, extension) = (file.stem, file.extension);
    distinct([file.beside(&format!("{stem}_test{dot}{extension}")), format!("tests/test_{stem}{dot}{extension}")])
}

/// The paths without those that stand there already.
fn distinct<const N: usize>(paths: [String; N]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(N);
    for path in paths {
        if !kept.contains(&path) {
            kept.push(path);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
