//! What devices sent before they were approved.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bilan_telemetry::{Quarantined, Store, StoreError, Submission};
use hj212::{Event, Mode};
use tokio::sync::Mutex;

use crate::directory::{Identity, identify};
use crate::guard::Sender;
use crate::{DeviceDirectory, Report};

/// Packets of one device that are taken in at once.
const AT_ONCE: u32 = 500;
/// Passwords that one sender may have shown for a device. A device shows one, or two if it was mended; who showed more was guessing.
const PASSWORDS: usize = 3;

/// Takes in what devices sent before they were approved. Cheap to clone; clones know together what was looked at.
#[derive(Clone, Default)]
pub struct Readmission {
    looked_at: Arc<Mutex<HashMap<String, LookedAt>>>,
}

/// What of a device was looked at.
#[derive(PartialEq, Eq)]
struct LookedAt {
    /// The password that it had in the register then.
    password: String,
    /// The newest packet in quarantine.
    last: i64,
}

impl Readmission {
    /// Stores what devices sent before they were approved, as of when it came; says how many packets that were. A packet with another password than the
    /// register has stays where it is, and so does all of a sender that tried many: otherwise a password could be guessed before the device is approved.
    ///
    /// What stays is looked at again when the password in the register is another, or more is held.
    ///
    /// # Errors
    /// If the store fails; what was stored until then is out of quarantine, or will be known as a duplicate.
    pub async fn run(&self, store: &Store, directory: &dyn DeviceDirectory) -> Result<usize, StoreError> {
        let mut looked_at = self.looked_at.lock().await;
        let mut stored = 0;
        for (mn, last) in reading(store, Store::unknown_devices).await? {
            let Some(device) = directory.device(&mn) else {
                looked_at.remove(&mn);
                continue;
            };
            let now = LookedAt { password: device.password.clone(), last };
            if looked_at.get(&mn) == Some(&now) {
                continue;
            }
            stored += take_in(store, directory, &mn).await?;
            looked_at.insert(mn, now);
        }
        Ok(stored)
    }
}

/// Stores the packets that are held of a device.
async fn take_in(store: &Store, directory: &dyn DeviceDirectory, mn: &str) -> Result<usize, StoreError> {
    let of = mn.to_owned();
    let guessers = reading(store, move |store| guessers(store, &of)).await?;
    let mut stored = 0;
    let mut after = 0;
    loop {
        let of = mn.to_owned();
        let held = reading(store, move |store| store.quarantined_of(&of, "unknown_device", after, AT_ONCE)).await?;
        let Some(last) = held.last() else { return Ok(stored) };
        after = last.id;
        let mut released = Vec::new();
        for held in held {
            if guessers.contains(&Sender::of(&held.peer)) {
                continue;
            }
            let Some(bytes) = packet_of(directory, &held.raw) else { continue };
            let Some(Event::Packet { packet, .. }) = hj212::packets(&bytes, Mode::Tolerant).next() else {
                continue;
            };
            let Identity::Known(device) = identify(directory, packet.mn, packet.pw) else { continue };
            let receipt = store.append(Submission::new(&packet, device, &held.peer, held.received_at)).await?;
            // One whose time is not believed is in quarantine again, for that.
            stored += usize::from(receipt.quarantined.is_none());
            released.push(held.id);
        }
        if !released.is_empty() {
            store.release(released).await?;
        }
    }
}

/// Reads from the store where that holds nobody up.
async fn reading<T: Send + 'static>(
    store: &Store,
    read: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let reading = store.clone();
    match tokio::task::spawn_blocking(move || read(&reading)).await {
        Ok(read) => read,
        // The next turn reads again.
        Err(broken) if broken.is_panic() => {
            Err(StoreError::Panicked { path: store.path().to_owned(), message: broken.to_string() })
        }
        // The runtime is being shut down.
        Err(_) => Err(StoreError::Closed),
    }
}

/// Senders that showed many passwords for a device.
fn guessers(store: &Store, mn: &str) -> Result<HashSet<Sender>, StoreError> {
    let mut shown: HashMap<Sender, HashSet<String>> = HashMap::new();
    let mut after = 0;
    loop {
        let held = store.quarantined_of(mn, "unknown_device", after, AT_ONCE)?;
        let Some(last) = held.last() else { break };
        after = last.id;
        for held in &held {
            let password = password_of(held);
            let passwords = shown.entry(Sender::of(&held.peer)).or_default();
            if passwords.len() <= PASSWORDS {
                passwords.insert(password);
            }
        }
    }
    let many = |(sender, passwords): (Sender, HashSet<String>)| (passwords.len() > PASSWORDS).then_some(sender);
    Ok(shown.into_iter().filter_map(many).collect())
}

/// The password that a held packet shows, or a held report in JSON.
fn password_of(held: &Quarantined) -> String {
    if let Ok(report) = serde_json::from_slice::<Report>(&held.raw) {
        return report.password;
    }
    match hj212::packets(&held.raw, Mode::Tolerant).next() {
        Some(Event::Packet { packet, .. }) => packet.pw.unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// The packet that was held: itself, or the one that says the same as a report in JSON.
fn packet_of<'a>(directory: &dyn DeviceDirectory, held: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if !held.starts_with(b"{") {
        return Some(Cow::Borrowed(held));
    }
    let report: Report = serde_json::from_slice(held).ok()?;
    let Identity::Known(device) = identify(directory, &report.mn, Some(&report.password)) else { return None };
    report.message(&device).ok()?.encode().ok().map(Cow::Owned)
}
