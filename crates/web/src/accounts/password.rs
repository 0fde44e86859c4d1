//! Passwords are kept as Argon2id hashes (RFC 9106).

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::AccountsError;
use super::rules::MOST;

/// Passwords checked at the same time. Each takes 19 MiB and a core: a flood of guesses must not take the machine.
const AT_ONCE: usize = 2;
/// Most that wait for their turn in each queue; the rest is sent away.
const WAITING: usize = 48;
/// Queues, one for each [`Standing`].
const QUEUES: usize = 3;

/// How well the one is known who shows a password. A flood of guesses comes from strangers, or from the address of somebody who is known: it stands behind
/// those who are known better, and takes none of their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// In this browser the account has signed in before.
    Browser,
    /// From this address the account has signed in before.
    Address,
    /// Whether there is such an account or not.
    Stranger,
}

/// Lets a few in at a time, those who are known first.
#[derive(Default)]
struct Gate {
    counts: Mutex<Counts>,
    left: Condvar,
}

#[derive(Default)]
struct Counts {
    inside: usize,
    /// By standing.
    waiting: [usize; QUEUES],
}

impl Counts {
    /// Whether somebody of this standing is next.
    fn lets(&self, standing: Standing) -> bool {
        self.inside < AT_ONCE && self.waiting[..standing as usize].iter().all(|waiting| *waiting == 0)
    }
}

/// Somebody inside of a gate.
struct Inside<'g>(&'g Gate);

impl Gate {
    /// Waits for a turn; nothing if too many of this standing wait already.
    fn enter(&self, standing: Standing) -> Option<Inside<'_>> {
        let mut counts = self.counts();
        if counts.waiting[standing as usize] >= WAITING {
            return None;
        }
        counts.waiting[standing as usize] += 1;
        while !counts.lets(standing) {
            counts = self.left.wait(counts).unwrap_or_else(PoisonError::into_inner);
        }
        counts.inside += 1;
        counts.waiting[standing as usize] -= 1;
        if counts.inside < AT_ONCE {
            // Those behind may have been held up by this one.
            self.left.notify_all();
        }
        Some(Inside(self))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.counts().inside -= 1;
        // Only one of them is next, and it is not known which thread that is: they look for themselves.
        self.0.left.notify_all();
    }
}

pub(super) struct Hasher {
    argon: Argon2<'static>,
    gate: Gate,
    /// Verified against when there is no such account, so that both answers take as long.
    nobody: String,
}

impl Default for Hasher {
    /// 19 MiB, two passes: the recommendation of OWASP for Argon2id.
    fn default() -> Self {
        Self::of(Argon2::default())
    }
}

impl Hasher {
    pub fn quick() -> Self {
        // The least that the algorithm allows is always valid.
        let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default();
        Self::of(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    fn of(argon: Argon2<'static>) -> Self {
        let nobody = argon.hash_password(b"nobody has this password").map(|hash| hash.to_string()).unwrap_or_default();
        Self { argon, gate: Gate::default(), nobody }
    }

    pub fn hash(&self, password: &str) -> Result<String, AccountsError> {
        let hash = self.argon.hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| AccountsError::Hash(error.to_string()))
    }

    /// Waits for a turn to compare a password; nothing if too many ask at once.
    pub fn turn(&self, standing: Standing) -> Option<Turn<'_>> {
        Some(Turn { hasher: self, _inside: self.gate.enter(standing)? })
    }

    /// How many of a standing wait for their turn.
    #[cfg(test)]
    pub fn waiting(&self, standing: Standing) -> usize {
        self.gate.counts().waiting[standing as usize]
    }
}

/// The turn of one password.
pub(super) struct Turn<'h> {
    hasher: &'h Hasher,
    _inside: Inside<'h>,
}

impl Turn<'_> {
    /// Whether the password fits; without a hash it never does, but takes as long.
    pub fn fits(self, password: &str, hash: Option<&str>) -> bool {
        if password.chars().count() > MOST {
            return false;
        }
        let Ok(parsed) = PasswordHash::new(hash.unwrap_or(&self.hasher.nobody)) else { return false };
        self.hasher.argon.verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::quick();
        let hash = hasher.hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let fits = |password: &str, hash| hasher.turn(Standing::Stranger).unwrap().fits(password, hash);
        assert!(fits("correct horse", Some(hash.as_str())));
        assert!(!fits("correct horsf", Some(hash.as_str())));
        assert!(!fits("nobody has this password", None), "an account that is not there has no password");
    }

    #[test]
    fn a_flood_of_guesses_is_sent_away() {
        let gate = Gate::default();
        let _inside = [gate.enter(Standing::Stranger).unwrap(), gate.enter(Standing::Stranger).unwrap()];
        gate.counts().waiting[Standing::Stranger as usize] = WAITING;
        assert!(gate.enter(Standing::Stranger).is_none());
    }

    #[test]
    fn who_is_known_better_goes_before_all_others_that_wait() {
        let counts = |waiting| Counts { inside: 1, waiting };
        assert!(counts([0, 0, 9]).lets(Standing::Stranger));
        assert!(counts([0, 9, 9]).lets(Standing::Address) && !counts([0, 9, 9]).lets(Standing::Stranger));
        assert!(counts([9, 9, 9]).lets(Standing::Browser) && !counts([9, 9, 9]).lets(Standing::Address));
        assert!(!Counts { inside: AT_ONCE, waiting: [1, 0, 0] }.lets(Standing::Browser));
    }
}
