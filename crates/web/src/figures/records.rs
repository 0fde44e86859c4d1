//! The page behind a figure: what it is, and exactly the records that it counts.

use askama::Template;
use axum::{extract::Path, response::Response};
use bilan_records::{
    actor::Actor,
    catalogue::{Figure, FigurePeriod, FigureRule, RecordSet, Register},
    figures::{FigureValue, Figures, Period},
    ledger::{Ledger, ListQuery, Record},
    report::gap_words,
    value::Language,
};
use jiff::Timestamp;

use super::{
    Asked,
    columns::{Cells, head},
    definition, encoded, formula, has_records,
};
use crate::{
    parameters::Both, refusal::Refusal, render::page as rendered, reports::document::records_address, shell::Shell,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "figures/records.html")]
struct RecordsPage {
    shell: Shell,
    figure: Shown,
    period: String,
    as_of: String,
    formula: String,
    definition: String,
    file: String,
    /// The figures it is made of.
    parts: Vec<Shown>,
    total: u64,
    /// It counts only what lies within the reader's cell or enterprise.
    confined: bool,
    /// Tables of records, one for each register.
    tables: Vec<Table>,
    pager: Pager,
}

/// A figure with its value.
struct Shown {
    key: String,
    label: String,
    text: String,
    gap: Option<String>,
    records: u64,
    address: String,
}

/// Records of one register on this page.
struct Table {
    label: String,
    heads: Vec<String>,
    rows: Vec<Line>,
}

/// One record: where it is, and its cells, each with the head that names it on a phone.
struct Line {
    address: String,
    cells: Vec<(String, String)>,
}

/// Which page of how many is shown.
struct Pager {
    page: u64,
    pages: u64,
    previous: Option<String>,
    next: Option<String>,
}

/// The page that is asked for.
#[derive(serde::Deserialize)]
pub(super) struct Turn {
    #[serde(default = "first")]
    page: u64,
}

fn first() -> u64 {
    1
}

/// What was found for the page.
struct Found {
    period: Period,
    value: FigureValue,
    parts: Vec<FigureValue>,
    any: bool,
    total: u64,
    tables: Vec<Table>,
}

pub(super) async fn page(
    visit: Visit,
    Path(key): Path<String>,
    Both(asked, turn): Both<Asked, Turn>,
) -> Result<Response, Refusal> {
    let as_of = asked.as_of()?;
    let language = visit.language;
    let number = turn.page.clamp(1, u64::from(u32::MAX));
    let wanted = key.clone();
    let found =
        visit.read(move |ledger, actor| find(ledger, actor, &wanted, &asked, as_of, number, language)).await??;
    let catalogue = visit.app.catalogue();
    let period = found.period;
    let figure = catalogue.figures.get(&key).ok_or_else(|| Refusal::NotFound { what: key.clone() })?;
    let shown = |value: &FigureValue| Shown {
        key: value.key.clone(),
        label: catalogue
            .figures
            .get(&value.key)
            .map(|figure| figure.label.text(language).to_owned())
            .unwrap_or_default(),
        text: value.full(language),
        gap: value.gap.as_ref().map(|gap| gap_words(gap, catalogue).text(language).to_owned()),
        records: value.records,
        address: records_address(&value.key, period, as_of),
    };
    let turned = |page: u64| format!("{}&page={page}", records_address(&key, period, as_of));
    let pages = found.total.div_ceil(ListQuery::PAGE).max(1);
    if !found.any && figure.period == FigurePeriod::Asked && found.total == 0 {
        tracing::debug!(figure = key, %period, "a figure without records was opened");
    }
    rendered(&RecordsPage {
        shell: visit.shell(figure.label.text(language)),
        figure: shown(&found.value),
        formula: formula(figure, catalogue, language),
        definition: definition(figure),
        file: format!("figures/{}.toml", figure.system),
        parts: found.parts.iter().map(shown).collect(),
        period: period.to_string(),
        as_of: as_of.map(|at| at.to_string()).unwrap_or_default(),
        total: found.total,
        confined: found.value.confined,
        tables: found.tables,
        pager: Pager {
            page: number,
            pages,
            previous: (number > 1).then(|| turned(number - 1)),
            next: (number < pages).then(|| turned(number + 1)),
        },
    })
}

fn find(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    asked: &Asked,
    as_of: Option<Timestamp>,
    page: u64,
    language: Language,
) -> Result<Found, Refusal> {
    let period = asked.period(ledger)?;
    let figures = Figures::of(ledger, actor, as_of);
    let value = figures.compute(key, &period)?;
    let catalogue = ledger.catalogue();
    let figure = catalogue.figures.get(key).ok_or_else(|| Refusal::NotFound { what: key.to_owned() })?;
    let parts = figure.rule.parts().map(|(of, by)| [of, by]).into_iter().flatten();
    let parts = parts.map(|part| figures.compute(part, &period)).collect::<Result<Vec<_>, _>>()?;
    let skip = (page - 1).saturating_mul(ListQuery::PAGE);
    let (total, records) = behind(ledger, actor, &figures, figure, &period, as_of, skip)?;
    let mut tables: Vec<Table> = Vec::new();
    let mut cells = Cells::new(ledger, actor, as_of, language);
    for (register, record) in &records {
        let columns = columns_of(register, figure);
        let line = Line {
            address: address_of(record, as_of),
            cells: columns
                .iter()
                .map(|column| (head(register, column, language), cells.cell(register, record, column)))
                .collect(),
        };
        let label = register.label.text(language);
        match tables.last_mut() {
            Some(table) if table.label == label => table.rows.push(line),
            _ => tables.push(Table {
                label: label.to_owned(),
                heads: columns.iter().map(|column| head(register, column, language)).collect(),
                rows: vec![line],
            }),
        }
    }
    let any = has_records([(key, value.records)], catalogue);
    Ok(Found { period, value, parts, any, total, tables })
}

/// Address of a record, at the moment at which the figure is looked at.
fn address_of(record: &Record, as_of: Option<Timestamp>) -> String {
    let moment = as_of.map(|at| format!("?as_of={at}")).unwrap_or_default();
    format!("/records/{}/{}{moment}", record.register, encoded(&record.number))
}

/// A record with its register.
type Filed<'l> = (&'l Register, Record);

/// How many records stand behind a figure, and those of one page.
fn behind<'l>(
    ledger: &'l Ledger,
    actor: &Actor,
    figures: &Figures<'_>,
    figure: &Figure,
    period: &Period,
    as_of: Option<Timestamp>,
    skip: u64,
) -> Result<(u64, Vec<Filed<'l>>), Refusal> {
    let registers = &ledger.catalogue().registers;
    if let (Some(set), None) = (figure.rule.records(), figure.rule.rows())
        && let Some(register) = registers.get(&set.of)
    {
        let query = ListQuery {
            filter: condition(figure, set, period),
            as_of,
            offset: skip,
            limit: ListQuery::PAGE,
            ..ListQuery::of(&set.of)
        };
        let total = ledger.count(actor, &query)?;
        let page = ledger.list(actor, query)?;
        return Ok((total, page.records.into_iter().map(|record| (register, record)).collect()));
    }
    // A sum over rows asks every condition of one row, and a ratio is made of two sets: those are listed by number.
    let numbers = figures.records_behind(&figure.key, period)?;
    let (skip, page) = (usize::try_from(skip).unwrap_or(usize::MAX), usize::try_from(ListQuery::PAGE).unwrap_or(50));
    let mut records = Vec::new();
    for (register, number) in numbers.iter().skip(skip).take(page) {
        if let Some(known) = registers.get(register) {
            records.push((known, ledger.record(actor, register, number, as_of)?));
        }
    }
    Ok((numbers.len() as u64, records))
}

/// The records of a figure as a condition on its register: its own, and its date in the period.
fn condition(figure: &Figure, set: &RecordSet, period: &Period) -> Option<String> {
    let own = set.filter.as_ref().map(|filter| format!("({})", filter.text()));
    let dated = (figure.period == FigurePeriod::Asked)
        .then(|| format!("{0} >= \"{1}\" and {0} <= \"{2}\"", set.date, period.from, period.to));
    match (own, dated) {
        (Some(own), Some(dated)) => Some(format!("{own} and {dated}")),
        (own, dated) => own.or(dated),
    }
}

/// Columns of the register's list, and with them what the figure sums, tells apart or is dated by.
fn columns_of(register: &Register, figure: &Figure) -> Vec<String> {
    let mut columns = register.list.clone();
    let mut also = |column: &str| {
        if register.fields.contains_key(column) && !columns.iter().any(|shown| shown == column) {
            columns.push(column.to_owned());
        }
    };
    if let Some(set) = figure.rule.records() {
        also(&set.date);
    }
    match &figure.rule {
        FigureRule::Distinct { field, .. } => also(field),
        FigureRule::Sum { rows, field, .. } => also(rows.as_deref().unwrap_or(field)),
        _ => {}
    }
    columns
}
