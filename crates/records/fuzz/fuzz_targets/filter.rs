//! Any text as a filter: nothing panics, a fault lies within the text, and what is a filter becomes one SQL condition.
//!
//! `cargo +nightly fuzz run filter` in `crates/records`.
#![no_main]

use std::{path::Path, sync::LazyLock};

use bilan_records::{
    catalogue::{self, Catalogue},
    filter::Filter,
};
use libfuzzer_sys::fuzz_target;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    catalogue::load(&files).expect("the shipped registers")
});

fuzz_target!(|text: &str| {
    for register in ["complaint", "overflow_event", "waste_manifest"] {
        let register = &CATALOGUE.registers[register];
        match Filter::parse(text, register, &CATALOGUE) {
            Ok(filter) => drop(filter.condition()),
            Err(error) => {
                assert!(error.span.end <= text.len() && error.span.start <= error.span.end, "{error:?}");
                assert!(error.column >= 1 && error.column <= text.chars().count() + 1, "{error:?}");
                let _ = error.to_string();
            }
        }
    }
});
