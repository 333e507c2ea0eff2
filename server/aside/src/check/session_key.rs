//! The check of the key that conversations are sealed under: where it is, and whether it can be lost. Looking asks nobody for a
//! password and makes nothing.

use aside_sessions::{KeyFaultKind, KeyPlace};

use super::{Check, Outcome};
use crate::{keys::Standing, wiring::App};

/// Where the key is, and what that means.
pub(super) async fn check(app: &App) -> Check {
    let standing = app.conversation_keys.standing().await;
    let check = Check::new("session key", outcome(&standing), standing.told());
    match standing.next() {
        Some(next) => check.next(next),
        None => check,
    }
}

fn outcome(standing: &Standing) -> Outcome {
    match &standing.fault {
        // Nothing is broken: a person has to come first.
        Some(fault) if fault.kind == KeyFaultKind::Locked => Outcome::Note,
        Some(_) => Outcome::Bad,
        None if standing.keys.is_empty() => Outcome::Good,
        None if !standing.words_shown || standing.place == Some(KeyPlace::File) => Outcome::Note,
        None => Outcome::Good,
    }
}
