//! Why packets were not believed and notices did not arrive, in both languages.

use bilan_notify::SendFault;
use bilan_telemetry::TimeFault;
use hj212::{FaultCode, Tolerance};

use super::kinds::speaks;
use crate::every_kind;
use crate::live::{held_because, send_fault};
use crate::shell::Language;

every_kind!(every_fault_of_a_packet of FaultCode:
    FaultCode::Noise, FaultCode::BadLength, FaultCode::WrongLength, FaultCode::Truncated, FaultCode::MissingCrc,
    FaultCode::CrcMismatch, FaultCode::Encrypted, FaultCode::BadHeader, FaultCode::BadQn, FaultCode::MissingSt,
    FaultCode::BadSt, FaultCode::MissingCn, FaultCode::BadCn, FaultCode::MissingMn, FaultCode::BadFlag,
    FaultCode::BadPacketNumbers, FaultCode::MissingCp, FaultCode::BadItem, FaultCode::BadKey, FaultCode::BadValue,
    FaultCode::NotAllowed(_));
every_kind!(every_fault_of_a_time of TimeFault:
    TimeFault::Missing, TimeFault::Ahead, TimeFault::LongPast, TimeFault::Taken);
every_kind!(every_fault_of_sending of SendFault:
    SendFault::NoEmail, SendFault::NoWebhook, SendFault::NotAMailbox { .. }, SendFault::Unwritable,
    SendFault::NotAMailServer, SendFault::Mail { code: None }, SendFault::Mail { code: Some(_) }, SendFault::Robot { .. },
    SendFault::NoErrcode, SendFault::Unsubscribed, SendFault::Forgotten, SendFault::UnknownService { .. },
    SendFault::BadKeys, SendFault::Timeout, SendFault::UnknownHost, SendFault::BadAddress, SendFault::Unreachable,
    SendFault::Status { .. }, SendFault::Unreadable { .. }, SendFault::Outbox, SendFault::Other);

#[test]
fn every_reason_why_a_packet_is_held_is_given_in_both_languages_and_by_no_code() {
    let faults: Vec<FaultCode> =
        FaultCode::ALL.into_iter().chain(Tolerance::ALL.into_iter().map(FaultCode::NotAllowed)).collect();
    every_fault_of_a_packet(&faults);
    let times = [TimeFault::Missing, TimeFault::Ahead, TimeFault::LongPast, TimeFault::Taken];
    every_fault_of_a_time(&times);
    // The gateway's own reasons; the last is one of a later version.
    let own = ["unknown_device", "wrong_password", "slowed", "bad_report", "of_a_later_version"];
    let reasons = own.into_iter().chain(times.iter().map(|time| time.name()));
    for reason in reasons.chain(faults.iter().map(|fault| fault.code())) {
        let [zh, en] = [Language::Chinese, Language::English].map(|language| held_because(reason, language));
        speaks(&zh, &en, "QN ST CN MN CP PNUM PNO Flag CRC MODBUS GBK DataTime");
        assert!(!zh.contains('_') && !en.contains('_'), "{reason}: {zh} / {en}");
    }
    let distinct: std::collections::BTreeSet<String> =
        faults.iter().map(|fault| held_because(fault.code(), Language::Chinese)).collect();
    assert!(distinct.len() >= FaultCode::ALL.len(), "{distinct:?}");
}

#[test]
fn every_reason_why_a_notice_did_not_arrive_is_given_in_both_languages() {
    let faults = [
        SendFault::NoEmail,
        SendFault::NoWebhook,
        SendFault::NotAMailbox { text: "202000001".into() },
        SendFault::Unwritable,
        SendFault::NotAMailServer,
        SendFault::Mail { code: None },
        SendFault::Mail { code: Some(550) },
        SendFault::Robot { code: 45009, said: "1".into() },
        SendFault::NoErrcode,
        SendFault::Unsubscribed,
        SendFault::Forgotten,
        SendFault::UnknownService { host: "10.0.0.1".into() },
        SendFault::BadKeys,
        SendFault::Timeout,
        SendFault::UnknownHost,
        SendFault::BadAddress,
        SendFault::Unreachable,
        SendFault::Status { status: 503 },
        SendFault::Unreadable { why: "expected value at line 1 column 1".into() },
        SendFault::Outbox,
        SendFault::Other,
    ];
    every_fault_of_sending(&faults);
    for fault in &faults {
        speaks(&send_fault(fault, Language::Chinese), &send_fault(fault, Language::English), "");
    }
}
