//! The figures of finished years.

use askama::Template;
use axum::response::Response;
use bilan_records::catalogue::{Catalogue, Figure, FigureRule};
use bilan_records::figures::{Figures, Period};
use bilan_standards::clock::beijing_day;

use super::{size::Size, view};
use crate::{
    figures::{formula, has_records, newest_year, years},
    parameters::Query,
    refusal::Refusal,
    render::page as rendered,
    shell::{Shell, systems},
    visit::Guest,
};

#[derive(Template)]
#[template(path = "public/years.html")]
struct YearsPage {
    shell: Shell,
    large: bool,
    year: i16,
    years: Vec<i16>,
    any: bool,
    groups: Vec<(String, Vec<Row>)>,
}

struct Row {
    key: String,
    label: String,
    text: String,
    formula: String,
    gap: bool,
}

#[derive(serde::Deserialize)]
pub(super) struct Wanted {
    year: Option<i16>,
}

/// A year is published when it is over; the figures of a running one would still change.
pub(super) async fn page(guest: Guest, size: Size, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let language = guest.language;
    let present = beijing_day(guest.app.clock.now()).year();
    let (year, years, any, groups) = guest
        .read(move |ledger| {
            let catalogue = ledger.catalogue();
            let actor = view::actor();
            let figures = Figures::of(ledger, &actor, None);
            // A running year would still change, so it is not published.
            let listed: Vec<i16> = years(ledger)?.into_iter().rev().filter(|year| *year < present).collect();
            let year = match wanted.year {
                Some(year) => year,
                None => first_shown(&listed, newest_year(ledger)?).unwrap_or(present - 1),
            };
            let values = if listed.contains(&year) { figures.all(&Period::year(year))? } else { Vec::new() };
            let any = has_records(values.iter().map(|value| (value.key.as_str(), value.records)), catalogue);
            let mut groups: Vec<(String, Vec<Row>)> = Vec::new();
            for value in values.iter().filter(|_| any) {
                let Some(figure) = catalogue.figures.get(&value.key) else { continue };
                if catalogue.district.public_monitoring.is_none() && is_measured(figure, catalogue) {
                    continue;
                }
                let row = Row {
                    key: value.key.clone(),
                    label: figure.label.text(language).to_owned(),
                    text: value.full(language),
                    formula: formula(figure, catalogue, language),
                    gap: value.gap.is_some(),
                };
                let system = systems::label(&figure.system, language);
                match groups.iter_mut().find(|(label, _)| label == system) {
                    Some((_, rows)) => rows.push(row),
                    None => groups.push((system.to_owned(), vec![row])),
                }
            }
            Ok::<_, Refusal>((year, listed, any, groups))
        })
        .await??;
    rendered(&YearsPage {
        shell: guest.shell(guest.text("public.years.title")),
        large: size.large,
        year,
        years,
        any,
        groups,
    })
}

/// The newest of the published years that is not above the one in which most registers have their newest record; the
/// newest of all if each is.
fn first_shown(listed: &[i16], newest: i16) -> Option<i16> {
    let years = listed.iter().copied();
    years.clone().filter(|year| *year <= newest).max().or(years.max())
}

/// Whether a figure tells of measured values, itself or through the figures it is made of.
fn is_measured(figure: &Figure, catalogue: &Catalogue) -> bool {
    match &figure.rule {
        FigureRule::Observations { .. } => true,
        rule => rule.parts().is_some_and(|(left, right)| {
            [left, right]
                .into_iter()
                .filter_map(|key| catalogue.figures.get(key))
                .any(|part| is_measured(part, catalogue))
        }),
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::first_shown;

    #[test_case(&[2020, 2019], 2021 => Some(2020); "the newest has not ended, and the year before it is empty")]
    #[test_case(&[2024, 2020, 2019], 2020 => Some(2020); "a single record of a later year")]
    #[test_case(&[2024, 2023], 2020 => Some(2024); "nothing so old")]
    #[test_case(&[], 2020 => None; "nothing at all")]
    fn the_page_opens_with_a_year_that_has_records(listed: &[i16], newest: i16) -> Option<i16> {
        first_shown(listed, newest)
    }
}
