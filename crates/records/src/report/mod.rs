//! Reports (文书): the text of a report file filled with the figures and records of a year.
//!
//! The result is a tree that knows nothing of HTML, Word or PDF; each figure in it names its key and period, so that
//! whoever draws it can link it to the records it counts.

mod gap;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;

pub use gap::gap_words;

use crate::{
    actor::Actor,
    catalogue::{Block, ChartKind, FigureForm, Inline, Label, RecordsTable, Register, Report, with_years},
    figures::{FigureError, FigureValue, Figures, ObservationStatistics, Period, WithoutObservations},
    ledger::{Ledger, ListQuery, ReadError, Record},
    value::{Language, Value},
};

/// Rows of a table of records; a longer one belongs into an annex, not into a report.
const LONGEST_TABLE: u64 = 300;

/// A report with everything filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filled {
    /// Key of the report.
    pub key: String,
    /// Title.
    pub title: String,
    /// Line under the title.
    pub subtitle: Option<String>,
    /// Who issues it.
    pub issuer: Option<String>,
    /// Document number.
    pub document_number: Option<String>,
    /// To whom it is addressed.
    pub addressee: Option<String>,
    /// Other lines of the head and foot, by name.
    pub particulars: Vec<(String, String)>,
    /// The year reported on.
    pub year: i16,
    /// The moment at which the ledger was looked at, if not now.
    pub as_of: Option<Timestamp>,
    /// Some of the records behind it are made up.
    pub simulated: bool,
    /// The text.
    pub blocks: Vec<FilledBlock>,
    /// Figures without a value, and why.
    pub gaps: Vec<(String, String)>,
}

/// A block of a filled report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "block", rename_all = "snake_case")]
pub enum FilledBlock {
    /// A heading, level 1 (一、) to 4 （1）.
    Heading {
        /// 1 to 4.
        level: u8,
        /// Words.
        text: Vec<FilledInline>,
    },
    /// A paragraph.
    Paragraph {
        /// Words.
        text: Vec<FilledInline>,
    },
    /// An item of a list.
    Item {
        /// Words.
        text: Vec<FilledInline>,
    },
    /// A table of records.
    Records {
        /// Title over the table.
        title: Option<String>,
        /// Register.
        register: String,
        /// Heads of the columns.
        heads: Vec<String>,
        /// Rows.
        rows: Vec<FilledRow>,
        /// Records that match but are not shown.
        more: u64,
    },
    /// A table of figures.
    Figures {
        /// Title over the table.
        title: Option<String>,
        /// The figures.
        figures: Vec<FilledFigure>,
    },
    /// A chart of figures.
    Chart {
        /// Title over the chart.
        title: Option<String>,
        /// `bar` or `pie`.
        kind: &'static str,
        /// The figures.
        figures: Vec<FilledFigure>,
    },
}

/// A record in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilledRow {
    /// Its number, for a link.
    pub number: String,
    /// Cells in the order of the heads.
    pub cells: Vec<String>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "inline", rename_all = "snake_case")]
pub enum FilledInline {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// Words that stand out.
    Strong {
        /// What stands out.
        text: Vec<FilledInline>,
    },
    /// A figure.
    Figure(FilledFigure),
}

/// A figure in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilledFigure {
    /// Its key.
    pub key: String,
    /// Its name.
    pub label: String,
    /// As it is printed here.
    pub text: String,
    /// The number, if there is one.
    pub value: Option<String>,
    /// Unit.
    pub unit: String,
    /// The period it is about.
    pub period: Period,
    /// How many records it counts.
    pub records: u64,
    /// It has no value.
    pub gap: bool,
    /// Why it has none, for the reader.
    pub why: Option<Label>,
}

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No such report.
    #[error("there is no report “{key}”; there are: {known}")]
    Unknown {
        /// What was asked for.
        key: String,
        /// Keys of the reports.
        known: String,
    },
    /// A figure could not be computed.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// Records could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Fills a report for a year.
///
/// # Errors
/// See [`ReportError`]; a figure without a value is no error but a gap, listed in [`Filled::gaps`].
pub fn build(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    year: i16,
    as_of: Option<Timestamp>,
) -> Result<Filled, ReportError> {
    build_with(ledger, actor, key, year, as_of, &WithoutObservations)
}

/// Fills a report for a year, with statistics of observations.
///
/// # Errors
/// As [`build`].
pub fn build_with(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    year: i16,
    as_of: Option<Timestamp>,
    observations: &dyn ObservationStatistics,
) -> Result<Filled, ReportError> {
    let reports = &ledger.catalogue().reports;
    let report = reports.get(key).ok_or_else(|| ReportError::Unknown {
        key: key.to_owned(),
        known: reports.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })?;
    let figures = Figures::of(ledger, actor, as_of).with_observations(observations);
    let mut filler = Filler {
        ledger,
        actor,
        year,
        as_of,
        figures,
        computed: HashMap::new(),
        gaps: Vec::new(),
        registers: BTreeSet::new(),
    };
    let mut title = filler.template(&report.title);
    let mut blocks = Vec::with_capacity(report.blocks.len());
    for block in &report.blocks {
        match block {
            Block::Title(text) => title = plain(&filler.inlines(text)?),
            block => blocks.push(filler.block(block)?),
        }
    }
    let simulated = filler.simulated()?;
    Ok(filler.finish(report, title, blocks, simulated))
}

/// The words of a line without anything else.
#[must_use]
pub fn plain(inlines: &[FilledInline]) -> String {
    inlines
        .iter()
        .map(|inline| match inline {
            FilledInline::Text { text } => text.clone(),
            FilledInline::Strong { text } => plain(text),
            FilledInline::Figure(figure) => figure.text.clone(),
        })
        .collect()
}

struct Filler<'l> {
    ledger: &'l Ledger,
    actor: &'l Actor,
    year: i16,
    as_of: Option<Timestamp>,
    figures: Figures<'l>,
    computed: HashMap<String, FigureValue>,
    gaps: Vec<(String, String)>,
    registers: BTreeSet<String>,
}

impl Filler<'_> {
    fn template(&self, text: &str) -> String {
        let district = &self.ledger.catalogue().district;
        with_years(text, self.year).replace("{bureau}", &district.bureau.zh).replace("{district}", &district.name.zh)
    }

    fn block(&mut self, block: &Block) -> Result<FilledBlock, ReportError> {
        let titled = |filler: &Self, title: &Option<String>| title.as_deref().map(|title| filler.template(title));
        Ok(match block {
            Block::Title(text) | Block::Paragraph(text) => FilledBlock::Paragraph { text: self.inlines(text)? },
            Block::Heading { level, text } => FilledBlock::Heading { level: *level, text: self.inlines(text)? },
            Block::Item(text) => FilledBlock::Item { text: self.inlines(text)? },
            Block::Records(table) => self.records(table)?,
            Block::Figures { title, keys } => {
                FilledBlock::Figures { title: titled(self, title), figures: self.listed(keys)? }
            }
            Block::Chart { title, kind, keys } => {
                let kind = match kind {
                    ChartKind::Bar => "bar",
                    ChartKind::Pie => "pie",
                };
                FilledBlock::Chart { title: titled(self, title), kind, figures: self.listed(keys)? }
            }
        })
    }

    fn inlines(&mut self, inlines: &[Inline]) -> Result<Vec<FilledInline>, ReportError> {
        let mut filled = Vec::with_capacity(inlines.len());
        for inline in inlines {
            let district = &self.ledger.catalogue().district;
            let text = match inline {
                Inline::Text(text) => text.clone(),
                Inline::Year => self.year.to_string(),
                Inline::NextYear => (self.year + 1).to_string(),
                Inline::Bureau => district.bureau.zh.clone(),
                Inline::District => district.name.zh.clone(),
                Inline::Strong(inner) => {
                    filled.push(FilledInline::Strong { text: self.inlines(inner)? });
                    continue;
                }
                Inline::Figure { key, form, .. } => {
                    filled.push(FilledInline::Figure(self.figure(key, *form)?));
                    continue;
                }
            };
            // Neighbouring words become one, so that a line is not torn where a year stands in it.
            match filled.last_mut() {
                Some(FilledInline::Text { text: before }) => before.push_str(&text),
                _ => filled.push(FilledInline::Text { text }),
            }
        }
        Ok(filled)
    }

    fn listed(&mut self, keys: &[String]) -> Result<Vec<FilledFigure>, ReportError> {
        keys.iter().map(|key| self.figure(key, FigureForm::Full)).collect()
    }

    fn figure(&mut self, key: &str, form: FigureForm) -> Result<FilledFigure, ReportError> {
        let period = Period::year(self.year);
        if !self.computed.contains_key(key) {
            let value = self.figures.compute(key, &period)?;
            if let Some(gap) = &value.gap {
                self.gaps.push((key.to_owned(), gap.to_string()));
            }
            self.computed.insert(key.to_owned(), value);
            self.note_registers(key);
        }
        let value = &self.computed[key];
        let text = match form {
            FigureForm::Full => value.full(Language::Chinese),
            FigureForm::Value => value.number(Language::Chinese),
            FigureForm::Magnitude => value.magnitude(Language::Chinese),
        };
        let label = self.ledger.catalogue().figures.get(key).map(|figure| figure.label.zh.clone());
        Ok(FilledFigure {
            key: key.to_owned(),
            label: label.unwrap_or_default(),
            text,
            value: value.value.clone(),
            unit: value.unit.clone(),
            period,
            records: value.records,
            gap: value.value.is_none(),
            why: value.gap.as_ref().map(|gap| gap_words(gap, self.ledger.catalogue())),
        })
    }

    fn note_registers(&mut self, key: &str) {
        let Some(figure) = self.ledger.catalogue().figures.get(key) else { return };
        if let Some(records) = figure.rule.records() {
            self.registers.insert(records.of.clone());
        }
        if let Some((of, by)) = figure.rule.parts() {
            self.note_registers(of);
            self.note_registers(by);
        }
    }

    fn records(&mut self, table: &RecordsTable) -> Result<FilledBlock, ReportError> {
        let register = self.ledger.register(&table.register)?;
        self.registers.insert(register.key.clone());
        let page = self.ledger.list(
            self.actor,
            ListQuery {
                filter: table.filter.as_deref().map(|filter| with_years(filter, self.year)),
                sort: Some(("number".to_owned(), false)),
                limit: LONGEST_TABLE,
                as_of: self.as_of,
                ..ListQuery::of(&register.key)
            },
        )?;
        let rows: Vec<FilledRow> = page
            .records
            .iter()
            .map(|record| FilledRow {
                number: record.number.clone(),
                cells: table.columns.iter().map(|column| self.cell(register, record, column)).collect(),
            })
            .collect();
        Ok(FilledBlock::Records {
            title: table.title.as_deref().map(|title| self.template(title)),
            register: register.key.clone(),
            heads: table.columns.iter().map(|column| head(register, column)).collect(),
            more: page.total.saturating_sub(rows.len() as u64),
            rows,
        })
    }

    fn cell(&self, register: &Register, record: &Record, column: &str) -> String {
        let cells = &self.ledger.catalogue().district.cells;
        match column {
            "number" => return record.number.clone(),
            "state" => {
                let states = register.workflow.as_ref().map(|workflow| &workflow.states);
                let state = record.state.as_deref().and_then(|state| states?.get(state));
                return state.map(|state| state.label.zh.clone()).unwrap_or_default();
            }
            "cell" => {
                let cell = record.cell.as_deref().unwrap_or_default();
                return cells.get(cell).map_or_else(|| cell.to_owned(), |cell| cell.name.zh.clone());
            }
            _ => {}
        }
        let (Some(field), Some(json)) = (register.fields.get(column), record.values.get(column)) else {
            return String::new();
        };
        if let (crate::catalogue::FieldKind::Reference { to }, Some(number)) = (&field.kind, json.as_str()) {
            return self.title_of(to, number).unwrap_or_else(|| number.to_owned());
        }
        match Value::from_json(field, json) {
            Ok(value) => value.display(field, Language::Chinese),
            // Computed values come as numbers and are shown as they are.
            Err(_) => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
        }
    }

    /// The title of a record that is referred to.
    fn title_of(&self, register: &str, number: &str) -> Option<String> {
        let title = &self.ledger.catalogue().registers.get(register)?.title;
        let record = self.ledger.record(self.actor, register, number, self.as_of).ok()?;
        record.values.get(title)?.as_str().map(str::to_owned)
    }

    /// Whether any record of the registers behind this report is made up.
    fn simulated(&self) -> Result<bool, ReportError> {
        let connection = self.ledger.reader()?;
        for register in &self.registers {
            let table = crate::naming::table(register);
            let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\" WHERE simulated = 1)");
            if connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn finish(self, report: &Report, title: String, blocks: Vec<FilledBlock>, simulated: bool) -> Filled {
        let text = |text: &Option<String>| text.as_deref().map(|text| self.template(text));
        Filled {
            key: report.key.clone(),
            title,
            subtitle: text(&report.subtitle),
            issuer: text(&report.issuer),
            document_number: text(&report.document_number),
            addressee: text(&report.addressee),
            particulars: report.particulars.iter().map(|(name, value)| (name.clone(), self.template(value))).collect(),
            year: self.year,
            as_of: self.as_of,
            simulated,
            blocks,
            gaps: self.gaps.clone(),
        }
    }
}

fn head(register: &Register, column: &str) -> String {
    match column {
        "number" => "编号".to_owned(),
        "state" => "状态".to_owned(),
        "cell" => "所在网格".to_owned(),
        _ => register.fields.get(column).map_or_else(|| column.to_owned(), |field| field.label.zh.clone()),
    }
}
