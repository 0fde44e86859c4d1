//! The value of a figure before it is rounded, for whoever compares one figure with another.

use bilan_standards::rounding::Rational;

/// An exact value; rounded only when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Rational);

impl Exact {
    /// Divided by another; nothing if that is zero or the result too large.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        self.0.checked_div(other.0).map(Self)
    }

    /// Minus another; nothing if the result is too large.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Times a hundred; nothing if the result is too large.
    #[must_use]
    pub fn percent(self) -> Option<Self> {
        self.0.percent().map(Self)
    }

    /// Rounded half to even (GB/T 8170) to `digits` decimals, as text without trailing zeros: `62.2`, `-67`, `100`.
    #[must_use]
    pub fn rounded(self, digits: u8) -> Option<String> {
        self.0.short_text(digits.into())
    }
}
