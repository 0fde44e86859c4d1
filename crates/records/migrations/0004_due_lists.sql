-- Running clocks in the order in which they come due: the later a clock of a rule starts, the later its day.
CREATE INDEX deadline_due ON deadline (register, key, rule, started_at, record) WHERE stopped_at IS NULL;
DROP INDEX IF EXISTS deadline_running;
