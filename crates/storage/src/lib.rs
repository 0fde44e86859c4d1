//! What every database file of a bureau has in common: how its tables come to be, and how a file of an earlier version is
//! brought up to date; and how work that nobody waits for any longer ends.
//!
//! Each crate that keeps a file (records, observations, accounts, notices) has a folder `migrations/` with numbered SQL files.
//! A migration that has been released is never edited; what changes is a new file with the next number. SQLite's
//! `user_version` holds the number of the last migration that a file has seen.
//!
//! ```
//! use bilan_storage::{Migration, Migrations};
//!
//! const MIGRATIONS: Migrations = Migrations::of("notices.db", &[
//!     Migration::new("0001_tables", "CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY)"),
//!     Migration::new("0002_who_read_it", "ALTER TABLE message ADD COLUMN read_by TEXT"),
//! ]);
//! let mut connection = rusqlite::Connection::open_in_memory()?;
//! assert_eq!(MIGRATIONS.apply(&mut connection)?, 2);
//! assert_eq!(MIGRATIONS.apply(&mut connection)?, 0, "nothing is left to do");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cancellation;
pub mod checksum;
mod damage;
mod integrity;
mod lasting;
mod migration;
mod room;

pub use cancellation::{CancelWhenDropped, Cancellation, Cancelled, check, commit, to_the_end, watch};
pub use damage::is_damage;
pub use integrity::{Fault, integrity};
pub use lasting::{Lasting, Turn};
pub use migration::{Migration, MigrationError, Migrations};
pub use room::try_writing;
