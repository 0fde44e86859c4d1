//! Every row of the tables of the reference, asked of the library by what it stands for: no row is lost, none is read as another.

use bilan_standards::air::{self, AirLimit, Column, Concentration, Edition, Grade, Item, Level};
use bilan_standards::emission::{self, Boiler, BoilerTable, Effluent, LimitValue, SewageGrade};
use bilan_standards::noise::{self, DecibelA, NoiseLimit, NoiseZone, Period, Room, TownNoise};
use bilan_standards::quantity::Quantity;
use bilan_standards::rounding::Rational;
use bilan_standards::waste::WasteCategory;
use bilan_standards::water::{self, Body, WaterClass};
use jiff::civil::date;

/// Rows of a table as cells by the name of their column.
fn rows(table: &str) -> Vec<impl Fn(&str) -> String> {
    let path = format!("{}/data/{table}.tsv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("a table of the reference");
    let mut lines = text.lines().map(|line| line.split('\t').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let head = lines.next().expect("a header");
    lines
        .filter(|cells| cells.len() > 1)
        .map(|cells| {
            let head = head.clone();
            move |column: &str| {
                let at = head.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
                cells.get(at).cloned().unwrap_or_default()
            }
        })
        .collect()
}

fn number(text: &str) -> Rational {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

fn column(name: &str) -> Column {
    let (item, averaging) = name.split_once('_').expect("item and averaging time");
    let item = Item::ALL.into_iter().find(|known| known.name() == item).expect("an item of the index");
    if averaging == "1h" { Column::Hour(item) } else { Column::Day(item) }
}

#[test]
fn hj_633_table_1_breakpoints() {
    let mut points = 0;
    for row in rows("aqi_breakpoints") {
        let (name, edition) =
            (row("column"), if row("standard").ends_with("2012") { Edition::E2012 } else { Edition::E2026 });
        let column = column(&name);
        let of = |concentration: &str| {
            let units = Concentration::parse(column.item(), concentration).unwrap().unwrap();
            air::iaqi(column, units, edition).map(|iaqi| iaqi.0)
        };
        for index in [0, 50, 100, 150, 200, 300, 400, 500] {
            let cell = row(&format!("iaqi_{index}"));
            if !cell.is_empty() {
                assert_eq!(of(&cell), Some(index), "{} {name} {cell}", row("standard"));
                points += 1;
            }
        }
        let above = row("above_table");
        let expected = above.split(' ').next().and_then(|cap| cap.parse().ok());
        assert_eq!(of("9999"), expected, "{} {name} above the table: {above}", row("standard"));
    }
    assert_eq!(points, 166);
}

#[test]
fn hj_633_levels_words_and_colours() {
    for row in rows("aqi_levels") {
        let lowest = row("aqi_min").split(' ').next().unwrap().parse().unwrap();
        for index in [lowest, row("aqi_max").parse().unwrap()] {
            let level = Level::of(index);
            assert_eq!(level.number.to_string(), row("level"));
            assert_eq!(
                [&level.zh, &level.colour_zh, &level.rgb],
                [&row("category_zh"), &row("colour_zh"), &row("rgb_hex")]
            );
        }
    }
}

#[test]
fn gb_3095_tables_1_and_2() {
    let editions = [("2012", Edition::E2012), ("2026_transition", Edition::E2026), ("2031", Edition::E2031)];
    for row in rows("gb3095_limits") {
        let limit = AirLimit::of(&row("pollutant"), &row("averaging")).unwrap();
        assert_eq!(limit.unit, row("unit"));
        for (name, edition) in editions {
            for (grade, of) in [("grade1", Grade::One), ("grade2", Grade::Two)] {
                assert_eq!(
                    limit.value(edition, of),
                    Some(number(&row(&format!("{name}_{grade}")))),
                    "{}",
                    row("pollutant")
                );
            }
        }
    }
}

#[test]
fn gb_3838_table_1() {
    for row in rows("gb3838_table1") {
        let item = water::items().iter().find(|item| item.key == row("key")).unwrap();
        assert_eq!([&item.zh, &item.unit], [&row("item_zh"), &row("unit")]);
        assert_eq!(item.evaluated, row("counts_in_2011_evaluation") == "yes");
        for class in &WaterClass::ALL[..5] {
            let limit = item.limit(*class);
            assert_eq!(limit, row(class.en()).parse().ok(), "{} {class}", item.key);
            // At its limit a value is of the class, or of a better one with the same limit.
            assert!(limit.is_none_or(|limit| item.class(limit) <= *class), "{} {class}", item.key);
        }
    }
}

#[test]
fn gb_3838_tables_2_and_3() {
    for (table, name) in [(2, "gb3838_table2"), (3, "gb3838_table3")] {
        let of_table = water::source_items().iter().filter(|item| item.table == table);
        for (item, row) in of_table.zip(rows(name)) {
            assert_eq!((item.zh.clone(), item.limit), (row("item_zh"), number(&row("limit"))));
            let judged = |value| water::judge_source(&[(&item.zh, value)], Body::River).unwrap().complies();
            assert!(judged(item.limit), "{} at its limit", item.zh);
            assert!(!judged(item.limit.checked_mul(number("1.01")).unwrap()), "{} above it", item.zh);
        }
    }
}

#[test]
fn gb_3096_gb_12348_and_gb_12523_limits() {
    for row in rows("noise_limits") {
        let zone = NoiseZone::from_key(row("zone").split(',').next().unwrap_or_default());
        let limit = match row("standard").as_str() {
            "GB 3096-2008" => NoiseLimit::of_zone(zone.unwrap()),
            "GB 12348-2008" => NoiseLimit::of_factory(zone.unwrap_or(NoiseZone::Zone4a)),
            "GB 22337-2008" => NoiseLimit::of_social_life(zone.unwrap_or(NoiseZone::Zone4a)),
            "GB 12523-2011" => NoiseLimit::of_site(date(2025, 12, 31)),
            "GB 12523-2025" => NoiseLimit::of_site(date(2026, 1, 1)),
            "GB 12348-2008 indoor structure-borne" => {
                let written = |column: &str| {
                    let cell = row(column);
                    let numbers: Vec<u8> = cell.split(' ').filter_map(|word| word.parse().ok()).collect();
                    [numbers[0], numbers[1]]
                };
                let rooms = |period| [Room::A, Room::B].map(|room| noise::indoor_limit(zone.unwrap(), room, period));
                assert_eq!([rooms(Period::Day), rooms(Period::Night)], [written("day_db"), written("night_db")]);
                continue;
            }
            other => panic!("{other} is not asked"),
        };
        let limit = limit.unwrap();
        assert_eq!(
            [limit.of(Period::Day).to_string(), limit.of(Period::Night).to_string()],
            [row("day_db"), row("night_db")]
        );
    }
}

#[test]
fn hj_640_grades() {
    for row in rows("hj640_grades") {
        let what = if row("kind").starts_with("区域") { TownNoise::Area } else { TownNoise::Road };
        let period = if row("period") == "昼间" { Period::Day } else { Period::Night };
        for (number, name) in (1_u8..).zip(row("names").split('/')) {
            let level: f64 = match number {
                5 => row("grade4_max").parse::<f64>().unwrap() + 0.1,
                _ => row(&format!("grade{number}_max")).parse().unwrap(),
            };
            let grade = what.grade(DecibelA::new(level).unwrap(), period).unwrap();
            assert_eq!((grade.number, grade.zh.as_str()), (number, name), "{} {level}", row("kind"));
        }
    }
}

#[test]
fn gb_13271_and_gb_18918_limits() {
    let effluent = |item: &str| Effluent {
        temperature: if item.contains("<= 12") { number("12") } else { number("20") },
        built: if item.contains("2005") { date(2005, 12, 31) } else { date(2006, 1, 1) },
    };
    let grade = |class: &str| match class {
        "1B" => SewageGrade::B1,
        "2" => SewageGrade::Second,
        "3" => SewageGrade::Third,
        _ => SewageGrade::A1,
    };
    let (mut boilers, mut plants) = (0, 0);
    for row in rows("emission_limits") {
        let (class, item) = (row("class"), row("item"));
        match row("standard").as_str() {
            "GB 13271-2014" if class != "all" => {
                let boiler = [Boiler::Coal, Boiler::Oil, Boiler::Gas]
                    [["燃煤锅炉", "燃油锅炉", "燃气锅炉"].iter().position(|known| *known == class).unwrap()];
                let table = [BoilerTable::InUse, BoilerTable::New, BoilerTable::Special]
                    [row("table")[6..7].parse::<usize>().unwrap() - 1];
                let (limit, _) = emission::boiler_limit(boiler, table, &item).unwrap();
                assert_eq!(limit, Quantity::of(number(row("limit").split(' ').next().unwrap())), "{class} {item}");
                boilers += 1;
            }
            "GB 18918-2002" => {
                let name = item.split(" (").next().unwrap();
                let found = emission::sewage_limit(name, grade(&class), effluent(&item)).unwrap();
                assert_eq!((found.item.clone(), found.written.clone()), (item.clone(), row("limit")));
                assert_eq!(found.value == LimitValue::None, row("limit") == "-", "{item}");
                plants += 1;
            }
            _ => {}
        }
    }
    assert_eq!((boilers, plants), (30, 63));
}

#[test]
fn categories_of_hazardous_waste() {
    for row in rows("hw_categories") {
        let number = row("code")[2..].parse().unwrap();
        assert_eq!(WasteCategory::of(number).unwrap().zh, row("name_zh"));
    }
}

#[test]
fn validity_of_means_and_percentiles() {
    let rules: Vec<(String, String)> = rows("air_validity").iter().map(|row| (row("rule"), row("value"))).collect();
    let value = |rule: &str| rules.iter().find(|(name, _)| name == rule).unwrap().1.clone();
    assert_eq!(value("hour_min_minutes"), emission::HOUR_NEEDS_MINUTES.to_string());
    assert!(value("year_min_days").starts_with(&air::YEAR_NEEDS.to_string()));
    let keys: Vec<String> = air::Indicator::ALL.iter().map(|indicator| indicator.key()).collect();
    for (item, percent) in [("so2", 98), ("no2", 98), ("pm10", 95), ("pm2_5", 95), ("co", 95), ("o3_8h", 90)] {
        assert!(keys.contains(&format!("{item}_p{percent}")), "{item}: {}", value("percentile_year"));
    }
}
