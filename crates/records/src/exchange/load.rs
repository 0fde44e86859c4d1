//! Records of several registers in one transaction, before anybody works with them.

use bilan_storage::commit;

use super::{
    fault::{ImportFault, ImportFaults},
    import::{ImportError, ImportOutcome},
};
use crate::{
    actor::Actor,
    catalogue::Role,
    journal::Action,
    ledger::{
        JsonMap, Ledger, WriteError,
        check::Checked,
        session::{Arrival, Entered},
    },
};

/// Enters records of several registers in one transaction, in the order given: for the sample district, which a process
/// of its own enters before the data folder is served. The only writer is held to the end of it: where people work, a
/// file comes in by [`import_with`](super::import_with).
///
/// # Errors
/// [`ImportError::Faults`] names each wrong value; `row` counts records from 1 and `column` is `register.field`.
pub fn load(
    ledger: &Ledger,
    actor: &Actor,
    records: impl IntoIterator<Item = (String, JsonMap)>,
    simulated: bool,
) -> Result<ImportOutcome, ImportError> {
    let mut connection = ledger.writer();
    let transaction = connection.begin()?;
    let mut session = ledger.session(&transaction, actor, None)?;
    let mut faults = ImportFaults::default();
    let mut outcome = ImportOutcome::default();
    let arrival = Arrival { action: Action::Import, at: session.now, simulated, with_past: actor.is(Role::Admin) };
    for (index, (register, values)) in records.into_iter().enumerate() {
        let register = ledger.register(&register)?;
        let checked = Checked::entered(actor, register, &values, arrival.with_past);
        match session.enter(register, &values, checked, &arrival) {
            Ok(Entered::New) => outcome.created += 1,
            Ok(Entered::Known) => outcome.replayed += 1,
            Err(WriteError::Invalid { faults: wrong }) => {
                for wrong in wrong.0 {
                    faults.add(ImportFault {
                        row: index as u64 + 1,
                        column: format!("{}.{}", register.key, wrong.field),
                        found: wrong.found,
                        why: wrong.why,
                        why_zh: wrong.why_zh,
                        ..ImportFault::default()
                    });
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    if faults.total > 0 {
        return Err(ImportError::Faults(faults));
    }
    session.seal()?;
    commit(transaction)?;
    Ok(outcome)
}
