//! Passphrases: what can be one, and how strong it is. Owns the one check that every entry point uses; stores nothing, and no
//! message holds any part of what was entered.

use aside_secret::Secret;
use unicode_normalization::UnicodeNormalization as _;

/// The most bytes that may be entered: 1 MiB.
const LONGEST: usize = 1 << 20;

/// How many characters are looked at for the strength: the time for it grows faster than the length.
const MEASURED: usize = 100;

/// The least score of a new passphrase, of 0 to 4: one that withstands an attack on the service, not only a guess or two.
const ENOUGH: u8 = 2;

/// Why a text cannot be a passphrase. Says what to do, never what was entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPassphrase {
    /// Nothing was entered.
    #[error("the passphrase is empty")]
    Empty,
    /// Only spaces.
    #[error("the passphrase is blank")]
    Blank,
    /// A NUL byte, which no keyboard makes.
    #[error("the passphrase has a NUL byte in it")]
    Nul,
    /// More than 1 MiB: a file instead of a passphrase.
    #[error("the passphrase has more than {LONGEST} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the passphrase is not UTF-8 text")]
    NotText,
    /// Too easily guessed to be a new one.
    #[error("the passphrase is too easy to guess")]
    Weak {
        /// Whole sentences, at least one.
        advice: Vec<String>,
    },
}

impl BadPassphrase {
    /// The next step, one or more sentences.
    pub fn hint(&self) -> String {
        match self {
            Self::Weak { advice } => advice.join(" "),
            _ => "enter a passphrase of several words".to_owned(),
        }
    }
}

/// How hard a passphrase is to guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// 0 and 1 are refused for new ones, 2 is fair, 3 is good, 4 is strong.
    pub score: u8,
    /// Whole sentences for a person; empty when there is nothing to better.
    pub advice: Vec<String>,
    /// How long guessing takes at 10,000 guesses a second, in words such as `3 years`. Our own function allows about seven a
    /// second for each processor core.
    pub crack_time: String,
}

/// A text that can be a passphrase: UTF-8 in normal form C, not blank. Wiped when dropped.
pub struct Passphrase(Secret);

impl Passphrase {
    /// The passphrase in `bytes`. One line end behind it is not part of it. The same characters give the same passphrase,
    /// whether they were entered composed or decomposed (Unicode normal form C).
    #[expect(clippy::needless_pass_by_value, reason = "what was entered is wiped here")]
    pub fn parse(bytes: Secret) -> Result<Self, BadPassphrase> {
        let bytes = bytes.expose();
        if bytes.len() > LONGEST {
            return Err(BadPassphrase::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| BadPassphrase::NotText)?;
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.is_empty() {
            return Err(BadPassphrase::Empty);
        }
        if text.contains('\0') {
            return Err(BadPassphrase::Nul);
        }
        if text.chars().all(char::is_whitespace) {
            return Err(BadPassphrase::Blank);
        }
        // Measured first, so that the buffer never grows and leaves a copy behind.
        let mut normal = String::with_capacity(text.nfc().map(char::len_utf8).sum());
        normal.extend(text.nfc());
        Ok(Self(Secret::new(normal.into_bytes())))
    }

    /// How strong it is, by its first 100 characters. Takes a few milliseconds.
    pub fn strength(&self) -> Strength {
        let text = std::str::from_utf8(self.secret().expose()).unwrap_or_default();
        let end = text.char_indices().nth(MEASURED).map_or(text.len(), |(at, _)| at);
        let found = zxcvbn::zxcvbn(&text[..end], &["aside", "vault", "passphrase"]);
        let feedback = found.feedback();
        let warning = feedback.and_then(zxcvbn::feedback::Feedback::warning).map(|warning| warning.to_string());
        let suggestions = feedback.into_iter().flat_map(zxcvbn::feedback::Feedback::suggestions);
        Strength {
            score: u8::from(found.score()),
            advice: warning.into_iter().chain(suggestions.map(ToString::to_string)).collect(),
            crack_time: found.crack_times().offline_slow_hashing_1e4_per_second().to_string(),
        }
    }

    /// Whether it may be the passphrase of something new. Never asked of one that only opens.
    pub fn check_new(&self) -> Result<(), BadPassphrase> {
        let Strength { score, mut advice, .. } = self.strength();
        if score >= ENOUGH {
            return Ok(());
        }
        if advice.is_empty() {
            advice.push("Add another word or two. Uncommon words are better.".to_owned());
        }
        Err(BadPassphrase::Weak { advice })
    }

    /// Whether both are the same text.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }

    /// The normal form, for the function that makes a key of it.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests;
