//! Responses to heavy pollution (重污染天气应急响应), with their orders to enterprises.

use jiff::Timestamp;

use super::{EnterpriseRecord, PowerInstallation};
use crate::contract::{Refers, choices, rows, view};

choices! {
    /// What an enterprise must do during a response.
    CurtailmentMeasure {
        /// Stop production.
        Stop = "stop",
    }
}

rows! {
    /// An enterprise of the response and what it must do.
    CurtailmentCheck {
        /// The enterprise that is ordered.
        enterprise: Refers<EnterpriseRecord>,
        /// The installation that is ordered; the whole enterprise if none is named.
        power_installation: Option<Refers<PowerInstallation>>,
        /// What it must do: electricity is held against an order to stop.
        measure: CurtailmentMeasure,
    }
}

view! {
    /// A response to heavy pollution (重污染天气应急响应).
    PollutionResponse of "pollution_response", optional;
    without: "no enterprise counts as ordered to stop, whatever its electricity says";
    fields {
        /// From when its orders hold.
        started_at: Timestamp,
        /// Until when its orders hold.
        ended_at: Option<Timestamp>,
        /// The enterprises, and what each must do.
        checks: Vec<CurtailmentCheck>,
    }
}
