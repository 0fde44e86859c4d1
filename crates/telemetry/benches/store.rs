//! The store of observations: a year of minutes of ten series, sealed as it goes; then what pages ask.
//!
//! `cargo bench -p bilan-telemetry --bench store`

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use bilan_telemetry::{Device, Kind, Series, Statistic, Store, Submission};
use hj212::{Flag, Message, Mode, packets};
use jiff::{SignedDuration, Timestamp};

const DAYS: i64 = 365;
const SERIES: usize = 10;
const STATIONS: usize = 1000;

/// Instruments: a level, its daily swing, its noise, its decimals.
const FACTORS: [(&str, f64, f64, f64, usize); SERIES] = [
    ("w01001", 7.4, 0.1, 0.01, 2),
    ("w01009", 6.9, 1.2, 0.04, 2),
    ("w01010", 18.0, 2.0, 0.02, 1),
    ("w01014", 312.0, 12.0, 1.5, 0),
    ("w01003", 24.0, 3.0, 0.8, 1),
    ("w21003", 0.42, 0.1, 0.01, 3),
    ("a34004", 38.0, 9.0, 2.0, 0),
    ("a05024", 72.0, 40.0, 2.0, 0),
    ("a21005", 0.74, 0.2, 0.01, 3),
    ("d20401", 62.0, 55.0, 2.5, 1),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("bilan-store-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let file = folder.join("observations.db");
    let store = Store::open(&file, Vec::new())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    let begin: Timestamp = "2024-01-01T00:00:00+08:00".parse()?;
    let started = Instant::now();
    let mut state = [0u64; SERIES].map(|_| 1);
    for day in 0..DAYS {
        let morning = begin + SignedDuration::from_hours(24 * day);
        runtime.block_on(fill(&store, morning, &mut state))?;
        store.seal_blocking(morning + SignedDuration::from_hours(24))?;
    }
    let values = 1440 * DAYS * SERIES as i64;
    println!("stored and sealed {values} values in {:.1} s", started.elapsed().as_secs_f64());
    let year = begin..begin + SignedDuration::from_hours(24 * DAYS);
    let series = |factor: &str| Series {
        station: "W0".into(),
        factor: factor.into(),
        kind: Kind::Minute,
        statistic: Statistic::Avg,
    };
    let mut times = Vec::new();
    for (factor, ..) in FACTORS {
        let asked = Instant::now();
        let hours = store.hourly_means(&series(factor), year.start, year.end)?;
        times.push(asked.elapsed());
        assert_eq!(hours.len() as i64, 24 * DAYS);
    }
    times.sort_unstable();
    println!(
        "a year of one series (525,600 values) to hourly means: median {:.1} ms",
        times[SERIES / 2].as_secs_f64() * 1e3
    );

    let now = year.end;
    for station in 0..STATIONS {
        let bytes = message(now, station, &mut state).encode()?;
        append(&store, &bytes, now, station)?;
    }
    let asked = Instant::now();
    let newest = store.latest_everywhere(Kind::Minute);
    println!("newest values of {} series: {:.1} ms", newest.len(), asked.elapsed().as_secs_f64() * 1e3);
    drop(store);

    let database = rusqlite::Connection::open(&file)?;
    let (blobs, sealed): (i64, i64) =
        database
            .query_row("SELECT sum(length(blob)), sum(count) FROM chunk", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    println!("sealed: {:.2} bytes a value in blobs", blobs as f64 / sealed as f64);
    let (blocks, packets): (i64, i64) =
        database.query_row("SELECT sum(length(blob)), sum(count) FROM packet_block", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    println!("raw packets: {:.0} bytes each in blocks", blocks as f64 / packets as f64);
    database
        .execute_batch("DELETE FROM packet; DELETE FROM packet_block; DELETE FROM arrival; DELETE FROM hot; VACUUM")?;
    let size = std::fs::metadata(&file)?.len();
    println!("sealed: {:.2} bytes a value in the file, without raw packets", size as f64 / sealed as f64);
    Ok(())
}

async fn fill(store: &Store, morning: Timestamp, state: &mut [u64; SERIES]) -> Result<(), Box<dyn Error>> {
    let mut receipts = Vec::with_capacity(1440);
    for minute in 0..1440 {
        let at = morning + SignedDuration::from_mins(minute);
        let bytes = message(at, 0, state).encode()?;
        let Some(submission) = submission(&bytes, at, 0) else { continue };
        receipts.push(store.enqueue(submission).await?);
    }
    for receipt in receipts {
        receipt.await??;
    }
    Ok(())
}

fn message(at: Timestamp, station: usize, state: &mut [u64; SERIES]) -> Message {
    let time = bilan_telemetry::intake::data_time_text(at);
    let message = Message {
        qn: Some(format!("{time}000")),
        pw: Some("123456".into()),
        ..Message::new("21", "2051", &format!("M{station}"), Flag(5))
    };
    let part = (at.as_second() % 86_400) as f64 / 86_400.0 * std::f64::consts::TAU;
    FACTORS.iter().zip(state).fold(message.group([("DataTime", time)]), |message, (factor, state)| {
        let (code, level, swing, noise, decimals) = *factor;
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        let jitter = (*state % 2001) as f64 / 1000.0 - 1.0;
        let value = (level + swing * part.sin() + noise * jitter).max(0.0);
        message
            .group([(format!("{code}-Avg"), format!("{value:.decimals$}")), (format!("{code}-Flag"), "N".to_owned())])
    })
}

fn submission(bytes: &[u8], at: Timestamp, station: usize) -> Option<Submission> {
    let device = Device {
        minute_interval: 1,
        ..Device::new(&format!("M{station}"), "123456", &format!("W{station}"), "", "water")
    };
    match packets(bytes, Mode::Tolerant).next()? {
        hj212::Event::Packet { packet, .. } => Some(Submission::new(&packet, Arc::new(device), "", at)),
        hj212::Event::Fault(_) => None,
    }
}

fn append(store: &Store, bytes: &[u8], at: Timestamp, station: usize) -> Result<(), Box<dyn Error>> {
    if let Some(submission) = submission(bytes, at, station) {
        store.append_blocking(submission)?;
    }
    Ok(())
}
