//! Which process gives an answer, and whether it still lives.
//!
//! Owns the decision who may take over a turn. On Linux a process is known by its number, its start time, its boot and its
//! number space, so that a reused number is not mistaken for it. Where that cannot be asked (another system, container or
//! machine) the last sign of life decides: a running turn gives one at least every [`BEAT`]. Nothing here reads the database.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use uuid::Uuid;

/// How often a running turn gives a sign of life.
pub(crate) const BEAT: Duration = Duration::from_secs(15);
/// For how long a sign of life counts.
const LEASE: SignedDuration = SignedDuration::from_secs(45);

/// A holder of turns: one store in one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Tells two stores in one process apart.
    instance: Uuid,
    /// Boot and process number space; empty where the system does not tell.
    host: String,
    pid: u32,
    /// When the process started, in the system's own ticks.
    start: u64,
}

impl Owner {
    /// This process, under a new instance.
    pub(crate) fn current() -> Self {
        let pid = std::process::id();
        let process = system::host().zip(system::start_of(pid));
        let (host, start) = process.unwrap_or_default();
        Self { instance: Uuid::now_v7(), host, pid, start }
    }

    /// The text that the store keeps.
    pub(crate) fn encode(&self) -> String {
        format!("{} {} {} {}", self.instance, self.pid, self.start, self.host)
    }

    /// Reads [`encode`](Self::encode)'s text.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        Some(Self {
            instance: parts.next()?.parse().ok()?,
            pid: parts.next()?.parse().ok()?,
            start: parts.next()?.parse().ok()?,
            host: parts.next()?.to_owned(),
        })
    }

    /// Reads what a database has for an owner. What is no text of ours is nobody.
    pub(crate) fn of(value: ValueRef<'_>) -> Option<Self> {
        value.as_str_or_null().ok().flatten().and_then(Self::decode)
    }

    /// Whether `other`, which was last seen at `seen`, lives at `now`.
    pub(crate) fn sees(&self, other: &Self, seen: Timestamp, now: Timestamp) -> bool {
        self.judges(other, seen, now, system::start_of)
    }

    fn judges(&self, other: &Self, seen: Timestamp, now: Timestamp, start_of: impl Fn(u32) -> Option<u64>) -> bool {
        if !self.host.is_empty() && self.host == other.host {
            return start_of(other.pid) == Some(other.start);
        }
        // A clock that was set back must not keep a dead one alive for long.
        now.duration_since(seen).abs() < LEASE
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    /// The boot and the process number space.
    pub(super) fn host() -> Option<String> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let space = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(format!("{}/{}", boot.trim(), space.display()))
    }

    /// When a process started; `None` when it has ended, also if nobody has collected it yet.
    pub(super) fn start_of(pid: u32) -> Option<u64> {
        start_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The state is the first and the start time the 20th field behind the name, which may hold blanks and parentheses.
    pub(super) fn start_in(stat: &str) -> Option<u64> {
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = fields.next()?;
        if matches!(state, "Z" | "X" | "x") { None } else { fields.nth(18)?.parse().ok() }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn host() -> Option<String> {
        None
    }

    pub(super) fn start_of(_: u32) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(host: &str, pid: u32, start: u64) -> Owner {
        Owner { instance: Uuid::nil(), host: host.to_owned(), pid, start }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn an_owner_reads_back_as_written() {
        for one in [Owner::current(), owner("", 1, 0), owner("boot/pid:[4026531836] x", 7, 9)] {
            assert_eq!(Owner::decode(&one.encode()), Some(one));
        }
        assert_eq!(Owner::decode("nonsense"), None);
    }

    #[test]
    fn on_the_same_host_the_process_decides() {
        let here = owner("boot", 1, 10);
        let process = |pid| (pid == 7).then_some(70);
        assert!(here.judges(&owner("boot", 7, 70), at(0), at(9_999), process), "alive, however long ago it was seen");
        assert!(!here.judges(&owner("boot", 7, 71), at(0), at(0), process), "its number was given to another one");
        assert!(!here.judges(&owner("boot", 8, 70), at(0), at(0), process), "gone");
    }

    #[test]
    fn elsewhere_the_last_sign_of_life_decides() {
        let nobody = |_| None;
        for (here, other) in [("boot", "before"), ("", ""), ("boot", "")] {
            let judge = |seen, now| owner(here, 1, 1).judges(&owner(other, 7, 7), at(seen), at(now), nobody);
            assert!(judge(100, 100) && judge(100, 144) && judge(144, 100));
            assert!(!judge(100, 145) && !judge(1_000_000, 100));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_lives_and_one_that_was_never_there_does_not() {
        let here = Owner::current();
        assert!(here.sees(&here, at(0), at(9_999)));
        assert!(!here.sees(&Owner { pid: u32::MAX, ..here.clone() }, at(0), at(0)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_may_have_any_name_and_a_zombie_is_dead() {
        let stat = |state| format!("7 (a) S 9) {state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0");
        assert_eq!(system::start_in(&stat("S")), Some(4711));
        assert_eq!(system::start_in(&stat("Z")), None);
        assert_eq!(system::start_in("7 (a"), None);
    }
}
