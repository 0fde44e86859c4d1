//! The record plane (台账平面): registers described in files become typed tables, forms and figures.
#![allow(missing_docs)]

pub mod catalogue;
pub mod filter;
pub mod naming;
pub mod value;
