//! The program is killed in the middle of its work, again and again: every packet that it acknowledged is there, once.
//!
//! `BILAN_TEST_KILLS=100 cargo test -p bilan --test killed_under_load` for as many times as it takes to believe it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod running;

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bilan_telemetry::{Kind, Series, Store};
use hj212::{Decoder, Event, Flag, Message};
use jiff::{SignedDuration, Timestamp};
use running::Server;

/// Devices that report as fast as they are answered.
const DEVICES: usize = 12;

/// The device of a fleet that a demonstration lets in.
fn mn(device: usize) -> String {
    format!("51B1A9F1EE7{:013}", device * 3)
}

/// Reports until the line breaks; notes what was acknowledged.
fn report(address: &str, device: usize, next: &AtomicU64, acknowledged: &Mutex<HashMap<String, Vec<u64>>>) {
    let Ok(mut line) = TcpStream::connect(address) else { return };
    line.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (mn, mut decoder, mut buffer) = (mn(device), Decoder::default(), [0u8; 1024]);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if line.write_all(&packet(&mn, number)).is_err() {
            return;
        }
        loop {
            if let Some(Event::Packet { packet, .. }) = decoder.next_event() {
                assert_eq!((packet.cn, packet.qn), ("9014", Some(qn(number).as_str())));
                acknowledged.lock().unwrap().entry(mn.clone()).or_default().push(number);
                break;
            }
            match line.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(length) => decoder.feed(&buffer[..length]),
            }
        }
    }
}

fn qn(number: u64) -> String {
    format!("{number:017}")
}

/// Each packet has an instant of its own.
fn at(number: u64) -> Timestamp {
    "2026-01-01T00:00:00+08:00".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(number as i64)
}

fn packet(mn: &str, number: u64) -> Vec<u8> {
    let time = bilan_telemetry::intake::data_time_text(at(number));
    let message =
        Message { qn: Some(qn(number)), pw: Some("123456".into()), ..Message::new("22", "2011", mn, Flag(5)) };
    message.group([("DataTime", time)]).group([("a34004-Rtd", "35"), ("a34004-Flag", "N")]).encode().unwrap()
}

#[test]
fn every_acknowledged_packet_is_there_once() {
    let kills: u64 = std::env::var("BILAN_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let next: Vec<AtomicU64> = (0..DEVICES).map(|_| AtomicU64::new(0)).collect();
    let (next, acknowledged) = (Arc::new(next), Arc::new(Mutex::new(HashMap::<String, Vec<u64>>::new())));
    for kill in 0..kills {
        let server = Server::start(&data);
        let devices: Vec<_> = (0..DEVICES)
            .map(|device| {
                let (address, next, acknowledged) =
                    (server.devices.clone(), Arc::clone(&next), Arc::clone(&acknowledged));
                std::thread::spawn(move || report(&address, device, &next[device], &acknowledged))
            })
            .collect();
        // Moments spread over half a second, each run at another, once there is load.
        let count = || -> usize { acknowledged.lock().unwrap().values().map(Vec::len).sum() };
        let (before, begun) = (count(), std::time::Instant::now());
        while count() < before + 40 {
            assert!(begun.elapsed() < Duration::from_secs(120), "nothing is acknowledged");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(kill * 7919 % 500));
        drop(server);
        for device in devices {
            device.join().unwrap();
        }
    }
    let store = Store::open(&data.join("observations.db"), Vec::new()).unwrap();
    let sealed: i64 = count(&data, "SELECT count(*) FROM chunk");
    assert!(sealed > 0, "values were sealed while the program was killed");
    let acknowledged = acknowledged.lock().unwrap();
    let total: usize = acknowledged.values().map(Vec::len).sum();
    assert!(total as u64 > kills * 20, "{total} packets are no load");
    for (mn, numbers) in acknowledged.iter() {
        let kept = store.packets(mn, Timestamp::MIN, Timestamp::MAX, usize::MAX >> 1).unwrap();
        let mut found: HashMap<u64, u32> = HashMap::new();
        for kept in &kept {
            let Some(Event::Packet { packet, .. }) = hj212::packets(&kept.raw, hj212::Mode::Strict).next() else {
                panic!("what was kept is a packet")
            };
            *found.entry(packet.qn.unwrap().parse().unwrap()).or_default() += 1;
        }
        assert!(found.values().all(|times| *times == 1), "{mn}: a packet is there twice");
        let station = format!("SIM{:05}", mn[11..].parse::<u32>().unwrap());
        let series = Series::main(&station, "a34004", Kind::Realtime);
        let values = store.range(&series, Timestamp::MIN, Timestamp::MAX).unwrap();
        let values: HashSet<Timestamp> = values.iter().map(|value| value.at).collect();
        for number in numbers {
            assert!(found.contains_key(number), "{mn}: packet {number} was acknowledged and is not there");
            assert!(values.contains(&at(*number)), "{mn}: the value of packet {number} is not there");
        }
        assert_eq!(values.len(), found.len(), "{mn}: a packet and its value are stored together");
    }
}

fn count(data: &Path, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(data.join("observations.db")).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A file as version 1 of the tables had it, with so many packets.
fn old_file(data: &Path, packets: u64) {
    std::fs::create_dir_all(data).unwrap();
    let path = data.join("observations.db");
    let store = Store::open(&path, Vec::new()).unwrap();
    let device = Arc::new(bilan_telemetry::Device::new(&mn(0), "123456", "SIM00000", "站", "air"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut receipts = Vec::new();
        for number in 0..packets {
            let raw = packet(&mn(0), number);
            let Some(Event::Packet { packet, .. }) = hj212::packets(&raw, hj212::Mode::Strict).next() else {
                panic!("a packet")
            };
            let submission = bilan_telemetry::Submission::new(&packet, Arc::clone(&device), "127.0.0.1:1", at(number));
            receipts.push(store.enqueue(submission).await.unwrap());
        }
        for receipt in receipts {
            receipt.await.unwrap().unwrap();
        }
    });
    drop(store);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE old (id INTEGER PRIMARY KEY, mn TEXT NOT NULL, digest BLOB NOT NULL, qn TEXT, cn TEXT NOT NULL, pno INTEGER,
             received_at INTEGER NOT NULL, raw BLOB NOT NULL, UNIQUE (mn, digest));
         INSERT INTO old SELECT a.id, a.mn, a.digest, NULL, '2011', NULL, a.received_at, p.raw FROM arrival a JOIN packet p ON p.id = a.id;
         DROP TABLE packet; DROP TABLE arrival; DROP TABLE packet_block; DROP TABLE chunk; DROP TABLE mark; DROP TABLE doubt;
         DROP TABLE review; DROP TABLE summary; DROP TABLE waiting;
         ALTER TABLE series DROP COLUMN checksum; ALTER TABLE hot DROP COLUMN checksum; ALTER TABLE held DROP COLUMN checksum;
         ALTER TABLE latest DROP COLUMN checksum; ALTER TABLE revision DROP COLUMN checksum;
         ALTER TABLE device DROP COLUMN checksum; ALTER TABLE device_tolerance DROP COLUMN checksum;
         ALTER TABLE quarantine DROP COLUMN checksum; ALTER TABLE warning DROP COLUMN checksum;
         ALTER TABLE old RENAME TO packet; CREATE INDEX packet_received ON packet (received_at); PRAGMA user_version = 1;",
    )
    .unwrap();
}

#[test]
fn a_file_that_is_being_taken_over_survives_the_end_of_the_program() {
    const PACKETS: u64 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    old_file(&data, PACKETS);
    let export = || {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bilan"));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        command.args(["observations", "export", "--from", "2026-01-01", "--to", "2026-01-02", "--data"]);
        command.arg(&data).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut cut_off = 0;
    for turn in 0..40_u64 {
        let mut child = export().spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + turn * 9));
        child.kill().unwrap();
        child.wait().unwrap();
        if count(&data, "SELECT user_version FROM pragma_user_version") > 1 {
            break;
        }
        cut_off += 1;
        assert_eq!(count(&data, "SELECT count(*) FROM packet") as u64, PACKETS, "still what it was");
    }
    assert!(cut_off > 0, "it was cut off at least once");
    let store = Store::open(&data.join("observations.db"), Vec::new()).unwrap();
    let series = Series::main("SIM00000", "a34004", Kind::Realtime);
    assert_eq!(store.range(&series, Timestamp::MIN, Timestamp::MAX).unwrap().len() as u64, PACKETS);
    let kept = store.packets(&mn(0), Timestamp::MIN, Timestamp::MAX, usize::MAX >> 1).unwrap();
    assert_eq!(kept.len() as u64, PACKETS);
}
