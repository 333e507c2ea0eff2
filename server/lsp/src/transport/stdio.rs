//! Takes standard input and output for the protocol, so that nothing else in the process can reach them.
//!
//! Pipes and sockets are read and written without blocking, on the runtime itself; anything else (a terminal, a file) gets a
//! thread of its own. Nothing here knows frames.

mod blocking;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(unix)]
use tokio::net::{UnixStream, unix::pipe};

/// The protocol's input: what was standard input.
pub struct Input(Source);

/// The protocol's output: what was standard output.
pub struct Output(Sink);

enum Source {
    #[cfg(unix)]
    Pipe(pipe::Receiver),
    #[cfg(unix)]
    Socket(UnixStream),
    Thread(blocking::Reader),
}

enum Sink {
    #[cfg(unix)]
    Pipe(pipe::Sender),
    #[cfg(unix)]
    Socket(UnixStream),
    Thread(blocking::Writer),
}

/// Takes standard input and output. Afterwards file descriptor 1 is standard error and descriptor 0 is empty, so that a library
/// that prints cannot break the protocol and a child process cannot eat its input. (On Windows the handles are only read and
/// written by a thread each; nothing is redirected.)
///
/// To be called once, inside the runtime that serves.
///
/// # Errors
///
/// When a descriptor is closed or cannot be duplicated.
#[cfg(unix)]
pub(crate) fn take() -> io::Result<(Input, Output)> {
    let input = rustix::io::fcntl_dupfd_cloexec(io::stdin(), unix::FIRST_FREE)?;
    let output = rustix::io::fcntl_dupfd_cloexec(io::stdout(), unix::FIRST_FREE)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok((unix::input(input)?, unix::output(output)?))
}

/// Takes standard input and output: a thread for each.
///
/// # Errors
///
/// When a thread cannot be started.
#[cfg(not(unix))]
pub(crate) fn take() -> io::Result<(Input, Output)> {
    let input = Input(Source::Thread(blocking::Reader::start(io::stdin())?));
    Ok((input, Output(Sink::Thread(blocking::Writer::start(io::stdout())?))))
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::os::unix::net::UnixStream as StdStream;

    use rustix::fs::{FileType, fstat};
    use tokio::net::{UnixStream, unix::pipe};

    use super::{Input, Output, Sink, Source, blocking};

    /// The first descriptor that is not standard input, output or error.
    pub(super) const FIRST_FREE: i32 = 3;

    /// How a descriptor can be driven.
    enum Kind {
        Pipe,
        Socket,
        Other,
    }

    /// "Not blocking" is a property of the open file, not of our descriptor: set on one that standard error shares, it would
    /// make log lines fail. Such a descriptor is left as it is.
    fn kind(descriptor: &OwnedFd) -> io::Result<(Kind, bool)> {
        let (ours, theirs) = (fstat(descriptor)?, fstat(io::stderr())?);
        let shared = ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
        let kind = match FileType::from_raw_mode(ours.st_mode) {
            FileType::Fifo => Kind::Pipe,
            FileType::Socket if !shared => Kind::Socket,
            _ => Kind::Other,
        };
        Ok((kind, shared))
    }

    /// The path that opens the same pipe anew, as an open file of our own.
    fn again(descriptor: &OwnedFd) -> String {
        format!("/proc/self/fd/{}", descriptor.as_raw_fd())
    }

    fn stream(descriptor: OwnedFd) -> io::Result<UnixStream> {
        let stream = StdStream::from(descriptor);
        stream.set_nonblocking(true)?;
        UnixStream::from_std(stream)
    }

    pub(super) fn input(descriptor: OwnedFd) -> io::Result<Input> {
        let source = match kind(&descriptor)? {
            (Kind::Pipe, shared) => match pipe::OpenOptions::new().open_receiver(again(&descriptor)) {
                Ok(pipe) => Source::Pipe(pipe),
                Err(_) if !shared => Source::Pipe(pipe::Receiver::from_owned_fd(descriptor)?),
                Err(_) => Source::Thread(blocking::Reader::start(File::from(descriptor))?),
            },
            (Kind::Socket, _) => Source::Socket(stream(descriptor)?),
            (Kind::Other, _) => Source::Thread(blocking::Reader::start(File::from(descriptor))?),
        };
        Ok(Input(source))
    }

    pub(super) fn output(descriptor: OwnedFd) -> io::Result<Output> {
        let sink = match kind(&descriptor)? {
            (Kind::Pipe, shared) => match pipe::OpenOptions::new().open_sender(again(&descriptor)) {
                Ok(pipe) => Sink::Pipe(pipe),
                Err(_) if !shared => Sink::Pipe(pipe::Sender::from_owned_fd(descriptor)?),
                Err(_) => Sink::Thread(blocking::Writer::start(File::from(descriptor))?),
            },
            (Kind::Socket, _) => Sink::Socket(stream(descriptor)?),
            (Kind::Other, _) => Sink::Thread(blocking::Writer::start(File::from(descriptor))?),
        };
        Ok(Output(sink))
    }
}

impl AsyncRead for Input {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            #[cfg(unix)]
            Source::Pipe(pipe) => Pin::new(pipe).poll_read(cx, into),
            #[cfg(unix)]
            Source::Socket(stream) => Pin::new(stream).poll_read(cx, into),
            Source::Thread(reader) => Pin::new(reader).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Output {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            #[cfg(unix)]
            Sink::Pipe(pipe) => Pin::new(pipe).poll_write(cx, bytes),
            #[cfg(unix)]
            Sink::Socket(stream) => Pin::new(stream).poll_write(cx, bytes),
            Sink::Thread(writer) => Pin::new(writer).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            #[cfg(unix)]
            Sink::Pipe(pipe) => Pin::new(pipe).poll_flush(cx),
            #[cfg(unix)]
            Sink::Socket(stream) => Pin::new(stream).poll_flush(cx),
            Sink::Thread(writer) => Pin::new(writer).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            #[cfg(unix)]
            Sink::Pipe(pipe) => Pin::new(pipe).poll_shutdown(cx),
            #[cfg(unix)]
            Sink::Socket(stream) => Pin::new(stream).poll_shutdown(cx),
            Sink::Thread(writer) => Pin::new(writer).poll_shutdown(cx),
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
