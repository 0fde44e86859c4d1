//! The live pages as people meet them: a station with its hour, events, the map's layers, warnings.

#[path = "live_bureau/mod.rs"]
mod live_bureau;

use axum::http::StatusCode;
use bilan_records::catalogue::Role;
use live_bureau::{Bureau, SIX};
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_station_of_air_shows_the_index_of_its_hour_with_standard_and_clause() {
    let bureau = Bureau::open();
    // Two values of PM2.5: their mean, 75 µg/m³, makes the index.
    for (time, pm25) in [("20261123200100", "70"), ("20261123200200", "80")] {
        let mut values = SIX.to_vec();
        values[0].1 = pm25;
        bureau.sends("A1", "2011", time, &values);
    }
    let page = bureau.page(Role::Duty, "/stations/ZD-A").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(r#"data-testid="hour-verdict">114<"#), "{}", page.near("hour-verdict"));
    assert!(page.text.contains("首要污染物 PM2.5"), "{}", page.near("verdict-detail"));
    assert!(page.text.contains("HJ 633-2026 第5.3.1条"), "{}", page.near("basis"));
    assert!(page.text.contains(r#"data-testid="provisional""#), "the hour is not over");
    // The last packet field by field, without its password.
    assert!(page.text.contains("a34004-Rtd") && page.text.contains("实时数据"));
    assert!(!page.text.contains("654321"), "the password of a device is never shown");
}

#[tokio::test]
async fn values_that_the_device_marks_as_bad_do_not_count() {
    let bureau = Bureau::open();
    bureau.sends("A1", "2011", "20261123200100", &SIX);
    bureau.sends_marked("A1", "20261123200200", "a34004", "999", "D");
    let page = bureau.page(Role::Duty, "/stations/ZD-A").await;
    assert!(page.text.contains(r#"data-testid="hour-verdict">62<"#), "{}", page.near("hour-verdict"));
    assert!(page.text.contains(r#"value-bad">999<"#), "it is shown, struck out");
}

#[tokio::test]
async fn ph_is_averaged_by_its_ions_on_the_page_of_its_station_and_in_its_class() {
    let bureau = Bureau::open();
    for (minute, ph) in ["5.0", "7.0", "5.0", "7.0"].iter().enumerate() {
        bureau.sends("W1", "2011", &format!("202611232001{minute:02}"), &[("w01001", ph)]);
    }
    let page = bureau.page(Role::Duty, "/stations/ZD-W").await;
    assert!(page.text.contains("5.30") && !page.text.contains("6.00"), "{}", page.near("本小时均值"));
    assert!(page.text.contains("定类因子 pH"), "{}", page.near("verdict-detail"));
    let address =
        "/history/series.json?station=ZD-W&factor=w01001&from=2026-11-23T20:00&to=2026-11-23T21:00&grain=hours";
    let history: Json = serde_json::from_str(&bureau.page(Role::Duty, address).await.text).unwrap();
    let mean = history["lines"][0]["points"][0]["value"].as_f64().unwrap();
    assert!((mean - 5.2967).abs() < 0.0001, "{history}");
}

#[tokio::test]
async fn an_hour_that_still_runs_does_not_count_in_the_history() {
    let bureau = Bureau::open();
    // Every minute of both hours; it is a quarter past eight.
    for (hour, minutes) in [(19, 60), (20, 15)] {
        for minute in 0..minutes {
            bureau.sends("W1", "2011", &format!("20261123{hour}{minute:02}00"), &[("w01009", "7.0")]);
        }
    }
    let address =
        "/history/series.json?station=ZD-W&factor=w01009&from=2026-11-23T19:00&to=2026-11-23T21:00&grain=hours";
    let history: Json = serde_json::from_str(&bureau.page(Role::Duty, address).await.text).unwrap();
    let points = history["lines"][0]["points"].as_array().unwrap();
    let counts: Vec<_> = points.iter().map(|point| point["valid"].as_bool()).collect();
    assert_eq!(counts, [Some(true), Some(false)], "{history}");
}

#[tokio::test]
async fn a_changed_unit_of_a_station_leaves_what_was_stored_as_it_was_and_converts_what_comes() {
    let bureau = Bureau::open();
    for (time, pm25) in [("20261123190100", "35"), ("20261123200100", "44")] {
        let mut values = SIX.to_vec();
        values[0].1 = pm25;
        bureau.sends("A1", "2011", time, &values);
    }
    let series = "/stations/ZD-A/series.json?factor=a34004&span=hour";
    let before = bureau.page(Role::Duty, series).await.text;
    assert!(before.contains("µg/m³") && before.contains("44"), "{before}");
    let milligrams = json!([{ "factor": "a34004", "name": "PM2.5", "unit": "mg/m³" }]);
    bureau.edits("station", "ZD-A", json!({ "factors": milligrams }));
    assert_eq!(bureau.page(Role::Duty, series).await.text, before);
    let mut values = SIX.to_vec();
    values[0].1 = "0.09";
    bureau.sends_scaled("A1", "20261123201400", &values, &[("a34004", 1000.0)]);
    let page = bureau.as_guest("/public/now").await;
    assert!(page.text.contains("PM2.5 90 µg/m³"), "{}", page.near("PM2.5"));
    assert!(!page.text.contains("严重污染"), "{}", page.near("district-aqi"));
    let station = bureau.page(Role::Duty, "/stations/ZD-A").await;
    assert!(station.text.contains("0.09 mg/m³"), "a packet is shown in its own unit: {}", station.near("a34004-Rtd"));
}

#[tokio::test]
async fn the_public_page_shows_factors_that_have_a_name_and_numbers_as_numbers() {
    let bureau = Bureau::open();
    let factors = json!([{ "factor": "w99051", "name": "透明度", "unit": "cm" }]);
    bureau.edits("station", "ZD-W", json!({ "factors": factors }));
    let values = [("w01009", "1e1"), ("zz9999", "6"), ("011", "3"), ("w99051", "+45.0")];
    bureau.sends("W1", "2011", "20261123200100", &values);
    let page = bureau.as_guest("/public/now").await;
    assert!(page.text.contains("溶解氧 10 mg/L") && !page.text.contains("1e1"), "{}", page.near("溶解氧"));
    assert!(page.text.contains("透明度 45 cm"), "the station's own list names it: {}", page.near("透明度"));
    assert!(!page.text.contains("zz9999") && !page.text.contains("011 3"), "{}", page.near("zz9999"));
    let inside = bureau.page(Role::Duty, "/stations/ZD-W").await;
    assert!(inside.text.contains("zz9999"), "the bureau sees what its devices send");
}

#[tokio::test]
async fn a_station_without_particles_says_what_is_missing() {
    let bureau = Bureau::open();
    bureau.sends("A1", "2011", "20261123200100", &SIX[2..]);
    let page = bureau.page(Role::Duty, "/stations/ZD-A").await;
    assert!(!page.text.contains("hour-verdict"));
    assert!(page.text.contains("PM10、PM2.5"), "{}", page.near("缺"));
}

#[tokio::test]
async fn water_and_noise_are_judged_against_target_and_zone() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2061", "20261123190000", &[("w01009", "6.9"), ("w21003", "1.2")]);
    bureau.sends("N1", "2011", "20261123200100", &[("LA", "57.2")]);
    let water = bureau.page(Role::Duty, "/stations/ZD-W").await;
    assert!(water.text.contains("定类因子 氨氮；目标Ⅲ类，未达标"), "{}", water.near("verdict-detail"));
    let noise = bureau.page(Role::Duty, "/stations/ZD-N").await;
    assert!(noise.text.contains("2类区昼间限值 60 dB(A)"), "{}", noise.near("verdict-detail"));
}

#[tokio::test]
async fn packets_are_found_by_time_and_show_no_password() {
    let bureau = Bureau::open();
    bureau.sends("A1", "2011", "20261123200100", &SIX);
    let found = bureau.page(Role::Duty, "/stations/ZD-A/packets").await;
    assert_eq!(found.text.matches(r#"data-testid="packet""#).count(), 1, "{}", found.near("packet"));
    assert!(found.text.contains("a34004-Rtd") && !found.text.contains("654321"));
    let earlier = bureau.page(Role::Duty, "/stations/ZD-A/packets?from=2026-11-22T00:00&to=2026-11-22T12:00").await;
    assert!(earlier.text.contains("这段时间没有收到报文"), "{}", earlier.near("empty"));
    for (role, address, status) in [
        (Role::Duty, "/stations/ZD-A/packets?from=gestern", StatusCode::UNPROCESSABLE_ENTITY),
        (Role::Duty, "/stations/NONE/packets", StatusCode::NOT_FOUND),
        (Role::Enterprise, "/stations/ZD-A/packets", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(bureau.page(role, address).await.status, status, "{address}");
    }
}

#[tokio::test]
async fn indexes_are_reckoned_for_the_hour_and_for_its_last_day() {
    let bureau = Bureau::open();
    let now = "2026-11-23T20:05:00+08:00".parse().unwrap();
    let reckoned = || -> Vec<(String, f64)> {
        let found = bilan_web::air_indexes(&bureau.ledger, &bureau.store, now).unwrap();
        found.into_iter().map(|index| (index.series.factor, index.value)).collect()
    };
    for hour in 5..20 {
        bureau.sends("A1", "2061", &format!("20261123{hour:02}0000"), &SIX);
    }
    let page = bureau.page(Role::Duty, "/stations/ZD-A").await;
    assert!(page.text.contains(r#"data-testid="hour-verdict">62<"#), "{}", page.near("hour-verdict"));
    assert_eq!(reckoned(), [("aqi".to_owned(), 62.0)], "fifteen hours are no day");
    for hour in 0..5 {
        bureau.sends("A1", "2061", &format!("20261123{hour:02}0000"), &SIX);
    }
    let indexes = reckoned();
    assert_eq!((indexes.len(), indexes[1].0.as_str()), (2, "aqi_24h"));
    let fresh = bilan_web::air_indexes(&bureau.ledger, &bureau.store, now).unwrap();
    bureau.store.derive(fresh, now).await.unwrap();
    assert_eq!(reckoned(), [], "what is stored as it is is not stored again");
}

#[tokio::test]
async fn any_span_is_shown_in_the_grain_that_fits_it() {
    let bureau = Bureau::open();
    for (time, value) in [("20261123180000", "0.6"), ("20261123190000", "1.2")] {
        bureau.sends("W1", "2061", time, &[("w21003", value)]);
    }
    bureau.sends("W1", "2011", "20261123200100", &[("w21003", "1.5")]);
    let ask = async |query: &str| -> Json {
        let answer = bureau.page(Role::Duty, &format!("/history/series.json?station=ZD-W&factor=w21003&{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        serde_json::from_str(&answer.text).unwrap()
    };
    let week = ask("from=2026-11-17T00:00&to=2026-11-24T00:00").await;
    assert_eq!(week["grain"], "hours");
    let values: Vec<_> = week["lines"][0]["points"].as_array().unwrap().iter().map(|point| &point["value"]).collect();
    assert_eq!(values, [0.6, 1.2, 1.5]);
    let year = ask("from=2026-01-01T00:00&to=2026-11-24T00:00").await;
    assert_eq!((&year["grain"], year["lines"][0]["points"].as_array().unwrap().len()), (&Json::from("days"), 1));
    let hour = ask("from=2026-11-23T20:00&to=2026-11-23T20:30").await;
    assert_eq!((&hour["grain"], &hour["lines"][0]["points"][0]["value"]), (&Json::from("instants"), &Json::from(1.5)));

    let page = bureau.page(Role::Duty, "/history?station=ZD-W&factor=w21003").await;
    assert!(page.text.contains("氨氮") && page.text.contains("1.200"), "{}", page.near("hours-table"));
    let file = bureau.page(Role::Duty, "/history/values.csv?station=ZD-W&factor=w21003").await;
    assert_eq!(file.text.lines().count(), 4, "{}", file.text);
    assert!(file.text.contains(",2026-11-23T19:00:00+08:00,3600,0.6,"), "an hour at its end: {}", file.text);
    let days = bureau.page(Role::Duty, "/history/values.csv?station=ZD-W&factor=w21003&grain=days").await;
    assert!(days.text.contains(",2026-11-24T00:00:00+08:00,86400,"), "a day at its end, too: {}", days.text);
    assert_eq!(bureau.page(Role::Enterprise, "/history").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_our_checks_doubt_is_said_and_still_counts() {
    let bureau = Bureau::open();
    let mut values = SIX.to_vec();
    values[0].1 = "58";
    bureau.sends("A1", "2011", "20261123200100", &values);
    let page = bureau.page(Role::Duty, "/stations/ZD-A").await;
    assert!(page.text.contains("PM2.5 高于 PM10") && page.text.contains("20:01"), "{}", page.near("doubts-title"));
    assert!(page.text.contains("hour-verdict"), "it counts until somebody has looked");
}

#[tokio::test]
async fn production_without_treatment_is_seen_on_the_page_of_electricity() {
    let bureau = Bureau::open();
    for minute in (0..60).step_by(5) {
        let treatment = if minute < 30 { "8.4" } else { "0.1" };
        let time = format!("2026112319{minute:02}00");
        bureau.sends("P1", "2011", &time, &[("d20401", "42"), ("d30401", treatment)]);
    }
    let page = bureau.page(Role::Duty, "/power?day=2026-11-23").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("天心印务有限公司") && page.text.contains("治污未运行"), "{}", page.near("power-row"));
    assert!(page.text.contains("E1 19:30—20:05 产污运行而治污未运行 35 分钟"), "{}", page.near("power-why"));
    assert!(page.text.contains("E8 00:00—19:00 无数据 1140 分钟"), "{}", page.near("power-why"));
    let yesterday = bureau.page(Role::Duty, "/power?day=2026-11-22").await;
    assert!(yesterday.text.contains("数据缺失"), "{}", yesterday.near("power-row"));
    assert_eq!(bureau.page(Role::Duty, "/power?day=soon").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_unknown_station_is_not_found_in_any_of_its_forms() {
    let bureau = Bureau::open();
    for address in [
        "/stations/NONE",
        "/stations/NONE/series.json",
        "/stations/NONE/events",
        "/map/cells/9",
        "/map/layers/none.geojson",
    ] {
        assert_eq!(bureau.page(Role::Duty, address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    assert_eq!(bureau.page(Role::Duty, "/stations/ZD-A/series.json?span=century").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_looks_without_signing_in() {
    let bureau = Bureau::open();
    for address in [
        "/map",
        "/stations",
        "/stations/ZD-A",
        "/stations/ZD-A/events",
        "/warnings",
        "/devices",
        "/map/screen",
        "/map/layers/complaint.geojson",
    ] {
        let page = bureau.as_guest(address).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{address}");
    }
    let cells = bureau.as_guest("/map/layers/cells.geojson").await;
    assert_eq!(cells.status, StatusCode::OK, "the grid itself is public");
}

#[tokio::test]
async fn what_comes_in_is_told_as_it_comes() {
    let bureau = Bureau::open();
    let mut events = bureau.listen(Role::Duty, "/stations/ZD-A/events").await;
    assert!(events.next().await.contains("event: heartbeat"), "a word at once, so that the page knows the line is up");
    bureau.sends("A1", "2011", "20261123200100", &SIX);
    let told = events.next().await;
    assert!(told.contains("event: observed"), "{told}");
    let data: Json = serde_json::from_str(told.lines().find_map(|line| line.strip_prefix("data: ")).unwrap()).unwrap();
    assert_eq!(data["station"], "ZD-A");
    assert_eq!(data["values"][0]["factor"], "a34004");
    assert_eq!(data["values"][0]["value"], 41.0);
    assert_eq!(data["values"][0]["valid"], true);
}

#[tokio::test]
async fn the_map_is_told_which_stations_changed() {
    let bureau = Bureau::open();
    let mut events = bureau.listen(Role::Duty, "/map/events").await;
    events.next().await;
    bureau.sends("A1", "2011", "20261123200100", &SIX);
    let told = events.next().await;
    assert!(told.contains("event: change") && told.contains(r#"["ZD-A"]"#), "{told}");
}

#[tokio::test]
async fn a_layer_is_geojson_without_a_word_about_persons() {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, "/map/layers/complaint.geojson").await;
    assert_eq!(page.kind, "application/geo+json");
    let layer: Json = serde_json::from_str(&page.text).unwrap();
    assert_eq!(layer["type"], "FeatureCollection");
    assert_eq!(layer["total"], 2);
    let feature = &layer["features"][0];
    assert_eq!(feature["type"], "Feature");
    assert_eq!(feature["geometry"]["type"], "Point");
    assert_eq!(feature["geometry"]["coordinates"].as_array().unwrap().len(), 2);
    let mut keys: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["cell", "date", "number", "register", "state", "title"]);
    for secret in ["王小明", "13873100000", "1387310", "解放西路8号3栋"] {
        assert!(!page.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_layer_holds_what_the_visitor_may_read_and_nothing_else() {
    let bureau = Bureau::open();
    let layer = async |role, address: &str| bureau.page(role, address).await;
    // A grid member sees the records of the own cell; the other complaint lies elsewhere.
    let own = layer(Role::Grid, "/map/layers/complaint.geojson").await;
    assert_eq!(serde_json::from_str::<Json>(&own.text).unwrap()["total"], 1, "{}", own.text);
    let all = layer(Role::Duty, "/map/layers/complaint.geojson").await;
    assert_eq!(serde_json::from_str::<Json>(&all.text).unwrap()["total"], 2);
    // The register of stations is not for enterprises, nor is it among the switches of their map.
    assert_eq!(layer(Role::Enterprise, "/map/layers/station.geojson").await.status, StatusCode::FORBIDDEN);
    assert!(!layer(Role::Enterprise, "/map").await.text.contains(r#"value="station""#));
    assert!(layer(Role::Duty, "/map").await.text.contains(r#"value="station""#));
}

#[tokio::test]
async fn stations_carry_their_state_to_the_map_and_the_silent_are_grey() {
    let bureau = Bureau::open();
    bureau.sends("A1", "2011", "20261123200100", &SIX);
    let page = bureau.page(Role::Duty, "/map/layers/station.geojson").await;
    let layer: Json = serde_json::from_str(&page.text).unwrap();
    let of = |number: &str| {
        let features = layer["features"].as_array().unwrap();
        features.iter().find(|feature| feature["properties"]["number"] == number).unwrap()["properties"].clone()
    };
    assert_eq!((&of("ZD-A")["short"], &of("ZD-A")["colour"]), (&"62".into(), &"#FFFF00".into()));
    assert_eq!((&of("ZD-W")["silent"], &of("ZD-W")["colour"]), (&true.into(), &"#8a949c".into()));
    let list = bureau.page(Role::Duty, "/stations?only=silent").await;
    assert!(list.text.contains("圭塘河水质站") && !list.text.contains("测试空气站</strong>"));
}

#[tokio::test]
async fn the_grid_is_geojson_of_every_cell() {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, "/map/layers/cells.geojson").await;
    let grid: Json = serde_json::from_str(&page.text).unwrap();
    let features = grid["features"].as_array().unwrap();
    assert!(features.len() > 100);
    for feature in features {
        assert_eq!(feature["geometry"]["type"], "MultiPolygon");
        let ring = feature["geometry"]["coordinates"][0][0].as_array().unwrap();
        assert!(ring.len() >= 4 && ring.first() == ring.last(), "a ring is closed: {}", feature["properties"]);
    }
}

#[tokio::test]
async fn the_curve_of_a_day_has_the_hours_that_came_in_with_their_marks() {
    let bureau = Bureau::open();
    bureau.sends("A1", "2061", "20261123180000", &[("a34004", "52")]);
    bureau.sends("A1", "2061", "20261123190000", &[("a34004", "35")]);
    let page = bureau.page(Role::Duty, "/stations/ZD-A/series.json?factor=a34004&span=day").await;
    let curve: Json = serde_json::from_str(&page.text).unwrap();
    let points = curve["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    // 18:00 to 19:00 in Beijing is shown at its end, 11:00 UTC.
    assert_eq!(points[0]["at"], "2026-11-23T11:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second());
    assert_eq!((&points[0]["value"], &points[0]["valid"]), (&52.0.into(), &true.into()));
    assert_eq!(points[0]["colour"], "#FFFF00");
    let none = bureau.page(Role::Duty, "/stations/ZD-A/series.json?factor=nothing&span=hour").await;
    assert_eq!(serde_json::from_str::<Json>(&none.text).unwrap()["points"], serde_json::json!([]));
}

#[tokio::test]
async fn a_warning_stands_on_the_wall_and_is_acknowledged_in_the_ledger_once() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2011", "20261123200100", &[("w01009", "1.2")]);
    let number = bureau.enters_warning();
    let wall = bureau.page(Role::Duty, "/warnings").await;
    assert!(wall.text.contains("圭塘河水质站") && wall.text.contains("溶解氧"), "{}", wall.near("warning-card"));
    assert!(wall.text.contains(&format!("/warnings/{number}/acknowledge")));
    let sent = bureau.acknowledges(Role::Duty, &number).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(bureau.state_of("warning", &number), "acknowledged");
    let again = bureau.page(Role::Duty, "/warnings").await;
    assert!(!again.text.contains("/acknowledge\""), "there is nothing left to acknowledge");
    assert_eq!(bureau.acknowledges_without_token(&number).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn devices_show_what_was_not_believed_with_the_password_covered() {
    let bureau = Bureau::open();
    bureau
        .quarantines(b"##0100QN=1;ST=22;CN=2011;PW=999888;MN=NOBODY;Flag=5;CP=&&<script>&&0000\r\n", "unknown_device")
        .await;
    let page = bureau.page(Role::Duty, "/devices").await;
    assert!(page.text.contains("设备未登记") && page.text.contains("NOBODY"));
    assert!(!page.text.contains("999888") && !page.text.contains("<script>&"), "{}", page.near("NOBODY"));
    assert!(page.text.contains("从未收到数据"), "stations of the register that were never heard are listed");
}

#[tokio::test]
async fn a_clock_ahead_hides_nothing_and_is_said_on_the_page_of_devices() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2011", "20261123200100", &[("w01009", "7.1")]);
    bureau.sends("W1", "2011", "20261123213000", &[("w01009", "1.2")]);
    let station = bureau.page(Role::Duty, "/stations/ZD-W").await;
    // The packet is listed as it came; the newest value is the one whose time has come.
    let newest = |value: &str| station.text.contains(&format!(r#"<td class="number">{value}</td><td>mg/L</td>"#));
    assert!(newest("7.1") && !newest("1.2"), "{}", station.near("w01009"));
    assert!(bureau.store.open_warnings().unwrap().is_empty());
    let devices = bureau.page(Role::Duty, "/devices").await;
    assert!(devices.text.contains("时间超前") && devices.text.contains("21:30"), "{}", devices.near("时间超前"));
}

/// The wall said “41 dB(A), within the limit” beside a warning of the same station: it says why the warning is still open.
#[tokio::test]
async fn a_warning_that_is_open_beside_a_calm_value_is_explained_on_the_wall() {
    let bureau = Bureau::open();
    bureau.sends("N1", "2061", "20261123180000", &[("Leq", "95.0")]);
    bureau.sends("N1", "2061", "20261123190000", &[("Leq", "48.8")]);
    bureau.sends("N1", "2011", "20261123201400", &[("LA", "41.0")]);
    assert_eq!(bureau.store.open_warnings().unwrap().len(), 1);
    let wall = bureau.page(Role::Duty, "/map/screen").await;
    assert!(wall.text.contains("预警中，上小时 48.8"), "{}", wall.near("坡子街"));
}

#[tokio::test]
async fn how_forwarding_stands_is_shown_to_those_who_see_every_station() {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, "/devices").await;
    for shown in ["10.0.0.8:9212", "QnRtn=4 × 54", "报文无应答", "<code>N1</code>"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.near("forwarding"));
    }
    assert!(!bureau.page(Role::Grid, "/devices").await.text.contains("10.0.0.8"));
}

#[tokio::test]
async fn how_the_broker_of_reports_stands_is_shown_to_those_who_see_every_station() {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, "/devices").await;
    for shown in ["10.0.0.9:1883", "bilan/report/#", "未连接，正在重试", "<dd>17</dd>", "<dd>2048</dd>"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.near("broker"));
    }
    assert!(!bureau.page(Role::Grid, "/devices").await.text.contains("10.0.0.9"));
}

#[tokio::test]
async fn strangers_and_what_was_held_of_them_are_shown_to_the_bureau_alone() {
    let bureau = Bureau::open();
    let held = b"##0100QN=1;ST=22;CN=2011;PW=999888;MN=NOBODY;Flag=5;CP=&&DataTime=1&&0000\r\n";
    bureau.quarantines(held, "unknown_device").await;
    for (role, sees) in [(Role::Duty, true), (Role::Admin, true), (Role::Grid, false)] {
        let page = bureau.page(role, "/devices").await;
        assert_eq!(page.text.contains("NOBODY"), sees, "{}: {}", role.key(), page.near("NOBODY"));
    }
}

#[tokio::test]
async fn a_cell_names_its_people_and_open_matters_and_leads_down() {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, "/map/cells/430103").await;
    assert!(page.text.contains("区网格长岗") && page.text.contains("夜间施工噪声"), "{}", page.near("panel-matter"));
    assert!(page.text.contains(r#"data-cell="430103005""#), "the subdistricts below");
    let part = bureau.page(Role::Duty, "/map/cells/430103?part=1").await;
    assert!(!part.text.contains("<html"), "the part alone");
    let list = bureau.page(Role::Duty, "/map/list?layer=complaint").await;
    assert!(list.text.contains("夜间施工噪声") && list.text.contains("<table"));
    let found = bureau.page(Role::Duty, "/map/search?q=%E6%96%BD%E5%B7%A5").await;
    assert!(found.text.contains("夜间施工噪声"), "{}", found.near("panel-path"));
}

#[tokio::test]
async fn every_live_page_speaks_both_languages() {
    let bureau = Bureau::open();
    bureau.sends("A1", "2011", "20261123200100", &SIX);
    for address in ["/map", "/map/screen", "/map/list", "/stations", "/stations/ZD-A", "/warnings", "/devices"] {
        let page = bureau.page_in(Role::Duty, address, "en").await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        assert!(page.text.contains(r#"lang="en""#), "{address}");
        assert!(!page.text.contains(">…<"), "a message is missing in {address}: {}", page.near(">…<"));
    }
    let station = bureau.page_in(Role::Duty, "/stations/ZD-A", "en").await;
    assert!(station.text.contains("primary pollutant PM2.5") || station.text.contains("primary pollutant PM10"));
}

#[tokio::test]
async fn figures_over_observations_follow_the_stations_and_are_a_gap_without_them() {
    let bureau = Bureau::open();
    let page = bureau.page(Role::Duty, "/figures?year=2026").await;
    assert!(page.text.contains(r#"figures-gap" data-figure="air_good_days""#), "{}", page.near("air_good_days"));
    for hour in 0..24 {
        let mut values = SIX.to_vec();
        let pm25 = (30 + hour).to_string();
        values[0].1 = &pm25;
        bureau.sends("A1", "2061", &format!("20261122{hour:02}0000"), &values);
    }
    let page = bureau.page(Role::Duty, "/figures?year=2026").await;
    assert!(page.text.contains(">1天<"), "{}", page.near("air_good_days"));
    assert!(page.text.contains(">41.5微克/立方米<"), "{}", page.near("air_pm25_mean"));
    let before = bureau.page(Role::Duty, "/figures?year=2026-11-20..2026-11-21").await;
    assert!(before.text.contains(r#"figures-gap" data-figure="air_good_days""#), "the days before have none");
}

/// The rules that `promtool check metrics` has for names.
#[tokio::test]
async fn the_numbers_for_monitoring_are_as_prometheus_wants_them() {
    let bureau = Bureau::open();
    let answer = bureau.page(Role::Duty, "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    let (mut family, mut kind, mut known) = (String::new(), String::new(), std::collections::BTreeSet::new());
    for line in answer.text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(!help.trim().is_empty() && known.insert(name.to_owned()), "{line}");
            name.clone_into(&mut family);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, of) = rest.split_once(' ').expect("a kind");
            assert_eq!(name, family, "help and kind go together");
            assert_eq!(name.ends_with("_total"), of == "counter", "{line}");
            of.clone_into(&mut kind);
        } else {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let parts = ["_bucket", "_sum", "_count"];
            let is_part = kind == "histogram" && parts.iter().any(|part| name == format!("{family}{part}"));
            assert!(name == family || is_part, "{line} is not of {family}");
            let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
            assert!(value.is_some(), "{line}");
        }
    }
    for name in ["bilan_http_requests_total", "bilan_http_seconds", "bilan_disk_free_bytes", "bilan_warnings_open"] {
        assert!(known.contains(name), "{name} is not among {known:?}");
    }
}

#[tokio::test]
async fn a_station_page_draws_the_factor_that_its_link_asks_for() {
    let bureau = Bureau::open();
    bureau.sends("W1", "2011", "20261123200100", &[("w01009", "6.1"), ("w21003", "0.2")]);
    for code in ["w01009", "w21003"] {
        let page = bureau.page(Role::Duty, &format!("/stations/ZD-W?factor={code}")).await;
        assert!(
            page.text.contains(&format!(r#"<option value="{code}" selected>"#)),
            "{}",
            page.near("data-chart-form")
        );
    }
    let unknown = bureau.page(Role::Duty, "/stations/ZD-W?factor=%3Cscript%3E").await.text;
    assert!(!unknown.contains("<script>") && unknown.contains(" selected>"), "what is not there is passed over");
}
