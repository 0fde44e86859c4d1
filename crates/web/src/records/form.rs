//! Entering and changing a record: every fault beside its box, nothing typed is lost, two people do not overwrite each other.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bilan_records::actor::{Act, Actor, Scope};
use bilan_records::attachments::NewFile;
use bilan_records::catalogue::{Field, Register};
use bilan_records::ledger::{
    FieldDifference, FieldFault, FieldFaults, JsonMap, Key, Ledger, Write, WriteError, path_label,
};
use jiff::SignedDuration;
use serde_json::Value as Json;

use super::attached::{choose_again, read_files, wrong_files};
use super::control::{Control, controls, is_entered, values};
use super::{address, register, shown};
use crate::AppState;
use crate::api::problem::Problem;
use crate::people::People;
use crate::refusal::Refusal;
use crate::render::page;
use crate::security::set_cookie;
use crate::shell::{Language, Messages, Shell};
use crate::submission::Submission;
use crate::visit::{Visit, encoded};
use crate::waiting;

/// For so long the same content from the same person is taken for one thing sent twice.
const JUST_SAVED: SignedDuration = SignedDuration::from_mins(10);
/// Cookie that says on the page of a record that its form had been saved before.
pub(super) const SAVED: &str = "bilan_saved";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/records/{register}/new", get(new).post(create))
        .route("/records/{register}/{number}/edit", get(edit).post(change))
}

#[derive(Template)]
#[template(path = "records/form.html")]
struct FormPage {
    shell: Shell,
    ledger_label: String,
    back: String,
    action: String,
    version: Option<i64>,
    idempotency_key: String,
    controls: Vec<Control>,
    faults: Vec<(String, String)>,
    differences: Vec<Difference>,
    fault: Option<String>,
    notice: Option<String>,
    /// The files that must be chosen again.
    choose_again: Option<String>,
    /// A record of the same content that was entered a moment ago: its number and address.
    same: Option<(String, String)>,
}

/// A field that somebody else changed meanwhile.
struct Difference {
    label: String,
    base: String,
    yours: String,
    theirs: String,
    by: String,
    /// Both changed it, each in their own way.
    clashes: bool,
}

/// What a form is drawn from.
struct Draft {
    number: Option<String>,
    version: Option<i64>,
    values: JsonMap,
    faults: FieldFaults,
    differences: Vec<FieldDifference>,
    fault: Option<String>,
    notice: Option<String>,
    same: Option<String>,
    idempotency_key: Option<String>,
    /// Names of the files that were chosen.
    files: Vec<String>,
}

impl Draft {
    fn new(number: Option<String>, version: Option<i64>, values: JsonMap) -> Self {
        let (faults, differences) = (FieldFaults(Vec::new()), Vec::new());
        Self {
            number,
            version,
            values,
            faults,
            differences,
            fault: None,
            notice: None,
            same: None,
            idempotency_key: None,
            files: Vec::new(),
        }
    }
}

fn drawn(visit: &Visit, register: &Register, draft: Draft, status: StatusCode) -> Result<Response, Refusal> {
    let language = visit.language;
    let label = register.label.text(language).to_owned();
    let fields = offered(register);
    let title = match &draft.number {
        Some(number) => format!("{} {number}", visit.text("records.edit")),
        None => language.fill("records.new_of", &[("ledger", &label)]),
    };
    let shell = visit.shell(title);
    let people = People::of(&visit.app, language)?;
    let named = |fault: &FieldFault| {
        let why = if language == Language::Chinese { &fault.why_zh } else { &fault.why };
        (path_label(register, &fault.field, language), why.clone())
    };
    let form = FormPage {
        ledger_label: label,
        back: draft
            .number
            .as_ref()
            .map_or_else(|| format!("/records/{}", register.key), |number| address(&register.key, number)),
        action: match &draft.number {
            Some(number) => format!("{}/edit", address(&register.key, number)),
            None => format!("/records/{}/new", register.key),
        },
        version: draft.version,
        idempotency_key: draft.idempotency_key.unwrap_or_else(|| shell.idempotency_key()),
        controls: controls(register, &fields, &draft.values, &draft.faults, language),
        faults: draft.faults.0.iter().map(named).collect(),
        differences: draft.differences.iter().map(|difference| compared(difference, register, &people)).collect(),
        fault: draft.fault,
        notice: draft.notice,
        choose_again: choose_again(&draft.files, language),
        same: draft.same.map(|number| (number.clone(), address(&register.key, &number))),
        shell,
    };
    Ok((status, page(&form)?).into_response())
}

fn offered(register: &Register) -> Vec<&Field> {
    register.fields.values().filter(|field| is_entered(field)).collect()
}

fn compared(difference: &FieldDifference, register: &Register, people: &People) -> Difference {
    let language = people.language;
    let field = register.fields.get(&difference.field);
    let text = |json: &Json| match (json.get("masked").and_then(Json::as_str), field) {
        (Some(masked), _) => masked.to_owned(),
        (None, Some(field)) => shown::named(field, json, people),
        (None, None) if difference.field == "state" => state_name(register, json, language),
        (None, None) => json.as_str().map_or_else(|| json.to_string(), str::to_owned),
    };
    let yours = difference.yours.as_ref().map(&text);
    let clashes =
        yours.as_ref().is_some_and(|yours| *yours != text(&difference.theirs) && *yours != text(&difference.base));
    let label = match difference.field.as_str() {
        "state" => language.text("records.state"),
        key => field.map_or(key, |field| field.label.text(language)),
    };
    Difference {
        label: label.to_owned(),
        base: text(&difference.base),
        yours: yours.unwrap_or_default(),
        theirs: text(&difference.theirs),
        by: people.name(&difference.by).to_owned(),
        clashes,
    }
}

fn state_name(register: &Register, json: &Json, language: Language) -> String {
    let key = json.as_str().unwrap_or_default();
    let state = register.workflow.as_ref().and_then(|workflow| workflow.states.get(key));
    state.map_or(key, |state| state.label.text(language)).to_owned()
}

/// An empty form; the address may fill in fields (`?station=ZD2020001`), as a page does that belongs to the record in question.
async fn new(
    visit: Visit,
    Path(key): Path<String>,
    Query(filled): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register, Act::Create)?;
    // A value of several parts is given part by part: `place.lon`.
    let is_field = |name: &str| name.split('.').next().is_some_and(|field| register.fields.contains_key(field));
    filled.iter().try_for_each(|(name, _)| crate::parameters::known(name, is_field))?;
    let filled = Submission { fields: filled, files: Vec::new() };
    let mut given = values(&offered(register), &filled);
    given.retain(|_, value| !bilan_records::value::is_blank(value));
    drawn(&visit, register, Draft::new(None, None, given), StatusCode::OK)
}

fn allowed(visit: &Visit, register: &Register, act: Act) -> Result<(), Refusal> {
    if visit.actor.scope(register, act) == Scope::Nothing {
        return Err(Refusal::NoRight { verb: act.verb().to_owned(), register: register.key.clone() });
    }
    Ok(())
}

async fn create(visit: Visit, Path(key): Path<String>, form: Submission) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register, Act::Create)?;
    let mut given = values(&offered(register), &form);
    given.retain(|_, value| !bilan_records::value::is_blank(value));
    // A person who says that it is another thing of the same content may enter it.
    let is_another = form.filled("another").is_some();
    let unique = form.key().map(|key| if is_another { key } else { key.alone_for(JUST_SAVED) });
    let (kept, name) = (given.clone(), key.clone());
    let (faults, files, form) = files_of(&visit, register, form).await?;
    if !faults.0.is_empty() {
        return refused(&visit, register, Draft { faults, ..Draft::new(None, None, given) }, &form);
    }
    let write = Write { key: unique, files, ..Write::default() };
    let made = visit
        .write(move |ledger, actor| {
            let was_written = written_before(ledger, actor, write.key.as_ref())?;
            Ok::<_, WriteError>((ledger.create(actor, &name, given, write)?, was_written))
        })
        .await?;
    match made {
        Ok((record, was_written)) => Ok(saved(&visit, &key, &record.number, was_written)),
        Err(WriteError::SameContent { number, .. }) => {
            let draft = Draft { same: Some(number), files: form.file_names(), ..Draft::new(None, None, kept) };
            drawn(&visit, register, draft, StatusCode::CONFLICT)
        }
        Err(WriteError::KeyReused { number, .. }) => {
            let fault = visit.language.fill("records.form_used", &[("number", &number)]);
            let draft = Draft { fault: Some(fault), files: form.file_names(), ..Draft::new(None, None, kept) };
            drawn(&visit, register, draft, StatusCode::CONFLICT)
        }
        Err(WriteError::Invalid { faults }) => {
            refused(&visit, register, Draft { faults, ..Draft::new(None, None, kept) }, &form)
        }
        Err(error) => other(&visit, register, error, Draft::new(None, None, kept), &form),
    }
}

async fn edit(visit: Visit, Path((key, number)): Path<(String, String)>) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register, Act::Edit)?;
    let record = visit.read(move |ledger, actor| ledger.record(actor, &key, &number, None)).await??;
    drawn(
        &visit,
        register,
        Draft::new(Some(record.number.clone()), Some(record.version), record.external()),
        StatusCode::OK,
    )
}

async fn change(
    visit: Visit,
    Path((key, number)): Path<(String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    allowed(&visit, register, Act::Edit)?;
    let version: i64 = form.get("version").and_then(|text| text.parse().ok()).ok_or(Refusal::Broken)?;
    let given = values(&offered(register), &form);
    let masks = masks(&visit, register, &number).await?;
    // A personal field that was left empty keeps what stands in it, and its form says so again.
    let kept = |values: &JsonMap| masks.clone().into_iter().chain(values.clone()).collect::<JsonMap>();
    let draft = |faults| Draft { faults, ..Draft::new(Some(number.clone()), Some(version), kept(&given)) };
    let (faults, uploads, form) = files_of(&visit, register, form).await?;
    if !faults.0.is_empty() {
        return refused(&visit, register, draft(faults), &form);
    }
    let write = Write { files: uploads, ..form.write() };
    let (name, asked, changes) = (key.clone(), number.clone(), given.clone());
    let changed = visit
        .write(move |ledger, actor| {
            let was_written = written_before(ledger, actor, write.key.as_ref())?;
            let record = ledger.edit(actor, &name, &asked, version, changes, write)?;
            Ok::<_, WriteError>((record, was_written))
        })
        .await?;
    match changed {
        Ok((record, was_written)) => Ok(saved(&visit, &key, &record.number, was_written)),
        Err(WriteError::KeyReused { .. }) => {
            // The form was saved and then changed: it starts from the version that it made itself.
            let fault = visit.text("records.edit_used").to_owned();
            let draft = Draft { fault: Some(fault), files: form.file_names(), ..draft(FieldFaults(Vec::new())) };
            drawn(&visit, register, draft, StatusCode::CONFLICT)
        }
        Err(WriteError::Invalid { faults }) => refused(&visit, register, draft(faults), &form),
        Err(WriteError::Stale { current, theirs, .. }) => {
            let mut values = given.clone();
            for difference in &theirs {
                // Where only the other person changed something, their text is kept; where both did, the own one stays in the box.
                let mine_too = difference.yours.as_ref().is_some_and(|yours| !same(register, difference, yours));
                if !mine_too {
                    values.insert(difference.field.clone(), difference.theirs.clone());
                }
            }
            let values = kept(&values);
            let files = form.file_names();
            let draft = Draft { differences: theirs, files, ..Draft::new(Some(number), Some(current), values) };
            drawn(&visit, register, draft, StatusCode::CONFLICT)
        }
        Err(error) => other(&visit, register, error, draft(FieldFaults(Vec::new())), &form),
    }
}

/// The personal fields of a record as its form shows them.
async fn masks(visit: &Visit, register: &Register, number: &str) -> Result<JsonMap, Refusal> {
    let (key, number) = (register.key.clone(), number.to_owned());
    let record = visit.read(move |ledger, actor| ledger.record(actor, &key, &number, None)).await??;
    let is_personal = |key: &String| register.fields.get(key).is_some_and(|field| field.personal);
    Ok(record.external().into_iter().filter(|(key, _)| is_personal(key)).collect())
}

/// Whether what the form sent for a field is what stood there when the form was made.
fn same(register: &Register, difference: &FieldDifference, yours: &Json) -> bool {
    let Some(field) = register.fields.get(&difference.field) else { return true };
    shown::text(field, yours, Language::Chinese) == shown::text(field, &difference.base, Language::Chinese)
}

/// Whether something was written under the key of a form before.
pub(super) fn written_before(ledger: &Ledger, actor: &Actor, key: Option<&Key>) -> Result<bool, WriteError> {
    Ok(key.map(|key| ledger.written_under(key, &actor.name)).transpose()?.flatten().is_some())
}

/// To the page of a record that was saved; one that a form had saved before is said to be.
pub(super) fn saved(visit: &Visit, register: &str, number: &str, was_written: bool) -> Response {
    let mut response = Redirect::to(&address(register, number)).into_response();
    if was_written {
        set_cookie(&mut response, &visit.app, SAVED, &encoded(number), Some(60));
    }
    response
}

/// The form again as it was sent when the session had ended.
pub(crate) async fn resumed(
    visit: &Visit,
    key: &str,
    number: Option<&str>,
    typed: &crate::draft::Draft,
) -> Result<Response, Refusal> {
    let register = register(visit, key)?;
    allowed(visit, register, if number.is_some() { Act::Edit } else { Act::Create })?;
    let mut given = values(&offered(register), &typed.fields);
    if let Some(number) = number {
        // Who may no longer see the record is not shown it by way of its form.
        let (key, number) = (key.to_owned(), number.to_owned());
        let record = visit.read(move |ledger, actor| ledger.record(actor, &key, &number, None)).await??;
        let files = record.external().into_iter().filter(|(key, _)| !given.contains_key(key)).collect::<Vec<_>>();
        given.extend(files);
    } else {
        given.retain(|_, value| !bilan_records::value::is_blank(value));
    }
    let version = typed.fields.get("version").and_then(|text| text.parse().ok());
    let draft = Draft {
        notice: Some(typed.notice(visit)),
        idempotency_key: typed.fields.idempotency_key(),
        ..Draft::new(number.map(str::to_owned), version, given)
    };
    drawn(visit, register, draft, StatusCode::OK)
}

/// The form again, with the same key: once its faults are mended it is still one record.
fn refused(visit: &Visit, register: &Register, draft: Draft, form: &Submission) -> Result<Response, Refusal> {
    let draft = Draft { idempotency_key: form.idempotency_key(), files: form.file_names(), ..draft };
    drawn(visit, register, draft, StatusCode::UNPROCESSABLE_ENTITY)
}

/// A refusal that is about no single field, in words above the form.
fn other(
    visit: &Visit,
    register: &Register,
    error: WriteError,
    draft: Draft,
    form: &Submission,
) -> Result<Response, Refusal> {
    match error {
        WriteError::Attachment { .. } | WriteError::ReasonMissing(_) => refused(
            visit,
            register,
            Draft {
                fault: Some(Problem::of_write(error, Some(register)).on_page(visit.language, visit.app.catalogue())),
                ..draft
            },
            form,
        ),
        error => Err(error.into()),
    }
}

/// What is wrong with the files of a form, the files where nothing is, and the form again.
pub(super) async fn files_of(
    visit: &Visit,
    register: &Register,
    form: Submission,
) -> Result<(FieldFaults, Vec<NewFile>, Submission), Refusal> {
    let (app, key) = (visit.app.clone(), register.key.clone());
    let looked = waiting::while_asked(move || {
        let Some(register) = app.catalogue().registers.get(&key) else {
            return Ok((FieldFaults(Vec::new()), Vec::new(), form));
        };
        let faults = wrong_files(register, &form.files)?;
        let files = if faults.0.is_empty() { read_files(register, &form.files)? } else { Vec::new() };
        Ok::<_, std::io::Error>((faults, files, form))
    });
    Ok(looked.await??)
}
