-- The journal as it is read: the newest first, of all registers, of one, or of one person.
CREATE INDEX journal_by_time ON journal (at);
CREATE INDEX journal_by_register ON journal (register, at);
CREATE INDEX journal_by_actor ON journal (actor, at);
