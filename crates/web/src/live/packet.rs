//! A packet of HJ 212 field by field, as the diagnosis pages show it. The password in it is never shown.

use hj212::{Event, FaultCode, Mode, command, packets, system_name};
use jiff::Timestamp;

use super::deviation;
use super::registered::Station;
use super::view::Moment;
use crate::shell::{Language, Messages};

/// A field: its key, what it means, its value.
pub(super) struct FieldView {
    pub(super) key: String,
    pub(super) meaning: String,
    pub(super) value: String,
}

/// A packet, read.
pub(super) struct PacketView {
    pub(super) received: Moment,
    /// What it is: `2011 real-time data`.
    pub(super) command: String,
    /// Its head.
    pub(super) head: Vec<FieldView>,
    /// Its groups.
    pub(super) groups: Vec<Vec<FieldView>>,
    /// Deviations from the standard that were accepted.
    pub(super) tolerated: Vec<String>,
    /// Why it could not be read.
    pub(super) fault: Option<String>,
    /// Its text, with the password covered.
    pub(super) raw: String,
}

impl PacketView {
    /// Reads the bytes of a packet of a station.
    pub(super) fn read(raw: &[u8], received: Timestamp, now: Timestamp, station: &Station, language: Language) -> Self {
        let mut view = Self {
            received: Moment::of(received, now, language),
            command: String::new(),
            head: Vec::new(),
            groups: Vec::new(),
            tolerated: Vec::new(),
            fault: None,
            raw: covered(raw),
        };
        match packets(raw, Mode::Tolerant).next() {
            Some(Event::Packet { packet, .. }) => {
                let known = command(packet.cn).map(|_| language.text(&format!("packet.command.{}", packet.cn)));
                let name = known.unwrap_or_default();
                view.command = format!("{} {name}", packet.cn).trim_end().to_owned();
                let mut head = |key: &str, meaning: (&str, &str), value: String| {
                    let meaning = if language == Language::Chinese { meaning.0 } else { meaning.1 };
                    view.head.push(FieldView { key: key.to_owned(), meaning: meaning.to_owned(), value });
                };
                head("QN", ("请求编码", "request number"), packet.qn.unwrap_or("–").to_owned());
                let known = system_name(packet.st).map(|_| language.text(&format!("packet.system.{}", packet.st)));
                let system = known.unwrap_or_default();
                head("ST", ("系统编码", "system"), format!("{} {system}", packet.st));
                head("MN", ("设备编号", "device"), packet.mn.to_owned());
                head("PW", ("密码", "password"), "••••••".to_owned());
                head("CRC", ("校验", "check"), packet.crc.to_owned());
                view.tolerated = packet.tolerated.iter().map(|known| deviation::name(known.name(), language)).collect();
                view.groups = packet
                    .groups()
                    .map(|group| group.items().map(|item| field(&item, station, language)).collect())
                    .collect();
            }
            Some(Event::Fault(fault)) => view.fault = Some(broken(Some(fault.code), language)),
            None => view.fault = Some(broken(None, language)),
        }
        view
    }
}

/// What is wrong with bytes that are no packet, or hold none.
pub(crate) fn broken(fault: Option<FaultCode>, language: Language) -> String {
    let why = match fault {
        Some(FaultCode::NotAllowed(tolerance)) => deviation::name(tolerance.name(), language),
        Some(fault) => language.text(&format!("packet.fault.{}", fault.code())).to_owned(),
        None => language.text("packet.fault.none").to_owned(),
    };
    language.fill("packet.broken", &[("why", &why)])
}

fn field(item: &hj212::Item<'_>, station: &Station, language: Language) -> FieldView {
    let (meaning, unit) = match item.factor() {
        Some((code, suffix)) => {
            let what = match (suffix, language) {
                ("Rtd", Language::Chinese) => "实时值",
                ("Rtd", Language::English) => "real-time",
                ("Avg", Language::Chinese) => "均值",
                ("Avg", Language::English) => "mean",
                ("Min", Language::Chinese) => "最小值",
                ("Max", Language::Chinese) => "最大值",
                ("Cou", Language::Chinese) => "累计",
                ("Flag", Language::Chinese) => "数据标记",
                ("Flag", Language::English) => "mark",
                ("Data", Language::Chinese) => "统计值",
                (other, _) => other,
            };
            let unit = if suffix == "Flag" { "" } else { station.reported_unit(code) };
            (format!("{} · {what}", station.factor_label(code).text(language)), unit)
        }
        None if item.key == "DataTime" => {
            (if language == Language::Chinese { "数据时间" } else { "time of the data" }.to_owned(), "")
        }
        None => (String::new(), ""),
    };
    FieldView { key: item.key.to_owned(), meaning, value: format!("{} {unit}", item.text()).trim_end().to_owned() }
}

/// The text of a packet with its password covered; other bytes than letters are replaced.
pub(super) fn covered(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut shown = String::with_capacity(text.len());
    let mut rest: &str = text.trim_end();
    while let Some(at) = rest.find("PW=") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        shown.push_str("••••••");
        rest = &after[after.find([';', ',', '&']).unwrap_or(after.len())..];
    }
    shown.push_str(rest);
    shown.chars().map(|letter| if letter.is_control() { '␦' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_and_command_of_the_standard_has_a_name_in_both_languages() {
        let systems = (0..100).map(|st| format!("{st:02}")).filter(|st| system_name(st).is_some());
        let commands = (0..10_000).map(|cn| format!("{cn:04}")).filter(|cn| command(cn).is_some());
        let keys = systems.map(|st| format!("packet.system.{st}"));
        let keys: Vec<String> = keys.chain(commands.map(|cn| format!("packet.command.{cn}"))).collect();
        assert!(keys.len() > 70, "{keys:?}");
        for key in keys {
            let [zh, en] = [Language::Chinese, Language::English].map(|language| language.text(&key));
            assert!(!zh.is_ascii() && zh != "…", "{key}: {zh}");
            assert!(en.is_ascii(), "{key}: {en}");
        }
    }

    #[test]
    fn a_password_is_covered_wherever_it_stands() {
        let shown = covered(b"##0101QN=1;ST=22;CN=2011;PW=123456;MN=A;Flag=5;CP=&&PW=654321&&C1F0\r\n");
        assert!(!shown.contains("123456") && !shown.contains("654321"), "{shown}");
        assert!(shown.contains("MN=A;Flag=5") && shown.ends_with("&&C1F0"), "{shown}");
        assert_eq!(covered(b"PW="), "PW=••••••");
        assert!(!covered(b"a\x00b").contains('\u{0}'));
    }
}
