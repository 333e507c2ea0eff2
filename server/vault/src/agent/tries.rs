//! What a wrong passphrase costs: each one makes the next answer slower. Pure: time is waited for elsewhere.

use std::time::Duration;

/// The first wrong passphrase costs this; each further one twice as much.
const FIRST: Duration = Duration::from_millis(100);
/// No more than this.
const MOST: Duration = Duration::from_secs(10);

/// How many wrong passphrases came since the last right one.
#[derive(Debug, Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// A wrong one came: how long its answer has to wait.
    pub(super) fn wrong(&mut self) -> Duration {
        let wait = FIRST.saturating_mul(1u32.checked_shl(self.0).unwrap_or(u32::MAX)).min(MOST);
        self.0 = self.0.saturating_add(1);
        wait
    }

    /// Whether none was wrong since the last right one.
    pub(super) fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// The right one came.
    pub(super) fn right(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn va02_the_delay_doubles_from_a_tenth_of_a_second_to_ten_seconds() {
        let mut tries = Tries::default();
        let waits: Vec<_> = (0..9).map(|_| tries.wrong().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        (0..1000).for_each(|_| assert_eq!(tries.wrong(), MOST));
        tries.right();
        assert_eq!(tries.wrong(), FIRST);
    }
}
