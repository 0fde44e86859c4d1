//! The tables of `observations.db`. Every row carries a checksum (`bilan_storage::checksum`).

use bilan_storage::{Migrations, checksum};
use rusqlite::Connection;

/// Creates the tables in a new file and adds to an older one what it lacks.
pub const MIGRATIONS: Migrations = bilan_storage::migrations!(
    "observations.db": "0001_observations", "0002_chunks_and_blocks", "0003_doubts", "0004_reviews_and_summaries", "0005_waiting",
    "0006_checksums",
);

/// Tables whose statements put the checksum in by themselves: those that are written with every packet, and the large blobs.
const BY_THEMSELVES: [&str; 10] =
    ["hot", "held", "latest", "revision", "arrival", "packet", "device", "device_tolerance", "chunk", "packet_block"];

/// Lets the one connection that writes put a checksum into each row.
pub(crate) fn guard(connection: &Connection) -> rusqlite::Result<()> {
    checksum::watch(connection, &BY_THEMSELVES)
}

/// Makes a connection ready. `synchronous = FULL`: a commit that returned survives a power cut.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    // 32 MB of log before it goes into the file: pages that change with every packet are copied once for many.
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    // A back-up that reads holds the log back; what it grew by goes when the log begins anew.
    connection.pragma_update(None, "journal_size_limit", 67_108_864)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}
