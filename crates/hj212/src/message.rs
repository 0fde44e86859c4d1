//! A packet to be sent: owned fields, written with length and check.

use crate::packet::is_request_number;
use crate::{Flag, crc};

/// Longest CP by the text; beyond it a message is split.
const CP_BY_THE_TEXT: usize = 950;

/// Longest data segment by the text.
const SEGMENT_BY_THE_TEXT: usize = 1024;

/// `##`, length, check, CR LF.
const FRAME_AROUND_SEGMENT: usize = 12;

/// Fields of a packet, owned. [`Message::encode`] writes it; decoding gives the same fields back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Request number, 17 digits.
    pub qn: Option<String>,
    /// System code.
    pub st: String,
    /// Command code.
    pub cn: String,
    /// Password.
    pub pw: Option<String>,
    /// Device id.
    pub mn: String,
    /// Flag.
    pub flag: Option<Flag>,
    /// PNUM and PNO.
    pub packet_numbers: Option<(u16, u16)>,
    /// `RF=1`.
    pub back_fill: bool,
    /// Groups of `key=value`.
    pub cp: Vec<Vec<(String, String)>>,
}

/// Why a message cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A header field with characters that would break the packet.
    #[error("{field} is “{value}”: {wanted}")]
    Header {
        /// Name of the field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        wanted: &'static str,
    },
    /// An item of CP that would be read differently.
    #[error(
        "CP item {key}={value}: keys are letters, digits, - _ . and values hold none of ; , = & unless they stand between //"
    )]
    Item {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// An empty group.
    #[error("CP group {position} is empty")]
    EmptyGroup {
        /// Its place from 0.
        position: usize,
    },
    /// The segment does not fit the four digits of the length.
    #[error("the data segment has {length} bytes, more than 9999")]
    TooLong {
        /// Bytes of the segment.
        length: usize,
    },
}

impl Message {
    /// A message with its four obligatory parts.
    pub fn new(st: &str, cn: &str, mn: &str, flag: Flag) -> Message {
        Message { st: st.to_owned(), cn: cn.to_owned(), mn: mn.to_owned(), flag: Some(flag), ..Message::default() }
    }

    /// Adds one group to CP.
    #[must_use]
    pub fn group<K: Into<String>, V: Into<String>>(mut self, items: impl IntoIterator<Item = (K, V)>) -> Message {
        self.cp.push(items.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
        self
    }

    /// The bytes of the packet.
    ///
    /// # Errors
    /// If a field would make the packet read differently, or if it is too long. See [`Message::encode_split`].
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        self.check()?;
        let mut segment = String::with_capacity(256);
        let mut field = |name: &str, value: &str| {
            segment.push_str(name);
            segment.push('=');
            segment.push_str(value);
            segment.push(';');
        };
        if let Some(qn) = &self.qn {
            field("QN", qn);
        }
        field("ST", &self.st);
        field("CN", &self.cn);
        if let Some(pw) = &self.pw {
            field("PW", pw);
        }
        field("MN", &self.mn);
        if let Some(flag) = self.flag {
            field("Flag", &flag.0.to_string());
        }
        if let Some((pnum, pno)) = self.packet_numbers {
            field("PNUM", &pnum.to_string());
            field("PNO", &pno.to_string());
        }
        if self.back_fill {
            field("RF", "1");
        }
        segment.push_str("CP=&&");
        for (position, group) in self.cp.iter().enumerate() {
            if position > 0 {
                segment.push(';');
            }
            for (place, (key, value)) in group.iter().enumerate() {
                if place > 0 {
                    segment.push(',');
                }
                segment.push_str(key);
                segment.push('=');
                segment.push_str(value);
            }
        }
        segment.push_str("&&");
        if segment.len() > crate::MAX_SEGMENT {
            return Err(EncodeError::TooLong { length: segment.len() });
        }
        Ok(format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc(segment.as_bytes())).into_bytes())
    }

    /// One packet if it is no longer than the text allows, otherwise numbered parts cut between groups, the leading `DataTime` repeated in each.
    ///
    /// # Errors
    /// As [`Message::encode`]; a single group that is too long stays in one part.
    pub fn encode_split(&self) -> Result<Vec<Vec<u8>>, EncodeError> {
        let size =
            |group: &[(String, String)]| group.iter().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>();
        let whole = match self.encode() {
            Ok(whole) => Some(whole),
            Err(EncodeError::TooLong { .. }) => None,
            Err(fault) => return Err(fault),
        };
        let header = Message { cp: Vec::new(), ..self.clone() }.encode()?.len() - FRAME_AROUND_SEGMENT;
        let room = CP_BY_THE_TEXT.min(SEGMENT_BY_THE_TEXT.saturating_sub(header + ";PNUM=9999;PNO=9999".len()));
        if let Some(whole) = whole {
            let segment = whole.len() - FRAME_AROUND_SEGMENT;
            if segment <= SEGMENT_BY_THE_TEXT && segment - header <= CP_BY_THE_TEXT {
                return Ok(vec![whole]);
            }
        }
        let lead = self.cp.first().filter(|group| group.len() == 1 && group[0].0 == "DataTime");
        let mut parts: Vec<Vec<Vec<(String, String)>>> = Vec::new();
        let mut used = usize::MAX;
        for group in self.cp.iter().skip(usize::from(lead.is_some())) {
            if used.saturating_add(size(group)) > room {
                parts.push(lead.cloned().into_iter().collect());
                used = lead.map_or(0, |lead| size(lead));
            }
            used += size(group);
            if let Some(part) = parts.last_mut() {
                part.push(group.clone());
            }
        }
        let total = u16::try_from(parts.len()).unwrap_or(u16::MAX);
        let flag = self.flag.map(|flag| Flag(flag.0 | 2));
        (1..=total)
            .zip(parts)
            .map(|(number, cp)| Message { cp, flag, packet_numbers: Some((total, number)), ..self.clone() }.encode())
            .collect()
    }

    fn check(&self) -> Result<(), EncodeError> {
        let header = |field, value: &str, good: bool, wanted| {
            if good { Ok(()) } else { Err(EncodeError::Header { field, value: value.to_owned(), wanted }) }
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Whatever a packet was read with can be sent back to its device.
        let plain = |text: &str| {
            !text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b';' | b'&' | b'#'))
                && !text.ends_with([',', ' '])
        };
        if let Some(qn) = &self.qn {
            header("QN", qn, is_request_number(qn) && plain(qn), "it must be a number of 17 digits")?;
        }
        header("ST", &self.st, digits(&self.st) && self.st.len() <= 4, "it must be a number of two digits")?;
        header("CN", &self.cn, digits(&self.cn) && self.cn.len() == 4, "it must be four digits")?;
        let pw = self.pw.as_deref().unwrap_or("");
        header("PW", pw, plain(pw), "no separators, no blank at its end")?;
        let mn = self.mn.as_str();
        header("MN", mn, plain(mn) && !mn.is_empty(), "it must not be empty, hold separators or end with a blank")?;
        for (position, group) in self.cp.iter().enumerate() {
            if group.is_empty() {
                return Err(EncodeError::EmptyGroup { position });
            }
            for (key, value) in group {
                if !item_is_clean(key, value) {
                    return Err(EncodeError::Item { key: key.clone(), value: value.clone() });
                }
            }
        }
        Ok(())
    }
}

fn item_is_clean(key: &str, value: &str) -> bool {
    let key_is_clean =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if value.contains(|letter: char| letter.is_control()) || value.trim_ascii().len() != value.len() {
        return false;
    }
    let logged = value.len() >= 4
        && value.starts_with("//")
        && value.ends_with("//")
        && !value[2..value.len() - 2].contains("//")
        && !value[2..].starts_with('/');
    key_is_clean
        && (logged
            || !value.contains([';', ',', '=', '&', '#', '/'])
            || (!value.contains([';', ',', '=', '&', '#']) && !value.starts_with("//")))
}
