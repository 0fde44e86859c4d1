//! Files as other programs write them: read, or refused by name with line and column, never judged mildly in silence.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use test_case::test_case;

const HEADS: &str = "station,time,pm2_5,pm10,so2,no2,o3,co";
const DAY: &str = "A,2020-05-01,10,41,0.5,60,53,36,52,2,no2+pm10+pm2_5\n";

fn bilan(arguments: &[&str], file: impl Into<Vec<u8>>) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("bilan").unwrap();
    command.args(arguments).write_stdin(file).assert()
}

/// A day of hours, each stamped as `time` writes the hour 1 to 24.
fn day(time: impl Fn(u8) -> String) -> String {
    let rows = (1..=24).map(|hour| format!("A,{},36,53,10,41,60,0.5\n", time(hour)));
    format!("{HEADS}\n{}", rows.collect::<String>())
}

fn plain() -> String {
    day(|hour| if hour == 24 { "2020-05-02T00:00".to_owned() } else { format!("2020-05-01T{hour:02}:00") })
}

#[test_case(day(|hour| format!("2020-05-01T{hour:02}:00")); "hour 24")]
#[test_case(day(|hour| format!("2020/5/1 {hour}:00")); "a spreadsheet")]
#[test_case(day(|hour| format!("2020.05.01 {hour}:00:00")); "points")]
#[test_case(day(|hour| format!("2020年5月1日 {hour}时")); "Chinese")]
#[test_case(day(|hour| format!("20200501{hour:02}")); "no marks")]
#[test_case(day(|hour| format!("{:.10}", 43952.0 + f64::from(hour) / 24.0)); "day numbers")]
#[test_case(plain().replace(",0.5", ",5E-01").replace(",36,", ",3.6E+01,"); "scientific")]
#[test_case(plain().replace(",36,", ",３６,"); "full width")]
#[test_case(plain().replace(",0.5", ",0.50000000000000004"); "noise of binary fractions")]
#[test_case(plain().replace(',', ";"); "semicolons")]
#[test_case(plain().replace(',', "\t"); "tabs")]
#[test_case(plain().replace('\n', "\r\n"); "line breaks of two bytes")]
#[test_case(plain().replace('\n', "\r"); "carriage returns")]
#[test_case(plain().replace('\n', ",\n"); "a separator at the end")]
#[test_case(format!("{}\n,,,,,,,\n", plain()); "a blank row")]
#[test_case(format!("2020年5月空气质量,,,,,,,\n{}", plain()); "a title")]
#[test_case(plain().replace(HEADS, "站点,时间,PM2.5(μg/m³),PM10(μg/m³),二氧化硫,二氧化氮（μg/m3）,臭氧,CO(mg/m3)"); "Chinese heads with units")]
#[test_case(plain().replace(HEADS, "STATION,TIME,A34004,A34002,A21026,A21004,A05024,A21005"); "codes in upper case")]
#[test_case(plain().replace(HEADS, "station,time,pm2_5,pm10,so2,no2,o3,co(ug/m3)").replace(",0.5", ",500"); "carbon monoxide in micrograms")]
#[test_case(format!("{}A,2020-05-01T05:00,36,53,10,41,60,0.5\n", plain()); "an hour twice")]
fn a_day_is_read_however_it_was_written(file: String) {
    let judged = format!("station,date,so2,no2,co,o3_8h,pm10,pm2_5,aqi,level,primary\n{DAY}");
    bilan(&["air", "daily"], file.clone()).success().stdout(judged.clone());
    let wide: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bilan(&["air", "daily"], wide).success().stdout(judged.clone());
    let (older, _, _) = encoding_rs::GB18030.encode(&file);
    bilan(&["air", "daily"], older.into_owned()).success().stdout(judged);
}

#[test_case("", "the file is empty"; "nothing")]
#[test_case("PK\u{3}\u{4}", "workbook"; "a workbook")]
#[test_case("time,pm2_5\n2020-05-01T01:00,1\n", "the column station is missing; the file heads its columns time, pm2_5"; "no stations")]
#[test_case("station,time,PM2.5浓度\nA,2020-05-01T01:00,1\n", "column 3 (PM2.5浓度) is not known"; "an unknown column")]
#[test_case("station,time,o3(ppb)\nA,2020-05-01T01:00,1\n", "column 3 (o3(ppb)): O3 is given in a unit"; "another unit")]
#[test_case("station,time,pm2_5,PM2.5\nA,2020-05-01T01:00,1,2\n", "columns 3 (pm2_5) and 4 (PM2.5) hold the same item"; "an item twice")]
#[test_case("station,time,pm2_5\nA,2020-05-01T01:30,1\n", "line 2: 2020-05-01T01:30 is not the end of an hour"; "half an hour")]
#[test_case("station,time,pm2_5\nA,5/1/2020 1:00,1\n", "line 2: 5/1/2020 1:00 is no time"; "a day before its month")]
#[test_case("station,time,pm2_5\nA,2020-05-01T01:00,ND\n", "line 2, column pm2_5: ND"; "not detected without a limit")]
#[test_case("station,time,pm2_5\nA,2020-05-01T01:00,\"1,000\"\n", "line 2, column pm2_5: 1,000"; "thousands")]
#[test_case("station,time,pm2_5\nA,2020-05-01T01:00,1e12\n", "line 2, column pm2_5: the value is too large"; "too large")]
#[test_case("station,time,pm2_5\n,2020-05-01T01:00,1\n", "line 2: the row names no station"; "a row without a station")]
#[test_case("station,time,pm2_5\nA,2020-05-01T01:00,1\nA,2020-05-01T01:00,2\n", "line 3: A has"; "two values for an hour")]
#[test_case("station,time,O3,O3_24h\nA,2020-05-01T01:00,9,8\n", "bilan air from-national"; "the national feed")]
fn what_cannot_be_read_is_refused_by_name(file: &str, named: &str) {
    for command in ["daily", "hourly", "stats", "periods", "rank"] {
        bilan(&["air", command], file).code(1).stderr(contains(named));
    }
}

#[test]
fn extreme_air_never_has_a_mild_index() {
    bilan(&["air", "daily"], plain().replace(",60,", ",900,")).success().stdout(contains(",900,53,36,350,6,o3_8h\n"));
    bilan(&["air", "daily", "--edition", "2026"], plain().replace(",60,", ",900,"))
        .success()
        .stdout(contains(",300,5,o3_8h\n"));
    let hour = format!("{HEADS}\nA,2020-05-01T10:00,20,30,900,30,60,0.5\n");
    bilan(&["air", "hourly"], hour.clone()).success().stdout(contains("A,2020-05-01T10:00,213,5,so2\n"));
    bilan(&["air", "hourly", "--edition", "2026"], hour).success().stdout(contains(",200,4,so2\n"));
}

#[test]
fn sentinels_are_missing_and_said() {
    let file = format!("{HEADS}\nA,2020-05-01T10:00,20,30,-999,30,60,0.5\n");
    let said = contains("1 cells below zero were taken for missing, the first on line 2");
    bilan(&["air", "hourly"], file).success().stdout(contains("A,2020-05-01T10:00,30,1,\n")).stderr(said);
}

#[test]
fn columns_that_are_not_judged_are_named_and_others_can_be_passed_over() {
    let file = "station,time,pm2_5,pm10,气温(℃),备注,自编列\nA,2020-05-01T10:00,20,30,21,x,7\n";
    bilan(&["air", "hourly"], file).code(1).stderr(contains("column 7 (自编列)").and(contains("--ignore '自编列'")));
    let passed = contains("columns that have no part in the result: 气温(℃), 备注");
    bilan(&["air", "hourly", "--ignore", "自编列"], file).success().stdout(contains(",30,1,\n")).stderr(passed);
    bilan(&["air", "hourly", "--ignore", "other"], file)
        .code(1)
        .stderr(contains("--ignore other: there is no such column"));
}

#[test]
fn the_hours_of_the_national_feed_are_taken_from_the_right_fields() {
    let feed = "StationCode,PositionName,TimePoint,AQI,SO2,NO2,PM10,PM2_5,CO,O3,O3_24h\n1001A,万寿西宫,2017-07-07T16:00:00,55,1,13,45,37,0.8,170,164\n1002A,定陵,2017-07-07T16:00:00,50,3,6,—,14,0.5,179,160\n";
    let hours = "station,time,pm2_5,pm10,so2,no2,o3,co\n1001A,2017-07-07T16:00,37,45,1,13,164,0.8\n1002A,2017-07-07T16:00,14,,3,6,160,0.5\n";
    bilan(&["air", "from-national"], feed).success().stdout(hours);
    let judged = "station,time,aqi,level,primary\n1001A,2017-07-07T16:00,55,2,o3\n1002A,2017-07-07T16:00,50,1,\n";
    bilan(&["air", "hourly", "--missing", "others"], hours).success().stdout(judged);
    bilan(&["air", "hourly"], hours).success().stdout(contains("1002A,2017-07-07T16:00,,,\n"));
    let named = feed.replace("170,164", "160,164");
    bilan(&["air", "from-national"], named).code(1).stderr(contains("line 2: O3_24h is above O3"));
}

#[test]
fn a_night_of_one_hour_has_no_verdict() {
    let day: String = (7..=22).map(|hour| format!("N,2020-05-01T{hour:02}:00,50\n")).collect();
    let file = format!("station,time,leq\n{day}N,2020-05-01T23:00,30\n");
    bilan(&["noise", "levels"], file.clone()).success().stdout(contains("N,2020-05-01,50.0,30.0,,,16,1\n"));
    bilan(&["noise", "levels", "--night-hours", "1"], file).success().stdout(contains(",compliant,16,1\n"));
}

#[test]
fn a_sample_of_water_is_judged_by_every_column_or_not_at_all() {
    for heads in ["w01009,W21003", "w01009,氨氮(mg/L)", "溶解氧,NH3-N"] {
        let file = format!("station,time,{heads}\nA,2020-05-01T08:00,8.0,5.0\n");
        bilan(&["water", "classify"], file).success().stdout(contains("worse than V,NH3-N,NH3-N:4.00"));
    }
    let file = "station,time,w01009,氨氮含量\nA,2020-05-01T08:00,8.0,5.0\n";
    bilan(&["water", "classify"], file)
        .code(1)
        .stdout("station,time,class,deciding,over\n")
        .stderr(contains("column 4 (氨氮含量)"));
}
