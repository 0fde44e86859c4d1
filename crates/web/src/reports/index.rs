//! The reports that can be made, year by year.

use askama::Template;
use axum::response::Response;

use crate::{
    figures::years,
    refusal::Refusal,
    render::page as rendered,
    shell::{Messages, Shell},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "reports/index.html")]
struct IndexPage {
    shell: Shell,
    /// Key and name.
    reports: Vec<(String, String)>,
    years: Vec<i16>,
}

pub(super) async fn page(visit: Visit) -> Result<Response, Refusal> {
    let span = visit.read(|ledger, _| years(ledger)).await??;
    let reports = visit.app.catalogue().reports.values();
    rendered(&IndexPage {
        shell: visit.shell(visit.text("reports.title")),
        reports: reports.map(|report| (report.key.clone(), visit.language.label(&report.label).to_owned())).collect(),
        years: span.map(|(first, last)| (first..=last).rev().collect()).unwrap_or_default(),
    })
}
