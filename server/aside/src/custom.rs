//! From the actions of the settings to those that are offered, and whether those of the workspace are among them.

use std::path::Path;

use aside_assist::action::{Answers, Custom, custom::Reach};
use aside_config::{ActionAnswers, ActionScope, Loaded, Settings};

use crate::trust::{Trust, Verdict};

/// The custom actions of these settings, by name.
pub(crate) fn of(settings: &Settings) -> Vec<Custom> {
    let custom = |(name, action): (&String, &aside_config::Action)| Custom {
        name: name.clone(),
        title: action.title.clone(),
        prompt: action.prompt.clone(),
        scope: match action.scope {
            ActionScope::Selection => Reach::Selection,
            ActionScope::Line => Reach::Line,
            ActionScope::Function => Reach::Function,
            ActionScope::Class => Reach::Class,
            ActionScope::File => Reach::File,
        },
        answers: match action.answers {
            ActionAnswers::Edit => Answers::Edit,
            ActionAnswers::Chat => Answers::Chat,
        },
        kind: action.kind.as_str(),
        languages: action.languages.clone(),
        // The settings took only what reads as one.
        model: action.model.as_deref().and_then(|model| model.parse().ok()),
        ask: action.ask,
    };
    settings.actions.iter().map(custom).collect()
}

/// Puts the actions of `workspace` into force where it is trusted with them; else says that they are not used, and why.
pub(crate) fn settle(loaded: &mut Loaded, workspace: Option<&Path>, trust: &Trust) {
    let Some(root) = workspace.filter(|_| !loaded.brought.is_empty()) else { return };
    let how = || format!("look at them and trust the workspace with `aside trust add \"{}\"`", root.display());
    match trust.verdict(root, &loaded.brought) {
        Ok(Verdict::Trusted) => loaded.trust_workspace(),
        Ok(Verdict::Unknown) => loaded.distrust_workspace("the workspace is not trusted", how()),
        Ok(Verdict::Changed) => loaded.distrust_workspace("they are not those that you trusted", how()),
        Err(error) => loaded.distrust_workspace(&error.to_string(), error.hint()),
    }
}
