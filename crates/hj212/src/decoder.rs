//! Bytes in, events out.

use crate::frame::{End, Step, scan};
use crate::{Fault, FaultCode, Mode, Packet, Tolerances};

/// What was found in the stream.
#[derive(Debug, Clone, Copy)]
// A packet is a handful of borrowed slices; boxing it would put an allocation on every packet.
#[allow(clippy::large_enum_variant)]
pub enum Event<'a> {
    /// A good packet.
    Packet {
        /// Where in the stream it begins.
        offset: u64,
        /// The packet.
        packet: Packet<'a>,
    },
    /// Bytes that are none.
    Fault(Fault<'a>),
}

/// Noise is told in portions of this size, so that an endless stream of it is told as well.
const NOISE_PORTION: usize = 4096;

/// Place in a run of bytes; shared by the streaming decoder and the slice.
#[derive(Debug, Default, Clone, Copy)]
struct Walk {
    position: usize,
    noise: Option<(u64, usize)>,
}

enum Found {
    Whole { start: usize, head: usize, segment: usize, check: usize, length: usize, tolerated: Tolerances },
    Bad { start: usize, length: usize, code: FaultCode },
    Noise { offset: u64, length: usize },
}

impl Walk {
    /// The next thing in `bytes`, whose first byte has the stream offset `base`.
    fn next(&mut self, bytes: &[u8], base: u64, end: End) -> Option<Found> {
        loop {
            if let Some((offset, length)) = self.noise
                && length >= NOISE_PORTION
            {
                let rest = length - NOISE_PORTION;
                self.noise = (rest > 0).then_some((offset + NOISE_PORTION as u64, rest));
                return Some(Found::Noise { offset, length: NOISE_PORTION });
            }
            let start = self.position;
            let step = scan(&bytes[start..], end);
            let skipped = match step {
                Step::Noise(length) => length,
                Step::Skip(length) => {
                    if self.noise.is_none() {
                        self.position += length;
                        continue;
                    }
                    length
                }
                Step::NeedMore | Step::NeedTail if end != End::Closed => return None,
                Step::NeedMore | Step::NeedTail => {
                    let (offset, length) = self.noise.take()?;
                    return Some(Found::Noise { offset, length });
                }
                Step::Whole { .. } | Step::Bad { .. } if self.noise.is_some() => {
                    let (offset, length) = self.noise.take()?;
                    return Some(Found::Noise { offset, length });
                }
                Step::Whole { head, segment, check, length, tolerated } => {
                    self.position += length;
                    return Some(Found::Whole { start, head, segment, check, length, tolerated });
                }
                Step::Bad { code, length } => {
                    self.position += length;
                    return Some(Found::Bad { start, length, code });
                }
            };
            let (_, length) = self.noise.get_or_insert((base + start as u64, 0));
            *length += skipped;
            self.position += skipped;
        }
    }
}

impl Found {
    fn event(self, bytes: &[u8], base: u64, mode: Mode) -> Event<'_> {
        let fault = |start: usize, length: usize, code| {
            Event::Fault(Fault { code, offset: base + start as u64, length, raw: &bytes[start..start + length] })
        };
        match self {
            Found::Noise { offset, length } => Event::Fault(Fault { code: FaultCode::Noise, offset, length, raw: b"" }),
            Found::Bad { start, length, code } => fault(start, length, code),
            Found::Whole { start, head, segment, check, length, tolerated } => {
                let raw = &bytes[start..start + length];
                let ends = head + segment;
                match Packet::read(raw, &raw[head..ends], &raw[ends..ends + check], tolerated) {
                    Err(code) => fault(start, length, code),
                    Ok(packet) => match packet.tolerated.iter().next() {
                        Some(tolerance) if mode == Mode::Strict => {
                            fault(start, length, FaultCode::NotAllowed(tolerance))
                        }
                        _ => Event::Packet { offset: base + start as u64, packet },
                    },
                }
            }
        }
    }
}

/// Streaming decoder: feed it bytes in any pieces, take events until there is none, feed again.
///
/// It holds at most one packet that is not whole ([`crate::MAX_FRAME`] bytes) beside what was fed and not taken.
///
/// ```
/// let mut decoder = hj212::Decoder::default();
/// decoder.feed(b"rubbish ##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;");
/// assert!(decoder.next_event().is_none());
/// decoder.feed(b"MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200\r\n");
/// assert!(matches!(decoder.next_event(), Some(hj212::Event::Fault(fault)) if fault.code == hj212::FaultCode::Noise));
/// assert!(matches!(decoder.next_event(), Some(hj212::Event::Packet { offset: 8, .. })));
/// assert!(decoder.next_event().is_none());
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    mode: Mode,
    buffer: Vec<u8>,
    base: u64,
    walk: Walk,
}

impl Decoder {
    /// A decoder at the beginning of a stream.
    pub fn new(mode: Mode) -> Decoder {
        Decoder { mode, ..Decoder::default() }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        let done = std::mem::take(&mut self.walk.position);
        self.base += done as u64;
        self.buffer.drain(..done);
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event, if the bytes fed so far hold one.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        self.take(End::Open)
    }

    /// To be called when nothing has come for a moment (say 200 ms): a packet that is whole but for CR LF is given out.
    pub fn next_event_when_idle(&mut self) -> Option<Event<'_>> {
        self.take(End::Idle)
    }

    /// To be called, until it gives nothing, when the stream has ended: what is left is given out as it is.
    pub fn next_event_at_end(&mut self) -> Option<Event<'_>> {
        self.take(End::Closed)
    }

    /// Whether a packet is there but for its tail, so that waiting for the next bytes should be short.
    pub fn awaits_tail(&self) -> bool {
        scan(&self.buffer[self.walk.position..], End::Open) == Step::NeedTail
    }

    /// Bytes that were fed and are not decided yet.
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.walk.position
    }

    fn take(&mut self, end: End) -> Option<Event<'_>> {
        let found = self.walk.next(&self.buffer, self.base, end)?;
        Some(found.event(&self.buffer, self.base, self.mode))
    }
}

/// The events of a whole stream that is in memory, without copying.
///
/// ```
/// let bytes = b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&2200\r\n";
/// assert_eq!(hj212::packets(bytes, hj212::Mode::Strict).count(), 1);
/// ```
pub fn packets(bytes: &[u8], mode: Mode) -> Packets<'_> {
    Packets { bytes, walk: Walk::default(), mode }
}

/// See [`packets`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    bytes: &'a [u8],
    walk: Walk,
    mode: Mode,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        Some(self.walk.next(self.bytes, 0, End::Closed)?.event(self.bytes, 0, self.mode))
    }
}
