//! The built-in actions, and which actions are offered at a place.
//!
//! Every title begins with `Aside: `, so that people see who offers it beside what the language's own server offers.

use super::{
    custom::{Custom, Reach},
    place::{Diagnostic, Lines, Place, ScopeKind, ScopeName, is_function},
};
use crate::fence::one_line;

/// The most characters of a diagnostic's message or of a person's words in a title.
const QUOTED_CHARS: usize = 60;
/// The most fixes offered at one place; a file full of errors must not bury the editor's own menu.
const MOST_FIXES: usize = 8;

const QUICK_FIX: &str = "quickfix";
const REWRITE: &str = "refactor.rewrite";
/// A kind of our own: it changes nothing, and editors hide what is of kind `source` from the menu at the cursor.
const EXPLAIN: &str = "aside.explain";
/// About a whole file, as LSP wants it of `source`; below a name of our own, so that nobody runs it on save by accident.
const REVIEW: &str = "source.aside.review";
/// What an editor may be set to run on save. It is answered with a command that makes a proposal, never with an edit: a model's
/// words do not get into a file because somebody saved it.
const FIX_ALL: &str = "source.fixAll.aside";

/// What an action gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answers {
    /// A change, to be seen before it is taken.
    Edit,
    /// An answer in a conversation.
    Chat,
}

impl Answers {
    /// The word in the protocol and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Chat => "chat",
        }
    }
}

/// The actions of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// Say what code does.
    Explain,
    /// Correct what a diagnostic is about.
    Fix,
    /// Correct what all diagnostics are about.
    FixAll,
    /// Change code as the person says.
    Rewrite,
    /// Write the documentation of a function or class.
    Document,
    /// Write tests of a function or class.
    Test,
    /// Say the same in simpler code.
    Simplify,
    /// Write what comes next.
    Continue,
    /// Look for faults.
    Review,
}

impl Builtin {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Explain,
        Self::Fix,
        Self::FixAll,
        Self::Rewrite,
        Self::Document,
        Self::Test,
        Self::Simplify,
        Self::Continue,
        Self::Review,
    ];

    /// The stable name in the protocol.
    pub fn id(self) -> &'static str {
        match self {
            Self::Explain => "explain",
            Self::Fix => "fix",
            Self::FixAll => "fix-all",
            Self::Rewrite => "rewrite",
            Self::Document => "document",
            Self::Test => "test",
            Self::Simplify => "simplify",
            Self::Continue => "continue",
            Self::Review => "review",
        }
    }

    /// The action of this name.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.id() == id)
    }

    /// What it gives.
    pub fn answers(self) -> Answers {
        match self {
            Self::Explain | Self::Review => Answers::Chat,
            _ => Answers::Edit,
        }
    }

    /// Its LSP code action kind.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Explain => EXPLAIN,
            Self::Fix => QUICK_FIX,
            Self::FixAll => FIX_ALL,
            Self::Review => REVIEW,
            Self::Rewrite | Self::Document | Self::Test | Self::Simplify | Self::Continue => REWRITE,
        }
    }
}

/// The code action kinds that are offered, for the server's capabilities; custom actions have kinds among or below these.
pub const KINDS: [&str; 6] = [QUICK_FIX, "refactor", REWRITE, EXPLAIN, REVIEW, FIX_ALL];

/// Something that can be done at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The action: a built-in one's id, or `custom/NAME`.
    pub action: String,
    /// What will be done, for people, on one line.
    pub title: String,
    /// The LSP code action kind.
    pub kind: &'static str,
    /// What it gives.
    pub answers: Answers,
    /// Whether it needs a person's words first.
    pub asks: bool,
    /// Whether it is what a person most likely wants here. A fix never is: the language's own server knows better when it has one.
    pub preferred: bool,
    /// What it is about, as indexes into the place's diagnostics.
    pub diagnostics: Vec<usize>,
}

impl Offer {
    fn of(action: Builtin, words: &str) -> Self {
        Self {
            action: action.id().to_owned(),
            title: format!("Aside: {words}"),
            kind: action.kind(),
            answers: action.answers(),
            asks: false,
            preferred: false,
            diagnostics: Vec::new(),
        }
    }
}

/// What can be done at `place`, in the order of a menu.
///
/// `only` are the kinds that the editor asks for: a kind counts for itself and all below it (`refactor` for `refactor.rewrite`);
/// `None` or an empty list asks for all. `asks` tells whether the editor can ask for words itself; without that, what needs
/// words is offered by a comment only. Fixing everything is offered unasked where there are two problems or more.
pub fn offers(place: &Place, only: Option<&[&str]>, custom: &[Custom], asks: bool) -> Vec<Offer> {
    let only = only.filter(|only| !only.is_empty());
    let mut offers = Vec::new();
    offers.extend(by_comment(place));
    offers.extend(fixes(place));
    offers.extend(fix_all(place, only.is_some()));
    offers.extend(asks.then(|| Offer { asks: true, ..Offer::of(Builtin::Rewrite, "Rewrite…") }));
    offers.extend(Some(explain(place)));
    offers.extend(of_subject(place));
    offers.extend(simplify(place));
    offers.extend(continued(place));
    offers.extend(Some(review(place)));
    offers.extend(custom.iter().filter(|one| asks || !one.ask).filter(|one| fits(one, place)).map(of_custom));
    offers.retain(|offer| only.is_none_or(|only| only.iter().any(|wanted| is_within(offer.kind, wanted))));
    offers
}

/// Whether `kind` is `wanted` or below it, by whole parts.
fn is_within(kind: &str, wanted: &str) -> bool {
    wanted.is_empty() || kind.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn by_comment(place: &Place) -> Option<Offer> {
    let words = one_line(place.instruction.as_deref()?, QUOTED_CHARS);
    let title = format!("Rewrite as the comment says: {words}");
    (!words.is_empty()).then(|| Offer { preferred: true, ..Offer::of(Builtin::Rewrite, &title) })
}

fn fixes(place: &Place) -> impl Iterator<Item = Offer> {
    let mut ranked: Vec<_> = place.diagnostics.iter().enumerate().collect();
    ranked.sort_by_key(|(_, diagnostic)| diagnostic.severity);
    ranked.into_iter().take(MOST_FIXES).map(|(index, diagnostic)| Offer {
        diagnostics: vec![index],
        ..Offer::of(Builtin::Fix, &format!("Fix: {}", named(diagnostic)))
    })
}

fn named(diagnostic: &Diagnostic) -> String {
    let headline = diagnostic.headline(QUOTED_CHARS);
    if headline.is_empty() { format!("the {}", diagnostic.heading()) } else { headline }
}

fn fix_all(place: &Place, is_asked: bool) -> Option<Offer> {
    let count = place.diagnostics.len();
    let where_ = if place.whole_file { "in this file" } else { "here" };
    let words = match count {
        0 => return None,
        1 if !is_asked => return None,
        1 => format!("Fix the only problem {where_}"),
        _ => format!("Fix all {count} problems {where_}"),
    };
    Some(Offer { diagnostics: (0..count).collect(), ..Offer::of(Builtin::FixAll, &words) })
}

fn explain(place: &Place) -> Offer {
    let what = match (place.selection, place.scopes.first()) {
        (Some(lines), _) => lines.words(),
        (None, Some(_)) => place.subject().or(place.scopes.first()).map(ScopeName::words).unwrap_or_default(),
        (None, None) => "this file".to_owned(),
    };
    Offer::of(Builtin::Explain, &format!("Explain {what}"))
}

fn of_subject(place: &Place) -> Vec<Offer> {
    let Some(subject) = place.subject() else { return Vec::new() };
    let what = subject.quoted().unwrap_or_else(|| subject.words());
    vec![
        Offer::of(Builtin::Document, &format!("Document {what}")),
        Offer::of(Builtin::Test, &format!("Write tests for {what}")),
    ]
}

fn simplify(place: &Place) -> Option<Offer> {
    let what = match place.selection {
        Some(lines) => lines.words(),
        None => place.scope(is_function)?.words(),
    };
    Some(Offer::of(Builtin::Simplify, &format!("Simplify {what}")))
}

fn continued(place: &Place) -> Option<Offer> {
    (place.blank && place.selection.is_none()).then(|| Offer::of(Builtin::Continue, "Continue here"))
}

fn review(place: &Place) -> Offer {
    let what = place.selection.map_or_else(|| "this file".to_owned(), Lines::words);
    Offer::of(Builtin::Review, &format!("Review {what}"))
}

fn fits(custom: &Custom, place: &Place) -> bool {
    let speaks = custom.languages.is_empty() || custom.languages.contains(&place.language);
    let is_there = match custom.scope {
        Reach::Selection => place.selection.is_some(),
        Reach::Line | Reach::File => true,
        Reach::Function => place.scope(is_function).is_some(),
        Reach::Class => place.scope(|kind| kind == ScopeKind::Class).is_some(),
    };
    speaks && is_there
}

fn of_custom(custom: &Custom) -> Offer {
    let ending = if custom.ask { "…" } else { "" };
    Offer {
        action: custom.id(),
        title: format!("Aside: {}{ending}", one_line(&custom.title, QUOTED_CHARS)),
        kind: custom.kind,
        answers: custom.answers,
        asks: custom.ask,
        preferred: false,
        diagnostics: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
