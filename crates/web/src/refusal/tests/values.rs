//! Every reason why a value does not fit its field, and every note and fault of an import, in both languages.

use bilan_records::catalogue::{Code, Label};
use bilan_records::exchange::{ImportNote, Place};
use bilan_records::value::{CellRefusal, Refusal};

use super::kinds::speaks;
use crate::every_kind;

every_kind!(every_refusal_of_a_value of Refusal:
    Refusal::Empty, Refusal::WrongType { .. }, Refusal::TooLong { .. }, Refusal::ControlCharacter { .. },
    Refusal::InvisibleCharacter { .. }, Refusal::DigitsLost { .. }, Refusal::SeveralLines, Refusal::NotAChoice { .. },
    Refusal::TooSmall { .. }, Refusal::TooLarge { .. }, Refusal::TooManyDigits { .. }, Refusal::NotAPhone { .. },
    Refusal::NotACode { .. }, Refusal::NotADate { .. }, Refusal::TimeInDate { .. }, Refusal::NotAnInstant { .. },
    Refusal::YearOutOfRange { .. }, Refusal::OutsideChina { .. }, Refusal::TooFewPoints { .. },
    Refusal::TooManyPoints { .. }, Refusal::Computed, Refusal::NoSuchField { .. }, Refusal::NotACoordinate { .. },
    Refusal::HalfAPoint, Refusal::OneFile { .. }, Refusal::Rows(_));
every_kind!(every_code of Code: Code::Credit, Code::Waste, Code::Manifest, Code::Machine);
every_kind!(every_note_of_an_import of ImportNote:
    ImportNote::RowPassedOver { .. }, ImportNote::SheetPassedOver { hidden: true, .. },
    ImportNote::SheetPassedOver { hidden: false, .. }, ImportNote::Repeat { number: Some(_), .. },
    ImportNote::Repeat { earlier: Some(_), .. }, ImportNote::Repeat { .. }, ImportNote::RowsInCell { .. },
    ImportNote::HiddenRows { .. }, ImportNote::HiddenColumns { .. }, ImportNote::InvisibleCharacter { .. },
    ImportNote::FormulaText { .. });
every_kind!(every_place of Place: Place::Cell(_), Place::Line { .. });

fn found() -> String {
    "202000001".into()
}

fn refusals() -> Vec<Refusal> {
    let label = || Label { zh: "噪声".into(), en: "noise".into() };
    vec![
        Refusal::Empty,
        Refusal::WrongType { wanted: "a whole number", found: found() },
        Refusal::TooLong { found: 9, max: 8 },
        Refusal::ControlCharacter { code: 7 },
        Refusal::InvisibleCharacter { code: 0x200b },
        Refusal::DigitsLost { found: found() },
        Refusal::SeveralLines,
        Refusal::NotAChoice { found: found(), allowed: label(), closest: Some(label()) },
        Refusal::TooSmall { found: found(), min: "0".into() },
        Refusal::TooLarge { found: found(), max: "0".into() },
        Refusal::TooManyDigits { found: found(), digits: 2 },
        Refusal::NotAPhone { found: found() },
        Refusal::NotADate { found: found() },
        Refusal::TimeInDate { found: found() },
        Refusal::NotAnInstant { found: found() },
        Refusal::YearOutOfRange { found: 1 },
        Refusal::OutsideChina { lon: 28.1, lat: 112.9, swapped: true },
        Refusal::TooFewPoints { found: 1, least: 3 },
        Refusal::TooManyPoints { found: 3, most: 1 },
        Refusal::Computed,
        Refusal::NoSuchField { found: found() },
        Refusal::NotACoordinate { found: found() },
        Refusal::HalfAPoint,
        Refusal::OneFile { found: 2 },
        Refusal::Rows(vec![CellRefusal { row: 1, field: label(), refusal: Box::new(Refusal::Empty) }]),
    ]
}

#[test]
fn every_reason_why_a_value_does_not_fit_is_given_in_both_languages() {
    let codes = [Code::Credit, Code::Waste, Code::Manifest, Code::Machine];
    every_code(&codes);
    let not_a_code = |kind| Refusal::NotACode { kind, found: found(), why: "it has the wrong length".into() };
    let mut refusals = refusals();
    refusals.extend(codes.map(not_a_code));
    every_refusal_of_a_value(&refusals);
    for refusal in &refusals {
        // Times and codes are written with Latin letters in Chinese, too.
        let examples: Vec<&str> = codes.iter().map(|code| code.example()).collect();
        speaks(&refusal.zh(), &refusal.to_string(), &examples.join(" "));
        assert!(refusal.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", refusal.code());
    }
}

#[test]
fn every_note_of_an_import_is_written_in_both_languages() {
    let places = [Place::Cell("B2".into()), Place::Line { line: 2, key: "7".into() }];
    every_place(&places);
    let sheet = |hidden| ImportNote::SheetPassedOver { name: "2".into(), hidden, taken: "1".into() };
    let repeat = |number: Option<&str>, earlier| ImportNote::Repeat {
        row: 3,
        work: found(),
        number: number.map(str::to_owned),
        earlier,
    };
    let mut notes = vec![
        ImportNote::RowPassedOver { row: 1, text: found() },
        sheet(true),
        sheet(false),
        repeat(Some("202000002"), None),
        repeat(None, Some(2)),
        repeat(None, None),
        ImportNote::RowsInCell { cell: "B2".into(), lines: 9 },
        ImportNote::HiddenRows { count: 2, first: 3 },
        ImportNote::HiddenColumns { columns: vec!["B".into(), "D".into()] },
    ];
    for place in places {
        notes.push(ImportNote::InvisibleCharacter { place: place.clone(), code: 0x200b });
        notes.push(ImportNote::FormulaText { place, text: found() });
    }
    every_note_of_an_import(&notes);
    for note in &notes {
        speaks(&note.zh(), &note.to_string(), "");
    }
}
