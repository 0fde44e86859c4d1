//! Two moments beside each other: which figures of a period changed between them, and by which records.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;
use bilan_records::{
    actor::Actor,
    catalogue::Figure,
    figures::{FigureValue, Figures, Period},
    ledger::Ledger,
    value::{Language, beijing},
};
use jiff::Timestamp;

use super::{Asked, encoded, read_moment};
use crate::{
    parameters::Both, refusal::Refusal, render::page as rendered, reports::document::records_address, shell::Shell,
    visit::Visit,
};

/// Records named on each side of a figure; more are counted.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "figures/changes.html")]
struct ChangesPage {
    shell: Shell,
    period: String,
    from: String,
    to: String,
    /// Both moments are there, so that there is something to compare.
    asked: bool,
    compared: usize,
    /// Some figures count only what lies within the reader's cell or enterprise.
    confined: bool,
    rows: Vec<Row>,
}

/// What was compared.
#[derive(Default)]
struct Compared {
    figures: usize,
    confined: bool,
    rows: Vec<Row>,
}

struct Row {
    label: String,
    key: String,
    before: String,
    after: String,
    address_before: String,
    address_after: String,
    came: Side,
    went: Side,
}

/// Records that stand behind a figure at one moment only.
struct Side {
    named: Vec<(String, String)>,
    more: usize,
}

#[derive(serde::Deserialize)]
pub(super) struct Moments {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn page(visit: Visit, Both(asked, moments): Both<Asked, Moments>) -> Result<Response, Refusal> {
    let (from, to) = (read_moment(&moments.from)?, read_moment(&moments.to)?);
    let language = visit.language;
    let (period, compared) = visit
        .read(move |ledger, actor| {
            let period = asked.period(ledger)?;
            let compared = match from {
                Some(from) => compare(ledger, actor, &period, from, to, language)?,
                None => Compared::default(),
            };
            Ok::<_, Refusal>((period, compared))
        })
        .await??;
    rendered(&ChangesPage {
        shell: visit.shell(visit.text("figures.changes.title")),
        period: period.to_string(),
        from: from.map(local).unwrap_or_default(),
        to: to.map(local).unwrap_or_default(),
        asked: from.is_some(),
        compared: compared.figures,
        confined: compared.confined,
        rows: compared.rows,
    })
}

/// A moment as the form's control takes it.
fn local(at: Timestamp) -> String {
    beijing(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn compare(
    ledger: &Ledger,
    actor: &Actor,
    period: &Period,
    from: Timestamp,
    to: Option<Timestamp>,
    language: Language,
) -> Result<Compared, Refusal> {
    let (before, after) = (Figures::of(ledger, actor, Some(from)), Figures::of(ledger, actor, to));
    let (then, now) = (before.all(period)?, after.all(period)?);
    let mut rows = Vec::new();
    for (then, now) in then.iter().zip(&now) {
        if (&then.value, then.records, &then.gap) == (&now.value, now.records, &now.gap) {
            continue;
        }
        let Some(figure) = ledger.catalogue().figures.get(&now.key) else { continue };
        let was: BTreeSet<_> = before.records_behind(&now.key, period)?.into_iter().collect();
        let is: BTreeSet<_> = after.records_behind(&now.key, period)?.into_iter().collect();
        rows.push(row(figure, [then, now], period, [Some(from), to], [&was, &is], language));
    }
    Ok(Compared { figures: now.len(), confined: now.iter().any(|value| value.confined), rows })
}

type Numbers = BTreeSet<(String, String)>;

fn row(
    figure: &Figure,
    [then, now]: [&FigureValue; 2],
    period: &Period,
    [from, to]: [Option<Timestamp>; 2],
    [was, is]: [&Numbers; 2],
    language: Language,
) -> Row {
    let side = |one: &Numbers, other: &Numbers, moment: Option<Timestamp>| {
        let moment = moment.map(|at| format!("?as_of={at}")).unwrap_or_default();
        let mut only = one.difference(other);
        let named = only
            .by_ref()
            .take(NAMED)
            .map(|(register, number)| (number.clone(), format!("/records/{register}/{}{moment}", encoded(number))))
            .collect();
        Side { named, more: only.count() }
    };
    Row {
        label: figure.label.text(language).to_owned(),
        key: figure.key.clone(),
        before: then.full(language),
        after: now.full(language),
        address_before: records_address(&figure.key, period, from),
        address_after: records_address(&figure.key, period, to),
        came: side(is, was, to),
        went: side(was, is, from),
    }
}
