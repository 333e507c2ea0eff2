//! Bytes that must not leak.
//!
//! Owns [`Secret`] (a value that is wiped when dropped and cannot be printed, copied or serialized) and [`redact`] (what
//! may be shown of a text that may hold key material). It does not know where secrets come from or go to; it never
//! depends on serde, and it does no input or output.

mod redact;

pub use redact::{Redactor, redact};

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
        let bytes = Zeroizing::new(bytes);
        Self(Zeroizing::new(bytes.as_slice().into()))
    }

    /// The bytes. This is the only door: every caller is counted by `tests/tidy.rs`.
    pub fn expose(&self) -> &[u8] {
        &self.0
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
        assert_eq!(format!("{:?}", Some(&secret)), "Some([redacted])");
    }

    #[test]
    fn expose_gives_the_exact_bytes() {
        assert_eq!(Secret::new(vec![0, 159, 146, 150]).expose(), [0, 159, 146, 150]);
        assert!(Secret::new(Vec::new()).is_empty());
    }
}
