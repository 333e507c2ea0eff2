//! A secret value of any length.

use std::fmt;

use zeroize::Zeroizing;

/// A secret value: bytes, usually UTF-8 text such as a provider key.
///
/// It has no `Clone`, `Display` or serde on purpose. `Debug` shows `[redacted]`. The buffer is allocated once at its exact
/// size, so that no shorter copy is left behind by growth, and is overwritten when the value is dropped.
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Takes ownership of `bytes`. The vector's own buffer is copied to one of exact size and then overwritten.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self::of(&Zeroizing::new(bytes))
    }

    /// A secret with a copy of `bytes`; overwriting those is up to the caller.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::from_box(Zeroizing::new(bytes.into()))
    }

    /// Takes a buffer that is already of exact size.
    pub(crate) fn from_box(bytes: Zeroizing<Box<[u8]>>) -> Self {
        crate::stack::mark();
        Self(bytes)
    }

    /// The bytes. This is the only door: every caller is counted by `tests/tidy.rs`.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A second copy of the value, wiped on its own. Not `Clone`, so that it is seen where one is made.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::of(&self.0)
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the value has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_value() {
        let secret = Secret::new(b"sk-live-1234567890abcdef".to_vec());
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(format!("{:#?}", Some(&secret)), "Some(\n    [redacted],\n)");
    }

    #[test]
    fn expose_gives_the_exact_bytes() {
        let secret = Secret::new(vec![0, 159, 146, 150]);
        assert_eq!((secret.expose(), secret.len()), (&[0, 159, 146, 150][..], 4));
        assert_eq!(secret.copy().expose(), secret.expose());
        assert!(Secret::new(Vec::new()).is_empty());
    }
}
