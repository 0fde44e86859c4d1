//! Finds packets in a stream: by the declared length first; where that leads nowhere by an end whose check matches; where there is none
//! by the next `##`. Pure functions over the bytes seen so far.

use crate::crc::{CrcMatch, check_crc, hex_value};
use crate::packet::looks_encrypted;
use crate::{FaultCode, Tolerance, Tolerances};

/// Longest data segment that is accepted: what four digits can declare. The text allows 1024.
pub const MAX_SEGMENT: usize = 9999;

/// Longest packet that is waited for: head, length, segment, check, tail.
pub const MAX_FRAME: usize = 2 + 4 + MAX_SEGMENT + 4 + 4;

/// The longest data segment by the text.
const SEGMENT_BY_THE_TEXT: usize = 1024;

/// How much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Deviations that do no harm are accepted and named.
    #[default]
    Tolerant,
    /// Anything that differs from the text is a fault.
    Strict,
}

/// What is known about bytes that have not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// More may come at any moment.
    Open,
    /// Nothing came for a while: a packet without CR LF is taken as whole.
    Idle,
    /// Nothing will come.
    Closed,
}

/// What stands at the beginning of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Cannot be said yet.
    NeedMore,
    /// A packet is there but for its tail.
    NeedTail,
    /// Separators.
    Skip(usize),
    /// Bytes that belong to no packet.
    Noise(usize),
    /// A packet with a good check: `segment` bytes after the first six, `length` in all.
    Whole { segment: usize, length: usize, tolerated: Tolerances },
    /// Bytes that begin like a packet and are none.
    Bad { code: FaultCode, length: usize },
}

pub(crate) fn scan(bytes: &[u8], end: End) -> Step {
    let closed = end == End::Closed;
    let separators = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b'\0' | b' ' | b'\t')).count();
    if separators > 0 {
        return Step::Skip(separators);
    }
    if bytes.is_empty() || (bytes == b"#" && !closed) {
        return Step::NeedMore;
    }
    if !bytes.starts_with(b"##") {
        let kept = usize::from(bytes.last() == Some(&b'#') && !closed);
        return Step::Noise(memchr::memmem::find(bytes, b"##").unwrap_or(bytes.len() - kept));
    }
    if bytes.get(2) == Some(&b'#') {
        return Step::Noise(1);
    }
    let digits = &bytes[2..bytes.len().min(6)];
    if !digits.iter().all(u8::is_ascii_digit) {
        return match memchr::memmem::find(&bytes[2..], b"##") {
            Some(next) => Step::Bad { code: FaultCode::BadLength, length: (2 + next).min(MAX_FRAME) },
            None if closed => Step::Bad { code: FaultCode::BadLength, length: bytes.len().min(MAX_FRAME) },
            None if bytes.len() > MAX_FRAME => Step::Bad { code: FaultCode::BadLength, length: MAX_FRAME },
            None => Step::NeedMore,
        };
    }
    if digits.len() < 4 {
        return if closed { Step::Bad { code: FaultCode::Truncated, length: bytes.len() } } else { Step::NeedMore };
    }
    let declared = digits.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    by_length(bytes, declared, end).unwrap_or_else(|| by_search(bytes, declared, end))
}

/// The packet whose end is where its length says; `None` if there is no end there or not all has come.
fn by_length(bytes: &[u8], declared: usize, end: End) -> Option<Step> {
    let stop = 6 + declared;
    let segment = bytes.get(6..stop)?;
    let closes = segment.ends_with(b"&&");
    // Whoever sees the bytes in pieces sees an earlier end first: it must be the same for all.
    if ends_earlier(bytes, stop, closes) {
        return None;
    }
    let digits = match bytes.get(stop..stop + 4) {
        Some(digits) if hex_value(digits).is_some() => digits,
        _ if closes && matches!(bytes.get(stop..stop + 2), Some(b"\r\n" | b"##")) => {
            let (length, _) = tail(&bytes[stop..], End::Closed)?;
            return Some(Step::Bad { code: FaultCode::MissingCrc, length: stop + length });
        }
        _ => return None,
    };
    let mut tolerated = Tolerances::NONE;
    match check_crc(segment, digits) {
        // One check in 256 matches by chance: a lone head before a whole packet must not swallow it.
        _ if segment.starts_with(b"##") => {
            return Some(Step::Bad { code: FaultCode::Truncated, length: 6 });
        }
        CrcMatch::Mismatch if !closes => return None,
        CrcMatch::Mismatch => {
            let code = if looks_encrypted(segment) { FaultCode::Encrypted } else { FaultCode::CrcMismatch };
            // A packet that broke off may have swallowed the next one.
            if code == FaultCode::CrcMismatch
                && let Some(next) = head_within(&bytes[..stop])
            {
                return Some(Step::Bad { code: FaultCode::Truncated, length: next });
            }
            return Some(match tail(&bytes[stop + 4..], end) {
                Some((length, _)) => Step::Bad { code, length: stop + 4 + length },
                None => Step::NeedTail,
            });
        }
        CrcMatch::Modbus => tolerated.add(Tolerance::ModbusCrc),
        CrcMatch::Standard => {}
    }
    Some(whole(bytes, declared, digits, tolerated, end))
}

/// Whether the packet ended before the place that its length says: with a check that matches, or with the head of another behind a check that does not.
fn ends_earlier(bytes: &[u8], stop: usize, closes: bool) -> bool {
    // Nearly every packet holds nothing that a tail or a head begins with: the rest is asked only where there is such a byte.
    let segment = &bytes[6..stop];
    if closes && memchr::memchr3(b'\r', b'\n', b'#', segment).is_none() && memchr::memchr(b'\\', segment).is_none() {
        return false;
    }
    let inner = head_within(&bytes[..stop]);
    // A whole good packet within proves that this one broke off.
    if inner.is_some_and(|inner| by_good_length(&bytes[inner..stop]) == Some(true)) {
        return true;
    }
    let mut earlier = ends(bytes, inner, false).take_while(|end| end.at + 2 < stop);
    earlier.any(|end| end.check != CrcMatch::Mismatch || inner.is_some()) || (!closes && inner.is_some())
}

/// A place where a packet seems to end: `&&`, four hexadecimal digits, and a tail.
struct Ended {
    /// Of the first `&`.
    at: usize,
    check: CrcMatch,
}

/// The places where a packet that begins here seems to end, up to the head of the next one.
fn ends(bytes: &[u8], inner: Option<usize>, closed: bool) -> impl Iterator<Item = Ended> + '_ {
    let window = &bytes[..bytes.len().min(MAX_FRAME)];
    memchr::memchr_iter(b'&', &window[6..])
        .map(|at| at + 6)
        .filter(|at| window.get(at + 1) == Some(&b'&'))
        .take_while(move |at| inner.is_none_or(|inner| *at <= inner))
        .filter_map(move |at| {
            let digits = window.get(at + 2..at + 6).filter(|digits| hex_value(digits).is_some())?;
            let after = &window[at + 6..];
            let tail_follows = [&b"\r"[..], b"\n", b"\\r", b"##"].iter().any(|tail| after.starts_with(tail));
            let stream_ends = after.is_empty() && closed;
            (tail_follows || stream_ends).then(|| Ended { at, check: check_crc(&window[6..at + 2], digits) })
        })
}

/// A packet with a wrong length or without an end.
fn by_search(bytes: &[u8], declared: usize, end: End) -> Step {
    let closed = end == End::Closed;
    let window = &bytes[..bytes.len().min(MAX_FRAME)];
    let inner = head_within(window);
    let mut bad_end = None;
    for Ended { at, check } in ends(bytes, inner, closed) {
        let segment = &window[6..at + 2];
        match check {
            CrcMatch::Mismatch => {
                bad_end = bad_end.or(Some((at + 6, looks_encrypted(segment))));
            }
            found => {
                let mut tolerated = Tolerances::NONE;
                tolerated.add(Tolerance::WrongLength);
                if found == CrcMatch::Modbus {
                    tolerated.add(Tolerance::ModbusCrc);
                }
                return whole(bytes, segment.len(), &window[at + 2..at + 6], tolerated, end);
            }
        }
    }
    let all_there = bytes.len() >= 6 + declared + 4;
    let full = bytes.len() >= MAX_FRAME;
    if let Some((stop, encrypted)) = bad_end
        && (all_there || inner.is_some() || full || closed)
    {
        let code = if encrypted { FaultCode::Encrypted } else { FaultCode::WrongLength };
        return match tail(&bytes[stop..], end) {
            Some((length, _)) => Step::Bad { code, length: stop + length },
            None => Step::NeedTail,
        };
    }
    if let Some(inner) = inner {
        // Log text may quote a packet: while the declared end has not come, only a whole good packet proves that this one broke off.
        let proven = || matches!(by_good_length(&bytes[inner..]), Some(true));
        if all_there || full || closed || proven() {
            return Step::Bad { code: FaultCode::Truncated, length: inner };
        }
        return Step::NeedMore;
    }
    if closed || full {
        let code = if all_there { FaultCode::WrongLength } else { FaultCode::Truncated };
        return Step::Bad { code, length: window.len() };
    }
    Step::NeedMore
}

/// Whether a good packet stands here by its length; `None` if it has not come yet.
fn by_good_length(bytes: &[u8]) -> Option<bool> {
    let declared = bytes.get(2..6)?.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    let segment = bytes.get(6..6 + declared)?;
    let digits = bytes.get(6 + declared..10 + declared)?;
    Some(check_crc(segment, digits) != CrcMatch::Mismatch)
}

fn whole(bytes: &[u8], segment: usize, digits: &[u8], mut tolerated: Tolerances, end: End) -> Step {
    let Some((length, crlf)) = tail(&bytes[6 + segment + 4..], end) else { return Step::NeedTail };
    if !crlf {
        tolerated.add(Tolerance::MissingCrlf);
    }
    if digits.iter().any(u8::is_ascii_lowercase) {
        tolerated.add(Tolerance::LowerCaseCrc);
    }
    if segment > SEGMENT_BY_THE_TEXT {
        tolerated.add(Tolerance::OverLongSegment);
    }
    Step::Whole { segment, length: 6 + segment + 4 + length, tolerated }
}

/// Length of the tail and whether it is CR LF; `None` if more must come to tell.
fn tail(bytes: &[u8], end: End) -> Option<(usize, bool)> {
    match bytes {
        [b'\r', b'\n', ..] => Some((2, true)),
        [b'\n', ..] => Some((1, false)),
        [b'\\', b'r', b'\\', b'n', ..] => Some((4, false)),
        [] | [b'\r'] | [b'\\'] | [b'\\', b'r'] | [b'\\', b'r', b'\\'] if end == End::Open => None,
        [b'\r', ..] => Some((1, false)),
        _ => Some((0, false)),
    }
}

/// Where a second packet seems to begin: `##`, four digits, two capitals and `=` (`QN=`, `ST=`…), or `##` and digits after a line end.
fn head_within(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(&bytes[6..], b"##").map(|at| at + 6).find(|at| {
        matches!(&bytes[*at..], [_, _, length @ .., ] if length.len() >= 7
            && length[..4].iter().all(u8::is_ascii_digit)
            && length[4].is_ascii_uppercase()
            && length[5].is_ascii_uppercase()
            && length[6] == b'=')
    })
}
