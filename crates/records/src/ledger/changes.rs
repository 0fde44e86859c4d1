//! How parts that keep a copy of records hear that these were changed: they follow the journal.
//!
//! Every change leaves an entry, whoever made it: a page, the API, an import, another program at the command line. A part that keeps a copy asks its
//! [`Follower`] at its own pace whether registers it depends on have entries behind the position that its copy has reached.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;

use super::{Ledger, ReadError};

/// A place in the journal: the number of its last entry that changed a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(i64);

/// Follows the changes of some registers for one copy.
#[derive(Debug)]
pub struct Follower {
    registers: BTreeSet<String>,
    /// What the copy holds; nothing before it was read for the first time.
    reached: Option<Position>,
    /// Entries up to here are of no concern to the copy.
    looked: i64,
}

impl Follower {
    /// For a copy that is made of these registers.
    pub fn of<'r>(registers: impl IntoIterator<Item = &'r str>) -> Self {
        Self { registers: registers.into_iter().map(str::to_owned).collect(), reached: None, looked: 0 }
    }

    /// The position to which the copy is to be brought; nothing if it holds what there is. Always a position before the copy was read for the first time.
    ///
    /// Take the position *before* reading, and say [`Follower::has_reached`] after it: a change in between is heard next time.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn behind(&mut self, ledger: &Ledger) -> Result<Option<Position>, ReadError> {
        let connection = ledger.reader()?;
        let Some(reached) = self.reached else {
            return Ok(Some(Position(last_entry(&connection)?)));
        };
        // Showing personal data and reminding of deadlines leave entries as well, but change no record.
        let mut entries = connection.prepare_cached(
            "SELECT seq, register FROM journal WHERE seq > ?1 AND row_digest IS NOT NULL ORDER BY seq",
        )?;
        let mut entries = entries.query([self.looked.max(reached.0)])?;
        let mut last = None;
        while let Some(entry) = entries.next()? {
            let seq: i64 = entry.get(0)?;
            if self.registers.contains(entry.get_ref(1)?.as_str().unwrap_or_default()) {
                last = Some(Position(seq));
            } else if last.is_none() {
                self.looked = seq;
            }
        }
        Ok(last)
    }

    /// The copy holds everything up to here.
    pub fn has_reached(&mut self, position: Position) {
        self.reached = Some(position);
        self.looked = self.looked.max(position.0);
    }
}

fn last_entry(connection: &rusqlite::Connection) -> Result<i64, rusqlite::Error> {
    let last = connection.prepare_cached("SELECT max(seq) FROM journal")?.query_row([], |row| row.get(0)).optional()?;
    Ok(last.flatten().unwrap_or_default())
}
