//! How often conversations may be resumed.
//!
//! Owns the tokens: some for each workspace and some for all of them together. What is asked for is never counted by session, so
//! that new identities buy nothing. Pure: monotonic time is an argument. What a resume is, and what a refused one is told, is
//! for others to say.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use crate::WorkspaceId;

/// The most workspaces that are counted on their own.
const MAX_WORKSPACES: usize = 4096;
/// The shortest time between two looks at all of them.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How many tokens there are, and how long each one is away after it was taken.
///
/// A token comes back a whole window after it was taken, not a share of them at a steady pace: so there are never more than
/// `tokens` takes in any window, wherever it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The most takes within a window; 0 allows none.
    pub tokens: u32,
    /// How long a token is away.
    pub window: Duration,
}

/// The rates of a [`Limiter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeRates {
    /// For each workspace.
    pub workspace: Rate,
    /// For everything together.
    pub all: Rate,
}

impl Default for ResumeRates {
    fn default() -> Self {
        let window = Duration::from_secs(60);
        Self { workspace: Rate { tokens: 5, window }, all: Rate { tokens: 20, window } }
    }
}

/// Refused for now: there is a token again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many conversations were resumed at once; the next may be in {} s", .0.as_secs_f64().ceil())]
pub struct RetryAfter(pub Duration);

/// The tokens that are left.
#[derive(Debug)]
pub struct Limiter {
    rates: ResumeRates,
    all: Bucket,
    /// By a keyed hash: a path may be long, and two that share a bucket are merely counted together.
    workspaces: HashMap<u64, Bucket>,
    hasher: RandomState,
    clock: Clock,
    /// When the full buckets were last forgotten.
    swept: Option<Duration>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new(ResumeRates::default())
    }
}

impl Limiter {
    /// A limiter with all its tokens.
    pub fn new(rates: ResumeRates) -> Self {
        Self {
            rates,
            all: Bucket::default(),
            workspaces: HashMap::new(),
            hasher: RandomState::new(),
            clock: Clock::default(),
            swept: None,
        }
    }

    /// Takes a token of `workspace` and one of all, or none.
    ///
    /// # Errors
    /// One of the two buckets is empty: the time until both have a token, if nobody else takes it.
    pub fn take(&mut self, now: Duration, workspace: &WorkspaceId) -> Result<(), RetryAfter> {
        let now = self.clock.advance(now);
        let key = self.hasher.hash_one(workspace);
        let mut wait = self.all.wait(now, self.rates.all);
        if let Some(bucket) = self.workspaces.get_mut(&key) {
            wait = wait.max(bucket.wait(now, self.rates.workspace));
        } else if self.rates.workspace.tokens == 0 {
            wait = wait.max(self.rates.workspace.window);
        }
        if !wait.is_zero() {
            return Err(RetryAfter(wait));
        }
        self.all.taken.push_back(now);
        self.count(now, key);
        Ok(())
    }

    /// Notes a take of one workspace. Where there is no room for another bucket, that of all decides alone.
    fn count(&mut self, now: Duration, key: u64) {
        if self.workspaces.len() >= MAX_WORKSPACES && !self.workspaces.contains_key(&key) {
            self.sweep(now);
        }
        if self.workspaces.len() < MAX_WORKSPACES || self.workspaces.contains_key(&key) {
            self.workspaces.entry(key).or_default().taken.push_back(now);
        }
    }

    /// Forgets the full buckets: a full one says the same as none.
    fn sweep(&mut self, now: Duration) {
        if self.swept.is_none_or(|swept| now - swept >= SWEEP_EVERY) {
            let rate = self.rates.workspace;
            self.workspaces.retain(|_, bucket| !bucket.is_full(now, rate));
            self.swept = Some(now);
        }
    }
}

/// When each token that is away was taken, oldest first.
#[derive(Debug, Default)]
struct Bucket {
    taken: VecDeque<Duration>,
}

impl Bucket {
    /// How long until there is a token; zero when there is one.
    fn wait(&mut self, now: Duration, rate: Rate) -> Duration {
        self.settle(now, rate);
        if self.taken.len() < rate.tokens as usize {
            return Duration::ZERO;
        }
        // Settled, so that the oldest one is away for less than a window.
        self.taken.front().map_or(rate.window, |taken| rate.window - (now - *taken))
    }

    fn is_full(&mut self, now: Duration, rate: Rate) -> bool {
        self.settle(now, rate);
        self.taken.is_empty()
    }

    /// Takes the tokens back whose time has come.
    fn settle(&mut self, now: Duration, rate: Rate) {
        while self.taken.front().is_some_and(|taken| now - *taken >= rate.window) {
            self.taken.pop_front();
        }
    }
}

/// The time that passed, as far as it went forward. A step back counts for nothing: it neither brings tokens back early nor
/// keeps them away until the clock has caught up.
#[derive(Debug, Default)]
struct Clock {
    seen: Option<Duration>,
    passed: Duration,
}

impl Clock {
    fn advance(&mut self, now: Duration) -> Duration {
        let step = self.seen.map_or(Duration::ZERO, |seen| now.saturating_sub(seen));
        self.seen = Some(now);
        self.passed = self.passed.saturating_add(step);
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn workspace(number: u32) -> WorkspaceId {
        WorkspaceId::stored(format!("/projects/{number}"))
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How many of `times` takes of one workspace go through at `now`.
    fn takes(limiter: &mut Limiter, now: u64, number: u32, times: usize) -> usize {
        (0..times).filter(|_| limiter.take(seconds(now), &workspace(number)).is_ok()).count()
    }

    #[test]
    fn the_sixth_resume_within_a_minute_waits_for_the_end_of_it() {
        let mut limiter = Limiter::default();
        assert_eq!(takes(&mut limiter, 0, 1, 3), 3);
        assert_eq!(takes(&mut limiter, 30, 1, 3), 2);
        assert_eq!(limiter.take(seconds(59), &workspace(1)), Err(RetryAfter(seconds(1))));
        assert_eq!(takes(&mut limiter, 60, 1, 9), 3);
        assert_eq!(takes(&mut limiter, 90, 1, 9), 2);
    }

    #[test]
    fn workspaces_wait_for_each_other_only_at_the_bound_of_all() {
        let mut limiter = Limiter::default();
        for number in 0..4 {
            assert_eq!(takes(&mut limiter, 0, number, 6), 5);
        }
        assert_eq!(limiter.take(seconds(1), &workspace(9)), Err(RetryAfter(seconds(59))));
        assert_eq!(takes(&mut limiter, 60, 9, 6), 5);
    }

    #[test]
    fn a_refused_resume_costs_nothing() {
        let mut limiter = Limiter::default();
        assert_eq!(takes(&mut limiter, 0, 1, 1000), 5);
        assert_eq!(takes(&mut limiter, 0, 2, 5), 5);
    }

    #[test]
    fn a_clock_that_goes_back_neither_unlocks_nor_deadlocks() {
        let mut limiter = Limiter::default();
        assert_eq!(takes(&mut limiter, 1_000_000, 1, 6), 5);
        assert_eq!(takes(&mut limiter, 0, 1, 1), 0);
        assert_eq!(takes(&mut limiter, 59, 1, 1), 0);
        assert_eq!(takes(&mut limiter, 60, 1, 6), 5);
    }

    #[test]
    fn a_clock_that_stands_still_or_leaps_to_its_end_breaks_nothing() {
        let mut limiter = Limiter::default();
        assert_eq!(takes(&mut limiter, 7, 1, 500), 5);
        for _ in 0..3 {
            let _ = limiter.take(Duration::MAX, &workspace(1));
            let _ = limiter.take(Duration::ZERO, &workspace(1));
        }
        assert!(limiter.take(Duration::MAX, &workspace(2)).is_ok());
    }

    #[test]
    fn a_rate_of_no_tokens_allows_nothing() {
        let none = Rate { tokens: 0, window: seconds(60) };
        for rates in [
            ResumeRates { workspace: none, ..ResumeRates::default() },
            ResumeRates { all: none, ..ResumeRates::default() },
        ] {
            assert_eq!(Limiter::new(rates).take(seconds(0), &workspace(1)), Err(RetryAfter(seconds(60))));
        }
    }

    #[test]
    fn a_million_workspaces_need_no_more_than_the_most_buckets() {
        let all = Rate { tokens: 100_000, window: seconds(1000) };
        let mut limiter = Limiter::new(ResumeRates { all, ..ResumeRates::default() });
        let mut granted = 0;
        for number in 0..1_000_000 {
            granted += takes(&mut limiter, u64::from(number / 10_000), number, 1);
        }
        assert!(limiter.workspaces.len() <= MAX_WORKSPACES && limiter.all.taken.len() <= 100_000);
        assert_eq!(granted, 100_000);
        // Full ones are forgotten first: after a quiet minute each is counted on its own again.
        assert_eq!(takes(&mut limiter, 2000, 1_000_001, 6), 5);
    }

    #[test]
    fn over_the_most_buckets_that_of_all_decides() {
        let all = Rate { tokens: MAX_WORKSPACES as u32 + 10, window: seconds(60) };
        let mut limiter = Limiter::new(ResumeRates { all, ..ResumeRates::default() });
        assert!((0..MAX_WORKSPACES as u32).all(|number| takes(&mut limiter, 0, number, 1) == 1));
        assert_eq!(takes(&mut limiter, 0, 1_000_000, 20), 10);
        assert_eq!(takes(&mut limiter, 0, 1, 1), 0);
    }

    proptest! {
        #[test]
        fn no_window_ever_sees_more_than_its_tokens(steps in prop::collection::vec((0u64..40, 0u32..6), 1..200)) {
            let mut limiter = Limiter::default();
            let (mut now, mut granted) = (0, Vec::new());
            for (step, number) in steps {
                now += step;
                if limiter.take(seconds(now), &workspace(number)).is_ok() {
                    granted.push((now, number));
                }
            }
            for (start, number) in &granted {
                let within = || granted.iter().filter(|(at, _)| (*start..start + 60).contains(at));
                prop_assert!(within().count() <= 20);
                prop_assert!(within().filter(|(_, other)| other == number).count() <= 5);
            }
        }

        #[test]
        fn whoever_waits_as_long_as_told_gets_a_token(times in prop::collection::vec(any::<u16>(), 1..100)) {
            let mut limiter = Limiter::default();
            for time in times {
                let now = seconds(u64::from(time));
                if let Err(RetryAfter(wait)) = limiter.take(now, &workspace(1)) {
                    prop_assert!(wait <= seconds(60) && !wait.is_zero());
                    prop_assert!(limiter.take(now + wait - Duration::from_nanos(1), &workspace(1)).is_err());
                    prop_assert_eq!(limiter.take(now + wait, &workspace(1)), Ok(()));
                }
            }
        }
    }
}
