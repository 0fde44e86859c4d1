//! How many connections one address may hold.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Prefix;

/// Counts the connections of each address. Those of this machine are not counted: a proxy or a balancer holds them for everybody.
#[derive(Debug)]
pub struct Places {
    most: usize,
    taken: Mutex<HashMap<Prefix, usize>>,
}

/// A connection of an address, until it is dropped.
#[derive(Debug)]
pub struct Place(Option<(Arc<Places>, Prefix)>);

impl Places {
    /// At most so many connections of one address.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A place for one more connection; nothing if the address holds too many.
    #[must_use]
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        if address.to_canonical().is_loopback() {
            return Some(Place(None));
        }
        let prefix = Prefix::from(address);
        let mut taken = self.taken();
        let count = taken.entry(prefix).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Place(Some((Arc::clone(self), prefix))))
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Prefix, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, prefix)) = self.0.take() else { return };
        let mut taken = places.taken();
        if let Some(count) = taken.get_mut(&prefix) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_so_many_and_a_place_that_is_given_back_is_free() {
        let places = Places::new(2);
        let address: IpAddr = "203.0.113.9".parse().expect("an address");
        let held: Vec<_> = (0..3).map(|_| places.take(address)).collect();
        assert_eq!(held.iter().filter(|place| place.is_some()).count(), 2);
        assert!(places.take("203.0.113.10".parse().expect("an address")).is_some(), "another address");
        drop(held);
        assert!(places.take(address).is_some());
        assert!(places.taken().is_empty(), "nothing is remembered of those who left");
    }

    #[test]
    fn connections_of_this_machine_are_not_counted() {
        let places = Places::new(1);
        let held: Vec<_> = (0..9).map(|_| places.take("::ffff:127.0.0.1".parse().expect("an address"))).collect();
        assert!(held.iter().all(Option::is_some));
    }
}
