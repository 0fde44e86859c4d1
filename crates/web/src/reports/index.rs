//! The reports that can be made, year by year.

use askama::Template;
use axum::response::Response;

use super::years;
use crate::{
    refusal::Refusal,
    render::page as rendered,
    shell::{Messages, Shell},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "reports/index.html")]
struct IndexPage {
    shell: Shell,
    /// Key and name, and the years of which it can be made.
    reports: Vec<(String, String, Vec<i16>)>,
}

pub(super) async fn page(visit: Visit) -> Result<Response, Refusal> {
    let language = visit.language;
    let reports = visit
        .read(move |ledger, actor| {
            let reports = ledger.catalogue().reports.values();
            let listed = reports.map(|report| {
                let label = language.label(&report.label).to_owned();
                Ok((report.key.clone(), label, years::of(ledger, actor, report)?))
            });
            listed.collect::<Result<Vec<_>, Refusal>>()
        })
        .await??;
    rendered(&IndexPage { shell: visit.shell(visit.text("reports.title")), reports })
}
