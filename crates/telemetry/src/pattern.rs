//! Which series are meant, as people and programs write it.

use std::str::FromStr;

use crate::Series;

/// Longest pattern in characters.
const LONGEST: usize = 200;

/// Series by a pattern `station:factor:kind[:statistic]`: `*` stands for any text, and the last parts may be left out.
///
/// ```
/// use bilan_telemetry::{Kind, Series, SeriesPattern};
/// let hours: SeriesPattern = "*:a34*:hour".parse().unwrap();
/// assert!(hours.fits(&Series::main("ZD2020001", "a34004", Kind::Hour)));
/// assert!(!hours.fits(&Series::main("ZD2020001", "a34004", Kind::Day)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesPattern(Vec<Vec<char>>);

/// A text that no series fits, whatever is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” names no series: write station:factor:kind:statistic, such as ZD2020001:a34004:hour, with * for anything"
)]
pub struct NotAPattern(String);

impl FromStr for SeriesPattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let parts: Vec<Vec<char>> = text.split(':').map(|part| part.chars().collect()).collect();
        if parts.len() > 4 || parts.iter().any(Vec::is_empty) || text.chars().count() > LONGEST {
            return Err(NotAPattern(text.chars().take(LONGEST).collect()));
        }
        Ok(Self(parts))
    }
}

impl SeriesPattern {
    /// Whether series of this station may be meant.
    #[must_use]
    pub fn fits_station(&self, station: &str) -> bool {
        self.0.first().is_none_or(|part| fits(part, station))
    }

    /// Whether the series is meant.
    #[must_use]
    pub fn fits(&self, series: &Series) -> bool {
        let named = [series.station.as_str(), &series.factor, series.kind.name(), series.statistic.name()];
        self.0.iter().zip(named).all(|(part, text)| fits(part, text))
    }
}

impl Series {
    /// Its name where series are chosen by a pattern: `ZD2020001:a34004:hour:avg`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}:{}:{}", self.station, self.factor, self.kind.name(), self.statistic.name())
    }
}

/// Whether a text fits a part. It goes back to the last star alone, so that many stars cost no more than one.
fn fits(part: &[char], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match (part.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(letter), _) if *letter == text[read] => {
                at += 1;
                read += 1;
            }
            (_, Some((behind, taken))) => {
                star = Some((behind, taken + 1));
                (at, read) = (behind + 1, taken + 1);
            }
            (_, None) => return false,
        }
    }
    part[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_pattern_takes_parts_and_stars() {
        for (pattern, fit) in [
            ("*", true),
            ("S1", true),
            ("S1:*:hour", true),
            ("*:a34*:*:avg", true),
            ("*1:*34*4:h*r", true),
            ("S1:a34004:hour:avg", true),
            ("S2:*", false),
            ("S:*", false),
            ("S1:a34004:hours", false),
            ("S1:a3400", false),
            ("S1:*5", false),
        ] {
            let series = Series::main("S1", "a34004", Kind::Hour);
            assert_eq!(pattern.parse::<SeriesPattern>().unwrap().fits(&series), fit, "{pattern}");
        }
        for nothing in ["", "S1::hour", "S1:a34004:hour:avg:more", &"*".repeat(201)] {
            assert!(nothing.parse::<SeriesPattern>().is_err(), "{nothing}");
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_one() {
        // By trying every way of sharing the text out this would not end.
        let pattern: SeriesPattern = "*a".repeat(90).parse().unwrap();
        assert!(!pattern.fits_station(&"a".repeat(89)));
        assert!(pattern.fits_station(&"a".repeat(5000)));
    }
}
