//! Tables as files for spreadsheets.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bilan_records::exchange::neutralised;

/// A CSV file: Excel reads it as UTF-8 by its mark.
pub(crate) struct Sheet(String);

impl Sheet {
    /// A sheet with these columns.
    pub(crate) fn of(columns: &[&str]) -> Self {
        let mut sheet = Self("\u{feff}".to_owned());
        sheet.put(columns.iter().map(|column| (*column).to_owned()));
        sheet
    }

    /// Puts a line.
    pub(crate) fn put(&mut self, cells: impl IntoIterator<Item = String>) {
        let line: Vec<String> = cells.into_iter().map(quoted).collect();
        self.0.push_str(&line.join(","));
        self.0.push_str("\r\n");
    }

    /// The download.
    pub(crate) fn download(self, name: &str) -> Response {
        file(self.0, "text/csv; charset=utf-8", name)
    }
}

/// A text as a download.
pub(crate) fn file(text: String, kind: &'static str, name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text).into_response()
}

/// A cell as it stands in the file; what a spreadsheet would evaluate is made text.
fn quoted(cell: String) -> String {
    let cell = neutralised(&cell);
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_quotes_and_lines_stay_one_cell() {
        let mut sheet = Sheet::of(&["a", "b"]);
        sheet.put(["x,y".to_owned(), "say \"z\"\nnow".to_owned()]);
        assert_eq!(sheet.0, "\u{feff}a,b\r\n\"x,y\",\"say \"\"z\"\"\nnow\"\r\n");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_evaluate_is_text_and_a_negative_number_stays_one() {
        let mut sheet = Sheet::of(&["name", "value"]);
        sheet.put(["=1+1".to_owned(), "-4.5".to_owned()]);
        assert_eq!(sheet.0, "\u{feff}name,value\r\n'=1+1,-4.5\r\n");
    }
}
