//! `aside session protect`, `unprotect`, `unlock`, `lock`: a passphrase for one conversation, on top of the key of all.

use aside_sessions::SessionError;

use super::{change::done, find};
use crate::{ask, failure::Failure, terminal, wiring::App};

const PROMPT: &str = "Passphrase of the conversation: ";

pub(super) async fn protect(app: &App, id: &str) -> Result<(), Failure> {
    let id = find(app, id).await?;
    let passphrase = ask::new_passphrase(PROMPT)?;
    app.sessions.protect(id, passphrase.secret().copy()).await?;
    done(&format!(
        "{id} opens with its passphrase only; it is open until `aside session lock {id}` or `aside vault lock`"
    ));
    terminal::complain("nothing and nobody opens it without the passphrase: keep that safe");
    Ok(())
}

pub(super) async fn unprotect(app: &App, id: &str) -> Result<(), Failure> {
    let id = find(app, id).await?;
    match app.sessions.unprotect(id).await {
        Err(SessionError::Protected { .. }) => {
            app.sessions.unlock_session(id, ask::passphrase(PROMPT)?.secret().copy()).await?;
            app.sessions.unprotect(id).await?;
        }
        other => other?,
    }
    done(&format!("{id} has no passphrase of its own any more"));
    Ok(())
}

pub(super) async fn unlock(app: &App, id: &str) -> Result<(), Failure> {
    let id = find(app, id).await?;
    app.sessions.unlock_session(id, ask::passphrase(PROMPT)?.secret().copy()).await?;
    done(&format!("{id} is open, here and in editors, until `aside session lock {id}` or `aside vault lock`"));
    Ok(())
}

pub(super) async fn lock(app: &App, id: &str) -> Result<(), Failure> {
    let id = find(app, id).await?;
    app.sessions.lock_session(id).await?;
    done(&format!("{id} is locked"));
    Ok(())
}
