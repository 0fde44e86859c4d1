//! What stands beside the records under the same chain: clocks and their events, keys, uses of files, numbers given.
//!
//! A change to one of these tables is noted by triggers of the ledger's own connection; before the transaction ends,
//! [`seal`] writes the digest of each changed row into the table `beside` and the digest of all of them into the last
//! entry of the journal, whose hash covers it. So a clock that is set back, a key that is taken out or a file that is
//! hung on another record with another tool no longer agrees with the chain, as a record does not. A row that was
//! altered so and is then changed by the ledger is marked as altered for good: the change does not heal it.
//!
//! What lies outside this database (accounts) is put under the chain by [`Ledger::witness`](super::Ledger::witness),
//! with the name of its kind as the source.

use rusqlite::{Connection, OptionalExtension, params};
use sm3::{Digest, Sm3};

use super::error::Broken;
use crate::journal::{Action, Chain, Hash, NewEntry};

/// Tables under the chain. The bytes of a file are covered by the digest under which it is kept.
const SOURCES: [&str; 8] = [
    "deadline",
    "deadline_event",
    "reminder",
    "idempotency",
    "write_key",
    "attachment",
    "attachment_use",
    "number_sequence",
];

/// Source of the marks that say which row had been altered when the ledger came to change it.
const ALTERED: &str = "altered";

/// The columns of a covered table.
struct Source {
    table: &'static str,
    key: Vec<String>,
    columns: Vec<String>,
}

impl Source {
    fn of(connection: &Connection, table: &'static str) -> Result<Self, rusqlite::Error> {
        let mut columns = connection.prepare_cached("SELECT name, pk FROM main.pragma_table_info(?1) ORDER BY cid")?;
        let columns: Vec<(String, i64)> =
            columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let key = columns.iter().filter(|(_, pk)| *pk > 0).map(|(name, _)| name.clone()).collect();
        let columns = columns.into_iter().map(|(name, _)| name).filter(|name| name != "bytes").collect();
        Ok(Self { table, key, columns })
    }

    /// The primary key of a row as text; `row` is empty, `OLD.` or `NEW.`.
    fn key(&self, row: &str) -> String {
        self.key.iter().map(|column| format!("{row}\"{column}\"")).collect::<Vec<_>>().join(" || '/' || ")
    }

    /// The values of the primary key of a row, as JSON: by them its row is found through the index of the key.
    fn key_values(&self, row: &str) -> String {
        let columns = self.key.iter().map(|column| format!("{row}\"{column}\"")).collect::<Vec<_>>().join(", ");
        format!("json_array({columns})")
    }

    /// What a row says now, found by the values of its key.
    fn standing(&self) -> String {
        let key = |(place, column)| format!("\"{column}\" = json_extract(?1, '$[{place}]')");
        let key = self.key.iter().enumerate().map(key).collect::<Vec<_>>().join(" AND ");
        format!("SELECT {} FROM main.\"{}\" WHERE {key}", self.text(""), self.table)
    }

    /// Every column of a row that is not null, with its name, as text: a column that is added and empty changes nothing.
    fn text(&self, row: &str) -> String {
        let column = |column: &String| {
            format!(
                "CASE WHEN {row}\"{column}\" IS NULL THEN '' ELSE '{column}=' || quote({row}\"{column}\") || ';' END"
            )
        };
        self.columns.iter().map(column).collect::<Vec<_>>().join(" || ")
    }
}

fn sources(connection: &Connection) -> Result<Vec<Source>, rusqlite::Error> {
    SOURCES.iter().map(|table| Source::of(connection, table)).collect()
}

pub(super) fn digest(text: &str) -> Hash {
    Sm3::digest(text.as_bytes()).into()
}

/// Lets a connection note which rows it changes; the notes are its own and end with it.
pub(super) fn watch(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS beside_changed (
           source TEXT, key TEXT, key_values TEXT, before TEXT, PRIMARY KEY (source, key)
         ) WITHOUT ROWID",
    )?;
    for source in sources(connection)? {
        let table = source.table;
        for (act, row, before) in [
            ("INSERT", "NEW.", "NULL".to_owned()),
            ("UPDATE", "OLD.", source.text("OLD.")),
            ("DELETE", "OLD.", source.text("OLD.")),
        ] {
            // The first note of a transaction stays: it says how the row stood before.
            connection.execute_batch(&format!(
                "CREATE TEMP TRIGGER IF NOT EXISTS beside_{table}_{act} AFTER {act} ON main.\"{table}\" BEGIN \
                 INSERT INTO beside_changed SELECT '{table}', CAST({key} AS TEXT), {key_values}, {before} \
                 WHERE NOT EXISTS (SELECT 1 FROM beside_changed WHERE source = '{table}' AND key = CAST({key} AS TEXT)); \
                 END",
                key = source.key(row),
                key_values = source.key_values(row),
            ))?;
        }
    }
    Ok(())
}

/// Puts rows that were there before the chain covered them under it. Does nothing once the chain covers any.
pub(super) fn cover(connection: &Connection, chain: &mut Chain, at: jiff::Timestamp) -> Result<(), rusqlite::Error> {
    let covered: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM journal WHERE beside IS NOT NULL \
         AND seq >= coalesce((SELECT entry FROM beside ORDER BY id LIMIT 1), 0))",
        [],
        |row| row.get(0),
    )?;
    if covered {
        return Ok(());
    }
    for source in sources(connection)? {
        connection.execute_batch(&format!(
            "INSERT OR IGNORE INTO temp.beside_changed \
             SELECT '{table}', CAST({key} AS TEXT), {key_values}, NULL FROM main.\"{table}\"",
            table = source.table,
            key = source.key(""),
            key_values = source.key_values(""),
        ))?;
    }
    seal(connection, chain, "ledger", at)
}

/// Puts every row that this transaction changed under its last journal entry, or under an entry of its own where it
/// has none. Called before each commit.
pub(crate) fn seal(
    connection: &Connection,
    chain: &mut Chain,
    actor: &str,
    at: jiff::Timestamp,
) -> Result<(), rusqlite::Error> {
    let changed: Vec<(String, String, String, Option<String>)> = connection
        .prepare_cached("SELECT source, key, key_values, before FROM temp.beside_changed ORDER BY source, key")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    if changed.is_empty() {
        return Ok(());
    }
    let sources = sources(connection)?;
    let mut rows = Vec::with_capacity(changed.len());
    for (name, key, key_values, before) in changed {
        let Some(source) = sources.iter().find(|source| source.table == name) else { continue };
        if last(connection, &name, &key)? != before.as_deref().map(digest) {
            rows.push(altered(&name, &key));
        }
        let standing: Option<String> =
            connection.prepare_cached(&source.standing())?.query_row([&key_values], |row| row.get(0)).optional()?;
        rows.push(Sealed { source: name, key, digest: standing.as_deref().map(digest) });
    }
    connection.prepare_cached("DELETE FROM temp.beside_changed")?.execute([])?;
    put(connection, chain, &rows, actor, at)
}

/// A mark that a row had been altered when it came to be changed.
fn altered(source: &str, key: &str) -> Sealed {
    Sealed { source: ALTERED.to_owned(), key: format!("{source} {key}"), digest: Some([0; 32]) }
}

/// What marks something outside this database as altered: it stood, before it was changed, neither as the chain says nor
/// as the chain said before (a change that was broken off after its entry was made).
pub(super) fn altered_outside(
    connection: &Connection,
    source: &str,
    key: &str,
    before: Option<&str>,
) -> Result<Option<Sealed>, rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("SELECT digest FROM beside WHERE source = ?1 AND key = ?2 ORDER BY id DESC LIMIT 2")?;
    let mut known: Vec<Option<Hash>> =
        statement.query_map([source, key], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if known.len() < 2 {
        known.push(None);
    }
    Ok((!known.contains(&before.map(digest))).then(|| altered(source, key)))
}

/// The digest under which a row was sealed last.
fn last(connection: &Connection, source: &str, key: &str) -> Result<Option<Hash>, rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("SELECT digest FROM beside WHERE source = ?1 AND key = ?2 ORDER BY id DESC LIMIT 1")?;
    Ok(statement.query_row([source, key], |row| row.get(0)).optional()?.flatten())
}

/// A row of `beside`: what a source says of a key from some entry on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub source: String,
    pub key: String,
    /// Absent once there is nothing under the key any more.
    pub digest: Option<Hash>,
}

/// Puts rows under the last entry of this transaction.
pub(super) fn put(
    connection: &Connection,
    chain: &mut Chain,
    rows: &[Sealed],
    actor: &str,
    at: jiff::Timestamp,
) -> Result<(), rusqlite::Error> {
    if !chain.has_entry() {
        let entry = NewEntry {
            at,
            actor,
            action: Action::Seal,
            register: "",
            record: 0,
            number: "",
            version: 0,
            changes: &[],
            reason: None,
            row_digest: None,
        };
        chain.append(connection, &entry)?;
    }
    chain.seal(connection, |entry, hasher| {
        let mut insert =
            connection.prepare_cached("INSERT INTO beside (entry, source, key, digest) VALUES (?1, ?2, ?3, ?4)")?;
        for row in rows {
            insert.execute(params![entry, row.source, row.key, row.digest])?;
            add(hasher, row);
        }
        Ok(())
    })
}

fn add(hasher: &mut Sm3, row: &Sealed) {
    for text in [&row.source, &row.key] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    match row.digest {
        None => hasher.update([0]),
        Some(digest) => {
            hasher.update([1]);
            hasher.update(digest);
        }
    }
}

/// Compares `beside` with the entries that cover it.
pub(super) fn compare_seals(connection: &Connection) -> Result<Result<(), Broken>, rusqlite::Error> {
    let mut entries = connection.prepare("SELECT seq, beside FROM journal WHERE beside IS NOT NULL ORDER BY seq")?;
    let mut entries = entries.query([])?;
    let mut sealed = connection.prepare("SELECT entry, source, key, digest FROM beside ORDER BY id")?;
    let mut sealed = sealed.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, Sealed { source: row.get(1)?, key: row.get(2)?, digest: row.get(3)? }))
    })?;
    let mut next = sealed.next().transpose()?;
    let broken = |seq, register: &str, number: &str, what: &str| {
        Ok(Err(Broken { seq, register: register.to_owned(), number: number.to_owned(), what: what.to_owned() }))
    };
    const UNSEALED: &str = "the digests sealed under this entry were altered behind the ledger's back";
    while let Some(entry) = entries.next()? {
        let (seq, digest): (i64, Hash) = (entry.get(0)?, entry.get(1)?);
        let mut hasher = Sm3::new();
        let mut altered = None;
        while let Some((_, row)) = next.take_if(|(entry, _)| *entry == seq) {
            add(&mut hasher, &row);
            if row.source == ALTERED {
                altered = Some(row);
            }
            next = sealed.next().transpose()?;
        }
        if Hash::from(hasher.finalize()) != digest {
            return broken(seq, "beside", "", UNSEALED);
        }
        if let Some(row) = altered {
            let (table, key) = row.key.split_once(' ').unwrap_or((&row.key, ""));
            return broken(seq, table, key, "it had been altered behind the ledger's back when this entry changed it");
        }
    }
    match next {
        Some((entry, _)) => broken(entry, "beside", "", UNSEALED),
        None => Ok(Ok(())),
    }
}

/// The last digest of every key of a source with the entry that covers it, in the order of keys.
pub(super) const LAST: &str = "
SELECT b.key, b.entry, b.digest FROM beside b
JOIN (SELECT key AS last_key, max(id) AS last_id FROM beside WHERE source = ?1 GROUP BY key) ON b.id = last_id
ORDER BY b.key";

/// Compares every row of the covered tables with the last digest of its key; gives how many agree.
pub(super) fn compare_rows(connection: &Connection) -> Result<Result<u64, Broken>, rusqlite::Error> {
    let mut count = 0;
    let mut first: Option<Broken> = None;
    for source in sources(connection)? {
        match source.compare(connection) {
            Ok(Ok(agreeing)) => count += agreeing,
            Ok(Err(broken)) => {
                if first.as_ref().is_none_or(|first| broken.seq < first.seq) {
                    first = Some(broken);
                }
            }
            Err(error) => return Ok(Err(super::verify::damaged(source.table, &error))),
        }
    }
    Ok(first.map_or(Ok(count), Err))
}

impl Source {
    fn compare(&self, connection: &Connection) -> Result<Result<u64, Broken>, rusqlite::Error> {
        let mut last = connection.prepare(LAST)?;
        let mut last = last.query_map([self.table], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<Hash>>(2)?))
        })?;
        let sql = format!(
            "SELECT CAST({} AS TEXT) AS key_of_row, {} FROM main.\"{}\" ORDER BY key_of_row",
            self.key(""),
            self.text(""),
            self.table,
        );
        let mut rows = connection.prepare(&sql)?;
        let mut rows = rows.query_map([], |row| Ok((row.get::<_, String>(0)?, digest(&row.get::<_, String>(1)?))))?;
        let (mut sealed, mut standing, mut count) = (last.next().transpose()?, rows.next().transpose()?, 0);
        loop {
            match (&sealed, &standing) {
                (None, None) => return Ok(Ok(count)),
                (Some((key, seq, digest)), other) if other.as_ref().is_none_or(|(other, _)| key < other) => {
                    if digest.is_some() {
                        let what = "it is gone: it was taken out behind the ledger's back";
                        return Ok(Err(self.broken(*seq, key, what)));
                    }
                    sealed = last.next().transpose()?;
                }
                (Some((key, seq, digest)), Some((other, found))) if key == other => {
                    if *digest != Some(*found) {
                        let what = "it no longer agrees with the journal: it was altered behind the ledger's back";
                        return Ok(Err(self.broken(*seq, key, what)));
                    }
                    count += 1;
                    (sealed, standing) = (last.next().transpose()?, rows.next().transpose()?);
                }
                (_, Some((key, _))) => {
                    let what = "no entry covers it: it was put in behind the ledger's back";
                    return Ok(Err(self.broken(0, key, what)));
                }
                (Some(_), None) => sealed = last.next().transpose()?,
            }
        }
    }

    fn broken(&self, seq: i64, key: &str, what: &str) -> Broken {
        Broken { seq, register: self.table.to_owned(), number: key.to_owned(), what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_row_is_found_by_the_index_of_its_key() {
        let mut connection = Connection::open_in_memory().expect("memory is there");
        crate::ledger::schema::migrate(&mut connection, &[]).expect("the tables are new");
        for source in sources(&connection).expect("the tables are there") {
            let plan = format!("EXPLAIN QUERY PLAN {}", source.standing());
            let plan: String = connection.query_row(&plan, ["[]"], |row| row.get(3)).expect("the statement is one");
            assert!(plan.starts_with("SEARCH"), "{} is read whole for each changed row: {plan}", source.table);
        }
    }
}
