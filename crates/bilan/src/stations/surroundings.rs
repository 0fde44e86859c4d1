//! What other registers say of the places where stations stand: zones of noise, orders to stop, permits for work at night.

use std::collections::HashMap;

use anyhow::Result;
use bilan_records::actor::Actor;
use bilan_records::ledger::{Ledger, ListQuery, Record};
use bilan_records::value::beijing_text;
use bilan_standards::geo;
use bilan_standards::power::Span;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A permit covers stations so near to its site, metres: those of the site itself, whoever runs them.
const NEAR: f64 = 300.0;
/// Registers whose change makes the stations be read again.
pub(super) const REGISTERS: [&str; 4] = ["station", "noise_zone", "pollution_response", "night_work_permit"];

/// Limits of a noise zone.
pub(super) struct Zone {
    pub class: String,
    pub day: f64,
    pub night: f64,
}

/// A permit for work at night.
struct Permit {
    enterprise: Option<String>,
    at: Option<[f64; 2]>,
    span: Span,
}

/// What stands around the stations at one moment.
pub(super) struct Surroundings {
    now: Timestamp,
    zones: HashMap<String, Zone>,
    /// Enterprise or installation, and the span of the order.
    stops: Vec<(String, Span)>,
    permits: Vec<Permit>,
}

impl Surroundings {
    pub(super) fn read(ledger: &Ledger, actor: &Actor, now: Timestamp) -> Result<Self> {
        let known = |register: &str| ledger.catalogue().registers.contains_key(register);
        let list = |register: &str, filter: Option<String>| -> Result<Vec<Record>> {
            if !known(register) {
                return Ok(Vec::new());
            }
            Ok(ledger.list_all(actor, ListQuery { filter, ..ListQuery::of(register) })?)
        };
        let zones = list("noise_zone", None)?.into_iter().filter_map(zone).collect();
        // Those that begin later count as well: the stations are read again when the next begins.
        let in_force = format!(r#"state = "approved" and work_until > "{}""#, beijing_text(now));
        let permits = list("night_work_permit", Some(in_force))?.iter().filter_map(permit).collect();
        let today = Span { from: now, to: now + SignedDuration::from_hours(24) };
        let stops =
            if known("pollution_response") { bilan_web::stop_orders(ledger, actor, today)? } else { Vec::new() };
        Ok(Self { now, zones, stops, permits })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn zone(&self, number: &str) -> Option<&Zone> {
        self.zones.get(number)
    }

    /// Whether one of these is ordered to stop now.
    pub(super) fn is_stopped(&self, names: [Option<&String>; 2]) -> bool {
        let touches = |name: &String| self.stops.iter().any(|(stopped, span)| stopped == name && self.holds(*span));
        names.into_iter().flatten().any(touches)
    }

    /// Whether a permit for work at night holds now for an enterprise or a place.
    pub(super) fn may_work_at_night(&self, enterprise: Option<&String>, at: Option<[f64; 2]>) -> bool {
        self.permits.iter().filter(|permit| self.holds(permit.span)).any(|permit| {
            let same = enterprise.is_some() && permit.enterprise.as_ref() == enterprise;
            let near = permit.at.zip(at).is_some_and(|(site, at)| geo::distance_m(site, at) <= NEAR);
            same || near
        })
    }

    /// When something begins or ends next.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        let spans = self.stops.iter().map(|(_, span)| *span).chain(self.permits.iter().map(|permit| permit.span));
        spans.flat_map(|span| [span.from, span.to]).filter(|at| *at > self.now).min()
    }

    fn holds(&self, span: Span) -> bool {
        span.from <= self.now && self.now < span.to
    }
}

fn zone(record: Record) -> Option<(String, Zone)> {
    let number = |field: &str| record.values.get(field).and_then(Value::as_f64);
    let class = record.values.get("zone_class")?.as_str()?.trim_start_matches("zone_").to_owned();
    let zone = Zone { class, day: number("day_limit")?, night: number("night_limit")? };
    Some((record.number, zone))
}

fn permit(record: &Record) -> Option<Permit> {
    let text = |field: &str| record.values.get(field).and_then(Value::as_str);
    let at = |field: &str| text(field)?.parse::<Timestamp>().ok();
    let place = record.values.get("place");
    let number = |key: &str| place?.get(key)?.as_f64();
    Some(Permit {
        enterprise: text("enterprise").map(str::to_owned),
        at: number("lon").zip(number("lat")).map(|(lon, lat)| [lon, lat]),
        span: Span::new(at("work_from")?, at("work_until")?)?,
    })
}
