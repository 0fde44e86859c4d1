//! What can be wrong with a packet.

use crate::{Partial, Tolerance};

/// Why bytes on the line are not a packet that may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FaultCode {
    /// Bytes between packets that belong to none.
    #[error("these bytes are no packet: none begins with ##")]
    Noise,
    /// The four characters after `##` are not digits.
    #[error("the length after ## is not four digits")]
    BadLength,
    /// The declared length is wrong and no end with a matching check was found.
    #[error("the declared length does not lead to the end of the packet")]
    WrongLength,
    /// The packet breaks off.
    #[error("the packet breaks off before its declared end")]
    Truncated,
    /// No check follows the closing `&&`.
    #[error("the check is missing")]
    MissingCrc,
    /// The check does not match the segment.
    #[error("the check does not match the data segment")]
    CrcMismatch,
    /// The parameters are encrypted (HJ 212-2025) and there is no key.
    #[error("the parameters are encrypted")]
    Encrypted,
    /// A header field without `=`.
    #[error("a header field is not NAME=value")]
    BadHeader,
    /// `QN` is not a number.
    #[error("QN is not a number")]
    BadQn,
    /// No `ST`.
    #[error("ST is missing")]
    MissingSt,
    /// `ST` is not a number.
    #[error("ST is not a number")]
    BadSt,
    /// No `CN`.
    #[error("CN is missing")]
    MissingCn,
    /// `CN` is not four digits.
    #[error("CN is not four digits")]
    BadCn,
    /// No `MN`.
    #[error("MN is missing or empty")]
    MissingMn,
    /// `Flag` is not a number up to 255.
    #[error("Flag is not a number from 0 to 255")]
    BadFlag,
    /// `PNUM` or `PNO` is not a number up to 9999.
    #[error("PNUM or PNO is not a number")]
    BadPacketNumbers,
    /// No `CP=&&` or no closing `&&`.
    #[error("CP=&& … && is missing")]
    MissingCp,
    /// An item of CP without `=`.
    #[error("an item of CP is not key=value")]
    BadItem,
    /// A key of CP with characters that no key has.
    #[error("a key of CP holds characters that no key has")]
    BadKey,
    /// A value of CP with a separator or a control character.
    #[error("a value of CP holds separators or control characters")]
    BadValue,
    /// A deviation that is accepted in tolerant mode only.
    #[error("not as the standard's text: {}", .0.name())]
    NotAllowed(Tolerance),
}

impl FaultCode {
    /// Every fault but [`FaultCode::NotAllowed`], of which there is one for each [`Tolerance`].
    pub const ALL: [FaultCode; 20] = [
        FaultCode::Noise,
        FaultCode::BadLength,
        FaultCode::WrongLength,
        FaultCode::Truncated,
        FaultCode::MissingCrc,
        FaultCode::CrcMismatch,
        FaultCode::Encrypted,
        FaultCode::BadHeader,
        FaultCode::BadQn,
        FaultCode::MissingSt,
        FaultCode::BadSt,
        FaultCode::MissingCn,
        FaultCode::BadCn,
        FaultCode::MissingMn,
        FaultCode::BadFlag,
        FaultCode::BadPacketNumbers,
        FaultCode::MissingCp,
        FaultCode::BadItem,
        FaultCode::BadKey,
        FaultCode::BadValue,
    ];

    /// The fault of a code.
    pub fn from_code(code: &str) -> Option<FaultCode> {
        let not_allowed = Tolerance::ALL.into_iter().map(FaultCode::NotAllowed);
        FaultCode::ALL.into_iter().chain(not_allowed).find(|known| known.code() == code)
    }

    /// The code in snake case.
    pub const fn code(self) -> &'static str {
        match self {
            FaultCode::Noise => "noise",
            FaultCode::BadLength => "bad_length",
            FaultCode::WrongLength => "wrong_length",
            FaultCode::Truncated => "truncated",
            FaultCode::MissingCrc => "missing_crc",
            FaultCode::CrcMismatch => "crc_mismatch",
            FaultCode::Encrypted => "encrypted",
            FaultCode::BadHeader => "bad_header",
            FaultCode::BadQn => "bad_qn",
            FaultCode::MissingSt => "missing_st",
            FaultCode::BadSt => "bad_st",
            FaultCode::MissingCn => "missing_cn",
            FaultCode::BadCn => "bad_cn",
            FaultCode::MissingMn => "missing_mn",
            FaultCode::BadFlag => "bad_flag",
            FaultCode::BadPacketNumbers => "bad_packet_numbers",
            FaultCode::MissingCp => "missing_cp",
            FaultCode::BadItem => "bad_item",
            FaultCode::BadKey => "bad_key",
            FaultCode::BadValue => "bad_value",
            FaultCode::NotAllowed(tolerance) => tolerance.name(),
        }
    }
}

/// Bytes that were refused: why, where, and what they still tell.
#[derive(Debug, Clone, Copy)]
pub struct Fault<'a> {
    /// Why.
    pub code: FaultCode,
    /// Where in the stream the bytes begin.
    pub offset: u64,
    /// How many bytes are refused with it. Decoding goes on after them.
    pub length: usize,
    /// The bytes; empty for [`FaultCode::Noise`], which is not kept.
    pub raw: &'a [u8],
}

impl<'a> Fault<'a> {
    /// What can be read in spite of the fault. Nothing of it may be believed without a look.
    pub fn partial(&self) -> Partial<'a> {
        Partial::read(self.raw)
    }
}
