//! Permits for work at night (夜间施工许可).

use jiff::Timestamp;

use super::EnterpriseRecord;
use crate::{
    contract::{Refers, view},
    value::Position,
};

view! {
    /// A permit for work at night (夜间施工许可).
    NightWorkPermit of "night_work_permit", optional;
    without: "noise of permitted work at night opens warnings like any other";
    fields {
        /// Whose stations it covers.
        enterprise: Option<Refers<EnterpriseRecord>>,
        /// Stations near it are covered.
        place: Option<Position>,
        /// From when it holds.
        work_from: Timestamp,
        /// Until when it holds.
        work_until: Timestamp,
    }
    states NightWorkPermitState {
        /// It was granted.
        Approved = "approved",
    }
}
