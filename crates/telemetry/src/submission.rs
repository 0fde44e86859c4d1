//! One packet on its way into the store, and what became of it.

use std::sync::Arc;

use hj212::{Packet, Tolerances};
use jiff::{SignedDuration, Timestamp};

use crate::intake::{self, Reading};
use crate::{Device, Observation};

/// Values that ended longer ago were kept by the device and sent later.
const PAST: SignedDuration = SignedDuration::from_mins(30);

/// A device whose clock is set is not further ahead than this. What is waits until its time has come, a period until it has ended.
pub(crate) const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// Values further ahead than this are not believed; of a period its beginning counts: today may be sent before it has ended.
const FUTURE: SignedDuration = SignedDuration::from_hours(24);

/// 2005-01-01 in Beijing, when no device spoke HJ 212 yet: a clock before it was never set.
const LONG_PAST_S: i64 = 1_104_508_800;

/// One packet with what it says, ready to be stored.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The device that sent it.
    pub device: Arc<Device>,
    /// Address it came from.
    pub peer: String,
    /// When it came.
    pub received_at: Timestamp,
    /// What it says.
    pub observations: Vec<Observation>,
    pub(crate) raw: Vec<u8>,
    pub(crate) digest: u128,
    pub(crate) tolerated: Tolerances,
    pub(crate) clock_behind_s: Option<i64>,
    pub(crate) back_fill: bool,
    /// The device itself calls it back-filled (`RF=1`).
    pub(crate) marked_back_fill: bool,
    /// Values whose time is still to come, or whose period has not ended.
    pub(crate) waiting: Vec<Observation>,
    /// Why its times are not believed.
    pub(crate) time_fault: Option<TimeFault>,
}

/// Why the times of a packet are not believed. Nothing of it is stored; it goes into quarantine, and must not be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeFault {
    /// Its values have no `DataTime`, or one that cannot be read.
    Missing,
    /// More than a day ahead.
    Ahead,
    /// Before there was a device that speaks HJ 212.
    LongPast,
    /// The instant has another value, which came when it was due: the clock of the device stands still or was set back.
    Taken,
}

impl TimeFault {
    /// Name in snake case: the reason that stands in quarantine.
    pub const fn name(self) -> &'static str {
        match self {
            TimeFault::Missing => "time_missing",
            TimeFault::Ahead => "time_in_future",
            TimeFault::LongPast => "time_long_past",
            TimeFault::Taken => "time_taken",
        }
    }
}

impl Submission {
    /// Reads a packet of a known device.
    pub fn new(packet: &Packet<'_>, device: Arc<Device>, peer: &str, received_at: Timestamp) -> Submission {
        Submission::part(packet, device, peer, received_at, None)
    }

    /// Reads a packet that may be a later part of a message; `begun` is the `DataTime` of its first part.
    pub fn part(
        packet: &Packet<'_>,
        device: Arc<Device>,
        peer: &str,
        received_at: Timestamp,
        begun: Option<Timestamp>,
    ) -> Submission {
        let Reading { observations, timeless } = intake::read(packet, &device, begun);
        let time_fault = time_fault(&observations, timeless, received_at);
        let (waiting, observations): (Vec<_>, Vec<_>) =
            observations.into_iter().partition(|seen| seen.end().duration_since(received_at) > AHEAD);
        Submission {
            time_fault,
            // Some mark it so (RF=1); what was measured long ago is the past in any case.
            back_fill: packet.back_fill
                || observations.iter().any(|seen| received_at.duration_since(seen.end()) > PAST),
            marked_back_fill: packet.back_fill,
            peer: peer.to_owned(),
            received_at,
            raw: packet.raw.to_vec(),
            digest: digest(packet.segment),
            tolerated: packet.tolerated,
            clock_behind_s: intake::clock_behind(packet, received_at).map(|behind| behind.as_secs()),
            observations,
            waiting,
            device,
        }
    }
}

fn time_fault(observations: &[Observation], timeless: usize, received_at: Timestamp) -> Option<TimeFault> {
    let any = |fault: fn(&Observation, Timestamp) -> bool| observations.iter().any(|seen| fault(seen, received_at));
    if any(|seen, received_at| seen.at.duration_since(received_at) > FUTURE) {
        Some(TimeFault::Ahead)
    } else if any(|seen, _| seen.at.as_second() < LONG_PAST_S) {
        Some(TimeFault::LongPast)
    } else {
        (timeless > 0).then_some(TimeFault::Missing)
    }
}

/// FNV-1a over 128 bits: a resent packet is the same byte for byte.
fn digest(segment: &[u8]) -> u128 {
    segment.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

/// What became of a submission. It is on disk: in the store, or in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Whether the same packet was there already.
    pub duplicate: bool,
    /// Observations stored now.
    pub observations: usize,
    /// Why it is in quarantine in place of the store; it must not be acknowledged then.
    pub quarantined: Option<TimeFault>,
}

impl Receipt {
    /// A packet that was stored, with so many observations.
    pub const fn stored(observations: usize) -> Receipt {
        Receipt { duplicate: false, observations, quarantined: None }
    }

    /// A packet that was stored before.
    pub(crate) const DUPLICATE: Receipt = Receipt { duplicate: true, observations: 0, quarantined: None };
}
