//! Air by the standards: a year of days in colours, how far it is from its limits and its target, and for each day the way from its hours to its verdict.

mod attainment;
mod calendar;
mod days;
mod indicator;
mod periods;
mod ranking;
mod why;

pub(super) use calendar::{attainment_csv, csv, show};
pub(super) use days::HourMeans;
pub(crate) use days::KeptDays;
pub(super) use indicator::show as show_indicator;
pub(super) use ranking::{csv as ranking_csv, periods_csv, show as show_ranking, show_periods};
pub(super) use why::show as show_day;
