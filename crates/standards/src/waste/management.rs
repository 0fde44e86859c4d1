//! Classes of producers of hazardous waste, their reports and batch codes (HJ 1259-2022; rows in `data/hw_ledger_hj1259.tsv`).

use std::{fmt, str::FromStr};

use jiff::civil::{Date, date};
use serde::Serialize;

use crate::rounding::Rational;

/// Years for which the ledger is kept at least (HJ 1259-2022 clause 6.4).
pub const LEDGER_KEPT_YEARS: u8 = 5;

/// How a site that produces hazardous waste is supervised (HJ 1259-2022 clause 4.2.1); a prefecture may set it otherwise (4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagementClass {
    /// 登记管理: less than 10 t a year.
    Registration,
    /// 简化管理: 10 t a year and more.
    Simplified,
    /// 重点监管: 100 t a year and more, or with facilities of its own for recovery or disposal, or with an operating licence.
    Key,
}

/// A year of a site, for the quantity by which it is classed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Production<'a> {
    /// Whole years since it went into service.
    pub years_in_service: u32,
    /// Its wastes come in a cycle of more than three years.
    pub long_cycle: bool,
    /// Tonnes of the last years, the newest last.
    pub tonnes: &'a [Rational],
    /// Tonnes in the documents of environmental impact assessment and permit.
    pub in_documents: &'a [Rational],
}

impl Production<'_> {
    /// Tonnes a year by which the site is classed (clause 4.2.3): the largest of the last three years, of the years since it went into service where those are
    /// fewer, and of the documents where it is not one year old or its cycle is longer than three. `None` where nothing is known.
    #[must_use]
    pub fn annual(&self) -> Option<Rational> {
        if self.years_in_service < 1 || self.long_cycle {
            return self.in_documents.iter().max().copied();
        }
        let years = usize::try_from(self.years_in_service.min(3)).unwrap_or(3);
        self.tonnes.iter().rev().take(years).max().copied()
    }
}

impl ManagementClass {
    /// The class of a site.
    #[must_use]
    pub fn of(tonnes_a_year: Rational, own_facility: bool, operating_licence: bool) -> Self {
        if own_facility || operating_licence || tonnes_a_year >= Rational::whole(100) {
            Self::Key
        } else if tonnes_a_year >= Rational::whole(10) {
            Self::Simplified
        } else {
            Self::Registration
        }
    }

    /// Last days for the reports that fall into a year, in order (clause 7.2): the report of the year before and, for the first two classes, of the month or the
    /// quarter before.
    #[must_use]
    pub fn reports_due(self, year: i16) -> Vec<Date> {
        let months: &[i8] = match self {
            Self::Key => &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            Self::Simplified => &[1, 4, 7, 10],
            Self::Registration => &[],
        };
        let mut days: Vec<Date> = months.iter().map(|month| date(year, *month, 15)).collect();
        days.push(date(year, 3, 31));
        days.sort_unstable();
        days
    }
}

/// Last day for the management plan of a year (clause 5.2.2).
#[must_use]
pub fn plan_due(year: i16) -> Date {
    date(year, 3, 31)
}

/// What a batch of the ledger went through, as its code begins (HJ 1259-2022 annex B; the shape of codes is a recommendation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStep {
    /// 产生.
    Produced,
    /// 入库.
    IntoStore,
    /// 出库.
    OutOfStore,
    /// 自行利用.
    OwnRecovery,
    /// 自行处置.
    OwnDisposal,
    /// 委外利用.
    OutsideRecovery,
    /// 委外处置.
    OutsideDisposal,
    /// 出口利用.
    ExportRecovery,
    /// 出口处置.
    ExportDisposal,
}

const STEPS: [(&str, BatchStep); 9] = [
    ("HWZXLY", BatchStep::OwnRecovery),
    ("HWZXCZ", BatchStep::OwnDisposal),
    ("HWWWLY", BatchStep::OutsideRecovery),
    ("HWWWCZ", BatchStep::OutsideDisposal),
    ("HWCKLY", BatchStep::ExportRecovery),
    ("HWCKCZ", BatchStep::ExportDisposal),
    ("HWCS", BatchStep::Produced),
    ("HWRK", BatchStep::IntoStore),
    ("HWCK", BatchStep::OutOfStore),
];

/// Code of a batch: `HWCS20260401001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchCode {
    /// What happened.
    pub step: BatchStep,
    /// On which day.
    pub day: Date,
    /// Number of the day, 1 to 999.
    pub serial: u16,
}

/// A text that is no batch code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{found}” is not a batch code: letters such as HWCS, a day as eight digits, a number of three digits (HWCS20260401001)"
)]
pub struct NoBatchCode {
    /// What was given.
    pub found: String,
}

impl FromStr for BatchCode {
    type Err = NoBatchCode;

    fn from_str(text: &str) -> Result<Self, NoBatchCode> {
        let text = text.trim();
        let read = || {
            let (letters, step) = STEPS.into_iter().find(|(letters, _)| text.starts_with(letters))?;
            let digits = &text[letters.len()..];
            if digits.len() != 11 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let number = |range: std::ops::Range<usize>| digits[range].parse::<i16>().ok();
            let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
            let serial = u16::try_from(number(8..11)?).ok().filter(|serial| *serial > 0)?;
            Some(Self { step, day: Date::new(number(0..4)?, month, day).ok()?, serial })
        };
        read().ok_or_else(|| NoBatchCode { found: text.to_owned() })
    }
}

impl fmt::Display for BatchCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = STEPS.iter().find(|(_, step)| *step == self.step).map_or("", |(letters, _)| letters);
        write!(f, "{letters}{}{:03}", self.day.strftime("%Y%m%d"), self.serial)
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("100", false, false, ManagementClass::Key; "a hundred tonnes")]
    #[test_case("99.9", false, false, ManagementClass::Simplified; "less than a hundred")]
    #[test_case("10", false, false, ManagementClass::Simplified; "ten tonnes")]
    #[test_case("9.99", false, false, ManagementClass::Registration; "less than ten")]
    #[test_case("0.1", true, false, ManagementClass::Key; "a facility of its own")]
    #[test_case("0.1", false, true, ManagementClass::Key; "a licence")]
    fn a_site_has_its_class(tonnes: &str, facility: bool, licence: bool, class: ManagementClass) {
        assert_eq!(ManagementClass::of(tonnes.parse().unwrap(), facility, licence), class);
    }

    #[test]
    fn the_largest_of_the_years_that_count_is_the_quantity() {
        let tonnes = [200, 9, 12, 7].map(Rational::whole);
        let documents = [30, 40].map(Rational::whole);
        let annual = |years_in_service, long_cycle| {
            Production { years_in_service, long_cycle, tonnes: &tonnes, in_documents: &documents }.annual()
        };
        assert_eq!(annual(8, false), Some(Rational::whole(12)), "the last three years");
        assert_eq!(annual(1, false), Some(Rational::whole(7)), "the one year");
        assert_eq!((annual(0, false), annual(8, true)), (Some(Rational::whole(40)), Some(Rational::whole(40))));
    }

    #[test]
    fn reports_fall_due_by_class() {
        assert_eq!(ManagementClass::Registration.reports_due(2026), [date(2026, 3, 31)]);
        let simplified = ManagementClass::Simplified.reports_due(2026);
        assert_eq!(
            simplified,
            [date(2026, 1, 15), date(2026, 3, 31), date(2026, 4, 15), date(2026, 7, 15), date(2026, 10, 15)]
        );
        assert_eq!(ManagementClass::Key.reports_due(2026).len(), 13);
        assert_eq!(plan_due(2027), date(2027, 3, 31));
    }

    #[test_case("HWCS20260401001", BatchStep::Produced; "produced")]
    #[test_case("HWCK20260401999", BatchStep::OutOfStore; "out of store, not exported")]
    #[test_case("HWCKLY20260401012", BatchStep::ExportRecovery; "exported")]
    fn a_batch_code_is_read_and_written_alike(code: &str, step: BatchStep) {
        let read: BatchCode = code.parse().unwrap();
        assert_eq!((read.step, read.to_string().as_str()), (step, code));
    }

    #[test_case("HWCS20260431001"; "no such day")]
    #[test_case("HWCS20260401000"; "no number")]
    #[test_case("HWXX20260401001"; "no step")]
    #[test_case("HWCS2026040101"; "a digit too few")]
    #[test_case("HWCS2026年4月1日001"; "no digits")]
    fn other_codes_are_refused(code: &str) {
        assert!(code.parse::<BatchCode>().unwrap_err().to_string().contains(code));
    }
}
