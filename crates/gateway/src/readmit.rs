//! What devices sent before they were approved.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use bilan_telemetry::{Quarantined, Store, StoreError, Submission};
use hj212::{Event, Mode};

use crate::directory::{Identity, identify};
use crate::guard::Sender;
use crate::{DeviceDirectory, Report};

/// Packets of one device that are taken in at once.
const AT_ONCE: u32 = 500;
/// Passwords that one sender may have shown for a device. A device shows one, or two if it was mended; who showed more was guessing.
const PASSWORDS: usize = 3;

/// Stores what devices sent before they were approved, as of when it came; says how many packets that were. A packet with another password than the
/// register has stays where it is, and so does all of a sender that tried many: otherwise a password could be guessed before the device is approved.
///
/// # Errors
/// If the store fails; what was stored until then is out of quarantine, or will be known as a duplicate.
pub async fn readmit(store: &Store, directory: &dyn DeviceDirectory) -> Result<usize, StoreError> {
    let mut stored = 0;
    for mn in store.unknown_devices()? {
        if directory.device(&mn).is_none() {
            continue;
        }
        let guessers = guessers(store, &mn)?;
        let mut after = 0;
        loop {
            let held = store.quarantined_of(&mn, "unknown_device", after, AT_ONCE)?;
            let Some(last) = held.last() else { break };
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
                store.append(Submission::new(&packet, device, &held.peer, held.received_at)).await?;
                released.push(held.id);
            }
            if !released.is_empty() {
                stored += released.len();
                store.release(released).await?;
            }
        }
    }
    Ok(stored)
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
