//! The class of an act: what a phrase check found. It keeps G3 and G9: it cannot be printed, logged or stored in the clear.
//!
//! Named only here, in `covert` and in `gate`. A test of the house (`cargo xtask tidy`) holds that.

use std::fmt;

use subtle::{Choice, ConditionallySelectable};

/// Whether an act was done of free will. `Debug` says only that there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// The phrase was the person's own.
    Free = 0,
    /// Three words of the list, but not the person's own: the person signals that somebody forces them.
    Duress = 1,
}

impl Class {
    /// Free if the comparison found equality. No branch: one bit becomes one byte.
    #[must_use]
    pub fn from_equal(equal: Choice) -> Self {
        Self::from_byte(u8::conditional_select(&1, &0, equal))
    }

    /// As one byte, for the sealed layout. Not public: only `seal` may see it.
    pub(crate) const fn byte(self) -> u8 {
        self as u8
    }

    /// The low bit decides. The compiler makes a comparison and a set of this, not a jump: the discriminants are the values.
    pub(crate) const fn from_byte(byte: u8) -> Self {
        match byte & 1 {
            0 => Self::Free,
            _ => Self::Duress,
        }
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Class(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_means_free() {
        assert!(Class::from_equal(Choice::from(1)) == Class::Free);
        assert!(Class::from_equal(Choice::from(0)) == Class::Duress);
    }

    #[test]
    fn debug_does_not_tell() {
        assert_eq!(format!("{:?}", Class::Free), format!("{:?}", Class::Duress));
        assert_eq!(format!("{:#?}", Some(Class::Free)), format!("{:#?}", Some(Class::Duress)));
    }
}
