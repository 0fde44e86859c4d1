//! Automatic monitoring of emissions: which hours and days count (HJ 75-2017), what stands in for missing ones, means by flow (HJ 356-2019).
//!
//! None of the rules of HJ 75 and HJ 356 could be read in a copy: `data/conversion_and_validity.tsv` marks them unverified. What stands in for a missing hour
//! serves sums of emission, never a verdict.

use crate::quantity::{CubicMetre, Invalidity, Quantity, Reading, Unit};
use crate::rounding::Rational;

/// Minutes of valid data that an hour needs (HJ 75-2017).
pub const HOUR_NEEDS_MINUTES: usize = 45;
/// Valid hours that a day of full operation needs (HJ 75-2017).
const DAY_NEEDS_HOURS: usize = 20;

/// What a flag of HJ 212-2017 says of a value: `N` normal, `S` entered by hand; `F` stopped, `M` maintenance, `C` calibration, `D` fault, `B` no contact with
/// the instrument, `T` over range. `Ok` for a value that counts.
///
/// # Errors
/// [`Invalidity`] for one that does not; a flag that is not known is a fault.
pub fn invalidity(flag: char) -> Result<(), Invalidity> {
    match flag.to_ascii_uppercase() {
        'N' | 'S' => Ok(()),
        'F' => Err(Invalidity::Stopped),
        'M' | 'C' => Err(Invalidity::Maintenance),
        'T' => Err(Invalidity::OverRange),
        _ => Err(Invalidity::Fault),
    }
}

/// Whether gas or sewage can have this value: no concentration and no flow lies below zero. Nature sets no upper bound, and the standards that were read
/// state no range of instruments; what an instrument cannot show it marks itself (`T`).
pub fn is_possible<U: Unit>(quantity: Quantity<U>) -> bool {
    quantity.value() >= Rational::ZERO
}

/// An hour from its minutes: the mean of the valid ones where they are 45 or more.
#[must_use]
pub fn emission_hour<U: Unit>(minutes: &[Reading<U>]) -> Reading<U> {
    mean_of(minutes, HOUR_NEEDS_MINUTES)
}

/// What a source did in the hours of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Hours in which it ran.
    pub hours: usize,
}

/// A day from its hours: converted first, averaged then. Needs 20 valid hours, or all hours of operation where they are fewer.
#[must_use]
pub fn emission_day<U: Unit>(hours: &[Reading<U>], operation: Operation) -> Reading<U> {
    if operation.hours == 0 {
        return Reading::NotValid(Invalidity::Stopped);
    }
    mean_of(hours, DAY_NEEDS_HOURS.min(operation.hours))
}

fn mean_of<U: Unit>(readings: &[Reading<U>], needed: usize) -> Reading<U> {
    let counted = readings.iter().filter_map(|reading| reading.counted());
    let valid: Vec<Quantity<U>> = counted.filter(|quantity| is_possible(*quantity)).collect();
    let mean = if valid.len() < needed { None } else { Quantity::mean(valid) };
    mean.map_or(Reading::NotValid(Invalidity::TooFew), Reading::Measured)
}

/// Share of hours of operation with valid data (有效数据捕集率), by quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureRate {
    /// Valid hours.
    pub valid: u32,
    /// Hours of operation.
    pub operating: u32,
}

impl CaptureRate {
    /// In per cent; `None` where the source never ran.
    #[must_use]
    pub fn percent(self) -> Option<Rational> {
        Rational::new(i128::from(self.valid) * 100, self.operating.into())
    }

    fn reaches(self, percent: i64) -> bool {
        self.percent().is_some_and(|rate| rate >= Rational::whole(percent))
    }

    /// Whether monitoring counts as normal: 75 % or more.
    #[must_use]
    pub fn is_normal(self) -> bool {
        self.reaches(75)
    }
}

/// What stands in for the hours of a gap: the largest hourly emission of the valid hours before it, of 180 for a gap of at most 24 hours, of 720 for a longer
/// one; of 2160 where the capture rate is below 90 %; nothing below 75 % (HJ 75-2017). `before` is in the order of time.
#[must_use]
pub fn substitute<U: Unit>(before: &[Quantity<U>], gap_hours: u32, rate: CaptureRate) -> Option<Quantity<U>> {
    let hours = match gap_hours {
        _ if !rate.is_normal() => return None,
        _ if !rate.reaches(90) => 2160,
        0..=24 => 180,
        _ => 720,
    };
    before.iter().rev().take(hours).copied().max()
}

/// Mean of concentrations by flow: sum of concentration times flow over the sum of flows (HJ 356-2019); `None` without flow. An hour with a concentration
/// or a flow that cannot be (below zero) is missing.
#[must_use]
pub fn flow_weighted_mean<U: Unit>(hours: &[(Quantity<U>, Quantity<CubicMetre>)]) -> Option<Quantity<U>> {
    let possible = |(concentration, flow): &&(Quantity<U>, Quantity<CubicMetre>)| {
        is_possible(*concentration) && is_possible(*flow)
    };
    let hours: Vec<_> = hours.iter().filter(possible).copied().collect();
    let load =
        |(concentration, flow): &(Quantity<U>, Quantity<CubicMetre>)| concentration.value().checked_mul(flow.value());
    let loads: Option<Vec<Rational>> = hours.iter().map(load).collect();
    let flow = Rational::sum(hours.iter().map(|(_, flow)| flow.value()))?;
    Rational::sum(loads?)?.checked_div(flow).map(Quantity::of)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::super::FlueGas;
    use super::*;
    use crate::quantity::{MilligramPerCubicMetre, MilligramPerLitre};

    type Flue = Reading<MilligramPerCubicMetre>;

    fn readings(valid: usize, all: usize) -> Vec<Flue> {
        let reading =
            |at| if at < valid { Flue::Measured(FlueGas::whole(10)) } else { Flue::NotValid(Invalidity::Fault) };
        (0..all).map(reading).collect()
    }

    #[test_case(45, Flue::Measured(FlueGas::whole(10)); "45 minutes")]
    #[test_case(44, Flue::NotValid(Invalidity::TooFew); "44 minutes")]
    fn an_hour_needs_45_minutes(valid: usize, expected: Flue) {
        assert_eq!(emission_hour(&readings(valid, 60)), expected);
    }

    #[test]
    fn what_no_gas_and_no_sewage_can_have_is_no_minute_and_no_hour() {
        let mut minutes = readings(45, 60);
        assert_eq!(emission_hour(&minutes), Flue::Measured(FlueGas::whole(10)));
        minutes[0] = Flue::Measured(FlueGas::whole(-999));
        assert_eq!(emission_hour(&minutes), Flue::NotValid(Invalidity::TooFew), "44 minutes are left");
        let hour = |concentration, flow| (Quantity::<MilligramPerLitre>::whole(concentration), Quantity::whole(flow));
        let broken = [hour(20, 10), hour(50, 20), hour(-99, 10), hour(70, -5)];
        assert_eq!(flow_weighted_mean(&broken), Some(Quantity::whole(40)));
    }

    #[test_case(20, 24, true; "20 hours")]
    #[test_case(19, 24, false; "19 hours of a day that ran through")]
    #[test_case(8, 8, true; "all of eight hours of operation")]
    #[test_case(7, 8, false; "seven of eight hours of operation")]
    fn a_day_needs_its_hours(valid: usize, operating: usize, counts: bool) {
        let day = emission_day(&readings(valid, 24), Operation { hours: operating });
        assert_eq!(matches!(day, Flue::Measured(_)), counts);
    }

    #[test]
    fn a_source_that_stood_still_is_not_judged() {
        assert_eq!(emission_day(&readings(24, 24), Operation { hours: 0 }), Flue::NotValid(Invalidity::Stopped));
    }

    #[test_case('N', Ok(()))]
    #[test_case('n', Ok(()); "a small letter")]
    #[test_case('F', Err(Invalidity::Stopped))]
    #[test_case('C', Err(Invalidity::Maintenance))]
    #[test_case('T', Err(Invalidity::OverRange))]
    #[test_case('B', Err(Invalidity::Fault))]
    #[test_case('?', Err(Invalidity::Fault); "an unknown flag")]
    fn flags_say_what_counts(flag: char, expected: Result<(), Invalidity>) {
        assert_eq!(invalidity(flag), expected);
    }

    #[test_case(95, 24, Some(200); "a short gap looks back 180 hours")]
    #[test_case(95, 25, Some(720); "a long gap looks back 720 hours")]
    #[test_case(90, 24, Some(200); "at ninety per cent")]
    #[test_case(80, 1, Some(2160); "a poor quarter looks back 2160 hours")]
    #[test_case(74, 1, None; "too poor a quarter")]
    fn missing_hours_are_stood_in_for(valid: u32, gap: u32, expected: Option<i64>) {
        // The hour n hours before the gap emitted n, except that the last 180 hold 200 at most.
        let before: Vec<FlueGas> =
            (1..=3000).rev().map(|ago| FlueGas::whole(if ago == 180 { 200 } else { ago })).collect();
        let found = substitute(&before, gap, CaptureRate { valid, operating: 100 });
        assert_eq!(found, expected.map(FlueGas::whole));
    }

    #[test]
    fn sewage_is_averaged_by_its_flow() {
        let hour = |concentration, flow| (Quantity::<MilligramPerLitre>::whole(concentration), Quantity::whole(flow));
        assert_eq!(
            flow_weighted_mean(&[hour(20, 10), hour(50, 20)]),
            Some(Quantity::whole(40)),
            "the example of the reference"
        );
        assert_eq!(flow_weighted_mean(&[hour(20, 0)]), None);
        assert_eq!(CaptureRate { valid: 0, operating: 0 }.percent(), None);
    }
}
