//! `aside session key`: where the key of the conversations is, its words, and moving it. Words are shown in a terminal only.

use aside_sessions::{DataKey, DataKeys as _, KeyFault, KeyFaultKind, KeyPlace, SessionError};
use aside_vault::{RecoveryWords, audit::What};
use serde_json::{Value, json};

use crate::{
    agent, ask,
    cli::{Asked, SessionKey, SessionKeyPlace},
    command::words,
    failure::{Exit, Failure},
    keys::{Moved, Restored, Standing},
    secrets::SecretError,
    terminal::{self, Style, styled, visible},
    wiring::App,
};

/// Runs one of the subcommands.
pub(super) async fn run(app: &App, asked: &Asked, args: SessionKey) -> Result<(), Failure> {
    match args {
        SessionKey::Status(args) => {
            status(app, args.json).await;
            Ok(())
        }
        SessionKey::Words => show_words(app, asked).await,
        SessionKey::Restore => restore(app, asked).await,
        SessionKey::Move { place } => move_to(app, asked, place.into()).await,
        SessionKey::Rekey => rekey(app, asked).await,
    }
}

impl From<SessionKeyPlace> for KeyPlace {
    fn from(place: SessionKeyPlace) -> Self {
        match place {
            SessionKeyPlace::Keyring => Self::Keyring,
            SessionKeyPlace::Vault => Self::Vault,
            SessionKeyPlace::File => Self::File,
        }
    }
}

async fn status(app: &App, json: bool) {
    let standing = app.conversation_keys.standing().await;
    let next = standing.next();
    if json {
        return terminal::json(&status_json(&standing, next.as_deref()));
    }
    terminal::line(&visible(&standing.told()));
    for id in &standing.keys {
        terminal::line(&styled(Style::Dim, &format!("  key {id}")));
    }
    if !standing.keys.is_empty() {
        let words = if standing.words_shown { "were shown" } else { "were never shown" };
        terminal::line(&styled(Style::Dim, &format!("  its recovery words {words} on this machine")));
    }
    if let Some(next) = next {
        terminal::line(&format!("next: {}", visible(&next)));
    }
}

fn status_json(standing: &Standing, next: Option<&str>) -> Value {
    let mut status = json!({
        "setting": standing.choice.as_str(),
        "place": standing.place.map(KeyPlace::as_str),
        "keys": standing.keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "locked": standing.is_locked(),
        "wordsShown": standing.words_shown,
        "file": standing.file,
    });
    if let Some(fault) = &standing.fault {
        status["problem"] = json!({ "code": fault.code(), "message": fault.message, "hint": fault.hint });
    }
    if let Some(next) = next {
        status["next"] = json!(next);
    }
    status
}

async fn show_words(app: &App, asked: &Asked) -> Result<(), Failure> {
    if !terminal::is_one() {
        return Err(Failure::new(
            Exit::Usage,
            "recovery words are shown in a terminal and nowhere else",
            "run it in a terminal, without a pipe and without `>`",
        ));
    }
    let kept = opened(app, asked, async || app.conversation_keys.read().await).await?;
    let Some(key) = kept.newest() else {
        return Err(Failure::new(
            Exit::NotFound,
            "there is no key of conversations yet",
            "it is made with the first conversation",
        ));
    };
    let shown = async {
        terminal::line(
            "These words are the key of your conversations: who has them and a copy of the conversations can read",
        );
        terminal::line(
            "them. With them you can read them, too, when the place where the key is kept is gone: write them on",
        );
        terminal::line("paper, and keep it where nobody looks.\n");
        words::show(&RecoveryWords::of(key.key()));
        Ok(())
    };
    app.conversation_keys.recorded(What::Export, shown).await?;
    app.conversation_keys.words_were_shown(key.id());
    terminal::line(&styled(Style::Dim, &format!("key {}; `aside session key restore` takes them back", key.id())));
    Ok(())
}

async fn restore(app: &App, asked: &Asked) -> Result<(), Failure> {
    let words = ask::recovery_words()?;
    let id = key_of(&words).id();
    let others = app.conversation_keys.other_words_shown(id);
    if !others.is_empty() {
        let question = format!(
            "These are not the words that were shown on this machine: they give key `{id}`, and shown were those of `{}`.\nThe recovery \
             words of a vault are others, and open no conversation.",
            visible(&others.join("`, `"))
        );
        ask::confirm(&question, "restore")?;
    }
    match opened(app, asked, async || app.conversation_keys.restore(key_of(&words)).await).await? {
        Restored::AlreadyThere(place) => {
            terminal::line(&format!("that key, `{id}`, is in the {} already; nothing was changed", place.name()));
        }
        Restored::Stored(place, aside) => {
            terminal::line(&format!("{} key `{id}` is in the {} now", styled(Style::Good, "✓"), place.name()));
            if let Some(aside) = aside {
                let kept = format!("what was damaged is kept as `{}`", aside.display());
                terminal::line(&styled(Style::Dim, &visible(&kept)));
            }
            app.conversation_keys.words_were_shown(id);
            terminal::line(&styled(Style::Dim, "next: `aside session list` shows whether it opens your conversations"));
        }
    }
    Ok(())
}

fn key_of(words: &RecoveryWords) -> DataKey {
    DataKey::of(words.bytes())
}

async fn move_to(app: &App, asked: &Asked, place: KeyPlace) -> Result<(), Failure> {
    match opened(app, asked, async || app.conversation_keys.move_to(place).await).await? {
        Moved::AlreadyThere => {
            terminal::line(&format!("the key of your conversations is in the {} already", place.name()));
        }
        Moved::From(places) => {
            let from: Vec<_> = places.into_iter().map(KeyPlace::name).collect();
            terminal::line(&format!(
                "{} the key of your conversations is in the {} now, and no longer in the {}",
                styled(Style::Good, "✓"),
                place.name(),
                from.join(" and the ")
            ));
            if place == KeyPlace::File {
                let note = "a key file lies beside the conversations: it protects copies that are made without it, and nothing else";
                terminal::line(&styled(Style::Warn, note));
            }
        }
    }
    Ok(())
}

async fn rekey(app: &App, asked: &Asked) -> Result<(), Failure> {
    if app.sessions.versions().await?.is_none() {
        return Err(SessionError::Nothing.into());
    }
    // The key is at hand before the work begins: a locked vault is opened here.
    opened(app, asked, async || app.conversation_keys.read().await).await?;
    let (key, sessions) = app.sessions.rekey().await?;
    let noun = if sessions == 1 { "conversation is" } else { "conversations are" };
    terminal::line(&format!("{} {sessions} {noun} sealed under the new key {key}", styled(Style::Good, "✓")));
    let note =
        "the recovery words of the old key open nothing any more: `aside session key words` shows those of the new one";
    terminal::line(&styled(Style::Warn, note));
    Ok(())
}

/// Does something with the key for the person who sits here. A locked vault is opened with the passphrase that they enter.
async fn opened<T>(app: &App, asked: &Asked, work: impl AsyncFn() -> Result<T, KeyFault>) -> Result<T, Failure> {
    app.keys.person_is_here().await.map_err(SecretError::Key)?;
    match work().await {
        Err(KeyFault { kind: KeyFaultKind::Locked, place: Some(KeyPlace::Vault), .. }) if ask::is_possible() => {
            agent::ask_and_unlock(app, asked).await?;
            Ok(work().await?)
        }
        other => Ok(other?),
    }
}
