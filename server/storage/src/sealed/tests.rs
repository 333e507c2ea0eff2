//! Published vectors, and what must not open.

use std::time::{Duration, Instant};

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits are a byte")).collect()
}

fn key(text: &str) -> SecretKey {
    SecretKey::from_slice(&hex(text)).expect("32 bytes")
}

/// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
#[test]
fn the_published_xchacha20_poly1305_vector_holds() {
    let key = key("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    let nonce = hex("404142434445464748494a4b4c4d4e4f5051525354555657").try_into().expect("24 bytes");
    let associated = hex("50515253c0c1c2c3c4c5c6c7");
    let plain =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen \
                  would be it.";
    let sealed = seal_with(&key, nonce, &associated, plain).expect("sealed");
    let expected =
        hex("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39
                        ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
                        21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
    assert_eq!(sealed[..24], nonce);
    assert_eq!(sealed[24..], expected);
    assert_eq!(open(&key, &associated, &sealed).expect("opened").expose(), plain);
}

/// RFC 5869, test cases 1 and 3: the second has neither salt nor info, as our subkeys have no salt.
#[test]
fn the_published_hkdf_vectors_hold() {
    let input = [0x0b; 22];
    let mut out = [0; 42];
    Hkdf::<Sha256>::new(Some(&hex("000102030405060708090a0b0c")), &input)
        .expand(&hex("f0f1f2f3f4f5f6f7f8f9"), &mut out)
        .expect("short");
    let first = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
    assert_eq!(out.as_slice(), hex(first));
    Hkdf::<Sha256>::new(None, &input).expand(&[], &mut out).expect("short");
    let third = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    assert_eq!(out.as_slice(), hex(third));
}

/// RFC 4231, test cases 1, 2 and 6.
#[test]
fn the_published_hmac_vectors_hold() {
    for (key, data, expected) in [
        (vec![0x0b; 20], b"Hi There".as_slice(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ] {
        let mut state = hmac(&key);
        state.update(data);
        assert_eq!(state.finalize().into_bytes().as_slice(), hex(expected));
    }
}

/// RFC 9106, section 5.3, has a secret and associated data, which we do not use: the crate is held to it, and our own call to
/// the reference implementation's vector without them.
#[test]
fn the_published_argon2id_vectors_hold() {
    use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).expect("short"))
        .output_len(32)
        .build()
        .expect("the vector's parameters");
    let mut out = [0; 32];
    Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .expect("a short secret")
        .hash_password_into(&[1; 32], &[2; 16], &mut out)
        .expect("hashed");
    assert_eq!(out.as_slice(), hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));

    // phc-winner-argon2, test.c: version 0x13, Argon2id.
    for (memory_kib, passes, lanes, password, expected) in [
        (65_536, 2, 1, "password", "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"),
        (256, 2, 2, "password", "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
        (65_536, 1, 1, "password", "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
        (65_536, 2, 1, "differentpassword", "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde"),
    ] {
        let found = Kdf::Argon2id { memory_kib, passes, lanes }.run(password.as_bytes(), b"somesalt").expect("run");
        assert_eq!(found.expose().as_slice(), hex(expected), "{memory_kib} {passes} {lanes}");
    }
}

/// RFC 7914, section 11: the first 32 bytes of each, which is one block of HMAC-SHA256.
#[test]
fn the_published_pbkdf2_vectors_hold() {
    for (password, salt, iterations, expected) in [
        ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
        ("Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
    ] {
        let found = Kdf::Pbkdf2Sha256 { iterations }.run(password.as_bytes(), salt.as_bytes()).expect("run");
        assert_eq!(found.expose().as_slice(), hex(expected), "{password}");
    }
}

#[test]
fn an_envelope_opens_with_its_key_and_its_associated_data_only() {
    let (key, other) = (SecretKey::fill(|key| key.fill(1)), SecretKey::fill(|key| key.fill(2)));
    for plain in [b"".as_slice(), b"x", b"a key", &[7; 5_000]] {
        let sealed = seal(&key, b"here", plain).expect("sealed");
        assert_eq!(sealed.len(), plain.len() + OVERHEAD);
        assert_ne!(sealed, seal(&key, b"here", plain).expect("sealed"), "never the same nonce");
        assert_eq!(open(&key, b"here", &sealed).expect("opened").expose(), plain);
        assert_eq!(open(&other, b"here", &sealed).map(drop), Err(Unopened));
        assert_eq!(open(&key, b"there", &sealed).map(drop), Err(Unopened));
        for length in (0..sealed.len()).step_by(sealed.len() / 50 + 1) {
            assert_eq!(open(&key, b"here", &sealed[..length]).map(drop), Err(Unopened), "cut at {length}");
            let mut changed = sealed.clone();
            changed[length] ^= 1;
            assert_eq!(open(&key, b"here", &changed).map(drop), Err(Unopened), "changed at {length}");
        }
    }
}

#[test]
fn each_label_gives_another_key() {
    let key = SecretKey::fill(|key| key.fill(1));
    let found: std::collections::BTreeSet<_> =
        ["a", "b", "ab", ""].map(|label| *subkey(&key, label).expose()).into_iter().collect();
    assert_eq!(found.len(), 4);
    assert_eq!(subkey(&key, "a").expose(), subkey(&key, "a").expose());
}

#[test]
fn a_mac_tells_where_one_part_ends() {
    let key = SecretKey::fill(|key| key.fill(1));
    let found = mac(&key, &[b"ab", b"c"]);
    assert!(verify(&key, &[b"ab", b"c"], &found));
    for parts in [&[b"a".as_slice(), b"bc"][..], &[b"abc"], &[b"ab", b"c", b""], &[]] {
        assert!(!verify(&key, parts, &found), "{parts:?}");
    }
}

#[test]
fn absurd_parameters_are_refused_before_anything_is_allocated() {
    let passphrase = Secret::new(b"correct horse battery staple".to_vec());
    let argon2 = |memory_kib, passes, lanes| Kdf::Argon2id { memory_kib, passes, lanes };
    for kdf in [
        argon2(64 * 1024 * 1024, 3, 1),
        argon2(1_048_577, 3, 1),
        argon2(65_536, 17, 1),
        argon2(65_536, u32::MAX, 1),
        argon2(65_536, 3, 17),
        argon2(65_536, 3, 1 << 24),
        argon2(u32::MAX, u32::MAX, u32::MAX),
        argon2(8_191, 3, 1),
        argon2(65_536, 0, 1),
        argon2(65_536, 3, 0),
        argon2(0, 0, 0),
        Kdf::Pbkdf2Sha256 { iterations: 1 << 31 },
        Kdf::Pbkdf2Sha256 { iterations: 10_000_001 },
        Kdf::Pbkdf2Sha256 { iterations: 99_999 },
        Kdf::Pbkdf2Sha256 { iterations: 0 },
    ] {
        let start = Instant::now();
        let error = kdf.derive(&passphrase, &[0; 32]).expect_err("refused");
        assert!(start.elapsed() < Duration::from_millis(50), "{kdf}: {:?}", start.elapsed());
        assert!(matches!(error, KdfError::Refused { .. }), "{error}");
    }
}

#[test]
fn what_is_written_is_current_and_what_is_weaker_is_not() {
    assert!(Kdf::CURRENT.is_current());
    Kdf::CURRENT.check().expect("accepted");
    assert!(Kdf::Argon2id { memory_kib: 1 << 20, passes: 4, lanes: 2 }.is_current());
    for kdf in [
        Kdf::Argon2id { memory_kib: 65_535, passes: 3, lanes: 1 },
        Kdf::Argon2id { memory_kib: 65_536, passes: 2, lanes: 1 },
        Kdf::Pbkdf2Sha256 { iterations: 10_000_000 },
    ] {
        assert!(!kdf.is_current(), "{kdf}");
        kdf.check().expect("but accepted");
    }
}

#[test]
fn the_same_passphrase_with_another_salt_is_another_key() {
    let passphrase = Secret::new(b"correct horse battery staple".to_vec());
    let kdf = Kdf::Argon2id { memory_kib: 8_192, passes: 1, lanes: 1 };
    let key = |salt| *kdf.derive(&passphrase, &[salt; 32]).expect("derived").expose();
    assert_eq!(key(1), key(1));
    assert_ne!(key(1), key(2));
    let start = Instant::now();
    Kdf::CURRENT.derive(&passphrase, &[0; 32]).expect("derived");
    println!("one derivation with {}: {:?}", Kdf::CURRENT, start.elapsed());
}
