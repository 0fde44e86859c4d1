//! Every packet of `data/packets.txt` gets the verdict of the index beside it, field by field.

use std::collections::{BTreeMap, BTreeSet};

use hj212::{Event, FaultCode, Mode, Packet, Tolerance, packets};

const PACKETS: &str = include_str!("data/packets.txt");
const INDEX: &str = include_str!("data/packets.tsv");

fn index() -> Vec<BTreeMap<&'static str, &'static str>> {
    let mut lines = INDEX.lines();
    let names: Vec<_> = lines.next().expect("a header").split('\t').collect();
    lines.map(|line| names.iter().copied().zip(line.split('\t')).collect()).collect()
}

/// Packets whose check is that of MODBUS: good, and said so.
const MODBUS: [&str; 3] = ["68", "69", "72"];

fn assert_fields(packet: &Packet<'_>, row: &BTreeMap<&str, &str>) {
    let id = row["id"];
    assert_eq!(packet.crc, row["crc"], "{id}");
    assert_eq!(packet.st, row["st"], "{id}");
    assert_eq!(packet.cn, row["cn"], "{id}");
    assert_eq!(packet.mn, row["mn"], "{id}");
    assert_eq!(packet.qn.unwrap_or(""), row["qn"], "{id}");
    assert_eq!(packet.flag.map_or(String::new(), |flag| flag.0.to_string()), row["flag"], "{id}");
    for (number, name) in [(packet.pnum, "pnum"), (packet.pno, "pno")] {
        assert_eq!(number, row[name].parse().ok(), "{id}");
    }
    assert_eq!(packet.cp().len().to_string(), row["cp_len"], "{id}");
    assert_eq!(packet.groups().count().to_string(), row["groups"], "{id}");
    assert_eq!(packet.value("DataTime").unwrap_or(b""), row["datatime"].as_bytes(), "{id}");
    let keys: Vec<_> = packet.groups().flat_map(hj212::Group::items).filter_map(|item| item.factor()).collect();
    assert_eq!(keys.len().to_string(), row["fields"], "{id}");
    let factors: BTreeSet<_> = keys.iter().map(|(factor, _)| factor).collect();
    assert_eq!(factors.len().to_string(), row["factors"], "{id}");
}

#[test]
fn each_packet_gets_the_verdict_of_the_index() {
    for (line, row) in PACKETS.lines().zip(index()) {
        let found: Vec<_> = packets(line.as_bytes(), Mode::Tolerant).collect();
        let id = row["id"];
        assert_eq!(found.len(), 1, "{id}: {found:?}");
        let good = row["crc_ok"] == "1" || MODBUS.contains(&id);
        match &found[0] {
            Event::Packet { packet, offset: 0 } => {
                assert!(good, "{id} should be refused");
                assert_fields(packet, &row);
                assert_eq!(packet.tolerated.contains(Tolerance::ModbusCrc), MODBUS.contains(&id), "{id}");
                assert_eq!(
                    packet.tolerated.contains(Tolerance::LowerCaseCrc),
                    row["crc"].contains(|letter: char| letter.is_ascii_lowercase()),
                    "{id}"
                );
                assert_eq!(
                    packet.tolerated.contains(Tolerance::OverLongSegment),
                    row["actual"].parse::<u32>().unwrap() > 1024,
                    "{id}"
                );
                assert_eq!(packet.tolerated.contains(Tolerance::MissingQn), row["qn"].is_empty(), "{id}");
                assert_eq!(packet.tolerated.contains(Tolerance::MissingFlag), row["flag"].is_empty(), "{id}");
                assert!(packet.tolerated.contains(Tolerance::MissingCrlf), "{id}: stored without CR LF");
            }
            Event::Fault(fault) => {
                assert!(!good, "{id} should be good: {fault:?}");
                let expected = if row["len_ok"] == "1" { FaultCode::CrcMismatch } else { FaultCode::WrongLength };
                assert_eq!(fault.code, expected, "{id}");
                assert_eq!((fault.offset, fault.length), (0, line.len()), "{id}");
                assert_eq!(fault.partial().mn, Some(row["mn"]), "{id}");
                assert_eq!(fault.partial().crc, Some(row["crc"]), "{id}");
            }
            other @ Event::Packet { .. } => panic!("{id}: {other:?}"),
        }
    }
}

#[test]
fn separators_do_not_matter() {
    for separator in ["\r\n", "\n", ""] {
        let stream: String = PACKETS.lines().flat_map(|line| [line, separator]).collect();
        let (mut good, mut bad) = (0, 0);
        for event in packets(stream.as_bytes(), Mode::Tolerant) {
            match event {
                Event::Packet { packet, .. } => {
                    good += 1;
                    assert_eq!(packet.tolerated.contains(Tolerance::MissingCrlf), separator != "\r\n");
                }
                Event::Fault(_) => bad += 1,
            }
        }
        assert_eq!((good, bad), (70, 6), "separator {separator:?}");
    }
}

#[test]
fn strict_mode_takes_only_what_the_text_allows() {
    let stream: String = PACKETS.lines().flat_map(|line| [line, "\r\n"]).collect();
    let strict: Vec<_> = packets(stream.as_bytes(), Mode::Strict)
        .filter_map(|event| match event {
            Event::Packet { packet, .. } => Some(packet.tolerated),
            Event::Fault(_) => None,
        })
        .collect();
    assert!(strict.len() > 20 && strict.len() < 70, "{}", strict.len());
    assert!(strict.iter().all(|tolerated| tolerated.is_empty()));
    assert!(packets(b"##0109ST=32;CN=2011;PW=123456;MN=NJGDKYYC202101q0001w0001;CP=&&DataTime=20210305003817000;ele01-Rtd=1;ele02-Rtd=0&&8C41\r\n", Mode::Strict)
        .all(|event| matches!(event, Event::Fault(fault) if fault.code == FaultCode::NotAllowed(Tolerance::MissingQn))));
}

#[test]
fn decoded_then_encoded_gives_the_same_segment() {
    for line in PACKETS.lines() {
        if let Some(Event::Packet { packet, .. }) = packets(line.as_bytes(), Mode::Tolerant).next() {
            let Ok(bytes) = packet.to_message().encode() else { continue };
            let Some(Event::Packet { packet: again, .. }) = packets(&bytes, Mode::Tolerant).next() else {
                panic!("{line}")
            };
            assert_eq!(again.to_message(), packet.to_message());
        }
    }
}

#[test]
fn the_line_of_json_is_that_of_the_contract() {
    let bad = b"noise##0139ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817000;B01-Rtd=36.91;011-Rtd=231.0,011-Flag=N;060-Rtd=1.803,060-Flag=N&&4981\r\n";
    let lines: Vec<_> = packets(bad, Mode::Tolerant).map(|event| hj212::to_json_line(&event)).collect();
    assert_eq!(lines[0], r#"{"ok":false,"error":"noise","offset":0,"length":5,"partial":{}}"#);
    assert_eq!(
        lines[1],
        concat!(
            r#"{"ok":false,"error":"crc_mismatch","offset":5,"length":151,"partial":{"crc":"4981","st":"32","cn":"2011","mn":"LD130133000015","pw":"123456","#,
            r#""cp":[{"DataTime":"20160824003817000"},{"B01-Rtd":"36.91"},{"011-Rtd":"231.0","011-Flag":"N"},{"060-Rtd":"1.803","060-Flag":"N"}]}}"#
        )
    );
}

#[test]
fn damage_is_named_and_the_next_packet_is_found() {
    let good = "##0077QN=20210412152210518;ST=21;CN=9014;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&&&EF41\r\n";
    for (damaged, expected) in [
        ("##00x7QN=1;", "bad_length"),
        ("##0077QN=20210412152210518;ST=21;CN=90", "truncated"),
        ("##9999QN=20210412152210518;ST=21;", "truncated"),
        ("##0077", "truncated"),
        ("##0077QN=20210412152210518;ST=21;CN=9014;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&&&\r\n", "missing_crc"),
        ("##0077QN=20210412152210518;ST=21;CN=9014;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&&&EF40\r\n", "crc_mismatch"),
        ("##0060QN=20210412152210518;ST=21;CN=9014;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&&&EF40\r\n", "wrong_length"),
        ("##0012ST=21;CN=9014EBC1\r\n", "truncated"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "noise"),
        ("\u{0}\u{0}#", "noise"),
    ] {
        let stream = format!("{damaged}{good}");
        let found: Vec<_> = packets(stream.as_bytes(), Mode::Tolerant).collect();
        assert!(
            matches!(found.last(), Some(Event::Packet { packet, .. }) if packet.crc == "EF41"),
            "{damaged}: {found:?}"
        );
        assert!(matches!(found[0], Event::Fault(fault) if fault.code.code() == expected), "{damaged}: {found:?}");
    }
    for wrong in ["0060", "0099"] {
        let found: Vec<_> =
            packets(good.replace("0077", wrong).as_bytes(), Mode::Tolerant).map(|event| format!("{event:?}")).collect();
        assert_eq!(found.len(), 1);
        assert!(
            matches!(packets(good.replace("0077", wrong).as_bytes(), Mode::Tolerant).next(),
            Some(Event::Packet { packet, .. }) if packet.tolerated.contains(Tolerance::WrongLength)),
            "{found:?}"
        );
    }
}

#[test]
fn encrypted_packets_are_told_from_broken_ones() {
    let text = "##0087QN=20240520210700000;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&{0xE4,0x3E,0x11,0x22}&&2200\r\n";
    assert!(
        matches!(packets(text.as_bytes(), Mode::Tolerant).next(), Some(Event::Fault(fault)) if fault.code == FaultCode::Encrypted)
    );
    let mut raw =
        b"##0103QN=20240520210700000;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&".to_vec();
    raw.extend([0xE4, 0x3E, 0x81, 0x92, 0x00, 0xFF, 0xA0, 0x8B, 0x1C, 0xDD, 0x90, 0x91, 0xFE, 0xC0, 0xC1, 0xF2]);
    raw.extend(b"&&2201\r\n");
    assert!(
        matches!(packets(&raw, Mode::Tolerant).next(), Some(Event::Fault(fault)) if fault.code == FaultCode::Encrypted)
    );
}
