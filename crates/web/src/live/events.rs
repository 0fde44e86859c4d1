//! What comes in, sent to open pages as server-sent events, with a heartbeat so that a page knows that the line is up.

use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use bilan_records::actor::Actor;
use bilan_telemetry::{Event, Observation, Update, Warning};
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use serde_json::{Value as Json, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::registered;
use super::streams::{Place, REFRESHED, Topic};
use super::view::ask;
use crate::accounts::Ended;
use crate::refusal::Refusal;
use crate::state::AppState;
use crate::visit::Visit;
use crate::waiting;

/// Between two heartbeats of a quiet line. Pages open it again after 40 seconds of silence.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What happens within this time is one message.
const GATHERED: Duration = Duration::from_millis(1000);

/// What is sent to the listeners of a topic.
#[derive(Debug, Clone)]
pub(super) struct Message {
    name: &'static str,
    data: Arc<str>,
}

impl Message {
    fn new(name: &'static str, data: &Json) -> Self {
        Self { name, data: data.to_string().into() }
    }

    /// What was missed is on the page that is fetched again.
    fn missed() -> Self {
        Self::new("warning", &json!({}))
    }
}

/// A stream about a topic, if the visitor has not too many open. It ends with the session.
pub(super) async fn open(visit: &Visit, topic: Topic) -> Result<Response, Refusal> {
    let streams = &visit.app.streams;
    let place = streams.enter(visit)?;
    let ended = visit.app.accounts.ended();
    let listener = Listener {
        messages: streams.listen(visit, topic).await?,
        ended,
        checked_at: Instant::now(),
        app: visit.app.clone(),
        session: visit.csrf.clone(),
        account: visit.account.name.clone(),
        _place: place,
    };
    let events = unfold(listener, |mut listener| async { Some((listener.next().await?, listener)) });
    // A stream begins with a word, so that whoever asks knows that it is open.
    let hello = once(async { Sent::default().event("heartbeat").data("{}") });
    let beat = KeepAlive::new().interval(HEARTBEAT).event(Sent::default().event("heartbeat").data("{}"));
    Ok(Sse::new(hello.chain(events).map(Ok::<_, Infallible>)).keep_alive(beat).into_response())
}

/// One open page.
struct Listener {
    messages: Receiver<Message>,
    ended: Receiver<Ended>,
    checked_at: Instant,
    app: AppState,
    session: String,
    account: String,
    _place: Place,
}

impl Listener {
    async fn next(&mut self) -> Option<Sent> {
        loop {
            let message = tokio::select! {
                message = self.messages.recv() => match message {
                    Ok(message) => message,
                    Err(RecvError::Lagged(_)) => Message::missed(),
                    Err(RecvError::Closed) => return None,
                },
                ended = self.ended.recv() => {
                    let is_meant = match ended {
                        Ok(Ended::Session(session)) => session == self.session,
                        Ok(Ended::Account(account)) => account == self.account,
                        Err(_) => !self.holds().await,
                    };
                    if is_meant {
                        return None;
                    }
                    continue;
                }
                // A session that grew too old ends without a word, and so does one that the command line ended.
                () = sleep_until(self.checked_at + REFRESHED) => {
                    if !self.holds().await {
                        return None;
                    }
                    self.checked_at = Instant::now();
                    continue;
                }
            };
            return Some(Sent::default().event(message.name).data(&*message.data));
        }
    }

    async fn holds(&self) -> bool {
        let (accounts, session) = (self.app.accounts.clone(), self.session.clone());
        let asked = waiting::to_the_end(move || accounts.session_holds(&session)).await;
        matches!(asked, Ok(Ok(true)))
    }
}

/// Makes the messages for the listeners of a topic.
pub(super) struct Maker {
    events: Receiver<Event>,
    topic: Topic,
    /// Stations that count.
    seen: HashSet<String>,
    app: AppState,
    actor: Actor,
}

/// The maker of a topic, for all who see what the visitor sees.
pub(super) async fn maker(visit: &Visit, topic: Topic) -> Result<Maker, Refusal> {
    let events = visit.app.observations.subscribe();
    let seen = match &topic {
        Topic::Station(station) => HashSet::from([station.clone()]),
        Topic::Warnings(_) | Topic::Stations(_) => {
            ask(visit, |app, actor| Ok(registered::seen(&app.ledger, actor)?)).await?
        }
    };
    Ok(Maker { events, topic, seen, app: visit.app.clone(), actor: visit.actor.clone() })
}

impl Maker {
    /// Sends messages until `is_over`.
    pub(super) async fn run(mut self, messages: Sender<Message>, is_over: impl Fn(&Sender<Message>) -> bool) {
        let mut refreshed = interval(REFRESHED);
        refreshed.set_missed_tick_behavior(MissedTickBehavior::Delay);
        refreshed.tick().await;
        // What is gathered until it is sent, for a topic with one message a second.
        let (mut changed, mut warned, mut due) = (BTreeSet::new(), false, None::<Instant>);
        loop {
            let gathered = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let event = tokio::select! {
                event = self.events.recv() => event,
                () = gathered => {
                    let name = if warned { "warning" } else { "change" };
                    let _ = messages.send(Message::new(name, &json!({ "stations": changed })));
                    (changed, warned, due) = (BTreeSet::new(), false, None);
                    continue;
                }
                _ = refreshed.tick() => {
                    if is_over(&messages) {
                        return;
                    }
                    self.refresh().await;
                    continue;
                }
            };
            let event = match event {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => {
                    let _ = messages.send(Message::missed());
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            // That nobody listens is noticed within the minute.
            match (&self.topic, event) {
                (Topic::Station(_), Event::Observed(update)) if self.seen.contains(&update.station) => {
                    let _ = messages.send(observed(&update));
                }
                (Topic::Station(_) | Topic::Warnings(_), Event::Warning(warning))
                    if self.seen.contains(&warning.station) =>
                {
                    let _ = messages.send(of_warning(&warning));
                }
                (Topic::Stations(_), Event::Observed(update)) if self.seen.contains(&update.station) => {
                    changed.insert(update.station.clone());
                    due.get_or_insert_with(|| Instant::now() + GATHERED);
                }
                (Topic::Stations(_), Event::Warning(warning)) if self.seen.contains(&warning.station) => {
                    warned = true;
                    due.get_or_insert_with(|| Instant::now() + GATHERED);
                }
                _ => {}
            }
        }
    }

    /// Stations come and go while pages are open.
    async fn refresh(&mut self) {
        if matches!(self.topic, Topic::Station(_)) {
            return;
        }
        let (app, actor) = (self.app.clone(), self.actor.clone());
        match waiting::to_the_end(move || registered::seen(&app.ledger, &actor)).await {
            Ok(Ok(seen)) => self.seen = seen,
            Ok(Err(error)) => tracing::error!("the stations of a stream could not be read: {error}"),
            Err(error) => tracing::error!("the look at the stations of a stream broke off: {error}"),
        }
    }
}

fn observed(update: &Update) -> Message {
    let values: Vec<Json> = update.observations.iter().map(value).collect();
    let data = json!({
        "station": update.station,
        "received_at": update.received_at.as_second(),
        "values": values,
    });
    Message::new("observed", &data)
}

fn value(observation: &Observation) -> Json {
    json!({
        "factor": observation.series.factor,
        "kind": observation.series.kind,
        "statistic": observation.series.statistic,
        "at": observation.shown_at().as_second(),
        "value": observation.value,
        "text": observation.text,
        "valid": observation.is_valid(),
        "flag": observation.flag.as_deref().filter(|flag| *flag != "N"),
    })
}

fn of_warning(warning: &Warning) -> Message {
    let data = json!({
        "station": warning.station,
        "rule": warning.rule,
        "level": warning.level.name(),
        "open": warning.is_open(),
    });
    Message::new("warning", &data)
}
