//! Sealing: hot rows older than a limit go into chunks, one for each series and Beijing day; late data open the chunk again.
//!
//! Reading and packing happen beside the writer; it is handed small portions, each a transaction of its own: chunk in, rows out. Whatever is interrupted
//! leaves every value in exactly one place. A row that was revised in between stays hot, and counts before the chunk.

use std::collections::{BTreeMap, HashSet};

use bilan_storage::checksum;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use tokio::sync::oneshot;

use crate::chunk::{self, Entry};
use crate::observation::Said;
use crate::raw;
use crate::store::{Store, StoreError, database};
use crate::stored;
use crate::writer::Command;

/// Values that are sealed in one go begin within one hour of each other.
const WINDOW: i64 = 3_600_000;

/// Rows read at once at most.
const ROWS: usize = 500_000;

/// Rows that one transaction of the writer moves: about as long as a commit of packets takes.
const PORTION: usize = 10_000;

/// What sealing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// Values that went into chunks.
    pub values: usize,
    /// Chunks written.
    pub chunks: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Raw packets that went into blocks.
    pub packets: usize,
}

/// Chunks to be written, and the rows that they replace.
#[derive(Default)]
pub(crate) struct Portion {
    chunks: Vec<Packed>,
    /// Each with its series.
    rows: Vec<(i64, Entry)>,
}

impl Portion {
    /// The end of what it seals.
    pub(crate) fn until(&self) -> i64 {
        self.rows.iter().map(|(_, entry)| entry.at + 1).max().unwrap_or(i64::MIN)
    }

    /// Whose values it seals.
    pub(crate) fn series(&self) -> impl Iterator<Item = i64> {
        self.chunks.iter().map(|chunk| chunk.series)
    }
}

struct Packed {
    series: i64,
    day: i64,
    count: usize,
    blob: Vec<u8>,
    /// Whether the rows, and the chunk that was there, had their checksums.
    is_whole: bool,
}

impl Packed {
    /// Checksum of its row; a wrong one if what went into it was damaged: the chunk stays known as damaged.
    fn checksum(&self) -> i64 {
        let [series, day, count] = [self.series, self.day, self.count as i64].map(ValueRef::Integer);
        let sum = checksum::of([series, day, count, ValueRef::Blob(&self.blob)]);
        if self.is_whole { sum } else { !sum }
    }
}

impl Store {
    /// Seals what was measured before `before`, and packs the packets that came before it. Blocks until that is done; packets are stored meanwhile.
    ///
    /// # Errors
    /// If the file cannot be read or written. What was sealed until then stays sealed.
    pub fn seal_blocking(&self, before: Timestamp) -> Result<Sealed, StoreError> {
        let before = before.as_millisecond();
        // Two at once would each write a chunk without what the other put into it.
        let _alone = self.sealing();
        let mut sealed = Sealed::default();
        let mut from = i64::MIN;
        while let Some(window) = self.read(|connection| window(connection, from, before))? {
            from = window.next;
            for portion in self.pack(window)? {
                sealed.values += portion.rows.len();
                sealed.chunks += portion.chunks.len();
                sealed.bytes += portion.chunks.iter().map(|chunk| chunk.blob.len()).sum::<usize>();
                let (reply, done) = oneshot::channel();
                self.commands()?.blocking_send(Command::Seal(portion, reply)).map_err(|_| StoreError::Closed)?;
                done.blocking_recv().map_err(|_| StoreError::Closed)??;
            }
        }
        while let Some(block) = self.read(|connection| raw::pack(connection, before))? {
            sealed.packets += raw::BLOCK;
            let (reply, done) = oneshot::channel();
            self.commands()?.blocking_send(Command::Pack(block, reply)).map_err(|_| StoreError::Closed)?;
            done.blocking_recv().map_err(|_| StoreError::Closed)??;
        }
        Ok(sealed)
    }

    /// The rows of a window as portions, merged with the chunks that are there.
    fn pack(&self, window: Window) -> Result<Vec<Portion>, StoreError> {
        let mut portions = vec![Portion::default()];
        for (series, mut entries) in window.rows {
            let mut is_whole = !window.damaged.contains(&series);
            let day = chunk::day_of(entries[0].at);
            let rows: Vec<_> = entries.iter().map(|entry| (series, entry.clone())).collect();
            if let Some((blob, was_whole)) = self.read(|connection| blob(connection, series, day))? {
                let Ok(sealed) = chunk::decode(&blob) else {
                    tracing::error!(series, day, "{}", LEFT_OPEN);
                    continue;
                };
                entries = merged(sealed, entries);
                is_whole &= was_whole;
            }
            let packed = Packed { series, day, count: entries.len(), blob: chunk::encode(&entries), is_whole };
            if portions.last().is_some_and(|portion| portion.rows.len() >= PORTION) {
                portions.push(Portion::default());
            }
            if let Some(portion) = portions.last_mut() {
                portion.chunks.push(packed);
                portion.rows.extend(rows);
            }
        }
        Ok(portions)
    }

    pub(crate) fn damaged(&self, damaged: &chunk::Damaged) -> StoreError {
        database(self.path(), damaged)
    }
}

/// Why rows of a day are not sealed. They are read where they are, and the others go on.
const LEFT_OPEN: &str = "a chunk is damaged: late values of its day stay beside it; `bilan verify` names it";

/// Rows by series, of one window of time.
struct Window {
    /// Where the next one begins: what cannot be sealed is passed over.
    next: i64,
    rows: BTreeMap<i64, Vec<Entry>>,
    /// Series of which a row did not have its checksum.
    damaged: HashSet<i64>,
}

fn window(connection: &Connection, from: i64, before: i64) -> rusqlite::Result<Option<Window>> {
    let first: Option<i64> =
        connection.prepare_cached("SELECT min(ts) FROM hot WHERE ts >= ?1")?.query_row([from], |row| row.get(0))?;
    let Some(first) = first.filter(|first| *first < before) else { return Ok(None) };
    let end = (first - first.rem_euclid(WINDOW) + WINDOW).min(before);
    let mut found = connection.prepare_cached(
        "SELECT series, ts, value, text, flag, checksum FROM hot WHERE ts >= ?1 AND ts < ?2 ORDER BY ts LIMIT ?3",
    )?;
    let mut rows: BTreeMap<i64, Vec<Entry>> = BTreeMap::new();
    let mut damaged = HashSet::new();
    let (mut count, mut last) = (0, first);
    let mut found = found.query(params![first, end, ROWS as i64])?;
    while let Some(row) = found.next()? {
        count += 1;
        last = stored::number(row, 1)?.unwrap_or(last);
        // One that cannot be read stays where it is; the others go on.
        let Some((series, entry, checksum)) = stored::or_damaged("hot", sealable(row))? else { continue };
        let said = Said { value: entry.value, text: entry.text.as_deref(), flag: entry.flag.as_deref() };
        if said.checksum([entry.at, series]) != checksum {
            tracing::error!(
                series,
                at = entry.at,
                "a stored value was damaged; `bilan verify` goes on naming its chunk"
            );
            damaged.insert(series);
        }
        rows.entry(series).or_default().push(entry);
    }
    // Of a window with more rows than are read at once, the rest comes next, with its last instant once more; the day of one series never has as many.
    let next = if count < ROWS || last == first { end } else { last };
    Ok(Some(Window { next, rows, damaged }))
}

/// The series of a row, what it says, and its checksum.
fn sealable(row: &Row<'_>) -> rusqlite::Result<(i64, Entry, i64)> {
    let entry = Entry { at: row.get(1)?, value: row.get(2)?, text: row.get(3)?, flag: row.get(4)? };
    Ok((row.get(0)?, entry, row.get(5)?))
}

/// The blob of a chunk, and whether its row has its checksum.
fn blob(connection: &Connection, series: i64, day: i64) -> rusqlite::Result<Option<(Vec<u8>, bool)>> {
    connection
        .prepare_cached(
            "SELECT blob, coalesce(checksum = row_checksum(series, day, count, blob), 1) FROM chunk
             WHERE series = ?1 AND day = ?2",
        )?
        // What is no blob is no chunk either: reading it says so.
        .query_row([series, day], |row| {
            Ok((row.get_ref(0)?.as_bytes_or_null()?.unwrap_or_default().to_vec(), row.get(1)?))
        })
        .optional()
}

/// Nothing of this instant or later is sealed.
pub(crate) fn sealed_until(connection: &Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> =
        connection.query_row("SELECT max(day) FROM chunk WHERE typeof(day) = 'integer'", [], |row| row.get(0))?;
    Ok(last.map_or(i64::MIN, chunk::end_of))
}

/// What a chunk holds for an instant.
pub(crate) fn sealed_entry(connection: &Connection, series: i64, at: i64) -> rusqlite::Result<Option<Entry>> {
    let Some((blob, _)) = blob(connection, series, chunk::day_of(at))? else { return Ok(None) };
    match chunk::decode(&blob) {
        Ok(entries) => Ok(entries.into_iter().find(|entry| entry.at == at)),
        // What comes late into a day that is lost must not be lost as well.
        Err(damaged) => {
            tracing::error!(%damaged, series, at, "a chunk is damaged; `bilan verify` names it");
            Ok(None)
        }
    }
}

/// Both in the order of time; where they meet, the later word counts.
pub(crate) fn merged(sealed: Vec<Entry>, hot: Vec<Entry>) -> Vec<Entry> {
    if hot.is_empty() {
        return sealed;
    }
    let mut all: BTreeMap<i64, Entry> = sealed.into_iter().map(|entry| (entry.at, entry)).collect();
    all.extend(hot.into_iter().map(|entry| (entry.at, entry)));
    all.into_values().collect()
}

/// Writes a portion: chunks in, rows out.
pub(crate) fn write(transaction: &Transaction<'_>, portion: &Portion) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached(
        "INSERT INTO chunk (series, day, count, blob, checksum) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (series, day) DO UPDATE SET count = ?3, blob = ?4, checksum = ?5",
    )?;
    for packed in &portion.chunks {
        put.execute(params![packed.series, packed.day, packed.count as i64, packed.blob, packed.checksum()])?;
    }
    // A row that says something else by now was not sealed: it stays.
    let mut take = transaction
        .prepare_cached("DELETE FROM hot WHERE ts = ?1 AND series = ?2 AND value = ?3 AND text IS ?4 AND flag IS ?5")?;
    for (series, Entry { at, value, text, flag }) in &portion.rows {
        take.execute(params![at, series, value, text, flag])?;
    }
    Ok(())
}
