//! `aside lsp`: serves one editor over stdio until it leaves.

use std::{process::ExitCode, sync::Arc};

use aside_lsp::{Ended, Services};

use crate::{
    cli::Lsp,
    failure::{Exit, Failure},
    host::Wiring,
    logs,
    wiring::{self, App},
};

/// Serves until `exit`, the end of input, or the end of the editor's process.
pub(crate) fn run(set: &[String], args: &Lsp) -> Result<ExitCode, Failure> {
    // Taken before anything else can run, so that no library ever writes between two messages.
    let (input, output) = aside_lsp::stdio().map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("standard input and output are not usable: {error}"),
            "let an editor start `aside lsp`",
        )
    })?;
    let app = Arc::new(App::new(set, None)?);
    logs::start(&app);
    let runtime = wiring::runtime()?;
    let services = Services {
        inline: Arc::clone(&app.inline),
        chat: Arc::clone(&app.chat),
        sessions: app.sessions.clone(),
        documents: app.documents.clone(),
        host: Arc::new(Wiring::new(Arc::clone(&app))),
    };
    let ended = runtime.block_on(async {
        let (input, output) = (input.open()?, output.open()?);
        std::io::Result::Ok(aside_lsp::serve(input, output, services, args.client_process_id).await)
    });
    wiring::wind_down(runtime);
    Ok(match ended? {
        Ended::Exit { after_shutdown: false } => ExitCode::FAILURE,
        Ended::Exit { after_shutdown: true } | Ended::InputClosed | Ended::ParentGone => ExitCode::SUCCESS,
    })
}
