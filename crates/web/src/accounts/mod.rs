//! Accounts of the staff (账号): who may sign in, with which parts, and what happened to the account.
//!
//! They live in a database of their own, beside the records: an account is no record of the bureau's work.

mod guard;
mod pages;
mod password;
mod proof;
mod rules;
mod second_factor;
mod sessions;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod witness;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bilan_admission::{Limit, Prefix};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::ledger::Ledger;
use bilan_records::personal::Keyring;
use bilan_standards::clock::Clock;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::broadcast;

pub use guard::Origin;
#[cfg(test)]
pub(crate) use pages::explanation;
pub(crate) use pages::{event_message, routes};
pub use rules::{AccountRules, Duty, PasswordFault};
pub(crate) use sessions::secret;
pub use sessions::{Session, SignInRefused};
pub use store::MIGRATIONS;
pub use tokens::Token;
pub(crate) use witness::is_of_accounts;
pub use witness::{are_known_to, verify};

/// Password of every account of the demonstration.
pub const DEMO_PASSWORD: &str = "bilan-demo";

/// Accounts of the demonstration: name, person, part.
pub const DEMO_ACCOUNTS: [(&str, &str, Role); 9] = [
    ("admin", "系统管理员", Role::Admin),
    ("head", "周局长", Role::Head),
    ("duty", "值班员小陈", Role::Duty),
    ("handler", "经办人李工", Role::Handler),
    ("clerk", "窗口王莉", Role::Clerk),
    ("grid", "网格员老刘", Role::Grid),
    ("analyst", "分析员何敏", Role::Analyst),
    ("auditor", "审计赵宁", Role::Auditor),
    ("enterprise", "企业环保员", Role::Enterprise),
];

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name for signing in; stands in the journal.
    pub name: String,
    /// Name of the person.
    pub display_name: String,
    /// Parts.
    pub roles: Vec<Role>,
    /// Grid cell that a grid member looks after.
    pub cell: Option<String>,
    /// Number of the enterprise to which the account belongs.
    pub enterprise: Option<String>,
    /// Shut out.
    pub disabled: bool,
    /// Whether a code is asked for beside the password.
    pub has_second_factor: bool,
    /// When the password was set.
    pub password_set_at: Timestamp,
}

impl Account {
    /// Who acts when this account does.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.name.clone(),
            roles: self.roles.clone(),
            cell: self.cell.clone(),
            enterprise: self.enterprise.clone(),
            person: Some(self.display_name.clone()),
        }
    }
}

/// An account that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Name for signing in: letters, digits, `.`, `-`, `_`.
    pub name: String,
    /// Name of the person.
    pub display_name: String,
    /// As [`AccountRules`] want it.
    pub password: String,
    /// At least one part.
    pub roles: Vec<Role>,
    /// Grid cell.
    pub cell: Option<String>,
    /// Enterprise.
    pub enterprise: Option<String>,
}

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    /// When.
    pub at: Timestamp,
    /// Which account.
    pub name: String,
    /// `created`, `signed_in`, `refused`, `locked`, `guessing`, `password_changed`, `disabled`, `enabled`, `token_issued`, `signed_out`,
    /// `code_refused`, `recovery_code_used`, `second_factor_set`, `second_factor_reset`.
    pub what: String,
    /// Who did it, or from where it came.
    pub by: String,
}

/// Why something could not be done to an account.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The database failed.
    #[error("the database of accounts failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file was written by a later version, or could not be brought to this one.
    #[error(transparent)]
    Migration(#[from] bilan_storage::MigrationError),
    /// There is an account of this name.
    #[error("there is an account {0} already")]
    NameTaken(String),
    /// There is none of this name.
    #[error("there is no account {0}")]
    Unknown(String),
    /// The name holds other characters, or none.
    #[error("{0:?} is no name for an account: use 2 to 40 letters, digits, dots, hyphens and underscores")]
    BadName(String),
    /// The password will not do.
    #[error(transparent)]
    Password(#[from] PasswordFault),
    /// The second factor cannot be sealed or opened.
    #[error("the second factor: {0}")]
    Sealed(String),
    /// No part was given.
    #[error("an account plays at least one part")]
    NoRole,
    /// A grid member without a cell would see everything or nothing.
    #[error("the part grid needs a cell, and the part enterprise an enterprise")]
    NoPlace,
    /// The change could not be left in the journal.
    #[error("the change of the account could not be entered in the journal: {0}")]
    Journal(String),
    /// What was shown for a change, a password or a session, no longer held when it was made.
    #[error("the account {0} was changed meanwhile: sign in again")]
    Overtaken(String),
    /// Hashing failed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// What ended, for whoever keeps something open for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// One session, by its token against forged requests.
    Session(String),
    /// Every session of an account.
    Account(String),
}

/// Somebody guesses passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The name that was tried last; `?` where no account has it.
    pub name: String,
    /// Where it comes from.
    pub from: String,
    /// When it was noticed.
    pub at: Timestamp,
}

/// Endings and guesses that somebody who listens may be behind.
const ENDED: usize = 64;

/// The accounts, their sessions and tokens.
pub struct Accounts {
    /// What changes an account. Held until the change is in the journal, which may take a while.
    connection: Mutex<Connection>,
    /// Pages wait for no change.
    reader: Mutex<Connection>,
    clock: Arc<dyn Clock>,
    hasher: password::Hasher,
    recent: proof::RecentBasic,
    guard: guard::Guard,
    ended: broadcast::Sender<Ended>,
    guesses: broadcast::Sender<Guess>,
    /// Wrong codes of second factors.
    codes: guard::Guard,
    /// False tokens by the address that showed them.
    false_tokens: Limit<Prefix>,
    waiting: second_factor::Waiting,
    rules: AccountRules,
    /// Names of the place, which no password is made of.
    places: Vec<String>,
    keyring: Keyring,
    /// The journal in which every change is entered.
    witness: Option<Arc<Ledger>>,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

impl Accounts {
    /// Opens the database and makes it if it is not there.
    ///
    /// # Errors
    /// If the file is no database or cannot be written.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, AccountsError> {
        let mut key = [0; 32];
        // Without randomness of the system there is no security to go on with.
        getrandom::fill(&mut key).expect("the system gives random bytes");
        let accounts = Self {
            connection: Mutex::new(store::open(path)?),
            reader: Mutex::new(store::open_to_read(path)?),
            clock,
            hasher: password::Hasher::default(),
            recent: proof::RecentBasic::default(),
            guard: guard::Guard::default(),
            ended: broadcast::Sender::new(ENDED),
            guesses: broadcast::Sender::new(ENDED),
            codes: guard::Guard::for_codes(),
            false_tokens: guard::of_tokens(),
            waiting: second_factor::Waiting::default(),
            rules: AccountRules::default(),
            places: Vec::new(),
            keyring: Keyring::new(key),
            witness: None,
        };
        accounts.learn_addresses()?;
        if let Err(error) = store::prune_refusals(&accounts.connection(), accounts.now()) {
            tracing::warn!("old refusals could not be let go: {error}");
        }
        Ok(accounts)
    }

    /// With the key of the installation: what it seals and signs holds after a restart. Without one, cookies of browsers hold until the program ends.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = keyring;
        self
    }

    /// With rules of passwords, tokens and second factors.
    #[must_use]
    pub fn with_rules(mut self, rules: AccountRules) -> Self {
        self.rules = rules;
        self
    }

    /// The same accounts with a quick hash, for tests that sign in often. Never for people's passwords.
    #[must_use]
    pub fn with_quick_hash(mut self) -> Self {
        self.hasher = password::Hasher::quick();
        self
    }

    /// Makes the accounts of the demonstration; the grid member looks after `cell`, the enterprise account belongs to `enterprise`.
    ///
    /// # Errors
    /// If there are such accounts already.
    pub fn seed_demonstration(&self, cell: &str, enterprise: &str) -> Result<(), AccountsError> {
        for (name, person, role) in DEMO_ACCOUNTS {
            let account = NewAccount {
                name: name.to_owned(),
                display_name: person.to_owned(),
                password: DEMO_PASSWORD.to_owned(),
                roles: vec![role],
                cell: (role == Role::Grid).then(|| cell.to_owned()),
                enterprise: (role == Role::Enterprise).then(|| enterprise.to_owned()),
            };
            // Its password is on the page where people sign in: it keeps no rule.
            self.enter(&account, "demo")?;
        }
        Ok(())
    }

    /// Sessions that end from now on.
    #[must_use]
    pub fn ended(&self) -> broadcast::Receiver<Ended> {
        self.ended.subscribe()
    }

    /// Guessing that is noticed from now on.
    #[must_use]
    pub fn guesses(&self) -> broadcast::Receiver<Guess> {
        self.guesses.subscribe()
    }

    /// Wrong passwords, tries that had to wait, and times that somebody was found guessing, since the start.
    pub(crate) fn sign_in_counts(&self) -> [u64; 3] {
        let counters = &self.guard.counters;
        [&counters.refused, &counters.slowed, &counters.guessing].map(|counter| counter.load(Ordering::Relaxed))
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For whatever only asks.
    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
