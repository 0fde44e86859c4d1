-- What the full-text index of a register was made from: its fields and how they are read. Where the register file or the
-- program says something else, the index is made anew when the file is opened.
CREATE TABLE search_index (register TEXT PRIMARY KEY, made_from TEXT NOT NULL) WITHOUT ROWID;
