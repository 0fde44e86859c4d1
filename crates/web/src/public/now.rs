//! How the district is this hour: the published stations with what the standards make of their values, where the bureau publishes measured values at all.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, response::Response};

use bilan_records::{contract::View as _, views::StationRecord};

use super::{size::Size, view::View};
use crate::waiting;
use crate::{
    live::{self, Desk, Moment, StationRow, VerdictView},
    refusal::Refusal,
    render::page as rendered,
    shell::Shell,
    visit::Guest,
};

#[derive(Template)]
#[template(path = "public/now.html")]
struct NowPage {
    shell: Shell,
    large: bool,
    /// The decision on which the publication rests, and whose data they are.
    basis: (String, String),
    district: Option<VerdictView>,
    taken: Moment,
    /// Kinds of station in the order of their first, with their stations.
    kinds: Vec<(String, Vec<StationRow>)>,
}

/// What stands in the place of the page where the bureau publishes no measured values.
#[derive(Template)]
#[template(path = "public/unpublished.html")]
struct UnpublishedPage {
    shell: Shell,
    large: bool,
}

pub(super) async fn page(guest: Guest, size: Size, Extension(desk): Extension<Arc<Desk>>) -> Result<Response, Refusal> {
    let (app, language) = (guest.app.clone(), guest.language);
    let Some(basis) = guest.app.catalogue().district.public_monitoring.clone() else {
        return rendered(&UnpublishedPage { shell: guest.shell(guest.text("public.now.title")), large: size.large });
    };
    let snapshot = waiting::while_asked(move || live::snapshot(&desk, &app.ledger, &app.observations));
    let snapshot = snapshot.await?.map_err(live::refused)?;
    let published = guest
        .read(|ledger| match View::of(ledger.catalogue(), StationRecord::REGISTER) {
            Some(view) => view.numbers(ledger),
            None => Ok(Vec::new()),
        })
        .await??;
    let mut kinds: Vec<(String, Vec<StationRow>)> = Vec::new();
    for (station, condition) in &snapshot.stations {
        if !published.contains(&station.number) {
            continue;
        }
        let row = StationRow::published(station, condition, snapshot.at, language);
        match kinds.iter_mut().find(|(label, _)| *label == row.kind_label) {
            Some((_, rows)) => rows.push(row),
            None => kinds.push((row.kind_label.clone(), vec![row])),
        }
    }
    rendered(&NowPage {
        shell: guest.shell(guest.text("public.now.title")),
        large: size.large,
        basis: (basis.decision.text(language).to_owned(), basis.source.text(language).to_owned()),
        district: snapshot.district.as_ref().map(|verdict| VerdictView::of(verdict, language)),
        taken: Moment::of(snapshot.at, snapshot.at, language),
        kinds,
    })
}
