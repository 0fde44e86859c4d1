//! Asking devices: the exchanges of reverse control (反控), over the line that the device keeps open.
//!
//! A request is sent with a request number of its own. The device says whether it will do it (9011), sends data if data were asked for, and says how it
//! went (9012); a notice is only received (9013). What does not answer is asked again, as often as the settings say, with the same number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bilan_telemetry::{Device, intake};
use hj212::{
    Addressee, Assembled, Assembler, Edition, ExecutionResult, Message, Packet, Reply, Request, RequestResult,
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::alarm::{Alarms, LineAlarmKind};
use crate::connection::PendingAnswer;
use crate::guard::Sender;

/// Data frames of one exchange that are kept for who asked; further ones are stored like any other.
const MOST_FRAMES: usize = 256;

/// How long is waited, and how often asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the first answer.
    pub answer: Duration,
    /// For the end of what the device does; begins anew with each frame of data.
    pub execution: Duration,
    /// How often a request is sent again.
    pub resends: u32,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Request number.
    pub qn: String,
    /// Command code that was sent.
    pub command: &'static str,
    /// How often it was sent.
    pub sent: u32,
    /// What the device said at the end: 9012, or 9013 for a notice. `None` if it did not say how it ended.
    pub execution: Option<ExecutionResult>,
    /// Packets of data that the device sent for it.
    pub packets: u32,
    /// What they said, split messages put together; the first of very many.
    pub data: Vec<Message>,
}

/// Why a device did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlFault {
    /// It has no connection.
    #[error("device {mn} is not connected: it can be asked when it has reported again")]
    NotConnected {
        /// The device.
        mn: String,
    },
    /// Somebody else asks it something.
    #[error("device {mn} is busy with another request: try again when that has ended")]
    Busy {
        /// The device.
        mn: String,
    },
    /// It said that it would not.
    #[error("device {mn} refuses: {result:?} (QnRtn={})", .result.number())]
    Refused {
        /// The device.
        mn: String,
        /// Its reason.
        result: RequestResult,
    },
    /// It did not answer.
    #[error("device {mn} did not answer, asked {sent} times")]
    NoAnswer {
        /// The device.
        mn: String,
        /// How often it was asked.
        sent: u32,
    },
    /// The connection ended in the middle.
    #[error("the connection of device {mn} ended before the exchange did")]
    Gone {
        /// The device.
        mn: String,
    },
    /// The request would break the packet.
    #[error("the request cannot be written: {0}")]
    Unwritable(#[from] hj212::EncodeError),
}

/// The lines of the devices that are connected now. Cheap to clone.
#[derive(Clone)]
pub struct Switchboard(Arc<Inner>);

struct Inner {
    lines: Mutex<HashMap<String, Line>>,
    exchanges: Mutex<HashMap<String, Exchange>>,
    /// Exchanges that run: looked at for every packet, so that the lock is taken only where somebody waits.
    running: AtomicUsize,
    connections: AtomicU64,
    last_qn: Mutex<i64>,
    alarms: Alarms,
    /// For how long a line may be silent before another address is given its commands.
    quiet: SignedDuration,
}

/// The line over which a device is asked.
struct Line {
    connection: u64,
    answers: mpsc::WeakSender<PendingAnswer>,
    st: String,
    edition: Edition,
    peer: String,
    sender: Sender,
    spoke_at: Timestamp,
    /// The line of the same address whose place it took while that was still open: it may only have lost its network.
    displaced: Option<u64>,
    /// Another line that speaks under the same MN, and since when.
    rival: Option<(u64, Timestamp)>,
}

/// Who speaks on a connection.
pub(crate) struct Speaker<'s> {
    pub connection: u64,
    pub peer: &'s str,
    pub sender: &'s Sender,
    pub pending: &'s mpsc::Sender<PendingAnswer>,
}

struct Exchange {
    qn: String,
    command: &'static str,
    /// Begin and end of the stored data that were asked for.
    span: Option<(String, String)>,
    heard: mpsc::Sender<Heard>,
}

/// An answer of a device to a question.
pub(crate) struct Said {
    mn: String,
    qn: Option<String>,
    reply: Reply,
}

impl Said {
    /// From a packet, if it is an answer.
    pub(crate) fn read(packet: &Packet<'_>) -> Option<Said> {
        let reply = Reply::read(packet)?;
        Some(Said { mn: packet.mn.to_owned(), qn: Reply::answers(packet).map(str::to_owned), reply })
    }
}

enum Heard {
    Reply(Reply),
    Data(Box<Message>),
}

impl std::fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Switchboard").field("lines", &lock(&self.0.lines).len()).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switchboard {
    /// Without lines. A line that has been silent for `quiet` gives way to another address.
    pub(crate) fn new(alarms: Alarms, quiet: SignedDuration) -> Switchboard {
        Switchboard(Arc::new(Inner {
            lines: Mutex::default(),
            exchanges: Mutex::default(),
            running: AtomicUsize::new(0),
            connections: AtomicU64::new(0),
            last_qn: Mutex::new(0),
            alarms,
            quiet,
        }))
    }

    /// Whether the device has a connection now.
    pub fn is_connected(&self, mn: &str) -> bool {
        lock(&self.0.lines).get(mn).is_some_and(|line| line.answers.strong_count() > 0)
    }

    /// A number for a new connection.
    pub(crate) fn connection(&self) -> u64 {
        self.0.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// A device that showed its password spoke on a connection. The first line keeps the commands as long as it lives and speaks: they hold the password, and
    /// somebody who has learnt it must not be given them by connecting once more. A device that comes again from the same address takes its own place.
    pub(crate) fn spoke(&self, speaker: Speaker<'_>, packet: &Packet<'_>, now: Timestamp) {
        let mut lines = lock(&self.0.lines);
        let Some(line) = lines.get_mut(packet.mn) else {
            lines.insert(packet.mn.to_owned(), Line::of(&speaker, packet, now, None));
            return;
        };
        if line.connection == speaker.connection {
            line.spoke_at = now;
            // Answers carry the version of the question.
            if !packet.cn.starts_with('9') {
                line.edition = packet.flag.unwrap_or_default().edition();
            }
            return;
        }
        let is_alive = line.answers.strong_count() > 0 && now.duration_since(line.spoke_at).abs() < self.0.quiet;
        if !is_alive {
            *line = Line::of(&speaker, packet, now, None);
        } else if line.displaced == Some(speaker.connection) {
            // The line whose place was taken was not lost after all: it is the first.
            let second = std::mem::replace(line, Line::of(&speaker, packet, now, None));
            line.rival = Some((second.connection, now));
            let mn = Some(packet.mn);
            self.0.alarms.raise(LineAlarmKind::Doubled, mn, &second.peer, Some(speaker.peer), now);
        } else if line.sender == *speaker.sender && line.rival.is_none() && speaker.connection > line.connection {
            *line = Line::of(&speaker, packet, now, Some(line.connection));
        } else {
            match line.rival {
                Some((connection, since)) if connection == speaker.connection => {
                    if line.spoke_at > since {
                        let mn = Some(packet.mn);
                        self.0.alarms.raise(LineAlarmKind::Doubled, mn, speaker.peer, Some(&line.peer), now);
                    }
                }
                _ => line.rival = Some((speaker.connection, now)),
            }
        }
    }

    /// The connection ended.
    pub(crate) fn disconnected(&self, connection: u64, mn: &str) {
        let mut lines = lock(&self.0.lines);
        if lines.get(mn).is_some_and(|line| line.connection == connection) {
            lines.remove(mn);
        }
    }

    /// Hands an answer to the caller that waits for it.
    pub(crate) fn said(&self, said: Said) {
        self.tell(&said.mn, |exchange| {
            (said.qn.as_deref() == Some(exchange.qn.as_str())).then_some(Heard::Reply(said.reply))
        });
    }

    /// Hands data to the caller that asked for them. They are stored all the same.
    pub(crate) fn sent_data(&self, packet: &Packet<'_>) {
        self.tell(packet.mn, |exchange| {
            let named = Reply::answers(packet) == Some(exchange.qn.as_str());
            // Parameters and logs come under their own command; measurements also come unasked, so there the number must be that of the request, or the time one
            // that was asked for: many devices number stored data anew.
            let of_the_span = || exchange.span.as_ref().is_some_and(|(begin, end)| lies_within(packet, begin, end));
            let meant = packet.cn == exchange.command && (named || !packet.cn.starts_with('2') || of_the_span());
            meant.then(|| Heard::Data(Box::new(packet.to_message())))
        });
    }

    fn tell(&self, mn: &str, heard: impl FnOnce(&Exchange) -> Option<Heard>) {
        if self.0.running.load(Ordering::Acquire) == 0 {
            return;
        }
        let exchanges = lock(&self.0.exchanges);
        if let Some(exchange) = exchanges.get(mn)
            && let Some(heard) = heard(exchange)
        {
            // Who no longer listens, or is flooded, has enough.
            let _ = exchange.heard.try_send(heard);
        }
    }

    /// Asks a device and waits for the end of the exchange.
    ///
    /// # Errors
    /// If it is not connected, is asked something else, refuses, does not answer, or goes away.
    pub async fn ask(
        &self,
        device: &Device,
        request: &Request,
        now: Timestamp,
        patience: Patience,
    ) -> Result<Outcome, ControlFault> {
        let mn = device.mn.as_str();
        let absent = || ControlFault::NotConnected { mn: mn.to_owned() };
        let (answers, st, edition) = match lock(&self.0.lines).get(mn) {
            Some(line) => (line.answers.clone(), line.st.clone(), line.edition),
            None => return Err(absent()),
        };
        let qn = self.next_qn(now);
        let message = request.message(Addressee { mn, password: &device.password, st: &st, edition }, &qn);
        message.encode()?;
        let command = request.command(edition);
        let (heard, mut told) = mpsc::channel(MOST_FRAMES);
        let span = match request {
            Request::GetHistory { begin, end, .. } => Some((begin.clone(), end.clone())),
            _ => None,
        };
        let _running = Running::begin(self, mn, Exchange { qn: qn.clone(), command, span, heard })?;
        let mut outcome = Outcome { qn, command, sent: 0, execution: None, packets: 0, data: Vec::new() };
        let mut frames = Assembler::new(4);
        while outcome.sent <= patience.resends {
            let line = answers.upgrade().ok_or_else(|| if outcome.sent == 0 { absent() } else { gone(mn) })?;
            let sent = line.send(PendingAnswer::asking(message.clone())).await;
            drop(line);
            sent.map_err(|_| gone(mn))?;
            outcome.sent += 1;
            let begun = Instant::now();
            match timeout_at(begun + patience.answer, told.recv()).await {
                Err(_) => {}
                Ok(None) => return Err(gone(mn)),
                Ok(Some(first)) => {
                    return follow(first, &mut told, mn, request, &mut frames, patience, outcome).await;
                }
            }
        }
        Err(ControlFault::NoAnswer { mn: mn.to_owned(), sent: outcome.sent })
    }

    /// 17 digits of the moment, never the same twice.
    fn next_qn(&self, now: Timestamp) -> String {
        let mut last = lock(&self.0.last_qn);
        *last = now.as_millisecond().max(*last + 1);
        let at = Timestamp::from_millisecond(*last).unwrap_or(now);
        format!("{}{:03}", intake::data_time_text(at), at.as_millisecond().rem_euclid(1000))
    }
}

impl Line {
    fn of(speaker: &Speaker<'_>, packet: &Packet<'_>, now: Timestamp, displaced: Option<u64>) -> Line {
        Line {
            connection: speaker.connection,
            answers: speaker.pending.downgrade(),
            st: packet.st.to_owned(),
            edition: packet.flag.unwrap_or_default().edition(),
            peer: speaker.peer.to_owned(),
            sender: speaker.sender.clone(),
            spoke_at: now,
            displaced,
            rival: None,
        }
    }
}

/// Whether the data of a packet are of a span, both as 14 digits.
fn lies_within(packet: &Packet<'_>, begin: &str, end: &str) -> bool {
    let time = packet.value("DataTime").and_then(|time| time.get(..14));
    time.is_some_and(|time| (begin.as_bytes()..=end.as_bytes()).contains(&time))
}

fn gone(mn: &str) -> ControlFault {
    ControlFault::Gone { mn: mn.to_owned() }
}

/// The rest of an exchange, after the first word of the device.
async fn follow(
    first: Heard,
    told: &mut mpsc::Receiver<Heard>,
    mn: &str,
    request: &Request,
    frames: &mut Assembler,
    patience: Patience,
    mut outcome: Outcome,
) -> Result<Outcome, ControlFault> {
    let mut next = Some(first);
    while let Some(heard) = next {
        match heard {
            Heard::Reply(Reply::Request(RequestResult::Accepted)) if request.ends_when_accepted() => {
                return Ok(outcome);
            }
            Heard::Reply(Reply::Request(RequestResult::Accepted)) => {}
            Heard::Reply(Reply::Request(result)) => return Err(ControlFault::Refused { mn: mn.to_owned(), result }),
            Heard::Reply(Reply::Execution(result)) => {
                outcome.execution = Some(result);
                return Ok(outcome);
            }
            Heard::Reply(Reply::Notice | Reply::Data) => {
                if request.is_notice() {
                    outcome.execution = Some(ExecutionResult::Success);
                    return Ok(outcome);
                }
            }
            Heard::Data(message) => {
                outcome.packets += 1;
                collect(*message, frames, &mut outcome.data);
            }
        }
        next = match timeout_at(Instant::now() + patience.execution, told.recv()).await {
            Ok(heard) => heard,
            // It began and did not say how it ended: what came is told, and that the end is not known.
            Err(_) => return Ok(outcome),
        };
    }
    Err(gone(mn))
}

fn collect(message: Message, frames: &mut Assembler, data: &mut Vec<Message>) {
    if data.len() == MOST_FRAMES {
        return;
    }
    let Ok(bytes) = message.encode() else { return };
    let Some(hj212::Event::Packet { packet, .. }) = hj212::packets(&bytes, hj212::Mode::Tolerant).next() else {
        return;
    };
    match frames.take(&packet, 0) {
        Assembled::Whole(whole) => data.push(*whole),
        Assembled::Alone | Assembled::Senseless => data.push(message),
        Assembled::Waiting { .. } | Assembled::Again => {}
    }
}

/// An exchange that runs; it ends when this is dropped, however the asking ended.
struct Running<'a> {
    switchboard: &'a Switchboard,
    mn: &'a str,
}

impl<'a> Running<'a> {
    fn begin(switchboard: &'a Switchboard, mn: &'a str, exchange: Exchange) -> Result<Running<'a>, ControlFault> {
        let mut exchanges = lock(&switchboard.0.exchanges);
        if exchanges.contains_key(mn) {
            return Err(ControlFault::Busy { mn: mn.to_owned() });
        }
        exchanges.insert(mn.to_owned(), exchange);
        switchboard.0.running.fetch_add(1, Ordering::Release);
        Ok(Running { switchboard, mn })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.switchboard.0.exchanges).remove(self.mn);
        self.switchboard.0.running.fetch_sub(1, Ordering::Release);
    }
}
