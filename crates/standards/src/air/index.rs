//! Individual and whole index, level, colour and primary pollutants (HJ 633).

use std::sync::LazyLock;

use serde::Serialize;

use super::{Concentration, Edition, Item};
use crate::{rounding::Rational, status::Status, table::Table};

const BREAKPOINTS: &str = include_str!("../../data/aqi_breakpoints.tsv");
const LEVELS: &str = include_str!("../../data/aqi_levels.tsv");
const ADVICE: &str = include_str!("../../data/aqi_advice.tsv");
const INDEXES: [(&str, u16); 8] = [
    ("iaqi_0", 0),
    ("iaqi_50", 50),
    ("iaqi_100", 100),
    ("iaqi_150", 150),
    ("iaqi_200", 200),
    ("iaqi_300", 300),
    ("iaqi_400", 400),
    ("iaqi_500", 500),
];

/// A column of the breakpoint table: averaging time by item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Column {
    /// Mean of a natural day; for ozone the day's largest eight-hour mean.
    Day(Item),
    /// Mean of an hour. Particles have hourly columns from 2026; before, the national network judged them by the day's.
    Hour(Item),
}

impl Column {
    fn name(self, edition: Edition) -> &'static str {
        match (self, edition) {
            (Self::Day(Item::So2), _) => "SO2_24h",
            (Self::Day(Item::No2), _) => "NO2_24h",
            (Self::Day(Item::Co), _) => "CO_24h",
            (Self::Day(Item::O3), _) => "O3_8h",
            (Self::Hour(Item::So2), _) => "SO2_1h",
            (Self::Hour(Item::No2), _) => "NO2_1h",
            (Self::Hour(Item::Co), _) => "CO_1h",
            (Self::Hour(Item::O3), _) => "O3_1h",
            (Self::Day(Item::Pm10), _) | (Self::Hour(Item::Pm10), Edition::E2012) => "PM10_24h",
            (Self::Day(Item::Pm25), _) | (Self::Hour(Item::Pm25), Edition::E2012) => "PM2.5_24h",
            (Self::Hour(Item::Pm10), _) => "PM10_1h",
            (Self::Hour(Item::Pm25), _) => "PM2.5_1h",
        }
    }

    /// The item.
    #[must_use]
    pub fn item(self) -> Item {
        match self {
            Self::Day(item) | Self::Hour(item) => item,
        }
    }
}

struct Breakpoints {
    standard: String,
    column: String,
    /// Concentration in last places, index.
    points: Vec<(i128, i128)>,
    above: Above,
}

#[derive(Clone, Copy)]
enum Above {
    Cap(u16),
    OtherAveragingTime,
}

static TABLE: LazyLock<Vec<Breakpoints>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| {
        let scale = if row.get("unit") == "mg/m3" { 10 } else { 1 };
        let point = |(name, index): (&str, u16)| {
            let concentration: i128 = row.get(name).parse().ok()?;
            Some((concentration * scale, i128::from(index)))
        };
        let above = row.get("above_table").split(' ').next().and_then(|cap| cap.parse().ok());
        Breakpoints {
            standard: row.get("standard").to_owned(),
            column: row.get("column").to_owned(),
            points: INDEXES.into_iter().map_while(point).collect(),
            above: above.map_or(Above::OtherAveragingTime, Above::Cap),
        }
    };
    Table::read(BREAKPOINTS).rows().map(read).collect()
});

/// Individual air quality index (空气质量分指数).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Iaqi(pub u16);

/// Place in [`TABLE`] by edition, averaging time and item.
static PLACES: LazyLock<[[[Option<usize>; 6]; 2]; 3]> = LazyLock::new(|| {
    [Edition::E2012, Edition::E2026, Edition::E2031].map(|edition| {
        [Column::Day as fn(Item) -> Column, Column::Hour].map(|averaging| {
            Item::ALL.map(|item| {
                let (standard, name) = (edition.index_standard(), averaging(item).name(edition));
                TABLE.iter().position(|row| row.standard == standard && row.column == name)
            })
        })
    })
});

fn breakpoints(column: Column, edition: Edition) -> Option<&'static Breakpoints> {
    let averaging = usize::from(matches!(column, Column::Hour(_)));
    TABLE.get(PLACES[edition as usize][averaging][column.item() as usize]?)
}

/// The two lines of the table between which a concentration lies (HJ 633-2026 formula 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// Concentration and index of the line below.
    pub low: (Concentration, u16),
    /// Concentration and index of the line above.
    pub high: (Concentration, u16),
}

/// Where a concentration lies in the table; `None` above its last line.
#[must_use]
pub fn segment(column: Column, concentration: Concentration, edition: Edition) -> Option<Segment> {
    let row = breakpoints(column, edition)?;
    let c = i128::from(concentration.units());
    let pair = row.points.windows(2).find(|pair| c <= pair[1].0)?;
    let line = |(concentration, index): (i128, i128)| {
        Some((Concentration::from_units(u32::try_from(concentration).ok()?), u16::try_from(index).ok()?))
    };
    Some(Segment { low: line(pair[0])?, high: line(pair[1])? })
}

/// The index before it is rounded up; `None` above a column whose standard of 2012 refers to another averaging time.
#[must_use]
pub fn iaqi_exact(column: Column, concentration: Concentration, edition: Edition) -> Option<Rational> {
    let Some(Segment { low, high }) = segment(column, concentration, edition) else {
        return match breakpoints(column, edition)?.above {
            Above::Cap(index) => Some(Rational::whole(index.into())),
            Above::OtherAveragingTime => None,
        };
    };
    let ((low, index_low), (high, index_high)) = (low, high);
    let [c, low, high] = [concentration, low, high].map(|concentration| i128::from(concentration.units()));
    let [index_low, index_high] = [index_low, index_high].map(i128::from);
    Rational::new((index_high - index_low) * (c - low) + index_low * (high - low), high - low)
}

/// The individual index (HJ 633 clause 4.2), rounded up; `None` above a column whose standard of 2012 refers to another
/// averaging time (SO₂ 1 h to the day's, O₃ 8 h to 1 h).
#[must_use]
pub fn iaqi(column: Column, concentration: Concentration, edition: Edition) -> Option<Iaqi> {
    u16::try_from(iaqi_exact(column, concentration, edition)?.ceil()).ok().map(Iaqi)
}

/// The column that judges an item: above the last line of a column that refers to another averaging time, the column of that time, with the concentration
/// that belongs there (HJ 633-2012 table 1, notes 1 and 2: SO₂ 1 h above 800 by the index of 24 h, O₃ 8 h above 800 by that of 1 h).
///
/// `other` is the concentration of the other averaging time. `None` where that is needed and not known.
#[must_use]
pub fn judged_by(
    column: Column,
    concentration: Concentration,
    other: Option<Concentration>,
    edition: Edition,
) -> Option<(Column, Concentration)> {
    let refers = matches!(breakpoints(column, edition)?.above, Above::OtherAveragingTime)
        && segment(column, concentration, edition).is_none();
    let there = match column {
        Column::Day(item) => Column::Hour(item),
        Column::Hour(item) => Column::Day(item),
    };
    if refers { other.map(|other| (there, other)) } else { Some((column, concentration)) }
}

/// Level of the index with its words and colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Level {
    /// 1 to 6.
    pub number: u8,
    /// Highest index of the level.
    pub aqi_max: u16,
    /// 优, 良, …
    pub zh: String,
    /// Excellent, Good, …
    pub en: String,
    /// Colour, Chinese.
    pub colour_zh: String,
    /// Colour as `#RRGGBB`.
    pub rgb: String,
    /// What it does to health and what people should do (HJ 633-2012 table 2).
    pub advice: Advice,
}

/// Health effects and advice of a level (对健康影响, 建议措施), Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// 对健康影响.
    pub effect_zh: String,
    /// 建议措施.
    pub advice_zh: String,
    /// Effect, English.
    pub effect_en: String,
    /// Advice, English.
    pub advice_en: String,
    /// How far the words were checked.
    pub status: Status,
}

impl Advice {
    fn of(level: &str) -> Self {
        let table = Table::read(ADVICE);
        let row = table.rows().find(|row| row.get("level") == level);
        let cell = |column| row.map(|row| row.get(column)).unwrap_or_default().to_owned();
        Self {
            effect_zh: cell("effect_zh"),
            advice_zh: cell("advice_zh"),
            effect_en: cell("effect_en"),
            advice_en: cell("advice_en"),
            status: Status::read(&cell("status")),
        }
    }
}

static LEVEL_TABLE: LazyLock<Vec<Level>> = LazyLock::new(|| {
    Table::read(LEVELS)
        .rows()
        .map(|row| Level {
            number: row.get("level").parse().unwrap_or(0),
            aqi_max: row.get("aqi_max").parse().unwrap_or(0),
            zh: row.get("category_zh").to_owned(),
            en: row.get("category_en").to_owned(),
            colour_zh: row.get("colour_zh").to_owned(),
            rgb: row.get("rgb_hex").to_owned(),
            advice: Advice::of(row.get("level")),
        })
        .collect()
});

impl Level {
    /// The six levels.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &LEVEL_TABLE
    }

    /// The level of an index.
    #[must_use]
    pub fn of(aqi: u16) -> &'static Self {
        let last = LEVEL_TABLE.len() - 1;
        LEVEL_TABLE.iter().find(|level| aqi <= level.aqi_max).unwrap_or(&LEVEL_TABLE[last])
    }
}

/// Air quality index with what makes it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aqi {
    /// The index, 0 to 500: the largest of the items'.
    pub value: u16,
    /// Level, words and colour.
    pub level: &'static Level,
    /// Primary pollutants: every item that reaches the index, only above 50.
    pub primary: Vec<Item>,
    /// The items' indexes.
    pub items: Vec<(Item, Iaqi)>,
}

impl Aqi {
    /// Primary pollutants of a day as files print them: `o3_8h+pm2_5`.
    #[must_use]
    pub fn primary_text_of_day(&self) -> String {
        let key = |item: &Item| if *item == Item::O3 { "o3_8h" } else { item.key() };
        self.primary.iter().map(key).collect::<Vec<_>>().join("+")
    }

    /// Primary pollutants of an hour as files print them: `pm10+pm2_5`.
    #[must_use]
    pub fn primary_text(&self) -> String {
        self.primary.iter().map(|item| item.key()).collect::<Vec<_>>().join("+")
    }
}

/// The index of the given values: maximum of the items' (HJ 633 clause 4.4). `None` without a single item, and where an item lies above a column that
/// refers to another averaging time (see [`judged_by`]): extreme air never has the mild index of what is left.
///
/// Whether an index may be published with items missing is for the caller to say.
#[must_use]
pub fn aqi(values: &[(Column, Concentration)], edition: Edition) -> Option<Aqi> {
    let index = |(column, c): &(Column, Concentration)| Some((column.item(), iaqi(*column, *c, edition)?));
    let items: Vec<(Item, Iaqi)> = values.iter().map(index).collect::<Option<_>>()?;
    let value = items.iter().map(|(_, iaqi)| iaqi.0).max()?;
    let primary = if value > 50 {
        items.iter().filter(|(_, iaqi)| iaqi.0 == value).map(|(item, _)| *item).collect()
    } else {
        Vec::new()
    };
    Some(Aqi { value, level: Level::of(value), primary, items })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EDITIONS: [Edition; 2] = [Edition::E2012, Edition::E2026];

    fn column(name: &str) -> Column {
        let all = Item::ALL.into_iter().flat_map(|item| [Column::Day(item), Column::Hour(item)]);
        all.into_iter().find(|column| column.name(Edition::E2026) == name).unwrap()
    }

    #[test]
    fn the_worked_examples_of_hj_633_hold() {
        let table = Table::read(include_str!("../../data/aqi_examples.tsv"));
        let mut tried = 0;
        for row in table.rows().filter(|row| row.get("unit") != "mixed") {
            let name = row.get("column");
            if name.starts_with("day") {
                continue;
            }
            let concentration = Concentration::parse(column(name).item(), row.get("concentration")).unwrap().unwrap();
            for edition in EDITIONS {
                if ["both", edition.index_standard()].contains(&row.get("standard")) {
                    let index = iaqi(column(name), concentration, edition).unwrap();
                    assert_eq!(index.0.to_string(), row.get("iaqi"), "{edition:?} {name} {}", row.get("concentration"));
                    tried += 1;
                }
            }
        }
        assert_eq!(tried, 18);
    }

    fn day(values: [u32; 6], edition: Edition) -> Aqi {
        let values: Vec<_> =
            Item::ALL.into_iter().zip(values).map(|(i, c)| (Column::Day(i), Concentration::from_units(c))).collect();
        aqi(&values, edition).unwrap()
    }

    #[test]
    fn a_whole_day_has_its_index_level_and_primary_pollutants() {
        let whole = day([8, 45, 9, 163, 118, 61], Edition::E2026);
        assert_eq!((whole.value, whole.level.number, whole.primary_text()), (103, 3, "o3".to_owned()));
        let fifty = day([8, 20, 9, 80, 50, 35], Edition::E2026);
        assert_eq!((fifty.value, fifty.level.zh.as_str(), fifty.primary.len()), (50, "优", 0));
        let tie = day([8, 20, 9, 80, 150, 75], Edition::E2012);
        assert_eq!((tie.value, tie.primary_text()), (100, "pm10+pm2_5".to_owned()));
    }

    #[test]
    fn every_level_has_its_advice() {
        for level in Level::all() {
            let advice = &level.advice;
            let words = [&advice.effect_zh, &advice.advice_zh, &advice.effect_en, &advice.advice_en];
            assert!(words.iter().all(|words| words.chars().count() > 5), "{level:?}");
            assert_eq!(advice.status, Status::Unverified, "until table 2 is read in a copy");
        }
    }

    #[test]
    fn above_the_table_2012_looks_elsewhere_and_2026_caps() {
        let (so2, o3) = (Column::Hour(Item::So2), Column::Day(Item::O3));
        for (column, cap) in [(so2, 200), (o3, 300)] {
            assert_eq!(iaqi(column, Concentration::from_units(900), Edition::E2012), None);
            assert_eq!(iaqi(column, Concentration::from_units(900), Edition::E2026), Some(Iaqi(cap)));
        }
        assert_eq!(iaqi(Column::Day(Item::Pm25), Concentration::from_units(9000), Edition::E2012), Some(Iaqi(500)));
    }

    #[test]
    fn an_item_above_its_column_leaves_no_mild_index_of_the_others() {
        let c = Concentration::from_units;
        let values = [(Column::Day(Item::Pm25), c(20)), (Column::Day(Item::O3), c(801))];
        assert_eq!(aqi(&values, Edition::E2012), None);
        let of = |hour| judged_by(Column::Day(Item::O3), c(801), hour, Edition::E2012);
        assert_eq!((of(None), of(Some(c(900)))), (None, Some((Column::Hour(Item::O3), c(900)))));
        let at = judged_by(Column::Day(Item::O3), c(800), Some(c(900)), Edition::E2012);
        assert_eq!(at, Some((Column::Day(Item::O3), c(800))), "on the last line the column itself holds");
        let capped = judged_by(Column::Day(Item::O3), c(801), None, Edition::E2026);
        assert_eq!(capped, Some((Column::Day(Item::O3), c(801))));
    }

    #[test]
    fn on_a_breakpoint_the_index_is_that_of_the_breakpoint() {
        for row in TABLE.iter() {
            assert!(row.points.len() >= 5, "{} {}", row.standard, row.column);
            let edition = if row.standard.ends_with("2012") { Edition::E2012 } else { Edition::E2026 };
            for (concentration, index) in &row.points {
                let concentration = Concentration::from_units((*concentration).try_into().unwrap());
                assert_eq!(i128::from(iaqi(column(&row.column), concentration, edition).unwrap().0), *index);
            }
        }
    }

    proptest! {
        #[test]
        fn the_index_is_the_largest_of_the_items_and_every_primary_pollutant_reaches_it(values in proptest::array::uniform6(0u32..700), edition in 0usize..2) {
            let index = day(values, EDITIONS[edition]);
            prop_assert_eq!(Some(index.value), index.items.iter().map(|(_, iaqi)| iaqi.0).max());
            prop_assert_eq!(index.primary.is_empty(), index.value <= 50);
            let reaching = index.items.iter().filter(|(_, iaqi)| iaqi.0 == index.value).count();
            prop_assert!(index.primary.is_empty() || index.primary.len() == reaching);
            prop_assert!(index.value <= index.level.aqi_max);
        }

        #[test]
        fn the_index_grows_with_each_pollutant(item in 0usize..6, low in 0u32..1300, more in 0u32..200, hour: bool) {
            let item = Item::ALL[item];
            let column = if hour { Column::Hour(item) } else { Column::Day(item) };
            for edition in EDITIONS {
                let of = |c| iaqi(column, Concentration::from_units(c), edition);
                if let (Some(lower), Some(higher)) = (of(low), of(low + more)) {
                    prop_assert!(lower <= higher);
                }
            }
        }
    }
}
