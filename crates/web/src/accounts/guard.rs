//! Slows down who guesses passwords, without shutting out the person whose password is guessed.
//!
//! Wrong passwords are counted for a name at an address, for an address over all names, and for a name over all addresses. A browser in which the account has
//! signed in before carries a cookie that says so, and is counted by itself ("device cookies", OWASP): whatever others guess, it is let in. So is an address from
//! which the account has signed in before, after its own wrong passwords alone. A name without an account is counted like any other, so that waiting does not
//! say who has one.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bilan_admission::{Limit, Prefix, Quota, Wait};
use bilan_records::personal::Keyring;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::password::Standing;

/// Addresses that are remembered for an account.
const ADDRESSES: usize = 16;
/// Letters of a name that count: names of accounts have at most 40, and people type passwords there.
const LETTERS: usize = 64;
/// Letters of the number in a browser's cookie.
const NUMBER: usize = 32;

/// Where somebody signs in from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// As the history of accounts shows it.
    pub from: String,
    /// Address, as limits count it.
    pub prefix: Prefix,
    /// The cookie that says in which accounts this browser has signed in before.
    pub browser: Option<String>,
}

impl From<&str> for Origin {
    fn from(from: &str) -> Self {
        let address = from.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self { from: from.to_owned(), prefix: address.into(), browser: None }
    }
}

/// Who tries, as far as one can be distinguished from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Source {
    Browser(String),
    Address(Prefix),
}

/// Somebody who tries a name, and what it is counted under.
#[derive(Clone)]
pub(super) struct Attempt {
    name: String,
    source: Source,
    prefix: Prefix,
    is_known: bool,
}

impl Attempt {
    /// In which queue it waits to be compared.
    pub fn standing(&self) -> Standing {
        match self.source {
            Source::Browser(_) => Standing::Browser,
            Source::Address(_) if self.is_known => Standing::Address,
            Source::Address(_) => Standing::Stranger,
        }
    }
}

/// What a wrong password brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    /// The name waits at this address, or in this browser.
    pub is_locked: bool,
    /// Somebody tries many names from one address, or one name from many.
    pub is_guessing: bool,
}

/// Sums since the start, for `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct GuardCounters {
    pub refused: AtomicU64,
    pub slowed: AtomicU64,
    pub guessing: AtomicU64,
}

pub(super) struct Guard {
    by_source: Limit<(String, Source)>,
    by_address: Limit<Prefix>,
    by_name: Limit<String>,
    /// Tries that had to wait, by address.
    waiting: Limit<Prefix>,
    known: Mutex<HashMap<String, VecDeque<Prefix>>>,
    pub counters: GuardCounters,
}

impl Default for Guard {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            by_source: Limit::new(Quota::new(5, seconds(30))),
            by_address: Limit::new(of_an_address()),
            by_name: Limit::new(Quota::new(100, seconds(60))),
            waiting: Limit::new(of_an_address()),
            known: Mutex::default(),
            counters: GuardCounters::default(),
        }
    }
}

/// False tokens of one address: as many as wrong passwords over all names.
pub(super) fn of_tokens() -> Limit<Prefix> {
    Limit::new(of_an_address())
}

fn of_an_address() -> Quota {
    Quota::new(20, Duration::from_secs(30))
}

impl Guard {
    /// For codes of six digits, of which three are right at any moment: fewer tries than for passwords.
    pub fn for_codes() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            by_source: Limit::new(Quota::new(5, minutes(1))),
            by_address: Limit::new(Quota::new(10, minutes(1))),
            by_name: Limit::new(Quota::new(20, minutes(10))),
            ..Self::default()
        }
    }

    /// What a try is counted under.
    pub fn attempt(&self, keyring: &Keyring, name: &str, origin: &Origin) -> Attempt {
        let browser = origin.browser.as_deref().and_then(|cookie| number(keyring, name, cookie));
        let is_known = browser.is_some() || self.knows(name, origin.prefix);
        let source = browser.map_or(Source::Address(origin.prefix), Source::Browser);
        Attempt { name: name.chars().take(LETTERS).collect(), source, prefix: origin.prefix, is_known }
    }

    /// Counts a try as a wrong one until it has turned out to be right. What is compared only after this is compared no
    /// oftener when many try at once than when they try one after the other.
    pub fn begin(&self, attempt: Attempt, now: Timestamp) -> Result<Try<'_>, Wait> {
        let mut tried = Try { guard: self, attempt, now, taken: 0, counted: Counted::default() };
        if let Err(wait) = tried.take() {
            self.counters.slowed.fetch_add(1, Ordering::Relaxed);
            return Err(wait);
        }
        Ok(tried)
    }

    /// Whether one more password may be tried; counts nothing. For who would wait long before it is compared.
    pub fn check(&self, attempt: &Attempt, now: Timestamp) -> Result<(), Wait> {
        let checked = self.by_source.check(&(attempt.name.clone(), attempt.source.clone()), now).and_then(|()| {
            if attempt.is_known {
                return Ok(());
            }
            self.by_address.check(&attempt.prefix, now)?;
            self.by_name.check(&attempt.name, now)
        });
        if checked.is_err() {
            self.counters.slowed.fetch_add(1, Ordering::Relaxed);
        }
        checked
    }

    /// A try that had to wait: whether there were so many that it is guessing. They are not compared and use up no
    /// allowance, so that nothing else would notice who goes on and on with one name.
    pub fn goes_on(&self, attempt: &Attempt, now: Timestamp) -> bool {
        // Many names from one address, or many addresses for one name, have been noticed when they used up their allowance.
        let is_known =
            self.by_address.check(&attempt.prefix, now).is_err() || self.by_name.check(&attempt.name, now).is_err();
        let is_guessing = !is_known && self.waiting.count(attempt.prefix, now);
        self.counters.guessing.fetch_add(u64::from(is_guessing), Ordering::Relaxed);
        is_guessing
    }

    /// An address from which the account has signed in.
    pub fn learn(&self, name: &str, prefix: Prefix) {
        let mut known = self.known();
        let prefixes = known.entry(name.to_owned()).or_default();
        if !prefixes.contains(&prefix) {
            prefixes.truncate(ADDRESSES - 1);
            prefixes.push_front(prefix);
        }
    }

    fn knows(&self, name: &str, prefix: Prefix) -> bool {
        self.known().get(name).is_some_and(|known| known.contains(&prefix))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Prefix>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A try that is counted. Dropped without having failed, it is given back.
pub(super) struct Try<'g> {
    guard: &'g Guard,
    attempt: Attempt,
    now: Timestamp,
    /// How many allowances are taken, in this order: that of name and source, of the address, of the name.
    taken: u8,
    counted: Counted,
}

impl Try<'_> {
    fn take(&mut self) -> Result<(), Wait> {
        let Attempt { name, source, prefix, is_known } = &self.attempt;
        self.counted.is_locked = self.guard.by_source.count_if_allowed((name.clone(), source.clone()), self.now)?;
        self.taken = 1;
        if *is_known {
            return Ok(());
        }
        let many_names = self.guard.by_address.count_if_allowed(*prefix, self.now)?;
        self.taken = 2;
        let many_addresses = self.guard.by_name.count_if_allowed(name.clone(), self.now)?;
        self.taken = 3;
        self.counted.is_guessing = many_names || many_addresses;
        Ok(())
    }

    /// A wrong password: it stays counted.
    pub fn failed(mut self) -> Counted {
        self.taken = 0;
        let counters = &self.guard.counters;
        counters.refused.fetch_add(1, Ordering::Relaxed);
        let mut counted = self.counted;
        // Where the account was let in before nobody waits for others, but who guesses there is noticed.
        counted.is_guessing |= self.attempt.is_known && self.guard.by_address.count(self.attempt.prefix, self.now);
        if counted.is_guessing {
            counters.guessing.fetch_add(1, Ordering::Relaxed);
        }
        counted
    }

    /// The right password: this address is the account's from now on.
    pub fn succeeded(self) {
        let (guard, attempt) = (self.guard, self.attempt.clone());
        drop(self);
        guard.by_source.forget(&(attempt.name.clone(), attempt.source.clone()));
        guard.learn(&attempt.name, attempt.prefix);
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let Attempt { name, source, prefix, .. } = &self.attempt;
        if self.taken > 0 {
            self.guard.by_source.give_back(&(name.clone(), source.clone()), self.now);
        }
        if self.taken > 1 {
            self.guard.by_address.give_back(prefix, self.now);
        }
        if self.taken > 2 {
            self.guard.by_name.give_back(name, self.now);
        }
    }
}

/// What the key signs in a cookie: nothing that is signed for another place holds here.
const BROWSER: &str = "browser of an account";

/// A cookie that says that `name` has signed in in this browser.
pub(super) fn browser_cookie(keyring: &Keyring, name: &str) -> String {
    let number = &super::secret()[..NUMBER];
    format!("{number}{}", keyring.digest_at(BROWSER, &signed(name, number)))
}

/// The number of the browser, if the cookie is one of this account.
fn number(keyring: &Keyring, name: &str, cookie: &str) -> Option<String> {
    let (number, digest) = cookie.split_at_checked(NUMBER)?;
    let expected = keyring.digest_at(BROWSER, &signed(name, number));
    bool::from(expected.as_bytes().ct_eq(digest.as_bytes())).then(|| number.to_owned())
}

fn signed(name: &str, number: &str) -> String {
    format!("{name}\0{number}")
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    struct Bench {
        guard: Guard,
        keyring: Keyring,
        now: Timestamp,
    }

    impl Bench {
        fn new() -> Self {
            let now = "2026-05-04T02:00:00Z".parse().unwrap();
            Self { guard: Guard::default(), keyring: Keyring::new([7; 32]), now }
        }

        fn attempt(&self, name: &str, from: &str, browser: Option<&str>) -> Attempt {
            let origin = Origin { browser: browser.map(str::to_owned), ..Origin::from(from) };
            self.guard.attempt(&self.keyring, name, &origin)
        }

        fn may_try(&self, name: &str, from: &str, browser: Option<&str>) -> bool {
            self.guard.check(&self.attempt(name, from, browser), self.now).is_ok()
        }

        /// How many of so many wrong passwords were looked at.
        fn tried(&self, times: usize, name: impl Fn(usize) -> String, from: impl Fn(usize) -> String) -> usize {
            let one = |number: &usize| {
                let attempt = self.attempt(&name(*number), &from(*number), None);
                self.guard.begin(attempt, self.now).map(Try::failed).is_ok()
            };
            (0..times).filter(one).count()
        }
    }

    #[test]
    fn guesses_of_others_never_shut_out_a_browser_that_was_let_in_before() {
        let bench = Bench::new();
        let cookie = browser_cookie(&bench.keyring, "head");
        assert_eq!(bench.tried(1000, |_| "head".to_owned(), |_| "203.0.113.9".to_owned()), 5);
        assert!(!bench.may_try("head", "203.0.113.9", None));
        assert!(bench.may_try("head", "203.0.113.9", Some(&cookie)), "the same address");
        assert!(bench.may_try("head", "198.51.100.7", None), "another address");
        assert!(
            !bench.may_try("head", "203.0.113.9", Some(&browser_cookie(&bench.keyring, "duty"))),
            "of another account"
        );
        assert!(
            !bench.may_try("head", "203.0.113.9", Some(&browser_cookie(&Keyring::new([8; 32]), "head"))),
            "made up"
        );
    }

    #[test]
    fn one_password_tried_on_many_names_is_slowed() {
        let bench = Bench::new();
        assert_eq!(bench.tried(500, |number| format!("name{number}"), |_| "203.0.113.9".to_owned()), 20);
        assert_eq!(bench.guard.counters.guessing.load(Ordering::Relaxed), 1);
        assert!(bench.may_try("head", "198.51.100.7", None));
    }

    #[test]
    fn one_name_tried_from_many_addresses_is_slowed_and_its_owner_comes_in_where_he_came_in_before() {
        let bench = Bench::new();
        bench.guard.begin(bench.attempt("head", "198.51.100.7", None), bench.now).unwrap().succeeded();
        let from = |number: usize| format!("203.0.{}.{}", number / 250, number % 250);
        assert_eq!(bench.tried(5000, |_| "head".to_owned(), from), 100);
        assert!(bench.may_try("head", "198.51.100.7", None));
        assert!(!bench.may_try("head", "192.0.2.1", None));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let bench = Bench::new();
        let from = |number: usize| format!("2001:db8:1:2::{number:x}");
        assert_eq!(bench.tried(500, |number| format!("name{number}"), from), 20);
    }

    #[test]
    fn a_try_of_which_nothing_came_and_a_right_one_are_given_back() {
        let bench = Bench::new();
        for number in 0..1000 {
            let attempt = bench.attempt(&format!("name{number}"), "203.0.113.9", None);
            let tried = bench.guard.begin(attempt, bench.now).unwrap();
            if number % 2 == 0 { tried.succeeded() } else { drop(tried) }
        }
        assert_eq!(bench.tried(1000, |_| "head".to_owned(), |_| "203.0.113.9".to_owned()), 5);
        // What waits for one allowance uses up no other.
        assert_eq!(bench.tried(1000, |number| format!("other{number}"), |_| "203.0.113.9".to_owned()), 15);
    }

    #[test]
    fn waiting_ends() {
        let mut bench = Bench::new();
        bench.tried(1000, |_| "head".to_owned(), |_| "203.0.113.9".to_owned());
        bench.now += SignedDuration::from_secs(30);
        assert!(bench.may_try("head", "203.0.113.9", None));
    }
}
