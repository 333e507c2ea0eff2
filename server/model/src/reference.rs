//! Naming a model: `provider/model`.

use std::{fmt, str::FromStr};

/// A model by provider and name, written `provider/model` in settings and on the command line.
///
/// The provider is a settings name (`ollama`, `work`, `builtin`); everything behind the first `/` is the model's own name
/// and may hold further slashes (`openrouter/qwen/qwen3-coder`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelRef {
    /// Settings name of the provider.
    pub provider: String,
    /// The model's name as the provider knows it.
    pub model: String,
}

/// A text that is not `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a model: write it as `provider/model`, for example `ollama/qwen2.5-coder:1.5b`")]
pub struct BadModelRef(pub String);

impl FromStr for ModelRef {
    type Err = BadModelRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((provider, model)) if is_name(provider) && is_name(model) => {
                Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            _ => Err(BadModelRef(text.to_owned())),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

impl fmt::Display for ModelRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.provider, self.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_as_written() {
        for text in ["ollama/qwen2.5-coder:1.5b", "openrouter/qwen/qwen3-coder", "builtin/ngram"] {
            assert_eq!(text.parse::<ModelRef>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn a_reference_needs_both_names() {
        for text in ["", "gpt", "/gpt", "openai/", "a b/c", "a/b\nc"] {
            assert_eq!(text.parse::<ModelRef>(), Err(BadModelRef(text.to_owned())));
        }
    }
}
