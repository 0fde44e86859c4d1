//! Passwords are kept as Argon2id hashes (RFC 9106).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::AccountsError;

/// Least number of characters of a password.
const LEAST: usize = 10;
/// Most: a longer one costs more than it protects.
const MOST: usize = 200;

pub(super) struct Hasher {
    argon: Argon2<'static>,
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
        Self { argon, nobody }
    }

    pub fn hash(&self, password: &str) -> Result<String, AccountsError> {
        if !(LEAST..=MOST).contains(&password.chars().count()) {
            return Err(AccountsError::BadPassword { least: LEAST });
        }
        let hash = self.argon.hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| AccountsError::Hash(error.to_string()))
    }

    /// Whether the password fits; without a hash it never does, but takes as long.
    pub fn fits(&self, password: &str, hash: Option<&str>) -> bool {
        if password.chars().count() > MOST {
            return false;
        }
        let Ok(parsed) = PasswordHash::new(hash.unwrap_or(&self.nobody)) else { return false };
        self.argon.verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
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
        assert!(hasher.fits("correct horse", Some(&hash)));
        assert!(!hasher.fits("correct horsf", Some(&hash)));
        assert!(!hasher.fits("nobody has this password", None), "an account that is not there has no password");
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        for password in ["", "short", &"x".repeat(201)] {
            assert!(matches!(Hasher::quick().hash(password), Err(AccountsError::BadPassword { .. })));
        }
    }
}
