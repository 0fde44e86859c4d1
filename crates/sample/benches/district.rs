//! A district with a million records: the shipped registers, the sample year many times over, the shipped figures.
//!
//! `cargo bench -p bilan-sample --bench district [-- RECORDS]` prints medians; the database lies in a temporary folder.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bilan_records::{
    actor::Actor,
    catalogue::{self, Catalogue, FieldKind},
    exchange,
    figures::{self, Period},
    ledger::{JsonMap, Ledger, ListQuery},
    personal::Keyring,
    report,
};
use bilan_standards::clock::FixedClock;
use serde_json::Value;

const REPEATS: usize = 9;
/// Records entered in one transaction.
const PORTION: usize = 50_000;

fn main() {
    let wanted = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = Arc::new(catalogue::load(&files).unwrap());
    let cells = std::fs::read_to_string(files.join("districts/tianxin/cells.geojson")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new("2021-01-15T02:00:00Z".parse().unwrap()));
    let path = folder.path().join("records.db");
    let ledger = Ledger::open(&path, Arc::clone(&catalogue), clock, Keyring::new([7; 32])).unwrap();
    fill(&ledger, &catalogue, &cells, wanted);

    let actor = Actor::system("bench");
    let period = Period::year(2020);
    println!(
        "figures     {:>10.2?}  {} of the year",
        median(|| figures::all(&ledger, &actor, &period, None).unwrap()),
        listed(&catalogue)
    );
    println!(
        "report      {:>10.2?}  the annual summary",
        median(|| report::build(&ledger, &actor, "annual", 2020, None).unwrap())
    );
    let list = |name: &str, register: &str, filter: &str, sort: Option<(&str, bool)>| {
        let query = ListQuery {
            filter: Some(filter.to_owned()).filter(|filter| !filter.is_empty()),
            sort: sort.map(|(field, down)| (field.to_owned(), down)),
            ..ListQuery::of(register)
        };
        println!("list        {:>10.2?}  {name}", median(|| ledger.list(&actor, query.clone()).unwrap()));
    };
    list("machines, newest first", "machine", "", None);
    list(
        "night-work permits of July by number",
        "night_work_permit",
        r#"applied_on >= "2020-07-01" and applied_on < "2020-08-01""#,
        Some(("number", true)),
    );
    list(
        "noise complaints, closed, oldest first",
        "complaint",
        r#"category = "noise" and closed = true"#,
        Some(("received_at", false)),
    );
    list("complaints of the hotline by state", "complaint", r#"source = "hotline12345""#, Some(("state", false)));
}

/// Enters the sample year again and again under new numbers, until there are so many records.
fn fill(ledger: &Ledger, catalogue: &Catalogue, cells: &str, wanted: usize) {
    let year = bilan_sample::year_2020(cells).unwrap();
    let (mut entered, mut copy) = (0, 0);
    let began = Instant::now();
    let mut portion: Vec<(String, JsonMap)> = Vec::with_capacity(PORTION);
    while entered < wanted {
        for record in &year {
            if let Some(values) = again(catalogue, record, copy) {
                portion.push((record.register.to_owned(), values));
                entered += 1;
            }
        }
        copy += 1;
        if portion.len() >= PORTION || entered >= wanted {
            exchange::load(ledger, &Actor::system("bench"), std::mem::take(&mut portion), true).unwrap();
        }
    }
    println!("entered     {:>10.2?}  {entered} records, the sample year {copy} times", began.elapsed());
}

/// The record under a number of its own; references still lead to the first copy. `None` where a field must stay unique.
fn again(catalogue: &Catalogue, record: &bilan_sample::SampleRecord, copy: usize) -> Option<JsonMap> {
    let mut values = record.values.clone();
    if copy == 0 {
        return Some(values);
    }
    let unique = catalogue.registers[record.register].fields.values().filter(|field| field.unique);
    for field in unique {
        match (&field.kind, values.get_mut(&field.key)) {
            (_, None) => {}
            (FieldKind::Text { .. }, Some(Value::String(text))) if !field.required => *text = format!("{text}-{copy}"),
            _ => return None,
        }
    }
    let number = values.get_mut("number")?;
    *number = Value::from(format!("{}-{copy}", number.as_str()?));
    Some(values)
}

fn listed(catalogue: &Catalogue) -> usize {
    catalogue.figures.values().filter(|figure| !figure.hidden).count()
}

fn median<T>(ask: impl Fn() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..REPEATS)
        .map(|_| {
            let began = Instant::now();
            std::hint::black_box(ask());
            began.elapsed()
        })
        .collect();
    times.sort();
    times[REPEATS / 2]
}
