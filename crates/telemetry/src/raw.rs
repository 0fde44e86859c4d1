//! Packets as they came: rows that are only ever appended, later blocks of a thousand, compressed.
//!
//! Nothing here is indexed on disk by device: with thousands of devices each packet would touch a page of its own. What must be found at once, the
//! digests of the newest packets and the last packets of each device, is in memory ([`Recent`]) and read again at the start.

use std::collections::{HashMap, HashSet, VecDeque};

use bilan_storage::checksum;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::stored;

/// Packets whose digests are remembered: one that comes again among so many is known.
const REMEMBERED: usize = 1_000_000;

/// Last packets of each device that are found at once.
const OF_A_DEVICE: usize = 8;

/// Packets of a block.
pub(crate) const BLOCK: usize = 1000;

/// Compression of a block: a tenth of the room at a small part of a core.
const LEVEL: i32 = 3;

/// A packet with when it came and from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPacket {
    /// When it came.
    pub received_at: Timestamp,
    /// The device.
    pub mn: String,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// What came lately.
#[derive(Default)]
pub(crate) struct Recent {
    digests: HashSet<u128>,
    order: VecDeque<u128>,
    of_device: HashMap<String, VecDeque<i64>>,
}

impl Recent {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Recent> {
        let mut recent = Recent::default();
        let mut rows = connection.prepare(
            "SELECT id, mn, digest FROM (SELECT id, mn, digest FROM arrival ORDER BY id DESC LIMIT ?1) ORDER BY id",
        )?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
        stored::each("arrival", rows.query([REMEMBERED as i64])?, read, |(id, mn, digest)| {
            recent.came(id, &mn, u128::from_be_bytes(digest));
        })?;
        Ok(recent)
    }

    pub(crate) fn knows(&self, digest: u128) -> bool {
        self.digests.contains(&digest)
    }

    pub(crate) fn came(&mut self, id: i64, mn: &str, digest: u128) {
        if self.digests.insert(digest) {
            self.order.push_back(digest);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.digests.remove(&oldest);
        }
        let ids = match self.of_device.get_mut(mn) {
            Some(ids) => ids,
            None => self.of_device.entry(mn.to_owned()).or_default(),
        };
        if ids.len() == OF_A_DEVICE {
            ids.pop_front();
        }
        ids.push_back(id);
    }

    /// Numbers of the last packets of a device, the newest first.
    pub(crate) fn last_of(&self, mn: &str, limit: usize) -> Vec<i64> {
        self.of_device.get(mn).map(|ids| ids.iter().rev().take(limit).copied().collect()).unwrap_or_default()
    }
}

/// Appends a packet; its number.
pub(crate) fn keep(
    transaction: &Transaction<'_>,
    mn: &str,
    digest: u128,
    received_at: i64,
    raw: &[u8],
) -> rusqlite::Result<i64> {
    // A statement of its own: within the insertion the database would make a table for it, at every packet.
    let id: i64 =
        transaction.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM arrival")?.query_row([], |row| row.get(0))?;
    let digest = digest.to_be_bytes();
    let checksum = checksum::of([
        ValueRef::Integer(id),
        ValueRef::Text(mn.as_bytes()),
        ValueRef::Blob(&digest),
        ValueRef::Integer(received_at),
    ]);
    transaction
        .prepare_cached("INSERT INTO arrival (id, mn, digest, received_at, checksum) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, mn, digest, received_at, checksum])?;
    transaction.prepare_cached("INSERT INTO packet (id, raw, checksum) VALUES (?1, ?2, ?3)")?.execute(params![
        id,
        raw,
        checksum::of([ValueRef::Integer(id), ValueRef::Blob(raw)])
    ])?;
    Ok(id)
}

/// Packets that go into one block.
pub(crate) struct Block {
    first: i64,
    last: i64,
    from_at: i64,
    to_at: i64,
    count: usize,
    devices: Vec<u8>,
    blob: Vec<u8>,
    /// Whether the rows of its packets had their checksums.
    is_whole: bool,
}

/// The oldest packets that came before `before`, as a block; `None` if there are not enough of them yet.
pub(crate) fn pack(connection: &Connection, before: i64) -> rusqlite::Result<Option<Block>> {
    let mut rows = connection.prepare_cached(
        "SELECT p.id, a.mn, a.received_at, p.raw,
             p.checksum = row_checksum(p.id, p.raw) AND a.checksum = row_checksum(a.id, a.mn, a.digest, a.received_at)
         FROM packet p JOIN arrival a ON a.id = p.id ORDER BY p.id LIMIT ?1",
    )?;
    let mut rows = rows.query([BLOCK as i64])?;
    let mut packed = Vec::with_capacity(BLOCK * 700);
    let mut devices = HashSet::new();
    let (mut ids, mut times, mut count, mut is_whole) = ((i64::MAX, 0), (i64::MAX, i64::MIN), 0, true);
    while let Some(row) = rows.next()? {
        // A damaged packet must not keep the others from being packed: it goes in as it can be read.
        let (id, mn): (i64, String) = (row.get(0)?, stored::text(row, 1)?);
        let raw = row.get_ref(3)?.as_bytes_or_null()?.unwrap_or_default();
        let at = stored::number(row, 2)?.unwrap_or_else(|| times.1.max(0));
        if at >= before {
            return Ok(None);
        }
        is_whole &= row.get::<_, bool>(4)?;
        ids = (ids.0.min(id), id);
        times = (times.0.min(at), times.1.max(at));
        devices.insert(name_hash(&mn));
        put(&mut packed, &at.to_le_bytes());
        put(&mut packed, mn.as_bytes());
        put(&mut packed, raw);
        count += 1;
    }
    if count < BLOCK {
        return Ok(None);
    }
    let blob = compressed(&packed).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let (first, last, from_at, to_at) = (ids.0, ids.1, times.0, times.1);
    Ok(Some(Block { first, last, from_at, to_at, count, devices: listed(devices), blob, is_whole }))
}

/// With a check of the content, so that a damaged block is noticed when it is unpacked.
fn compressed(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
    encoder.include_checksum(true)?;
    std::io::Write::write_all(&mut encoder, packed)?;
    encoder.finish()
}

/// The devices of a block, as its row lists them.
fn listed(devices: HashSet<u64>) -> Vec<u8> {
    let mut devices: Vec<u64> = devices.into_iter().collect();
    devices.sort_unstable();
    devices.into_iter().flat_map(u64::to_le_bytes).collect()
}

/// A block as its row holds it.
pub(crate) fn block(row: &rusqlite::Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        first: row.get(0)?,
        last: row.get(1)?,
        from_at: row.get(2)?,
        to_at: row.get(3)?,
        count: row.get(4)?,
        devices: row.get(5)?,
        blob: row.get(6)?,
        is_whole: true,
    })
}

impl Block {
    /// Its packets.
    pub(crate) fn packets(&self) -> rusqlite::Result<Vec<RawPacket>> {
        unpack(&self.blob)
    }

    /// Whether its row says of these packets what they are.
    pub(crate) fn agrees(&self, packets: &[RawPacket]) -> bool {
        let times = packets.iter().map(|packet| packet.received_at.as_millisecond());
        let span = times.clone().min().zip(times.max());
        packets.len() == self.count
            && self.first <= self.last
            && span == Some((self.from_at, self.to_at))
            && listed(packets.iter().map(|packet| name_hash(&packet.mn)).collect()) == self.devices
    }

    /// Checksum of its row; a wrong one if a packet was damaged before it was packed: the block stays known as damaged.
    fn checksum(&self) -> i64 {
        let Self { first, last, from_at, to_at, devices, blob, .. } = self;
        let [first, last, from_at, to_at] = [first, last, from_at, to_at].map(|number| ValueRef::Integer(*number));
        let count = ValueRef::Integer(self.count as i64);
        let sum = checksum::of([first, last, from_at, to_at, count, ValueRef::Blob(devices), ValueRef::Blob(blob)]);
        if self.is_whole { sum } else { !sum }
    }
}

/// Writes a block in place of its packets. Their digests stay as long as they are remembered.
pub(crate) fn write(transaction: &Transaction<'_>, block: &Block) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO packet_block (first, last, from_at, to_at, count, devices, blob, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            block.first,
            block.last,
            block.from_at,
            block.to_at,
            block.count as i64,
            block.devices,
            block.blob,
            block.checksum()
        ])?;
    transaction
        .prepare_cached("DELETE FROM packet WHERE id >= ?1 AND id <= ?2")?
        .execute(params![block.first, block.last])?;
    transaction
        .prepare_cached("DELETE FROM arrival WHERE id <= ?1 AND id < (SELECT max(id) FROM arrival) - ?2")?
        .execute(params![block.last, REMEMBERED as i64])?;
    Ok(())
}

/// Lets everything go that came before.
pub(crate) fn prune(transaction: &Transaction<'_>, before: i64) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM packet_block WHERE to_at < ?1", [before])?;
    transaction.execute("DELETE FROM packet WHERE id IN (SELECT id FROM arrival WHERE received_at < ?1)", [before])?;
    transaction.execute("DELETE FROM arrival WHERE received_at < ?1", [before])?;
    Ok(())
}

/// Packets with these numbers that are still rows, the newest first.
pub(crate) fn rows(connection: &Connection, ids: &[i64]) -> rusqlite::Result<Vec<RawPacket>> {
    let mut one = connection.prepare_cached(
        "SELECT a.received_at, a.mn, p.raw FROM packet p JOIN arrival a ON a.id = p.id WHERE p.id = ?1",
    )?;
    let found: rusqlite::Result<Vec<Option<RawPacket>>> = ids
        .iter()
        .map(|id| one.query_row([id], |row| packet(row.get(0)?, row.get(1)?, row.get(2)?)).optional())
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Packets of a device that came with `from <= received_at < to`, the newest first.
pub(crate) fn of_device(
    connection: &Connection,
    mn: &str,
    [from, to]: [i64; 2],
    limit: usize,
) -> rusqlite::Result<Vec<RawPacket>> {
    let mut found: Vec<RawPacket> = connection
        .prepare_cached(
            "SELECT a.received_at, a.mn, p.raw FROM arrival a JOIN packet p ON p.id = a.id
             WHERE a.mn = ?1 AND a.received_at >= ?2 AND a.received_at < ?3 ORDER BY a.id DESC LIMIT ?4",
        )?
        .query_map(params![mn, from, to, limit as i64], |row| packet(row.get(0)?, row.get(1)?, row.get(2)?))?
        .collect::<rusqlite::Result<_>>()?;
    let mut blocks = connection.prepare_cached(
        "SELECT devices, blob FROM packet_block WHERE to_at >= ?1 AND from_at < ?2 ORDER BY first DESC",
    )?;
    let mut blocks = blocks.query([from, to])?;
    let wanted = name_hash(mn).to_le_bytes();
    while found.len() < limit
        && let Some(row) = blocks.next()?
    {
        let devices: Vec<u8> = row.get(0)?;
        if !devices.as_chunks().0.contains(&wanted) {
            continue;
        }
        let blob: Vec<u8> = row.get(1)?;
        let inside = unpack(&blob)?.into_iter().rev();
        let wanted = |packet: &RawPacket| packet.mn == mn && (from..to).contains(&packet.received_at.as_millisecond());
        found.extend(inside.filter(wanted).take(limit - found.len()));
    }
    Ok(found)
}

/// Packets after a number, in their order, each with its number: what is handed on to another platform.
pub(crate) fn after(connection: &Connection, last: i64, limit: usize) -> rusqlite::Result<Vec<(i64, RawPacket)>> {
    let mut found = Vec::new();
    let mut blocks =
        connection.prepare_cached("SELECT first, blob FROM packet_block WHERE last > ?1 ORDER BY first")?;
    let mut blocks = blocks.query([last])?;
    while found.len() < limit
        && let Some(row) = blocks.next()?
    {
        let read = |row: &Row<'_>| Ok((row.get(0)?, unpack(&row.get::<_, Vec<u8>>(1)?)?));
        // What is damaged is lost; what came after it is handed on.
        let Some((first, packets)) = stored::or_damaged::<(i64, _)>("packet_block", read(row))? else { continue };
        // Numbers follow one another: packets are only ever appended, and a block takes the oldest without a gap.
        found.extend((first..).zip(packets).filter(|(id, _)| *id > last));
    }
    let mut rows = connection.prepare_cached(
        "SELECT p.id, a.received_at, a.mn, p.raw FROM packet p JOIN arrival a ON a.id = p.id WHERE p.id > ?1 ORDER BY p.id LIMIT ?2",
    )?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, packet(row.get(1)?, row.get(2)?, row.get(3)?)?));
    if found.len() < limit {
        stored::each("packet", rows.query(params![last, limit as i64])?, read, |packet| found.push(packet))?;
    }
    found.truncate(limit);
    Ok(found)
}

fn unpack(blob: &[u8]) -> rusqlite::Result<Vec<RawPacket>> {
    let damaged = |why: &str| {
        rusqlite::Error::FromSqlConversionFailure(
            0,
            rusqlite::types::Type::Blob,
            format!("a block of packets is damaged: {why}").into(),
        )
    };
    let packed = zstd::decode_all(blob).map_err(|error| damaged(&error.to_string()))?;
    let mut rest = packed.as_slice();
    let mut packets = Vec::with_capacity(BLOCK);
    while !rest.is_empty() {
        let mut part = || take(&mut rest).ok_or_else(|| damaged("it breaks off"));
        let at = part()?.try_into().map(i64::from_le_bytes).map_err(|_| damaged("a time is none"))?;
        let mn = String::from_utf8(part()?.to_vec()).map_err(|_| damaged("a device has no name"))?;
        packets.push(packet(at, mn, part()?.to_vec())?);
    }
    Ok(packets)
}

fn packet(at: i64, mn: String, raw: Vec<u8>) -> rusqlite::Result<RawPacket> {
    let received_at = Timestamp::from_millisecond(at).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, Box::new(error))
    })?;
    Ok(RawPacket { received_at, mn, raw })
}

fn put(out: &mut Vec<u8>, part: &[u8]) {
    // No part is as long as that: a packet has 10 KiB at most.
    out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(part);
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(part)
}

/// FNV-1a over the name of a device: tells blocks that cannot hold it from those that may.
fn name_hash(mn: &str) -> u64 {
    mn.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
