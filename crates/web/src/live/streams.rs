//! Streams of events: how many an account may hold, when they end, and the work that listeners of the same page share.
//!
//! What a page hears is made once for all that may see the same, and handed to each: a thousand open pages cost one look at each event.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bilan_admission::Wait;
use bilan_records::actor::Actor;
use jiff::SignedDuration;
use tokio::sync::{OnceCell, broadcast};

use super::events::{self, Message};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Streams of one session: as many open pages.
const OF_SESSION: usize = 12;
/// Streams of one account in all its browsers.
const OF_ACCOUNT: usize = 60;
/// Streams of everybody.
const OF_ALL: usize = 4000;
/// Events that a slow listener may be behind.
const BEHIND: usize = 256;
/// After so long a page that was refused a stream asks again by itself.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// Between two looks at what may be seen, and at whether anybody listens.
pub(super) const REFRESHED: Duration = Duration::from_secs(60);

/// What somebody may see: two accounts with the same one see the same stations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sight {
    roles: Vec<&'static str>,
    cell: Option<String>,
    enterprise: Option<String>,
}

impl Sight {
    pub(super) fn of(actor: &Actor) -> Self {
        let mut roles: Vec<_> = actor.roles.iter().map(|role| role.key()).collect();
        roles.sort_unstable();
        Self { roles, cell: actor.cell.clone(), enterprise: actor.enterprise.clone() }
    }
}

/// What a stream is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Values and warnings of one station.
    Station(String),
    /// Warnings of the stations that somebody sees.
    Warnings(Sight),
    /// Which of the stations that somebody sees said something, and their warnings.
    Stations(Sight),
}

/// The one who makes the messages for the listeners of a topic.
pub(super) type Source = Arc<OnceCell<broadcast::Sender<Message>>>;

/// Open streams and what they share.
#[derive(Default)]
pub(crate) struct Streams {
    open: Mutex<Open>,
    sources: Mutex<HashMap<Topic, Source>>,
}

#[derive(Default)]
struct Open {
    sessions: HashMap<String, usize>,
    accounts: HashMap<String, usize>,
    all: usize,
}

/// A stream that is open, until it is dropped.
pub(super) struct Place {
    streams: Arc<Streams>,
    session: String,
    account: String,
}

impl Streams {
    /// Takes a place for one more stream.
    pub(super) fn enter(self: &Arc<Self>, visit: &Visit) -> Result<Place, Refusal> {
        let mut open = lock(&self.open);
        let held = |counts: &HashMap<String, usize>, key: &str| counts.get(key).copied().unwrap_or(0);
        if held(&open.sessions, &visit.csrf) >= OF_SESSION
            || held(&open.accounts, &visit.account.name) >= OF_ACCOUNT
            || open.all >= OF_ALL
        {
            let until = visit.app.clock.now().saturating_add(AGAIN).unwrap_or_default();
            return Err(Refusal::TooOften(Wait { until, seconds: 60 }));
        }
        let (session, account) = (visit.csrf.clone(), visit.account.name.clone());
        *open.sessions.entry(session.clone()).or_default() += 1;
        *open.accounts.entry(account.clone()).or_default() += 1;
        open.all += 1;
        Ok(Place { streams: Arc::clone(self), session, account })
    }

    /// Listens to a topic; whoever is first begins to make it.
    pub(super) async fn listen(
        self: &Arc<Self>,
        visit: &Visit,
        topic: Topic,
    ) -> Result<broadcast::Receiver<Message>, Refusal> {
        loop {
            let source = Arc::clone(lock(&self.sources).entry(topic.clone()).or_default());
            let begun = source.get_or_try_init(async || {
                let (sender, maker) = (broadcast::Sender::new(BEHIND), events::maker(visit, topic.clone()).await?);
                let (messages, made) = (sender.clone(), Made::new(self, &topic, &source));
                tokio::spawn(async move { maker.run(messages, |messages| made.is_over(messages)).await });
                Ok::<_, Refusal>(sender)
            });
            let listener = begun.await?.subscribe();
            // The maker may have stopped meanwhile, because nobody had listened.
            if lock(&self.sources).get(&topic).is_some_and(|now| Arc::ptr_eq(now, &source)) {
                return Ok(listener);
            }
        }
    }
}

/// A topic that is being made. When its maker ends, by a panic as well, the topic is forgotten: its listeners hear that it is over, and the next one begins it
/// anew.
struct Made {
    streams: Arc<Streams>,
    topic: Topic,
    source: Source,
}

impl Made {
    fn new(streams: &Arc<Streams>, topic: &Topic, source: &Source) -> Made {
        Made { streams: Arc::clone(streams), topic: topic.clone(), source: Arc::clone(source) }
    }

    /// Whether nobody listens any more; the topic is forgotten then.
    fn is_over(&self, messages: &broadcast::Sender<Message>) -> bool {
        let mut sources = lock(&self.streams.sources);
        let is_over = messages.receiver_count() == 0;
        if is_over {
            self.forget(&mut sources);
        }
        is_over
    }

    fn forget(&self, sources: &mut HashMap<Topic, Source>) {
        if sources.get(&self.topic).is_some_and(|now| Arc::ptr_eq(now, &self.source)) {
            sources.remove(&self.topic);
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.forget(&mut lock(&self.streams.sources));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.streams.open);
        open.all -= 1;
        let Open { sessions, accounts, .. } = &mut *open;
        for (counts, key) in [(sessions, &self.session), (accounts, &self.account)] {
            if let Some(count) = counts.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(key);
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
