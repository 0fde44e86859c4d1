//! Reckoning a clock day by day, keeping every day passed over and why.

use jiff::{Span, ToSpan, civil::Date};
use serde::Serialize;

use super::{Budget, Deadline, Direction, Unit};
use crate::{
    calendar::{DayKind, PastPublishedList, WorkCalendar},
    law::{CODE_SINCE, Regime, cites_code},
    status::Status,
};

/// Why a clock ends on its day: everything needed to count it again by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Key of the rule.
    pub rule: String,
    /// The last day on which the act is in time; absent while the clock is paused.
    pub due_on: Option<Date>,
    /// The day of the event that started it; not counted.
    pub start: Date,
    /// The budget without extensions.
    pub budget: Budget,
    /// Days passed over, in order, with the reason.
    pub not_counted: Vec<NotCounted>,
    /// Weekend days that were counted because people worked for a holiday.
    pub make_up_days: Vec<NotCounted>,
    /// Pauses, in order.
    pub pauses: Vec<Pause>,
    /// Extensions in the order granted, each with the day it led to.
    pub extensions: Vec<Extended>,
    /// The last day was a rest day and the end moved.
    pub moved: Option<Moved>,
    /// Law and clause.
    pub law: String,
    /// How far the rule was checked.
    pub status: Status,
    /// What a person must know before relying on the day.
    pub warnings: Vec<Warning>,
}

/// A day named in an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCounted {
    /// The day.
    pub date: Date,
    /// What it is.
    pub why: WhyNotCounted,
}

/// Why a day is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotCounted {
    /// The start day.
    Start,
    /// A rest day, or for make-up days the working weekend.
    Day(DayKind),
    /// The clock stood still.
    Paused,
}

impl WhyNotCounted {
    /// In Chinese words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Start => "起算当日不计".to_owned(),
            Self::Day(day) => day.zh(),
            Self::Paused => "中止".to_owned(),
        }
    }

    /// In English words.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Start => "the start day is not counted".to_owned(),
            Self::Day(day) => day.en(),
            Self::Paused => "paused".to_owned(),
        }
    }
}

/// A pause with the calendar days that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// First day not counted.
    pub from: Date,
    /// The day on which the clock ran on.
    pub until: Option<Date>,
    /// Calendar days taken, so far as it has ended.
    pub days: Option<i32>,
    /// Why.
    pub reason: String,
}

/// An extension with the day it led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extended {
    /// Key of the rule.
    pub rule: String,
    /// By how much.
    pub budget: Budget,
    /// Law and clause.
    pub law: String,
    /// The day it was granted.
    pub granted_on: Date,
    /// Why.
    pub reason: String,
}

/// The end moved off a rest day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The last day as counted.
    pub from: Date,
    /// The next working day (the one before, for a clock that is counted backwards).
    pub to: Date,
    /// What the last day was.
    pub why: DayKind,
}

/// What a person must know before relying on the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// Some days lie outside the published holiday list; Monday to Friday were taken as working days there.
    PastPublishedList {
        /// The first such day.
        date: Date,
        /// Last year of the list.
        last_year: i16,
    },
    /// The rule was not, or only partly, checked against the law.
    RuleNotVerified {
        /// Key of the rule.
        rule: String,
        /// How far it was.
        status: Status,
    },
    /// The rule is cited from the Code, which was not in force when the clock began.
    CodeNotYetInForce {
        /// The day on which the clock began.
        starts: Date,
    },
    /// That the end moves off a rest day is a general rule whose application here was not checked.
    MovingNotVerified,
    /// An extension was granted after the clock had run out.
    ExtendedTooLate {
        /// The day it was granted.
        granted_on: Date,
        /// The day that had passed.
        due_on: Date,
    },
    /// The clock stands still.
    Paused {
        /// Since this day.
        since: Date,
    },
    /// Hours run around the clock from the moment itself: only their last day is shown.
    HoursShownAsDay,
}

impl Warning {
    /// In Chinese words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::PastPublishedList { date, last_year } => {
                format!(
                    "{date}起超出已公布的节假日安排（至{last_year}年），暂按周一至周五为工作日推算，公布后将重新计算"
                )
            }
            Self::RuleNotVerified { rule, status } => format!("规则 {rule} 的依据{}，使用前请核对原文", status.zh()),
            Self::CodeNotYetInForce { starts } => {
                format!("所列依据为生态环境法典（{CODE_SINCE}施行），本期限起于{starts}，应核对当时施行的法律")
            }
            Self::MovingNotVerified => "期限届满日为休息日顺延至下一工作日，系一般期间规则，未逐条核对".to_owned(),
            Self::ExtendedTooLate { granted_on, due_on } => format!("延长于{granted_on}批准，已晚于原期限{due_on}"),
            Self::Paused { since } => format!("自{since}起中止，恢复后继续计算"),
            Self::HoursShownAsDay => "以小时计的期限自该时刻起连续计算，此处仅显示届满日".to_owned(),
        }
    }

    /// In English words.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::PastPublishedList { date, last_year } => format!(
                "from {date} on no holidays are published (the list ends with {last_year}); Monday to Friday were taken as working days, to be counted again when the list is out"
            ),
            Self::RuleNotVerified { rule, status } => {
                format!("the rule {rule} is {}: check the text before use", status.en())
            }
            Self::CodeNotYetInForce { starts } => format!(
                "the rule is cited from the Code, in force since {CODE_SINCE}; this clock began on {starts}: check the law of that day"
            ),
            Self::MovingNotVerified => {
                "that the end moves off a rest day is the general rule; it was not checked for this law".to_owned()
            }
            Self::ExtendedTooLate { granted_on, due_on } => {
                format!("the extension was granted on {granted_on}, after the end on {due_on}")
            }
            Self::Paused { since } => format!("paused since {since}; it runs on when the pause ends"),
            Self::HoursShownAsDay => "hours run from the moment itself; only their last day is shown".to_owned(),
        }
    }
}

/// A count under way.
struct Count<'c> {
    calendar: &'c WorkCalendar,
    pauses: &'c [Pause],
    not_counted: Vec<NotCounted>,
    make_up_days: Vec<NotCounted>,
    past: Option<PastPublishedList>,
}

impl Count<'_> {
    fn day(&mut self, date: Date) -> DayKind {
        if self.calendar.day(date).is_err() && self.past.as_ref().is_none_or(|past| date < past.date) {
            self.past = Some(self.calendar.past(date));
        }
        self.calendar.day_or_weekday(date)
    }

    fn paused(&self, date: Date) -> bool {
        self.pauses.iter().any(|pause| date >= pause.from && pause.until.is_some_and(|until| date < until))
    }

    fn skip(&mut self, date: Date, why: WhyNotCounted) {
        self.not_counted.push(NotCounted { date, why });
    }

    /// The last day of `amount` days after (or before) `start`.
    fn days(&mut self, start: Date, amount: u32, working: bool, step: Span) -> Date {
        let (mut date, mut left) = (start, amount);
        while left > 0 {
            let next = date.saturating_add(step);
            if next == date {
                break; // the end of the calendar itself
            }
            date = next;
            if self.paused(date) {
                self.skip(date, WhyNotCounted::Paused);
                continue;
            }
            if working {
                let day = self.day(date);
                if !day.is_working() {
                    self.skip(date, WhyNotCounted::Day(day));
                    continue;
                }
                if matches!(day, DayKind::MakeUp { .. }) {
                    self.make_up_days.push(NotCounted { date, why: WhyNotCounted::Day(day) });
                }
            }
            left -= 1;
        }
        date
    }

    /// The last day of a budget.
    fn run(&mut self, start: Date, budget: Budget) -> Date {
        let forwards = budget.direction == Direction::After;
        let step = if forwards { 1.day() } else { (-1).day() };
        let amount = i64::from(budget.amount);
        let span = match budget.unit {
            Unit::WorkingDays => return self.days(start, budget.amount, true, step),
            Unit::CalendarDays => return self.days(start, budget.amount, false, step),
            Unit::Hours => return self.days(start, budget.amount.div_ceil(24), false, step),
            Unit::Months => Span::new().try_months(amount),
            Unit::Years => Span::new().try_years(amount),
        };
        // The day of the same number, or the last of a shorter month; pauses on the way are added as days.
        let span = span.unwrap_or_default();
        let end = if forwards { start.saturating_add(span) } else { start.saturating_sub(span) };
        let (mut date, mut left, mut end) = (start, 0, end);
        while date != end {
            date = date.saturating_add(step);
            if self.paused(date) {
                self.skip(date, WhyNotCounted::Paused);
                left += 1;
            }
            if date == end && left > 0 {
                end = end.saturating_add(step * left);
                left = 0;
            }
        }
        end
    }

    /// Moves an end off a rest day.
    fn settle(&mut self, end: Date, direction: Direction) -> Option<Moved> {
        let why = self.day(end);
        if why.is_working() {
            return None;
        }
        let step = if direction == Direction::After { 1.day() } else { (-1).day() };
        let mut to = end;
        while !self.day(to).is_working() {
            to = to.saturating_add(step);
        }
        Some(Moved { from: end, to, why })
    }
}

impl Deadline {
    /// Reckons the clock on a calendar. With a newly published list, ask again: nothing is stored.
    #[must_use]
    pub fn explain(&self, calendar: &WorkCalendar) -> Explanation {
        let mut pauses: Vec<Pause> = self
            .suspensions
            .iter()
            .map(|pause| Pause {
                from: pause.from,
                until: pause.until,
                days: pause.until.map(|until| (until - pause.from).get_days().max(0)),
                reason: pause.reason.clone(),
            })
            .collect();
        pauses.sort_by_key(|pause| pause.from);
        let mut count = Count {
            calendar,
            pauses: &pauses,
            not_counted: vec![NotCounted { date: self.starts, why: WhyNotCounted::Start }],
            make_up_days: Vec::new(),
            past: None,
        };
        let mut warnings = Vec::new();
        let mut warn = |warning: Warning| {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        };
        if self.status != Status::Verified {
            warn(Warning::RuleNotVerified { rule: self.rule.clone(), status: self.status });
        }
        if Regime::on(self.starts) == Regime::FormerLaws && cites_code(&self.law) {
            warn(Warning::CodeNotYetInForce { starts: self.starts });
        }
        let mut end = count.run(self.starts, self.budget);
        let mut last = self.budget;
        let mut extensions = Vec::new();
        for extension in &self.extensions {
            let in_time_until = settled(&mut count, end, last).map_or(end, |moved| moved.to);
            if extension.granted_on > in_time_until {
                warn(Warning::ExtendedTooLate { granted_on: extension.granted_on, due_on: in_time_until });
            }
            if let Ok(rule) = super::rule(&extension.rule)
                && rule.status != Status::Verified
            {
                warn(Warning::RuleNotVerified { rule: rule.key.clone(), status: rule.status });
            }
            end = count.run(end, extension.budget);
            last = extension.budget;
            extensions.push(Extended {
                rule: extension.rule.clone(),
                budget: extension.budget,
                law: extension.law.clone(),
                granted_on: extension.granted_on,
                reason: extension.reason.clone(),
            });
        }
        let moved = settled(&mut count, end, last);
        if moved.is_some() {
            warn(Warning::MovingNotVerified);
        }
        if last.unit == Unit::Hours {
            warn(Warning::HoursShownAsDay);
        }
        if let Some(past) = &count.past {
            warn(Warning::PastPublishedList { date: past.date, last_year: past.last_year });
        }
        let due_on = moved.as_ref().map_or(end, |moved| moved.to);
        // A pause without an end stops the clock only if it began while it was still running.
        let standing = pauses.iter().find(|pause| pause.until.is_none() && pause.from <= due_on);
        if let Some(pause) = standing {
            warn(Warning::Paused { since: pause.from });
        }
        let (due_on, moved) = if standing.is_some() { (None, None) } else { (Some(due_on), moved) };
        let (mut not_counted, make_up_days) = (count.not_counted, count.make_up_days);
        not_counted.sort_by_key(|day| day.date);
        Explanation {
            rule: self.rule.clone(),
            due_on,
            start: self.starts,
            budget: self.budget,
            not_counted,
            make_up_days,
            pauses,
            extensions,
            moved,
            law: self.law.clone(),
            status: self.status,
            warnings,
        }
    }
}

/// The end moves only where rest days were counted: not for working days, nor for hours.
fn settled(count: &mut Count<'_>, end: Date, budget: Budget) -> Option<Moved> {
    match budget.unit {
        Unit::WorkingDays | Unit::Hours => None,
        Unit::CalendarDays | Unit::Months | Unit::Years => count.settle(end, budget.direction),
    }
}
