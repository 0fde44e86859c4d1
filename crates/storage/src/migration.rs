//! Numbered migrations of one database file.

use std::collections::HashSet;

use rusqlite::{Connection, TransactionBehavior};

use crate::Fault;

/// One numbered file of SQL; its name is that of the file without `.sql`, for example `0002_expiring_tokens`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    name: &'static str,
    sql: &'static str,
}

impl Migration {
    /// Names a migration; [`migrations!`](crate::migrations) reads it from its file.
    #[must_use]
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql }
    }

    /// The four digits at the beginning of the name.
    const fn number(&self) -> i64 {
        let name = self.name.as_bytes();
        assert!(name.len() > 5 && name[4] == b'_', "a migration is named NNNN_what_it_does");
        let mut number = 0;
        let mut at = 0;
        while at < 4 {
            assert!(name[at].is_ascii_digit(), "a migration is named NNNN_what_it_does");
            number = number * 10 + (name[at] - b'0') as i64;
            at += 1;
        }
        number
    }
}

/// All migrations of one database file, in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    database: &'static str,
    steps: &'static [Migration],
}

/// Why a file could not be brought up to date. Nothing of the migration that failed is left in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrationError {
    /// A later version of the program has written the file.
    #[error(
        "{database} has tables of version {found}, this program knows them up to version {known}: use the program that \
         wrote the file, or a later one"
    )]
    Later {
        /// Name of the file.
        database: &'static str,
        /// Version of the file.
        found: i64,
        /// Newest version that the program knows.
        known: i64,
    },
    /// A statement failed.
    #[error("{database}: migration {migration} failed: {message}")]
    Failed {
        /// Name of the file.
        database: &'static str,
        /// Name of the migration.
        migration: &'static str,
        /// What the database said.
        message: String,
    },
    /// Somebody put a trigger or a view into the file, which would act or answer in place of this program.
    #[error("{database} holds “{name}”, which no version of this program put there: restore the last backup")]
    Foreign {
        /// Name of the file.
        database: &'static str,
        /// Name of the trigger or view.
        name: String,
    },
    /// The file could not be read at all.
    #[error("{database}: {message}")]
    Unreadable {
        /// Name of the file.
        database: &'static str,
        /// What the database said.
        message: String,
    },
}

impl Migrations {
    /// All migrations of `database`.
    ///
    /// # Panics
    /// At compile time (where it is used in a `const`), if the numbers are not 1, 2, 3, …
    #[must_use]
    pub const fn of(database: &'static str, steps: &'static [Migration]) -> Self {
        let mut at = 0;
        while at < steps.len() {
            assert!(steps[at].number() == at as i64 + 1, "migrations are numbered 0001, 0002, … without a gap");
            at += 1;
        }
        Self { database, steps }
    }

    /// Name of the file.
    #[must_use]
    pub const fn database(&self) -> &'static str {
        self.database
    }

    /// The first table, column, index or trigger that the migrations made which a file has seen, and that is no longer there. What else the file has is its own.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn lacking(&self, connection: &Connection) -> rusqlite::Result<Option<Fault>> {
        let seen = usize::try_from(version(connection)?).unwrap_or(usize::MAX);
        // A file of a later version is refused by that when it is opened: what a later version takes away is not known here.
        if seen > self.steps.len() {
            return Ok(None);
        }
        let as_made = Connection::open_in_memory()?;
        crate::checksum::register(&as_made)?;
        for step in &self.steps[..seen] {
            as_made.execute_batch(step.sql)?;
        }
        let here: HashSet<(String, String, String)> = parts(connection)?.into_iter().collect();
        let missing = parts(&as_made)?.into_iter().find(|part| !here.contains(part));
        Ok(missing.map(|(table, kind, name)| Fault { what: format!("the {kind} {name} is missing"), table }))
    }

    /// Number of the newest migration.
    #[must_use]
    #[allow(clippy::cast_possible_wrap, reason = "a handful of files")]
    pub const fn newest(&self) -> i64 {
        self.steps.len() as i64
    }

    /// Brings a file up to date and returns how many migrations it took.
    ///
    /// Each migration is a transaction of its own together with its number: a program that is killed in the middle
    /// goes on with the next one. Two programs that open the file at the same time take turns.
    ///
    /// # Errors
    /// [`MigrationError`]; the file then stands as after the last migration that succeeded. A file with code that is not of the migrations is left as it is.
    pub fn apply(&self, connection: &mut Connection) -> Result<usize, MigrationError> {
        // A migration that adds a checksum to rows computes it for those that are there.
        crate::checksum::register(connection)
            .map_err(|error| MigrationError::Unreadable { database: self.database, message: error.to_string() })?;
        self.next(connection)?;
        self.refuse_foreign_code(connection)?;
        let mut applied = 0;
        loop {
            let (found, step) = match self.next(connection)? {
                (_, None) => return Ok(applied),
                (found, Some(step)) => (found, step),
            };
            let failed = |source: rusqlite::Error| MigrationError::Failed {
                database: self.database,
                migration: step.name,
                message: source.to_string(),
            };
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            // Another program may have been faster while this one waited for its turn.
            if version(&transaction).map_err(failed)? == found {
                transaction.execute_batch(step.sql).map_err(failed)?;
                transaction.pragma_update(None, "user_version", found + 1).map_err(failed)?;
                applied += 1;
            }
            transaction.commit().map_err(failed)?;
        }
    }

    /// Triggers and views run within our own statements: each must be one that a migration made, word for word.
    fn refuse_foreign_code(&self, connection: &Connection) -> Result<(), MigrationError> {
        let unreadable =
            |error: rusqlite::Error| MigrationError::Unreadable { database: self.database, message: error.to_string() };
        let mut code = connection
            .prepare("SELECT name, sql FROM main.sqlite_schema WHERE type IN ('trigger', 'view')")
            .map_err(unreadable)?;
        let code = code.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).map_err(unreadable)?;
        for found in code {
            let (name, sql) = found.map_err(unreadable)?;
            if !self.steps.iter().any(|step| step.sql.contains(&sql)) {
                return Err(MigrationError::Foreign { database: self.database, name });
            }
        }
        Ok(())
    }

    /// Version of the file and the migration that it needs next.
    fn next(&self, connection: &Connection) -> Result<(i64, Option<&Migration>), MigrationError> {
        let found = version(connection)
            .map_err(|error| MigrationError::Unreadable { database: self.database, message: error.to_string() })?;
        if found > self.newest() {
            return Err(MigrationError::Later { database: self.database, found, known: self.newest() });
        }
        Ok((found, usize::try_from(found).ok().and_then(|at| self.steps.get(at))))
    }
}

/// Tables with their columns, indexes and triggers: the table, what it is, its name. Indexes that SQLite makes by itself have no statement.
fn parts(connection: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    connection
        .prepare(
            "SELECT tbl_name, type, name, type != 'table' FROM main.sqlite_schema WHERE sql IS NOT NULL
             UNION ALL SELECT t.name, 'column', c.name, 2 FROM main.sqlite_schema t, pragma_table_xinfo(t.name, 'main') c WHERE t.type = 'table'
             ORDER BY 4, 1, 2, 3",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// The migrations of a database, read from `migrations/NAME.sql` of the crate that calls it, when that crate is compiled.
///
/// ```text
/// const MIGRATIONS: Migrations = bilan_storage::migrations!("accounts.db": "0001_tables", "0002_expiring_tokens");
/// ```
#[macro_export]
macro_rules! migrations {
    ($database:literal: $($name:literal),+ $(,)?) => {
        $crate::Migrations::of($database, &[$(
            $crate::Migration::new($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $name, ".sql"))),
        )+])
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_column_index_or_trigger_that_is_gone_is_named() {
        const SQL: &str =
            "CREATE TABLE a (x INTEGER PRIMARY KEY, y, z UNIQUE); CREATE INDEX a_by_y ON a (y); CREATE TABLE b (x);
             CREATE TRIGGER b_stays BEFORE DELETE ON b BEGIN SELECT RAISE(ABORT, 'no'); END";
        const MADE: Migrations = Migrations::of(
            "t.db",
            &[Migration::new("0001_tables", SQL), Migration::new("0002_more", "ALTER TABLE b ADD COLUMN y")],
        );
        let after = |sql: &str| {
            let mut connection = Connection::open_in_memory().unwrap();
            MADE.apply(&mut connection).unwrap();
            connection.execute_batch(sql).unwrap();
            MADE.lacking(&connection).unwrap().map(|fault| format!("{}: {}", fault.table, fault.what))
        };
        assert_eq!(after("CREATE TABLE of_a_register (x)"), None);
        assert_eq!(after("DROP TABLE b").as_deref(), Some("b: the table b is missing"));
        assert_eq!(after("DROP TABLE a").as_deref(), Some("a: the table a is missing"));
        assert_eq!(after("DROP INDEX a_by_y").as_deref(), Some("a: the index a_by_y is missing"));
        assert_eq!(after("ALTER TABLE b DROP COLUMN y").as_deref(), Some("b: the column y is missing"));
        assert_eq!(after("ALTER TABLE b DROP COLUMN y; PRAGMA user_version = 1"), None, "of an earlier version");
        assert_eq!(
            after("DROP TABLE b; PRAGMA user_version = 9999"),
            None,
            "of a later version, which is refused by its number"
        );
    }

    const ONE: Migrations = Migrations::of("t.db", &[Migration::new("0001_tables", "CREATE TABLE a (x)")]);
    const TWO: Migrations = Migrations::of(
        "t.db",
        &[
            Migration::new("0001_tables", "CREATE TABLE a (x)"),
            Migration::new("0002_more", "ALTER TABLE a ADD COLUMN y; INSERT INTO a VALUES (1, 2)"),
        ],
    );

    fn connection() -> Connection {
        Connection::open_in_memory().expect("opened")
    }

    #[test]
    fn a_file_of_the_version_before_gets_what_it_lacks_and_nothing_twice() {
        let mut file = connection();
        assert_eq!(ONE.apply(&mut file).expect("new"), 1);
        assert_eq!(TWO.apply(&mut file).expect("migrated"), 1);
        assert_eq!(TWO.apply(&mut file).expect("up to date"), 0);
        let rows: i64 = file.query_row("SELECT count(*) FROM a WHERE y = 2", [], |row| row.get(0)).expect("counted");
        assert_eq!((rows, version(&file).expect("read")), (1, 2));
    }

    #[test]
    fn a_file_of_a_later_version_is_refused_and_left_alone() {
        let mut file = connection();
        TWO.apply(&mut file).expect("new");
        let refused = ONE.apply(&mut file).expect_err("later");
        assert!(matches!(refused, MigrationError::Later { found: 2, known: 1, .. }), "{refused}");
        assert_eq!(version(&file).expect("read"), 2);
    }

    #[test]
    fn code_that_somebody_put_into_a_file_is_refused_and_that_of_a_migration_is_not() {
        const WITH_CODE: Migrations = Migrations::of(
            "t.db",
            &[Migration::new(
                "0001_tables",
                "CREATE TABLE a (x);\nCREATE TRIGGER a_grows AFTER INSERT ON a WHEN NEW.x < 0 BEGIN\n  DELETE FROM a;\nEND;",
            )],
        );
        let mut file = connection();
        WITH_CODE.apply(&mut file).expect("new");
        assert_eq!(WITH_CODE.apply(&mut file).expect("its own"), 0);
        file.execute_batch("CREATE TRIGGER evil AFTER INSERT ON a BEGIN DELETE FROM a; END").expect("made");
        let refused = WITH_CODE.apply(&mut file).expect_err("foreign");
        assert!(matches!(&refused, MigrationError::Foreign { name, .. } if name == "evil"), "{refused}");
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_of_itself() {
        const BROKEN: Migrations = Migrations::of(
            "t.db",
            &[
                Migration::new("0001_tables", "CREATE TABLE a (x)"),
                Migration::new("0002_broken", "CREATE TABLE b (y); INSERT INTO nowhere VALUES (1)"),
            ],
        );
        let mut file = connection();
        let refused = BROKEN.apply(&mut file).expect_err("broken");
        assert!(refused.to_string().contains("0002_broken"), "{refused}");
        assert_eq!(version(&file).expect("read"), 1);
        assert!(!file.table_exists(None, "b").expect("asked"));
    }

    #[test]
    fn two_programs_that_open_a_file_at_once_migrate_it_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.db");
        let applied: usize = std::thread::scope(|scope| {
            let openers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut file = Connection::open(&path).expect("opened");
                        file.busy_timeout(std::time::Duration::from_secs(60)).expect("set");
                        TWO.apply(&mut file).expect("migrated")
                    })
                })
                .collect();
            openers.into_iter().map(|opener| opener.join().expect("ended")).sum()
        });
        assert_eq!(applied, 2);
    }
}
