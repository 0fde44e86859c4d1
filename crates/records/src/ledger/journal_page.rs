//! The journal of all registers, page by page: by register, by person, by time, with the newest first.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rusqlite::{params_from_iter, types::Value as Sql};

use super::{Ledger, codec::stored_time, error::ReadError, reach::forbidden, withheld};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::Role,
    journal::{self, JournalEntry},
};

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalQuery {
    /// Register of the record.
    pub register: Option<String>,
    /// Who acted: one of these, or anybody.
    pub actors: Vec<String>,
    /// First moment.
    pub from: Option<Timestamp>,
    /// Moment after the last.
    pub until: Option<Timestamp>,
    /// Only entries after this place, on the way back in time.
    pub after: Option<JournalPlace>,
    /// Entries of a page.
    pub limit: u64,
}

impl JournalQuery {
    /// The newest entries of all.
    #[must_use]
    pub fn newest(limit: u64) -> Self {
        Self { limit, ..Self::default() }
    }
}

/// The place of an entry on the way back in time; as text `MOMENT~ENTRY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalPlace {
    at: Timestamp,
    seq: i64,
}

impl fmt::Display for JournalPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", stored_time(self.at), self.seq)
    }
}

/// A text that names no place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this names no place in the journal")]
pub struct NoPlace;

impl FromStr for JournalPlace {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (at, seq) = text.split_once('~').ok_or(NoPlace)?;
        Ok(Self { at: at.parse().map_err(|_| NoPlace)?, seq: seq.parse().map_err(|_| NoPlace)? })
    }
}

/// A page of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalPage {
    /// Entries, the newest first.
    pub entries: Vec<JournalEntry>,
    /// Where the next page begins, if there are older entries.
    pub older: Option<JournalPlace>,
}

impl Ledger {
    /// Whether the actor may open the journal of all registers: administrators, auditors and the head of the bureau.
    #[must_use]
    pub fn may_read_journal(&self, actor: &Actor) -> bool {
        [Role::Admin, Role::Auditor, Role::Head].into_iter().any(|role| actor.is(role))
    }

    /// A page of the whole journal, as far as it belongs to registers that the actor may read whole. However long the
    /// journal is, an index gives the entries of a person, of a register or of a span of time.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless [`Self::may_read_journal`].
    pub fn journal(&self, actor: &Actor, query: &JournalQuery) -> Result<JournalPage, ReadError> {
        if !self.may_read_journal(actor) {
            return Err(forbidden(actor, "read the journal of", "all registers"));
        }
        let (conditions, mut values) = self.conditions(actor, query);
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        values.push(Sql::Integer(i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1)));
        let connection = self.reader()?;
        let entries = journal::newest(&connection, &conditions, params_from_iter(values))?;
        let mut entries = withheld::masked(entries, self.catalogue());
        let has_older = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| has_older);
        let older = last.map(|entry| JournalPlace { at: entry.at, seq: entry.seq });
        Ok(JournalPage { entries, older })
    }

    /// Conditions on the entries, with their values.
    fn conditions(&self, actor: &Actor, query: &JournalQuery) -> (String, Vec<Sql>) {
        let (mut conditions, mut values) = (vec!["1".to_owned()], Vec::new());
        let mut add = |condition: &str, of: Vec<Sql>| {
            conditions.push(condition.to_owned());
            values.extend(of);
        };
        let text = |text: &str| Sql::Text(text.to_owned());
        match query.actors.as_slice() {
            [] => {}
            [actor] => add("actor = ?", vec![text(actor)]),
            actors => {
                let marks = vec!["?"; actors.len()].join(", ");
                add(&format!("actor IN ({marks})"), actors.iter().map(|actor| text(actor)).collect());
            }
        }
        if let Some(register) = &query.register {
            // A person has fewer entries than a register: their index is the one to go by.
            let by = if query.actors.is_empty() { "register = ?" } else { "+register = ?" };
            add(by, vec![text(register)]);
        }
        if let Some(from) = query.from {
            add("at >= ?", vec![Sql::Text(stored_time(from))]);
        }
        if let Some(until) = query.until {
            add("at < ?", vec![Sql::Text(stored_time(until))]);
        }
        if let Some(JournalPlace { at, seq }) = query.after {
            add("(at, seq) < (?, ?)", vec![Sql::Text(stored_time(at)), Sql::Integer(seq)]);
        }
        if !actor.is(Role::Admin) && !actor.is(Role::Auditor) {
            let registers = self.catalogue().registers.values();
            let whole = registers.filter(|register| actor.scope(register, Act::Read) == Scope::All);
            let whole: Vec<Sql> = whole.map(|register| text(&register.key)).collect();
            let marks = vec!["?"; whole.len()].join(", ");
            add(&format!("+register IN ({marks})"), whole);
        }
        (conditions.join(" AND "), values)
    }
}
