//! “What needs me now” (待办): open warnings, what is due or overdue, what waits for a step of mine.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use bilan_records::actor::Actor;
use bilan_records::catalogue::{Register, Role};
use bilan_records::contract::{Condition, View};
use bilan_records::deadlines::DueSpan;
use bilan_records::ledger::{Ledger, ListQuery};
use bilan_records::value::beijing;
use bilan_records::views::TaskRecord;
use bilan_standards::clock::beijing_day;
use bilan_telemetry::{Store, Warning};
use jiff::ToSpan;

use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Messages, Shell, systems};
use crate::visit::{Visit, encoded};
use crate::{AppState, live, visit};

/// Days ahead that count as due.
const AHEAD: i64 = 7;
/// Records that wait are counted up to here.
const COUNTED: u64 = 1_000;
/// Lines of each list; the rest is a number.
const LINES: usize = 8;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "shell/home.html")]
struct HomePage {
    shell: Shell,
    greeting: String,
    cell: Option<(String, String)>,
    warnings: Vec<WarningLine>,
    warnings_total: usize,
    overdue: Vec<DueLine>,
    overdue_total: Counted,
    due: Vec<DueLine>,
    due_total: Counted,
    waiting: Vec<WaitingLine>,
    tasks: Vec<TaskLine>,
    tasks_total: u64,
    /// Works for the bureau: sees its map, warnings and tasks.
    is_staff: bool,
}

/// How many there are; `1000+` where counting all of them would keep the page waiting.
#[derive(Debug, Clone, Copy)]
struct Counted {
    total: u64,
    is_capped: bool,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.total, if self.is_capped { "+" } else { "" })
    }
}

struct WarningLine {
    text: String,
    level: &'static str,
    level_text: &'static str,
    since: String,
    address: String,
}

struct DueLine {
    title: String,
    number: String,
    label: String,
    due_on: String,
    days: i32,
    register: String,
    address: String,
}

struct WaitingLine {
    system: String,
    label: String,
    count: Counted,
    states: String,
    address: String,
}

struct TaskLine {
    number: String,
    subject: String,
    due_at: String,
    is_late: bool,
    state: String,
    address: String,
}

async fn show(visit: Visit) -> Result<Response, Refusal> {
    let language = visit.language;
    let store = visit.app.observations.clone();
    let found = visit.read(move |ledger, actor| collect(ledger, actor, &store, language)).await??;
    let cell = visit.account.cell.as_ref().map(|code| {
        let district = &visit.app.catalogue().district;
        let name = district.cells.get(code).map_or(code.as_str(), |cell| cell.name.text(language));
        (code.clone(), name.to_owned())
    });
    let greeting = language.fill("shell.home.greeting", &[("name", &visit.account.display_name)]);
    page(&HomePage {
        shell: visit.shell(visit.text("shell.home.title")),
        greeting,
        cell,
        warnings_total: found.warnings.len(),
        warnings: found.warnings.iter().take(LINES).map(|warning| warning_line(warning, language)).collect(),
        overdue_total: found.overdue_total,
        overdue: found.overdue,
        due_total: found.due_total,
        due: found.due,
        waiting: found.waiting,
        tasks: found.tasks,
        tasks_total: found.tasks_total,
        is_staff: visit.actor.is_staff(),
    })
}

struct Found {
    warnings: Vec<Warning>,
    overdue: Vec<DueLine>,
    overdue_total: Counted,
    due: Vec<DueLine>,
    due_total: Counted,
    waiting: Vec<WaitingLine>,
    tasks: Vec<TaskLine>,
    tasks_total: u64,
}

fn collect(ledger: &Ledger, actor: &Actor, store: &Store, language: Language) -> Result<Found, Refusal> {
    let today = beijing_day(ledger.now());
    let until = today.checked_add(AHEAD.days()).unwrap_or(today);
    let seen = live::seen(ledger, actor)?;
    let mut warnings = store.open_warnings()?;
    warnings.retain(|warning| seen.contains(&warning.station));
    warnings.sort_by(|left, right| right.level.cmp(&left.level).then(right.opened_at.cmp(&left.opened_at)));
    // What has just become overdue can still be saved; it comes first.
    let late = DueSpan { from: None, until: today.yesterday().unwrap_or(today), latest_first: true, most: LINES };
    let (overdue, overdue_total) = due_lines(ledger, actor, late, language)?;
    let soon = DueSpan { from: Some(today), until, latest_first: false, most: LINES };
    let (due, due_total) = due_lines(ledger, actor, soon, language)?;
    let (tasks, tasks_total) = tasks(ledger, actor, language)?;
    let waiting = waiting(ledger, actor, language)?;
    Ok(Found { warnings, overdue, overdue_total, due, due_total, waiting, tasks, tasks_total })
}

/// The first clocks that are due in a span of days, and how many there are.
fn due_lines(
    ledger: &Ledger,
    actor: &Actor,
    span: DueSpan,
    language: Language,
) -> Result<(Vec<DueLine>, Counted), Refusal> {
    let due = ledger.due_in(actor, span)?;
    let lines = due.views.into_iter().filter_map(|view| {
        let (day, days) = (view.due_on?, view.days_left?);
        let register = ledger.catalogue().registers.get(&view.register);
        Some(DueLine {
            title: view.title,
            label: view.label.text(language).to_owned(),
            due_on: day.to_string(),
            days: days.abs(),
            register: register.map_or_else(String::new, |register| register.label.text(language).to_owned()),
            address: record_address(&view.register, &view.number),
            number: view.number,
        })
    });
    Ok((lines.collect(), Counted { total: due.total, is_capped: due.total_is_capped }))
}

/// Ledgers with records in a state from which this person may take the next step.
fn waiting(ledger: &Ledger, actor: &Actor, language: Language) -> Result<Vec<WaitingLine>, Refusal> {
    let mut lines = Vec::new();
    for register in ledger.catalogue().registers.values() {
        let states = mine(register, actor);
        if states.is_empty() || register.key == TaskRecord::REGISTER {
            continue;
        }
        let quoted: Vec<String> = states.iter().map(|state| format!("\"{state}\"")).collect();
        let filter = format!("state in ({})", quoted.join(", "));
        let query = ListQuery { filter: Some(filter.clone()), ..ListQuery::of(&register.key) };
        let (total, is_capped) = ledger.count_up_to(actor, &query, COUNTED)?;
        if total > 0 {
            lines.push(WaitingLine {
                system: systems::label(&register.system, language).to_owned(),
                label: register.label.text(language).to_owned(),
                count: Counted { total, is_capped },
                states: state_names(register, &states, language),
                address: format!("/records/{}?filter={}", register.key, encoded(&filter)),
            });
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.count.total));
    Ok(lines)
}

/// Open states of a register from which the actor's parts may take a step. An administrator may take all and is bothered with none.
fn mine<'r>(register: &'r Register, actor: &Actor) -> Vec<&'r str> {
    let Some(workflow) = &register.workflow else { return Vec::new() };
    let may = |roles: &[Role]| actor.roles.iter().any(|role| *role != Role::Admin && roles.contains(role));
    let is_mine = |state: &str| {
        workflow
            .steps
            .values()
            .any(|step| step.from.iter().any(|from| from == state) && step.to != state && may(&step.roles))
    };
    workflow.states.iter().filter(|(key, state)| !state.closed && is_mine(key)).map(|(key, _)| key.as_str()).collect()
}

fn state_names(register: &Register, states: &[&str], language: Language) -> String {
    let names = states
        .iter()
        .filter_map(|state| register.workflow.as_ref()?.states.get(*state).map(|state| state.label.text(language)));
    names.collect::<Vec<_>>().join(language.text("shell.list_comma"))
}

/// Open tasks that the actor sees: for a grid member, those of the own cell.
fn tasks(ledger: &Ledger, actor: &Actor, language: Language) -> Result<(Vec<TaskLine>, u64), Refusal> {
    let Some(register) = TaskRecord::register(ledger) else { return Ok((Vec::new(), 0)) };
    // What is due first stands first, and what has no deadline last.
    let due = TaskRecord::due_at();
    let asked =
        |condition| TaskRecord::query().only(Condition::is_open()).only(condition).sorted_by(due).at_most(LINES as u64);
    let page = match TaskRecord::list(ledger, actor, asked(due.is_filled())) {
        Ok(mut page) => {
            let rest = TaskRecord::list(ledger, actor, asked(due.is_empty()))?;
            page.records.extend(rest.records);
            page.records.truncate(LINES);
            page.total += rest.total;
            page
        }
        // A part without tasks has an empty list, not a refused page.
        Err(bilan_records::ledger::ReadError::Forbidden { .. }) => return Ok((Vec::new(), 0)),
        Err(error) => return Err(error.into()),
    };
    let now = ledger.now();
    let lines = page.records.into_iter().map(|task| {
        let due = task.due_at;
        TaskLine {
            due_at: due.map(|due| beijing(due).strftime("%m-%d %H:%M").to_string()).unwrap_or_default(),
            is_late: due.is_some_and(|due| due < now),
            state: state_names(register, &[&task.state], language),
            address: record_address(TaskRecord::REGISTER, &task.number),
            number: task.number,
            subject: task.fields.subject,
        }
    });
    Ok((lines.collect(), page.total))
}

fn warning_line(warning: &Warning, language: Language) -> WarningLine {
    let message = match language {
        Language::Chinese => &warning.message.zh,
        Language::English => &warning.message.en,
    };
    let (level, text) = match warning.level.name() {
        "alarm" => ("bad", "shell.level.alarm"),
        "warning" => ("warn", "shell.level.warning"),
        _ => ("info", "shell.level.info"),
    };
    WarningLine {
        text: message.clone(),
        level,
        level_text: language.text(text),
        since: beijing(warning.opened_at).strftime("%m-%d %H:%M").to_string(),
        address: format!("/stations/{}", visit::encoded(&warning.station)),
    }
}

fn record_address(register: &str, number: &str) -> String {
    format!("/records/{register}/{}", encoded(number))
}
