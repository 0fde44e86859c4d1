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

    /// Keeps something of so many bytes for an owner; its name, or none where there is no room. What finds no room pushes
    /// nothing out.
    pub fn put(&self, owner: &str, what: T, bytes: usize, now: Timestamp) -> Option<String> {
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        things.retain(|_, thing| now.duration_since(thing.at) < self.bounds.lasts);
        let bytes = bytes.saturating_add(NAMES);
        let mut own: Vec<(Timestamp, &String, usize)> = things
            .iter()
            .filter(|(_, thing)| thing.owner == owner)
            .map(|(name, thing)| (thing.at, name, thing.bytes))
            .collect();
        own.sort_unstable();
        let too_many = (own.len() + 1).saturating_sub(self.bounds.each);
        let give_way = &own[..too_many.min(own.len())];
        let held: usize = things.values().map(|thing| thing.bytes).sum();
        let freed: usize = give_way.iter().map(|(.., bytes)| bytes).sum();
        if bytes > self.bounds.bytes || (held - freed).saturating_add(bytes) > self.bounds.bytes_in_all {
            return None;
        }
        let give_way: Vec<String> = give_way.iter().map(|(_, name, _)| (*name).clone()).collect();
        for name in give_way {
            things.remove(&name);
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
    fn what_finds_no_room_pushes_nothing_out() {
        let kept = Kept::new(BOUNDS);
        let names = [kept.put("duty", 1, 500, at(0)).unwrap(), kept.put("duty", 2, 500, at(1)).unwrap()];
        assert_eq!(kept.put("duty", 3, 1000, at(2)), None, "too large");
        let others = [kept.put("a", 0, 244, at(2)), kept.put("b", 0, 200, at(2))];
        assert!(others.iter().all(Option::is_some));
        assert_eq!(kept.put("duty", 3, 744, at(3)), None, "there would not be room even so");
        assert!(names.iter().all(|name| kept.get("duty", name, at(3)).is_some()));
        let in_its_place = kept.put("duty", 4, 500, at(3));
        assert!(in_its_place.is_some(), "what gives way makes room");
        assert_eq!(kept.get("duty", &names[0], at(3)), None);
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
