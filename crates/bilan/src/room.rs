//! Room on the disk: said in the log before there is none.

use std::path::PathBuf;
use std::time::Duration;

use bilan_web::{Room, RoomState};

use crate::faults::Faults;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(60);

/// Says in the log when room becomes low, ends, and is there again; never ends.
pub async fn watch(data: PathBuf) {
    let mut turns = tokio::time::interval(LOOK);
    let mut known = RoomState::Enough;
    let mut faults = Faults::default();
    loop {
        turns.tick().await;
        let asked = Room::at(&data);
        faults.note("the disk could not be asked for its room", &asked);
        let Ok(room) = asked else { continue };
        let state = room.state();
        if state == known {
            continue;
        }
        known = state;
        let (free, size) = (room.free / 1_000_000, room.size / 1_000_000);
        match state {
            RoomState::Enough => tracing::info!("there is room on the disk again: {free} of {size} MB are free"),
            RoomState::Low => tracing::warn!(
                "the disk is nearly full: {free} of {size} MB are free; make room before nothing can be stored"
            ),
            RoomState::Full => tracing::error!(
                "the disk is full: {free} of {size} MB are free; nothing is stored or acknowledged until there is room"
            ),
        }
    }
}
