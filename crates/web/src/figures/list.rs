//! The page of all figures of a period.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;
use bilan_records::{
    actor::Actor,
    catalogue::{Catalogue, Figure, FigurePeriod, FigureRule},
    figures::{FigureValue, Figures, Period},
    ledger::Ledger,
    report::gap_words,
    value::Language,
};
use bilan_standards::{clock::beijing_day, rounding::Rational};
use jiff::Timestamp;

use super::{Asked, formula, has_records, years};
use crate::{
    parameters::Query,
    refusal::Refusal,
    render::page as rendered,
    reports::document::records_address,
    shell::{Shell, systems},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "figures/list.html")]
struct ListPage {
    shell: Shell,
    period: String,
    earlier: String,
    as_of: String,
    years: Vec<String>,
    /// The period has records; without any, its figures say nothing.
    any: bool,
    /// Some figures count only what lies within the reader's cell or enterprise.
    confined: bool,
    gaps: usize,
    groups: Vec<Group>,
}

/// The figures of one system of the bureau.
struct Group {
    system: String,
    label: String,
    rows: Vec<Row>,
}

/// A figure on the page.
pub(super) struct Row {
    pub key: String,
    pub label: String,
    pub text: String,
    /// Why there is no value.
    pub gap: Option<String>,
    pub formula: String,
    pub records: u64,
    pub address: String,
    /// Value a year earlier and the difference, where both are to be had.
    pub change: Option<Change>,
}

/// What became of a figure in a year.
pub(super) struct Change {
    pub before: String,
    pub difference: String,
    /// `up`, `down` or `same`.
    pub direction: &'static str,
}

/// Everything of a period that was computed for a reader.
pub(super) struct Computed {
    pub period: Period,
    /// Years in which there are records, and the present one.
    pub years: BTreeSet<i16>,
    pub now: Vec<FigureValue>,
    pub earlier: Vec<FigureValue>,
}

pub(super) async fn page(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let as_of = asked.as_of()?;
    let computed = visit.read(move |ledger, actor| compute(ledger, actor, &asked, as_of)).await??;
    let catalogue = visit.app.catalogue();
    let language = visit.language;
    let period = computed.period;
    let any = has_records(computed.now.iter().map(|value| (value.key.as_str(), value.records)), catalogue);
    let rows = computed.now.iter().filter_map(|value| {
        let figure = catalogue.figures.get(&value.key)?;
        let before = computed.earlier.iter().find(|before| before.key == value.key);
        Some((figure.system.as_str(), row(figure, value, before, catalogue, &period, as_of, language)))
    });
    let mut groups: Vec<Group> = Vec::new();
    for (system, row) in rows {
        match groups.iter_mut().find(|group| group.system == system) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                system: system.to_owned(),
                label: systems::label(system, language).to_owned(),
                rows: vec![row],
            }),
        }
    }
    let gaps = groups.iter().flat_map(|group| &group.rows).filter(|row| row.gap.is_some()).count();
    let title = visit.text("figures.title");
    rendered(&ListPage {
        shell: visit.shell(title),
        earlier: period.a_year_earlier().to_string(),
        years: shown_years(&computed.years, &period),
        period: period.to_string(),
        as_of: as_of.map(|at| at.to_string()).unwrap_or_default(),
        any,
        confined: computed.now.iter().any(|value| value.confined),
        gaps,
        groups,
    })
}

/// Years to choose from, the newest first, with the one that is shown among them.
fn shown_years(years: &BTreeSet<i16>, period: &Period) -> Vec<String> {
    let mut shown: Vec<String> = years.iter().rev().map(i16::to_string).collect();
    if !shown.contains(&period.to_string()) {
        shown.insert(0, period.to_string());
    }
    shown
}

/// Computes the figures of the period asked for, and of the year before it.
pub(super) fn compute(
    ledger: &Ledger,
    actor: &Actor,
    asked: &Asked,
    as_of: Option<Timestamp>,
) -> Result<Computed, Refusal> {
    let period = asked.period(ledger)?;
    let figures = Figures::of(ledger, actor, as_of);
    let mut years = years(ledger)?;
    years.insert(beijing_day(ledger.now()).year());
    Ok(Computed { period, years, now: figures.all(&period)?, earlier: figures.all(&period.a_year_earlier())? })
}

fn row(
    figure: &Figure,
    value: &FigureValue,
    before: Option<&FigureValue>,
    catalogue: &Catalogue,
    period: &Period,
    as_of: Option<Timestamp>,
    language: Language,
) -> Row {
    Row {
        key: figure.key.clone(),
        label: figure.label.text(language).to_owned(),
        text: value.full(language),
        gap: value.gap.as_ref().map(|gap| gap_words(gap, catalogue).text(language).to_owned()),
        formula: formula(figure, catalogue, language),
        records: value.records,
        address: records_address(&figure.key, period, as_of),
        change: before.and_then(|before| change(figure, value, before, language)),
    }
}

/// The difference against a year earlier. A stock and a change have none, nor has a year without any record.
fn change(figure: &Figure, now: &FigureValue, before: &FigureValue, language: Language) -> Option<Change> {
    let meaningful = figure.period == FigurePeriod::Asked && !matches!(figure.rule, FigureRule::Change { .. });
    if !meaningful || before.records == 0 {
        return None;
    }
    let (to, from) = (now.exact?, before.exact?);
    let difference = to.checked_sub(from)?.short_text(figure.digits.into())?;
    let (direction, sign) = match difference.as_str() {
        "0" => ("same", ""),
        text if text.starts_with('-') => ("down", "−"),
        _ => ("up", "+"),
    };
    let size = difference.trim_start_matches('-');
    let words = if figure.unit == "%" {
        format!("{sign}{size} {}", if language == Language::Chinese { "个百分点" } else { "pp" })
    } else {
        let part = to.checked_sub(from).and_then(|difference| difference.checked_div(from)).and_then(Rational::percent);
        let part = part.and_then(|part| part.short_text(1)).map(|part| part.trim_start_matches('-').to_owned());
        let part = part.filter(|_| direction != "same").map(|part| format!("（{sign}{part}%）")).unwrap_or_default();
        format!("{sign}{size}{part}")
    };
    Some(Change { before: before.full(language), difference: words, direction })
}
