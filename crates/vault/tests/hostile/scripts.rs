//! Attacks on what a PSBT says of an input's script, keys and sighash type (G1).

use vault::bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint};
use vault::bitcoin::hashes::Hash;
use vault::bitcoin::psbt::{Psbt, PsbtSighashType};
use vault::bitcoin::sighash::{EcdsaSighashType, TapSighashType};
use vault::bitcoin::taproot::LeafVersion;
use vault::bitcoin::{ScriptBuf, TapLeafHash, TapNodeHash};

use crate::attack::attacks;
use crate::world::key;

fn asks_for(psbt: &mut Psbt, sighash: EcdsaSighashType) {
    psbt.inputs[0].sighash_type = Some(sighash.into());
}

fn anyone() -> ScriptBuf {
    ScriptBuf::from_bytes(vec![0x51])
}

attacks! {
    #[test]
    fn sighash_none() BOTH Changed "input-sighash", "asks for signatures that leave all outputs open";
    |_, psbt| asks_for(psbt, EcdsaSighashType::None);

    #[test]
    fn sighash_single() BOTH Changed "input-sighash", "asks for signatures that leave all outputs but one open";
    |_, psbt| asks_for(psbt, EcdsaSighashType::Single);

    #[test]
    fn sighash_all_anyone_can_pay() BOTH Changed "input-sighash", "asks for signatures that let anyone add inputs";
    |_, psbt| asks_for(psbt, EcdsaSighashType::AllPlusAnyoneCanPay);

    #[test]
    fn sighash_none_anyone_can_pay() BOTH Changed "input-sighash", "asks for signatures that cover this coin alone";
    |_, psbt| asks_for(psbt, EcdsaSighashType::NonePlusAnyoneCanPay);

    #[test]
    fn sighash_single_anyone_can_pay() BOTH Changed "input-sighash", "asks for signatures that cover this coin and one output";
    |_, psbt| asks_for(psbt, EcdsaSighashType::SinglePlusAnyoneCanPay);

    #[test]
    fn sighash_type_nobody_defined() BOTH Changed "input-sighash", "asks for a sighash type that others may define one day";
    |_, psbt| psbt.inputs[0].sighash_type = Some(PsbtSighashType::from_u32(0x42));

    #[test]
    fn sighash_type_of_four_bytes() BOTH Changed "input-sighash", "asks for a sighash type whose last byte alone would be all";
    |_, psbt| psbt.inputs[0].sighash_type = Some(PsbtSighashType::from_u32(0x0100_0001));

    #[test]
    fn sighash_default_on_segwit_v0() WSH Changed "input-sighash", "asks for taproot's default, which is no type for segwit v0";
    |_, psbt| psbt.inputs[0].sighash_type = Some(TapSighashType::Default.into());

    #[test]
    fn another_witness_script() WSH Changed "input-witness-script", "gives a script that anyone satisfies";
    |_, psbt| psbt.inputs[0].witness_script = Some(anyone());

    #[test]
    fn witness_script_with_a_tail() WSH Changed "input-witness-script", "gives the vault's script with something behind it", seen "Coldcard, dgpv, March 2020";
    |_, psbt| {
        let mut script = psbt.inputs[0].witness_script.clone().unwrap().into_bytes();
        script.extend([0x75, 0x51]);
        psbt.inputs[0].witness_script = Some(ScriptBuf::from_bytes(script));
    };

    #[test]
    fn witness_script_of_another_input() WSH Changed "input-witness-script", "gives the script of another address of the vault";
    |_, psbt| psbt.inputs[0].witness_script = psbt.inputs[1].witness_script.clone();

    #[test]
    fn leaf_that_is_not_in_the_tree() TR Changed "input-leaf-script", "gives a leaf that anyone satisfies under the vault's control block";
    |_, psbt| {
        let (block, _) = psbt.inputs[0].tap_scripts.pop_first().unwrap();
        psbt.inputs[0].tap_scripts.insert(block, (anyone(), LeafVersion::TapScript));
    };

    #[test]
    fn leaf_added_to_the_tree() TR Changed "input-leaf-script", "adds a third leaf beside the vault's two";
    |_, psbt| {
        let mut block = psbt.inputs[0].tap_scripts.keys().next().unwrap().clone();
        block.merkle_branch = vec![TapNodeHash::from_byte_array([3; 32])].try_into().unwrap();
        psbt.inputs[0].tap_scripts.insert(block, (anyone(), LeafVersion::TapScript));
    };

    #[test]
    fn leaf_of_a_version_nobody_defined() TR Changed "input-leaf-script", "gives a leaf a version under which any witness passes", seen "BIP-341";
    |_, psbt| {
        let entry = psbt.inputs[0].tap_scripts.values_mut().next().unwrap();
        entry.1 = LeafVersion::from_consensus(0xc2).unwrap();
    };

    #[test]
    fn control_blocks_exchanged() TR Changed "input-leaf-script", "gives each leaf the other one's control block";
    |_, psbt| {
        let leaves = &mut psbt.inputs[0].tap_scripts;
        let ((first_block, first), (second_block, second)) = (leaves.pop_first().unwrap(), leaves.pop_first().unwrap());
        leaves.insert(first_block, second);
        leaves.insert(second_block, first);
    };

    #[test]
    fn control_block_with_another_internal_key() TR Changed "input-leaf-script", "gives a control block whose key somebody has";
    |_, psbt| {
        let (mut block, entry) = psbt.inputs[0].tap_scripts.pop_first().unwrap();
        block.internal_key = key("mallory").public().xpub().to_x_only_pub();
        psbt.inputs[0].tap_scripts.insert(block, entry);
    };

    #[test]
    fn control_block_of_the_other_sign() TR Changed "input-leaf-script", "gives a control block with the wrong sign of the output key";
    |_, psbt| {
        let (mut block, entry) = psbt.inputs[0].tap_scripts.pop_first().unwrap();
        block.output_key_parity = block.output_key_parity ^ vault::bitcoin::secp256k1::Parity::Odd;
        psbt.inputs[0].tap_scripts.insert(block, entry);
    };

    #[test]
    fn another_internal_key() TR Changed "input-internal-key", "names a key path that a stranger can sign";
    |_, psbt| psbt.inputs[0].tap_internal_key = Some(key("mallory").public().xpub().to_x_only_pub());

    #[test]
    fn internal_key_of_a_member() TR Changed "input-internal-key", "names a key path that one member can sign alone";
    |_, psbt| psbt.inputs[0].tap_internal_key = Some(psbt.inputs[0].tap_script_sigs.keys().next().unwrap().0);

    #[test]
    fn another_merkle_root() TR Changed "input-merkle-root", "names another tree";
    |_, psbt| psbt.inputs[0].tap_merkle_root = Some(TapNodeHash::from_byte_array([1; 32]));

    #[test]
    fn a_strangers_key_among_the_derivations() WSH Changed "input-derivation", "names a stranger's key as one of the script's";
    |_, psbt| {
        let source = (Fingerprint::default(), DerivationPath::master());
        psbt.inputs[0].bip32_derivation.insert(key("mallory").public().xpub().public_key, source);
    };

    #[test]
    fn a_strangers_key_among_the_taproot_derivations() TR Changed "input-derivation", "names a stranger's key as one of the leaves'";
    |_, psbt| {
        let source = (Fingerprint::default(), DerivationPath::master());
        psbt.inputs[0].tap_key_origins.insert(key("mallory").public().xpub().to_x_only_pub(), (vec![], source));
    };

    #[test]
    fn a_members_key_with_another_path() BOTH Changed "input-derivation", "has a device sign with a key at another path", seen "Ledger and Trezor, ransom attack, L. Champine, January 2019";
    |_, psbt| {
        let deeper = |path: &DerivationPath| path.child(ChildNumber::Normal { index: 0 });
        let input = &mut psbt.inputs[0];
        if let Some(source) = input.bip32_derivation.values_mut().next() { source.1 = deeper(&source.1) }
        if let Some((_, source)) = input.tap_key_origins.values_mut().next() { source.1 = deeper(&source.1) }
    };

    #[test]
    fn a_members_key_with_another_fingerprint() BOTH Changed "input-derivation", "says that a member's key is another device's";
    |_, psbt| {
        let input = &mut psbt.inputs[0];
        if let Some(source) = input.bip32_derivation.values_mut().next() { source.0 = Fingerprint::from([7; 4]) }
        if let Some((_, source)) = input.tap_key_origins.values_mut().next() { source.0 = Fingerprint::from([7; 4]) }
    };

    #[test]
    fn a_key_in_a_leaf_that_is_not_there() TR Changed "input-derivation", "says that a key stands in a leaf that the tree does not have";
    |_, psbt| {
        let (leaves, _) = psbt.inputs[0].tap_key_origins.values_mut().next().unwrap();
        leaves.push(TapLeafHash::from_byte_array([1; 32]));
    };

    #[test]
    fn a_members_key_in_the_recovery_leaf() TR Changed "input-derivation", "has a member sign for the recovery leaf with the key of the spending leaf";
    |_, psbt| {
        let input = &mut psbt.inputs[0];
        let ((member, spending), _) = input.tap_script_sigs.iter().next().unwrap();
        let recovery = input.tap_key_origins.values().flat_map(|(leaves, _)| leaves).find(|leaf| *leaf != spending).copied();
        input.tap_key_origins.get_mut(member).unwrap().0.push(recovery.unwrap());
    };
}
