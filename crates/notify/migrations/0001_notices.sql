-- Messages until they have arrived, and who subscribed. IF NOT EXISTS: files of 0.1.0 have them without a version number.
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    way TEXT NOT NULL,
    target TEXT NOT NULL,
    notice TEXT NOT NULL,
    put_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER,
    sent_at INTEGER,
    fault TEXT,
    UNIQUE (key, way, target)
);
CREATE INDEX IF NOT EXISTS message_due ON message (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS subscription (
    endpoint TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    made_at INTEGER NOT NULL
) WITHOUT ROWID;
