//! The layout, with bytes of all kinds.

use proptest::{collection::vec, prelude::*};

use super::*;

fn header_strategy() -> impl Strategy<Value = Header> {
    let kdf = prop_oneof![
        any::<(u32, u32, u32)>().prop_map(|(memory_kib, passes, lanes)| Kdf::Argon2id { memory_kib, passes, lanes }),
        any::<u32>().prop_map(|iterations| Kdf::Pbkdf2Sha256 { iterations }),
    ];
    let key = || vec(any::<u8>(), 72).prop_map(|bytes| <SealedKey>::try_from(bytes).expect("72 bytes"));
    let wrap = (kdf, any::<[u8; 32]>(), key()).prop_map(|(kdf, salt, key)| PassphraseWrap { kdf, salt, key });
    (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<u64>(), any::<i64>(), wrap, proptest::option::of(key())).prop_map(
        |(id, key_id, generation, created, passphrase, recovery)| Header {
            id,
            key_id,
            generation,
            created,
            passphrase,
            recovery,
        },
    )
}

/// The same bytes with a checksum that fits them.
pub(in crate::file) fn forged(bytes: &[u8]) -> Vec<u8> {
    let all = &bytes[..bytes.len().saturating_sub(DIGEST)];
    [all, &digest(all)].concat()
}

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart(
        header in header_strategy(),
        index in vec(any::<u8>(), 0..300),
        entries in vec(any::<u8>(), 0..300),
    ) {
        let head = header.to_bytes();
        let bytes = assemble(&head, &index, &entries).expect("short");
        prop_assert_eq!(
            parse(&bytes),
            Ok(Parts { header, head: &head, index: &index, entries: &entries })
        );
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..500)) {
        prop_assert!(parse(&bytes).is_err());
        let begun = [MAGIC.as_slice(), &VERSION.to_le_bytes(), &bytes].concat();
        prop_assert!(parse(&forged(&begun)).is_err() || bytes.len() > 200);
    }

    #[test]
    fn changed_fields_with_a_fitting_checksum_are_refused_or_read_exactly(
        header in header_strategy(),
        changes in vec((0_usize..500, any::<u8>()), 1..8),
    ) {
        let mut bytes = assemble(&header.to_bytes(), &[1; 60], &[2; 60]).expect("short");
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        let bytes = forged(&bytes);
        if let Ok(Parts { header, head, index, entries }) = parse(&bytes) {
            prop_assert_eq!(&header.to_bytes(), head, "one layout for each header");
            prop_assert_eq!(assemble(head, index, entries).expect("short"), bytes);
        }
    }
}

#[test]
fn a_later_version_is_told_as_such_and_version_zero_is_none() {
    let header = Header {
        id: [1; 16],
        key_id: [2; 16],
        generation: 3,
        created: 4,
        passphrase: PassphraseWrap { kdf: Kdf::CURRENT, salt: [5; 32], key: [6; 72] },
        recovery: None,
    };
    let bytes = assemble(&header.to_bytes(), b"", b"").expect("short");
    for (version, expected) in
        [(0, Broken::Altered("its version never existed")), (2, Broken::Newer(2)), (u16::MAX, Broken::Newer(u16::MAX))]
    {
        let mut other = bytes.clone();
        other[8..10].copy_from_slice(&version.to_le_bytes());
        assert_eq!(parse(&forged(&other)), Err(expected));
        assert!(matches!(parse(&other), Err(Broken::Damaged(_))), "a flipped bit is no new version");
    }
    for length in [0_u32, 1, 13, 14, 200, u32::MAX] {
        let mut other = bytes.clone();
        other[10..14].copy_from_slice(&length.to_le_bytes());
        assert!(matches!(parse(&forged(&other)), Err(Broken::Altered(_))), "{length}");
    }
    for short in [b"".as_slice(), b"A", &[0; 31], &[0; 32], &[0; 5_000]] {
        assert!(matches!(parse(short), Err(Broken::Damaged(_))), "{} bytes", short.len());
    }
}
