//! `bilan template`, `bilan import`, `bilan export`.

use std::fs::File;
use std::io::{Cursor, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use bilan_records::catalogue::{Register, closest};
use bilan_records::exchange::{self, Format, ImportError, ImportFault, ImportOptions};
use bilan_records::ledger::ListQuery;
use bilan_records::value::Language;
use clap::Args;

use super::DataFolder;
use crate::bureau::{Bureau, files, load_catalogue, operator};

/// Write the Excel template of a register.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan template complaint -o complaint.xlsx")]
pub struct Template {
    /// Key of the register.
    register: String,
    /// File to write.
    #[arg(short, value_name = "FILE.xlsx")]
    output: PathBuf,
}

impl Template {
    pub fn run(self) -> Result<()> {
        let catalogue = load_catalogue(&files(None)?)?;
        let register = register(&catalogue.registers, &self.register)?;
        let bytes = exchange::template(register, &catalogue)?;
        std::fs::write(&self.output, bytes).with_context(|| format!("cannot write {}", self.output.display()))
    }
}

/// Import a file into a register: whole, or not at all.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan import complaint complaints.xlsx --dry-run")]
pub struct Import {
    /// Key of the register.
    register: String,
    /// Excel (.xlsx), CSV (.csv) or JSON lines (.jsonl).
    file: PathBuf,
    /// Check everything, keep nothing.
    #[arg(long)]
    dry_run: bool,
    /// Enter rows, too, whose piece of work is known already by its number elsewhere.
    #[arg(long)]
    enter_repeats: bool,
    #[command(flatten)]
    data: DataFolder,
}

impl Import {
    pub fn run(self) -> Result<()> {
        let format = format_of(None, &self.file)?;
        let source = File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let bureau = Bureau::open(&self.data.path)?;
        let register = register(&bureau.ledger.catalogue().registers, &self.register)?;
        let options = ImportOptions { dry_run: self.dry_run, enter_repeats: self.enter_repeats, key: None };
        let outcome = exchange::import_with(&bureau.ledger, &operator(), &self.register, source, format, options)
            .map_err(|error| anyhow!("{}", with_labels(error, register)))?;
        for note in &outcome.notes {
            eprintln!("{note}");
        }
        if outcome.created + outcome.replayed + outcome.repeated == 0 {
            eprintln!("nothing is in the file: it has no row below the names of its columns");
        }
        let would = if self.dry_run { "would be " } else { "" };
        println!("{} records {would}entered, {} known already and passed over", outcome.created, outcome.replayed);
        if outcome.repeated > 0 {
            println!(
                "{} repeats of work that is known already, passed over (--enter-repeats enters them)",
                outcome.repeated
            );
        }
        Ok(())
    }
}

/// The faults of a file with its columns as a sheet heads them.
fn with_labels(mut error: ImportError, register: &Register) -> ImportError {
    if let ImportError::Faults(faults) = &mut error {
        for fault in &mut faults.faults {
            fault.column = column(register, fault);
        }
    }
    error
}

/// The column of a fault: its label, which is what a template heads it with; the key, too, where the file says it.
fn column(register: &Register, fault: &ImportFault) -> String {
    let label = exchange::column_label(register, &fault.column, Language::Chinese);
    let says_key = fault.in_line || fault.position.is_some();
    if says_key && label != fault.column { format!("{label} ({})", fault.column) } else { label }
}

/// Export a register.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bilan export complaint --format csv -o complaints.csv\n\nPersonal data are written in plain text, so that the file can be imported again; the journal notes it. --masked leaves them out."
)]
pub struct Export {
    /// Key of the register.
    register: String,
    /// Format: xlsx, csv or jsonl; otherwise by the file's ending.
    #[arg(long)]
    format: Option<String>,
    /// File to write; standard output if it is left out.
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only records that fulfil this condition.
    #[arg(long, value_name = "CONDITION")]
    filter: Option<String>,
    /// Keep personal data masked.
    #[arg(long)]
    masked: bool,
    #[command(flatten)]
    data: DataFolder,
}

impl Export {
    pub fn run(self) -> Result<()> {
        let bureau = Bureau::open_existing(&self.data.path)?;
        register(&bureau.ledger.catalogue().registers, &self.register)?;
        let count = match &self.output {
            Some(path) => {
                let format = format_of(self.format.as_deref(), path)?;
                let mut file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                self.write(&bureau, format, &mut file)?
            }
            None => {
                let format = format_of(self.format.as_deref().or(Some("csv")), Path::new("-"))?;
                let mut buffer = Cursor::new(Vec::new());
                let count = self.write(&bureau, format, &mut buffer)?;
                std::io::stdout().lock().write_all(buffer.get_ref())?;
                count
            }
        };
        eprintln!("{count} records");
        Ok(())
    }

    fn write(&self, bureau: &Bureau, format: Format, out: &mut (impl Write + Seek + Send)) -> Result<u64> {
        let query = ListQuery { filter: self.filter.clone(), ..ListQuery::of(&self.register) };
        let (ledger, actor) = (&bureau.ledger, operator());
        Ok(if self.masked {
            exchange::export(ledger, &actor, query, format, out)?
        } else {
            exchange::export_with_personal(ledger, &actor, query, format, out, "export at the command line")?
        })
    }
}

fn format_of(named: Option<&str>, path: &Path) -> Result<Format> {
    let file = path.to_string_lossy();
    let name = named.unwrap_or(&file);
    Format::by_name(name).with_context(|| format!("{name}: the format is xlsx, csv or jsonl"))
}

fn register<'c, M>(registers: &'c M, key: &str) -> Result<&'c Register>
where
    &'c M: IntoIterator<Item = (&'c String, &'c Register)>,
{
    let found = registers.into_iter().find(|(known, _)| *known == key);
    if let Some((_, register)) = found {
        return Ok(register);
    }
    let near = closest(key, registers.into_iter().map(|(known, _)| known.as_str()));
    bail!("there is no register {key}{}", near.map(|near| format!("; did you mean {near}?")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(found: &str, position: Option<usize>, in_line: bool) -> String {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = load_catalogue(&files).unwrap();
        let fault = ImportFault { column: found.to_owned(), position, in_line, ..ImportFault::default() };
        column(register(&catalogue.registers, "complaint").unwrap(), &fault)
    }

    #[test]
    fn a_fault_of_an_import_names_its_column_as_a_sheet_heads_it() {
        assert_eq!(named("category", None, false), "污染类别", "the sheet has no such column");
        assert_eq!(named("污染类别", Some(3), false), "污染类别");
        assert_eq!(named("Category", Some(3), false), "Category", "as it stands in the file");
        assert_eq!(named("category", Some(3), false), "污染类别 (category)", "the sheet says the key");
        assert_eq!(named("category", Some(3), true), "污染类别 (category)", "a line of JSON has keys");
        assert_eq!(named("没有的列", Some(3), false), "没有的列");
    }
}
