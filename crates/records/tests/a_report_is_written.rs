//! A report is written: figures stand in its text by name, gaps stay visible, and a missing figure is found beforehand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::sync::Arc;

use bilan_records::{
    catalogue::{Source, check},
    ledger::Write,
    report::{self, Filled, FilledBlock, FilledInline, ReportError},
};
use serde_json::json;
use support::*;

const COMPLAINT: &str = r#"key = "complaint"
system = "complaint"
label = { zh = "投诉", en = "Complaints" }
number = "TS{yyyy}{seq:5}"
date = "received_at"
title = "subject"
list = ["number", "subject"]

[permissions]
create = ["handler"]
edit = ["handler"]

[fields.subject]
type = "text"
label = { zh = "主题", en = "Subject" }

[fields.received_at]
type = "datetime"
label = { zh = "受理时间", en = "Received at" }

[fields.category]
type = "choice"
label = { zh = "类别", en = "Category" }
choices = { noise = { zh = "噪声", en = "Noise" }, waste_gas = { zh = "废气", en = "Waste gas" } }

[fields.people]
type = "integer"
label = { zh = "人次", en = "People" }
"#;

const FIGURES: &str = r#"[complaints]
system = "complaint"
label = { zh = "环境投诉", en = "Complaints" }
unit = "件"
count = { of = "complaint" }

[noise]
system = "complaint"
label = { zh = "噪声投诉", en = "Noise" }
unit = "件"
count = { of = "complaint", where = 'category = "noise"' }

[share]
system = "complaint"
label = { zh = "噪声占比", en = "Share of noise" }
unit = "%"
digits = 1
ratio = { of = "noise", to = "complaints", percent = true }

[last_year]
system = "complaint"
label = { zh = "上年投诉", en = "Last year" }
unit = "件"
period = "all"
hidden = true
count = { of = "complaint", where = 'received_at < "2020-01-01"' }

[fall]
system = "complaint"
label = { zh = "同比", en = "Against last year" }
unit = "%"
change = { of = "complaints", against = "last_year", percent = true }

[people]
system = "complaint"
label = { zh = "出动人次", en = "People sent" }
unit = "人次"
bound = "at_least"
sum = { of = "complaint", field = "people" }

[pm25]
system = "air"
label = { zh = "细颗粒物", en = "PM2.5" }
unit = "微克/立方米"
observations = { series = "*/a34004", statistic = "mean" }
"#;

const REPORT: &str = r#"key = "annual"
label = { zh = "年度总结", en = "Annual summary" }
title = "{bureau}{year}年工作总结"
subtitle = "兼{next_year}年打算"
document_number = "长环天〔{year}〕1号"
copies = "印发{district}各街道"
"#;

const TEXT: &str = r#"# {bureau}{year}年总结

## 投诉办理

{year}年共受理投诉{complaints}，其中噪声**{noise|value}件、占{share}**，
同比下降{fall|abs}，出动
{people}，
**无一**迟延。

- 细颗粒物年均{pm25}

::: records of="complaint" where='category = "noise" and received_at >= "{year}-01-01"' columns="number,subject,category" title="{year}年噪声投诉" :::

::: figures keys="complaints,pm25" title="主要指标" :::

## {next_year}年打算
"#;

fn sources(text: &str) -> Vec<Source> {
    vec![
        Source::new("registers/complaint.toml", COMPLAINT),
        Source::new("figures/complaint.toml", FIGURES),
        Source::new("reports/annual/report.toml", REPORT),
        Source::new("reports/annual/text.zh.md", text),
    ]
}

fn bureau(text: &str) -> Bureau {
    let mut catalogue = check(&sources(text)).unwrap_or_else(|faults| panic!("{faults}"));
    catalogue.district.bureau = bilan_records::catalogue::Label { zh: "天心分局".into(), en: "Tianxin".into() };
    catalogue.district.name = bilan_records::catalogue::Label { zh: "天心区".into(), en: "Tianxin".into() };
    let bureau = Bureau::open(Arc::new(catalogue));
    for (received_at, category, people) in [
        ("2019-03-01T09:00:00+08:00", "noise", 2),
        ("2019-05-01T09:00:00+08:00", "noise", 2),
        ("2019-07-01T09:00:00+08:00", "waste_gas", 2),
        ("2019-09-01T09:00:00+08:00", "waste_gas", 2),
        ("2020-03-01T22:00:00+08:00", "noise", 8),
        ("2020-04-01T09:00:00+08:00", "waste_gas", 4),
        ("2020-05-01T23:00:00+08:00", "noise", 8),
    ] {
        let values = json!({ "subject": "扰民", "received_at": received_at, "category": category, "people": people });
        bureau.ledger.create(&handler(), "complaint", map(values), Write::default()).unwrap();
    }
    bureau
}

fn written(bureau: &Bureau) -> Filled {
    report::build(&bureau.ledger, &handler(), "annual", 2020, None).unwrap()
}

fn words(block: &FilledBlock) -> String {
    match block {
        FilledBlock::Heading { text, .. } | FilledBlock::Paragraph { text } | FilledBlock::Item { text } => {
            report::plain(text)
        }
        FilledBlock::Records { title, heads, rows, .. } => {
            let rows = rows.iter().map(|row| row.cells.join("|"));
            let lines: Vec<String> = title.iter().cloned().chain([heads.join("|")]).chain(rows).collect();
            lines.join("\n")
        }
        FilledBlock::Figures { title, figures } | FilledBlock::Chart { title, figures, .. } => {
            let figures = figures.iter().map(|figure| format!("{}：{}", figure.label, figure.text));
            title.iter().cloned().chain(figures).collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn the_text_is_filled_with_the_figures_of_the_year_and_a_gap_stays_visible() {
    let filled = written(&bureau(TEXT));
    assert_eq!(filled.title, "天心分局2020年总结");
    assert_eq!(filled.subtitle.as_deref(), Some("兼2021年打算"));
    assert_eq!(filled.document_number.as_deref(), Some("长环天〔2020〕1号"));
    assert_eq!(filled.particulars, [("copies".to_owned(), "印发天心区各街道".to_owned())]);
    assert!(!filled.simulated);
    let blocks: Vec<String> = filled.blocks.iter().map(words).collect();
    assert_eq!(
        blocks,
        [
            "投诉办理",
            "2020年共受理投诉3件，其中噪声2件、占66.7%，同比下降25%，出动20余人次，无一迟延。",
            "细颗粒物年均〔数据缺失：细颗粒物〕",
            "2020年噪声投诉\n编号|主题|类别\nTS202000001|扰民|噪声\nTS202000003|扰民|噪声",
            "主要指标\n环境投诉：3件\n细颗粒物：〔数据缺失：细颗粒物〕",
            "2021年打算",
        ]
    );
    assert_eq!(
        filled.gaps,
        [("pm25".to_owned(), "there are no observations of “*/a34004” in the period".to_owned())],
        "told once, though it stands twice in the text"
    );
}

#[test]
fn each_figure_in_the_text_names_what_opens_its_records() {
    let filled = written(&bureau(TEXT));
    let FilledBlock::Paragraph { text } = &filled.blocks[1] else { panic!("{:?}", filled.blocks[1]) };
    let figures: Vec<_> = text
        .iter()
        .flat_map(|inline| match inline {
            FilledInline::Strong { text } => text.as_slice(),
            other => std::slice::from_ref(other),
        })
        .filter_map(|inline| match inline {
            FilledInline::Figure(figure) => Some((figure.key.as_str(), figure.period.to_string(), figure.records)),
            _ => None,
        })
        .collect();
    let of_2020 = |key, records| (key, "2020".to_owned(), records);
    assert_eq!(
        figures,
        [of_2020("complaints", 3), of_2020("noise", 2), of_2020("share", 3), of_2020("fall", 7), of_2020("people", 3)]
    );
    let FilledBlock::Item { text } = &filled.blocks[2] else { panic!("{:?}", filled.blocks[2]) };
    let Some(FilledInline::Figure(gap)) = text.last() else { panic!("{text:?}") };
    assert!(gap.gap && gap.value.is_none());
    assert_eq!(gap.why.as_ref().unwrap().zh, "该时段没有监测数据");
}

#[test]
fn a_report_can_be_written_as_the_ledger_stood_at_an_earlier_moment() {
    let bureau = bureau(TEXT);
    bureau.at("2020-06-01T00:00:00Z");
    let change = map(json!({ "category": "waste_gas" }));
    bureau.ledger.edit(&handler(), "complaint", "TS202000003", 1, change, Write::default()).unwrap();
    let before = Some("2020-05-01T00:00:00Z".parse().unwrap());
    let then = report::build(&bureau.ledger, &handler(), "annual", 2020, before).unwrap();
    assert_eq!(words(&then.blocks[1]), words(&Filled { as_of: None, ..written(&self::bureau(TEXT)) }.blocks[1]));
    assert!(words(&then.blocks[3]).contains("TS202000003"));
    let now = written(&bureau);
    assert!(words(&now.blocks[1]).contains("其中噪声1件、占33.3%"), "{}", words(&now.blocks[1]));
    assert!(!words(&now.blocks[3]).contains("TS202000003"));
}

#[test]
fn a_text_that_names_a_missing_figure_is_found_before_anything_is_written() {
    let text = TEXT.replace("{noise|value}", "{nois|value}").replace("complaints,pm25", "complaints,pm2_5");
    let found = check(&sources(&text)).unwrap_err();
    let lines: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "reports/annual/text.zh.md:5:33: there is no figure “nois”; did you mean “noise”?",
            "reports/annual/text.zh.md:14:30: there is no figure “pm2_5”; did you mean “pm25”?",
        ]
    );
    assert_eq!(found.faults[0].found, "nois", "the offending text is kept");
}

#[test]
fn a_report_that_is_not_there_is_answered_with_those_that_are() {
    let bureau = bureau(TEXT);
    let error = report::build(&bureau.ledger, &handler(), "anual", 2020, None).unwrap_err();
    assert!(matches!(error, ReportError::Unknown { .. }));
    assert_eq!(error.to_string(), "there is no report “anual”; there are: annual");
}
