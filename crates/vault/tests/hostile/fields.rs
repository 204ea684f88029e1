//! Attacks by fields that we do not know, or that belong to another kind of script or another version (G1).

use vault::bitcoin::ScriptBuf;
use vault::bitcoin::TapNodeHash;
use vault::bitcoin::hashes::{Hash, hash160, ripemd160, sha256, sha256d};
use vault::bitcoin::psbt::raw::{Key, ProprietaryKey};

use crate::attack::attacks;

fn raw_key(type_value: u8) -> Key {
    Key { type_value, key: vec![] }
}

fn proprietary() -> ProprietaryKey {
    ProprietaryKey { prefix: b"evil".to_vec(), subtype: 0, key: vec![] }
}

attacks! {
    #[test]
    fn unknown_global_field() BOTH Changed "psbt-global-field", "adds a global field that means something to others";
    |_, psbt| drop(psbt.unknown.insert(raw_key(0xf0), vec![1]));

    #[test]
    fn proprietary_global_field() BOTH Changed "psbt-global-field", "adds a proprietary global field";
    |_, psbt| drop(psbt.proprietary.insert(proprietary(), vec![1]));

    #[test]
    fn version_2_fields_for_the_whole() BOTH Changed "psbt-global-field", "adds version 2's input count beside the transaction", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.unknown.insert(raw_key(0x04), vec![2]));

    #[test]
    fn version_2_lock_time() BOTH Changed "psbt-global-field", "adds version 2's lock time beside the transaction", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.unknown.insert(raw_key(0x03), vec![0; 4]));

    #[test]
    fn transaction_that_may_still_change() BOTH Changed "psbt-global-field", "declares that inputs and outputs may still be added", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.unknown.insert(raw_key(0x06), vec![3]));

    #[test]
    fn message_in_place_of_a_payment() BOTH Changed "psbt-global-field", "declares the psbt to be a signed message", seen "BIP-322 proof of reserves";
    |_, psbt| drop(psbt.unknown.insert(raw_key(0x09), b"hello".to_vec()));

    #[test]
    fn unknown_input_field() BOTH Changed "input-field", "adds an input field that means something to others";
    |_, psbt| drop(psbt.inputs[1].unknown.insert(raw_key(0xf0), vec![]));

    #[test]
    fn proprietary_input_field() BOTH Changed "input-field", "adds a proprietary input field";
    |_, psbt| drop(psbt.inputs[0].proprietary.insert(proprietary(), vec![9]));

    #[test]
    fn version_2_input_that_names_another_coin() BOTH Changed "input-field", "names another coin in version 2's field", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.inputs[0].unknown.insert(raw_key(0x0e), vec![7; 32]));

    #[test]
    fn version_2_sequence() BOTH Changed "input-field", "gives another sequence in version 2's field", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.inputs[0].unknown.insert(raw_key(0x10), vec![144, 0, 0, 0]));

    #[test]
    fn proof_of_reserves() BOTH Changed "input-field", "declares the input to be a proof of reserves";
    |_, psbt| drop(psbt.inputs[0].unknown.insert(raw_key(0x09), b"hello".to_vec()));

    #[test]
    fn shared_nonce() BOTH Changed "input-field", "adds a nonce for a joint signature, which the vault does not make", seen "BIP-373";
    |_, psbt| drop(psbt.inputs[0].unknown.insert(raw_key(0x1b), vec![2; 66]));

    #[test]
    fn unknown_output_field() BOTH Changed "output-field", "adds an output field that means something to others";
    |_, psbt| drop(psbt.outputs[1].unknown.insert(raw_key(0xf0), vec![]));

    #[test]
    fn proprietary_output_field() BOTH Changed "output-field", "adds a proprietary output field";
    |_, psbt| drop(psbt.outputs[0].proprietary.insert(proprietary(), vec![9]));

    #[test]
    fn version_2_amount() BOTH Changed "output-field", "gives another amount in version 2's field", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.outputs[0].unknown.insert(raw_key(0x03), vec![0; 8]));

    #[test]
    fn version_2_script() BOTH Changed "output-field", "gives another payee in version 2's field", seen "BIP-370, invalid vectors";
    |_, psbt| drop(psbt.outputs[0].unknown.insert(raw_key(0x04), vec![0x51]));

    #[test]
    fn payee_by_name() BOTH Changed "output-field", "gives a payee's name for a device to show in place of the script", seen "BIP-353";
    |_, psbt| drop(psbt.outputs[0].unknown.insert(raw_key(0x35), b"\x0ekraken@k.exmpl".to_vec()));

    #[test]
    fn redeem_script_on_a_native_input() BOTH Changed "input-redeem-script", "gives a redeem script to an input that has none";
    |_, psbt| psbt.inputs[0].redeem_script = Some(ScriptBuf::new());

    #[test]
    fn preimage_of_sha256() BOTH Changed "input-preimage", "gives a preimage that the script does not ask for";
    |_, psbt| drop(psbt.inputs[0].sha256_preimages.insert(sha256::Hash::hash(b"x"), b"x".to_vec()));

    #[test]
    fn preimage_of_hash160() BOTH Changed "input-preimage", "gives a preimage that the script does not ask for";
    |_, psbt| drop(psbt.inputs[0].hash160_preimages.insert(hash160::Hash::hash(b"x"), b"x".to_vec()));

    #[test]
    fn preimage_of_hash256() BOTH Changed "input-preimage", "gives a preimage that the script does not ask for";
    |_, psbt| drop(psbt.inputs[1].hash256_preimages.insert(sha256d::Hash::hash(b"x"), b"x".to_vec()));

    #[test]
    fn preimage_of_ripemd160() BOTH Changed "input-preimage", "gives a preimage that the script does not ask for";
    |_, psbt| drop(psbt.inputs[1].ripemd160_preimages.insert(ripemd160::Hash::hash(b"x"), b"x".to_vec()));

    #[test]
    fn taproot_fields_on_a_segwit_v0_input() WSH Changed "input-script-kind", "gives a taproot root to an input that is not taproot";
    |_, psbt| psbt.inputs[0].tap_merkle_root = Some(TapNodeHash::from_byte_array([1; 32]));

    #[test]
    fn segwit_v0_fields_on_a_taproot_input() TR Changed "input-script-kind", "gives a witness script to a taproot input";
    |_, psbt| psbt.inputs[0].witness_script = Some(ScriptBuf::new());
}
