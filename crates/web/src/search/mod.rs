//! One search (全局搜索) over everything that the visitor may open: records of every ledger by any text of theirs, stations,
//! and pages, ledgers, figures and reports by their names.

mod places;
mod records;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use bilan_records::ledger::Words;
use serde::Deserialize;

use self::places::PlaceGroup;
use self::records::Group;
use crate::AppState;
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::Shell;
use crate::visit::Visit;

/// Characters of a question; what is longer is cut.
const LONGEST: usize = 100;

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
    places: Vec<PlaceGroup>,
    groups: Vec<Group>,
}

async fn show(visit: Visit, Query(Asked { q }): Query<Asked>) -> Result<Response, Refusal> {
    let typed: String = q.trim().chars().take(LONGEST).collect();
    let words = Words::of(&typed);
    let language = visit.language;
    let (places, groups) = if words.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let (asked, shown) = (words.clone(), typed.clone());
        let found = visit.read(move |ledger, actor| records::found(ledger, actor, &asked, &shown, language)).await??;
        (places::named(&visit, &words), found)
    };
    page(&SearchPage { shell: visit.shell(visit.text("shell.search.title")), words: typed, places, groups })
}
