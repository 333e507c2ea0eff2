//! A secret key of 32 bytes that stays in one place.

use std::{convert::Infallible, fmt};

use crate::page::Page;

/// The system gave no random bytes; nothing can be made secret without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the system gives no random bytes")
    }
}

impl std::error::Error for NoRandomness {}

/// Fills `bytes` with random ones from the system.
pub(crate) fn randomize(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    getrandom::fill(bytes).map_err(|_| NoRandomness)
}

/// A key of exactly 32 bytes in a memory page of its own: locked (never swapped), left out of core dumps, blank in forked
/// children, each as far as the system allows; zeroed before the page is given back. Moving the value does not move the
/// bytes. No `Clone`; `Debug` shows `[redacted]`.
pub struct SecretKey(Page);

impl SecretKey {
    /// Its length in bytes.
    pub const LENGTH: usize = crate::page::LENGTH;

    /// A fresh random key.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn random() -> Result<Self, NoRandomness> {
        Self::try_fill(|bytes| randomize(bytes))
    }

    /// A key with a copy of these 32 bytes; `None` for any other length. Wiping `bytes` is up to the caller.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LENGTH] = bytes.try_into().ok()?;
        Some(Self::fill(|key| key.copy_from_slice(bytes)))
    }

    /// A key that `write` puts straight into its page, so that no copy crosses the stack. It starts as zeros.
    pub fn fill(write: impl FnOnce(&mut [u8; Self::LENGTH])) -> Self {
        let filled = Self::try_fill(|bytes| {
            write(bytes);
            Ok::<_, Infallible>(())
        });
        match filled {
            Ok(key) => key,
            Err(never) => match never {},
        }
    }

    /// Like [`SecretKey::fill`], for what may fail; the page is wiped then.
    ///
    /// # Errors
    /// What `write` gives.
    pub fn try_fill<E>(write: impl FnOnce(&mut [u8; Self::LENGTH]) -> Result<(), E>) -> Result<Self, E> {
        crate::stack::mark();
        let mut page = Page::new();
        write(page.bytes_mut())?;
        Ok(Self(page))
    }

    /// The bytes. This is the only door: every caller is counted by `tests/tidy.rs`.
    pub fn expose(&self) -> &[u8; Self::LENGTH] {
        self.0.bytes()
    }

    /// Whether the system keeps it out of swap.
    pub fn is_locked(&self) -> bool {
        self.0.is_locked()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_bytes_are_a_key() {
        for length in [0, 31, 33, 64] {
            assert!(SecretKey::from_slice(&vec![7; length]).is_none(), "{length}");
        }
        let key = SecretKey::from_slice(&[7; 32]).expect("a key");
        assert_eq!(key.expose(), &[7; 32]);
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

    #[test]
    fn moving_a_key_does_not_move_its_bytes() {
        let key = SecretKey::random().expect("randomness");
        let place = key.expose().as_ptr();
        let moved = Box::new(Some(key));
        let there = moved.as_ref().as_ref().expect("the key").expose().as_ptr();
        assert_eq!(place, there);
    }

    #[test]
    fn a_failed_fill_gives_the_failure() {
        assert_eq!(SecretKey::try_fill(|_| Err("no")).expect_err("it failed"), "no");
    }

    #[test]
    fn a_key_can_be_used_by_another_thread() {
        let key = SecretKey::fill(|bytes| bytes.fill(3));
        let seen = std::thread::spawn(move || key.expose()[31]).join().expect("the thread ends");
        assert_eq!(seen, 3);
    }
}
