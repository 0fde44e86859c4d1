//! Answers of section "exchanges": 9014 to data, 9013 to notices, 9011 and 9012 to requests.
//!
//! An answer repeats the request's QN, PW and MN, has ST 91 and the version of the request without its low bits. The 2005 edition
//! carries the QN inside CP; it is sent in both places then.

use crate::{ExecutionResult, Flag, Message, Packet, RequestResult, is_upload};

/// The answer that the centre owes to a packet from a device: 9014 to data, 9013 to notices; nothing where none was asked for (bit 0 of
/// the flag not set), to answers, and to commands that only the centre gives.
///
/// The answer says "stored": send it only when the data are.
///
/// ```
/// let bytes = b"##0127QN=20210409103207980;ST=21;CN=2081;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&DataTime=20210409103207;RestartTime=20210409103207&&B7C1\r\n";
/// let Some(hj212::Event::Packet { packet, .. }) = hj212::packets(bytes, Default::default()).next() else { panic!("a good packet") };
/// let answer = hj212::acknowledgement(&packet).expect("it asks for one");
/// assert_eq!((answer.cn.as_str(), answer.st.as_str(), answer.qn.as_deref()), ("9014", "91", Some("20210409103207980")));
/// ```
pub fn acknowledgement(packet: &Packet<'_>) -> Option<Message> {
    if !packet.wants_reply() || packet.st == "91" {
        return None;
    }
    let cn = match packet.cn {
        "1001" | "1013" | "9015" | "9021" | "9022" => "9013",
        cn if is_upload(cn) => "9014",
        _ => return None,
    };
    Some(answer(packet, cn, None))
}

/// 9011: what the receiver of a request will do.
pub fn request_reply(packet: &Packet<'_>, result: RequestResult) -> Message {
    answer(packet, "9011", Some(("QnRtn", result.number())))
}

/// 9012: how the execution of a request ended.
pub fn execution_result(packet: &Packet<'_>, result: ExecutionResult) -> Message {
    answer(packet, "9012", Some(("ExeRtn", result.number())))
}

fn answer(packet: &Packet<'_>, cn: &str, result: Option<(&str, u16)>) -> Message {
    let flag = packet.flag.unwrap_or_default().for_reply();
    let mut message = Message {
        qn: packet.qn.map(str::to_owned),
        pw: packet.pw.map(str::to_owned),
        ..Message::new("91", cn, packet.mn, flag)
    };
    if flag == Flag(0)
        && let Some(qn) = packet.qn
    {
        message = message.group([("QN", qn)]);
    }
    if let Some((key, number)) = result {
        message = message.group([(key, number.to_string())]);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, Mode, packets};

    fn with_packet<T>(cn: &str, st: &str, flag: u8, then: impl Fn(&Packet<'_>) -> T) -> T {
        let bytes = Message {
            qn: Some("20240101000000000".into()),
            pw: Some("123456".into()),
            ..Message::new(st, cn, "M1", Flag(flag))
        }
        .encode()
        .unwrap();
        match packets(&bytes, Mode::Strict).next() {
            Some(Event::Packet { packet, .. }) => then(&packet),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_asks_is_answered_and_by_the_right_command() {
        for (cn, st, flag, expected) in [
            ("2011", "32", 5, Some("9014")),
            ("2011", "32", 4, None),
            ("2051", "22", 9, Some("9014")),
            ("3019", "22", 5, Some("9014")),
            ("9015", "22", 9, Some("9013")),
            ("1013", "21", 5, Some("9013")),
            ("9014", "21", 5, None),
            ("9011", "91", 5, None),
            ("1062", "32", 5, None),
        ] {
            assert_eq!(
                with_packet(cn, st, flag, |packet| acknowledgement(packet).map(|answer| answer.cn)).as_deref(),
                expected,
                "{cn}"
            );
        }
    }

    #[test]
    fn version_is_kept_and_2005_has_its_qn_in_cp() {
        let flag = with_packet("2011", "32", 9, |packet| acknowledgement(packet).and_then(|answer| answer.flag));
        assert_eq!(flag, Some(Flag(8)));
        let old =
            with_packet("1062", "32", 1, |packet| request_reply(packet, RequestResult::Accepted)).encode().unwrap();
        let text = String::from_utf8(old).unwrap();
        assert!(text.contains("CP=&&QN=20240101000000000;QnRtn=1&&"), "{text}");
    }
}
