//! Smoke of non-road machinery (GB 36886-2018, in force since 2018-12-01). Its limit table was not seen: every limit here is unverified.

use std::sync::LazyLock;

use serde::Serialize;

use crate::quantity::{Kilowatt, PerMetre, Quantity};
use crate::{rounding::Rational, status::Status, table::Table};

const MACHINERY: &str = include_str!("../../data/nrmm.tsv");

/// Class of limits (类).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum SmokeClass {
    /// Ⅰ类: machines up to stage 2.
    One,
    /// Ⅱ类: from stage 3.
    Two,
    /// Ⅲ类: in a zone of low emissions.
    Three,
}

/// Limits of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmokeLimit {
    /// Largest light absorption coefficient.
    pub absorption: Quantity<PerMetre>,
    /// Darkest Ringelmann number.
    pub ringelmann: u8,
    /// How far the row was checked.
    pub status: Status,
}

/// Power from and to, with the limit between.
struct Band {
    from: Rational,
    /// Not in the band itself; `None` without end.
    below: Option<Rational>,
    /// Whether `below` is in the band.
    closed: bool,
    limit: Rational,
}

struct Row {
    key: String,
    bands: Vec<Band>,
    ringelmann: u8,
    status: Status,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    Table::read(MACHINERY)
        .rows()
        .filter(|row| row.get("kind") == "smoke" && row.get("key").starts_with("class"))
        .map(|row| {
            let parts: Vec<&str> = row.get("value").split(';').map(str::trim).collect();
            let ringelmann = parts.iter().find_map(|part| part.strip_prefix("Ringelmann ")?.parse().ok());
            Row {
                key: row.get("key").to_owned(),
                bands: parts.iter().filter_map(|part| band(part)).collect(),
                ringelmann: ringelmann.unwrap_or(1),
                status: Status::read(row.get("status")),
            }
        })
        .collect()
});

/// `P<19: 3.00`, `19<=P<37: 2.00`, `37<=P<=560: 1.61 m-1`, `P>=37: 0.80 m-1`.
fn band(text: &str) -> Option<Band> {
    let (powers, limit) = text.split_once(':')?;
    let limit = limit.trim().split(' ').next()?.parse().ok()?;
    let (low, high) = powers.split_once('P')?;
    let from = low.trim_end_matches("<=");
    let mut band = Band {
        from: if from.is_empty() { Rational::ZERO } else { from.parse().ok()? },
        below: None,
        closed: false,
        limit,
    };
    if let Some(from) = high.strip_prefix(">=") {
        band.from = from.parse().ok()?;
    } else if let Some(to) = high.strip_prefix("<=") {
        (band.below, band.closed) = (Some(to.parse().ok()?), true);
    } else {
        band.below = Some(high.strip_prefix('<')?.parse().ok()?);
    }
    Some(band)
}

/// The limit of a machine of a class and of a rated power; `None` beyond the table.
#[must_use]
pub fn smoke_limit(class: SmokeClass, power: Quantity<Kilowatt>) -> Option<SmokeLimit> {
    let name = ["class I ", "class II ", "class III "][class as usize];
    let row = TABLE.iter().find(|row| row.key.starts_with(name))?;
    let power = power.value();
    let holds = |band: &&Band| {
        power >= band.from && band.below.is_none_or(|below| power < below || band.closed && power == below)
    };
    let band = row.bands.iter().find(holds)?;
    Some(SmokeLimit { absorption: Quantity::of(band.limit), ringelmann: row.ringelmann, status: row.status })
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(SmokeClass::One, 18, Some("3.00"))]
    #[test_case(SmokeClass::One, 19, Some("2.00"); "from nineteen")]
    #[test_case(SmokeClass::One, 37, Some("1.61"))]
    #[test_case(SmokeClass::One, 560, Some("1.61"); "to 560")]
    #[test_case(SmokeClass::One, 561, None; "beyond the table")]
    #[test_case(SmokeClass::Two, 36, Some("1.00"))]
    #[test_case(SmokeClass::Two, 600, Some("0.80"))]
    #[test_case(SmokeClass::Three, 36, Some("0.80"))]
    #[test_case(SmokeClass::Three, 37, Some("0.50"))]
    fn machines_have_limits_by_power(class: SmokeClass, power: i64, expected: Option<&str>) {
        let found = smoke_limit(class, Quantity::whole(power));
        assert_eq!(found.and_then(|limit| limit.absorption.value().fixed_text(2)).as_deref(), expected);
        assert!(found.is_none_or(|limit| limit.ringelmann == 1 && limit.status == Status::Unverified));
    }
}
