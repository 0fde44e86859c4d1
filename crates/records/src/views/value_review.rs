//! Reviews of measured values (监测数据审核).

use jiff::Timestamp;

use super::StationRecord;
use crate::contract::{Refers, choices, view};

choices! {
    /// What a review says of values.
    ReviewVerdict {
        /// They count.
        Counts = "counts",
        /// They do not.
        Invalid = "invalid",
    }
}

view! {
    /// What people say of the values of a span of time (监测数据审核).
    ValueReview of "value_review", optional;
    without: "nobody can take values out of the statistics, or put them back";
    fields {
        /// The station whose values are meant.
        station: Refers<StationRecord>,
        /// The factor; all of them if none is named.
        factor: Option<String>,
        /// Where the span begins.
        begin_at: Timestamp,
        /// Where it ends.
        end_at: Timestamp,
        /// Whether the values count.
        verdict: ReviewVerdict,
        /// Why, as the pages of values show it.
        explanation: String,
        /// Why the program refused it is entered there.
        outcome: Option<String>,
    }
    states ValueReviewState {
        /// It waits to be carried over.
        Entered = "entered",
        /// It is in force.
        Applied = "applied",
        /// It waits to be taken back.
        Withdrawing = "withdrawing",
    }
    steps ValueReviewStep {
        /// Taken when the values count as it says.
        Apply = "apply" by Admin;
        /// Taken when its span is none.
        Refuse = "refuse" by Admin;
        /// Taken when it holds no longer.
        Withdrawn = "withdrawn" by Admin
    }
}
