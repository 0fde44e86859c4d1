//! Puts together what a sender split: PNUM parts, numbered by PNO from 1.
//!
//! Each part is a whole packet with its own check and can be stored and answered at once; nothing here needs to be waited for. What is put together
//! is the message as it would have been without the limit of 1024 bytes, which is what answers to questions (parameters, logs) are read from.

use std::collections::VecDeque;

use crate::{Flag, Message, Packet};

/// Parts of one message that are waited for at most; PNO and PNUM have four digits by the text of 2017.
const MOST_PARTS: u16 = 9999;

/// What became of a packet that was handed to an [`Assembler`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assembled {
    /// It is no part of anything.
    Alone,
    /// Its number makes no sense: 0, beyond PNUM, or PNUM beyond 9999.
    Senseless,
    /// It is a part that came before; the first one counts.
    Again,
    /// It is a part; this many are still missing.
    Waiting {
        /// Parts that have not come.
        missing: u16,
    },
    /// It was the last one: the message without packet numbers, a `DataTime` that parts repeat taken once.
    Whole(Box<Message>),
}

/// A message whose parts did not all come in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// The header, and those groups that came, in order.
    pub message: Message,
    /// Numbers of the parts that are missing.
    pub missing: Vec<u16>,
}

/// Holds the parts of split messages until they are whole. Of one connection or of many; bounded.
///
/// Parts belong together if MN, ST, CN and PNUM are the same and either QN is, or (some devices count it up from part to part, or leave it out) `DataTime`.
///
/// ```
/// use hj212::{Assembled, Assembler, Event, Flag, Message};
/// let groups = (0..60).map(|n| vec![(format!("w{n:05}-Rtd"), "1.25".to_owned()), (format!("w{n:05}-Flag"), "N".to_owned())]);
/// let mut message = Message { qn: Some("20240601085857223".into()), ..Message::new("21", "2011", "M1", Flag(5)) };
/// message = message.group([("DataTime", "20240601085800")]);
/// message.cp.extend(groups);
/// let mut assembler = Assembler::new(16);
/// let mut last = Assembled::Alone;
/// for part in message.encode_split()? {
///     let Some(Event::Packet { packet, .. }) = hj212::packets(&part, Default::default()).next() else { panic!("a good part") };
///     last = assembler.take(&packet, 0);
/// }
/// assert_eq!(last, Assembled::Whole(Box::new(message)));
/// # Ok::<(), hj212::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Assembler {
    open: VecDeque<Open>,
    most: usize,
}

/// One group of CP, owned.
type MessageGroup = Vec<(String, String)>;

#[derive(Debug)]
struct Open {
    header: Message,
    data_time: Option<String>,
    begun: u64,
    parts: Vec<(u16, Vec<MessageGroup>)>,
    total: u16,
}

impl Assembler {
    /// One that holds at most `most` messages that are not whole; the oldest is given up for a new one.
    pub fn new(most: usize) -> Assembler {
        Assembler { open: VecDeque::new(), most: most.max(1) }
    }

    /// Takes a packet that came at `now`, in any unit that [`Assembler::expire`] is asked in.
    pub fn take(&mut self, packet: &Packet<'_>, now: u64) -> Assembled {
        let (total, number) = match (packet.pnum, packet.pno) {
            (Some(0 | 1) | None, _) | (_, None) => return Assembled::Alone,
            (Some(total), Some(number)) => (total, number),
        };
        if number == 0 || number > total || total > MOST_PARTS {
            return Assembled::Senseless;
        }
        let message = packet.to_message();
        let data_time = message.cp.first().and_then(|group| data_time(group)).map(str::to_owned);
        let position = match self.open.iter().position(|open| open.belongs(&message, data_time.as_deref(), total)) {
            Some(position) => position,
            None => {
                if self.open.len() == self.most {
                    self.open.pop_front();
                }
                let header = Message { cp: Vec::new(), ..message.clone() };
                self.open.push_back(Open { header, data_time, begun: now, parts: Vec::new(), total });
                self.open.len() - 1
            }
        };
        let open = &mut self.open[position];
        let Err(place) = open.parts.binary_search_by_key(&number, |(number, _)| *number) else {
            return Assembled::Again;
        };
        open.parts.insert(place, (number, message.cp));
        let missing = total - u16::try_from(open.parts.len()).unwrap_or(total);
        if missing > 0 {
            return Assembled::Waiting { missing };
        }
        match self.open.remove(position) {
            Some(open) => Assembled::Whole(Box::new(open.put_together())),
            None => Assembled::Senseless,
        }
    }

    /// Gives up what was begun before `before`.
    pub fn expire(&mut self, before: u64) -> Vec<Incomplete> {
        let (late, open) = std::mem::take(&mut self.open).into_iter().partition(|open| open.begun < before);
        self.open = open;
        let late: VecDeque<Open> = late;
        late.into_iter()
            .map(|open| {
                let came = |number: &u16| open.parts.binary_search_by_key(number, |(number, _)| *number).is_err();
                Incomplete { missing: (1..=open.total).filter(came).collect(), message: open.put_together() }
            })
            .collect()
    }

    /// Messages that are not whole.
    pub fn waiting(&self) -> usize {
        self.open.len()
    }
}

impl Open {
    fn belongs(&self, message: &Message, data_time: Option<&str>, total: u16) -> bool {
        let known = &self.header;
        let same_request = known.qn.is_some() && known.qn == message.qn;
        let same_time = data_time.is_some() && self.data_time.as_deref() == data_time;
        known.mn == message.mn
            && known.st == message.st
            && known.cn == message.cn
            && self.total == total
            && (same_request || same_time)
    }

    fn put_together(self) -> Message {
        let mut message = self.header;
        message.packet_numbers = None;
        message.flag = message.flag.map(|flag| Flag(flag.0 & !2));
        let mut running = None;
        for group in self.parts.into_iter().flat_map(|(_, groups)| groups) {
            match data_time(&group) {
                Some(time) if group.len() == 1 && running.as_deref() == Some(time) => {}
                Some(time) => {
                    running = Some(time.to_owned());
                    message.cp.push(group);
                }
                None => message.cp.push(group),
            }
        }
        message
    }
}

fn data_time(group: &[(String, String)]) -> Option<&str> {
    group.iter().find(|(key, _)| key == "DataTime").map(|(_, time)| time.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, Mode, packets};

    fn part(qn: Option<&str>, time: Option<&str>, (pnum, pno): (u16, u16), key: &str) -> Vec<u8> {
        let message = Message {
            qn: qn.map(str::to_owned),
            packet_numbers: Some((pnum, pno)),
            ..Message::new("21", "2061", "M1", Flag(7))
        };
        let message = time.into_iter().fold(message, |message, time| message.group([("DataTime", time)]));
        message.group([(key, "1")]).encode().unwrap()
    }

    fn take(assembler: &mut Assembler, bytes: &[u8], now: u64) -> Assembled {
        match packets(bytes, Mode::Tolerant).next() {
            Some(Event::Packet { packet, .. }) => assembler.take(&packet, now),
            other => panic!("{other:?}"),
        }
    }

    fn keys(assembled: &Assembled) -> Vec<&str> {
        match assembled {
            Assembled::Whole(message) => message.cp.iter().map(|group| group[0].0.as_str()).collect(),
            other => panic!("{other:?}"),
        }
    }

    const QN: Option<&str> = Some("20240601085857223");
    const TIME: Option<&str> = Some("20240601080000");

    #[test]
    fn parts_may_come_in_any_order_and_twice() {
        let mut assembler = Assembler::new(4);
        assert_eq!(take(&mut assembler, &part(QN, TIME, (3, 3), "c-Avg"), 0), Assembled::Waiting { missing: 2 });
        assert_eq!(take(&mut assembler, &part(QN, TIME, (3, 1), "a-Avg"), 0), Assembled::Waiting { missing: 1 });
        assert_eq!(take(&mut assembler, &part(QN, TIME, (3, 3), "c-Avg"), 0), Assembled::Again);
        let whole = take(&mut assembler, &part(QN, TIME, (3, 2), "b-Avg"), 0);
        assert_eq!(keys(&whole), ["DataTime", "a-Avg", "b-Avg", "c-Avg"]);
        assert_eq!(assembler.waiting(), 0);
    }

    #[test]
    fn a_device_that_counts_its_qn_up_is_known_by_its_data_time() {
        let mut assembler = Assembler::new(4);
        take(&mut assembler, &part(Some("20240601085857001"), TIME, (2, 1), "a-Avg"), 0);
        let whole = take(&mut assembler, &part(Some("20240601085857002"), TIME, (2, 2), "b-Avg"), 0);
        assert_eq!(keys(&whole), ["DataTime", "a-Avg", "b-Avg"]);
        take(&mut assembler, &part(None, TIME, (2, 1), "a-Avg"), 0);
        assert!(matches!(take(&mut assembler, &part(None, TIME, (2, 2), "b-Avg"), 0), Assembled::Whole(_)));
    }

    #[test]
    fn messages_do_not_mix() {
        let mut assembler = Assembler::new(4);
        take(&mut assembler, &part(QN, TIME, (2, 1), "a-Avg"), 0);
        let other = part(Some("20240601085857999"), Some("20240601090000"), (2, 2), "b-Avg");
        assert_eq!(take(&mut assembler, &other, 0), Assembled::Waiting { missing: 1 });
        assert_eq!(assembler.waiting(), 2);
    }

    #[test]
    fn a_part_without_anything_to_know_it_by_stays_alone_with_itself() {
        let mut assembler = Assembler::new(4);
        take(&mut assembler, &part(None, None, (2, 1), "a-Avg"), 0);
        assert_eq!(take(&mut assembler, &part(None, None, (2, 2), "b-Avg"), 0), Assembled::Waiting { missing: 1 });
    }

    #[test]
    fn what_does_not_come_is_named_and_what_came_is_not_lost() {
        let mut assembler = Assembler::new(4);
        take(&mut assembler, &part(QN, TIME, (4, 2), "b-Avg"), 10);
        take(&mut assembler, &part(QN, TIME, (4, 4), "d-Avg"), 11);
        assert_eq!(assembler.expire(10), []);
        let late = assembler.expire(11);
        assert_eq!(late.len(), 1);
        assert_eq!(late[0].missing, [1, 3]);
        assert_eq!(late[0].message.cp.len(), 3);
        assert_eq!(assembler.waiting(), 0);
    }

    #[test]
    fn numbers_that_make_no_sense_are_said_to() {
        let mut assembler = Assembler::new(4);
        assert_eq!(take(&mut assembler, &part(QN, TIME, (2, 0), "a-Avg"), 0), Assembled::Senseless);
        assert_eq!(take(&mut assembler, &part(QN, TIME, (2, 3), "a-Avg"), 0), Assembled::Senseless);
        assert_eq!(take(&mut assembler, &part(QN, TIME, (1, 1), "a-Avg"), 0), Assembled::Alone);
        assert_eq!(assembler.waiting(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut assembler = Assembler::new(3);
        for n in 0..100 {
            take(&mut assembler, &part(Some(&format!("202406010858{n:05}")), None, (2, 1), "a-Avg"), n);
        }
        assert_eq!(assembler.waiting(), 3);
    }
}
