//! Counts acts by who does them, and says when there were too many.
//!
//! The generic cell rate algorithm: for each key one instant, until which its acts have used up the allowance. The crate `governor` has it too, but can neither
//! look without counting (only what fails is counted here) nor bound its memory without letting go of keys that are blocked.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Keys that are remembered one by one.
const KEYS: usize = 65_536;
/// Allowances that newcomers share while there is no room for a key of their own.
const SHARED: usize = 4096;
/// Between two looks for keys that can be forgotten, in milliseconds.
const SWEPT_EVERY_MS: i64 = 1000;
/// A clock that is corrected by less than this frees nobody.
const JITTER_MS: i64 = 60_000;

/// How many acts at once, and after how long one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    burst: u32,
    refill_ms: i64,
}

impl Quota {
    /// `burst` acts at once; each comes back after `refill`.
    #[must_use]
    pub fn new(burst: u32, refill: Duration) -> Self {
        Self {
            burst: burst.max(1),
            refill_ms: i64::try_from(refill.as_millis()).unwrap_or(i64::MAX / 1_000_000).max(1),
        }
    }

    /// So many acts at once, which have all come back after `period`.
    #[must_use]
    pub fn per(period: Duration, acts: u32) -> Self {
        Self::new(acts, period / acts.max(1))
    }

    fn room_ms(self) -> i64 {
        self.refill_ms.saturating_mul(i64::from(self.burst))
    }
}

/// There were too many acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When one more act is allowed.
    pub until: Timestamp,
    /// Seconds until then, at least one.
    pub seconds: u64,
}

/// A limit of acts by key.
///
/// Memory is bounded: at most 65,536 keys are remembered, and a key is forgotten only when its allowance is whole again. While all of them are in use, newcomers
/// share 4,096 allowances: a flood of keys makes newcomers wait, and frees nobody who is blocked.
#[derive(Debug)]
pub struct Limit<K> {
    quota: Quota,
    keys: usize,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    /// Until when, in milliseconds, the acts of a key have used up the allowance.
    keys: HashMap<K, i64>,
    shared: Vec<i64>,
    hasher: RandomState,
    swept_at: i64,
}

impl<K: Hash + Eq> Limit<K> {
    /// With this quota for each key.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self::with_room(quota, KEYS)
    }

    fn with_room(quota: Quota, keys: usize) -> Self {
        let state = State {
            keys: HashMap::new(),
            shared: vec![i64::MIN; SHARED],
            hasher: RandomState::new(),
            swept_at: i64::MIN,
        };
        Self { quota, keys, state: Mutex::new(state) }
    }

    /// Whether one more act is allowed; counts none.
    ///
    /// # Errors
    /// [`Wait`] if there were too many.
    pub fn check(&self, key: &K, now: Timestamp) -> Result<(), Wait> {
        self.verdict(self.state().used_until(key, self.keys), now)
    }

    /// Counts an act, allowed or not; says whether this act used up the allowance.
    pub fn count(&self, key: K, now: Timestamp) -> bool {
        let mut state = self.state();
        let before = self.verdict(state.used_until(&key, self.keys), now);
        let after = self.add(&mut state, key, now);
        before.is_ok() && self.verdict(after, now).is_err()
    }

    /// Counts an act if it is allowed.
    ///
    /// # Errors
    /// [`Wait`] if there were too many.
    pub fn take(&self, key: K, now: Timestamp) -> Result<(), Wait> {
        self.count_if_allowed(key, now).map(drop)
    }

    /// Counts an act if it is allowed, in one step; says whether this act used up the allowance. What only counts if it
    /// fails is counted so before it is tried and given back afterwards: acts that begin at once do not pass together.
    ///
    /// # Errors
    /// [`Wait`] if there were too many.
    pub fn count_if_allowed(&self, key: K, now: Timestamp) -> Result<bool, Wait> {
        let mut state = self.state();
        self.verdict(state.used_until(&key, self.keys), now)?;
        let after = self.add(&mut state, key, now);
        Ok(self.verdict(after, now).is_err())
    }

    /// Gives back an act that was counted and did not count after all.
    pub fn give_back(&self, key: &K, now: Timestamp) {
        let mut state = self.state();
        let now_ms = now.as_millisecond();
        let one_less = |until: i64| now_ms.saturating_add((self.used(until, now_ms) - self.quota.refill_ms).max(0));
        if let Some(until) = state.keys.get_mut(key) {
            *until = one_less(*until);
        } else if state.keys.len() >= self.keys {
            let shared = state.shared_place(key);
            state.shared[shared] = one_less(state.shared[shared]);
        }
    }

    /// Forgets the acts of a key.
    pub fn forget(&self, key: &K) {
        self.state().keys.remove(key);
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn verdict(&self, used_until: i64, now: Timestamp) -> Result<(), Wait> {
        let now_ms = now.as_millisecond();
        let over = self.used(used_until, now_ms) + self.quota.refill_ms - self.quota.room_ms();
        if over <= 0 {
            return Ok(());
        }
        let until = Timestamp::from_millisecond(now_ms.saturating_add(over)).unwrap_or(Timestamp::MAX);
        Err(Wait { until, seconds: u64::try_from((over + 999) / 1000).unwrap_or(1).max(1) })
    }

    /// Milliseconds of the allowance that are used.
    fn used(&self, used_until: i64, now_ms: i64) -> i64 {
        if self.is_live(used_until, now_ms) { (used_until - now_ms).min(self.quota.room_ms()) } else { 0 }
    }

    /// Whether something of the allowance is used. An instant that lies further ahead than acts can bring it was left by a clock that has been set back since.
    fn is_live(&self, used_until: i64, now_ms: i64) -> bool {
        let ahead = used_until.saturating_sub(now_ms);
        ahead > 0 && ahead <= self.quota.room_ms().saturating_mul(2).saturating_add(JITTER_MS)
    }

    /// Counts, and says until when the allowance is used now.
    fn add(&self, state: &mut State<K>, key: K, now: Timestamp) -> i64 {
        let now_ms = now.as_millisecond();
        let one_more = |until: i64| {
            let used = (self.used(until, now_ms) + self.quota.refill_ms).min(self.quota.room_ms());
            now_ms.saturating_add(used)
        };
        if let Some(until) = state.keys.get_mut(&key) {
            *until = one_more(*until);
            return *until;
        }
        if state.keys.len() >= self.keys && now_ms.saturating_sub(state.swept_at).abs() >= SWEPT_EVERY_MS {
            state.keys.retain(|_, until| self.is_live(*until, now_ms));
            state.swept_at = now_ms;
        }
        if state.keys.len() < self.keys {
            let until = one_more(i64::MIN);
            state.keys.insert(key, until);
            return until;
        }
        let shared = state.shared_place(&key);
        state.shared[shared] = one_more(state.shared[shared]);
        state.shared[shared]
    }
}

impl<K: Hash + Eq> State<K> {
    fn used_until(&self, key: &K, room: usize) -> i64 {
        match self.keys.get(key) {
            Some(until) => *until,
            None if self.keys.len() < room => i64::MIN,
            None => self.shared[self.shared_place(key)],
        }
    }

    /// Nobody outside can choose whose allowance a key shares.
    fn shared_place(&self, key: &K) -> usize {
        usize::try_from(self.hasher.hash_one(key) % SHARED as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("an instant")
    }

    fn three_a_minute() -> Limit<&'static str> {
        Limit::new(Quota::per(Duration::from_secs(60), 3))
    }

    #[test]
    fn acts_come_back_one_by_one() {
        let limit = three_a_minute();
        assert!((0..3).all(|_| limit.take("a", at(0)).is_ok()));
        assert_eq!(limit.take("a", at(0)), Err(Wait { until: at(20), seconds: 20 }));
        assert_eq!(limit.take("a", at(15)), Err(Wait { until: at(20), seconds: 5 }));
        assert!(limit.take("a", at(20)).is_ok());
        assert!(limit.take("a", at(20)).is_err());
        assert!((0..3).all(|_| limit.take("a", at(200)).is_ok()), "after a pause the whole allowance is there");
    }

    #[test]
    fn each_key_is_counted_apart() {
        let limit = three_a_minute();
        assert!((0..9).filter(|_| limit.take("a", at(0)).is_ok()).count() == 3);
        assert!(limit.take("b", at(0)).is_ok());
    }

    #[test]
    fn looking_counts_nothing_and_the_act_that_uses_up_the_allowance_says_so() {
        let limit = three_a_minute();
        assert!((0..9).all(|_| limit.check(&"a", at(0)).is_ok()));
        let last: Vec<bool> = (0..5).map(|_| limit.count("a", at(0))).collect();
        assert_eq!(last, [false, false, true, false, false]);
        assert!(limit.check(&"a", at(0)).is_err());
        assert!(limit.check(&"a", at(20)).is_ok(), "acts beyond the allowance make the wait no longer");
        limit.forget(&"a");
        assert!(limit.check(&"a", at(0)).is_ok());
    }

    #[test]
    fn of_acts_that_begin_at_once_no_more_are_allowed_than_one_after_the_other() {
        let limit = Limit::new(Quota::per(Duration::from_secs(60), 3));
        let begun = std::sync::Barrier::new(50);
        let one = || {
            begun.wait();
            limit.count_if_allowed("a", at(0)).is_ok()
        };
        let allowed = std::thread::scope(|threads| {
            let all: Vec<_> = (0..50).map(|_| threads.spawn(one)).collect();
            all.into_iter().map(|one| one.join().expect("a thread that ends")).filter(|allowed| *allowed).count()
        });
        assert_eq!(allowed, 3);
    }

    #[test]
    fn an_act_that_is_given_back_was_none_and_more_than_was_taken_is_not_given() {
        let limit = three_a_minute();
        let taken: Vec<_> = (0..4).map(|_| limit.count_if_allowed("a", at(0)).ok()).collect();
        assert_eq!(taken, [Some(false), Some(false), Some(true), None]);
        limit.give_back(&"a", at(0));
        assert_eq!(limit.count_if_allowed("a", at(0)), Ok(true));
        (0..9).for_each(|_| limit.give_back(&"a", at(0)));
        assert_eq!((0..9).filter(|_| limit.take("a", at(0)).is_ok()).count(), 3);
    }

    #[test]
    fn a_clock_that_is_set_back_blocks_nobody_for_longer_than_the_allowance() {
        let limit = three_a_minute();
        while limit.take("a", at(0)).is_ok() {}
        let day_before = at(0) - SignedDuration::from_hours(24);
        assert!(limit.check(&"a", day_before).is_ok());
        assert!(limit.check(&"a", at(-5)).is_err(), "a clock that is corrected a little frees nobody");
    }

    #[test]
    fn a_flood_of_keys_frees_nobody_who_is_blocked_and_takes_no_more_memory() {
        let limit = Limit::with_room(Quota::per(Duration::from_secs(60), 3), 100);
        while limit.take(0, at(0)).is_ok() {}
        for key in 1..50_000 {
            let _ = limit.take(key, at(1));
        }
        assert!(limit.check(&0, at(2)).is_err(), "still blocked");
        assert!(limit.state().keys.len() <= 100);
        assert!(limit.take(1_000_000, at(200)).is_ok(), "when the flood is over everybody is welcome again");
        assert!(limit.take(0, at(200)).is_ok());
    }
}
