//! Figures and reports over the API.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Response},
};
use bilan_records::{
    catalogue::{Catalogue, Figure, Label},
    figures::{FigureValue, Figures, Period},
    report::{self, gap_words},
    value::{Language, beijing_text},
};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{caller::Caller, problem::Problem, query::Asked};
use crate::figures::formula;

type Answer = Result<Response, Problem>;
type Pairs = Query<Vec<(String, String)>>;

/// Which period is asked about, and when it is looked at.
struct Question {
    period: Period,
    as_of: Option<Timestamp>,
}

impl Question {
    fn read(asked: &Asked<'_>) -> Result<Self, Problem> {
        let year = asked.value("year").ok_or_else(|| {
            Problem::parameter(
                "year",
                "必须给出，如 2020、2020-Q3、2020-07",
                "must be given, for example 2020, 2020-Q3 or 2020-07",
            )
        })?;
        let period = year.parse().map_err(|_| {
            Problem::parameter(
                "year",
                "应为年、季、月或日期段，如 2020、2020-Q3、2020-07、2020-07-01..2020-07-15",
                "must be a year, quarter, month or run of days: 2020, 2020-Q3, 2020-07, 2020-07-01..2020-07-15",
            )
        })?;
        Ok(Self { period, as_of: asked.as_of()? })
    }
}

/// Every figure of a period that the caller may see.
pub(super) async fn list(caller: Caller, Query(pairs): Pairs) -> Answer {
    let Question { period, as_of } = Question::read(&Asked::read(&pairs, &["year", "as_of"])?)?;
    let figures = caller
        .ask(move |ledger, actor| {
            let values = Figures::of(ledger, actor, as_of).all(&period)?;
            let catalogue = ledger.catalogue();
            Ok::<_, Problem>(
                values
                    .iter()
                    .filter_map(|value| Some(figure_json(catalogue.figures.get(&value.key)?, value, catalogue)))
                    .collect::<Vec<_>>(),
            )
        })
        .await??;
    let body = json!({ "period": period.to_string(), "as_of": as_of.map(beijing_text), "figures": figures });
    Ok(axum::Json(body).into_response())
}

/// One figure.
pub(super) async fn one(caller: Caller, Path(key): Path<String>, Query(pairs): Pairs) -> Answer {
    let Question { period, as_of } = Question::read(&Asked::read(&pairs, &["year", "as_of"])?)?;
    let figure = caller
        .ask(move |ledger, actor| {
            let value = Figures::of(ledger, actor, as_of).compute(&key, &period)?;
            let catalogue = ledger.catalogue();
            Ok::<_, Problem>(catalogue.figures.get(&key).map(|figure| figure_json(figure, &value, catalogue)))
        })
        .await??;
    Ok(axum::Json(figure).into_response())
}

/// Exactly the records that a figure counts.
pub(super) async fn records(caller: Caller, Path(key): Path<String>, Query(pairs): Pairs) -> Answer {
    let asked = Asked::read(&pairs, &["year", "as_of", "limit", "offset"])?;
    let Question { period, as_of } = Question::read(&asked)?;
    let (limit, offset) = (asked.limit()?, asked.offset()?);
    let body = caller
        .ask(move |ledger, actor| {
            let figures = Figures::of(ledger, actor, as_of);
            let value = figures.compute(&key, &period)?;
            let behind = figures.records_behind(&key, &period)?;
            let catalogue = ledger.catalogue();
            let skip = usize::try_from(offset).unwrap_or(usize::MAX);
            let take = usize::try_from(limit).unwrap_or(usize::MAX);
            let records: Vec<Json> = behind
                .iter()
                .skip(skip)
                .take(take)
                .map(|(register, number)| {
                    let address = format!("/api/v1/{register}/{}", crate::figures::encoded(number));
                    json!({ "register": register, "number": number, "address": address })
                })
                .collect();
            let figure = catalogue.figures.get(&key).map(|figure| figure_json(figure, &value, catalogue));
            Ok::<_, Problem>(json!({
                "period": period.to_string(), "as_of": as_of.map(beijing_text), "figure": figure,
                "total": behind.len(), "offset": offset, "limit": limit, "records": records,
            }))
        })
        .await??;
    Ok(axum::Json(body).into_response())
}

/// A report with its figures filled in.
pub(super) async fn report(caller: Caller, Path(key): Path<String>, Query(pairs): Pairs) -> Answer {
    let Question { period, as_of } = Question::read(&Asked::read(&pairs, &["year", "as_of"])?)?;
    if period != Period::year(period.starting_year()) {
        return Err(Problem::parameter("year", "文书按年编制，如 2020", "a report is about a year, for example 2020"));
    }
    let year = period.starting_year();
    let filled = caller
        .ask(move |ledger, actor| {
            let values = bilan_records::figures::all(ledger, actor, &period, as_of)?;
            let counted = values.iter().map(|value| (value.key.as_str(), value.records));
            if !crate::figures::has_records(counted, ledger.catalogue()) {
                return Err(Problem::not_found(
                    format!("{year}年没有任何记录，无法编制"),
                    format!("there are no records of {year}, so there is nothing to report"),
                ));
            }
            Ok::<_, Problem>(report::build(ledger, actor, &key, year, as_of)?)
        })
        .await??;
    Ok(axum::Json(filled).into_response())
}

/// A figure as the API shows it.
fn figure_json(figure: &Figure, value: &FigureValue, catalogue: &Catalogue) -> Json {
    let both = |say: &dyn Fn(Language) -> String| Label { zh: say(Language::Chinese), en: say(Language::English) };
    let parts: Vec<&str> = figure.rule.parts().map(|(of, by)| vec![of, by]).unwrap_or_default();
    json!({
        "key": figure.key, "label": figure.label, "system": figure.system,
        "value": value.value, "text": both(&|language| value.full(language)), "unit": value.unit,
        "records": value.records, "confined": value.confined, "gap": value.gap.as_ref().map(|gap| gap_words(gap, catalogue)),
        "formula": both(&|language| formula(figure, catalogue, language)), "parts": parts,
    })
}
