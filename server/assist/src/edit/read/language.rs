//! What the names of languages and the endings of files say about each other.

/// Names and endings of languages that are told apart. One that is not here, or that carries others (Markdown, HTML, Vue),
/// says nothing.
const FAMILIES: [&[&str]; 22] = [
    &["rust", "rs"],
    &["python", "py", "pyi", "python3", "py3"],
    &[
        "javascript",
        "typescript",
        "js",
        "jsx",
        "ts",
        "tsx",
        "mjs",
        "cjs",
        "mts",
        "cts",
        "javascriptreact",
        "typescriptreact",
    ],
    &["c", "h", "cpp", "cc", "cxx", "hpp", "hh", "hxx", "c++", "objc", "m", "mm", "cuda", "cu"],
    &["go", "golang"],
    &["java"],
    &["kotlin", "kt", "kts"],
    &["csharp", "cs", "c#"],
    &["ruby", "rb"],
    &["lua"],
    &["php"],
    &["swift"],
    &["sh", "bash", "zsh", "shell", "console", "shell-session", "shellsession", "fish"],
    &["powershell", "ps1", "pwsh"],
    &["sql"],
    &["css", "scss", "less", "sass"],
    &["json", "jsonc", "json5"],
    &["yaml", "yml"],
    &["toml"],
    &["zig"],
    &["haskell", "hs"],
    &["elixir", "ex", "exs"],
];

/// Endings of files whose text is prose, or has prose in it.
const PROSE: [&str; 11] = ["md", "markdown", "mdx", "txt", "rst", "adoc", "asciidoc", "org", "tex", "typ", "text"];

/// Endings of files in which a line of nothing but dots has no meaning.
const NO_DOTS: [&str; 24] = [
    "rs", "go", "js", "jsx", "ts", "tsx", "mjs", "cjs", "java", "c", "h", "cc", "cpp", "cxx", "hpp", "cs", "kt",
    "swift", "php", "rb", "scala", "dart", "zig", "css",
];

/// The ending of a path, as it stands; empty when there is none.
pub(super) fn ending(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether code that is labelled `language` cannot be the text of `path`.
pub(super) fn differs(language: &str, path: &str) -> bool {
    let ending = ending(path).to_ascii_lowercase();
    let family = |name: &str| FAMILIES.iter().position(|names| names.contains(&name));
    let output = matches!(language, "text" | "txt" | "output" | "plaintext" | "plain" | "log") && !is_prose(path);
    match (family(language), family(&ending)) {
        (Some(one), Some(other)) => one != other,
        (None, Some(_)) if matches!(language, "md" | "markdown") => true,
        // Code inside a document that may hold it is not the document.
        (Some(_), None) => is_prose(path),
        (None, Some(_)) => output,
        (None, None) => false,
    }
}

/// Whether a file's text is prose by its ending.
pub(super) fn is_prose(path: &str) -> bool {
    PROSE.contains(&ending(path).to_ascii_lowercase().as_str())
}

/// Whether a line of nothing but dots means that something is left out.
pub(super) fn has_no_dots(path: &str) -> bool {
    NO_DOTS.contains(&ending(path).to_ascii_lowercase().as_str())
}
