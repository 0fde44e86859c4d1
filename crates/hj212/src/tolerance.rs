//! The ways in which devices differ from the standard's text and are understood all the same.

/// One accepted deviation. The name is what `tolerated` lists and what is counted for each device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tolerance {
    /// The check has hex digits in lower case.
    LowerCaseCrc,
    /// The check is CRC-16/MODBUS in place of the standard's.
    ModbusCrc,
    /// CR LF does not follow: LF alone, the four characters `\r\n`, or nothing.
    MissingCrlf,
    /// The declared length is not that of the segment; the end was found by `&&`, a matching check and the tail.
    WrongLength,
    /// The data segment is longer than the 1024 bytes of the text.
    OverLongSegment,
    /// No `QN`.
    MissingQn,
    /// `QN` is not 17 digits: fewer, more, or with separators, a zone or letters behind its first digit.
    OddQn,
    /// No `Flag`.
    MissingFlag,
    /// No `PW`, or an empty one.
    MissingPw,
    /// `ST` is a number but not two digits.
    OddSt,
    /// A header name in another case, such as `FLAG=`.
    HeaderCase,
    /// Stray commas or blanks around a header field or an item of CP.
    StraySeparator,
    /// A header field that no edition knows; it is left out.
    UnknownHeader,
    /// A header field twice; the first counts.
    DuplicateHeader,
    /// PNUM and PNO are there although bit 1 of the flag is not set, or only one of them.
    UnexpectedPacketNumbers,
    /// Bit 1 of the flag is set although PNUM and PNO are not there.
    MissingPacketNumbers,
    /// A `;` with nothing after it.
    EmptyGroup,
    /// The same key twice in one group.
    DuplicateKey,
    /// Text that is not ASCII or UTF-8 (GBK in practice).
    GbkText,
    /// The check lacks its leading zeros.
    ShortCrc,
    /// The length is not four digits: not filled up with zeros, filled up with spaces, or with more zeros.
    OddLengthField,
    /// `MN` is longer than the 24 characters of the text.
    LongMn,
    /// More than two `&` before or behind the parameters.
    DoubledAmpersands,
    /// A factor code of the national tables in capitals, such as `W01001`: it is `w01001`.
    UpperCaseFactor,
    /// `DataTime` or a suffix (`-Rtd`, `-Avg`, `-Flag`…) in another case.
    KeyCase,
    /// `DataTime` is not 14 digits of a clock: separators, fewer digits, a zone, or the hour 24.
    OddDataTime,
    /// A measured value is empty, or says that there is none (`-`, `null`, `NaN`…): there is no value.
    MissingValue,
    /// A measured value is no number (a unit, letters): it stays in the packet and is no value.
    NotANumber,
}

impl Tolerance {
    /// All of them, in the order of their bits.
    pub const ALL: [Tolerance; 28] = [
        Tolerance::LowerCaseCrc,
        Tolerance::ModbusCrc,
        Tolerance::MissingCrlf,
        Tolerance::WrongLength,
        Tolerance::OverLongSegment,
        Tolerance::MissingQn,
        Tolerance::OddQn,
        Tolerance::MissingFlag,
        Tolerance::MissingPw,
        Tolerance::OddSt,
        Tolerance::HeaderCase,
        Tolerance::StraySeparator,
        Tolerance::UnknownHeader,
        Tolerance::DuplicateHeader,
        Tolerance::UnexpectedPacketNumbers,
        Tolerance::MissingPacketNumbers,
        Tolerance::EmptyGroup,
        Tolerance::DuplicateKey,
        Tolerance::GbkText,
        Tolerance::ShortCrc,
        Tolerance::OddLengthField,
        Tolerance::LongMn,
        Tolerance::DoubledAmpersands,
        Tolerance::UpperCaseFactor,
        Tolerance::KeyCase,
        Tolerance::OddDataTime,
        Tolerance::MissingValue,
        Tolerance::NotANumber,
    ];

    /// The name in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Tolerance::LowerCaseCrc => "lower_case_crc",
            Tolerance::ModbusCrc => "modbus_crc",
            Tolerance::MissingCrlf => "missing_crlf",
            Tolerance::WrongLength => "wrong_length",
            Tolerance::OverLongSegment => "over_long_segment",
            Tolerance::MissingQn => "missing_qn",
            Tolerance::OddQn => "odd_qn",
            Tolerance::MissingFlag => "missing_flag",
            Tolerance::MissingPw => "missing_pw",
            Tolerance::OddSt => "odd_st",
            Tolerance::HeaderCase => "header_case",
            Tolerance::StraySeparator => "stray_separator",
            Tolerance::UnknownHeader => "unknown_header",
            Tolerance::DuplicateHeader => "duplicate_header",
            Tolerance::UnexpectedPacketNumbers => "unexpected_packet_numbers",
            Tolerance::MissingPacketNumbers => "missing_packet_numbers",
            Tolerance::EmptyGroup => "empty_group",
            Tolerance::DuplicateKey => "duplicate_key",
            Tolerance::GbkText => "gbk_text",
            Tolerance::ShortCrc => "short_crc",
            Tolerance::OddLengthField => "odd_length_field",
            Tolerance::LongMn => "long_mn",
            Tolerance::DoubledAmpersands => "doubled_ampersands",
            Tolerance::UpperCaseFactor => "upper_case_factor",
            Tolerance::KeyCase => "key_case",
            Tolerance::OddDataTime => "odd_data_time",
            Tolerance::MissingValue => "missing_value",
            Tolerance::NotANumber => "not_a_number",
        }
    }
}

/// The deviations of one packet: a set that costs four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tolerances(u32);

impl Tolerances {
    /// No deviation.
    pub const NONE: Tolerances = Tolerances(0);

    /// Adds one.
    pub fn add(&mut self, tolerance: Tolerance) {
        self.0 |= 1 << tolerance as u8;
    }

    /// Adds it, if there is one.
    pub(crate) fn extend(&mut self, tolerance: Option<Tolerance>) {
        if let Some(tolerance) = tolerance {
            self.add(tolerance);
        }
    }

    /// Whether this one is among them.
    pub fn contains(self, tolerance: Tolerance) -> bool {
        self.0 & 1 << tolerance as u8 != 0
    }

    /// Whether the packet is as the text wants it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The deviations in the order of [`Tolerance::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Tolerance> {
        Tolerance::ALL.into_iter().filter(move |tolerance| self.contains(*tolerance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tolerance_has_its_own_bit_and_name() {
        let mut names: Vec<_> = Tolerance::ALL.iter().map(|tolerance| tolerance.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Tolerance::ALL.len());
        for (bit, tolerance) in Tolerance::ALL.into_iter().enumerate() {
            assert_eq!(tolerance as usize, bit);
        }
    }
}
