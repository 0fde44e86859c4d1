//! A sample district: the year 2020 of an invented bureau in Tianxin, for demonstration, teaching and tests.
//!
//! The crate only writes records in the external form of values; it knows no database. What it returns goes
//! through the same import as any spreadsheet. People, firms and events are fictitious, the streets are not.
//! The same seed and the same grid cells always give the same records.

pub mod calendar;
pub mod kit;
mod people;
mod place;
pub mod world;

use serde_json::{Map, Value};

pub use kit::{CellsFault, Kit};
pub use world::World;

/// Seed of the year that is shipped.
const SEED: u64 = 20_200_430;

/// One record before it is entered: its register and its values in the external form, `number` among them.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRecord {
    /// Key of the register.
    pub register: &'static str,
    /// Values by field, with the system columns `number` and `state`.
    pub values: Map<String, Value>,
}

/// All records of the sample year, in an order in which each reference points to an earlier record.
///
/// `cells_geojson` is the grid of the district (a `FeatureCollection` in WGS-84 with `code`, `name`, `level`).
///
/// # Errors
/// [`CellsFault`] if that text is no such collection or holds no polygon.
pub fn year_2020(cells_geojson: &str) -> Result<Vec<SampleRecord>, CellsFault> {
    let mut kit = Kit::new(SEED, cells_geojson)?;
    let mut world = World::default();
    let mut records = people::enterprises(&mut kit, &mut world);
    records.extend(place::records(&mut kit, &mut world));
    records.extend(people::records(&mut kit, &mut world));
    Ok(records)
}
