//! Stations as their register has them: what they are, where they stand, what they should measure and be held against.

use std::collections::{HashMap, HashSet};

use bilan_records::actor::Actor;
use bilan_records::catalogue::{FieldKind, Label, Register};
use bilan_records::contract::{Kept, Refers, View};
use bilan_records::ledger::{Ledger, ReadError};
use bilan_records::views::{NoiseZoneRecord, StationFactor, StationKind, StationRecord, StationState, TargetClass};
use bilan_standards::cell;
use bilan_standards::noise::{NightHours, NoiseZone};
use bilan_standards::water::WaterClass;

use super::factors::Factor;

/// More stations than this no district has.
const STATIONS: u64 = 5000;

/// A station as its record has it.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub(crate) number: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kind: StationKind,
    pub(crate) kind_label: Label,
    /// Its device is expected to report.
    reports: bool,
    pub(crate) state_label: Label,
    pub(crate) cell: Option<String>,
    pub(crate) at: Option<[f64; 2]>,
    pub(crate) mn: Option<String>,
    /// Number of the river on which it stands.
    pub(crate) river: Option<String>,
    pub(crate) target: Option<WaterClass>,
    pub(crate) zone: Option<NoiseZone>,
    /// When night is in the district.
    pub(crate) night: NightHours,
    pub(crate) factors: Vec<StationFactor>,
}

/// Every zone of noise by its number.
type Zones = HashMap<String, NoiseZone>;

impl Station {
    fn of(record: Kept<StationRecord>, register: &Register, zones: &Zones, night: NightHours) -> Self {
        let runs = record.is(StationState::Running) || record.is(StationState::Maintenance);
        let Kept { number, state, cell, fields, .. } = record;
        Self {
            number,
            code: fields.code,
            name: fields.name,
            kind_label: choice_label(register, StationRecord::kind().name(), fields.kind.key()),
            kind: fields.kind,
            reports: runs && fields.mn.is_some(),
            state_label: state_label(register, &state),
            cell,
            at: fields.place.and_then(|place| place.point),
            mn: fields.mn,
            river: fields.river.map(Refers::into_number),
            target: fields.target_class.as_ref().and_then(TargetClass::class),
            zone: fields.noise_zone.and_then(|zone| zones.get(zone.number()).copied()),
            night,
            factors: fields.factors,
        }
    }

    /// Whether its device is expected to report.
    pub(crate) fn reports(&self) -> bool {
        self.reports
    }

    /// What a factor is called here.
    pub(crate) fn factor_label(&self, code: &str) -> Label {
        if let Some(factor) = Factor::of(code) {
            return factor.label();
        }
        let own = self.listed(code).map_or(code, |factor| factor.name.as_str());
        Label { zh: own.to_owned(), en: own.to_owned() }
    }

    /// The unit in which values of a factor are stored: that of the factor, whatever the list says that can be converted into it. Only of factors, and in units, that the
    /// program does not know the list speaks.
    pub(crate) fn unit(&self, code: &str) -> &str {
        let listed = self.reported_unit(code);
        Factor::of(code).map(|factor| factor.unit).filter(|unit| cell::scale(unit, listed).is_some()).unwrap_or(listed)
    }

    /// The unit in which the station reports a factor now: that of its packets.
    pub(crate) fn reported_unit(&self, code: &str) -> &str {
        let listed = self.listed(code).map(|factor| factor.unit.as_str()).filter(|unit| !unit.is_empty());
        match listed.or_else(|| Factor::of(code).map(|factor| factor.unit)).unwrap_or_default() {
            "无量纲" => "",
            unit => unit,
        }
    }

    /// The line of the station's list for a factor; a code written otherwise, such as in capitals, is the same.
    fn listed(&self, code: &str) -> Option<&StationFactor> {
        self.factors.iter().find(|factor| hj212::factor_code(factor.factor.trim()) == code)
    }

    /// Whether a factor has a name here: in the table of the program, or in the station's list.
    pub(crate) fn names(&self, code: &str) -> bool {
        Factor::of(code).is_some() || self.listed(code).is_some()
    }
}

/// The name of a choice; the choice itself where the register does not know it.
pub(crate) fn choice_label(register: &Register, field: &str, choice: &str) -> Label {
    let known = match register.fields.get(field).map(|field| &field.kind) {
        Some(FieldKind::Choice { choices } | FieldKind::Choices { choices }) => choices.get(choice).cloned(),
        _ => None,
    };
    known.unwrap_or_else(|| Label { zh: choice.to_owned(), en: choice.to_owned() })
}

/// The name of a state.
pub(crate) fn state_label(register: &Register, state: &str) -> Label {
    let known =
        register.workflow.as_ref().and_then(|workflow| workflow.states.get(state)).map(|state| state.label.clone());
    known.unwrap_or_else(|| Label { zh: state.to_owned(), en: state.to_owned() })
}

/// The stations that an actor may see, with the zone that each is held against.
pub(crate) fn stations(ledger: &Ledger, actor: &Actor) -> Result<Vec<Station>, ReadError> {
    let Some(register) = StationRecord::register(ledger) else { return Ok(Vec::new()) };
    let query = StationRecord::query().sorted_by(StationRecord::code()).at_most(STATIONS);
    let (zones, night) = (zones(ledger)?, ledger.catalogue().district.night);
    let found = StationRecord::list(ledger, actor, query)?.records;
    Ok(found.into_iter().map(|record| Station::of(record, register, &zones, night)).collect())
}

/// Numbers of the stations that an actor may see; of none where the register is closed to the actor.
pub(crate) fn seen(ledger: &Ledger, actor: &Actor) -> Result<HashSet<String>, ReadError> {
    match stations(ledger, actor) {
        Ok(stations) => Ok(stations.into_iter().map(|station| station.number).collect()),
        Err(ReadError::Forbidden { .. }) => Ok(HashSet::new()),
        Err(error) => Err(error),
    }
}

/// One station, if the actor may see it.
pub(crate) fn station(ledger: &Ledger, actor: &Actor, number: &str) -> Result<Station, ReadError> {
    let record = StationRecord::find(ledger, actor, number)?;
    let unknown = || ReadError::UnknownRegister(StationRecord::REGISTER.to_owned());
    let register = StationRecord::register(ledger).ok_or_else(unknown)?;
    Ok(Station::of(record, register, &zones(ledger)?, ledger.catalogue().district.night))
}

/// The zones of noise. They are public facts by which a station is judged, whoever looks.
fn zones(ledger: &Ledger) -> Result<Zones, ReadError> {
    if NoiseZoneRecord::register(ledger).is_none() {
        return Ok(Zones::new());
    }
    let found = NoiseZoneRecord::list(ledger, &Actor::system("live"), NoiseZoneRecord::query().at_most(STATIONS))?;
    Ok(found.records.into_iter().filter_map(|zone| Some((zone.number.clone(), zone.zone_class.zone()?))).collect())
}
