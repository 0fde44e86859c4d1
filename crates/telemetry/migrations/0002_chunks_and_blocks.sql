-- Sealed chunks, packets without an index, and a mark that says whether `latest` holds the newest values.
DROP INDEX packet_received;
ALTER TABLE packet RENAME TO packet_1;
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
INSERT INTO arrival (id, mn, digest, received_at) SELECT id, mn, digest, received_at FROM packet_1 ORDER BY id;
INSERT INTO packet (id, raw) SELECT id, raw FROM packet_1 ORDER BY id;
DROP TABLE packet_1;
