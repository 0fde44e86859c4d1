-- Tokens have a date. Those without one hold for a year from their issue, and for three months from now in any case, so that no program stops at once.
ALTER TABLE token ADD COLUMN expires_at TEXT NOT NULL DEFAULT '';
UPDATE token SET expires_at = max(
    coalesce(strftime('%Y-%m-%dT%H:%M:%f000Z', issued_at, '+1 year'), ''),
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+3 months')
);
-- How old a password is. One whose age is not known begins today.
ALTER TABLE account ADD COLUMN password_set_at TEXT NOT NULL DEFAULT '';
UPDATE account SET password_set_at = coalesce(
    (SELECT max(at) FROM event WHERE event.name = account.name AND what IN ('created', 'password_changed')),
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
);
-- The second factor: the sealed secret, the step of the code that was used last, and digests of the codes for emergencies.
ALTER TABLE account ADD COLUMN second_factor BLOB;
ALTER TABLE account ADD COLUMN second_factor_step INTEGER NOT NULL DEFAULT 0;
CREATE TABLE recovery_code (
    account TEXT NOT NULL REFERENCES account (name), digest BLOB NOT NULL, PRIMARY KEY (account, digest)
) WITHOUT ROWID;
-- Wrong passwords are counted in memory now (accounts/guard.rs).
DROP TABLE attempt;
