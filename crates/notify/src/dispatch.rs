//! The loop that empties the outbox.

use std::sync::Arc;
use std::time::Duration;

use bilan_storage::{Lasting, Turn};
use jiff::Timestamp;

use crate::{Message, NotSent, Outbox, OutboxError, Sender};

/// Messages that are sent at the same time: one receiver that hangs does not hold up the others.
const AT_ONCE: u32 = 16;
/// Looked at least so often, whatever the outbox says.
const LONGEST: Duration = Duration::from_secs(60);
/// Rest after a fault of the outbox itself.
const REST: Duration = Duration::from_secs(5);

/// Sends what is due until it is aborted. `now` tells the time.
pub async fn dispatch(outbox: Arc<Outbox>, sender: Arc<Sender>, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) {
    let mut lasting = Lasting::default();
    loop {
        let turned = match turn(&outbox, &sender, &now).await {
            Ok(0) => wait(&outbox, now()).await,
            other => other.map(drop),
        };
        match (lasting.note(&turned), &turned) {
            (Some(Turn::Begins), Err(fault)) => tracing::error!("notices are not sent: {fault}"),
            (Some(Turn::Ends), _) => tracing::info!("notices are sent again"),
            _ => {}
        }
        if turned.is_err() {
            tokio::time::sleep(REST).await;
        }
    }
}

async fn wait(outbox: &Outbox, now: Timestamp) -> Result<(), OutboxError> {
    let next = outbox.next_due()?;
    let pause = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok()).unwrap_or(LONGEST);
    tokio::select! {
        () = outbox.news.notified() => {}
        () = tokio::time::sleep(pause.clamp(Duration::from_millis(50), LONGEST)) => {}
    }
    Ok(())
}

/// Sends what is due now; how many there were.
async fn turn(
    outbox: &Arc<Outbox>,
    sender: &Arc<Sender>,
    now: &Arc<dyn Fn() -> Timestamp + Send + Sync>,
) -> Result<usize, OutboxError> {
    let due = outbox.due(now(), AT_ONCE)?;
    let count = due.len();
    if count > 0 {
        // What cannot be noted as sent would be sent again and again: on a full disk nothing goes out.
        outbox.try_writing()?;
    }
    let mut sending = tokio::task::JoinSet::new();
    for message in due {
        let (outbox, sender, now) = (Arc::clone(outbox), Arc::clone(sender), Arc::clone(now));
        sending.spawn_blocking(move || send(&outbox, &sender, &message, now.as_ref()));
    }
    // All of them are waited for, also when one could not be noted: the next turn must not send again what is under way.
    let mut noted = Ok(count);
    while let Some(sent) = sending.join_next().await {
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => noted = Err(fault),
            Err(broken) => tracing::error!("a notice broke off: {broken}"),
        }
    }
    noted
}

fn send(outbox: &Outbox, sender: &Sender, message: &Message, now: &dyn Fn() -> Timestamp) -> Result<(), OutboxError> {
    match sender.send(outbox, message, now()) {
        Ok(()) => outbox.sent(message.id, now()),
        Err(why @ NotSent { for_good, .. }) => {
            tracing::warn!(way = message.way.name(), for_good, "a notice did not arrive: {why}");
            outbox.failed(message, &why.fault, for_good, now())
        }
    }
}
