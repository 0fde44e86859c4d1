//! One JSON object for an event: what `bilan hj212 decode` prints.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{Event, Fault, Group, Groups, Packet, Partial, Tolerances};

/// One line of JSON, without a line end: values as sent, one object for each group of CP.
///
/// ```
/// let bytes = b"##0080QN=1617937761764;ST=21;CN=9011;PW=123456;MN=DXCBZ000000005;Flag=5;CP=&&QnRtn=1&&03C0\r\n";
/// let line = hj212::packets(bytes, Default::default()).map(|event| hj212::to_json_line(&event)).next();
/// assert_eq!(line.as_deref(), Some(concat!(
///     r#"{"ok":true,"crc":"03C0","qn":"1617937761764","st":"21","cn":"9011","mn":"DXCBZ000000005","pw":"123456","flag":5,"#,
///     r#""pnum":null,"pno":null,"encrypted":false,"tolerated":["odd_qn"],"cp":[{"QnRtn":"1"}]}"#,
/// )));
/// ```
pub fn to_json_line(event: &Event<'_>) -> String {
    // Only text, numbers and lists of them are written: there is nothing that could fail.
    serde_json::to_string(event).unwrap_or_default()
}

/// The same object as a value. Of a key that stands twice in one group the last is kept; [`to_json_line`] writes both.
pub fn to_json_value(event: &Event<'_>) -> serde_json::Value {
    serde_json::to_value(event).unwrap_or_default()
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Event::Packet { packet, .. } => packet.serialize(serializer),
            Event::Fault(fault) => fault.serialize(serializer),
        }
    }
}

impl Serialize for Packet<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ok", &true)?;
        map.serialize_entry("crc", self.crc)?;
        map.serialize_entry("qn", &self.qn)?;
        map.serialize_entry("st", self.st)?;
        map.serialize_entry("cn", self.cn)?;
        map.serialize_entry("mn", self.mn)?;
        map.serialize_entry("pw", &self.pw)?;
        map.serialize_entry("flag", &self.flag)?;
        map.serialize_entry("pnum", &self.pnum)?;
        map.serialize_entry("pno", &self.pno)?;
        if self.back_fill {
            map.serialize_entry("rf", &1)?;
        }
        map.serialize_entry("encrypted", &self.encrypted)?;
        map.serialize_entry("tolerated", &self.tolerated)?;
        map.serialize_entry("cp", &List(self.groups()))?;
        map.end()
    }
}

impl Serialize for Fault<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ok", &false)?;
        map.serialize_entry("error", self.code.code())?;
        map.serialize_entry("offset", &self.offset)?;
        map.serialize_entry("length", &self.length)?;
        map.serialize_entry("partial", &self.partial())?;
        map.end()
    }
}

impl Serialize for Partial<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in
            [("crc", self.crc), ("qn", self.qn), ("st", self.st), ("cn", self.cn), ("mn", self.mn), ("pw", self.pw)]
        {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(flag) = self.flag {
            map.serialize_entry("flag", &flag)?;
        }
        for (name, value) in [("pnum", self.pnum), ("pno", self.pno)] {
            if let Some(value) = value {
                map.serialize_entry(name, &value)?;
            }
        }
        if self.encrypted {
            map.serialize_entry("encrypted", &true)?;
        }
        if self.groups().next().is_some() {
            map.serialize_entry("cp", &List(self.groups()))?;
        }
        map.end()
    }
}

impl Serialize for Tolerances {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|tolerance| tolerance.name()))
    }
}

struct List<'a>(Groups<'a>);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for group in self.0 {
            list.serialize_element(&group)?;
        }
        list.end()
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for item in self.items() {
            map.serialize_entry(item.key, &item.text())?;
        }
        map.end()
    }
}
