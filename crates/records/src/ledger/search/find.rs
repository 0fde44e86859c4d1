//! The records of a register that fit somebody's words best, and where the words stand in each.

use std::cell::Cell;

use rusqlite::Connection;
use sea_query::{Alias, Condition, Expr, ExprTrait, SelectStatement};

use super::{
    matching::{Among, Asking, in_names, latest, matches},
    passage::{self, Passage, around, label},
    texts::{FieldText, is_code, is_name, texts},
    words::{Word, Words},
};
use crate::{
    actor::Actor,
    catalogue::{FieldKind, Register},
    ledger::{
        Ledger,
        error::ReadError,
        list::{by_ids, count, count_up_to, sort},
        record::{ListQuery, Record},
        row::StoredRow,
        statement::run,
    },
    naming,
    value::Language,
};

/// How well a record fits; the better is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Its number or one of its codes is what was asked for.
    Exact,
    /// Every word stands in what it is called by.
    Name,
    /// A word stands elsewhere.
    Text,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The record, personal fields masked.
    pub record: Record,
    /// How well it fits.
    pub fit: Fit,
    /// Where the words stand; that of the title comes first.
    pub passages: Vec<Passage>,
}

/// The best of what was found in a register.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// The best fit first, the newest first among equals.
    pub hits: Vec<Hit>,
    /// Records that were found.
    pub total: u64,
    /// There are more: counting stopped here, or more is called by a word than was followed to what refers to it.
    pub total_is_capped: bool,
}

/// Of words that more records hold than these, the newest are looked for among those that were entered last; among all
/// where these are not enough within reach. Of what more records are called by, these are followed to what refers to them.
const LATEST: u64 = 2_000;

/// Passages shown of a record.
const PASSAGES: usize = 3;

impl Ledger {
    /// The records of a register within the actor's reach that hold every word, the best fit first.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] if the actor may read nothing of the register.
    pub fn find(
        &self,
        actor: &Actor,
        register: &str,
        words: &Words,
        limit: u64,
        language: Language,
    ) -> Result<Hits, ReadError> {
        let register = self.register(register)?;
        let mut connection = self.reader()?;
        let within = self.select(actor, register, &ListQuery::of(&register.key))?;
        let (mut latest, mut all) = (within.clone(), within.clone());
        let left_out;
        let hits = {
            // All of what follows sees the same records.
            let snapshot = connection.unchecked_transaction()?;
            let asking = |among| Asking {
                catalogue: self.catalogue(),
                actor,
                connection: &snapshot,
                among,
                followed: Some(LATEST),
                left_out: Cell::default(),
            };
            latest.cond_where(asking(Among::Latest(LATEST)).condition(register, words)?);
            let asking_all = asking(Among::All);
            all.cond_where(asking_all.condition(register, words)?);
            left_out = asking_all.left_out.get();
            let ids = best(&snapshot, register, words, &within, [&latest, &all], limit)?;
            let rows = by_ids(&snapshot, register, &ids)?;
            let hits = rows.into_iter().map(|row| self.hit(&snapshot, actor, register, row, words, language));
            let mut hits = hits.collect::<Result<Vec<_>, _>>()?;
            hits.sort_by_key(|hit| hit.fit);
            hits.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            hits
        };
        let shown = hits.len() as u64;
        let total = if shown < limit { Some(shown) } else { count(&mut connection, &all)? };
        // Where counting takes too long, those that were entered last are counted: there are more.
        let (total, total_is_capped) = match total {
            Some(total) => (total, left_out),
            None => (Ord::max(count_up_to(&connection, latest, LATEST)?, shown), true),
        };
        Ok(Hits { hits, total, total_is_capped })
    }

    /// The condition that a record holds every word, in its own texts or in the names of what it refers to.
    pub(in crate::ledger) fn holding(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        words: &Words,
    ) -> Result<Condition, rusqlite::Error> {
        self.asking(connection, actor, Among::All).condition(register, words)
    }

    /// The same, looking only at records of these ids.
    pub(in crate::ledger) fn holding_among(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        words: &Words,
        (first, last): (i64, i64),
    ) -> Result<Condition, rusqlite::Error> {
        self.asking(connection, actor, Among::Ids(first, last)).condition(register, words)
    }

    /// Whether more than `most` records hold every word in texts of their own.
    pub(in crate::ledger) fn is_common(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        words: &Words,
        most: u64,
    ) -> Result<bool, rusqlite::Error> {
        self.asking(connection, actor, Among::All).is_common(register, words, most)
    }

    fn asking<'a>(&'a self, connection: &'a Connection, actor: &'a Actor, among: Among) -> Asking<'a> {
        Asking { catalogue: self.catalogue(), actor, connection, among, followed: None, left_out: Cell::default() }
    }

    fn hit(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        row: StoredRow,
        words: &Words,
        language: Language,
    ) -> Result<Hit, ReadError> {
        let texts = texts(register, &row);
        let names = || texts.iter().filter(|text| text.column.is_none() && is_name(register, text.field));
        let called = || std::iter::once(row.number()).chain(names().map(|text| text.text.as_str()));
        let is_exact = |word: &Word| {
            let mut codes = names().filter(|text| is_code(register, text.field));
            word.is_all_of(row.number()) || codes.any(|text| word.is_all_of(&text.text))
        };
        let fit = if words.alone().is_some_and(is_exact) {
            Fit::Exact
        } else if words.all_in(called()) {
            Fit::Name
        } else {
            Fit::Text
        };
        let mut passages = passages(register, row.number(), &texts, words, language);
        let mut missing: Vec<&Word> = words.each().filter(|word| !word.is_in(row.number())).collect();
        missing.retain(|word| !texts.iter().any(|text| word.is_in(&text.text)));
        let record = self.present(connection, register, row)?;
        if !missing.is_empty() {
            passages.extend(self.behind(connection, actor, register, &record, words, language)?);
        }
        passages.truncate(PASSAGES);
        Ok(Hit { record, fit, passages })
    }

    /// The names of what a record refers to in which words stand, as far as the actor may read it.
    fn behind(
        &self,
        connection: &Connection,
        actor: &Actor,
        register: &Register,
        record: &Record,
        words: &Words,
        language: Language,
    ) -> Result<Vec<Passage>, ReadError> {
        let mut passages = Vec::new();
        for field in register.fields.values() {
            let FieldKind::Reference { to } = &field.kind else { continue };
            let Some(number) = record.values.get(&field.key).and_then(|value| value.as_str()) else { continue };
            let other = self.register(to)?;
            let there = match self.stored(connection, actor, other, number, None) {
                Ok(there) => there,
                Err(ReadError::NotFound { .. } | ReadError::Forbidden { .. }) => continue,
                Err(error) => return Err(error),
            };
            let names = texts(other, &there);
            let names = names.iter().filter(|text| text.column.is_none() && is_name(other, text.field));
            // Its title, and of its codes those that were asked for.
            let said =
                names.filter(|text| text.field.key == other.title || words.each().any(|word| word.is_in(&text.text)));
            let name: Vec<&str> = said.map(|text| text.text.as_str()).chain([number]).collect();
            let found = around(&name.join(" · "), words);
            passages.extend(found.map(|parts| Passage {
                key: field.key.clone(),
                field: label(field, None, language),
                parts,
            }));
        }
        Ok(passages)
    }
}

/// Ids of the best fits: of what is called by the words and of the newest, each as many as are wanted.
fn best(
    connection: &Connection,
    register: &Register,
    words: &Words,
    within: &SelectStatement,
    [entered_last, all]: [&SelectStatement; 2],
    limit: u64,
) -> Result<Vec<i64>, ReadError> {
    let newest = |select: &SelectStatement| -> Result<Vec<i64>, ReadError> {
        let mut select = select.clone();
        sort(&mut select, register, None)?;
        select.column(Alias::new("id")).limit(limit);
        Ok(run(connection, &select, |row| row.get(0))?)
    };
    let mut of_all = newest(entered_last)?;
    if (of_all.len() as u64) < limit {
        of_all = newest(all)?;
    }
    if (of_all.len() as u64) < limit {
        return Ok(of_all);
    }
    let mut ids = Vec::new();
    if let Some(word) = words.alone() {
        for exactly in [by_number(word, within), by_code(register, word, within)] {
            ids.extend(newest(&exactly)?);
        }
    }
    let phrases: Vec<String> = words.each().map(Word::phrase).collect();
    let called = matches(register, &in_names(&phrases.join(" AND ")));
    let mut named = newest(within.clone().cond_where(id_in(latest(called.clone(), LATEST))))?;
    if (named.len() as u64) < limit {
        named = newest(within.clone().cond_where(id_in(called)))?;
    }
    ids.extend(named);
    ids.extend(of_all);
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// The record whose number is a word, as it was typed or in capitals.
fn by_number(word: &Word, within: &SelectStatement) -> SelectStatement {
    let typed = word.typed().to_owned();
    let mut exactly = within.clone();
    exactly.and_where(Expr::col(Alias::new("number")).is_in([typed.to_uppercase(), typed]));
    exactly
}

/// The records of which a code or the number is a word, in large or small letters: of those that the index knows by it, so
/// that no column is read through. What more than [`LATEST`] are called by is nobody's code: the last are looked at.
fn by_code(register: &Register, word: &Word, within: &SelectStatement) -> SelectStatement {
    let codes = register.fields.values().filter(|field| is_code(register, field));
    let columns = std::iter::once("number".to_owned()).chain(codes.map(naming::column));
    let asked = word.typed().to_owned();
    let same = columns.fold(Condition::any(), |any, column| {
        any.add(Expr::cust_with_values(format!("\"{column}\" = ? COLLATE NOCASE"), [asked.clone()]))
    });
    let known = latest(matches(register, &in_names(&word.whole_phrase())), LATEST);
    let mut exactly = within.clone();
    exactly.cond_where(id_in(known)).cond_where(same);
    exactly
}

fn id_in(ids: SelectStatement) -> Condition {
    Condition::all().add(Expr::col(Alias::new("id")).in_subquery(ids))
}

/// Where the words stand in a record's own texts: in its title first, then wherever a word stands that no passage shows.
fn passages(
    register: &Register,
    number: &str,
    texts: &[FieldText<'_>],
    words: &Words,
    language: Language,
) -> Vec<Passage> {
    let is_title = |text: &&FieldText<'_>| text.column.is_none() && text.field.key == register.title;
    let mut open: Vec<&Word> = words.each().filter(|word| !word.is_in(number)).collect();
    // The name of a choice in the language of the page goes before that in the other.
    let mut order: Vec<&FieldText<'_>> = texts.iter().filter(is_title).collect();
    let others = || texts.iter().filter(|text| !is_title(text));
    order.extend(others().filter(|text| text.language.is_none_or(|of| of == language)));
    order.extend(others().filter(|text| text.language.is_some_and(|of| of != language)));
    let mut passages = Vec::new();
    for text in order {
        let before = open.len();
        open.retain(|word| !word.is_in(&text.text));
        if open.len() < before {
            passages.extend(passage::passage(text, words, language));
        }
    }
    passages
}
