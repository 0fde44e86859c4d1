//! Full-text search: what the index of a register holds, who finds what, and where in a record the words stand.
//!
//! The index follows from the records and their register file: every text that is not personal, unless its field opts
//! out (`search = false`). It has two columns: `name` with what a record is called by (number, title, codes), and `text`
//! with the rest. What a reference leads to is not in it; a question looks there itself, within the reach of who asks.

mod compare;
mod find;
mod index;
mod matching;
mod passage;
mod texts;
mod words;

pub use self::{
    find::{Fit, Hit, Hits},
    passage::{Part, Passage, parts},
    words::Words,
};
pub(crate) use compare::compare;
pub(crate) use index::{bring_up_to_date, put, remove};
