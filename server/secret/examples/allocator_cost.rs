//! What the wiping allocator costs: each job with the system's allocator and with ours, in one table.
//!
//! Run with `cargo run --release -p aside-secret --example allocator_cost`. It starts itself for each round, with the two
//! allocators by turns, so that a busy machine slows both; the median of the rounds counts.
#![expect(clippy::print_stdout, reason = "a program for people to run")]
#![expect(clippy::disallowed_methods, reason = "it starts itself, once for each allocator and round")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use aside_secret::WipingAllocator;

/// The system's allocator until it is switched over, once, before any large block is made: small blocks of the two may be
/// freed by either.
struct Switched(AtomicBool);

#[global_allocator]
static ALLOCATOR: Switched = Switched(AtomicBool::new(false));

#[expect(unsafe_code, reason = "passes every call on")]
// SAFETY: each block goes back to the allocator it came from; those of before the switch are small and the system's in both.
unsafe impl GlobalAlloc for Switched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { if self.wipes() { WipingAllocator.alloc(layout) } else { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { if self.wipes() { WipingAllocator.alloc_zeroed(layout) } else { System.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { if self.wipes() { WipingAllocator.dealloc(block, layout) } else { System.dealloc(block, layout) } };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe {
            if self.wipes() {
                WipingAllocator.realloc(block, layout, size)
            } else {
                System.realloc(block, layout, size)
            }
        }
    }
}

impl Switched {
    fn wipes(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

const ROUNDS: usize = 15;

/// A job: its name, how often it runs in a round, and what it does.
type Job = (&'static str, u32, fn());

const JOBS: [Job; 7] = [
    ("JSON, 1 KiB message there and back", 2000, || json(1)),
    ("JSON, 64 KiB message there and back", 40, || json(64)),
    ("1000 small blocks (16 to 512 bytes)", 400, small),
    ("text grown to 64 KiB by pieces", 400, || grown(64 << 10)),
    ("text grown to 4 MiB by pieces", 6, || grown(4 << 20)),
    ("block of 16 MiB, filled", 4, || drop(black_box(vec![1_u8; 16 << 20]))),
    ("block of 16 MiB, never touched", 4, || drop(black_box(Vec::<u8>::with_capacity(16 << 20)))),
];

fn json(kib: usize) {
    let items: Vec<_> = (0..kib * 8)
        .map(|n| serde_json::json!({ "line": n, "character": 4, "newText": "let value = compute(index, 17);" }))
        .collect();
    let text = serde_json::json!({ "jsonrpc": "2.0", "id": 7, "params": { "changes": items } }).to_string();
    black_box(
        serde_json::from_str::<serde_json::Value>(&text).map(|value| value.to_string().len()).unwrap_or_default(),
    );
}

fn small() {
    let blocks: Vec<Vec<u8>> = (0..1000_usize).map(|n| Vec::with_capacity(16 + n * 37 % 497)).collect();
    drop(black_box(blocks));
}

fn grown(size: usize) {
    let mut text = String::new();
    while text.len() < size {
        text.push_str("a piece of an answer ");
    }
    drop(black_box(text));
}

/// Nanoseconds for one run of each job, in this process.
fn measured() -> Vec<f64> {
    let one = |&(_, times, job): &Job| {
        job();
        let start = Instant::now();
        (0..times).for_each(|_| job());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    };
    JOBS.iter().map(one).collect()
}

/// The same in a new process with this allocator.
fn round(allocator: &str) -> Vec<f64> {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program).arg(allocator).output().expect("this program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().map(|number| number.parse().expect("a number")).collect()
}

fn median(rounds: &[Vec<f64>], job: usize) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(|round| round[job]).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    if let Some(allocator) = std::env::args().nth(1) {
        ALLOCATOR.0.store(allocator == "wiping", Ordering::Relaxed);
        measured().iter().for_each(|time| println!("{time}"));
        return;
    }
    let (mut system, mut wiping) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        system.push(round("system"));
        wiping.push(round("wiping"));
    }
    println!("| job | system, ns | wiping, ns | more |\n|---|---|---|---|");
    for (job, (name, ..)) in JOBS.iter().enumerate() {
        let (system, wiping) = (median(&system, job), median(&wiping, job));
        println!("| {name} | {system:.0} | {wiping:.0} | {:+.1} % |", (wiping / system - 1.0) * 100.0);
    }
}
