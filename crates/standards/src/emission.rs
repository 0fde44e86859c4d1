//! Emissions of sources: limits of boilers, printing works and sewage plants, oxygen conversion, validity of automatic monitoring, smoke of machinery.
//!
//! Limits are rows of `data/emission_limits.tsv` and `data/nrmm.tsv` with how far each was checked. A limit that is not verified is shown with that mark and
//! never decides a case by itself ([`Verdict::decides`]); a permit's limit overrides a standard's where it is stricter ([`applied`]).

mod limits;
mod monitoring;
mod oxygen;
mod sewage;
mod smoke;
pub mod voc;

use serde::Serialize;

pub use limits::{Boiler, BoilerTable, EmissionLimit, LimitValue, boiler_limit, limits, low_nox, printing_limits};
pub use monitoring::{
    CaptureRate, HOUR_NEEDS_MINUTES, Operation, emission_day, emission_hour, flow_weighted_mean, invalidity, substitute,
};
pub use oxygen::{Converted, OxygenGuard, at_reference_oxygen};
pub use sewage::{Effluent, SewageGrade, sewage_limit};
pub use smoke::{SmokeClass, SmokeLimit, smoke_limit};

use crate::quantity::{MilligramPerCubicMetre, Quantity, Reading, Unit};
use crate::status::Status;

/// Milligrams in a cubic metre of dry gas at the standard state.
pub type FlueGas = Quantity<MilligramPerCubicMetre>;

/// Where the limit that applies comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The standard.
    Standard,
    /// The enterprise's permit (排污许可证), stricter than the standard.
    Permit,
}

/// The limit that applies to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied<U: Unit> {
    /// At most so much.
    pub limit: Quantity<U>,
    /// Where it comes from.
    pub origin: Origin,
    /// How far it was checked; a permit's is what the permit says.
    pub status: Status,
    /// The permit allows more than the standard does: a fault of the permit that somebody should look at.
    pub permit_is_laxer: bool,
}

/// The stricter of standard and permit; `None` where there is neither.
#[must_use]
pub fn applied<U: Unit>(standard: Option<(Quantity<U>, Status)>, permit: Option<Quantity<U>>) -> Option<Applied<U>> {
    let of_permit = |limit| Applied { limit, origin: Origin::Permit, status: Status::Verified, permit_is_laxer: false };
    match (standard, permit) {
        (None, permit) => permit.map(of_permit),
        (Some((limit, _)), Some(permit)) if permit < limit => Some(of_permit(permit)),
        (Some((limit, status)), permit) => Some(Applied {
            limit,
            origin: Origin::Standard,
            status,
            permit_is_laxer: permit.is_some_and(|permit| permit > limit),
        }),
    }
}

/// How a reading stands against a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Above the limit; a reading at the limit keeps it.
    pub exceeds: bool,
    /// Whether the limit was verified, so that the verdict may decide a case.
    pub decides: bool,
}

impl<U: Unit> Applied<U> {
    /// Judges a reading; `None` where it is not valid.
    #[must_use]
    pub fn judge(&self, reading: Reading<U>) -> Option<Verdict> {
        Some(Verdict { exceeds: reading.exceeds(self.limit)?, decides: self.status == Status::Verified })
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::quantity::Invalidity;

    #[test_case(Some(50), None, 50, Origin::Standard, false; "the standard alone")]
    #[test_case(Some(50), Some(30), 30, Origin::Permit, false; "a stricter permit")]
    #[test_case(Some(50), Some(50), 50, Origin::Standard, false; "the same")]
    #[test_case(Some(50), Some(80), 50, Origin::Standard, true; "a laxer permit does not count")]
    #[test_case(None, Some(80), 80, Origin::Permit, false; "the permit alone")]
    fn the_stricter_applies(standard: Option<i64>, permit: Option<i64>, limit: i64, origin: Origin, laxer: bool) {
        let standard = standard.map(|limit| (FlueGas::whole(limit), Status::Partly));
        let found = applied(standard, permit.map(FlueGas::whole)).unwrap();
        assert_eq!((found.limit, found.origin, found.permit_is_laxer), (FlueGas::whole(limit), origin, laxer));
    }

    #[test]
    fn a_limit_that_was_not_verified_decides_nothing() {
        let of = |status| applied(Some((FlueGas::whole(50), status)), None).unwrap();
        let over = Reading::Measured(FlueGas::whole(51));
        assert_eq!(of(Status::Verified).judge(over), Some(Verdict { exceeds: true, decides: true }));
        assert_eq!(of(Status::Unverified).judge(over), Some(Verdict { exceeds: true, decides: false }));
        assert_eq!(of(Status::Verified).judge(Reading::NotValid(Invalidity::Stopped)), None);
        assert_eq!(applied::<MilligramPerCubicMetre>(None, None), None);
    }
}
