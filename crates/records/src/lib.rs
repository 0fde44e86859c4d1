//! The record plane (台账平面): registers described in files become typed tables, forms and figures.
#![allow(missing_docs)]

pub mod actor;
pub mod attachments;
pub mod catalogue;
pub mod deadlines;
pub mod exchange;
pub mod figures;
pub mod filter;
pub mod journal;
pub mod ledger;
pub mod naming;
pub mod personal;
pub mod report;
pub mod value;
pub mod workflow;
