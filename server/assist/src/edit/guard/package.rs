//! Which changes of a `package.json` change what a package manager runs or fetches.

use serde_json::{Map, Value};

/// Members whose values name commands, or programs that are started.
const RUN: &[&str] = &[
    "scripts",
    "bin",
    "gypfile",
    "binary",
    "hooks",
    "husky",
    "gitHooks",
    "pre-commit",
    "pre-push",
    "simple-git-hooks",
    "lint-staged",
    "nodemonConfig",
    "packageManager",
    "devEngines",
    "pnpm",
    "yarn",
    "trustedDependencies",
    "directories",
];

/// Members that name packages; what is not fetched by version from the registry is code from anywhere.
const FETCH: &[&str] = &[
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundleDependencies",
    "overrides",
    "resolutions",
];

/// The members that matter and differ, for a message; `None` when it is sure that none does. An `old` that is empty is a
/// file that does not exist yet.
pub(super) fn running_parts(old: &str, new: &str) -> Option<String> {
    let (Some(old), Some(new)) = (parse(old), parse(new)) else { return Some("it cannot be read as JSON".to_owned()) };
    let runs = RUN.iter().filter(|&&name| old.get(name) != new.get(name));
    let fetches = FETCH.iter().filter(|&&name| old.get(name) != new.get(name) && new.get(name).is_some_and(is_foreign));
    let parts: Vec<String> = runs.chain(fetches).map(|name| format!("`{name}`")).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn parse(text: &str) -> Option<Map<String, Value>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.is_empty() {
        return Some(Map::new());
    }
    match serde_json::from_str(text).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Whether a package comes from an address, a repository, a folder or under another name.
fn is_foreign(value: &Value) -> bool {
    match value {
        Value::String(version) => version.contains([':', '/']),
        Value::Array(values) => values.iter().any(is_foreign),
        Value::Object(members) => members.values().any(is_foreign),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
