//! What the program says of itself: the log, and its lines at the start. What standard error or standard output does not take is lost: a log on a full disk
//! must stop nothing. `println!` and `eprintln!` panic there, and so does a subscriber that reports that it could not write.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::EnvFilter;

/// Writes what the writer takes, and is content.
struct Lossy<W>(W);

impl<W: Write> Write for Lossy<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Nobody is left who could be told.
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// The log goes to standard error from now on; `BILAN_LOG` says how much of it.
pub fn start() {
    let filter = EnvFilter::try_from_env("BILAN_LOG").unwrap_or_else(|_| EnvFilter::new("warn,bilan=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Lossy(io::stderr()))
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .init();
}

/// A line on standard output.
pub fn put_out(line: impl Display) {
    // Written at once and in one piece: who waits for it reads it whole.
    let _ = Lossy(io::stdout().lock()).write_all(format!("{line}\n").as_bytes());
}

/// A line on standard error.
pub fn remark(line: impl Display) {
    let _ = Lossy(io::stderr().lock()).write_all(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_log_that_takes_nothing_is_no_fault_of_who_writes_into_it() {
        let subscriber = tracing_subscriber::fmt().with_writer(|| Lossy(Full)).log_internal_errors(false).finish();
        tracing::subscriber::with_default(subscriber, || tracing::error!("nobody reads this"));
        assert_eq!(Lossy(Full).write(b"lost").unwrap(), 4);
        Lossy(Full).flush().unwrap();
    }
}
