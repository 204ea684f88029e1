//! What the network must be paid: by rate, and by the rules under which one transaction takes another's place (G6: within what was approved).
//!
//! Called by `choose` and by everything that builds. Integers only; every division rounds up.

use bitcoin::FeeRate;

use crate::verify::FEE_RATE_MIN_SATS_PER_KVB;

/// What a replacement pays for its own size beside all that it replaces (BIP-125, rule 4), in satoshis per 1000 virtual bytes. Nodes
/// have asked for 1000 since 2016; newer ones ask for 100, so that this passes with both.
pub const INCREMENTAL_RELAY_SATS_PER_KVB: u64 = 1000;

/// The fee and the virtual size of a transaction that waits, or of several together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waits {
    /// In satoshis.
    pub fee: u64,
    /// In virtual bytes.
    pub vsize: u64,
}

/// How a fee follows from a size. It never falls when the size grows.
#[derive(Clone, Debug)]
pub struct FeeRule {
    per_kvb: u64,
    /// Miners take this one along, so that the rate is for both.
    together_with: Option<Waits>,
    /// All of what goes, added up step by step: the transaction itself, then with what spends its change.
    replaces: Vec<Waits>,
}

impl FeeRule {
    /// A rate, and no less than any node relays.
    pub fn new(rate: FeeRate) -> Self {
        let per_kvb = rate.to_sat_per_kwu().saturating_mul(4).max(FEE_RATE_MIN_SATS_PER_KVB);
        Self { per_kvb, together_with: None, replaces: Vec::new() }
    }

    pub fn together_with(self, parent: Waits) -> Self {
        Self { together_with: Some(parent), ..self }
    }

    pub fn replacing(self, replaces: Vec<Waits>) -> Self {
        Self { replaces, ..self }
    }

    /// The least fee for a size.
    pub fn needed(&self, vsize: u64) -> u64 {
        let by_rate = match self.together_with {
            None => per_kvb(self.per_kvb, vsize),
            Some(parent) => {
                let both = per_kvb(self.per_kvb, vsize.saturating_add(parent.vsize));
                let own = per_kvb(INCREMENTAL_RELAY_SATS_PER_KVB, vsize);
                both.saturating_sub(parent.fee).max(own)
            }
        };
        let by_rules = self.replaces.iter().map(|gone| outbid(*gone, vsize)).max();
        by_rate.max(by_rules.unwrap_or(0))
    }

    /// At this rate alone.
    pub fn at_rate(&self, vsize: u64) -> u64 {
        per_kvb(self.per_kvb, vsize)
    }
}

/// More in all and more for each byte than what goes.
fn outbid(gone: Waits, vsize: u64) -> u64 {
    let in_all = gone.fee.saturating_add(per_kvb(INCREMENTAL_RELAY_SATS_PER_KVB, vsize));
    let same_rate = u128::from(gone.fee) * u128::from(vsize) / u128::from(gone.vsize.max(1));
    in_all.max(narrow(same_rate).saturating_add(1))
}

/// A rate per 1000 virtual bytes times a size, rounded up.
pub fn per_kvb(rate: u64, vsize: u64) -> u64 {
    narrow((u128::from(rate) * u128::from(vsize)).div_ceil(1000))
}

fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(sats_per_vbyte: u64) -> FeeRate {
        FeeRate::from_sat_per_vb(sats_per_vbyte).unwrap()
    }

    #[test]
    fn a_fee_is_rate_times_size_rounded_up() {
        assert_eq!(FeeRule::new(rate(3)).needed(141), 423);
        assert_eq!(FeeRule::new(FeeRate::from_sat_per_kwu(253)).needed(141), 143);
        assert_eq!(FeeRule::new(FeeRate::ZERO).needed(141), 15, "no node relays less than a tenth");
        assert_eq!(FeeRule::new(FeeRate::MAX).needed(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_replacement_pays_more_in_all_and_for_each_byte() {
        let gone = Waits { fee: 1_000, vsize: 200 };
        let rule = FeeRule::new(rate(1)).replacing(vec![gone]);
        assert_eq!(rule.needed(200), 1_200);
        assert_eq!(rule.needed(100), 1_100, "smaller, and still more in all");
        assert_eq!(rule.needed(400), 2_001, "larger, and more for each byte");
        let with_child = Waits { fee: 5_000, vsize: 300 };
        assert_eq!(FeeRule::new(rate(1)).replacing(vec![gone, with_child]).needed(200), 5_200);
    }

    #[test]
    fn a_child_pays_for_both() {
        let rule = FeeRule::new(rate(10)).together_with(Waits { fee: 200, vsize: 200 });
        assert_eq!(rule.needed(150), 3_300);
        let paid = FeeRule::new(rate(1)).together_with(Waits { fee: 9_000, vsize: 200 });
        assert_eq!(paid.needed(150), 150, "its own relay fee at least");
    }
}
