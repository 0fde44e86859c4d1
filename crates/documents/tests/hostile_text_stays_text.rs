//! Whatever a person types into a record is printed, never obeyed.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod sample;

use std::io::{Cursor, Read};

use bilan_documents::{Block, Document, HtmlOptions, docx, html, markdown};
use sample::{HOSTILE, hostile};

#[test]
fn in_html() {
    let text = html(&hostile(), &HtmlOptions { standalone: true, stylesheet: None });
    assert!(!text.contains("<script"));
    assert!(!text.contains("href=\"javascript:"));
    assert!(!text.contains('\0'));
    assert!(text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
    assert!(text.contains("href=\"/x?a=&quot;&gt;&lt;script&gt;&amp;b=&#39;\""));
}

#[test]
fn in_markdown() {
    let text = markdown(&hostile());
    assert!(!text.contains("<script"));
    assert!(
        !text.replace("\\]", "").contains("](javascript:"),
        "the link of the text is escaped, the link of the figure dropped"
    );
    assert!(text.contains("\\[l\\](javascript:1)"));
    assert!(!text.contains("<b>") && text.contains("\\*b\\* \\_i\\_"));
    let table_rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && line.contains("script")).collect();
    assert!(!table_rows.is_empty());
    for row in table_rows {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 3, "two columns whatever the cells hold: {row}");
    }
}

#[test]
fn in_docx() {
    let bytes = docx(&hostile()).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in names.iter().filter(|name| name.ends_with(".xml") || name.ends_with(".rels")) {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        assert!(!text.contains("<script") && !text.contains("\"javascript:"), "{name}");
        assert!(
            !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')),
            "{name} has control characters"
        );
        assert_eq!(text.matches('<').count(), text.matches('>').count(), "{name} is not balanced");
    }
    let mut text = String::new();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("&lt;script&gt;") && text.contains("#panic("));
}

#[test]
fn in_pdf_source_there_is_none_of_it() {
    // The template is a constant; what a document may bring is JSON. Printing is tested where fonts are at hand.
    let template = include_str!("../src/official.typ");
    assert!(template.contains("json(\"document.json\")"));
    assert!(!template.contains("eval("), "text of a document must never be evaluated");
    let mut document = Document::new(HOSTILE);
    document.blocks.push(Block::paragraph(HOSTILE));
    assert!(serde_json::to_string(&document).unwrap().contains("#panic"));
}
