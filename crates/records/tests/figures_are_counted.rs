//! A bureau counts its year: every kind of figure over records that were really entered, and the records behind each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::sync::Arc;

use bilan_records::{
    actor::Actor,
    catalogue::{Catalogue, Role, Source, check},
    figures::{self, FigureError, FigureValue, Figures, Gap, Period},
    ledger::{JsonMap, Write},
    observations::ObservationStatistics,
    value::Language,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::json;
use support::*;
use test_case::test_case;

const ENTERPRISE: &str = r#"key = "enterprise"
system = "grid"
label = { zh = "企业", en = "Enterprises" }
number = "QY{seq:4}"
date = "registered_on"
title = "name"
list = ["number", "name"]

[permissions]
create = ["handler"]

[fields.name]
type = "text"
label = { zh = "名称", en = "Name" }

[fields.registered_on]
type = "date"
label = { zh = "登记日期", en = "Registered on" }
"#;

const COMPLAINT: &str = r#"key = "complaint"
system = "complaint"
label = { zh = "投诉", en = "Complaints" }
number = "TS{yyyy}{seq:5}"
date = "received_at"
title = "subject"
place = "place"
list = ["number", "subject"]

[permissions]
read = ["handler", "head", "grid", "enterprise"]
create = ["handler"]
edit = ["handler"]
delete = ["head"]

[fields.subject]
type = "text"
label = { zh = "主题", en = "Subject" }

[fields.received_at]
type = "datetime"
label = { zh = "受理时间", en = "Received at" }

[fields.replied_on]
type = "date"
label = { zh = "回复日期", en = "Replied on" }

[fields.category]
type = "choice"
label = { zh = "类别", en = "Category" }
choices = { noise = { zh = "噪声", en = "Noise" }, waste_gas = { zh = "废气", en = "Waste gas" } }

[fields.enterprise]
type = "reference"
to = "enterprise"
label = { zh = "企业", en = "Enterprise" }

[fields.fine]
type = "money"
label = { zh = "罚款", en = "Fine" }

[fields.place]
type = "place"
label = { zh = "地点", en = "Place" }

[fields.measures]
type = "table"
label = { zh = "措施", en = "Measures" }
[fields.measures.fields.kind]
type = "choice"
label = { zh = "类别", en = "Kind" }
choices = { barrier = { zh = "声屏障", en = "Barrier" }, pump = { zh = "水泵", en = "Pump" } }
[fields.measures.fields.metres]
type = "decimal"
digits = 1
label = { zh = "长度", en = "Metres" }
"#;

/// Only the head reads what stands in it.
const MEMO: &str = r#"key = "memo"
system = "decide"
label = { zh = "内部记录", en = "Memos" }
number = "NB{seq:4}"
date = "written_on"
title = "subject"
list = ["number", "subject"]

[permissions]
read = ["head"]
create = ["head"]

[fields.subject]
type = "text"
label = { zh = "主题", en = "Subject" }

[fields.written_on]
type = "date"
label = { zh = "日期", en = "Written on" }
"#;

const FIGURES: &str = r#"
[complaints]
system = "complaint"
label = { zh = "投诉", en = "Complaints" }
unit = "件"
count = { of = "complaint" }

[noise]
system = "complaint"
label = { zh = "噪声投诉", en = "Noise" }
unit = "件"
count = { of = "complaint", where = 'category = "noise"' }

[replied]
system = "complaint"
label = { zh = "回复", en = "Replied" }
unit = "件"
count = { of = "complaint", date = "replied_on" }

[enterprises]
system = "complaint"
label = { zh = "被投诉企业", en = "Enterprises complained of" }
unit = "家"
distinct = { of = "complaint", field = "enterprise" }

[fines]
system = "complaint"
label = { zh = "罚款", en = "Fines" }
unit = "元"
digits = 2
sum = { of = "complaint", field = "fine" }

[metres]
system = "complaint"
label = { zh = "措施长度", en = "Metres of measures" }
unit = "米"
digits = 1
sum = { of = "complaint", rows = "measures", field = "metres" }

[barriers]
system = "complaint"
label = { zh = "声屏障", en = "Metres of barriers" }
unit = "米"
bound = "about"
sum = { of = "complaint", rows = "measures", field = "metres", where = 'measures.kind = "barrier"' }

[noise_share]
system = "complaint"
label = { zh = "噪声占比", en = "Share of noise" }
unit = "%"
digits = 1
ratio = { of = "noise", to = "complaints", percent = true }

[complaints_2019]
system = "complaint"
label = { zh = "上年投诉", en = "Complaints of 2019" }
unit = "件"
period = "all"
hidden = true
count = { of = "complaint", where = 'received_at >= "2019-01-01" and received_at <= "2019-12-31"' }

[change]
system = "complaint"
label = { zh = "同比", en = "Against 2019" }
unit = "%"
change = { of = "complaints", against = "complaints_2019", percent = true }

[share_by_change]
system = "complaint"
label = { zh = "指标之指标", en = "A figure over figures" }
unit = "倍"
digits = 3
ratio = { of = "noise_share", to = "change" }

[fine_a_head]
system = "complaint"
label = { zh = "平均罚款", en = "Fine an enterprise" }
unit = "元"
digits = 2
ratio = { of = "fines", to = "enterprises" }

[pm25]
system = "air"
label = { zh = "细颗粒物", en = "PM2.5" }
unit = "微克/立方米"
digits = 1
observations = { series = "*/a34004", statistic = "mean" }

[complaints_a_microgram]
system = "air"
label = { zh = "每微克投诉", en = "Complaints a microgram" }
unit = "件"
digits = 2
ratio = { of = "complaints", to = "pm25" }

[memos]
system = "decide"
label = { zh = "内部记录", en = "Memos" }
unit = "份"
count = { of = "memo" }

[memos_a_complaint]
system = "decide"
label = { zh = "每件记录", en = "Memos a complaint" }
unit = "份"
ratio = { of = "memos", to = "complaints" }
"#;

fn catalogue() -> Arc<Catalogue> {
    let sources = [
        Source::new("registers/enterprise.toml", ENTERPRISE),
        Source::new("registers/complaint.toml", COMPLAINT),
        Source::new("registers/memo.toml", MEMO),
        Source::new("figures/all.toml", FIGURES),
    ];
    let mut catalogue = check(&sources).unwrap_or_else(|faults| panic!("{faults}"));
    catalogue.district = support::catalogue(Vec::new()).district.clone();
    Arc::new(catalogue)
}

fn complaint(received_at: &str, category: &str, rest: serde_json::Value) -> JsonMap {
    let mut values = map(json!({ "subject": "扰民", "received_at": received_at, "category": category }));
    values.extend(map(rest));
    values
}

/// Two enterprises and six complaints, one of 2019; numbers are given in the order in which they are entered.
fn lived() -> Bureau {
    let bureau = Bureau::open(catalogue());
    let enter =
        |register: &str, values| bureau.ledger.create(&handler(), register, values, Write::default()).unwrap().number;
    for name in ["甲厂", "乙厂"] {
        enter("enterprise", map(json!({ "name": name, "registered_on": "2019-05-05" })));
    }
    let (west, east) = (json!({ "lon": 112.95, "lat": 28.1 }), json!({ "lon": 113.05, "lat": 28.1 }));
    let entered = [
        complaint("2019-12-31T23:59:59+08:00", "noise", json!({ "replied_on": "2020-01-01" })),
        complaint(
            "2020-01-01T00:00:00+08:00",
            "noise",
            json!({ "enterprise": "QY0001", "fine": 1000.10, "place": west }),
        ),
        complaint(
            "2020-03-31T23:59:59+08:00",
            "waste_gas",
            json!({
                "enterprise": "QY0001",
                "fine": 2000.20,
                "place": east,
                "replied_on": "2020-03-31",
                "measures": [{ "kind": "barrier", "metres": 10.5 }, { "kind": "barrier", "metres": 4.1 }, { "kind": "pump", "metres": 1.3 }],
            }),
        ),
        complaint("2020-04-01T00:00:00+08:00", "noise", json!({ "enterprise": "QY0002", "replied_on": "2020-04-01" })),
        complaint("2020-04-30T12:00:00+08:00", "waste_gas", json!({ "measures": [{ "kind": "pump", "metres": 0.4 }] })),
        complaint("2020-12-31T23:59:59+08:00", "noise", json!({ "replied_on": "2021-01-02" })),
    ];
    for values in entered {
        enter("complaint", values);
    }
    let memo = map(json!({ "subject": "约谈", "written_on": "2020-06-01" }));
    bureau.ledger.create(&head(), "memo", memo, Write::default()).unwrap();
    bureau
}

/// Observations of a year of air: 31.25 for 2020 as a whole, nothing for any other period.
struct YearOfAir;

impl ObservationStatistics for YearOfAir {
    fn statistic(&self, series: &str, statistic: &str, from: Date, to: Date) -> Result<Option<(String, u64)>, String> {
        assert_eq!((series, statistic), ("*/a34004", "mean"));
        Ok(((from, to) == (date(2020, 1, 1), date(2020, 12, 31))).then(|| ("31.25".to_owned(), 366)))
    }
}

struct BrokenStore;

impl ObservationStatistics for BrokenStore {
    fn statistic(&self, _: &str, _: &str, _: Date, _: Date) -> Result<Option<(String, u64)>, String> {
        Err("the store is not open".to_owned())
    }
}

struct WordyStore;

impl ObservationStatistics for WordyStore {
    fn statistic(&self, _: &str, _: &str, _: Date, _: Date) -> Result<Option<(String, u64)>, String> {
        Ok(Some(("thirty".to_owned(), 1)))
    }
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

fn at(moment: &str) -> Option<Timestamp> {
    Some(moment.parse().unwrap())
}

fn compute(bureau: &Bureau, key: &str, when: &str) -> FigureValue {
    bureau.ledger.use_observations(Arc::new(YearOfAir));
    let figures = Figures::of(&bureau.ledger, &handler(), None).compute(key, &period(when));
    figures.unwrap_or_else(|error| panic!("{key}: {error}"))
}

/// The last digits of the numbers behind a figure.
fn behind(bureau: &Bureau, actor: &Actor, key: &str, when: &str, as_of: Option<Timestamp>) -> String {
    let records = figures::records_behind(&bureau.ledger, actor, key, &period(when), as_of).unwrap();
    records.iter().map(|(_, number)| &number[number.len() - 1..]).collect()
}

// The complaints get TS2020… or TS2019… by the date they bear: 2019's first is 1, those of 2020 are 1 to 5.
#[test_case("complaints", "2020", "5", "12345"; "count")]
#[test_case("complaints", "2019", "1", "1"; "count of another year")]
#[test_case("complaints", "2018", "0", ""; "count of nothing is zero, not a gap")]
#[test_case("noise", "2020", "3", "135"; "count with a filter")]
#[test_case("complaints", "2020-Q1", "2", "12"; "quarter, up to its last second")]
#[test_case("complaints", "2020-Q2", "2", "34"; "quarter, from its first second")]
#[test_case("complaints", "2020-04", "2", "34"; "month")]
#[test_case("complaints", "2020-03-31..2020-04-01", "2", "23"; "days, first and last inclusive")]
#[test_case("complaints", "2020-04-01..2020-04-01", "1", "3"; "a single day")]
#[test_case("complaints", "2020-04-02..2020-04-29", "0", ""; "days between")]
#[test_case("replied", "2020-03-31..2020-04-01", "2", "23"; "days by another date, first and last inclusive")]
#[test_case("replied", "2020", "3", "123"; "year by another date; the one without it is left out")]
#[test_case("enterprises", "2020", "2", "12345"; "distinct")]
#[test_case("enterprises", "2020-Q1", "1", "12"; "distinct in a quarter")]
#[test_case("fines", "2020", "3000.3", "12345"; "sum of money")]
#[test_case("metres", "2020", "16.3", "24"; "sum over rows, each record once")]
#[test_case("barriers", "2020", "15", "2"; "sum over some rows, rounded once: 14.6")]
#[test_case("noise_share", "2020", "60", "13524"; "ratio")]
#[test_case("noise_share", "2020-Q1", "50", "12"; "ratio in a quarter")]
#[test_case("change", "2020", "400", "123451"; "change against another year")]
#[test_case("change", "2020-Q1", "100", "121"; "change of a quarter against a year")]
#[test_case("share_by_change", "2020", "0.15", "135241"; "a figure over figures")]
#[test_case("fine_a_head", "2020", "1500.15", "12345"; "sum over distinct")]
fn a_figure_counts_what_was_entered_and_opens_the_records_behind_it(key: &str, when: &str, value: &str, numbers: &str) {
    let bureau = lived();
    let figure = compute(&bureau, key, when);
    assert_eq!((figure.value.as_deref(), figure.gap), (Some(value), None));
    assert_eq!(behind(&bureau, &handler(), key, when, None), numbers);
    assert_eq!(figure.records, numbers.len() as u64, "as many as are counted stand behind it");
}

#[test]
fn the_words_of_a_figure_follow_its_bound_and_its_unit() {
    let bureau = lived();
    let words = |key: &str| compute(&bureau, key, "2020").full(Language::Chinese);
    assert_eq!(words("barriers"), "约15米");
    assert_eq!(words("noise_share"), "60%");
    assert_eq!(words("fines"), "3000.3元");
}

#[test]
fn observations_are_asked_of_whoever_keeps_them() {
    let bureau = lived();
    let mean = compute(&bureau, "pm25", "2020");
    assert_eq!((mean.value.as_deref(), mean.records), (Some("31.2"), 0), "31.25 goes to the even side");
    let ratio = compute(&bureau, "complaints_a_microgram", "2020");
    assert_eq!(ratio.value.as_deref(), Some("0.16"), "5 / 31.25 exactly, not 5 / 31.2");
    assert_eq!(behind(&bureau, &handler(), "pm25", "2020", None), "");
    let actor = handler();
    let asked = || Figures::of(&bureau.ledger, &actor, None).compute("pm25", &period("2020"));
    bureau.ledger.use_observations(Arc::new(BrokenStore));
    let error = asked().unwrap_err();
    assert_eq!(error.to_string(), "observations could not be read: the store is not open");
    bureau.ledger.use_observations(Arc::new(WordyStore));
    let error = asked().unwrap_err();
    assert!(error.to_string().starts_with("observations could not be read: “thirty” is not a decimal"), "{error}");
}

#[test_case("noise_share", "2018", "“complaints” is zero, so nothing can be divided by it"; "ratio over nothing")]
#[test_case("fine_a_head", "2019", "“fines” has no value: none of the 1 records has “fine” filled"; "sum of a field that nobody filled")]
#[test_case("pm25", "2020-Q1", "there are no observations of “*/a34004” in the period"; "no observations")]
#[test_case("complaints_a_microgram", "2019", "“pm25” has no value: there are no observations of “*/a34004” in the period"; "ratio over no observations")]
#[test_case("share_by_change", "2018", "“noise_share” has no value: “complaints” is zero, so nothing can be divided by it"; "a gap goes through")]
fn what_cannot_be_computed_is_a_gap_with_its_reason_and_never_a_zero(key: &str, when: &str, why: &str) {
    let figure = compute(&lived(), key, when);
    assert_eq!((figure.value.clone(), figure.exact), (None, None));
    assert_eq!(figure.gap.as_ref().map(Gap::to_string).as_deref(), Some(why));
    assert_eq!(figure.full(Language::Chinese), format!("〔数据缺失：{}〕", figure.label.zh));
}

#[test]
fn a_figure_can_be_computed_as_the_ledger_stood_at_an_earlier_moment() {
    let bureau = lived();
    bureau.at("2020-05-01T00:00:00Z");
    let change =
        map(json!({ "category": "noise", "fine": 500.5, "measures": [{ "kind": "barrier", "metres": 99.9 }] }));
    bureau.ledger.edit(&handler(), "complaint", "TS202000002", 1, change, Write::default()).unwrap();
    bureau.at("2020-06-01T00:00:00Z");
    bureau.ledger.delete(&head(), "complaint", "TS202000001", 1, "重复登记", Write::default()).unwrap();

    let (before, changed, after) = (at("2020-04-01T00:00:00Z"), at("2020-05-15T00:00:00Z"), None);
    for (key, moments) in [
        ("complaints", [(before, "5", "12345"), (changed, "5", "12345"), (after, "4", "2345")]),
        ("noise", [(before, "3", "135"), (changed, "4", "1235"), (after, "3", "235")]),
        ("fines", [(before, "3000.3", "12345"), (changed, "1500.6", "12345"), (after, "500.5", "2345")]),
        ("metres", [(before, "16.3", "24"), (changed, "100.3", "24"), (after, "100.3", "24")]),
        ("barriers", [(before, "15", "2"), (changed, "100", "2"), (after, "100", "2")]),
        ("noise_share", [(before, "60", "13524"), (changed, "80", "12354"), (after, "75", "2354")]),
    ] {
        for (moment, value, numbers) in moments {
            let figure = figures::compute(&bureau.ledger, &handler(), key, &period("2020"), moment).unwrap();
            assert_eq!(figure.value.as_deref(), Some(value), "{key} at {moment:?}");
            assert_eq!(behind(&bureau, &handler(), key, "2020", moment), numbers, "{key} at {moment:?}");
            assert_eq!(figure.records, numbers.len() as u64, "{key} at {moment:?}");
        }
    }
    let nothing_yet = at("2020-01-01T00:00:00Z");
    let figure = figures::compute(&bureau.ledger, &handler(), "complaints", &period("2020"), nothing_yet).unwrap();
    assert_eq!(figure.value.as_deref(), Some("0"), "nothing had been entered then");
}

#[test]
fn a_reader_who_may_not_read_the_register_may_not_see_its_figures() {
    let bureau = lived();
    let ask = |actor: &Actor, key: &str| figures::compute(&bureau.ledger, actor, key, &period("2020"), None);
    assert_eq!(ask(&head(), "memos").unwrap().value.as_deref(), Some("1"));
    for key in ["memos", "memos_a_complaint"] {
        let error = ask(&handler(), key).unwrap_err();
        assert!(matches!(error, FigureError::Forbidden { .. }), "{error}");
        let error = figures::records_behind(&bureau.ledger, &handler(), key, &period("2020"), None).unwrap_err();
        assert!(matches!(error, FigureError::Forbidden { .. }), "{error}");
    }
    let seen = |actor: &Actor| -> Vec<String> {
        let listed = figures::all(&bureau.ledger, actor, &period("2020"), None).unwrap();
        listed.into_iter().map(|figure| figure.key).collect()
    };
    let (head, handler) = (seen(&head()), seen(&handler()));
    assert_eq!(head.iter().filter(|key| !handler.contains(key)).collect::<Vec<_>>(), ["memos", "memos_a_complaint"]);
    assert!(!head.contains(&"complaints_2019".to_owned()), "a help to other figures is not listed");
    assert_eq!(head[..3], ["complaints", "noise", "replied"], "in the order of the file");
    let public = Actor { roles: Vec::new(), ..Actor::new("路人", Role::Enterprise) };
    assert!(matches!(ask(&public, "complaints"), Err(FigureError::Forbidden { .. })));
}

#[test]
fn a_grid_worker_is_given_the_figures_of_the_own_cell_and_opens_exactly_their_records() {
    let bureau = lived();
    let worker = Actor::new("网格员", Role::Grid).in_cell("430103001");
    for (key, value, numbers) in
        [("complaints", "1", "1"), ("noise", "1", "1"), ("fines", "1000.1", "1"), ("metres", "0", "")]
    {
        for moment in [None, at("2020-03-03T00:00:00Z")] {
            let figure = figures::compute(&bureau.ledger, &worker, key, &period("2020"), moment).unwrap();
            assert_eq!((figure.value.as_deref(), figure.records), (Some(value), numbers.len() as u64), "{key}");
            assert!(figure.confined, "{key} says that it is not the district's");
            assert_eq!(behind(&bureau, &worker, key, "2020", moment), numbers, "{key}");
        }
    }
    assert!(!compute(&bureau, "complaints", "2020").confined);
}

#[test]
fn no_figure_of_a_confined_reader_changes_with_a_record_out_of_reach() {
    let bureau = lived();
    let worker = Actor::new("网格员", Role::Grid).in_cell("430103001");
    let firm = Actor { enterprise: Some("QY0001".to_owned()), ..Actor::new("甲厂", Role::Enterprise) };
    bureau.ledger.use_observations(Arc::new(YearOfAir));
    let asked = |actor: &Actor, moment| {
        let periods = ["2019", "2020", "2020-05", "2020-05-05..2020-05-05"];
        periods.map(|when| figures::all(&bureau.ledger, actor, &period(when), moment).unwrap())
    };
    bureau.at("2020-05-04T00:00:00Z");
    let entered = at("2020-05-04T12:00:00Z");
    let before = [asked(&worker, None), asked(&firm, None)];
    bureau.at("2020-05-05T00:00:00Z");
    let elsewhere = json!({
        "place": { "lon": 113.05, "lat": 28.1 }, "enterprise": "QY0002", "fine": 7, "replied_on": "2020-05-05",
        "measures": [{ "kind": "barrier", "metres": 3 }],
    });
    let hidden = complaint("2020-05-05T08:00:00+08:00", "noise", elsewhere);
    bureau.ledger.create(&handler(), "complaint", hidden, Write::default()).unwrap();
    bureau.at("2020-05-06T00:00:00Z");
    assert_eq!([asked(&worker, None), asked(&firm, None)], before, "now");
    assert_eq!([asked(&worker, entered), asked(&firm, entered)], before, "at an earlier moment");
    let district = figures::compute(&bureau.ledger, &handler(), "complaints", &period("2020-05"), None).unwrap();
    assert_eq!(district.value.as_deref(), Some("1"), "who reads the whole register sees it");
}

#[test]
fn a_figure_that_is_not_there_is_answered_with_the_one_that_was_meant() {
    let bureau = lived();
    let error = figures::compute(&bureau.ledger, &handler(), "complaint", &period("2020"), None).unwrap_err();
    assert_eq!(error.to_string(), "there is no figure “complaint”; did you mean “complaints”?");
}
