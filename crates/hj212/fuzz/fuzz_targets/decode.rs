//! Any bytes, in any pieces: nothing panics, and the good packets are the same for the whole as for the pieces.
//!
//! `cargo +nightly fuzz run decode` in `crates/hj212`. The first byte says how long the pieces are.
#![no_main]

use hj212::{Decoder, Event, Mode, packets};
use libfuzzer_sys::fuzz_target;

/// A good packet with which every stream ends.
const LAST: &[u8] = b"\r\n##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";

fuzz_target!(|bytes: &[u8]| {
    let Some((pieces, bytes)) = bytes.split_first() else { return };
    let stream = [bytes, LAST].concat();
    let whole: Vec<String> = packets(&stream, Mode::Tolerant).map(|event| told(&event)).collect();
    let mut decoder = Decoder::default();
    let mut pieced = Vec::new();
    for piece in stream.chunks(usize::from(*pieces).max(1)) {
        decoder.feed(piece);
        while let Some(event) = decoder.next_event() {
            if let Event::Packet { packet, .. } = event {
                // What was understood can be written again.
                let _ = packet.to_message().encode();
                let _ = hj212::acknowledgement(&packet);
            }
            pieced.push(told(&event));
        }
    }
    while let Some(event) = decoder.next_event_at_end() {
        pieced.push(told(&event));
    }
    let good = |told: &&String| told.starts_with("packet");
    assert_eq!(whole.iter().filter(good).collect::<Vec<_>>(), pieced.iter().filter(good).collect::<Vec<_>>());
});

fn told(event: &Event<'_>) -> String {
    match event {
        Event::Packet { offset, packet } => format!("packet {offset} {} {}", packet.mn, packet.cn),
        Event::Fault(fault) => format!("fault {} {}", fault.offset, fault.code.code()),
    }
}
