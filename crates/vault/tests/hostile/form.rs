//! Attacks on the form: what is not a PSBT, says something twice, or lies about lengths (G1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::attack::attacks;
use crate::raw::{added, maps, pair, rewritten};

const UNSIGNED_TX: u8 = 0x00;
const INPUT: usize = 1;
const OUTPUT: usize = 3;

attacks! {
    #[test]
    fn nothing_at_all() BOTH Bytes "psbt-malformed", "sends an empty file";
    |_, _| Vec::new();

    #[test]
    fn the_magic_and_no_more() BOTH Bytes "psbt-malformed", "sends the first five bytes alone";
    |_, bytes| bytes[..5].to_vec();

    #[test]
    fn another_magic() BOTH Bytes "psbt-malformed", "begins as another format does";
    |_, mut bytes| { bytes[4] = 0xfe; bytes };

    #[test]
    fn a_bare_transaction() BOTH Bytes "psbt-malformed", "sends the transaction itself", seen "BIP-174, invalid vectors";
    |_, bytes| maps(&bytes)[0].0[0].value.clone();

    #[test]
    fn half_a_psbt() BOTH Bytes "psbt-malformed", "sends a file that was cut";
    |_, bytes| bytes[..bytes.len() / 2].to_vec();

    #[test]
    fn base64_that_was_cut() BOTH Bytes "psbt-malformed", "sends text that was cut";
    |_, bytes| { let mut text = STANDARD.encode(bytes); text.pop(); text.into_bytes() };

    #[test]
    fn base64_with_something_after_it() BOTH Bytes "psbt-malformed", "hides a second text behind the first";
    |_, bytes| { let text = STANDARD.encode(bytes); format!("{text}\n{text}").into_bytes() };

    #[test]
    fn something_after_the_psbt() BOTH Bytes "psbt-trailing-bytes", "hides a byte behind the psbt";
    |_, mut bytes| { bytes.push(0); bytes };

    #[test]
    fn a_second_psbt_after_the_first() BOTH Bytes "psbt-trailing-bytes", "hides a second psbt behind the one that is shown";
    |_, bytes| [bytes.clone(), bytes].concat();

    #[test]
    fn no_unsigned_transaction() BOTH Bytes "psbt-malformed", "leaves out what is to be signed", seen "BIP-174, invalid vectors";
    |_, bytes| rewritten(bytes, 0, UNSIGNED_TX, |_, _| Vec::new());

    #[test]
    fn two_unsigned_transactions() BOTH Bytes "psbt-malformed", "gives two transactions, one to show and one to sign", seen "BIP-174: keys are unique";
    |_, bytes| { let again = maps(&bytes)[0].0[0].value.clone(); added(bytes, 0, &[UNSIGNED_TX], &again) };

    #[test]
    fn unsigned_transaction_with_witnesses() BOTH Bytes "psbt-malformed", "gives the transaction in the form that has witnesses";
    |_, bytes| rewritten(bytes, 0, UNSIGNED_TX, |key, tx| pair(key, &[&tx[..4], &[0, 1], &tx[4..]].concat()));

    #[test]
    fn unsigned_transaction_with_a_tail() BOTH Bytes "psbt-malformed", "hides bytes behind the transaction";
    |_, bytes| rewritten(bytes, 0, UNSIGNED_TX, |key, tx| pair(key, &[tx, &[0]].concat()));

    #[test]
    fn unsigned_transaction_under_a_longer_key() BOTH Bytes "psbt-malformed", "gives the transaction's field a longer key", seen "BIP-174, invalid vectors";
    |_, bytes| rewritten(bytes, 0, UNSIGNED_TX, |_, tx| pair(&[UNSIGNED_TX, 1], tx));

    #[test]
    fn spent_output_stated_twice() BOTH Bytes "psbt-malformed", "states two amounts for one input", seen "BIP-174: keys are unique";
    |_, bytes| { let txout = maps(&bytes)[INPUT].0.iter().find(|pair| pair.key == [1]).unwrap().value.clone(); added(bytes, INPUT, &[1], &txout) };

    #[test]
    fn spent_output_under_a_longer_key() BOTH Bytes "psbt-malformed", "states a second amount under a longer key", seen "BIP-174, invalid vectors";
    |_, bytes| { let txout = maps(&bytes)[INPUT].0.iter().find(|pair| pair.key == [1]).unwrap().value.clone(); added(bytes, INPUT, &[1, 0], &txout) };

    #[test]
    fn previous_transaction_stated_twice() WSH Bytes "psbt-malformed", "gives two previous transactions for one input", seen "BIP-174, invalid vectors";
    |_, bytes| { let previous = maps(&bytes)[INPUT].0.iter().find(|pair| pair.key == [0]).unwrap().value.clone(); added(bytes, INPUT, &[0], &previous) };

    #[test]
    fn signature_stated_twice() WSH Bytes "psbt-malformed", "gives two signatures by one key";
    |_, bytes| { let all = maps(&bytes); let old = all[INPUT].0.iter().find(|pair| pair.key[0] == 2).unwrap(); added(bytes.clone(), INPUT, &old.key, &old.value) };

    #[test]
    fn script_of_change_stated_twice() WSH Bytes "psbt-malformed", "gives two scripts for the change";
    |_, bytes| { let script = maps(&bytes)[OUTPUT + 1].0.iter().find(|pair| pair.key == [1]).unwrap().value.clone(); added(bytes, OUTPUT + 1, &[1], &script) };

    #[test]
    fn length_in_a_longer_form() BOTH Bytes "psbt-malformed", "writes a length in more bytes than it needs";
    |_, mut bytes| { bytes.splice(5..6, [0xfd, 1, 0]); bytes };

    #[test]
    fn length_of_sixteen_exabytes() BOTH Bytes "psbt-malformed", "claims a field that no memory holds";
    |_, mut bytes| { bytes.splice(5..6, [0xff; 9]); bytes };

    #[test]
    fn four_billion_inputs_claimed() BOTH Bytes "psbt-malformed", "claims more inputs than there are bytes";
    |_, bytes| rewritten(bytes, 0, UNSIGNED_TX, |key, tx| pair(key, &[&tx[..4], &[0xfe, 0xff, 0xff, 0xff, 0xff], &tx[5..]].concat()));

    #[test]
    fn version_2() BOTH Bytes "psbt-version", "says that the psbt is of version 2, whose fields mean other things", seen "BIP-370, invalid vectors";
    |_, bytes| added(bytes, 0, &[0xfb], &[2, 0, 0, 0]);

    #[test]
    fn version_2_without_a_transaction() BOTH Bytes "psbt-version", "sends a psbt of version 2, which has no transaction to compare", seen "BIP-370";
    |_, bytes| added(rewritten(bytes, 0, UNSIGNED_TX, |_, _| Vec::new()), 0, &[0xfb], &[2, 0, 0, 0]);

    #[test]
    fn version_2_after_reading() BOTH Changed "psbt-version", "has the version changed where the psbt is already read";
    |_, psbt| psbt.version = 2;

    #[test]
    fn version_1() BOTH Bytes "psbt-version", "says that the psbt is of a version that nobody defined", seen "BIP-174: exit on an unknown version";
    |_, bytes| added(bytes, 0, &[0xfb], &[1, 0, 0, 0]);

    #[test]
    fn version_of_three_bytes() BOTH Bytes "psbt-malformed", "writes the version in three bytes";
    |_, bytes| added(bytes, 0, &[0xfb], &[0, 0, 0]);

    #[test]
    fn version_under_a_longer_key() BOTH Bytes "psbt-malformed", "hides version 2 under a longer key";
    |_, bytes| added(bytes, 0, &[0xfb, 0], &[2, 0, 0, 0]);

    #[test]
    fn public_key_in_hybrid_form() WSH Bytes "psbt-malformed", "signs with a key in the form that consensus knows and nobody relays", seen "Bitcoin Core, SCRIPT_VERIFY_STRICTENC";
    |_, bytes| rewritten(bytes, INPUT, 2, |key, value| pair(&[&[2, 6][..], &key[2..], &[7; 32]].concat(), value));

    #[test]
    fn public_key_that_is_no_point() WSH Bytes "psbt-malformed", "signs with 33 bytes that are no key";
    |_, bytes| rewritten(bytes, INPUT, 2, |_, value| pair(&[&[2, 2][..], &[0xff; 32]].concat(), value));

    #[test]
    fn signature_that_is_not_der() WSH Bytes "psbt-malformed", "gives a signature in a form that has many encodings", seen "BIP-66, July 2015";
    |_, bytes| rewritten(bytes, INPUT, 2, |key, value| pair(key, &[&value[..2], &[2, 0x81], &value[3..]].concat()));

    #[test]
    fn signature_with_a_tail() WSH Bytes "psbt-malformed", "hides bytes between a signature and its sighash type";
    |_, bytes| rewritten(bytes, INPUT, 2, |key, value| pair(key, &[&value[..value.len() - 1], &[0, 1]].concat()));

    #[test]
    fn empty_signature() WSH Bytes "psbt-malformed", "gives an empty signature, which counts as none in a script";
    |_, bytes| rewritten(bytes, INPUT, 2, |key, _| pair(key, &[]));

    #[test]
    fn schnorr_signature_too_short() TR Bytes "psbt-malformed", "gives a signature of 63 bytes", seen "BIP-371, invalid vectors";
    |_, bytes| rewritten(bytes, INPUT, 0x14, |key, value| pair(key, &value[..63]));

    #[test]
    fn schnorr_signature_too_long() TR Bytes "psbt-malformed", "gives a signature of 66 bytes", seen "BIP-371, invalid vectors";
    |_, bytes| rewritten(bytes, INPUT, 0x14, |key, value| pair(key, &[value, &[1, 1]].concat()));

    #[test]
    fn signed_leaf_of_31_bytes() TR Bytes "psbt-malformed", "names a leaf by 31 bytes", seen "BIP-371, invalid vectors";
    |_, bytes| rewritten(bytes, INPUT, 0x14, |key, value| pair(&key[..key.len() - 1], value));

    #[test]
    fn key_path_signature_too_short() TR Bytes "psbt-malformed", "gives a key-path signature of 63 bytes", seen "BIP-371, invalid vectors";
    |_, bytes| added(bytes, INPUT, &[0x13], &[1; 63]);

    #[test]
    fn control_block_of_odd_length() TR Bytes "psbt-malformed", "gives a control block that ends inside a hash", seen "BIP-371, invalid vectors";
    |_, bytes| rewritten(bytes, INPUT, 0x15, |key, value| pair(&key[..key.len() - 1], value));

    #[test]
    fn leaf_without_its_version() TR Bytes "psbt-malformed", "gives a leaf script of no bytes, so without a version";
    |_, bytes| rewritten(bytes, INPUT, 0x15, |key, _| pair(key, &[]));

    #[test]
    fn internal_key_of_33_bytes() TR Bytes "psbt-malformed", "gives the internal key with its sign", seen "BIP-371, invalid vectors";
    |_, bytes| rewritten(bytes, INPUT, 0x17, |key, value| pair(key, &[&[2], value].concat()));

    #[test]
    fn merkle_root_of_31_bytes() TR Bytes "psbt-malformed", "gives a root of 31 bytes";
    |_, bytes| rewritten(bytes, INPUT, 0x18, |key, value| pair(key, &value[..31]));

    #[test]
    fn taproot_derivation_of_a_33_byte_key() TR Bytes "psbt-malformed", "names a taproot key with its sign", seen "BIP-371, invalid vectors";
    |_, bytes| rewritten(bytes, INPUT, 0x16, |key, value| pair(&[&[0x16, 2], &key[1..]].concat(), value));

    #[test]
    fn tree_of_change_that_is_no_tree() TR Bytes "psbt-malformed", "gives the change a tree with one leaf at depth 1";
    |_, bytes| rewritten(bytes, OUTPUT + 1, 0x06, |key, _| pair(key, &[1, 0xc0, 1, 0x51]));
}
