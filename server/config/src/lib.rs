//! Every setting of Aside, declared once.
//!
//! Owns the declaration (`settings`, `providers`, `actions`) and what follows from it: typed [`Settings`], layers with provenance,
//! reports that name file, line, reason and bounds, the JSON schema and the settings page of the documentation; and where
//! the program's directories are. It reads settings files and the environment, writes nothing, and acts on no setting.

mod actions;
mod address;
mod choice;
mod declare;
mod env;
mod layer;
mod merge;
mod nearest;
mod paths;
mod providers;
mod raw;
mod reference;
mod report;
mod rule;
mod schema;
mod settings;
mod source;
mod walk;

pub use actions::{Action, Brought};
pub use choice::{
    ActionAnswers, ActionKind, ActionScope, Backend, Dialect, EditShape, Level, Menu, Required, SessionKey, Unlock,
};
pub use declare::Scope;
pub use layer::{Layer, Layers, Origin};
pub use merge::{Loaded, Shown, merge};
pub use paths::{Paths, PathsError};
pub use providers::{KeySource, Provider};
pub use reference::reference;
pub use report::Problem;
pub use schema::schema;
pub use settings::{Audit, Builtin, Chat, Complete, Edit, Http, Keyring, Local, Log, Roles, Sessions, Settings, Vault};

#[cfg(test)]
mod tests;
