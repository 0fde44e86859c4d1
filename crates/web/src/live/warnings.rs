//! The wall of warnings: what is open, how grave, for how long, and who is on it.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use bilan_records::actor::Actor;
use bilan_records::catalogue::Role;
use bilan_records::contract::{Changes, View};
use bilan_records::ledger::{Key, Ledger, Origin, Write};
use bilan_records::views::{WarningRecord, WarningStep};
use jiff::SignedDuration;

use super::registered;
use super::streams::{Sight, Topic};
use super::view::{Moment, WarningRow, ask, lasted};
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::submission::Submission;
use crate::visit::Visit;
use crate::waiting;

/// Days for which cleared warnings are shown.
const CLEARED_DAYS: i64 = 3;
/// Cleared warnings shown.
const CLEARED: usize = 30;

/// A warning that is over.
struct ClearedRow {
    label: String,
    station: String,
    station_name: String,
    opened: Moment,
    lasted: String,
    record: Option<String>,
}

#[derive(Template)]
#[template(path = "live/warnings.html")]
struct Wall {
    shell: Shell,
    /// Level, its name, its warnings.
    levels: Vec<(&'static str, &'static str, Vec<WarningRow>)>,
    open: usize,
    /// People are called for warnings here.
    calls: bool,
    may_see_notices: bool,
    cleared: Vec<ClearedRow>,
}

/// `/warnings`
pub(super) async fn wall(visit: Visit) -> Result<Response, Refusal> {
    let language = visit.language;
    let (open, cleared) = ask(&visit, move |app, actor| {
        let now = app.ledger.now();
        let seen = registered::seen(&app.ledger, actor)?;
        let mut open = Vec::new();
        for warning in app.observations.open_warnings()?.iter().filter(|warning| seen.contains(&warning.station)) {
            open.push(WarningRow::of(warning, &app.ledger, actor, now, language)?);
        }
        let from = now - SignedDuration::from_hours(24 * CLEARED_DAYS);
        let mut cleared = Vec::new();
        let over = app.observations.warnings(from, now + SignedDuration::from_secs(1))?;
        for warning in over.iter().filter(|warning| !warning.is_open() && seen.contains(&warning.station)).take(CLEARED)
        {
            let row = WarningRow::of(warning, &app.ledger, actor, now, language)?;
            cleared.push(ClearedRow {
                label: row.label,
                station: row.station,
                station_name: row.station_name,
                opened: row.opened,
                lasted: lasted(warning.opened_at, warning.cleared_at.unwrap_or(now), language),
                record: row.record,
            });
        }
        Ok((open, cleared))
    })
    .await?;
    let page = Wall {
        shell: visit.shell(visit.text("live.warnings.title")),
        open: open.len(),
        calls: visit.app.notices.is_some(),
        may_see_notices: [Role::Admin, Role::Auditor, Role::Head, Role::Duty].iter().any(|role| visit.is(*role)),
        levels: by_level(open, language),
        cleared,
    };
    crate::render::page(&page)
}

fn by_level(open: Vec<WarningRow>, language: Language) -> Vec<(&'static str, &'static str, Vec<WarningRow>)> {
    let mut levels: Vec<_> = ["alarm", "warning", "info"]
        .map(|level| (level, language.text(&format!("live.level.{level}")), Vec::new()))
        .into();
    for row in open {
        if let Some((.., rows)) = levels.iter_mut().find(|(level, ..)| *level == row.level) {
            rows.push(row);
        }
    }
    levels.retain(|(.., rows)| !rows.is_empty());
    levels
}

/// `/warnings/events`: warnings of the stations that the visitor sees, at once.
pub(super) async fn events(visit: Visit) -> Result<Response, Refusal> {
    super::events::open(&visit, Topic::Warnings(Sight::of(&visit.actor))).await
}

/// `POST /warnings/NUMBER/acknowledge`: somebody has seen it.
pub(super) async fn acknowledge(
    visit: Visit,
    Path(number): Path<String>,
    submission: Submission,
) -> Result<Response, Refusal> {
    let key = submission.idempotency_key().map(|key| Key::new(Origin::Page, format!("{key}:{number}")));
    let version: Option<i64> = submission.get("version").and_then(|version| version.parse().ok());
    let (app, actor) = (visit.app.clone(), visit.actor.clone());
    waiting::while_asked(move || take(&app.ledger, &actor, &number, version, key)).await??;
    Ok(Redirect::to("/warnings").into_response())
}

fn take(ledger: &Ledger, actor: &Actor, number: &str, version: Option<i64>, key: Option<Key>) -> Result<(), Refusal> {
    let record = ledger.record(actor, WarningRecord::REGISTER, number, None)?;
    let write = Write { key, ..Write::default() };
    let known = (number, version.unwrap_or(record.version));
    WarningRecord::step(ledger, actor, known, WarningStep::Acknowledge, Changes::none(), write)?;
    Ok(())
}
