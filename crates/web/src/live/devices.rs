//! Devices on the line: what each sent, what was accepted although it departs from the standard, and what was not believed.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use bilan_records::actor::{Act, Scope};
use bilan_records::catalogue::Role;
use bilan_records::contract::View;
use bilan_records::views::StationRecord;
use bilan_telemetry::{Ahead, DeviceState, Quarantined, Stranger};
use hj212::FaultCode;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::broker::{self, Broker};
use super::condition::SILENCE;
use super::deviation;
use super::forwarding::{self, Forwarding};
use super::packet::{broken, covered};
use super::registered::{self, Station};
use super::view::{Moment, ask};
use crate::refusal::Refusal;
use crate::shell::{Language, Messages, Shell};
use crate::visit::Visit;

/// Quarantined packets looked at.
const QUARANTINED: u32 = 200;
/// Of which so many are shown.
const SHOWN: usize = 40;

/// A device of a station, or one that is awaited.
struct DeviceRow {
    mn: String,
    station: String,
    name: String,
    kind: String,
    heard: Option<Moment>,
    silent: bool,
    peer: String,
    packets: i64,
    duplicates: i64,
    clock: Option<String>,
    clock_off: bool,
    /// Values that wait until their time has come: how many, and the time of the last.
    ahead: Option<(i64, Moment)>,
    tolerated: Vec<(String, i64)>,
    quarantined: usize,
}

/// Bytes that were not believed.
struct QuarantinedRow {
    received: Moment,
    peer: String,
    mn: Option<String>,
    reason: String,
    text: String,
}

/// Something found about the line or the password of a device.
struct AlarmRow {
    at: Moment,
    what: &'static str,
    mn: String,
    from: String,
    first: String,
    times: u64,
}

/// A device that waits to be approved.
struct StrangerRow {
    mn: String,
    packets: i64,
    first: Moment,
    last: Moment,
    peer: String,
    /// Form of a new station with this device; nothing where the visitor may not enter one.
    form: Option<String>,
}

#[derive(Template)]
#[template(path = "live/devices.html")]
struct DevicesPage {
    shell: Shell,
    devices: Vec<DeviceRow>,
    quarantined: Vec<QuarantinedRow>,
    strangers: Vec<StrangerRow>,
    alarms: Vec<AlarmRow>,
    heard: usize,
    packets: i64,
    duplicates: i64,
    held: usize,
    /// Shown to those who see every station.
    forwarding: Option<Forwarding>,
    /// Likewise.
    broker: Option<Broker>,
}

/// `/devices`
pub(super) async fn list(visit: Visit) -> Result<Response, Refusal> {
    let language = visit.language;
    let (stations, lines, held, strangers, may_enter, (forwarding, broker), now) = ask(&visit, move |app, actor| {
        let stations = registered::stations(&app.ledger, actor)?;
        let store = &app.observations;
        let register = StationRecord::register(&app.ledger);
        let may_enter = register.is_some_and(|register| actor.scope(register, Act::Create) != Scope::Nothing);
        let now = app.ledger.now();
        let sees_all =
            actor.is_staff() && register.is_some_and(|register| actor.scope(register, Act::Read) == Scope::All);
        let held = within_reach(store.quarantined(QUARANTINED)?, &stations, sees_all);
        let strangers = if sees_all { store.strangers()? } else { Vec::new() };
        let forwarding = if sees_all { forwarding::of(app, now, language) } else { None };
        let broker = if sees_all { broker::of(app, now, language) } else { None };
        Ok((stations, (store.devices()?, store.ahead()?), held, strangers, may_enter, (forwarding, broker), now))
    })
    .await?;
    let alarms = alarms(&visit, &stations, now);
    let devices = rows(&stations, lines, &held, now, language);
    let page = DevicesPage {
        shell: visit.shell(visit.text("live.devices.title")),
        heard: devices.iter().filter(|device| device.heard.is_some()).count(),
        packets: devices.iter().map(|device| device.packets).sum(),
        duplicates: devices.iter().map(|device| device.duplicates).sum(),
        held: held.len(),
        quarantined: held.into_iter().take(SHOWN).map(|held| quarantined(held, now, language)).collect(),
        strangers: strangers.into_iter().map(|stranger| awaiting(stranger, may_enter, now, language)).collect(),
        alarms,
        devices,
        forwarding,
        broker,
    };
    crate::render::page(&page)
}

/// What the gateway found about lines and passwords: of the devices that the visitor sees, and for administrators of all.
fn alarms(visit: &Visit, stations: &[Station], now: Timestamp) -> Vec<AlarmRow> {
    let told = (visit.app.line_alarms)();
    let found = told.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |alarm: &Json, key: &str| alarm[key].as_str().unwrap_or_default().to_owned();
    let row = |alarm: &Json| {
        let mn = text(alarm, "mn");
        let is_seen = visit.is(Role::Admin) || stations.iter().any(|station| station.mn.as_deref() == Some(&mn));
        is_seen.then(|| AlarmRow {
            at: Moment::of(text(alarm, "last").parse().unwrap_or(now), now, visit.language),
            what: visit.text(match alarm["kind"].as_str() {
                Some("doubled") => "live.alarm.doubled",
                _ => "live.alarm.guessing",
            }),
            mn,
            from: text(alarm, "from"),
            first: text(alarm, "first"),
            times: alarm["times"].as_u64().unwrap_or(1),
        })
    };
    found.iter().filter_map(row).collect()
}

/// What was held of the devices of these stations. What belongs to no station is shown only to those of the bureau who
/// may read every station.
fn within_reach(held: Vec<Quarantined>, stations: &[Station], sees_all: bool) -> Vec<Quarantined> {
    let own = |held: &Quarantined| {
        held.mn.as_ref().is_some_and(|mn| stations.iter().any(|station| station.mn.as_ref() == Some(mn)))
    };
    held.into_iter().filter(|held| sees_all || own(held)).collect()
}

/// Every device of a station of the register, heard or awaited.
fn rows(
    stations: &[Station],
    (states, ahead): (Vec<DeviceState>, Vec<Ahead>),
    held: &[Quarantined],
    now: Timestamp,
    language: Language,
) -> Vec<DeviceRow> {
    let mut states: HashMap<String, DeviceState> = states.into_iter().map(|state| (state.mn.clone(), state)).collect();
    let row = |station: &Station| {
        let mn = station.mn.clone().filter(|_| station.reports())?;
        let state = states.remove(&mn);
        let heard = state.as_ref().map(|state| state.last_heard);
        let behind = state.as_ref().and_then(|state| state.clock_behind_s);
        Some(DeviceRow {
            quarantined: held.iter().filter(|held| held.mn.as_deref() == Some(mn.as_str())).count(),
            mn,
            station: station.number.clone(),
            name: station.name.clone(),
            kind: station.kind_label.text(language).to_owned(),
            silent: heard.is_none_or(|heard| now.duration_since(heard) > SILENCE),
            heard: heard.map(|heard| Moment::of(heard, now, language)),
            peer: state.as_ref().map(|state| state.peer.clone()).unwrap_or_default(),
            packets: state.as_ref().map_or(0, |state| state.packets),
            duplicates: state.as_ref().map_or(0, |state| state.duplicates),
            clock: behind.map(|seconds| deviation::off(seconds, language)),
            clock_off: behind.is_some_and(|seconds| seconds.abs() > 60),
            ahead: ahead
                .iter()
                .find(|ahead| ahead.station == station.number)
                .map(|ahead| (ahead.values, Moment::of(ahead.until, now, language))),
            tolerated: state.map(|state| deviation::counted(state.tolerated, language)).unwrap_or_default(),
        })
    };
    stations.iter().filter_map(row).collect()
}

fn awaiting(stranger: Stranger, may_enter: bool, now: Timestamp, language: Language) -> StrangerRow {
    StrangerRow {
        form: may_enter.then(|| format!("/records/station/new?mn={}", crate::visit::encoded(&stranger.mn))),
        packets: stranger.packets,
        first: Moment::of(stranger.first_heard, now, language),
        last: Moment::of(stranger.last_heard, now, language),
        peer: stranger.peer,
        mn: stranger.mn,
    }
}

fn quarantined(held: Quarantined, now: Timestamp, language: Language) -> QuarantinedRow {
    QuarantinedRow {
        received: Moment::of(held.received_at, now, language),
        text: covered(&held.raw).chars().take(400).collect(),
        peer: held.peer,
        mn: held.mn,
        reason: held_because(&held.reason, language),
    }
}

/// Why bytes were not believed, from the reason that stands with them in the store.
pub(crate) fn held_because(reason: &str, language: Language) -> String {
    let key = match reason {
        "unknown_device" => "live.quarantine.unknown_device",
        "wrong_password" => "live.quarantine.wrong_password",
        "slowed" => "live.quarantine.slowed",
        "time_in_future" => "live.quarantine.time_in_future",
        "time_missing" => "live.quarantine.time_missing",
        "time_long_past" => "live.quarantine.time_long_past",
        "time_taken" => "live.quarantine.time_taken",
        "bad_report" => "live.quarantine.bad_report",
        other => match FaultCode::from_code(other) {
            Some(fault) => return broken(Some(fault), language),
            None => "live.quarantine.unreadable",
        },
    };
    language.text(key).to_owned()
}
