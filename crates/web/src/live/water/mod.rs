//! Surface water by the standards: the classes of sections month by month along their rivers, what each river comes to, and for each month the way from its
//! means to its class.

mod chart;
mod months;
mod rivers;
mod why;

pub(crate) use months::KeptWater;
pub(super) use rivers::{csv, show};
pub(super) use why::show as show_month;
