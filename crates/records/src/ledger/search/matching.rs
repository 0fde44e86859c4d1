//! The records that hold every word, as a condition on a select: in their own texts, or in the names of what they refer to
//! as far as the reader may read it.

use std::cell::Cell;

use rusqlite::Connection;
use sea_query::{Alias, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement, UnionType};

use super::words::{Word, Words};
use crate::{
    actor::{Act, Actor, Scope},
    catalogue::{Catalogue, Field, FieldKind, Register},
    ledger::{batch::standing, reach::confined, statement::run},
    naming,
};

/// Where it is only asked whether there is anything, so many are looked at first.
const LOOKED_AT_FIRST: u64 = 100;

/// Who asks, of which registers.
pub(super) struct Asking<'a> {
    pub catalogue: &'a Catalogue,
    pub actor: &'a Actor,
    pub connection: &'a Connection,
    pub among: Among,
    /// Of what a word calls by its name, only so many are followed to what refers to them: those that were entered last.
    pub followed: Option<u64>,
    /// More were called by a word than were followed.
    pub left_out: Cell<bool>,
}

/// Which records are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Among {
    All,
    /// So many that the index gives, those that were entered last.
    Latest(u64),
    /// Those of these ids.
    Ids(i64, i64),
}

impl Asking<'_> {
    /// The condition that a record of `register` holds every word.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub fn condition(&self, register: &Register, words: &Words) -> Result<Condition, rusqlite::Error> {
        if words.is_empty() {
            return Ok(Condition::all().add(Expr::val(1).eq(0)));
        }
        let mut own = Vec::new();
        let mut condition = Condition::all();
        for word in words.each() {
            let referred = self.referred(register, word)?;
            if referred.is_empty() {
                own.push(word.phrase());
                continue;
            }
            let mut ids = self.own(register, &word.phrase());
            for (field, there) in referred {
                ids.union(UnionType::All, referring(register, field, there));
            }
            condition = condition.add(id().in_subquery(ids));
        }
        if !own.is_empty() {
            condition = condition.add(id().in_subquery(self.own(register, &own.join(" AND "))));
        }
        if let Among::Ids(first, last) = self.among {
            condition = condition.add(between("id", first, last));
        }
        Ok(condition)
    }

    /// The ids that the index gives for a question, of the records that are looked at.
    fn own(&self, register: &Register, question: &str) -> SelectStatement {
        let mut ids = matches(register, question);
        match self.among {
            Among::All => ids,
            // Alone in its brackets, so that others can be put beside it.
            Among::Latest(most) => {
                let mut own = Query::select();
                own.column(Alias::new("rowid")).from_subquery(latest(ids, most), Alias::new("latest"));
                own
            }
            Among::Ids(first, last) => {
                ids.and_where(between("rowid", first, last));
                ids
            }
        }
    }

    /// Whether more than `most` records of a register hold every word in texts of their own.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub fn is_common(&self, register: &Register, words: &Words, most: u64) -> Result<bool, rusqlite::Error> {
        if words.is_empty() {
            return Ok(false);
        }
        let phrases: Vec<String> = words.each().map(Word::phrase).collect();
        let mut ids = matches(register, &phrases.join(" AND "));
        ids.limit(1).offset(most);
        Ok(!run(self.connection, &ids, |row| row.get::<_, i64>(0))?.is_empty())
    }

    /// The references of a register behind which something within reach is called by a word, with what is.
    fn referred<'r>(
        &self,
        register: &'r Register,
        word: &Word,
    ) -> Result<Vec<(&'r Field, SelectStatement)>, rusqlite::Error> {
        let mut referred = Vec::new();
        let mut known: Vec<(&str, Option<SelectStatement>)> = Vec::new();
        for field in register.fields.values() {
            let FieldKind::Reference { to } = &field.kind else { continue };
            if let Among::Ids(first, last) = self.among {
                // Only what these few refer to is looked up.
                let Some(ends) = self.ends(register, field, first, last)? else { continue };
                referred.extend(self.called(to, word, Some(ends))?.map(|there| (field, there)));
                continue;
            }
            let there = match known.iter().find(|(key, _)| key == to) {
                Some((_, there)) => there.clone(),
                None => {
                    let there = self.called(to, word, None)?;
                    known.push((to, there.clone()));
                    there
                }
            };
            referred.extend(there.map(|there| (field, there)));
        }
        Ok(referred)
    }

    /// The first and the last id to which a field of these records leads; nothing if it leads nowhere.
    fn ends(
        &self,
        register: &Register,
        field: &Field,
        first: i64,
        last: i64,
    ) -> Result<Option<(i64, i64)>, rusqlite::Error> {
        let column = || Expr::col(Alias::new(naming::column(field)));
        let mut ends = Query::select();
        ends.expr(Func::min(column()))
            .expr(Func::max(column()))
            .from(Alias::new(naming::table(&register.key)))
            .and_where(between("id", first, last));
        let found =
            run(self.connection, &ends, |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)))?;
        Ok(found.first().and_then(|(first, last)| Some(((*first)?, (*last)?))))
    }

    /// The records of a register that are within reach and called by a word, of all or between two ids; nothing if there
    /// is none.
    fn called(
        &self,
        register: &str,
        word: &Word,
        ends: Option<(i64, i64)>,
    ) -> Result<Option<SelectStatement>, rusqlite::Error> {
        let Some(register) = self.catalogue.registers.get(register) else { return Ok(None) };
        let scope = self.actor.scope(register, Act::Read);
        if scope == Scope::Nothing {
            return Ok(None);
        }
        let table = naming::table(&register.key);
        let called = |ids: SelectStatement| {
            let mut called = Query::select();
            called
                .column(Alias::new("id"))
                .from(Alias::new(&table))
                .and_where(Expr::cust(standing(&register.key, &table)))
                .and_where(id().in_subquery(ids))
                .cond_where(confined(&table, register, &scope));
            called
        };
        let is_any = |called: &SelectStatement| -> Result<bool, rusqlite::Error> {
            Ok(!run(self.connection, called.clone().limit(1), |row| row.get::<_, i64>(0))?.is_empty())
        };
        let mut all = matches(register, &in_names(&word.phrase()));
        if let Some((first, last)) = ends {
            all.and_where(between("rowid", first, last));
        }
        let newest = called(latest(all.clone(), self.followed.unwrap_or(LOOKED_AT_FIRST)));
        if let Some(followed) = self.followed {
            let more = all.clone().limit(1).offset(followed).to_owned();
            if !run(self.connection, &more, |row| row.get::<_, i64>(0))?.is_empty() {
                self.left_out.set(true);
            }
            return Ok(is_any(&newest)?.then_some(newest));
        }
        // Whether there is one is mostly known from the newest, however many there are.
        let all = called(all);
        Ok((is_any(&newest)? || is_any(&all)?).then_some(all))
    }
}

/// A question that looks only at what records are called by.
pub(super) fn in_names(question: &str) -> String {
    format!("name : ({question})")
}

/// The ids that the index gives for a question.
pub(super) fn matches(register: &Register, question: &str) -> SelectStatement {
    let table = naming::search_table(&register.key);
    let mut ids = Query::select();
    ids.column(Alias::new("rowid"))
        .from(Alias::new(&table))
        .and_where(Expr::cust_with_values(format!("\"{table}\" MATCH ?"), [question]));
    ids
}

/// Of the ids that the index gives, those of the records that were entered last: it gives them in this order without
/// looking at the others.
pub(super) fn latest(mut ids: SelectStatement, most: u64) -> SelectStatement {
    ids.order_by(Alias::new("rowid"), Order::Desc).limit(most);
    ids
}

fn between(column: &str, first: i64, last: i64) -> Expr {
    Expr::col(Alias::new(column)).between(first, last)
}

/// The records of a register whose reference leads to one of `there`.
fn referring(register: &Register, field: &Field, there: SelectStatement) -> SelectStatement {
    let mut ids = Query::select();
    ids.column(Alias::new("id"))
        .from(Alias::new(naming::table(&register.key)))
        // As its index has it.
        .and_where(Expr::col(Alias::new("deleted_at")).is_null())
        .and_where(Expr::col(Alias::new(naming::column(field))).in_subquery(there));
    ids
}

fn id() -> Expr {
    Expr::col(Alias::new("id"))
}
