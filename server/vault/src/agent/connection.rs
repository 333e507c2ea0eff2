//! One connection: frames in, frames out, and who is at the other end.

use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};
use zeroize::Zeroizing;

use super::message::{BadMessage, MOST, Reply, Request};

/// How talking fails.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The connection ended between two frames.
    #[error("it hung up")]
    Ended,
    /// The system's word.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Not our language.
    #[error("{0}")]
    Message(#[from] BadMessage),
    /// A frame longer than any message.
    #[error("it says more than {MOST} bytes at once")]
    TooLong,
    /// Another user.
    #[error("it belongs to user {0}, not to you")]
    Foreign(u32),
}

/// A connection to a process of the same user.
pub(super) struct Connection(UnixStream);

impl Connection {
    /// Checks who is at the other end.
    pub(super) fn checked(stream: UnixStream) -> Result<Self, Failure> {
        let other = stream.peer_cred()?.uid();
        if other == rustix::process::geteuid().as_raw() { Ok(Self(stream)) } else { Err(Failure::Foreign(other)) }
    }

    pub(super) async fn ask(&mut self, request: &Request) -> Result<(), Failure> {
        self.write(&request.bytes()).await
    }

    pub(super) async fn answer(&mut self, reply: &Reply) -> Result<(), Failure> {
        self.write(&reply.bytes()).await
    }

    pub(super) async fn request(&mut self) -> Result<Request, Failure> {
        Ok(Request::read(&self.read().await?)?)
    }

    pub(super) async fn reply(&mut self) -> Result<Reply, Failure> {
        Ok(Reply::read(&self.read().await?)?)
    }

    /// Returns when the other side hangs up; what it says until then does not matter. May be dropped and called again.
    pub(super) async fn hung_up(&mut self) {
        let mut ignored = [0; 64];
        while self.0.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MOST).ok_or(Failure::TooLong)?;
        self.0.write_all(&length.to_le_bytes()).await?;
        self.0.write_all(bytes).await?;
        self.0.flush().await?;
        Ok(())
    }

    async fn read(&mut self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut length = [0; 4];
        match self.0.read_exact(&mut length).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(Failure::Ended),
            other => other?,
        };
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| Failure::TooLong)?;
        if length > MOST {
            return Err(Failure::TooLong);
        }
        let mut bytes = Zeroizing::new(vec![0; length]);
        self.0.read_exact(&mut bytes).await?;
        Ok(bytes)
    }
}
