//! The store's face: open, append, subscribe. Reading is in `query`, writing in `writer`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use bilan_storage::{MigrationError, check, watch};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::changes::HourChanges;
use crate::latest::Latest;
use crate::raw::Recent;
use crate::review::Reviews;
use crate::rules::{Rule, Warning};
use crate::writer::{Command, Shared, Writer};
use crate::{Device, Observation, Receipt, Submission, schema};

/// Packets that may wait for the writer; beyond it, appending waits: pressure goes back to the devices, not into memory.
const QUEUE: usize = 4096;

/// Events that a slow subscriber may be behind before it loses the oldest (and is told how many).
const EVENTS: usize = 1024;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused: disk full, file damaged…
    #[error("observations in {path}: {message}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
    /// The file was written by a later version, or could not be brought to this one.
    #[error("{path}: {source}")]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: MigrationError,
    },
    /// The program has a fault that shows in what was to be stored; others are stored.
    #[error("observations in {path}: a fault of the program: {message}")]
    Panicked {
        /// The file.
        path: PathBuf,
        /// What the fault said.
        message: String,
    },
    /// The writer has ended.
    #[error("the store of observations is closed")]
    Closed,
}

/// New values of a station, as they were stored together.
#[derive(Debug, Clone)]
pub struct Update {
    /// Number of the station.
    pub station: String,
    /// Kind of the station.
    pub kind: String,
    /// Device that sent them.
    pub mn: String,
    /// When they came.
    pub received_at: Timestamp,
    /// The values.
    pub observations: Vec<Observation>,
}

/// What subscribers are told, after it is on disk.
#[derive(Debug, Clone)]
pub enum Event {
    /// New values.
    Observed(Arc<Update>),
    /// A warning opened, or cleared.
    Warning(Arc<Warning>),
}

/// The observations of a district. Cheap to clone; the file closes when the last clone goes.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    commands: Option<mpsc::Sender<Command>>,
    events: broadcast::Sender<Event>,
    warnings: broadcast::Sender<Arc<Warning>>,
    readers: Mutex<Vec<Connection>>,
    latest: Arc<RwLock<Latest>>,
    recent: Arc<RwLock<Recent>>,
    reviews: Arc<RwLock<Reviews>>,
    hour_changes: Arc<RwLock<HourChanges>>,
    writer: Option<JoinHandle<()>>,
    sealing: Mutex<()>,
    /// Series and days of damaged chunks that the log has named.
    damaged: Mutex<HashSet<(i64, i64)>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(writer) = self.writer.take() {
            // The writer drains its queue and ends; it cannot be the one that drops the store, for it holds none.
            let _ = writer.join();
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.0.path).finish()
    }
}

impl Store {
    /// Opens or creates the file, and starts its writer, which runs `rules` over everything that comes in.
    ///
    /// # Errors
    /// If the file cannot be opened or was written by a later version.
    pub fn open(path: &Path, rules: Vec<Rule>) -> Result<Store, StoreError> {
        let refused = |error: rusqlite::Error| database(path, &error);
        let mut connection = Connection::open(path).map_err(refused)?;
        schema::prepare(&connection).map_err(refused)?;
        schema::MIGRATIONS
            .apply(&mut connection)
            .map_err(|source| StoreError::Migration { path: path.to_owned(), source })?;
        schema::guard(&connection).map_err(refused)?;
        let (events, _) = broadcast::channel(EVENTS);
        let (warnings, _) = broadcast::channel(EVENTS);
        let (commands, queue) = mpsc::channel(QUEUE);
        let latest = Arc::new(RwLock::new(Latest::read(&connection).map_err(refused)?));
        let recent = Arc::new(RwLock::new(Recent::read(&connection).map_err(refused)?));
        let reviews = Arc::new(RwLock::new(Reviews::read(&connection).map_err(refused)?));
        let hour_changes = Arc::<RwLock<HourChanges>>::default();
        let shared = Shared {
            latest: Arc::clone(&latest),
            recent: Arc::clone(&recent),
            reviews: Arc::clone(&reviews),
            hour_changes: Arc::clone(&hour_changes),
        };
        let writer = Writer::new(connection, path.to_owned(), rules, (events.clone(), warnings.clone()), shared)
            .map_err(refused)?;
        let writer = std::thread::Builder::new()
            .name("observations".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|error| StoreError::Database { path: path.to_owned(), message: error.to_string() })?;
        Ok(Store(Arc::new(Inner {
            path: path.to_owned(),
            commands: Some(commands),
            events,
            warnings,
            readers: Mutex::default(),
            latest,
            recent,
            reviews,
            hour_changes,
            writer: Some(writer),
            sealing: Mutex::default(),
            damaged: Mutex::default(),
        })))
    }

    pub(crate) fn hour_changes(&self) -> &RwLock<HourChanges> {
        &self.0.hour_changes
    }

    /// Stores a packet with its observations. When this returns `Ok`, they are on disk. Packets that wait together share one commit.
    ///
    /// # Errors
    /// If they could not be stored; nothing of the packet is kept then, and it must not be acknowledged.
    pub async fn append(&self, submission: Submission) -> Result<Receipt, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.submit(submission, reply).await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// As [`Store::append`], but gives back at once a channel on which the receipt will come, so that many packets of one connection can
    /// share commits. Waits only where the queue is full.
    ///
    /// # Errors
    /// If the store is closed.
    pub async fn enqueue(
        &self,
        submission: Submission,
    ) -> Result<oneshot::Receiver<Result<Receipt, StoreError>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.submit(submission, reply).await?;
        Ok(answer)
    }

    /// [`Store::append`] for code outside of a runtime.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn append_blocking(&self, submission: Submission) -> Result<Receipt, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.commands()?.blocking_send(Command::Append(Box::new(submission), reply)).map_err(|_| StoreError::Closed)?;
        answer.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// Whether the file takes what is written into it. For code outside of a runtime.
    ///
    /// # Errors
    /// What the next packet would meet: a full disk, for example.
    pub fn try_writing(&self) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        self.commands()?.blocking_send(Command::Try(reply)).map_err(|_| StoreError::Closed)?;
        done.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// Keeps bytes that are not believed, with the reason; they are on disk when this returns. The oldest go when there are too many.
    ///
    /// # Errors
    /// If they could not be written.
    pub async fn quarantine(
        &self,
        raw: Vec<u8>,
        reason: &str,
        mn: Option<&str>,
        peer: &str,
        received_at: Timestamp,
    ) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        let command = Command::Quarantine {
            raw,
            reason: reason.to_owned(),
            mn: mn.map(str::to_owned),
            peer: peer.to_owned(),
            received_at,
            done: reply,
        };
        self.commands()?.send(command).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }

    /// Stores values that were reckoned from others, such as an index; rules look at them like at any other. They are on disk when this returns.
    ///
    /// # Errors
    /// If they could not be written.
    pub async fn derive(&self, values: Vec<Observation>, now: Timestamp) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        self.commands()?.send(Command::Derive(values, now, reply)).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }

    /// Remembers a number under a name; it is on disk when this returns.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn set_mark(&self, name: &'static str, value: i64) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        self.commands()?.send(Command::Mark(name, value, reply)).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }

    /// Tells the rules what time it is, so that silence is noticed. To be called about once a minute.
    ///
    /// # Errors
    /// If the store is closed.
    pub async fn tick(&self, now: Timestamp) -> Result<(), StoreError> {
        self.commands()?.send(Command::Tick(now)).await.map_err(|_| StoreError::Closed)
    }

    /// These devices may report from now on. Rules hear at once what the register says of their stations, also of those that are silent; of a station
    /// without one no silence is noticed any more. To be called whenever the register has changed.
    ///
    /// # Errors
    /// If the store is closed.
    pub async fn register(&self, devices: Vec<Arc<Device>>) -> Result<(), StoreError> {
        self.commands()?.send(Command::Register(devices)).await.map_err(|_| StoreError::Closed)
    }

    /// From now on, every event. A subscriber that lags by more than 1024 events loses the oldest and is told how many
    /// (`RecvError::Lagged`).
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// From now on, every warning as it opens and as it clears: for those who would drown in values.
    pub fn subscribe_to_warnings(&self) -> broadcast::Receiver<Arc<Warning>> {
        self.0.warnings.subscribe()
    }

    /// A reader's connection for one question, which ends when nobody waits for the answer any longer.
    pub(crate) fn read<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let refused = |error: rusqlite::Error| database(&self.0.path, &error);
        check().map_err(|cancelled| refused(cancelled.into()))?;
        let idle = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(&self.0.path, flags).map_err(refused)?;
                connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(refused)?;
                bilan_storage::checksum::register(&connection).map_err(refused)?;
                connection
            }
        };
        watch(&mut connection, None).map_err(refused)?;
        let answer = ask(&connection).map_err(refused)?;
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < 8 {
            readers.push(connection);
        }
        Ok(answer)
    }

    async fn submit(
        &self,
        submission: Submission,
        reply: oneshot::Sender<Result<Receipt, StoreError>>,
    ) -> Result<(), StoreError> {
        self.commands()?.send(Command::Append(Box::new(submission), reply)).await.map_err(|_| StoreError::Closed)
    }

    /// The newest values, as of the last commit.
    pub(crate) fn newest(&self) -> RwLockReadGuard<'_, Latest> {
        self.0.latest.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What people say of values, as of the last commit.
    pub(crate) fn known_reviews(&self) -> RwLockReadGuard<'_, Reviews> {
        self.0.reviews.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers of the last packets of a device, the newest first.
    pub(crate) fn last_of(&self, mn: &str, limit: usize) -> Vec<i64> {
        self.0.recent.read().unwrap_or_else(PoisonError::into_inner).last_of(mn, limit)
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Who holds it is alone in sealing.
    pub(crate) fn sealing(&self) -> MutexGuard<'_, ()> {
        self.0.sealing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody has said yet that the chunk of this series and day is damaged.
    pub(crate) fn is_new_damage(&self, series: i64, day: i64) -> bool {
        self.0.damaged.lock().unwrap_or_else(PoisonError::into_inner).insert((series, day))
    }

    pub(crate) fn commands(&self) -> Result<&mpsc::Sender<Command>, StoreError> {
        self.0.commands.as_ref().ok_or(StoreError::Closed)
    }
}

pub(crate) fn database(path: &Path, error: &dyn std::error::Error) -> StoreError {
    StoreError::Database { path: path.to_owned(), message: error.to_string() }
}
