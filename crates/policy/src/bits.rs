//! Sets of people as bits: the register numbers its people, so that a set is a few words and costs no allocation.
//!
//! Used by quorum search, group membership and the checks of this crate.

/// The most people in a register.
pub const PEOPLE_MAX: usize = 1024;
const WORDS: usize = PEOPLE_MAX / 64;

/// A set of people, by their number in the register.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bits([u64; WORDS]);

impl Bits {
    pub(crate) fn insert(&mut self, index: u16) {
        if let Some(word) = self.0.get_mut(usize::from(index >> 6)) {
            *word |= 1 << (index & 63);
        }
    }

    pub(crate) fn remove(&mut self, index: u16) {
        if let Some(word) = self.0.get_mut(usize::from(index >> 6)) {
            *word &= !(1 << (index & 63));
        }
    }

    pub(crate) fn contains(&self, index: u16) -> bool {
        self.0.get(usize::from(index >> 6)).is_some_and(|word| word & (1 << (index & 63)) != 0)
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.word(at) & other.word(at)))
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.word(at) | other.word(at)))
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.word(at) & !other.word(at)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(mine, theirs)| mine & theirs != 0)
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The members in rising order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> + use<> {
        let words = self.0;
        let mut at = 0;
        let mut word = self.word(0);
        std::iter::from_fn(move || {
            while word == 0 {
                at += 1;
                word = *words.get(at)?;
            }
            let bit = at * 64 + word.trailing_zeros() as usize;
            word &= word - 1;
            u16::try_from(bit).ok()
        })
    }

    fn word(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or(0)
    }
}

impl FromIterator<u16> for Bits {
    fn from_iter<I: IntoIterator<Item = u16>>(indices: I) -> Self {
        let mut bits = Self::default();
        indices.into_iter().for_each(|index| bits.insert(index));
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let bits: Bits = [0, 63, 64, 1023].into_iter().collect();
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 1023]);
        assert_eq!(bits.count(), 4);
        assert!(bits.contains(64) && !bits.contains(65));
        let mut fewer = bits;
        fewer.remove(64);
        assert_eq!(bits.minus(&fewer).iter().collect::<Vec<_>>(), [64]);
    }
}
