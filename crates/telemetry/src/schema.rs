//! The tables of `observations.db`.

use rusqlite::Connection;

/// Version of the tables; kept in SQLite's `user_version`.
const VERSION: i64 = 4;

/// Instant rows are keyed by time first (appending stays at the end of the tree); hour and day rows, of which there are few, by
/// series first (a year of one series is one read).
const TABLES: &str = "
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    station TEXT NOT NULL,
    factor TEXT NOT NULL,
    kind TEXT NOT NULL,
    statistic TEXT NOT NULL,
    period_s INTEGER NOT NULL,
    UNIQUE (station, factor, kind, statistic)
);
CREATE TABLE hot (
    ts INTEGER NOT NULL,
    series INTEGER NOT NULL,
    value REAL NOT NULL,
    text TEXT,
    flag TEXT,
    PRIMARY KEY (ts, series)
) WITHOUT ROWID;
CREATE TABLE held (
    series INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    value REAL NOT NULL,
    text TEXT,
    flag TEXT,
    PRIMARY KEY (series, ts)
) WITHOUT ROWID;
CREATE TABLE latest (
    series INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    value REAL NOT NULL,
    text TEXT,
    flag TEXT
);
-- What a later packet with other values for the same instant replaced.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY,
    replaced_at INTEGER NOT NULL,
    series INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    value REAL NOT NULL,
    text TEXT,
    flag TEXT
);
CREATE TABLE device (
    mn TEXT PRIMARY KEY,
    station TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    last_heard INTEGER NOT NULL,
    peer TEXT NOT NULL,
    packets INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    clock_behind_s INTEGER
) WITHOUT ROWID;
CREATE TABLE device_tolerance (
    mn TEXT NOT NULL,
    tolerance TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (mn, tolerance)
) WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,
    peer TEXT NOT NULL,
    mn TEXT,
    reason TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE warning (
    id TEXT PRIMARY KEY,
    station TEXT NOT NULL,
    rule TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    cleared_at INTEGER,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX warning_opened ON warning (opened_at);
CREATE INDEX warning_open ON warning (station, rule) WHERE cleared_at IS NULL;
";

/// What version 2 added: sealed chunks, packets without an index, and a mark that says whether `latest` holds the newest values.
const SINCE_2: &str = "
-- Which packets came, in their order. The digest over the segment (which holds MN, QN, CN, PNO) makes a resent packet known.
CREATE TABLE arrival (
    id INTEGER PRIMARY KEY,
    mn TEXT NOT NULL,
    digest BLOB NOT NULL,
    received_at INTEGER NOT NULL
);
-- Every packet as it came, until it goes into a block.
CREATE TABLE packet (
    id INTEGER PRIMARY KEY,
    raw BLOB NOT NULL
);
CREATE TABLE packet_block (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    devices BLOB NOT NULL,
    blob BLOB NOT NULL
);
CREATE TABLE chunk (
    series INTEGER NOT NULL,
    day INTEGER NOT NULL,
    count INTEGER NOT NULL,
    blob BLOB NOT NULL,
    PRIMARY KEY (series, day)
) WITHOUT ROWID;
CREATE TABLE mark (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO mark (name, value) VALUES ('latest_is_whole', 1);
";

/// What version 3 added: what our checks say of a value.
const SINCE_3: &str = "
CREATE TABLE doubt (
    series INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    doubt TEXT NOT NULL,
    PRIMARY KEY (series, ts)
) WITHOUT ROWID;
";

/// What version 4 added: what people say of values, and what is kept of instants and minutes that were let go.
const SINCE_4: &str = "
CREATE TABLE review (
    key TEXT PRIMARY KEY,
    station TEXT NOT NULL,
    factor TEXT,
    from_ts INTEGER NOT NULL,
    to_ts INTEGER NOT NULL,
    counts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE summary (
    series INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    sum REAL NOT NULL,
    energy REAL NOT NULL,
    min REAL NOT NULL,
    max REAL NOT NULL,
    count INTEGER NOT NULL,
    marked INTEGER NOT NULL,
    covered_s INTEGER NOT NULL,
    PRIMARY KEY (series, hour)
) WITHOUT ROWID;
";

/// Packets of version 1, which were indexed.
const FROM_1: &str = "
INSERT INTO arrival (id, mn, digest, received_at) SELECT id, mn, digest, received_at FROM packet_1 ORDER BY id;
INSERT INTO packet (id, raw) SELECT id, raw FROM packet_1 ORDER BY id;
DROP TABLE packet_1;
";

/// Makes a connection ready. `synchronous = FULL`: a commit that returned survives a power cut.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -8_000)?;
    // 32 MB of log before it goes into the file: pages that change with every packet are copied once for many.
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Creates the tables in a new file, adds to an older one what it lacks; `Err(found)` if the file has those of a later version.
pub(crate) fn create(connection: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > VERSION {
        return Ok(Err(found));
    }
    if found == 0 {
        transaction.execute_batch(TABLES)?;
    }
    if found == 1 {
        transaction.execute_batch("DROP INDEX packet_received; ALTER TABLE packet RENAME TO packet_1;")?;
    }
    if found < 2 {
        transaction.execute_batch(SINCE_2)?;
    }
    if found == 1 {
        transaction.execute_batch(FROM_1)?;
    }
    if found < 3 {
        transaction.execute_batch(SINCE_3)?;
    }
    if found < 4 {
        transaction.execute_batch(SINCE_4)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(Ok(()))
}
