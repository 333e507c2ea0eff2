//! The forms in which a value appears in texts: as it is, in base64 at each alignment, percent-encoded, in JSON.

use zeroize::Zeroizing;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every different form of `value`, itself first. Each is wiped when dropped.
pub(super) fn forms(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(value.to_vec())];
    let base64 = [STANDARD, URL_SAFE].into_iter().flat_map(|set| (0..3).map(move |before| base64(value, before, set)));
    for form in base64.chain([percent(value, b"0123456789ABCDEF"), percent(value, b"0123456789abcdef"), json(value)]) {
        if !forms.iter().any(|known| **known == *form) {
            forms.push(form);
        }
    }
    forms
}

/// The base64 characters that `value` alone decides when `before` (0 to 2) other bytes stand before it in its group of three.
fn base64(value: &[u8], before: usize, set: &[u8; 64]) -> Zeroizing<Vec<u8>> {
    let bit = |n: usize| n.checked_sub(8 * before).map_or(0, |n| (value[n / 8] >> (7 - n % 8)) & 1);
    let whole = (8 * before).div_ceil(6)..8 * (before + value.len()) / 6;
    let mut out = Zeroizing::new(Vec::with_capacity(whole.len()));
    for n in whole {
        let index = (0..6).fold(0, |index, offset| (index << 1) | bit(6 * n + offset));
        out.push(set[usize::from(index)]);
    }
    out
}

fn percent(value: &[u8], digits: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(3 * value.len()));
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
        }
    }
    out
}

/// Inside the quotes of a JSON string, as serializers write it by default.
fn json(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(6 * value.len()));
    for &byte in value {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(*b"\\n"),
            b'\r' => out.extend(*b"\\r"),
            b'\t' => out.extend(*b"\\t"),
            0..0x20 => {
                let hex = b"0123456789abcdef";
                out.extend(*b"\\u00");
                out.extend([hex[usize::from(byte >> 4)], hex[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(form: &Zeroizing<Vec<u8>>) -> &str {
        std::str::from_utf8(form).expect("text")
    }

    #[test]
    fn base64_is_what_every_alignment_shows_of_the_value() {
        // "key-Zq8" alone, behind one byte and behind two: what stands in each of these.
        for (before, whole) in [(0, "a2V5LVpxOA=="), (1, "eGtleS1acTg="), (2, "eHhrZXktWnE4")] {
            let form = base64(b"key-Zq8", before, STANDARD);
            assert!(whole.contains(text(&form)) && form.len() >= 8, "{before}: {} in {whole}", text(&form));
        }
        assert_eq!(text(&base64(&[0xfb, 0xff, 0xfe], 0, STANDARD)), "+//+");
        assert_eq!(text(&base64(&[0xfb, 0xff, 0xfe], 0, URL_SAFE)), "-__-");
    }

    #[test]
    fn an_ordinary_key_is_itself_in_addresses_and_json() {
        assert_eq!(forms(b"sk-0123456789abc").len(), 4);
        let odd = forms(b"a/\"b\n\x01 9");
        let texts: Vec<_> = odd.iter().map(text).collect();
        assert!(texts.contains(&"a%2F%22b%0A%01%209") && texts.contains(&"a%2f%22b%0a%01%209"), "{texts:?}");
        assert!(texts.contains(&"a/\\\"b\\n\\u0001 9"), "{texts:?}");
    }
}
