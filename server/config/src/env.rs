//! The environment as a layer: which variables there are, and which setting each means.

use std::ffi::OsString;

use crate::{
    layer::{Layer, Place},
    nearest::nearest,
    providers::{self, KNOWN},
    raw::{Raw, short},
    report::{self, Problem},
    settings::SECTIONS,
    walk::{self, Entry, Found},
};

/// What the name of every variable begins with.
pub(crate) const PREFIX: &str = "ASIDE_";

/// Variables with the prefix that are no settings: the root of all directories, and a switch of the tests.
const OTHERS: [&str; 2] = ["ASIDE_HOME", "ASIDE_REQUIRE_REAL"];

/// The `ASIDE_*` variables of this process.
pub(crate) fn variables() -> (Vec<(String, String)>, Vec<Problem>) {
    select(std::env::vars_os())
}

fn select(all: impl Iterator<Item = (OsString, OsString)>) -> (Vec<(String, String)>, Vec<Problem>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in all {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && !OTHERS.contains(name)) else {
            continue;
        };
        match value.into_string() {
            // An empty variable is the shell's way to say "not set".
            Ok(value) if value.is_empty() => {}
            Ok(value) => found.push((name.to_owned(), value)),
            Err(_) => problems.push(Problem::at(
                &place(name),
                name,
                format!("`{}` is not UTF-8 text", short(name)),
                "it is not used; set it to plain text".to_owned(),
            )),
        }
    }
    found.sort();
    (found, problems)
}

/// The variable that sets `key`.
pub(crate) fn variable(key: &str) -> String {
    let name: String = key.chars().map(|c| if matches!(c, '.' | '-') { '_' } else { c.to_ascii_uppercase() }).collect();
    format!("{PREFIX}{name}")
}

/// Finds the settings that these variables mean. `providers` are the names that lower layers declare.
pub(crate) fn walk(variables: &[(String, String)], providers: &[String]) -> Found {
    let mut found = Found::default();
    for (name, value) in variables {
        let (key, raw) = (key_of(name, providers), Raw::Loose(value.clone()));
        match key {
            key if walk::is_key(key.as_deref().unwrap_or(name), key.is_some(), &raw) => {
                found.tell(|| report::holds_key(&place(name), name));
            }
            Some(key) => found.entries.push(Entry { key, place: place(name), raw }),
            None => found.tell(|| unknown(name)),
        }
    }
    found
}

/// What is told of variables that held a key and were taken out of the environment before the settings were read.
pub(crate) fn withheld(names: &[String]) -> Found {
    let mut found = Found::default();
    for name in names.iter().filter(|name| name.starts_with(PREFIX)) {
        found.tell(|| report::holds_key(&place(name), name));
    }
    found
}

fn key_of(name: &str, declared: &[String]) -> Option<String> {
    let fields = SECTIONS.iter().flat_map(|section| section.fields);
    if let Some(field) = fields.into_iter().find(|field| variable(field.key) == name) {
        return Some(field.key.to_owned());
    }
    let rest = name.strip_prefix(PREFIX)?.strip_prefix("PROVIDERS_")?;
    let (provider, field) = providers::FIELDS.iter().find_map(|field| {
        let provider = rest.strip_suffix(&field.key.to_ascii_uppercase())?.strip_suffix('_')?;
        Some((provider, field.key))
    })?;
    let upper = |name: &str| name.replace('-', "_").to_ascii_uppercase();
    let known = KNOWN.iter().map(|known| known.name).chain(declared.iter().map(String::as_str));
    let name = known
        .into_iter()
        .find(|name| upper(name) == provider)
        .map_or_else(|| provider.to_ascii_lowercase().replace('_', "-"), str::to_owned);
    providers::is_name(&name).then(|| format!("providers.{name}.{field}"))
}

fn unknown(name: &str) -> Problem {
    let names: Vec<String> =
        SECTIONS.iter().flat_map(|section| section.fields).map(|field| variable(field.key)).collect();
    let hint = nearest(name, names.iter().map(String::as_str)).map_or_else(
        || "`aside config show` lists every setting; `complete.max_tokens` is `ASIDE_COMPLETE_MAX_TOKENS`".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Problem::at(&place(name), name, format!("the variable `{}` names no setting", short(name)), hint)
}

fn place(name: &str) -> Place {
    Place { layer: Layer::Env, file: None, line: None, variable: Some(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_means_the_setting_of_its_name() {
        let declared = ["my-gpu".to_owned(), "big_box".to_owned()];
        for (name, expected) in [
            ("ASIDE_COMPLETE_MAX_TOKENS", Some("complete.max_tokens")),
            ("ASIDE_ROLES_CHAT", Some("roles.chat")),
            ("ASIDE_PROVIDERS_OPENAI_BASE_URL", Some("providers.openai.base_url")),
            ("ASIDE_PROVIDERS_LLAMA_CPP_KEY", Some("providers.llama-cpp.key")),
            ("ASIDE_PROVIDERS_MY_GPU_ALLOW_HTTP", Some("providers.my-gpu.allow_http")),
            ("ASIDE_PROVIDERS_BIG_BOX_FIM", Some("providers.big_box.fim")),
            ("ASIDE_PROVIDERS_NEW_ONE_DIALECT", Some("providers.new-one.dialect")),
            ("ASIDE_PROVIDERS__KEY", None),
            ("ASIDE_PROVIDERS_KEY", None),
            ("ASIDE_MAX_TOKENS", None),
            ("ASIDE_", None),
        ] {
            assert_eq!(key_of(name, &declared).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn only_our_variables_with_a_value_are_taken() {
        let all = [("PATH", "/bin"), ("ASIDE_HOME", "/x"), ("ASIDE_LOG_LEVEL", ""), ("ASIDE_LOG_KEEP", "3")]
            .map(|(name, value)| (name.into(), value.into()));
        let (found, problems) = select(all.into_iter());
        assert_eq!(found, [("ASIDE_LOG_KEEP".to_owned(), "3".to_owned())]);
        assert!(problems.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_reported_and_not_shown() {
        use std::os::unix::ffi::OsStringExt as _;
        let all = [("ASIDE_LOG_LEVEL".into(), OsString::from_vec(vec![0xff, 0xfe]))];
        let (found, problems) = select(all.into_iter());
        assert!(found.is_empty());
        assert_eq!(problems[0].message, "`ASIDE_LOG_LEVEL` is not UTF-8 text");
    }
}
