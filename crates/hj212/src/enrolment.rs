//! How a logger of the 2025 edition joins a platform: it tells what it is made of (1001), is given its MN (1002) and its SM4 key (1014).

use crate::{Addressee, Message, Packet, Request, Sm4Key};

/// What a logger says of its own parts (1001): factors i23005 to i23008.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hardware<'a> {
    /// Number of the logger, i23005.
    pub logger: Option<&'a str>,
    /// Number of its processor, i23006.
    pub processor: Option<&'a str>,
    /// Its network addresses, i23007 and i23008.
    pub addresses: [Option<&'a str>; 2],
}

impl<'a> Hardware<'a> {
    /// Reads an upload 1001; `None` for any other packet, and for the 1001 of 2005, which sets the time of alarms.
    pub fn read(packet: &Packet<'a>) -> Option<Hardware<'a>> {
        let value = |key| packet.value(key).and_then(|text| std::str::from_utf8(text).ok()).map(str::trim);
        let read = Hardware {
            logger: value("i23005-Info"),
            processor: value("i23006-Info"),
            addresses: [value("i23007-Info"), value("i23008-Info")],
        };
        (packet.cn == "1001" && read != Hardware::default()).then_some(read)
    }
}

/// Whether a device asks for a new key: 1014 that brings none. Loggers of surface water mean their clock by 1014, and bring or ask for a time.
pub fn asks_for_key(packet: &Packet<'_>) -> bool {
    packet.cn == "1014" && packet.st != "21" && packet.value("NewSK").is_none()
}

/// The packet that gives a logger its MN (1002). `to.mn` is the one that it used until now.
pub fn assign_mn(to: Addressee<'_>, qn: &str, mn: &str) -> Message {
    let mut message = Request::GetRealtimeInterval.message(to, qn);
    "1002".clone_into(&mut message.cn);
    message.group([("i23005-Info", mn)])
}

/// The packet that gives a device a new key (1014): 16 characters, valid from `created` (17 digits). It is to be sent
/// [encrypted](Message::encode_encrypted) with the key that held until now. `None` if the key has bytes that a packet cannot carry.
///
/// ```
/// use hj212::{Addressee, Edition, Sm4Key, renew_key};
/// let device = Addressee { mn: "010000A8900016F000169DC0", password: "100000", st: "32", edition: Edition::Of2025 };
/// let (old, new) = (Sm4Key::parse("msbE74gsiSHSEh5e")?, Sm4Key::parse("0123456789abcdef")?);
/// let message = renew_key(device, "20260601085857223", "20260601085857223", &new).expect("a key of characters");
/// let sent = message.encode_encrypted(&old)?;
/// assert!(!sent.windows(16).any(|part| part == b"0123456789abcdef"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn renew_key(to: Addressee<'_>, qn: &str, created: &str, key: &Sm4Key) -> Option<Message> {
    let key = key.text()?;
    let mut message = Request::GetRealtimeInterval.message(to, qn);
    "1014".clone_into(&mut message.cn);
    Some(message.group([("SKCreateTime", created)]).group([("NewSK", key)]))
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;
    use crate::{Edition, Event, Flag, Mode, open, packets};

    const TO: Addressee<'_> = Addressee { mn: "M1", password: "123456", st: "32", edition: Edition::Of2025 };
    const QN: &str = "20260601085857223";

    fn with<T>(bytes: &[u8], see: impl FnOnce(&Packet<'_>) -> T) -> T {
        match packets(bytes, Mode::Tolerant).next() {
            Some(Event::Packet { packet, .. }) => see(&packet),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_logger_says_what_it_is_made_of() {
        let sent = Message::new("32", "1001", "M1", Flag(9))
            .group([("i23005-Info", "LOG-7")])
            .group([("i23007-Info", "00:11:22:33:44:55")])
            .encode()
            .unwrap();
        let expected =
            Hardware { logger: Some("LOG-7"), processor: None, addresses: [Some("00:11:22:33:44:55"), None] };
        with(&sent, |packet| assert_eq!(Hardware::read(packet), Some(expected)));
    }

    #[test]
    fn the_1001_of_2005_is_something_else() {
        let sent = Message::new("32", "1001", "M1", Flag(1)).group([("WarnTime", "5")]).encode().unwrap();
        with(&sent, |packet| assert_eq!(Hardware::read(packet), None));
    }

    #[test]
    fn a_logger_is_given_its_mn() {
        let sent = assign_mn(TO, QN, "010000A8900016F000169DC0").encode().unwrap();
        with(&sent, |packet| {
            assert_eq!((packet.cn, packet.mn), ("1002", "M1"));
            assert_eq!(packet.value("i23005-Info"), Some(&b"010000A8900016F000169DC0"[..]));
        });
    }

    #[test]
    fn a_key_travels_under_the_key_before() {
        let (old, new) = (Sm4Key::new([7; 16]), Sm4Key::parse("0123456789abcdef").unwrap());
        let sent = renew_key(TO, QN, QN, &new).unwrap().encode_encrypted(&old).unwrap();
        let plain = open(&sent, &old).unwrap();
        with(&plain, |packet| assert_eq!(packet.value("NewSK"), Some(&b"0123456789abcdef"[..])));
        assert!(open(&sent, &new).is_err());
    }

    #[test]
    fn a_key_that_no_packet_can_carry_is_not_sent() {
        assert_eq!(renew_key(TO, QN, QN, &Sm4Key::new([0x26; 16])), None, "sixteen ampersands would end CP");
        assert_eq!(renew_key(TO, QN, QN, &Sm4Key::new([0x00; 16])), None);
    }

    #[test_case("32", &[], true)]
    #[test_case("32", &[("NewSK", "0123456789abcdef")], false; "it answers with one")]
    #[test_case("21", &[], false; "surface water means the clock")]
    fn who_asks_for_a_key(st: &str, items: &[(&str, &str)], expected: bool) {
        let message = Message::new(st, "1014", "M1", Flag(9));
        let message = if items.is_empty() { message } else { message.group(items.iter().copied()) };
        let sent = message.encode().unwrap();
        with(&sent, |packet| assert_eq!(asks_for_key(packet), expected));
    }
}
