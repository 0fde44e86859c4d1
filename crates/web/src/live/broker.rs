//! How the connection to a broker of MQTT stands.

use jiff::Timestamp;
use serde_json::Value;

use super::view::Moment;
use crate::AppState;
use crate::shell::Language;

/// A connection, as the page of the devices shows it.
pub(super) struct Broker {
    pub(super) broker: String,
    pub(super) topic: String,
    pub(super) is_up: bool,
    pub(super) since: Option<Moment>,
    pub(super) failures: u64,
    pub(super) reports: u64,
}

/// `None` where reports come in no such way.
pub(super) fn of(app: &AppState, now: Timestamp, language: Language) -> Option<Broker> {
    let state = app.broker.as_ref()?();
    let number = |name: &str| state.get(name).and_then(Value::as_u64).unwrap_or(0);
    let text = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or_default();
    Some(Broker {
        broker: text("broker").to_owned(),
        topic: text("topic").to_owned(),
        is_up: state.get("is_up").and_then(Value::as_bool).unwrap_or(false),
        since: text("since").parse::<Timestamp>().ok().map(|at| Moment::of(at, now, language)),
        failures: number("failures"),
        reports: number("reports"),
    })
}
