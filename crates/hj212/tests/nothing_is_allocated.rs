//! Decoding a packet with its check and all of its fields asks the allocator for nothing.

use hj212::{Decoder, Event, Mode, packets};

const FRAMES: &[u8] = include_bytes!("data/packets.txt");

/// Every field of every packet, looked at.
fn fields(bytes: &[u8]) -> usize {
    let good = packets(bytes, Mode::Tolerant).filter_map(|event| match event {
        Event::Packet { packet, .. } => Some(packet),
        Event::Fault(_) => None,
    });
    good.map(|packet| packet.groups().flat_map(|group| group.items()).filter(|item| !item.key.is_empty()).count()).sum()
}

#[test]
fn of_a_slice() {
    let mut found = 0;
    let used = allocation_counter::measure(|| found = fields(FRAMES));
    assert!(found > 500, "{found} fields");
    assert_eq!(used.count_total, 0, "{used:?}");
}

#[test]
fn of_a_stream_once_its_buffer_is_there() {
    let mut decoder = Decoder::default();
    let drain = |decoder: &mut Decoder| {
        let mut packets = 0;
        for piece in FRAMES.chunks(1460) {
            decoder.feed(piece);
            while let Some(event) = decoder.next_event() {
                packets += usize::from(matches!(event, Event::Packet { .. }));
            }
        }
        packets
    };
    drain(&mut decoder);
    let mut found = 0;
    let used = allocation_counter::measure(|| found = drain(&mut decoder));
    assert!(found > 50, "{found} packets");
    assert_eq!(used.count_total, 0, "{used:?}");
}
