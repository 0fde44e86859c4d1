//! The `Flag` byte: version of the protocol, packet numbers, reply wanted.

use serde::{Deserialize, Serialize};

/// `version << 2 | has_packet_numbers << 1 | reply_wanted`. The editions disagree on the letters of the two low bits, not on their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flag(pub u8);

/// Edition that the version bits claim. Flag 8 and 9 do not prove 2025: the surface-water dialect has used version 2 since about 2018.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// HJ/T 212-2005.
    Of2005,
    /// HJ 212-2017.
    Of2017,
    /// HJ 212-2025, or the surface-water dialect.
    Of2025,
    /// A version number that no edition uses.
    Unknown(u8),
}

impl Flag {
    /// A flag from its parts.
    ///
    /// ```
    /// assert_eq!(hj212::Flag::new(1, false, true).0, 5);
    /// ```
    pub const fn new(version: u8, has_packet_numbers: bool, reply_wanted: bool) -> Flag {
        Flag(version << 2 | (has_packet_numbers as u8) << 1 | reply_wanted as u8)
    }

    /// Bit 0: the sender waits for an answer.
    pub const fn reply_wanted(self) -> bool {
        self.0 & 1 == 1
    }

    /// Bit 1: the packet carries PNUM and PNO.
    pub const fn has_packet_numbers(self) -> bool {
        self.0 & 2 == 2
    }

    /// The six version bits.
    pub const fn version(self) -> u8 {
        self.0 >> 2
    }

    /// The edition of the version bits.
    pub const fn edition(self) -> Edition {
        match self.version() {
            0 => Edition::Of2005,
            1 => Edition::Of2017,
            2 => Edition::Of2025,
            other => Edition::Unknown(other),
        }
    }

    /// The flag of an answer: same version, no packet numbers, no answer to the answer.
    pub const fn for_reply(self) -> Flag {
        Flag(self.0 & !3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_where_all_editions_have_them() {
        for (flag, version, numbers, reply) in
            [(4, 1, false, false), (5, 1, false, true), (7, 1, true, true), (9, 2, false, true), (2, 0, true, false)]
        {
            let flag = Flag(flag);
            assert_eq!((flag.version(), flag.has_packet_numbers(), flag.reply_wanted()), (version, numbers, reply));
            assert_eq!(Flag::new(version, numbers, reply), flag);
        }
    }
}
