//! How long it takes from the last byte of a file that passes a bound to its refusal, in a register of complaints.
//!
//! `cargo bench -p bilan-records --bench refusals`; the database lies in a temporary folder.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    io::{Cursor, Write as _},
    time::Instant,
};

use bilan_records::exchange::{Format, import};
use support::{Bureau, system};
use zip::{ZipWriter, write::SimpleFileOptions};

const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="投诉" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const LINKS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const CELL: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#;

fn main() {
    let bureau = Bureau::new();
    let measure = |what: &str, file: &[u8], format: Format| {
        let began = Instant::now();
        let refused = import(&bureau.ledger, &system(), "complaint", Cursor::new(file), format, true);
        let took = began.elapsed();
        let why = refused.map_or_else(|error| error.to_string(), |outcome| format!("read: {outcome:?}"));
        let why: String = why.lines().next().unwrap_or_default().chars().take(120).collect();
        println!("{took:>10.1?}  {:>4} MB  {what}: {why}", file.len() >> 20);
    };
    measure("CSV, ten million rows of a letter", "a\n".repeat(10_000_000).as_bytes(), Format::Csv);
    measure("CSV, ten million rows ended by a carriage return", "a\r".repeat(10_000_000).as_bytes(), Format::Csv);
    let quoted = "\"a\",\"b\",\"c\"\n".repeat(5_000_000);
    measure("CSV, five million rows in quotation marks", quoted.as_bytes(), Format::Csv);
    measure("JSON, ten million lines", "{}\n".repeat(10_000_000).as_bytes(), Format::Jsonl);
    let within =
        |before: &str, piece: &str, times: usize, after: &str| format!("{before}{}{after}", piece.repeat(times));
    let texts = |piece: &str, times| workbook(&within("<sst><si>", piece, times, "</si></sst>"), CELL);
    measure("three million runs in a shared text", &texts("<r><t>a</t></r>", 3_000_000), Format::Xlsx);
    measure("runs of three bytes a character", &texts("<r><t>噪</t></r>", 3_000_000), Format::Xlsx);
    measure("empty elements in a shared text", &texts("<r/>", 10_000_000), Format::Xlsx);
    let own = within(r#"<row r="1"><c r="B1" t="inlineStr"><is>"#, "<r><t>a</t></r>", 3_000_000, "</is></c></row>");
    measure("three million runs in a cell", &workbook("<sst/>", &own), Format::Xlsx);
    let blank = |times| workbook("<sst/>", &within("", &format!("<row>{}</row>", "<c/>".repeat(10_000)), times, ""));
    measure("a million blank cells", &blank(100), Format::Xlsx);
    measure("ten million blank cells", &blank(1000), Format::Xlsx);
    let rows: String = (1..=1_000_000).map(|row| format!(r#"<row r="{row}"><c r="A{row}" s="1"/></row>"#)).collect();
    measure("a million rows of a blank cell", &workbook("<sst/>", &rows), Format::Xlsx);
    let letters: String = (1..=1_100_000).map(|row| format!(r#"<row r="{row}"><c><v>1</v></c></row>"#)).collect();
    measure("more than a million filled rows", &workbook("<sst/>", &letters), Format::Xlsx);
}

fn workbook(texts: &str, rows: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let parts = [
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", LINKS),
        ("xl/sharedStrings.xml", texts),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
