//! Warnings (预警), which rules open over observations.

use jiff::Timestamp;

use super::{StationKind, StationRecord};
use crate::{
    contract::{Refers, choices, view},
    value::Position,
};

choices! {
    /// How grave a warning is.
    WarningLevel {
        /// A notice.
        Info = "info",
        /// A warning.
        Warning = "warning",
        /// An alarm.
        Alarm = "alarm",
    }
}

view! {
    /// A warning (预警).
    WarningRecord of "warning", required;
    without: "warnings reach no ledger, nobody is given a task, and none is ever cleared";
    fields {
        /// The message of the rule is entered there.
        subject: String,
        /// The name of the rule is entered there.
        rule_name: Option<String> = optional,
        /// The key of the rule is entered there.
        rule_key: String,
        /// The edition of the rule is entered there.
        rule_edition: Option<String>,
        /// How grave it is, as the rule says.
        level: WarningLevel,
        /// The kind of its station.
        medium: StationKind,
        /// The station whose values opened it.
        station: Refers<StationRecord>,
        /// The code of the factor is entered there.
        factor: Option<String>,
        /// The name of the factor is entered there.
        factor_name: Option<String>,
        /// The value that opened it.
        value: f64,
        /// The threshold that was crossed.
        threshold: f64,
        /// The unit of the two.
        unit: Option<String>,
        /// The highest value until it is cleared.
        peak: Option<f64>,
        /// Where its station is.
        place: Option<Position>,
        /// When it opened.
        opened_at: Timestamp,
        /// Minutes for which the values had been so before it opened.
        lasted_min: Option<i64>,
        /// The warning with which its event began.
        event: Option<Refers<WarningRecord>>,
        /// Why it was cleared, entered when values have calmed down.
        cause: Option<String>,
    }
    steps WarningStep {
        /// Taken when nobody has acknowledged the warning in time.
        Escalate = "escalate" by Admin;
        /// Offered beside every open warning to who has seen it.
        Acknowledge = "acknowledge" by Duty;
        /// Taken when values have calmed down.
        Clear = "clear"
    }
}
