-- What stands beside the records comes under the chain: an entry covers the digests of the rows that were written with it.
ALTER TABLE journal ADD COLUMN beside BLOB;
CREATE TABLE beside (
  id INTEGER PRIMARY KEY, entry INTEGER NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL, digest BLOB
);
CREATE INDEX beside_by_key ON beside (source, key, id);
-- An event of a clock has a key of its own, by which it is covered.
ALTER TABLE deadline_event RENAME TO deadline_event_before;
DROP INDEX IF EXISTS deadline_event_of;
CREATE TABLE deadline_event (
  id INTEGER PRIMARY KEY,
  deadline INTEGER NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, rule TEXT, reason TEXT
);
INSERT INTO deadline_event (deadline, kind, at, rule, reason)
SELECT deadline, kind, at, rule, reason FROM deadline_event_before ORDER BY rowid;
DROP TABLE deadline_event_before;
CREATE INDEX deadline_event_of ON deadline_event (deadline, at);
