//! Real measurements of the national network against results computed apart from this crate.

use std::{collections::BTreeMap, io::Read};

use bilan_standards::{
    air::{Edition, HourlyAir, Item, daily},
    rounding::Rational,
};
use jiff::{
    ToSpan,
    civil::{Date, DateTime},
};

/// The results computed apart leave ozone above its eight-hour column out of the index. Note 2 of table 1 of HJ 633-2012 gives such a day the index of its
/// largest hour: 1071 µg/m³ lies at 435.5.
const BY_THE_LARGEST_HOUR: [&str; 2] =
    ["Dongsi,2013-08-16,6,63,1.8,1065,165,139,185,4,pm2_5", "Dongsi,2013-08-16,6,63,1.8,1065,165,139,436,6,o3_8h"];

#[test]
fn dongsi_2013_to_2017_is_reproduced_exactly() {
    let mut text = String::new();
    let packed: &[u8] = include_bytes!("data/Dongsi.input.csv.gz");
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("station,time,pm2_5,pm10,so2,no2,o3,co"));
    let columns = [Item::Pm25, Item::Pm10, Item::So2, Item::No2, Item::O3, Item::Co];
    let mut days: BTreeMap<Date, HourlyAir> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let begins = cells[1].parse::<DateTime>().unwrap() - 1.hour();
        let day = days.entry(begins.date()).or_default();
        for (item, cell) in columns.into_iter().zip(&cells[2..]) {
            if !["", "NA"].contains(cell) {
                day.set(item, begins.hour().try_into().unwrap(), cell.parse::<Rational>().unwrap());
            }
        }
    }
    let mut expected = include_str!("data/Dongsi.daily.expected.csv").lines();
    assert_eq!(expected.next(), Some("station,date,so2,no2,co,o3_8h,pm10,pm2_5,aqi,level,primary"));
    let mut judged = 0;
    for line in expected {
        let line = if line == BY_THE_LARGEST_HOUR[0] { BY_THE_LARGEST_HOUR[1] } else { line };
        let date: Date = line.split(',').nth(1).unwrap().parse().unwrap();
        let air = daily(&days[&date], Edition::on(date));
        let values = Item::ALL.map(|item| air.statistics.get(item).map_or(String::new(), |value| value.text(item)));
        let index = air
            .aqi
            .map_or(",,".to_owned(), |aqi| format!("{},{},{}", aqi.value, aqi.level.number, aqi.primary_text_of_day()));
        assert_eq!(format!("Dongsi,{date},{},{index}", values.join(",")), line);
        judged += 1;
    }
    assert!(judged > 1400 && judged == days.len(), "{judged} of {}", days.len());
}
