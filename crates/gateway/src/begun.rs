//! The time of a message whose first part has come: some devices write `DataTime` in the first part alone (PNO 1), and what follows would have no time.

use std::collections::VecDeque;

use bilan_telemetry::intake;
use hj212::Packet;
use jiff::Timestamp;

/// Messages that one connection sends beside each other, at most.
const MOST: usize = 8;

/// Messages that have begun, the last heard at the end.
#[derive(Debug, Default)]
pub(crate) struct Begun(VecDeque<Message>);

#[derive(Debug)]
struct Message {
    mn: String,
    cn: String,
    qn: Option<String>,
    parts: u16,
    last: u16,
    at: Timestamp,
}

impl Message {
    /// Whether a part belongs to it: by its request number, or as the next one where the device counts that up from part to part.
    fn goes_on_with(&self, packet: &Packet<'_>, number: u16) -> bool {
        let same_request = self.qn.is_some() && self.qn.as_deref() == packet.qn;
        self.mn == packet.mn
            && self.cn == packet.cn
            && packet.pnum == Some(self.parts)
            && (same_request || number == self.last.saturating_add(1))
    }
}

impl Begun {
    /// The time of the message that a packet is a later part of, if it has none of its own. A part that has one is remembered.
    pub(crate) fn time_of(&mut self, packet: &Packet<'_>) -> Option<Timestamp> {
        let (parts, number) = packet.pnum.zip(packet.pno).filter(|(parts, _)| *parts > 1)?;
        let known = self.0.iter_mut().rev().find(|message| message.goes_on_with(packet, number));
        if packet.value("DataTime").is_none() {
            let message = known?;
            message.last = message.last.max(number);
            return Some(message.at);
        }
        let at = packet.value("DataTime").and_then(intake::data_time)?;
        match known {
            Some(message) => (message.last, message.at) = (number, at),
            None => {
                if self.0.len() == MOST {
                    self.0.pop_front();
                }
                let [mn, cn] = [packet.mn, packet.cn].map(str::to_owned);
                self.0.push_back(Message { mn, cn, qn: packet.qn.map(str::to_owned), parts, last: number, at });
            }
        }
        None
    }
}
