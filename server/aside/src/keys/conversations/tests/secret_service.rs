//! The same rules over a real Secret Service, by the program's own keys. It runs in a child, because a process has one session bus.

use std::{env, path::Path, process::Command};

use aside_config::Settings;
use aside_test_support::Keyring;
use aside_vault::{
    Files,
    audit::{AuditFiles, AuditLog, By, Limits, Required},
};

use super::super::*;
use super::{kit::Bench, rules::conforms};
use crate::keys::{KeyPlace as Places, KeySettings};

const HOME: &str = "ASIDE_TEST_HOME";

#[test]
fn a_real_keyring_makes_the_key_once_keeps_it_and_replaces_it() {
    let Some(ring) = Keyring::start() else { return };
    let bench = Bench::new(SessionKey::Keyring);
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.args(["keys::conversations::tests::secret_service::conforms_in_a_session", "--exact", "--ignored"]);
    ring.lead(command.env(HOME, bench.folder.path()));
    let output = command.output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    let text = ring.lookup(&["service", "aside", "provider", "Conversations", "origin", "aside:conversations"]);
    assert!(text.is_some_and(|text| text.starts_with("aside-conversations-1 0909")), "people's own tools find it");
    assert!(bench.snapshot().keys().all(|name| name.starts_with("audit.")), "{:?}", bench.snapshot().keys());
}

#[tokio::test]
#[ignore = "the child of the test above"]
async fn conforms_in_a_session() {
    let home = env::var(HOME).expect("told by the parent");
    let home = Path::new(&home);
    let mut settings = Settings::default();
    settings.sessions.key = SessionKey::Keyring;
    conforms(KeyPlace::Keyring, || {
        // As another process has it: with a connection and a gate of its own.
        let files = Files::in_folders(&home.join("data"), &home.join("state"));
        let limits = Limits { max_bytes: 1 << 20, keep: 5, required: Required::Changes };
        let log = AuditFiles::under(&home.join("state"), &home.join("data"));
        let audit = Arc::new(AuditLog::new(log, limits, By::Cli));
        let place = Places::new(KeySettings::of(&settings), vec![home.join("run")], files);
        ConversationKeys::new(&KeyService::new(place, audit), &home.join("data"), &home.join("state"))
    })
    .await;
}
