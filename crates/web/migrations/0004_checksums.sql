-- Each row carries a checksum of what it says: a byte that changes on the disk is found.
ALTER TABLE account ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE account SET checksum = row_checksum(
    name, display_name, password, roles, cell, enterprise, disabled, password_set_at, second_factor, second_factor_step
);
ALTER TABLE session ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE session SET checksum = row_checksum(digest, account, csrf, began_at, seen_at);
ALTER TABLE ended_session ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE ended_session SET checksum = row_checksum(csrf, account, ended_at);
ALTER TABLE token ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE token SET checksum = row_checksum(digest, account, label, issued_at, expires_at);
ALTER TABLE recovery_code ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE recovery_code SET checksum = row_checksum(account, digest);
ALTER TABLE event ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE event SET checksum = row_checksum(id, at, name, what, by);
