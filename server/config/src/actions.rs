//! Actions that people declare: what one can be told, and how it is put together from what was set. Their names are free, so they
//! are not in the table of `settings`.
//!
//! A workspace may declare some, too. They are kept apart until somebody says that the workspace is trusted: a prompt is words
//! that a model follows.

use std::collections::BTreeMap;

use crate::{
    choice::{ActionAnswers, ActionKind, ActionScope},
    declare::{Field, Scope},
    layer::Origin,
    providers::Flaw,
    rule::{ModelName, OneOf, Switch, Template, Text, Typed as _, UNSET, Words, quoted},
};

/// One action, complete and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What people read; its name where nothing else was set.
    pub title: String,
    /// The template of what the model is told.
    pub prompt: String,
    /// What it is about.
    pub scope: ActionScope,
    /// What it gives.
    pub answers: ActionAnswers,
    /// Where editors list it.
    pub kind: ActionKind,
    /// The editor's identifiers of the languages it is for; none means all.
    pub languages: Vec<String>,
    /// The model to ask instead of the one of the role, as `provider/model`.
    pub model: Option<String>,
    /// Whether it needs a person's words.
    pub ask: bool,
}

/// The actions that a workspace brings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Brought {
    /// By name.
    pub actions: BTreeMap<String, Action>,
    pub(crate) origins: BTreeMap<String, Origin>,
}

impl Brought {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// All that they are, as lines of TOML in a fixed order: what a person is shown before trusting them, and what is compared
    /// afterwards.
    pub fn written(&self) -> Vec<String> {
        let of_one = |(name, action): (&String, &Action)| {
            let name = name.clone();
            shown(action).map(move |(field, value)| format!("actions.{name}.{field} = {value}"))
        };
        self.actions.iter().flat_map(of_one).collect()
    }
}

/// What was set of an action.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    title: String,
    prompt: Option<String>,
    scope: ActionScope,
    answers: ActionAnswers,
    kind: Option<ActionKind>,
    languages: Vec<String>,
    model: Option<String>,
    ask: bool,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            title: String::new(),
            prompt: None,
            scope: ActionScope::Selection,
            answers: ActionAnswers::Edit,
            kind: None,
            languages: Vec::new(),
            model: None,
            ask: false,
        }
    }
}

macro_rules! action_fields {
    ($($field:ident: $rule:expr, $scope:ident, [$($doc:literal),+];)+) => {
        /// What every action can be told. `key` is the last part: `actions.NAME.prompt`.
        pub(crate) static FIELDS: &[Field<Draft>] = &[ $( Field {
            key: stringify!($field),
            doc: &[$($doc),+],
            scope: Scope::$scope,
            rule: &$rule,
            set: |draft, raw| {
                draft.$field = $rule.accept(raw)?;
                Ok(())
            },
            show: |draft| $rule.show(&draft.$field),
        }, )+ ];
    };
}

action_fields! {
    title: Text(100), Trusted, [
        "What it is called in menus. Unset, its name."
    ];
    prompt: Template(20_000), Trusted, [
        "What the model is told; needed. A template: `{{ code }}`, `{{ language }}`, `{{ path }}`, `{{ file_name }}`,",
        "`{{ instruction }}`, `{{ imports }}`, `{{ enclosing }}`, `{{ line }}`, `{{ end_line }}`, and `diagnostics`, a list of",
        "`message`, `source`, `code` and `line`. The filter `fenced` puts a text between fences that it cannot close."
    ];
    scope: OneOf::<ActionScope>::NEW, Trusted, [
        "What it is about."
    ];
    answers: OneOf::<ActionAnswers>::NEW, Trusted, [
        "What comes of it."
    ];
    kind: OneOf::<ActionKind>::NEW, Trusted, [
        "Where editors list it. Unset, it is `refactor.rewrite` for a change and `source` for an answer."
    ];
    languages: Words(100, 64), Trusted, [
        "Language identifiers, as the editor names them, that it is for. Empty means all."
    ];
    model: ModelName, User, [
        "The model to ask instead of the one of `roles.chat`."
    ];
    ask: Switch, Trusted, [
        "Whether it needs your words: it is then offered where the editor can ask for them."
    ];
}

/// Puts an action together. `None` when it says nothing to the model.
pub(crate) fn build(name: &str, draft: &Draft) -> (Option<Action>, Vec<Flaw>) {
    let Some(prompt) = draft.prompt.clone() else {
        let flaw = Flaw {
            field: "prompt",
            reason: "is missing; the action is not there until it is set".to_owned(),
            hint: format!("add `prompt = \"Make this shorter.\"` under `[actions.{name}]`"),
        };
        return (None, vec![flaw]);
    };
    let title = draft.title.trim();
    let by_answers = match draft.answers {
        ActionAnswers::Edit => ActionKind::Rewrite,
        ActionAnswers::Chat => ActionKind::Source,
    };
    let action = Action {
        title: if title.is_empty() { name.to_owned() } else { title.to_owned() },
        prompt,
        scope: draft.scope,
        answers: draft.answers,
        kind: draft.kind.unwrap_or(by_answers),
        languages: draft.languages.clone(),
        model: draft.model.clone(),
        ask: draft.ask,
    };
    (Some(action), Vec::new())
}

/// The settings of a finished action as they are written in TOML, by the last part of the key.
pub(crate) fn shown(action: &Action) -> [(&'static str, String); 8] {
    [
        ("title", quoted(&action.title)),
        ("prompt", quoted(&action.prompt)),
        ("scope", quoted(action.scope.as_str())),
        ("answers", quoted(action.answers.as_str())),
        ("kind", quoted(action.kind.as_str())),
        ("languages", Words(100, 64).show(&action.languages)),
        ("model", action.model.as_ref().map_or_else(|| UNSET.to_owned(), |model| quoted(model))),
        ("ask", action.ask.to_string()),
    ]
}
