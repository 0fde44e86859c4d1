//! HJ 212, the telemetry protocol of Chinese environmental monitoring: packets in, fields out, acknowledgements back.
//!
//! The crate is pure: no sockets, no clock, no threads. Bytes go into a [`Decoder`] in whatever pieces the network delivers
//! them; [`Event`]s come out: a [`Packet`] that borrows its fields from the buffer, or a [`Fault`] that says what was wrong, where, and
//! what could still be read. [`packets`] does the same for a slice without copying.
//!
//! Devices in the field differ from the text of the standard in many small ways. Those that do no harm are accepted, and each is
//! named in [`Packet::tolerated`]; [`Mode::Strict`] refuses them.
//!
//! ```
//! let bytes = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";
//! let mut decoder = hj212::Decoder::default();
//! decoder.feed(bytes);
//! let Some(hj212::Event::Packet { packet, .. }) = decoder.next_event() else { panic!("a whole packet was fed") };
//! assert_eq!(packet.mn, "010000A8900016F000169DC0");
//! assert_eq!(packet.value("RtdInterval"), Some(&b"30"[..]));
//! assert!(packet.wants_reply());
//! ```
//!
//! Editions 2005, 2017 and 2025 are read. A packet that the 2025 edition encrypted is reported as [`FaultCode::Encrypted`]; [`open`] makes a plain
//! packet of it with the device's [`Sm4Key`].

mod assembly;
mod code;
mod cp;
mod crc;
mod decoder;
mod enrolment;
mod fault;
mod flag;
mod frame;
mod json;
mod message;
mod packet;
mod reply;
mod request;
mod sm4;
mod spelling;
mod tolerance;

pub use assembly::{Assembled, Assembler, Incomplete};
pub use code::{Direction, ExecutionResult, RequestResult, command, is_upload, system_name};
pub use cp::{Group, Groups, Item};
pub use crc::{CrcMatch, check_crc, crc, modbus_crc};
pub use decoder::{Decoder, Event, Packets, packets};
pub use enrolment::{Hardware, asks_for_key, assign_mn, renew_key};
pub use fault::{Fault, FaultCode};
pub use flag::{Edition, Flag};
pub use frame::{MAX_FRAME, MAX_SEGMENT, Mode};
pub use json::{to_json_line, to_json_value};
pub use message::{EncodeError, Message};
pub use packet::{Packet, Partial};
pub use reply::{acknowledgement, execution_result, request_reply};
pub use request::{Addressee, History, Reply, Request};
pub use sm4::{NoKey, OpenFault, Sm4Key, open};
pub use spelling::factor_code;
pub use tolerance::{Tolerance, Tolerances};

/// The example of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
