-- What the automatic checks say of a value.
CREATE TABLE doubt (
    series INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    doubt TEXT NOT NULL,
    PRIMARY KEY (series, ts)
) WITHOUT ROWID;
