//! Encryption of CP in the 2025 edition (annex A.2): SM4 in single blocks of 16 bytes over what stands between `CP=&&` and the closing `&&`; a
//! last part shorter than a block stays plain. The check is computed before encrypting, so it tells whether the key was the right one, with
//! the strength of eight bits: what comes out must read as CP as well.

use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::crc::{crc, hex_value};
use crate::frame::head_length;
use crate::message::EncodeError;
use crate::{Event, Message, Mode, packets};

const BLOCK: usize = 16;

/// The key that a device shares with its centre (1014 renews it).
#[derive(Clone, PartialEq, Eq)]
pub struct Sm4Key([u8; BLOCK]);

impl std::fmt::Debug for Sm4Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sm4Key(…)")
    }
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 16 characters, or 32 hex digits")]
pub struct NoKey;

impl Sm4Key {
    /// From its bytes.
    pub fn new(bytes: [u8; BLOCK]) -> Sm4Key {
        Sm4Key(bytes)
    }

    /// From 16 characters, as 1014 carries it, or from 32 hex digits.
    ///
    /// # Errors
    /// [`NoKey`] for anything else.
    pub fn parse(text: &str) -> Result<Sm4Key, NoKey> {
        let bytes = text.as_bytes();
        if let Ok(key) = <[u8; BLOCK]>::try_from(bytes) {
            return Ok(Sm4Key(key));
        }
        let mut key = [0; BLOCK];
        let (pairs, rest) = bytes.as_chunks::<2>();
        if pairs.len() != BLOCK || !rest.is_empty() {
            return Err(NoKey);
        }
        for (byte, pair) in key.iter_mut().zip(pairs) {
            *byte = hex_pair(*pair).ok_or(NoKey)?;
        }
        Ok(Sm4Key(key))
    }

    /// Its 16 characters, if it has letters and digits alone: others could end the field that carries it.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    fn encrypt(&self, bytes: &mut [u8]) {
        let cipher = Sm4::new(&self.0.into());
        for block in bytes.as_chunks_mut::<BLOCK>().0 {
            cipher.encrypt_block(block.into());
        }
    }

    fn decrypt(&self, bytes: &mut [u8]) {
        let cipher = Sm4::new(&self.0.into());
        for block in bytes.as_chunks_mut::<BLOCK>().0 {
            cipher.decrypt_block(block.into());
        }
    }
}

fn hex_pair(pair: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(pair[0])? * 16 + digit(pair[1])?)
}

/// Why an encrypted packet could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// There is no `CP=&&…&&` with a check behind it.
    #[error("the packet has no CP and check that could be opened")]
    NoCp,
    /// What comes out does not fit the check, or is no CP.
    #[error("the packet does not open with this key")]
    WrongKey,
}

/// The plain packet of an encrypted one, from `##` to CR LF, to be decoded like any other.
///
/// `raw` is what [`Fault::raw`](crate::Fault::raw) holds with [`FaultCode::Encrypted`](crate::FaultCode::Encrypted). Encrypted bytes are taken as they are or in the
/// printed form `{0xE4,0x3E,…}` that some devices send.
///
/// # Errors
/// [`OpenFault`]; a wrong key is found out, for the check and the structure of what comes out must both hold.
pub fn open(raw: &[u8], key: &Sm4Key) -> Result<Vec<u8>, OpenFault> {
    let begins = memchr::memmem::find(raw, b"CP=&&").ok_or(OpenFault::NoCp)? + 5;
    let head = raw.get(head_length(raw)..begins).ok_or(OpenFault::NoCp)?;
    let (sealed, check) = sealed_part(raw, begins).ok_or(OpenFault::NoCp)?;
    let mut cp = if sealed.starts_with(b"{0x") { printed(sealed).ok_or(OpenFault::NoCp)? } else { sealed.to_vec() };
    key.decrypt(&mut cp);
    let mut segment = [head, &cp].concat();
    segment.extend_from_slice(b"&&");
    if hex_value(check) != Some(crc(&segment)) {
        return Err(OpenFault::WrongKey);
    }
    let plain = [format!("##{:04}", segment.len()).as_bytes(), &segment, check, b"\r\n"].concat();
    let is_readable = matches!(packets(&plain, Mode::Tolerant).next(), Some(Event::Packet { .. }));
    if is_readable { Ok(plain) } else { Err(OpenFault::WrongKey) }
}

/// What lies between `CP=&&` and the last `&&`, and the check behind it. By the declared length, for encrypted bytes may look like anything; by the
/// last `&&` with a check where the length is that of another form.
fn sealed_part(raw: &[u8], begins: usize) -> Option<(&[u8], &[u8])> {
    let head = head_length(raw);
    let declared = std::str::from_utf8(raw.get(2..head)?).ok()?.trim().parse::<usize>().ok()?;
    let ends_at = |stop: usize| {
        let segment = raw.get(begins..stop)?.strip_suffix(b"&&")?;
        let check = raw.get(stop..stop + 4)?;
        hex_value(check).map(|_| (segment, check))
    };
    let by_length = ends_at(head + declared);
    if by_length.is_some() {
        return by_length;
    }
    memchr::memmem::rfind_iter(raw, b"&&").find_map(|at| ends_at(at + 2))
}

/// The bytes of `{0xE4,0x3E,…}`; what follows the brace is kept as it is.
fn printed(text: &[u8]) -> Option<Vec<u8>> {
    let stop = text.iter().position(|byte| *byte == b'}')?;
    let list = std::str::from_utf8(&text[1..stop]).ok()?;
    let byte = |item: &str| u8::from_str_radix(item.trim().strip_prefix("0x")?, 16).ok();
    let mut bytes: Vec<u8> = list.split(',').map(byte).collect::<Option<_>>()?;
    bytes.extend_from_slice(&text[stop + 1..]);
    Some(bytes)
}

impl Message {
    /// The bytes of the packet with CP encrypted; the check is that of the plain packet.
    ///
    /// # Errors
    /// As [`Message::encode`].
    pub fn encode_encrypted(&self, key: &Sm4Key) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = self.encode()?;
        let tail = "&&0000\r\n".len();
        if let Some(at) = memchr::memmem::find(&bytes, b"CP=&&") {
            let stop = bytes.len() - tail;
            key.encrypt(&mut bytes[at + 5..stop]);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultCode, Flag};

    /// Key, plain packet and encrypted packet as hex, of annex A.2.
    fn vectors() -> Vec<(Sm4Key, Vec<u8>, Vec<u8>)> {
        let hex = |text: &str| -> Vec<u8> {
            text.as_bytes().as_chunks::<2>().0.iter().map(|pair| hex_pair(*pair).unwrap()).collect()
        };
        include_str!("../tests/data/sm4_vectors.tsv")
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split('\t').collect();
                (Sm4Key::parse(cells[1]).unwrap(), format!("{}\r\n", cells[2]).into_bytes(), hex(cells[3]))
            })
            .collect()
    }

    #[test]
    fn the_example_of_annex_a_2_opens_and_is_made_again() {
        let vectors = vectors();
        assert!(!vectors.is_empty());
        for (key, plain, sealed) in vectors {
            let Some(Event::Fault(fault)) = packets(&sealed, Mode::Tolerant).next() else { panic!("is encrypted") };
            assert_eq!(fault.code, FaultCode::Encrypted);
            assert_eq!(open(fault.raw, &key).unwrap(), plain);
            let Some(Event::Packet { packet, .. }) = packets(&plain, Mode::Tolerant).next() else { panic!("is plain") };
            assert_eq!(packet.to_message().encode_encrypted(&key).unwrap(), sealed);
        }
    }

    #[test]
    fn the_printed_form_opens_too() {
        let (key, plain, sealed) = vectors().remove(0);
        let begins = memchr::memmem::find(&sealed, b"CP=&&").unwrap() + 5;
        let stop = sealed.len() - "&&0000\r\n".len();
        let list: Vec<String> = sealed[begins..stop].iter().map(|byte| format!("0x{byte:02X}")).collect();
        let text = [&sealed[..begins], format!("{{{}}}", list.join(",")).as_bytes(), &sealed[stop..]].concat();
        assert_eq!(open(&text, &key).unwrap(), plain);
    }

    #[test]
    fn a_wrong_key_opens_nothing() {
        let (_, _, sealed) = vectors().remove(0);
        for seed in 0..1000_u32 {
            let mut bytes = [0; BLOCK];
            bytes[..4].copy_from_slice(&seed.to_le_bytes());
            assert_eq!(open(&sealed, &Sm4Key::new(bytes)), Err(OpenFault::WrongKey), "{seed}");
        }
    }

    #[test]
    fn every_length_goes_there_and_back() {
        let key = Sm4Key::parse("0123456789ABCDEF").unwrap();
        for length in 0..40 {
            let message = Message::new("31", "2011", "010000A8900016F000169DC0", Flag(9))
                .group([("DataTime", "20240520210700")])
                .group([("a01011-Rtd", "1".repeat(length + 1))]);
            let sealed = message.encode_encrypted(&key).unwrap();
            assert_eq!(open(&sealed, &key).unwrap(), message.encode().unwrap());
        }
    }

    #[test]
    fn rubbish_is_no_packet_to_open() {
        let key = Sm4Key::new([0; BLOCK]);
        for bytes in [&b""[..], b"##", b"##0010CP=&&", b"CP=&&&&", b"##99999CP=&&{0x&&0000\r\n"] {
            assert!(open(bytes, &key).is_err());
        }
        assert_eq!(Sm4Key::parse("short"), Err(NoKey));
        assert_eq!(format!("{key:?}"), "Sm4Key(…)");
    }
}
