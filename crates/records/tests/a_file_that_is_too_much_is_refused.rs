//! What a file may hold is bounded, and what passes a bound is refused by name before memory is taken for it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{
    cell::Cell,
    io::{self, Cursor, Read, Seek, SeekFrom},
};

use bilan_records::exchange::{Bound, Format, ImportError, Spot, Unreadable, import};
use support::*;
use test_case::test_case;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="投诉" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="x/styles" Target="styles.xml"/></Relationships>"#;

/// Name of a part of the workbook, and what writes it.
type Part<'p> = (&'p str, &'p dyn Fn(&mut dyn std::io::Write));

fn workbook(parts: &[Part<'_>]) -> Vec<u8> {
    packed(parts, SimpleFileOptions::default())
}

fn packed(parts: &[Part<'_>], how: SimpleFileOptions) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, write: &dyn Fn(&mut dyn std::io::Write)| {
        zip.start_file(name, how).unwrap();
        write(&mut zip);
    };
    let has = |name: &str| parts.iter().any(|(given, _)| *given == name);
    for (name, text) in [(MAIN, WORKBOOK), (LINKS, RELATIONS)] {
        if !has(name) {
            part(name, &|out| out.write_all(text.as_bytes()).unwrap());
        }
    }
    for (name, write) in parts {
        part(name, *write);
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook whose only sheet holds these rows.
fn sheet(rows: &str) -> Vec<u8> {
    workbook(&[("xl/worksheets/sheet1.xml", &|out| {
        write!(out, "<worksheet><sheetData>{rows}</sheetData></worksheet>").unwrap();
    })])
}

/// A workbook with a part that repeats a piece, between a beginning and an end.
fn repeating(name: &str, before: &str, piece: &str, times: usize, after: &str, rows: &str) -> Vec<u8> {
    let repeat = |out: &mut dyn std::io::Write| {
        out.write_all(before.as_bytes()).unwrap();
        let at_once = (65_536 / piece.len()).clamp(1, times);
        let many = piece.repeat(at_once);
        for _ in 0..times / at_once {
            out.write_all(many.as_bytes()).unwrap();
        }
        out.write_all(piece.repeat(times % at_once).as_bytes()).unwrap();
        out.write_all(after.as_bytes()).unwrap();
    };
    if rows.is_empty() {
        return workbook(&[(name, &repeat)]);
    }
    workbook(&[
        (name, &repeat),
        ("xl/worksheets/sheet1.xml", &|out| {
            write!(out, "<worksheet><sheetData>{rows}</sheetData></worksheet>").unwrap();
        }),
    ])
}

const MAIN: &str = "xl/workbook.xml";
const LINKS: &str = "xl/_rels/workbook.xml.rels";
const STYLES: &str = "xl/styles.xml";
const SHEET: &str = "xl/worksheets/sheet1.xml";
const TEXTS: &str = "xl/sharedStrings.xml";

fn heading_at(cell: &str) -> Vec<u8> {
    sheet(&format!(
        r#"<row r="1"><c r="A1" t="inlineStr"><is><t>subject</t></is></c><c r="{cell}" t="inlineStr"><is><t>content</t></is></c></row>"#
    ))
}

fn a_cell_of_100_mb() -> Vec<u8> {
    let (before, after) = (
        r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>"#,
        "</t></is></c></row></sheetData></worksheet>",
    );
    repeating(SHEET, before, &"a".repeat(1024), 100 * 1024, after, "")
}

fn many_texts(piece: &str, times: usize) -> Vec<u8> {
    repeating(TEXTS, "<sst>", piece, times, "</sst>", r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#)
}

fn one_long_text_in_every_cell() -> Vec<u8> {
    let cells: String = (0..100).map(|_| r#"<c t="s"><v>0</v></c>"#).collect();
    let text = format!("<si><t>{}</t></si>", "长".repeat(30_000));
    repeating(TEXTS, "<sst>", &text, 1, "</sst>", &format!(r#"<row r="1">{cells}</row>"#))
}

fn one_long_text_in_every_row() -> Vec<u8> {
    let rows = r#"<row><c t="s"><v>0</v></c></row>"#.repeat(10_000);
    let text = format!("<si><t>{}</t></si>", "长".repeat(32_000));
    repeating(TEXTS, "<sst>", &text, 1, "</sst>", &rows)
}

fn three_hundred_mb_of_remarks() -> Vec<u8> {
    let remark = format!("<!--{}-->", "-".repeat(300_000).replace("--", "- "));
    repeating(SHEET, "<worksheet>", &remark, 1024, "<sheetData/></worksheet>", "")
}

fn blank_cells(rows: usize) -> Vec<u8> {
    let row = format!("<row>{}</row>", r#"<c s="1"/>"#.repeat(10_000));
    let filled = r#"<row><c t="inlineStr"><is><t>subject</t></is></c></row>"#;
    repeating(SHEET, &format!("<worksheet><sheetData>{filled}"), &row, rows, "</sheetData></worksheet>", "")
}

/// A workbook with a cell of so many runs of text, which it keeps once for all its cells.
fn shared_runs(run: &str, times: usize) -> Vec<u8> {
    repeating(TEXTS, "<sst><si>", run, times, "</si></sst>", r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#)
}

/// The same in the cell itself.
fn own_runs(run: &str, times: usize) -> Vec<u8> {
    let before = r#"<worksheet><sheetData><row r="1"><c r="B1" t="inlineStr"><is>"#;
    repeating(SHEET, before, run, times, "</is></c></row></sheetData></worksheet>", "")
}

const HEADING: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>subject</t></is></c></row>"#;

fn many_sheets(times: usize) -> Vec<u8> {
    repeating(MAIN, "<workbook><sheets>", "<sheet/>", times, "</sheets></workbook>", HEADING)
}

fn many_names(times: usize) -> Vec<u8> {
    let before = r#"<workbook xmlns:r="r"><sheets><sheet name="投诉" r:id="rId1"/></sheets><definedNames>"#;
    let name = r#"<definedName name="a">A1</definedName>"#;
    repeating(MAIN, before, name, times, "</definedNames></workbook>", HEADING)
}

fn many_links(times: usize) -> Vec<u8> {
    repeating(LINKS, "<Relationships>", "<Relationship/>", times, "</Relationships>", HEADING)
}

fn many_styles(piece: &str, times: usize) -> Vec<u8> {
    repeating(STYLES, "<styleSheet><cellXfs>", piece, times, "</cellXfs></styleSheet>", HEADING)
}

/// What lies behind the rows of a sheet, such as merged cells.
fn behind_the_rows(piece: &str, times: usize) -> Vec<u8> {
    let before = format!("<worksheet><sheetData>{HEADING}</sheetData><a>");
    repeating(SHEET, &before, piece, times, "</a></worksheet>", "")
}

/// A cell with much in it that is none of its value.
fn filled_with(piece: &str, times: usize) -> Vec<u8> {
    let before = r#"<worksheet><sheetData><row r="1"><c r="A1">"#;
    repeating(SHEET, before, piece, times, "</c></row></sheetData></worksheet>", "")
}

fn elements_in_elements() -> Vec<u8> {
    sheet(&"<row>".repeat(100_000))
}

fn many_parts() -> Vec<u8> {
    let names: Vec<String> = (0..5000).map(|at| format!("xl/media/{at}")).collect();
    let nothing: &dyn Fn(&mut dyn std::io::Write) = &|_| {};
    workbook(&names.iter().map(|name| (name.as_str(), nothing)).collect::<Vec<_>>())
}

fn too_much(bytes: &[u8], format: Format) -> Option<(Spot, Bound)> {
    let bureau = Bureau::new();
    match import(&bureau.ledger, &system(), "complaint", Cursor::new(bytes), format, true) {
        Err(ImportError::Unreadable(Unreadable::TooMuch { spot, bound })) => Some((spot, bound)),
        other => panic!("{other:?}"),
    }
}

#[test_case(heading_at("XFE1") => Some((Spot::Cell("XFE1".into()), Bound::Columns)); "a heading one column beyond Excel")]
#[test_case(heading_at("ZZZZZZ1") => Some((Spot::Cell("ZZZZZZ1".into()), Bound::Columns)); "a heading far to the right")]
#[test_case(heading_at("ZZZZZZZZZZZZZZZZZZZZ1") => Some((Spot::Cell("ZZZZZZZZZZZZZZZZZZZZ1".into()), Bound::Columns)); "a heading beyond every number")]
#[test_case(sheet(r#"<row r="1048577"><c><v>1</v></c></row>"#) => Some((Spot::Row(1_048_577), Bound::Rows)); "a row beyond Excel")]
#[test_case(sheet(&format!(r#"<row r="1">{}</row>"#, "<c><v>1</v></c>".repeat(16_385))) => Some((Spot::Row(1), Bound::Columns)); "cells that do not say where they stand")]
#[test_case(a_cell_of_100_mb() => Some((Spot::Part(SHEET.into()), Bound::CellCharacters)); "a cell of a hundred megabytes")]
#[test_case(sheet(&format!(r#"<row r="1"><c r="B1" t="inlineStr"><is><t>{}</t></is></c></row>"#, "长".repeat(32_768))) => Some((Spot::Cell("B1".into()), Bound::CellCharacters)); "a cell of one character too many")]
#[test_case(many_texts("<si/>", 2_100_000) => Some((Spot::Part(TEXTS.into()), Bound::SharedTexts)); "millions of shared texts")]
#[test_case(many_texts(&format!("<si><t>{}</t></si>", "a".repeat(30_000)), 2000) => Some((Spot::Part(TEXTS.into()), Bound::SharedTexts)); "long shared texts")]
#[test_case(one_long_text_in_every_cell() => Some((Spot::Row(1), Bound::RowBytes)); "one shared text in every cell")]
#[test_case(three_hundred_mb_of_remarks() => Some((Spot::Part(SHEET.into()), Bound::Unpacked)); "a sheet of remarks")]
#[test_case(blank_cells(101) => Some((Spot::Row(102), Bound::BlankCells)); "more than a million blank cells")]
#[test_case(shared_runs("<r><t>噪</t></r>", 40_000) => Some((Spot::Text("噪".repeat(20)), Bound::CellCharacters)); "a shared text of too many runs")]
#[test_case(shared_runs("<r><t></t></r>", 40_000) => Some((Spot::Part(TEXTS.into()), Bound::CellCharacters)); "a shared text of too many empty runs")]
#[test_case(shared_runs("<r/>", 1_100_000) => Some((Spot::Part(TEXTS.into()), Bound::PassedOver)); "a shared text of runs without text")]
#[test_case(shared_runs("<rPh><t>a</t></rPh>", 600_000) => Some((Spot::Part(TEXTS.into()), Bound::PassedOver)); "a shared text with too much of how it is pronounced")]
#[test_case(own_runs("<r><rPr><b/></rPr><t>噪</t></r>", 40_000) => Some((Spot::Cell("B1".into()), Bound::CellCharacters)); "a cell of too many runs")]
#[test_case(own_runs("<t/>", 40_000) => Some((Spot::Cell("B1".into()), Bound::CellCharacters)); "a cell of too many empty pieces")]
#[test_case(filled_with("<v/>", 1_100_000) => Some((Spot::Part(SHEET.into()), Bound::PassedOver)); "a cell of many values")]
#[test_case(filled_with("<!---->", 2_100_000) => Some((Spot::Part(SHEET.into()), Bound::PassedOver)); "a cell of many remarks")]
#[test_case(behind_the_rows(r#"<mergeCell ref="A1:B1"/>"#, 1_100_000) => Some((Spot::Part(SHEET.into()), Bound::PassedOver)); "many merged cells")]
#[test_case(behind_the_rows("<col/>", 1_100_000) => Some((Spot::Part(SHEET.into()), Bound::PassedOver)); "many widths of columns")]
#[test_case(many_sheets(256) => Some((Spot::File, Bound::Sheets)); "many sheets, also such as are not there")]
#[test_case(many_names(700_000) => Some((Spot::Part(MAIN.into()), Bound::PassedOver)); "many defined names")]
#[test_case(many_links(1_100_000) => Some((Spot::Part(LINKS.into()), Bound::PassedOver)); "many relations that lead nowhere")]
#[test_case(many_styles("<xf/>", 65_537) => Some((Spot::Part(STYLES.into()), Bound::Styles)); "many styles")]
#[test_case(many_styles(r#"<numFmt numFmtId="200" formatCode="0.0"/>"#, 65_537) => Some((Spot::Part(STYLES.into()), Bound::Styles)); "many number formats")]
#[test_case(many_styles("<a/>", 1_100_000) => Some((Spot::Part(STYLES.into()), Bound::PassedOver)); "much that is no style")]
#[test_case(elements_in_elements() => Some((Spot::Part(SHEET.into()), Bound::Depth)); "elements in elements")]
#[test_case(many_parts() => Some((Spot::File, Bound::Parts)); "thousands of parts")]
fn a_workbook_that_passes_a_bound_is_refused_where_it_does(bytes: Vec<u8>) -> Option<(Spot, Bound)> {
    let refused = too_much(&bytes, Format::Xlsx);
    assert!(most_memory_mb().is_none_or(|most| most < 256), "{:?} MB", most_memory_mb());
    refused
}

/// Counts the bytes that are read of a file.
struct Counting<'f> {
    file: Cursor<&'f [u8]>,
    read: &'f Cell<u64>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn the_only_sheet_of_a_workbook_is_read_once() {
    // Blank all but the first rows, so that looking for headings reads to the end.
    let blank = format!("<row>{}</row>", r#"<c s="1"/>"#.repeat(10_000)).repeat(20);
    let rows = format!(r#"<row><c t="inlineStr"><is><t>subject</t></is></c></row>{blank}"#);
    let sheet: Part<'_> = (SHEET, &|out| {
        write!(out, "<worksheet><sheetData>{rows}</sheetData></worksheet>").unwrap();
    });
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let (file, read) = (packed(&[sheet], stored), Cell::new(0));
    let source = Counting { file: Cursor::new(&file), read: &read };
    import(&Bureau::new().ledger, &system(), "complaint", source, Format::Xlsx, true).unwrap();
    let once = file.len() as u64;
    // The directory at the end, and what a buffer reads beyond each part, come on top.
    assert!(read.get() < once + once / 4, "{} bytes were read of a file of {once}", read.get());
}

#[test]
fn a_short_sheet_among_others_is_read_once() {
    // Its headings are looked for to its end, and it is the one.
    let blank = format!("<row>{}</row>", r#"<c s="1"/>"#.repeat(10_000)).repeat(20);
    let sheets = r#"<workbook xmlns:r="r"><sheets><sheet name="投诉" r:id="rId1"/><sheet name="说明" r:id="rId9"/></sheets></workbook>"#;
    let links = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId9" Type="x/worksheet" Target="worksheets/sheet2.xml"/></Relationships>"#;
    let write = |out: &mut dyn std::io::Write, rows: &str| {
        write!(out, "<worksheet><sheetData>{rows}</sheetData></worksheet>").unwrap();
    };
    let parts: [Part<'_>; 4] = [
        (MAIN, &|out| out.write_all(sheets.as_bytes()).unwrap()),
        (LINKS, &|out| out.write_all(links.as_bytes()).unwrap()),
        (SHEET, &|out| write(out, &format!("{HEADING}{blank}"))),
        ("xl/worksheets/sheet2.xml", &|out| write(out, &HEADING.replace("subject", "说明"))),
    ];
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let (file, read) = (packed(&parts, stored), Cell::new(0));
    let source = Counting { file: Cursor::new(&file), read: &read };
    let outcome = import(&Bureau::new().ledger, &system(), "complaint", source, Format::Xlsx, true).unwrap();
    assert_eq!(outcome.notes.len(), 1, "the other sheet is said to be passed over: {:?}", outcome.notes);
    let once = file.len() as u64;
    assert!(read.get() < once + once / 4, "{} bytes were read of a file of {once}", read.get());
}

#[test_case(shared_runs("<r><t>噪</t></r>", 40_000), "以“噪噪噪噪噪噪噪噪噪噪噪噪噪噪噪噪噪噪噪噪”开头的文字：单元格超过32767个字符（Excel的上限），请缩短"; "a shared text")]
#[test_case(own_runs("<r><t>噪</t></r>", 40_000), "单元格B1：单元格超过32767个字符（Excel的上限），请缩短"; "a text of the cell")]
fn a_cell_of_too_many_characters_is_refused_with_the_bound_of_excel(bytes: Vec<u8>, zh: &str) {
    let refused = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(bytes), Format::Xlsx, true);
    let Err(ImportError::Unreadable(why)) = refused else { panic!("{refused:?}") };
    assert_eq!(why.zh(), zh);
}

#[test]
fn a_cell_of_as_many_runs_as_excel_has_characters_is_read() {
    let sheet = shared_runs("<r><t>噪</t></r>", 32_767);
    let refused = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(sheet), Format::Xlsx, true);
    assert!(matches!(refused, Err(ImportError::Faults(_))), "it is a heading that names nothing: {refused:?}");
}

#[test]
fn a_shared_text_counts_wherever_it_stands() {
    let Some((Spot::Row(row), Bound::Unpacked)) = too_much(&one_long_text_in_every_row(), Format::Xlsx) else {
        panic!("960 MB of text were read")
    };
    assert!((2700..2800).contains(&row), "{row}");
}

#[test_case(Format::Csv, &",".repeat(3_000_000) => Some((Spot::Row(1), Bound::Columns)); "three million commas")]
#[test_case(Format::Csv, &format!("subject\n\"{}", "a".repeat(5 << 20)) => Some((Spot::Row(2), Bound::RowBytes)); "a quotation mark that is never closed")]
#[test_case(Format::Csv, &"\"\",\n".repeat(1_048_577) => Some((Spot::Row(1_048_577), Bound::Rows)); "more rows than a sheet has")]
#[test_case(Format::Csv, &"a\r".repeat(1_048_577) => Some((Spot::Row(1_048_577), Bound::Rows)); "more rows than a sheet has, each ended by a carriage return")]
#[test_case(Format::Jsonl, &"{}\n".repeat(1_048_577) => Some((Spot::Row(1_048_577), Bound::Rows)); "more lines of JSON than a sheet has rows")]
#[test_case(Format::Jsonl, &keys(100_000) => Some((Spot::Row(1), Bound::Keys)); "a line of a hundred thousand keys")]
#[test_case(Format::Jsonl, &format!("{{}}\n{{\"subject\":\"{}\"}}", "a".repeat(3 << 20)) => Some((Spot::Row(2), Bound::RowBytes)); "a line of three megabytes")]
#[test_case(Format::Jsonl, &format!("{{\"place\":{}}}", "[".repeat(100_000)) => Some((Spot::Row(1), Bound::Depth)); "lists in lists")]
fn a_text_that_passes_a_bound_is_refused_where_it_does(format: Format, text: &str) -> Option<(Spot, Bound)> {
    too_much(text.as_bytes(), format)
}

fn keys(count: usize) -> String {
    let keys: Vec<String> = (0..count).map(|at| format!("\"k{at}\":1")).collect();
    format!("{{{}}}", keys.join(","))
}

#[test_case(Format::Csv, b""; "an empty CSV file")]
#[test_case(Format::Csv, b",,,,,,\n,,,\n"; "a file of commas")]
#[test_case(Format::Csv, b"\n\r\n  \n"; "a file of blank lines")]
fn a_file_without_a_filled_cell_is_refused(format: Format, bytes: &[u8]) {
    let refused = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(bytes), format, true).unwrap_err();
    assert!(matches!(refused, ImportError::Unreadable(Unreadable::Empty)), "{refused}");
}

#[test]
fn the_last_column_of_excel_is_not_too_much() {
    let refused =
        import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(heading_at("XFD1")), Format::Xlsx, true);
    assert_eq!(refused.unwrap().created, 0, "a heading in XFD is one, and there are no rows");
}

#[test]
fn a_formatted_area_below_the_table_is_no_record() {
    let read = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(blank_cells(20)), Format::Xlsx, true);
    assert_eq!(read.unwrap().created, 0);
}

#[test]
fn a_directory_that_states_more_than_it_has_takes_no_memory() {
    let mut bytes = heading_at("B1");
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0xff; 4]);
    let refused = too_much(&bytes, Format::Xlsx);
    assert_eq!(refused, Some((Spot::File, Bound::Parts)));
    bytes[end + 8..end + 12].copy_from_slice(&[1, 0, 1, 0]);
    bytes[end + 12..end + 16].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(too_much(&bytes, Format::Xlsx), Some((Spot::File, Bound::Parts)));
}

#[test]
fn a_workbook_that_is_cut_off_in_its_directory_is_refused() {
    let (bureau, bytes) = (Bureau::new(), heading_at("B1"));
    for cut in 1..100 {
        let file = Cursor::new(&bytes[..bytes.len() - cut]);
        let refused = import(&bureau.ledger, &system(), "complaint", file, Format::Xlsx, true);
        let is_named = matches!(refused, Err(ImportError::Unreadable(Unreadable::Workbook { .. })));
        assert!(is_named, "without its last {cut} bytes: {refused:?}");
    }
}

#[test]
fn a_comment_of_an_archive_may_say_what_its_end_begins_with() {
    let mut bytes = heading_at("B1");
    let length = bytes.len() - 2;
    bytes[length] = 7;
    bytes.extend(b"PK\x05\x06abc");
    let read = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(bytes), Format::Xlsx, true);
    assert_eq!(read.unwrap().created, 0);
}

#[test]
fn an_old_or_locked_workbook_is_named() {
    let bytes = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600]].concat();
    let refused = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(bytes), Format::Xlsx, true);
    assert!(matches!(refused, Err(ImportError::Unreadable(Unreadable::OldOrLocked))), "{refused:?}");
}

#[test]
fn a_flipped_byte_of_a_packed_part_is_found() {
    let bytes = sheet(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>subject</t></is></c></row>"#);
    let at = bytes.windows(SHEET.len()).position(|window| window == SHEET.as_bytes()).unwrap() + SHEET.len() + 4;
    for at in at..at + 20 {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let read = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(damaged), Format::Xlsx, true);
        assert!(matches!(read, Err(ImportError::Unreadable(_))), "byte {at}: {read:?}");
    }
}

#[test]
fn a_key_that_stands_twice_in_a_line_is_refused() {
    let line = br#"{"subject":"a","subject":"b"}"#;
    let refused = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(line), Format::Jsonl, true);
    let Err(ImportError::Unreadable(why)) = refused else { panic!("{refused:?}") };
    assert_eq!(why, Unreadable::KeyTwice { line: 1, key: "subject".into() });
}

/// Most memory that this process has held, in megabytes; known on Linux only.
fn most_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}
