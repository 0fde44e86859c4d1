//! Noise by the standards: a month of days and nights of every station against its zone, what each zone comes to, and for each day the way from its hours to
//! its verdict.

mod days;
mod why;
mod zones;

pub(super) use why::show as show_day;
pub(super) use zones::{csv, show};
