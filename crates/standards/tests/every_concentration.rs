//! Every concentration that can be printed, from zero to far above the table, in every column and edition, against an index found by counting.

use bilan_standards::air::{Column, Concentration, Edition, Iaqi, Item, iaqi};

const TABLE: &str = include_str!("../data/aqi_breakpoints.tsv");
const INDEXES: [u64; 8] = [0, 50, 100, 150, 200, 300, 400, 500];

fn column(name: &str) -> Column {
    let (item, time) = name.split_once('_').expect("item and averaging time");
    let item = Item::ALL.into_iter().find(|known| known.name() == item).expect("an item of the index");
    if time == "1h" { Column::Hour(item) } else { Column::Day(item) }
}

/// The smallest whole index that is not below the straight line between two lines of the table: found by going up, without any division.
fn counted((low, index_low): (u64, u64), (high, index_high): (u64, u64), c: u64) -> u64 {
    let line = (index_high - index_low) * (c - low) + index_low * (high - low);
    (index_low..).find(|index| index * (high - low) >= line).expect("the line ends at the index above")
}

#[test]
fn every_concentration_has_the_index_that_counting_finds() {
    let mut tried = 0;
    for row in TABLE.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let edition = if cells[0] == "HJ 633-2012" { Edition::E2012 } else { Edition::E2026 };
        let scale = if cells[4] == "mg/m3" { 10 } else { 1 };
        let points: Vec<(u64, u64)> = cells[5..13]
            .iter()
            .zip(INDEXES)
            .map_while(|(cell, index)| Some((cell.parse::<u64>().ok()? * scale, index)))
            .collect();
        let last = points[points.len() - 1];
        for c in 0..=last.0 {
            let pair = points.windows(2).find(|pair| c <= pair[1].0).expect("within the table");
            let found = iaqi(column(cells[3]), Concentration::from_units(c as u32), edition);
            assert_eq!(found, Some(Iaqi(counted(pair[0], pair[1], c) as u16)), "{} {} {c}", cells[0], cells[3]);
            tried += 1;
        }
        let cap = cells[13].split(' ').next().and_then(|cap| cap.parse().ok()).map(Iaqi);
        for above in [last.0 + 1, last.0 * 2, 1_000_000] {
            assert_eq!(iaqi(column(cells[3]), Concentration::from_units(above as u32), edition), cap, "{row}");
        }
    }
    assert_eq!(tried, 27_922, "every column of both editions");
}

#[test]
fn carbon_monoxide_of_2_2_is_55_and_not_56() {
    assert_eq!(iaqi(Column::Day(Item::Co), Concentration::from_units(22), Edition::E2026), Some(Iaqi(55)));
}
