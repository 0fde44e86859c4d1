//! What is done again and again while a bureau works: one loop a job.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::Readmission;
use bilan_notify::Outbox;
use bilan_records::ledger::{Ledger, ReadError, WriteError};
use bilan_telemetry::{Retention, Store};
use jiff::{SignedDuration, Timestamp};

use crate::calling::Calling;
use crate::faults::{Faults, joined};
use crate::stations::StationDirectory;

/// Between two looks at deadlines.
const MINUTE: Duration = Duration::from_secs(60);
/// Between two turns of sealing.
const SEALING: Duration = Duration::from_secs(600);
/// Between two looks for what is kept no longer.
const RETIRING: Duration = Duration::from_secs(6 * 3600);
/// How long instants and minutes stay rows of their own: pages and rules of the running hours read them there.
const SEALED_AFTER: SignedDuration = SignedDuration::from_hours(3);

/// Fires reminders, takes away imports that broke off, and takes in what approved devices sent while they were strangers.
/// A stop does not wait for the rest of thousands of reminders: the next start sends them.
pub(crate) async fn keep_clocks(
    ledger: Arc<Ledger>,
    stations: Arc<StationDirectory>,
    observations: Store,
    readmission: Readmission,
) {
    let mut minutes = tokio::time::interval(MINUTE);
    let mut faults = Faults::default();
    loop {
        minutes.tick().await;
        let ledger = Arc::clone(&ledger);
        // A stop ends this here: what the work was interrupted in is no fault and is said nowhere.
        let looked = bilan_web::while_asked(move || look_at_clocks(&ledger)).await;
        faults.note("the look at deadlines broke off", &looked);
        if let Ok(Looked { imports, deadlines }) = looked {
            faults.note("what an import that broke off left could not be taken away", &imports);
            faults.note("deadlines could not be looked at", &deadlines);
        }
        let readmitted = readmission.run(&observations, &*stations).await;
        faults.note("packets of approved devices could not be stored", &readmitted);
        if let Ok(packets @ 1..) = readmitted {
            tracing::info!("{packets} packets of devices that were approved are out of quarantine");
        }
    }
}

/// What came of a look at the clocks.
struct Looked {
    imports: Result<(), ReadError>,
    deadlines: Result<(), WriteError>,
}

fn look_at_clocks(ledger: &Ledger) -> Looked {
    let imports = ledger.sweep_imports().map(|imports| {
        if imports > 0 {
            tracing::info!("{imports} imports that broke off before they were seen are taken away");
        }
    });
    let deadlines = ledger.tick(ledger.now()).map(|reminders| {
        if !reminders.is_empty() {
            tracing::info!("{} reminders of deadlines", reminders.len());
        }
    });
    Looked { imports, deadlines }
}

/// Calls others where nobody has acknowledged a warning in time; forgets notices of long ago.
pub(crate) async fn escalate(calling: Calling, observations: Store, outbox: Arc<Outbox>) {
    let mut minutes = tokio::time::interval(MINUTE);
    let mut faults = Faults::default();
    loop {
        minutes.tick().await;
        let (calling, observations, outbox) = (calling.clone(), observations.clone(), Arc::clone(&outbox));
        let looked = tokio::task::spawn_blocking(move || {
            let open = observations.open_warnings();
            let escalated = open.as_ref().map_or(Ok(()), |open| calling.escalate(open));
            (open.map(drop), escalated, outbox.prune(Timestamp::now()))
        });
        let looked = looked.await;
        faults.note("the look at warnings that wait broke off", &looked);
        if let Ok((open, escalated, pruned)) = looked {
            faults.note("open warnings could not be read", &open);
            faults.note("not every warning that waits could be escalated", &escalated);
            faults.note("old notices could not be let go", &pruned);
        }
    }
}

/// Seals instants and minutes of past hours: they stay where they are read from, in a twentieth of the room.
pub(crate) async fn seal_observations(observations: Store) {
    let mut turns = tokio::time::interval(SEALING);
    let mut faults = Faults::default();
    loop {
        turns.tick().await;
        let store = observations.clone();
        let before = Timestamp::now() - SEALED_AFTER;
        let sealed = joined(tokio::task::spawn_blocking(move || store.seal_blocking(before)).await);
        faults.note("observations could not be sealed", &sealed);
        if let Ok(sealed) = sealed.as_ref()
            && sealed.values > 0
        {
            tracing::debug!(?sealed, "observations sealed");
        }
    }
}

/// Computes the air quality indexes of the last hour once its values are in; late values make them anew.
pub(crate) async fn keep_indexes(ledger: Arc<Ledger>, observations: Store) {
    let mut minutes = tokio::time::interval(MINUTE);
    let mut faults = Faults::default();
    loop {
        minutes.tick().await;
        let now = Timestamp::now();
        let (ledger, store) = (Arc::clone(&ledger), observations.clone());
        let found = joined(bilan_web::while_asked(move || bilan_web::air_indexes(&ledger, &store, now)).await);
        faults.note("air quality indexes could not be computed", &found);
        let Ok(fresh) = found else { continue };
        let stored = if fresh.is_empty() { Ok(()) } else { observations.derive(fresh, now).await };
        faults.note("air quality indexes could not be stored", &stored);
    }
}

/// Lets go what is older than it is kept for.
pub(crate) async fn retire_observations(observations: Store, retention: Retention) {
    let mut turns = tokio::time::interval(RETIRING);
    let mut faults = Faults::default();
    loop {
        turns.tick().await;
        let store = observations.clone();
        let retire = move || store.retire_blocking(retention, Timestamp::now());
        let retired = joined(tokio::task::spawn_blocking(retire).await);
        faults.note("old observations could not be let go", &retired);
        if let Ok(retired) = retired.as_ref()
            && retired.chunks > 0
        {
            tracing::info!(?retired, "old observations summed up and let go");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bilan_storage::Cancellation;
    use tracing::Level;
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

    use super::*;
    use crate::trial::Trial;

    /// Counts what is said as an error.
    #[derive(Clone, Default)]
    struct Errors(Arc<AtomicUsize>);

    impl<S: tracing::Subscriber> Layer<S> for Errors {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            if *event.metadata().level() == Level::ERROR {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_stop_while_the_clocks_are_looked_at_is_not_logged_as_an_error() {
        let trial = Trial::new();
        let stopped = Cancellation::default();
        drop(stopped.when_dropped());
        let errors = Errors::default();
        let looked = tracing::subscriber::with_default(tracing_subscriber::registry().with(errors.clone()), || {
            stopped.over(|| look_at_clocks(&trial.ledger))
        });
        assert!(looked.imports.is_err() && looked.deadlines.is_err(), "both were interrupted");
        assert_eq!(errors.0.load(Ordering::Relaxed), 0);
    }
}
