//! The registers that come with the product open an empty database, twice, and each has a template that imports.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{io::Cursor, path::Path, sync::Arc};

use bilan_records::{
    catalogue,
    exchange::{Format, import, template},
    ledger::{Ledger, ListQuery},
    personal::Keyring,
};
use bilan_standards::clock::FixedClock;
use support::system;

#[test]
fn every_shipped_register_opens_and_its_template_is_read_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = Arc::new(catalogue::load(&root).unwrap_or_else(|faults| panic!("{faults}")));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bilan.db");
    let clock = Arc::new(FixedClock::new("2020-03-02T01:00:00Z".parse().unwrap()));
    let open = || Ledger::open(&path, Arc::clone(&catalogue), clock.clone(), Keyring::new([7; 32])).unwrap();
    drop(open());
    let ledger = open();
    for (key, register) in &catalogue.registers {
        let bytes = template(register, &catalogue).unwrap_or_else(|error| panic!("{key}: {error}"));
        let outcome = import(&ledger, &system(), key, Cursor::new(bytes), Format::Xlsx, true);
        assert_eq!(outcome.unwrap_or_else(|error| panic!("{key}: {error}")).created, 0);
        assert_eq!(ledger.list(&system(), ListQuery::of(key)).unwrap().total, 0);
    }
    assert!(ledger.due(&system(), "2030-01-01".parse().unwrap()).unwrap().is_empty());
}
