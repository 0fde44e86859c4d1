-- Keys of writes belong to where they come from and to who chose them, and are bound to what was written.
-- `key` is origin/holder/text. The keys of before stay where they are, under the chain, and go on protecting.
CREATE TABLE write_key (
  key TEXT PRIMARY KEY, at TEXT NOT NULL, sender TEXT NOT NULL, register TEXT NOT NULL, verb TEXT NOT NULL,
  content BLOB NOT NULL, number TEXT NOT NULL, created INTEGER, replayed INTEGER
);
CREATE INDEX write_key_content ON write_key (content);
