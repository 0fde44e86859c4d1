//! What people say of values (人工审核): which of them do not count, or count although the device marks them. The values themselves stay as they came.
//!
//! A review covers a span of a factor at a station, whatever the kind of value. Where reviews meet, the later one has the word.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::store::{Store, StoreError};
use crate::writer::Command;
use crate::{Observation, Series, stored};

/// A word about the values of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// What makes it known: the number of the record in which it was entered.
    pub key: String,
    /// Number of the station.
    pub station: String,
    /// Factor code; `None` for all of the station.
    pub factor: Option<String>,
    /// First instant of the span.
    pub from: Timestamp,
    /// The instant behind its last.
    pub to: Timestamp,
    /// Whether the values count.
    pub counts: bool,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When it was said.
    pub at: Timestamp,
}

impl Review {
    /// What it says of a value; `None` if it says nothing.
    ///
    /// A period that a device reckoned holds what is set aside as soon as they overlap; it counts against its mark only if all of it is covered.
    fn says(&self, factor: &str, at: Timestamp, end: Timestamp) -> Option<bool> {
        if self.factor.as_ref().is_some_and(|own| own != factor) {
            return None;
        }
        let touches = at < self.to && (self.from <= at || self.from < end);
        let covers = self.from <= at && end <= self.to;
        if self.counts { (touches && covers).then_some(true) } else { touches.then_some(false) }
    }
}

/// All reviews, in memory: there are few, and every reading asks for them.
#[derive(Debug, Default)]
pub(crate) struct Reviews(HashMap<String, Vec<Review>>);

impl Reviews {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Reviews> {
        let mut reviews = Reviews::default();
        let mut rows = connection.prepare(EVERY)?;
        stored::each("review", rows.query([])?, review, |review| reviews.put(review))?;
        Ok(reviews)
    }

    fn put(&mut self, review: Review) {
        let known = self.0.entry(review.station.clone()).or_default();
        known.retain(|other| other.key != review.key);
        let place = known.partition_point(|other| (other.at, &other.key) <= (review.at, &review.key));
        known.insert(place, review);
    }

    fn take(&mut self, key: &str) {
        self.0.values_mut().for_each(|reviews| reviews.retain(|review| review.key != key));
    }

    pub(crate) fn follow(&mut self, change: &ReviewChange) {
        match change {
            ReviewChange::Put(review) => self.put((**review).clone()),
            ReviewChange::Withdraw(key) => self.take(key),
        }
    }

    /// Those that say something of a series in a span, the oldest first; mostly none.
    pub(crate) fn of(&self, series: &Series, from: Timestamp, to: Timestamp) -> Verdicts {
        let known = self.0.get(&series.station).map(Vec::as_slice).unwrap_or_default();
        let fits = |review: &&Review| {
            review.from < to && from < review.to && review.factor.as_ref().is_none_or(|own| *own == series.factor)
        };
        Verdicts(known.iter().filter(fits).cloned().collect())
    }
}

/// Reviews that touch a span of one series.
pub(crate) struct Verdicts(Vec<Review>);

impl Verdicts {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the latest of them says.
    pub(crate) fn say(&self, factor: &str, at: Timestamp, end: Timestamp) -> Option<bool> {
        self.0.iter().rev().find_map(|review| review.says(factor, at, end))
    }

    pub(crate) fn apply(&self, observation: &mut Observation) {
        if !self.is_empty() {
            observation.reviewed = self.say(&observation.series.factor, observation.at, observation.end());
        }
    }
}

pub(crate) enum ReviewChange {
    Put(Box<Review>),
    Withdraw(String),
}

impl Store {
    /// Says whether the values of a span count. The same key again takes the place of what was said under it.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn review(&self, review: Review) -> Result<(), StoreError> {
        self.change_reviews(ReviewChange::Put(Box::new(review))).await
    }

    /// Takes a review back: the values count again as the device marked them.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn withdraw_review(&self, key: &str) -> Result<(), StoreError> {
        self.change_reviews(ReviewChange::Withdraw(key.to_owned())).await
    }

    async fn change_reviews(&self, change: ReviewChange) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        self.commands()?.send(Command::Review(change, reply)).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }

    /// Reviews of a station that touch a span, the latest first.
    pub fn reviews(&self, station: &str, from: Timestamp, to: Timestamp) -> Vec<Review> {
        let reviews = self.known_reviews();
        let known = reviews.0.get(station).map(Vec::as_slice).unwrap_or_default();
        known.iter().rev().filter(|review| review.from < to && from < review.to).cloned().collect()
    }
}

/// Every review, in the order in which they were said.
pub(crate) fn every(connection: &Connection) -> rusqlite::Result<Vec<Review>> {
    connection.prepare(EVERY)?.query_map([], review)?.collect()
}

const EVERY: &str = "SELECT key, station, factor, from_ts, to_ts, counts, reason, by, at FROM review ORDER BY at, key";

const COLUMNS: &str = "key, station, factor, from_ts, to_ts, counts, reason, by, at";

pub(crate) fn write(transaction: &Transaction<'_>, change: &ReviewChange) -> rusqlite::Result<()> {
    match change {
        ReviewChange::Put(review) => transaction.execute(
            &format!("INSERT OR REPLACE INTO review ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
            params![
                review.key,
                review.station,
                review.factor,
                review.from.as_millisecond(),
                review.to.as_millisecond(),
                review.counts,
                review.reason,
                review.by,
                review.at.as_millisecond(),
            ],
        )?,
        ReviewChange::Withdraw(key) => transaction.execute("DELETE FROM review WHERE key = ?1", [key])?,
    };
    Ok(())
}

fn review(row: &Row<'_>) -> rusqlite::Result<Review> {
    let instant = |column: usize| crate::query::instant(row, column);
    Ok(Review {
        key: row.get(0)?,
        station: row.get(1)?,
        factor: row.get(2)?,
        from: instant(3)?,
        to: instant(4)?,
        counts: row.get(5)?,
        reason: row.get(6)?,
        by: row.get(7)?,
        at: instant(8)?,
    })
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    fn review(key: &str, factor: Option<&str>, (from, to): (i64, i64), counts: bool, said: i64) -> Review {
        Review {
            key: key.into(),
            station: "W1".into(),
            factor: factor.map(str::to_owned),
            from: at(from),
            to: at(to),
            counts,
            reason: "校准".into(),
            by: "李".into(),
            at: at(said),
        }
    }

    #[test_case((0, 10), (5, 5), Some(false); "an instant in it")]
    #[test_case((0, 10), (10, 10), None; "an instant behind it")]
    #[test_case((0, 10), (-5, 5), Some(false); "an hour that holds some of it")]
    #[test_case((0, 10), (-60, 0), None; "an hour that ends as it begins")]
    fn what_is_set_aside(span: (i64, i64), value: (i64, i64), expected: Option<bool>) {
        let review = review("R1", None, span, false, 0);
        assert_eq!(review.says("w21003", at(value.0), at(value.1)), expected);
    }

    #[test_case((0, 60), (0, 60), Some(true); "all of the hour")]
    #[test_case((0, 30), (0, 60), None; "half of the hour makes it no better")]
    fn what_counts_after_all(span: (i64, i64), value: (i64, i64), expected: Option<bool>) {
        let review = review("R1", Some("w21003"), span, true, 0);
        assert_eq!(review.says("w21003", at(value.0), at(value.1)), expected);
        assert_eq!(review.says("w21011", at(value.0), at(value.1)), None, "another factor");
    }

    #[test]
    fn the_later_word_counts_and_can_be_taken_back() {
        let mut reviews = Reviews::default();
        let series = Series::main("W1", "w21003", crate::Kind::Realtime);
        let said = |reviews: &Reviews| reviews.of(&series, at(0), at(100)).say("w21003", at(5), at(5));
        reviews.follow(&ReviewChange::Put(Box::new(review("R2", None, (0, 10), true, 20))));
        reviews.follow(&ReviewChange::Put(Box::new(review("R1", None, (0, 10), false, 10))));
        assert_eq!(said(&reviews), Some(true), "entered first, but said later");
        reviews.follow(&ReviewChange::Withdraw("R2".into()));
        assert_eq!(said(&reviews), Some(false));
        reviews.follow(&ReviewChange::Withdraw("R1".into()));
        assert_eq!(said(&reviews), None);
    }
}
