//! The check of how well the process keeps its memory to itself.

use aside_secret::harden::{self, Hardening, Locking};

use super::{Check, Outcome};

/// Dumps, core files and swap: what the system grants.
pub(super) fn check() -> Check {
    told(harden::process(), harden::memory_locking())
}

fn told(hardening: Hardening, locking: Locking) -> Check {
    let mut missing = Vec::new();
    if !hardening.dumps_off {
        missing.push("other programs of yours can read it");
    }
    if !hardening.core_off {
        missing.push("a crash may leave a core file");
    }
    if !locking.works {
        missing.push("the vault's key can reach swap");
    }
    if missing.is_empty() {
        let what = "closed to other programs of yours, leaves no core file, keeps the vault's key out of swap";
        return Check::new("memory", Outcome::Good, what);
    }
    let check = Check::new("memory", Outcome::Note, missing.join("; "));
    match locking.limit {
        Some(limit) if !locking.works => {
            check.next(format!("raise how much may be locked, now {limit} bytes: `ulimit -l 64`, or encrypt the swap"))
        }
        _ => check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_a_note_with_a_next_step() {
        let hard = Hardening { dumps_off: true, core_off: true };
        assert_eq!(told(hard, Locking { works: true, limit: Some(1 << 20) }).result, Outcome::Good);
        let check = told(hard, Locking { works: false, limit: Some(0) });
        assert_eq!((check.result, check.detail.as_str()), (Outcome::Note, "the vault's key can reach swap"));
        assert!(check.next.is_some_and(|next| next.contains("ulimit -l")));
        let soft = Hardening { dumps_off: false, core_off: false };
        let check = told(soft, Locking { works: true, limit: None });
        assert_eq!(check.detail, "other programs of yours can read it; a crash may leave a core file");
    }
}
