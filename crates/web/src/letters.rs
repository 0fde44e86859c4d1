//! Codes that people read and type (短码): letters and digits of which none looks like another.

/// What a code is written with.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: ten of thirty are 49 bits.
pub(crate) const LENGTH: usize = 10;

/// A code from bytes of which each is as likely as any other; there must be enough of them. Sixteen of 256 are passed over:
/// with them the first letters of the alphabet would come up more often than the last.
pub(crate) fn code_of_letters(bytes: impl IntoIterator<Item = u8>) -> String {
    let fair = 256 - 256 % ALPHABET.len();
    let numbers = bytes.into_iter().map(usize::from).filter(|number| *number < fair);
    numbers.take(LENGTH).map(|number| char::from(ALPHABET[number % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_letter_comes_up_as_often_as_any_other() {
        let mut counts = BTreeMap::new();
        for byte in 0..=u8::MAX {
            // Zero is the first letter; it fills the code up.
            let code = code_of_letters([byte].into_iter().chain([0; LENGTH]));
            assert_eq!(code.len(), LENGTH);
            let is_passed_over = byte >= 240;
            if !is_passed_over {
                *counts.entry(code.as_bytes()[0]).or_insert(0) += 1;
            }
            assert!(!is_passed_over || code == code_of_letters([0; LENGTH]), "{byte}");
        }
        assert_eq!(counts.len(), ALPHABET.len());
        assert!(counts.values().all(|count| *count == 8), "{counts:?}");
    }
}
