//! How HTTP/2 writes the value of a header: the Huffman code of RFC 7541, appendix B, for printable text.
//!
//! The code is canonical: the characters by the length of their codes, in order, tell all of it.

/// Lengths in bits, and the characters whose codes have them.
const CODES: [(u32, &[u8]); 10] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
    (10, b"!\"()?"),
    (11, b"'+|"),
    (12, b"#>"),
    (13, b"\0$@[]~"),
    (14, b"^}"),
    (15, b"<`{"),
];

/// The whole bytes that `value` decides when so many bits stand before it in the first of them; `None` for a value with
/// characters of longer codes.
pub(super) fn huffman(value: &[u8], before: usize) -> Option<Vec<u8>> {
    let mut bits = vec![None; before];
    for byte in value {
        let (code, length) = code(*byte)?;
        bits.extend((0..length).rev().map(|bit| Some(code >> bit & 1)));
    }
    let whole = bits.chunks_exact(8).skip(usize::from(before > 0));
    Some(whole.map(|byte| byte.iter().flatten().fold(0, |sum, bit| sum << 1 | *bit as u8)).collect())
}

fn code(byte: u8) -> Option<(u32, u32)> {
    let (mut next, mut last) = (0, CODES[0].0);
    for (length, bytes) in CODES {
        next <<= length - last;
        last = length;
        if let Some(at) = bytes.iter().position(|known| *known == byte) {
            return Some((next + at as u32, length));
        }
        next += bytes.len() as u32;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_written_as_it_says() {
        // RFC 7541, C.4.1 and C.4.3, without the bits that fill the last byte.
        let examples: [(&[u8], &[u8]); 2] = [
            (b"www.example.com", &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4]),
            (b"custom-value", &[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4]),
        ];
        for (text, bytes) in examples {
            assert_eq!(huffman(text, 0).expect("short codes"), bytes);
        }
        // Behind `Bearer `, as a key stands in a header.
        let whole = huffman(b"Bearer custom-value", 0).expect("short codes");
        let found = (0..8).filter(|before| {
            let part = huffman(b"custom-value", *before).expect("short codes");
            whole.windows(part.len()).any(|window| window == part)
        });
        assert_eq!(found.count(), 1);
    }

    #[test]
    fn every_character_of_a_key_has_its_code() {
        assert_eq!(
            ["~", "^", "{", "z", "Z"].map(|one| code(one.as_bytes()[0])),
            [Some((0x1ffd, 13)), Some((0x3ffc, 14)), Some((0x7ffe, 15)), Some((0x7b, 7)), Some((0xfd, 8))]
        );
        assert_eq!((b' '..=b'~').filter(|byte| code(*byte).is_none()).collect::<Vec<_>>(), b"\\");
    }
}
