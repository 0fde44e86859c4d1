//! What classes come to (环办〔2011〕22号, surface-water evaluation method): words and colours, the main polluting items of a section, a river or basin of
//! several sections, change between two periods, and the city's index of water quality (CWQI).
//!
//! None of these rules could be checked against a copy of the text: `data/water_evaluation.tsv` marks each as unverified.

use serde::Serialize;

use super::{Body, Classified, Rule, WaterClass, WaterItem, classify, item, items, mean_of};
use crate::rounding::Rational;

/// State of water in words (水质状况).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum WaterQuality {
    /// 优: classes I and II.
    Excellent,
    /// 良好: class III.
    Good,
    /// 轻度污染: class IV.
    LightlyPolluted,
    /// 中度污染: class V.
    ModeratelyPolluted,
    /// 重度污染: worse than V.
    HeavilyPolluted,
}

impl WaterQuality {
    /// Of a section of a class.
    #[must_use]
    pub fn of(class: WaterClass) -> Self {
        match class {
            WaterClass::I | WaterClass::II => Self::Excellent,
            WaterClass::III => Self::Good,
            WaterClass::IV => Self::LightlyPolluted,
            WaterClass::V => Self::ModeratelyPolluted,
            WaterClass::WorseThanV => Self::HeavilyPolluted,
        }
    }

    /// The class whose colour it has (class II for the two best).
    #[must_use]
    pub fn class(self) -> WaterClass {
        [WaterClass::II, WaterClass::III, WaterClass::IV, WaterClass::V, WaterClass::WorseThanV][self as usize]
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        ["优", "良好", "轻度污染", "中度污染", "重度污染"][self as usize]
    }

    /// In English.
    #[must_use]
    pub fn en(self) -> &'static str {
        ["excellent", "good", "lightly polluted", "moderately polluted", "heavily polluted"][self as usize]
    }
}

/// Cyanide and heavy metals are named before all others.
const FIRST: [&str; 9] = ["CN", "Hg", "Cd", "Cr6", "Pb", "As", "Cu", "Zn", "Se"];

/// The main polluting items (主要污染指标) of a section: of those worse than class III the first three, cyanide and heavy metals before all, then the worst
/// class, then the largest multiple over class III.
#[must_use]
pub fn main_items(sample: &Classified) -> Vec<(&'static WaterItem, Option<Rational>)> {
    let mut over: Vec<_> = sample
        .items
        .iter()
        .filter(|(_, _, class)| *class > WaterClass::III)
        .map(|(item, value, class)| (*item, item.times_over(*value, WaterClass::III), *class))
        .collect();
    over.sort_by_key(|(item, times, class)| {
        let rank = if FIRST.contains(&item.key.as_str()) { 0 } else { 1 };
        (rank, std::cmp::Reverse(*class), std::cmp::Reverse(*times))
    });
    over.into_iter().take(3).map(|(item, times, _)| (item, times)).collect()
}

/// Values of a section: names as for [`classify`].
pub type Section<'a> = Vec<(&'a str, Rational)>;

/// A river or basin judged as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RiverVerdict {
    /// Fewer than five sections: each item's mean over them, then as one section.
    ByMeans(Classified),
    /// Five or more: by the share of sections of each class.
    ByShares {
        /// Sections of each class, the best first.
        sections: [usize; 6],
        /// What they come to.
        quality: WaterQuality,
    },
}

impl RiverVerdict {
    /// In words.
    #[must_use]
    pub fn quality(&self) -> WaterQuality {
        match self {
            Self::ByMeans(classified) => WaterQuality::of(classified.class),
            Self::ByShares { quality, .. } => *quality,
        }
    }
}

/// Judges a river or basin; `None` without a section that can be classed.
#[must_use]
pub fn river(sections: &[Section<'_>], body: Body) -> Option<RiverVerdict> {
    let classified: Vec<Classified> = sections.iter().filter_map(|section| classify(section, body)).collect();
    if classified.len() >= 5 {
        let mut counts = [0; 6];
        for section in &classified {
            counts[section.class as usize] += 1;
        }
        return Some(RiverVerdict::ByShares { sections: counts, quality: by_shares(counts)? });
    }
    let mut names: Vec<&str> = sections.iter().flatten().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let mut means = Vec::with_capacity(names.len());
    for name in names {
        let of_name = sections.iter().flatten().filter(|(other, _)| *other == name);
        means.push((name, mean_of(name, of_name.map(|(_, value)| *value))?));
    }
    classify(&means, body).map(RiverVerdict::ByMeans)
}

/// The table of shares: I to III, and worse than V.
fn by_shares(sections: [usize; 6]) -> Option<WaterQuality> {
    let all: usize = sections.iter().sum();
    let (good, worst) = (sections[..3].iter().sum::<usize>() * 100, sections[5] * 100);
    let (nine_tenths, three_quarters, three_fifths) = (90 * all, 75 * all, 60 * all);
    Some(match () {
        () if all == 0 => return None,
        () if good >= nine_tenths => WaterQuality::Excellent,
        () if good >= three_quarters => WaterQuality::Good,
        () if worst < 20 * all => WaterQuality::LightlyPolluted,
        () if worst >= 40 * all && good < three_fifths => WaterQuality::HeavilyPolluted,
        () => WaterQuality::ModeratelyPolluted,
    })
}

/// Change of a section from one period to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Change {
    /// 明显好转: two classes or more.
    MuchBetter,
    /// 有所好转: one class.
    Better,
    /// 无明显变化.
    None,
    /// 有所下降: one class.
    Worse,
    /// 明显下降: two classes or more.
    MuchWorse,
}

impl Change {
    /// From a class to a class.
    #[must_use]
    pub fn between(before: WaterClass, now: WaterClass) -> Self {
        match now as i8 - before as i8 {
            0 => Self::None,
            1 => Self::Worse,
            -1 => Self::Better,
            2.. => Self::MuchWorse,
            _ => Self::MuchBetter,
        }
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        ["明显好转", "有所好转", "无明显变化", "有所下降", "明显下降"][self as usize]
    }

    /// In English.
    #[must_use]
    pub fn en(self) -> &'static str {
        ["much better", "better", "no clear change", "worse", "much worse"][self as usize]
    }
}

/// Part of one item in the index: concentration over its limit of class III; for oxygen the other way round; for pH its distance from 7 over that of
/// the limit. A value below detection is given as half of the limit of detection.
#[must_use]
pub fn item_index(item: &WaterItem, value: Rational) -> Option<Rational> {
    match item.rule {
        Rule::AtMost => value.checked_div(item.limit(WaterClass::III)?),
        Rule::AtLeast => item.limit(WaterClass::III)?.checked_div(value),
        Rule::Range => {
            let seven = Rational::whole(7);
            if value <= seven {
                seven.checked_sub(value)
            } else {
                value.checked_sub(seven)?.checked_div(Rational::whole(2))
            }
        }
    }
}

/// The index of a body of water: the sum over its items, of which each has its mean over all sections.
#[must_use]
pub fn water_index(means: &[(&str, Rational)], body: Body) -> Option<Rational> {
    let evaluated =
        means.iter().filter_map(|(name, value)| Some((item(name, body).filter(|item| item.evaluated)?, value)));
    let mut parts = evaluated.map(|(item, value)| item_index(item, *value)).peekable();
    parts.peek()?;
    parts.try_fold(Rational::ZERO, |sum, part| sum.checked_add(part?))
}

/// CWQI of a city (城市水质指数): indexes of its rivers and its lakes by their numbers of sections. Smaller is better.
#[must_use]
pub fn city_index(rivers: (Rational, u32), lakes: (Rational, u32)) -> Option<Rational> {
    let weighed = |(index, sections): (Rational, u32)| index.checked_mul(Rational::whole(i64::from(sections)));
    let sections = Rational::whole(i64::from(rivers.1) + i64::from(lakes.1));
    weighed(rivers)?.checked_add(weighed(lakes)?)?.checked_div(sections)
}

/// The evaluated items of a body of water: 21, with the phosphorus of rivers or that of lakes.
#[must_use]
pub fn evaluated_items(body: Body) -> Vec<&'static WaterItem> {
    let other = if body == Body::Lake { "TP" } else { "TP_lake" };
    items().iter().filter(|item| item.evaluated && item.key != other).collect()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn number(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn section<'a>(values: &[(&'a str, &str)]) -> Section<'a> {
        values.iter().map(|(name, value)| (*name, number(value))).collect()
    }

    #[test]
    fn every_state_has_the_colour_of_its_class() {
        for class in WaterClass::ALL {
            assert_eq!(WaterQuality::of(WaterQuality::of(class).class()), WaterQuality::of(class));
        }
    }

    #[test]
    fn twenty_one_items_are_evaluated() {
        assert_eq!(evaluated_items(Body::River).len(), 21);
        assert_eq!(evaluated_items(Body::Lake).len(), 21);
    }

    #[test]
    fn the_ph_of_a_river_is_the_mean_of_its_ions() {
        let sections = [section(&[("w01001", "5"), ("DO", "8")]), section(&[("w01001", "7"), ("DO", "8")])];
        let Some(RiverVerdict::ByMeans(verdict)) = river(&sections, Body::River) else { panic!("two sections") };
        assert_eq!(verdict.class, WaterClass::WorseThanV, "5.30; the arithmetic mean, 6, would be of class I");
    }

    #[test_case([9, 0, 0, 1, 0, 0], WaterQuality::Excellent; "nine tenths exactly")]
    #[test_case([0, 0, 17, 3, 0, 0], WaterQuality::Good; "85 per cent")]
    #[test_case([0, 0, 3, 1, 0, 0], WaterQuality::Good; "three quarters exactly")]
    #[test_case([0, 0, 14, 6, 0, 0], WaterQuality::LightlyPolluted; "70 per cent, none worse than V")]
    #[test_case([0, 0, 7, 1, 0, 2], WaterQuality::ModeratelyPolluted; "a fifth worse than V")]
    #[test_case([0, 0, 6, 0, 0, 4], WaterQuality::ModeratelyPolluted; "two fifths worse than V, yet three fifths good")]
    #[test_case([0, 0, 5, 1, 0, 4], WaterQuality::HeavilyPolluted)]
    fn rivers_of_many_sections_go_by_shares(sections: [usize; 6], expected: WaterQuality) {
        assert_eq!(by_shares(sections), Some(expected));
    }

    #[test]
    fn rivers_of_few_sections_go_by_their_means() {
        let sections = [section(&[("NH3-N", "0.4")]), section(&[("NH3-N", "1.4"), ("DO", "7")])];
        let Some(RiverVerdict::ByMeans(verdict)) = river(&sections, Body::River) else { panic!("two sections") };
        assert_eq!(verdict.class, WaterClass::III, "0.9 mg/L in the mean; the oxygen of one section is its mean");
        let five = vec![section(&[("NH3-N", "0.4")]); 5];
        assert_eq!(river(&five, Body::River).map(|verdict| verdict.quality()), Some(WaterQuality::Excellent));
        assert_eq!(river(&[section(&[("TN", "9")])], Body::River), None);
    }

    #[test]
    fn main_items_are_three_with_cyanide_and_metals_first() {
        let values = [("NH3-N", "1.6"), ("TP", "0.35"), ("CODMn", "7"), ("DO", "2.5"), ("Hg", "0.0005"), ("pH", "7")];
        let sample = classify(&section(&values), Body::River).unwrap();
        let named: Vec<_> = main_items(&sample).into_iter().map(|(item, times)| (item.key.as_str(), times)).collect();
        let times = |text: &str| Some(number(text));
        assert_eq!(named, [("Hg", times("4")), ("TP", times("0.75")), ("NH3-N", times("0.6"))]);
    }

    #[test_case(WaterClass::III, WaterClass::III, Change::None)]
    #[test_case(WaterClass::III, WaterClass::II, Change::Better)]
    #[test_case(WaterClass::V, WaterClass::III, Change::MuchBetter)]
    #[test_case(WaterClass::V, WaterClass::WorseThanV, Change::Worse)]
    #[test_case(WaterClass::I, WaterClass::WorseThanV, Change::MuchWorse)]
    fn change_is_counted_in_classes(before: WaterClass, now: WaterClass, expected: Change) {
        assert_eq!(Change::between(before, now), expected);
    }

    #[test_case("NH3-N", "0.5", "0.5")]
    #[test_case("DO", "10", "0.5"; "oxygen the other way round")]
    #[test_case("w01001", "6.5", "0.5"; "half of the way from 7 to 6")]
    #[test_case("w01001", "8", "0.5"; "half of the way from 7 to 9")]
    #[test_case("w01001", "7", "0")]
    fn items_go_into_the_index(name: &str, value: &str, expected: &str) {
        assert_eq!(item_index(item(name, Body::River).unwrap(), number(value)), Some(number(expected)));
    }

    #[test]
    fn a_city_weighs_rivers_and_lakes_by_their_sections() {
        let rivers = water_index(&section(&[("NH3-N", "0.5"), ("TP", "0.1"), ("TN", "9")]), Body::River).unwrap();
        assert_eq!(rivers, Rational::whole(1), "nitrogen has no part");
        assert_eq!(city_index((rivers, 3), (Rational::whole(5), 1)), Some(Rational::whole(2)));
        assert_eq!(city_index((rivers, 0), (rivers, 0)), None);
        assert_eq!(water_index(&[], Body::River), None);
    }
}
