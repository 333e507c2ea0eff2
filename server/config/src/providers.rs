//! Providers: where models are. Owns the known ones with their addresses, what every provider can be told, and how a
//! provider is put together from what was set; their names are free, so they are not in the table of `settings`.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value as Json, json};

use crate::{
    address,
    choice::Dialect,
    declare::{Field, Scope},
    raw::Raw,
    rule::{self, Address, Name, OneOf, Reason, Rule, Switch, Typed, quoted},
};

/// Where a provider's key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The keyring of the operating system, for this provider and its own address.
    Keyring,
    /// The environment variable of this name.
    Env(String),
    /// What this program prints, with its arguments: no shell.
    Command(Vec<String>),
    /// There is no key; none is sent.
    None,
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keyring => formatter.write_str("keyring"),
            Self::Env(name) => write!(formatter, "env:{name}"),
            Self::Command(argv) => write!(formatter, "command:{}", json!(argv)),
            Self::None => formatter.write_str("none"),
        }
    }
}

/// One provider, complete and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The wire it speaks.
    pub dialect: Dialect,
    /// An `http` or `https` address without a slash at the end; empty for [`Dialect::Builtin`].
    pub base_url: String,
    /// Where its key comes from.
    pub key: KeySource,
    /// The fill-in-the-middle family to use instead of the one the model's name tells.
    pub fim: Option<String>,
    /// Whether its key may travel over plain `http` to another machine.
    pub allow_http: bool,
    /// Whether a settings layer names it; otherwise it is one of the known providers as it is.
    pub declared: bool,
}

/// What was set of a provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    dialect: Option<Dialect>,
    base_url: Option<String>,
    key: Option<KeySource>,
    fim: Option<String>,
    allow_http: bool,
}

/// A provider that exists without being declared.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) base_url: &'static str,
    pub(crate) about: &'static str,
}

const fn known_as(name: &'static str, dialect: Dialect, base_url: &'static str, about: &'static str) -> Known {
    Known { name, dialect, base_url, about }
}

/// The providers that exist without being declared. Addresses as their makers document them.
pub(crate) static KNOWN: &[Known] = &[
    known_as("anthropic", Dialect::Anthropic, "https://api.anthropic.com", "Anthropic"),
    known_as("builtin", Dialect::Builtin, "", "the engine inside the program"),
    known_as("deepseek", Dialect::OpenAi, "https://api.deepseek.com/v1", "DeepSeek"),
    known_as(
        "gemini",
        Dialect::OpenAi,
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "Google Gemini, through its OpenAI-compatible address",
    ),
    known_as("groq", Dialect::OpenAi, "https://api.groq.com/openai/v1", "Groq"),
    known_as("llama-cpp", Dialect::LlamaCpp, "http://127.0.0.1:8080", "the server of llama.cpp on this machine"),
    known_as("lmstudio", Dialect::OpenAi, "http://127.0.0.1:1234/v1", "LM Studio on this machine"),
    known_as("mistral", Dialect::OpenAi, "https://api.mistral.ai/v1", "Mistral"),
    known_as("ollama", Dialect::Ollama, "http://127.0.0.1:11434", "Ollama on this machine"),
    known_as("openai", Dialect::OpenAi, "https://api.openai.com/v1", "OpenAI"),
    known_as("openrouter", Dialect::OpenAi, "https://openrouter.ai/api/v1", "OpenRouter"),
    known_as("vllm", Dialect::OpenAi, "http://127.0.0.1:8000/v1", "vLLM on this machine"),
    known_as("xai", Dialect::OpenAi, "https://api.x.ai/v1", "xAI"),
];

/// `keyring`, `env:NAME`, `none`, or a program as a list.
struct KeyRule;

/// The most texts of a program with its arguments, and the most characters of each.
const ARGUMENTS: usize = 64;
const ARGUMENT: usize = 4096;

impl Rule for KeyRule {
    fn wanted(&self) -> String {
        "`\"keyring\"`, `\"env:NAME\"`, a program that prints the key with its arguments (`[\"op\", \"read\", \"op://…\"]`), or \
         `\"none\"`"
            .to_owned()
    }

    fn schema(&self) -> Json {
        json!({ "anyOf": [
            { "type": "string", "pattern": "^(keyring|none|env:[A-Za-z_][A-Za-z0-9_]*|command:\\[.*\\])$" },
            {
                "type": "array", "minItems": 1, "maxItems": ARGUMENTS,
                "items": { "type": "string", "maxLength": ARGUMENT },
            },
        ] })
    }

    fn example(&self) -> String {
        quoted("env:WORK_API_KEY")
    }

    // What stands here by mistake is a key more often than not.
    fn may_echo(&self) -> bool {
        false
    }
}

impl Typed<Option<KeySource>> for KeyRule {
    fn accept(&self, raw: &Raw) -> Result<Option<KeySource>, Reason> {
        let text = match raw {
            Raw::Text(text) | Raw::Loose(text) => text.trim(),
            Raw::List(items) => return program(items.iter().map(text_of)).map(Some),
            other => return Err(rule::mistyped(other, "text or a list of texts")),
        };
        match (text, text.strip_prefix("env:"), text.strip_prefix("command:")) {
            ("keyring", ..) => Ok(Some(KeySource::Keyring)),
            ("none", ..) => Ok(Some(KeySource::None)),
            (_, Some(name), _) if is_variable(name) => Ok(Some(KeySource::Env(name.to_owned()))),
            (_, Some(_), _) => Err("names no environment variable: letters, digits and `_`, no digit first".to_owned()),
            (_, _, Some(list)) => match serde_json::from_str::<Vec<String>>(list) {
                Ok(argv) => program(argv.into_iter().map(Ok)).map(Some),
                Err(_) => Err("names no program: write `command:[\"op\",\"read\",\"…\"]`".to_owned()),
            },
            _ => Err("says where the key is, and this is none of the places".to_owned()),
        }
    }

    fn show(&self, value: &Option<KeySource>) -> String {
        value.as_ref().map_or_else(|| rule::UNSET.to_owned(), written)
    }
}

/// A key source as it is written in TOML.
fn written(source: &KeySource) -> String {
    match source {
        KeySource::Command(argv) => {
            let texts: Vec<_> = argv.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        }
        other => quoted(&other.to_string()),
    }
}

fn text_of(raw: &Raw) -> Result<String, Reason> {
    match raw {
        Raw::Text(text) => Ok(text.clone()),
        other => Err(format!("holds {}, where only text may be", other.kind())),
    }
}

/// A program and its arguments, checked: found by its name in PATH or by an absolute path, never in some current folder.
fn program(texts: impl ExactSizeIterator<Item = Result<String, Reason>>) -> Result<KeySource, Reason> {
    if !(1..=ARGUMENTS).contains(&texts.len()) {
        return Err(format!("is not a program with its arguments: 1 to {ARGUMENTS} texts"));
    }
    let argv = texts.collect::<Result<Vec<_>, _>>()?;
    if argv.iter().any(|text| text.contains('\0') || text.chars().nth(ARGUMENT).is_some()) {
        return Err(format!("holds a text with a zero character, or of more than {ARGUMENT} characters"));
    }
    let name = &argv[0];
    let is_path = name.contains(['/', '\\']);
    if name.trim().is_empty() || (is_path && !Path::new(name).is_absolute()) || matches!(name.as_str(), "." | "..") {
        return Err("begins with no program: a name to look for in PATH, or an absolute path".to_owned());
    }
    Ok(KeySource::Command(argv))
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 128
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

macro_rules! provider_field {
    ($($field:ident: $rule:expr, [$($doc:literal),+];)+) => {
        /// What every provider can be told. `key` is the last part: `providers.NAME.dialect`.
        pub(crate) static FIELDS: &[Field<Draft>] = &[ $( Field {
            key: stringify!($field),
            doc: &[$($doc),+],
            scope: Scope::User,
            rule: &$rule,
            set: |draft, raw| {
                draft.$field = $rule.accept(raw)?;
                Ok(())
            },
            show: |draft| $rule.show(&draft.$field),
        }, )+ ];
    };
}

provider_field! {
    dialect: OneOf::<Dialect>::NEW, [
        "The wire it speaks. A provider that is not known needs it."
    ];
    base_url: Address, [
        "Where it answers. A provider that is not known needs it. The version path (`/v1`) may be there or not."
    ];
    key: KeyRule, [
        "Where its key is: `keyring` where keys are kept (`vault.backend`: the keyring of the system, or the vault file);",
        "`env:NAME` in the environment variable NAME; in what a program prints (a list: the program and its",
        "arguments, started without a shell; as text `command:[\"op\",\"read\",\"…\"]`); `none` nowhere.",
        "Unset, it is `keyring` for an `https` address on another machine and none for the rest."
    ];
    fim: Name, [
        "The fill-in-the-middle family of its models where their names do not tell (`qwen`, `starcoder`, …);",
        "`chat` to ask for completions in a conversation, `server` to let the server build the prompt."
    ];
    allow_http: Switch, [
        "Whether its key may travel unencrypted to another machine."
    ];
}

/// Whether `name` can name a provider: `[a-z0-9]`, then also `-` and `_`, at most 64.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 64
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|b| plain(b) || b == b'-' || b == b'_')
}

/// The known providers as they are.
pub(crate) fn known() -> BTreeMap<String, Provider> {
    KNOWN
        .iter()
        .filter_map(|known| {
            let (provider, _) = build(known.name, &Draft::default(), false);
            Some((known.name.to_owned(), provider?))
        })
        .collect()
}

/// What is wrong with a provider as a whole.
pub(crate) struct Flaw {
    /// The last part of the setting it is about.
    pub(crate) field: &'static str,
    /// The end of a sentence that begins with the setting.
    pub(crate) reason: String,
    pub(crate) hint: String,
}

/// Puts a provider together. `None` when something it needs is missing.
pub(crate) fn build(name: &str, draft: &Draft, declared: bool) -> (Option<Provider>, Vec<Flaw>) {
    let known = KNOWN.iter().find(|known| known.name == name);
    let Some(dialect) = draft.dialect.or(known.map(|known| known.dialect)) else {
        return (None, vec![missing(name, "dialect", "dialect = \"openai\"")]);
    };
    if dialect == Dialect::Builtin || name == "builtin" {
        let provider = Provider {
            dialect: Dialect::Builtin,
            base_url: String::new(),
            key: KeySource::None,
            fim: None,
            allow_http: false,
            declared,
        };
        return (Some(provider), beside_builtin(draft));
    }
    let known_url = known.map(|known| known.base_url).filter(|url| !url.is_empty());
    let Some(base_url) = draft.base_url.as_deref().or(known_url) else {
        return (None, vec![missing(name, "base_url", "base_url = \"https://llm.example.com/v1\"")]);
    };
    let encrypted_or_allowed = !address::is_plain(base_url) || draft.allow_http;
    let remote = address::remote_host(base_url);
    let by_address = if remote.is_some() && encrypted_or_allowed { KeySource::Keyring } else { KeySource::None };
    let flaws = match &remote {
        Some(host) if !encrypted_or_allowed => vec![unencrypted(name, host)],
        _ => Vec::new(),
    };
    let provider = Provider {
        dialect,
        base_url: base_url.to_owned(),
        key: draft.key.clone().unwrap_or(by_address),
        fim: draft.fim.clone(),
        allow_http: draft.allow_http,
        declared,
    };
    (Some(provider), flaws)
}

/// A built-in provider has no address, key or family; saying one is a mistake worth telling.
fn beside_builtin(draft: &Draft) -> Vec<Flaw> {
    let set = [
        ("dialect", draft.dialect.is_some_and(|dialect| dialect != Dialect::Builtin)),
        ("base_url", draft.base_url.is_some()),
        ("key", draft.key.as_ref().is_some_and(|key| *key != KeySource::None)),
    ];
    set.into_iter()
        .filter(|(_, set)| *set)
        .map(|(field, _)| Flaw {
            field,
            reason: "is ignored: the built-in engine runs inside the program".to_owned(),
            hint: "remove it, or declare a provider of another name".to_owned(),
        })
        .collect()
}

fn missing(name: &str, field: &'static str, example: &str) -> Flaw {
    Flaw {
        field,
        reason: format!("is missing, and `{name}` is not a known provider; it is not there until this is set"),
        hint: format!("add `{example}` under `[providers.{name}]`"),
    }
}

fn unencrypted(name: &str, host: &str) -> Flaw {
    Flaw {
        field: "base_url",
        reason: format!(
            "is plain http to `{host}`, which is not this machine: others can read along, and no key is sent"
        ),
        hint: format!("use https, or set `providers.{name}.allow_http = true` if the network is yours"),
    }
}

/// The settings of a finished provider as they are written in TOML, by the last part of the key.
pub(crate) fn shown(provider: &Provider) -> [(&'static str, String); 5] {
    [
        ("dialect", quoted(provider.dialect.as_str())),
        ("base_url", quoted(&provider.base_url)),
        ("key", written(&provider.key)),
        ("fim", Name.show(&provider.fim)),
        ("allow_http", provider.allow_http.to_string()),
    ]
}
