//! One ledger as a list: filter, search, sort, page, as it stood at a moment.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::catalogue::{Catalogue, FieldKind, Register};
use bilan_records::filter::{Filter, written};
use bilan_records::ledger::{Ledger, ListQuery, Page, ReadError, Record, Words};
use bilan_records::value::beijing;
use jiff::Timestamp;

use super::{address, register};
use crate::AppState;
use crate::figures::columns::{Cells, head};
use crate::parameters;
use crate::refusal::Refusal;
use crate::render::page;
use crate::shell::{Language, Messages, Shell};
use crate::visit::{Visit, encoded};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/records/{register}", get(show)).route("/records/{register}/options", get(options))
}

/// Records offered to choose from.
const OPTIONS: u64 = 20;
/// Filters offered as simple controls.
const CONTROLS: usize = 4;
/// What an address of a list may ask for, beside the simple controls `f.FIELD`.
const NAMES: [&str; 8] = ["q", "filter", "from", "to", "as_of", "sort", "page", "cell"];

/// What an address asks of a list.
#[derive(Debug, Default, Clone)]
pub(super) struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// Refuses a name that the list does not take, also one without a value.
    pub fn read(pairs: Vec<(String, String)>, register: &Register) -> Result<Self, Refusal> {
        let is_known = |name: &str| match name.strip_prefix("f.") {
            Some(field) => is_narrowed(register, field),
            None => NAMES.contains(&name),
        };
        pairs.iter().try_for_each(|(name, _)| parameters::known(name, is_known))?;
        let asked = Self { pairs: pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect() };
        parameters::page(asked.get("page"))?;
        // Which fields a list can be sorted by is for the ledger to say; a minus alone names none.
        parameters::value("sort", asked.get("sort"), |sort| (sort != "-").then_some(()))?;
        Ok(asked)
    }

    fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// The simple controls and the condition in words of the filter language, as one condition.
    pub fn filter(&self, register: &Register) -> Option<String> {
        let mut parts: Vec<String> = Vec::new();
        for (key, value) in &self.pairs {
            let Some(field) = key.strip_prefix("f.") else { continue };
            if is_narrowed(register, field) {
                let literal = if matches!(value.as_str(), "true" | "false") { value.clone() } else { quoted(value) };
                parts.push(format!("{field} = {literal}"));
            }
        }
        let is_instant =
            matches!(register.fields.get(&register.date).map(|field| &field.kind), Some(FieldKind::DateTime));
        if !self.get("from").is_empty() {
            parts.push(format!("{} >= {}", register.date, quoted(self.get("from"))));
        }
        if !self.get("to").is_empty() {
            // A day is wholly in: an instant is compared with the last minute of it.
            let end = if is_instant && self.get("to").len() == 10 {
                format!("{}T23:59:59", self.get("to"))
            } else {
                self.get("to").to_owned()
            };
            parts.push(format!("{} <= {}", register.date, quoted(&end)));
        }
        if !self.get("filter").is_empty() {
            parts.push(if parts.is_empty() {
                self.get("filter").to_owned()
            } else {
                format!("({})", self.get("filter"))
            });
        }
        (!parts.is_empty()).then(|| parts.join(" and "))
    }

    /// The box for a day in which stands no day: its name, and what stands there.
    fn wrong_day(&self, register: &Register, catalogue: &Catalogue) -> Option<(&'static str, &str)> {
        ["from", "to"].into_iter().map(|name| (name, self.get(name))).find(|(_, found)| {
            let compared = format!("{} >= {}", register.date, quoted(found));
            !found.is_empty() && Filter::typed(&compared, register, catalogue).is_err()
        })
    }

    /// What is wrong with a box for a day, in the words of the page.
    pub fn day_fault(&self, register: &Register, catalogue: &Catalogue, language: Language) -> Option<String> {
        let (name, found) = self.wrong_day(register, catalogue)?;
        let label = language.text(if name == "from" { "records.from" } else { "records.to" });
        Some(language.fill("records.no_day", &[("field", label), ("found", found)]))
    }

    /// The moment asked for.
    pub fn as_of(&self) -> Result<Option<Timestamp>, Refusal> {
        crate::figures::read_moment(self.get("as_of"))
    }

    fn sort(&self) -> Option<(String, bool)> {
        let text = self.get("sort");
        let (key, is_down) = text.strip_prefix('-').map_or((text, false), |key| (key, true));
        (!key.is_empty()).then(|| (key.to_owned(), is_down))
    }

    fn page(&self) -> u64 {
        // What is none was refused.
        parameters::page(self.get("page")).unwrap_or(1)
    }

    /// The question to the ledger.
    pub fn query(&self, register: &Register) -> Result<ListQuery, Refusal> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(ListQuery {
            register: register.key.clone(),
            filter: self.filter(register),
            search: some(self.get("q")),
            sort: self.sort(),
            offset: (self.page() - 1) * ListQuery::PAGE,
            limit: ListQuery::PAGE,
            as_of: self.as_of()?,
            cell: some(self.get("cell")),
        })
    }

    /// The same question with other values, as the query of an address.
    fn with(&self, changes: &[(&str, &str)]) -> String {
        let kept = self.pairs.iter().filter(|(key, _)| !changes.iter().any(|(name, _)| name == key));
        let kept = kept.map(|(key, value)| (key.as_str(), value.as_str()));
        let all = kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
        let pairs: Vec<String> = all.map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
        pairs.join("&")
    }
}

/// Whether a simple control can ask for a field.
fn is_narrowed(register: &Register, field: &str) -> bool {
    field == "state" || register.fields.contains_key(field)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[derive(Template)]
#[template(path = "records/list.html")]
struct ListPage {
    shell: Shell,
    key: String,
    description: String,
    q: String,
    filter: String,
    from: String,
    to: String,
    cell: String,
    cell_name: String,
    as_of: String,
    as_of_shown: String,
    sort: String,
    controls: Vec<FilterControl>,
    is_filtered: bool,
    heads: Vec<Head>,
    rows: Vec<Row>,
    total: String,
    pages: Option<Pages>,
    fault: Option<String>,
    /// What is wrong with a box for a day.
    wrong_day: Option<String>,
    export: String,
    /// An export holds only what lies within the reader's cell or enterprise.
    confined: bool,
    may_create: bool,
    advanced: bool,
    /// A condition over this register, as an example.
    hint: String,
    /// What can be asked for: the word to write, the name where that is another, and the values to choose from.
    askable: Vec<Askable>,
}

struct Askable {
    word: String,
    name: String,
    values: Vec<String>,
}

struct FilterControl {
    name: String,
    label: String,
    options: Vec<(String, String, bool)>,
}

struct Head {
    label: String,
    address: String,
    /// `ascending`, `descending` or `none`, for `aria-sort`.
    sorted: &'static str,
}

struct Row {
    address: String,
    cells: Vec<Cell>,
}

struct Cell {
    head: String,
    text: String,
    /// Look of a badge for the state.
    badge: &'static str,
    is_first: bool,
}

impl Cell {
    /// Whether it is kept on one line: a moment, a name, a number. A Chinese character is as wide as two letters.
    fn is_short(&self) -> bool {
        self.text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum::<usize>() <= 16
    }
}

struct Pages {
    page: u64,
    last: u64,
    before: Option<String>,
    after: Option<String>,
}

async fn show(
    visit: Visit,
    Path(key): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    let asked = Asked::read(pairs, register)?;
    let language = visit.language;
    // A fault of a box is said beside the box, and not as one of a condition that nobody wrote.
    let wrong_day = asked.day_fault(register, visit.app.catalogue(), language);
    let query = match wrong_day {
        None => asked.query(register)?,
        Some(_) => {
            Asked { pairs: asked.pairs.iter().filter(|(key, _)| key != "from" && key != "to").cloned().collect() }
                .query(register)?
        }
    };
    let (wanted, as_of) = (query.clone(), query.as_of);
    let found = visit
        .read(move |ledger, actor| match ledger.list(actor, wanted.clone()) {
            Ok(page) => {
                Ok((rows(ledger, actor, &wanted, &page, as_of, language), page.total, page.total_is_capped, None))
            }
            // A condition with a mistake leaves the page standing, with the mistake shown.
            Err(ReadError::Filter(why)) => Ok((Vec::new(), 0, false, Some(why.text(language).to_owned()))),
            Err(error) => Err(Refusal::from(error)),
        })
        .await??;
    let (mut rows, mut total, is_capped, fault) = found;
    if wrong_day.is_some() {
        (rows, total) = (Vec::new(), 0);
    }
    let last = total.div_ceil(ListQuery::PAGE);
    if rows.is_empty() && last > 0 && asked.page() > last {
        let address = format!("/records/{key}?{}", asked.with(&[("page", &last.to_string())]));
        return Ok(Redirect::to(&address).into_response());
    }
    let heads = register.list.iter().map(|column| head_of(register, column, &asked, language)).collect();
    let controls = controls(register, &asked, language);
    let is_filtered = query.filter.is_some() || query.search.is_some() || query.cell.is_some();
    let total_text = if is_capped { format!("{total}+") } else { total.to_string() };
    let cell_name = query.cell.as_ref().and_then(|code| visit.app.catalogue().district.cells.get(code));
    let shown = ListPage {
        shell: visit.shell(register.label.text(language)),
        key: key.clone(),
        description: register.description.text(language).to_owned(),
        q: asked.get("q").to_owned(),
        filter: asked.get("filter").to_owned(),
        from: asked.get("from").to_owned(),
        to: asked.get("to").to_owned(),
        cell: asked.get("cell").to_owned(),
        cell_name: cell_name.map(|cell| cell.name.text(language).to_owned()).unwrap_or_default(),
        as_of: asked.get("as_of").to_owned(),
        as_of_shown: as_of.map(|at| beijing(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
        sort: asked.get("sort").to_owned(),
        advanced: fault.is_some() || !asked.get("filter").is_empty() || !asked.get("as_of").is_empty(),
        controls,
        is_filtered,
        heads,
        rows,
        total: total_text,
        pages: pages(&asked, &key, total),
        fault,
        wrong_day,
        export: asked.with(&[("page", "")]),
        confined: visit.actor.scope(register, Act::Read) != Scope::All,
        may_create: visit.actor.scope(register, Act::Create) != Scope::Nothing,
        hint: language.fill("records.condition_hint", &[("example", &example(register, language))]),
        askable: askable(register, language),
    };
    let mut response = page(&shown)?;
    // The same address serves the page and, to scripts, the part that changes.
    response.headers_mut().append("vary", axum::http::HeaderValue::from_static("hx-request"));
    drop(headers);
    Ok(response)
}

fn rows(
    ledger: &Ledger,
    actor: &Actor,
    query: &ListQuery,
    page: &Page,
    as_of: Option<Timestamp>,
    language: Language,
) -> Vec<Row> {
    let Some(register) = ledger.catalogue().registers.get(&query.register) else { return Vec::new() };
    let mut cells = Cells::new(ledger, actor, as_of, language);
    let moment = as_of.map(|at| format!("?as_of={}", encoded(&at.to_string()))).unwrap_or_default();
    let row = |record: &Record| Row {
        address: format!("{}{moment}", address(&register.key, &record.number)),
        cells: register
            .list
            .iter()
            .enumerate()
            .map(|(at, column)| Cell {
                head: head(register, column, language),
                text: cells.cell(register, record, column),
                badge: if column == "state" { super::shown::badge(register, record.state.as_deref()) } else { "" },
                is_first: at == 0,
            })
            .collect(),
    };
    page.records.iter().map(row).collect()
}

fn head_of(register: &Register, column: &str, asked: &Asked, language: Language) -> Head {
    let (sorted, next) = match asked.sort() {
        Some((key, false)) if key == column => ("ascending", format!("-{column}")),
        Some((key, true)) if key == column => ("descending", column.to_owned()),
        _ => ("none", column.to_owned()),
    };
    let query = asked.with(&[("sort", &next), ("page", "")]);
    Head { label: head(register, column, language), address: format!("/records/{}?{query}", register.key), sorted }
}

/// A condition that a person may write of this register: of a choice, and of the date.
fn example(register: &Register, language: Language) -> String {
    let word = |field| written(&register.fields, field, language);
    let choice = register.fields.values().find_map(|field| match &field.kind {
        FieldKind::Choice { choices } => Some((field, choices.values().next()?)),
        _ => None,
    });
    let choice = choice.map(|(field, label)| format!("{} = {}", word(field), quoted(label.text(language))));
    let date = register.fields.get(&register.date).map(|field| format!("{} >= \"2020-06-01\"", word(field)));
    choice.into_iter().chain(date).collect::<Vec<_>>().join(" and ")
}

/// The fields that a condition may name; of personal ones nothing can be asked but whether they are filled.
fn askable(register: &Register, language: Language) -> Vec<Askable> {
    let mut all = Vec::new();
    if let Some(workflow) = &register.workflow {
        let states = workflow.states.values().map(|state| state.label.text(language).to_owned());
        let word = language.text("records.state").to_owned();
        all.push(Askable { name: word.clone(), word, values: states.collect() });
    }
    all.extend(register.fields.values().filter(|field| !field.withheld).map(|field| Askable {
        word: written(&register.fields, field, language).to_owned(),
        name: field.label.text(language).to_owned(),
        values: match &field.kind {
            FieldKind::Choice { choices } | FieldKind::Choices { choices } => {
                choices.values().map(|label| label.text(language).to_owned()).collect()
            }
            _ => Vec::new(),
        },
    }));
    all
}

/// Selects for the state and for the choices among the columns.
fn controls(register: &Register, asked: &Asked, language: Language) -> Vec<FilterControl> {
    let mut controls = Vec::new();
    if let Some(workflow) = &register.workflow {
        let chosen = asked.get("f.state");
        let options = workflow
            .states
            .iter()
            .map(|(key, state)| (key.clone(), state.label.text(language).to_owned(), key == chosen));
        controls.push(FilterControl {
            name: "f.state".to_owned(),
            label: language.text("records.state").to_owned(),
            options: options.collect(),
        });
    }
    for column in register.list.iter().chain(register.fields.keys()) {
        let Some(field) = register.fields.get(column) else { continue };
        let name = format!("f.{column}");
        if controls.len() >= CONTROLS || controls.iter().any(|control| control.name == name) {
            continue;
        }
        if let FieldKind::Choice { choices } = &field.kind {
            let chosen = asked.get(&name);
            let options =
                choices.iter().map(|(key, label)| (key.clone(), label.text(language).to_owned(), key == chosen));
            controls.push(FilterControl {
                label: field.label.text(language).to_owned(),
                options: options.collect(),
                name,
            });
        }
    }
    controls
}

fn pages(asked: &Asked, key: &str, total: u64) -> Option<Pages> {
    let last = total.div_ceil(ListQuery::PAGE).max(1);
    let page = asked.page();
    if last == 1 && page == 1 {
        return None;
    }
    let to = |page: u64| format!("/records/{key}?{}", asked.with(&[("page", &page.to_string())]));
    Some(Pages { page, last, before: (page > 1).then(|| to(page - 1)), after: (page < last).then(|| to(page + 1)) })
}

#[derive(Template)]
#[template(path = "records/options.html")]
struct Options {
    options: Vec<(String, String)>,
    /// The words that were typed, and what says that more records have them: choosing it changes nothing.
    more: Option<(String, &'static str)>,
}

/// Records to choose from, for a field that refers to this register: as options of a `datalist`.
async fn options(
    visit: Visit,
    Path(key): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    let words = pairs.last().map(|(_, value)| value.trim().to_owned()).filter(|words| !words.is_empty());
    let (language, asked) = (visit.language, words.clone());
    let ask = move |ledger: &Ledger, actor: &Actor| -> Result<(Vec<Record>, bool), ReadError> {
        let Some(words) = asked else {
            let page = ledger.list(actor, ListQuery { limit: OPTIONS, ..ListQuery::of(&key) })?;
            return Ok((page.records, false));
        };
        // What is called by the words goes before what only mentions them.
        let found = ledger.find(actor, &key, &Words::of(&words), OPTIONS, language)?;
        let is_part = found.total_is_capped || found.total > found.hits.len() as u64;
        Ok((found.hits.into_iter().map(|hit| hit.record).collect(), is_part))
    };
    let (records, is_part) = visit.read(ask).await??;
    let options = records.into_iter().map(|record| {
        let text = record.title(register).unwrap_or_default().to_owned();
        (record.number, text)
    });
    let more = words.filter(|_| is_part).map(|words| (words, visit.text("records.more_options")));
    page(&Options { options: options.collect(), more })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Asked { pairs: pairs.filter(|(_, value)| !value.trim().is_empty()).collect() }
    }

    #[test]
    fn quotation_marks_in_a_condition_stay_text() {
        assert_eq!(quoted(r#"a" or "b"#), r#""a\" or \"b""#);
    }

    #[test]
    fn a_question_keeps_what_is_not_changed() {
        let asked = asked(&[("q", "夜间 施工"), ("page", "3"), ("sort", "-number"), ("cell", "")]);
        assert_eq!(asked.with(&[("page", "")]), "q=%E5%A4%9C%E9%97%B4%20%E6%96%BD%E5%B7%A5&sort=-number");
        assert_eq!(asked.sort(), Some(("number".to_owned(), true)));
        assert_eq!(asked.page(), 3);
    }
}
