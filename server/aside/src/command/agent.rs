//! `aside agent`: holds the unlocked vault until it is locked and nobody needs it. Other commands start it; it has no terminal.

use std::{process::ExitCode, sync::Arc};

use aside_secret::stack;
use aside_vault::{
    Agent, AgentEnd, AgentEvent, AgentOptions, Deaf, FileVault, OpenFile, Opens, Passphrase, Refusal, RefusalKind,
    audit::{By, Record, What},
};

use crate::{
    agent::READY,
    cli::Asked,
    failure::{Exit, Failure},
    logs, terminal,
    wiring::{self, App},
};

/// Serves until it is not needed any more.
pub(crate) fn run(asked: &Asked) -> Result<ExitCode, Failure> {
    // The terminal that started it may close.
    #[cfg(unix)]
    let _leads_its_session_already = rustix::process::setsid();
    let app = Arc::new(App::new(asked, None, By::Agent)?);
    logs::start(&app);
    let runtime = wiring::runtime()?;
    let ended = runtime.block_on(stack::clean_future(Agent::run(options(&app))));
    wiring::wind_down(runtime);
    match ended {
        Ok(AgentEnd::Idle) => Ok(ExitCode::SUCCESS),
        Ok(AgentEnd::AnotherRuns) => {
            // Whoever started this one wants one that listens, and there is one.
            terminal::line(READY);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let hint = match &error {
                Deaf::TooLong(_) => "set XDG_RUNTIME_DIR, or ASIDE_HOME, to a shorter path",
                _ => "`aside doctor` tells what is wrong with the runtime folder",
            };
            Err(Failure::new(Exit::Failed, error.to_string(), hint))
        }
    }
}

fn options(app: &Arc<App>) -> AgentOptions {
    let (opening, ruling) = (Arc::clone(app), Arc::clone(app));
    let opens: Opens = Box::new(move |passphrase| {
        // The settings may have changed since the agent was started; each unlocking takes them as they are.
        opening.reload(None, None);
        let passphrase = Passphrase::parse(passphrase).map_err(|error| refused(&error))?;
        let unlocked = FileVault::unlock(&opening.keys.place().files(), &passphrase)?;
        Ok(Box::new(OpenFile::new(unlocked, wiring::unix_time)))
    });
    let audit = Arc::clone(&app.audit);
    AgentOptions {
        folder: app.keys.place().runtime().to_owned(),
        policy: Box::new(move || ruling.keys.place().policy()),
        opens,
        on_event: Box::new(move |event| {
            tracing::info!(?event, "the agent");
            audit.note(record(event));
        }),
        on_ready: Box::new(|| terminal::line(READY)),
    }
}

fn refused(error: &aside_vault::BadPassphrase) -> Refusal {
    Refusal {
        kind: RefusalKind::WrongPassphrase,
        code: "vault-bad-passphrase".to_owned(),
        message: error.to_string(),
        hint: error.hint(),
    }
}

fn record(event: AgentEvent) -> Record {
    match event {
        AgentEvent::Started => Record::done(What::AgentStart),
        AgentEvent::Unlocked => Record::done(What::Unlock),
        AgentEvent::WrongPassphrase => Record::refused(What::WrongPassphrase, "wrong-passphrase"),
        AgentEvent::Locked(reason) => Record::locked(reason.code()),
        AgentEvent::Ended => Record::done(What::AgentEnd),
    }
}
