//! Keeps other processes of the same user, crashes and swap away from this process's memory.
//!
//! Nothing here is certain: what the system refuses is reported, and the program goes on.

use std::sync::OnceLock;

/// Which protections of the process are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardening {
    /// The process cannot be dumped, traced or read by others of the same user (Linux: `PR_SET_DUMPABLE`).
    pub dumps_off: bool,
    /// A crash leaves no core file (`RLIMIT_CORE`), here and in every program that is started from here.
    pub core_off: bool,
}

/// Hardens the process. The first thing in `main`; later calls change nothing and give what the first one reached.
pub fn process() -> Hardening {
    static DONE: OnceLock<Hardening> = OnceLock::new();
    *DONE.get_or_init(|| Hardening { dumps_off: dumps_off(), core_off: core_off() })
}

/// On Linux it also makes `/proc/PID` root's, so that nobody but root reads `mem`, `environ` and `maps` there. What the
/// process reads of itself (`/proc/self/exe`, `fd`, `status`) is not affected, and programs it starts are dumpable again.
#[cfg(target_os = "linux")]
fn dumps_off() -> bool {
    use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok()
        && dumpable_behavior() == Ok(DumpableBehavior::NotDumpable)
}

/// macOS would take `PT_DENY_ATTACH`, Windows an access list of the process: neither is done.
#[cfg(not(target_os = "linux"))]
fn dumps_off() -> bool {
    false
}

#[cfg(unix)]
fn core_off() -> bool {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).is_ok()
}

#[cfg(not(unix))]
fn core_off() -> bool {
    false
}

/// Whether keys can be kept out of swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locking {
    /// A page could be locked just now.
    pub works: bool,
    /// How many bytes the process may lock (`RLIMIT_MEMLOCK`); `None` where there is no limit or none is known.
    pub limit: Option<u64>,
}

/// Tries to lock one page.
pub fn memory_locking() -> Locking {
    Locking { works: crate::page::Page::new().is_locked(), limit: lock_limit() }
}

#[cfg(unix)]
fn lock_limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Memlock).current
}

#[cfg(not(unix))]
fn lock_limit() -> Option<u64> {
    None
}
