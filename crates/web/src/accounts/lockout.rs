//! Wrong passwords in a row, counted by the name that was tried. A name without an account is counted like any other,
//! so that being locked does not tell who has one. Only a digest of the name is kept: people type passwords there.

use bilan_records::value::stored_time;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

/// Wrong passwords in a row that are forgiven.
const FORGIVEN: u32 = 5;
/// After so long without another try they are forgotten.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

fn digest(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}

/// Seconds until the name may be tried again; nothing if it may be now.
pub(super) fn wait_s(connection: &Connection, name: &str, now: Timestamp) -> rusqlite::Result<Option<u64>> {
    let until: Option<Option<String>> = connection
        .prepare_cached("SELECT locked_until FROM attempt WHERE digest = ?1")?
        .query_row([digest(name)], |row| row.get(0))
        .optional()?;
    let until = until.flatten().and_then(|until| until.parse::<Timestamp>().ok()).filter(|until| *until > now);
    Ok(until.map(|until| u64::try_from(until.duration_since(now).as_secs()).unwrap_or(0).max(1)))
}

/// Counts a wrong password; whether the name is locked now.
pub(super) fn failed(connection: &Connection, name: &str, now: Timestamp) -> rusqlite::Result<bool> {
    let forgotten = now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    connection.execute("DELETE FROM attempt WHERE tried_at < ?1", [stored_time(forgotten)])?;
    let failures: u32 = connection.query_row(
        "INSERT INTO attempt (digest, failures, tried_at) VALUES (?1, 1, ?2) \
         ON CONFLICT (digest) DO UPDATE SET failures = failures + 1, tried_at = excluded.tried_at RETURNING failures",
        params![digest(name), stored_time(now)],
        |row| row.get(0),
    )?;
    let until = lock(failures).and_then(|wait| now.checked_add(wait).ok());
    connection.execute(
        "UPDATE attempt SET locked_until = ?2 WHERE digest = ?1",
        params![digest(name), until.map(stored_time)],
    )?;
    Ok(until.is_some())
}

/// Forgets the wrong passwords of a name.
pub(super) fn forget(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM attempt WHERE digest = ?1")?.execute([digest(name)])?;
    Ok(())
}

/// How long a name is locked after so many wrong passwords in a row.
fn lock(failures: u32) -> Option<SignedDuration> {
    let over = failures.checked_sub(FORGIVEN)?;
    Some(SignedDuration::from_secs((30_i64 << over.min(7)).min(3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_after_five_wrong_passwords() {
        let waits: Vec<_> = (1..=13).map(|failures| lock(failures).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits[..4], [None; 4]);
        assert_eq!(waits[4..8], [Some(30), Some(60), Some(120), Some(240)]);
        assert_eq!(waits[12], Some(3600), "an hour at most");
    }
}
