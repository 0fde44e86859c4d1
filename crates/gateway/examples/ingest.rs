//! Durable ingest over real sockets, gateway and devices in one process: `cargo run --release -p bilan-gateway --example ingest -- 500 10`
//! plays 500 devices for 10 seconds as fast as they are acknowledged and prints packets a second and acknowledgement times.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::simulator::{WithFleet, fleet};
use bilan_gateway::{Clock, FixedDirectory, Settings, SimulateOptions, serve, simulate};
use bilan_telemetry::Store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>());
    let devices = arguments.next().transpose()?.unwrap_or(500);
    let seconds = arguments.next().transpose()?.unwrap_or(10);
    let file = std::env::temp_dir().join(format!("ingest-{}.db", std::process::id()));
    // The shipped rules watch what comes in, as at work.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let rules = bilan_telemetry::rules::load(&folder).map_err(|faults| format!("{faults:?}"))?;
    let store = Store::open(&file, rules)?;
    let clock: Clock = Arc::new(jiff::Timestamp::now);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let directory = Arc::new(WithFleet(FixedDirectory::default()));
    let gateway = serve(listener, store, directory, Settings::default(), clock.clone())?;
    let report = simulate(SimulateOptions {
        interval: Duration::from_millis(1),
        run_for: Some(Duration::from_secs(u64::from(seconds))),
        ..SimulateOptions::new(gateway.address().to_string(), fleet(devices), clock)
    })
    .await;
    let counted = gateway.counters().now();
    println!("{report:?}\n{counted:?}");
    println!(
        "packets_per_s {} values_per_s {}",
        counted.packets / u64::from(seconds),
        counted.observations / u64::from(seconds)
    );
    gateway.stop().await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
    Ok(())
}
