//! What redaction costs: a line of the log without keys, with few and with many keys in use, and a line with a key.
//!
//! Run with `cargo run --release -p aside-secret --example redact_cost`.
#![expect(clippy::print_stdout, reason = "a program for people to run")]

use std::{hint::black_box, time::Instant};

use aside_secret::{Secret, know, redact};

const LINE: &str = "2026-11-27T06:55:09.123456Z  INFO aside_lsp::transport: served id=17 method=textDocument/inlineCompletion took_ms=3 session=0190163d-8694-739b-aea5-966c26f8ad90 uri=file:///home/u/project/src/main.rs in 12 ms";

fn measure(what: &str, text: &str) {
    let mut rounds: Vec<f64> = (0..21)
        .map(|_| {
            let start = Instant::now();
            (0..2000).for_each(|_| drop(black_box(redact(black_box(text)))));
            start.elapsed().as_secs_f64() * 1e9 / 2000.0
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("| {what} | {:.0} |", rounds[rounds.len() / 2]);
}

fn main() {
    let key = |n: u32| Secret::new(format!("sk-proj-{:064x}", u128::from(n) * 0x1_0000_9e37_79b9_7f4a_7c15).into());
    println!("| a line of {} bytes | ns |\n|---|---|", LINE.len());
    measure("no key in use", LINE);
    (0..3).for_each(|n| know(&key(n)));
    measure("3 keys in use", LINE);
    (0..1024).for_each(|n| know(&key(n)));
    measure("1024 keys in use", LINE);
    measure("and one in the line", &format!("{LINE} {}", String::from_utf8_lossy(key(7).expose())));
    let start = Instant::now();
    (0..1024).for_each(|n| know(&key(n)));
    println!("| know, for a key that is known | {:.0} |", start.elapsed().as_secs_f64() * 1e9 / 1024.0);
}
