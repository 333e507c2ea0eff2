//! The agent as a process: starting one that outlives this one, and unlocking the vault in it.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    time::Duration,
};

use aside_vault::{
    Passphrase, RefusalKind, Word,
    audit::{Record, What},
};

use crate::{
    ask,
    cli::Asked,
    failure::{Exit, Failure},
    keys::Kept,
    secrets::SecretError,
    terminal,
    wiring::App,
};

/// What an agent prints once it listens.
pub(crate) const READY: &str = "ready";
/// How often a person may try a passphrase before the command gives up.
const TRIES: usize = 3;
/// How long an agent may take to listen.
const START: Duration = Duration::from_secs(10);

/// Makes sure that an agent listens.
pub(crate) async fn start(app: &App, asked: &Asked) -> Result<(), Failure> {
    if app.keys.place().agent().is_running().await {
        return Ok(());
    }
    let set: Vec<_> = asked.set.iter().flat_map(|flag| ["--set".to_owned(), flag.clone()]).collect();
    let started = tokio::task::spawn_blocking(move || spawn(&set));
    match tokio::time::timeout(START, started).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(not_started(&error.to_string())),
        Ok(Err(error)) => Err(not_started(&error.to_string())),
        Err(_) => Err(not_started(&format!("it does not listen after {} s", START.as_secs()))),
    }
}

/// Starts this program again as the agent and waits until it listens. It becomes nobody's child when this process ends.
fn spawn(flags: &[String]) -> std::io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the agent is this program")]
    let mut child = Command::new(std::env::current_exe()?)
        .arg("agent")
        .args(flags)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = vec![0; READY.len()];
    let out = child.stdout.take();
    if out.is_some_and(|mut out| out.read_exact(&mut said).is_ok()) && said == READY.as_bytes() {
        return Ok(());
    }
    let mut why = String::new();
    if let Some(errors) = child.stderr.take() {
        errors.take(4096).read_to_string(&mut why)?;
    }
    child.wait()?;
    let why = why.trim();
    Err(std::io::Error::other(if why.is_empty() { "it ended at once" } else { why }))
}

fn not_started(why: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("the agent does not start: {why}"),
        "`aside agent` in a terminal shows what it says",
    )
}

/// Opens the vault in the agent, and tells every other process. The agent records how it went.
pub(crate) async fn unlock(app: &App, asked: &Asked, passphrase: &Passphrase) -> Result<(), Failure> {
    app.keys.begin(Record::begun(What::Unlock)).await?;
    start(app, asked).await?;
    if let Err(refusal) = app.keys.place().agent().unlock(passphrase.secret().copy()).await {
        let exit = if refusal.kind == RefusalKind::WrongPassphrase { Exit::Locked } else { Exit::Failed };
        return Err(Failure::new(exit, refusal.message, refusal.hint));
    }
    wake(app).await;
    Ok(())
}

/// Tells every process that a person unlocked the keys.
pub(crate) async fn wake(app: &App) {
    app.keys.gate().unlock();
    // Who is not reached looks for itself at its next use.
    let _ = aside_vault::tell_all(app.keys.place().folders(), Word::Wake).await;
}

/// Makes sure that keys can be read and changed: a locked vault is opened with the passphrase that the person enters.
pub(crate) async fn ensure_open(app: &App, asked: &Asked) -> Result<(), Failure> {
    let admitted = app.keys.person_is_here().await;
    if app.keys.place().kept() == Kept::Keyring {
        return admitted.map_err(|error| SecretError::Key(error).into());
    }
    if app.keys.place().agent_is_open().await {
        return Ok(());
    }
    if !app.keys.place().vault_exists() {
        let file = app.keys.place().files().vault.display().to_string();
        return Err(Failure::new(
            Exit::NotFound,
            format!("there is no vault at `{file}`"),
            "make one with `aside vault init`, or set `vault.backend = \"keyring\"`",
        ));
    }
    if !ask::is_possible() {
        return Err(Failure::new(Exit::Locked, "the vault is locked", "run `aside vault unlock` in a terminal"));
    }
    ask_and_unlock(app, asked).await
}

/// Asks for the passphrase, a few times if need be, and opens the vault with it.
pub(crate) async fn ask_and_unlock(app: &App, asked: &Asked) -> Result<(), Failure> {
    // Started first: it then listens by the time the passphrase is there.
    start(app, asked).await?;
    for left in (0..TRIES).rev() {
        let passphrase = ask::passphrase("Passphrase of the vault: ")?;
        match unlock(app, asked, &passphrase).await {
            Err(failure) if failure.is_locked() && left > 0 && ask::is_possible() => {
                terminal::complain(&failure.sentence());
            }
            other => return other,
        }
    }
    Ok(())
}
