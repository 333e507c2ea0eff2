//! Ten thousand keys stay quick. The bounds are wide enough for a busy machine without optimization; the figures are printed.

use std::time::{Duration, Instant};

use aside_vault::Slot;

use crate::kit::{Home, NOW, key, name};

#[test]
fn ten_thousand_keys_stay_quick() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let start = Instant::now();
    vault
        .set((0..10_000).map(|n| key(&format!("provider-{n:05}"), &format!("sk-{n:048}"))).collect(), NOW)
        .expect("ok");
    let batch = start.elapsed();
    let start = Instant::now();
    assert_eq!(vault.list().expect("listed").len(), 10_002);
    let list = start.elapsed();
    let mut gets: Vec<_> = (0..1_000)
        .map(|n| {
            let start = Instant::now();
            vault.get(&name(&format!("provider-{:05}", n * 7 % 10_000)), Slot::Current).expect("it is there");
            start.elapsed()
        })
        .collect();
    gets.sort_unstable();
    let start = Instant::now();
    vault.set(vec![key("one-more", "sk-1")], NOW).expect("stored");
    let one = start.elapsed();
    let start = Instant::now();
    home.open().expect("opened").list().expect("listed");
    let open = start.elapsed();
    println!(
        "10,000 keys: batch {batch:?}, list {list:?}, get p50 {:?} p99 {:?}, one more {one:?}, open with words {open:?}, {} bytes",
        gets[500],
        gets[990],
        home.vault_bytes().len()
    );
    assert!(
        batch < Duration::from_secs(8) && list < Duration::from_millis(500) && gets[500] < Duration::from_millis(5)
    );
}
