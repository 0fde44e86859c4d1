//! Very many devices at one packet a minute: `cargo run --release -p bilan-gateway --example nation -- 50000 180` attaches 50,000 lines in memory (a process
//! has not so many handles for sockets everywhere), lets each device speak once a minute and prints what the process holds, devices included.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bilan_gateway::simulator::{WithFleet, fleet};
use bilan_gateway::{Clock, FixedDirectory, Settings, serve};
use bilan_telemetry::{Store, intake};
use hj212::{Flag, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Factors of a packet.
const FACTORS: [&str; 7] = ["w01001", "w01009", "w01010", "w01014", "w01019", "w21003", "w21011"];

struct Measured {
    acknowledged: AtomicU64,
    milliseconds: Mutex<Vec<f64>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>());
    let count = arguments.next().transpose()?.unwrap_or(50_000);
    let seconds = u64::from(arguments.next().transpose()?.unwrap_or(180));
    let file = std::env::temp_dir().join(format!("nation-{}.db", std::process::id()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let rules = bilan_telemetry::rules::load(&folder).map_err(|faults| format!("{faults:?}"))?;
    let store = Store::open(&file, rules)?;
    let clock: Clock = Arc::new(jiff::Timestamp::now);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let settings = Settings { max_connections: count as usize, ..Settings::default() };
    let gateway = serve(listener, store, Arc::new(WithFleet(FixedDirectory::default())), settings, clock)?;
    let measured = Arc::new(Measured { acknowledged: AtomicU64::new(0), milliseconds: Mutex::default() });
    let peer = gateway.address();
    for (number, device) in (0u64..).zip(fleet(count)) {
        let (ours, theirs) = tokio::io::duplex(1024);
        if !gateway.attach(theirs, peer) {
            return Err("there was no room for a device".into());
        }
        let first = Duration::from_millis(number * 60_000 / u64::from(count));
        tokio::spawn(speak(ours, device.mn, first, Arc::clone(&measured)));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let counted = gateway.counters().now();
    let mut times = measured.milliseconds.lock().map_err(|_| "a device broke")?.clone();
    times.sort_by(f64::total_cmp);
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    let acknowledged = measured.acknowledged.load(Ordering::Relaxed);
    println!("{counted:?}");
    println!("devices {count} acknowledged {acknowledged} p99_ms {p99:.1} resident_kb {}", resident()?);
    drop(gateway);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
    Ok(())
}

/// One packet a minute; each is acknowledged before the next.
async fn speak(mut line: DuplexStream, mn: String, first: Duration, measured: Arc<Measured>) {
    tokio::time::sleep(first).await;
    let mut every = tokio::time::interval(Duration::from_secs(60));
    let mut answer = [0; 256];
    loop {
        every.tick().await;
        let time = intake::data_time_text(jiff::Timestamp::now());
        let message = Message {
            qn: Some(format!("{time}000")),
            pw: Some("123456".to_owned()),
            ..Message::new("21", "2011", &mn, Flag(5))
        };
        let message = FACTORS.iter().fold(message.group([("DataTime", time)]), |message, factor| {
            message.group([(format!("{factor}-Rtd"), "7.25"), (format!("{factor}-Flag"), "N")])
        });
        let Ok(bytes) = message.encode() else { return };
        let sent = Instant::now();
        if line.write_all(&bytes).await.is_err() || !matches!(line.read(&mut answer).await, Ok(1..)) {
            return;
        }
        measured.acknowledged.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut times) = measured.milliseconds.lock() {
            times.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
    }
}

/// Resident memory of this process in kB.
fn resident() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
