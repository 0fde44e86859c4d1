//! Chinese environmental standards and statutory clocks as a pure library: no clock, no files, no network.
//!
//! Every rule follows from a published text. The tables stand in `data/*.tsv` with their source and how far they were
//! checked ([`status::Status`]); the code reads them once. Quantities that a verdict hangs on are decimal text or
//! rationals ([`rounding::Rational`]), never binary fractions.
//!
//! - [`calendar`], [`deadline`], [`law`]: working days, statutory clocks that explain themselves, which law holds on a day
//! - [`air`]: indexes and limits by the edition in force on the day
//! - [`water`], [`noise`]: classes by single factor, limits by zone
//! - [`enforcement`]: how case files are reviewed, and the model papers
//! - [`emission`], [`power`]: boilers, printing works, sewage plants, machinery; whether treatment ran with production
//! - [`quantity`], [`rounding`]: units in the type, not detected and not valid as values; GB/T 8170
//! - [`credit_code`], [`waste`], [`machinery`]: codes with what can be checked of them
//! - [`cell`], [`mod@unit`]: numbers, times, heads of columns and units as people write them
//! - [`geo`], [`clock`]: small things that every other part needs

pub mod air;
pub mod calendar;
pub mod cell;
pub mod clock;
pub mod credit_code;
pub mod deadline;
pub mod emission;
pub mod enforcement;
pub mod geo;
pub mod law;
pub mod machinery;
pub mod noise;
pub mod power;
pub mod quantity;
pub mod rounding;
pub mod status;
mod table;
pub mod unit;
pub mod waste;
pub mod water;

/// The examples of the README, tried.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
