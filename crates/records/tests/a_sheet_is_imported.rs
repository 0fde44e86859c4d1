//! Excel and CSV go in whole or not at all, and what comes out goes in again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::io::Cursor;

use bilan_records::{
    actor::Actor,
    catalogue::Field,
    exchange::{Format, ImportError, ImportFaults, ImportOutcome, export, export_with_personal, import, template},
    ledger::{ListQuery, Write},
};
use rust_xlsxwriter::Workbook;
use serde_json::json;
use support::*;
use test_case::test_case;

const SHEET: &str = "\
received_at,类别,subject,phone,place,state,tags\n\
2020-03-01 22:15,噪声,夜间施工,13812345678,\"112.95,28.10 雨花亭\",received,\n\
2020-03-02 08:00,waste_gas,\"油烟，直排\",,,closed,夜间、重复\n";

fn read(
    bureau: &Bureau,
    actor: &Actor,
    bytes: &[u8],
    format: Format,
    dry_run: bool,
) -> Result<ImportOutcome, ImportError> {
    import(&bureau.ledger, actor, "complaint", Cursor::new(bytes), format, dry_run)
}

fn faults(result: Result<ImportOutcome, ImportError>) -> ImportFaults {
    match result.unwrap_err() {
        ImportError::Faults(faults) => faults,
        other => panic!("{other}"),
    }
}

fn total(bureau: &Bureau) -> u64 {
    bureau.ledger.list(&system(), ListQuery::of("complaint")).unwrap().total
}

#[test_case(SHEET.as_bytes().to_vec(); "utf 8")]
#[test_case([b"\xef\xbb\xbf", SHEET.as_bytes()].concat(); "utf 8 with a mark")]
#[test_case(encoding_rs::GB18030.encode(SHEET).0.into_owned(); "gb18030 from an older excel")]
fn a_csv_file_is_imported_with_keys_or_labels_as_headings_and_choices(bytes: Vec<u8>) {
    let bureau = Bureau::new();
    let outcome = read(&bureau, &system(), &bytes, Format::Csv, false).unwrap();
    assert_eq!(outcome, ImportOutcome { created: 2, ..ImportOutcome::default() });
    let second = bureau.ledger.record(&system(), "complaint", "TS202000002", None).unwrap();
    assert_eq!(second.state.as_deref(), Some("closed"), "history comes in with the state it ended in");
    assert_eq!(second.external()["subject"], "油烟，直排");
    assert_eq!(second.external()["tags"], json!(["night", "repeat"]));
    let first = bureau.ledger.record(&system(), "complaint", "TS202000001", None).unwrap();
    assert_eq!(first.cell.as_deref(), Some("430103001-01"));
    assert!(bureau.ledger.verify().unwrap().is_ok());
}

#[test]
fn every_fault_is_told_by_row_and_column_and_nothing_is_imported() {
    let bureau = Bureau::new();
    let sheet = "received_at,类别,subject,leq\n2020-03-01,噪声,好,60\n,smell,,999\n2020-13-01,噪声,坏,12.34\n";
    let faults = faults(read(&bureau, &system(), sheet.as_bytes(), Format::Csv, false));
    let cells: Vec<(u64, &str)> = faults.faults.iter().map(|fault| (fault.row, fault.column.as_str())).collect();
    for expected in [(3, "received_at"), (3, "类别"), (3, "subject"), (3, "leq"), (4, "received_at"), (4, "leq")] {
        assert!(cells.contains(&expected), "{expected:?} is missing in {faults}");
    }
    assert_eq!(faults.total, 6, "{faults}");
    assert_eq!(total(&bureau), 0);
}

#[test]
fn a_column_that_must_be_there_and_is_missing_is_one_fault_of_the_file() {
    let bureau = Bureau::new();
    let rows = (0..300).map(|row| format!("2020-03-01,噪声{}\n", if row == 7 { "x" } else { "" })).collect::<String>();
    let sheet = format!("received_at,类别\n{rows}");
    let faults = faults(read(&bureau, &system(), sheet.as_bytes(), Format::Csv, false));
    let found: Vec<(u64, &str)> = faults.faults.iter().map(|fault| (fault.row, fault.column.as_str())).collect();
    assert_eq!(found, [(1, "subject"), (9, "类别")], "{faults}");
    assert_eq!(faults.total, 2);
    let missing = &faults.faults[0];
    assert!(missing.why.contains("has no column") && missing.why_zh.contains("没有这一列"), "{missing}");
    assert_eq!(missing.cell(), None);

    // A line of JSON stands by itself: what it lacks is said of it.
    let lines = "{\"received_at\":\"2020-03-01\",\"category\":\"noise\"}\n".repeat(3);
    let faults = self::faults(read(&bureau, &system(), lines.as_bytes(), Format::Jsonl, false));
    assert_eq!(faults.faults.iter().map(|fault| fault.row).collect::<Vec<_>>(), [1, 2, 3], "{faults}");
    assert_eq!(total(&bureau), 0);
}

#[test]
fn a_file_of_wrong_rows_is_read_as_far_as_its_faults_are_listed() {
    let bureau = Bureau::new();
    let sheet = format!("received_at,类别,subject\n{}", "2020-13-01,x,\n".repeat(5_000));
    let faults = faults(read(&bureau, &system(), sheet.as_bytes(), Format::Csv, false));
    assert_eq!(faults.faults.len(), ImportFaults::LISTED);
    let ended_at = faults.ended_at.unwrap();
    assert!((300..400).contains(&ended_at), "three faults a row, a thousand are enough: {ended_at}");
    assert!(faults.total < 1_010, "{}", faults.total);
    let headings = (0..16_000).map(|at| format!("x{at}")).collect::<Vec<_>>().join(",");
    let wide = self::faults(read(&bureau, &system(), format!("{headings}\n1,2,3\n").as_bytes(), Format::Csv, false));
    assert_eq!((wide.faults.len(), wide.ended_at), (ImportFaults::LISTED, Some(2)));
}

#[test_case("\r"; "carriage returns, as old programs for the Macintosh")]
#[test_case("\r\n"; "both")]
#[test_case("\n"; "line feeds")]
fn the_row_of_a_fault_is_the_line_of_an_editor_whatever_ends_the_lines(end: &str) {
    let rows =
        ["subject,received_at,类别", "夜间施工,2020-03-01,噪声", "", "\"两\u{0}行\",2020-03-01,噪声", "x,2020-03-01,y"];
    let sheet = rows.join(end).replace('\u{0}', end);
    let faults = faults(read(&Bureau::new(), &system(), sheet.as_bytes(), Format::Csv, true));
    let rows: Vec<u64> = faults.faults.iter().map(|fault| fault.row).collect();
    // A subject is one line, and the row behind it begins on the line after its second.
    assert_eq!(rows, [4, 6], "{faults}");
}

#[test]
fn a_column_of_a_withheld_field_is_refused_by_its_name_and_fills_nothing() {
    let code = Field { withheld: true, search: false, ..text("code") };
    let mut register = complaint();
    register.fields.insert("code".to_owned(), code);
    let bureau = Bureau::open(catalogue(vec![enterprise(), register]));
    let sheet = "subject,received_at,类别,code中\n夜间施工,2020-03-01,噪声,QX-123\n夜间施工,2020-03-02,噪声,\n";
    let refused = faults(read(&bureau, &system(), sheet.as_bytes(), Format::Csv, false));
    let [fault] = refused.faults.as_slice() else { panic!("{refused}") };
    assert_eq!((fault.row, fault.column.as_str(), fault.position), (1, "code中", Some(4)));
    assert!(fault.why.contains("made by the system") && fault.why_zh.contains("系统生成"), "{fault}");
    assert!(!refused.to_string().contains("QX-123"), "somebody's code is not repeated: {refused}");

    let line = r#"{"subject":"夜间施工","received_at":"2020-03-01","category":"noise","code":"QX-123"}"#;
    let refused = faults(read(&bureau, &system(), line.as_bytes(), Format::Jsonl, false));
    assert_eq!(refused.faults.iter().map(|fault| fault.column.as_str()).collect::<Vec<_>>(), ["code"], "{refused}");
    assert!(!refused.to_string().contains("QX-123"), "{refused}");
    assert_eq!(total(&bureau), 0);
}

#[test]
fn a_heading_that_names_nothing_is_a_fault_of_the_first_row() {
    let faults =
        faults(read(&Bureau::new(), &system(), "received_at,颜色\n2020-03-01,红\n".as_bytes(), Format::Csv, false));
    assert_eq!((faults.faults[0].row, faults.faults[0].column.as_str()), (1, "颜色"));
}

#[test]
fn a_dry_run_checks_everything_and_keeps_nothing() {
    let bureau = Bureau::new();
    assert_eq!(read(&bureau, &system(), SHEET.as_bytes(), Format::Csv, true).unwrap().created, 2);
    assert_eq!(total(&bureau), 0);
    let first = bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(first.number, "TS202000001");
}

#[test]
fn a_handler_imports_new_records_but_no_history() {
    let bureau = Bureau::new();
    let faults = faults(read(&bureau, &handler(), SHEET.as_bytes(), Format::Csv, false));
    assert_eq!((faults.total, faults.faults[0].row, faults.faults[0].column.as_str()), (1, 3, "state"));
    let plain = "received_at,类别,subject\n2020-03-01 22:15,噪声,夜间施工\n";
    assert_eq!(read(&bureau, &handler(), plain.as_bytes(), Format::Csv, false).unwrap().created, 1);
    assert!(read(&bureau, &head(), plain.as_bytes(), Format::Csv, false).is_err(), "who may not create may not import");
}

#[test]
fn a_cut_off_excel_file_is_refused_with_a_sentence() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write_string(0, 0, "subject").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let bureau = Bureau::new();
    for cut in [&bytes[..bytes.len() / 2], &bytes[..10], b"not excel at all", b""] {
        let error = read(&bureau, &system(), cut, Format::Xlsx, false).unwrap_err();
        assert!(error.to_string().contains("Excel"), "{error}");
    }
}

#[test]
fn an_excel_file_with_real_dates_and_numbers_is_read() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, heading) in (0..).zip(["received_at", "类别", "Subject", "leq (dB)", "urgent"]) {
        sheet.write_string(0, at, heading).unwrap();
    }
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let moment = rust_xlsxwriter::ExcelDateTime::from_ymd(2020, 3, 1).unwrap().and_hms(22, 15, 0).unwrap();
    sheet.write_datetime_with_format(2, 0, &moment, &format).unwrap();
    sheet.write_string(2, 1, "废气").unwrap();
    sheet.write_string(2, 2, "油烟").unwrap();
    sheet.write_number(2, 3, 62.1).unwrap();
    sheet.write_boolean(2, 4, true).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let bureau = Bureau::new();
    assert_eq!(read(&bureau, &system(), &bytes, Format::Xlsx, false).unwrap().created, 1);
    let record = bureau.ledger.record(&system(), "complaint", "TS202000001", None).unwrap();
    assert_eq!(record.external()["received_at"], "2020-03-01T22:15:00+08:00");
    assert_eq!((&record.external()["leq"], &record.external()["urgent"]), (&json!(62.1), &json!(true)));
}

#[test_case(Format::Csv)]
#[test_case(Format::Jsonl)]
#[test_case(Format::Xlsx)]
fn what_is_exported_reads_back_into_an_empty_database_as_the_same_records(format: Format) {
    let bureau = Bureau::new();
    let firm = map(json!({ "name": "长沙某印刷厂", "registered_on": "2019-05-06", "number": "旧-7" }));
    bureau.ledger.create(&system(), "enterprise", firm.clone(), Write::default()).unwrap();
    let mut full = noise();
    full.extend(map(json!({
        "enterprise": "旧-7", "leq": 62.1, "fine": 20000.5, "tags": ["night"], "urgent": false, "result": "第一行\"引号\"，逗号",
        "content": "第一行\n第二行", "measures": [{ "action": "停工", "units": 3 }, { "action": "降噪" }],
        "closed_on": "2020-03-09", "state": "closed",
    })));
    bureau.ledger.create(&system(), "complaint", full, Write { simulated: true, ..Write::default() }).unwrap();
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let mut file = Cursor::new(Vec::new());
    let query = ListQuery::of("complaint");
    assert_eq!(export_with_personal(&bureau.ledger, &system(), query, format, &mut file, "迁移").unwrap(), 2);

    let other = Bureau::new();
    other.ledger.create(&system(), "enterprise", firm, Write::default()).unwrap();
    let bytes = file.into_inner();
    assert_eq!(read(&other, &system(), &bytes, format, false).unwrap().created, 2);
    for number in ["TS202000001", "TS202000002"] {
        let before = bureau.ledger.record(&system(), "complaint", number, None).unwrap();
        let after = other.ledger.record(&system(), "complaint", number, None).unwrap();
        assert_eq!(before.external(), after.external());
        assert_eq!((before.state, before.cell, before.simulated), (after.state, after.cell, after.simulated));
        let plain = |bureau: &Bureau| bureau.ledger.unmask(&system(), "complaint", number, "phone", "核对").unwrap();
        assert_eq!(plain(&bureau), plain(&other));
    }
    let again = read(&other, &system(), &bytes, format, false).unwrap();
    assert_eq!(
        again,
        ImportOutcome { replayed: 2, ..ImportOutcome::default() },
        "the same file twice makes one set of records"
    );
    let next = other.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    assert_eq!(next.number, "TS202000003", "numbers go on behind the imported ones");
}

#[test_case(Format::Csv; "csv")]
#[test_case(Format::Xlsx; "excel")]
#[test_case(Format::Jsonl; "json lines")]
fn a_place_is_exported_as_people_write_it_and_reads_back_as_the_same_place(format: Format) {
    let places = [
        json!({ "lon": 112.98, "lat": 28.1, "address": "解放西路8号（东门），二楼" }),
        json!({ "lon": 112.985_123, "lat": 28.112 }),
        json!({ "address": "火车站南广场" }),
        // What would be read as something else is written as JSON.
        json!({ "address": "112.98,28.10 旁" }),
        json!({ "lon": 112.98, "lat": 28.1, "address": "50" }),
    ];
    let bureau = Bureau::new();
    for place in &places {
        let mut values = noise();
        values.insert("place".into(), place.clone());
        bureau.ledger.create(&system(), "complaint", values, Write::default()).unwrap();
    }
    let bytes = exported(&bureau, format);
    if format == Format::Csv {
        let text = String::from_utf8(bytes.clone()).unwrap();
        for written in ["\"112.98,28.1 解放西路8号（东门），二楼\"", "\"112.985123,28.112\"", ",火车站南广场,"]
        {
            assert!(text.contains(written), "{written}: {text}");
        }
    }
    let other = Bureau::new();
    assert_eq!(read(&other, &system(), &bytes, format, false).unwrap().created, 5);
    for (place, number) in places.iter().zip(1..) {
        let record = other.ledger.record(&system(), "complaint", &format!("TS20200000{number}"), None).unwrap();
        assert_eq!(&record.external()["place"], place);
    }
}

#[test]
fn an_export_for_everybody_keeps_personal_data_masked() {
    let bureau = Bureau::new();
    bureau.ledger.create(&handler(), "complaint", noise(), Write::default()).unwrap();
    let mut file = Cursor::new(Vec::new());
    export(&bureau.ledger, &head(), ListQuery::of("complaint"), Format::Csv, &mut file).unwrap();
    let text = String::from_utf8(file.into_inner()).unwrap();
    assert!(text.contains("138****5678") && !text.contains("13812345678"), "{text}");
    let mut file = Cursor::new(Vec::new());
    let query = ListQuery::of("complaint");
    assert!(export_with_personal(&bureau.ledger, &head(), query, Format::Csv, &mut file, "看看").is_err());
}

#[test]
fn the_template_names_every_field_that_a_person_fills_and_is_imported_as_it_is() {
    let bytes = template(&complaint(), &catalogue(vec![enterprise(), complaint()])).unwrap();
    let bureau = Bureau::new();
    assert_eq!(read(&bureau, &handler(), &bytes, Format::Xlsx, true).unwrap().created, 0);
}

/// The parts of a workbook as text.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
    text
}

fn exported(bureau: &Bureau, format: Format) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    export_with_personal(&bureau.ledger, &system(), ListQuery::of("complaint"), format, &mut file, "迁移").unwrap();
    file.into_inner()
}

#[test]
fn a_workbook_holds_days_as_days_numbers_with_their_digits_and_codes_as_text() {
    let bureau = Bureau::new();
    let mut record = noise();
    record.extend(map(json!({ "leq": 62, "fine": 20000.5, "closed_on": "2020-03-09" })));
    bureau.ledger.create(&system(), "complaint", record, Write::default()).unwrap();
    let bytes = exported(&bureau, Format::Xlsx);
    let (sheet, styles) = (part(&bytes, "xl/worksheets/sheet1.xml"), part(&bytes, "xl/styles.xml"));
    assert!(sheet.contains("<v>43891.927083333336</v>"), "received_at is a moment: {sheet}");
    assert!(sheet.contains("<v>43899</v>"), "closed_on is a day: {sheet}");
    for format in ["yyyy-mm-dd hh:mm", "yyyy-mm-dd", "0.0", "formatCode=\"@\""] {
        assert!(styles.contains(format), "{format} is missing in {styles}");
    }
}

#[test]
fn a_template_keeps_what_is_typed_as_text_or_day() {
    let bytes = template(&complaint(), &catalogue(vec![enterprise(), complaint()])).unwrap();
    let (sheet, styles) = (part(&bytes, "xl/worksheets/sheet1.xml"), part(&bytes, "xl/styles.xml"));
    assert!(
        sheet.contains("<cols>") && styles.contains("formatCode=\"@\"") && styles.contains("yyyy-mm-dd hh:mm"),
        "{styles}"
    );
    assert!(part(&bytes, "xl/workbook.xml").contains("state=\"hidden\""), "the lists of choices are not in the way");
}

#[test]
fn a_csv_file_runs_no_formula_and_reads_back_as_it_was_written() {
    let bureau = Bureau::new();
    let mut record = noise();
    record.extend(map(
        json!({ "subject": "=HYPERLINK(\"http://x\",\"点\")", "content": "+1", "reporter": "=cmd|' /C calc'!A0",
        "result": "'=1", "place": { "address": "@某街" } }),
    ));
    bureau.ledger.create(&system(), "complaint", record, Write::default()).unwrap();
    let bytes = exported(&bureau, Format::Csv);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    let mut masked = Cursor::new(Vec::new());
    export(&bureau.ledger, &head(), ListQuery::of("complaint"), Format::Csv, &mut masked).unwrap();
    assert!(String::from_utf8(masked.into_inner()).unwrap().contains(",'=**,"), "a masked name, too");
    let other = Bureau::new();
    assert_eq!(read(&other, &system(), &bytes, Format::Csv, false).unwrap().created, 1);
    let number = "TS202000001";
    let values = |bureau: &Bureau| bureau.ledger.record(&system(), "complaint", number, None).unwrap().external();
    assert_eq!(values(&bureau), values(&other));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 12, ..proptest::test_runner::Config::default() })]

    #[test]
    fn any_record_goes_out_and_comes_in_again_as_it_was(
        subject in "['=+@\\-\"a,;字0-9]{1,12}", content in "(\\PC|\n){1,60}", leq in 0_u32..1400, fine in -99_999_999_i64..99_999_999,
        second in 0_i64..200_000_000, day in 0_i64..20_000, units in 0_u32..50,
    ) {
        let received = "2014-01-01T00:00:00+08:00".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(second);
        let closed = jiff::civil::date(1990, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let mut record = noise();
        record.extend(map(json!({
            "subject": format!("标题{subject}"), "content": format!("{content}。"), "result": format!("{subject}。"),
            "leq": f64::from(leq) / 10.0, "fine": format!("{}.{:02}", fine / 100, (fine % 100).abs()),
            "received_at": received.to_string(), "closed_on": closed.to_string(), "measures": [{ "action": subject.clone() + "。", "units": units }],
        })));
        let bureau = Bureau::new();
        bureau.at("2021-06-01T00:00:00Z").ledger.create(&system(), "complaint", record, Write::default()).unwrap();
        let standing = |bureau: &Bureau| {
            let list = bureau.ledger.list(&system(), ListQuery::of("complaint")).unwrap();
            bureau.ledger.record(&system(), "complaint", &list.records[0].number, None).unwrap().external()
        };
        for format in [Format::Csv, Format::Jsonl, Format::Xlsx] {
            let other = Bureau::new();
            other.at("2021-06-01T00:00:00Z");
            let bytes = exported(&bureau, format);
            proptest::prop_assert_eq!(read(&other, &system(), &bytes, format, false).unwrap().created, 1);
            proptest::prop_assert_eq!(standing(&bureau), standing(&other), "{:?}", format);
        }
    }
}
