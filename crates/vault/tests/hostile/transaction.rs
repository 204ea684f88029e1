//! Attacks on the transaction as a whole: version, lock time, sequences (G1, G6).

use vault::bitcoin::Sequence;
use vault::bitcoin::absolute::LockTime;
use vault::bitcoin::transaction::Version;

use crate::attack::attacks;
use crate::world::{AFTER_BLOCKS, HEIGHT};

attacks! {
    #[test]
    fn version_that_ignores_relative_locks() BOTH Deceived "tx-version", "uses the version in which relative locks do not count", seen "BIP-68";
    |_, psbt| psbt.unsigned_tx.version = Version::ONE;

    #[test]
    fn version_with_other_relay_rules() BOTH Deceived "tx-version", "uses the version whose transactions others may evict", seen "BIP-431";
    |_, psbt| psbt.unsigned_tx.version = Version(3);

    #[test]
    fn version_that_is_negative() BOTH Deceived "tx-version", "uses a version below zero, which counts as a large one";
    |_, psbt| psbt.unsigned_tx.version = Version(-1);

    #[test]
    fn lock_time_above_the_height() BOTH Deceived "tx-lock-time-ahead", "keeps a signed payment for later";
    |_, psbt| psbt.unsigned_tx.lock_time = LockTime::from_height(HEIGHT + 1).unwrap();

    #[test]
    fn lock_time_that_is_a_date() BOTH Deceived "tx-lock-time-date", "keeps a signed payment for a date";
    |_, psbt| psbt.unsigned_tx.lock_time = LockTime::from_time(1_700_000_000).unwrap();

    #[test]
    fn lock_time_after_the_last_block() BOTH Deceived "tx-lock-time-ahead", "reserves coins for a payment that is never valid";
    |_, psbt| psbt.unsigned_tx.lock_time = LockTime::from_height(499_999_999).unwrap();

    #[test]
    fn sequence_that_opens_the_recovery_path() BOTH Deceived "input-sequence", "sets the relative lock that the recovery path asks for";
    |_, psbt| psbt.unsigned_tx.input[0].sequence = Sequence::from_height(u16::try_from(AFTER_BLOCKS).unwrap());

    #[test]
    fn sequence_with_a_lock_of_months() BOTH Deceived "input-sequence", "keeps a signed payment until a coin is old";
    |_, psbt| psbt.unsigned_tx.input[1].sequence = Sequence::from_height(u16::MAX);

    #[test]
    fn sequence_with_a_lock_in_seconds() BOTH Deceived "input-sequence", "keeps a signed payment until a coin is old, in units of 512 seconds";
    |_, psbt| psbt.unsigned_tx.input[1].sequence = Sequence::from_512_second_intervals(7);

    #[test]
    fn sequence_that_is_final() BOTH Deceived "input-sequence", "makes a payment that cannot be replaced";
    |_, psbt| psbt.unsigned_tx.input[1].sequence = Sequence::MAX;

    #[test]
    fn sequence_that_is_not_replaceable() BOTH Deceived "input-sequence", "makes a payment that cannot be replaced";
    |_, psbt| psbt.unsigned_tx.input[0].sequence = Sequence::ENABLE_LOCKTIME_NO_RBF;

    #[test]
    fn sequence_zero() BOTH Deceived "input-sequence", "sets a relative lock of no blocks, which still counts as one";
    |_, psbt| psbt.unsigned_tx.input[1].sequence = Sequence::ZERO;

    #[test]
    fn sequence_of_another_replaceable_kind() BOTH Deceived "input-sequence", "marks an input so that it can be told apart";
    |_, psbt| psbt.unsigned_tx.input[0].sequence = Sequence(0xffff_fffc);
}
