-- Batches (批次): records that came in together from a file. Their rows have consecutive ids, and while a batch is not
-- published nothing of them counts. `seq` is the entry of the journal that publishes it and `digest` what that entry holds.
CREATE TABLE import_batch (
  id INTEGER PRIMARY KEY,
  register TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  actor TEXT NOT NULL, begun_at TEXT NOT NULL,
  published_at TEXT, seq INTEGER, digest BLOB
);
CREATE UNIQUE INDEX import_batch_unpublished ON import_batch (register) WHERE published_at IS NULL;
CREATE INDEX import_batch_rows ON import_batch (register, first);
-- What the journal says of the arrival of each record of a batch.
CREATE TABLE import_entry (
  batch INTEGER NOT NULL, record INTEGER NOT NULL, number TEXT NOT NULL, changes TEXT NOT NULL, row_digest BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (batch, record)
) WITHOUT ROWID;
