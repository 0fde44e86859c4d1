//! `bilan report`: a report as a file.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use bilan_documents::{Document, Fonts, HtmlOptions};
use bilan_records::report;
use bilan_web::reports::document::{self, Options};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::DataFolder;
use crate::bureau::{Bureau, operator};

/// Write a report as HTML, Markdown, DOCX or PDF.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bilan report annual --year 2020 --format docx -o 2020.docx")]
pub struct Report {
    /// Key of the report.
    #[arg(default_value = "annual")]
    report: String,
    /// Year.
    #[arg(long)]
    year: i16,
    /// Format.
    #[arg(long, default_value = "html")]
    format: Shape,
    /// File to write; standard output if it is left out.
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// As it stood at an earlier moment.
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Address of the site, put before the links of figures in DOCX, PDF and Markdown.
    #[arg(long, value_name = "URL", env = "BILAN_PUBLIC_URL")]
    base_url: Option<String>,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    Html,
    Md,
    Docx,
    Pdf,
}

impl Report {
    pub fn run(self) -> Result<()> {
        let bureau = Bureau::open_existing(&self.data.path)?.with_observations()?;
        let filled = report::build(&bureau.ledger, &operator(), &self.report, self.year, self.as_of)?;
        let options =
            Options { base_url: self.base_url.clone(), written_at: Some(bureau.ledger.now()), ..Options::default() };
        let document = document::document(&filled, options);
        for gap in document.gaps() {
            eprintln!("gap: {}: {}", gap.key, gap.why);
        }
        let bytes = self.format.render(&document, &bureau)?;
        match &self.output {
            Some(path) => std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?,
            None => io::stdout().lock().write_all(&bytes)?,
        }
        Ok(())
    }
}

impl Shape {
    fn render(self, document: &Document, bureau: &Bureau) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Html => bilan_documents::html(document, &HtmlOptions { standalone: true, ..HtmlOptions::default() })
                .into_bytes(),
            Self::Md => bilan_documents::markdown(document).into_bytes(),
            Self::Docx => bilan_documents::docx(document)?,
            Self::Pdf => {
                let fonts = Fonts::discover(&[bureau.files.join("assets/fonts")]).context("fonts for PDF")?;
                bilan_documents::pdf(document, &fonts)?
            }
        })
    }
}
