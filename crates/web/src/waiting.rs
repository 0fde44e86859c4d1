//! Work for requests on threads where waiting is allowed.
//!
//! [`while_asked`] is for whatever reads, and for a write that is one transaction: it ends when nobody waits for the answer
//! any longer, because the browser has gone or the page took too long; what was not committed is rolled back.
//! [`to_the_end`] is for what would be left half done: a record and its files, an account and its trace in the journal, the
//! entering of a file that a person confirmed. Why: decision 18.

use bilan_storage::Cancellation;
use tokio::task::{AbortHandle, JoinError, spawn_blocking};

/// Takes work that has not begun out of the queue of the threads.
struct AbortWhenDropped(AbortHandle);

impl Drop for AbortWhenDropped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Works for as long as somebody waits for the answer: until the future is dropped.
///
/// # Errors
/// If the work panicked.
pub async fn while_asked<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    let cancellation = Cancellation::default();
    let _waits = cancellation.when_dropped();
    let working = spawn_blocking(move || cancellation.over(work));
    let _queued = AbortWhenDropped(working.abort_handle());
    working.await
}

/// Works to the end, whether or not somebody waits for the answer.
///
/// # Errors
/// If the work panicked.
pub(crate) async fn to_the_end<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    spawn_blocking(work).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bilan_storage::{check, watch};
    use rusqlite::{Connection, ErrorCode};
    use tokio::sync::oneshot;

    use super::*;

    const ENDLESS: &str =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";

    fn endless() -> rusqlite::Error {
        let mut connection = Connection::open_in_memory().unwrap();
        watch(&mut connection, None).unwrap();
        connection.query_row(ENDLESS, [], |row| row.get::<_, i64>(0)).unwrap_err()
    }

    #[tokio::test]
    async fn a_statement_for_a_browser_that_has_gone_ends() {
        let (begun, has_begun) = oneshot::channel();
        let (ended, has_ended) = oneshot::channel();
        let request = tokio::spawn(while_asked(move || {
            begun.send(()).unwrap();
            ended.send(endless()).unwrap();
        }));
        has_begun.await.unwrap();
        request.abort();
        assert_eq!(has_ended.await.unwrap().sqlite_error_code(), Some(ErrorCode::OperationInterrupted));
    }

    #[tokio::test]
    async fn a_statement_for_a_page_that_took_too_long_ends() {
        let (ended, has_ended) = oneshot::channel();
        let asked = while_asked(move || drop(ended.send(endless())));
        assert!(tokio::time::timeout(Duration::from_millis(50), asked).await.is_err());
        // Not begun in time, or begun and interrupted.
        let ended = has_ended.await.map(|error| error.sqlite_error_code());
        assert!(matches!(ended, Err(_) | Ok(Some(ErrorCode::OperationInterrupted))), "{ended:?}");
    }

    #[tokio::test]
    async fn what_would_be_left_half_done_goes_on_without_a_browser() {
        let (begun, has_begun) = oneshot::channel();
        let (gone, has_gone) = oneshot::channel::<()>();
        let (ended, has_ended) = oneshot::channel();
        let request = tokio::spawn(to_the_end(move || {
            begun.send(()).unwrap();
            has_gone.blocking_recv().unwrap();
            ended.send(check()).unwrap();
        }));
        has_begun.await.unwrap();
        request.abort();
        gone.send(()).unwrap();
        assert_eq!(has_ended.await.unwrap(), Ok(()));
    }

    /// Every source file of this crate by name, without its tests.
    fn sources() -> Vec<(String, String)> {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut sources = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path)
                    && !path.ends_with("tests.rs")
                {
                    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                    sources.push((path.file_name().unwrap().to_string_lossy().into_owned(), code));
                }
            }
        }
        assert!(sources.len() > 100);
        sources
    }

    #[test]
    fn every_request_works_on_other_threads_by_way_of_this_file() {
        let found: Vec<String> =
            sources().into_iter().filter(|(_, code)| code.contains("spawn_blocking")).map(|(name, _)| name).collect();
        assert_eq!(found, ["waiting.rs"]);
    }

    #[test]
    fn a_file_that_waits_for_the_disk_holds_nothing_that_runs_on_the_threads_of_requests() {
        let of_disk = ["std::fs", "File::open", "File::create", ".reopen()"];
        let of_requests = ["async fn", "async move", ".await"];
        let touches_disk = |code: &str| of_disk.iter().any(|word| code.contains(word));
        let touching: Vec<(String, String)> = sources().into_iter().filter(|(_, code)| touches_disk(code)).collect();
        let wrong: Vec<&String> = touching
            .iter()
            .filter(|(_, code)| of_requests.iter().any(|word| code.contains(word)))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(wrong, [] as [&String; 0]);
        assert!(touching.iter().any(|(name, _)| name == "checked_files.rs"), "{touching:?}");
    }
}
