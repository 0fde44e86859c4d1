-- Each row carries a checksum of what it says: a byte that changes on the disk is found in rows that lie in no chunk, too.
ALTER TABLE series ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE series SET checksum = row_checksum(id, station, factor, kind, statistic, period_s);
ALTER TABLE hot ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE hot SET checksum = row_checksum(ts, series, value, text, flag);
ALTER TABLE held ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE held SET checksum = row_checksum(series, ts, value, text, flag);
ALTER TABLE latest ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE latest SET checksum = row_checksum(series, ts, value, text, flag);
ALTER TABLE revision ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE revision SET checksum = row_checksum(id, replaced_at, series, ts, value, text, flag);
ALTER TABLE waiting ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE waiting SET checksum = row_checksum(ts, series, value, text, flag, received_at);
ALTER TABLE doubt ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE doubt SET checksum = row_checksum(series, ts, doubt);
ALTER TABLE review ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE review SET checksum = row_checksum(key, station, factor, from_ts, to_ts, counts, reason, by, at);
ALTER TABLE summary ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE summary SET checksum = row_checksum(series, hour, sum, energy, min, max, count, marked, covered_s);
ALTER TABLE device ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE device
SET checksum = row_checksum(mn, station, name, kind, last_heard, peer, packets, duplicates, clock_behind_s);
ALTER TABLE device_tolerance ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE device_tolerance SET checksum = row_checksum(mn, tolerance, count);
ALTER TABLE quarantine ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE quarantine SET checksum = row_checksum(id, received_at, peer, mn, reason, raw);
ALTER TABLE warning ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE warning SET checksum = row_checksum(id, station, rule, opened_at, cleared_at, body);
ALTER TABLE arrival ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE arrival SET checksum = row_checksum(id, mn, digest, received_at);
ALTER TABLE packet ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE packet SET checksum = row_checksum(id, raw);
ALTER TABLE mark ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE mark SET checksum = row_checksum(name, value);
-- Chunks and blocks have a check of their content already and may be many: those that are there stay as they are.
ALTER TABLE chunk ADD COLUMN checksum INTEGER;
ALTER TABLE packet_block ADD COLUMN checksum INTEGER;
