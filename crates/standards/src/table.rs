//! Reading of the tab-separated tables: one header line, cells by column name.

/// A table as text cells.
pub(crate) struct Table<'t> {
    header: Vec<&'t str>,
    rows: Vec<Vec<&'t str>>,
}

/// One line of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row<'t, 'r> {
    header: &'r [&'t str],
    cells: &'r [&'t str],
}

impl<'t> Table<'t> {
    pub(crate) fn read(text: &'t str) -> Self {
        let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
        let header = lines.next().unwrap_or_default().split('\t').map(str::trim).collect();
        let rows = lines.map(|line| line.split('\t').map(str::trim).collect()).collect();
        Self { header, rows }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'t, '_>> {
        self.rows.iter().map(|cells| Row { header: &self.header, cells })
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.header.contains(&column)
    }
}

impl<'t> Row<'t, '_> {
    /// The cell of a column; empty if the line ends before it or the column does not exist.
    pub(crate) fn get(&self, column: &str) -> &'t str {
        self.header.iter().position(|name| *name == column).and_then(|at| self.cells.get(at)).copied().unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_table_has_as_many_cells_as_its_header() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let mut tables = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let table = Table::read(&text);
            assert!(table.header.len() > 1 && !table.rows.is_empty(), "{}", path.display());
            for row in &table.rows {
                assert!(row.len() <= table.header.len(), "{}: {row:?}", path.display());
            }
            tables += 1;
        }
        assert!(tables >= 20, "only {tables} tables");
    }
}
