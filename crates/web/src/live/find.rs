//! Finds of the search beside the map: cells and records by their words.

use askama::Template;
use axum::response::Response;
use bilan_records::actor::Actor;
use bilan_records::ledger::Words;

use super::condition::ConditionError;
use super::ground::{Layer, level_label, title};
use super::panel::{Part, rendered};
use super::view::ask;
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::state::AppState;
use crate::visit::Visit;

/// Finds of a kind.
const FINDS: u64 = 4;

/// What was found.
struct Find {
    label: String,
    kind: String,
    href: String,
    /// Where the map flies to.
    fly: String,
    /// What the map opens beside itself.
    panel: String,
    /// Cell to be chosen instead.
    cell: Option<String>,
    layer: String,
}

#[derive(Template)]
#[template(path = "live/search_part.html")]
struct SearchPart {
    language: Language,
    finds: Vec<Find>,
}

#[derive(Template)]
#[template(path = "live/search.html")]
struct SearchPage {
    shell: Shell,
    language: Language,
    finds: Vec<Find>,
    q: String,
}

/// `/map/search?q=`: cells and records by their words.
pub(super) async fn search(visit: Visit, Query(part): Query<Part>) -> Result<Response, Refusal> {
    let language = visit.language;
    let words = part.q.trim().chars().take(60).collect::<String>();
    let asked = words.clone();
    let finds = if words.is_empty() {
        Vec::new()
    } else {
        ask(&visit, move |app, actor| find(app, actor, &asked, language)).await?
    };
    if part.alone() {
        return rendered(&SearchPart { language, finds });
    }
    crate::render::page(&SearchPage { shell: visit.shell(visit.text("live.map.search")), language, finds, q: words })
}

/// Place of a register among those that press.
fn find(app: &AppState, actor: &Actor, words: &str, language: Language) -> Result<Vec<Find>, ConditionError> {
    let catalogue = app.catalogue();
    let lower = words.to_lowercase();
    let is_meant = |cell: &&bilan_records::catalogue::GridCell| {
        cell.code.starts_with(words) || cell.name.zh.contains(words) || cell.name.en.to_lowercase().contains(&lower)
    };
    let mut finds: Vec<Find> = catalogue
        .district
        .cells
        .values()
        .filter(is_meant)
        .take(6)
        .map(|cell| Find {
            label: cell.name.text(language).to_owned(),
            kind: level_label(cell.level).text(language).to_owned(),
            href: format!("/map?cell={}", cell.code),
            fly: String::new(),
            panel: String::new(),
            cell: Some(cell.code.clone()),
            layer: String::new(),
        })
        .collect();
    let asked = Words::of(words);
    let mut layers = Layer::all(catalogue, actor);
    layers.sort_by_key(|layer| layer.register.map.first.unwrap_or(u32::MAX));
    for layer in layers {
        let register = layer.register;
        let found = app.ledger.find(actor, &register.key, &asked, FINDS, language)?;
        for record in found.hits.into_iter().map(|hit| hit.record) {
            let number = crate::visit::encoded(&record.number);
            finds.push(Find {
                label: title(register, &record),
                kind: register.label.text(language).to_owned(),
                href: format!("/records/{}/{number}", register.key),
                fly: record.point(register).map(|[lon, lat]| format!("{lon},{lat}")).unwrap_or_default(),
                panel: format!("/map/panel/{}/{number}", register.key),
                cell: None,
                layer: register.key.clone(),
            });
        }
    }
    finds.truncate(24);
    Ok(finds)
}
