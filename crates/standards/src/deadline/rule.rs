//! The named rules: how much time, of what kind, from which event, by which law.

use std::{fmt, sync::LazyLock};

use jiff::civil::Date;
use serde::Serialize;

use super::{Budget, NoFixedAmount};
use crate::{status::Status, table::Table};

const RULES: &str = include_str!("../../data/deadlines.tsv");
const COUNTING: &str = include_str!("../../data/deadline_counting.tsv");

static READ: LazyLock<Vec<StatutoryRule>> =
    LazyLock::new(|| Table::read(RULES).rows().map(|row| StatutoryRule::read(&row)).collect());
static COUNTED: LazyLock<Vec<CountingRule>> = LazyLock::new(|| {
    Table::read(COUNTING)
        .rows()
        .map(|row| CountingRule {
            rule: row.get("rule").to_owned(),
            basis: row.get("basis").to_owned(),
            status: Status::read(row.get("status")),
        })
        .collect()
});

/// What a budget is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 工作日.
    WorkingDays,
    /// 日 (calendar days).
    CalendarDays,
    /// 月.
    Months,
    /// 年.
    Years,
    /// 小时, around the clock.
    Hours,
}

impl Unit {
    /// The word after a number, Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::WorkingDays => "个工作日",
            Self::CalendarDays => "日",
            Self::Months => "个月",
            Self::Years => "年",
            Self::Hours => "小时",
        }
    }

    /// The word after a number, English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::WorkingDays => "working days",
            Self::CalendarDays => "calendar days",
            Self::Months => "months",
            Self::Years => "years",
            Self::Hours => "hours",
        }
    }
}

/// Which way a budget is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// After the start.
    After,
    /// Before it: “not later than 60 days before expiry”.
    Before,
}

/// A statutory clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatutoryRule {
    /// Name in register files: `petition.handle`.
    pub key: String,
    /// What is to be done, Chinese.
    pub event: String,
    /// How much, where the rule gives one number.
    pub amount: Option<u32>,
    /// The amount as the table has it: a number or words like “local”.
    pub amount_text: String,
    /// Of what, where the rule says.
    pub unit: Option<Unit>,
    /// Forwards or backwards.
    pub direction: Direction,
    /// The event that starts it.
    pub starts_at: String,
    /// Law and clause, Chinese.
    pub law: String,
    /// The same in English.
    pub law_en: String,
    /// Where the rule was read.
    pub source: String,
    /// How far it was checked.
    pub status: Status,
    /// The unit is an interpretation that a bureau may set otherwise.
    pub unit_is_a_setting: bool,
    /// First day on which it holds; absent where it holds as far back as the product looks.
    pub since: Option<Date>,
    /// Last day on which it held; absent while it holds.
    pub until: Option<Date>,
}

/// How days are counted, with its basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountingRule {
    /// The rule, in words.
    pub rule: String,
    /// Law and clause.
    pub basis: String,
    /// How far it was checked.
    pub status: Status,
}

/// A rule of this name does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NoSuchRule {
    /// The name asked for.
    pub key: String,
    /// The name that is most like it.
    pub nearest: Option<String>,
}

impl fmt::Display for NoSuchRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no statutory rule “{}”", self.key)?;
        self.nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; did you mean “{nearest}”?"))
    }
}

impl StatutoryRule {
    fn read(row: &crate::table::Row<'_, '_>) -> Self {
        let (amount, unit, starts_at) = (row.get("amount"), row.get("unit"), row.get("starts_at"));
        Self {
            key: row.get("key").to_owned(),
            event: row.get("event_zh").to_owned(),
            amount: amount.parse().ok(),
            amount_text: amount.to_owned(),
            unit: match unit.split_whitespace().next().unwrap_or("") {
                "working" => Some(Unit::WorkingDays),
                "calendar" => Some(Unit::CalendarDays),
                "months" => Some(Unit::Months),
                "years" => Some(Unit::Years),
                "hours" => Some(Unit::Hours),
                // “differs by edition”: the shorter reading until it is settled.
                word if word.starts_with("calendar/") => Some(Unit::CalendarDays),
                _ => None,
            },
            direction: if starts_at.starts_with("before ") { Direction::Before } else { Direction::After },
            starts_at: starts_at.to_owned(),
            law: row.get("basis").to_owned(),
            law_en: row.get("basis_en").to_owned(),
            source: row.get("source").to_owned(),
            status: Status::read(row.get("status")),
            unit_is_a_setting: unit.contains(' '),
            since: row.get("since").parse().ok(),
            until: row.get("until").parse().ok(),
        }
    }

    /// The budget that the rule allows.
    ///
    /// # Errors
    /// [`NoFixedAmount`] if it names no number or no unit.
    pub fn budget(&self) -> Result<Budget, NoFixedAmount> {
        match (self.amount, self.unit) {
            (Some(amount), Some(unit)) => Ok(Budget { amount, unit, direction: self.direction }),
            _ => Err(NoFixedAmount {
                rule: self.key.clone(),
                event: self.event.clone(),
                given: self.amount_text.clone(),
            }),
        }
    }
}

/// All rules, in the order of the table.
#[must_use]
pub fn rules() -> &'static [StatutoryRule] {
    &READ
}

/// How days are counted.
#[must_use]
pub fn counting_rules() -> &'static [CountingRule] {
    &COUNTED
}

/// The rule of a name as it holds now: the newest where it was changed.
///
/// # Errors
/// [`NoSuchRule`] with the name most like it.
pub fn rule(key: &str) -> Result<&'static StatutoryRule, NoSuchRule> {
    READ.iter().rev().find(|rule| rule.key == key).ok_or_else(|| no_such(key))
}

/// The rule of a name that holds on a day, the day on which its clock starts.
///
/// # Errors
/// As [`rule`].
pub fn rule_on(key: &str, day: Date) -> Result<&'static StatutoryRule, NoSuchRule> {
    let holds = |rule: &&StatutoryRule| {
        rule.since.is_none_or(|since| since <= day) && rule.until.is_none_or(|until| day <= until)
    };
    let mut known = READ.iter().filter(|rule| rule.key == key);
    known.clone().find(holds).or_else(|| known.next()).ok_or_else(|| no_such(key))
}

fn no_such(key: &str) -> NoSuchRule {
    let common = |other: &str| key.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let nearest = READ.iter().max_by_key(|rule| common(&rule.key)).filter(|rule| common(&rule.key) >= 3);
    NoSuchRule { key: key.to_owned(), nearest: nearest.map(|rule| rule.key.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_parses_and_no_two_hold_at_once() {
        let mut keys: Vec<_> = rules().iter().map(|rule| (rule.key.as_str(), rule.since)).collect();
        assert!(keys.len() >= 80 && rules().iter().all(|rule| !rule.law.is_empty()));
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(counting_rules().len() >= 7);
    }

    #[test]
    fn a_penalty_case_is_filed_by_the_rules_of_the_day() {
        let on = |day: &str| {
            let rule = rule_on("penalty.file", day.parse().unwrap()).unwrap();
            (rule.amount, rule.unit, rule.law.contains("生态环境行政处罚办法"))
        };
        assert_eq!(on("2023-06-30"), (Some(7), Some(Unit::WorkingDays), false));
        assert_eq!(on("2023-07-01"), (Some(15), Some(Unit::CalendarDays), true));
        assert_eq!(rule("penalty.file").unwrap().amount, Some(15));
        assert_eq!(rule_on("penalty.file.ext", "2026-01-01".parse().unwrap()).unwrap().amount, Some(15));
        assert_eq!(rule("penalty.file").unwrap().status, Status::Verified);
    }

    #[test]
    fn a_rule_without_a_number_says_so() {
        let fault = rule("rectify.order").unwrap().budget().unwrap_err();
        assert!(fault.to_string().contains("written in the order"), "{fault}");
    }

    #[test]
    fn a_mistyped_rule_is_answered_with_the_nearest() {
        assert_eq!(
            rule("petition.handel").unwrap_err().to_string(),
            "there is no statutory rule “petition.handel”; did you mean “petition.handle”?"
        );
    }
}
