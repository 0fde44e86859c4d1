//! The record plane (台账平面): registers described in files become typed tables, forms and figures.
//!
//! [`catalogue`] reads what a bureau's files say and explains every fault in them; [`ledger`] keeps records by it and is
//! the only way to write; [`figures`] and [`report`] count and print what was entered. Nothing here knows of instruments
//! or of screens.

#[cfg(test)]
extern crate self as bilan_records;

pub mod actor;
pub mod attachments;
pub mod catalogue;
pub mod contract;
pub mod deadlines;
pub mod disclosure;
pub mod exchange;
pub mod figures;
pub mod filter;
pub mod journal;
pub mod ledger;
pub mod naming;
pub mod observations;
pub mod personal;
pub mod report;
pub mod value;
pub mod views;
pub mod workflow;
