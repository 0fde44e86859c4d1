-- Tables of the ledger itself; those of the registers follow from the register files (ledger/schema.rs).
-- IF NOT EXISTS: files of 0.1.0 have them without a version number.
CREATE TABLE IF NOT EXISTS ledger_fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS schema_column (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, what TEXT NOT NULL, field TEXT NOT NULL,
  declared TEXT NOT NULL, choices TEXT, PRIMARY KEY (table_name, column_name)
);
CREATE TABLE IF NOT EXISTS number_sequence (
  register TEXT NOT NULL, year INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (register, year)
);
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, at TEXT NOT NULL, content BLOB NOT NULL, register TEXT NOT NULL, number TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS attachment (
  sha TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, added_at TEXT NOT NULL,
  added_by TEXT NOT NULL, bytes BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS attachment_use (
  sha TEXT NOT NULL, register TEXT NOT NULL, record INTEGER NOT NULL, field TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (sha, register, record, field)
);

-- Journal (留痕); the index answers "what is the last digest of this row".
CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  register TEXT NOT NULL,
  record INTEGER NOT NULL,
  number TEXT NOT NULL,
  version INTEGER NOT NULL,
  changes TEXT NOT NULL,
  reason TEXT,
  row_digest BLOB,
  prev BLOB NOT NULL,
  hash BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_of_record ON journal (register, record, seq);

-- Clocks (期限). A clock that is started anew (a case reopened) is a new row with the next round.
CREATE TABLE IF NOT EXISTS deadline (
  id INTEGER PRIMARY KEY,
  register TEXT NOT NULL, record INTEGER NOT NULL, key TEXT NOT NULL, round INTEGER NOT NULL,
  rule TEXT NOT NULL, started_at TEXT NOT NULL, stopped_at TEXT,
  UNIQUE (register, record, key, round)
);
CREATE INDEX IF NOT EXISTS deadline_running ON deadline (register, started_at) WHERE stopped_at IS NULL;
CREATE TABLE IF NOT EXISTS deadline_event (
  deadline INTEGER NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, rule TEXT, reason TEXT
);
CREATE INDEX IF NOT EXISTS deadline_event_of ON deadline_event (deadline, at);
CREATE TABLE IF NOT EXISTS reminder (
  deadline INTEGER NOT NULL, days INTEGER NOT NULL, due_on TEXT NOT NULL, sent_at TEXT NOT NULL,
  PRIMARY KEY (deadline, days)
);
