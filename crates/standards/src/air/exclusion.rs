//! Days on which items are left out of evaluation: sand storms and the like (沙尘天气), as a bureau lists them.
//!
//! HJ 663-2026 is said to exclude exceptional events; its clause was not seen (`data/air_validity.tsv`, three_year_mean). So nothing is left out unless it is
//! listed, and what is shown without such days stands beside what is shown with them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Item;
use crate::table::Table;

/// What is left out, by day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    days: BTreeMap<Date, (Vec<Item>, String)>,
}

/// A list of exclusions that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the days left out, column {column}: “{found}” is not {expected}")]
pub struct ExclusionFault {
    /// Line, from 1.
    pub line: usize,
    /// The column.
    pub column: &'static str,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: &'static str,
}

impl Exclusions {
    /// Reads a list: tab-separated, columns `from`, `to` (both days included), `items` joined with `+` (`pm10+pm2_5`) and `reason`.
    ///
    /// # Errors
    /// [`ExclusionFault`] names the line.
    pub fn from_tsv(text: &str) -> Result<Self, ExclusionFault> {
        let mut days = BTreeMap::new();
        for (index, row) in Table::read(text).rows().enumerate() {
            let fault = |column, expected| ExclusionFault {
                line: index + 2,
                column,
                found: row.get(column).to_owned(),
                expected,
            };
            let day = |column| row.get(column).parse::<Date>().map_err(|_| fault(column, "a date like 2026-03-28"));
            let (from, to) = (day("from")?, day("to")?);
            if to < from || from.until(to).is_ok_and(|span| span.get_days() > 366) {
                return Err(fault("to", "a day of the year after “from”"));
            }
            let items: Option<Vec<Item>> = row.get("items").split('+').map(|key| Item::from_key(key.trim())).collect();
            let items = items.ok_or_else(|| fault("items", "items such as pm10+pm2_5"))?;
            for date in from.series(jiff::ToSpan::day(1)).take_while(|date| *date <= to) {
                days.insert(date, (items.clone(), row.get("reason").to_owned()));
            }
        }
        Ok(Self { days })
    }

    /// The items left out on a day.
    #[must_use]
    pub fn on(&self, day: Date) -> &[Item] {
        self.days.get(&day).map_or(&[], |(items, _)| items)
    }

    /// Why items are left out on a day.
    #[must_use]
    pub fn reason(&self, day: Date) -> Option<&str> {
        self.days.get(&day).map(|(_, reason)| reason.as_str())
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The days on which something is left out, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> {
        self.days.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use test_case::test_case;

    use super::*;

    #[test]
    fn days_are_listed_with_their_items_and_reason() {
        let list = "from\tto\titems\treason\n2026-03-28\t2026-03-30\tpm10+pm2_5\t沙尘\n";
        let exclusions = Exclusions::from_tsv(list).unwrap();
        assert_eq!(exclusions.on(date(2026, 3, 30)), [Item::Pm10, Item::Pm25]);
        assert_eq!((exclusions.on(date(2026, 3, 31)), exclusions.reason(date(2026, 3, 28))), (&[][..], Some("沙尘")));
        assert_eq!((exclusions.days().count(), exclusions.is_empty()), (3, false));
        assert!(Exclusions::from_tsv("from\tto\titems\treason\n").unwrap().is_empty());
    }

    #[test_case("28.3.\t2026-03-30\tpm10" => "line 2 of the days left out, column from: “28.3.” is not a date like 2026-03-28"; "date")]
    #[test_case("2026-03-28\t2026-03-27\tpm10" => "line 2 of the days left out, column to: “2026-03-27” is not a day of the year after “from”"; "order")]
    #[test_case("2026-03-28\t2026-03-28\tdust" => "line 2 of the days left out, column items: “dust” is not items such as pm10+pm2_5"; "item")]
    fn a_faulty_list_is_refused_by_line(row: &str) -> String {
        Exclusions::from_tsv(&format!("from\tto\titems\treason\n{row}")).unwrap_err().to_string()
    }
}
