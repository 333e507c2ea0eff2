//! From layers to settings: later layers win, scopes hold, a bad value leaves what was there. Pure; never fails.

use std::collections::BTreeMap;

use aside_secret::redact;

use crate::{
    actions::{self, Action, Brought},
    declare::{Field, Scope},
    env,
    layer::{Layer, Layers, Origin, Place},
    providers::{self, Draft},
    raw::{Raw, short},
    report::{self, Problem},
    settings::{self, SECTIONS, Settings},
    source,
    walk::{Entry, Found},
};

/// The settings of all layers together.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Typed, and inside their bounds.
    pub settings: Settings,
    /// Where the value of every setting comes from, by full key.
    pub origins: BTreeMap<String, Origin>,
    /// What is wrong with the layers.
    pub problems: Vec<Problem>,
    /// The actions of the workspace, which are not in force unless [`Loaded::trust_workspace`] was called.
    pub brought: Brought,
    /// What is worth knowing of the layers, and no mistake.
    pub notes: Vec<Problem>,
}

/// One setting as `aside config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Full key.
    pub key: String,
    /// The value as it is written in TOML; `unset` when there is none.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

impl Loaded {
    /// Every setting with its value and where it comes from; known providers that nobody changed at the end.
    pub fn show(&self) -> Vec<Shown> {
        let plain = SECTIONS
            .iter()
            .flat_map(|section| section.fields)
            .map(|field| (field.key.to_owned(), (field.show)(&self.settings)));
        let of_providers = |declared: bool| {
            self.settings.providers.iter().filter(move |(_, provider)| provider.declared == declared).flat_map(
                |(name, provider)| {
                    providers::shown(provider).map(|(field, value)| (format!("providers.{name}.{field}"), value))
                },
            )
        };
        let of_actions = self.settings.actions.iter().flat_map(|(name, action)| {
            actions::shown(action).map(|(field, value)| (format!("actions.{name}.{field}"), value))
        });
        plain
            .chain(of_actions)
            .chain(of_providers(true))
            .chain(of_providers(false))
            .map(|(key, value)| {
                let origin = self.origins.get(&key).unwrap_or(&Origin::DEFAULT).to_string();
                Shown { value: redact(&value).into_owned(), origin, key }
            })
            .collect()
    }
}

impl Loaded {
    /// Puts the actions that the workspace brings into force, except where the person has one of the same name.
    pub fn trust_workspace(&mut self) {
        let Brought { actions, origins } = std::mem::take(&mut self.brought);
        for (name, action) in actions {
            if self.settings.actions.contains_key(&name) {
                let key = format!("actions.{name}");
                let message = format!("`{key}` of the workspace is not used: you have an action of this name");
                let hint = "rename yours to use both".to_owned();
                self.notes.push(Problem::at(origin_below(&origins, &key), &key, message, hint));
                continue;
            }
            for (field, _) in actions::shown(&action) {
                let key = format!("actions.{name}.{field}");
                let origin = origins.get(&key).unwrap_or(&Origin::DEFAULT).clone();
                self.origins.insert(key, origin);
            }
            self.settings.actions.insert(name, action);
        }
    }

    /// Says that the actions of the workspace are not used, and why: `reason` ends a sentence, `hint` is the next step. Says
    /// nothing where there are none.
    pub fn distrust_workspace(&mut self, reason: &str, hint: String) {
        let count = self.brought.actions.len();
        let Some(name) = self.brought.actions.keys().next() else { return };
        let what = if count == 1 { format!("the action `{name}`") } else { format!("{count} actions") };
        let is_are = if count == 1 { "is" } else { "are" };
        let message = format!("{what} of this workspace {is_are} not used: {reason}");
        let key = format!("actions.{name}");
        self.notes.push(Problem::at(origin_below(&self.brought.origins, &key), &key, message, hint));
    }
}

/// Where any setting below `key` stands.
fn origin_below<'o>(origins: &'o BTreeMap<String, Origin>, key: &str) -> &'o Origin {
    let prefix = format!("{key}.");
    let below = origins.range(prefix.clone()..).next().filter(|(key, _)| key.starts_with(&prefix));
    below.map_or(&Origin::DEFAULT, |(_, origin)| origin)
}

/// Puts the layers together.
pub fn merge(layers: &Layers) -> Loaded {
    let mut merging = Merging::default();
    if let Some((path, text)) = &layers.user_file {
        merging.take(source::file(Layer::User, path, text));
    }
    if let Some((path, text)) = &layers.workspace_file {
        merging.take(source::file(Layer::Workspace, path, text));
    }
    if let Some(value) = &layers.editor {
        merging.take(source::editor(value));
    }
    let declared: Vec<String> = merging.drafts.keys().cloned().collect();
    merging.take(env::walk(&layers.env, &declared));
    merging.take(env::withheld(&layers.withheld));
    merging.take(source::flags(&layers.flags));
    merging.finish()
}

#[derive(Default)]
struct Merging {
    settings: Settings,
    drafts: BTreeMap<String, Draft>,
    actions: BTreeMap<String, actions::Draft>,
    // What the workspace says of actions, apart from what the person says.
    brought: BTreeMap<String, actions::Draft>,
    brought_origins: BTreeMap<String, Origin>,
    origins: BTreeMap<String, Origin>,
    problems: Vec<Problem>,
    untold: usize,
}

impl Merging {
    fn take(&mut self, found: Found) {
        self.problems.extend(found.problems);
        self.untold += found.untold;
        for entry in found.entries {
            self.put(entry);
        }
    }

    fn put(&mut self, entry: Entry) {
        let Entry { key, place, raw } = entry;
        let problem = if let Some(field) = settings::field(&key) {
            apply(field, &mut self.settings, &key, &raw, &place)
        } else if let Some((name, field)) = provider_field(&key) {
            let mut draft = self.drafts.get(name).cloned().unwrap_or_default();
            let problem = apply(field, &mut draft, &key, &raw, &place);
            // A provider that no layer may declare here must not begin to exist by a refused value.
            if problem.is_none() || field.scope.allows(place.layer) {
                self.drafts.insert(name.to_owned(), draft);
            }
            problem
        } else if let Some((name, field)) = action_field(&key) {
            let drafts = if is_brought(&key, &place) { &mut self.brought } else { &mut self.actions };
            let mut draft = drafts.get(name).cloned().unwrap_or_default();
            let problem = apply(field, &mut draft, &key, &raw, &place);
            if problem.is_none() || field.scope.allows(place.layer) {
                drafts.insert(name.to_owned(), draft);
            }
            problem
        } else {
            Some(report::unknown(&place, &key))
        };
        match problem {
            Some(problem) => self.problems.push(problem),
            None if is_brought(&key, &place) => {
                self.brought_origins.insert(key, place);
            }
            None => {
                self.origins.insert(key, place);
            }
        }
    }

    fn finish(mut self) -> Loaded {
        for (name, draft) in std::mem::take(&mut self.drafts) {
            let (provider, flaws) = providers::build(&name, &draft, true);
            for flaw in flaws {
                self.problems.push(self.flaw(&name, flaw));
            }
            match provider {
                Some(provider) => self.settings.providers.insert(name, provider),
                None => self.settings.providers.remove(&name),
            };
        }
        let drafts = std::mem::take(&mut self.actions);
        self.settings.actions = self.built(drafts, false);
        let drafts = std::mem::take(&mut self.brought);
        let actions = self.built(drafts, true);
        self.check_roles();
        self.complete_origins();
        self.shorten_problems();
        let brought = Brought { actions, origins: self.brought_origins };
        Loaded { settings: self.settings, origins: self.origins, problems: self.problems, brought, notes: Vec::new() }
    }

    /// About a provider as a whole, told at the setting it is about, or at any of that provider's when that one is not set.
    fn flaw(&self, name: &str, flaw: providers::Flaw) -> Problem {
        let prefix = format!("providers.{name}.");
        let key = format!("{prefix}{}", flaw.field);
        let of_same = || self.origins.range(prefix.clone()..).next().filter(|(key, _)| key.starts_with(&prefix));
        let place = self.origins.get(&key).or_else(|| of_same().map(|(_, place)| place)).unwrap_or(&Origin::DEFAULT);
        Problem::at(place, &key, format!("`{key}` {}", flaw.reason), flaw.hint)
    }

    /// The actions of these drafts; what is wrong with one is told where it stands.
    fn built(&mut self, drafts: BTreeMap<String, actions::Draft>, is_brought: bool) -> BTreeMap<String, Action> {
        let mut actions = BTreeMap::new();
        for (name, draft) in drafts {
            let (action, flaws) = actions::build(&name, &draft);
            let origins = if is_brought { &self.brought_origins } else { &self.origins };
            let place = origin_below(origins, &format!("actions.{name}"));
            self.problems.extend(flaws.into_iter().map(|flaw| {
                let key = format!("actions.{name}.{}", flaw.field);
                Problem::at(place, &key, format!("`{key}` {}", flaw.reason), flaw.hint)
            }));
            actions.extend(action.map(|action| (name, action)));
        }
        actions
    }

    /// A role whose provider does not exist stays as it is: an answer from another model would be worse than an error.
    fn check_roles(&mut self) {
        let roles = [("roles.chat", &self.settings.roles.chat), ("roles.complete", &self.settings.roles.complete)];
        let roles = roles.map(|(key, model)| (key.to_owned(), model));
        let of_actions =
            self.settings.actions.iter().map(|(name, action)| (format!("actions.{name}.model"), &action.model));
        for (key, model) in roles.into_iter().chain(of_actions) {
            let Some((provider, _)) = model.as_deref().and_then(|model| model.split_once('/')) else {
                continue;
            };
            if self.settings.providers.contains_key(provider) {
                continue;
            }
            let names = self.settings.providers.keys().map(String::as_str);
            let hint = report::meant_provider(provider, names).map_or_else(
                || format!("declare `[providers.{}]` with `dialect` and `base_url`", short(provider)),
                |meant| format!("did you mean `{meant}`?"),
            );
            let place = self.origins.get(&key).unwrap_or(&Origin::DEFAULT);
            let message = format!("`{key}` names the provider `{}`, which is not there", short(provider));
            self.problems.push(Problem::at(place, &key, message, hint));
        }
    }

    fn complete_origins(&mut self) {
        let plain = SECTIONS.iter().flat_map(|section| section.fields).map(|field| field.key.to_owned());
        let of_providers = self
            .settings
            .providers
            .keys()
            .flat_map(|name| providers::FIELDS.iter().map(move |field| format!("providers.{name}.{}", field.key)));
        let of_actions = self
            .settings
            .actions
            .keys()
            .flat_map(|name| actions::FIELDS.iter().map(move |field| format!("actions.{name}.{}", field.key)));
        for key in plain.chain(of_providers).chain(of_actions) {
            self.origins.entry(key).or_insert(Origin::DEFAULT);
        }
    }

    fn shorten_problems(&mut self) {
        let more = self.problems.len().saturating_sub(report::MOST) + self.untold;
        if more == 0 {
            return;
        }
        self.problems.truncate(report::MOST);
        if let Some(last) = self.problems.last().cloned() {
            let message = format!("there are {more} more problems");
            let hint = "correct these first".to_owned();
            self.problems.push(Problem { key: None, line: None, message, hint, ..last });
        }
    }
}

/// The provider's name and the field that `providers.NAME.FIELD` means.
pub(crate) fn provider_field(key: &str) -> Option<(&str, &'static Field<Draft>)> {
    let (name, field) = key.strip_prefix("providers.")?.split_once('.')?;
    let field = providers::FIELDS.iter().find(|known| known.key == field)?;
    providers::is_name(name).then_some((name, field))
}

/// The action's name and the field that `actions.NAME.FIELD` means.
pub(crate) fn action_field(key: &str) -> Option<(&str, &'static Field<actions::Draft>)> {
    let (name, field) = key.strip_prefix("actions.")?.split_once('.')?;
    let field = actions::FIELDS.iter().find(|known| known.key == field)?;
    providers::is_name(name).then_some((name, field))
}

/// Whether a value counts only once its workspace is trusted.
fn is_brought(key: &str, place: &Place) -> bool {
    place.layer == Layer::Workspace && key.starts_with("actions.")
}

/// Sets one field, or says why not.
fn apply<T>(field: &Field<T>, target: &mut T, key: &str, raw: &Raw, place: &Place) -> Option<Problem> {
    if !field.scope.allows(place.layer) {
        return Some(forbidden(field.scope, key, place));
    }
    let reason = (field.set)(target, raw).err()?;
    let name = place.variable.as_deref().unwrap_or(key);
    let message = if field.rule.may_echo() {
        format!("`{name} = {}` {reason}", raw.shown())
    } else {
        format!("`{name}` {reason}")
    };
    let stays = (field.show)(target);
    let mut hint = format!("use {}; until then `{}` holds", field.rule.wanted(), short(&stays));
    if !field.rule.may_echo() {
        hint.push_str(&format!("; if this is the key itself, {}", report::move_to_vault(key)));
    }
    Some(Problem::at(place, key, message, hint))
}

fn forbidden(scope: Scope, key: &str, place: &Place) -> Problem {
    let who = match place.layer {
        Layer::Workspace => "a workspace's `.aside.toml`",
        _ => "the editor's settings",
    };
    let hint = match scope {
        Scope::User | Scope::Trusted => "put it into your own `config.toml`; `aside config path` says where that is",
        _ => "put it into your own `config.toml` or your editor's settings",
    };
    Problem::at(place, key, format!("`{key}` may not be set by {who}; it is not used"), hint.to_owned())
}
