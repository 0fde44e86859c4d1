//! What is done to a record: a step of its workflow, deleting it, looking at a personal field.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use bilan_records::ledger::{FieldFaults, Write, WriteError};

use super::attached::choose_again;
use super::control::values;
use super::form::{files_of, saved, written_before};
use super::record::{Extra, RefusedStep, shown};
use super::seen::Seen;
use super::{address, register};
use crate::AppState;
use crate::api::problem::Problem;
use crate::draft::Draft;
use crate::refusal::Refusal;
use crate::shell::Messages;
use crate::submission::Submission;
use crate::visit::Visit;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/records/{register}/{number}/step/{step}", post(step))
        .route("/records/{register}/{number}/delete", post(delete))
        .route("/records/{register}/{number}/unmask", post(unmask))
}

async fn step(
    visit: Visit,
    Path((key, number, step)): Path<(String, String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    let known = register.workflow.as_ref().and_then(|workflow| workflow.steps.get(&step));
    let Some(known) = known else { return Err(Refusal::not_found(step)) };
    let fields = known.asked(register);
    let given = values(&fields, &form);
    let version = version(&form)?;
    let reason = form.filled("reason").map(str::to_owned);
    let refused = |faults: FieldFaults, why: Option<String>| RefusedStep {
        key: step.clone(),
        values: given.clone(),
        faults,
        reason: reason.clone().unwrap_or_default(),
        why,
    };
    let (faults, uploads, form) = files_of(&visit, register, form).await?;
    let files = choose_again(&form.file_names(), visit.language);
    if !faults.0.is_empty() {
        let extra = Extra { step: Some(refused(faults, None)), notice: files, ..Extra::default() };
        return shown(visit, key, number, None, extra, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let write = Write { files: uploads, ..form.write() };
    let key_of_form = form.key();
    let (name, asked, taken) = (key.clone(), number.clone(), step.clone());
    let (entered, why) = (given.clone(), reason.clone());
    let done = visit
        .write(move |ledger, actor| {
            let was_written = written_before(ledger, actor, key_of_form.as_ref())?;
            ledger.step(actor, &name, &asked, version, &taken, entered, why, write)?;
            Ok::<_, WriteError>(was_written)
        })
        .await?;
    let (status, extra) = match done {
        Ok(was_written) => return Ok(saved(&visit, &key, &number, was_written)),
        Err(WriteError::KeyReused { .. }) => {
            // The step was taken with other words; the record shows which.
            let fault = visit.text("records.step_used").to_owned();
            (StatusCode::CONFLICT, Extra { fault: Some(fault), ..Extra::default() })
        }
        Err(WriteError::Invalid { faults }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Extra { step: Some(refused(faults, None)), ..Extra::default() })
        }
        Err(error @ (WriteError::ReasonMissing(_) | WriteError::Attachment { .. })) => {
            let step = refused(
                FieldFaults(Vec::new()),
                Some(Problem::of_write(error, Some(register)).on_page(visit.language, visit.app.catalogue())),
            );
            (StatusCode::UNPROCESSABLE_ENTITY, Extra { step: Some(step), ..Extra::default() })
        }
        Err(WriteError::Stale { .. }) => {
            // The page shows the record as it is now; what was entered stays in the form of the step.
            let why = visit.text("records.stale_step").to_owned();
            (
                StatusCode::CONFLICT,
                Extra {
                    step: Some(refused(FieldFaults(Vec::new()), Some(why.clone()))),
                    fault: Some(why),
                    ..Extra::default()
                },
            )
        }
        Err(WriteError::StepRefused { .. }) => {
            let fault = visit.text("records.step_gone").to_owned();
            (StatusCode::CONFLICT, Extra { fault: Some(fault), ..Extra::default() })
        }
        Err(error) => return Err(error.into()),
    };
    shown(visit, key, number, None, Extra { notice: files, ..extra }, status).await
}

/// The page of a record with what was typed for a step, or for another act, when the session had ended.
pub(crate) async fn resumed(
    visit: Visit,
    key: &str,
    number: &str,
    step: &str,
    typed: &Draft,
) -> Result<Response, Refusal> {
    let register = register(&visit, key)?;
    let known = register.workflow.as_ref().and_then(|workflow| workflow.steps.get(step));
    let reason = typed.fields.filled("reason").unwrap_or_default().to_owned();
    let extra = match known {
        Some(known) => {
            let fields = known.asked(register);
            let step = RefusedStep {
                key: step.to_owned(),
                values: values(&fields, &typed.fields),
                faults: FieldFaults(Vec::new()),
                reason,
                why: Some(typed.notice(&visit)),
            };
            Extra { step: Some(step), ..Extra::default() }
        }
        None if reason.is_empty() => Extra { notice: Some(typed.notice(&visit)), ..Extra::default() },
        None => {
            let said = visit.language.fill("records.resumed_reason", &[("reason", &reason)]);
            Extra { notice: Some(typed.notice(&visit) + &said), ..Extra::default() }
        }
    };
    shown(visit, key.to_owned(), number.to_owned(), None, extra, StatusCode::OK).await
}

fn version(form: &Submission) -> Result<i64, Refusal> {
    form.get("version").and_then(|text| text.parse().ok()).ok_or(Refusal::Broken)
}

async fn delete(
    visit: Visit,
    Path((key, number)): Path<(String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    let register = register(&visit, &key)?;
    let version = version(&form)?;
    let (name, asked, write) = (key.clone(), number.clone(), form.write());
    let reason = form.filled("reason").unwrap_or_default().to_owned();
    let done = visit.read(move |ledger, actor| ledger.delete(actor, &name, &asked, version, &reason, write)).await?;
    let fault = match done {
        Ok(()) => return Ok(Redirect::to(&format!("/records/{key}")).into_response()),
        Err(
            error @ (WriteError::ReasonMissing(_)
            | WriteError::StillReferred { .. }
            | WriteError::ReferredElsewhere { .. }
            | WriteError::Stale { .. }),
        ) => Problem::of_write(error, Some(register)).on_page(visit.language, visit.app.catalogue()),
        Err(error) => return Err(error.into()),
    };
    let extra = Extra { fault: Some(fault), ..Extra::default() };
    shown(visit, key, number, None, extra, StatusCode::CONFLICT).await
}

async fn unmask(
    visit: Visit,
    Path((key, number)): Path<(String, String)>,
    form: Submission,
) -> Result<Response, Refusal> {
    register(&visit, &key)?;
    let field = form.get("field").unwrap_or_default().to_owned();
    let reason = form.filled("reason").unwrap_or_default().to_owned();
    let (name, asked, wanted) = (key.clone(), number.clone(), field.clone());
    let text = visit.read(move |ledger, actor| ledger.unmask(actor, &name, &asked, &wanted, &reason)).await??;
    let seen = Seen { register: key.clone(), number: number.clone(), field, text };
    let name = visit.app.seen.keep(&visit, seen)?;
    Ok(Redirect::to(&format!("{}?seen={name}", address(&key, &number))).into_response())
}
