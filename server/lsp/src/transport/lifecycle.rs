//! What may come when: before `initialize`, while it is answered, after it, and after `shutdown`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::refusal::Refusal;

/// How far the conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Nothing was asked yet, or `initialize` failed.
    New,
    /// `initialize` is being answered.
    Initializing,
    /// `initialize` was answered.
    Running,
    /// `shutdown` was asked for.
    ShutDown,
}

/// What to do with a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Hand it to the service.
    Serve,
    /// Answer it so.
    Refuse(Refusal),
    /// A notification at the wrong time, which has no answer.
    Ignore,
    /// Cancel a request.
    Cancel,
    /// End.
    Exit,
}

/// What to do in `phase` with `method`, which came as a request or as a notification.
pub(crate) fn judge(phase: Phase, method: &str, request: bool) -> Verdict {
    match (method, request) {
        ("exit", _) => return Verdict::Exit,
        ("$/cancelRequest", false) => return Verdict::Cancel,
        ("initialize" | "shutdown", false) => return Verdict::Ignore,
        _ => {}
    }
    match (phase, request) {
        (Phase::New, true) if method == "initialize" => Verdict::Serve,
        (Phase::Initializing | Phase::Running, true) if method == "initialize" => {
            Verdict::Refuse(Refusal::InitializedTwice)
        }
        (Phase::Running, _) => Verdict::Serve,
        (Phase::New | Phase::Initializing, true) => Verdict::Refuse(Refusal::NotInitialized),
        (Phase::ShutDown, true) => Verdict::Refuse(Refusal::ShutDown),
        (_, false) => Verdict::Ignore,
    }
}

/// The phase, shared with the task that answers `initialize`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifecycle(Arc<AtomicU8>);

impl Lifecycle {
    /// The phase now.
    pub(crate) fn phase(&self) -> Phase {
        const PHASES: [Phase; 4] = [Phase::New, Phase::Initializing, Phase::Running, Phase::ShutDown];
        PHASES[usize::from(self.0.load(Ordering::Acquire))]
    }

    /// `method` is about to be served.
    pub(crate) fn begin(&self, method: &str) {
        match method {
            "initialize" => self.step(Phase::New, Phase::Initializing),
            "shutdown" => self.step(Phase::Running, Phase::ShutDown),
            _ => {}
        }
    }

    /// `method` was served, with a result or with an error.
    pub(crate) fn end(&self, method: &str, ok: bool) {
        if method == "initialize" {
            self.step(Phase::Initializing, if ok { Phase::Running } else { Phase::New });
        }
    }

    fn step(&self, from: Phase, to: Phase) {
        // A step from another phase is none: only the reader begins, and `initialize` runs once at a time.
        let _ = self.0.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_takes_what_the_specification_allows() {
        use Phase::{Initializing, New, Running, ShutDown};
        let refuse = |refusal| Verdict::Refuse(refusal);
        let cases = [
            (New, "initialize", true, Verdict::Serve),
            (New, "shutdown", true, refuse(Refusal::NotInitialized)),
            (New, "any", true, refuse(Refusal::NotInitialized)),
            (New, "any", false, Verdict::Ignore),
            (New, "exit", false, Verdict::Exit),
            (Initializing, "initialize", true, refuse(Refusal::InitializedTwice)),
            (Initializing, "any", true, refuse(Refusal::NotInitialized)),
            (Initializing, "$/cancelRequest", false, Verdict::Cancel),
            (Running, "initialize", true, refuse(Refusal::InitializedTwice)),
            (Running, "initialize", false, Verdict::Ignore),
            (Running, "shutdown", false, Verdict::Ignore),
            (Running, "shutdown", true, Verdict::Serve),
            (Running, "any", true, Verdict::Serve),
            (Running, "any", false, Verdict::Serve),
            (ShutDown, "initialize", true, refuse(Refusal::ShutDown)),
            (ShutDown, "shutdown", true, refuse(Refusal::ShutDown)),
            (ShutDown, "any", true, refuse(Refusal::ShutDown)),
            (ShutDown, "any", false, Verdict::Ignore),
            (ShutDown, "exit", true, Verdict::Exit),
        ];
        for (phase, method, request, expected) in cases {
            assert_eq!(judge(phase, method, request), expected, "{method} in {phase:?}");
        }
    }

    #[test]
    fn a_failed_initialize_may_be_tried_again() {
        let life = Lifecycle::default();
        for (ok, phase) in [(false, Phase::New), (true, Phase::Running)] {
            life.begin("initialize");
            assert_eq!(life.phase(), Phase::Initializing);
            life.end("initialize", ok);
            assert_eq!(life.phase(), phase);
        }
    }
}
