//! Pieces that several live pages show: a verdict, a time, how long ago, a warning.

use std::sync::Arc;

use bilan_records::actor::Actor;
use bilan_records::contract::{Refers, View};
use bilan_records::ledger::Ledger;
use bilan_records::value::beijing;
use bilan_records::views::{TaskRecord, WarningRecord, WarningStep};
use bilan_telemetry::{Observation, Store, Warning};
use jiff::{SignedDuration, Timestamp};

use super::condition::{Condition, ConditionError, Desk, Snapshot};
use super::registered::Station;
use super::verdict::Verdict;
use crate::refusal::Refusal;
use crate::shell::Language;
use crate::state::AppState;
use crate::visit::Visit;
use crate::waiting;

/// Answers a question to both planes on a thread where waiting is allowed.
pub(super) async fn ask<T: Send + 'static>(
    visit: &Visit,
    question: impl FnOnce(&AppState, &Actor) -> Result<T, ConditionError> + Send + 'static,
) -> Result<T, Refusal> {
    let (app, actor) = (visit.app.clone(), visit.actor.clone());
    match waiting::while_asked(move || question(&app, &actor)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(refused(error)),
        Err(error) => Err(error.into()),
    }
}

/// A question that failed, as a page tells it.
pub(crate) fn refused(error: ConditionError) -> Refusal {
    match error {
        ConditionError::Read(error) => error.into(),
        ConditionError::Store(error) => error.into(),
    }
}

/// How all stations are now, and which of them the visitor may see.
pub(super) fn visible(
    desk: &Desk,
    app: &AppState,
    actor: &Actor,
) -> Result<(Arc<Snapshot>, Vec<String>), ConditionError> {
    let numbers = super::registered::stations(&app.ledger, actor)?.into_iter().map(|station| station.number).collect();
    Ok((snapshot(desk, &app.ledger, &app.observations)?, numbers))
}

/// How all stations are now.
pub(crate) fn snapshot(desk: &Desk, ledger: &Ledger, store: &Store) -> Result<Arc<Snapshot>, ConditionError> {
    desk.snapshot(ledger, store)
}

/// A verdict as a page shows it.
#[derive(Debug, Clone)]
pub(crate) struct VerdictView {
    pub(crate) short: String,
    pub(crate) word: String,
    pub(crate) detail: String,
    pub(crate) basis: String,
    pub(crate) tone: String,
    pub(crate) exceeded: bool,
    pub(crate) provisional: bool,
    /// The hour in Beijing time: `20:00–21:00`.
    pub(crate) hour: String,
}

impl VerdictView {
    pub(crate) fn of(verdict: &Verdict, language: Language) -> Self {
        let begins = beijing(verdict.begins);
        let ends = beijing(verdict.begins + SignedDuration::from_hours(1));
        Self {
            short: verdict.short.clone(),
            word: beside(&verdict.short, verdict.word.text(language)),
            detail: verdict.detail.text(language).to_owned(),
            basis: verdict.basis.text(language).to_owned(),
            tone: verdict.tone.clone(),
            exceeded: verdict.exceeded,
            provisional: verdict.provisional,
            hour: format!("{}–{}", begins.strftime("%H:%M"), ends.strftime("%H:%M")),
        }
    }
}

/// A word that stands beside its short form does not say it again: Ⅲ beside Ⅲ类 is Ⅲ 类.
fn beside(short: &str, word: &str) -> String {
    match word.strip_prefix(short) {
        Some(rest) if !short.is_empty() && !rest.trim().is_empty() => rest.trim_start().to_owned(),
        _ => word.to_owned(),
    }
}

/// A moment with its machine-readable form.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// For the `datetime` attribute.
    pub(crate) iso: String,
    /// Beijing time for people.
    pub(crate) text: String,
    /// How long before now.
    pub(crate) ago: String,
}

impl Moment {
    pub(crate) fn of(at: Timestamp, now: Timestamp, language: Language) -> Self {
        let here = beijing(at);
        let same_day = beijing(now).date() == here.date();
        let text = here.strftime(if same_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string();
        Self { iso: bilan_records::value::beijing_text(at), text, ago: ago(at, now, language) }
    }
}

/// How long something has lasted, in the largest unit that says enough.
pub(super) fn lasted(from: Timestamp, to: Timestamp, language: Language) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let (years, of_the_year) = (days / 365, days % 365);
    match language {
        Language::Chinese if years > 1 => format!("{years}年{of_the_year}天"),
        Language::Chinese if days > 0 => format!("{days}天{}小时", hours % 24),
        Language::Chinese if hours > 0 => format!("{hours}小时{}分", minutes % 60),
        Language::Chinese if minutes > 0 => format!("{minutes}分钟"),
        Language::Chinese => format!("{seconds}秒"),
        Language::English if years > 1 => format!("{years} y {of_the_year} d"),
        Language::English if days > 0 => format!("{days} d {} h", hours % 24),
        Language::English if hours > 0 => format!("{hours} h {} min", minutes % 60),
        Language::English if minutes > 0 => format!("{minutes} min"),
        Language::English => format!("{seconds} s"),
    }
}

fn ago(at: Timestamp, now: Timestamp, language: Language) -> String {
    if at > now {
        return lasted(at, at, language);
    }
    let lasted = lasted(at, now, language);
    match language {
        Language::Chinese => format!("{lasted}前"),
        Language::English => format!("{lasted} ago"),
    }
}

/// A station in a row: what it is and how it is.
#[derive(Debug, Clone)]
pub(crate) struct StationRow {
    pub(crate) number: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) kind_label: String,
    pub(crate) state: String,
    pub(crate) running: bool,
    pub(crate) silent: bool,
    pub(crate) heard: Option<Moment>,
    pub(crate) verdict: Option<VerdictView>,
    /// Why a warning is open although the newest value is within the limits, where that is so.
    pub(crate) warned: Option<String>,
    /// Newest values: name, value with unit, whether it counts.
    pub(crate) values: Vec<(String, String, bool)>,
}

/// Factors shown in a row, the most telling first.
const IN_A_ROW: usize = 6;

impl StationRow {
    /// The row as everybody may see it: only factors that have a name, in the station's list or in the table of the program. What a device calls otherwise is a matter of
    /// the bureau.
    pub(crate) fn published(station: &Station, condition: &Condition, now: Timestamp, language: Language) -> Self {
        Self::with(station, condition, now, language, |code| station.names(code))
    }

    pub(crate) fn of(station: &Station, condition: &Condition, now: Timestamp, language: Language) -> Self {
        Self::with(station, condition, now, language, |_| true)
    }

    fn with(
        station: &Station,
        condition: &Condition,
        now: Timestamp,
        language: Language,
        is_shown: impl Fn(&str) -> bool,
    ) -> Self {
        let mut latest: Vec<_> = condition.latest.iter().filter(|value| is_shown(&value.series.factor)).collect();
        latest.sort_by_key(|value| super::factors::rank(&value.series.factor));
        let value = |value: &&Observation| {
            let code = &value.series.factor;
            let name = station.factor_label(code).text(language).to_owned();
            let is_possible = super::factors::is_possible(code, value.value);
            let text = format!("{} {}", as_number(value), station.unit(code)).trim_end().to_owned();
            (name, text, value.is_valid() && is_possible)
        };
        Self {
            number: station.number.clone(),
            code: station.code.clone(),
            name: station.name.clone(),
            kind: station.kind.key().to_owned(),
            kind_label: station.kind_label.text(language).to_owned(),
            state: station.state_label.text(language).to_owned(),
            running: station.reports(),
            silent: condition.silent,
            heard: condition.last_heard.map(|heard| Moment::of(heard, now, language)),
            verdict: condition.verdict().map(|verdict| VerdictView::of(verdict, language)),
            warned: None,
            values: latest.iter().take(IN_A_ROW).map(value).collect(),
        }
    }
}

/// A value as people write numbers: as the device wrote it, where that is plain; of any other spelling (`1e1`, `+07.20`, twenty digits) the number.
pub(super) fn as_number(value: &Observation) -> String {
    let text = value.text.as_str();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_digits = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = is_digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(is_digits);
    if is_plain { text.to_owned() } else { trimmed(&format!("{:.6}", value.value)) }
}

/// An open warning with the records that came of it.
#[derive(Debug, Clone)]
pub(super) struct WarningRow {
    pub(super) level: &'static str,
    pub(super) label: String,
    pub(super) message: String,
    pub(super) station: String,
    pub(super) station_name: String,
    /// Code of the factor that it is about.
    pub(super) factor: Option<String>,
    pub(super) opened: Moment,
    pub(super) lasted: String,
    pub(super) value: String,
    pub(super) threshold: String,
    pub(super) peak: String,
    /// Number of its record, where the visitor may see it.
    pub(super) record: Option<String>,
    /// State of its record.
    pub(super) state: Option<String>,
    /// Number of its task.
    pub(super) task: Option<String>,
    /// Number of the record with which the event began, if this one only goes on it.
    pub(super) part_of: Option<String>,
    /// Version of the record, if the visitor may acknowledge it now.
    pub(super) acknowledge: Option<i64>,
}

impl WarningRow {
    /// A warning with its record and task, as far as the actor may see them.
    pub(super) fn of(
        warning: &Warning,
        ledger: &Ledger,
        actor: &Actor,
        now: Timestamp,
        language: Language,
    ) -> Result<Self, ConditionError> {
        let record = match ledger.bridged(WarningRecord::REGISTER, &warning.id)? {
            Some(number) => ledger.record(actor, WarningRecord::REGISTER, &number, None).ok(),
            None => None,
        };
        let task = ledger.bridged(TaskRecord::REGISTER, &warning.id)?;
        let task = task.filter(|number| ledger.record(actor, TaskRecord::REGISTER, number, None).is_ok());
        let acknowledge =
            record.as_ref().filter(|record| WarningRecord::may(ledger, actor, record, WarningStep::Acknowledge));
        let register = WarningRecord::register(ledger);
        let event = match &record {
            Some(record) => WarningRecord::read(record)?.fields.event,
            None => None,
        };
        let state = record.as_ref().zip(register).map(|(record, register)| {
            let state = record.state.as_deref().unwrap_or_default();
            super::registered::state_label(register, state).text(language).to_owned()
        });
        let number = |value: f64| format!("{} {}", shortest(value), language.unit(&warning.unit)).trim_end().to_owned();
        let text = |text: &bilan_telemetry::Text| match language {
            Language::Chinese => text.zh.clone(),
            Language::English => text.en.clone(),
        };
        Ok(Self {
            level: warning.level.name(),
            label: text(&warning.label),
            message: text(&warning.message),
            station: warning.station.clone(),
            station_name: warning.station_name.clone(),
            factor: Some(warning.factor.clone()).filter(|factor| !factor.is_empty()),
            opened: Moment::of(warning.opened_at, now, language),
            lasted: lasted(warning.opened_at, now, language),
            value: number(warning.value),
            threshold: number(warning.threshold),
            peak: number(warning.peak),
            state,
            task,
            part_of: event.map(Refers::into_number),
            acknowledge: acknowledge.map(|record| record.version),
            record: record.map(|record| record.number),
        })
    }

    /// Name of its badge.
    pub(super) fn badge(&self) -> &'static str {
        match self.level {
            "alarm" => "badge-bad",
            "warning" => "badge-warn",
            _ => "badge-info",
        }
    }
}

/// A number with at most three decimals and no nought at the end.
pub(super) fn shortest(value: f64) -> String {
    trimmed(&format!("{value:.3}"))
}

fn trimmed(decimal: &str) -> String {
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_unit_that_says_enough() {
        let from = Timestamp::UNIX_EPOCH;
        let after = |seconds| Timestamp::from_second(seconds).unwrap();
        for (seconds, zh, en) in [
            (5, "5秒", "5 s"),
            (125, "2分钟", "2 min"),
            (3_725, "1小时2分", "1 h 2 min"),
            (90_000, "1天1小时", "1 d 1 h"),
            (400 * 86_400, "400天0小时", "400 d 0 h"),
            (1_164_640_658, "36年339天", "36 y 339 d"),
        ] {
            assert_eq!(lasted(from, after(seconds), Language::Chinese), zh);
            assert_eq!(lasted(from, after(seconds), Language::English), en);
        }
    }

    #[test]
    fn numbers_lose_their_noughts() {
        assert_eq!([beside("劣Ⅴ", "劣Ⅴ类"), beside("58", "良"), beside("Ⅲ", "class Ⅲ")], ["类", "良", "class Ⅲ"]);
        assert_eq!(shortest(2.0), "2");
        assert_eq!(shortest(0.420), "0.42");
        assert_eq!(shortest(150.0), "150");
    }

    #[test]
    fn values_are_written_as_numbers_however_the_device_spells_them() {
        let shown = |text: &str| {
            as_number(&Observation {
                series: bilan_telemetry::Series::main("S", "w21003", bilan_telemetry::Kind::Realtime),
                at: Timestamp::UNIX_EPOCH,
                period_s: 0,
                value: text.parse().unwrap(),
                text: text.to_owned(),
                flag: None,
                reviewed: None,
            })
        };
        for plain in ["35", "35.0", "-0.50", "7.21", "0"] {
            assert_eq!(shown(plain), plain);
        }
        let others = ["1e1", "+7.2", "07.20", ".5", "235.28184240990412", "4E-5", "5."].map(shown);
        assert_eq!(others, ["10", "7.2", "7.2", "0.5", "235.281842", "0.00004", "5"]);
    }
}
