//! What comes in, told to open pages as server-sent events, with a heartbeat so that a page knows that the line is up.

use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use bilan_telemetry::{Event, Observation, Store, Update, Warning};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value as Json, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Between two heartbeats of a quiet line. Pages open it again after 40 seconds of silence.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What happens within this time is told at once.
const GATHERED: Duration = Duration::from_millis(1000);

/// A stream that begins with a word, so that whoever asks knows that it is open.
fn stream<S: Stream<Item = Sent> + Send + 'static>(
    events: S,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>> + use<S>> {
    use futures_util::StreamExt;
    let hello = futures_util::stream::once(async { Sent::default().event("heartbeat").data("{}") });
    let beat = KeepAlive::new().interval(HEARTBEAT).event(Sent::default().event("heartbeat").data("{}"));
    Sse::new(hello.chain(events).map(Ok)).keep_alive(beat)
}

/// Every value and warning of one station as it comes.
pub(crate) fn of_station(store: &Store, station: String) -> Sse<impl Stream<Item = Result<Sent, Infallible>> + use<>> {
    let events = store.subscribe();
    stream(unfold((events, station), |(mut events, station)| async move {
        loop {
            let told = match events.recv().await {
                Ok(Event::Observed(update)) if update.station == station => observed(&update),
                Ok(Event::Warning(warning)) if warning.station == station => warned(&warning),
                // What was missed is on the page that is fetched again.
                Err(RecvError::Lagged(_)) => Sent::default().event("warning").data("{}"),
                Err(RecvError::Closed) => return None,
                Ok(_) => continue,
            };
            return Some((told, (events, station)));
        }
    }))
}

/// The warnings of these stations, each as it opens or clears.
pub(crate) fn of_warnings(
    store: &Store,
    seen: HashSet<String>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>> + use<>> {
    let warnings = store.subscribe_to_warnings();
    stream(unfold((warnings, seen), |(mut warnings, seen)| async move {
        loop {
            let told = match warnings.recv().await {
                Ok(warning) if seen.contains(&warning.station) => warned(&warning),
                Ok(_) => continue,
                // What was missed is on the page that is fetched again.
                Err(RecvError::Lagged(_)) => Sent::default().event("warning").data("{}"),
                Err(RecvError::Closed) => return None,
            };
            return Some((told, (warnings, seen)));
        }
    }))
}

/// Which of these stations said something, at most once a second, and their warnings.
pub(crate) fn of_stations(
    store: &Store,
    seen: HashSet<String>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>> + use<>> {
    let events = store.subscribe();
    stream(unfold((events, seen), |(mut events, seen)| async move {
        loop {
            let mut changed = BTreeSet::new();
            let mut warned = false;
            let mut take = |event: Event| match event {
                Event::Observed(update) if seen.contains(&update.station) => {
                    changed.insert(update.station.clone());
                }
                Event::Warning(warning) if seen.contains(&warning.station) => warned = true,
                _ => {}
            };
            match events.recv().await {
                Ok(event) => take(event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
            tokio::time::sleep(GATHERED).await;
            drain(&mut events, &mut take);
            if warned || !changed.is_empty() {
                let name = if warned { "warning" } else { "change" };
                let told = Sent::default().event(name).data(json!({ "stations": changed }).to_string());
                return Some((told, (events, seen)));
            }
        }
    }))
}

fn drain(events: &mut Receiver<Event>, take: &mut impl FnMut(Event)) {
    loop {
        match events.try_recv() {
            Ok(event) => take(event),
            Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        }
    }
}

fn observed(update: &Update) -> Sent {
    let values: Vec<Json> = update.observations.iter().map(value).collect();
    let told = json!({
        "station": update.station,
        "received_at": update.received_at.as_second(),
        "values": values,
    });
    Sent::default().event("observed").data(told.to_string())
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

fn warned(warning: &Warning) -> Sent {
    let told = json!({
        "station": warning.station,
        "rule": warning.rule,
        "level": warning.level.name(),
        "open": warning.is_open(),
    });
    Sent::default().event("warning").data(told.to_string())
}
