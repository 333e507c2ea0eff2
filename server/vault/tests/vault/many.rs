//! Several processes at once: nothing that one wrote is lost to another.

use std::{
    collections::BTreeMap,
    process::{Child, Stdio},
    sync::Arc,
};

use aside_secret::Secret;
use aside_vault::{Files, NewKey, Slot, Unlocked, VaultError};

use crate::kit::{Home, NOW, child, command, key, name};

const PROCESSES: usize = 8;
const OPERATIONS: u64 = 500;

/// Numbers that look random and are the same each time (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What one of the processes does. Its own keys must always be as it left them; the shared ones may be anybody's. At the end it
/// tells how often it wrote, what it left in its own keys and what it last wrote to the shared ones.
pub(crate) fn work(_: &Files, vault: &Unlocked, process: usize) {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15 ^ (process as u64 + 1));
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    let mut shared: BTreeMap<String, String> = BTreeMap::new();
    let mut writes = 0;
    for step in 0..OPERATIONS {
        let mine = format!("own-{process}-{}", numbers.below(5));
        let everyones = format!("shared-{}", numbers.below(3));
        let value = format!("{process}:{step}");
        match numbers.below(10) {
            0..3 => {
                vault.set(vec![key(&mine, &value), key(&everyones, &value)], NOW).expect("stored");
                writes += 1;
                own.insert(mine, value.clone());
                shared.insert(everyones, value);
            }
            3 => match vault.delete(&name(&mine), Slot::Current) {
                Ok(()) => {
                    writes += 1;
                    own.remove(&mine).expect("only this process removes it");
                }
                Err(VaultError::NoKey { .. }) => assert!(!own.contains_key(&mine), "{mine} is lost"),
                Err(error) => panic!("{error}"),
            },
            4 => {
                let listed = vault.list().expect("listed");
                let prefix = format!("own-{process}-");
                let found: Vec<_> = listed.into_iter().map(|info| info.name.provider).collect();
                let found: Vec<_> = found.iter().filter(|name| name.starts_with(&prefix)).collect();
                assert_eq!(found, own.keys().collect::<Vec<_>>());
            }
            _ => match vault.get(&name(&mine), Slot::Current) {
                Ok(found) => assert_eq!(Some(found.expose()), own.get(&mine).map(String::as_bytes), "{mine}"),
                Err(VaultError::NoKey { .. }) => assert!(!own.contains_key(&mine), "{mine} is lost"),
                Err(error) => panic!("{error}"),
            },
        }
    }
    println!("\nWRITES {writes}");
    own.iter().for_each(|(name, value)| println!("OWN {name} {value}"));
    shared.iter().for_each(|(name, value)| println!("SHARED {name} {value}"));
}

#[test]
fn eight_processes_that_write_at_once_lose_nothing() {
    let home = Home::new();
    let vault = home.open().expect("opened");
    let first = vault.generation().expect("read");
    let start = std::time::Instant::now();
    let children: Vec<Child> = (0..PROCESSES)
        .map(|number| {
            let line = child(home.path(), &format!("many {number}"));
            command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
        })
        .collect();
    let (mut writes, mut own, mut shared) = (0, BTreeMap::new(), BTreeMap::<String, Vec<String>>::new());
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}\n{errors}");
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["WRITES", count] => writes += count.parse::<u64>().expect("a number"),
                ["OWN", name, value] => drop(own.insert((*name).to_owned(), (*value).to_owned())),
                ["SHARED", name, value] => shared.entry((*name).to_owned()).or_default().push((*value).to_owned()),
                _ => {}
            }
        }
    }
    println!("{PROCESSES} processes, {OPERATIONS} operations each, {writes} writes: {:?}", start.elapsed());
    assert_eq!(vault.generation().expect("read"), first + writes, "each write came after another");
    for info in vault.list().expect("listed") {
        let name = &info.name.provider;
        let value = vault.get(&info.name, info.slot).expect("listed");
        let value = String::from_utf8(value.expose().to_vec()).expect("text");
        if name.starts_with("own-") {
            assert_eq!(own.remove(name), Some(value), "{name}");
        } else if name.starts_with("shared-") {
            assert!(shared[name].contains(&value), "{name}: {value} was not the last of any process");
        }
    }
    assert!(own.is_empty(), "lost: {own:?}");
}

#[test]
fn threads_that_share_an_open_vault_lose_nothing() {
    let home = Home::new();
    let vault = Arc::new(home.open().expect("opened"));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let vault = Arc::clone(&vault);
            std::thread::spawn(move || {
                for number in 0..25 {
                    let name = name(&format!("t{thread}-{number}"));
                    let value = Secret::new(b"x".to_vec());
                    vault.set(vec![NewKey { name: name.clone(), slot: Slot::Previous, value }], NOW).expect("stored");
                    vault.get(&name, Slot::Previous).expect("it is there");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(vault.list().expect("listed").len(), 2 + 100);
}
