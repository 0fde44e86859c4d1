//! The ledger (台账): records of every register in typed tables, written only through here.
//!
//! A write is one transaction: values are checked as a whole, references and places resolved, the old version kept,
//! the search index, the journal and the clocks brought along. Reading never waits for writing.
//! What a register is comes from [`crate::catalogue`]; what a value is from [`crate::value`].

mod as_of;
pub(crate) mod batch;
mod beside;
mod changes;
pub(crate) mod check;
mod codec;
mod commands;
mod compose;
mod computed;
mod connections;
mod error;
mod given;
mod journal_page;
mod key;
mod layout;
mod list;
mod number;
mod outward;
mod path;
mod plausible;
mod queries;
pub(crate) mod reach;
mod record;
mod release;
mod resolve;
pub(crate) mod row;
mod schema;
mod search;
pub(crate) mod session;
mod statement;
mod store;
mod unmask;
mod verify;
mod withheld;
mod witness;

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use bilan_standards::{calendar::WorkCalendar, clock::Clock};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

pub(crate) use self::codec::{beijing_day, shown_time};
pub(crate) use self::key::{Asked, Under};
pub(crate) use self::statement::{bind, run};
pub use self::{
    as_of::{child_rows_as_of, rows_as_of},
    changes::{Follower, Position},
    codec::stored_time,
    connections::Reader,
    error::{Broken, FieldFault, FieldFaults, OpenError, ReadError, WriteError},
    journal_page::{JournalPage, JournalPlace, JournalQuery, NoPlace},
    key::{Key, Origin, Written},
    list::sort_keys,
    path::{path_label, row_label},
    record::{FieldChange, FieldDifference, JsonMap, ListQuery, Page, Record, Related, Write},
    release::{HeldBack, published_texts},
    schema::MIGRATIONS,
    search::{Fit, Hit, Hits, Part, Passage, Words, parts},
    verify::Verified,
    witness::{Head, WitnessTurn, Witnessed},
};
use self::{
    connections::{Connections, Writer},
    session::Session,
};
use crate::{
    actor::Actor,
    catalogue::{Catalogue, Register},
    journal::Chain,
    observations::{ObservationStatistics, WithoutObservations},
    personal::Keyring,
};

/// The records of a bureau in one database file.
pub struct Ledger {
    connections: Connections,
    catalogue: Arc<Catalogue>,
    clock: Arc<dyn Clock>,
    keyring: Keyring,
    calendar: RwLock<Arc<WorkCalendar>>,
    observations: RwLock<Arc<dyn ObservationStatistics>>,
    /// Held while a batch comes in: large imports take turns.
    imports: batch::Imports,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the database at `path`, makes it if it is not there, and brings its tables to the registers.
    ///
    /// # Errors
    /// [`OpenError::Destructive`] if a register file no longer fits the data, naming what would be destroyed;
    /// nothing is changed then.
    pub fn open(
        path: &Path,
        catalogue: Arc<Catalogue>,
        clock: Arc<dyn Clock>,
        keyring: Keyring,
    ) -> Result<Self, OpenError> {
        let connections = Connections::open(path)?;
        let imports = batch::Imports::of(path)
            .map_err(|why| OpenError::Unusable { path: path.display().to_string(), why: why.to_string() })?;
        {
            let mut writer = connections.writer();
            schema::migrate(&mut writer, &layout::plans(&catalogue))?;
            let digest = keyring.fingerprint();
            if schema::fact(&writer, "key", &digest)? != digest {
                return Err(OpenError::OtherKey);
            }
            search::bring_up_to_date(&mut writer, &catalogue)?;
            beside::watch(&writer)?;
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            beside::cover(&transaction, &mut Chain::end(&transaction)?, clock.now())?;
            transaction.commit()?;
        }
        let calendar = RwLock::new(Arc::new(WorkCalendar::published().clone()));
        let observations = RwLock::new(Arc::new(WithoutObservations) as Arc<dyn ObservationStatistics>);
        Ok(Self { connections, catalogue, clock, keyring, calendar, observations, imports })
    }

    /// The registers, figures and reports by which this ledger works.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The moment by the ledger's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The working calendar on which deadlines are reckoned.
    #[must_use]
    pub fn calendar(&self) -> Arc<WorkCalendar> {
        Arc::clone(&self.calendar.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reckons every deadline on another calendar from now on: a new holiday list has been published.
    pub fn use_calendar(&self, calendar: WorkCalendar) {
        *self.calendar.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calendar);
    }

    /// Who knows what instruments measured.
    #[must_use]
    pub fn observations(&self) -> Arc<dyn ObservationStatistics> {
        Arc::clone(&self.observations.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets figures ask for statistics of observations from now on; before, every such figure is a gap.
    pub fn use_observations(&self, observations: Arc<dyn ObservationStatistics>) {
        *self.observations.write().unwrap_or_else(PoisonError::into_inner) = observations;
    }

    /// Whether the file takes what is written into it.
    ///
    /// # Errors
    /// What the next write would meet: a full disk, for example.
    pub fn try_writing(&self) -> Result<(), rusqlite::Error> {
        self.connections.try_writing()
    }

    /// A connection that only reads, for questions asked in SQL (figures, reports).
    ///
    /// # Errors
    /// If the database file can no longer be opened.
    pub fn reader(&self) -> Result<Reader<'_>, rusqlite::Error> {
        self.connections.reader()
    }

    pub(crate) fn writer(&self) -> Writer<'_> {
        self.connections.writer()
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub(crate) fn register(&self, key: &str) -> Result<&Register, ReadError> {
        self.catalogue.registers.get(key).ok_or_else(|| ReadError::UnknownRegister(key.to_owned()))
    }

    /// Starts writing in `connection`, which must be inside a transaction.
    pub(crate) fn session<'l>(
        &'l self,
        connection: &'l Connection,
        actor: &'l Actor,
        at: Option<Timestamp>,
    ) -> Result<Session<'l>, rusqlite::Error> {
        Ok(Session {
            connection,
            catalogue: &self.catalogue,
            keyring: &self.keyring,
            actor,
            now: at.unwrap_or_else(|| self.clock.now()),
            chain: Chain::end(connection)?,
            beside: None,
            place: None,
        })
    }
}
