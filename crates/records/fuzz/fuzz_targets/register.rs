//! Any text as a register file: nothing panics, and every fault can be told with its place.
//!
//! `cargo +nightly fuzz run register` in `crates/records`; `corpus/register` may be filled from `registers/*.toml`.
#![no_main]

use bilan_records::catalogue::{Source, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(faults) = check(&[Source::new("registers/fuzzed.toml", text)]) {
        assert!(!faults.to_string().is_empty());
    }
});
