//! Places beside each other: the mean of a city over its stations, and places by their composite index, the cleanest first.

use super::{Item, Statistic};
use crate::rounding::Rational;

/// Mean over the stations of a city from the values that are there; `None` where fewer than three quarters of the `stations` have one (HJ 663-2013, share
/// unverified).
#[must_use]
pub fn city_mean(values: &[Rational], stations: usize) -> Option<Rational> {
    if values.len() * 4 < stations * 3 { None } else { Rational::mean(values.iter().copied()) }
}

/// A place in a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked<P> {
    /// The place, 1 for the best; shared where the printed values are the same, and then the next one is left free (1, 1, 3).
    pub rank: usize,
    /// Who.
    pub who: P,
}

/// Orders by a statistic, the least first. Compared as printed: who cannot be told apart in print shares a place. Without a value there is no place.
#[must_use]
pub fn ranked<P>(places: Vec<(P, Statistic)>) -> Vec<Ranked<P>> {
    let printed = |(who, statistic): (P, Statistic)| {
        let digits = statistic.indicator.digits();
        Some((statistic.value?.checked_rounded(digits)?, who))
    };
    let mut places: Vec<(i128, P)> = places.into_iter().filter_map(printed).collect();
    places.sort_by_key(|(value, _)| *value);
    let (mut rank, mut last) = (0, None);
    let place = |(index, (value, who)): (usize, (i128, P))| {
        if last != Some(value) {
            (rank, last) = (index + 1, Some(value));
        }
        Ranked { rank, who }
    };
    places.into_iter().enumerate().map(place).collect()
}

/// The item with the largest part in a composite index (最大单项指数); the first of those that share it.
#[must_use]
pub fn leading(indexes: &[(Item, Rational)]) -> Option<(Item, Rational)> {
    indexes.iter().copied().reduce(|largest, next| if next.1 > largest.1 { next } else { largest })
}

#[cfg(test)]
mod tests {
    use super::super::Indicator;
    use super::*;

    fn number(text: &str) -> Rational {
        text.parse().unwrap()
    }

    #[test]
    fn a_city_needs_three_quarters_of_its_stations() {
        let of = |known: i64, stations| city_mean(&(0..known).map(Rational::whole).collect::<Vec<_>>(), stations);
        assert_eq!(of(3, 4), Some(Rational::whole(1)));
        assert_eq!(of(2, 4), None);
        assert_eq!(of(5, 7), None, "5 of 7 are 71 per cent");
        assert_eq!(of(6, 8), Some(number("2.5")));
        assert_eq!(of(0, 0), None);
    }

    #[test]
    fn equal_in_print_is_equal_in_rank() {
        let of = |who, value: Option<&str>| {
            (who, Statistic { indicator: Indicator::CompositeIndex, value: value.map(number), valid: true })
        };
        let places = vec![
            of("c", Some("4.126")),
            of("a", Some("3.1")),
            of("d", None),
            of("b", Some("4.1301")),
            of("e", Some("5")),
        ];
        let ranks: Vec<_> = ranked(places).into_iter().map(|place| (place.rank, place.who)).collect();
        assert_eq!(ranks, [(1, "a"), (2, "c"), (2, "b"), (4, "e")]);
    }

    #[test]
    fn the_largest_part_leads() {
        let parts = [(Item::So2, number("0.1")), (Item::O3, number("1.1")), (Item::Pm25, number("1.1"))];
        assert_eq!(leading(&parts), Some((Item::O3, number("1.1"))));
        assert_eq!(leading(&[]), None);
    }
}
