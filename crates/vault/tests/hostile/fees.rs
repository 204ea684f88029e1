//! Attacks on fees and sums (G1, G6).

use vault::bitcoin::Amount;

use crate::attack::attacks;
use crate::world::{FEE, MAX_FEE};

attacks! {
    #[test]
    fn fee_that_drains_the_change() BOTH Deceived "fee-above-maximum", "pays the miners a satoshi above what was approved";
    |_, psbt| psbt.unsigned_tx.output[1].value -= Amount::from_sat(MAX_FEE - FEE + 1);

    #[test]
    fn change_left_to_the_miners() BOTH Deceived "fee-above-maximum", "leaves the change out, so that all of it is fee";
    |_, psbt| { psbt.unsigned_tx.output.truncate(1); psbt.outputs.truncate(1) };

    #[test]
    fn fee_of_nothing() BOTH Deceived "fee-too-low", "pays no fee, so that coins stay reserved for what nobody mines";
    |_, psbt| psbt.unsigned_tx.output[1].value += Amount::from_sat(FEE);

    #[test]
    fn fee_that_nobody_relays() BOTH Deceived "fee-too-low", "pays less than any node relays";
    |_, psbt| psbt.unsigned_tx.output[1].value += Amount::from_sat(FEE - 30);

    #[test]
    fn more_paid_than_spent() BOTH Deceived "fee-negative", "pays a satoshi more than the coins are worth";
    |_, psbt| psbt.unsigned_tx.output[1].value += Amount::from_sat(FEE + 1);

    #[test]
    fn amounts_that_overflow() BOTH Deceived "value-overflow", "makes the sum wrap around", seen "CVE-2010-5139";
    |_, psbt| psbt.unsigned_tx.output[1].value = Amount::from_sat(u64::MAX);

    #[test]
    fn sum_that_wraps_to_what_was_spent() BOTH Deceived "value-overflow", "makes the sum wrap around to a plausible one", seen "CVE-2010-5139";
    |_, psbt| psbt.unsigned_tx.output[1].value = Amount::from_sat(0u64.wrapping_sub(psbt.unsigned_tx.output[0].value.to_sat()));

    #[test]
    fn more_than_all_bitcoin() BOTH Deceived "value-overflow", "pays as much as there can be, beside the payment";
    |_, psbt| psbt.unsigned_tx.output[1].value = Amount::MAX_MONEY;
}
