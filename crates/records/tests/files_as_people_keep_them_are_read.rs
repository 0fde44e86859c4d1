//! Files as people keep them: with titles and notes, in other encodings, with what spreadsheets do to numbers, codes and
//! merged cells. What is plain is read; what is not is refused by its cell, once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{
    io::{Cursor, Write as _},
    path::Path,
    sync::{Arc, LazyLock},
};

use bilan_records::{
    catalogue::{self, Catalogue},
    exchange::{Format, ImportError, ImportFault, ImportNote, ImportOutcome, Unreadable, import},
    ledger::{ListQuery, Record},
};
use rust_xlsxwriter::Workbook;
use support::{Bureau, system};
use test_case::test_case;

/// The registers as they are shipped.
static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Arc::new(catalogue::load(&root).unwrap_or_else(|faults| panic!("{faults}")))
});

const HEADS: [&str; 9] =
    ["受理时间", "来源", "来源工单号", "污染类别", "具体类型", "投诉事项", "投诉内容", "问题地点", "现场监测噪声"];
const ROW: [&str; 9] =
    ["2020-03-01 22:15", "12345热线", "00123", "噪声", "夜间施工噪声", "夜间施工", "深夜浇筑", "某路8号", "62.1"];
const RECEIVED: usize = 0;
const SOURCE: usize = 1;
const ORDER: usize = 2;
const CATEGORY: usize = 3;
const SUBJECT: usize = 5;
const LEVEL: usize = 8;

/// The row with other texts in some of its columns.
fn row<'a>(changes: &[(usize, &'a str)]) -> [&'a str; 9] {
    let mut row = ROW;
    for (column, text) in changes {
        row[*column] = text;
    }
    row
}

fn lines(rows: &[[&str; 9]], separator: &str) -> String {
    rows.iter().map(|row| row.join(separator) + "\r\n").collect()
}

fn csv(rows: &[[&str; 9]]) -> Vec<u8> {
    lines(rows, ",").into_bytes()
}

fn bureau() -> Bureau {
    Bureau::open(CATALOGUE.clone())
}

fn read(bureau: &Bureau, bytes: &[u8], format: Format, dry_run: bool) -> Result<ImportOutcome, ImportError> {
    bureau.at("2026-11-26T01:00:00Z");
    import(&bureau.ledger, &system(), "complaint", Cursor::new(bytes), format, dry_run)
}

/// What became of a file with one good row.
fn entered(bytes: &[u8], format: Format) -> (Record, Vec<String>) {
    let bureau = bureau();
    let outcome = read(&bureau, bytes, format, false).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.created, 1);
    let record = bureau.ledger.list(&system(), ListQuery::of("complaint")).unwrap().records.remove(0);
    (record, outcome.notes.iter().map(ImportNote::zh).collect())
}

fn faults(bytes: &[u8], format: Format) -> Vec<ImportFault> {
    match read(&bureau(), bytes, format, true).unwrap_err() {
        ImportError::Faults(faults) => {
            assert_eq!(faults.total, faults.faults.len() as u64);
            faults.faults
        }
        other => panic!("{other}"),
    }
}

/// Each fault by its cell.
fn cells(faults: &[ImportFault]) -> Vec<String> {
    faults.iter().map(|fault| fault.cell().unwrap_or_default()).collect()
}

fn is_the_row(record: &Record) {
    assert_eq!(record.external()["received_at"], "2020-03-01T22:15:00+08:00");
    assert_eq!(record.external()["source"], "hotline12345");
    assert_eq!(record.external()["source_no"], "00123");
    assert_eq!(record.external()["category"], "noise");
    assert_eq!(record.external()["subject"], "夜间施工");
    assert_eq!(record.external()["leq"], 62.1);
}

fn wide(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test_case(","; "commas")]
#[test_case("\t"; "tabs")]
#[test_case(";"; "semicolons")]
#[test_case("|"; "bars")]
fn a_text_file_is_read_whatever_parts_its_cells_and_encodes_its_letters(separator: &str) {
    let text = lines(&[HEADS, ROW], separator);
    for bytes in [
        text.clone().into_bytes(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        wide(&text, false),
        wide(&text, true),
        [b"\xff\xfe".to_vec(), wide(&text, false)].concat(),
        [b"\xfe\xff".to_vec(), wide(&text, true)].concat(),
        encoding_rs::GB18030.encode(&text).0.into_owned(),
    ] {
        let (record, notes) = entered(&bytes, Format::Csv);
        is_the_row(&record);
        assert!(notes.is_empty(), "{notes:?}");
    }
}

#[test]
fn a_first_line_that_names_the_separator_is_obeyed() {
    is_the_row(&entered(format!("sep=;\r\n{}", lines(&[HEADS, ROW], ";")).as_bytes(), Format::Csv).0);
}

#[test_case(LEVEL, "６２．１"; "full width number")]
#[test_case(LEVEL, "6.21E+01"; "scientific")]
#[test_case(LEVEL, "6.21e1"; "scientific, small letter")]
#[test_case(LEVEL, " 62.10 "; "blanks and a zero")]
#[test_case(LEVEL, "62.099999999999994"; "noise of a binary fraction")]
#[test_case(RECEIVED, "２０２０－０３－０１　２２：１５"; "full width time")]
#[test_case(RECEIVED, "2020年3月1日 22时15分"; "Chinese time")]
#[test_case(RECEIVED, "2020/3/1 22:15"; "slashes")]
#[test_case(SOURCE, "HOTLINE12345"; "another case of a key")]
#[test_case(SOURCE, "hotline 12345"; "a label with a blank and another case")]
#[test_case(CATEGORY, "NOISE"; "another case of a label")]
#[test_case(CATEGORY, "噪 声"; "a blank inside")]
#[test_case(ORDER, "\u{feff}00\u{200b}123\u{a0}"; "invisible characters in a code")]
#[test_case(ORDER, "=\"00123\""; "a text written as a formula")]
fn a_cell_is_read_as_it_was_meant(column: usize, text: &str) {
    is_the_row(&entered(&csv(&[HEADS, row(&[(column, text)])]), Format::Csv).0);
}

#[test]
fn a_text_written_as_a_formula_is_read_and_said() {
    let (_, notes) = entered(&csv(&[HEADS, row(&[(ORDER, "=\"00123\"")])]), Format::Csv);
    assert_eq!(notes, ["单元格C2写作=\"00123\"，已按文本“00123”读取"]);
    let (_, notes) = entered(&csv(&[HEADS, row(&[(ORDER, "00\u{200b}123")])]), Format::Csv);
    assert_eq!(notes, ["单元格C2中的不可见字符U+200B已去掉"]);
}

#[test_case("来源\u{feff}工单号"; "a byte order mark in the middle")]
#[test_case("\u{200b}来源工单号"; "a character without width")]
#[test_case("来源工单号\u{a0}"; "a blank that does not break")]
#[test_case("＊来源工单号"; "a star in full width")]
#[test_case("Work-Order Number"; "the other language in another case")]
#[test_case("SOURCE_NO"; "the key in another case")]
fn a_head_is_found_as_people_and_programs_write_it(head: &str) {
    let mut heads = HEADS;
    heads[ORDER] = head;
    is_the_row(&entered(&csv(&[heads, ROW]), Format::Csv).0);
}

#[test]
fn a_column_that_is_unknown_is_refused_by_its_cell_with_the_one_that_was_meant() {
    let mut heads = HEADS;
    heads[ORDER] = "来源工单";
    let faults = faults(&csv(&[heads, ROW]), Format::Csv);
    assert_eq!(cells(&faults), ["C1"]);
    assert!(faults[0].why_zh.contains("没有这个字段。是否应为“来源工单号”？"), "{}", faults[0].why_zh);
}

#[test_case("#N/A"; "no value")]
#[test_case("#REF!"; "a reference lost")]
#[test_case("＃VALUE！"; "full width")]
#[test_case("########"; "too narrow")]
fn a_word_of_a_spreadsheet_for_an_error_is_refused_in_every_kind_of_column_and_once(word: &str) {
    for column in [RECEIVED, SOURCE, ORDER, SUBJECT, LEVEL] {
        let faults = faults(&csv(&[HEADS, row(&[(column, word)])]), Format::Csv);
        let cell = format!("{}2", char::from(b'A' + u8::try_from(column).unwrap()));
        assert_eq!(cells(&faults), [cell], "{faults:?}");
        assert_eq!(faults[0].found, word);
        assert!(faults[0].why_zh.contains("请"), "it says what to do: {}", faults[0].why_zh);
    }
}

#[test_case("-9999"; "four nines")]
#[test_case("-99"; "two nines")]
#[test_case("-999.0"; "with a decimal")]
fn a_number_that_stands_for_a_missing_one_is_refused_where_nothing_is_below_zero(text: &str) {
    let faults = faults(&csv(&[HEADS, row(&[(LEVEL, text)])]), Format::Csv);
    assert_eq!(cells(&faults), ["I2"]);
}

#[test]
fn a_known_work_order_is_a_repeat_in_the_ledger_and_in_the_file() {
    let bureau = bureau();
    let other = row(&[(ORDER, "00124"), (SUBJECT, "另一件")]);
    assert_eq!(read(&bureau, &csv(&[HEADS, ROW]), Format::Csv, false).unwrap().created, 1);
    for dry_run in [true, false] {
        let outcome = read(&bureau, &csv(&[HEADS, ROW, other, other]), Format::Csv, dry_run).unwrap();
        assert_eq!((outcome.created, outcome.repeated), (1, 2));
        let notes: Vec<String> = outcome.notes.iter().map(ImportNote::zh).collect();
        assert_eq!(notes, ["第2行的“00123”已登记为TS202000001（重复）", "第4行的“00124”与第3行相同（重复）"]);
    }
    let order = row(&[(ORDER, "=\"00123\"")]);
    assert_eq!(read(&bureau, &csv(&[HEADS, order]), Format::Csv, true).unwrap().repeated, 1, "also as a formula");
}

/// A workbook of sheets: its name, whether it is hidden, rows of texts.
fn workbook(sheets: &[(&str, bool, &[&[&str]])]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (name, hidden, rows) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).unwrap().set_hidden(*hidden);
        for (at, row) in (0..).zip(rows.iter()) {
            for (column, text) in (0..).zip(row.iter()) {
                sheet.write_string(at, column, *text).unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn titles_above_the_heads_and_sheets_of_notes_or_lists_are_passed_over_and_said() {
    let ledger: &[&[&str]] = &[&["2020年投诉台账"], &["填报单位：某分局", "单位：件"], &HEADS, &ROW];
    let notes: &[&[&str]] = &[&["填表说明"], &["来源", "按下拉框选择"]];
    let lists: &[&[&str]] = &[&["来源", "污染类别"], &["12345热线", "噪声"]];
    let (record, said) =
        entered(&workbook(&[("说明", false, notes), ("字典", true, lists), ("台账", false, ledger)]), Format::Xlsx);
    is_the_row(&record);
    assert_eq!(
        said,
        [
            "读取的是工作表“台账”；工作表“说明”已略过",
            "读取的是工作表“台账”；隐藏的工作表“字典”已略过",
            "第1行“2020年投诉台账”在列标题之上，已略过",
            "第2行“填报单位：某分局 单位：件”在列标题之上，已略过",
        ]
    );
}

#[test]
fn two_sheets_that_could_both_be_meant_are_refused() {
    let ledger: &[&[&str]] = &[&HEADS, &ROW];
    let error = read(&bureau(), &workbook(&[("一月", false, ledger), ("二月", false, ledger)]), Format::Xlsx, true);
    assert!(matches!(error.unwrap_err(), ImportError::Unreadable(Unreadable::TwoSheets { .. })));
}

/// A cell of a sheet that holds a text.
fn text(cell: &str, text: &str) -> String {
    format!(r#"<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

/// A workbook of one sheet with the heads, the row and what other programs write into its cells: column and cell.
fn written(rows: &[&[(usize, &str)]], after: &str) -> Vec<u8> {
    let name = |column: usize| char::from(b'A' + u8::try_from(column).unwrap());
    let heads: String = HEADS.iter().enumerate().map(|(at, head)| text(&format!("{}1", name(at)), head)).collect();
    let mut sheet = format!(r#"<row r="1">{heads}</row>"#);
    for (at, changes) in rows.iter().enumerate() {
        let line = at + 2;
        let cells: String = (0..ROW.len())
            .map(|column| match changes.iter().find(|(changed, _)| *changed == column) {
                Some((_, cell)) => cell.replace("CELL", &format!("{}{line}", name(column))),
                None if column == ORDER => text(&format!("{}{line}", name(column)), &format!("0012{at}")),
                None => text(&format!("{}{line}", name(column)), ROW[column]),
            })
            .collect();
        sheet += &format!(r#"<row r="{line}">{cells}</row>"#);
    }
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (part, content) in [
        (
            "_rels/.rels",
            format!(
                r#"<Relationships xmlns="{relations}"><Relationship Id="r" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns:r="{relation}"><sheets><sheet name="台账" sheetId="1" r:id="s"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{relations}"><Relationship Id="s" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        ("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{sheet}</sheetData>{after}</worksheet>")),
    ] {
        archive.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_number_in_a_column_of_text_is_its_digits() {
    for (value, read) in [("123.5", "123.5"), ("123", "123"), ("62.099999999999994", "62.1")] {
        let cell = format!(r#"<c r="CELL"><v>{value}</v></c>"#);
        let (record, _) = entered(&written(&[&[(ORDER, &cell)]], ""), Format::Xlsx);
        assert_eq!(record.external()["source_no"], read);
    }
}

#[test_case(r#"<c r="CELL"><v>1.23456789012346E+17</v></c>"#, ORDER, "文本格式"; "a code whose last digits are lost")]
#[test_case(r#"<c r="CELL"><v>1234567890123456</v></c>"#, ORDER, "文本格式"; "a code of sixteen digits as a number")]
#[test_case(r#"<c r="CELL"><f>VLOOKUP(A1,B1:C2,2,0)</f></c>"#, ORDER, "请用Excel打开并保存"; "a formula without its result")]
#[test_case(r#"<c r="CELL"><f>B1*2</f><v></v></c>"#, LEVEL, "请用Excel打开并保存"; "a formula with a blank result")]
#[test_case(r#"<c r="CELL" t="e"><v>#N/A</v></c>"#, SUBJECT, "请改正公式"; "an error value")]
#[test_case(r#"<c r="CELL" t="str"><f>A1</f><v>#REF!</v></c>"#, SUBJECT, "请改正公式"; "an error kept as text")]
#[test_case(r#"<c r="CELL" t="inlineStr"><is><t>#####</t></is></c>"#, RECEIVED, "请在电子表格中加宽该列"; "too narrow")]
fn what_a_workbook_no_longer_holds_is_refused_by_its_cell_and_once(cell: &str, column: usize, remedy: &str) {
    let faults = faults(&written(&[&[(column, cell)]], ""), Format::Xlsx);
    let name = format!("{}2", char::from(b'A' + u8::try_from(column).unwrap()));
    assert_eq!(cells(&faults), [name], "{faults:?}");
    assert!(faults[0].why_zh.contains(remedy), "{}", faults[0].why_zh);
}

#[test]
fn cells_merged_over_rows_are_one_fault_and_not_one_for_each_blank_cell() {
    let blank: &[(usize, &str)] = &[(SOURCE, ""), (CATEGORY, "")];
    let only_source: &[(usize, &str)] = &[(SOURCE, "")];
    let merged = r#"<mergeCells count="2"><mergeCell ref="B2:B4"/><mergeCell ref="D3:D4"/></mergeCells>"#;
    let faults = faults(&written(&[&[], only_source, blank], merged), Format::Xlsx);
    assert_eq!(cells(&faults), ["B2", "D3"], "{faults:?}");
    assert!(faults.iter().all(|fault| fault.why_zh.contains("取消合并并逐行填写")), "{faults:?}");
}

#[test]
fn a_line_of_json_is_named_by_its_line_and_key() {
    let line = |order: &str, leq: &str| {
        format!(
            r#"{{"received_at":"2020-03-01T22:15:00+08:00","source":"hotline12345","source_no":"{order}","category":"noise","kind":"construction_night","subject":"夜间施工","content":"深夜浇筑","place":{{"address":"某路8号"}},"leq":{leq}}}"#
        )
    };
    let (record, notes) = entered(line("00\u{200b}123", "62.1").as_bytes(), Format::Jsonl);
    is_the_row(&record);
    assert_eq!(notes, ["第1行“source_no”中的不可见字符U+200B已去掉"]);
    let faults = faults(format!("{}\n{}", line("1", "62.1"), line("#N/A", "-1")).as_bytes(), Format::Jsonl);
    assert_eq!(cells(&faults), ["", ""], "a line has no cells");
    assert!(faults[0].to_string().starts_with("line 2, “source_no”: “#N/A”: "), "{}", faults[0]);
    assert!(faults[1].to_string().starts_with("line 2, “leq”: "), "{}", faults[1]);
}
