-- Accounts with their sessions, tokens and history. IF NOT EXISTS: files of 0.1.0 have them without a version number.
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, display_name TEXT NOT NULL, password TEXT NOT NULL, roles TEXT NOT NULL,
    cell TEXT, enterprise TEXT, disabled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS session (
    digest BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES account (name), csrf TEXT NOT NULL,
    began_at TEXT NOT NULL, seen_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS session_account ON session (account);
CREATE TABLE IF NOT EXISTS token (
    digest BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES account (name), label TEXT NOT NULL, issued_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, at TEXT NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL, by TEXT NOT NULL);
-- Wrong passwords in a row by the digest of the name that was tried (accounts/lockout.rs).
CREATE TABLE IF NOT EXISTS attempt (
    digest BLOB PRIMARY KEY, failures INTEGER NOT NULL, tried_at TEXT NOT NULL, locked_until TEXT
);
