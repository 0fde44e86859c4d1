//! Frames as devices of many makers write them: what is taken, under which name; what is refused, and what can be read of it all the same. Whoever sees the bytes in
//! pieces finds the same.

use hj212::{Decoder, Event, Mode, crc, packets, to_json_value};
use serde_json::{Value, json};
use test_case::test_case;

/// A frame as the text wants it around any segment.
fn framed(segment: &[u8]) -> Vec<u8> {
    [format!("##{:04}", segment.len()).as_bytes(), segment, format!("{:04X}\r\n", crc(segment)).as_bytes()].concat()
}

/// A packet of a water station with this header in place of its QN, and these parameters.
fn segment(qn: &str, cp: &str) -> Vec<u8> {
    format!("{qn}ST=21;CN=2011;PW=123456;MN=A0112900010001;Flag=5;CP=&&{cp}&&").into_bytes()
}

const QN: &str = "QN=20240601085857223;";
const CP: &str = "DataTime=20240601085800;w01001-Rtd=7.21,w01001-Flag=N";

/// What the events of a stream say, which must be the same whether it comes whole or in pieces.
fn found(stream: &[u8]) -> Vec<Value> {
    let whole: Vec<Value> = packets(stream, Mode::Tolerant).map(|event| to_json_value(&event)).collect();
    for size in [1, 3, 7, 64] {
        let mut decoder = Decoder::default();
        let mut in_pieces = Vec::new();
        for piece in stream.chunks(size) {
            decoder.feed(piece);
            while let Some(event) = decoder.next_event() {
                in_pieces.push(to_json_value(&event));
            }
        }
        while let Some(event) = decoder.next_event_at_end() {
            in_pieces.push(to_json_value(&event));
        }
        assert_eq!(in_pieces, whole, "in pieces of {size}: {}", String::from_utf8_lossy(stream));
    }
    whole
}

/// The one packet of a stream.
fn one(stream: &[u8]) -> Value {
    let mut all = found(stream);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test_case("QN=201910294112144CST;", "201910294112144CST"; "a zone behind fifteen digits")]
#[test_case("QN=2019-10-29 11:41:44;", "2019-10-29 11:41:44"; "separators")]
#[test_case("QN=20191029T114144.123+0800;", "20191029T114144.123+0800"; "as ISO 8601 has it")]
#[test_case("QN=1617937761764;", "1617937761764"; "milliseconds of Unix")]
#[test_case("QN=20240601085857223_1;", "20240601085857223_1"; "a running number behind it")]
fn a_request_number_is_taken_as_it_is_and_sent_back_so(header: &str, qn: &str) {
    let frame = framed(&segment(header, CP));
    let seen = one(&frame);
    assert_eq!((&seen["ok"], &seen["qn"], &seen["tolerated"]), (&json!(true), &json!(qn), &json!(["odd_qn"])));
    let Some(Event::Packet { packet, .. }) = packets(&frame, Mode::Tolerant).next() else { panic!("a packet") };
    let answer = hj212::acknowledgement(&packet).expect("it asks for one").encode().expect("it can be written");
    assert_eq!(one(&answer)["qn"], qn);
    assert!(matches!(packets(&frame, Mode::Strict).next(), Some(Event::Fault(_))));
}

#[test_case("QN=now;"; "no digit")]
#[test_case("QN=2024\u{5e74}6\u{6708};"; "other letters")]
#[test_case("QN=20240601085857223=1;"; "a second sign")]
fn what_is_no_request_number_is_refused(header: &str) {
    assert_eq!(one(&framed(&segment(header, CP)))["error"], "bad_qn");
}

#[test]
fn a_check_without_its_leading_zeros_is_taken_and_a_swapped_one_is_not() {
    let mut short = 0;
    for millisecond in 0..400 {
        let segment = segment(&format!("QN=20240601085857{millisecond:03};"), CP);
        let check = crc(&segment);
        let written = format!("{check:X}");
        // A check that is the same both ways cannot be told from a swapped one.
        if written.len() == 4 || check == check.swap_bytes() {
            continue;
        }
        short += 1;
        let head = [format!("##{:04}", segment.len()).as_bytes(), &segment].concat();
        for (tail, others) in [("\r\n", vec![]), ("\n", vec!["missing_crlf"])] {
            let seen = one(&[&head, written.as_bytes(), tail.as_bytes()].concat());
            let expected: Vec<&str> = others.into_iter().chain(["short_crc"]).collect();
            assert_eq!((&seen["crc"], &seen["tolerated"]), (&json!(written), &json!(expected)));
        }
        let small = one(&[&head, written.to_lowercase().as_bytes(), b"\r\n"].concat());
        assert!(small["ok"] == true && small["crc"] == written.to_lowercase(), "{small}");
        let next = framed(&segment);
        let two = found(&[&head, written.as_bytes(), &next].concat());
        assert!(
            two.len() == 2 && two.iter().all(|seen| seen["ok"] == true),
            "the next packet follows at once: {two:?}"
        );
        let swapped = format!("{:04X}\r\n", check.swap_bytes());
        assert_eq!(one(&[&head, swapped.as_bytes()].concat())["error"], "crc_mismatch");
        let swapped_short = format!("{:X}\r\n", check.swap_bytes());
        assert_eq!(one(&[&head, swapped_short.as_bytes()].concat())["ok"], false);
        let wrong = format!("{:X}\r\n", check ^ 0x40);
        assert_eq!(one(&[&head, wrong.as_bytes()].concat())["error"], "crc_mismatch");
    }
    assert!(short > 10, "one check in sixteen begins with a zero: {short}");
}

#[test]
fn a_length_is_read_however_it_is_filled_up() {
    for (long, segment) in [(false, b"ST=21;CN=9014;MN=M1;CP=&&&&".to_vec()), (true, segment(QN, CP))] {
        let behind = [&segment[..], format!("{:04X}\r\n", crc(&segment)).as_bytes()].concat();
        for length in [format!("{}", segment.len()), format!("{:4}", segment.len()), format!("{:06}", segment.len())] {
            let stream = [b"##", length.as_bytes(), &behind].concat();
            let seen = one(&stream);
            assert_eq!(seen["ok"], true, "{long} {length}: {seen}");
            assert!(seen["tolerated"].as_array().expect("a list").contains(&json!("odd_length_field")), "{seen}");
            let two = found(&[&stream[..], &stream].concat());
            assert!(two.len() == 2 && two.iter().all(|seen| seen["ok"] == true), "{two:?}");
        }
    }
}

#[test_case("DataTime=20240601085800;W01001-Rtd=7.21,W01001-Flag=N", &["upper_case_factor"])]
#[test_case("DataTime=20240601085800;w01001-RTD=7.21", &["key_case"])]
#[test_case("datatime=20240601085800;w01001-Rtd=7.21", &["key_case"])]
#[test_case("DataTime=2024-06-01 08:58:00;w01001-Rtd=7.21", &["odd_data_time"])]
#[test_case("DataTime=20240531240000;w01001-Rtd=7.21", &["odd_data_time"])]
#[test_case("DataTime=20240601085800;w01001-Rtd=;w01009-Rtd=-", &["missing_value"])]
#[test_case("DataTime=20240601085800;w01001-Rtd=7.21mg/L", &["not_a_number"])]
#[test_case("DataTime=20240601085800;w01001-Rtd=+1.0;w01009-Rtd=1e3", &[]; "numbers with a sign or an exponent")]
#[test_case("DataTime=20240601085800;w01001-Rtd=7.21;", &["empty_group"])]
#[test_case("DataTime=20240601085800;w01001-Rtd=7.21,w01001-Rtd=7.22", &["duplicate_key"])]
#[test_case("DataTime=20240601085800; w01001-Rtd=7.21 ,\tw01001-Flag=N", &["stray_separator"])]
#[test_case("&&DataTime=20240601085800;w01001-Rtd=7.21&&", &["doubled_ampersands"])]
#[test_case("", &[]; "nothing in it")]
fn parameters_are_taken_and_what_differs_is_named(cp: &str, expected: &[&str]) {
    let seen = one(&framed(&segment(QN, cp)));
    assert_eq!((&seen["ok"], &seen["tolerated"]), (&json!(true), &json!(expected)), "{seen}");
}

#[test]
fn parameters_stay_as_they_were_sent() {
    let seen = one(&framed(&segment(QN, "DataTime=20240601085800;W01001-RTD=7.21,W01001-FLAG=N")));
    assert_eq!(seen["cp"], json!([{ "DataTime": "20240601085800" }, { "W01001-RTD": "7.21", "W01001-FLAG": "N" }]));
}

#[test_case("ST=21;CN=2011;PW=;MN=M1;Flag=5;", &["missing_qn", "missing_pw"]; "an empty password")]
#[test_case("ST=21;CN=2011;PW=1;MN=010000A8900016F000169DC0X;Flag=5;", &["missing_qn", "long_mn"]; "twenty-five characters")]
#[test_case("qn=20240601085857223;st=21;cn=2011;pw=1;mn=M1;flag=5;", &["header_case"])]
#[test_case("Flag=5;MN=M1;PW=1;CN=2011;ST=21;QN=20240601085857223;", &[]; "in any order")]
#[test_case("QN=20240601085857223;\r\nST=21;\tCN=2011;PW=1;MN=M1;Flag=5;", &["stray_separator"]; "line ends between")]
fn headers_are_taken_and_what_differs_is_named(head: &str, expected: &[&str]) {
    let seen = one(&framed(format!("{head}CP=&&{CP}&&").as_bytes()));
    assert_eq!((&seen["ok"], &seen["tolerated"]), (&json!(true), &json!(expected)), "{seen}");
}

/// A comma is a separator: 7,21 may be two items as well as a number, and is neither.
#[test]
fn a_comma_for_a_point_is_refused() {
    let seen = one(&framed(&segment(QN, "DataTime=20240601085800;w01001-Rtd=7,21,w01001-Flag=N")));
    assert_eq!(seen["error"], "bad_item");
}

#[test]
fn fields_behind_the_parameters_are_refused_and_can_be_read() {
    let segment =
        b"QN=20240601085857223;ST=32;CN=1012;PW=123456;MN=ABCDEFG;CP=&&SystemTime=20240601085857;PolId=w01018&&;Flag=0";
    let seen = one(&framed(segment));
    assert_eq!((&seen["ok"], &seen["error"]), (&json!(false), &json!("missing_cp")));
    assert_eq!(
        seen["partial"],
        json!({
            "crc": format!("{:04X}", crc(segment)), "qn": "20240601085857223", "st": "32", "cn": "1012", "mn": "ABCDEFG", "pw": "123456", "flag": 0,
            "cp": [{ "SystemTime": "20240601085857" }, { "PolId": "w01018" }],
        })
    );
}

#[test]
fn separators_of_all_kinds_stand_between_packets() {
    let frame = framed(&segment(QN, CP));
    for between in ["", "\n", "\r\n\r\n", "\0", "\0\0\r\n", " \t "] {
        let two = found(&[&frame[..], between.as_bytes(), &frame].concat());
        assert!(two.len() == 2 && two.iter().all(|seen| seen["ok"] == true), "{between:?}: {two:?}");
    }
}

/// Frames that were reported in public, kept beside the project where it is developed.
#[test]
fn reported_frames_have_the_outcome_that_is_right() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/trial");
    let Ok(zone) = std::fs::read(folder.join("04_qn_with_zone.bin")) else {
        eprintln!("skipped: there is no {}", folder.display());
        return;
    };
    let read = |name: &str| std::fs::read(folder.join(name)).expect("it lies beside the first");
    let seen = one(&zone);
    assert!(seen["ok"] == true && seen["tolerated"].as_array().expect("a list").contains(&json!("odd_qn")), "{seen}");
    let seen = one(&read("05_flag_after_cp.bin"));
    assert_eq!((&seen["ok"], &seen["partial"]["flag"]), (&json!(false), &json!(0)));
    assert_eq!(seen["partial"]["cp"], json!([{ "SystemTime": "20201222115733" }, { "PolId": "w01018" }]));
    let seen = one(&read("06_upper_factor.bin"));
    assert!(seen["tolerated"].as_array().expect("a list").contains(&json!("upper_case_factor")), "{seen}");
    assert_eq!(seen["cp"][1]["W01001-Avg"], "7.21");
}
