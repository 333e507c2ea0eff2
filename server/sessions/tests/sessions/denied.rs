//! Listing tells the truth: what may not be read is an error, and only what is not there is empty.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the tests set the scene on disk")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use crate::{
    crash::list_as_somebody,
    kit::{Place, fresh},
};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

#[tokio::test]
async fn a_directory_that_may_not_be_entered_is_an_error_not_an_empty_list() {
    let place = Place::new();
    let sessions = place.sessions();
    fresh(&sessions).await;
    sessions.shutdown().await;
    set_mode(&place.root(), 0o755);
    set_mode(&place.data(), 0o000);
    let said = list_as_somebody(&place.database());
    set_mode(&place.data(), 0o700);
    assert!(said.starts_with("storage-denied: ") && said.contains("sessions.db"), "{said}");
}

#[tokio::test]
async fn a_database_that_may_not_be_read_is_an_error_not_an_empty_list() {
    let place = Place::new();
    let sessions = place.sessions();
    fresh(&sessions).await;
    sessions.shutdown().await;
    set_mode(&place.root(), 0o755);
    set_mode(&place.data(), 0o755);
    set_mode(&place.database(), 0o000);
    let said = list_as_somebody(&place.database());
    assert!(said.starts_with("storage-denied: ") && said.contains("sessions.db"), "{said}");
}

#[test]
fn a_directory_that_is_not_there_is_an_empty_list() {
    let place = Place::new();
    set_mode(&place.root(), 0o755);
    assert_eq!(list_as_somebody(&place.database()), "listed 0");
    assert!(!place.data().exists());
}

#[tokio::test]
async fn what_stands_in_the_way_is_named() {
    let place = Place::new();
    fs::write(place.data(), "a file where the directory belongs").expect("written");
    let error = place.sessions().list(None, 10, None).await.expect_err("not empty");
    assert!(error.to_string().contains("sessions.db"), "{error}");
    fs::remove_file(place.data()).expect("removed");
    fs::create_dir_all(place.database()).expect("made");
    let error = place.sessions().list(None, 10, None).await.expect_err("not empty");
    assert!(error.to_string().contains("is not a file"), "{error}");
}
