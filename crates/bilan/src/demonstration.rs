//! The sample district: entered through the import and played by simulated devices.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bilan_gateway::simulator::past;
use bilan_records::actor::Actor;
use bilan_records::exchange;
use bilan_records::ledger::{JournalQuery, Ledger};
use bilan_records::value::{beijing, start_of_day};
use bilan_telemetry::{Observation, Store};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Unit};

use crate::bureau::Bureau;
use crate::data_folder::private_file;
use crate::logging;
use crate::running;
use crate::stations::StationDirectory;

/// Values of the past that are written at once.
const PORTION: usize = 20_000;

/// What a demonstration does beyond a bureau's own system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demonstration {
    /// Whether devices are played.
    pub devices: bool,
}

/// Enters the sample in a process of its own, whose memory ends with it: the demonstration stays as small as on its later starts.
pub(crate) fn load_apart(data: &Path, quiet_devices: bool) -> Result<()> {
    let program = std::env::current_exe().context("this program's own file cannot be found")?;
    let quiet: &[&str] = if quiet_devices { &["--quiet-devices"] } else { &[] };
    let status = Command::new(program).args(["demo", "--load-only"]).args(quiet).arg("--data").arg(data).status()?;
    if !status.success() {
        bail!("the sample year could not be entered into {}", data.display());
    }
    Ok(())
}

/// Enters the sample year into an empty ledger, in one transaction; does nothing to one that is not empty.
pub fn load_sample(bureau: &Bureau) -> Result<()> {
    if !is_empty(&bureau.ledger)? {
        return Ok(());
    }
    let started = Instant::now();
    let path = bureau.files.join("districts/tianxin/cells.geojson");
    let cells = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let records = bilan_sample::year_2020(&cells)?;
    let records = records.into_iter().map(|record| (record.register.to_owned(), record.values));
    let outcome = exchange::load(&bureau.ledger, &Actor::system("sample"), records, true)
        .context("the sample year does not fit the registers")?;
    logging::remark(format_args!(
        "sample year entered: {} records in {:.1} s",
        outcome.created,
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Gives the stations that are played the hours of this year and the last until the devices fill in their own, as if they had reported all the time. No rule
/// looks at them: what is long past warns nobody.
pub(crate) fn fill_past(bureau: &Bureau, now: Timestamp) -> Result<()> {
    let started = Instant::now();
    let store = Store::open(&private_file(bureau.data.join("observations.db"))?, Vec::new())?;
    let devices = StationDirectory::open(Arc::clone(&bureau.ledger))?.devices();
    let first = Date::new(beijing(now).date().year() - 1, 1, 1)?;
    let begins = start_of_day(first).context("last year has a first day")?;
    let hour = SignedDuration::from_hours(1);
    let until = now.round(Unit::Hour)? - hour * i32::try_from(running::DEMONSTRATED_HOURS)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut count = 0;
    for device in devices {
        let hours: Vec<Observation> = past(&device, (begins, until)).collect();
        count += hours.len();
        for portion in hours.chunks(PORTION) {
            runtime.block_on(store.derive(portion.to_vec(), now))?;
        }
    }
    store.seal_blocking(until)?;
    logging::remark(format_args!(
        "hours since {first} filled in: {count} values in {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

pub(crate) fn is_empty(ledger: &Ledger) -> Result<bool> {
    Ok(ledger.journal(&Actor::system("sample"), &JournalQuery::newest(1))?.entries.is_empty())
}
