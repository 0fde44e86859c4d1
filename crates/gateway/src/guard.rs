//! Slows down who guesses passwords of devices, without shutting out the device whose password is guessed.
//!
//! Guesses are counted for a device at an address, for an address over all devices, and for a device over all addresses. An address at which the device
//! has shown its password before is counted apart: whatever others guess, it is heard.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bilan_admission::{Limit, Prefix, Quota, Wait};
use bilan_telemetry::{Device, Store};
use jiff::Timestamp;

use crate::alarm::{Alarms, LineAlarmKind};
use crate::directory::{DeviceDirectory, Identity, identify};

/// Addresses that are remembered for one device: a card of a mobile network is given another one every day.
const ADDRESSES: usize = 16;
/// Letters of a topic that count.
const LETTERS: usize = 128;

/// Who sends, as far as it can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    /// A customer of a network.
    Address(Prefix),
    /// A topic of a broker, or a line that is no connection of a network.
    Named(String),
}

impl Sender {
    /// Of what the records call it: `203.0.113.9:4711`, `http 203.0.113.9:4711`, `mqtt topic`.
    pub fn of(peer: &str) -> Self {
        let address = peer.strip_prefix("http ").unwrap_or(peer);
        let address = address.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| address.parse::<IpAddr>());
        address.map_or_else(|_| Self::Named(peer.chars().take(LETTERS).collect()), |ip| Self::Address(ip.into()))
    }
}

impl std::fmt::Display for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(prefix) => prefix.fmt(f),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// What comes of looking at a packet's MN and password.
pub(crate) enum Look {
    Known(Arc<Device>),
    Unknown,
    WrongPassword,
    /// Too many guesses: the password was not compared.
    Slowed(Wait),
}

/// Which allowances a guess used up: who uses one up raises the alarm.
#[derive(Clone, Copy)]
struct Counted {
    /// One of the device.
    of_device: bool,
    /// The one of the sender over all devices.
    of_sender: bool,
}

/// Counts guesses. See the module.
pub(crate) struct Guard {
    /// Where each device has shown its password.
    known: Mutex<HashMap<String, VecDeque<Sender>>>,
    at_known_address: Limit<(String, Sender)>,
    at_address: Limit<(String, Sender)>,
    of_sender: Limit<Sender>,
    of_device: Limit<String>,
    /// Packets that a sender may put into quarantine.
    kept: Limit<Sender>,
    alarms: Alarms,
}

impl Guard {
    pub fn new(alarms: Alarms) -> Self {
        let seconds = Duration::from_secs;
        Self {
            known: Mutex::default(),
            at_known_address: Limit::new(Quota::new(60, seconds(10))),
            at_address: Limit::new(Quota::new(10, seconds(60))),
            of_sender: Limit::new(Quota::new(60, seconds(10))),
            // A password of six digits is found in a year on average.
            of_device: Limit::new(Quota::new(120, seconds(30))),
            kept: Limit::new(Quota::new(1000, seconds(2))),
            alarms,
        }
    }

    /// Learns where devices reported from before the program started.
    pub fn learn_from(&self, store: &Store) {
        match store.devices() {
            Ok(devices) => devices.iter().for_each(|device| self.learn(&device.mn, &Sender::of(&device.peer))),
            Err(error) => tracing::error!(%error, "the addresses of devices could not be read"),
        }
    }

    /// Says who speaks. `is_open` for a device that has shown its password on this connection before.
    pub fn look(
        &self,
        directory: &dyn DeviceDirectory,
        (mn, password): (&str, Option<&str>),
        sender: &Sender,
        is_open: bool,
        now: Timestamp,
    ) -> Look {
        if directory.device(mn).is_none() {
            return Look::Unknown;
        }
        // A device of the register: its name is short.
        let pair = (mn.to_owned(), sender.clone());
        let is_known = is_open || self.knows(mn, sender);
        if is_open {
            return match identify(directory, mn, password) {
                Identity::Known(device) => Look::Known(device),
                Identity::Unknown => Look::Unknown,
                Identity::WrongPassword => {
                    if self.at_known_address.count(pair, now) {
                        self.raise(Some(mn), sender, now);
                    }
                    Look::WrongPassword
                }
            };
        }
        // Counted before it is compared: of guesses on many connections at once no more are compared than on one.
        let counted = match self.count(&pair, is_known, now) {
            Ok(counted) => counted,
            Err(wait) => return Look::Slowed(wait),
        };
        match identify(directory, mn, password) {
            Identity::Known(device) => {
                self.give_back(&pair, is_known, now);
                self.learn(mn, sender);
                Look::Known(device)
            }
            Identity::Unknown => {
                self.give_back(&pair, is_known, now);
                Look::Unknown
            }
            Identity::WrongPassword => {
                if counted.of_device {
                    self.raise(Some(mn), sender, now);
                }
                if counted.of_sender {
                    self.raise(None, sender, now);
                }
                Look::WrongPassword
            }
        }
    }

    /// Whether one more packet of the sender goes into quarantine.
    pub fn may_keep(&self, sender: &Sender, now: Timestamp) -> bool {
        self.kept.take(sender.clone(), now).is_ok()
    }

    /// Counts a password that is going to be compared as a wrong one, until it has turned out to be right.
    fn count(&self, pair: &(String, Sender), is_known: bool, now: Timestamp) -> Result<Counted, Wait> {
        if is_known {
            let of_device = self.at_known_address.count_if_allowed(pair.clone(), now)?;
            return Ok(Counted { of_device, of_sender: false });
        }
        let at_address = self.at_address.count_if_allowed(pair.clone(), now)?;
        let of_sender = self
            .of_sender
            .count_if_allowed(pair.1.clone(), now)
            .inspect_err(|_| self.at_address.give_back(pair, now))?;
        let of_device = self.of_device.count_if_allowed(pair.0.clone(), now).inspect_err(|_| {
            self.at_address.give_back(pair, now);
            self.of_sender.give_back(&pair.1, now);
        })?;
        Ok(Counted { of_device: at_address || of_device, of_sender })
    }

    fn give_back(&self, pair: &(String, Sender), is_known: bool, now: Timestamp) {
        if is_known {
            return self.at_known_address.give_back(pair, now);
        }
        self.at_address.give_back(pair, now);
        self.of_sender.give_back(&pair.1, now);
        self.of_device.give_back(&pair.0, now);
    }

    fn raise(&self, mn: Option<&str>, sender: &Sender, now: Timestamp) {
        self.alarms.raise(LineAlarmKind::Guessing, mn, &sender.to_string(), None, now);
    }

    fn knows(&self, mn: &str, sender: &Sender) -> bool {
        self.known().get(mn).is_some_and(|known| known.contains(sender))
    }

    fn learn(&self, mn: &str, sender: &Sender) {
        let mut known = self.known();
        let senders = known.entry(mn.to_owned()).or_default();
        if !senders.contains(sender) {
            senders.truncate(ADDRESSES - 1);
            senders.push_front(sender.clone());
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Sender>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{Counters, FixedDirectory};

    struct Bench {
        guard: Guard,
        directory: FixedDirectory,
        now: Timestamp,
    }

    impl Bench {
        fn new() -> Self {
            let devices = (0..200).map(|number| Device::new(&format!("M{number}"), "128336", "A1", "一站", "air"));
            Self {
                guard: Guard::new(Alarms::new(Arc::new(Counters::default()))),
                directory: FixedDirectory::new(devices),
                now: "2026-05-04T02:00:00Z".parse().expect("an instant"),
            }
        }

        fn look(&self, mn: &str, password: &str, from: &str) -> Look {
            self.guard.look(&self.directory, (mn, Some(password)), &Sender::of(from), false, self.now)
        }

        /// How many of so many guesses were compared.
        fn compared(&self, guesses: usize, mn: impl Fn(usize) -> String, from: impl Fn(usize) -> String) -> usize {
            let wrong = |number: &usize| {
                matches!(self.look(&mn(*number), &number.to_string(), &from(*number)), Look::WrongPassword)
            };
            (0..guesses).filter(wrong).count()
        }
    }

    #[test]
    fn one_address_compares_few_passwords_and_the_right_one_does_not_help_it_then() {
        let bench = Bench::new();
        let compared = bench.compared(5000, |_| "M1".to_owned(), |_| "http 203.0.113.9:4711".to_owned());
        assert_eq!(compared, 10);
        assert!(matches!(bench.look("M1", "128336", "203.0.113.9:1"), Look::Slowed(_)), "the same address over TCP");
        assert_eq!(bench.guard.alarms.newest()[0].mn.as_deref(), Some("M1"));
    }

    #[test]
    fn guesses_on_a_hundred_lines_at_once_are_compared_no_oftener_than_on_one() {
        let bench = Bench::new();
        let begun = std::sync::Barrier::new(100);
        let guess = |number: usize| {
            begun.wait();
            bench.compared(1, |_| "M1".to_owned(), |_| format!("203.0.113.9:{number}"))
        };
        let compared: usize = std::thread::scope(|threads| {
            let guess = &guess;
            let all: Vec<_> = (0..100).map(|number| threads.spawn(move || guess(number))).collect();
            all.into_iter().map(|one| one.join().expect("a thread that ends")).sum()
        });
        assert_eq!(compared, 10);
    }

    #[test]
    fn one_password_tried_on_many_devices_is_slowed_too() {
        let bench = Bench::new();
        assert_eq!(bench.compared(200, |number| format!("M{number}"), |_| "203.0.113.9:4711".to_owned()), 60);
        assert!(bench.guard.alarms.newest().iter().any(|alarm| alarm.mn.is_none() && alarm.from == "203.0.113.9"));
    }

    #[test]
    fn many_addresses_together_are_slowed_and_the_device_is_heard_where_it_was_heard_before() {
        let bench = Bench::new();
        assert!(matches!(bench.look("M1", "128336", "198.51.100.7:1"), Look::Known(_)));
        let from = |number: usize| format!("203.0.{}.{}:1", number / 250, number % 250);
        assert_eq!(bench.compared(5000, |_| "M1".to_owned(), from), 120);
        assert!(matches!(bench.look("M1", "128336", "192.0.2.1:1"), Look::Slowed(_)));
        assert!(matches!(bench.look("M1", "128336", "198.51.100.7:2"), Look::Known(_)));
    }

    #[test]
    fn a_line_on_which_the_device_has_shown_its_password_goes_on() {
        let bench = Bench::new();
        bench.compared(5000, |_| "M1".to_owned(), |_| "203.0.113.9:4711".to_owned());
        let sender = Sender::of("203.0.113.9:9");
        let look = bench.guard.look(&bench.directory, ("M1", Some("128336")), &sender, true, bench.now);
        assert!(matches!(look, Look::Known(_)));
    }

    #[test]
    fn a_device_with_a_mended_password_is_heard_again_after_a_while() {
        let mut bench = Bench::new();
        bench.compared(100, |_| "M1".to_owned(), |_| "203.0.113.9:4711".to_owned());
        bench.now += SignedDuration::from_secs(60);
        assert!(matches!(bench.look("M1", "128336", "203.0.113.9:5"), Look::Known(_)));
    }

    #[test]
    fn one_sender_fills_a_part_of_the_quarantine_only() {
        let bench = Bench::new();
        let sender = Sender::of("http 203.0.113.9:4711");
        assert_eq!((0..100_000).filter(|_| bench.guard.may_keep(&sender, bench.now)).count(), 1000);
        assert!(bench.guard.may_keep(&Sender::of("198.51.100.7:1"), bench.now));
    }
}
