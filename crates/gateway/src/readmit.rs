//! Devices that were strangers and are in the register by now: what they sent meanwhile comes out of quarantine.

use bilan_telemetry::{Store, StoreError, Submission};
use hj212::{Event, Mode};

use crate::DeviceDirectory;
use crate::directory::{Identity, identify};

/// Packets of one device that are taken in at once.
const AT_ONCE: u32 = 500;

/// Stores what devices sent before they were approved, as of when it came; says how many packets that were. A packet with another password than the
/// register has stays where it is.
///
/// # Errors
/// If the store fails; what was stored until then is out of quarantine, or will be known as a duplicate.
pub async fn readmit(store: &Store, directory: &dyn DeviceDirectory) -> Result<usize, StoreError> {
    let mut stored = 0;
    for stranger in store.strangers()? {
        if directory.device(&stranger.mn).is_none() {
            continue;
        }
        loop {
            let held = store.quarantined_of(&stranger.mn, "unknown_device", AT_ONCE)?;
            let mut released = Vec::new();
            for held in held {
                let Some(Event::Packet { packet, .. }) = hj212::packets(&held.raw, Mode::Tolerant).next() else {
                    continue;
                };
                let Identity::Known(device) = identify(directory, packet.mn, packet.pw) else { continue };
                store.append(Submission::new(&packet, device, &held.peer, held.received_at)).await?;
                released.push(held.id);
            }
            if released.is_empty() {
                break;
            }
            stored += released.len();
            store.release(released).await?;
        }
    }
    Ok(stored)
}
