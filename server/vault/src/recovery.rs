//! Recovery words: 24 words on paper that open the vault when the passphrase is forgotten, or that are a key written down. Owns how
//! they come to be, are read and become a key; prints nothing.

use aside_secret::{Secret, SecretKey};
use aside_storage::sealed::{SealError, subkey};
use bip39::{Error, Language, Mnemonic};
use zeroize::Zeroizing;

/// How many words carry 256 bits and a checksum of 8 (BIP-39).
const WORDS: usize = 24;

/// The use of the key that the words give.
const LABEL: &str = "aside/vault/v1/recovery";

/// Why a text is not a vault's recovery words. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWords {
    /// Some are missing or too many.
    #[error("{found} words were entered; recovery words are {WORDS}")]
    Count {
        /// How many there are.
        found: usize,
    },
    /// One is misspelled.
    #[error("word {position} is not one of the list")]
    Unknown {
        /// Which one, counted from 1.
        position: usize,
    },
    /// Each is a word of the list, and together they cannot have been given out.
    #[error("the words do not fit together: one is another word, or two are swapped")]
    Checksum,
    /// Not UTF-8.
    #[error("the recovery words are not text")]
    NotText,
}

impl BadWords {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        "compare with the paper, word by word, and enter all 24 again in their order"
    }
}

/// The 24 words: 256 random bits and a checksum. Wiped when dropped; no Debug, no Display.
pub struct RecoveryWords(Mnemonic);

impl RecoveryWords {
    /// New words from 256 bits of the system's generator.
    pub fn generate() -> Result<Self, SealError> {
        let random = SecretKey::random().map_err(|_| SealError::NoRandom)?;
        Ok(Self::of(&random))
    }

    /// The words that stand for these 32 bytes: whoever has them has the bytes, see [`RecoveryWords::bytes`].
    pub fn of(random: &SecretKey) -> Self {
        let words = Mnemonic::from_entropy_in(Language::English, random.expose());
        Self(words.expect("32 bytes are a length that BIP-39 knows"))
    }

    /// The words in a text: any case, any white space between them.
    #[expect(clippy::needless_pass_by_value, reason = "what was entered is wiped here")]
    pub fn parse(text: Secret) -> Result<Self, BadWords> {
        let text = std::str::from_utf8(text.expose()).map_err(|_| BadWords::NotText)?;
        // The list is ASCII: anything else is unknown in any case.
        let mut lower = Zeroizing::new(text.to_owned());
        lower.make_ascii_lowercase();
        let found = lower.split_whitespace().count();
        if found != WORDS {
            return Err(BadWords::Count { found });
        }
        Mnemonic::parse_in_normalized(Language::English, &lower).map(Self).map_err(|error| match error {
            Error::UnknownWord(at) => BadWords::Unknown { position: at + 1 },
            Error::BadWordCount(found) => BadWords::Count { found },
            _ => BadWords::Checksum,
        })
    }

    /// The words in their order with one space between them, to be shown once.
    pub fn words(&self) -> Secret {
        let mut text = Zeroizing::new(Vec::with_capacity(self.0.words().map(|word| word.len() + 1).sum()));
        for word in self.0.words() {
            if !text.is_empty() {
                text.push(b' ');
            }
            text.extend_from_slice(word.as_bytes());
        }
        Secret::new(std::mem::take(&mut *text))
    }

    /// The 32 bytes that the words stand for.
    pub fn bytes(&self) -> SecretKey {
        let (bits, length) = self.0.to_entropy_array();
        let bits = Zeroizing::new(bits);
        SecretKey::from_slice(&bits[..length]).expect("24 words carry 32 bytes")
    }

    /// The key of a vault that the words give: HKDF-SHA256 of their 256 bits.
    pub(crate) fn key(&self) -> SecretKey {
        subkey(&self.bytes(), LABEL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RecoveryWords, BadWords> {
        RecoveryWords::parse(Secret::new(text.as_bytes().to_vec()))
    }

    fn text(words: &RecoveryWords) -> String {
        String::from_utf8(words.words().expose().to_vec()).expect("ASCII")
    }

    /// The vectors of BIP-39.
    const VECTORS: [(u8, &str, &str); 2] = [(0x00, "abandon", "art"), (0xff, "zoo", "vote")];

    #[test]
    fn the_published_words_are_given_and_read() {
        for (byte, word, last) in VECTORS {
            let expected = format!("{}{last}", format!("{word} ").repeat(23));
            let words = RecoveryWords::of(&SecretKey::fill(|key| key.fill(byte)));
            assert_eq!(text(&words), expected);
            assert_eq!(parse(&expected).map(|words| *words.key().expose()), Ok(*words.key().expose()));
            assert_eq!(words.bytes().expose(), &[byte; 32]);
        }
    }

    #[test]
    fn case_and_white_space_do_not_matter() {
        let words = RecoveryWords::generate().expect("random");
        let told = text(&words);
        assert_eq!(told.split(' ').count(), WORDS);
        for entered in [told.to_uppercase(), told.replace(' ', "\n"), format!("  {}\t\r\n", told.replace(' ', "   "))] {
            assert_eq!(parse(&entered).map(|words| *words.key().expose()), Ok(*words.key().expose()));
        }
        assert_ne!(told, text(&RecoveryWords::generate().expect("random")));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let right = format!("{}art", "abandon ".repeat(23));
        for (entered, expected) in [
            (String::new(), BadWords::Count { found: 0 }),
            ("abandon ".repeat(23), BadWords::Count { found: 23 }),
            (format!("{right} art"), BadWords::Count { found: 25 }),
            ("abandon ".repeat(12), BadWords::Count { found: 12 }),
            (right.replacen("abandon", "abandonn", 1), BadWords::Unknown { position: 1 }),
            (right.replace("art", "ärt"), BadWords::Unknown { position: 24 }),
            (right.replace("art", "zoo"), BadWords::Checksum),
        ] {
            assert_eq!(parse(&entered).map(drop), Err(expected), "{entered}");
        }
        assert_eq!(RecoveryWords::parse(Secret::new(vec![0xff; 24])).map(drop), Err(BadWords::NotText));
    }
}
