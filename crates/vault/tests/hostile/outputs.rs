//! Attacks on outputs: what was approved, and what claims to be change (G1, G6).

use vault::bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint};
use vault::bitcoin::taproot::TaprootBuilder;
use vault::bitcoin::{Amount, Network, Psbt, ScriptBuf, TxOut};
use vault::{Approved, Branch, GAP_LIMIT, ScriptKind, VaultSpec};

use crate::attack::attacks;
use crate::world::{self, PAYMENT, World, key, payee};

fn elsewhere() -> ScriptBuf {
    ScriptBuf::from_hex("00145a6f3c9b0f8f3fbd5f1f5a5c64f8ac0b2f7b5d1e").unwrap()
}

/// Sends the change to the same position of a vault that looks like ours: devices see their own keys there.
fn change_to_twin(world: &World, psbt: &mut Psbt, differ: fn(&mut VaultSpec)) {
    let mut spec = world::spec(world.holdings.descriptor().kind());
    differ(&mut spec);
    psbt.unsigned_tx.output[1].script_pubkey =
        spec.descriptor().unwrap().script_pubkey(Branch::Change, 1).unwrap();
}

/// Changes the path of every key of the change.
fn repathed(psbt: &mut Psbt, change: impl Fn(&DerivationPath) -> DerivationPath) {
    let output = &mut psbt.outputs[1];
    output.bip32_derivation.values_mut().for_each(|source| source.1 = change(&source.1));
    output.tap_key_origins.values_mut().for_each(|(_, source)| source.1 = change(&source.1));
}

fn ending(path: &DerivationPath, last: ChildNumber) -> DerivationPath {
    let mut steps: Vec<ChildNumber> = path.into_iter().copied().collect();
    *steps.last_mut().unwrap() = last;
    steps.into()
}

fn change_at(world: &World, psbt: &mut Psbt, index: u32) {
    psbt.unsigned_tx.output[1].script_pubkey = world.change_at(index);
    repathed(psbt, |path| ending(path, ChildNumber::Normal { index }));
}

fn paid_to(psbt: &mut Psbt, script_pubkey: ScriptBuf, value: Amount) {
    psbt.unsigned_tx.output.push(TxOut { value, script_pubkey });
    psbt.outputs.push(Default::default());
}

attacks! {
    #[test]
    fn payee_swapped_after_approval() BOTH Deceived "output-not-approved", "pays somebody else than was approved, with every member's signature", seen "Bybit, February 2025";
    |_, psbt| psbt.unsigned_tx.output[0].script_pubkey = elsewhere();

    #[test]
    fn payment_raised_after_approval() BOTH Deceived "output-not-approved", "pays a satoshi more than was approved";
    |_, psbt| {
        psbt.unsigned_tx.output[0].value += Amount::from_sat(1);
        psbt.unsigned_tx.output[1].value -= Amount::from_sat(1);
    };

    #[test]
    fn payment_lowered_after_approval() BOTH Deceived "output-not-approved", "pays a satoshi less than was approved";
    |_, psbt| psbt.unsigned_tx.output[0].value -= Amount::from_sat(1);

    #[test]
    fn payment_and_change_exchanged() BOTH Deceived "output-not-approved", "gives the payee the change and the vault the payment";
    |_, psbt| {
        let (payment, change) = (psbt.unsigned_tx.output[0].value, psbt.unsigned_tx.output[1].value);
        psbt.unsigned_tx.output[0].value = change;
        psbt.unsigned_tx.output[1].value = payment;
    };

    #[test]
    fn payment_left_out() BOTH Deceived "output-missing", "moves the coins and pays nobody";
    |_, psbt| { psbt.unsigned_tx.output.remove(0); psbt.outputs.remove(0); };

    #[test]
    fn payment_made_twice() BOTH Deceived "output-not-approved", "pays what was approved once two times";
    |_, psbt| { let again = psbt.unsigned_tx.output[0].clone(); paid_to(psbt, again.script_pubkey, again.value) };

    #[test]
    fn payment_in_two_parts() BOTH Deceived "output-not-approved", "pays the approved sum in two outputs";
    |_, psbt| {
        psbt.unsigned_tx.output[0].value = Amount::from_sat(PAYMENT / 2);
        paid_to(psbt, payee(), Amount::from_sat(PAYMENT / 2));
    };

    #[test]
    fn approved_twice_and_paid_once() BOTH Whole "output-missing", "pays once what was approved two times";
    |kind| {
        let mut world = World::new(kind);
        let twice = [0, 1].map(|_| (types::Target::Address(world::PAYEE.into()), PAYMENT));
        world.approved = Approved::from_payload(&world::payload(&twice), Network::Regtest, |_| None).unwrap();
        world.verify(world.signed(&["alice", "bob"]))
    };

    #[test]
    fn payee_of_another_witness_version() BOTH Deceived "output-not-approved", "pays the payee's program under a version that anyone can spend", seen "BIP-350";
    |_, psbt| {
        let mut script = payee().into_bytes();
        script[0] = 0x52;
        psbt.unsigned_tx.output[0].script_pubkey = ScriptBuf::from_bytes(script);
    };

    #[test]
    fn change_to_a_strangers_address() BOTH Deceived "output-not-approved", "sends the change to a stranger and leaves the vault's keys beside it", seen "early hardware wallets; BitBox, Five biggest flaws";
    |_, psbt| psbt.unsigned_tx.output[1].script_pubkey = elsewhere();

    #[test]
    fn change_to_a_member_alone() BOTH Deceived "output-not-approved", "sends the change to one member's own key, which that device calls its own", seen "Trezor, The pitfalls of multisig, December 2019";
    |world, psbt| {
        let alice = world.holdings.descriptor().derive(world.position(Branch::Change, 1)).unwrap().member(0).unwrap().clone();
        let own = vault::bitcoin::CompressedPublicKey(alice.public_key).wpubkey_hash();
        psbt.unsigned_tx.output[1].script_pubkey = ScriptBuf::new_p2wpkh(&own);
        psbt.outputs[1] = Default::default();
        psbt.outputs[1].bip32_derivation.insert(alice.public_key, alice.source);
    };

    #[test]
    fn change_to_a_vault_of_the_same_members_without_the_cosigner() BOTH Deceived "output-not-approved", "puts the attacker's key in the co-signer's place", seen "Coldcard, Nunchuk and Shift Crypto, February 2021";
    |world, psbt| change_to_twin(world, psbt, |spec| spec.cosigner = world::text("mallory"));

    #[test]
    fn change_to_a_vault_with_one_member_replaced() BOTH Deceived "output-not-approved", "puts the attacker's key in a member's place", seen "Coldcard, Nunchuk and Shift Crypto, February 2021";
    |world, psbt| change_to_twin(world, psbt, |spec| spec.members[2] = world::text("mallory"));

    #[test]
    fn change_to_a_vault_of_a_lower_quorum() BOTH Deceived "output-not-approved", "has one member suffice for the change", seen "The pitfalls of multisig, December 2019";
    |world, psbt| change_to_twin(world, psbt, |spec| spec.at_least = 1);

    #[test]
    fn change_to_a_vault_of_a_shorter_lock() BOTH Deceived "output-not-approved", "has the recovery path of the change open in the next block";
    |world, psbt| change_to_twin(world, psbt, |spec| spec.recovery.after_blocks = 1);

    #[test]
    fn change_to_a_vault_with_members_in_another_order() BOTH Deceived "output-not-approved", "exchanges two members, so that nobody finds the change", seen "BIP-67; ransom attack";
    |world, psbt| change_to_twin(world, psbt, |spec| spec.members.swap(0, 1));

    #[test]
    fn change_to_the_other_kind_of_script() BOTH Deceived "output-not-approved", "sends the change to the same keys in a script that the vault does not watch", seen "BitBox02, multisig script type check";
    |world, psbt| change_to_twin(world, psbt, |spec| {
        spec.script = if spec.script == ScriptKind::Wsh { ScriptKind::Tr } else { ScriptKind::Wsh };
    });

    #[test]
    fn change_in_a_nested_script() WSH Deceived "output-not-approved", "wraps the change's script in the old kind of address";
    |_, psbt| psbt.unsigned_tx.output[1].script_pubkey = psbt.unsigned_tx.output[1].script_pubkey.to_p2sh();

    #[test]
    fn change_script_with_a_tail() WSH Deceived "output-not-approved", "has a script begin as the vault's does and end as the attacker likes", seen "Coldcard, dgpv, March 2020";
    |_, psbt| {
        let mut script = psbt.outputs[1].witness_script.clone().unwrap().into_bytes();
        script.extend([0x75, 0x51]);
        let script = ScriptBuf::from_bytes(script);
        psbt.unsigned_tx.output[1].script_pubkey = script.to_p2wsh();
        psbt.outputs[1].witness_script = Some(script);
    };

    #[test]
    fn change_tree_with_a_third_leaf() TR Deceived "output-not-approved", "adds a leaf of the attacker's to the change's tree";
    |_, psbt| {
        let tree = psbt.outputs[1].tap_tree.clone().unwrap();
        let leaves: Vec<ScriptBuf> = tree.script_leaves().map(|leaf| leaf.script().to_owned()).collect();
        let anyone = ScriptBuf::from_bytes(vec![0x51]);
        let builder = TaprootBuilder::new().add_leaf(1, leaves[0].clone()).unwrap().add_leaf(2, leaves[1].clone()).unwrap().add_leaf(2, anyone).unwrap();
        let tree = vault::bitcoin::taproot::TapTree::try_from(builder).unwrap();
        let internal = psbt.outputs[1].tap_internal_key.unwrap();
        let secp = vault::bitcoin::secp256k1::Secp256k1::new();
        psbt.unsigned_tx.output[1].script_pubkey = ScriptBuf::new_p2tr(&secp, internal, Some(tree.root_hash()));
        psbt.outputs[1].tap_tree = Some(tree);
    };

    #[test]
    fn change_without_its_tree() TR Deceived "output-not-approved", "sends the change to the internal key alone, which nobody can spend", seen "BIP-341 on unspendable keys";
    |_, psbt| {
        let secp = vault::bitcoin::secp256k1::Secp256k1::new();
        psbt.unsigned_tx.output[1].script_pubkey = ScriptBuf::new_p2tr(&secp, psbt.outputs[1].tap_internal_key.unwrap(), None);
    };

    #[test]
    fn change_beyond_the_gap() BOTH Deceived "change-beyond-gap", "hides the change at an index where nobody looks", seen "Ledger and Trezor, ransom attack, L. Champine, January 2019";
    |world, psbt| change_at(world, psbt, 5_000_000);

    #[test]
    fn change_one_beyond_the_gap() BOTH Deceived "change-beyond-gap", "hides the change at the first index that is not watched";
    |world, psbt| change_at(world, psbt, 1 + GAP_LIMIT);

    #[test]
    fn change_at_the_last_index() BOTH Deceived "change-beyond-gap", "hides the change at the largest index that there is", seen "Ledger and Trezor, ransom attack, L. Champine, January 2019";
    |world, psbt| change_at(world, psbt, (1 << 31) - 1);

    #[test]
    fn change_beyond_the_gap_without_a_word() BOTH Deceived "output-not-approved", "hides the change and does not say where";
    |world, psbt| { psbt.unsigned_tx.output[1].script_pubkey = world.change_at(5_000_000); psbt.outputs[1] = Default::default() };

    #[test]
    fn change_at_a_hardened_index() BOTH Changed "change-derivation", "says that the change's keys come from a path that the vault cannot follow", seen "Ledger and Trezor, ransom attack, L. Champine, January 2019";
    |_, psbt| repathed(psbt, |path| ending(path, ChildNumber::Hardened { index: 1 }));

    #[test]
    fn change_at_another_index_than_it_says() BOTH Changed "change-derivation", "says that the change is at another index";
    |_, psbt| repathed(psbt, |path| ending(path, ChildNumber::Normal { index: 2 }));

    #[test]
    fn change_on_a_deeper_path() BOTH Changed "change-derivation", "says that the change is one step deeper";
    |_, psbt| repathed(psbt, |path| path.child(ChildNumber::Normal { index: 0 }));

    #[test]
    fn change_to_an_address_that_is_handed_out() BOTH Deceived "change-branch", "sends the change to an address that somebody was given";
    |world, psbt| {
        psbt.unsigned_tx.output[1].script_pubkey = world.holdings.descriptor().script_pubkey(Branch::Receive, 3).unwrap();
        psbt.outputs[1] = Default::default();
    };

    #[test]
    fn second_change() BOTH Deceived "change-second", "splits the change, to mark coins or to make dust";
    |world, psbt| {
        let half = Amount::from_sat(psbt.unsigned_tx.output[1].value.to_sat() / 2);
        psbt.unsigned_tx.output[1].value = half;
        paid_to(psbt, world.change_at(2), half);
    };

    #[test]
    fn change_with_a_strangers_key() BOTH Changed "change-derivation", "names a stranger's key as one of the change's";
    |_, psbt| drop(psbt.outputs[1].bip32_derivation.insert(key("mallory").public().xpub().public_key, (Fingerprint::default(), DerivationPath::master())));

    #[test]
    fn change_with_a_strangers_taproot_key() BOTH Changed "change-derivation", "names a stranger's taproot key as one of the change's";
    |_, psbt| drop(psbt.outputs[1].tap_key_origins.insert(key("mallory").public().xpub().to_x_only_pub(), (vec![], (Fingerprint::default(), DerivationPath::master()))));

    #[test]
    fn change_with_another_script() BOTH Changed "change-derivation", "shows another script than the change has";
    |_, psbt| psbt.outputs[1].witness_script = Some(ScriptBuf::from_bytes(vec![0x51]));

    #[test]
    fn change_with_a_redeem_script() BOTH Changed "change-derivation", "shows a redeem script, which the change does not have";
    |_, psbt| psbt.outputs[1].redeem_script = Some(ScriptBuf::new());

    #[test]
    fn change_with_another_internal_key() BOTH Changed "change-derivation", "shows a key path that a stranger can sign";
    |_, psbt| psbt.outputs[1].tap_internal_key = Some(key("mallory").public().xpub().to_x_only_pub());

    #[test]
    fn change_with_another_tree() BOTH Changed "change-derivation", "shows another tree than the change has";
    |_, psbt| {
        let anyone = TaprootBuilder::new().add_leaf(0, ScriptBuf::from_bytes(vec![0x51])).unwrap();
        psbt.outputs[1].tap_tree = Some(anyone.try_into_taptree().unwrap());
    };

    #[test]
    fn payment_dressed_up_as_change() BOTH Changed "output-claim", "has a device take the payment for change and not show it", seen "The pitfalls of multisig, December 2019";
    |_, psbt| psbt.outputs[0] = psbt.outputs[1].clone();

    #[test]
    fn payment_with_one_of_our_keys() BOTH Changed "output-claim", "names a member's key at the payment";
    |_, psbt| drop(psbt.outputs[0].bip32_derivation.insert(key("alice").public().xpub().public_key, (Fingerprint::default(), DerivationPath::master())));

    #[test]
    fn dust() BOTH Deceived "output-dust", "makes a transaction that nobody relays, so that its coins stay reserved";
    |_, psbt| psbt.unsigned_tx.output[1].value = Amount::from_sat(100);

    #[test]
    fn output_of_nothing() BOTH Deceived "output-dust", "makes change of no value";
    |_, psbt| psbt.unsigned_tx.output[1].value = Amount::ZERO;

    #[test]
    fn data_carrier_added() BOTH Deceived "output-not-approved", "writes data into the chain";
    |_, psbt| paid_to(psbt, ScriptBuf::new_op_return([1, 2, 3]), Amount::ZERO);

    #[test]
    fn anchor_that_anyone_can_spend() BOTH Deceived "output-not-approved", "adds an output by which anyone can pin the payment";
    |_, psbt| paid_to(psbt, ScriptBuf::from_bytes(vec![0x51, 0x02, 0x4e, 0x73]), Amount::from_sat(330));
}
