//! What is done again and again while a bureau works: one loop a job.

use std::sync::Arc;
use std::time::Duration;

use bilan_gateway::Readmission;
use bilan_notify::Outbox;
use bilan_records::ledger::Ledger;
use bilan_telemetry::{Retention, Store};
use jiff::{SignedDuration, Timestamp};

use crate::calling::Calling;
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
    loop {
        minutes.tick().await;
        let ledger = Arc::clone(&ledger);
        let looked = bilan_web::while_asked(move || {
            match ledger.sweep_imports() {
                Ok(0) => {}
                Ok(imports) => tracing::info!("{imports} imports that broke off before they were seen are taken away"),
                Err(error) => tracing::error!("what an import that broke off left could not be taken away: {error}"),
            }
            match ledger.tick(ledger.now()) {
                Ok(reminders) if reminders.is_empty() => {}
                Ok(reminders) => tracing::info!("{} reminders of deadlines", reminders.len()),
                Err(_) if bilan_storage::check().is_err() => {}
                Err(error) => tracing::error!("deadlines could not be looked at: {error}"),
            }
        });
        if let Err(error) = looked.await {
            tracing::error!("the look at deadlines broke off: {error}");
        }
        match readmission.run(&observations, &*stations).await {
            Ok(0) => {}
            Ok(packets) => tracing::info!("{packets} packets of devices that were approved are out of quarantine"),
            Err(error) => tracing::error!("packets of approved devices could not be stored: {error}"),
        }
    }
}

/// Calls others where nobody has acknowledged a warning in time; forgets notices of long ago.
pub(crate) async fn escalate(calling: Calling, observations: Store, outbox: Arc<Outbox>) {
    let mut minutes = tokio::time::interval(MINUTE);
    loop {
        minutes.tick().await;
        let (calling, observations, outbox) = (calling.clone(), observations.clone(), Arc::clone(&outbox));
        let looked = tokio::task::spawn_blocking(move || {
            match observations.open_warnings() {
                Ok(open) => calling.escalate(&open),
                Err(error) => tracing::error!("open warnings could not be read: {error}"),
            }
            if let Err(error) = outbox.prune(Timestamp::now()) {
                tracing::error!("old notices could not be let go: {error}");
            }
        });
        if let Err(error) = looked.await {
            tracing::error!("the look at warnings that wait broke off: {error}");
        }
    }
}

/// Seals instants and minutes of past hours: they stay where they are read from, in a twentieth of the room.
pub(crate) async fn seal_observations(observations: Store) {
    let mut turns = tokio::time::interval(SEALING);
    loop {
        turns.tick().await;
        let store = observations.clone();
        let before = Timestamp::now() - SEALED_AFTER;
        match tokio::task::spawn_blocking(move || store.seal_blocking(before)).await {
            Ok(Ok(sealed)) if sealed.values > 0 => tracing::debug!(?sealed, "observations sealed"),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!("observations could not be sealed: {error}"),
            Err(error) => tracing::error!("sealing broke off: {error}"),
        }
    }
}

/// Reckons the air quality indexes of the last hour once its values are in; late values make them anew.
pub(crate) async fn keep_indexes(ledger: Arc<Ledger>, observations: Store) {
    let mut minutes = tokio::time::interval(MINUTE);
    loop {
        minutes.tick().await;
        let now = Timestamp::now();
        let (ledger, store) = (Arc::clone(&ledger), observations.clone());
        let found = bilan_web::while_asked(move || bilan_web::air_indexes(&ledger, &store, now)).await;
        match found {
            Ok(Ok(fresh)) if fresh.is_empty() => {}
            Ok(Ok(fresh)) => {
                if let Err(error) = observations.derive(fresh, now).await {
                    tracing::error!("air quality indexes could not be stored: {error}");
                }
            }
            Ok(Err(error)) => tracing::error!("air quality indexes could not be reckoned: {error}"),
            Err(error) => tracing::error!("reckoning air quality indexes broke off: {error}"),
        }
    }
}

/// Lets go what is older than it is kept for.
pub(crate) async fn retire_observations(observations: Store, retention: Retention) {
    let mut turns = tokio::time::interval(RETIRING);
    loop {
        turns.tick().await;
        let store = observations.clone();
        match tokio::task::spawn_blocking(move || store.retire_blocking(retention, Timestamp::now())).await {
            Ok(Ok(retired)) if retired.chunks > 0 => tracing::info!(?retired, "old observations summed up and let go"),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!("old observations could not be let go: {error}"),
            Err(error) => tracing::error!("letting go broke off: {error}"),
        }
    }
}
