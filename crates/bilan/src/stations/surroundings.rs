//! What other registers say of the places where stations stand: zones of noise, orders to stop, permits for work at night.

use std::collections::HashMap;

use anyhow::Result;
use bilan_records::actor::Actor;
use bilan_records::contract::{Condition, Kept, Query, View};
use bilan_records::ledger::Ledger;
use bilan_records::value::beijing_text;
use bilan_records::views::{NightWorkPermit, NightWorkPermitState, NoiseZoneRecord, PollutionResponse, StationRecord};
use bilan_standards::geo;
use bilan_standards::power::Span;
use jiff::{SignedDuration, Timestamp};

/// A permit covers stations so near to its site, metres: those of the site itself, whoever runs them.
const NEAR: f64 = 300.0;
/// Registers whose change makes the stations be read again.
pub(super) const REGISTERS: [&str; 4] =
    [StationRecord::REGISTER, NoiseZoneRecord::REGISTER, PollutionResponse::REGISTER, NightWorkPermit::REGISTER];

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
        let zones = kept(ledger, actor, NoiseZoneRecord::query())?.into_iter().map(zone).collect();
        // Those that begin later count as well: the stations are read again when the next begins.
        let in_force = NightWorkPermit::query()
            .only(Condition::in_state(&[NightWorkPermitState::Approved]))
            .only(NightWorkPermit::work_until().is_after(&beijing_text(now)));
        let permits = kept(ledger, actor, in_force)?.iter().filter_map(|permit| self::permit(permit)).collect();
        let today = Span { from: now, to: now + SignedDuration::from_hours(24) };
        let stops = match PollutionResponse::register(ledger) {
            Some(_) => bilan_web::stop_orders(ledger, actor, today)?,
            None => Vec::new(),
        };
        Ok(Self { now, zones, stops, permits })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn zone(&self, number: &str) -> Option<&Zone> {
        self.zones.get(number)
    }

    /// Whether one of these is ordered to stop now.
    pub(super) fn is_stopped(&self, names: [Option<&str>; 2]) -> bool {
        let touches = |name: &str| self.stops.iter().any(|(stopped, span)| stopped == name && self.holds(*span));
        names.into_iter().flatten().any(touches)
    }

    /// Whether a permit for work at night holds now for an enterprise or a place.
    pub(super) fn may_work_at_night(&self, enterprise: Option<&str>, at: Option<[f64; 2]>) -> bool {
        self.permits.iter().filter(|permit| self.holds(permit.span)).any(|permit| {
            let same = enterprise.is_some() && permit.enterprise.as_deref() == enterprise;
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

/// Every record that matches; none where the bureau keeps no such register.
fn kept<V: View>(ledger: &Ledger, actor: &Actor, query: Query<V>) -> Result<Vec<Kept<V>>> {
    if V::register(ledger).is_none() {
        return Ok(Vec::new());
    }
    Ok(V::all(ledger, actor, query)?)
}

fn zone(zone: Kept<NoiseZoneRecord>) -> (String, Zone) {
    let class = zone.zone_class.in_the_standard().to_owned();
    let limits = Zone { class, day: zone.day_limit, night: zone.night_limit };
    (zone.number, limits)
}

fn permit(permit: &NightWorkPermit) -> Option<Permit> {
    Some(Permit {
        enterprise: permit.enterprise.as_ref().map(|enterprise| enterprise.number().to_owned()),
        at: permit.place.as_ref().and_then(|place| place.point),
        span: Span::new(permit.work_from, permit.work_until)?,
    })
}
