//! A data segment taken apart: header fields, then CP.

use crate::crc::hex_value;
use crate::frame::head_length;
use crate::{FaultCode, Flag, Groups, Message, Tolerance, Tolerances, cp};

/// A packet whose check and structure hold. Everything borrows from the bytes it was read from.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// All bytes of the packet, from `##` to the tail.
    pub raw: &'a [u8],
    /// The data segment, over which the check is computed.
    pub segment: &'a [u8],
    /// The check as sent.
    pub crc: &'a str,
    /// Request number, `YYYYMMDDhhmmsszzz`.
    pub qn: Option<&'a str>,
    /// System code.
    pub st: &'a str,
    /// Command code.
    pub cn: &'a str,
    /// Password.
    pub pw: Option<&'a str>,
    /// Device id: opaque text.
    pub mn: &'a str,
    /// Flag as sent.
    pub flag: Option<Flag>,
    /// Number of packets that this one is part of.
    pub pnum: Option<u16>,
    /// Number of this packet among them, from 1.
    pub pno: Option<u16>,
    /// `RF=1`: back-filled later (2025).
    pub back_fill: bool,
    /// It came encrypted; set by whoever opened it with [`open`](crate::open).
    pub encrypted: bool,
    /// Deviations that were accepted.
    pub tolerated: Tolerances,
    pub(crate) cp: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The groups of CP in order.
    pub fn groups(&self) -> Groups<'a> {
        Groups(self.cp)
    }

    /// The bytes between `CP=&&` and the closing `&&`.
    pub fn cp(&self) -> &'a [u8] {
        self.cp
    }

    /// The first value of CP with this key.
    pub fn value(&self, key: &str) -> Option<&'a [u8]> {
        self.groups().find_map(|group| group.value(key))
    }

    /// Whether the sender waits for an answer (bit 0 of the flag).
    pub fn wants_reply(&self) -> bool {
        self.flag.is_some_and(Flag::reply_wanted)
    }

    /// An owned copy that can be changed and encoded.
    pub fn to_message(&self) -> Message {
        Message {
            qn: self.qn.map(str::to_owned),
            st: self.st.to_owned(),
            cn: self.cn.to_owned(),
            pw: self.pw.map(str::to_owned),
            mn: self.mn.to_owned(),
            flag: self.flag,
            packet_numbers: self.pnum.zip(self.pno),
            back_fill: self.back_fill,
            cp: self
                .groups()
                .map(|group| group.items().map(|item| (item.key.to_owned(), item.text().into_owned())).collect())
                .collect(),
        }
    }

    /// Reads a segment whose frame and check were found good.
    pub(crate) fn read(
        raw: &'a [u8],
        segment: &'a [u8],
        crc: &'a [u8],
        mut tolerated: Tolerances,
    ) -> Result<Packet<'a>, FaultCode> {
        let (head, cp) = split(segment).ok_or(FaultCode::MissingCp)?;
        if !segment[head.len()..].starts_with(b"CP") {
            tolerated.add(Tolerance::HeaderCase);
        }
        let cp = cp.strip_suffix(b"&&").ok_or(FaultCode::MissingCp)?;
        let cp = without_ampersands(cp, &mut tolerated);
        let (header, fault) = Header::read(head, &mut tolerated);
        if let Some(fault) = fault {
            return Err(fault);
        }
        let st = header.st.ok_or(FaultCode::MissingSt)?;
        let cn = header.cn.ok_or(FaultCode::MissingCn)?;
        let mn = header.mn.filter(|mn| !mn.is_empty()).ok_or(FaultCode::MissingMn)?;
        match (header.pnum.is_some() && header.pno.is_some(), header.flag.is_some_and(Flag::has_packet_numbers)) {
            (false, true) => tolerated.add(Tolerance::MissingPacketNumbers),
            (true, false) => tolerated.add(Tolerance::UnexpectedPacketNumbers),
            (false, false) if header.pnum.is_some() || header.pno.is_some() => {
                tolerated.add(Tolerance::UnexpectedPacketNumbers);
            }
            _ => {}
        }
        if header.qn.is_none() {
            tolerated.add(Tolerance::MissingQn);
        }
        if header.flag.is_none() {
            tolerated.add(Tolerance::MissingFlag);
        }
        if header.pw.is_none_or(str::is_empty) {
            tolerated.add(Tolerance::MissingPw);
        }
        if mn.len() > MN_BY_THE_TEXT {
            tolerated.add(Tolerance::LongMn);
        }
        cp::check(cp, &mut tolerated)?;
        Ok(Packet {
            raw,
            segment,
            crc: std::str::from_utf8(crc).map_err(|_| FaultCode::CrcMismatch)?,
            qn: header.qn,
            st,
            cn,
            pw: header.pw,
            mn,
            flag: header.flag,
            pnum: header.pnum,
            pno: header.pno,
            back_fill: header.back_fill,
            encrypted: false,
            tolerated,
            cp,
        })
    }
}

/// Where `CP=&&` stands if it is the first of its kind and follows a `;`, as it does in every packet that is not odd.
fn after_a_semicolon(segment: &[u8]) -> Option<usize> {
    for found in memchr::memchr2_iter(b';', b'&', segment) {
        let next = found + 1;
        match segment.get(next..next + 5) {
            _ if segment[found] == b'&' => return None,
            Some(b"CP=&&") => return Some(next),
            _ => {}
        }
    }
    None
}

/// Parameters without the ampersands that some devices write twice.
fn without_ampersands<'a>(cp: &'a [u8], tolerated: &mut Tolerances) -> &'a [u8] {
    let mut bare = cp;
    while let Some(rest) = bare.strip_prefix(b"&&") {
        bare = rest;
    }
    while let Some(rest) = bare.strip_suffix(b"&&") {
        bare = rest;
    }
    if bare.len() != cp.len() {
        tolerated.add(Tolerance::DoubledAmpersands);
    }
    bare
}

/// Header and what follows `CP=&&`.
fn split(segment: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = after_a_semicolon(segment)
        .or_else(|| memchr::memmem::find(segment, b"CP=&&"))
        .or_else(|| segment.windows(5).position(|window| window.eq_ignore_ascii_case(b"CP=&&")))?;
    Some((&segment[..at], &segment[at + 5..]))
}

/// Whether CP looks encrypted: the printed form `{0x…`, or bytes that no text has.
pub(crate) fn looks_encrypted(segment: &[u8]) -> bool {
    let Some((_, cp)) = split(segment) else { return false };
    if cp.starts_with(b"{0x") {
        return true;
    }
    let odd = cp.iter().filter(|byte| !(0x20..0x7F).contains(*byte)).count();
    cp.len() >= 16 && odd * 4 >= cp.len() && std::str::from_utf8(cp).is_err()
}

#[derive(Debug, Default, Clone, Copy)]
struct Header<'a> {
    qn: Option<&'a str>,
    st: Option<&'a str>,
    cn: Option<&'a str>,
    pw: Option<&'a str>,
    mn: Option<&'a str>,
    flag: Option<Flag>,
    pnum: Option<u16>,
    pno: Option<u16>,
    back_fill: bool,
}

impl<'a> Header<'a> {
    /// Reads what can be read; the first fault is told beside it.
    fn read(bytes: &'a [u8], tolerated: &mut Tolerances) -> (Header<'a>, Option<FaultCode>) {
        let mut header = Header::default();
        let mut fault = None;
        if let Ok(text) = std::str::from_utf8(bytes) {
            let mut start = 0;
            for end in memchr::memchr_iter(b';', bytes).chain([bytes.len()]) {
                // A semicolon is never a part of another character, so the text can be cut there.
                let field = &text[start..end];
                start = end + 1;
                if !field.is_empty() {
                    fault = fault.or(header.take(field, tolerated).err());
                }
            }
            return (header, fault);
        }
        for field in bytes.split(|byte| *byte == b';').filter(|field| !field.is_empty()) {
            let taken = std::str::from_utf8(field).map_err(|_| FaultCode::BadHeader);
            fault = fault.or(taken.and_then(|field| header.take(field, tolerated)).err());
        }
        (header, fault)
    }

    /// Reads fields where none belong; what cannot be read there is left out.
    fn read_on(&mut self, bytes: &'a [u8]) {
        for field in bytes.split(|byte| *byte == b';').filter_map(|field| std::str::from_utf8(field).ok()) {
            let _ = self.take(field, &mut Tolerances::NONE.clone());
        }
    }

    fn take(&mut self, text: &'a str, tolerated: &mut Tolerances) -> Result<(), FaultCode> {
        let trimmed = text.trim_matches(STRAY);
        if trimmed.len() != text.len() {
            tolerated.add(Tolerance::StraySeparator);
        }
        if trimmed.is_empty() {
            return Ok(());
        }
        let sign = trimmed.bytes().position(|byte| byte == b'=').ok_or(FaultCode::BadHeader)?;
        let (name, value) = (&trimmed[..sign], &trimmed[sign + 1..]);
        let name = match name {
            "QN" | "ST" | "CN" | "PW" | "MN" | "Flag" | "PNUM" | "PNO" | "RF" => Some(name),
            _ => {
                let folded = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
                if folded.is_some() {
                    tolerated.add(Tolerance::HeaderCase);
                }
                folded
            }
        };
        let mut once = |slot: &mut Option<&'a str>| {
            if slot.is_some() {
                tolerated.add(Tolerance::DuplicateHeader);
            } else {
                *slot = Some(value);
            }
        };
        match name {
            Some("QN") if value.is_empty() => {}
            Some("QN") => {
                once(&mut self.qn);
                if !is_request_number(value) {
                    return Err(FaultCode::BadQn);
                }
                if value.len() != 17 || !all_digits(value) {
                    tolerated.add(Tolerance::OddQn);
                }
            }
            Some("ST") => {
                once(&mut self.st);
                if !all_digits(value) || value.len() > 4 {
                    return Err(FaultCode::BadSt);
                }
                if value.len() != 2 {
                    tolerated.add(Tolerance::OddSt);
                }
            }
            Some("CN") => {
                once(&mut self.cn);
                if !all_digits(value) || value.len() != 4 {
                    return Err(FaultCode::BadCn);
                }
            }
            Some("PW") => once(&mut self.pw),
            Some("MN") => once(&mut self.mn),
            Some("Flag") if value.is_empty() => {}
            Some("Flag") => self.flag = Some(Flag(value.parse().map_err(|_| FaultCode::BadFlag)?)),
            Some("PNUM") => self.pnum = Some(packet_number(value)?),
            Some("PNO") => self.pno = Some(packet_number(value)?),
            Some("RF") => self.back_fill = value == "1",
            _ => tolerated.add(Tolerance::UnknownHeader),
        }
        Ok(())
    }
}

const NAMES: [&str; 9] = ["QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF"];

/// What stands around header fields of some devices and belongs to none.
const STRAY: [char; 5] = [',', ' ', '\t', '\r', '\n'];

/// The longest MN by the text.
const MN_BY_THE_TEXT: usize = 24;

/// The longest QN that is taken.
const LONGEST_QN: usize = 40;

/// Whether a text may be a request number: it is a time by the text, so it begins with a digit; devices add zones, separators, letters. It is an opaque
/// word from here on, so nothing is lost by taking it.
pub(crate) fn is_request_number(text: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'_' | b':' | b'.' | b'/' | b' ');
    text.len() <= LONGEST_QN && text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(fits)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn packet_number(text: &str) -> Result<u16, FaultCode> {
    if all_digits(text) {
        text.parse().map_err(|_| FaultCode::BadPacketNumbers)
    } else {
        Err(FaultCode::BadPacketNumbers)
    }
}

/// What a refused packet still tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Partial<'a> {
    /// The check as sent, where four hex digits end the packet.
    pub crc: Option<&'a str>,
    /// Request number.
    pub qn: Option<&'a str>,
    /// System code.
    pub st: Option<&'a str>,
    /// Command code.
    pub cn: Option<&'a str>,
    /// Password.
    pub pw: Option<&'a str>,
    /// Device id.
    pub mn: Option<&'a str>,
    /// Flag.
    pub flag: Option<Flag>,
    /// Number of packets.
    pub pnum: Option<u16>,
    /// Number of this packet.
    pub pno: Option<u16>,
    /// Whether CP looks encrypted.
    pub encrypted: bool,
    cp: &'a [u8],
}

impl<'a> Partial<'a> {
    /// Reads what can be read of the bytes from `##` on.
    pub fn read(raw: &'a [u8]) -> Partial<'a> {
        let body = raw.get(head_length(raw)..).unwrap_or_default().trim_ascii_end();
        let (head, rest) = split(body).unwrap_or((body, b""));
        // Behind the parameters stands the check; what some devices write there beside it is read as header fields.
        let (cp, behind) = match memchr::memmem::rfind(rest, b"&&") {
            Some(at) => (&rest[..at], &rest[at + 2..]),
            None => (rest, &b""[..]),
        };
        let (behind, crc) = match behind.len().checked_sub(4).map(|at| behind.split_at(at)) {
            Some((fields, digits)) if hex_value(digits).is_some() => (fields, std::str::from_utf8(digits).ok()),
            _ => (behind, None),
        };
        let cp = without_ampersands(cp, &mut Tolerances::NONE.clone());
        let segment = &body[..body.len() - crc.map_or(0, str::len)];
        let (mut header, _) = Header::read(head, &mut Tolerances::NONE.clone());
        header.read_on(behind);
        let encrypted = looks_encrypted(segment);
        Partial {
            crc,
            qn: header.qn,
            st: header.st,
            cn: header.cn,
            pw: header.pw,
            mn: header.mn,
            flag: header.flag,
            pnum: header.pnum,
            pno: header.pno,
            encrypted,
            cp: if encrypted { b"" } else { cp },
        }
    }

    /// The groups of CP that can be told apart.
    pub fn groups(&self) -> Groups<'a> {
        Groups(self.cp)
    }
}
