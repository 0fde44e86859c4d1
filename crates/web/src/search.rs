//! One search over every ledger that the visitor may read.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::ledger::{Ledger, ListQuery};
use serde::Deserialize;

use crate::AppState;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Messages, Shell};
use crate::visit::{Visit, encoded};

/// Hits shown of each ledger.
const HITS: u64 = 5;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/search", get(show))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "shell/search.html")]
struct SearchPage {
    shell: Shell,
    words: String,
    groups: Vec<Group>,
}

struct Group {
    label: String,
    total: u64,
    address: String,
    hits: Vec<Hit>,
}

struct Hit {
    number: String,
    title: String,
    state: String,
    address: String,
}

async fn show(visit: Visit, Query(Asked { q }): Query<Asked>) -> Result<Response, Refusal> {
    let words = q.trim().to_owned();
    let language = visit.language;
    let asked = words.clone();
    let groups = if words.is_empty() {
        Vec::new()
    } else {
        visit.read(move |ledger, actor| search(ledger, actor, &asked, language)).await??
    };
    page(&SearchPage { shell: visit.shell(language.text("shell.search.title")), words, groups })
}

fn search(ledger: &Ledger, actor: &Actor, words: &str, language: Language) -> Result<Vec<Group>, Refusal> {
    let mut groups = Vec::new();
    for register in ledger.catalogue().registers.values() {
        if actor.scope(register, Act::Read) == Scope::Nothing {
            continue;
        }
        let query = ListQuery { search: Some(words.to_owned()), limit: HITS, ..ListQuery::of(&register.key) };
        let found = ledger.list(actor, query)?;
        if found.records.is_empty() {
            continue;
        }
        let hits = found.records.iter().map(|record| {
            let title = record.values.get(&register.title).and_then(|value| value.as_str()).unwrap_or_default();
            let state = record.state.as_deref().and_then(|state| register.workflow.as_ref()?.states.get(state));
            Hit {
                number: record.number.clone(),
                title: title.to_owned(),
                state: state.map(|state| state.label.text(language).to_owned()).unwrap_or_default(),
                address: format!("/records/{}/{}", register.key, encoded(&record.number)),
            }
        });
        groups.push(Group {
            label: register.label.text(language).to_owned(),
            total: found.total,
            address: format!("/records/{}?q={}", register.key, encoded(words)),
            hits: hits.collect(),
        });
    }
    Ok(groups)
}
