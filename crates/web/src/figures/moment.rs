//! An earlier moment at which the ledger is looked at, as people and programs write it in an address.

use bilan_records::value::start_of_day;
use jiff::{
    SignedDuration, Timestamp,
    civil::Date,
    civil::DateTime,
    tz::{TimeZone, offset},
};

/// Reads `2020-12-31T18:00:00+08:00`, `2020-12-31T18:00`, `2020-12-31 18:00` (Beijing time) or `2020-12-31` (its end).
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        let next = start_of_day(day.tomorrow().ok()?)?;
        return next.checked_sub(SignedDuration::from_millis(1)).ok();
    }
    // In an address that was not encoded the plus of an offset arrives as a space.
    let whole = if text.contains('T') { text.replace(' ', "+") } else { text.to_owned() };
    if let Ok(at) = whole.parse::<Timestamp>() {
        return Some(at);
    }
    let local: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    TimeZone::fixed(offset(8)).to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    #[test_case("2020-12-31T18:00:00+08:00", Some("2020-12-31T10:00:00Z"); "with its offset")]
    #[test_case("2020-12-31T18:00:00 08:00", Some("2020-12-31T10:00:00Z"); "plus lost on the way")]
    #[test_case("2020-12-31T18:00", Some("2020-12-31T10:00:00Z"); "as a browser writes it")]
    #[test_case("2020-12-31 18:00", Some("2020-12-31T10:00:00Z"); "as people write it")]
    #[test_case("2020-12-31", Some("2020-12-31T15:59:59.999Z"); "the end of a day")]
    #[test_case("gestern", None; "no moment")]
    #[test_case("2020-13-01", None; "no month")]
    fn a_moment_is_read(text: &str, expected: Option<&str>) {
        assert_eq!(super::moment(text).map(|at| at.to_string()).as_deref(), expected);
    }
}
