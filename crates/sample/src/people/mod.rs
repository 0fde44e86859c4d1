//! The side of the sample year that has to do with people and firms.

use crate::SampleRecord;
use crate::kit::Kit;
use crate::world::World;

/// Enterprises, before anything refers to them.
pub(crate) fn enterprises(_kit: &mut Kit, _world: &mut World) -> Vec<SampleRecord> {
    Vec::new()
}

/// Everything of this side that may refer to enterprises and places.
pub(crate) fn records(_kit: &mut Kit, _world: &mut World) -> Vec<SampleRecord> {
    Vec::new()
}
