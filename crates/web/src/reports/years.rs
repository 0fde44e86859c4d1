//! The years of which a report can be made: those of which it counts a record, for a reader who may see all that stands in it.

use std::collections::{BTreeSet, HashMap};

use bilan_records::{
    actor::{Act, Actor, Scope},
    catalogue::{Block, Catalogue, Figure, FigurePeriod, Report},
    figures::{Figures, Period},
    ledger::Ledger,
};

use crate::refusal::Refusal;

/// The years of a report, the newest first; none for a reader to whom a figure of it is closed.
pub(super) fn of(ledger: &Ledger, actor: &Actor, report: &Report) -> Result<Vec<i16>, Refusal> {
    let catalogue = ledger.catalogue();
    let counting: Vec<&Figure> = report
        .figures()
        .into_iter()
        .filter_map(|key| catalogue.figures.get(key))
        .filter(|figure| figure.rule.records().is_some() && figure.period == FigurePeriod::Asked)
        .collect();
    if !is_open(ledger, actor, report) {
        return Ok(Vec::new());
    }
    let figures = Figures::of(ledger, actor, None);
    let mut covered = HashMap::new();
    for figure in &counting {
        if let Some(records) = figure.rule.records() {
            covered.insert(records.of.as_str(), ledger.years(&records.of)?);
        }
    }
    let all: BTreeSet<i16> = covered.values().flatten().copied().collect();
    let mut years = Vec::new();
    for year in all.into_iter().rev() {
        let period = Period::year(year);
        let covers = |figure: &&&Figure| {
            let years = figure.rule.records().and_then(|records| covered.get(records.of.as_str()));
            years.is_some_and(|years| years.contains(&year))
        };
        // A year in which something happened shows it with its first figures; only an empty one asks them all.
        for figure in counting.iter().filter(covers) {
            if figures.compute(&figure.key, &period)?.records > 0 {
                years.push(year);
                break;
            }
        }
    }
    Ok(years)
}

/// Whether a reader may see every figure and every table of a report.
fn is_open(ledger: &Ledger, actor: &Actor, report: &Report) -> bool {
    let may_read = |register: &str| {
        let register = ledger.catalogue().registers.get(register);
        register.is_some_and(|register| actor.scope(register, Act::Read) != Scope::Nothing)
    };
    let tables = report.blocks.iter().filter_map(|block| match block {
        Block::Records(table) => Some(table.register.as_str()),
        _ => None,
    });
    let figures = report.figures();
    tables.chain(figures.into_iter().flat_map(|key| behind(ledger.catalogue(), key))).all(may_read)
}

/// The registers behind a figure and its parts.
fn behind<'c>(catalogue: &'c Catalogue, key: &str) -> Vec<&'c str> {
    let Some(figure) = catalogue.figures.get(key) else { return Vec::new() };
    let mut registers: Vec<&str> = figure.rule.records().map(|records| records.of.as_str()).into_iter().collect();
    if let Some((of, by)) = figure.rule.parts() {
        registers.extend(behind(catalogue, of));
        registers.extend(behind(catalogue, by));
    }
    registers
}
