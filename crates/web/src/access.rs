//! Who may come in, from where and how often: the part of the configuration that the pages and accounts share.

use std::time::Duration;

use bilan_admission::{Quota, TrustedProxies};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of who comes in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Reverse proxies that may say for whom they ask.
    pub trusted_proxies: TrustedProxies,
    /// How often somebody may come.
    pub limits: Limits,
    /// Telephone that a resident may call instead, where the district's file names none.
    pub telephone: Option<String>,
}

/// How often somebody may come. A browser is told apart by its cookie; an address stands for many people behind one line of a mobile network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Complaints of one browser within an hour.
    pub complaints_per_browser: u32,
    /// Complaints from one address within an hour.
    pub complaints_per_address: u32,
    /// Questions after a case of one browser within ten minutes.
    pub cases_per_browser: u32,
    /// Questions after a case from one address within ten minutes.
    pub cases_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { complaints_per_browser: 6, complaints_per_address: 120, cases_per_browser: 20, cases_per_address: 400 }
    }
}

impl Limits {
    pub(crate) fn hourly(acts: u32) -> Quota {
        Quota::per(Duration::from_secs(3600), acts)
    }

    pub(crate) fn in_ten_minutes(acts: u32) -> Quota {
        Quota::per(Duration::from_secs(600), acts)
    }
}
