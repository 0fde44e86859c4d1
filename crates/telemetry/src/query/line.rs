//! Questions about lines: devices, raw packets, quarantine, and numbers that were asked to be remembered.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::instant;
use crate::raw::{self, RawPacket};
use crate::writer::Command;
use crate::{Ahead, DeviceState, Quarantined, Store, StoreError, Stranger, stored};

impl Store {
    /// What is known of every device that was heard.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn devices(&self) -> Result<Vec<DeviceState>, StoreError> {
        self.read(|connection| {
            let mut states: Vec<DeviceState> = connection
                .prepare_cached(
                    "SELECT mn, station, kind, last_heard, peer, packets, duplicates, clock_behind_s FROM device ORDER BY mn",
                )?
                .query_map([], device)?
                .collect::<rusqlite::Result<_>>()?;
            let mut counted = connection.prepare_cached("SELECT mn, tolerance, count FROM device_tolerance ORDER BY mn, tolerance")?;
            let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
            stored::each("device_tolerance", counted.query([])?, read, |(mn, tolerance, count)| {
                if let Ok(at) = states.binary_search_by(|state| state.mn.cmp(&mn)) {
                    states[at].tolerated.push((tolerance, count));
                }
            })?;
            Ok(states)
        })
    }

    /// The device that speaks for a station, the one heard last if there are several.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn device_of(&self, station: &str) -> Result<Option<DeviceState>, StoreError> {
        Ok(self
            .devices()?
            .into_iter()
            .filter(|device| device.station == station)
            .max_by_key(|device| device.last_heard))
    }

    /// The last raw packets of a device, newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn last_packets(&self, mn: &str, limit: u32) -> Result<Vec<RawPacket>, StoreError> {
        let limit = limit as usize;
        let ids = self.last_of(mn, limit);
        let found = self.read(|connection| raw::rows(connection, &ids))?;
        if found.len() == ids.len() && !found.is_empty() {
            return Ok(found);
        }
        self.packets(mn, Timestamp::MIN, Timestamp::MAX, limit)
    }

    /// Raw packets of a device that came with `from <= received_at < to`, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn packets(
        &self,
        mn: &str,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<RawPacket>, StoreError> {
        let span = [from.as_millisecond(), to.as_millisecond()];
        self.read(|connection| {
            // One snapshot: packing moves packets from rows to blocks.
            let snapshot = connection.unchecked_transaction()?;
            raw::of_device(&snapshot, mn, span, limit)
        })
    }

    /// Packets that came after the one with the number `last`, in their order, each with its number.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn packets_after(&self, last: i64, limit: usize) -> Result<Vec<(i64, RawPacket)>, StoreError> {
        self.read(|connection| {
            let snapshot = connection.unchecked_transaction()?;
            raw::after(&snapshot, last, limit)
        })
    }

    /// The number of the newest packet; 0 if none has come.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn last_packet_number(&self) -> Result<i64, StoreError> {
        self.read(|connection| {
            connection.prepare_cached("SELECT coalesce(max(id), 0) FROM arrival")?.query_row([], |row| row.get(0))
        })
    }

    /// A number that somebody asked to be remembered ([`Store::set_mark`]).
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn mark(&self, name: &str) -> Result<Option<i64>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT value FROM mark WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()
        })
    }

    /// The last quarantined packets, newest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn quarantined(&self, limit: u32) -> Result<Vec<Quarantined>, StoreError> {
        self.quarantined_where("1 ORDER BY id DESC LIMIT ?1", params![limit])
    }

    /// Quarantined packets of a device for one reason after the packet `after`, the oldest first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn quarantined_of(
        &self,
        mn: &str,
        reason: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Quarantined>, StoreError> {
        let wanted = "mn = ?1 AND reason = ?2 AND id > ?3 ORDER BY id LIMIT ?4";
        self.quarantined_where(wanted, params![mn, reason, after, limit])
    }

    /// Every MN of which packets wait in quarantine because it was not in the register, each with the number of the newest.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn unknown_devices(&self) -> Result<Vec<(String, i64)>, StoreError> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(
                "SELECT mn, max(id) FROM quarantine WHERE reason = 'unknown_device' AND mn IS NOT NULL GROUP BY mn",
            )?;
            stored::readable("quarantine", rows.query([])?, |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    fn quarantined_where(
        &self,
        condition: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<Quarantined>, StoreError> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(&format!(
                "SELECT id, received_at, peer, mn, reason, raw FROM quarantine WHERE {condition}"
            ))?;
            stored::readable("quarantine", rows.query(values)?, |row| {
                Ok(Quarantined {
                    id: row.get(0)?,
                    received_at: instant(row, 1)?,
                    peer: row.get(2)?,
                    mn: row.get(3)?,
                    reason: row.get(4)?,
                    raw: row.get(5)?,
                })
            })
        })
    }

    /// Devices that report and are not in the register: those that said something more than once, then the last heard first. A flood of made-up names
    /// hides no device.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn strangers(&self) -> Result<Vec<Stranger>, StoreError> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(
                "SELECT mn, count(*), min(received_at), max(received_at), peer FROM quarantine
                 WHERE reason = 'unknown_device' AND mn IS NOT NULL GROUP BY mn ORDER BY count(*) > 2 DESC, max(received_at) DESC LIMIT 500",
            )?;
            stored::readable("quarantine", rows.query([])?, |row| {
                Ok(Stranger {
                    mn: row.get(0)?,
                    packets: row.get(1)?,
                    first_heard: instant(row, 2)?,
                    last_heard: instant(row, 3)?,
                    peer: row.get(4)?,
                })
            })
        })
    }

    /// Values that wait until their time has come, by station.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn ahead(&self) -> Result<Vec<Ahead>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT s.station, count(*), max(v.ts + 1000 * s.period_s) FROM waiting v JOIN series s ON s.id = v.series
                     GROUP BY s.station ORDER BY s.station",
                )?
                .query_map([], |row| Ok(Ahead { station: row.get(0)?, values: row.get(1)?, until: instant(row, 2)? }))?
                .collect()
        })
    }

    /// Takes packets out of quarantine: they were stored after all.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn release(&self, ids: Vec<i64>) -> Result<(), StoreError> {
        let (reply, done) = tokio::sync::oneshot::channel();
        self.commands()?.send(Command::Release(ids, reply)).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }
}

/// What a row says of a device, as far as it can be read: a damaged byte does not hide the line.
fn device(row: &Row<'_>) -> rusqlite::Result<DeviceState> {
    let count = |column| Ok::<_, rusqlite::Error>(stored::number(row, column)?.unwrap_or(0));
    let heard = Timestamp::from_millisecond(count(3)?).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(DeviceState {
        mn: stored::text(row, 0)?,
        station: stored::text(row, 1)?,
        kind: stored::text(row, 2)?,
        last_heard: heard,
        peer: stored::text(row, 4)?,
        packets: count(5)?,
        duplicates: count(6)?,
        clock_behind_s: stored::number(row, 7)?,
        tolerated: Vec::new(),
    })
}
