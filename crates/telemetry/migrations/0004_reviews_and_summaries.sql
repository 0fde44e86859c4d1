-- What people say of values, and what is kept of instants and minutes that were let go.
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
