//! What is wrong with the settings, told to a person: where, what, why, and what to do.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aside_secret::is_key_shaped;

use crate::{
    actions,
    layer::{Layer, Place},
    providers::{self, KNOWN},
    raw::{short, sounds_secret},
    settings::SECTIONS,
};

/// More problems than anyone reads; the rest is counted.
pub(crate) const MOST: usize = 100;

/// One thing that is wrong. Never holds key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, when it is about one.
    pub key: Option<String>,
    /// The layer it is in.
    pub layer: Layer,
    /// The file, for a layer that is one.
    pub file: Option<PathBuf>,
    /// The line in the file, from 1.
    pub line: Option<u32>,
    /// What is wrong and why: value, reason and bounds.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Problem {
    /// `FILE:LINE: message; hint`, or the layer where there is no file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.what(), self.hint)
    }
}

impl Problem {
    /// `FILE:LINE: message`, or the layer where there is no file: all but what to do.
    pub fn what(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{}:{line}: {}", file.display(), self.message),
            (Some(file), None) => format!("{}: {}", file.display(), self.message),
            (None, _) => format!("{}: {}", self.layer, self.message),
        }
    }

    /// About the setting `key` at `place`.
    pub(crate) fn at(place: &Place, key: &str, message: String, hint: String) -> Self {
        Self {
            key: Some(short(key)),
            layer: place.layer,
            file: place.file.as_deref().map(Path::to_path_buf),
            line: place.line,
            message,
            hint,
        }
    }

    /// About a file as a whole, or one of its lines.
    pub(crate) fn of_file(layer: Layer, file: &Path, line: Option<u32>, message: String, hint: String) -> Self {
        Self { key: None, layer, file: Some(file.to_path_buf()), line, message, hint }
    }
}

/// `key` at `place` is no setting.
pub(crate) fn unknown(place: &Place, key: &str) -> Problem {
    let hint = if sounds_secret(key) {
        format!("provider keys do not belong into settings: {}", move_to_vault(key))
    } else {
        meant(key).map_or_else(
            || {
                let listed = |names: Vec<&str>| names.join("`, `");
                if key.starts_with("providers.") {
                    let names = listed(providers::FIELDS.iter().map(|field| field.key).collect());
                    format!("a provider takes `{names}`")
                } else if key.starts_with("actions.") {
                    let names = listed(actions::FIELDS.iter().map(|field| field.key).collect());
                    format!("an action takes `{names}`")
                } else {
                    "`aside config show` lists every setting".to_owned()
                }
            },
            |meant| format!("did you mean `{meant}`?"),
        )
    };
    Problem::at(place, key, format!("`{}` is not a setting", short(key)), hint)
}

/// The value at `key` has the shape of a provider key.
pub(crate) fn holds_key(place: &Place, key: &str) -> Problem {
    let hint = format!("{}, and remove it here", move_to_vault(key));
    Problem::at(place, key, format!("`{}` holds a provider key; it is not used", short(key)), hint)
}

/// The setting whose name is nearest to `key`.
pub(crate) fn meant(key: &str) -> Option<String> {
    if let Some(rest) = key.strip_prefix("providers.") {
        let (name, field) = rest.split_once('.')?;
        let field = crate::nearest::nearest(field, providers::FIELDS.iter().map(|field| field.key))?;
        return Some(format!("providers.{name}.{field}"));
    }
    if let Some(rest) = key.strip_prefix("actions.") {
        let (name, field) = rest.split_once('.')?;
        let field = crate::nearest::nearest(field, actions::FIELDS.iter().map(|field| field.key))?;
        return Some(format!("actions.{name}.{field}"));
    }
    let fields = || SECTIONS.iter().flat_map(|section| section.fields);
    // The right name in the wrong section, or none, is the likelier mistake than two misspelt parts.
    let last = key.rsplit('.').next().unwrap_or(key);
    let same_name: Vec<_> = fields().filter(|field| field.name() == last).collect();
    if let [only] = same_name.as_slice() {
        return Some(only.key.to_owned());
    }
    let sections = SECTIONS.iter().map(|section| section.name).chain(["providers", "actions"]);
    crate::nearest::nearest(key, fields().map(|field| field.key).chain(sections)).map(str::to_owned)
}

/// The known or declared provider whose name is nearest to `name`.
pub(crate) fn meant_provider<'n>(name: &str, declared: impl Iterator<Item = &'n str>) -> Option<String> {
    crate::nearest::nearest(name, declared.chain(KNOWN.iter().map(|known| known.name))).map(str::to_owned)
}

/// Where a key goes that stands at `key`.
pub(crate) fn move_to_vault(key: &str) -> String {
    let name = key.strip_prefix("providers.").unwrap_or(key).split('.').next().unwrap_or_default();
    let is_provider = key.starts_with("providers.") || KNOWN.iter().any(|known| known.name == name);
    let provider = if is_provider && providers::is_name(name) && !is_key_shaped(name) { name } else { "PROVIDER" };
    format!("move it to the vault: `aside secret set {provider}`")
}
