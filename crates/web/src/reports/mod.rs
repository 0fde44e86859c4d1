//! Reports (文书): a filled report as a page, as a file to take away, and what it still lacks.

pub mod document;

pub use document::{Options, SIMULATED, document};
