//! What is known of models and hosts by name: the table in `models.toml`, read once.

use std::sync::LazyLock;

use serde::Deserialize;

/// How a model fills in the middle.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Family {
    /// What settings call it.
    pub(crate) name: String,
    r#match: Vec<String>,
    /// The prompt for one file.
    pub(crate) prompt: String,
    /// The prompt with other files before it, and how one of those is written.
    pub(crate) prompt_with_files: Option<String>,
    #[serde(default)]
    pub(crate) file: String,
    /// Special tokens: never sent from a text, never given on.
    pub(crate) tokens: Vec<String>,
    /// What ends an answer, the most important first.
    pub(crate) stops: Vec<String>,
}

/// How a chat model differs from the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChatTraits {
    /// The limit is named `max_completion_tokens`, and the model's reasoning counts towards it.
    pub(crate) completion_tokens: bool,
    /// A temperature may be set.
    pub(crate) temperature: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chat {
    r#match: Vec<String>,
    completion_tokens: bool,
    temperature: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    r#match: Vec<String>,
    shape: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostEntry {
    domain: Vec<String>,
    fill: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    family: Vec<Family>,
    chat: Vec<Chat>,
    edit: Vec<Edit>,
    host: Vec<HostEntry>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("models.toml")).expect("the table is checked by this file's tests"));

/// The family of the model called `model`.
pub(crate) fn by_model(model: &str) -> Option<&'static Family> {
    let model = model.to_ascii_lowercase();
    TABLE.family.iter().find(|family| any_matches(&family.r#match, &model))
}

/// The family called `name`.
pub(crate) fn by_name(name: &str) -> Option<&'static Family> {
    TABLE.family.iter().find(|family| family.name == name)
}

/// The names of all families, as settings write them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.family.iter().map(|family| family.name.as_str())
}

/// How the chat model called `model` differs.
pub(crate) fn chat(model: &str) -> ChatTraits {
    let model = model.to_ascii_lowercase();
    TABLE.chat.iter().find(|chat| any_matches(&chat.r#match, &model)).map_or(
        ChatTraits { completion_tokens: false, temperature: true },
        |chat| ChatTraits { completion_tokens: chat.completion_tokens, temperature: chat.temperature },
    )
}

/// The shape in which the model called `model` (as its provider knows it) writes edits best: `whole`, `search-replace` or `diff`.
pub fn edit_shape(model: &str) -> &'static str {
    let model = model.to_ascii_lowercase();
    TABLE.edit.iter().find(|edit| any_matches(&edit.r#match, &model)).map_or("whole", |edit| edit.shape.as_str())
}

/// Every shape that the table names.
pub fn edit_shapes() -> impl Iterator<Item = &'static str> {
    TABLE.edit.iter().map(|edit| edit.shape.as_str())
}

/// Where the host called `domain` fills, if it has an address of its own for that.
pub(crate) fn fill_path(domain: &str) -> Option<&'static str> {
    TABLE.host.iter().find(|host| host.domain.iter().any(|name| name == domain)).map(|host| host.fill.as_str())
}

/// Whether `model`, in lower case, or its last part fits one of `patterns`.
fn any_matches(patterns: &[String], model: &str) -> bool {
    let last = model.rsplit('/').next().unwrap_or_default();
    let whole = last.len() == model.len();
    patterns.iter().any(|pattern| matches(pattern, last) || (!whole && matches(pattern, model)))
}

/// Whether `text` fits `pattern`, in which `*` stands for any text. The parts between stars are found from the left, which
/// is enough because the last one is held to the end.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for family in &TABLE.family {
            let name = &family.name;
            assert!(family.prompt.contains("{prefix}") && family.prompt.contains("{suffix}"), "{name}");
            assert!(family.stops.iter().all(|stop| family.tokens.contains(stop)), "{name}: a stop that may be sent");
            assert!(family.stops.len() <= 4 && !family.stops.is_empty(), "{name}");
            assert!(family.r#match.iter().all(|p| *p == p.to_ascii_lowercase()), "{name}");
            if let Some(prompt) = &family.prompt_with_files {
                assert!(prompt.contains("{files}") && prompt.contains("{path}"), "{name}");
                assert!(family.file.contains("{path}") && family.file.contains("{text}"), "{name}");
            }
        }
    }

    #[test]
    fn large_models_name_what_changes_and_others_write_anew() {
        for (model, shape) in [
            ("claude-sonnet-4-5", "search-replace"),
            ("anthropic/claude-opus-4", "search-replace"),
            ("gpt-5-mini", "search-replace"),
            ("gpt-4-turbo-2024-04-09", "diff"),
            ("qwen2.5-coder:1.5b", "whole"),
            ("llama3.2:3b", "whole"),
        ] {
            assert_eq!(edit_shape(model), shape, "{model}");
        }
    }

    #[test]
    fn models_are_known_by_the_names_that_servers_give_them() {
        for (model, family) in [
            ("qwen2.5-coder:7b-base", Some("qwen-coder")),
            ("Qwen/Qwen2.5-Coder-1.5B-Instruct", Some("qwen-coder")),
            ("hf.co/bartowski/Qwen2.5-Coder-7B-GGUF:Q4_K_M", Some("qwen-coder")),
            ("qwen3-coder:30b", Some("qwen-coder")),
            ("codeqwen:7b-code", Some("starcoder")),
            ("starcoder2:3b", Some("starcoder")),
            ("stable-code:3b-code-q4_0", Some("starcoder")),
            ("granite-code:8b-base", Some("starcoder")),
            ("granite4:tiny-h", Some("granite")),
            ("codellama:7b-code", Some("codellama")),
            ("deepseek-coder-v2:16b", Some("deepseek-coder")),
            ("codestral-latest", Some("codestral")),
            ("Seed-Coder-8B-Base", Some("seed-coder")),
            ("codegemma:2b-code", Some("codegemma")),
            ("codegeex4:9b", Some("codegeex")),
            ("gpt-4o-mini", None),
            ("qwen3:8b", None),
            ("llama3.2:3b", None),
            ("", None),
        ] {
            assert_eq!(by_model(model).map(|found| found.name.as_str()), family, "{model}");
        }
    }

    #[test]
    fn reasoning_models_name_their_limit_otherwise() {
        for model in ["o3-mini", "openai/gpt-5.1", "O1", "gpt-5"] {
            assert!(chat(model).completion_tokens, "{model}");
        }
        for model in ["gpt-4o", "olmo-7b", "solo1", "qwen3"] {
            assert!(!chat(model).completion_tokens, "{model}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("a*b*c", "abc", true),
            ("a*b*c", "aXbYc", true),
            ("a*b", "abXb", true),
            ("*a*", "a", true),
            ("ab*b", "ab", false),
            ("*", "", true),
            ("a", "ab", false),
            ("*granite-*-code*", "granite-3b-code-base", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
