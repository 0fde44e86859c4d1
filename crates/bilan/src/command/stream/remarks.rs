//! What a command did with a file and does not hide: columns and lines that it passed over, cells that it took for missing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Remarks on a file, made by every core.
#[derive(Debug, Clone, Default)]
pub struct Remarks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    lines: Mutex<Vec<String>>,
    below_zero: Cells,
    dead: Cells,
}

/// Cells of a kind, and the line of the first.
#[derive(Debug)]
struct Cells {
    count: AtomicU64,
    first: AtomicU64,
}

impl Default for Cells {
    fn default() -> Self {
        Self { count: AtomicU64::new(0), first: AtomicU64::new(u64::MAX) }
    }
}

impl Cells {
    fn add(&self, line: u64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.first.fetch_min(line, Ordering::Relaxed);
    }

    /// How many, and the line of the first; nothing where there are none.
    fn counted(&self) -> Option<(u64, u64)> {
        let count = self.count.load(Ordering::Relaxed);
        (count > 0).then(|| (count, self.first.load(Ordering::Relaxed)))
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
        self.0.below_zero.add(line);
    }

    /// A level of exactly 0 dB(A) was taken for missing.
    pub fn dead(&self, line: u64) {
        self.0.dead.add(line);
    }

    /// Every remark, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.0.lines.lock().map(|lines| lines.clone()).unwrap_or_default();
        if let Some((count, first)) = self.0.below_zero.counted() {
            lines.push(format!("{count} cells below zero were taken for missing, the first on line {first}"));
        }
        if let Some((count, first)) = self.0.dead.counted() {
            lines.push(format!(
                "{count} levels of exactly 0 dB(A) were taken for missing, the first on line {first}: an instrument that measures shows more"
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_taken_for_missing_are_counted_with_the_line_of_the_first() {
        let remarks = Remarks::default();
        assert!(remarks.lines().is_empty());
        [7, 3, 9].into_iter().for_each(|line| remarks.dead(line));
        remarks.below_zero(5);
        let lines = remarks.lines();
        assert_eq!(lines[0], "1 cells below zero were taken for missing, the first on line 5");
        assert!(lines[1].starts_with("3 levels of exactly 0 dB(A) were taken for missing, the first on line 3"));
    }
}
