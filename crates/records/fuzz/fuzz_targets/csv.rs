//! Any bytes as CSV or JSON lines: nothing panics, what is read lies within the bounds, and neutralising is undone exactly.
//!
//! `cargo +nightly fuzz run csv` in `crates/records`. The first byte says which of the two.
#![no_main]

use std::io::Cursor;

use bilan_records::exchange::{COLUMNS, Format, ROWS, measure, neutralised, restored, separator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let format = if first % 4 == 0 { Format::Jsonl } else { Format::Csv };
    if let Ok(measured) = measure(Cursor::new(rest), format) {
        assert!(measured.rows <= ROWS && measured.cells <= measured.rows * COLUMNS as u64);
    }
    if let Ok(text) = std::str::from_utf8(rest) {
        assert_eq!(restored(&neutralised(text)), text);
        let _ = separator(text, |headings| headings.len());
    }
});
