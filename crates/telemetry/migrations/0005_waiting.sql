-- Values whose time is still to come: they are stored among the others when it has come.
CREATE TABLE waiting (
    ts INTEGER NOT NULL,
    series INTEGER NOT NULL,
    value REAL NOT NULL,
    text TEXT,
    flag TEXT,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (ts, series)
) WITHOUT ROWID;
-- Values that earlier versions took for the newest although their device's clock ran ahead of the last word of any device.
INSERT INTO waiting (ts, series, value, text, flag, received_at)
SELECT ts, series, value, text, flag, (SELECT max(last_heard) FROM device) FROM hot
WHERE ts > (SELECT max(last_heard) + 600000 FROM device);
DELETE FROM hot WHERE ts > (SELECT max(last_heard) + 600000 FROM device);
INSERT INTO waiting (ts, series, value, text, flag, received_at)
SELECT ts, series, value, text, flag, (SELECT max(last_heard) FROM device) FROM held
WHERE ts > (SELECT max(last_heard) + 600000 FROM device);
DELETE FROM held WHERE ts > (SELECT max(last_heard) + 600000 FROM device);
-- The newest values are found again in the rows.
UPDATE mark SET value = 0
WHERE name = 'latest_is_whole' AND EXISTS (SELECT 1 FROM latest WHERE ts > (SELECT max(last_heard) + 600000 FROM device));
DELETE FROM latest WHERE ts > (SELECT max(last_heard) + 600000 FROM device);
