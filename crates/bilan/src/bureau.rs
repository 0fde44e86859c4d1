//! One bureau's installation: the files that describe it, and the data folder it works in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use bilan_records::actor::Actor;
use bilan_records::catalogue::{self, Catalogue};
use bilan_records::ledger::Ledger;
use bilan_records::personal::Keyring;
use bilan_standards::calendar::WorkCalendar;
use bilan_telemetry::{Rule, Store, rules};
use bilan_web::StationStatistics;

use crate::clock::SystemClock;
use crate::data_folder::{self, InUse, private_file};

/// The folder with `registers/`, `figures/`, `reports/`, `rules/` and `districts/`.
///
/// `BILAN_FILES` names it; otherwise it is the working folder or one above it, or one above the program.
pub fn files(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = given {
        return if is_bureau(folder) {
            Ok(folder.to_owned())
        } else {
            Err(anyhow!("{} holds no registers/ folder: name the folder that does", folder.display()))
        };
    }
    if let Some(folder) = std::env::var_os("BILAN_FILES") {
        return files(Some(Path::new(&folder)));
    }
    let beginnings = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    beginnings
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .find(|folder| is_bureau(folder))
        .map(Path::to_owned)
        .context("no registers/ folder here or above: run inside the bureau's folder, or name it with BILAN_FILES")
}

fn is_bureau(folder: &Path) -> bool {
    folder.join("registers").is_dir() && folder.join("districts").is_dir()
}

/// A data folder, opened.
pub struct Bureau {
    /// Where the describing files are.
    pub files: PathBuf,
    /// Where the data are.
    pub data: PathBuf,
    /// The records.
    pub ledger: Arc<Ledger>,
    /// Nobody replaces the folder while this process works in it.
    _in_use: InUse,
}

impl Bureau {
    /// Opens a data folder that must be there: for commands that look at what is.
    pub fn open_existing(data: &Path) -> Result<Self> {
        if !data.join("records.db").is_file() {
            bail!(
                "{} holds no records: name the data folder with --data, or start the demonstration once with `bilan demo --data {}`",
                data.display(),
                data.display()
            );
        }
        Self::open(data)
    }

    /// Opens a data folder and makes it if it is not there.
    pub fn open(data: &Path) -> Result<Self> {
        let files = files(None)?;
        let catalogue = load_catalogue(&files)?;
        let in_use = data_folder::enter(data)?;
        let keyring = Keyring::open_or_create(&data.join("personal.key"))
            .with_context(|| format!("the key of personal data, {}", data.join("personal.key").display()))?;
        let path = private_file(data.join("records.db"))?;
        let ledger = Ledger::open(&path, Arc::new(catalogue), Arc::new(SystemClock), keyring)
            .with_context(|| format!("cannot open {}", path.display()))?;
        ledger.use_calendar(load_calendar(&files)?);
        Ok(Self { files, data: data.to_owned(), ledger: Arc::new(ledger), _in_use: in_use })
    }

    /// The same with figures that may ask for statistics of observations.
    pub fn with_observations(self) -> Result<Self> {
        self.ledger.use_observations(StationStatistics::of(self.observations()?));
        Ok(self)
    }

    /// Opens the store of observations with the bureau's rules.
    pub fn observations(&self) -> Result<Store> {
        let path = private_file(self.data.join("observations.db"))?;
        Store::open(&path, load_rules(&self.files)?).with_context(|| format!("cannot open {}", path.display()))
    }
}

/// Reads and checks the registers, figures, reports and the district.
pub fn load_catalogue(files: &Path) -> Result<Catalogue> {
    catalogue::load(files).map_err(|faults| anyhow!("{faults}{} faults in the bureau's files", faults.faults.len()))
}

/// Reads and checks the warning rules.
pub fn load_rules(files: &Path) -> Result<Vec<Rule>> {
    rules::load(&files.join("rules")).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow!("{}\n{} faults in the warning rules", lines.join("\n"), lines.len())
    })
}

/// The working calendar: the lists that are shipped, and on top of them each `holidays/*.tsv` of the bureau's files, in the order of their names.
pub fn load_calendar(files: &Path) -> Result<WorkCalendar> {
    let mut calendar = WorkCalendar::published().clone();
    let Ok(entries) = std::fs::read_dir(files.join("holidays")) else { return Ok(calendar) };
    let mut lists = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    lists.retain(|path| path.extension().is_some_and(|extension| extension == "tsv"));
    lists.sort();
    for path in lists {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        calendar = calendar.with_tsv(&text).with_context(|| path.display().to_string())?;
    }
    Ok(calendar)
}

/// Who acts when a person at the machine's own command line asks.
pub fn operator() -> Actor {
    Actor::system("command line")
}
