//! Passwords are kept as Argon2id hashes (RFC 9106).

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::AccountsError;
use super::rules::MOST;

/// Passwords checked at the same time. Each takes 19 MiB and a core: a flood of guesses must not take the machine.
const AT_ONCE: usize = 2;
/// Most that wait for their turn; the rest is sent away.
const WAITING: usize = 48;

/// Lets a few in at a time.
#[derive(Default)]
struct Gate {
    /// How many are inside, and how many wait.
    counts: Mutex<(usize, usize)>,
    left: Condvar,
}

/// Somebody inside of a gate.
struct Inside<'g>(&'g Gate);

impl Gate {
    /// Waits for a turn; nothing if too many wait already.
    fn enter(&self) -> Option<Inside<'_>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.1 >= WAITING {
            return None;
        }
        counts.1 += 1;
        while counts.0 >= AT_ONCE {
            counts = self.left.wait(counts).unwrap_or_else(PoisonError::into_inner);
        }
        counts.0 += 1;
        counts.1 -= 1;
        Some(Inside(self))
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).0 -= 1;
        self.0.left.notify_one();
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
    pub fn turn(&self) -> Option<Turn<'_>> {
        Some(Turn { hasher: self, _inside: self.gate.enter()? })
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
        let fits = |password: &str, hash| hasher.turn().unwrap().fits(password, hash);
        assert!(fits("correct horse", Some(hash.as_str())));
        assert!(!fits("correct horsf", Some(hash.as_str())));
        assert!(!fits("nobody has this password", None), "an account that is not there has no password");
    }

    #[test]
    fn a_flood_of_guesses_is_sent_away() {
        let gate = Gate::default();
        let _inside = [gate.enter().unwrap(), gate.enter().unwrap()];
        gate.counts.lock().unwrap().1 = WAITING;
        assert!(gate.enter().is_none());
    }
}
