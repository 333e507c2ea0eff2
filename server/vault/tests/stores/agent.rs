//! A vault file with its agent, and a program that prints a key, for the suite that holds for every store.

use aside_vault::{Ended, Ran, Runner};
use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

/// A program that prints this.
pub(crate) struct Prints(pub(crate) &'static str);

impl Runner for Prints {
    fn run<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Ran> {
        let stdout = Zeroizing::new(self.0.as_bytes().to_vec());
        Box::pin(async { Ran { ended: Ended::Exited(0), stdout, stderr: Zeroizing::default() } })
    }
}

#[cfg(unix)]
pub(crate) use unix::Scene;

#[cfg(unix)]
mod unix {
    //! The agent, on a socket in a folder of its own.

    use std::time::Duration;

    use aside_secret::Secret;
    use aside_vault::{
        Agent, AgentClient, AgentOptions, AgentStore, FileVault, Files, OpenFile, Passphrase, Policy, Recovery, Reopen,
    };

    const PASSPHRASE: &str = "seven wagons of quiet rhubarb";
    const HOURS: Duration = Duration::from_secs(10 * 3600);

    /// A folder with an unlocked vault.
    pub(crate) struct Scene {
        folder: tempfile::TempDir,
        agent: tokio::task::JoinHandle<()>,
    }

    impl Scene {
        /// A new vault, opened by a new agent.
        pub(crate) async fn start() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let files = Files::in_folders(&folder.path().join("data"), &folder.path().join("state"));
            FileVault::create(&files, &passphrase(), Recovery::None, now()).expect("a vault");
            let (ready, is_ready) = tokio::sync::oneshot::channel();
            let options = AgentOptions {
                folder: folder.path().join("run"),
                policy: Box::new(|| Policy { idle: HOURS, absolute: HOURS, reopen: Reopen::Explicit }),
                opens: Box::new(move |entered| {
                    let passphrase = Passphrase::parse(entered).expect("a passphrase");
                    Ok(Box::new(OpenFile::new(FileVault::unlock(&files, &passphrase)?, now)))
                }),
                on_event: Box::new(|_| {}),
                on_ready: Box::new(move || {
                    let _nobody_waits = ready.send(());
                }),
            };
            let agent = tokio::spawn(async move {
                Agent::run(options).await.expect("it runs");
            });
            is_ready.await.expect("it listens");
            let scene = Self { folder, agent };
            scene.client().unlock(passphrase().secret().copy()).await.expect("the right passphrase");
            scene
        }

        /// The vault, as another process has it.
        pub(crate) fn store(&self) -> AgentStore {
            AgentStore::new(self.client())
        }

        fn client(&self) -> AgentClient {
            AgentClient::new(&[self.folder.path().join("run")])
        }
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            self.agent.abort();
        }
    }

    fn passphrase() -> Passphrase {
        Passphrase::parse(Secret::new(PASSPHRASE.into())).expect("a passphrase")
    }

    fn now() -> i64 {
        jiff::Timestamp::now().as_second()
    }
}
