//! What stands in a cell of a file, before it is known what the column holds.

use jiff::{ToSpan, civil::Date};
use serde_json::Value as Json;

use crate::value::half_width;

/// A cell that is not blank.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Text, a date, yes or no; or any value of a line of JSON.
    Given(Json),
    /// Text that a text file writes as a formula (`="00123"`), so that a spreadsheet keeps its zeros.
    FormulaText(String),
    /// A number of a workbook: a quantity, or a day where the column holds days.
    Number {
        number: f64,
        epoch: Epoch,
        /// How many digits its format shows, with zeros before them; 0 for any other format.
        digits: u8,
    },
    /// A day or moment, which a cell of a workbook shows by its format; ISO text.
    Moment(String),
    /// A cell without a value that could be taken.
    Faulty(CellFault),
}

/// Why a cell of a workbook has no value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CellFault {
    /// A formula whose result was not stored with it.
    FormulaWithoutValue(String),
    /// An error value of a spreadsheet, such as `#N/A`, or the word for it in a text file.
    ErrorValue(String),
    /// `########`: what a spreadsheet shows of a number or date in a column that is too narrow.
    TooNarrow(String),
    /// A number of a piece of work that a spreadsheet made a quantity or a day of: `1.23E+05`, `12345.0`, `2020-03-01`, `'00123`.
    Mangled(String),
    /// Cells merged over several rows: only the first of them has the value.
    Merged {
        /// As the sheet names them, such as `A3:A7`.
        reference: String,
        /// The last row, from 1, and the last column, from 0.
        last: (u64, usize),
    },
}

/// Words that spreadsheets write for errors: those of Excel and WPS, which LibreOffice reads as well.
const ERRORS: [&str; 17] = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#UNKNOWN!",
    "#CONNECT!",
    "#BUSY!",
    "#EXTERNAL!",
    "#TIMEOUT!",
];

impl CellFault {
    /// What is wrong with a text that a spreadsheet put where it had no value.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().nth(1).is_some() && text.chars().all(|character| matches!(character, '#' | '＃')) {
            return Some(Self::TooNarrow(text.to_owned()));
        }
        let begins =
            text.starts_with(['#', '＃']) || text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("err:"));
        if !begins || text.chars().count() > 20 {
            return None;
        }
        let word: String = text.chars().map(half_width).collect::<String>().to_uppercase();
        let numbered = word
            .strip_prefix("ERR:")
            .is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()));
        (numbered || ERRORS.contains(&word.as_str())).then(|| Self::ErrorValue(text.to_owned()))
    }

    pub(crate) fn found(&self) -> &str {
        match self {
            Self::FormulaWithoutValue(text)
            | Self::ErrorValue(text)
            | Self::TooNarrow(text)
            | Self::Mangled(text)
            | Self::Merged { reference: text, .. } => text,
        }
    }

    pub(crate) fn en(&self) -> &'static str {
        match self {
            Self::FormulaWithoutValue(_) => {
                "the formula has no stored result: open the file in Excel and save it, or put the value itself"
            }
            Self::ErrorValue(_) => {
                "this is an error of the spreadsheet and no value: mend its formula, or put the value itself"
            }
            Self::TooNarrow(_) => {
                "the column was too narrow and only # were kept: widen it in the spreadsheet and save the file again"
            }
            Self::Mangled(_) => {
                "a spreadsheet made a quantity or a day of this number: format the column as text and type the number again"
            }
            Self::Merged { .. } => "cells of several rows are merged: undo it and fill each row",
        }
    }

    pub(crate) fn zh(&self) -> &'static str {
        match self {
            Self::FormulaWithoutValue(_) => "公式没有存储结果：请用Excel打开并保存，或直接填写数值",
            Self::ErrorValue(_) => "这是电子表格的错误值，不是数据：请改正公式，或直接填写数值",
            Self::TooNarrow(_) => "列宽不足，只保存了#号：请在电子表格中加宽该列后重新保存",
            Self::Mangled(_) => "电子表格把这个编号变成了数量或日期：请把该列设为文本格式，再重新填写编号",
            Self::Merged { .. } => "多行单元格被合并：请取消合并并逐行填写",
        }
    }
}

impl Cell {
    /// What a spreadsheet left of a number by which work is known, where it took it for a quantity or a day.
    pub(crate) fn mangled(&self) -> Option<String> {
        match self {
            Self::Moment(text) => Some(text.clone()),
            Self::Given(Json::String(text)) => {
                let plain: String = text.trim().chars().map(half_width).collect();
                let is_mangled = has_apostrophe(&plain) || has_empty_decimals(&plain) || is_scientific(&plain);
                is_mangled.then(|| text.trim().to_owned())
            }
            _ => None,
        }
    }
}

/// `'00123`: the sign that makes a text of a number while it is typed, and stands in the cell where a program wrote it.
fn has_apostrophe(text: &str) -> bool {
    text.strip_prefix(['\'', '’', '‘']).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// `12345.0`.
fn has_empty_decimals(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, decimals)| {
        is_digits(whole) && is_digits(decimals) && decimals.trim_matches('0').is_empty()
    })
}

/// `1.23E+05`, as a spreadsheet shows a long number in a narrow column; `1E5` may be the name of a thing.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_quantity = match mantissa.split_once('.') {
        Some((whole, decimals)) => is_digits(whole) && is_digits(decimals),
        None => is_digits(mantissa),
    };
    is_quantity && exponent.strip_prefix(['+', '-']).is_some_and(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text of a cell that is written as a formula of one text: `="00123"` is 00123, and `=""` is blank.
pub(crate) fn formula_text(cell: &str) -> Option<String> {
    let quoted = cell.trim().strip_prefix("=\"")?.strip_suffix('"')?;
    let text = quoted.replace("\"\"", "\u{0}");
    (!text.contains('"')).then(|| text.replace('\u{0}', "\""))
}

/// The day from which a workbook counts its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Epoch {
    /// 1900, as Excel on Windows.
    #[default]
    Of1900,
    /// 1904, as old Excel on the Macintosh.
    Of1904,
}

impl Epoch {
    /// Day and time of day of a count of days as ISO text; `None` beyond the calendar of Excel.
    pub(crate) fn moment(self, days: f64) -> Option<String> {
        if !(0.0..2_958_466.0).contains(&days) {
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "the bound just checked")]
        let seconds = (days * 86_400.0).round() as i64;
        let (day, second) = (seconds / 86_400, seconds % 86_400);
        let first: Date = match self {
            // Excel counts the 29th of February 1900, which never was.
            Self::Of1900 if day < 60 => jiff::civil::date(1899, 12, 31),
            Self::Of1900 => jiff::civil::date(1899, 12, 30),
            Self::Of1904 => jiff::civil::date(1904, 1, 1),
        };
        let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        if day == 0 && self == Self::Of1900 {
            return Some(time);
        }
        let date = first.checked_add(day.days()).ok()?;
        Some(if second == 0 { date.to_string() } else { format!("{date}T{time}") })
    }
}

/// A number as Excel shows it: fifteen significant digits, so that the noise of binary fractions falls away.
pub(crate) fn as_shown(number: f64) -> Json {
    let cut: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    if cut.fract() == 0.0 && cut.abs() < 1e15 {
        #[allow(clippy::cast_possible_truncation, reason = "a whole number below 10^15")]
        return Json::from(cut as i64);
    }
    Json::from(cut)
}

/// A column as a spreadsheet names it, counted from 0: `A`, `Z`, `AA`.
pub(crate) fn column_letters(column: usize) -> String {
    let (mut left, mut letters) = (column + 1, Vec::new());
    while left > 0 {
        left -= 1;
        // The remainder is below 26.
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(Epoch::Of1900, 43_891.927_083_333_3 => Some("2020-03-01T22:15:00".to_owned()); "a moment, cut by Excel")]
    #[test_case(Epoch::Of1900, 43_891.0 => Some("2020-03-01".to_owned()); "a day")]
    #[test_case(Epoch::Of1900, 43_891.999_999_99 => Some("2020-03-02".to_owned()); "a breath before midnight")]
    #[test_case(Epoch::Of1900, 59.0 => Some("1900-02-28".to_owned()); "before the day that never was")]
    #[test_case(Epoch::Of1900, 61.0 => Some("1900-03-01".to_owned()); "after the day that never was")]
    #[test_case(Epoch::Of1900, 0.927_083_333 => Some("22:15:00".to_owned()); "a time of day alone")]
    #[test_case(Epoch::Of1904, 42_429.0 => Some("2020-03-01".to_owned()); "counted from 1904")]
    #[test_case(Epoch::Of1900, 2_958_466.0 => None; "beyond the year 9999")]
    #[test_case(Epoch::Of1900, -1.0 => None; "before the beginning")]
    #[test_case(Epoch::Of1900, f64::NAN => None; "no number")]
    fn a_count_of_days_is_a_moment(epoch: Epoch, days: f64) -> Option<String> {
        epoch.moment(days)
    }

    #[test_case(62.099_999_999_999_994 => "62.1"; "noise of a binary fraction")]
    #[test_case(4e-5 => "0.00004"; "a small number")]
    #[test_case(13_800_000_000.0 => "13800000000"; "a telephone number")]
    #[test_case(999_999_999_999_999.0 => "999999999999999"; "fifteen digits")]
    #[test_case(-0.1 - 0.2 => "-0.3"; "a negative sum")]
    fn a_number_is_read_as_excel_shows_it(number: f64) -> String {
        as_shown(number).to_string()
    }

    #[test_case("#N/A" => true; "no value")]
    #[test_case(" #REF! " => true; "blanks around")]
    #[test_case("#div/0!" => true; "lower case")]
    #[test_case("＃VALUE！" => true; "full width")]
    #[test_case("Err:502" => true; "as LibreOffice shows it")]
    #[test_case("########" => true; "too narrow")]
    #[test_case("##" => true; "much too narrow")]
    #[test_case("#" => false; "a single hash")]
    #[test_case("#3栋" => false; "a house")]
    #[test_case("#N/A处为缺测" => false; "a sentence about it")]
    #[test_case("N/A" => false; "what people write")]
    #[test_case("Error:502" => false; "another word")]
    fn a_word_of_a_spreadsheet_for_an_error_is_no_value(text: &str) -> bool {
        CellFault::of_text(text).is_some()
    }

    #[test_case("=\"00123\"" => Some("00123".to_owned()); "zeros kept")]
    #[test_case(" =\"a\"\"b\" " => Some("a\"b".to_owned()); "a quotation mark")]
    #[test_case("=\"\"" => Some(String::new()); "blank")]
    #[test_case("=\"a\"&\"b\"" => None; "two texts")]
    #[test_case("=A1" => None; "a reference")]
    #[test_case("=\"" => None; "cut off")]
    #[test_case("00123" => None; "plain")]
    fn a_text_written_as_a_formula_is_its_text(cell: &str) -> Option<String> {
        formula_text(cell)
    }

    #[test]
    fn a_column_is_named_as_a_spreadsheet_names_it() {
        let names: Vec<String> = [0, 25, 26, 701, 702, 16_383].map(column_letters).into();
        assert_eq!(names, ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }
}
