//! A fleet whose clocks are wrong, over real sockets: whatever they said, pages show what is now and rules warn when they are right again.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::simulator::{Fault, Faults, SimulatedDevice};
use bilan_gateway::{Clock, FixedDirectory, Settings, SimulateOptions, serve, simulate};
use bilan_telemetry::{Device, Store, rules};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::time::timeout;

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = timeout(Duration::from_secs(120), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "not in two minutes: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_wrong_freezes_nothing() {
    let names = ["AAAA0001", "AAAA0002", "AAAA0003", "AAAA0004"];
    let devices: Vec<Device> = names
        .iter()
        .zip(1..)
        .map(|(mn, number)| Device::new(mn, "123456", &format!("W{number}"), mn, "water"))
        .collect();
    let simulated: Vec<SimulatedDevice> = devices.iter().map(SimulatedDevice::from).collect();
    // A clock that runs sixty times as fast: what lasts minutes is seen in seconds.
    let begun = (Timestamp::now(), std::time::Instant::now());
    let fast: Clock =
        Arc::new(move || begun.0 + SignedDuration::from_millis(begun.1.elapsed().as_millis() as i64 * 60));

    let folder = tempfile::tempdir().expect("a folder");
    let rules = rules::load(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")).expect("good rules");
    let store = Store::open(&folder.path().join("observations.db"), rules).expect("opened");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let directory = Arc::new(FixedDirectory::new(devices));
    let gateway = serve(listener, store.clone(), directory, Settings::default(), fast.clone()).expect("serving");

    let faults = Faults::default();
    faults.set(names[0], Fault::ClockOff(3 * 3600));
    faults.set(names[1], Fault::ClockStopped(begun.0));
    faults.set(names[2], Fault::ClockOff(-86_400));
    faults.set(names[3], Fault::ClockStopped("1970-01-01T08:00:00+08:00".parse().expect("an instant")));
    let fleet = tokio::spawn(simulate(SimulateOptions {
        interval: Duration::from_millis(200),
        answer_within: Duration::from_millis(200),
        resends: 0,
        faults: faults.clone(),
        ..SimulateOptions::new(gateway.address().to_string(), simulated, fast.clone())
    }));
    until("every device was heard", || {
        let counted = gateway.counters().now();
        counted.packets > 80 && counted.disbelieved_times > 5 && !store.ahead().expect("read").is_empty()
    })
    .await;
    let latest = fast() + SignedDuration::from_mins(10);
    for station in ["W1", "W2", "W3", "W4"] {
        assert!(store.latest(station).iter().all(|value| value.at <= latest), "{station}");
    }
    assert!(store.latest("W4").is_empty(), "nothing of a clock that was never set is believed");
    assert_eq!(store.ahead().expect("read").iter().map(|ahead| ahead.station.as_str()).collect::<Vec<_>>(), ["W1"]);

    // The clocks are set, and the water is bad at once.
    for mn in names {
        faults.set(mn, Fault::Exceedance);
    }
    until("a warning at every station", || {
        let open = store.open_warnings().expect("read");
        ["W1", "W2", "W3", "W4"].iter().all(|station| {
            open.iter().any(|warning| warning.station == *station && warning.rule == "dissolved_oxygen_crash")
        })
    })
    .await;
    fleet.abort();
}
