//! Where a secret is read in: a buffer that never moves and never grows.

use std::{fmt, io};

use zeroize::Zeroizing;

use crate::Secret;

/// The buffer is full: the value is longer than it may be. Says nothing of what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// How many bytes it takes.
    pub capacity: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "is longer than {} bytes", self.capacity)
    }
}

impl std::error::Error for Full {}

/// Collects a secret from a terminal, a pipe or a socket. A full buffer is an error and never a larger one, because
/// growth leaves copies behind. Overwritten when dropped; `Debug` shows `[redacted]`.
pub struct SecretBuffer {
    bytes: Zeroizing<Box<[u8]>>,
    length: usize,
}

impl SecretBuffer {
    /// An empty buffer for at most `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        crate::stack::mark();
        Self { bytes: Zeroizing::new(vec![0; capacity].into_boxed_slice()), length: 0 }
    }

    /// Adds a byte.
    ///
    /// # Errors
    /// There is no room; the buffer stays as it was.
    pub fn push(&mut self, byte: u8) -> Result<(), Full> {
        self.extend(&[byte])
    }

    /// Adds all of `bytes`, of which the caller wipes its own copy.
    ///
    /// # Errors
    /// There is no room for all of them; the buffer stays as it was.
    pub fn extend(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let full = Full { capacity: self.bytes.len() };
        let end = self.length.checked_add(bytes.len()).ok_or(full)?;
        self.bytes.get_mut(self.length..end).ok_or(full)?.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    /// Takes the last byte away and overwrites it, as an erase key does; `false` when there is none.
    pub fn pop(&mut self) -> bool {
        let Some(last) = self.length.checked_sub(1) else { return false };
        self.bytes[last] = 0;
        self.length = last;
        true
    }

    /// Reads `from` to its end, straight into the buffer.
    ///
    /// # Errors
    /// Reading fails, or there is more than fits ([`Full`] inside an error of kind `FileTooLarge`).
    pub fn read_to_end(&mut self, from: &mut impl io::Read) -> io::Result<()> {
        loop {
            let free = &mut self.bytes[self.length..];
            if free.is_empty() {
                break;
            }
            match from.read(free) {
                Ok(0) => return Ok(()),
                Ok(read) => self.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut one_more = Zeroizing::new([0]);
        loop {
            return match from.read(&mut *one_more) {
                Ok(0) => Ok(()),
                Ok(_) => Err(io::Error::new(io::ErrorKind::FileTooLarge, Full { capacity: self.bytes.len() })),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
        }
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// What was collected, in a buffer of exact size; this one is overwritten.
    pub fn finish(self) -> Secret {
        Secret::of(&self.bytes[..self.length])
    }
}

impl fmt::Debug for SecretBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_refuses_and_keeps_what_it_has() {
        let mut buffer = SecretBuffer::with_capacity(4);
        buffer.extend(b"ab").expect("room");
        assert_eq!(buffer.extend(b"cde"), Err(Full { capacity: 4 }));
        buffer.push(b'c').expect("room");
        buffer.push(b'd').expect("room");
        assert_eq!(buffer.push(b'e').map_err(|full| full.to_string()), Err("is longer than 4 bytes".to_owned()));
        assert_eq!(format!("{buffer:?}"), "[redacted]");
        assert_eq!(buffer.finish().expose(), b"abcd");
    }

    #[test]
    fn an_erased_byte_is_gone() {
        let mut buffer = SecretBuffer::with_capacity(4);
        buffer.extend(b"ab").expect("room");
        assert!(buffer.pop());
        assert_eq!(**buffer.bytes, *b"a\0\0\0");
        assert!(buffer.pop() && !buffer.pop() && buffer.is_empty());
    }

    #[test]
    fn reading_ends_at_the_end_or_at_the_limit() {
        let read = |from: &str, capacity| {
            let mut buffer = SecretBuffer::with_capacity(capacity);
            buffer.read_to_end(&mut from.as_bytes()).map(|()| buffer.finish().expose().to_vec())
        };
        assert_eq!(read("abcd", 4).expect("it fits"), b"abcd");
        assert_eq!(read("", 0).expect("it fits"), b"");
        let error = read("abcde", 4).expect_err("too long");
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::FileTooLarge, "is longer than 4 bytes"));
    }
}
