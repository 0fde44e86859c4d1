//! Rows of a file one after the other, whatever its format: first the headings, which may stand below a title, then the rows.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::{
    Format, bounds,
    cell::{Cell, CellFault},
    csv_rows::{CsvRows, separator},
    encoding::Utf8Reader,
    json_lines::JsonLines,
    note::ImportNote,
    opening::read_rows,
    sheets::read_workbook,
    unreadable::Unreadable,
};

/// Rows at the beginning of a sheet among which its headings are looked for.
pub(super) const HEADINGS_WITHIN: usize = 20;

/// A row: its number as a person counts it, and its cells by column.
pub(crate) struct SheetRow<'a> {
    pub row: u64,
    pub cells: &'a mut Vec<(usize, Cell)>,
}

/// Rows of a sheet or a text file, without those that are blank.
pub(super) trait Rows {
    /// The cells of the next row and its number; nothing at the end.
    fn next(&mut self, cells: &mut Vec<(usize, Cell)>) -> Result<Option<u64>, Unreadable>;

    /// What a person should know of the rows, once all of them were read.
    fn notes(&self) -> Vec<ImportNote> {
        Vec::new()
    }

    /// Cells that are merged, once all rows were read.
    fn merged(&self) -> &[MergedCells] {
        &[]
    }
}

/// Cells of a sheet that were merged into one.
#[derive(Debug, Clone)]
pub(super) struct MergedCells {
    /// First and last row, from 1.
    pub top: u64,
    pub bottom: u64,
    /// First and last column, from 0.
    pub column: usize,
    pub right: usize,
    /// As the sheet names them, such as `A3:A7`.
    pub reference: String,
}

/// What goes through a file: first the headings, then each row.
pub(crate) trait Visitor {
    /// How many columns a row would name if it were the headings.
    fn known(&self, headings: &[String]) -> usize;
    /// Whether these headings name everything that a record must have.
    fn complete(&self, headings: &[String]) -> bool;
    /// Headings of the columns and their row; called once before rows (again for JSON lines when a new key comes up).
    fn headings(&mut self, row: u64, headings: &[String]);
    /// One row; `false` ends the reading.
    fn row(&mut self, row: SheetRow<'_>) -> bool;
    /// A cell that cannot be taken, found when the rows were through.
    fn fault(&mut self, row: u64, column: usize, fault: &CellFault);
    /// Something that a person should know of how the file was read.
    fn note(&mut self, note: ImportNote);
}

/// Reads the file through `visitor`.
pub(crate) fn read(source: impl Read + Seek, format: Format, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    match format {
        Format::Csv => read_csv(source, visitor),
        Format::Jsonl => read_json_lines(source, visitor),
        Format::Xlsx => read_workbook(source, visitor),
    }
}

/// How much a file holds, read without a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Rows below the first that is filled.
    pub rows: u64,
    /// Filled cells in them.
    pub cells: u64,
}

/// Goes through a whole file: whether it can be read at all, and how much it holds.
///
/// # Errors
/// [`Unreadable`] where an import would refuse the file as a whole.
pub fn measure(source: impl Read + Seek, format: Format) -> Result<Measured, Unreadable> {
    let mut measured = Measured::default();
    read(source, format, &mut measured)?;
    Ok(measured)
}

impl Visitor for Measured {
    fn known(&self, _: &[String]) -> usize {
        0
    }

    fn complete(&self, _: &[String]) -> bool {
        false
    }

    fn headings(&mut self, _: u64, _: &[String]) {}

    fn row(&mut self, row: SheetRow<'_>) -> bool {
        self.rows += 1;
        self.cells += row.cells.len() as u64;
        true
    }

    fn fault(&mut self, _: u64, _: usize, _: &CellFault) {}

    fn note(&mut self, _: ImportNote) {}
}

fn read_csv(mut source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    if may_have_too_many_rows(&mut source)? {
        let mut rows = csv_rows(&mut source, visitor)?;
        while rows.pass_over_row()? {}
    }
    source.seek(SeekFrom::Start(0))?;
    read_rows(csv_rows(source, visitor)?, visitor)
}

/// Whether a text has so many line breaks that its rows may be too many: then they are counted before the first of them
/// is checked against the register, which takes far longer. In every encoding that is read a line break has
/// the byte of one.
fn may_have_too_many_rows(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    source.seek(SeekFrom::Start(0))?;
    let mut block = vec![0; 64 << 10];
    let mut breaks = 0;
    loop {
        let read = source.read(&mut block)?;
        breaks += block[..read].iter().map(|byte| u64::from(matches!(byte, b'\n' | b'\r'))).sum::<u64>();
        if read == 0 || breaks >= bounds::ROWS {
            source.seek(SeekFrom::Start(0))?;
            return Ok(breaks >= bounds::ROWS);
        }
    }
}

/// The rows of a text from its beginning, cut by the separator that its first rows show.
fn csv_rows<S: Read + Seek>(
    source: S,
    visitor: &impl Visitor,
) -> Result<CsvRows<BufReader<Utf8Reader<S>>>, Unreadable> {
    let mut text = BufReader::with_capacity(64 << 10, Utf8Reader::open(source)?);
    let sample = text.fill_buf()?;
    let whole = std::str::from_utf8(sample).map_or_else(|error| error.valid_up_to(), str::len);
    let sample = std::str::from_utf8(&sample[..whole]).unwrap_or_default();
    // Excel itself writes and reads a first line that names the separator.
    let stated = sample.strip_prefix("sep=").and_then(|rest| rest.bytes().next()).filter(u8::is_ascii_punctuation);
    let by = stated.unwrap_or_else(|| separator(sample, |headings| visitor.known(headings)));
    let mut rows = CsvRows::of(text, by);
    if stated.is_some() {
        rows.next(&mut Vec::new())?;
    }
    Ok(rows)
}

fn read_json_lines(mut source: impl Read + Seek, visitor: &mut impl Visitor) -> Result<(), Unreadable> {
    if may_have_too_many_rows(&mut source)? {
        let mut lines = JsonLines::of(BufReader::new(Utf8Reader::open(&mut source)?));
        while lines.pass_over_row()? {}
    }
    source.seek(SeekFrom::Start(0))?;
    let mut lines = JsonLines::of(BufReader::new(Utf8Reader::open(source)?));
    let (mut cells, mut known) = (Vec::new(), 0);
    while let Some(row) = lines.next(&mut cells)? {
        if lines.headings.len() > known {
            known = lines.headings.len();
            visitor.headings(row, &lines.headings);
        }
        if !visitor.row(SheetRow { row, cells: &mut cells }) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use test_case::test_case;

    use super::{
        super::{bounds::Bound, unreadable::Spot},
        *,
    };

    #[test_case(Format::Csv, "a\n"; "CSV")]
    #[test_case(Format::Csv, "a\r"; "CSV of an old Macintosh")]
    #[test_case(Format::Csv, "\"a\r\nb\"\r\n"; "CSV with line breaks in its cells")]
    #[test_case(Format::Jsonl, "{}\n"; "lines of JSON")]
    fn a_text_of_too_many_rows_is_refused_before_one_of_them_is_looked_at(format: Format, row: &str) {
        let text = row.repeat(1_048_577);
        let mut measured = Measured::default();
        let refused = read(Cursor::new(text), format, &mut measured).unwrap_err();
        let lines_of_a_row = row.trim_end().lines().count() as u64;
        let spot = Spot::Row(1_048_576 * lines_of_a_row + 1);
        assert_eq!((refused, measured), (Unreadable::TooMuch { spot, bound: Bound::Rows }, Measured::default()));
    }

    #[test_case("a\n"; "as many as may be")]
    #[test_case("\n\"a\n\n\"\n"; "fewer than line breaks")]
    fn a_text_of_as_many_rows_as_may_be_is_read(row: &str) {
        let measured = measure(Cursor::new(row.repeat(1_048_576)), Format::Csv).unwrap();
        assert_eq!(measured, Measured { rows: 1_048_575, cells: 1_048_575 });
    }
}
