//! Frames, faults, and what follows a fault.

use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A frame that outlives the decoder's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Body(Vec<u8>),
    Fault(Fault),
}

/// What the decoder makes of `pieces`, fed one after the other.
fn seen<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    for piece in pieces {
        decoder.space().extend_from_slice(piece);
        while let Some(frame) = decoder.next() {
            seen.push(match frame {
                Frame::Body(body) => Seen::Body(body.to_vec()),
                Frame::Fault(fault) => Seen::Fault(fault),
            });
        }
    }
    seen
}

fn frame(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

fn body(body: &str) -> Seen {
    Seen::Body(body.as_bytes().to_vec())
}

/// Feeds `bytes` and then a good frame, whole and byte by byte.
fn check(bytes: &[u8], expected: &[Seen]) {
    let mut bytes = bytes.to_vec();
    bytes.extend_from_slice(frame("next").as_bytes());
    let mut expected = expected.to_vec();
    expected.push(body("next"));
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    assert_eq!(seen([bytes.as_slice()]), expected, "whole: {shown:?}");
    assert_eq!(seen(bytes.chunks(1)), expected, "byte by byte: {shown:?}");
}

#[test]
fn every_way_to_write_a_header_is_read() {
    for header in [
        "Content-Length: 2\r\n\r\n",
        "content-length: 2\r\n\r\n",
        "CONTENT-LENGTH:2\r\n\r\n",
        "Content-Length:   2   \r\n\r\n",
        "Content-Length : 2\r\n\r\n",
        "Content-Length: 0002\r\n\r\n",
        "Content-Length: 2\n\n",
        "Content-Length: 2\r\n\n",
        "\r\n\n\r\nContent-Length: 2\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
        "Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        "Content-Type: application/vscode-jsonrpc\r\nContent-Length: 2\r\n\r\n",
        "Content-Type: application/vscode-jsonrpc; charset=\"UTF8\"\r\ncontent-length: 2\r\n\r\n",
        "A: 1\r\nB: 2\r\nC: Content\r\nD:\r\nContent-Length: 2\r\nE: :\r\n\r\n",
    ] {
        check(format!("{header}{{}}").as_bytes(), &[body("{}")]);
    }
}

#[test]
fn headers_may_fill_the_cap_and_not_exceed_it() {
    let filler = |size: usize| format!("X: {}\r\n", "x".repeat(size - 5));
    let head = "Content-Length: 2\r\n";
    let fits = filler(MAX_HEADER - head.len() - 2);
    check(format!("{head}{fits}\r\n{{}}").as_bytes(), &[body("{}")]);
    let exceeds = filler(MAX_HEADER - head.len() - 1);
    check(format!("{head}{exceeds}\r\n{{}}").as_bytes(), &[Seen::Fault(Fault::HeaderTooLong)]);
    let many = "a: b\r\n".repeat(1300);
    check(format!("{many}{head}\r\n{{}}").as_bytes(), &[body("{}")]);
}

#[test]
fn an_empty_body_is_a_body() {
    check(b"Content-Length: 0\r\n\r\n", &[body("")]);
}

#[test]
fn a_length_that_says_nothing_costs_its_own_message_only() {
    for (header, fault) in [
        ("X: 1\r\n\r\n", Fault::NoLength),
        ("Content-Length: -5\r\n\r\n", Fault::BadLength),
        ("Content-Length: +5\r\n\r\n", Fault::BadLength),
        ("Content-Length: 5.0\r\n\r\n", Fault::BadLength),
        ("Content-Length: 0x5\r\n\r\n", Fault::BadLength),
        ("Content-Length: five\r\n\r\n", Fault::BadLength),
        ("Content-Length:\r\n\r\n", Fault::BadLength),
        ("Content-Length: 5, 5\r\n\r\n", Fault::BadLength),
        ("Content-Length: 5\r\nContent-Length: 6\r\n\r\n", Fault::Lengths),
        ("Content-Length: 18446744073709551616\r\n\r\n", Fault::TooLarge(u64::MAX)),
        ("Content-Length: 99999999999999999999999999\r\n\r\n", Fault::TooLarge(u64::MAX)),
        ("Content-Length: 1152921504606846976\r\n\r\n", Fault::TooLarge(1 << 60)),
        ("Content-Length: 67108865\r\n\r\n", Fault::TooLarge(MAX_BODY as u64 + 1)),
    ] {
        check(header.as_bytes(), &[Seen::Fault(fault)]);
        check(format!("{header}{{\"a\": \"Content-Length: 5\\r\\n\"}}\n").as_bytes(), &[Seen::Fault(fault)]);
    }
}

#[test]
fn garbage_is_one_fault_however_long() {
    let lines = "some log line: with a colon\n[1, 2]\r\n".repeat(50);
    for garbage in ["\0", "\u{FEFF}", "GET / HTTP/1.1\r\n", "{\"jsonrpc\":\"2.0\"}", "}}\r\n\r\n", "=== ===\n", &lines]
    {
        check(garbage.as_bytes(), &[Seen::Fault(Fault::NotAHeader)]);
    }
    let binary: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    check(&binary, &[Seen::Fault(Fault::NotAHeader)]);
}

#[test]
fn a_header_glued_to_what_looks_like_a_name_is_found() {
    check(b"xx", &[Seen::Fault(Fault::NoLength)]);
    check(b"X: y Content-Length", &[Seen::Fault(Fault::NoLength)]);
}

#[test]
fn a_foreign_character_set_is_skipped_whole() {
    for charset in ["utf-16", "latin1", "\"utf-32\""] {
        let inner = frame("inside");
        let length = inner.len();
        let bytes = format!("Content-Type: x; a=b; Charset={charset}\r\nContent-Length: {length}\r\n\r\n{inner}");
        check(bytes.as_bytes(), &[Seen::Fault(Fault::Charset)]);
    }
}

#[test]
fn a_body_that_is_too_large_is_skipped_to_its_end() {
    let size = MAX_BODY + 1;
    let mut decoder = Decoder::default();
    decoder.space().extend_from_slice(format!("Content-Length: {size}\r\n\r\n").as_bytes());
    assert_eq!(decoder.next(), Some(Frame::Fault(Fault::TooLarge(size as u64))));
    let block = vec![b'x'; 1024 * 1024];
    let mut left = size;
    while left > 0 {
        let count = left.min(block.len());
        decoder.space().extend_from_slice(&block[..count]);
        assert_eq!(decoder.next(), None);
        left -= count;
    }
    assert!(decoder.buffer.capacity() < 8 * 1024 * 1024, "{}", decoder.buffer.capacity());
    decoder.space().extend_from_slice(frame("next").as_bytes());
    assert_eq!(decoder.next(), Some(Frame::Body(b"next")));
}

#[test]
fn a_claimed_length_takes_no_memory() {
    let mut decoder = Decoder::default();
    decoder.space().extend_from_slice(format!("Content-Length: {MAX_BODY}\r\n\r\nabc").as_bytes());
    assert_eq!(decoder.next(), None);
    decoder.space();
    assert!(decoder.buffer.capacity() <= 2 * MAX_ROOM, "{}", decoder.buffer.capacity());
}

#[test]
fn the_largest_body_arrives_and_its_memory_is_given_back() {
    let mut decoder = Decoder::default();
    decoder.space().extend_from_slice(format!("Content-Length: {MAX_BODY}\r\n\r\n").as_bytes());
    let block = vec![b' '; 1024 * 1024];
    for _ in 0..MAX_BODY / block.len() {
        assert_eq!(decoder.next(), None);
        decoder.space().extend_from_slice(&block);
    }
    assert!(decoder.buffer.capacity() <= MAX_BODY + 2 * MAX_ROOM, "{}", decoder.buffer.capacity());
    assert!(matches!(decoder.next(), Some(Frame::Body(body)) if body.len() == MAX_BODY));
    assert!(decoder.space().capacity() <= KEEP);
}

#[test]
fn bytes_without_a_line_end_cost_linear_time() {
    let block = vec![b'x'; 64 * 1024];
    let mut decoder = Decoder::default();
    let mut faults = 0;
    let start = Instant::now();
    for _ in 0..1024 {
        decoder.space().extend_from_slice(&block);
        while let Some(frame) = decoder.next() {
            assert_eq!(frame, Frame::Fault(Fault::HeaderTooLong));
            faults += 1;
        }
        assert!(decoder.buffer.capacity() <= 4 * block.len());
    }
    assert_eq!(faults, 1);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn a_flood_of_headers_costs_linear_time() {
    for line in ["Content-Length: 1\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n", "\n", "x:\n", "x\n"] {
        let bytes = line.repeat(1024 * 1024 / line.len());
        let start = Instant::now();
        let seen = seen(bytes.as_bytes().chunks(16 * 1024));
        assert!(seen.len() < bytes.len() / 1024, "{line:?}: {}", seen.len());
        assert!(start.elapsed().as_secs() < 5, "{line:?}: {:?}", start.elapsed());
    }
}

/// Bytes near the grammar: frames, headers, broken ones and junk, in any order.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[ -~]{0,40}".prop_map(|text| frame(&text).into_bytes()),
        1 => "(?i)content-length ?: ?[0-9]{0,3}".prop_map(String::into_bytes),
        1 => "[\r\n]{1,3}".prop_map(String::into_bytes),
        1 => Just(b"Content-Length: 99999999999\r\n\r\n".to_vec()),
        1 => Just(b"Content-Type: a; charset=b\r\n".to_vec()),
        1 => vec(any::<u8>(), 0..60),
        1 => vec(Just(b'x'), 0..10_000),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_split_of_the_bytes_gives_the_same_frames(bytes in stream(), cuts in vec(any::<prop::sample::Index>(), 0..20)) {
        let whole = seen([bytes.as_slice()]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.insert(0, 0);
        cuts.push(bytes.len());
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(&seen(pieces), &whole);
        prop_assert_eq!(&seen(bytes.chunks(1)), &whole);
    }

    #[test]
    fn a_good_frame_is_found_after_any_junk(junk in vec(any::<u8>(), 0..300)) {
        let mut bytes = junk;
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(frame("found").as_bytes());
        prop_assert_eq!(seen([bytes.as_slice()]).pop(), Some(body("found")));
    }
}
