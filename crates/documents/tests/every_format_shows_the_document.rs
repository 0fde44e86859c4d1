//! The same tree in each format, kept as snapshots.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod sample;

use std::io::{Cursor, Read};

use bilan_documents::{Block, Document, HtmlOptions, Inline, docx, html, markdown};

fn part(docx: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Identities of paragraphs and links count up through the process; the snapshot must not depend on them.
fn without_identities(xml: &str) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some(start) =
        ["w14:paraId=\"", "r:id=\""].iter().filter_map(|mark| rest.find(mark).map(|at| at + mark.len())).min()
    {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        rest = &rest[rest.find('"').unwrap()..];
    }
    out.push_str(rest);
    out.replace("<w:p ", "\n<w:p ")
}

#[test]
fn html_is_a_semantic_article() {
    insta::assert_snapshot!(html(&sample::summary(), &HtmlOptions::default()));
}

#[test]
fn markdown_reads_as_text() {
    insta::assert_snapshot!(markdown(&sample::summary()));
}

#[test]
fn docx_has_the_office_layout() {
    insta::assert_snapshot!(without_identities(&part(&docx(&sample::summary()).unwrap(), "word/document.xml")));
}

#[test]
fn docx_repeats_the_notice_and_numbers_pages_on_the_outer_edge() {
    let file = docx(&sample::summary()).unwrap();
    for header in ["word/header1.xml", "word/header2.xml"] {
        assert!(part(&file, header).contains("模拟数据"), "{header}");
    }
    assert!(part(&file, "word/footer1.xml").contains("w:jc w:val=\"right\""));
    assert!(part(&file, "word/footer2.xml").contains("w:jc w:val=\"left\""));
    assert!(part(&file, "word/settings.xml").contains("evenAndOddHeaders"));
}

#[test]
fn docx_is_as_an_office_program_writes_it() {
    let document = Document { written_at: Some("2021-01-05T08:00:00Z".into()), ..sample::summary() };
    let file = docx(&document).unwrap();
    let styles = part(&file, "word/styles.xml");
    assert!(styles.contains(r#"w:default="1" w:styleId="Normal""#), "{styles}");
    assert!(styles.contains(r#"<w:lang w:val="zh-CN""#), "{styles}");
    let text = part(&file, "word/document.xml");
    let paragraphs: Vec<&str> = text.split("<w:p ").skip(1).collect();
    for paragraph in &paragraphs {
        let style = paragraph.split(r#"<w:pStyle w:val=""#).nth(1).and_then(|rest| rest.split('"').next());
        let style = style.unwrap_or_else(|| panic!("a paragraph without a style: {paragraph}"));
        assert!(styles.contains(&format!(r#"w:styleId="{style}""#)), "{style}");
    }
    let tables = text.matches("<w:tbl>").count();
    assert_eq!(
        (tables, text.matches("<w:tblHeader />").count()),
        (2, 1),
        "the table repeats its head, the chart has none"
    );
    assert!(
        text.split("<w:tblGrid>").skip(1).all(|table| table
            .split("</w:tblGrid>")
            .next()
            .unwrap()
            .matches("<w:gridCol ")
            .count()
            <= 5)
    );
    let core = part(&file, "docProps/core.xml");
    for word in [document.title.as_str(), "zh-CN", "2021-01-05T08:00:00Z", document.issuer.as_deref().unwrap()] {
        assert!(core.contains(word), "{word}: {core}");
    }
    assert!(!core.contains("1970") && !core.contains("unknown"), "{core}");
}

#[test]
fn a_standalone_page_brings_its_looks_and_a_fragment_needs_no_inline_style() {
    let page = html(&sample::summary(), &HtmlOptions { standalone: true, stylesheet: None });
    assert!(page.starts_with("<!doctype html>") && page.contains("<style>"));
    let linked = html(&sample::summary(), &HtmlOptions { standalone: true, stylesheet: Some("/assets/d.css".into()) });
    assert!(linked.contains("<link rel=\"stylesheet\" href=\"/assets/d.css\">") && !linked.contains("<style"));
    let fragment = html(&sample::summary(), &HtmlOptions::default());
    for forbidden in ["style=", "<style", "<script", "onclick"] {
        assert!(!fragment.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_gap_is_marked_in_every_format_and_never_a_zero() {
    let mut document = Document::new("缺项");
    document.blocks =
        vec![Block::Paragraph(vec![Inline::Gap { key: "ratio".into(), why: "分母为零".into() }, Inline::text("。")])];
    let marker = "【缺：分母为零】";
    assert!(html(&document, &HtmlOptions::default()).contains(marker));
    assert!(markdown(&document).contains(marker));
    assert!(part(&docx(&document).unwrap(), "word/document.xml").contains(marker));
    let gaps = document.gaps();
    assert_eq!((gaps[0].key.as_str(), gaps[0].why.as_str()), ("ratio", "分母为零"));
    assert_eq!(sample::summary().gaps().len(), 2, "one in the text, one in the chart");
}

#[test]
fn headings_have_the_same_numbers_in_every_format() {
    let document = sample::summary();
    let texts = [
        html(&document, &HtmlOptions::default()).replace("</span>", ""),
        markdown(&document).replace('\\', ""),
        part(&docx(&document).unwrap(), "word/document.xml"),
    ];
    for text in texts {
        let mut at = 0;
        for number in ["一、", "（一）", "1.", "（1）", "（2）", "二、", "（一）"] {
            at += text[at..].find(number).unwrap_or_else(|| panic!("{number} missing after {at}")) + number.len();
        }
    }
}
