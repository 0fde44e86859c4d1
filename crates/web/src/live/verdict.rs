//! What the standards say of the values of an hour: index, class, or level against the limit. Pure: values in, words and colour out.
//!
//! A verdict on a running hour, or on one made of instants because the device has not sent its mean, is provisional and says so.

use bilan_records::catalogue::Label;
use bilan_standards::air::{self, Aqi, Concentration, Edition, Item};
use bilan_standards::noise::{self, DecibelA, NoiseLimit, NoiseZone, Period};
use bilan_standards::rounding::{Rational, half_even};
use bilan_standards::water::{self, Body, WaterClass};
use bilan_telemetry::Averaging;
use jiff::Timestamp;
use jiff::civil::Date;

use super::factors::{air_item, item_name};

/// The mean of one factor over an hour.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HourMean {
    /// HJ 212 code.
    pub(crate) factor: String,
    /// Mean, as [`mean_of`] has it.
    pub(crate) mean: Rational,
    /// Values of which it was made here; 0 if the device sent it.
    pub(crate) samples: usize,
}

/// What is known of one hour at one station.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hour {
    /// When it begins.
    pub(crate) begins: Timestamp,
    /// It is not over yet, or something in it was made of instants here.
    pub(crate) provisional: bool,
    /// Its means.
    pub(crate) means: Vec<HourMean>,
}

/// A verdict with its words, colour and ground.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// For a mark on the map: `78`, `Ⅲ`, `56`.
    pub(crate) short: String,
    /// In words: 良 Good, Ⅲ类 Class III, 达标 within the limit.
    pub(crate) word: Label,
    /// What it rests on: primary pollutants, deciding items, the limit.
    pub(crate) detail: Label,
    /// Standard and clause.
    pub(crate) basis: Label,
    /// Name of its look: `aqi-2`, `water-3`, `noise-over`.
    pub(crate) tone: String,
    /// Its colour, as the standard has it.
    pub(crate) colour: String,
    /// Whether dark letters are read better on the colour.
    pub(crate) dark_ink: bool,
    /// Whether it is worse than it should be.
    pub(crate) exceeded: bool,
    /// It may change until the hour is over.
    pub(crate) provisional: bool,
    /// When its hour begins.
    pub(crate) begins: Timestamp,
}

fn label(zh: impl Into<String>, en: impl Into<String>) -> Label {
    Label { zh: zh.into(), en: en.into() }
}

/// A measured number as an exact one, to six decimals.
pub(crate) fn exact(value: f64) -> Option<Rational> {
    format!("{value:.6}").parse().ok()
}

/// The arithmetic mean of measured values, exact to their sixth decimal.
fn mean(values: &[f64]) -> Option<Rational> {
    let sum = values.iter().try_fold(Rational::ZERO, |sum, value| sum.checked_add(exact(*value)?))?;
    sum.checked_div(Rational::whole(i64::try_from(values.len()).ok()?))
}

/// The mean of measured values of a factor (HJ 212 code), in every page, curve and figure: of levels of noise that of their energies (GB 12348-2008 clause 3.3), of
/// pH that of its hydrogen ions ([`water::mean_of`]), of anything else the arithmetic one. The values are [possible](super::factors::is_possible).
pub(crate) fn mean_of(factor: &str, values: &[f64]) -> Option<Rational> {
    match Averaging::of(factor) {
        Averaging::Levels => level_mean(values),
        Averaging::Ions => water::mean_of(factor, values.iter().filter_map(|value| exact(*value))),
        Averaging::Plain => mean(values),
    }
}

/// The index items of an hour as the standard prints them.
pub(crate) fn air_items(hour: &Hour) -> Vec<(Item, Concentration)> {
    let read = |mean: &HourMean| {
        let item = air_item(&mean.factor)?;
        Some((item, Concentration::rounded(item, mean.mean)?))
    };
    hour.means.iter().filter_map(read).collect()
}

/// The real-time index of an hour, by the edition in force on its day. `None` where the edition gives none, see [`missing_items`].
pub(crate) fn air(items: &[(Item, Concentration)], hour: &Hour, day: Date) -> Option<Verdict> {
    let edition = Edition::on(day);
    Some(of_index(&air::hourly(items, edition)?, edition, hour))
}

fn of_index(aqi: &Aqi, edition: Edition, hour: &Hour) -> Verdict {
    let primary: Vec<&str> = aqi.primary.iter().map(|item| item_name(*item)).collect();
    let detail = if primary.is_empty() {
        label("无首要污染物", "no primary pollutant")
    } else {
        label(format!("首要污染物 {}", primary.join("、")), format!("primary pollutant {}", primary.join(", ")))
    };
    let (standard, clause) = (edition.index_standard(), if edition == Edition::E2012 { "4.4" } else { "5.3.1" });
    Verdict {
        short: aqi.value.to_string(),
        word: label(&aqi.level.zh, &aqi.level.en),
        detail,
        basis: label(format!("{standard} 第{clause}条 实时报"), format!("{standard} clause {clause}, real-time")),
        tone: format!("aqi-{}", aqi.level.number),
        colour: aqi.level.rgb.clone(),
        dark_ink: aqi.level.number <= 3,
        exceeded: aqi.value > 100,
        provisional: hour.provisional,
        begins: hour.begins,
    }
}

/// The items without which there is no index.
pub(crate) fn missing_items(items: &[(Item, Concentration)]) -> Vec<Item> {
    Item::ALL.into_iter().filter(|item| !items.iter().any(|(other, _)| other == item)).collect()
}

/// The index of a district's hour: each item's mean over its stations, then the index.
pub(crate) fn district(stations: &[Vec<(Item, Concentration)>], hour: &Hour, day: Date) -> Option<Verdict> {
    let over_stations = |item: Item| {
        let units: Vec<i64> = stations
            .iter()
            .flatten()
            .filter(|(other, _)| *other == item)
            .map(|(_, value)| i64::from(value.units()))
            .collect();
        let mean = Rational::new(i128::from(units.iter().sum::<i64>()), i128::try_from(units.len()).ok()?)?;
        let units = u32::try_from(mean.rounded(0)).ok()?;
        Some((item, Concentration::from_units(units)))
    };
    let items: Vec<_> = Item::ALL.into_iter().filter_map(over_stations).collect();
    air(&items, hour, day)
}

/// Roman numerals of the six classes for a mark on the map.
const CLASS_MARKS: [&str; 6] = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"];
/// Colours of the evaluation method of surface water (环办〔2011〕22号): I and II blue, III green, IV yellow, V orange, worse red.
const CLASS_COLOURS: [&str; 6] = ["#2f7ed8", "#2f7ed8", "#2fa84f", "#ffd400", "#ff7e00", "#e02020"];

/// Colour of a class.
pub(crate) fn class_colour(class: WaterClass) -> &'static str {
    CLASS_COLOURS[class as usize]
}

/// The class of an hour of water against the target of its station.
pub(crate) fn water(hour: &Hour, target: Option<WaterClass>) -> Option<Verdict> {
    let values = hour.means.iter().map(|mean| (mean.factor.as_str(), mean.mean));
    // What no water can have says nothing of this one: a dead instrument must not make it the best.
    let values: Vec<(&str, Rational)> = values.filter(|(factor, mean)| water::is_possible(factor, *mean)).collect();
    let found = water::classify(&values, Body::River)?;
    let zh: Vec<&str> = found.deciding.iter().map(|item| item.zh.as_str()).collect();
    let en: Vec<&str> = found.deciding.iter().map(|item| item.key.as_str()).collect();
    let mut detail = if zh.is_empty() {
        label("各项均达Ⅰ类", "all items meet class I")
    } else {
        label(format!("定类因子 {}", zh.join("、")), format!("decided by {}", en.join(", ")))
    };
    let exceeded = target.is_some_and(|target| found.class > target);
    if let Some(target) = target {
        detail.zh.push_str(&format!("；目标{}，{}", target.zh(), if exceeded { "未达标" } else { "达标" }));
        detail.en.push_str(&format!("; target {}, {}", target.en(), if exceeded { "missed" } else { "met" }));
    }
    let at = found.class as usize;
    Some(Verdict {
        short: CLASS_MARKS[at].to_owned(),
        word: label(
            found.class.zh(),
            if found.class == WaterClass::WorseThanV {
                "Worse than V".to_owned()
            } else {
                format!("Class {}", found.class)
            },
        ),
        detail,
        basis: label("GB 3838-2002 表1，环办〔2011〕22号 单因子评价", "GB 3838-2002 table 1, single-factor evaluation"),
        tone: format!("water-{}", at + 1),
        colour: CLASS_COLOURS[at].to_owned(),
        dark_ink: at == 3 || at == 4,
        exceeded,
        provisional: hour.provisional,
        begins: hour.begins,
    })
}

/// The level of an hour against the limit of the zone; without a zone the level alone.
pub(crate) fn noise(hour: &Hour, zone: Option<NoiseZone>, period: Period) -> Option<Verdict> {
    let of = |code: &str| hour.means.iter().find(|mean| mean.factor == code);
    let level = half_even(of("Leq").or_else(|| of("LA"))?.mean, 1).ok()?;
    let number: f64 = level.parse().ok()?;
    let (period_zh, period_en) = if period == Period::Day { ("昼间", "day") } else { ("夜间", "night") };
    let limit = zone.and_then(|zone| Some((zone, NoiseLimit::of_zone(zone)?)));
    let over = limit.is_some_and(|(_, limit)| number > f64::from(limit.of(period)));
    let (word, detail, basis, tone) = match limit {
        Some((zone, limit)) => {
            let bound = limit.of(period);
            let word = if over { label("超标", "Over the limit") } else { label("达标", "Within the limit") };
            let detail = label(
                format!("Leq {level} dB(A)，{}类区{period_zh}限值 {bound} dB(A)", zone.key()),
                format!("Leq {level} dB(A), {period_en} limit of zone {} {bound} dB(A)", zone.key()),
            );
            let basis = label(format!("{} 表1", limit.standard), format!("{} table 1", limit.standard));
            (word, detail, basis, if over { "noise-over" } else { "noise-ok" })
        }
        None => (
            label("未划定功能区", "No zone"),
            label(
                format!("Leq {level} dB(A)，站点未关联声功能区"),
                format!("Leq {level} dB(A); the station names no noise zone"),
            ),
            label("GB 3096-2008", "GB 3096-2008"),
            "noise-none",
        ),
    };
    Some(Verdict {
        short: half_even(level.as_str(), 0).ok()?,
        word,
        detail,
        basis,
        tone: tone.to_owned(),
        colour: match tone {
            "noise-over" => "#e02020",
            "noise-ok" => "#2fa84f",
            _ => "#5b7083",
        }
        .to_owned(),
        dark_ink: false,
        exceeded: over,
        provisional: hour.provisional,
        begins: hour.begins,
    })
}

/// The energy mean of levels as an exact number.
fn level_mean(levels: &[f64]) -> Option<Rational> {
    let levels: Vec<DecibelA> = levels.iter().filter_map(|level| DecibelA::new(*level)).collect();
    exact(noise::energy_mean(&levels)?.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn hour(means: &[(&str, &str)]) -> Hour {
        let means = means
            .iter()
            .map(|(factor, mean)| HourMean { factor: (*factor).to_owned(), mean: mean.parse().unwrap(), samples: 6 })
            .collect();
        Hour { begins: Timestamp::UNIX_EPOCH, provisional: true, means }
    }

    const SIX: &[(&str, &str)] =
        &[("a34004", "75"), ("a34002", "90"), ("a21026", "7"), ("a21004", "31"), ("a05024", "72"), ("a21005", "0.74")];

    fn verdict(means: &[(&str, &str)], on: &str) -> Option<Verdict> {
        let hour = hour(means);
        air(&air_items(&hour), &hour, day(on))
    }

    #[test]
    fn the_index_of_an_hour_follows_the_edition_of_its_day() {
        let old = verdict(SIX, "2026-02-28").unwrap();
        assert_eq!((old.short.as_str(), old.word.zh.as_str(), old.tone.as_str()), ("100", "良", "aqi-2"));
        assert!(old.basis.zh.contains("HJ 633-2012") && !old.exceeded && old.provisional);
        let new = verdict(SIX, "2026-03-01").unwrap();
        assert_eq!((new.short.as_str(), new.colour.as_str()), ("114", "#FF7E00"));
        assert_eq!(new.detail.zh, "首要污染物 PM2.5");
        assert!(new.basis.en.contains("HJ 633-2026 clause 5.3.1") && new.exceeded);
    }

    #[test]
    fn without_particles_there_is_no_index_and_it_is_said_what_is_missing() {
        assert_eq!(verdict(&SIX[1..], "2026-02-28"), None);
        let items = air_items(&hour(&SIX[2..]));
        assert_eq!(missing_items(&items), [Item::Pm10, Item::Pm25]);
    }

    #[test]
    fn concentrations_are_rounded_as_the_index_takes_them() {
        let items = air_items(&hour(&[("a34004", "75.5"), ("a21005", "0.75")]));
        assert_eq!(items[0].1.text(Item::Pm25), "76");
        assert_eq!(items[1].1.text(Item::Co), "0.8");
    }

    #[test]
    fn a_mean_is_exact() {
        assert_eq!(mean(&[0.1, 0.2, 0.3]), Rational::new(1, 5));
        assert_eq!(mean(&[74.0, 75.0]), Rational::new(149, 2));
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn a_district_is_judged_by_the_means_over_its_stations() {
        let near = air_items(&hour(SIX));
        let clean: Vec<_> = near.iter().map(|(item, _)| (*item, Concentration::from_units(1))).collect();
        let verdict = district(&[near, clean], &hour(&[]), day("2026-11-23")).unwrap();
        // PM2.5: (75 + 1) / 2 = 38 µg/m³.
        assert_eq!(verdict.short, "56");
        assert_eq!(district(&[], &hour(&[]), day("2026-11-23")), None);
    }

    #[test]
    fn water_names_what_decides_and_whether_the_target_is_met() {
        let found =
            water(&hour(&[("w01009", "6.9"), ("w21003", "1.2"), ("w21001", "9")]), Some(WaterClass::III)).unwrap();
        assert_eq!((found.short.as_str(), found.tone.as_str(), found.exceeded), ("Ⅳ", "water-4", true));
        assert_eq!(found.detail.zh, "定类因子 氨氮；目标Ⅲ类，未达标");
        assert_eq!(water(&hour(&[("w21001", "9")]), None), None);
    }

    #[test]
    fn what_no_water_can_have_makes_no_class() {
        let broken = hour(&[("w01009", "9999"), ("w21003", "-3"), ("w21001", "9")]);
        assert_eq!(water(&broken, None), None);
        let partly = water(&hour(&[("w01009", "9999"), ("w21003", "1.2")]), None).unwrap();
        assert_eq!(partly.short, "Ⅳ");
    }

    #[test]
    fn a_level_is_held_against_the_limit_of_its_zone_and_hour() {
        let levels = hour(&[("LA", "57.24")]);
        let by_day = noise(&levels, Some(NoiseZone::Zone2), Period::Day).unwrap();
        assert_eq!((by_day.word.zh.as_str(), by_day.exceeded), ("达标", false));
        let by_night = noise(&levels, Some(NoiseZone::Zone2), Period::Night).unwrap();
        assert_eq!((by_night.word.zh.as_str(), by_night.exceeded), ("超标", true));
        assert!(by_night.detail.zh.contains("2类区夜间限值 50 dB(A)"), "{}", by_night.detail.zh);
        assert_eq!(noise(&levels, None, Period::Day).unwrap().tone, "noise-none");
    }

    #[test]
    fn levels_are_averaged_as_energies() {
        let mean = level_mean(&[60.0, 50.0]).unwrap();
        assert_eq!(half_even(mean, 1).unwrap(), "57.4");
        assert_eq!(mean_of("Leq", &[60.0, 50.0]), Some(mean));
    }

    #[test]
    fn ph_is_averaged_by_its_ions() {
        let printed = |factor| half_even(mean_of(factor, &[5.0, 7.0, 5.0, 7.0]).unwrap(), 2).unwrap();
        assert_eq!((printed("w01001").as_str(), printed("w01009").as_str()), ("5.30", "6.00"));
    }
}
