//! What the program keeps in memory for a while under a name that nobody guesses: forms whose session ended, receipts.
//!
//! Bounded in number and bytes, for all and for each owner, so that one cannot push out what another has there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Things of one owner; a further one takes the place of the oldest.
    pub each: usize,
    /// Bytes of one thing.
    pub bytes: usize,
    /// Bytes of all things together.
    pub bytes_in_all: usize,
    /// How long a thing is kept.
    pub lasts: SignedDuration,
}

/// Bytes of a thing's name, its owner and its place.
const NAMES: usize = 256;

/// Things kept for their owners.
pub(crate) struct Kept<T> {
    bounds: Bounds,
    things: Mutex<HashMap<String, Thing<T>>>,
}

struct Thing<T> {
    owner: String,
    at: Timestamp,
    bytes: usize,
    what: T,
}

/// A kind of thing that is kept, with the bounds of its kind.
pub(crate) trait Keep: Clone {
    const BOUNDS: Bounds;
}

impl<T: Keep> Default for Kept<T> {
    fn default() -> Self {
        Self::new(T::BOUNDS)
    }
}

impl<T: Clone> Kept<T> {
    fn new(bounds: Bounds) -> Self {
        Self { bounds, things: Mutex::default() }
    }

    /// Keeps something of so many bytes for an owner; its name, or none where there is no room.
    pub fn put(&self, owner: &str, what: T, bytes: usize, now: Timestamp) -> Option<String> {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        things.retain(|_, thing| now.duration_since(thing.at) < self.bounds.lasts);
        while things.values().filter(|thing| thing.owner == owner).count() >= self.bounds.each {
            let own = things.iter().filter(|(_, thing)| thing.owner == owner);
            let oldest = own.min_by_key(|(_, thing)| thing.at).map(|(name, _)| name.clone())?;
            things.remove(&oldest);
        }
        let bytes = bytes + NAMES;
        let held: usize = things.values().map(|thing| thing.bytes).sum();
        if bytes > self.bounds.bytes || held.saturating_add(bytes) > self.bounds.bytes_in_all {
            return None;
        }
        let name = crate::accounts::secret()[..32].to_owned();
        things.insert(name.clone(), Thing { owner: owner.to_owned(), at: now, bytes, what });
        Some(name)
    }

    /// What is kept under a name, if it is this owner's and not too old.
    pub fn get(&self, owner: &str, name: &str, now: Timestamp) -> Option<T> {
        let things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        let thing = things.get(name)?;
        let is_his = thing.owner == owner && now.duration_since(thing.at) < self.bounds.lasts;
        is_his.then(|| thing.what.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { each: 2, bytes: 1000, bytes_in_all: 2500, lasts: SignedDuration::from_mins(10) };

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn only_the_owner_gets_it_and_only_for_a_while() {
        let kept = Kept::new(BOUNDS);
        let name = kept.put("duty", "text", 4, at(0)).unwrap();
        assert_eq!(kept.get("duty", &name, at(9)), Some("text"));
        assert_eq!(kept.get("head", &name, at(9)), None);
        assert_eq!(kept.get("duty", &name, at(10)), None);
        assert_eq!(kept.get("duty", "another name", at(1)), None);
    }

    #[test]
    fn one_owner_takes_no_room_of_another() {
        let kept = Kept::new(BOUNDS);
        let of_head = kept.put("head", 0, 1, at(0)).unwrap();
        let names: Vec<String> = (1..=5).map(|n| kept.put("duty", n, 500, at(n)).unwrap()).collect();
        assert_eq!(kept.get("head", &of_head, at(6)), Some(0));
        let left: Vec<i64> = names.iter().filter_map(|name| kept.get("duty", name, at(6))).collect();
        assert_eq!(left, [4, 5], "the newest stay");
    }

    #[test]
    fn what_is_too_large_or_one_too_many_is_not_kept() {
        let kept = Kept::new(BOUNDS);
        assert_eq!(kept.put("duty", 0, 1000, at(0)), None);
        assert!(kept.put("a", 0, 744, at(0)).is_some() && kept.put("b", 0, 744, at(0)).is_some());
        assert_eq!(kept.put("c", 0, 744, at(0)), None);
        assert!(kept.put("c", 0, 744, at(10)).is_some(), "the old are gone");
    }
}
