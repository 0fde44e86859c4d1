//! How the packets stand that are handed on to another platform.

use jiff::Timestamp;
use serde_json::Value;

use super::view::Moment;
use crate::AppState;
use crate::shell::{Language, Messages};

/// Forwarding, as the page of the devices shows it.
pub(super) struct Forwarding {
    pub(super) to: String,
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) refused: Vec<(String, u64)>,
    pub(super) passed_over: u64,
    pub(super) waiting: u64,
    pub(super) last_answer: Option<Moment>,
    pub(super) fault: Option<&'static str>,
    /// Devices whose packets are refused, with the code; and those whose packets are not answered.
    pub(super) refused_devices: Vec<(String, String)>,
    pub(super) unanswering: Vec<String>,
}

/// `None` where nothing is handed on.
pub(super) fn of(app: &AppState, now: Timestamp, language: Language) -> Option<Forwarding> {
    let state = app.forwarding.as_ref()?();
    let number = |name: &str| state.get(name).and_then(Value::as_u64).unwrap_or(0);
    let text = |name: &str| state.get(name).and_then(Value::as_str);
    let by = |name: &str| state.get(name).and_then(Value::as_object).into_iter().flatten();
    Some(Forwarding {
        to: text("to").unwrap_or_default().to_owned(),
        sent: number("sent"),
        answered: number("answered"),
        refused: by("refused").map(|(code, count)| (code.clone(), count.as_u64().unwrap_or(0))).collect(),
        passed_over: number("passed_over"),
        waiting: number("waiting"),
        last_answer: text("last_answer")
            .and_then(|at| at.parse::<Timestamp>().ok())
            .map(|at| Moment::of(at, now, language)),
        fault: text("fault").map(|fault| {
            language.text(match fault {
                "unreachable" => "live.forward.unreachable",
                "broken" => "live.forward.broken",
                "silent" => "live.forward.silent",
                _ => "live.forward.store",
            })
        }),
        refused_devices: by("refused_devices").map(|(mn, code)| (mn.clone(), code.to_string())).collect(),
        unanswering: state
            .get("unanswering")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|mn| mn.as_str().map(str::to_owned))
            .collect(),
    })
}
