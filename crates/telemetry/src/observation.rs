//! What was measured: series, instant, value, mark.

use std::fmt;
use std::str::FromStr;

use bilan_storage::checksum;
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use serde::{Deserialize, Serialize};

/// What period a value stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An instant.
    Realtime,
    /// Some minutes: the device's minute interval.
    Minute,
    /// One hour.
    Hour,
    /// One Beijing day.
    Day,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Realtime, Kind::Minute, Kind::Hour, Kind::Day];

    /// Name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Realtime => "realtime",
            Kind::Minute => "minute",
            Kind::Hour => "hour",
            Kind::Day => "day",
        }
    }

    /// The statistic that stands for the value where only one is asked for: the value itself, or the mean of the period.
    pub fn main_statistic(self) -> Statistic {
        if self == Kind::Realtime { Statistic::Rtd } else { Statistic::Avg }
    }

    pub(crate) fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident = $text:literal from $suffix:literal),* $(,)?) => {
        /// Which statistic of the period a value is; named after the suffix of HJ 212.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Statistic { $($(#[$doc])* $name),* }

        impl Statistic {
            /// Name in lower case.
            pub fn name(self) -> &'static str {
                match self { $(Statistic::$name => $text),* }
            }

            /// From a key's suffix, such as `Avg` of `w01018-Avg`.
            pub fn from_suffix(suffix: &str) -> Option<Statistic> {
                match suffix { $($suffix => Some(Statistic::$name),)* "td" => Some(Statistic::Rtd), _ => None }
            }

            pub(crate) fn from_name(name: &str) -> Option<Statistic> {
                match name { $($text => Some(Statistic::$name),)* _ => None }
            }
        }
    };
}

statistics! {
    /// Real-time value.
    Rtd = "rtd" from "Rtd",
    /// Smallest value of the period.
    Min = "min" from "Min",
    /// Mean of the period.
    Avg = "avg" from "Avg",
    /// Largest value of the period.
    Max = "max" from "Max",
    /// Total of the period: load or volume.
    Cou = "cou" from "Cou",
    /// Real-time value at standard oxygen.
    ZsRtd = "zs_rtd" from "ZsRtd",
    /// Smallest value at standard oxygen.
    ZsMin = "zs_min" from "ZsMin",
    /// Mean at standard oxygen.
    ZsAvg = "zs_avg" from "ZsAvg",
    /// Largest value at standard oxygen.
    ZsMax = "zs_max" from "ZsMax",
    /// Total at standard oxygen.
    ZsCou = "zs_cou" from "ZsCou",
    /// Noise statistic of the period.
    Data = "data" from "Data",
    /// Noise statistic of the daytime.
    DayData = "day_data" from "DayData",
    /// Noise statistic of the night.
    NightData = "night_data" from "NightData",
    /// Equipment running state.
    Rs = "rs" from "RS",
    /// Equipment running hours of the day.
    Rt = "rt" from "RT",
}

impl Statistic {
    /// Whether it is in the unit of its factor: totals, states and running hours have units of their own.
    pub(crate) fn has_the_unit(self) -> bool {
        !matches!(self, Statistic::Cou | Statistic::ZsCou | Statistic::Rs | Statistic::Rt)
    }
}

/// One line of values: a factor at a station, for one kind of period and one statistic.
///
/// Written `station/factor/kind/statistic`:
///
/// ```
/// use bilan_telemetry::{Kind, Series};
/// let series = Series::main("ZD2020001", "a34004", Kind::Hour);
/// assert_eq!(series.to_string(), "ZD2020001/a34004/hour/avg");
/// assert_eq!("ZD2020001/a34004/hour/avg".parse(), Ok(series));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// Number of the station.
    pub station: String,
    /// HJ 212 factor code.
    pub factor: String,
    /// Period.
    pub kind: Kind,
    /// Statistic.
    pub statistic: Statistic,
}

impl Series {
    /// The series that stands for the factor where only one is asked for: its values; for a period the means, or for levels of noise
    /// (`Leq`, `L10`…) the statistic itself, which HJ 212 sends as `-Data`.
    pub fn main(station: &str, factor: &str, kind: Kind) -> Series {
        let noise = factor.starts_with('L') && kind != Kind::Realtime;
        let statistic = if noise { Statistic::Data } else { kind.main_statistic() };
        Series { station: station.to_owned(), factor: factor.to_owned(), kind, statistic }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.station, self.factor, self.kind.name(), self.statistic.name())
    }
}

/// A text that names no series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no series: write station/factor/kind/statistic, such as ZD2020001/a34004/hour/avg")]
pub struct NotASeries(String);

impl FromStr for Series {
    type Err = NotASeries;

    fn from_str(text: &str) -> Result<Series, NotASeries> {
        let fault = || NotASeries(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let [station, factor, kind, statistic] = parts[..] else { return Err(fault()) };
        Ok(Series {
            station: station.to_owned(),
            factor: factor.to_owned(),
            kind: Kind::from_name(kind).ok_or_else(fault)?,
            statistic: Statistic::from_name(statistic).ok_or_else(fault)?,
        })
    }
}

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What was measured.
    pub series: Series,
    /// The instant, or the START of the period, as HJ 212-2017 stamps it. See [`Observation::shown_at`].
    pub at: Timestamp,
    /// Seconds that the value stands for; 0 for an instant.
    pub period_s: u32,
    /// The value, in the unit in which its factor is stored.
    pub value: f64,
    /// The value as the device wrote it; where that was in another unit, the value.
    pub text: String,
    /// The device's data mark (`N`, `F`, `M`, `S`, `D`, `C`, `T`, `B`…), verbatim.
    pub flag: Option<String>,
    /// What people say of it: whether it counts, whatever the mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<bool>,
}

impl Observation {
    /// The text, where the number does not give it back.
    pub(crate) fn own_text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| *text != self.value.to_string())
    }

    /// What its row says. The literal text is kept only where the number does not give it back.
    pub(crate) fn said(&self) -> Said<'_> {
        Said { value: self.value, text: self.own_text(), flag: self.flag.as_deref() }
    }

    /// The end of the period.
    pub fn end(&self) -> Timestamp {
        self.at.saturating_add(SignedDuration::from_secs(i64::from(self.period_s))).unwrap_or(self.at)
    }

    /// The time under which the value is shown: hour values at the END of their hour, as the national air network does; anything else
    /// at its instant or at the start of its period. This is the only place where start becomes end.
    pub fn shown_at(&self) -> Timestamp {
        if self.series.kind == Kind::Hour { self.end() } else { self.at }
    }

    /// Whether the value counts: as people say who have looked at it, else as the device's mark says: `N` (normal), `S` (set by hand), or none.
    pub fn is_valid(&self) -> bool {
        self.reviewed.unwrap_or_else(|| mark_is_valid(self.flag.as_deref()))
    }
}

/// Whether a device's mark lets a value count.
pub(crate) fn mark_is_valid(mark: Option<&str>) -> bool {
    matches!(mark, None | Some("N" | "S" | ""))
}

/// The start of the stored hour that is shown under `end`.
pub fn shown_hour(end: Timestamp) -> Timestamp {
    end.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(end)
}

/// What a row says of an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Said<'a> {
    pub value: f64,
    pub text: Option<&'a str>,
    pub flag: Option<&'a str>,
}

impl Said<'_> {
    /// Checksum of the row; its key in the order in which the table has it.
    pub(crate) fn checksum(&self, key: [i64; 2]) -> i64 {
        let [first, second] = key.map(ValueRef::Integer);
        checksum::of([first, second, ValueRef::Real(self.value), self.text.into(), self.flag.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_shown_at_its_end() {
        let observation = Observation {
            series: Series::main("S", "a34004", Kind::Hour),
            at: "2024-06-01T00:00:00Z".parse().unwrap(),
            period_s: 3600,
            value: 35.0,
            text: "35".into(),
            flag: Some("N".into()),
            reviewed: None,
        };
        assert_eq!(observation.shown_at().to_string(), "2024-06-01T01:00:00Z");
        assert_eq!(shown_hour(observation.shown_at()), observation.at);
    }

    #[test]
    fn only_good_marks_count() {
        let mark = |flag: Option<&str>| Observation {
            series: Series::main("S", "a34004", Kind::Realtime),
            at: Timestamp::UNIX_EPOCH,
            period_s: 0,
            value: 1.0,
            text: "1".into(),
            flag: flag.map(str::to_owned),
            reviewed: None,
        };
        for (flag, valid) in [
            (None, true),
            (Some("N"), true),
            (Some("S"), true),
            (Some("D"), false),
            (Some("T"), false),
            (Some("X"), false),
        ] {
            assert_eq!(mark(flag).is_valid(), valid, "{flag:?}");
        }
    }
}
