//! Whatever comes, nothing panics, nothing grows, and a later good packet is found.

use hj212::{Decoder, Event, Flag, MAX_FRAME, Message, Mode, packets};
use proptest::prelude::*;

const GOOD: &[u8] = b"##0310QN=20210409171312250;ST=21;CN=2011;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&DataTime=20210409171300;w01018-Rtd=235.281842409904,w01018-Flag=N;w21003-Rtd=33.9745441848759,w21003-Flag=N;w21011-Rtd=4.45415134510219,w21011-Flag=N;w21001-Rtd=34.2262152854941,w21001-Flag=N;w01001-Rtd=7.71218296350547,w01001-Flag=N&&8D01\r\n";

/// Neither its length nor its check is filled up with zeros.
const SHORT: &[u8] = b"##103QN=20240601085857088;ST=21;CN=2011;PW=123456;MN=M1;Flag=5;CP=&&DataTime=20240601085857;w01001-Rtd=7.1&&9C0\r\n";

/// Bytes that look like the protocol more often than chance would have it.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        Just(b"##".to_vec()),
        Just(b"##0077".to_vec()),
        Just(b"##9999QN=2021;ST=21;".to_vec()),
        Just(b"##0010".to_vec()),
        Just(b"&&".to_vec()),
        Just(b"CP=&&".to_vec()),
        Just(b"&&FFFF\r\n".to_vec()),
        Just(b"&&9C0\r\n".to_vec()),
        Just(b"&&9C".to_vec()),
        Just(b"##87QN=2021;".to_vec()),
        Just(b"## 103QN=20240601085857088;".to_vec()),
        Just(SHORT.to_vec()),
        Just(b"\r\n".to_vec()),
        Just(GOOD[..100].to_vec()),
        Just(GOOD.to_vec()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn message() -> impl Strategy<Value = Message> {
    let value = prop_oneof!["[A-Za-z0-9.+-]{0,12}", "[一-龥]{1,5}", "//[a-z;,=& ]{1,12}//"];
    let keys = proptest::collection::btree_map("[A-Za-z][A-Za-z0-9]{0,5}(-[A-Z][a-z]{2})?", value, 1..5);
    (
        proptest::option::of("[0-9]{17}"),
        "[0-9]{2}",
        "[0-9]{4}",
        proptest::option::of("[A-Za-z0-9]{0,6}"),
        "[A-Za-z0-9_-]{1,24}",
        proptest::option::of(any::<u8>()),
        proptest::option::of((1u16..9999, 1u16..9999)),
        any::<bool>(),
        proptest::collection::vec(keys, 0..8),
    )
        .prop_map(|(qn, st, cn, pw, mn, flag, packet_numbers, back_fill, cp)| Message {
            qn,
            st,
            cn,
            pw,
            mn,
            flag: flag.map(Flag),
            packet_numbers,
            back_fill,
            cp: cp.into_iter().map(|group| group.into_iter().collect()).collect(),
        })
}

fn in_pieces(bytes: &[u8], sizes: &[usize]) -> Vec<String> {
    let mut decoder = Decoder::default();
    let mut found = Vec::new();
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((*sizes.next().expect("a cycle of sizes")).min(rest.len()));
        decoder.feed(piece);
        while let Some(event) = decoder.next_event() {
            found.push(hj212::to_json_line(&event));
        }
        assert!(decoder.pending() <= MAX_FRAME, "{}", decoder.pending());
        rest = later;
    }
    while let Some(event) = decoder.next_event_at_end() {
        found.push(hj212::to_json_line(&event));
    }
    found
}

/// Found by the fuzzer: where the declared end lay in the next packet, one check in 256 matched there by chance, and the next packet was lost to
/// whoever had all bytes at once.
#[test]
fn a_check_that_matches_by_chance_swallows_no_packet() {
    let mut stream = b"##0087\xff+QNPW=0\x1a00169a010\xba2-M\xd9in;CP\x07=&&&&2200\r\n\r\n".to_vec();
    stream.extend_from_slice(
        b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n",
    );
    let good = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with(r#"{"ok":true"#)).count();
    for piece in [1, 7, 64, stream.len()] {
        assert_eq!(good(in_pieces(&stream, &[piece])), 1, "in pieces of {piece}");
    }
    assert_eq!(packets(&stream, Mode::Tolerant).filter(|event| matches!(event, Event::Packet { .. })).count(), 1);
}

/// Found by the fuzzer: a broken packet whose declared end is, by chance, where a later good one ends.
#[test]
fn a_broken_packet_swallows_none_of_the_good_ones_behind_it() {
    let mut stream = b"##008CP=N=010000A8P=&&&&2,a0101200##22#0078QN=20210412152210518;\xf1T=21;CN=9014;PW=12345&6;MN=DXCBZ000000005;Flag=5;CP=&&&&EF41\x0d0,##0295QN==123456;MN=010000A8N=202-Ma@##0077QN=20210412152210518;ST=21;CN=9014;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&&&EF41\x0d0,a0101\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d3.213,a01014-Flag=N&&2200\x0d\x8a".to_vec();
    stream.extend_from_slice(
        b"\r\n##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n",
    );
    let good = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with(r#"{"ok":true"#)).count();
    for piece in [1, 7, 64, stream.len()] {
        assert_eq!(good(in_pieces(&stream, &[piece])), 2, "in pieces of {piece}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn encoding_then_decoding_is_the_identity(message in message()) {
        let bytes = message.encode().unwrap();
        let found: Vec<_> = packets(&bytes, Mode::Tolerant).collect();
        prop_assert_eq!(found.len(), 1);
        let Event::Packet { packet, .. } = found[0] else { panic!("{found:?}") };
        prop_assert_eq!(packet.to_message(), message);
    }

    #[test]
    fn a_good_packet_after_any_soup_is_found(soup in soup(), sizes in proptest::collection::vec(1usize..300, 1..6)) {
        // A head that declares more than has come may wait for it: enough good packets always get through.
        let mut stream = soup;
        for _ in 0..40 {
            stream.extend_from_slice(GOOD);
        }
        let mut decoder = Decoder::default();
        let mut good = 0;
        for piece in stream.chunks(sizes[0]) {
            decoder.feed(piece);
            while let Some(event) = decoder.next_event() {
                good += usize::from(matches!(event, Event::Packet { packet, .. } if packet.crc == "8D01"));
            }
        }
        prop_assert!(good >= 39, "{good} of 40");
    }

    #[test]
    fn the_split_of_the_stream_does_not_matter(soup in soup(), sizes in proptest::collection::vec(1usize..50, 1..6)) {
        let whole = in_pieces(&soup, &[soup.len().max(1)]);
        let bytes_told: Vec<_> = in_pieces(&soup, &sizes);
        let good = |lines: &[String]| lines.iter().filter(|line| line.starts_with(r#"{"ok":true"#)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(good(&whole), good(&bytes_told));
    }

    #[test]
    fn good_packets_come_out_the_same_in_any_pieces(messages in proptest::collection::vec(message(), 1..6), sizes in proptest::collection::vec(1usize..80, 1..6)) {
        let stream: Vec<u8> = messages.iter().flat_map(|message| message.encode().unwrap()).collect();
        let whole: Vec<_> = packets(&stream, Mode::Tolerant).map(|event| hj212::to_json_line(&event)).collect();
        prop_assert_eq!(whole, in_pieces(&stream, &sizes));
    }

    #[test]
    fn events_cover_the_stream_without_overlap(soup in soup()) {
        let mut end = 0;
        for event in packets(&soup, Mode::Tolerant) {
            let (offset, length) = match event {
                Event::Packet { offset, packet } => (offset, packet.raw.len()),
                Event::Fault(fault) => (fault.offset, fault.length),
            };
            prop_assert!(offset >= end && length > 0);
            end = offset + length as u64;
        }
        prop_assert!(end <= soup.len() as u64);
    }
}

#[test]
fn a_packet_without_line_end_is_given_out_when_the_line_is_idle() {
    let mut decoder = Decoder::default();
    decoder.feed(&GOOD[..GOOD.len() - 2]);
    assert!(decoder.next_event().is_none());
    assert!(decoder.awaits_tail());
    assert!(matches!(decoder.next_event_when_idle(), Some(Event::Packet { .. })));
    assert!(decoder.next_event_when_idle().is_none());
    decoder.feed(&GOOD[..60]);
    assert!(!decoder.awaits_tail());
    assert!(decoder.next_event_when_idle().is_none(), "half a packet stays");
}

#[test]
fn long_messages_are_split_at_groups_with_the_time_in_each_part() {
    let mut message = Message {
        qn: Some("20240101000000000".into()),
        pw: Some("123456".into()),
        ..Message::new("31", "2051", "M1", Flag(5))
    }
    .group([("DataTime", "20240101000000")]);
    for number in 0..60 {
        message = message.group([(format!("a{number:05}-Avg"), "123.456"), (format!("a{number:05}-Flag"), "N")]);
    }
    let parts = message.encode_split().unwrap();
    assert!(parts.len() > 1);
    let mut groups = 0;
    for (number, part) in parts.iter().enumerate() {
        let Some(Event::Packet { packet, .. }) = packets(part, Mode::Strict).next() else { panic!("part {number}") };
        assert_eq!((packet.pnum, packet.pno), (Some(parts.len() as u16), Some(number as u16 + 1)));
        assert_eq!(packet.value("DataTime"), Some(&b"20240101000000"[..]));
        groups += packet.groups().count() - 1;
    }
    assert_eq!(groups, 60);
}
