//! Finds packets in a stream: by the declared length first; where that leads nowhere by an end whose check matches; where there is none
//! by the next `##`. Pure functions over the bytes seen so far.

use crate::crc::{CrcMatch, check_crc, hex_value};
use crate::packet::looks_encrypted;
use crate::{FaultCode, Tolerance, Tolerances};

/// Longest data segment that is accepted: what four digits can declare. The text allows 1024.
pub const MAX_SEGMENT: usize = 9999;

/// Longest packet that is waited for: head, length, segment, check, tail.
pub const MAX_FRAME: usize = 2 + 9 + MAX_SEGMENT + 4 + 4;

/// `##` and four digits.
const HEAD_BY_THE_TEXT: usize = 6;

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
    /// A packet with a good check: `head` bytes before its `segment`, a check of `check` digits behind it, `length` in all.
    Whole { head: usize, segment: usize, check: usize, length: usize, tolerated: Tolerances },
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
    match head(bytes, closed) {
        Head::Is { length, declared } => {
            by_length(bytes, length, declared, end).unwrap_or_else(|| by_search(bytes, length, declared, end))
        }
        Head::NeedMore => Step::NeedMore,
        Head::BreaksOff => Step::Bad { code: FaultCode::Truncated, length: bytes.len() },
        Head::None => match memchr::memmem::find(&bytes[2..], b"##") {
            Some(next) => Step::Bad { code: FaultCode::BadLength, length: (2 + next).min(MAX_FRAME) },
            None if closed => Step::Bad { code: FaultCode::BadLength, length: bytes.len().min(MAX_FRAME) },
            None if bytes.len() > MAX_FRAME => Step::Bad { code: FaultCode::BadLength, length: MAX_FRAME },
            None => Step::NeedMore,
        },
    }
}

/// What stands before the data segment.
enum Head {
    /// `##` and the declared length of the segment: `length` bytes together.
    Is { length: usize, declared: usize },
    /// Cannot be said yet.
    NeedMore,
    /// It is not whole, and nothing more will come.
    BreaksOff,
    /// No length follows `##`.
    None,
}

/// Most characters that a length has: four by the text; some devices fill up with more zeros.
const LENGTH_CHARACTERS: usize = 6;

/// Bytes of `##` and the length that a packet begins with; those of the text where it begins with neither.
pub(crate) fn head_length(raw: &[u8]) -> usize {
    match head(raw, true) {
        Head::Is { length, .. } => length,
        Head::NeedMore | Head::BreaksOff | Head::None => HEAD_BY_THE_TEXT,
    }
}

/// Reads `##` and the length. Four digits are a length whatever follows. Fewer, more, or digits behind spaces, are one where a header field (`QN=`, `ST=`…) follows.
fn head(bytes: &[u8], closed: bool) -> Head {
    let field = bytes.get(2..).unwrap_or_default();
    let spaces = field.iter().take(3).take_while(|byte| **byte == b' ').count();
    let digits = field[spaces..].iter().take(LENGTH_CHARACTERS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let read = |count: usize| {
        let text = &field[spaces..spaces + count];
        text.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
    };
    let four = spaces == 0 && digits >= 4;
    if four && digits == 4 {
        return Head::Is { length: 6, declared: read(4) };
    }
    let behind = &field[spaces + digits..];
    let may_be_odd = (1..=LENGTH_CHARACTERS).contains(&digits);
    let name_begins =
        behind.iter().take(2).all(u8::is_ascii_alphabetic) && behind.get(2).is_none_or(|sign| *sign == b'=');
    match behind.len() {
        3.. if may_be_odd && name_begins && read(digits) <= MAX_SEGMENT => {
            Head::Is { length: 2 + spaces + digits, declared: read(digits) }
        }
        0..3 if (may_be_odd || (digits == 0 && behind.is_empty())) && name_begins => {
            if closed {
                Head::BreaksOff
            } else {
                Head::NeedMore
            }
        }
        _ if four => Head::Is { length: 6, declared: read(4) },
        _ => Head::None,
    }
}

/// The digits of a check that stand here, where they end as a check does: four, or fewer before a tail (leading zeros left out).
fn check_digits(bytes: &[u8], closed: bool) -> Option<&[u8]> {
    if let Some(four) = bytes.get(..4).filter(|digits| hex_value(digits).is_some()) {
        return Some(four);
    }
    let count = bytes.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, behind) = bytes.split_at(count);
    let ends = begins_with_tail(behind) || (behind.is_empty() && closed);
    (count > 0 && (digits[0] != b'0' || count == 1) && ends).then_some(digits)
}

/// Whether a tail, or the next packet, begins here.
fn begins_with_tail(bytes: &[u8]) -> bool {
    [&b"\r"[..], b"\n", b"\\r", b"##"].iter().any(|tail| bytes.starts_with(tail))
}

/// The packet whose end is where its length says; `None` if there is no end there or not all has come.
fn by_length(bytes: &[u8], head: usize, declared: usize, end: End) -> Option<Step> {
    let stop = head + declared;
    let segment = bytes.get(head..stop)?;
    let closes = segment.ends_with(b"&&");
    // Whoever sees the bytes in pieces sees an earlier end first: it must be the same for all.
    if ends_earlier(bytes, head, stop, closes) {
        return None;
    }
    let digits = match check_digits(&bytes[stop..], end == End::Closed) {
        Some(digits) if digits.len() == 4 || closes => digits,
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
            return Some(Step::Bad { code: FaultCode::Truncated, length: head });
        }
        CrcMatch::Mismatch if !closes => return None,
        CrcMatch::Mismatch => {
            let code = if looks_encrypted(segment) { FaultCode::Encrypted } else { FaultCode::CrcMismatch };
            // A packet that broke off may have swallowed the next one.
            if code == FaultCode::CrcMismatch
                && let Some(next) = head_within(&bytes[..stop], head)
            {
                return Some(Step::Bad { code: FaultCode::Truncated, length: next });
            }
            let stop = stop + digits.len();
            return Some(match tail(&bytes[stop..], end) {
                Some((length, _)) => Step::Bad { code, length: stop + length },
                None => Step::NeedTail,
            });
        }
        CrcMatch::Modbus => tolerated.add(Tolerance::ModbusCrc),
        CrcMatch::Standard => {}
    }
    Some(whole(bytes, head, declared, digits, tolerated, end))
}

/// Whether the packet ended before the place that its length says: with a check that matches, or with the head of another behind a check that does not.
fn ends_earlier(bytes: &[u8], head: usize, stop: usize, closes: bool) -> bool {
    // Nearly every packet holds nothing that a tail or a head begins with: the rest is asked only where there is such a byte.
    let segment = &bytes[head..stop];
    if closes && memchr::memchr3(b'\r', b'\n', b'#', segment).is_none() && memchr::memchr(b'\\', segment).is_none() {
        return false;
    }
    let inner = head_within(&bytes[..stop], head);
    // A whole good packet within proves that this one broke off.
    if inner.is_some_and(|inner| by_good_length(&bytes[inner..stop]) == Some(true)) {
        return true;
    }
    let mut earlier = ends(bytes, head, inner, false).take_while(|end| end.at + 2 < stop);
    earlier.any(|end| end.check != CrcMatch::Mismatch || inner.is_some()) || (!closes && inner.is_some())
}

/// A place where a packet seems to end: `&&`, four hexadecimal digits, and a tail.
struct Ended<'a> {
    /// Of the first `&`.
    at: usize,
    digits: &'a [u8],
    check: CrcMatch,
}

/// The places where a packet that begins here seems to end, up to the head of the next one.
fn ends(bytes: &[u8], head: usize, inner: Option<usize>, closed: bool) -> impl Iterator<Item = Ended<'_>> + '_ {
    let window = &bytes[..bytes.len().min(MAX_FRAME)];
    memchr::memchr_iter(b'&', &window[head..])
        .map(move |at| at + head)
        .filter(|at| window.get(at + 1) == Some(&b'&'))
        .take_while(move |at| inner.is_none_or(|inner| *at <= inner))
        .filter_map(move |at| {
            let digits = check_digits(&window[at + 2..], closed)?;
            let after = &window[at + 2 + digits.len()..];
            let stream_ends = after.is_empty() && closed;
            (begins_with_tail(after) || stream_ends).then(|| Ended {
                at,
                digits,
                check: check_crc(&window[head..at + 2], digits),
            })
        })
}

/// A packet with a wrong length or without an end.
fn by_search(bytes: &[u8], head: usize, declared: usize, end: End) -> Step {
    let closed = end == End::Closed;
    let window = &bytes[..bytes.len().min(MAX_FRAME)];
    let inner = head_within(window, head);
    let mut bad_end = None;
    for Ended { at, digits, check } in ends(bytes, head, inner, closed) {
        let segment = &window[head..at + 2];
        match check {
            CrcMatch::Mismatch => {
                bad_end = bad_end.or(Some((at + 2 + digits.len(), looks_encrypted(segment))));
            }
            found => {
                let mut tolerated = Tolerances::NONE;
                tolerated.add(Tolerance::WrongLength);
                if found == CrcMatch::Modbus {
                    tolerated.add(Tolerance::ModbusCrc);
                }
                return whole(bytes, head, segment.len(), digits, tolerated, end);
            }
        }
    }
    let all_there = bytes.len() >= head + declared + 4;
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
    let Head::Is { length, declared } = head(bytes, false) else { return None };
    let segment = bytes.get(length..length + declared)?;
    let digits = bytes.get(length + declared..length + declared + 4)?;
    Some(check_crc(segment, digits) != CrcMatch::Mismatch)
}

fn whole(bytes: &[u8], head: usize, segment: usize, digits: &[u8], mut tolerated: Tolerances, end: End) -> Step {
    let before_tail = head + segment + digits.len();
    let Some((length, crlf)) = tail(&bytes[before_tail..], end) else { return Step::NeedTail };
    if !crlf {
        tolerated.add(Tolerance::MissingCrlf);
    }
    if digits.iter().any(u8::is_ascii_lowercase) {
        tolerated.add(Tolerance::LowerCaseCrc);
    }
    if digits.len() < 4 {
        tolerated.add(Tolerance::ShortCrc);
    }
    if head != HEAD_BY_THE_TEXT || bytes[2] == b' ' {
        tolerated.add(Tolerance::OddLengthField);
    }
    if segment > SEGMENT_BY_THE_TEXT {
        tolerated.add(Tolerance::OverLongSegment);
    }
    Step::Whole { head, segment, check: digits.len(), length: before_tail + length, tolerated }
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

/// Where a second packet seems to begin behind the head of the first: `##`, one to six digits, two capitals and `=` (`QN=`, `ST=`…).
fn head_within(bytes: &[u8], head: usize) -> Option<usize> {
    memchr::memmem::find_iter(&bytes[head..], b"##").map(|at| at + head).find(|at| {
        let field = &bytes[at + 2..];
        let digits = field.iter().take(LENGTH_CHARACTERS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        (1..=LENGTH_CHARACTERS).contains(&digits)
            && matches!(field[digits..], [first, second, b'=', ..] if first.is_ascii_uppercase() && second.is_ascii_uppercase())
    })
}
