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

/// How far a clock is behind, with its sign.
pub(super) fn behind(seconds: i64, language: Language) -> String {
    format!("{seconds:+} {}", language.unit("s"))
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
}
