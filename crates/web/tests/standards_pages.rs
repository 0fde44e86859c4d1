//! Pages that judge months and years by the standards, each verdict followed down to the numbers that it comes from.

#[path = "live_bureau/mod.rs"]
mod live_bureau;

use axum::http::StatusCode;
use bilan_records::catalogue::Role;
use live_bureau::{Bureau, SIX};

#[tokio::test]
async fn a_day_of_air_can_be_followed_from_its_hours_to_its_index() {
    let bureau = Bureau::open();
    let mut values = SIX.to_vec();
    // 60.5 in the mean, printed half to even as 60; a day of 19 hours before has no index.
    for (day, hours) in [("20261122", 24), ("20261121", 19)] {
        for hour in 0..hours {
            values[0].1 = if hour % 2 == 0 { "60" } else { "61" };
            bureau.sends("A1", "2061", &format!("{day}{hour:02}0000"), &values);
        }
    }
    let day = bureau.page(Role::Duty, "/air/day?station=ZD-A&day=2026-11-22").await;
    assert_eq!(day.status, StatusCode::OK);
    for shown in ["AQI 100", "60.5", "(100 − 50) ÷ (60 − 35) × (60 − 35) + 50", "HJ 633-2026 4.2.2"] {
        assert!(day.text.contains(shown), "{shown}: {}", day.near("day-verdict"));
    }
    let short = bureau.page(Role::Duty, "/air/day?day=2026-11-21").await;
    assert!(short.text.contains("没有 AQI") && !short.text.contains("AQI 100"), "{}", short.near("day-verdict"));

    let year = bureau.page(Role::Duty, "/air?station=ZD-A&year=2026&target=90").await;
    assert!(year.text.contains(r#"data-testid="good-days">1<small>/1"#), "{}", year.near("good-days"));
    // One of 40 days with an index; 36 are needed, 39 are to come.
    assert!(year.text.contains(r#"data-testid="needed-days">35<small>/39"#), "{}", year.near("needed-days"));
    assert!(year.text.contains(r#"title="2026-11-22 AQI 100 良 PM2.5""#), "{}", year.near("2026-11-22"));
    assert!(year.text.contains("GB 3095-2012") && year.text.contains("GB 3095-2026"), "both editions of the year");
    let table = bureau.page(Role::Duty, "/air/attainment.csv?station=ZD-A&year=2026").await;
    assert!(table.text.contains("pm2_5_p95,60,,false,GB 3095-2026,60,1.01,true"), "kept as printed: {}", table.text);
    assert_eq!(table.text.matches("GB 3095-2012").count(), table.text.matches("GB 3095-2026").count());
    let why = bureau.page(Role::Duty, "/air/indicator?station=ZD-A&year=2026&indicator=pm2_5_p95").await;
    assert!(why.text.contains("k = 1 + (1 − 1) × 95 ÷ 100 = 1.00"), "{}", why.near("indicator-verdict"));
    assert!(why.text.contains(r#"/air/day?station=ZD-A&amp;day=2026-11-22"#) && why.text.contains("60.5"));
    for nothing in ["good_days", "gold"] {
        let address = format!("/air/indicator?station=ZD-A&year=2026&indicator={nothing}");
        assert_eq!(bureau.page(Role::Duty, &address).await.status, StatusCode::NOT_FOUND);
    }
    let file = bureau.page(Role::Duty, "/air/days.csv?station=ZD-A&year=2026").await;
    assert!(file.text.contains("2026-11-22,") && file.text.contains(",60,100,良,pm2_5,HJ 633-2026"), "{}", file.text);
    assert_eq!(file.text.lines().count(), 3, "{}", file.text);
    assert_eq!(bureau.page(Role::Enterprise, "/air").await.status, StatusCode::FORBIDDEN);
    assert_eq!(bureau.page(Role::Duty, "/air?year=x").await.status, StatusCode::BAD_REQUEST, "rubbish is named");
}

#[tokio::test]
async fn hours_that_come_late_stand_on_the_page_at_once() {
    let bureau = Bureau::open();
    let send = |hours: std::ops::Range<i32>| {
        for hour in hours {
            bureau.sends("A1", "2061", &format!("20261121{hour:02}0000"), &SIX);
        }
    };
    send(0..19);
    let days = || bureau.page(Role::Duty, "/air/days.csv?station=ZD-A&year=2026");
    let before = days().await.text;
    assert!(before.contains("2026-11-21,") && !before.contains("HJ 633-2026,"), "{before}");
    assert!(before.contains(",,,,HJ 633-2026"), "19 hours have no index: {before}");
    send(19..24);
    let after = days().await.text;
    assert!(!after.contains(",,,,HJ 633-2026"), "24 hours have one: {after}");
    let ranked = bureau.page(Role::Duty, "/air/ranking.csv?period=2026-11").await.text;
    assert!(ranked.contains("ZD-A"), "{ranked}");
}

/// Numbers of a table's rows, as a reader of the page sees them.
fn table_after(page: &str, heading: &str) -> Vec<Vec<f64>> {
    let body = page.split(heading).nth(1).and_then(|rest| rest.split("<tbody>").nth(1)?.split("</tbody>").next());
    let plain = |cell: &str| cell.split('<').next().unwrap_or_default().trim().parse().ok();
    let row = |row: &str| row.split(r#"<td class="number">"#).skip(1).filter_map(plain).collect();
    body.unwrap_or_default().split("<tr>").skip(1).map(row).collect()
}

#[tokio::test]
async fn the_verdict_of_a_day_follows_by_hand_from_the_numbers_that_its_page_shows() {
    let bureau = Bureau::open();
    for hour in 0..24 {
        let fine = (58 + hour % 7).to_string();
        let ozone = (60 + 9 * (12 - i32::abs(14 - hour))).to_string();
        let mut values = SIX.to_vec();
        for (code, value) in [("a34004", fine.as_str()), ("a05024", ozone.as_str())] {
            let known = values.iter_mut().find(|(factor, _)| *factor == code).unwrap();
            known.1 = value;
        }
        bureau.sends("A1", "2061", &format!("20261122{hour:02}0000"), &values);
    }
    let page = bureau.page(Role::Duty, "/air/day?station=ZD-A&day=2026-11-22").await;
    let hours = table_after(&page.text, "hours-table");
    assert_eq!((hours.len(), hours[0].len()), (24, 6), "{}", page.near("hours-table"));
    // SO2, NO2, CO, O3, PM10, PM2.5: by hand, with the lines of HJ 633-2026 that hold today's values.
    let mean = |item: usize| hours.iter().map(|row| row[item]).sum::<f64>() / 24.0;
    let eight = |end: usize| hours[end - 8..end].iter().map(|row| row[3]).sum::<f64>() / 8.0;
    let ozone = (8..=24).map(eight).fold(0.0, f64::max);
    let lines = |value: f64, table: &[(f64, f64)]| {
        let at = table.iter().position(|(concentration, _)| value <= *concentration).unwrap().max(1);
        let ((low, below), (high, above)) = (table[at - 1], table[at]);
        ((above - below) * (value - low) / (high - low) + below - 1e-9).ceil()
    };
    let fine = lines(mean(5).round(), &[(0.0, 0.0), (35.0, 50.0), (60.0, 100.0), (115.0, 150.0)]);
    let ozone = lines(ozone.round(), &[(0.0, 0.0), (100.0, 50.0), (160.0, 100.0), (215.0, 150.0)]);
    let coarse = lines(mean(4).round(), &[(0.0, 0.0), (50.0, 50.0), (120.0, 100.0), (250.0, 150.0)]);
    let largest = fine.max(ozone).max(coarse);
    assert!(page.text.contains(&format!("<strong>AQI {largest}</strong>")), "{largest}: {}", page.near("day-verdict"));
    assert!((50.0..=150.0).contains(&largest));
}

#[tokio::test]
async fn a_month_of_water_can_be_followed_from_its_means_to_its_class() {
    let bureau = Bureau::open();
    for (time, ammonia) in [("20261005080000", "0.8"), ("20261110080000", "1.3"), ("20261110120000", "1.2")] {
        bureau.sends("W1", "2061", time, &[("w01009", "6.9"), ("w21003", ammonia), ("w21001", "9")]);
    }
    let rivers = bureau.page(Role::Duty, "/water?year=2026").await;
    assert_eq!(rivers.status, StatusCode::OK);
    assert!(rivers.text.contains(r#"title="Ⅳ类 氨氮(0.25)""#), "{}", rivers.near("water-4"));
    assert!(rivers.text.contains("有所下降"), "October was of class III: {}", rivers.near("badge"));
    assert!(rivers.text.contains("1/2"), "one of two months met the target");
    let month = bureau.page(Role::Duty, "/water/month?station=ZD-W&month=2026-11").await;
    for shown in ["Ⅳ类", "1.25", "0.25", "不参评"] {
        assert!(month.text.contains(shown), "{shown}: {}", month.near("month-verdict"));
    }
    let file = bureau.page(Role::Duty, "/water/classes.csv?year=2026").await;
    assert!(file.text.contains("2026-11,Ⅳ类,Ⅲ类,false,氨氮"), "{}", file.text);
    assert_eq!(bureau.page(Role::Duty, "/water/month?station=NONE").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bureau.page(Role::Enterprise, "/water").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn stations_are_ranked_and_their_periods_compared() {
    let bureau = Bureau::open();
    for (day, fine) in [("20251022", "80"), ("20261022", "61")] {
        let mut values = SIX.to_vec();
        values[0].1 = fine;
        for hour in 0..24 {
            bureau.sends("A1", "2061", &format!("{day}{hour:02}0000"), &values);
        }
    }
    let ranking = bureau.page(Role::Duty, "/air/ranking?period=2026-10").await;
    assert_eq!(ranking.status, StatusCode::OK);
    assert_eq!(ranking.text.matches(r#"data-testid="air-place""#).count(), 1, "{}", ranking.near("air-place"));
    assert!(ranking.text.contains("天数不足"), "one day is no month: {}", ranking.near("air-place"));
    let file = bureau.page(Role::Duty, "/air/ranking.csv?period=2026-10").await;
    assert!(file.text.contains("1,ZD-A,") && file.text.contains(",pm2_5,0,1,false"), "{}", file.text);

    let periods = bureau.page(Role::Duty, "/air/periods?station=ZD-A&year=2026").await;
    // A month, its quarter and the year.
    assert_eq!(periods.text.matches(r#"data-testid="air-period""#).count(), 3, "{}", periods.near("air-period"));
    assert!(periods.text.contains("80 · -23.8%"), "{}", periods.near("-23"));
    // 61 µg/m³ are a good day by the table of 2012 alone.
    assert!(periods.text.contains("HJ 633-2012: 0/1 → 1/1") && periods.text.contains("HJ 633-2026: 0/1 → 0/1"));
    let file = bureau.page(Role::Duty, "/air/periods.csv?station=ZD-A&year=2026").await;
    assert_eq!(file.text.lines().count(), 4, "{}", file.text);
    for address in ["/air/ranking?period=x", "/air/periods?year=x"] {
        assert_eq!(
            bureau.page(Role::Duty, address).await.status,
            StatusCode::BAD_REQUEST,
            "rubbish is named: {address}"
        );
        let page = address.split('?').next().unwrap();
        assert_eq!(bureau.page(Role::Enterprise, page).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_day_of_noise_can_be_followed_from_its_hours_to_its_verdict() {
    let bureau = Bureau::open();
    for hour in 6..22 {
        bureau.sends("N1", "2061", &format!("20261121{hour:02}0000"), &[("Leq", "58.0")]);
    }
    for (day, hours) in [("20261121", 22..24), ("20261122", 0..6)] {
        for hour in hours {
            bureau.sends("N1", "2061", &format!("{day}{hour:02}0000"), &[("Leq", "50.4")]);
        }
    }
    // An instrument that is dead says 0 dB for hours: that is no quiet night.
    for hour in 6..22 {
        let level = if hour < 17 { "58.0" } else { "0.0" };
        bureau.sends("N1", "2061", &format!("20261119{hour:02}0000"), &[("Leq", level)]);
    }
    let month = bureau.page(Role::Duty, "/noise?month=2026-11").await;
    assert_eq!(month.status, StatusCode::OK);
    assert!(month.text.contains("100.0%") && month.text.contains("0.0%"), "{}", month.near("noise-zone"));
    let day = bureau.page(Role::Duty, "/noise/day?station=ZD-N&day=2026-11-21").await;
    for shown in ["夜间超标", "Ldn 59.0", "58.0 dB(A)", "50.4 dB(A)", "630957", "11-22 05:00"] {
        assert!(day.text.contains(shown), "{shown}: {}", day.near("noise-verdict"));
    }
    let morning = bureau.page(Role::Duty, "/noise/day?station=ZD-N&day=2026-11-22").await;
    assert!(morning.text.contains("不作评价"), "the night before is not its own: {}", morning.near("noise-verdict"));
    let file = bureau.page(Role::Duty, "/noise/days.csv?month=2026-11").await;
    assert!(file.text.contains("2,2026-11-21,58.0,50.4,59.0,16,8,night_over"), "{}", file.text);
    assert!(file.text.contains("2,2026-11-19,58.0,,,11,0,"), "hours of 0 dB do not count: {}", file.text);
    assert_eq!(bureau.page(Role::Duty, "/noise/day?station=NONE").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bureau.page(Role::Enterprise, "/noise").await.status, StatusCode::FORBIDDEN);
}
