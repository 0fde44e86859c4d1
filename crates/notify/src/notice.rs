//! What there is to say.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How grave it is: whoever asks for alarms only is not woken by less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// 提示.
    Info,
    /// 预警.
    Warning,
    /// 报警.
    Alarm,
}

impl Grade {
    /// As a Chinese message writes it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Grade::Info => "提示",
            Grade::Warning => "预警",
            Grade::Alarm => "报警",
        }
    }
}

/// Why it is said now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A warning opened.
    Opened,
    /// Nobody acknowledged it in time (升级).
    Escalated,
    /// It is over.
    Cleared,
}

impl Occasion {
    /// As a Chinese message writes it, behind the grade.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Occasion::Opened => "",
            Occasion::Escalated => "（无人确认，升级）",
            Occasion::Cleared => "（已解除）",
        }
    }
}

/// A warning as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Id of what it is about: one notice of each occasion goes to each place once.
    pub about: String,
    /// Why now.
    pub occasion: Occasion,
    /// How grave.
    pub grade: Grade,
    /// What it is called: the rule.
    pub title: String,
    /// What happened, in a sentence.
    pub text: String,
    /// Name of the station.
    pub place: String,
    /// When it happened.
    pub at: Timestamp,
    /// Page that shows it.
    pub link: String,
}

impl Notice {
    /// What makes it the same notice: what it is about, and the occasion.
    #[must_use]
    pub fn key(&self) -> String {
        let occasion = match self.occasion {
            Occasion::Opened => "opened",
            Occasion::Escalated => "escalated",
            Occasion::Cleared => "cleared",
        };
        format!("{}#{occasion}", self.about)
    }

    /// One line for a subject or the head of a push message: `【报警】溶解氧骤降 圭塘河站`.
    #[must_use]
    pub fn headline(&self) -> String {
        format!("【{}{}】{} {}", self.grade.zh(), self.occasion.zh(), self.title, self.place)
    }

    /// When it happened, in Beijing time.
    #[must_use]
    pub fn time_text(&self) -> String {
        let beijing = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
        beijing.to_datetime(self.at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}
