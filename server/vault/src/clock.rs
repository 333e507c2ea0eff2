//! The clocks of the lock: now, and waking up when a deadline has passed or the machine has slept. Owns no rule.
//!
//! On Linux a deadline is a timer on the clock that goes on while the machine sleeps, and a second timer is cancelled by
//! the kernel when the machine wakes up or the wall clock is set. So nothing polls, and nothing is late after a night's sleep.

use crate::Moment;

/// Reads both clocks.
#[cfg(target_os = "linux")]
pub fn now() -> Moment {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_gettime};
    let duration = |time: Timespec| {
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanoseconds)
    };
    // The one with sleep first: a pause between the two must not look like a sleep. A sleep between them shows at the next look.
    let boot = duration(clock_gettime(ClockId::Boottime));
    Moment { boot, awake: duration(clock_gettime(ClockId::Monotonic)) }
}

/// Reads the one clock there is: elsewhere a sleep shows as time that passed, or not at all.
#[cfg(not(target_os = "linux"))]
pub fn now() -> Moment {
    use std::{sync::OnceLock, time::Instant};
    static START: OnceLock<Instant> = OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed();
    Moment { boot: passed, awake: passed }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::Alarm;

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::Alarm;

#[cfg(target_os = "linux")]
mod linux {
    //! Timers of the kernel, watched by the runtime.

    use std::{io, os::fd::OwnedFd, time::Duration};

    use rustix::{
        io::Errno,
        time::{
            Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
        },
    };
    use tokio::io::unix::AsyncFd;

    /// Wakes up at a deadline and after a sleep of the machine.
    pub(crate) struct Alarm {
        deadline: AsyncFd<OwnedFd>,
        disturbed: AsyncFd<OwnedFd>,
    }

    impl Alarm {
        /// An alarm that is not set. To be made inside a runtime.
        pub(crate) fn new() -> io::Result<Self> {
            #[expect(
                deprecated,
                reason = "unsound only for types that lie about their descriptor; what replaces it is unsafe"
            )]
            let timer = |clock| -> io::Result<_> {
                let timer = timerfd_create(clock, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
                AsyncFd::new(timer)
            };
            Ok(Self { deadline: timer(TimerfdClockId::Boottime)?, disturbed: timer(TimerfdClockId::Realtime)? })
        }

        /// Waits until `deadline` on the clock that counts sleep, or until the machine woke up or the wall clock was set.
        /// Without a deadline only for the latter.
        pub(crate) async fn wait(&self, deadline: Option<Duration>) -> io::Result<()> {
            // A timer set to zero would be off.
            let at = deadline.map_or(Duration::ZERO, |deadline| deadline.max(Duration::from_nanos(1)));
            set(&self.deadline, at, TimerfdTimerFlags::ABSTIME)?;
            let never = Duration::from_secs(u64::from(u32::MAX) * 2);
            set(&self.disturbed, never, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET)?;
            tokio::select! {
                rung = rings(&self.deadline) => rung,
                rung = rings(&self.disturbed) => rung,
            }
        }
    }

    fn set(timer: &AsyncFd<OwnedFd>, at: Duration, flags: TimerfdTimerFlags) -> io::Result<()> {
        let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
        let value = Timespec { tv_sec: seconds, tv_nsec: at.subsec_nanos().into() };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(timer.get_ref(), flags, &once)?;
        Ok(())
    }

    async fn rings(timer: &AsyncFd<OwnedFd>) -> io::Result<()> {
        loop {
            let mut ready = timer.readable().await?;
            let mut count = [0; 8];
            match rustix::io::read(timer.get_ref(), &mut count) {
                Ok(_) | Err(Errno::CANCELED) => return Ok(()),
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[tokio::test]
        async fn it_rings_at_a_deadline_that_has_passed_and_again_at_the_next() {
            let alarm = Alarm::new().expect("timers");
            for deadline in [Duration::ZERO, Duration::from_millis(1), crate::clock::now().boot] {
                alarm.wait(Some(deadline)).await.expect("it rings");
            }
            let soon = crate::clock::now().boot + Duration::from_millis(20);
            alarm.wait(Some(soon)).await.expect("it rings");
            assert!(crate::clock::now().boot >= soon, "not before");
        }

        #[tokio::test]
        async fn it_does_not_ring_without_a_reason() {
            let alarm = Alarm::new().expect("timers");
            let far = crate::clock::now().boot + Duration::from_secs(3600);
            for deadline in [None, Some(far)] {
                let waited = tokio::time::timeout(Duration::from_millis(30), alarm.wait(deadline)).await;
                assert!(waited.is_err(), "{deadline:?}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    //! Sleep of the runtime, looked at again every half minute: its clock may stand still while the machine sleeps.

    use std::{io, time::Duration};

    const AGAIN: Duration = Duration::from_secs(30);

    /// Wakes up at a deadline, and now and then.
    pub(crate) struct Alarm;

    impl Alarm {
        /// An alarm that is not set.
        #[expect(clippy::unnecessary_wraps, reason = "the same on every platform")]
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits until `deadline` on the clock of [`super::now`], half a minute at most.
        #[expect(clippy::unnecessary_wraps, reason = "the same on every platform")]
        pub(crate) async fn wait(&self, deadline: Option<Duration>) -> io::Result<()> {
            let left = deadline.map_or(AGAIN, |deadline| deadline.saturating_sub(super::now().boot));
            tokio::time::sleep(left.min(AGAIN)).await;
            Ok(())
        }
    }
}
