//! The packets of a station as they came, by time: what an installer on site or an auditor asks for.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bilan_records::value::beijing;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::packet::PacketView;
use super::registered;
use super::view::ask;
use crate::parameters::Query;
use crate::refusal::Refusal;
use crate::shell::Shell;
use crate::visit::Visit;

/// Packets shown.
const SHOWN: usize = 100;

/// The time that is wanted, in Beijing; the last day if nothing is said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "live/packets.html")]
struct PacketsPage {
    shell: Shell,
    number: String,
    name: String,
    mn: Option<String>,
    from: String,
    to: String,
    packets: Vec<PacketView>,
    is_cut: bool,
}

/// `/stations/NUMBER/packets?from=2026-01-31T08:00&to=2026-01-31T09:00`
pub(super) async fn show(
    visit: Visit,
    Path(number): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let now = visit.app.ledger.now();
    let to = moment(&wanted.to)?.unwrap_or(now + SignedDuration::from_mins(1));
    let from = moment(&wanted.from)?.unwrap_or(to - SignedDuration::from_hours(24));
    let language = visit.language;
    let (station, packets) = ask(&visit, move |app, actor| {
        let station = registered::station(&app.ledger, actor, &number)?;
        let packets = match &station.mn {
            Some(mn) => app.observations.packets(mn, from, to, SHOWN + 1)?,
            None => Vec::new(),
        };
        let shown: Vec<PacketView> = packets
            .iter()
            .map(|packet| PacketView::read(&packet.raw, packet.received_at, now, &station, language))
            .collect();
        Ok((station, shown))
    })
    .await?;
    let typed = |at: Timestamp| beijing(at).strftime("%Y-%m-%dT%H:%M").to_string();
    let is_cut = packets.len() > SHOWN;
    let page = PacketsPage {
        shell: visit.shell(format!("{} · {}", station.name, visit.text("live.packets.title"))),
        number: station.number.clone(),
        name: station.name.clone(),
        mn: station.mn.clone(),
        from: typed(from),
        to: typed(to),
        packets: packets.into_iter().take(SHOWN).collect(),
        is_cut,
    };
    crate::render::page(&page)
}

/// A time as a form sends it; nothing where nothing is filled in.
pub(super) fn moment(text: &str) -> Result<Option<Timestamp>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let read = text.trim().parse::<DateTime>().ok().and_then(|time| zone.to_timestamp(time).ok());
    read.map(Some)
        .ok_or_else(|| Refusal::Unreadable { message: "shell.refusal.moment_text", found: text.trim().to_owned() })
}
