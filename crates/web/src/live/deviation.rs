//! What people call the deviations from HJ 212 that were accepted.

use bilan_records::value::Language;

use crate::shell::Messages;

/// Name of a deviation, by the key under which it is counted; that key itself where this version does not know it.
pub(super) fn name(key: &str, language: Language) -> String {
    match hj212::Tolerance::ALL.iter().find(|known| known.name() == key) {
        Some(known) => language.text(&format!("live.deviation.{}", known.name())).to_owned(),
        None => key.to_owned(),
    }
}

/// The same of several, with how often each was met.
pub(super) fn counted(met: Vec<(String, i64)>, language: Language) -> Vec<(String, i64)> {
    met.into_iter().map(|(key, count)| (name(&key, language), count)).collect()
}

/// How far a clock is off, in the unit that people would say it in.
pub(super) fn off(behind_s: i64, language: Language) -> String {
    let (message, length) = match behind_s {
        0 => return language.text("live.devices.clock_right").to_owned(),
        1.. => ("live.devices.clock_slow", length(behind_s.unsigned_abs(), language)),
        _ => ("live.devices.clock_fast", length(behind_s.unsigned_abs(), language)),
    };
    language.fill(message, &[("length", &length)])
}

/// A length of time; exact below two minutes, rounded to the next unit from there on.
fn length(seconds: u64, language: Language) -> String {
    const UNITS: [(u64, &str); 4] = [(31_557_600, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let rounded = UNITS.iter().find(|(unit, _)| seconds >= 2 * unit);
    let (message, number) = match rounded {
        Some((unit, name)) => (format!("live.length.{name}"), (seconds + unit / 2) / unit),
        None => ("live.length.seconds".to_owned(), seconds),
    };
    language.fill(&message, &[("number", &number.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deviation_has_a_name_in_both_languages() {
        for known in hj212::Tolerance::ALL {
            let [zh, en] = [Language::Chinese, Language::English].map(|language| name(known.name(), language));
            assert!(!zh.is_ascii() && !zh.contains('…') && !zh.contains('_'), "{}: {zh}", known.name());
            assert!(en.is_ascii() && !en.contains('_'), "{}: {en}", known.name());
        }
        assert_eq!(name("of_a_later_version", Language::Chinese), "of_a_later_version");
    }

    #[test]
    fn a_clock_that_is_off_is_said_in_the_unit_that_people_would_say_it_in() {
        for (behind_s, zh, en) in [
            (0, "准", "right"),
            (3, "慢 3 秒", "3 s slow"),
            (-119, "快 119 秒", "119 s fast"),
            (150, "慢约 3 分钟", "about 3 minutes slow"),
            (-28_800, "快约 8 小时", "about 8 hours fast"),
            (86_400 * 30, "慢约 30 天", "about 30 days slow"),
            (1_164_640_658, "慢约 37 年", "about 37 years slow"),
            (i64::MIN, "快约 292271023045 年", "about 292271023045 years fast"),
        ] {
            assert_eq!([off(behind_s, Language::Chinese), off(behind_s, Language::English)], [zh, en]);
        }
    }
}
