//! A district with a million records: how long an import takes and how much memory, how fast lists answer.
//!
//! `cargo bench -p bilan-records --bench million [-- RECORDS]` prints medians; the database lies in a temporary folder.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bilan_records::{
    catalogue::{Bound, Catalogue, Figure, FigurePeriod, FigureRule, RecordSet},
    exchange::{Format, export, import},
    figures::{self, Period},
    filter::Filter,
    ledger::{ListQuery, Words},
    value::Language,
};
use support::{Bureau, catalogue, complaint, enterprise, system};

const REPEATS: usize = 15;

fn main() {
    let records = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let bureau = Bureau::open(with_figures(catalogue(vec![enterprise(), complaint()])));
    let file = bureau.dir.path().join("complaints.csv");
    write_file(&file, records);

    let began = Instant::now();
    let source = BufReader::new(File::open(&file).unwrap());
    let outcome = import(&bureau.ledger, &system(), "complaint", source, Format::Csv, false).unwrap();
    let took = began.elapsed();
    assert_eq!(outcome.created, records);
    println!("import      {records} rows in {took:.1?}, {:.0} rows/s", per_second(records, took));
    println!("memory      {} MiB at its highest", peak_memory());

    let list = |name: &str, change: &dyn Fn(&mut ListQuery)| {
        let mut query = ListQuery::of("complaint");
        change(&mut query);
        let (took, page) = median(|| bureau.ledger.list(&system(), query.clone()).unwrap());
        let more = if page.total_is_capped { "+" } else { "" };
        println!("list        {took:>10.2?}  {name} ({} shown of {}{more})", page.records.len(), page.total);
    };
    list("newest first", &|_| {});
    list("oldest first", &|query| query.sort = Some(("received_at".into(), false)));
    list("by number", &|query| query.sort = Some(("number".into(), true)));
    list("one category, newest first", &|query| query.filter = Some("category = \"noise\"".into()));
    list("one category and state, newest first", &|query| {
        query.filter = Some("category = \"noise\" and state = \"closed\"".into());
    });
    list("a month", &|query| {
        query.filter = Some("received_at >= \"2020-07-01\" and received_at < \"2020-08-01\"".into());
    });
    list("a cell", &|query| query.cell = Some("430103001".into()));
    list("loud and open, by level", &|query| {
        query.filter = Some("leq > 75 and closed = false".into());
        query.sort = Some(("received_at".into(), true));
    });
    list("page 1000", &|query| query.offset = 50_000);
    list("words", &|query| query.search = Some("混凝土 中山路".into()));
    list("rare words", &|query| query.search = Some("第777777号".into()));
    for (name, words) in [
        ("words of every record, none in its name", "混凝土"),
        ("words of every name", "夜间施工"),
        ("words of a sixth", "混凝土 中山路"),
        ("an address", "中山路7776号"),
        ("a whole number", "TS202000777"),
        ("the beginning of every number", "TS2020"),
        ("nothing", "油烟"),
    ] {
        let words = Words::of(words);
        let find = || bureau.ledger.find(&system(), "complaint", &words, 5, Language::Chinese).unwrap();
        let (took, hits) = median(find);
        let more = if hits.total_is_capped { "+" } else { "" };
        println!("find        {took:>10.2?}  {name} ({} shown of {}{more})", hits.hits.len(), hits.total);
    }

    let forgetful = rusqlite::Connection::open(bureau.path()).unwrap();
    forgetful.execute("DELETE FROM search_index", []).unwrap();
    let began = Instant::now();
    drop(support::open(bureau.path(), vec![enterprise(), complaint()], &bureau.clock).unwrap());
    println!("index       made anew at the start in {:.1?}", began.elapsed());

    let mut times: Vec<Duration> = (0..3)
        .map(|_| {
            let began = Instant::now();
            let figures = figures::all(&bureau.ledger, &system(), &Period::year(2020), None).unwrap();
            assert!(figures.iter().all(|figure| figure.gap.is_none()), "{figures:?}");
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("figures     {:>10.2?}  {} figures of a year", times[1], bureau.ledger.catalogue().figures.len());

    let began = Instant::now();
    let mut out = BufWriter::new(File::create(bureau.dir.path().join("out.csv")).unwrap());
    let count = export(&bureau.ledger, &system(), ListQuery::of("complaint"), Format::Csv, &mut out).unwrap();
    let took = began.elapsed();
    println!("export      {count} rows in {took:.1?}, {:.0} rows/s", per_second(count, took));
    println!("memory      {} MiB at its highest", peak_memory());
    let began = Instant::now();
    bureau.ledger.verify().unwrap().unwrap();
    println!("verify      {:.1?}", began.elapsed());
}

/// As many figures as an annual summary has, over the kinds of records it counts.
fn with_figures(mut catalogue: Arc<Catalogue>) -> Arc<Catalogue> {
    let inner = Arc::get_mut(&mut catalogue).unwrap();
    for number in 0..56 {
        let category = ["noise", "waste_gas"][number % 2];
        let filter = match number % 4 {
            0 => format!("category = \"{category}\""),
            1 => format!("category = \"{category}\" and state = \"closed\""),
            2 => format!("closed = true and leq > {}", 50 + number / 2),
            _ => format!("cell in \"430103001\" and category = \"{category}\""),
        };
        let filter = Some(Filter::parse(&filter, &inner.registers["complaint"], inner).unwrap());
        let records = RecordSet { of: "complaint".into(), filter, date: "received_at".into() };
        let rule = match number % 8 {
            6 => FigureRule::Distinct { records, field: "handler_name".into() },
            7 => FigureRule::Sum { records, rows: None, field: "leq".into(), stored_digits: 1 },
            _ => FigureRule::Count(records),
        };
        let key = format!("figure_{number}");
        let figure = Figure {
            key: key.clone(),
            system: "complaint".into(),
            label: support::label(&key),
            unit: "件".into(),
            bound: Bound::Exact,
            digits: 0,
            period: FigurePeriod::Asked,
            hidden: false,
            screen: None,
            rule,
        };
        inner.figures.insert(key, figure);
    }
    catalogue
}

fn write_file(path: &Path, records: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(out, "received_at,category,subject,content,reporter,phone,leq,place,state,handler_name").unwrap();
    let roads = ["中山路", "韶山路", "芙蓉路", "书院路", "劳动路", "新开铺路"];
    for n in 0..records {
        let (day, hour, road) = (n % 365, n * 7 % 24, roads[usize::try_from(n % 6).unwrap()]);
        let (month, day) = (day / 31 + 1, day % 28 + 1);
        let category = if n % 3 == 0 { "waste_gas" } else { "noise" };
        let state = if n % 10 == 0 { "received" } else { "closed" };
        let (leq, lon, phone) =
            (50 + n % 35, 12.90 + f64::from(u32::try_from(n % 199).unwrap()) / 1000.0, n % 100_000_000);
        writeln!(
            out,
            "2020-{month:02}-{day:02} {hour:02}:15,{category},{road}夜间施工第{n}号,工地深夜浇筑混凝土影响休息,王小明,\
             138{phone:08},{leq}.5,\"1{lon:.3},28.10 {road}{n}号\",{state},李经办"
        )
        .unwrap();
    }
}

fn median<T>(ask: impl Fn() -> T) -> (Duration, T) {
    let mut page = ask();
    let mut times: Vec<Duration> = (0..REPEATS)
        .map(|_| {
            let began = Instant::now();
            page = ask();
            began.elapsed()
        })
        .collect();
    times.sort();
    (times[REPEATS / 2], page)
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Highest resident memory of this process so far, MiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}
