//! Files of which a value would be taken for another: units, quotation marks, sentinels, and numbers that leave as text.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{io::Cursor, path::Path, sync::Arc};

use bilan_records::{
    catalogue,
    exchange::{Format, ImportError, ImportNote, ImportOutcome, export, import},
    ledger::{Ledger, ListQuery, Write},
    personal::Keyring,
};
use bilan_standards::clock::FixedClock;
use rust_xlsxwriter::{Format as CellFormat, Workbook, Worksheet};
use serde_json::json;
use support::{Bureau, noise, system};
use test_case::test_case;

/// The shipped registers over an empty database.
struct Shipped {
    ledger: Ledger,
    _dir: tempfile::TempDir,
}

impl Shipped {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Arc::new(catalogue::load(&root).unwrap_or_else(|faults| panic!("{faults}")));
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2026-11-26T01:00:00Z".parse().unwrap()));
        let ledger = Ledger::open(&dir.path().join("bilan.db"), catalogue, clock, Keyring::new([7; 32])).unwrap();
        Self { ledger, _dir: dir }
    }

    fn import(&self, register: &str, csv: &[u8]) -> Result<ImportOutcome, ImportError> {
        import(&self.ledger, &system(), register, Cursor::new(csv), Format::Csv, true)
    }

    /// Why the second column of a file is refused, in Chinese.
    fn refused(&self, register: &str, heading: &str, cell: &str) -> Vec<String> {
        match self.import(register, format!("断面,{heading}\nA,{cell}\n").as_bytes()) {
            Err(ImportError::Faults(faults)) => {
                let of_the_cell = faults.faults.into_iter().filter(|fault| fault.position == Some(2));
                of_the_cell.map(|fault| fault.why_zh).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test_case("water_sample", "氨氮(μg/L)", "590", "“氨氮”的单位是mg/L，列标题写的是μg/L"; "micrograms")]
#[test_case("water_sample", "氨氮（必填）（μg/L）", "590", "“氨氮”的单位是mg/L"; "the second bracket")]
#[test_case("water_sample", "水温（℉）", "50", "“水温”的单位是℃"; "Fahrenheit")]
#[test_case("water_sample", "pH(mg/L)", "7", "“pH”没有单位"; "a unit where there is none")]
#[test_case("waste_declaration", "产生量(kg)", "12", "的单位是t，列标题写的是kg"; "kilograms")]
#[test_case("complaint", "现场监测噪声(mg/L)", "60", "的单位是dB(A)，列标题写的是mg/L"; "another quantity")]
fn a_heading_with_another_unit_is_refused_by_name(register: &str, heading: &str, cell: &str, why: &str) {
    let refused = Shipped::new().refused(register, heading, cell);
    assert!(refused.iter().any(|refused| refused.contains(why)), "{refused:?}");
}

#[test_case("water_sample", "氨氮(mg/L)", "0.59"; "as the register has it")]
#[test_case("water_sample", "氨氮（毫克/升）", "0.59"; "in Chinese")]
#[test_case("water_sample", "氨氮(NH3-N)*", "0.59"; "a symbol and a star")]
#[test_case("water_sample", "水温(°C，选填)", "12.5"; "a word beside the unit")]
#[test_case("water_sample", "pH（无量纲）", "7.1"; "without dimension")]
#[test_case("waste_declaration", "产生量（吨）", "12"; "tonnes in Chinese")]
#[test_case("complaint", "现场监测噪声(dB(A))", "60"; "brackets in brackets")]
#[test_case("complaint", "现场监测噪声（如 62.5）", "60"; "an example")]
#[test_case("complaint", "受理时间(年/月/日)", "2020-03-01"; "the form of a day")]
fn brackets_with_the_unit_or_without_one_pass(register: &str, heading: &str, cell: &str) {
    let refused = Shipped::new().refused(register, heading, cell);
    assert!(refused.iter().all(|why| !why.contains("单位") && !why.contains("没有这个字段")), "{refused:?}");
}

#[test_case("water_sample", "水温", "-999"; "temperature below")]
#[test_case("water_sample", "水温", "9999"; "temperature above")]
#[test_case("water_sample", "溶解氧", "9999"; "oxygen")]
#[test_case("water_sample", "氨氮", "9999"; "ammonia")]
#[test_case("complaint", "现场监测噪声", "9999"; "noise")]
#[test_case("complaint", "现场监测噪声", "-999"; "noise below")]
fn a_sentinel_is_no_value(register: &str, heading: &str, cell: &str) {
    let refused = Shipped::new().refused(register, heading, cell);
    assert!(!refused.is_empty(), "{heading} {cell} was taken");
}

#[test]
fn every_measured_field_of_the_shipped_registers_has_bounds() {
    let shipped = Shipped::new();
    let registers = shipped.ledger.catalogue().registers.values();
    let lacking: Vec<String> = registers.flat_map(catalogue::unbounded).map(|field| field.to_string()).collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

const HEADS: &str = "received_at,类别,subject\n";

#[test]
fn a_quotation_mark_that_is_never_closed_is_refused_by_its_line() {
    let mut csv = format!("{HEADS}2020-03-01 22:15,噪声,夜间施工\n2020-03-01 22:15,噪声,\"夜间施工\n");
    csv += &"2020-03-02 08:00,废气,油烟\n".repeat(50);
    let refused = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(&csv), Format::Csv, true);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("the quotation mark opened on line 3 is never closed"), "{refused}");
}

#[test]
fn rows_that_a_far_quotation_mark_closed_in_are_said() {
    let within = "扰民\n2020-03-02 08:00,废气,油烟,直排\n2020-03-03 08:00,废气,油烟,直排";
    let csv = format!("received_at,类别,subject,content\n2020-03-01 22:15,噪声,夜间施工,\"{within}\"\n");
    let outcome = import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(&csv), Format::Csv, true).unwrap();
    assert_eq!(outcome.notes, [ImportNote::RowsInCell { cell: "D2".into(), lines: 3 }]);
}

/// A workbook of one complaint, changed by `change`.
fn workbook(change: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, heading) in (0..).zip(["received_at", "类别", "subject", "closed_on"]) {
        sheet.write_string(0, at, heading).unwrap();
    }
    for row in 1..=4 {
        for (at, cell) in (0..).zip(["2020-03-01 22:15", "噪声", "夜间施工"]) {
            sheet.write_string(row, at, cell).unwrap();
        }
    }
    change(sheet);
    workbook.save_to_buffer().unwrap()
}

fn read(bytes: &[u8]) -> Result<ImportOutcome, ImportError> {
    import(&Bureau::new().ledger, &system(), "complaint", Cursor::new(bytes), Format::Xlsx, true)
}

#[test]
fn rows_and_columns_that_a_sheet_hides_are_said() {
    assert_eq!(read(&workbook(|_| ())).unwrap().notes, []);
    let hidden = workbook(|sheet| {
        sheet.set_row_hidden(2).unwrap().set_row_hidden(4).unwrap().set_row_hidden(9).unwrap();
        sheet.set_column_hidden(2).unwrap().set_column_hidden(9).unwrap();
    });
    let outcome = read(&hidden).unwrap();
    let columns = vec!["C".to_owned()];
    let expected = [ImportNote::HiddenRows { count: 2, first: 3 }, ImportNote::HiddenColumns { columns }];
    assert_eq!((outcome.created, outcome.notes.as_slice()), (4, &expected[..]));
}

#[test_case(5.0, false, false; "five")]
#[test_case(5.0, true, false; "five in a cell for days")]
#[test_case(10_000.0, false, false; "a number of another kind")]
#[test_case(43_899.0, false, true; "a day without its form")]
#[test_case(21_186.0, true, true; "a day of 1958 that the sheet shows as one")]
fn a_small_number_is_no_day_of_the_last_century(number: f64, as_day: bool, is_day: bool) {
    let read = read(&workbook(|sheet| {
        let format = if as_day { CellFormat::new().set_num_format("yyyy-mm-dd") } else { CellFormat::new() };
        sheet.write_number_with_format(1, 3, number, &format).unwrap();
    }));
    match read {
        Err(ImportError::Faults(faults)) if !is_day => assert!(faults.to_string().contains("closed_on"), "{faults}"),
        Ok(outcome) if is_day => assert_eq!(outcome.created, 4),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_work_order_in_full_width_is_a_repeat() {
    let shipped = Shipped::new();
    let csv = |number: &str| {
        let heads = "受理时间,来源,来源工单号,污染类别,具体类型,投诉事项,投诉内容,问题地点";
        format!("{heads}\n2020-03-01 22:15,12345热线,{number},噪声,夜间施工噪声,施工,扰民,\"112.98,28.10 雨花亭\"\n")
    };
    let enter = |number: &str| {
        let csv = csv(number);
        import(&shipped.ledger, &system(), "complaint", Cursor::new(csv), Format::Csv, false).unwrap()
    };
    assert_eq!(enter("WO01").created, 1);
    let again = enter("ＷＯ０１");
    assert_eq!((again.created, again.repeated), (0, 1));
    assert_eq!(enter("wo01").created, 1, "letters keep their case");
}

#[test_case("'0012345678"; "with the apostrophe that Excel hides")]
#[test_case("0012345678.0"; "with decimals")]
#[test_case("1.23E+05"; "in scientific notation")]
#[test_case("１.２３Ｅ＋０５"; "in full width")]
fn a_work_order_of_which_a_spreadsheet_made_a_quantity_is_refused(number: &str) {
    let csv = format!("来源,来源工单号,标题\n12345热线,{number},夜间施工\n");
    let Err(ImportError::Faults(faults)) = Shipped::new().import("complaint", csv.as_bytes()) else {
        panic!("{number}")
    };
    let of_the_cell: Vec<_> = faults.faults.iter().filter(|fault| fault.position == Some(2)).collect();
    assert!(of_the_cell.iter().any(|fault| fault.why_zh.contains("变成了数量或日期")), "{faults}");
}

#[test_case("HX-2020/03E5"; "letters and signs")]
#[test_case("202E15"; "what is no quantity of a spreadsheet")]
#[test_case("0012345678"; "zeros")]
#[test_case("2020.03.15-7"; "dots")]
fn a_work_order_with_letters_dots_and_zeros_is_read_as_it_stands(number: &str) {
    let csv = format!("来源,来源工单号,标题\n12345热线,{number},夜间施工\n");
    let Err(ImportError::Faults(faults)) = Shipped::new().import("complaint", csv.as_bytes()) else {
        panic!("{number}")
    };
    assert!(faults.faults.iter().all(|fault| fault.position != Some(2)), "{faults}");
}

/// Enters a workbook of one complaint whose work-order number is a number cell of this format; the number as it stands then.
fn entered_work_order(number: f64, format: &str) -> Result<String, ImportError> {
    let row = [
        ("受理时间", "2020-03-01 22:15"),
        ("来源", "12345热线"),
        ("污染类别", "噪声"),
        ("具体类型", "夜间施工噪声"),
        ("投诉事项", "施工"),
        ("投诉内容", "扰民"),
        ("问题地点", "112.98,28.10 雨花亭"),
    ];
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, (heading, cell)) in (0..).zip(row) {
        sheet.write(0, at, heading).unwrap().write(1, at, cell).unwrap();
    }
    sheet.write(0, 7, "来源工单号").unwrap();
    sheet.write_with_format(1, 7, number, &CellFormat::new().set_num_format(format)).unwrap();
    let shipped = Shipped::new();
    let bytes = workbook.save_to_buffer().unwrap();
    import(&shipped.ledger, &system(), "complaint", Cursor::new(bytes), Format::Xlsx, false)?;
    let records = shipped.ledger.list(&system(), ListQuery::of("complaint")).unwrap().records;
    Ok(records[0].external()["source_no"].as_str().unwrap().to_owned())
}

#[test_case("0000000000" => "0012345678"; "ten digits")]
#[test_case("0000" => "12345678"; "fewer than it has")]
#[test_case("General" => "12345678"; "as it comes")]
fn a_work_order_is_read_with_the_zeros_that_its_cell_shows(format: &str) -> String {
    entered_work_order(12_345_678.0, format).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_work_order_that_a_sheet_shows_as_a_day_is_refused() {
    let Err(ImportError::Faults(faults)) = entered_work_order(43_891.0, "yyyy-mm-dd") else { panic!("it is a day") };
    assert!(faults.to_string().contains("a quantity or a day"), "{faults}");
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
    text
}

#[test]
fn a_number_leaves_as_a_number() {
    let bureau = Bureau::new();
    let mut record = noise();
    record.extend(support::map(json!({ "leq": 50.0, "fine": 20000 })));
    bureau.ledger.create(&system(), "complaint", record, Write::default()).unwrap();
    let mut file = Cursor::new(Vec::new());
    export(&bureau.ledger, &system(), ListQuery::of("complaint"), Format::Xlsx, &mut file).unwrap();
    let bytes = file.into_inner();
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    for number in ["50", "20000"] {
        assert!(sheet.contains(&format!("><v>{number}</v>")) && !sheet.contains(&format!("<t>{number}")), "{sheet}");
    }
}

#[test]
fn a_workbook_says_whose_it_is_and_from_which_day() {
    let shipped = Shipped::new();
    let ledger = &shipped.ledger;
    let mut file = Cursor::new(Vec::new());
    export(ledger, &system(), ListQuery::of("water_sample"), Format::Xlsx, &mut file).unwrap();
    let bytes = file.into_inner();
    let core = part(&bytes, "docProps/core.xml");
    let bureau = &ledger.catalogue().district.bureau.zh;
    for said in
        ["<dc:title>水质手工监测</dc:title>", &format!("<dc:creator>{bureau}</dc:creator>"), "2026-11-26T01:00:00Z"]
    {
        assert!(core.contains(said), "{said} is missing in {core}");
    }
    assert!(part(&bytes, "docProps/custom.xml").contains("zh-CN"), "its language");
}
