//! How far a row of a table was checked against the published text.

use serde::Serialize;

/// How far a rule was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Read in a copy of the document or in two independent sources.
    Verified,
    /// A part of it was.
    Partly,
    /// From one weak source: shown with a marker, never decides a case by itself.
    Unverified,
}

impl Status {
    /// Reads the word of the tables.
    pub(crate) fn read(word: &str) -> Self {
        match word {
            "verified" => Self::Verified,
            "partly" => Self::Partly,
            _ => Self::Unverified,
        }
    }

    /// The word for a page, Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Verified => "已核对",
            Self::Partly => "部分核对",
            Self::Unverified => "未核对",
        }
    }

    /// The word for a page, English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Partly => "partly verified",
            Self::Unverified => "unverified",
        }
    }
}
