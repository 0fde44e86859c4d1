//! How far a year is from its target of good days (优良天数比例目标).

/// A year so far: days with an index, good ones of them, days to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearSoFar {
    /// Days with an index.
    pub indexed: u32,
    /// Days with an index of 100 or less.
    pub good: u32,
    /// Days that are not over yet.
    pub to_come: u32,
}

/// What is still needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Good days among those to come.
    pub good: u32,
    /// Bad days that may still come.
    pub bad: u32,
    /// Whether the days to come suffice.
    pub within_reach: bool,
}

impl YearSoFar {
    /// Good days that are needed for a share (in tenths of a per cent) of the days with an index, if every day to come has one.
    #[must_use]
    pub fn needed(self, per_mille: u32) -> Needed {
        let all = u64::from(self.indexed) + u64::from(self.to_come);
        let wanted = (all * u64::from(per_mille)).div_ceil(1000);
        // Both are days of one year.
        let good = u32::try_from(wanted.saturating_sub(u64::from(self.good))).unwrap_or(u32::MAX);
        Needed { good, bad: self.to_come.saturating_sub(good), within_reach: good <= self.to_come }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case((0, 0, 365), 900, (329, 36, true); "328.5 days are 329")]
    #[test_case((300, 280, 65), 900, (49, 16, true); "on the way")]
    #[test_case((365, 329, 0), 900, (0, 0, true); "reached on the last day")]
    #[test_case((365, 328, 0), 900, (1, 0, false); "missed by one day")]
    #[test_case((300, 290, 65), 780, (0, 65, true); "reached early: nothing is needed, whatever comes")]
    #[test_case((300, 200, 65), 900, (129, 0, false); "out of reach")]
    #[test_case((0, 0, 0), 900, (0, 0, true); "a year without a day")]
    fn needed_good_days((indexed, good, to_come): (u32, u32, u32), share: u32, expected: (u32, u32, bool)) {
        let needed = YearSoFar { indexed, good, to_come }.needed(share);
        assert_eq!((needed.good, needed.bad, needed.within_reach), expected);
    }
}
