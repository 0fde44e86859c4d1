//! One turn on one connection: packets out, answers in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hj212::{Decoder, Event, Mode, Packet, Reply, RequestResult, packets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::ForwardFault;

/// A packet on its way to the other platform.
#[derive(Debug)]
pub(super) struct Sending {
    /// Its number in the store.
    pub(super) id: i64,
    pub(super) mn: String,
    /// Its request number, if it asks for an answer.
    pub(super) qn: Option<String>,
    bytes: Vec<u8>,
    /// How often it was sent and not answered while others were.
    pub(super) tries: u32,
    /// Whether its answer is waited for.
    pub(super) is_awaited: bool,
    /// The line broke at it: it is sent behind the others. How many answers there had been then.
    pub(super) suspected: Option<u64>,
}

impl Sending {
    pub(super) fn new(id: i64, raw: Vec<u8>) -> Sending {
        let (mn, qn) = match packets(&raw, Mode::Tolerant).next() {
            Some(Event::Packet { packet, .. }) => {
                (packet.mn.to_owned(), packet.qn.filter(|_| packet.wants_reply()).map(str::to_owned))
            }
            _ => (String::new(), None),
        };
        let mut bytes = raw;
        if !bytes.ends_with(b"\n") {
            bytes.extend_from_slice(b"\r\n");
        }
        Sending { id, mn, is_awaited: qn.is_some(), qn, bytes, tries: 0, suspected: None }
    }
}

/// What the other platform says to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has it.
    Taken,
    /// It does not take it: `QnRtn` of its 9011.
    Refused(u16),
}

impl Answer {
    fn read(packet: &Packet<'_>) -> Option<Answer> {
        match Reply::read(packet)? {
            Reply::Notice | Reply::Data | Reply::Request(RequestResult::Accepted) => Some(Answer::Taken),
            Reply::Request(result) => Some(Answer::Refused(result.number())),
            Reply::Execution(_) => None,
        }
    }
}

/// Why a turn ended before everything was answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("it cannot be reached: {0}")]
    Unreachable(std::io::Error),
    #[error("the line broke: {0}")]
    Line(std::io::Error),
    #[error("it ended the connection")]
    Closed,
    #[error("{missing} packets were not answered in time")]
    Silent { missing: usize },
}

impl Broken {
    pub(super) fn fault(&self) -> ForwardFault {
        match self {
            Broken::Unreachable(_) => ForwardFault::Unreachable,
            Broken::Line(_) | Broken::Closed => ForwardFault::Broken,
            Broken::Silent { .. } => ForwardFault::Silent,
        }
    }
}

/// What became of the packets of one turn.
pub(super) struct Exchange {
    pub(super) packets: Vec<Sending>,
    /// Of each of them.
    pub(super) answers: Vec<Option<Answer>>,
    /// So many of them were written.
    pub(super) written: usize,
    /// The connection, if it can be used again.
    pub(super) line: Option<TcpStream>,
    pub(super) broken: Option<Broken>,
}

/// Sends packets and waits until every one that is awaited is answered, for at most `within`.
pub(super) async fn run(line: Option<TcpStream>, to: &str, packets: Vec<Sending>, within: Duration) -> Exchange {
    let mut answers = vec![None; packets.len()];
    let mut line = match line {
        Some(line) => line,
        None => match connect(to, within).await {
            Ok(line) => line,
            Err(broken) => {
                return Exchange { packets, answers, written: 0, line: None, broken: Some(broken) };
            }
        },
    };
    let written = AtomicUsize::new(0);
    let ended = converse(&mut line, &packets, &mut answers, &written, within).await;
    let lived = answers.iter().any(Option::is_some);
    let broken = ended.err();
    if let Some(broken) = &broken {
        tracing::debug!(to, "packets are not handed on: {broken}");
    }
    // A line on which nothing is heard may be dead without anybody having said so.
    let can_be_used = match broken {
        None => true,
        Some(Broken::Silent { .. }) => lived && written.load(Ordering::Relaxed) == packets.len(),
        Some(_) => false,
    };
    Exchange { packets, answers, written: written.into_inner(), line: can_be_used.then_some(line), broken }
}

async fn connect(to: &str, within: Duration) -> Result<TcpStream, Broken> {
    let late = || std::io::Error::from(std::io::ErrorKind::TimedOut);
    let line = timeout(within, TcpStream::connect(to)).await.unwrap_or_else(|_| Err(late()));
    let line = line.map_err(Broken::Unreachable)?;
    line.set_nodelay(true).map_err(Broken::Unreachable)?;
    Ok(line)
}

async fn converse(
    line: &mut TcpStream,
    packets: &[Sending],
    answers: &mut [Option<Answer>],
    written: &AtomicUsize,
    within: Duration,
) -> Result<(), Broken> {
    let until = Instant::now() + within;
    let awaited = Awaited::new(packets);
    let missing = |answers: &[Option<Answer>]| {
        packets.iter().zip(answers).filter(|(packet, answer)| packet.is_awaited && answer.is_none()).count()
    };
    let (mut read, mut write) = line.split();
    // Both at once: a platform that waits for its answers to be read does not read.
    let writing = async {
        for packet in packets {
            write.write_all(&packet.bytes).await?;
            written.fetch_add(1, Ordering::Relaxed);
        }
        Ok::<(), std::io::Error>(())
    };
    tokio::pin!(writing);
    let mut decoder = Decoder::default();
    let mut buffer = [0u8; 4096];
    let (mut all_written, mut stuck) = (false, None);
    while !all_written || missing(answers) > 0 {
        tokio::select! {
            done = &mut writing, if !all_written => {
                // What was answered before the line broke is still there to be read.
                stuck = done.err();
                all_written = true;
            }
            length = timeout_at(until, read.read(&mut buffer)) => {
                let late = |_| Broken::Silent { missing: missing(answers) };
                match length.map_err(late)?.map_err(Broken::Line)? {
                    0 => return Err(Broken::Closed),
                    length => decoder.feed(&buffer[..length]),
                }
            }
        }
        while let Some(event) = decoder.next_event() {
            if let Event::Packet { packet, .. } = event
                && let Some(answer) = Answer::read(&packet)
            {
                for place in awaited.answered(&packet) {
                    answers[*place] = answers[*place].or(Some(answer));
                }
            }
        }
    }
    stuck.map_or(Ok(()), |error| Err(Broken::Line(error)))
}

/// Places of packets by what their answers repeat.
struct Awaited<'a> {
    by_number: HashMap<&'a str, Vec<(&'a str, Vec<usize>)>>,
}

impl<'a> Awaited<'a> {
    fn new(packets: &'a [Sending]) -> Awaited<'a> {
        let mut by_number: HashMap<&str, Vec<(&str, Vec<usize>)>> = HashMap::new();
        for (place, packet) in packets.iter().enumerate() {
            let Some(qn) = packet.qn.as_deref() else { continue };
            let devices = by_number.entry(qn).or_default();
            match devices.iter_mut().find(|(mn, _)| *mn == packet.mn) {
                Some((_, places)) => places.push(place),
                None => devices.push((&packet.mn, vec![place])),
            }
        }
        Awaited { by_number }
    }

    /// The packets that an answer means: those of its MN and QN (parts of a message share them); or of the QN alone where one device used it, for small platforms
    /// answer with the MN that spoke first on the connection.
    fn answered(&self, answer: &Packet<'_>) -> &[usize] {
        let Some(devices) = Reply::answers(answer).and_then(|qn| self.by_number.get(qn)) else { return &[] };
        match devices.iter().find(|(mn, _)| *mn == answer.mn) {
            Some((_, places)) => places,
            None if devices.len() == 1 => &devices[0].1,
            None => &[],
        }
    }
}
