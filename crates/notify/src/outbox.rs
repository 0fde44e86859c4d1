//! What is to be sent, to whom, and what came of it; who subscribed.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bilan_storage::{MigrationError, Migrations};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::Notify;

use crate::{Notice, SendFault, Subscription};

/// Messages that are kept after they were sent.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);
/// A message that could not be sent for so long is given up.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Pauses between tries, in seconds; the last one goes on.
const PAUSES: [i64; 6] = [10, 30, 60, 300, 900, 3600];

/// Browsers of one account.
const BROWSERS: u32 = 20;

/// Creates the tables in a new file and adds to an older one what it lacks.
pub const MIGRATIONS: Migrations = bilan_storage::migrations!("notices.db": "0001_notices", "0002_checksums");

/// How a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To a mailbox.
    Email,
    /// To an address of the configuration, by its name.
    Webhook,
    /// To a browser, by its endpoint.
    Push,
}

impl Way {
    /// Name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Way::Email => "email",
            Way::Webhook => "webhook",
            Way::Push => "push",
        }
    }

    fn from_name(name: &str) -> Option<Way> {
        [Way::Email, Way::Webhook, Way::Push].into_iter().find(|way| way.name() == name)
    }
}

/// A notice on its way to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// How it goes.
    pub way: Way,
    /// Where to: a mailbox, the name of a webhook, an endpoint.
    pub target: String,
    /// What it says.
    pub notice: Notice,
    /// When it was put in.
    pub put_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it arrived.
    pub sent_at: Option<Timestamp>,
    /// When it is tried again; neither sent nor to be tried again is given up.
    pub next_at: Option<Timestamp>,
    /// Why the last try failed.
    pub fault: Option<SendFault>,
}

impl Message {
    /// Whether it has not arrived and is not tried again.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.sent_at.is_none() && self.next_at.is_none()
    }
}

/// The outbox failed.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// SQLite refused.
    #[error("the outbox of notices: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file was written by a later version, or could not be brought to this one.
    #[error("the outbox of notices: {0}")]
    Migration(#[from] MigrationError),
}

/// Messages until they have arrived, and who subscribed.
pub struct Outbox {
    connection: Mutex<Connection>,
    pub(crate) news: Notify,
}

/// A row of the outbox by its number, and why it cannot be read.
type Unreadable = (i64, rusqlite::Error);

impl Outbox {
    /// Opens the file, makes it if it is not there.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn open(path: &Path) -> Result<Outbox, OutboxError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        MIGRATIONS.apply(&mut connection)?;
        bilan_storage::checksum::watch(&connection, &[])?;
        Ok(Outbox { connection: Mutex::new(connection), news: Notify::new() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file takes what is written into it.
    ///
    /// # Errors
    /// What the next write would meet: a full disk, for example.
    pub fn try_writing(&self) -> Result<(), OutboxError> {
        Ok(bilan_storage::try_writing(&self.connection())?)
    }

    /// Puts a notice in for these places; says for how many it was new.
    ///
    /// # Errors
    /// If it could not be written: none of them is in then.
    pub fn put(&self, notice: &Notice, places: &[(Way, String)], now: Timestamp) -> Result<usize, OutboxError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let mut fresh = 0;
        // Texts and instants: there is nothing in a notice that JSON cannot hold.
        let body = serde_json::to_string(notice).unwrap_or_default();
        for (way, target) in places {
            fresh += transaction
                .prepare_cached(
                    "INSERT INTO message (key, way, target, notice, put_at, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![notice.key(), way.name(), target, body, now.as_millisecond()])?;
        }
        transaction.commit()?;
        drop(connection);
        if fresh > 0 {
            self.news.notify_one();
        }
        Ok(fresh)
    }

    /// Messages whose time has come, the oldest first. One that cannot be read is given up and holds up no other.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Message>, OutboxError> {
        let (due, unreadable) =
            self.messages("next_at <= ?1 ORDER BY next_at, id LIMIT ?2", params![now.as_millisecond(), limit])?;
        for (id, fault) in unreadable {
            tracing::error!("the notice {id} cannot be read and is given up: {fault}");
            self.connection().execute(
                "UPDATE message SET next_at = NULL, fault = ?2 WHERE id = ?1",
                params![id, SendFault::Unreadable { why: fault.to_string() }.stored()],
            )?;
        }
        Ok(due)
    }

    /// The newest messages that can be read.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn newest(&self, limit: u32) -> Result<Vec<Message>, OutboxError> {
        Ok(self.messages("1 ORDER BY id DESC LIMIT ?1", params![limit])?.0)
    }

    /// The newest message to a place whose key ([`Notice::key`]) begins so; none if it cannot be read.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn newest_about(&self, beginning: &str, way: Way, target: &str) -> Result<Option<Message>, OutboxError> {
        let last = format!("{beginning}\u{10FFFF}");
        let (found, _) = self.messages(
            "key >= ?1 AND key < ?2 AND way = ?3 AND target = ?4 ORDER BY id DESC LIMIT 1",
            params![beginning, last, way.name(), target],
        )?;
        Ok(found.into_iter().next())
    }

    /// What fits a condition: messages, and the numbers of those that cannot be read with why.
    fn messages(
        &self,
        condition: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<(Vec<Message>, Vec<Unreadable>), OutboxError> {
        let connection = self.connection();
        let sql = format!(
            "SELECT id, way, target, notice, put_at, tries, sent_at, next_at, fault FROM message WHERE {condition}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(values)?;
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            match message(row) {
                Ok(message) => found.push(message),
                Err(fault) => unreadable.push((row.get(0)?, fault)),
            }
        }
        Ok((found, unreadable))
    }

    /// When the next message is due.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn next_due(&self) -> Result<Option<Timestamp>, OutboxError> {
        let next: Option<i64> = self.connection().query_row(
            "SELECT min(next_at) FROM message WHERE typeof(next_at) = 'integer'",
            [],
            |row| row.get(0),
        )?;
        Ok(next.and_then(|at| Timestamp::from_millisecond(at).ok()))
    }

    /// A message has arrived.
    ///
    /// # Errors
    /// If it could not be written: it will be sent again.
    pub fn sent(&self, id: i64, now: Timestamp) -> Result<(), OutboxError> {
        self.connection().execute(
            "UPDATE message SET sent_at = ?2, next_at = NULL, tries = tries + 1, fault = NULL WHERE id = ?1",
            params![id, now.as_millisecond()],
        )?;
        Ok(())
    }

    /// A try failed. It is tried again later, unless `for_good` or too old.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn failed(
        &self,
        message: &Message,
        fault: &SendFault,
        for_good: bool,
        now: Timestamp,
    ) -> Result<(), OutboxError> {
        let pause = PAUSES[usize::try_from(message.tries).unwrap_or(usize::MAX).min(PAUSES.len() - 1)];
        let again = !for_good && now.duration_since(message.put_at) < GIVEN_UP_AFTER;
        let next = again.then(|| now.as_millisecond() + pause * 1000);
        self.connection().execute(
            "UPDATE message SET next_at = ?2, tries = tries + 1, fault = ?3 WHERE id = ?1",
            params![message.id, next, fault.stored()],
        )?;
        Ok(())
    }

    /// Forgets what was settled long ago.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn prune(&self, now: Timestamp) -> Result<(), OutboxError> {
        let before = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN).as_millisecond();
        self.connection().execute("DELETE FROM message WHERE next_at IS NULL AND put_at < ?1", [before])?;
        Ok(())
    }

    /// A browser of an account wants to be told. An account has twenty browsers at most: the one that subscribed first gives way.
    ///
    /// # Errors
    /// If it could not be written.
    pub fn subscribe(&self, account: &str, subscription: &Subscription, now: Timestamp) -> Result<(), OutboxError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        transaction.execute(
            "INSERT INTO subscription (endpoint, account, p256dh, auth, made_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (endpoint) DO UPDATE SET account = ?2, p256dh = ?3, auth = ?4, made_at = ?5",
            params![subscription.endpoint, account, subscription.p256dh, subscription.auth, now.as_millisecond()],
        )?;
        transaction.execute(
            "DELETE FROM subscription WHERE account = ?1 AND endpoint NOT IN
             (SELECT endpoint FROM subscription WHERE account = ?1 ORDER BY made_at DESC, endpoint = ?2 DESC LIMIT ?3)",
            params![account, subscription.endpoint, BROWSERS],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// A browser wants to be left alone; with an account, only if it is of that account.
    ///
    /// # Errors
    /// If it could not be written.
    pub fn unsubscribe(&self, account: Option<&str>, endpoint: &str) -> Result<(), OutboxError> {
        self.connection().execute(
            "DELETE FROM subscription WHERE endpoint = ?1 AND (?2 IS NULL OR account = ?2)",
            params![endpoint, account],
        )?;
        Ok(())
    }

    /// Every subscription that can be read, with its account.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn subscriptions(&self) -> Result<Vec<(String, Subscription)>, OutboxError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("SELECT account, endpoint, p256dh, auth FROM subscription ORDER BY made_at, endpoint")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            match row.get(0).and_then(|account| Ok((account, subscription(row, 1)?))) {
                Ok(known) => found.push(known),
                Err(fault) => tracing::error!("a browser's subscription cannot be read and is passed over: {fault}"),
            }
        }
        Ok(found)
    }

    /// The subscription of an endpoint.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn subscription(&self, endpoint: &str) -> Result<Option<Subscription>, OutboxError> {
        let found = self
            .connection()
            .query_row("SELECT endpoint, p256dh, auth FROM subscription WHERE endpoint = ?1", [endpoint], |row| {
                subscription(row, 0)
            })
            .optional()?;
        Ok(found)
    }
}

fn subscription(row: &Row<'_>, first: usize) -> rusqlite::Result<Subscription> {
    Ok(Subscription { endpoint: row.get(first)?, p256dh: row.get(first + 1)?, auth: row.get(first + 2)? })
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let instant = |at: i64| Timestamp::from_millisecond(at).unwrap_or_default();
    let text: String = row.get(3)?;
    let wrong = |column, fault: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, fault)
    };
    let way: String = row.get(1)?;
    Ok(Message {
        id: row.get(0)?,
        way: Way::from_name(&way).ok_or_else(|| wrong(1, format!("“{way}” is no way to send a notice").into()))?,
        target: row.get(2)?,
        notice: serde_json::from_str(&text).map_err(|fault| wrong(3, fault.into()))?,
        put_at: instant(row.get(4)?),
        tries: row.get(5)?,
        sent_at: row.get::<_, Option<i64>>(6)?.map(instant),
        next_at: row.get::<_, Option<i64>>(7)?.map(instant),
        fault: row.get::<_, Option<String>>(8)?.map(|stored| SendFault::read(&stored)),
    })
}
