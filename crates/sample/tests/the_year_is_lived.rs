//! The sample year as a bureau would have lived it: it enters without a fault, hangs together, and looks like life.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use bilan_records::{
    actor::Actor,
    catalogue::{self, Catalogue, Field, FieldKind},
    exchange,
    figures::{self, Period},
    ledger::{Ledger, Words},
    personal::Keyring,
    value::Language,
};
use bilan_sample::{SampleRecord, year_2020};
use bilan_standards::{calendar::WorkCalendar, clock::FixedClock};
use jiff::civil::Date;
use serde_json::Value;

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(catalogue::load(&files()).unwrap()));
static YEAR: LazyLock<Vec<SampleRecord>> = LazyLock::new(year);

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn year() -> Vec<SampleRecord> {
    year_2020(&fs::read_to_string(files().join("districts/tianxin/cells.geojson")).unwrap()).unwrap()
}

fn of(register: &str) -> impl Iterator<Item = &'static SampleRecord> {
    YEAR.iter().filter(move |record| record.register == register)
}

fn number(record: &SampleRecord) -> &str {
    record.values["number"].as_str().unwrap()
}

fn text<'r>(record: &'r SampleRecord, field: &str) -> Option<&'r str> {
    record.values.get(field).and_then(Value::as_str)
}

/// Every filled field of a record and of its rows.
fn filled(record: &'static SampleRecord) -> Vec<(&'static Field, &'static Value)> {
    let mut filled = Vec::new();
    for field in CATALOGUE.registers[record.register].fields.values() {
        let Some(value) = record.values.get(&field.key).filter(|value| !value.is_null()) else { continue };
        filled.push((field, value));
        if let FieldKind::Table { fields } = &field.kind {
            for row in value.as_array().into_iter().flatten() {
                let cells = fields.values().filter_map(|field| Some((field, row.get(&field.key)?)));
                filled.extend(cells.filter(|(_, value)| !value.is_null()));
            }
        }
    }
    filled
}

#[test]
fn two_runs_give_the_same_year() {
    assert!(*YEAR == year(), "the same seed and the same cells give the same records");
}

#[test]
fn the_year_enters_without_a_fault_comes_to_the_published_figures_and_is_found_by_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new("2021-01-15T02:00:00Z".parse().unwrap()));
    let path = folder.path().join("records.db");
    let ledger = Ledger::open(&path, Arc::clone(&CATALOGUE), clock, Keyring::new([7; 32])).unwrap();
    let actor = Actor::system("sample");
    let records = YEAR.iter().map(|record| (record.register.to_owned(), record.values.clone()));
    let outcome = exchange::load(&ledger, &actor, records, true).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(outcome.created, YEAR.len() as u64);

    let counted = figures::all(&ledger, &actor, &Period::year(2020), None).unwrap();
    let counted: HashMap<&str, _> = counted.iter().map(|figure| (figure.key.as_str(), figure)).collect();
    let mut compared = 0;
    for line in include_str!("figures_2020.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let figure = counted[cells[0]];
        assert_eq!((figure.value.as_deref(), figure.unit.as_str()), (Some(cells[3]), cells[4]), "{}", cells[0]);
        assert!(!figure.full(Language::Chinese).contains("缺失"));
        compared += 1;
    }
    assert!(compared > 50, "{compared} figures were published");
    everything_is_found(&ledger);
}

/// Ledgers in which words are found, with the number of the first record.
fn found(ledger: &Ledger, words: &str) -> BTreeMap<String, String> {
    let (actor, words) = (Actor::system("sample"), Words::of(words));
    let first = |register: &String| {
        let found = ledger.find(&actor, register, &words, 5, Language::Chinese).unwrap();
        found.hits.into_iter().next().map(|hit| (register.clone(), hit.record.number))
    };
    CATALOGUE.registers.keys().filter_map(first).collect()
}

/// The words with which people looked for something in the year: a person, a place, what was done, a code.
fn everything_is_found(ledger: &Ledger) {
    for (register, field) in
        [("complaint", "handler_name"), ("enforcement_case", "handler_name"), ("complaint", "measures")]
    {
        let words = of(register).find_map(|record| text(record, field)).unwrap();
        assert!(found(ledger, words).contains_key(register), "{words}");
    }
    let record = of("complaint").next().unwrap();
    let address = record.values["place"]["address"].as_str().unwrap();
    assert!(found(ledger, address).contains_key("complaint"), "{address}");
    assert_eq!(found(ledger, number(record))["complaint"], number(record));

    let station = of("station").find(|record| text(record, "code") == Some("TXW05")).unwrap();
    let by_code = found(ledger, "txw05");
    assert_eq!(by_code["station"], number(station));
    assert!(by_code.contains_key("water_sample"), "what refers to the station is found as well: {by_code:?}");
    assert!(found(ledger, "油烟").len() >= 6, "{:?}", found(ledger, "油烟").keys());
    let handlers: BTreeSet<&str> = of("complaint").filter_map(|record| text(record, "handler_name")).collect();
    let mut complainants = of("complaint").filter_map(|record| text(record, "complainant"));
    let complainant = complainants.find(|name| name.chars().count() > 2 && !handlers.contains(name)).unwrap();
    let named = found(ledger, complainant);
    assert!(!named.contains_key("complaint"), "personal data are not searched: {named:?}");
}

#[test]
fn every_reference_leads_to_an_earlier_record() {
    let mut entered: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut followed = 0;
    for record in YEAR.iter() {
        for (field, value) in filled(record) {
            if let FieldKind::Reference { to } = &field.kind {
                let target = value.as_str().unwrap();
                let from = format!("{} {}: {}", record.register, number(record), field.key);
                assert!(entered.contains(&(to.as_str(), target)), "{from} leads to {to} {target}, which is not there");
                followed += 1;
            }
        }
        assert!(entered.insert((record.register, number(record))), "{} {} twice", record.register, number(record));
    }
    assert!(followed > 4_000, "{followed} references");
}

#[test]
fn residents_complain_of_noise_at_night_in_summer_and_beside_building_sites() {
    let of_category =
        |category: &'static str| of("complaint").filter(move |record| text(record, "category") == Some(category));
    let share = |count: usize, all: usize| count as f64 / all as f64;
    let (noise, gas) = (of_category("noise").count(), of_category("waste_gas").count());
    assert!(noise > gas && gas > of_category("waste_water").count());

    let hour = |record: &SampleRecord| text(record, "received_at").unwrap()[11..13].parse::<u8>().unwrap();
    let at_night = |record: &&SampleRecord| !(6..20).contains(&hour(record));
    let (by_night, gas_by_night) =
        (of_category("noise").filter(at_night).count(), of_category("waste_gas").filter(at_night).count());
    assert!(share(by_night, noise) > 0.6, "{by_night} of {noise} complaints of noise come by night");
    assert!(share(gas_by_night, gas) < 0.5, "{gas_by_night} of {gas} complaints of gas come by night");

    let month = |record: &SampleRecord| text(record, "received_at").unwrap()[5..7].parse::<u8>().unwrap();
    let summer = of_category("noise").filter(|record| (6..=8).contains(&month(record))).count();
    let winter = of_category("noise").filter(|record| matches!(month(record), 12 | 1 | 2)).count();
    assert!(summer > 2 * winter, "{summer} complaints of noise in summer, {winter} in winter");

    let sites: BTreeSet<String> = of("night_work_permit").map(|permit| permit.values["place"].to_string()).collect();
    let at_site = |record: &&SampleRecord| sites.contains(&record.values["place"].to_string());
    let building = |record: &&SampleRecord| text(record, "kind").unwrap().starts_with("construction");
    assert!(
        of_category("noise").filter(building).all(|record| at_site(&record)),
        "the noise of a site is complained of there"
    );
    let (noise_there, gas_there) =
        (of_category("noise").filter(at_site).count(), of_category("waste_gas").filter(at_site).count());
    assert!(
        share(noise_there, noise) > 0.4 && share(gas_there, gas) < 0.2,
        "{noise_there} of {noise}, {gas_there} of {gas}"
    );
}

#[test]
fn a_complaint_goes_forward_in_time() {
    const WAY: [&str; 7] =
        ["received_at", "accepted_at", "assigned_at", "inspected_at", "handled_at", "replied_at", "closed_at"];
    for record in of("complaint") {
        let way: Vec<&str> = WAY.iter().filter_map(|step| text(record, step)).collect();
        assert_eq!(way.len(), WAY.len(), "{}", number(record));
        assert!(way.is_sorted(), "{}: {way:?}", number(record));
    }
}

/// What an office does only when it is open, by the key of the date.
const OFFICE_DATES: [&str; 21] = [
    "decided_on",
    "approved_on",
    "accepted_on",
    "filed_on",
    "notified_on",
    "served_on",
    "issued_on",
    "assigned_on",
    "reviewed_on",
    "answered_on",
    "requested_on",
    "code_issued_on",
    "registered_on",
    "declared_on",
    "publicised_on",
    "delivered_on",
    "closed_on",
    "listed_on",
    "trained_on",
    "handled_at",
    "replied_at",
];

#[test]
fn offices_decide_on_working_days() {
    let calendar = WorkCalendar::published();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for record in YEAR.iter() {
        for (field, value) in filled(record) {
            let dated = matches!(field.kind, FieldKind::Date | FieldKind::DateTime);
            let Some(key) = OFFICE_DATES.into_iter().find(|key| dated && *key == field.key) else { continue };
            let day: Date = value.as_str().unwrap()[..10].parse().unwrap();
            // What was published for the years before is not known here.
            if let Ok(working) = calendar.is_working_day(day) {
                assert!(working, "{} {}: {key} is {day}, when the office is closed", record.register, number(record));
                *seen.entry(key).or_default() += 1;
            }
        }
    }
    assert_eq!(seen.len(), OFFICE_DATES.len(), "each kind of date stands somewhere: {seen:?}");
    assert!(seen.values().sum::<usize>() > 5_000, "{seen:?}");
}

#[test]
fn no_two_residents_write_the_same_letter() {
    for (register, field, most) in [
        ("complaint", "subject", 0.02),
        ("complaint", "content", 0.01),
        ("complaint", "finding", 0.01),
        ("complaint", "reply", 0.02),
        ("petition_piece", "subject", 0.05),
        ("petition_piece", "content", 0.03),
        ("consultation", "detail", 0.04),
        ("enforcement_case", "subject", 0.1),
        ("dispatch_order", "content", 0.05),
        ("activity", "title", 0.05),
        ("activity", "summary", 0.05),
        ("patrol", "conclusion", 0.05),
        ("media_report", "headline", 0.05),
        ("eia_form", "project_name", 0.05),
    ] {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for written in of(register).filter_map(|record| text(record, field)) {
            *times.entry(written).or_default() += 1;
        }
        let all: usize = times.values().sum();
        let (written, often) = times.iter().max_by_key(|(_, often)| **often).unwrap();
        assert!(*often as f64 <= (most * all as f64).max(2.0), "{register}.{field}: {often} of {all} are “{written}”");
    }
}

#[test]
fn every_telephone_number_belongs_to_nobody() {
    let mut seen = 0;
    for record in YEAR.iter() {
        let values = Value::Object(record.values.clone()).to_string();
        let runs = values.split(|character: char| !character.is_ascii_alphanumeric());
        for run in runs.filter(|run| run.len() == 11 && run.bytes().all(|byte| byte.is_ascii_digit())) {
            let mobile = run.starts_with('1') && run.as_bytes()[1] >= b'3';
            assert!(
                !mobile || run.starts_with("154"),
                "{} {}: {run} may be somebody's",
                record.register,
                number(record)
            );
            seen += usize::from(mobile);
        }
        for (field, value) in filled(record).into_iter().filter(|(field, _)| matches!(field.kind, FieldKind::Phone)) {
            assert!(value.as_str().unwrap().starts_with("154"), "{} {}: {value}", number(record), field.key);
        }
    }
    assert!(seen > 3_000, "{seen} numbers");
}

#[test]
fn every_place_lies_in_the_district() {
    let district = &CATALOGUE.district.cells["430103"];
    let mut seen = 0;
    for record in YEAR.iter() {
        for (field, value) in filled(record).into_iter().filter(|(field, _)| matches!(field.kind, FieldKind::Place)) {
            let (Some(lon), Some(lat)) = (value["lon"].as_f64(), value["lat"].as_f64()) else {
                panic!("{} {}: {} has no position: {value}", record.register, number(record), field.key);
            };
            assert!(district.contains(lon, lat), "{} {}: {lon}, {lat} lies outside", record.register, number(record));
            assert!(CATALOGUE.district.cell_at(lon, lat).is_some(), "{lon}, {lat} lies in no cell");
            seen += 1;
        }
    }
    assert!(seen > 5_000, "{seen} places");
}

#[test]
fn no_text_that_people_read_is_a_key_of_the_program() {
    let choices: BTreeSet<&str> = CATALOGUE
        .registers
        .values()
        .flat_map(|register| register.fields.values())
        .filter_map(|field| match &field.kind {
            FieldKind::Choice { choices } | FieldKind::Choices { choices } => Some(choices),
            _ => None,
        })
        .flat_map(|choices| choices.keys().map(String::as_str))
        .filter(|key| key.len() > 2)
        .collect();
    let is_key = |text: &str| {
        choices.contains(text) || (text.contains('_') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let mut seen = 0;
    let mut keys = BTreeSet::new();
    for record in YEAR.iter() {
        for (field, value) in filled(record) {
            let is_text = matches!(field.kind, FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::Person);
            // The name of an account is what its holder signs in with.
            let is_account = field.key == "account";
            let Some(text) = value.as_str().filter(|_| is_text && !field.detail && !is_account) else { continue };
            seen += 1;
            if is_key(text) {
                keys.insert(format!("{}.{}: {text}", record.register, field.key));
            }
        }
    }
    assert_eq!(keys, BTreeSet::new());
    assert!(seen > 10_000, "{seen} texts");
}
