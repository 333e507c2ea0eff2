//! Provider keys from the environment: taken out of it as the program starts, and kept shielded in its place.
//!
//! So nothing that Aside starts inherits one, and `/proc/PID/environ` shows none. Like the environment itself, there is one
//! for the process. Which variables: those that the settings name as a key's source, and whatever looks like a key.

use std::{collections::BTreeMap, path::Path, process::Command, sync::OnceLock};

use aside_config::{KeySource, Layers, Paths};
use aside_secret::{Secret, Shielded, environment, know};

use crate::{cli::Asked, wiring::parse_flag};

static TAKEN: OnceLock<BTreeMap<String, Shielded>> = OnceLock::new();

/// Variables that the program and what it starts need, whatever their values look like.
const NEEDED: [&str; 10] = ["PATH", "HOME", "PWD", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "ASIDE_HOME"];

/// Takes the keys out of the environment.
///
/// # Safety
/// The process has one thread: to be called at the start of `main`.
#[expect(unsafe_code, reason = "changes the environment, which is sound only while there is one thread")]
pub(crate) unsafe fn take(asked: &Asked) {
    let mut names = environment::names_of_keys();
    names.extend(named_by_settings(asked));
    let mut taken = BTreeMap::new();
    for name in names.into_iter().filter(|name| !is_needed(name)) {
        // SAFETY: the caller promises that there is one thread.
        let Some(value) = (unsafe { environment::take(&name) }) else { continue };
        know(&value);
        // Without randomness nothing can be shielded, and a key is not kept any other way: it counts as not set.
        if let Ok(shielded) = Shielded::new(value) {
            taken.insert(name, shielded);
        }
    }
    let _only_once = TAKEN.set(taken);
}

fn is_needed(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    NEEDED.contains(&name) || upper.ends_with("_PROXY") || name.starts_with("XDG_") || name.starts_with("DBUS_")
}

/// The variables that `key = "env:NAME"` names. What is wrong with the settings is told when they are read to be used.
fn named_by_settings(asked: &Asked) -> Vec<String> {
    let Ok(paths) = Paths::from_env() else { return Vec::new() };
    let (mut layers, _) = Layers::read(&paths, None);
    layers.flags = asked.set.iter().filter_map(|flag| parse_flag(flag).ok()).collect();
    let providers = aside_config::merge(&layers).settings.providers;
    providers
        .into_values()
        .filter_map(|provider| if let KeySource::Env(name) = provider.key { Some(name) } else { None })
        .collect()
}

fn taken() -> impl Iterator<Item = (&'static String, &'static Shielded)> {
    TAKEN.get().into_iter().flatten()
}

/// The value that the variable `name` had, or has: one that the settings name since the program started is still there.
pub(crate) fn read(name: &str) -> Option<Secret> {
    let kept = TAKEN.get().and_then(|taken| taken.get(name)).map(Shielded::reveal);
    kept.or_else(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "`key = \"env:NAME\"` names it; the value goes straight into a Secret"
        )]
        let value = std::env::var_os(name)?;
        Some(Secret::new(value.into_encoded_bytes()))
    })
}

/// The names of what was taken.
pub(crate) fn names() -> Vec<String> {
    taken().map(|(name, _)| name.clone()).collect()
}

/// Gives the variables to another Aside, which takes them out of its environment in turn. Nobody else gets them.
pub(crate) fn hand_to_aside(command: &mut Command) {
    for (name, value) in taken() {
        // A key is ASCII; anything else would be refused there as it is here.
        if let Ok(text) = std::str::from_utf8(value.reveal().expose()) {
            command.env(name, text);
        }
    }
}

/// Gives a program that prints a key the variables that are named after it (`op` those that begin with `OP_`): a password
/// manager's own token is no provider's key, and it cannot do without.
pub(crate) fn hand_to(command: &mut tokio::process::Command, program: &Path) {
    for (name, value) in taken().filter(|(name, _)| is_named_after(name, program)) {
        if let Ok(text) = std::str::from_utf8(value.reveal().expose()) {
            command.env(name, text);
        }
    }
}

fn is_named_after(name: &str, program: &Path) -> bool {
    let stem = program.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let prefix: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    !stem.is_empty() && name.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_manager_gets_the_variables_that_bear_its_name_and_no_other() {
        for (name, program, given) in [
            ("OP_SERVICE_ACCOUNT_TOKEN", "/usr/bin/op", true),
            ("BW_SESSION", "/usr/bin/bw", true),
            ("OPENAI_API_KEY", "/usr/bin/op", false),
            ("OP_SESSION", "/usr/bin/opener", false),
            ("MY_TOOL_TOKEN", "/opt/my-tool", true),
            ("ANTHROPIC_API_KEY", "/usr/bin/pass", false),
        ] {
            assert_eq!(is_named_after(name, Path::new(program)), given, "{name} for {program}");
        }
    }

    #[test]
    fn what_programs_need_is_not_taken() {
        for name in ["PATH", "https_proxy", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "ASIDE_HOME"] {
            assert!(is_needed(name), "{name}");
        }
        for name in ["OPENAI_API_KEY", "GITHUB_TOKEN", "ASIDE_PROVIDERS_OPENAI_KEY"] {
            assert!(!is_needed(name), "{name}");
        }
    }
}
