//! What lies in memory while secrets are held and after they are gone, seen from outside as root.
//!
//! Each case runs in a child of this program, which makes a value that only a seed tells, does its part, and waits while
//! its memory is looked through. The children use the wiping allocator, as `aside` does.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "a test that starts itself again")]

use std::{
    alloc::{GlobalAlloc as _, Layout, System},
    env,
    hint::black_box,
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
    task::{Context, Waker},
};

use aside_secret::{Secret, SecretBuffer, SecretKey, Shielded, WipingAllocator, stack};
use aside_test_support::memory::{Form, Hit, flags, is_permitted, scan};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

const SEED: u64 = 20_260_727;
const LENGTH: usize = 32;

/// The byte at `at` of the value: letters, so that it is text in every form.
fn byte(seed: u64, at: usize) -> u8 {
    let mixed = (seed + at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    b'A' + (mixed >> 40) as u8 % 26
}

fn value(seed: u64) -> Vec<u8> {
    (0..LENGTH).map(|at| byte(seed, at)).collect()
}

/// What the child `case` shows while it waits.
fn look(case: &str) -> Option<(Vec<Hit>, Vec<Vec<String>>)> {
    if !is_permitted() {
        return None;
    }
    let mut child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .envs([("TEST_CASE", case), ("TEST_SEED", &SEED.to_string())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("child is ready")), "{case}: the child did its part");
    let hits = scan(child.id(), &[&value(SEED)]).unwrap_or_else(|refused| panic!("{refused}"));
    let flags = hits.iter().map(|hit| flags(child.id(), hit.address).expect("as readable as the memory")).collect();
    drop(child.stdin.take());
    assert!(child.wait().expect("the child ends").success(), "{case}");
    Some((hits, flags))
}

#[track_caller]
fn expect_copies(case: &str, copies: usize) {
    if let Some((hits, _)) = look(case) {
        assert_eq!(hits.len(), copies, "{case}: {hits:#?}");
    }
}

#[test]
#[ignore = "the child of the tests here"]
fn child() {
    let seed: u64 = env::var("TEST_SEED").expect("a seed").parse().expect("a number");
    let held = case(&env::var("TEST_CASE").expect("a case"), seed);
    println!("child is ready");
    std::io::stdin().read_to_end(&mut Vec::new()).expect("input is readable");
    drop(black_box(held));
}

/// Does its part and gives what is to be held meanwhile.
fn case(case: &str, seed: u64) -> Box<dyn std::any::Any> {
    let secret = || Secret::new(value(seed));
    let key = || SecretKey::fill(|bytes| (0..LENGTH).for_each(|at| bytes[at] = byte(seed, at)));
    match case {
        "planted" => return Box::new(planted(&value(seed))),
        "secret held" => return Box::new(secret()),
        "buffer held" => return Box::new(buffer(seed)),
        "key held" => return Box::new(key()),
        "shielded" => return Box::new(Shielded::new(secret()).expect("randomness")),
        "shielded, used" => {
            let shielded = Shielded::new(secret()).expect("randomness");
            assert_eq!(shielded.reveal().len(), LENGTH);
            return Box::new(shielded);
        }
        "shielded, in use" => {
            let shielded = Shielded::new(secret()).expect("randomness");
            let revealed = shielded.reveal();
            return Box::new((shielded, revealed));
        }
        "stack" => left_on_the_stack(seed),
        "stack wiped" => {
            left_on_the_stack(seed);
            stack::wipe();
        }
        "stack of clean work" => stack::clean(|| left_on_the_stack(seed)),
        "stack of a clean future" => {
            let waits = std::future::poll_fn(|_| {
                left_on_the_stack(seed);
                std::task::Poll::<()>::Pending
            });
            let mut waits = std::pin::pin!(stack::clean_future(waits));
            assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        "freed without wiping" => freed_without_wiping(seed),
        "secret dropped" => drop(black_box((secret().copy(), secret()))),
        "buffer finished and dropped" => drop(black_box(buffer(seed).finish())),
        "key dropped" => drop(black_box(key())),
        "string dropped" => drop(black_box(String::from_utf8(value(seed)).expect("letters"))),
        "vector grown" => {
            let mut grown = value(seed);
            while grown.len() < 1 << 20 {
                grown.push(b'.');
            }
            drop(black_box(grown));
        }
        "json dropped" => {
            let text = String::from_utf8(value(seed)).expect("letters");
            let value = serde_json::json!({ "deep": [{ "key": text, "other": 1 }] });
            drop(black_box(serde_json::from_str::<serde_json::Value>(&value.to_string()).expect("JSON")));
        }
        other => panic!("no case is called `{other}`"),
    }
    Box::new(())
}

fn buffer(seed: u64) -> SecretBuffer {
    let mut buffer = SecretBuffer::with_capacity(100);
    (0..LENGTH).for_each(|at| buffer.push(byte(seed, at)).expect("room"));
    buffer
}

/// Two copies as they are, one in a header, one in UTF-16, one in base64 at each alignment.
fn planted(value: &[u8]) -> Vec<Vec<u8>> {
    let behind = |before: &[u8]| [before, value].concat();
    let base64 = |before: &[u8]| base64(&behind(before)).into_bytes();
    vec![
        value.to_vec(),
        behind(b"padding"),
        behind(b"Bearer "),
        value.iter().flat_map(|byte| [*byte, 0]).collect(),
        base64(b""),
        base64(b"a"),
        base64(b"ab"),
    ]
}

fn base64(bytes: &[u8]) -> String {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(6)
        .map(|six| char::from(SET[six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit)) << (6 - six.len())]))
        .collect()
}

/// What optimized code does with a value that is handed on: a copy is somewhere in the frame of a function that has returned.
#[inline(never)]
fn left_on_the_stack(seed: u64) {
    drop(Secret::new(Vec::new()));
    let mut copy = [0; 4096];
    for at in 0..LENGTH {
        copy[1024 + at] = byte(seed, at);
    }
    black_box(&mut copy);
}

fn freed_without_wiping(seed: u64) {
    let layout = Layout::array::<u8>(4096).expect("a layout");
    #[expect(unsafe_code, reason = "frees memory as the system's allocator does, to see what that leaves")]
    // SAFETY: the block is written within its bounds and freed once, with its own layout.
    unsafe {
        let block = System.alloc(layout);
        for at in 0..LENGTH {
            block.add(1024 + at).write_volatile(byte(seed, at));
        }
        System.dealloc(block, layout);
    }
}

#[test]
fn the_scan_finds_what_is_planted_and_counts_it_right() {
    let Some((hits, _)) = look("planted") else { return };
    let count = |form: Form| hits.iter().filter(|hit| hit.form == form).count();
    assert_eq!((count(Form::Raw), count(Form::Bearer), count(Form::Utf16)), (2, 1, 1), "{hits:#?}");
    assert_eq!([0, 1, 2].map(|before| count(Form::Base64(before))), [1, 1, 1], "{hits:#?}");
    assert_eq!(hits.len(), 7);
}

#[test]
fn the_scan_sees_freed_memory() {
    expect_copies("freed without wiping", 1);
}

#[test]
fn what_is_left_on_a_stack_is_seen_and_can_be_wiped() {
    expect_copies("stack", 1);
    for case in ["stack wiped", "stack of clean work", "stack of a clean future"] {
        expect_copies(case, 0);
    }
}

#[test]
fn a_secret_is_in_memory_once_and_gone_when_dropped() {
    expect_copies("secret held", 1);
    expect_copies("secret dropped", 0);
    expect_copies("buffer held", 1);
    expect_copies("buffer finished and dropped", 0);
}

#[test]
fn a_key_is_in_memory_once_in_a_page_that_is_locked_and_not_dumped() {
    if let Some((hits, flags)) = look("key held") {
        assert_eq!(hits.len(), 1, "{hits:#?}");
        for flag in ["lo", "dd", "wf"] {
            assert!(flags[0].iter().any(|found| found == flag), "no `{flag}` in {:?}", flags[0]);
        }
    }
    expect_copies("key dropped", 0);
}

#[test]
fn while_a_secret_is_shielded_no_copy_is_in_memory() {
    for case in ["shielded", "shielded, used"] {
        expect_copies(case, 0);
    }
    expect_copies("shielded, in use", 1);
}

#[test]
fn the_wiping_allocator_leaves_nothing_of_what_is_freed_or_grown() {
    for case in ["string dropped", "vector grown", "json dropped"] {
        expect_copies(case, 0);
    }
}
