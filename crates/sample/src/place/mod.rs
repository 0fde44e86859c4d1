//! The side of the sample year that has to do with places: rivers, stations, patrols, projects, noise, soil,
//! and with the bureau itself: posts of the grid, meetings, plan, outreach.
//!
//! Every record is entered with its number, later ones refer to earlier ones by number. How many records
//! there are is decided here, because the sample year is a given year; what the figures then say is computed
//! from the records by the program like for any other year.

mod book;
mod bridge;
mod courses;
mod desk;
mod dispatch;
mod grid;
mod noise;
mod notices;
mod outfalls;
mod outreach;
mod party;
mod patrols;
mod plan;
mod power;
mod projects;
mod responses;
mod rivers;
mod rounds;
mod share;
mod soil;
mod stations;
mod water;

#[cfg(test)]
mod tests;

use desk::Desk;

use crate::SampleRecord;
use crate::kit::Kit;
use crate::world::World;

/// Air patrols without a dispatch order.
const ROUTINE_PATROLS: usize = 28;
/// People sent out on air patrols over the year, one count a person a patrol.
const AIR_PERSON_TIMES: i64 = 350;
/// Of these, on patrols under a dispatch order.
const DISPATCH_PERSON_TIMES: i64 = 268;

/// The records of this side in the order in which they can be entered; enterprises come before them.
#[must_use]
pub fn records(kit: &mut Kit, world: &mut World) -> Vec<SampleRecord> {
    let mut desk = Desk::new(kit, world);
    grid::enter(&mut desk);
    rivers::enter(&mut desk);
    noise::zones(&mut desk);
    outfalls::enter(&mut desk);
    projects::enter(&mut desk);
    power::enter(&mut desk);
    stations::enter(&mut desk);
    water::enter(&mut desk);
    rivers::source(&mut desk);
    rivers::patrols(&mut desk);
    outfalls::overflows(&mut desk);
    noise::demonstration(&mut desk);
    soil::enter(&mut desk);
    let orders = dispatch::patrols_required();
    let heads = desk.shares(orders, DISPATCH_PERSON_TIMES, 2, 4);
    dispatch::enter(&mut desk, &heads);
    let heads = desk.shares(ROUTINE_PATROLS, AIR_PERSON_TIMES - DISPATCH_PERSON_TIMES, 2, 5);
    dispatch::routine(&mut desk, &heads);
    responses::enter(&mut desk);
    rounds::enter(&mut desk);
    outreach::enter(&mut desk);
    party::enter(&mut desk);
    plan::enter(&mut desk);
    share::enter(&mut desk);
    bridge::enter(&mut desk);
    notices::enter(&mut desk);
    desk.book.close()
}
