//! Something to see: one device after another goes beyond its limits for a while.

use std::time::Duration;

use tokio::time::sleep;

use super::{Fault, Faults, SimulatedDevice};

/// Until the first trouble: pages have been opened by then.
const FIRST: Duration = Duration::from_secs(20);
/// How long a trouble lasts: longer than the rules wait before they warn.
const LASTS: Duration = Duration::from_secs(8 * 60);
/// Between two troubles: long enough for the warning to clear.
const CALM: Duration = Duration::from_secs(12 * 60);

/// Kinds of stations in the order of their troubles.
const KINDS: [&str; 4] = ["water", "power", "air", "outfall"];

/// Lets devices take turns in exceeding their limits, without end. Faults that somebody else commands are left alone.
pub async fn troubles(faults: Faults, devices: Vec<SimulatedDevice>) {
    let turns = turns(&devices);
    sleep(FIRST).await;
    for mn in turns.iter().cycle() {
        if faults.of(mn).is_none() {
            faults.set(mn, Fault::Exceedance);
            sleep(LASTS).await;
            faults.clear(mn);
        }
        sleep(CALM).await;
    }
}

/// The first device of each kind, then the second of each, and so on.
fn turns(devices: &[SimulatedDevice]) -> Vec<String> {
    let of_kind = |kind: &str| devices.iter().filter(|device| device.kind == kind).collect::<Vec<_>>();
    let kinds = KINDS.map(of_kind);
    let rounds = kinds.iter().map(Vec::len).max().unwrap_or(0);
    (0..rounds)
        .flat_map(|round| kinds.iter().filter_map(move |kind| kind.get(round)))
        .map(|device| device.mn.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use bilan_telemetry::Stamped;

    use super::*;

    #[test]
    fn kinds_take_turns() {
        let device = |mn: &str, kind: &str| SimulatedDevice {
            mn: mn.to_owned(),
            password: String::new(),
            kind: kind.to_owned(),
            seed: 1,
            stamped: Stamped::Start,
        };
        let devices = [device("A1", "air"), device("N1", "noise"), device("W1", "water"), device("W2", "water")];
        assert_eq!(turns(&devices), ["W1", "A1", "W2"]);
        assert!(turns(&[]).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_and_then_calm() {
        let faults = Faults::default();
        let water = SimulatedDevice::from(&bilan_telemetry::Device::new("W1", "", "W1", "", "water"));
        tokio::spawn(troubles(faults.clone(), vec![water]));
        assert_eq!(faults.of("W1"), None);
        sleep(FIRST + Duration::from_secs(1)).await;
        assert_eq!(faults.of("W1"), Some(Fault::Exceedance));
        sleep(LASTS).await;
        assert_eq!(faults.of("W1"), None);
        sleep(CALM).await;
        assert_eq!(faults.of("W1"), Some(Fault::Exceedance));
    }
}
