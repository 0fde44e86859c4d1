//! One device's line: bytes to packets, packets to the store, answers back in order.
//!
//! Reading and answering run side by side, so that many packets of one device share a commit; between them stands a bounded queue: when
//! the disk is slow nothing more is read, and the pressure goes back to the device instead of into memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bilan_telemetry::{Device, Receipt, Store, StoreError, Submission};
use hj212::{Decoder, Event, Fault, FaultCode, Message, Mode, Packet, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::begun::Begun;
use crate::control::{Said, Speaker, Switchboard};
use crate::guard::{Guard, Look, Sender};
use crate::server::{Counters, stop_asked};
use crate::{Clock, DeviceDirectory, Settings};

/// What connections share; one clone for each.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) store: Store,
    pub(crate) directory: Arc<dyn DeviceDirectory>,
    pub(crate) clock: Clock,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) switchboard: Switchboard,
    pub(crate) guard: Arc<Guard>,
}

/// An answer that waits for its data to be on disk.
pub(crate) struct PendingAnswer {
    receipt: Option<oneshot::Receiver<Result<Receipt, StoreError>>>,
    answer: Option<Message>,
    /// What the device answered to a question. It is handed on in turn, so that an exchange ends when its data are on disk.
    said: Option<Said>,
}

impl PendingAnswer {
    /// A question to the device: it goes out after what waits already.
    pub(crate) fn asking(message: Message) -> PendingAnswer {
        PendingAnswer { receipt: None, answer: Some(message), said: None }
    }
}

/// What the decoder gave, freed from its buffer.
enum Taken {
    Data {
        submission: Submission,
        answer: Option<Message>,
    },
    Notice {
        answer: Option<Message>,
    },
    Reply(Said),
    Quarantine {
        raw: Vec<u8>,
        reason: &'static str,
        mn: Option<String>,
        fault: bool,
    },
    /// Its sender guessed too many passwords: it was not looked at.
    Slowed,
}

/// The devices that showed their password on one connection. One, in nearly every case.
struct Spoken {
    switchboard: Switchboard,
    connection: u64,
    peer: String,
    sender: Sender,
    devices: Vec<String>,
    begun: Begun,
}

/// A logger speaks for a few devices at most; a connection that changes its name all the time is not remembered for each.
const DEVICES_PER_CONNECTION: usize = 64;

impl Spoken {
    fn knows(&self, mn: &str) -> bool {
        self.devices.iter().any(|known| known == mn)
    }

    /// Remembers a device that showed its password; says whether there is room for it.
    fn remember(&mut self, mn: &str) -> bool {
        if self.knows(mn) {
            return true;
        }
        let has_room = self.devices.len() < DEVICES_PER_CONNECTION;
        if has_room {
            self.devices.push(mn.to_owned());
        }
        has_room
    }
}

/// The line of a connection that is over, or whose task panicked, is no line of its devices any more.
impl Drop for Spoken {
    fn drop(&mut self) {
        for mn in &self.devices {
            self.switchboard.disconnected(self.connection, mn);
        }
    }
}

/// Why reading ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    ByPeer,
    Stopping,
    Silent,
    StuckPacket,
    Rubbish,
    StoreClosed,
}

impl Connection {
    pub(crate) async fn run(
        self,
        read: impl AsyncRead + Unpin + Send,
        write: impl AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
    ) {
        let (pending, answers) = mpsc::channel(self.settings.max_unanswered.max(1));
        let answering = tokio::spawn(self.clone().answer(write, answers));
        let mut spoken = Spoken {
            switchboard: self.switchboard.clone(),
            connection: self.switchboard.connection(),
            peer: peer.to_string(),
            sender: Sender::Address(peer.ip().into()),
            devices: Vec::new(),
            begun: Begun::default(),
        };
        let ended = self.read(read, pending, &mut spoken).await;
        drop(spoken);
        if !matches!(ended, Ended::ByPeer | Ended::Stopping) {
            Counters::add(&self.counters.dropped);
            tracing::info!(%peer, reason = ?ended, "connection of a device closed");
        }
        // What is being stored is answered even after the last byte.
        let _ = answering.await;
    }

    async fn read(
        &self,
        mut read: impl AsyncRead + Unpin + Send,
        pending: mpsc::Sender<PendingAnswer>,
        spoken: &mut Spoken,
    ) -> Ended {
        let mut decoder = Decoder::new(mode(&self.settings));
        let mut buffer = [0u8; 2048];
        let mut stopped = self.stopped.clone();
        let mut faults = 0;
        let mut quarantined = 0;
        let mut begun: Option<Instant> = None;
        let mut has_spoken = false;
        loop {
            let wait = if decoder.awaits_tail() {
                Instant::now() + Duration::from_millis(self.settings.tail_ms)
            } else if let Some(begun) = begun {
                begun + Duration::from_secs(self.settings.packet_s)
            } else if has_spoken {
                Instant::now() + Duration::from_secs(self.settings.idle_s)
            } else {
                Instant::now() + Duration::from_secs(self.settings.first_byte_s.min(self.settings.idle_s))
            };
            let length = tokio::select! {
                length = timeout_at(wait, read.read(&mut buffer)) => length,
                () = stop_asked(&mut stopped) => return Ended::Stopping,
            };
            let ended = match length {
                Ok(Ok(0) | Err(_)) => Some(Ended::ByPeer),
                Ok(Ok(length)) => {
                    has_spoken = true;
                    decoder.feed(&buffer[..length]);
                    None
                }
                Err(_) if decoder.awaits_tail() => None,
                Err(_) if begun.is_some() => Some(Ended::StuckPacket),
                Err(_) => Some(Ended::Silent),
            };
            let idle = length.is_err();
            let mut moved = false;
            loop {
                let event = match (ended, idle) {
                    (Some(_), _) => decoder.next_event_at_end(),
                    (None, true) => decoder.next_event_when_idle(),
                    (None, false) => decoder.next_event(),
                };
                let Some(event) = event else { break };
                moved = true;
                let taken = self.take(&event, &pending, spoken);
                let fault = matches!(taken, Taken::Quarantine { fault: true, .. });
                faults = if fault { faults + 1 } else { 0 };
                if let Err(ended) = self.handle(taken, spoken, &pending, &mut quarantined).await {
                    return ended;
                }
                if faults >= self.settings.max_faults {
                    return Ended::Rubbish;
                }
            }
            if let Some(ended) = ended {
                return ended;
            }
            begun = match begun {
                _ if decoder.pending() == 0 => None,
                Some(begun) if !moved => Some(begun),
                _ => Some(Instant::now()),
            };
        }
    }

    /// Says what an event is; waits for nothing.
    fn take(&self, event: &Event<'_>, pending: &mpsc::Sender<PendingAnswer>, spoken: &mut Spoken) -> Taken {
        match event {
            Event::Fault(fault) => match self.opened(fault) {
                Some(plain) => match hj212::packets(&plain, mode(&self.settings)).next() {
                    Some(event @ Event::Packet { .. }) => self.take(&event, pending, spoken),
                    // Strict mode may still not take what opened.
                    Some(Event::Fault(fault)) => self.refuse(&fault),
                    None => self.refuse(fault),
                },
                None => self.refuse(fault),
            },
            Event::Packet { packet, .. } => match self.look(packet, spoken) {
                Look::Unknown => {
                    Counters::add(&self.counters.unknown_devices);
                    stranger(packet, "unknown_device")
                }
                Look::WrongPassword => {
                    Counters::add(&self.counters.wrong_passwords);
                    stranger(packet, "wrong_password")
                }
                Look::Slowed(_) => {
                    Counters::add(&self.counters.slowed);
                    Taken::Slowed
                }
                Look::Known(device) => {
                    Counters::add(&self.counters.packets);
                    if spoken.remember(packet.mn) {
                        let speaker = Speaker {
                            connection: spoken.connection,
                            peer: &spoken.peer,
                            sender: &spoken.sender,
                            pending,
                        };
                        self.switchboard.spoke(speaker, packet, (self.clock)());
                    }
                    if let Some(said) = Said::read(packet) {
                        return Taken::Reply(said);
                    }
                    self.switchboard.sent_data(packet);
                    let answer = hj212::acknowledgement(packet);
                    let now = (self.clock)();
                    if packet.cn == "1013" && self.settings.set_time_when_asked {
                        // A device that names the instrument is given the time of that one; many refuse it without.
                        let pol_id = packet.value("PolId").and_then(|text| std::str::from_utf8(text).ok());
                        self.set_the_time(&device, pol_id.map(str::trim).filter(|text| !text.is_empty()), now);
                    }
                    // Heartbeats hold nothing to keep.
                    if matches!(packet.cn, "9015" | "9021" | "9022") {
                        return Taken::Notice { answer };
                    }
                    self.mind_the_clock(packet, now);
                    let begun = spoken.begun.time_of(packet);
                    Taken::Data { submission: Submission::part(packet, device, &spoken.peer, now, begun), answer }
                }
            },
        }
    }

    fn look(&self, packet: &Packet<'_>, spoken: &Spoken) -> Look {
        let is_open = spoken.knows(packet.mn);
        self.guard.look(&*self.directory, (packet.mn, packet.pw), &spoken.sender, is_open, (self.clock)())
    }

    /// A device that asked for the time (1013) is given it (1012), beside whatever else it says.
    fn set_the_time(&self, device: &Arc<Device>, pol_id: Option<&str>, now: jiff::Timestamp) {
        let (switchboard, device, patience) = (self.switchboard.clone(), device.clone(), self.settings.patience());
        let pol_id = pol_id.map(str::to_owned);
        tokio::spawn(async move {
            let request = Request::SetTime { pol_id, time: bilan_telemetry::intake::data_time_text(now) };
            if let Err(fault) = switchboard.ask(&device, &request, now, patience).await {
                tracing::info!(%fault, "a device that asked for the time was not given it");
            }
        });
    }

    fn refuse(&self, fault: &Fault<'_>) -> Taken {
        Counters::add(&self.counters.faults);
        let kept = &fault.raw[..fault.raw.len().min(self.settings.quarantined_bytes)];
        let mn = fault.partial().mn.map(str::to_owned);
        Taken::Quarantine { raw: kept.to_vec(), reason: fault.code.code(), mn, fault: true }
    }

    /// The plain packet of an encrypted one, if its device is known with a key that opens it.
    fn opened(&self, fault: &Fault<'_>) -> Option<Vec<u8>> {
        if fault.code != FaultCode::Encrypted {
            return None;
        }
        let device = self.directory.device(fault.partial().mn?)?;
        hj212::open(fault.raw, device.sm4_key.as_ref()?).ok()
    }

    fn mind_the_clock(&self, packet: &Packet<'_>, now: jiff::Timestamp) {
        if let Some(behind) = bilan_telemetry::intake::clock_behind(packet, now)
            && behind.as_secs().abs() > self.settings.clock_skew_s
        {
            Counters::add(&self.counters.clock_skews);
            tracing::debug!(mn = packet.mn, behind_s = behind.as_secs(), "the clock of a device is off");
        }
    }

    async fn handle(
        &self,
        taken: Taken,
        spoken: &Spoken,
        pending: &mpsc::Sender<PendingAnswer>,
        quarantined: &mut u32,
    ) -> Result<(), Ended> {
        let due = match taken {
            Taken::Slowed => return Ok(()),
            Taken::Notice { answer } => PendingAnswer { receipt: None, answer, said: None },
            Taken::Reply(said) => PendingAnswer { receipt: None, answer: None, said: Some(said) },
            Taken::Data { submission, answer } => {
                let receipt = self.store.enqueue(submission).await.map_err(|_| Ended::StoreClosed)?;
                PendingAnswer { receipt: Some(receipt), answer, said: None }
            }
            Taken::Quarantine { raw, reason, mn, .. } => {
                let now = (self.clock)();
                if reason == FaultCode::Noise.code() {
                    return Ok(());
                }
                if *quarantined < self.settings.quarantined_per_connection && self.guard.may_keep(&spoken.sender, now) {
                    *quarantined += 1;
                    match self.store.quarantine(raw, reason, mn.as_deref(), &spoken.peer, now).await {
                        Ok(()) => {}
                        Err(StoreError::Closed) => return Err(Ended::StoreClosed),
                        Err(_) => Counters::add(&self.counters.not_stored),
                    }
                } else {
                    Counters::add(&self.counters.not_kept);
                }
                return Ok(());
            }
        };
        // The answering side is gone when the device no longer reads.
        pending.send(due).await.map_err(|_| Ended::ByPeer)
    }

    /// Answers in the order of the packets, each when its data are on disk.
    async fn answer(self, mut write: impl AsyncWrite + Unpin + Send, mut pending: mpsc::Receiver<PendingAnswer>) {
        let counters = &self.counters;
        let mut reachable = true;
        while let Some(PendingAnswer { receipt, answer, said }) = pending.recv().await {
            if let Some(receipt) = receipt {
                match receipt.await {
                    // In quarantine is not stored: the device must not take it for that.
                    Ok(Ok(Receipt { quarantined: Some(_), .. })) => {
                        Counters::add(&counters.disbelieved_times);
                        continue;
                    }
                    Ok(Ok(receipt)) if receipt.duplicate => Counters::add(&counters.duplicates),
                    Ok(Ok(receipt)) => {
                        counters
                            .observations
                            .fetch_add(receipt.observations as u64, std::sync::atomic::Ordering::Relaxed);
                    }
                    // The device sends it again: not stored, not answered.
                    Ok(Err(_)) | Err(_) => {
                        Counters::add(&counters.not_stored);
                        continue;
                    }
                }
            }
            if let Some(said) = said {
                self.switchboard.said(said);
            }
            let Some(bytes) = answer.and_then(|answer| answer.encode().ok()).filter(|_| reachable) else { continue };
            match timeout(Duration::from_secs(self.settings.write_s), write.write_all(&bytes)).await {
                Ok(Ok(())) => Counters::add(&counters.answered),
                // What was sent is still counted and stored; nobody is there to hear of it.
                Ok(Err(_)) => reachable = false,
                Err(_) => return,
            }
        }
    }
}

fn mode(settings: &Settings) -> Mode {
    if settings.strict { Mode::Strict } else { Mode::Tolerant }
}

fn stranger(packet: &Packet<'_>, reason: &'static str) -> Taken {
    Taken::Quarantine { raw: packet.raw.to_vec(), reason, mn: Some(packet.mn.to_owned()), fault: false }
}
