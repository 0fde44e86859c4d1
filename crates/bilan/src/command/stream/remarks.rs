//! What a command did with a file and does not hide: columns and lines that it passed over, cells that it took for missing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Remarks on a file, made by every core.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Mutex<Vec<String>>,
    below_zero: AtomicU64,
    first_below_zero: AtomicU64,
}

impl Default for Inner {
    fn default() -> Self {
        Self { lines: Mutex::default(), below_zero: AtomicU64::new(0), first_below_zero: AtomicU64::new(u64::MAX) }
    }
}

impl Remarks {
    /// One more remark.
    pub fn add(&self, remark: String) {
        // A worker that panicked ends the command by itself.
        if let Ok(mut lines) = self.0.lines.lock() {
            lines.push(remark);
        }
    }

    /// A cell below zero was taken for missing.
    pub fn below_zero(&self, line: u64) {
        self.0.below_zero.fetch_add(1, Ordering::Relaxed);
        self.0.first_below_zero.fetch_min(line, Ordering::Relaxed);
    }

    /// Every remark, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.0.lines.lock().map(|lines| lines.clone()).unwrap_or_default();
        match self.0.below_zero.load(Ordering::Relaxed) {
            0 => {}
            count => lines.push(format!(
                "{count} cells below zero were taken for missing, the first on line {}",
                self.0.first_below_zero.load(Ordering::Relaxed)
            )),
        }
        lines
    }
}
