//! Steps of a workflow: which are open to whom, and what stands in the way of one.
//!
//! Pure: it looks at a register, a state and an actor. Storing the step is [`crate::ledger`]'s work.

use crate::{
    actor::{Actor, Scope},
    catalogue::{Register, Step, Workflow},
};

/// The steps that `actor` may take on a record in `state`, in the order of the register file.
#[must_use]
pub fn open_steps<'r>(register: &'r Register, state: Option<&str>, actor: &Actor) -> Vec<(&'r str, &'r Step)> {
    let (Some(workflow), Some(state)) = (&register.workflow, state) else { return Vec::new() };
    workflow
        .steps
        .iter()
        .filter(|(_, step)| step.from.iter().any(|from| from == state))
        .filter(|(_, step)| actor.step_scope(register, &step.roles) != Scope::Nothing)
        .map(|(key, step)| (key.as_str(), step))
        .collect()
}

/// Finds the step and checks that it leads on from `state`.
///
/// # Errors
/// A sentence saying why the step cannot be taken.
pub(crate) fn find<'r>(register: &'r Register, state: Option<&str>, key: &str) -> Result<&'r Step, String> {
    let Some(workflow) = &register.workflow else {
        return Err(format!("the register “{}” has no workflow", register.key));
    };
    let Some(step) = workflow.steps.get(key) else {
        let known: Vec<&str> = workflow.steps.keys().map(String::as_str).collect();
        return Err(format!("the register “{}” knows the steps {}", register.key, known.join(", ")));
    };
    if state.is_none_or(|state| !step.from.iter().any(|from| from == state)) {
        return Err(format!("it leads on from {}, and the record is {}", step.from.join(", "), state.unwrap_or("new")));
    }
    Ok(step)
}

/// Whether a record in `state` counts as finished.
#[must_use]
pub fn is_closed(workflow: &Workflow, state: &str) -> bool {
    workflow.states.get(state).is_some_and(|state| state.closed)
}
