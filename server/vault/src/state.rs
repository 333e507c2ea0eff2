//! Whether keys may be used: the lock as a pure machine. Owns its rules; it reads no clock, holds no key and wipes nothing.
//! Whoever drives it wipes the keys when it says that it locked.
//!
//! Time counts on a clock that goes on while the machine sleeps, so that a night in a bag counts as a night; the clock on
//! the wall does not matter at all.

use std::time::Duration;

/// A sleep of at least so long counts as a suspend; below it two clocks that are read one after the other may differ.
const SLEEP: Duration = Duration::from_secs(1);

/// One look at the two clocks that never go back, both since an unknown start (boot).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// With the time that the machine slept.
    pub boot: Duration,
    /// Without it.
    pub awake: Duration,
}

impl Moment {
    /// Whether the machine slept between `then` and this moment.
    pub fn slept_since(self, then: Self) -> bool {
        self.asleep().saturating_sub(then.asleep()) >= SLEEP
    }

    fn asleep(self) -> Duration {
        self.boot.saturating_sub(self.awake)
    }
}

/// Who wants a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Something that a person did just now, typing included.
    Person,
    /// A timer, a check, an index: it never opens a lock and never keeps it open.
    Background,
}

/// What opens the lock again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reopen {
    /// The next thing a person does.
    OnUse,
    /// A command of its own.
    Explicit,
}

/// The rules of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// It locks when no person used a key for so long.
    pub idle: Duration,
    /// It locks so long after it was opened.
    pub absolute: Duration,
    /// What opens it.
    pub reopen: Reopen,
}

/// Why it is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockReason {
    /// It was never opened in this process.
    NotOpened,
    /// Nobody used a key for the idle limit.
    Idle,
    /// It was open for the absolute limit.
    Absolute,
    /// The machine slept.
    Suspend,
    /// A person asked.
    Asked,
    /// The last editor is gone.
    LastClient,
    /// The vault behind it is locked or was changed by somebody else.
    Vault,
}

impl LockReason {
    /// A stable word for logs, the audit record and editors.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOpened => "not-opened",
            Self::Idle => "idle",
            Self::Absolute => "absolute",
            Self::Suspend => "suspend",
            Self::Asked => "asked",
            Self::LastClient => "last-client",
            Self::Vault => "vault",
        }
    }

    /// The reason with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::NotOpened, Self::Idle, Self::Absolute, Self::Suspend, Self::Asked, Self::LastClient, Self::Vault]
            .into_iter()
            .find(|reason| reason.code() == code)
    }

    /// The end of a sentence that begins with "the keys are locked: ".
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotOpened => "they were not unlocked yet",
            Self::Idle => "they were not used for a while",
            Self::Absolute => "they were unlocked for as long as they may be",
            Self::Suspend => "the machine slept",
            Self::Asked => "you locked them",
            Self::LastClient => "the last editor was closed",
            Self::Vault => "the vault is locked",
        }
    }
}

/// What a use of a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Granted,
    /// It was locked and is open again by this use.
    Reopened,
    /// No. `now` says that it locked only at this look, so that keys have to be wiped.
    Refused {
        /// Why.
        reason: LockReason,
        /// Whether it locked at this very look.
        now: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open { since: Moment, used: Moment },
    Locked { reason: LockReason },
}

/// The lock.
#[derive(Debug, Clone)]
pub struct Lock {
    policy: Policy,
    phase: Phase,
    /// How long the machine had slept at the last look.
    asleep: Duration,
}

impl Lock {
    /// An open lock: whoever started this process is there.
    pub fn open(policy: Policy, now: Moment) -> Self {
        Self { policy, phase: Phase::Open { since: now, used: now }, asleep: now.asleep() }
    }

    /// A lock that waits to be opened.
    pub fn locked(policy: Policy, now: Moment) -> Self {
        Self { policy, phase: Phase::Locked { reason: LockReason::NotOpened }, asleep: now.asleep() }
    }

    /// Other rules from now on; what was used and when stays.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// The rules in force.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Why it is locked; `None` while it is open. Look first: see [`Self::look`].
    pub fn reason(&self) -> Option<LockReason> {
        match self.phase {
            Phase::Open { .. } => None,
            Phase::Locked { reason, .. } => Some(reason),
        }
    }

    /// Locks when a limit has passed. Gives the reason when it locked at this look: then every key has to be wiped.
    pub fn look(&mut self, now: Moment) -> Option<LockReason> {
        let slept = now.asleep().saturating_sub(self.asleep) >= SLEEP;
        self.asleep = self.asleep.max(now.asleep());
        let Phase::Open { since, used } = self.phase else { return None };
        let reason = if slept {
            LockReason::Suspend
        } else if now.boot.saturating_sub(since.boot) >= self.policy.absolute {
            LockReason::Absolute
        } else if now.boot.saturating_sub(used.boot) >= self.policy.idle {
            LockReason::Idle
        } else {
            return None;
        };
        self.phase = Phase::Locked { reason };
        Some(reason)
    }

    /// Somebody wants a key. Limits are checked first, so that a deadline that no timer has seen counts all the same.
    pub fn wants(&mut self, by: By, now: Moment) -> Verdict {
        let locked_now = self.look(now).is_some();
        match (self.phase, by, self.policy.reopen) {
            (Phase::Open { since, .. }, By::Person, _) => {
                self.phase = Phase::Open { since, used: now };
                Verdict::Granted
            }
            (Phase::Open { .. }, By::Background, _) => Verdict::Granted,
            (Phase::Locked { .. }, By::Person, Reopen::OnUse) => {
                self.phase = Phase::Open { since: now, used: now };
                Verdict::Reopened
            }
            (Phase::Locked { reason, .. }, ..) => Verdict::Refused { reason, now: locked_now },
        }
    }

    /// Locks. Gives whether it was open.
    pub fn lock(&mut self, reason: LockReason, now: Moment) -> bool {
        self.look(now);
        let was_open = matches!(self.phase, Phase::Open { .. });
        // Who asks for a lock that is there already gets it under their own name.
        if was_open || reason == LockReason::Asked {
            self.phase = Phase::Locked { reason };
        }
        was_open
    }

    /// Opens it, by the person's own command. Both limits begin anew. Gives whether it was locked.
    pub fn unlock(&mut self, now: Moment) -> bool {
        self.look(now);
        let was_locked = matches!(self.phase, Phase::Locked { .. });
        self.phase = Phase::Open { since: now, used: now };
        was_locked
    }

    /// When it locks by itself, on the clock that counts sleep; `None` while it is locked.
    pub fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Open { since, used } => {
                Some(since.boot.saturating_add(self.policy.absolute).min(used.boot.saturating_add(self.policy.idle)))
            }
            Phase::Locked { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
