//! Every ledger that the visitor may read, grouped by the systems of the bureau.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use bilan_records::actor::{Act, Scope};
use bilan_records::catalogue::SYSTEMS;
use bilan_records::ledger::{ListQuery, ReadError};

use crate::AppState;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Shell, systems};
use crate::visit::Visit;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/records", get(show))
}

#[derive(Template)]
#[template(path = "records/index.html")]
struct IndexPage {
    shell: Shell,
    groups: Vec<Group>,
}

struct Group {
    label: String,
    ledgers: Vec<LedgerLine>,
}

struct LedgerLine {
    key: String,
    label: String,
    description: String,
    total: u64,
}

async fn show(visit: Visit) -> Result<Response, Refusal> {
    let language = visit.language;
    let groups = visit
        .read(move |ledger, actor| {
            let registers = &ledger.catalogue().registers;
            let mut groups = Vec::new();
            for system in SYSTEMS {
                let mut ledgers = Vec::new();
                for register in registers.values().filter(|register| register.system == system) {
                    if actor.scope(register, Act::Read) == Scope::Nothing {
                        continue;
                    }
                    ledgers.push(LedgerLine {
                        key: register.key.clone(),
                        label: register.label.text(language).to_owned(),
                        description: register.description.text(language).to_owned(),
                        total: ledger.count(actor, &ListQuery::of(&register.key))?,
                    });
                }
                if !ledgers.is_empty() {
                    groups.push(Group { label: systems::label(system, language).to_owned(), ledgers });
                }
            }
            Ok::<_, ReadError>(groups)
        })
        .await??;
    page(&IndexPage { shell: visit.shell(visit.text("records.index.title")), groups })
}
