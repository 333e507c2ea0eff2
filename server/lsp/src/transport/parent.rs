//! Watches the editor's process, so that no server outlives its editor.

/// Completes when the process `pid` has ended. Never completes for a process that is not visible from here (an editor on
/// another machine or outside the container): then the end of the input is what counts.
pub(crate) async fn watch(pid: i64) {
    #[cfg(unix)]
    if let Some(pid) = i32::try_from(pid).ok().filter(|pid| *pid > 0).and_then(rustix::process::Pid::from_raw) {
        return unix::watch(pid).await;
    }
    #[cfg(not(unix))]
    let _ = pid;
    std::future::pending::<()>().await;
}

#[cfg(unix)]
mod unix {
    use std::future::pending;
    use std::time::Duration;

    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};

    /// Time between two looks where the system cannot tell us.
    const EVERY: Duration = Duration::from_millis(500);

    #[cfg(target_os = "linux")]
    pub(super) async fn watch(pid: Pid) {
        use rustix::process::{PidfdFlags, pidfd_open};
        use tokio::io::{Interest, unix::AsyncFd};

        let process = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => process,
            // No such process; or the number of a thread, which no editor sends.
            Err(Errno::SRCH | Errno::INVAL) => return pending().await,
            Err(_) => return look(pid).await,
        };
        #[expect(
            deprecated,
            reason = "its successor is `unsafe` for what holds here: the descriptor is owned and stays"
        )]
        let process = AsyncFd::with_interest(process, Interest::READABLE);
        let ended = match &process {
            Ok(process) => process.readable().await.is_ok(),
            Err(_) => false,
        };
        if !ended {
            look(pid).await;
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) async fn watch(pid: Pid) {
        look(pid).await;
    }

    /// Asks again and again whether the process is there.
    async fn look(pid: Pid) {
        let gone = || test_kill_process(pid) == Err(Errno::SRCH);
        if gone() {
            return pending().await;
        }
        while !gone() {
            tokio::time::sleep(EVERY).await;
        }
    }

    #[cfg(test)]
    mod tests {
        #![expect(clippy::disallowed_methods, reason = "a process to watch has to be started")]

        use std::process::{Child, Command};

        use super::*;

        fn process() -> (Child, Pid) {
            let child = Command::new("sleep").arg("600").spawn().expect("`sleep` starts");
            let pid = Pid::from_child(&child);
            (child, pid)
        }

        async fn soon(watch: impl Future<Output = ()>) -> bool {
            tokio::time::timeout(Duration::from_secs(5), watch).await.is_ok()
        }

        #[tokio::test]
        async fn the_end_of_the_process_is_seen() {
            let (mut child, pid) = process();
            let watch = tokio::spawn(watch(pid));
            child.kill().expect("killed");
            assert!(soon(async { watch.await.expect("no panic") }).await);
            child.wait().expect("reaped");
        }

        #[tokio::test(start_paused = true)]
        async fn the_end_of_the_process_is_seen_by_looking() {
            let (mut child, pid) = process();
            let mut watch = Box::pin(look(pid));
            assert!(tokio::time::timeout(Duration::from_secs(2), &mut watch).await.is_err());
            child.kill().expect("killed");
            child.wait().expect("reaped");
            assert!(soon(watch).await);
        }

        #[tokio::test(start_paused = true)]
        async fn a_process_that_is_not_visible_is_not_missed() {
            let (mut child, pid) = process();
            child.kill().expect("killed");
            child.wait().expect("reaped");
            assert!(!soon(look(pid)).await);
            assert!(!soon(watch(pid)).await);
            for never in [0, -1, i64::MAX, i64::from(i32::MIN)] {
                assert!(!soon(super::super::watch(never)).await, "{never}");
            }
        }
    }
}
