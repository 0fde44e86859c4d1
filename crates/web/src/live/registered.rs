//! Stations as their register has them: what they are, where they stand, what they should measure and be held against.

use std::collections::{HashMap, HashSet};

use bilan_records::actor::Actor;
use bilan_records::catalogue::{FieldKind, Label, Register};
use bilan_records::ledger::{JsonMap, Ledger, ListQuery, ReadError, Record};
use bilan_standards::noise::{NightHours, NoiseZone};
use bilan_standards::water::WaterClass;
use serde_json::Value as Json;

use super::factors::Factor;

/// More stations than this no district has.
const STATIONS: u64 = 5000;

/// A factor in a station's own list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListedFactor {
    code: String,
    name: String,
    unit: String,
}

/// A station as its record has it.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub(crate) number: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) kind_label: Label,
    pub(crate) state: String,
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
    pub(crate) factors: Vec<ListedFactor>,
}

/// Every zone of noise by its number.
type Zones = HashMap<String, NoiseZone>;

impl Station {
    fn of(record: &Record, register: &Register, zones: &Zones, night: NightHours) -> Self {
        let text = |key: &str| record.values.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let kind = text("kind");
        let state = record.state.clone().unwrap_or_default();
        let listed = record.values.get("factors").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            number: record.number.clone(),
            code: text("code"),
            name: text("name"),
            kind_label: choice_label(register, "kind", &kind),
            kind,
            state_label: state_label(register, &state),
            state,
            cell: record.cell.clone(),
            at: point(&record.values),
            mn: Some(text("mn")).filter(|mn| !mn.is_empty()),
            river: Some(text("river")).filter(|river| !river.is_empty()),
            target: match text("target_class").as_str() {
                "ii" => Some(WaterClass::II),
                "iii" => Some(WaterClass::III),
                "iv" => Some(WaterClass::IV),
                "v" => Some(WaterClass::V),
                _ => None,
            },
            zone: zones.get(&text("noise_zone")).copied(),
            night,
            factors: listed.iter().filter_map(ListedFactor::read).collect(),
        }
    }

    /// Whether its device is expected to report.
    pub(crate) fn reports(&self) -> bool {
        self.mn.is_some() && matches!(self.state.as_str(), "running" | "maintenance")
    }

    /// What a factor is called here.
    pub(crate) fn factor_label(&self, code: &str) -> Label {
        if let Some(factor) = Factor::of(code) {
            return factor.label();
        }
        let own = self.factors.iter().find(|factor| factor.code == code).map_or(code, |factor| factor.name.as_str());
        Label { zh: own.to_owned(), en: own.to_owned() }
    }

    /// The unit in which a factor is reported here.
    pub(crate) fn unit(&self, code: &str) -> &str {
        let own = self.factors.iter().find(|factor| factor.code == code).map(|factor| factor.unit.as_str());
        match own.or_else(|| Factor::of(code).map(|factor| factor.unit)).unwrap_or_default() {
            "无量纲" => "",
            unit => unit,
        }
    }

    /// Whether a factor is reported in mg/m³.
    pub(crate) fn in_milligrams(&self, code: &str) -> bool {
        matches!(self.unit(code), "mg/m³" | "mg/m3")
    }
}

impl ListedFactor {
    fn read(row: &Json) -> Option<Self> {
        let text = |key: &str| row.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        Some(Self { code: text("factor"), name: text("name"), unit: text("unit") })
            .filter(|factor| !factor.code.is_empty())
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

/// The point of a record's place.
pub(crate) fn point(values: &JsonMap) -> Option<[f64; 2]> {
    let place = values.get("place")?;
    Some([place.get("lon")?.as_f64()?, place.get("lat")?.as_f64()?])
}

/// The stations that an actor may see, with the zone that each is held against.
pub(crate) fn stations(ledger: &Ledger, actor: &Actor) -> Result<Vec<Station>, ReadError> {
    let Some(register) = ledger.catalogue().registers.get("station") else { return Ok(Vec::new()) };
    let query = ListQuery { limit: STATIONS, sort: Some(("code".to_owned(), false)), ..ListQuery::of("station") };
    let (zones, night) = (zones(ledger)?, ledger.catalogue().district.night);
    Ok(ledger.list(actor, query)?.records.iter().map(|record| Station::of(record, register, &zones, night)).collect())
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
pub(crate) fn station(ledger: &Ledger, actor: &Actor, number: &str) -> Result<(Station, Record), ReadError> {
    let record = ledger.record(actor, "station", number, None)?;
    let register =
        ledger.catalogue().registers.get("station").ok_or_else(|| ReadError::UnknownRegister("station".to_owned()))?;
    Ok((Station::of(&record, register, &zones(ledger)?, ledger.catalogue().district.night), record))
}

/// The zones of noise. They are public facts by which a station is judged, whoever looks.
fn zones(ledger: &Ledger) -> Result<Zones, ReadError> {
    if !ledger.catalogue().registers.contains_key("noise_zone") {
        return Ok(Zones::new());
    }
    let query = ListQuery { limit: STATIONS, ..ListQuery::of("noise_zone") };
    let records = ledger.list(&Actor::system("live"), query)?.records;
    let zone = |record: &Record| {
        let class = record.values.get("zone_class")?.as_str()?;
        Some((record.number.clone(), NoiseZone::from_key(class.trim_start_matches("zone_"))?))
    };
    Ok(records.iter().filter_map(zone).collect())
}
