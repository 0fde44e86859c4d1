//! The folder of uploads (上传目录): files that nobody entered and what a killed process left are let go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bilan_web::{UPLOADS_WAIT, sweep_uploads};

use crate::faults::{Faults, joined};

const HOUR: Duration = Duration::from_secs(3600);
const NOT_SWEPT: &str = "uploads that nobody entered could not be let go";

/// What lies there at the start, before anything is uploaded.
pub fn sweep_at_start(uploads: &Path) {
    if let Err(error) = sweep(uploads, Duration::ZERO) {
        tracing::error!("{NOT_SWEPT}: {error}");
    }
}

/// Looks every hour.
pub async fn keep_small(uploads: PathBuf) {
    let mut hours = tokio::time::interval(HOUR);
    let mut faults = Faults::default();
    loop {
        hours.tick().await;
        let uploads = uploads.clone();
        let swept = joined(tokio::task::spawn_blocking(move || sweep(&uploads, UPLOADS_WAIT)).await);
        faults.note(NOT_SWEPT, &swept);
    }
}

fn sweep(uploads: &Path, unfinished: Duration) -> std::io::Result<()> {
    let files = sweep_uploads(uploads, unfinished)?;
    if files > 0 {
        tracing::info!("{files} files of uploads that nobody entered are let go");
    }
    Ok(())
}
