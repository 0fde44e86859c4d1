-- Each row carries a checksum of what it says: a byte that changes on the disk is found.
ALTER TABLE message ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE message SET checksum = row_checksum(id, key, way, target, notice, put_at, tries, next_at, sent_at, fault);
ALTER TABLE subscription ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE subscription SET checksum = row_checksum(endpoint, account, p256dh, auth, made_at);
