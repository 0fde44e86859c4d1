//! Import: every row of a file through the same checks as a record from a form; all of them enter, or none.

use std::io::{Read, Seek};

use bilan_storage::{check, commit};
use serde::Serialize;

use super::{
    Format,
    fault::ImportFaults,
    intake::{Found, Intake},
    note::ImportNote,
    reading::{Entry, Places},
    repeat::Repeats,
    source,
    unreadable::Unreadable,
};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Register, Role},
    journal::Action,
    ledger::{
        Asked, Key, Ledger, ReadError, Under, WriteError,
        batch::{Scratch, TURN, bring_in},
        check::Checked,
        session::{Arrival, Entered, Session},
    },
};

/// What an import did (or, as a dry run, would do).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportOutcome {
    /// Records entered.
    pub created: u64,
    /// Rows whose record was there already with the same content; passed over.
    pub replayed: u64,
    /// Rows whose piece of work is known already by its number elsewhere; passed over unless asked for.
    pub repeated: u64,
    /// What was passed over on the way.
    #[serde(skip)]
    pub notes: Vec<ImportNote>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Cells are wrong.
    #[error("{0}")]
    Faults(ImportFaults),
    /// The file cannot be read at all.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The file that was to be entered is no longer there.
    #[error("the file that was checked is no longer there; upload it again")]
    Gone,
    /// The actor may not enter records, or the database failed.
    #[error(transparent)]
    Refused(#[from] WriteError),
}

impl From<ReadError> for ImportError {
    fn from(error: ReadError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// How a file is imported.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImportOptions<'k> {
    /// Everything is checked and nothing kept.
    pub dry_run: bool,
    /// Rows whose piece of work is known already are entered, too.
    pub enter_repeats: bool,
    /// Sent again under the same key with the same content, the file is answered and nothing is entered twice.
    pub key: Option<&'k Key>,
}

/// Imports a file into a register: whole, or not at all. With `dry_run` everything is checked and nothing kept.
///
/// # Errors
/// As [`import_with`].
pub fn import(
    ledger: &Ledger,
    actor: &Actor,
    register: &str,
    source: impl Read + Seek,
    format: Format,
    dry_run: bool,
) -> Result<ImportOutcome, ImportError> {
    import_with(ledger, actor, register, source, format, ImportOptions { dry_run, ..ImportOptions::default() })
}

/// Imports a file into a register: whole, or not at all.
///
/// Numbers, states and fields that the system fills are accepted from an administrator, so that history can be
/// brought in as it was; anybody else who may create records imports new ones.
///
/// # Errors
/// [`ImportError::Faults`] with every wrong cell; [`ImportError::Unreadable`] for a broken file;
/// [`WriteError::KeyReused`] for another file under the same key, [`WriteError::SameContent`] for the same file under
/// another key within [`Key::alone_for`].
pub fn import_with(
    ledger: &Ledger,
    actor: &Actor,
    register: &str,
    source: impl Read + Seek,
    format: Format,
    options: ImportOptions<'_>,
) -> Result<ImportOutcome, ImportError> {
    let key = options.key;
    let register = ledger.register(register)?;
    if actor.scope(register, Act::Create) == Scope::Nothing {
        return Err(ImportError::Refused(WriteError::Forbidden {
            actor: actor.name.clone(),
            verb: Act::Create.verb().to_owned(),
            register: register.key.clone(),
            why: "none of its roles may".to_owned(),
        }));
    }
    let asked = Asked::import(key, &register.key, IMPORT, &actor.name);
    // The file is read and checked beside the writer; only a file without a fault asks for its turn.
    let scratch = Scratch::new(ledger.keyring())?;
    let reader = ledger.reader()?;
    let moment = reader.unchecked_transaction()?;
    let session = Session { beside: Some(&scratch), ..ledger.session(&moment, actor, None)? };
    if let Some(outcome) = answered(&session, key, &asked)? {
        return Ok(outcome);
    }
    let mut intake = Intake {
        session,
        scratch: &scratch,
        register,
        with_past: actor.is(Role::Admin),
        repeats: Repeats::of(register, &actor.scope(register, Act::Read)),
        enter_repeats: options.enter_repeats,
        found: Found {
            places: Places::of(register, format == Format::Jsonl),
            faults: ImportFaults::default(),
            outcome: ImportOutcome::default(),
        },
        failed: None,
    };
    source::read(source, format, &mut intake)?;
    let Intake { session, with_past, mut found, failed, .. } = intake;
    let (at, since) = (session.now, session.chain.seq());
    drop(session);
    // A reader that goes on looking at an old moment would keep the log of the database from being taken up.
    drop(moment);
    drop(reader);
    if let Some(error) = failed {
        return Err(ImportError::Refused(error));
    }
    found.refuse_faults()?;
    if options.dry_run {
        return Ok(found.outcome);
    }
    let under = key.map(|key| Under { key, asked: &asked });
    let arrival = Arrival { action: Action::Import, at, simulated: false, with_past };
    if scratch.weight() <= TURN {
        if let Some(outcome) = enter(ledger, actor, register, &scratch, &arrival, &mut found, under)? {
            return Ok(outcome);
        }
        return Ok(found.outcome);
    }
    let outcome = found.outcome.clone();
    let brought = bring_in(ledger, actor, register, &scratch, arrival, since, under.map(|under| (under, &outcome)));
    let faults = match brought {
        Ok(faults) => faults,
        // Pressed twice: the other was published while this one came in.
        Err(error) => match key.map(|key| imported_under(ledger, actor, key)).transpose()?.flatten() {
            Some(outcome) => return Ok(outcome),
            None => return Err(error.into()),
        },
    };
    for (line, refused) in faults {
        found.note_row(&Entry::of_row(line), Err(refused))?;
    }
    found.refuse_faults()?;
    Ok(found.outcome)
}

/// What an import under a key did, if there was one.
///
/// # Errors
/// If the database fails.
pub fn imported_under(ledger: &Ledger, actor: &Actor, key: &Key) -> Result<Option<ImportOutcome>, ImportError> {
    let reader = ledger.reader()?;
    Ok(ledger.session(&reader, actor, None)?.import_of(key)?)
}

/// Whether the file of a key was imported a while ago ([`Key::alone_for`]) under another key.
///
/// # Errors
/// If the database fails.
pub fn imported_before(ledger: &Ledger, actor: &Actor, register: &str, key: &Key) -> Result<bool, ReadError> {
    let reader = ledger.reader()?;
    let asked = Asked::import(Some(key), register, IMPORT, &actor.name);
    Ok(ledger.session(&reader, actor, None)?.just_entered(key, &asked)?.is_some())
}

/// What an import is called where its key is kept.
const IMPORT: &str = "import";

/// What the same import did before, if its key says so; refused if its sender has just entered the file under another.
fn answered(session: &Session<'_>, key: Option<&Key>, asked: &Asked<'_>) -> Result<Option<ImportOutcome>, ImportError> {
    let Some(key) = key else { return Ok(None) };
    let outcome = session.answered_import(key, asked)?;
    if outcome.is_none() {
        session.refuse_repeated_import(key, asked)?;
    }
    Ok(outcome)
}

/// Enters the few rows of a small file in one turn. What others changed since they were checked may still refuse one;
/// then none is entered. Gives what the same import did if it was pressed twice.
fn enter(
    ledger: &Ledger,
    actor: &Actor,
    register: &Register,
    scratch: &Scratch,
    arrival: &Arrival,
    found: &mut Found<'_>,
    under: Option<Under<'_>>,
) -> Result<Option<ImportOutcome>, ImportError> {
    let mut connection = ledger.writer();
    let transaction = connection.begin()?;
    let mut session = ledger.session(&transaction, actor, Some(arrival.at))?;
    // Both were checked beside each other: the second meets the key of the first here.
    if let Some(under) = under
        && let Some(outcome) = answered(&session, Some(under.key), under.asked)?
    {
        return Ok(Some(outcome));
    }
    for position in 0..scratch.rows() {
        check().map_err(rusqlite::Error::from)?;
        let row = scratch.row(position)?;
        let given = row.given();
        let arrival = Arrival { simulated: row.simulated, action: Action::Import, ..*arrival };
        let checked = Checked { values: row.values, faults: Vec::new() };
        let entered = session.enter(register, &given, checked, &arrival);
        if matches!(entered, Ok(Entered::Known)) {
            found.outcome.created -= 1;
            found.outcome.replayed += 1;
        }
        found.note_row(&Entry::of_row(row.line), entered)?;
    }
    found.refuse_faults()?;
    if let Some(under) = under {
        session.remember_import(under.key, under.asked, &found.outcome)?;
    }
    session.seal()?;
    commit(transaction)?;
    Ok(None)
}
