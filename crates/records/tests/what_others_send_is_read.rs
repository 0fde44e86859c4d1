//! Files as other programs and people send them, kept beside the project with the outcome that is right for each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use bilan_records::{
    catalogue,
    exchange::{Format, ImportError, ImportNote, ImportOutcome, import},
    ledger::{Ledger, ListQuery, Record},
    personal::Keyring,
};
use bilan_standards::clock::FixedClock;
use support::system;
use test_case::test_case;

/// The folder of the files, or nothing with a word about it: they are kept beside the project, not in it.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/trial");
    if !folder.is_dir() {
        eprintln!("NOT TESTED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

struct Bureau {
    ledger: Ledger,
    _dir: tempfile::TempDir,
}

impl Bureau {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Arc::new(catalogue::load(&root).unwrap_or_else(|faults| panic!("{faults}")));
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new("2026-11-26T01:00:00Z".parse().unwrap()));
        let ledger = Ledger::open(&dir.path().join("bilan.db"), catalogue, clock, Keyring::new([7; 32])).unwrap();
        Self { ledger, _dir: dir }
    }

    fn import(&self, register: &str, file: &Path, dry_run: bool) -> Result<ImportOutcome, ImportError> {
        let format = Format::by_name(&file.to_string_lossy()).unwrap();
        import(&self.ledger, &system(), register, File::open(file).unwrap(), format, dry_run)
    }

    fn records(&self, register: &str) -> Vec<Record> {
        self.ledger.list(&system(), ListQuery::of(register)).unwrap().records
    }
}

fn faults(result: Result<ImportOutcome, ImportError>) -> Vec<(Option<String>, String, String)> {
    match result.unwrap_err() {
        ImportError::Faults(faults) => {
            faults.faults.iter().map(|fault| (fault.cell(), fault.why.clone(), fault.why_zh.clone())).collect()
        }
        other => panic!("{other}"),
    }
}

const AT_NIGHT: &str = "2020-03-01T22:15:00+08:00";

#[test_case("60_plain.xlsx", AT_NIGHT, "13800000000"; "as it should be")]
#[test_case("61_serial_general.xlsx", AT_NIGHT, "13800000000"; "a date in a cell without format")]
#[test_case("64_title_row.xlsx", AT_NIGHT, "13800000000"; "a title above the headings")]
#[test_case("66_full_width.xlsx", AT_NIGHT, "13800000002"; "full width")]
#[test_case("67_invisible.xlsx", AT_NIGHT, "13800000000"; "invisible characters")]
#[test_case("68_cn_time.xlsx", AT_NIGHT, "13800000000"; "a Chinese time")]
#[test_case("68b_cn_time.xlsx", AT_NIGHT, "13800000000"; "a Chinese time without a blank")]
#[test_case("71_float_noise.xlsx", AT_NIGHT, "13800000000"; "noise of a binary fraction")]
#[test_case("78_note_sheet_first.xlsx", AT_NIGHT, "13800000000"; "a sheet of notes first")]
#[test_case("79_hidden_sheet_first.xlsx", AT_NIGHT, "13800000000"; "a hidden sheet first")]
#[test_case("85_phone_ext.xlsx", AT_NIGHT, "0731-85140000转8012"; "a telephone with extension")]
#[test_case("85b_two_phones.xlsx", AT_NIGHT, "13800000000、13900000000"; "two telephones")]
#[test_case("92c_tab_utf16.csv", AT_NIGHT, "13800000000"; "tabs and utf 16")]
#[test_case("92d_semicolon.csv", AT_NIGHT, "13800000000"; "semicolons")]
#[test_case("92e_utf16.csv", AT_NIGHT, "13800000000"; "utf 16")]
fn a_complaint_is_read_as_it_was_meant(file: &str, received: &str, phone: &str) {
    let Some(folder) = folder() else { return };
    let bureau = Bureau::new();
    let outcome = bureau.import("complaint", &folder.join(file), false).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(outcome.created, 1);
    let record = &bureau.records("complaint")[0];
    assert_eq!(record.external()["received_at"], received);
    assert_eq!(record.external()["source"], "hotline12345");
    assert_eq!(record.external()["source_no"], "0012345678");
    assert_eq!(record.external()["leq"], 62.1);
    let seen = bureau.ledger.unmask(&system(), "complaint", &record.number, "phone", "核对").unwrap();
    assert_eq!(seen, phone);
    let place = record.external()["place"].clone();
    assert_eq!((place["lon"].as_f64(), place["address"].as_str()), (Some(112.98), Some("雨花亭")));
}

#[test]
fn the_end_of_a_day_is_the_beginning_of_the_next() {
    let Some(folder) = folder() else { return };
    let bureau = Bureau::new();
    assert_eq!(bureau.import("complaint", &folder.join("68d_24.xlsx"), false).unwrap().created, 1);
    assert!(bureau.records("complaint")[0].external()["received_at"].as_str().unwrap().ends_with("T00:00:00+08:00"));
}

#[test_case("64_title_row.xlsx", "第1行“2020年环境投诉台账”在列标题之上，已略过"; "a title")]
#[test_case("78_note_sheet_first.xlsx", "读取的是工作表“Sheet”；工作表“填表说明”已略过"; "a sheet of notes")]
#[test_case("79_hidden_sheet_first.xlsx", "读取的是工作表“Sheet”；隐藏的工作表“字典”已略过"; "a hidden sheet")]
#[test_case("67_invisible.xlsx", "单元格B2中的不可见字符U+200B已去掉"; "an invisible character")]
fn what_was_passed_over_is_said(file: &str, note: &str) {
    let Some(folder) = folder() else { return };
    let outcome = Bureau::new().import("complaint", &folder.join(file), true).unwrap();
    assert_eq!(outcome.notes.iter().map(ImportNote::zh).collect::<Vec<_>>(), [note]);
}

#[test]
fn a_formula_without_its_result_is_a_fault_of_its_cell() {
    let Some(folder) = folder() else { return };
    let faults = faults(Bureau::new().import("complaint", &folder.join("69_formula_no_cache.xlsx"), true));
    let cells: Vec<Option<&str>> = faults.iter().map(|(cell, ..)| cell.as_deref()).collect();
    assert_eq!(cells, [Some("C2"), Some("J2")], "{faults:?}");
    assert!(faults.iter().all(|(_, why, _)| why.contains("open the file in Excel and save it")), "{faults:?}");
}

#[test]
fn a_piece_of_work_that_is_known_is_a_repeat_and_not_entered_again() {
    let Some(folder) = folder() else { return };
    let bureau = Bureau::new();
    let plain = folder.join("60_plain.xlsx");
    assert_eq!(bureau.import("complaint", &plain, false).unwrap().created, 1);
    let again = bureau.import("complaint", &plain, true).unwrap();
    assert_eq!((again.created, again.repeated), (0, 1));
    let [ImportNote::Repeat { row: 2, number, .. }] = again.notes.as_slice() else { panic!("{:?}", again.notes) };
    assert_eq!(number.as_deref(), Some("TS202000001"));
    assert_eq!(bureau.import("complaint", &plain, false).unwrap().repeated, 1);
    assert_eq!(bureau.records("complaint").len(), 1);
}

#[test]
fn a_piece_of_work_that_stands_twice_in_a_file_is_entered_once_unless_asked() {
    let Some(folder) = folder() else { return };
    let twice = folder.join("81_same_twice.xlsx");
    let bureau = Bureau::new();
    let outcome = bureau.import("complaint", &twice, false).unwrap();
    assert_eq!((outcome.created, outcome.repeated), (1, 1));
    let asked = import_repeats(&bureau, &twice);
    assert_eq!((asked.created, asked.repeated), (2, 0));
    assert_eq!(bureau.records("complaint").len(), 3);
}

fn import_repeats(bureau: &Bureau, file: &Path) -> ImportOutcome {
    let options = bilan_records::exchange::ImportOptions { enter_repeats: true, ..Default::default() };
    bilan_records::exchange::import_with(
        &bureau.ledger,
        &system(),
        "complaint",
        File::open(file).unwrap(),
        Format::Xlsx,
        options,
    )
    .unwrap()
}

#[test]
fn the_number_of_an_identity_card_is_no_credit_code() {
    let Some(folder) = folder() else { return };
    let faults = faults(Bureau::new().import("enterprise", &folder.join("90f_credit.jsonl"), true));
    assert_eq!(faults.len(), 1, "the other three are codes: {faults:?}");
    assert!(faults[0].1.contains("identity card"), "{faults:?}");
}

#[test]
fn what_was_handled_before_it_was_received_is_refused_cell_by_cell() {
    let Some(folder) = folder() else { return };
    let faults = faults(Bureau::new().import("complaint", &folder.join("93_time_order.jsonl"), true));
    let why: Vec<&str> = faults.iter().map(|(_, _, why)| why.as_str()).collect();
    assert!(why.contains(&"早于“受理时间”（2020-05-02 10:00）"), "{why:?}");
    assert!(why.contains(&"早于“办结处理时间”（2020-05-01 09:00）"), "{why:?}");
    assert!(why.contains(&"早于“回复时间”（2020-04-30 09:00）"), "{why:?}");
}

#[test]
fn what_has_not_happened_yet_is_refused() {
    let Some(folder) = folder() else { return };
    let faults = faults(Bureau::new().import("complaint", &folder.join("94_future.jsonl"), true));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].2.starts_with("晚于当前时间"), "{faults:?}");
}

#[test]
fn a_formula_in_a_text_leaves_as_text() {
    let Some(folder) = folder() else { return };
    let bureau = Bureau::new();
    assert_eq!(bureau.import("complaint", &folder.join("95_number.jsonl"), false).unwrap().created, 1);
    let mut file = std::io::Cursor::new(Vec::new());
    let query = ListQuery::of("complaint");
    bilan_records::exchange::export(&bureau.ledger, &system(), query, Format::Csv, &mut file).unwrap();
    let mut reader = csv::Reader::from_reader(file.get_ref().as_slice());
    for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
}
