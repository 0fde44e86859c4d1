//! The pages, the JSON API and the public portal of Bilan.

pub mod reports;
