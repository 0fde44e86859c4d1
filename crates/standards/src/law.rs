//! Which law holds: the ten laws before 2026-08-15, the Ecological and Environmental Code (生态环境法典) since.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use serde::Serialize;

use crate::{status::Status, table::Table};

const MONITORING: &str = include_str!("../data/monitoring_regulation_2026.tsv");
const ARTICLES: &str = include_str!("../data/eco_code_2026.tsv");

/// First day of the Code (article 1242).
pub const CODE_SINCE: Date = date(2026, 8, 15);

/// The body of law of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// The laws that article 1242 repealed.
    FormerLaws,
    /// The Code.
    Code,
}

impl Regime {
    /// In force on a day.
    #[must_use]
    pub fn on(day: Date) -> Self {
        if day < CODE_SINCE { Self::FormerLaws } else { Self::Code }
    }

    /// By which an act is judged: the law of the day of the act; the newer one where it is milder and in force at the decision (article 1057).
    #[must_use]
    pub fn of_act(act: Date, decided: Date, newer_is_milder: bool) -> Self {
        if newer_is_milder { Self::on(act.max(decided)) } else { Self::on(act) }
    }
}

/// An article of the Code, in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeArticle {
    /// Its number, 1 to 1242.
    pub number: u16,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub rule: String,
    /// How far it was checked.
    pub status: Status,
}

static TABLE: LazyLock<Vec<CodeArticle>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| {
        Some(CodeArticle {
            number: row.get("article").parse().ok()?,
            subject: row.get("subject").to_owned(),
            rule: row.get("rule_in_our_words").to_owned(),
            status: Status::read(row.get("status")),
        })
    };
    Table::read(ARTICLES).rows().filter_map(read).collect()
});

impl CodeArticle {
    /// The articles that the product knows.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The article of a number.
    #[must_use]
    pub fn of(number: u16) -> Option<&'static Self> {
        TABLE.iter().find(|article| article.number == number)
    }
}

/// First day of the Regulation on Ecological and Environmental Monitoring (生态环境监测条例, State Council order 820, article 49).
pub const MONITORING_SINCE: Date = date(2026, 1, 1);

/// A rule of the Regulation on Ecological and Environmental Monitoring, in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonitoringRule {
    /// What it is about.
    pub topic: String,
    /// What it says.
    pub rule: String,
    /// Article, with its paragraph or item: `25(5)`.
    pub article: String,
    /// How far it was checked.
    pub status: Status,
}

static MONITORING_RULES: LazyLock<Vec<MonitoringRule>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| MonitoringRule {
        topic: row.get("topic").to_owned(),
        rule: row.get("rule").to_owned(),
        article: row.get("article").to_owned(),
        status: Status::read(row.get("status")),
    };
    Table::read(MONITORING).rows().map(read).collect()
});

/// The rules of the Regulation on monitoring that hold on a day; none before [`MONITORING_SINCE`].
#[must_use]
pub fn monitoring_rules(day: Date) -> &'static [MonitoringRule] {
    if day < MONITORING_SINCE { &[] } else { &MONITORING_RULES }
}

/// Laws that the Code repealed, as they are cited, in full and shortened (article 1242).
const REPEALED: [&str; 17] = [
    "环境保护法",
    "环境影响评价法",
    "环评法",
    "海洋环境保护法",
    "大气污染防治法",
    "大气法",
    "水污染防治法",
    "土壤污染防治法",
    "土壤法",
    "固体废物污染环境防治法",
    "固废法",
    "噪声污染防治法",
    "噪声法",
    "放射性污染防治法",
    "清洁生产促进法",
    "环境噪声污染防治法",
    "中华人民共和国环境保护法",
];

/// Why a citation does not fit the day of the act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CitationFault {
    /// The Code is cited for an act before it was in force.
    #[error(
        "the Code is cited for an act of {act}, before it was in force on {CODE_SINCE}: cite the law of the day, unless the Code is milder (article 1057)"
    )]
    CodeTooEarly {
        /// Day of the act.
        act: Date,
    },
    /// A repealed law is cited for an act after its repeal.
    #[error("{law} is cited for an act of {act}, but was repealed on {CODE_SINCE} (article 1242 of the Code)")]
    Repealed {
        /// The law.
        law: &'static str,
        /// Day of the act.
        act: Date,
    },
}

/// Whether a citation fits the day of the act.
///
/// # Errors
/// [`CitationFault`] for the Code before its first day, and for a law that it repealed from that day on.
pub fn check_citation(citation: &str, act: Date) -> Result<(), CitationFault> {
    match Regime::on(act) {
        Regime::FormerLaws if cites_code(citation) => Err(CitationFault::CodeTooEarly { act }),
        Regime::Code => match REPEALED.iter().find(|law| citation.contains(*law)) {
            Some(law) => Err(CitationFault::Repealed { law, act }),
            None => Ok(()),
        },
        Regime::FormerLaws => Ok(()),
    }
}

/// Whether a citation names the Code.
#[must_use]
pub fn cites_code(citation: &str) -> bool {
    citation.contains("法典") && !citation.contains("民法典")
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test]
    fn the_regulation_on_monitoring_holds_from_2026() {
        assert_eq!(monitoring_rules(date(2025, 12, 31)), []);
        let rules = monitoring_rules(date(2026, 1, 1));
        let publication = rules.iter().find(|rule| rule.topic == "publication").unwrap();
        assert_eq!((publication.article.as_str(), publication.status), ("15", Status::Verified));
        assert!(rules.len() >= 14 && rules.iter().any(|rule| rule.status == Status::Partly));
    }

    #[test_case(date(2026, 8, 14), Regime::FormerLaws)]
    #[test_case(date(2026, 8, 15), Regime::Code)]
    fn the_code_holds_from_its_first_day(day: Date, regime: Regime) {
        assert_eq!(Regime::on(day), regime);
    }

    #[test_case(date(2026, 8, 14), date(2026, 9, 1), false, Regime::FormerLaws; "the law of the act")]
    #[test_case(date(2026, 8, 14), date(2026, 9, 1), true, Regime::Code; "the newer one is milder")]
    #[test_case(date(2026, 8, 14), date(2026, 8, 14), true, Regime::FormerLaws; "decided before the newer one")]
    #[test_case(date(2026, 8, 15), date(2026, 9, 1), false, Regime::Code; "an act since")]
    fn an_act_is_judged_by_article_1057(act: Date, decided: Date, milder: bool, regime: Regime) {
        assert_eq!(Regime::of_act(act, decided, milder), regime);
    }

    #[test_case("生态环境法典 1102", date(2026, 8, 14), false; "the Code too early")]
    #[test_case("生态环境法典 1102", date(2026, 8, 15), true)]
    #[test_case("噪声污染防治法 43", date(2026, 8, 14), true)]
    #[test_case("《中华人民共和国大气污染防治法》第四十八条", date(2026, 8, 15), false; "a repealed law")]
    #[test_case("行政处罚法 60", date(2026, 8, 15), true; "a law that stays")]
    #[test_case("民法典 1229", date(2026, 8, 1), true; "the civil code is another")]
    fn citations_fit_the_day(citation: &str, act: Date, fits: bool) {
        assert_eq!(check_citation(citation, act).is_ok(), fits);
    }

    #[test]
    fn articles_are_known_by_number() {
        assert_eq!(CodeArticle::all().len(), 27);
        assert_eq!(CodeArticle::of(572).map(|article| article.subject.as_str()), Some("night work"));
        assert!(CodeArticle::of(1243).is_none());
    }
}
