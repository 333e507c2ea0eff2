//! From a table of raw values to settings by full key. Owns which key means which setting; unknown ones and key material
//! are told, values are not checked here.

use aside_secret::is_key_shaped;

use crate::{
    actions,
    layer::Place,
    providers,
    raw::{Item, Raw, short, sounds_secret},
    report::{self, Problem},
    settings,
};

/// A value for a setting that exists.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Full key.
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) raw: Raw,
}

/// What one layer says.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Vec<Problem>,
    /// How many more problems there are than anyone reads.
    pub(crate) untold: usize,
}

impl Found {
    /// Takes the problem down, or only counts it when there are many.
    pub(crate) fn tell(&mut self, problem: impl FnOnce() -> Problem) {
        if self.problems.len() < report::MOST {
            self.problems.push(problem());
        } else {
            self.untold += 1;
        }
    }
}

/// Sorts a layer's table into settings and problems. `place` is that of the whole layer.
pub(crate) fn table(items: Vec<Item>, place: &Place) -> Found {
    let mut found = Found::default();
    for item in items {
        let place = at(place, &item);
        match item.value {
            Raw::Null => {}
            Raw::Table(items) if item.key == PROVIDERS.section => {
                for provider in items {
                    of_named(&PROVIDERS, provider, &place, &mut found);
                }
            }
            Raw::Table(items) if item.key == ACTIONS.section => {
                for action in items {
                    of_named(&ACTIONS, action, &place, &mut found);
                }
            }
            Raw::Table(fields) if settings::section_named(&item.key).is_some() => {
                for field in fields {
                    let place = at(&place, &field);
                    let key = format!("{}.{}", item.key, field.key);
                    let exists = settings::field(&key).is_some();
                    leaf(key, exists, field.value, place, &mut found);
                }
            }
            value
                if [PROVIDERS.section, ACTIONS.section].contains(&item.key.as_str())
                    || settings::section_named(&item.key).is_some() =>
            {
                found.tell(|| not_a_section(&item.key, &value, &place));
            }
            value => leaf(item.key, false, value, place, &mut found),
        }
    }
    found
}

/// A section whose entries have free names.
struct Named {
    section: &'static str,
    /// What an entry is, for a message.
    entry: &'static str,
    has: fn(&str) -> bool,
}

const PROVIDERS: Named = Named {
    section: "providers",
    entry: "a provider",
    has: |field| providers::FIELDS.iter().any(|known| known.key == field),
};

const ACTIONS: Named = Named {
    section: "actions",
    entry: "an action",
    has: |field| actions::FIELDS.iter().any(|known| known.key == field),
};

fn of_named(kind: &Named, entry: Item, place: &Place, found: &mut Found) {
    let place = at(place, &entry);
    let name = format!("{}.{}", kind.section, entry.key);
    match entry.value {
        Raw::Null => {}
        Raw::Table(fields) if providers::is_name(&entry.key) => {
            for field in fields {
                let place = at(&place, &field);
                leaf(format!("{name}.{}", field.key), (kind.has)(&field.key), field.value, place, found);
            }
        }
        value if value.holds_key() || is_key_shaped(&name) => found.tell(|| report::holds_key(&place, &name)),
        Raw::Table(_) => found.tell(|| {
            let message = format!("`{}` is no name for {}; it is not used", short(&entry.key), kind.entry);
            let hint = "use lower-case letters, digits, `-` and `_`, at most 64, a letter or digit first".to_owned();
            Problem::at(&place, &name, message, hint)
        }),
        value => found.tell(|| not_a_section(&name, &value, &place)),
    }
}

/// One value for `key`, which is a setting if it `exists`.
pub(crate) fn leaf(key: String, exists: bool, raw: Raw, place: Place, found: &mut Found) {
    if is_key(&key, exists, &raw) {
        found.tell(|| report::holds_key(&place, &key));
    } else if !exists {
        found.tell(|| report::unknown(&place, &key));
    } else if raw != Raw::Null {
        // An editor sends null for what is not set.
        found.entries.push(Entry { key, place, raw });
    }
}

/// Whether `raw` at `key` is a provider key: by its shape, or by where it stands.
pub(crate) fn is_key(key: &str, exists: bool, raw: &Raw) -> bool {
    let by_place = if exists {
        // The only setting where one is put by mistake.
        key.starts_with("providers.") && key.ends_with(".key") && raw.is_opaque()
    } else {
        sounds_secret(key) && raw.has_text()
    };
    by_place || raw.holds_key() || is_key_shaped(key)
}

fn not_a_section(key: &str, value: &Raw, place: &Place) -> Problem {
    if value.holds_key() {
        return report::holds_key(place, key);
    }
    let key = short(key);
    let message = format!("`{key}` is {}, and it is a section of settings", value.kind());
    Problem::at(place, &key, message, format!("write `[{key}]` and its settings below"))
}

fn at(place: &Place, item: &Item) -> Place {
    Place { line: item.line.or(place.line), ..place.clone() }
}
