//! The check of annex A. It is not CRC-16/MODBUS: the old low byte is dropped before each byte is taken in, so only the high byte
//! of the register carries over and just 256 different checks exist. A matching check therefore says little; the structure of
//! the segment is always looked at as well.

/// The reflected table of polynomial A001.
const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0u16; 256];
    let mut index = 0;
    while index < 256 {
        let mut register = index as u16;
        let mut bit = 0;
        while bit < 8 {
            register = if register & 1 == 1 { (register >> 1) ^ 0xA001 } else { register >> 1 };
            bit += 1;
        }
        table[index] = register;
        index += 1;
    }
    table
}

/// The check of a data segment by annex A (the same in all editions).
///
/// ```
/// assert_eq!(hj212::crc(b""), 0xFFFF);
/// assert_eq!(hj212::crc(b"123456789"), 0x2F80);
/// ```
pub fn crc(segment: &[u8]) -> u16 {
    let Some((last, before)) = segment.split_last() else { return 0xFFFF };
    let (blocks, rest) = before.as_chunks::<BLOCK>();
    let high = blocks.iter().fold(0xFF, after_block);
    let high = rest.iter().fold(high, |high, byte| HIGH[0][usize::from(high ^ byte)]);
    TABLE[usize::from(high ^ last)]
}

/// Bytes that are taken in at once: their parts do not wait for each other.
const BLOCK: usize = 8;

/// `HIGH[k][x]`: the high byte of the register after `x` and then `k` bytes of zero. The table is linear, so the high byte after a
/// block is the sum of what each of its bytes leaves.
const HIGH: [[u8; 256]; BLOCK] = high();

const fn high() -> [[u8; 256]; BLOCK] {
    let mut tables = [[0u8; 256]; BLOCK];
    let mut index = 0;
    while index < 256 {
        let mut high = (TABLE[index] >> 8) as u8;
        let mut after = 0;
        while after < BLOCK {
            tables[after][index] = high;
            high = (TABLE[high as usize] >> 8) as u8;
            after += 1;
        }
        index += 1;
    }
    tables
}

fn after_block(high: u8, block: &[u8; BLOCK]) -> u8 {
    // Only the first byte waits for the block before; the others are summed meanwhile.
    let others = block.iter().zip(HIGH.iter().rev()).skip(1);
    let sum = others.fold(0, |sum, (byte, left)| sum ^ left[usize::from(*byte)]);
    sum ^ HIGH[BLOCK - 1][usize::from(high ^ block[0])]
}

/// CRC-16/MODBUS, which some devices send in place of the standard's check.
///
/// ```
/// assert_eq!(hj212::modbus_crc(b"123456789"), 0x4B37);
/// ```
pub fn modbus_crc(segment: &[u8]) -> u16 {
    segment.iter().fold(0xFFFF, |register, byte| TABLE[usize::from(register as u8 ^ byte)] ^ (register >> 8))
}

/// How the check that was sent compares with the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcMatch {
    /// The standard's check.
    Standard,
    /// CRC-16/MODBUS of the segment: low byte first, as MODBUS sends it, or high byte first.
    Modbus,
    /// Neither.
    Mismatch,
}

/// Compares the hex digits that a device sent with the segment before them: four, or fewer where it left leading zeros out. Fewer are compared with
/// the standard's check alone: a swapped or MODBUS check is never made up of what is not there.
pub fn check_crc(segment: &[u8], sent: &[u8]) -> CrcMatch {
    let Some(value) = number(sent) else { return CrcMatch::Mismatch };
    if value == crc(segment) {
        CrcMatch::Standard
    } else if sent.len() < 4 {
        CrcMatch::Mismatch
    } else {
        let modbus = modbus_crc(segment);
        if value == modbus.swap_bytes() || value == modbus { CrcMatch::Modbus } else { CrcMatch::Mismatch }
    }
}

/// Four hex digits of either case as a number.
pub(crate) fn hex_value(digits: &[u8]) -> Option<u16> {
    number(digits).filter(|_| digits.len() == 4)
}

/// One to four hex digits of either case as a number.
fn number(digits: &[u8]) -> Option<u16> {
    if !(1..=4).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0u16, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'F' => byte - b'A' + 10,
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u16::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_vectors_hold() {
        let annex_2017: &[u8] =
            b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&";
        let annex_2025: &[u8] =
            b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&";
        for (segment, expected) in
            [(&b""[..], 0xFFFF), (b"123456789", 0x2F80), (annex_2017, 0x1C80), (annex_2025, 0x2200)]
        {
            assert_eq!(crc(segment), expected);
        }
    }

    #[test]
    fn low_byte_has_eight_values_only() {
        for seed in 0u32..5000 {
            let low = crc(&seed.to_le_bytes()) & 0xFF;
            assert!([0x00, 0x01, 0x40, 0x41, 0x80, 0x81, 0xC0, 0xC1].contains(&low), "{low:02X}");
        }
    }

    #[test]
    fn the_table_form_equals_the_bitwise_form() {
        let bytes: Vec<u8> = (0..300_u32).map(|index| (index * index * 37 + index * 11) as u8).collect();
        let mut register = 0xFFFFu16;
        for (length, byte) in bytes.iter().enumerate() {
            assert_eq!(crc(&bytes[..length]), register, "{length} bytes");
            register = (register >> 8) ^ u16::from(*byte);
            for _ in 0..8 {
                register = if register & 1 == 1 { (register >> 1) ^ 0xA001 } else { register >> 1 };
            }
        }
    }
}
