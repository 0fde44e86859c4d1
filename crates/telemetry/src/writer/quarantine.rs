//! Quarantine (隔离区): packets that were not believed, kept with the reason, in bounded room.
//!
//! Each kind of reason has a share of its own, and within a share who sent most gives way first: guessed passwords and rubbish of one sender never push out
//! what a device sent that waits to be approved.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use crate::stored;

/// Between two looks at how much is kept, in packets.
const LOOKED_AFTER: i64 = 1000;

/// What shares room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Share {
    /// Devices that wait to be approved.
    Strangers,
    /// Guesses, and devices whose password was changed.
    WrongPasswords,
    /// Whatever could not be read, or cannot be true.
    Unbelieved,
}

impl Share {
    const fn of(reason: &str) -> Share {
        match reason.as_bytes() {
            b"unknown_device" => Share::Strangers,
            b"wrong_password" | b"slowed" => Share::WrongPasswords,
            _ => Share::Unbelieved,
        }
    }

    /// Packets that are kept.
    const fn most(self) -> usize {
        match self {
            Share::Strangers => 70_000,
            Share::WrongPasswords => 5000,
            Share::Unbelieved => 25_000,
        }
    }
}

pub(super) fn quarantine(
    transaction: &Transaction<'_>,
    raw: &[u8],
    reason: &str,
    mn: Option<&str>,
    peer: &str,
    received_at: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO quarantine (received_at, peer, mn, reason, raw) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![received_at.as_millisecond(), peer, mn, reason, raw])?;
    if transaction.last_insert_rowid() % LOOKED_AFTER == 0 {
        make_room(transaction, Share::most)?;
    }
    Ok(())
}

/// Deletes the oldest packets of those who sent most, where a share is full.
fn make_room(transaction: &Transaction<'_>, most: impl Fn(Share) -> usize) -> rusqlite::Result<()> {
    let mut shares: HashMap<Share, HashMap<String, Vec<i64>>> = HashMap::new();
    let mut held = transaction.prepare_cached("SELECT id, reason, peer FROM quarantine ORDER BY id")?;
    let mut rows = held.query([])?;
    while let Some(row) = rows.next()? {
        let (reason, peer) = (stored::text(row, 1)?, stored::text(row, 2)?);
        let senders = shares.entry(Share::of(&reason)).or_default();
        match senders.get_mut(sender(&peer)) {
            Some(ids) => ids.push(row.get(0)?),
            None => {
                senders.insert(sender(&peer).to_owned(), vec![row.get(0)?]);
            }
        }
    }
    let mut delete = transaction.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?;
    for (share, senders) in &shares {
        let each = fair(senders.values().map(Vec::len), most(*share));
        for ids in senders.values() {
            for id in &ids[..ids.len().saturating_sub(each)] {
                delete.execute([id])?;
            }
        }
    }
    Ok(())
}

/// How many each may keep, so that all together keep no more than `most`.
fn fair(counts: impl Iterator<Item = usize> + Clone, most: usize) -> usize {
    let together = |each: usize| counts.clone().map(|count| count.min(each)).sum::<usize>();
    let (mut fits, mut too_many) = (0, most + 1);
    while fits + 1 < too_many {
        let each = usize::midpoint(fits, too_many);
        if together(each) <= most {
            fits = each;
        } else {
            too_many = each;
        }
    }
    fits
}

/// An address without its port.
fn sender(peer: &str) -> &str {
    match peer.rsplit_once(':') {
        Some((address, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => address,
        _ => peer,
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(&[5, 5, 5], 100, &[5, 5, 5]; "there is room")]
    #[test_case(&[100, 5, 5], 30, &[20, 5, 5]; "who sent most gives way")]
    #[test_case(&[100, 100, 5], 45, &[20, 20, 5]; "two of them")]
    #[test_case(&[9, 9, 9], 0, &[0, 0, 0]; "no room")]
    fn room_is_shared_fairly(counts: &[usize], most: usize, kept: &[usize]) {
        let each = fair(counts.iter().copied(), most);
        assert_eq!(counts.iter().map(|count| *count.min(&each)).collect::<Vec<_>>(), kept);
    }

    #[test]
    fn a_flood_pushes_out_nothing_of_others() {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE quarantine (id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER, peer TEXT, mn TEXT, reason TEXT, raw BLOB)")
            .unwrap();
        let transaction = connection.transaction().unwrap();
        let keep = |reason: &str, peer: &str| {
            quarantine(&transaction, b"##", reason, Some("M1"), peer, Timestamp::UNIX_EPOCH).unwrap();
        };
        (0..20).for_each(|port| keep("unknown_device", &format!("198.51.100.7:{port}")));
        (0..200).for_each(|port| keep("wrong_password", &format!("http 203.0.113.9:{port}")));
        (0..300).for_each(|port| keep("unknown_device", &format!("203.0.113.9:{port}")));
        make_room(&transaction, |share| if share == Share::Strangers { 100 } else { 50 }).unwrap();
        let left = |reason: &str, peer: &str| -> i64 {
            let sql = "SELECT count(*) FROM quarantine WHERE reason = ?1 AND peer LIKE ?2";
            transaction.query_row(sql, [reason, peer], |row| row.get(0)).unwrap()
        };
        assert_eq!(left("unknown_device", "198.51.100.7:%"), 20, "all that the honest device sent");
        assert_eq!(left("unknown_device", "203.0.113.9:%"), 80);
        assert_eq!(left("wrong_password", "%"), 50);
    }
}
