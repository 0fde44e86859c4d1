//! What is said of a period: means, percentiles, good days, the composite index (HJ 663 table 1).

use serde::Serialize;

use super::Item;
use crate::rounding::{Fixed, Rational};

/// What is said of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// Mean of the day means: SO2, NO2, PM10, PM2.5.
    Mean(Item),
    /// Percentile of the days: 98 for SO2 and NO2, 95 for PM10, PM2.5 and CO, 90 for ozone (HJ 663 table 1).
    Percentile(Item),
    /// Days with an index.
    IndexDays,
    /// Days with an index of 100 or less.
    GoodDays,
    /// Share of good days among the days with an index, in per cent.
    GoodShare,
    /// Sum of the six items over their limits.
    CompositeIndex,
}

impl Indicator {
    /// Every indicator in printing order.
    pub const ALL: [Self; 14] = [
        Self::Mean(Item::So2),
        Self::Percentile(Item::So2),
        Self::Mean(Item::No2),
        Self::Percentile(Item::No2),
        Self::Percentile(Item::Co),
        Self::Percentile(Item::O3),
        Self::Mean(Item::Pm10),
        Self::Percentile(Item::Pm10),
        Self::Mean(Item::Pm25),
        Self::Percentile(Item::Pm25),
        Self::IndexDays,
        Self::GoodDays,
        Self::GoodShare,
        Self::CompositeIndex,
    ];

    /// Name in files: `pm2_5_mean`, `o3_8h_p90`.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Mean(item) => format!("{}_mean", item.key()),
            Self::Percentile(Item::O3) => format!("o3_8h_p{}", percent(Item::O3)),
            Self::Percentile(item) => format!("{}_p{}", item.key(), percent(item)),
            Self::IndexDays => "index_days".to_owned(),
            Self::GoodDays => "good_days".to_owned(),
            Self::GoodShare => "good_share".to_owned(),
            Self::CompositeIndex => "composite_index".to_owned(),
        }
    }

    /// The item that it speaks of, if it is one.
    #[must_use]
    pub fn item(self) -> Option<Item> {
        match self {
            Self::Mean(item) | Self::Percentile(item) => Some(item),
            _ => None,
        }
    }

    /// The indicator of a name in files.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|indicator| indicator.key() == key)
    }

    /// The percentile that it is, if it is one.
    #[must_use]
    pub fn percent(self) -> Option<u32> {
        if let Self::Percentile(item) = self { Some(percent(item)) } else { None }
    }

    /// Decimals in print: those of the item's concentration, one for a share, two for the composite index.
    #[must_use]
    pub fn digits(self) -> u32 {
        match self {
            Self::Mean(item) | Self::Percentile(item) => item.digits(),
            Self::IndexDays | Self::GoodDays => 0,
            Self::GoodShare => 1,
            Self::CompositeIndex => 2,
        }
    }
}

/// Percentile of the year by item (HJ 663 table 1).
pub(super) fn percent(item: Item) -> u32 {
    match item {
        Item::So2 | Item::No2 => 98,
        Item::Co | Item::Pm10 | Item::Pm25 => 95,
        Item::O3 => 90,
    }
}

/// An indicator of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistic {
    /// Which.
    pub indicator: Indicator,
    /// Exact value; absent where there is nothing to compute it from.
    pub value: Option<Rational>,
    /// Whether the period has the days that the standard asks for.
    pub valid: bool,
}

impl Statistic {
    /// The value as printed, rounded once.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let digits = self.indicator.digits();
        Some(Fixed { units: self.value?.rounded(digits), digits }.to_string())
    }
}
