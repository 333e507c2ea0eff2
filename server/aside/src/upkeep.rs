//! What happens by itself while an editor is served: conversations that have had their time go to the trash and out of it.
//!
//! It waits until the key of the conversations is at hand because a person used them, and asks for it never. The rules are the
//! settings' and `sessions`'.

use std::{sync::Arc, time::Duration};

use crate::wiring::{self, App};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How soon again where the first conversation is only being made.
const SOON: Duration = Duration::from_secs(5);

/// Looks after the conversations until the runtime ends.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        app.sessions.unlocked().await;
        let mut next = EVERY;
        match app.sessions.clean(wiring::retention(&app.settings()), false).await {
            Ok(Some(plan)) => {
                let (trashed, purged) = (plan.trash.len(), plan.purge.len());
                tracing::info!(trashed, purged, skipped = plan.skipped.len(), verdict = ?plan.verdict, "conversations were looked over");
            }
            Ok(None) => next = SOON,
            Err(error) => tracing::warn!(%error, "conversations were not looked over"),
        }
        tokio::time::sleep(next).await;
    }
}
