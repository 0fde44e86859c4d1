//! Numbers in cells.

use super::{CellFault, CellFaultKind, invisible, plain};
use crate::rounding::Rational;

/// Digits that a measured number keeps, as many as a spreadsheet shows: what a program adds behind them is noise of binary fractions.
pub const SIGNIFICANT: usize = 15;
/// Decimals that a measured number keeps.
const DECIMALS: i32 = 18;
/// How a missing value is written.
const MISSING: [&str; 16] =
    ["", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "---", "—", "——", "/", "*", "缺测", "无数据"];
/// How an analysis that found nothing is written without its limit of detection.
const NOT_DETECTED: [&str; 8] = ["nd", "n.d.", "n.d", "未检出", "未检测出", "bdl", "<lod", "<dl"];

/// A measured number: decimal or scientific (`3.5E+01`), rounded half to even to 15 significant digits and 18 decimals. `None` for an empty cell and the
/// words for a missing value (`NA`, `--`, `缺测`).
///
/// # Errors
/// [`CellFault`] for anything else.
pub fn number(text: &str) -> Result<Option<Rational>, CellFault> {
    let plain = plain(text);
    // Nearly every cell is a short decimal.
    if plain.len() <= SIGNIFICANT
        && let Ok(number) = plain.parse()
    {
        return Ok(Some(number));
    }
    let fault = |kind| CellFault { found: text.trim().to_owned(), kind };
    let lower = plain.to_ascii_lowercase();
    if MISSING.contains(&lower.as_str()) {
        return Ok(None);
    }
    if let Some(character) = invisible(&plain) {
        return Err(fault(CellFaultKind::Invisible(character)));
    }
    if NOT_DETECTED.contains(&lower.as_str()) {
        return Err(fault(CellFaultKind::NoLimit));
    }
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || ",.+-eE ".contains(c));
    if plain.contains(',') && digits(&plain) {
        return Err(fault(CellFaultKind::Comma));
    }
    match decimal(&plain) {
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(TooLarge)) => Err(fault(CellFaultKind::TooLarge)),
        None => Err(fault(CellFaultKind::NoNumber)),
    }
}

struct TooLarge;

/// `None` for what is no number.
fn decimal(text: &str) -> Option<Result<Rational, TooLarge>> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (mut units, mut kept, mut places, mut any) = (0_i64, 0, None, false);
    // The first digit that is cut off, and whether anything stands behind it.
    let (mut cut, mut beyond, mut dropped) = (None, false, 0_i32);
    for byte in mantissa.bytes() {
        match byte {
            b'.' if places.is_none() => {
                places = Some(0_i32);
                continue;
            }
            b'0'..=b'9' => any = true,
            _ => return None,
        }
        places = places.map(|places| places.saturating_add(1));
        let digit = i64::from(byte - b'0');
        if kept < SIGNIFICANT {
            units = units * 10 + digit;
            kept += usize::from(units > 0);
        } else {
            dropped = dropped.saturating_add(1);
            match cut {
                None => cut = Some(digit),
                Some(_) => beyond |= digit > 0,
            }
        }
    }
    if !any {
        return None;
    }
    let up = cut.is_some_and(|digit| digit > 5 || (digit == 5 && (beyond || units % 2 == 1)));
    let units = units + i64::from(up);
    // The value is `units` of the `scale`-th decimal.
    let scale = places.unwrap_or(0).saturating_sub(dropped).saturating_sub(exponent);
    Some(scaled(if negative { -units } else { units }, scale))
}

/// Nobody measures with larger ones; they are read so far that they are called too large, or zero.
fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(9999).min(9999);
    Some(if text.starts_with('-') { -size } else { size })
}

fn scaled(units: i64, scale: i32) -> Result<Rational, TooLarge> {
    let beyond = scale.saturating_sub(DECIMALS);
    if units == 0 || beyond > DECIMALS {
        return Ok(Rational::ZERO);
    }
    if beyond > 0 {
        // Rounded to the last decimal that is kept.
        let exact = Rational::scaled(units, u32::try_from(beyond).unwrap_or(0)).ok_or(TooLarge)?;
        let kept = i64::try_from(exact.rounded(0)).map_err(|_| TooLarge)?;
        return scaled(kept, DECIMALS);
    }
    if let Ok(digits) = u32::try_from(scale) {
        return Rational::scaled(units, digits).ok_or(TooLarge);
    }
    let factor = 10_i64.checked_pow(scale.unsigned_abs()).ok_or(TooLarge)?;
    let whole = units.checked_mul(factor).filter(|whole| whole.abs() < 10_i64.pow(15)).ok_or(TooLarge)?;
    Ok(Rational::whole(whole))
}
