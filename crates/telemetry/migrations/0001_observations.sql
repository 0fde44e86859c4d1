-- Instant rows are keyed by time first (appending stays at the end of the tree); hour and day rows, of which there are few,
-- by series first (a year of one series is one read).
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
CREATE TABLE packet (
    id INTEGER PRIMARY KEY,
    mn TEXT NOT NULL,
    digest BLOB NOT NULL,
    qn TEXT,
    cn TEXT NOT NULL,
    pno INTEGER,
    received_at INTEGER NOT NULL,
    raw BLOB NOT NULL,
    UNIQUE (mn, digest)
);
CREATE INDEX packet_received ON packet (received_at);
