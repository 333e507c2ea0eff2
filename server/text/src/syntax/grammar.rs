//! Which grammar a document is read with.
//!
//! The grammars themselves are other people's; which of them are built in is decided by the features of this crate.

use tree_sitter::Language;

/// A language whose syntax is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// C.
    C,
    /// C++.
    Cpp,
    /// Go.
    Go,
    /// Java.
    Java,
    /// JavaScript, with JSX.
    JavaScript,
    /// Lua.
    Lua,
    /// Markdown: its blocks, not what stands inside a line.
    Markdown,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// TypeScript with JSX.
    Tsx,
    /// TypeScript.
    TypeScript,
}

impl Grammar {
    /// Every grammar there is, built in or not.
    pub const ALL: [Self; 11] = [
        Self::C,
        Self::Cpp,
        Self::Go,
        Self::Java,
        Self::JavaScript,
        Self::Lua,
        Self::Markdown,
        Self::Python,
        Self::Rust,
        Self::Tsx,
        Self::TypeScript,
    ];

    /// The grammar of a document: by the editor's identifier of its language, or else by the extension of its address.
    ///
    /// `None` when the language has no grammar, or this program was built without it.
    pub fn of(language_id: &str, uri: &str) -> Option<Self> {
        Self::by_language(language_id)
            .or_else(|| Self::by_extension(extension(uri)?))
            .filter(|grammar| grammar.built_in())
    }

    /// Whether this program was built with the grammar.
    pub fn built_in(self) -> bool {
        self.language().is_some()
    }

    fn by_language(id: &str) -> Option<Self> {
        Some(match id.to_ascii_lowercase().as_str() {
            "c" => Self::C,
            "c++" | "cpp" | "cuda" | "cuda-cpp" | "objcpp" => Self::Cpp,
            "go" => Self::Go,
            "java" => Self::Java,
            "javascript" | "javascriptreact" | "javascript.jsx" | "js" | "jsx" => Self::JavaScript,
            "lua" => Self::Lua,
            "markdown" | "md" => Self::Markdown,
            "python" | "py" => Self::Python,
            "rust" => Self::Rust,
            "tsx" | "typescriptreact" | "typescript.tsx" => Self::Tsx,
            "typescript" | "ts" => Self::TypeScript,
            _ => return None,
        })
    }

    fn by_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "c" | "h" => Self::C,
            "cc" | "cpp" | "cxx" | "c++" | "hh" | "hpp" | "hxx" | "h++" | "ipp" | "inl" => Self::Cpp,
            "go" => Self::Go,
            "java" => Self::Java,
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "lua" => Self::Lua,
            "md" | "markdown" => Self::Markdown,
            "py" | "pyi" | "pyw" => Self::Python,
            "rs" => Self::Rust,
            "tsx" => Self::Tsx,
            "ts" | "mts" | "cts" => Self::TypeScript,
            _ => return None,
        })
    }

    /// What the parser needs; `None` when the grammar is not built in.
    pub(super) fn language(self) -> Option<Language> {
        match self {
            #[cfg(feature = "c")]
            Self::C => Some(tree_sitter_c::LANGUAGE.into()),
            #[cfg(feature = "cpp")]
            Self::Cpp => Some(tree_sitter_cpp::LANGUAGE.into()),
            #[cfg(feature = "go")]
            Self::Go => Some(tree_sitter_go::LANGUAGE.into()),
            #[cfg(feature = "java")]
            Self::Java => Some(tree_sitter_java::LANGUAGE.into()),
            #[cfg(feature = "javascript")]
            Self::JavaScript => Some(tree_sitter_javascript::LANGUAGE.into()),
            #[cfg(feature = "lua")]
            Self::Lua => Some(tree_sitter_lua::LANGUAGE.into()),
            #[cfg(feature = "markdown")]
            Self::Markdown => Some(tree_sitter_md::LANGUAGE.into()),
            #[cfg(feature = "python")]
            Self::Python => Some(tree_sitter_python::LANGUAGE.into()),
            #[cfg(feature = "rust")]
            Self::Rust => Some(tree_sitter_rust::LANGUAGE.into()),
            #[cfg(feature = "typescript")]
            Self::Tsx => Some(tree_sitter_typescript::LANGUAGE_TSX.into()),
            #[cfg(feature = "typescript")]
            Self::TypeScript => Some(tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()),
            #[cfg(not(all(
                feature = "c",
                feature = "cpp",
                feature = "go",
                feature = "java",
                feature = "javascript",
                feature = "lua",
                feature = "markdown",
                feature = "python",
                feature = "rust",
                feature = "typescript"
            )))]
            _ => None,
        }
    }
}

/// What follows the last dot of the last part of an address or path; `None` without one.
pub(super) fn extension(uri: &str) -> Option<&str> {
    let path = uri.split(['?', '#']).next().unwrap_or(uri);
    let name = path.rsplit(['/', '\\']).next()?;
    name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| !extension.is_empty())
}
