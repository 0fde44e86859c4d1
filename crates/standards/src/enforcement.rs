//! Papers of enforcement: the defects by which a case file is reviewed (案卷评查, 环执法发〔2024〕4号) and the model papers of Hunan (湖南省执法文书格式, 2024-09).

use std::sync::LazyLock;

use serde::Serialize;

use crate::{rounding::Rational, status::Status, table::Table};

const DEFECTS: &str = include_str!("../data/case_review_2024.tsv");
const PAPERS: &str = include_str!("../data/hunan_enforcement_forms_2024.tsv");

/// A defect of legality: any of them makes the whole file 0 points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewDefect {
    /// 1 to 25.
    pub number: u8,
    /// What it concerns, Chinese: 主体, 程序, 查封, ….
    pub group: String,
    /// The defect, in our words.
    pub defect: String,
    /// How far it was checked.
    pub status: Status,
}

/// Who needs a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// The form is prescribed.
    Required,
    /// A model to go by.
    Reference,
    /// The party fills it in.
    ByParty,
}

/// A model paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnforcementPaper {
    /// 1 to 74.
    pub number: u8,
    /// Part of the collection, Chinese: 行政处罚, 行政强制, ….
    pub part: String,
    /// Its name, Chinese.
    pub name: String,
    /// Who needs it.
    pub kind: PaperKind,
    /// How far the row was checked: the names were read in the table of contents.
    pub status: Status,
}

static ALL_DEFECTS: LazyLock<Vec<ReviewDefect>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| {
        Some(ReviewDefect {
            number: row.get("no").parse().ok()?,
            group: row.get("group").to_owned(),
            defect: row.get("defect").to_owned(),
            status: Status::read(row.get("status")),
        })
    };
    Table::read(DEFECTS).rows().filter_map(read).collect()
});

static ALL_PAPERS: LazyLock<Vec<EnforcementPaper>> = LazyLock::new(|| {
    let read = |row: crate::table::Row<'_, '_>| {
        Some(EnforcementPaper {
            number: row.get("no").parse().ok()?,
            part: row.get("part").to_owned(),
            name: row.get("name").to_owned(),
            kind: match row.get("kind") {
                "required form" => PaperKind::Required,
                "filled by the party" => PaperKind::ByParty,
                _ => PaperKind::Reference,
            },
            status: Status::read(row.get("status")),
        })
    };
    Table::read(PAPERS).rows().filter_map(read).collect()
});

/// The 25 defects of legality.
#[must_use]
pub fn review_defects() -> &'static [ReviewDefect] {
    &ALL_DEFECTS
}

/// The 74 model papers of Hunan.
#[must_use]
pub fn enforcement_papers() -> &'static [EnforcementPaper] {
    &ALL_PAPERS
}

/// What a review found in a case file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseReview {
    /// Numbers of the defects of legality that were found.
    pub defects: Vec<u8>,
    /// Points of the papers.
    pub points: u32,
    /// Points that the papers could have.
    pub possible: u32,
    /// Taken off for basic elements of papers, at most 10.
    pub off_papers: u32,
    /// Taken off for basic elements of records, at most 10.
    pub off_records: u32,
}

impl CaseReview {
    /// Score of the file, 0 to 100: 0 with any defect of legality, else 50 and the papers' share of 50, less what is taken off. `None` where the papers
    /// have no points at all.
    #[must_use]
    pub fn score(&self) -> Option<Rational> {
        if !self.defects.is_empty() {
            return Some(Rational::ZERO);
        }
        let papers = Rational::new(i128::from(self.points) * 50, self.possible.into())?;
        let off = self.off_papers.min(10) + self.off_records.min(10);
        let score = papers.checked_add(Rational::whole(50))?.checked_sub(Rational::whole(off.into()))?;
        Some(score.max(Rational::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test]
    fn there_are_25_defects_and_74_papers() {
        assert!(review_defects().iter().map(|defect| defect.number).eq(1..=25));
        assert!(enforcement_papers().iter().map(|paper| paper.number).eq(1..=74));
        assert!(review_defects().iter().all(|defect| defect.status == Status::Verified));
        let named = |number: u8| &enforcement_papers()[usize::from(number) - 1];
        assert_eq!((named(4).name.as_str(), named(4).kind), ("立案/不予立案审批表", PaperKind::Required));
        assert_eq!((named(16).kind, named(13).kind), (PaperKind::ByParty, PaperKind::Reference));
    }

    #[test_case(&[], 90, 100, (0, 0), Some(95); "nine tenths of the papers")]
    #[test_case(&[], 100, 100, (3, 2), Some(95); "basic elements are missing")]
    #[test_case(&[], 0, 100, (40, 40), Some(30); "no more than ten each is taken off")]
    #[test_case(&[20], 100, 100, (0, 0), Some(0); "out of the limitation period")]
    #[test_case(&[], 0, 0, (0, 0), None; "no papers")]
    fn a_file_is_scored(defects: &[u8], points: u32, possible: u32, off: (u32, u32), score: Option<i64>) {
        let review = CaseReview { defects: defects.to_vec(), points, possible, off_papers: off.0, off_records: off.1 };
        assert_eq!(review.score(), score.map(Rational::whole));
    }
}
