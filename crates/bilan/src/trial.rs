//! A bureau for tests: the shipped registers over an empty ledger, at a moment of its own.

use std::path::Path;
use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::exchange;
use bilan_records::ledger::Ledger;
use bilan_records::personal::Keyring;
use bilan_standards::clock::FixedClock;
use bilan_telemetry::Store;
use serde_json::Value;

/// When it is.
pub const MOMENT: &str = "2026-05-04T02:00:00Z";

/// The bureau; its files go with it.
pub struct Trial {
    pub ledger: Arc<Ledger>,
    pub observations: Store,
    pub clock: Arc<FixedClock>,
    pub folder: tempfile::TempDir,
}

impl Trial {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Arc::new(crate::bureau::load_catalogue(&files).unwrap());
        let clock = Arc::new(FixedClock::new(MOMENT.parse().unwrap()));
        let path = folder.path().join("records.db");
        let ledger = Ledger::open(&path, catalogue, clock.clone(), Keyring::new([7; 32])).unwrap();
        let observations = Store::open(&folder.path().join("observations.db"), Vec::new()).unwrap();
        Self { ledger: Arc::new(ledger), observations, clock, folder }
    }

    /// The middle of its district.
    pub fn centre(&self) -> [f64; 2] {
        self.ledger.catalogue().district.centre
    }

    /// Enters a record as it stands, with its number.
    pub fn load(&self, register: &str, values: Value) {
        let Value::Object(values) = values else { panic!("an object") };
        exchange::load(&self.ledger, &Actor::system("test"), [(register.to_owned(), values)], false).unwrap();
    }
}
