//! The folder of uploads (上传目录): files that nobody entered and what a killed process left are let go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bilan_web::{UPLOADS_WAIT, sweep_uploads};

const HOUR: Duration = Duration::from_secs(3600);

/// What lies there at the start, before anything is uploaded.
pub fn sweep_at_start(uploads: &Path) {
    sweep(uploads, Duration::ZERO);
}

/// Looks every hour.
pub async fn keep_small(uploads: PathBuf) {
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        let uploads = uploads.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || sweep(&uploads, UPLOADS_WAIT)).await {
            tracing::error!("the look at uploads broke off: {error}");
        }
    }
}

fn sweep(uploads: &Path, unfinished: Duration) {
    match sweep_uploads(uploads, unfinished) {
        Ok(0) => {}
        Ok(files) => tracing::info!("{files} files of uploads that nobody entered are let go"),
        Err(error) => tracing::error!("uploads that nobody entered could not be let go: {error}"),
    }
}
