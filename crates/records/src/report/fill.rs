//! Fills the text of a report: words, figures with their gaps, and what stands at its head and foot.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::ledger::batch::published;

use super::{Filled, FilledBlock, FilledFigure, FilledInline, ReportError, gap_words};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Block, ChartKind, FigureForm, Inline, Report, with_years},
    figures::{FigureValue, Figures, Period},
    ledger::Ledger,
    value::Language,
};

/// A report being filled for one reader and one year; each figure is computed once, however often it stands in the text.
pub(super) struct Filler<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) actor: &'l Actor,
    pub(super) year: i16,
    pub(super) as_of: Option<Timestamp>,
    figures: Figures<'l>,
    computed: HashMap<String, FigureValue>,
    gaps: Vec<(String, String)>,
    pub(super) registers: BTreeSet<String>,
}

impl<'l> Filler<'l> {
    pub(super) fn new(ledger: &'l Ledger, actor: &'l Actor, year: i16, as_of: Option<Timestamp>) -> Self {
        Self {
            ledger,
            actor,
            year,
            as_of,
            figures: Figures::of(ledger, actor, as_of),
            computed: HashMap::new(),
            gaps: Vec::new(),
            registers: BTreeSet::new(),
        }
    }

    pub(super) fn template(&self, text: &str) -> String {
        let district = &self.ledger.catalogue().district;
        with_years(text, self.year).replace("{bureau}", &district.bureau.zh).replace("{district}", &district.name.zh)
    }

    pub(super) fn block(&mut self, block: &Block) -> Result<FilledBlock, ReportError> {
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

    pub(super) fn inlines(&mut self, inlines: &[Inline]) -> Result<Vec<FilledInline>, ReportError> {
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
            FigureForm::Change => value.change(Language::Chinese),
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

    /// Whether its reader sees of the registers behind this report only the own cell or enterprise.
    fn is_confined(&self) -> bool {
        let registers = &self.ledger.catalogue().registers;
        let is_whole = |key: &String| {
            registers.get(key).is_none_or(|register| self.actor.scope(register, Act::Read) == Scope::All)
        };
        self.computed.values().any(|figure| figure.confined) || !self.registers.iter().all(is_whole)
    }

    /// Whether any record of the registers behind this report is made up.
    pub(super) fn simulated(&self) -> Result<bool, ReportError> {
        let connection = self.ledger.reader()?;
        for register in &self.registers {
            let table = crate::naming::table(register);
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM \"{table}\" WHERE simulated = 1 AND {})",
                published(register, &table)
            );
            if connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn finish(self, report: &Report, title: String, blocks: Vec<FilledBlock>, simulated: bool) -> Filled {
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
            confined: self.is_confined(),
            simulated,
            blocks,
            gaps: self.gaps.clone(),
        }
    }
}
