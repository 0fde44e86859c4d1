//! The line of each device: when it was heard, over which address, how many packets it sent.
//!
//! Only the writer changes these rows, and it does so with every packet. It remembers them and writes each row once in a
//! commit, whole. What damages a row that is remembered is written over with what is right; a row that was damaged before
//! it was read counts on from what can be read of it, and stays known as damaged.

use std::collections::HashMap;

use bilan_storage::checksum;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::{Submission, stored};

/// Rows of the table `device`, as they are once the group is committed.
#[derive(Default)]
pub(super) struct Lines {
    rows: HashMap<String, Row>,
    changed: Vec<String>,
}

struct Row {
    station: String,
    name: String,
    kind: String,
    last_heard: i64,
    peer: String,
    packets: i64,
    duplicates: i64,
    clock_behind_s: Option<i64>,
    /// Whether it had its checksum when it was read: a damaged row does not heal.
    is_whole: bool,
    is_changed: bool,
}

/// Of which station a device was heard, and when.
pub(super) struct Heard {
    pub station: String,
    pub name: String,
    pub kind: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

impl Heard {
    /// From a row that begins with station, name, kind and the last time it was heard.
    pub(super) fn of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let [station, name, kind] = [0, 1, 2].map(|column| stored::text(row, column));
        Ok(Self { station: station?, name: name?, kind: kind?, at: stored::number(row, 3)?.unwrap_or(0) })
    }
}

impl Lines {
    /// A packet came: a new one, or one that is known already.
    pub(super) fn heard(
        &mut self,
        transaction: &Transaction<'_>,
        submission: &Submission,
        fresh: bool,
    ) -> rusqlite::Result<()> {
        let device = &submission.device;
        if self.row(transaction, &device.mn)?.is_none() {
            self.rows.insert(device.mn.clone(), Row::new(submission));
        }
        let Some(row) = self.rows.get_mut(&device.mn) else { return Ok(()) };
        replace(&mut row.station, &device.station);
        replace(&mut row.name, &device.name);
        replace(&mut row.kind, &device.kind);
        replace(&mut row.peer, &submission.peer);
        row.last_heard = row.last_heard.max(submission.received_at.as_millisecond());
        if fresh {
            row.packets += 1;
            row.clock_behind_s = submission.clock_behind_s.or(row.clock_behind_s);
        } else {
            row.duplicates += 1;
        }
        self.mark(&device.mn);
        Ok(())
    }

    /// A packet came whose times are not believed. That the device was heard is not said: nothing came that can be used.
    /// What its clock shows is.
    pub(super) fn disbelieved(
        &mut self,
        transaction: &Transaction<'_>,
        submission: &Submission,
    ) -> rusqlite::Result<()> {
        if let Some(behind) = submission.clock_behind_s
            && let Some(row) = self.row(transaction, &submission.device.mn)?
        {
            row.clock_behind_s = Some(behind);
            self.mark(&submission.device.mn);
        }
        Ok(())
    }

    /// The row of a device, if it was ever heard.
    fn row(&mut self, transaction: &Transaction<'_>, mn: &str) -> rusqlite::Result<Option<&mut Row>> {
        if !self.rows.contains_key(mn)
            && let Some(row) = Row::read(transaction, mn)?
        {
            self.rows.insert(mn.to_owned(), row);
        }
        Ok(self.rows.get_mut(mn))
    }

    fn mark(&mut self, mn: &str) {
        if let Some(row) = self.rows.get_mut(mn)
            && !std::mem::replace(&mut row.is_changed, true)
        {
            self.changed.push(mn.to_owned());
        }
    }

    /// Writes the rows that the group changed.
    pub(super) fn write(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut put = transaction.prepare_cached(
            "INSERT INTO device (mn, station, name, kind, last_heard, peer, packets, duplicates, clock_behind_s, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (mn) DO UPDATE SET station = ?2, name = ?3, kind = ?4, last_heard = ?5, peer = ?6, packets = ?7,
                 duplicates = ?8, clock_behind_s = ?9, checksum = ?10",
        )?;
        for mn in self.changed.drain(..) {
            let Some(row) = self.rows.get_mut(&mn) else { continue };
            put.execute(params![
                mn,
                row.station,
                row.name,
                row.kind,
                row.last_heard,
                row.peer,
                row.packets,
                row.duplicates,
                row.clock_behind_s,
                row.checksum(&mn),
            ])?;
            row.is_changed = false;
        }
        Ok(())
    }

    /// Nothing of the group was stored: the rows are read again.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Row {
    fn new(submission: &Submission) -> Self {
        let device = &submission.device;
        Self {
            station: device.station.clone(),
            name: device.name.clone(),
            kind: device.kind.clone(),
            last_heard: submission.received_at.as_millisecond(),
            peer: submission.peer.clone(),
            packets: 0,
            duplicates: 0,
            clock_behind_s: None,
            is_whole: true,
            is_changed: false,
        }
    }

    fn read(transaction: &Transaction<'_>, mn: &str) -> rusqlite::Result<Option<Self>> {
        transaction
            .prepare_cached(
                "SELECT station, name, kind, last_heard, peer, packets, duplicates, clock_behind_s,
                     checksum = row_checksum(mn, station, name, kind, last_heard, peer, packets, duplicates, clock_behind_s)
                 FROM device WHERE mn = ?1",
            )?
            .query_row([mn], |row| {
                // A damaged byte must not shut the device out: its checksum says that it is damaged.
                let Heard { station, name, kind, at } = Heard::of(row)?;
                Ok(Self {
                    station,
                    name,
                    kind,
                    last_heard: at,
                    peer: stored::text(row, 4)?,
                    packets: stored::number(row, 5)?.unwrap_or(0),
                    duplicates: stored::number(row, 6)?.unwrap_or(0),
                    clock_behind_s: stored::number(row, 7)?,
                    is_whole: row.get(8)?,
                    is_changed: false,
                })
            })
            .optional()
    }

    fn checksum(&self, mn: &str) -> i64 {
        let Self { station, name, kind, last_heard, peer, packets, duplicates, clock_behind_s, .. } = self;
        let sum = checksum::of([
            ValueRef::Text(mn.as_bytes()),
            ValueRef::Text(station.as_bytes()),
            ValueRef::Text(name.as_bytes()),
            ValueRef::Text(kind.as_bytes()),
            ValueRef::Integer(*last_heard),
            ValueRef::Text(peer.as_bytes()),
            ValueRef::Integer(*packets),
            ValueRef::Integer(*duplicates),
            clock_behind_s.map_or(ValueRef::Null, ValueRef::Integer),
        ]);
        if self.is_whole { sum } else { !sum }
    }
}

/// Most of what a device says of itself is what it said before.
fn replace(kept: &mut String, new: &str) {
    if kept != new {
        new.clone_into(kept);
    }
}
