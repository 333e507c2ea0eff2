//! Sockets in folders of their own.

use std::os::unix::{fs::PermissionsExt as _, net::UnixListener};

use super::*;

#[test]
fn room_is_made_in_a_private_folder_and_a_left_socket_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run/agent.sock");
    make_room(&path).expect("room");
    let left = UnixListener::bind(&path).expect("bound");
    close_to_others(&path).expect("closed");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&folder.path().join("run"))), (0o600, 0o700));
    assert_eq!(list(&folder.path().join("run")).expect("listed"), std::slice::from_ref(&path));
    drop(left);
    make_room(&path).expect("room again");
    UnixListener::bind(&path).expect("bound again");
    remove(&path).and_then(|()| remove(&path)).expect("removed");
    assert_eq!(list(&folder.path().join("nowhere")).expect("listed"), Vec::<PathBuf>::new());
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.sock");
    fs::write(&path, "mine").expect("written");
    assert!(matches!(make_room(&path), Err(StorageError::WrongKind { wanted: "socket", .. })));
    assert_eq!(fs::read_to_string(&path).expect("still there"), "mine");
    assert_eq!(list(folder.path()).expect("listed"), Vec::<PathBuf>::new());
}
