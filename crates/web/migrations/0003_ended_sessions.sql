-- Tokens of the forms of sessions that have ended: what was typed in such a form belongs to the account.
CREATE TABLE ended_session (csrf TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account (name), ended_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX session_csrf ON session (csrf);
