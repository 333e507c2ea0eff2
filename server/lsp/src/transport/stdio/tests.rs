//! Each kind of descriptor carries bytes and their end; standard output cannot be printed to.

#![expect(clippy::disallowed_methods, reason = "a file and a process to read from and write to have to be made")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Bytes more than any pipe holds.
fn bytes() -> Vec<u8> {
    (0..1_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect()
}

/// Sends through `output` what is expected from `input`.
async fn check(input: OwnedFd, output: OwnedFd) {
    let (mut input, mut output) = (unix::input(input).expect("an input"), unix::output(output).expect("an output"));
    let sent = tokio::spawn(async move {
        output.write_all(&bytes()).await.expect("written");
        output.flush().await.expect("flushed");
        output.shutdown().await.expect("shut down");
    });
    let mut received = Vec::new();
    input.read_to_end(&mut received).await.expect("read");
    assert!(received == bytes());
    sent.await.expect("sent");
}

#[tokio::test]
async fn pipes_carry_everything_and_their_end() {
    let (reader, writer) = io::pipe().expect("a pipe");
    check(reader.into(), writer.into()).await;
}

#[tokio::test]
async fn sockets_carry_everything_and_their_end() {
    let (reader, writer) = std::os::unix::net::UnixStream::pair().expect("sockets");
    check(reader.into(), writer.into()).await;
}

#[tokio::test]
async fn files_carry_everything_and_their_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bytes");
    let mut output = unix::output(File::create(&path).expect("a file").into()).expect("an output");
    output.write_all(&bytes()).await.expect("written");
    output.flush().await.expect("flushed");
    let mut input = unix::input(File::open(&path).expect("the file").into()).expect("an input");
    let mut received = Vec::new();
    input.read_to_end(&mut received).await.expect("read");
    assert!(received == bytes());
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error() {
    let full = File::options().write(true).open("/dev/full").expect("the device");
    let mut output = unix::output(full.into()).expect("an output");
    output.write_all(b"x").await.expect("taken");
    assert!(output.flush().await.is_err());
    assert!(output.write_all(b"x").await.is_err());
}

#[tokio::test]
async fn a_pipe_nobody_reads_is_an_error() {
    let (reader, writer) = io::pipe().expect("a pipe");
    let mut output = unix::output(writer.into()).expect("an output");
    drop(reader);
    assert!(output.write_all(b"x").await.is_err());
}

#[test]
fn what_a_library_prints_goes_to_standard_error() {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "transport::stdio::tests::a_child_that_prints", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child");
    child.stdin.take().expect("its input").write_all(b"ping").expect("written");
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().expect("its output").read_to_string(&mut stdout).expect("read");
    child.stderr.take().expect("its errors").read_to_string(&mut stderr).expect("read");
    child.wait().expect("reaped");
    assert!(stdout.ends_with("got ping"), "{stdout:?} {stderr:?}");
    assert!(stderr.contains("printed by a library"), "{stderr:?}");
    assert!(!stdout.contains("printed") && !stderr.contains("ping"), "{stdout:?} {stderr:?}");
}

#[test]
#[ignore = "run by `what_a_library_prints_goes_to_standard_error` in a process of its own"]
fn a_child_that_prints() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (mut input, mut output) = take().expect("taken");
        io::stdout().write_all(b"printed by a library\n").expect("printed");
        let mut eaten = Vec::new();
        io::stdin().read_to_end(&mut eaten).expect("read");
        assert!(eaten.is_empty());
        let mut text = String::new();
        input.read_to_string(&mut text).await.expect("read");
        output.write_all(format!("got {text}").as_bytes()).await.expect("written");
        output.flush().await.expect("flushed");
    });
}
