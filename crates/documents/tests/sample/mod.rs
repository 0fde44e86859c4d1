//! Documents that the tests print.

#![allow(dead_code, reason = "no test file uses all of them")]

use bilan_documents::{Align, Bar, Block, Column, Document, Inline};

pub fn figure(key: &str, text: &str) -> Inline {
    Inline::Figure { key: key.into(), text: text.into(), href: Some(format!("/figures/{key}?year=2020")) }
}

/// A short summary with every kind of block.
pub fn summary() -> Document {
    let mut document =
        Document::new("某某市生态环境局示例分局关于2020年度生态环境保护主要工作情况及下一年度重点工作安排的总结");
    document.issuer = Some("某某市生态环境局示例分局".into());
    document.date_text = Some("2021年1月5日".into());
    document.notice = Some("模拟数据".into());
    document.base_url = Some("https://bilan.example".into());
    document.blocks = vec![
        Block::Addressee("某某市生态环境局".into()),
        Block::heading(1, "主要工作及成效"),
        Block::heading(2, "信访办理规范有序"),
        Block::Paragraph(vec![
            Inline::text("全年受理群众来信来访"),
            figure("petition_pieces", "350余件"),
            Inline::text("，办结率"),
            figure("petition_closing_rate", "100%"),
            Inline::text("，与上年相比下降"),
            Inline::Gap { key: "petition_change".into(), why: "没有2019年的信访记录".into() },
            Inline::text("。坚持"),
            Inline::Strong("件件有回音".into()),
            Inline::text("，对夜间施工噪声、餐饮油烟等群众反映集中的问题逐件回访，办理过程全部留痕。"),
        ]),
        Block::heading(3, "夜间巡查"),
        Block::paragraph("会同街道开展夜间巡查，重点检查在建工地和沿街商铺。"),
        Block::heading(4, "工地"),
        Block::paragraph("核对夜间施工许可，劝停无证施工。"),
        Block::List(vec![
            vec![Inline::text("- 查验许可"), figure("night_permits", "12件")],
            vec![Inline::text("责令停工")],
        ]),
        Block::heading(4, "商铺"),
        Block::paragraph("检查油烟净化设施清洗记录。"),
        Block::heading(1, "重点工作"),
        Block::heading(2, "下一年度计划"),
        Block::Table {
            caption: Some("重点工作计划表".into()),
            columns: vec![
                Column::left("事项"),
                Column { head: "责任人".into(), align: Align::Center },
                Column { head: "完成时限".into(), align: Align::Center },
                Column::right("进度"),
            ],
            rows: vec![
                vec![
                    vec![Inline::text("完成辖区入河排口溯源整治，建立一口一档，并向社会公开整治结果")],
                    vec![Inline::text("大气水科")],
                    vec![Inline::text("2021-06-30")],
                    vec![Inline::text("25%")],
                ],
                vec![
                    vec![Inline::text("更新声环境功能区划")],
                    vec![Inline::text("综合科")],
                    vec![Inline::text("2021-11-30")],
                ],
            ],
        },
        Block::BarChart {
            caption: Some("投诉类别构成".into()),
            unit: Some("件".into()),
            bars: vec![
                bar("噪声", Some(210.0), "210"),
                bar("废气", Some(96.0), "96"),
                bar("水污染", Some(3.0), "3"),
                bar("固体废物", None, "没有登记"),
            ],
        },
        Block::Attachments(vec!["2020年信访办理情况".into(), "重点排污单位名录".into()]),
        Block::Signature { unit: "某某市生态环境局示例分局".into(), date: "2021年1月5日".into() },
    ];
    document
}

fn bar(label: &str, value: Option<f64>, text: &str) -> Bar {
    let key = format!("complaints_{}", label.chars().count());
    Bar { href: Some(format!("/figures/{key}")), key: Some(key), label: label.into(), value, text: text.into() }
}

/// Text that would do harm in one of the formats if it were taken for markup.
pub const HOSTILE: &str = "<script>alert('x')</script> & \"q\" #panic(\"t\") $x^2$ *b* _i_ [l](javascript:1) `c` \\ {{t}} | ]]> @ref //c ~ \u{0}\u{b}\u{1f}end";

/// The hostile text in every place that takes text.
pub fn hostile() -> Document {
    let words = || vec![Inline::text(HOSTILE), Inline::Strong(HOSTILE.into())];
    let evil = Inline::Figure { key: HOSTILE.into(), text: HOSTILE.into(), href: Some("javascript:alert(1)".into()) };
    let quoted = Inline::Figure { key: "k".into(), text: HOSTILE.into(), href: Some("/x?a=\"><script>&b='".into()) };
    Document {
        title: HOSTILE.into(),
        subtitle: Some(HOSTILE.into()),
        issuer: Some(HOSTILE.into()),
        number: Some(HOSTILE.into()),
        date_text: Some(HOSTILE.into()),
        written_at: None,
        notice: Some(HOSTILE.into()),
        lang: "zh-CN".into(),
        base_url: Some("https://bilan.example".into()),
        blocks: vec![
            Block::Heading { level: 1, inlines: words() },
            Block::Paragraph(
                [words(), vec![evil, quoted, Inline::Gap { key: HOSTILE.into(), why: HOSTILE.into() }]].concat(),
            ),
            Block::Table {
                caption: Some(HOSTILE.into()),
                columns: vec![Column::left(HOSTILE), Column::right("b")],
                rows: vec![vec![words()], vec![words(), words(), words()]],
            },
            Block::BarChart {
                caption: Some(HOSTILE.into()),
                unit: Some(HOSTILE.into()),
                bars: vec![bar(HOSTILE, Some(-2.0), HOSTILE), bar(HOSTILE, None, HOSTILE)],
            },
            Block::List(vec![words(), vec![]]),
            Block::Addressee(HOSTILE.into()),
            Block::Attachments(vec![HOSTILE.into()]),
            Block::Signature { unit: HOSTILE.into(), date: HOSTILE.into() },
        ],
    }
}
