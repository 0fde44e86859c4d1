//! One report on the screen, with what it lacks on top.

use askama::Template;
use axum::{extract::Path, response::Response};
use bilan_documents::{Document, HtmlOptions};
use bilan_records::{
    actor::Actor,
    figures::Period,
    ledger::Ledger,
    report::{self, Filled, FilledBlock, FilledFigure, FilledInline},
};
use bilan_standards::clock::beijing_day;
use jiff::Timestamp;

use super::{Options, document, file, years};
use crate::{
    figures::{Asked, has_records},
    parameters::Both,
    refusal::Refusal,
    render::page as rendered,
    shell::{Messages, Shell},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "reports/page.html")]
struct ReportPage {
    shell: Shell,
    key: String,
    label: String,
    year: i16,
    years: Vec<i16>,
    as_of: String,
    /// `year=…&as_of=…` for the downloads.
    query: String,
    gaps: Vec<bilan_documents::Gap>,
    article: String,
}

#[derive(Template)]
#[template(path = "reports/nothing.html")]
struct NothingPage {
    shell: Shell,
    key: String,
    year: i16,
    years: Vec<i16>,
}

/// How a file is taken.
#[derive(serde::Deserialize)]
pub(super) struct Take {
    /// Shown in the browser, to be printed, instead of stored.
    show: Option<String>,
}

/// `/reports/annual` is the page, `/reports/annual.docx` the file.
pub(super) async fn page_or_file(
    visit: Visit,
    Path(name): Path<String>,
    Both(asked, take): Both<Asked, Take>,
) -> Result<Response, Refusal> {
    match name.split_once('.') {
        None => page(visit, name, asked).await,
        Some((key, ending)) => file::download(visit, key, ending, asked, take.show.is_some()).await,
    }
}

async fn page(visit: Visit, key: String, asked: Asked) -> Result<Response, Refusal> {
    let (year, as_of) = (year_of(&visit, &asked).await?, asked.as_of()?);
    let label = label_of(&visit, &key)?;
    let options = options(&visit, as_of);
    let wanted = key.clone();
    let (made, mut years) = visit
        .read(move |ledger, actor| {
            let made = make(ledger, actor, &wanted, year, as_of, options)?;
            let report = ledger.catalogue().reports.get(&wanted);
            let years = report.map(|report| years::of(ledger, actor, report)).transpose()?.unwrap_or_default();
            Ok::<_, Refusal>((made, years))
        })
        .await??;
    let Some(document) = made else {
        let page = NothingPage { shell: visit.shell(label), key, year, years };
        let mut answer = rendered(&page)?;
        *answer.status_mut() = axum::http::StatusCode::NOT_FOUND;
        return Ok(answer);
    };
    // At an earlier moment there may have been records of a year that has none now.
    if !years.contains(&year) {
        years.push(year);
        years.sort_unstable_by(|a, b| b.cmp(a));
    }
    let moment = as_of.map(|at| format!("&as_of={at}")).unwrap_or_default();
    rendered(&ReportPage {
        shell: visit.shell(document.title.clone()),
        key,
        label,
        year,
        years,
        as_of: as_of.map(|at| at.to_string()).unwrap_or_default(),
        query: format!("year={year}{moment}"),
        gaps: document.gaps(),
        article: bilan_documents::html(&document, &HtmlOptions::default()),
    })
}

/// Name of a report.
pub(super) fn label_of(visit: &Visit, key: &str) -> Result<String, Refusal> {
    let report = visit.app.catalogue().reports.get(key).ok_or_else(|| Refusal::NotFound { what: key.to_owned() })?;
    Ok(visit.language.label(&report.label).to_owned())
}

/// The year asked for: a report is about a whole one.
pub(super) async fn year_of(visit: &Visit, asked: &Asked) -> Result<i16, Refusal> {
    let asked = asked.clone();
    let period = visit.read(move |ledger, _| asked.period(ledger)).await??;
    let year = period.starting_year();
    if period != Period::year(year) {
        return Err(Refusal::Invalid { why: visit.text("reports.whole_year").to_owned() });
    }
    Ok(year)
}

/// The words of a report are Chinese, whatever language its page is in.
pub(super) fn options(visit: &Visit, as_of: Option<Timestamp>) -> Options {
    let made = as_of.unwrap_or_else(|| visit.app.clock.now());
    Options {
        base_url: Some(visit.app.settings.public_url.clone()),
        notice: visit.app.settings.demo.then(|| super::SIMULATED.to_owned()),
        date: Some(beijing_day(made)),
        written_at: Some(made),
        ..Options::default()
    }
}

/// The document of a year; nothing if no record of that year is there to be counted.
pub(super) fn make(
    ledger: &Ledger,
    actor: &Actor,
    key: &str,
    year: i16,
    as_of: Option<Timestamp>,
    options: Options,
) -> Result<Option<Document>, Refusal> {
    let filled = report::build(ledger, actor, key, year, as_of)?;
    let counted = counted(&filled).into_iter().map(|figure| (figure.key.as_str(), figure.records));
    Ok(has_records(counted, ledger.catalogue()).then(|| document(&filled, options)))
}

/// Every figure of a filled report.
fn counted(filled: &Filled) -> Vec<&FilledFigure> {
    fn within<'f>(text: &'f [FilledInline], figures: &mut Vec<&'f FilledFigure>) {
        for inline in text {
            match inline {
                FilledInline::Text { .. } => {}
                FilledInline::Strong { text } => within(text, figures),
                FilledInline::Figure(figure) => figures.push(figure),
            }
        }
    }
    let mut all = Vec::new();
    for block in &filled.blocks {
        match block {
            FilledBlock::Heading { text, .. } | FilledBlock::Paragraph { text } | FilledBlock::Item { text } => {
                within(text, &mut all);
            }
            FilledBlock::Figures { figures, .. } | FilledBlock::Chart { figures, .. } => all.extend(figures),
            FilledBlock::Records { .. } => {}
        }
    }
    all
}
