-- Running clocks that were paused or extended: their last day does not follow from their first alone, so each is looked
-- at. Few of the running clocks are, and few of those that ever were still run.
CREATE TABLE deadline_changed (
  register TEXT NOT NULL, key TEXT NOT NULL, deadline INTEGER NOT NULL,
  PRIMARY KEY (register, key, deadline)
) WITHOUT ROWID;
INSERT INTO deadline_changed (register, key, deadline)
SELECT register, key, id FROM deadline WHERE stopped_at IS NULL AND id IN (SELECT deadline FROM deadline_event);
CREATE TRIGGER deadline_is_changed AFTER INSERT ON deadline_event BEGIN
  INSERT OR IGNORE INTO deadline_changed (register, key, deadline)
  SELECT register, key, id FROM deadline WHERE id = NEW.deadline AND stopped_at IS NULL;
END;
CREATE TRIGGER deadline_has_stopped AFTER UPDATE OF stopped_at ON deadline WHEN NEW.stopped_at IS NOT NULL BEGIN
  DELETE FROM deadline_changed WHERE register = NEW.register AND key = NEW.key AND deadline = NEW.id;
END;
CREATE TRIGGER deadline_runs_again AFTER UPDATE OF stopped_at ON deadline
WHEN NEW.stopped_at IS NULL AND OLD.stopped_at IS NOT NULL BEGIN
  INSERT OR IGNORE INTO deadline_changed (register, key, deadline)
  SELECT NEW.register, NEW.key, NEW.id WHERE EXISTS (SELECT 1 FROM deadline_event WHERE deadline = NEW.id);
END;
CREATE TRIGGER deadline_is_gone AFTER DELETE ON deadline BEGIN
  DELETE FROM deadline_changed WHERE register = OLD.register AND key = OLD.key AND deadline = OLD.id;
END;
