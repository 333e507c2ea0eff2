//! `aside lsp`: serves one editor over stdio until it leaves.

use std::{process::ExitCode, sync::Arc};

use aside_lsp::{Ended, Services};
use aside_vault::audit::By;

use crate::{
    cli::{Asked, Lsp},
    failure::{Exit, Failure},
    host::Wiring,
    keys::Desk,
    logs,
    papers::Papers,
    upkeep,
    wiring::{self, App},
};

/// Serves until `exit`, the end of input, or the end of the editor's process.
pub(crate) fn run(asked: &Asked, args: &Lsp) -> Result<ExitCode, Failure> {
    let app = Arc::new(App::new(asked, None, By::Lsp)?);
    app.keys.serve_an_editor();
    logs::start(&app);
    let runtime = wiring::runtime()?;
    let papers = Arc::new(Papers::new(&app.paths));
    let services = Services {
        inline: Arc::clone(&app.inline),
        chat: Arc::clone(&app.chat),
        actions: Arc::clone(&app.actions),
        edits: Arc::clone(&app.edits),
        papers: papers.clone(),
        sessions: app.sessions.clone(),
        documents: app.documents.clone(),
        keys: Arc::new(Desk::new(Arc::clone(&app))),
        host: Arc::new(Wiring::new(Arc::clone(&app))),
    };
    runtime.spawn(upkeep::run(Arc::clone(&app)));
    let left_over = Arc::clone(&papers);
    runtime.spawn_blocking(move || left_over.sweep());
    // A task of its own: on a worker, what it hands to handlers is run by the same thread more often than not.
    let (sessions, parent) = (app.sessions.clone(), args.client_process_id);
    let serving = runtime.spawn(async move {
        let (input, output) = aside_lsp::stdio()?;
        std::io::Result::Ok(tokio::select! {
            ended = aside_lsp::serve(input, output, services, parent) => ended,
            () = terminated() => {
                sessions.shutdown().await;
                Ended::InputClosed
            }
        })
    });
    let ended = runtime.block_on(serving).unwrap_or_else(|failed| Err(std::io::Error::other(failed)));
    wiring::wind_down(runtime);
    papers.clear();
    app.audit.close();
    let ended = ended.map_err(|error| {
        let message = format!("standard input and output are not usable: {error}");
        Failure::new(Exit::Failed, message, "let an editor start `aside lsp`")
    })?;
    Ok(match ended {
        Ended::Exit { after_shutdown: false } => ExitCode::FAILURE,
        Ended::Exit { after_shutdown: true } | Ended::InputClosed | Ended::ParentGone => ExitCode::SUCCESS,
    })
}

/// Ends when somebody asks this process to: many editors send SIGTERM to a server before they close its input.
#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut asked) => {
            asked.recv().await;
        }
        // Without the handler the signal ends the process by itself.
        Err(_) => std::future::pending().await,
    }
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
