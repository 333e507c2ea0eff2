//! The text of keys: what is written never changes, and nothing else is read.

use super::*;

const SEVEN: &str = "aside-conversations-1 0707070707070707070707070707070707070707070707070707070707070707 1001e9af";

fn key(byte: u8) -> DataKey {
    DataKey::from_bytes(&[byte; 32])
}

fn written(bytes: &[u8], end: End) -> String {
    let keys: Vec<_> = bytes.iter().map(|byte| key(*byte)).collect();
    String::from_utf8(text(&keys, end).expose().to_vec()).expect("ASCII")
}

fn read(text: impl AsRef<[u8]>, end: End) -> Result<Vec<DataKey>, NotKeys> {
    parse(&Secret::new(text.as_ref().to_vec()), end)
}

#[test]
fn the_written_text_never_changes() {
    assert_eq!(written(&[7], End::None), SEVEN);
    assert_eq!(written(&[7], End::Line), format!("{SEVEN}\n"));
}

#[test]
fn what_is_written_reads_back_in_its_order() {
    for bytes in [&[1][..], &[1, 2], &[3, 2, 1], &[9, 8, 7, 6]] {
        for end in [End::Line, End::None] {
            let text = written(bytes, end);
            assert!(text.len() <= LONGEST, "{}", text.len());
            let ids: Vec<_> = read(&text, end).expect("keys").iter().map(DataKey::id).collect();
            let expected: Vec<_> = bytes.iter().map(|byte| key(*byte).id()).collect();
            assert_eq!(ids, expected, "{bytes:?} {end:?}");
        }
    }
}

#[test]
fn anything_else_is_told_by_its_line_and_never_by_what_it_holds() {
    let two = written(&[1, 2], End::None);
    let five = (1..=5).map(|byte| written(&[byte], End::None)).collect::<Vec<_>>().join("\n");
    let cases: Vec<(Vec<u8>, NotKeys)> = vec![
        (b"".to_vec(), NotKeys::Empty),
        (b"\n".to_vec(), NotKeys::Line(1)),
        (SEVEN.as_bytes().to_vec(), NotKeys::Cut),
        (SEVEN.as_bytes()[..40].to_vec(), NotKeys::Cut),
        (format!("{}\n", &SEVEN[..40]).into_bytes(), NotKeys::Line(1)),
        (format!("{SEVEN}\n\n").into_bytes(), NotKeys::Line(2)),
        (format!("\n{SEVEN}\n").into_bytes(), NotKeys::Line(1)),
        (format!("{SEVEN} \n").into_bytes(), NotKeys::Line(1)),
        (format!("{SEVEN}\r\n").into_bytes(), NotKeys::Line(1)),
        (format!("{}\n", SEVEN.replace("0707", "0708")).into_bytes(), NotKeys::Sum(1)),
        (format!("{}\n", SEVEN.replace("af", "ae")).into_bytes(), NotKeys::Sum(1)),
        (format!("{}\n", SEVEN.replace("e9af", "E9AF")).into_bytes(), NotKeys::Sum(1)),
        (format!("{two}x\n").into_bytes(), NotKeys::Line(2)),
        (format!("{two}\n{two}\n").into_bytes(), NotKeys::Twice(3)),
        (format!("{five}\n").into_bytes(), NotKeys::TooMany),
        (format!("{}\n", SEVEN.replace("-1 ", "-2 ")).into_bytes(), NotKeys::Newer(1)),
        (b"aside-conversations-12 whatever comes then\n".to_vec(), NotKeys::Newer(1)),
        (b"aside-conversations-x whatever\n".to_vec(), NotKeys::Line(1)),
        (vec![0; 96], NotKeys::Cut),
        ([&[0; 95][..], b"\n"].concat(), NotKeys::Line(1)),
        ([&[0xff; 95][..], b"\n"].concat(), NotKeys::Line(1)),
    ];
    for (text, expected) in cases {
        let shown = String::from_utf8_lossy(&text).into_owned();
        let found = read(&text, End::Line).map(|keys| keys.len());
        assert_eq!(found, Err(expected), "{shown:?}");
        assert!(!expected.to_string().contains("07"), "{expected}");
    }
}

#[test]
fn digits_that_are_none_are_no_key_even_with_a_right_sum() {
    let body = format!("{}{}", String::from_utf8_lossy(HEAD), "G".repeat(64));
    let sum = String::from_utf8(sum(body.as_bytes()).to_vec()).expect("ASCII");
    assert_eq!(read(format!("{body} {sum}"), End::None).map(|keys| keys.len()), Err(NotKeys::Line(1)));
}

#[test]
fn no_single_changed_byte_reads_as_a_key() {
    let right = written(&[7, 8], End::Line).into_bytes();
    for at in 0..right.len() {
        for byte in [0, b' ', b'\n', b'0', b'f', b'z', 0xff] {
            let mut changed = right.clone();
            changed[at] = byte;
            assert!(changed == right || read(&changed, End::Line).is_err(), "byte {at} as {byte}");
        }
        assert!(read(&right[..at], End::Line).map_or(0, |keys| keys.len()) < 2, "cut at {at}");
    }
}
