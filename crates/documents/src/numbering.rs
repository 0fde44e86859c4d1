//! Numbers of headings: 一、 （一） 1. （1） in Chinese documents (GB/T 9704), decimal elsewhere.
//!
//! A heading restarts every level below it. A level that is skipped counts for itself: the first
//! third-level heading under a first-level one is 1.

/// Which numbers headings get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// 一、 （一） 1. （1）
    Chinese,
    /// 1. 1.1 1.1.1
    Decimal,
}

/// Counts headings from the top of a document to its end.
#[derive(Debug, Clone)]
pub struct Numbering {
    scheme: Scheme,
    counts: [u32; 4],
}

impl Numbering {
    /// A fresh count.
    pub fn new(scheme: Scheme) -> Self {
        Self { scheme, counts: [0; 4] }
    }

    /// The number of the next heading of `level` (1 to 4, others are drawn in), with its punctuation.
    ///
    /// ```
    /// use bilan_documents::numbering::{Numbering, Scheme};
    /// let mut numbering = Numbering::new(Scheme::Chinese);
    /// assert_eq!(numbering.next(1), "一、");
    /// assert_eq!(numbering.next(2), "（一）");
    /// ```
    pub fn next(&mut self, level: u8) -> String {
        let depth = depth(level);
        self.counts[depth] += 1;
        self.counts[depth + 1..].fill(0);
        let count = self.counts[depth];
        match (self.scheme, depth) {
            (Scheme::Chinese, 0) => format!("{}、", chinese(count)),
            (Scheme::Chinese, 1) => format!("（{}）", chinese(count)),
            (Scheme::Chinese, 2) => format!("{count}."),
            (Scheme::Chinese, _) => format!("（{count}）"),
            (Scheme::Decimal, 0) => format!("{count}. "),
            (Scheme::Decimal, _) => {
                let parts: Vec<String> = self.counts[..=depth].iter().map(u32::to_string).collect();
                format!("{} ", parts.join("."))
            }
        }
    }
}

/// `level` as an index from 0 to 3.
pub(crate) fn depth(level: u8) -> usize {
    usize::from(level.clamp(1, 4)) - 1
}

/// A counting number in Chinese numerals, as headings use them: 十, 十一, 二十, 一百零一.
///
/// Above 9999, which no document reaches, the digits are given as they are.
pub fn chinese(number: u32) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    if number == 0 {
        return "零".to_owned();
    }
    if number > 9999 {
        return number.to_string();
    }
    let mut text = String::new();
    let mut zero_pending = false;
    for (weight, name) in [(1000, Some('千')), (100, Some('百')), (10, Some('十')), (1, None)] {
        let digit = number / weight % 10;
        if digit == 0 {
            zero_pending = !text.is_empty();
            continue;
        }
        if zero_pending {
            text.push('零');
            zero_pending = false;
        }
        if !(weight == 10 && digit == 1 && text.is_empty()) {
            text.push(DIGITS[digit as usize]);
        }
        text.extend(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_read_as_in_print() {
        let table = [
            (1, "一"),
            (9, "九"),
            (10, "十"),
            (11, "十一"),
            (20, "二十"),
            (21, "二十一"),
            (99, "九十九"),
            (100, "一百"),
            (101, "一百零一"),
            (110, "一百一十"),
            (120, "一百二十"),
            (1001, "一千零一"),
            (1010, "一千零一十"),
            (2020, "二千零二十"),
        ];
        for (number, text) in table {
            assert_eq!(chinese(number), text, "{number}");
        }
    }

    #[test]
    fn a_heading_restarts_what_is_below_it_and_nothing_above() {
        let table = [
            (1, "一、"),
            (2, "（一）"),
            (3, "1."),
            (4, "（1）"),
            (4, "（2）"),
            (3, "2."),
            (4, "（1）"),
            (2, "（二）"),
            (3, "1."),
            (1, "二、"),
            (3, "1."),
            (2, "（一）"),
            (9, "（1）"),
            (0, "三、"),
        ];
        let mut numbering = Numbering::new(Scheme::Chinese);
        for (row, (level, text)) in table.into_iter().enumerate() {
            assert_eq!(numbering.next(level), text, "row {row}");
        }
    }

    #[test]
    fn other_languages_count_in_decimals() {
        let mut numbering = Numbering::new(Scheme::Decimal);
        let got: Vec<String> = [1, 2, 2, 3, 1, 2].map(|level| numbering.next(level)).into();
        assert_eq!(got, ["1. ", "1.1 ", "1.2 ", "1.2.1 ", "2. ", "2.1 "]);
    }
}
