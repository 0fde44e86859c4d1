//! The side of the sample year that has to do with people and firms: complaints, petitions, permits,
//! machines, waste, cases.
//!
//! How many records there are is decided here, because the sample year is a given year; what the figures then
//! say is computed from the records by the program like for any other year.

mod cases;
mod complaint_words;
mod complaints;
mod consultations;
mod eia;
mod entry;
mod filings;
mod firms;
mod machines;
mod manifests;
mod night_work;
mod permits;
mod petitions;
mod publicity;
mod waste;

use crate::SampleRecord;
use crate::kit::Kit;
use crate::world::World;

/// Enterprises, before anything refers to them.
pub(crate) fn enterprises(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    world.handlers = (0..12).map(|_| kit.person()).collect();
    let records = firms::records(kit, world);
    firms::sites(kit, world);
    records
}

/// Everything of this side that may refer to enterprises and places.
pub(crate) fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut records = complaints::records(kit, world);
    records.extend(petitions::records(kit, world));
    records.extend(consultations::records(kit, world));
    records.extend(eia::records(kit, world));
    records.extend(night_work::records(kit, world));
    records.extend(permits::records(kit, world));
    records.extend(filings::records(kit, world));
    records.extend(machines::records(kit, world));
    records.extend(waste::records(kit, world));
    records.extend(manifests::records(kit, world));
    records.extend(cases::records(kit, world));
    records.extend(publicity::records(kit, world));
    records
}
