//! Where a register file says a thing: the names under a path, and the bytes of each.

use std::ops::Range;

use toml::{Spanned, de::DeTable};

use crate::catalogue::Source;

/// A register file with the places of its names.
pub(super) struct Places<'s> {
    pub source: &'s Source,
    table: Spanned<DeTable<'s>>,
}

impl<'s> Places<'s> {
    pub(super) fn of(source: &'s Source) -> Self {
        let (table, _) = DeTable::parse_recoverable(&source.text);
        Self { source, table }
    }

    fn table(&self, path: &[&str]) -> Option<&DeTable<'s>> {
        path.iter().try_fold(self.table.get_ref(), |table, key| {
            table.iter().find(|(name, _)| name.get_ref() == key)?.1.get_ref().as_table()
        })
    }

    /// The bytes of the name at the end of a path.
    pub(super) fn name(&self, path: &[&str]) -> Option<Range<usize>> {
        let (last, above) = path.split_last()?;
        self.table(above)?.iter().find(|(name, _)| name.get_ref() == last).map(|(name, _)| name.span())
    }

    /// The bytes of the value at the end of a path.
    pub(super) fn value(&self, path: &[&str]) -> Option<Range<usize>> {
        let (last, above) = path.split_last()?;
        self.table(above)?.iter().find(|(name, _)| name.get_ref() == last).map(|(_, value)| value.span())
    }

    /// The name at the end of a path, or the innermost one above it that is there, or the key of the file.
    pub(super) fn nearest(&self, path: &[&str]) -> Range<usize> {
        let known = (1..=path.len()).rev().find_map(|length| self.name(&path[..length]));
        known.or_else(|| self.value(&["key"])).unwrap_or(0..0)
    }
}
