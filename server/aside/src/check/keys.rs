//! The checks of keys: where they are kept and whether that works, the lock, and keys that are old or of no use.

use aside_vault::{FileVault, KeyInfo, Patience, Slot, VaultError, processes};

use super::{Check, Outcome};
use crate::{
    keys::Kept,
    secrets::{self, Listed},
    wiring::App,
};

/// Where keys are kept, the lock, and what is stored.
pub(super) async fn checks(app: &App) -> Vec<Check> {
    let place = match app.keys.place().kept() {
        Kept::Keyring => keyring(app).await,
        Kept::File => vault(app).await,
    };
    let works = place.result == Outcome::Good;
    let mut checks = vec![place, lock(app).await];
    if works {
        checks.extend(stored(app).await);
    }
    checks
}

async fn keyring(app: &App) -> Check {
    let state = app.keys.place().ring().probe().await;
    let needed = app
        .settings()
        .providers
        .values()
        .any(|provider| provider.declared && provider.key == aside_config::KeySource::Keyring);
    let (works, detail, hint) = (state.is_usable(), state.to_string(), state.hint());
    let result = match (works, needed) {
        (true, _) => Outcome::Good,
        (false, false) => Outcome::Note,
        (false, true) => Outcome::Bad,
    };
    let check = Check::new("keyring", result, detail);
    if works { check } else { check.next(hint) }
}

async fn vault(app: &App) -> Check {
    let files = app.keys.place().files();
    let path = files.vault.display().to_string();
    let looked = tokio::task::spawn_blocking(move || FileVault::peek(&files)).await;
    let info = match looked.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic())) {
        Ok(info) => info,
        Err(error @ VaultError::NotThere { .. }) => {
            return Check::new("vault", Outcome::Note, error.to_string()).next(error.hint());
        }
        Err(error) => return Check::new("vault", Outcome::Bad, error.to_string()).next(error.hint()),
    };
    let recovery = if info.recovery { "with recovery words" } else { "without recovery words" };
    let detail = format!("`{path}` is whole, protected by {}, {recovery}", info.kdf);
    match app.keys.place().agent().status().await {
        Ok(agent) if agent.locked.is_none() => match agent.notes.first() {
            Some(note) => Check::new("vault", Outcome::Note, format!("{detail}; {note}")),
            None => Check::new("vault", Outcome::Good, format!("{detail}; unlocked")),
        },
        _ => Check::new("vault", Outcome::Note, format!("{detail}; locked")).next("aside vault unlock"),
    }
}

async fn lock(app: &App) -> Check {
    let place = app.keys.place();
    let policy = place.policy();
    let rules = format!(
        "keys lock after {} min without use and {} h after they were unlocked",
        policy.idle.as_secs().div_ceil(60),
        policy.absolute.as_secs().div_ceil(3600)
    );
    match processes(place.folders()).await {
        Ok(found) => {
            let open = found.iter().filter(|process| process.locked.is_none());
            let next = open.clone().filter_map(|process| process.left).min();
            let who: Vec<_> = open.map(|process| format!("{} ({})", process.label, process.pid)).collect();
            let detail = match (who.is_empty(), next) {
                (true, _) => format!("{rules}; no other process holds any now"),
                (false, Some(left)) => {
                    format!("{rules}; unlocked in {}; the next locks in {} s", who.join(", "), left.as_secs())
                }
                (false, None) => format!("{rules}; unlocked in {}", who.join(", ")),
            };
            Check::new("lock", Outcome::Good, detail)
        }
        Err(error) => {
            Check::new("lock", Outcome::Bad, format!("{rules}, but `aside vault lock` reaches nobody: {error}"))
                .next(error.hint())
        }
    }
}

/// Keys that are old or that nothing uses; nothing where all is as it should be.
async fn stored(app: &App) -> Vec<Check> {
    let listed = match secrets::list(app, Patience::Request).await {
        Ok(listed) => listed,
        Err(error) => {
            return vec![Check::new("keys", Outcome::Note, error.message()).next(error.hint())];
        }
    };
    let current = listed.iter().filter(|one| one.info.slot == Slot::Current);
    let names = |wanted: fn(&Listed) -> bool| -> Vec<&KeyInfo> {
        current.clone().filter(|one| wanted(one)).map(|one| &one.info).collect()
    };
    let (old, unused) = (names(|one| one.old), names(|one| !one.used));
    let mut checks = Vec::new();
    if let Some(first) = old.first() {
        let detail = format!("{} older than `vault.remind_after`", told(&old));
        checks.push(
            Check::new("keys", Outcome::Note, detail).next(format!("aside secret rotate {}", first.name.provider)),
        );
    }
    if let Some(first) = unused.first() {
        let detail = format!("{} not used: no provider of the settings has that address", told(&unused));
        let next = format!(
            "aside secret delete {} --origin {}, or `aside secret rebind` if its address was changed",
            first.name.provider, first.name.origin
        );
        checks.push(Check::new("keys", Outcome::Note, detail).next(next));
    }
    if checks.is_empty() {
        let count = current.count();
        let what = match count {
            0 => "none is stored yet".to_owned(),
            1 => "one is stored".to_owned(),
            _ => format!("{count} are stored"),
        };
        let check = Check::new("keys", Outcome::Good, what);
        checks.push(if count == 0 { check.next("aside secret set PROVIDER") } else { check });
    }
    checks
}

fn told(keys: &[&KeyInfo]) -> String {
    let names: Vec<_> = keys.iter().map(|info| info.name.to_string()).collect();
    match names.as_slice() {
        [one] => format!("the key of {one} is"),
        several => format!("the keys of {} are", several.join(", ")),
    }
}
