//! `bilan rules`: warning rules, tried on what was stored.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use bilan_records::value::beijing_text;
use bilan_telemetry::rules::{self, Watch};
use bilan_telemetry::{Device, Observation, Warning};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::DataFolder;
use super::observations::moment;
use crate::bureau::Bureau;
use crate::stations::StationDirectory;

/// Stored values are shown to the rules in portions of this length.
const PORTION: SignedDuration = SignedDuration::from_hours(1);

/// Warning rules.
#[derive(Debug, Args)]
pub struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what the rules of a file would have raised on stored history. Nothing is entered and nobody is told.
    ///
    /// Prints one line a warning: `opened cleared minutes level rule station value threshold peak message`, separated by tabs.
    #[command(after_help = "Example:\n  bilan rules try rules/power.toml --from 2026-01-01 --to 2026-02-01")]
    Try(Try),
}

#[derive(Debug, Args)]
struct Try {
    /// File of rules, as in `rules/`.
    file: PathBuf,
    /// From this moment.
    #[arg(long)]
    from: String,
    /// To this moment.
    #[arg(long)]
    to: String,
    #[command(flatten)]
    data: DataFolder,
}

impl Rules {
    pub fn run(self) -> Result<()> {
        let What::Try(attempt) = self.what;
        attempt.run()
    }
}

impl Try {
    fn run(self) -> Result<()> {
        let text = std::fs::read_to_string(&self.file)
            .with_context(|| format!("cannot read the rules in {}", self.file.display()))?;
        let rules = rules::parse(&self.file.display().to_string(), &text).map_err(|faults| {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow!("{}\n{} faults in the rules", lines.join("\n"), lines.len())
        })?;
        let (from, to) = (moment(&self.from)?, moment(&self.to)?);
        let bureau = Bureau::open_existing(&self.data.path)?;
        let store = bureau.observations()?;
        let devices = StationDirectory::open(Arc::clone(&bureau.ledger))?.devices();
        let mut trial = Trial { watch: Watch::new(rules), devices, raised: Vec::new(), values: 0 };
        let mut begin = from;
        while begin < to {
            let end = begin.checked_add(PORTION).unwrap_or(to).min(to);
            trial.show(&store.replay(begin, end)?, end);
            begin = end;
        }
        trial.print(&mut io::stdout().lock())?;
        eprintln!("{} values, {} warnings", trial.values, trial.raised.len());
        Ok(())
    }
}

struct Trial {
    watch: Watch,
    devices: Vec<Arc<Device>>,
    raised: Vec<Warning>,
    values: usize,
}

impl Trial {
    /// Shows values in the order of their ends, those of one station and instant together, as a packet brings them; and the time after them.
    fn show(&mut self, values: &[Observation], end: Timestamp) {
        self.values += values.len();
        let mut minute = None;
        for together in values.chunk_by(|one, next| one.end() == next.end()) {
            let now = together[0].end();
            for packet in together.chunk_by(|one, next| one.series.station == next.series.station) {
                self.packet(packet, now);
            }
            // Silence is looked for every minute, as at work.
            if minute.replace(now.as_second() / 60) != Some(now.as_second() / 60) {
                let told = self.watch.tick(now);
                self.take(told);
            }
        }
        let told = self.watch.tick(end);
        self.take(told);
    }

    fn packet(&mut self, packet: &[Observation], now: Timestamp) {
        let station = packet[0].series.station.as_str();
        let known = self.devices.iter().find(|device| device.station == station).cloned();
        // A station that has left the register is known by its number alone.
        let device = known.unwrap_or_else(|| Arc::new(Device::new("", "", station, station, "")));
        let mut told = self.watch.heard(station, &device.name, &device.kind, now);
        self.watch.know(station, &device.facts, &device.limits, false);
        for observation in packet {
            told.extend(self.watch.observe(observation, now));
        }
        told.extend(self.watch.reckon(station, now, now));
        self.take(told);
    }

    fn take(&mut self, told: Vec<Warning>) {
        for warning in told {
            match self.raised.iter_mut().find(|raised| raised.id == warning.id) {
                Some(raised) => *raised = warning,
                None => self.raised.push(warning),
            }
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "opened\tcleared\tminutes\tlevel\trule\tstation\tvalue\tthreshold\tpeak\tmessage")?;
        for warning in &self.raised {
            let cleared = warning.cleared_at.map(beijing_text).unwrap_or_default();
            let lasted = warning.cleared_at.map(|cleared| cleared.duration_since(warning.opened_at).as_secs() / 60);
            let minutes = lasted.map(|minutes| minutes.to_string()).unwrap_or_default();
            writeln!(
                out,
                "{}\t{cleared}\t{minutes}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                beijing_text(warning.opened_at),
                warning.level.name(),
                warning.rule,
                warning.station,
                warning.value,
                warning.threshold,
                warning.peak,
                warning.message.zh
            )?;
        }
        Ok(())
    }
}
