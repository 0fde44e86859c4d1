//! All stations in a list: what each says now, and which are silent.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::response::Response;
use serde::Deserialize;

use super::condition::Desk;
use super::view::{Moment, StationRow, VerdictView, ask, visible};
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::shell::Shell;
use crate::visit::Visit;

/// What part of the list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Narrowed {
    kind: String,
    only: String,
}

/// A kind of station with its number.
struct KindTab {
    key: String,
    label: String,
    count: usize,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "live/stations.html")]
struct StationsPage {
    shell: Shell,
    rows: Vec<StationRow>,
    kinds: Vec<KindTab>,
    total: usize,
    reporting: usize,
    online: usize,
    silent: usize,
    exceeded: usize,
    district: Option<VerdictView>,
    kind: String,
    only: String,
    taken: Moment,
}

/// `/stations`
pub(super) async fn list(
    visit: Visit,
    Extension(desk): Extension<Arc<Desk>>,
    Query(narrowed): Query<Narrowed>,
) -> Result<Response, Refusal> {
    let (snapshot, numbers) = ask(&visit, move |app, actor| visible(&desk, app, actor)).await?;
    let numbers: HashSet<String> = numbers.into_iter().collect();
    let language = visit.language;
    let all: Vec<StationRow> = snapshot
        .stations
        .iter()
        .filter(|(station, _)| numbers.contains(&station.number))
        .map(|(station, condition)| StationRow::of(station, condition, snapshot.at, language))
        .collect();
    let mut kinds: Vec<KindTab> = Vec::new();
    for row in &all {
        match kinds.iter_mut().find(|tab| tab.key == row.kind) {
            Some(tab) => tab.count += 1,
            None => kinds.push(KindTab {
                key: row.kind.clone(),
                label: row.kind_label.clone(),
                count: 1,
                chosen: row.kind == narrowed.kind,
            }),
        }
    }
    let count = |test: &dyn Fn(&StationRow) -> bool| all.iter().filter(|row| test(row)).count();
    let exceeds = |row: &StationRow| row.verdict.as_ref().is_some_and(|verdict| verdict.exceeded);
    let page = StationsPage {
        shell: visit.shell(visit.text("live.stations.title")),
        total: all.len(),
        reporting: count(&|row| row.running),
        online: count(&|row| row.running && !row.silent),
        silent: count(&|row| row.silent),
        exceeded: count(&exceeds),
        district: snapshot.district.as_ref().map(|verdict| VerdictView::of(verdict, language)),
        taken: Moment::of(snapshot.at, snapshot.at, language),
        kinds,
        rows: all
            .into_iter()
            .filter(|row| narrowed.kind.is_empty() || row.kind == narrowed.kind)
            .filter(|row| match narrowed.only.as_str() {
                "silent" => row.silent,
                "exceeded" => exceeds(row),
                _ => true,
            })
            .collect(),
        kind: narrowed.kind,
        only: narrowed.only,
    };
    crate::render::page(&page)
}
