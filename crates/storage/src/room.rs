//! Whether a database still takes what is written into it (可写).

use rusqlite::Connection;
use rusqlite::ffi::{Error, SQLITE_FULL};

/// Writes one page as it is, and commits it: alone, or with the transaction that is open.
///
/// # Errors
/// What the next writer would meet: the disk or a quota of it is full, the file has reached its largest size, may only be
/// read any more, or cannot be written.
pub fn try_writing(connection: &Connection) -> rusqlite::Result<()> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    // What is only changed needs no new page, what is added does.
    if number("freelist_count")? == 0 && number("page_count")? >= number("max_page_count")? {
        return Err(rusqlite::Error::SqliteFailure(Error::new(SQLITE_FULL), None));
    }
    connection.pragma_update(None, "application_id", number("application_id")?)
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;

    use super::*;

    fn file() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("notices.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE message (body BLOB)").unwrap();
        (folder, connection)
    }

    fn code(result: rusqlite::Result<()>) -> Option<ErrorCode> {
        result.err().and_then(|error| error.sqlite_error_code())
    }

    fn add(connection: &Connection) -> rusqlite::Result<()> {
        connection.execute("INSERT INTO message VALUES (zeroblob(65536))", []).map(drop)
    }

    #[test]
    fn a_file_that_takes_no_more_is_found_full_until_there_is_room_again() {
        let (_folder, connection) = file();
        connection.pragma_update(None, "max_page_count", 40).unwrap();
        assert_eq!(code(try_writing(&connection)), None);
        while add(&connection).is_ok() {}
        // The last pages, one by one.
        while connection.execute("INSERT INTO message VALUES (zeroblob(3000))", []).is_ok() {}
        assert_eq!(code(add(&connection)), Some(ErrorCode::DiskFull), "a real one");
        assert_eq!(code(try_writing(&connection)), Some(ErrorCode::DiskFull));
        connection.execute("DELETE FROM message", []).unwrap();
        assert_eq!(code(try_writing(&connection)), None);
        add(&connection).unwrap();
    }

    #[test]
    fn trying_writes_to_the_disk_and_changes_nothing() {
        let (folder, connection) = file();
        connection.pragma_update(None, "application_id", 212).unwrap();
        let log = || std::fs::metadata(folder.path().join("notices.db-wal")).unwrap().len();
        let before = log();
        try_writing(&connection).unwrap();
        assert!(log() > before);
        assert_eq!(connection.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).unwrap(), 212);
    }

    #[test]
    fn a_file_that_may_only_be_read_is_found_as_well() {
        let (_folder, connection) = file();
        connection.pragma_update(None, "query_only", true).unwrap();
        assert_eq!(code(try_writing(&connection)), Some(ErrorCode::ReadOnly));
    }
}
