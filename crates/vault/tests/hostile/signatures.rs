//! Attacks on signatures: by whom, over what, for which path (G1).

use vault::bitcoin::bip32::Xpriv;
use vault::bitcoin::hashes::{Hash, sha256};
use vault::bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use vault::bitcoin::sighash::{EcdsaSighashType, TapSighashType};
use vault::bitcoin::{Amount, Network, Psbt, PublicKey, TapLeafHash, ecdsa, taproot};
use vault::signing::sign_member;
use vault::{Role, ScriptKind};

use crate::attack::attacks;
use crate::world::{World, cosign, key};

fn pair(name: &str) -> Keypair {
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    Keypair::from_seckey_slice(&Secp256k1::new(), &seed).unwrap()
}

fn ecdsa_by(pair: &Keypair, message: Message) -> ecdsa::Signature {
    ecdsa::Signature::sighash_all(Secp256k1::new().sign_ecdsa(&message, &pair.secret_key()))
}

/// A signature by the key that has a role, valid for its leaf (taproot) or the script.
fn sign_as(world: &World, psbt: &mut Psbt, name: &str, wanted: Role) {
    let secp = Secp256k1::new();
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    let master = Xpriv::new_master(Network::Regtest, &seed).unwrap();
    let mut signed = psbt.clone();
    signed.sign(&master, &secp).unwrap();
    for (index, (input, all)) in psbt.inputs.iter_mut().zip(signed.inputs).enumerate() {
        let outpoint = psbt.unsigned_tx.input[index].previous_output;
        let script = world.holdings.coin(&outpoint).unwrap().script();
        let own = script.keys().iter().find(|own| own.role == wanted).unwrap();
        let plain = all.partial_sigs.into_iter().filter(|(key, _)| key.inner == own.public_key);
        input.partial_sigs.extend(plain);
        let tap = all.tap_script_sigs.into_iter().filter(|((key, _), _)| *key == own.x_only());
        input.tap_script_sigs.extend(tap);
    }
}

/// Gives each key of the first input the signature that this function chooses among those of the PSBT.
fn reassigned(psbt: &mut Psbt, from: usize, turn: usize) {
    let mut plain: Vec<_> = psbt.inputs[from].partial_sigs.values().copied().collect();
    let mut tap: Vec<_> = psbt.inputs[from].tap_script_sigs.values().copied().collect();
    let (plain_turn, tap_turn) = (turn.min(plain.len()), turn.min(tap.len()));
    plain.rotate_left(plain_turn);
    tap.rotate_left(tap_turn);
    psbt.inputs[0].partial_sigs.values_mut().zip(plain).for_each(|(own, other)| *own = other);
    psbt.inputs[0].tap_script_sigs.values_mut().zip(tap).for_each(|(own, other)| *own = other);
}

/// The other of the two values that ECDSA accepts: the order of the curve less `s`.
fn raise_s(signature: &mut vault::bitcoin::secp256k1::ecdsa::Signature) {
    let mut compact = signature.serialize_compact();
    let order = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
    let mut borrow = 0i16;
    for place in (0..32).rev() {
        let digit = i16::from(order[place]) - i16::from(compact[32 + place]) - borrow;
        borrow = i16::from(digit < 0);
        compact[32 + place] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    *signature = vault::bitcoin::secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
}

attacks! {
    #[test]
    fn signature_by_a_stranger() WSH Changed "signature-foreign", "adds a signature by a key that is not in the script";
    |_, psbt| {
        let key = PublicKey::new(pair("mallory").public_key());
        psbt.inputs[0].partial_sigs.insert(key, ecdsa_by(&pair("mallory"), Message::from_digest([1; 32])));
    };

    #[test]
    fn leaf_signature_by_a_stranger() TR Changed "signature-foreign", "passes a member's signature off as a stranger's";
    |_, psbt| {
        let ((_, leaf), signature) = psbt.inputs[0].tap_script_sigs.pop_first().unwrap();
        psbt.inputs[0].tap_script_sigs.insert((pair("mallory").x_only_public_key().0, leaf), signature);
    };

    #[test]
    fn signature_by_the_internal_key() TR Changed "signature-foreign", "passes a signature off as made by the key that nobody has";
    |_, psbt| {
        let ((_, leaf), signature) = psbt.inputs[0].tap_script_sigs.pop_first().unwrap();
        let internal = psbt.inputs[0].tap_internal_key.unwrap();
        psbt.inputs[0].tap_script_sigs.insert((internal, leaf), signature);
    };

    #[test]
    fn signature_for_a_leaf_that_is_not_there() TR Changed "signature-foreign", "signs for a leaf that the tree does not have";
    |_, psbt| {
        let ((key, _), signature) = psbt.inputs[0].tap_script_sigs.pop_first().unwrap();
        psbt.inputs[0].tap_script_sigs.insert((key, TapLeafHash::from_byte_array([9; 32])), signature);
    };

    #[test]
    fn signature_by_an_uncompressed_key() WSH Changed "signature-foreign", "signs with the long form of a member's key, which segwit refuses", seen "BIP-143";
    |_, psbt| {
        let (key, signature) = psbt.inputs[0].partial_sigs.pop_first().unwrap();
        psbt.inputs[0].partial_sigs.insert(PublicKey { compressed: false, ..key }, signature);
    };

    #[test]
    fn signature_of_another_input() BOTH Changed "signature-invalid", "uses signatures of one input for another";
    |_, psbt| reassigned(psbt, 1, 0);

    #[test]
    fn signatures_of_two_members_exchanged() BOTH Changed "signature-invalid", "says that each member's signature is the other one's";
    |_, psbt| reassigned(psbt, 0, 1);

    #[test]
    fn signatures_kept_after_the_fee_was_changed() BOTH Changed "signature-invalid", "keeps signatures for a transaction that pays another fee, within what was approved";
    |_, psbt| psbt.unsigned_tx.output[1].value -= Amount::from_sat(1000);

    #[test]
    fn signatures_kept_after_the_change_was_moved() BOTH Changed "signature-invalid", "keeps signatures for a transaction with another change address of the vault";
    |world, psbt| {
        let position = world.position(vault::Branch::Change, 5);
        psbt.unsigned_tx.output[1].script_pubkey = world.change_at(5);
        psbt.outputs[1] = world.dressed_as(position);
    };

    #[test]
    fn signatures_kept_after_an_input_was_added() BOTH Changed "signature-invalid", "keeps signatures and adds a coin to the fee";
    |world, psbt| {
        let third = world.outpoints()[2];
        let mut draft = world.draft();
        (draft.inputs, draft.outputs) = (vec![third], vec![]);
        let more = vault::build_psbt(&world.holdings, &draft).unwrap();
        psbt.unsigned_tx.input.extend(more.unsigned_tx.input);
        psbt.inputs.extend(more.inputs);
        psbt.unsigned_tx.output[1].value += more.unsigned_tx.output[0].value;
    };

    #[test]
    fn signature_with_high_s() WSH Changed "signature-invalid", "gives the other form of a signature, which nobody relays", seen "BIP-146, transaction malleability";
    |_, psbt| raise_s(&mut psbt.inputs[0].partial_sigs.first_entry().unwrap().get_mut().signature);

    #[test]
    fn signature_that_covers_less_than_everything() WSH Changed "signature-sighash", "labels a signature as one that lets anyone add inputs";
    |_, psbt| psbt.inputs[0].partial_sigs.first_entry().unwrap().get_mut().sighash_type = EcdsaSighashType::AllPlusAnyoneCanPay;

    #[test]
    fn leaf_signature_that_covers_less_than_everything() TR Changed "signature-sighash", "labels a signature as one that leaves all outputs open";
    |_, psbt| psbt.inputs[0].tap_script_sigs.first_entry().unwrap().get_mut().sighash_type = TapSighashType::None;

    #[test]
    fn default_signature_labelled_as_all() TR Changed "signature-invalid", "labels a signature with another type, which has a hash of its own";
    |_, psbt| psbt.inputs[0].tap_script_sigs.first_entry().unwrap().get_mut().sighash_type = TapSighashType::All;

    #[test]
    fn signature_for_the_key_path() BOTH Changed "signature-key-path", "signs for the key path of a vault that has none";
    |_, psbt| {
        let signature = Secp256k1::new().sign_schnorr_no_aux_rand(&Message::from_digest([1; 32]), &pair("mallory"));
        psbt.inputs[0].tap_key_sig = Some(taproot::Signature { signature, sighash_type: TapSighashType::Default });
    };

    #[test]
    fn signature_of_the_cosigner_sent_in() BOTH Whole "signature-of-cosigner", "sends a signature of the co-signer back, to have it taken for a member's";
    |kind| {
        let world = World::new(kind);
        let spend = world.verify(world.signed(&["alice", "bob"])).unwrap();
        world.verify(cosign(&spend, "cosigner").psbt())
    };

    #[test]
    fn recovery_keys_used_for_spending() BOTH Whole "signature-recovery-path", "signs the recovery path alone, to leave without the co-signer";
    |kind| {
        let world = World::new(kind);
        let mut psbt = world.psbt();
        sign_as(&world, &mut psbt, "alice", Role::Recovery(0));
        sign_as(&world, &mut psbt, "bob", Role::Recovery(1));
        world.verify(psbt)
    };

    #[test]
    fn recovery_key_of_somebody_who_is_no_member() BOTH Whole "signature-recovery-path", "adds a recovery signature by somebody who may not spend";
    |kind| {
        let world = World::new(kind);
        let mut psbt = world.signed(&["alice", "bob"]);
        sign_as(&world, &mut psbt, "dave", Role::Recovery(2));
        world.verify(psbt)
    };

    #[test]
    fn recovery_signature_that_is_not_even_valid() BOTH Whole "signature-invalid", "adds a recovery signature for another input";
    |kind| {
        let world = World::new(kind);
        let mut psbt = world.signed(&["alice", "bob"]);
        sign_as(&world, &mut psbt, "alice", Role::Recovery(0));
        world.verify(psbt.clone()).unwrap();
        let script = world.holdings.coin(&psbt.unsigned_tx.input[0].previous_output).unwrap().script();
        let own = script.keys().iter().find(|own| own.role == Role::Recovery(0)).unwrap();
        let [first, second] = &mut psbt.inputs[..] else { panic!("two inputs") };
        if let Some(signature) = first.partial_sigs.get_mut(&PublicKey::new(own.public_key)) {
            *signature = *second.partial_sigs.values().next().unwrap();
        }
        let tap = first.tap_script_sigs.iter_mut().find(|((key, _), _)| *key == own.x_only());
        if let Some((_, signature)) = tap {
            *signature = *second.tap_script_sigs.values().next().unwrap();
        }
        world.verify(psbt)
    };

    #[test]
    fn recovery_key_on_the_spending_leaf() TR Whole "signature-foreign", "passes a recovery signature off as one for the spending leaf";
    |kind: ScriptKind| {
        let world = World::new(kind);
        let mut psbt = world.signed(&["alice", "bob"]);
        let spending = psbt.inputs[0].tap_script_sigs.keys().next().unwrap().1;
        sign_as(&world, &mut psbt, "alice", Role::Recovery(0));
        let sigs = &mut psbt.inputs[0].tap_script_sigs;
        let moved = *sigs.keys().find(|(_, leaf)| *leaf != spending).unwrap();
        let signature = sigs.remove(&moved).unwrap();
        sigs.insert((moved.0, spending), signature);
        world.verify(psbt)
    };

    #[test]
    fn members_key_on_the_recovery_leaf() TR Changed "signature-foreign", "passes a member's signature off as one for the recovery leaf";
    |_, psbt| {
        let input = &mut psbt.inputs[0];
        let ((member, spending), signature) = input.tap_script_sigs.pop_first().unwrap();
        let recovery = input.tap_key_origins.values().flat_map(|(leaves, _)| leaves).find(|leaf| **leaf != spending).copied();
        input.tap_script_sigs.insert((member, recovery.unwrap()), signature);
    };

    #[test]
    fn member_of_another_vault_signs() WSH Changed "signature-foreign", "adds a valid signature by the key that a member has in another vault";
    |_, psbt| {
        let other = World::new(ScriptKind::Wsh);
        let mut draft = other.draft();
        draft.inputs.reverse();
        let mut theirs = vault::build_psbt(&other.holdings, &draft).unwrap();
        sign_member(&mut theirs, &other.holdings, &key("carol")).unwrap();
        psbt.inputs[0].partial_sigs.extend(theirs.inputs[0].partial_sigs.clone());
    };
}
