//! Faults that last (持续故障): said when they begin and when they are over, not each time they are met.

use std::fmt::Display;

/// What is worth saying of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There is a fault that was not there before, or another one.
    Begins,
    /// The fault is over.
    Ends,
}

/// Remembers the fault that something failed with last.
///
/// ```
/// use bilan_storage::{Lasting, Turn};
///
/// let mut lasting = Lasting::default();
/// let full: Result<(), _> = Err("disk full");
/// assert_eq!(lasting.note(&full), Some(Turn::Begins));
/// assert_eq!(lasting.note(&full), None);
/// assert_eq!(lasting.note(&Ok::<_, &str>(())), Some(Turn::Ends));
/// ```
#[derive(Debug, Default)]
pub struct Lasting(Option<String>);

impl Lasting {
    /// Takes note of an outcome; what is to be said of it, if anything.
    pub fn note<T, E: Display>(&mut self, outcome: &Result<T, E>) -> Option<Turn> {
        // The alternate form: an error that keeps its causes shows them.
        let fault = outcome.as_ref().err().map(|fault| format!("{fault:#}"));
        if fault == self.0 {
            return None;
        }
        let turn = if fault.is_some() { Turn::Begins } else { Turn::Ends };
        self.0 = fault;
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_lasts_is_said_once_another_one_again_and_its_end_once() {
        let mut lasting = Lasting::default();
        let met = [Ok(()), Err("full"), Err("full"), Err("gone"), Err("gone"), Ok(()), Ok(()), Err("gone")];
        let said: Vec<_> = met.iter().map(|outcome| lasting.note(outcome)).collect();
        let (begins, ends) = (Some(Turn::Begins), Some(Turn::Ends));
        assert_eq!(said, [None, begins, None, begins, None, ends, None, begins]);
    }
}
