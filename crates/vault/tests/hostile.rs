//! Hostile PSBTs, each named by what it tries, each refused with its own code (G1, G6).
//!
//! All start from an honest PSBT with two valid signatures, which is accepted; each changes one thing. A change that breaks the signatures
//! would be refused for that as well: where the check comes first, its code says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use vault::bitcoin::absolute::LockTime;
use vault::bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, Xpub};
use vault::bitcoin::hashes::{Hash, hash160, ripemd160, sha256, sha256d};
use vault::bitcoin::psbt::{Psbt, PsbtSighashType, raw};
use vault::bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use vault::bitcoin::sighash::{EcdsaSighashType, TapSighashType};
use vault::bitcoin::taproot::{LeafVersion, TaprootBuilder};
use vault::bitcoin::transaction::Version;
use vault::bitcoin::{
    Amount, Network, OutPoint, PublicKey, ScriptBuf, Sequence, TapLeafHash, TapNodeHash, TxOut, Witness,
    ecdsa, taproot,
};
use vault::signing::sign_member;
use vault::{Approved, Branch, PSBT_BYTES_MAX, Refusal, Role, ScriptKind, UnverifiedPsbt, build_psbt};
use world::{COIN, FEE, HEIGHT, KINDS, MAX_FEE, PAYMENT, World, cosign, funding, key, key_on, payee};

use ScriptKind::{Tr, Wsh};

fn honest(kind: ScriptKind) -> (World, Psbt) {
    let world = World::new(kind);
    let psbt = world.signed(&["alice", "bob"]);
    assert!(world.verify(psbt.clone()).unwrap().is_complete(), "the honest psbt is accepted");
    (world, psbt)
}

/// Changes one thing in an honest, signed PSBT and expects a refusal.
fn refused_as(kind: ScriptKind, code: &str, change: impl Fn(&World, &mut Psbt)) {
    let (world, mut psbt) = honest(kind);
    change(&world, &mut psbt);
    let refusal = world.verify(psbt.clone()).unwrap_err();
    assert_eq!(refusal.code(), code, "{kind:?}: {refusal}");
    // What cannot be written down as a PSBT cannot be sent; what can is refused in that form too.
    if let Ok(parsed) = UnverifiedPsbt::from_bytes(&psbt.serialize()) {
        let again = vault::verify(parsed, &world.holdings, &world.approved).unwrap_err();
        assert_eq!(again.code(), code, "{kind:?}, serialised: {again}");
    }
}

fn refused(code: &str, change: impl Fn(&World, &mut Psbt)) {
    KINDS.into_iter().for_each(|kind| refused_as(kind, code, &change));
}

/// Builds another honest-looking PSBT, signs it anew, and expects a refusal: the members were deceived too.
fn refused_though_signed(code: &str, change: impl Fn(&World, &mut Psbt)) {
    for kind in KINDS {
        let world = World::new(kind);
        let mut psbt = world.psbt();
        change(&world, &mut psbt);
        for member in ["alice", "bob"] {
            sign_member(&mut psbt, &world.holdings, &key(member)).unwrap();
        }
        let refusal = world.verify(psbt).unwrap_err();
        assert_eq!(refusal.code(), code, "{kind:?}: {refusal}");
    }
}

fn raw_key() -> raw::Key {
    raw::Key { type_value: 0xf0, key: vec![1, 2, 3] }
}

fn proprietary() -> raw::ProprietaryKey {
    raw::ProprietaryKey { prefix: b"evil".to_vec(), subtype: 0, key: vec![] }
}

// The form.

#[test]
fn not_a_psbt() {
    for bytes in [&b""[..], b"psbt", b"psbt\xff", b"psbt\xff\x00", b"\xff\xfe\x00", b"hello", &[0; 64]] {
        assert_eq!(UnverifiedPsbt::parse(bytes).unwrap_err().code(), "psbt-malformed");
    }
}

#[test]
fn oversize() {
    let bytes = vec![0; PSBT_BYTES_MAX + 1];
    assert_eq!(UnverifiedPsbt::from_bytes(&bytes).unwrap_err(), Refusal::TooLarge);
    let text = "A".repeat(PSBT_BYTES_MAX * 2);
    assert_eq!(UnverifiedPsbt::from_base64(&text).unwrap_err(), Refusal::TooLarge);
}

#[test]
fn something_after_the_psbt() {
    let (_, psbt) = honest(Wsh);
    let mut bytes = psbt.serialize();
    bytes.push(0);
    assert_eq!(UnverifiedPsbt::from_bytes(&bytes).unwrap_err(), Refusal::TrailingBytes);
}

#[test]
fn truncated_anywhere() {
    for kind in KINDS {
        let bytes = honest(kind).1.serialize();
        for end in 0..bytes.len() {
            assert_eq!(
                UnverifiedPsbt::from_bytes(&bytes[..end]).unwrap_err().code(),
                "psbt-malformed",
                "{end}"
            );
        }
    }
}

#[test]
fn another_psbt_version() {
    refused("psbt-version", |_, psbt| psbt.version = 2);
}

#[test]
fn unknown_global_field() {
    refused("psbt-global-field", |_, psbt| drop(psbt.unknown.insert(raw_key(), vec![1])));
}

#[test]
fn proprietary_global_field() {
    refused("psbt-global-field", |_, psbt| drop(psbt.proprietary.insert(proprietary(), vec![1])));
}

fn foreign_xpub(network: Network) -> Xpub {
    *key_on(network, "mallory").public().xpub()
}

#[test]
fn global_key_of_another_network() {
    refused("psbt-wrong-network", |_, psbt| {
        let source = (Fingerprint::default(), DerivationPath::master());
        psbt.xpub.insert(foreign_xpub(Network::Bitcoin), source);
    });
}

#[test]
fn global_key_of_a_stranger() {
    refused("psbt-global-key", |_, psbt| {
        let source = (Fingerprint::default(), DerivationPath::master());
        psbt.xpub.insert(foreign_xpub(Network::Regtest), source);
    });
}

#[test]
fn global_key_with_a_false_origin() {
    refused("psbt-global-key", |_, psbt| {
        let source = (Fingerprint::from([1; 4]), key("alice").public().path().clone());
        psbt.xpub.insert(*key("alice").public().xpub(), source);
    });
}

#[test]
fn global_keys_of_the_vault_are_fine() {
    for kind in KINDS {
        let (world, mut psbt) = honest(kind);
        for key in world.holdings.descriptor().account_keys() {
            psbt.xpub.insert(*key.xpub(), (key.fingerprint(), key.path().clone()));
        }
        world.verify(psbt).unwrap();
    }
}

#[test]
fn fewer_input_maps_than_inputs() {
    refused("psbt-map-count", |_, psbt| drop(psbt.inputs.pop()));
}

#[test]
fn more_output_maps_than_outputs() {
    refused("psbt-map-count", |_, psbt| psbt.outputs.push(Default::default()));
}

#[test]
fn payload_of_another_vault() {
    let (world, psbt) = honest(Wsh);
    let mut payload = world.payload.clone();
    payload.vault = types::VaultId::parse("hot").unwrap();
    let approved = Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap();
    let refusal = vault::verify(psbt.into(), &world.holdings, &approved).unwrap_err();
    assert_eq!(refusal, Refusal::WrongVault);
}

#[test]
fn psbt_of_another_vault() {
    // The same coins do not exist there.
    let (_, psbt) = honest(Tr);
    assert_eq!(World::new(Wsh).verify(psbt).unwrap_err(), Refusal::InputNotOurs(0));
}

// The transaction.

#[test]
fn version_that_ignores_relative_locks() {
    refused_though_signed("tx-version", |_, psbt| psbt.unsigned_tx.version = Version::ONE);
}

#[test]
fn version_with_other_relay_rules() {
    refused_though_signed("tx-version", |_, psbt| psbt.unsigned_tx.version = Version(3));
}

#[test]
fn lock_time_above_the_height() {
    refused_though_signed("tx-lock-time-ahead", |_, psbt| {
        psbt.unsigned_tx.lock_time = LockTime::from_height(HEIGHT + 1).unwrap();
    });
}

#[test]
fn lock_time_that_is_a_date() {
    refused_though_signed("tx-lock-time-date", |_, psbt| {
        psbt.unsigned_tx.lock_time = LockTime::from_time(1_700_000_000).unwrap();
    });
}

#[test]
fn lock_time_at_the_height_is_fine() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut draft = world.draft();
        draft.lock_height = HEIGHT;
        world.verify(build_psbt(&world.holdings, &draft).unwrap()).unwrap();
    }
}

#[test]
fn no_inputs() {
    refused("tx-no-inputs", |_, psbt| {
        psbt.unsigned_tx.input.clear();
        psbt.inputs.clear();
    });
}

#[test]
fn too_many_inputs() {
    refused("tx-too-many-inputs", |_, psbt| {
        let (txin, map) = (psbt.unsigned_tx.input[0].clone(), psbt.inputs[0].clone());
        psbt.unsigned_tx.input.resize(1001, txin);
        psbt.inputs.resize(1001, map);
    });
}

#[test]
fn too_many_outputs() {
    refused("tx-too-many-outputs", |_, psbt| {
        let txout = TxOut { value: Amount::from_sat(1000), script_pubkey: payee() };
        psbt.unsigned_tx.output.resize(202, txout);
        psbt.outputs.resize(202, Default::default());
    });
}

// Inputs.

#[test]
fn foreign_input() {
    refused("input-not-ours", |_, psbt| {
        let stranger = funding(77, &[payee()], COIN);
        psbt.unsigned_tx.input[1].previous_output = OutPoint { txid: stranger.compute_txid(), vout: 0 };
        psbt.inputs[1] = Default::default();
        psbt.inputs[1].witness_utxo = Some(stranger.output[0].clone());
    });
}

#[test]
fn input_of_ours_that_does_not_exist() {
    refused("input-not-ours", |_, psbt| psbt.unsigned_tx.input[1].previous_output.vout = 1_000_000);
}

#[test]
fn input_that_was_spent_meanwhile() {
    for kind in KINDS {
        let (mut world, psbt) = honest(kind);
        let mut thief = funding(9, &[payee()], COIN);
        thief.input[0].previous_output = psbt.unsigned_tx.input[1].previous_output;
        world.holdings.confirm(&thief).unwrap();
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::InputNotOurs(1));
    }
}

#[test]
fn duplicated_input() {
    refused("input-duplicate", |_, psbt| {
        psbt.unsigned_tx.input[1].previous_output = psbt.unsigned_tx.input[0].previous_output;
        psbt.inputs[1] = psbt.inputs[0].clone();
    });
}

/// Such a PSBT cannot be written down: the serialiser leaves witnesses out and the parser refuses scripts.
#[test]
fn signatures_inside_the_unsigned_transaction() {
    for kind in KINDS {
        let (world, mut psbt) = honest(kind);
        psbt.unsigned_tx.input[0].witness = Witness::from_slice(&[vec![1; 64]]);
        assert_eq!(world.verify(psbt).unwrap_err().code(), "input-not-unsigned");
    }
    refused("input-not-unsigned", |_, psbt| {
        psbt.unsigned_tx.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51]);
    });
}

#[test]
fn sequence_that_opens_the_recovery_path() {
    refused_though_signed("input-sequence", |_, psbt| {
        psbt.unsigned_tx.input[0].sequence = Sequence::from_height(144);
    });
}

#[test]
fn sequences_that_are_final_or_not_replaceable() {
    for sequence in [Sequence::MAX, Sequence::ENABLE_LOCKTIME_NO_RBF, Sequence::ZERO, Sequence(0xffff_fffc)] {
        refused_though_signed("input-sequence", |_, psbt| psbt.unsigned_tx.input[1].sequence = sequence);
    }
}

#[test]
fn finalised_script_injected() {
    refused("input-finalised", |_, psbt| {
        psbt.inputs[0].final_script_witness = Some(Witness::from_slice(&[vec![1; 64]]));
    });
    refused("input-finalised", |_, psbt| psbt.inputs[1].final_script_sig = Some(ScriptBuf::new()));
}

#[test]
fn annex_smuggled_in_a_final_witness() {
    refused("input-finalised", |_, psbt| {
        let annex = [vec![1; 64], vec![0x51], vec![0xc0; 33], vec![0x50, 1, 2]];
        psbt.inputs[0].final_script_witness = Some(Witness::from_slice(&annex));
    });
}

#[test]
fn unknown_input_field() {
    refused("input-field", |_, psbt| drop(psbt.inputs[1].unknown.insert(raw_key(), vec![])));
}

#[test]
fn proprietary_input_field() {
    refused("input-field", |_, psbt| drop(psbt.inputs[0].proprietary.insert(proprietary(), vec![9])));
}

#[test]
fn redeem_script_on_a_native_input() {
    refused("input-redeem-script", |_, psbt| psbt.inputs[0].redeem_script = Some(ScriptBuf::new()));
}

#[test]
fn preimages_nobody_asked_for() {
    refused("input-preimage", |_, psbt| {
        psbt.inputs[0].sha256_preimages.insert(sha256::Hash::hash(b"x"), b"x".to_vec());
    });
    refused("input-preimage", |_, psbt| {
        psbt.inputs[0].hash160_preimages.insert(hash160::Hash::hash(b"x"), b"x".to_vec());
    });
    refused("input-preimage", |_, psbt| {
        psbt.inputs[0].hash256_preimages.insert(sha256d::Hash::hash(b"x"), b"x".to_vec());
    });
    refused("input-preimage", |_, psbt| {
        psbt.inputs[0].ripemd160_preimages.insert(ripemd160::Hash::hash(b"x"), b"x".to_vec());
    });
}

#[test]
fn segwit_v0_amount_without_previous_transaction() {
    refused_as(Wsh, "input-previous-missing", |_, psbt| psbt.inputs[1].non_witness_utxo = None);
}

#[test]
fn amount_spoofed_in_the_witness_utxo() {
    refused("input-witness-utxo-mismatch", |_, psbt| {
        psbt.inputs[0].witness_utxo.as_mut().unwrap().value = Amount::from_sat(COIN / 2);
    });
}

#[test]
fn script_spoofed_in_the_witness_utxo() {
    refused("input-witness-utxo-mismatch", |_, psbt| {
        psbt.inputs[0].witness_utxo.as_mut().unwrap().script_pubkey = payee();
    });
}

#[test]
fn taproot_input_without_its_output() {
    refused_as(Tr, "input-witness-utxo-missing", |_, psbt| psbt.inputs[0].witness_utxo = None);
}

#[test]
fn previous_transaction_with_another_amount() {
    refused_as(Wsh, "input-previous-mismatch", |_, psbt| {
        let previous = psbt.inputs[0].non_witness_utxo.as_mut().unwrap();
        previous.output[0].value = Amount::from_sat(COIN * 2);
    });
}

#[test]
fn previous_transactions_exchanged() {
    refused_as(Wsh, "input-previous-mismatch", |world, psbt| {
        let other = world
            .holdings
            .coins()
            .find(|coin| coin.outpoint().txid != psbt.unsigned_tx.input[0].previous_output.txid);
        psbt.inputs[0].non_witness_utxo = Some(other.unwrap().previous().clone());
    });
}

#[test]
fn previous_transaction_of_somebody_on_taproot() {
    refused_as(Tr, "input-previous-mismatch", |_, psbt| {
        psbt.inputs[0].non_witness_utxo = Some(funding(77, &[payee()], COIN));
    });
}

#[test]
fn sighash_types_that_leave_something_open() {
    use EcdsaSighashType::{AllPlusAnyoneCanPay, None, NonePlusAnyoneCanPay, Single, SinglePlusAnyoneCanPay};
    for open in [None, Single, AllPlusAnyoneCanPay, NonePlusAnyoneCanPay, SinglePlusAnyoneCanPay] {
        refused("input-sighash", |_, psbt| psbt.inputs[0].sighash_type = Some(open.into()));
    }
}

#[test]
fn sighash_type_nobody_defined() {
    refused("input-sighash", |_, psbt| psbt.inputs[0].sighash_type = Some(PsbtSighashType::from_u32(0x42)));
    refused_as(Wsh, "input-sighash", |_, psbt| {
        psbt.inputs[0].sighash_type = Some(TapSighashType::Default.into())
    });
}

#[test]
fn another_witness_script() {
    refused_as(Wsh, "input-witness-script", |_, psbt| {
        psbt.inputs[0].witness_script = Some(ScriptBuf::from_bytes(vec![0x51]));
    });
}

#[test]
fn taproot_fields_on_a_segwit_v0_input() {
    refused_as(Wsh, "input-script-kind", |_, psbt| {
        psbt.inputs[0].tap_merkle_root = Some(TapNodeHash::from_byte_array([1; 32]));
    });
}

#[test]
fn segwit_v0_fields_on_a_taproot_input() {
    refused_as(Tr, "input-script-kind", |_, psbt| psbt.inputs[0].witness_script = Some(ScriptBuf::new()));
}

#[test]
fn leaf_that_is_not_in_the_tree() {
    refused_as(Tr, "input-leaf-script", |_, psbt| {
        let (block, _) = psbt.inputs[0].tap_scripts.pop_first().unwrap();
        let anyone = (ScriptBuf::from_bytes(vec![0x51]), LeafVersion::TapScript);
        psbt.inputs[0].tap_scripts.insert(block, anyone);
    });
}

#[test]
fn control_blocks_exchanged() {
    refused_as(Tr, "input-leaf-script", |_, psbt| {
        let leaves = &mut psbt.inputs[0].tap_scripts;
        let ((first_block, first), (second_block, second)) =
            (leaves.pop_first().unwrap(), leaves.pop_first().unwrap());
        leaves.insert(first_block, second);
        leaves.insert(second_block, first);
    });
}

#[test]
fn another_internal_key() {
    refused_as(Tr, "input-internal-key", |_, psbt| {
        psbt.inputs[0].tap_internal_key = Some(key("mallory").public().xpub().to_x_only_pub());
    });
}

#[test]
fn another_merkle_root() {
    refused_as(Tr, "input-merkle-root", |_, psbt| {
        psbt.inputs[0].tap_merkle_root = Some(TapNodeHash::from_byte_array([1; 32]));
    });
}

#[test]
fn a_strangers_key_among_the_derivations() {
    let stranger = key("mallory").public().xpub().public_key;
    let source = (Fingerprint::default(), DerivationPath::master());
    refused_as(Wsh, "input-derivation", |_, psbt| {
        psbt.inputs[0].bip32_derivation.insert(stranger, source.clone());
    });
    refused_as(Tr, "input-derivation", |_, psbt| {
        psbt.inputs[0].tap_key_origins.insert(stranger.x_only_public_key().0, (vec![], source.clone()));
    });
}

#[test]
fn a_members_key_with_another_origin() {
    refused_as(Wsh, "input-derivation", |_, psbt| {
        let (_, source) = psbt.inputs[0].bip32_derivation.iter_mut().next().unwrap();
        source.1 = source.1.child(ChildNumber::Normal { index: 0 });
    });
    refused_as(Tr, "input-derivation", |_, psbt| {
        let (_, (leaves, _)) = psbt.inputs[0].tap_key_origins.iter_mut().next().unwrap();
        leaves.push(TapLeafHash::from_byte_array([1; 32]));
    });
}

// Signatures.

fn pair(name: &str) -> Keypair {
    let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
    Keypair::from_seckey_slice(&Secp256k1::new(), &seed).unwrap()
}

fn ecdsa_by(pair: &Keypair, message: Message) -> ecdsa::Signature {
    ecdsa::Signature::sighash_all(Secp256k1::new().sign_ecdsa(&message, &pair.secret_key()))
}

#[test]
fn signature_by_a_stranger() {
    let mallory = pair("mallory");
    let message = Message::from_digest([1; 32]);
    refused_as(Wsh, "signature-foreign", |_, psbt| {
        let key = PublicKey::new(mallory.public_key());
        psbt.inputs[0].partial_sigs.insert(key, ecdsa_by(&mallory, message));
    });
    refused_as(Tr, "signature-foreign", |_, psbt| {
        let ((_, leaf), signature) = psbt.inputs[0].tap_script_sigs.pop_first().unwrap();
        psbt.inputs[0].tap_script_sigs.insert((mallory.x_only_public_key().0, leaf), signature);
    });
}

#[test]
fn signature_for_a_leaf_that_is_not_there() {
    refused_as(Tr, "signature-foreign", |_, psbt| {
        let ((key, _), signature) = psbt.inputs[0].tap_script_sigs.pop_first().unwrap();
        psbt.inputs[0].tap_script_sigs.insert((key, TapLeafHash::from_byte_array([9; 32])), signature);
    });
}

#[test]
fn signature_by_an_uncompressed_key() {
    refused_as(Wsh, "signature-foreign", |_, psbt| {
        let (key, signature) = psbt.inputs[0].partial_sigs.pop_first().unwrap();
        let key = PublicKey { compressed: false, ..key };
        psbt.inputs[0].partial_sigs.insert(key, signature);
    });
}

#[test]
fn signature_of_another_input() {
    refused_as(Wsh, "signature-invalid", |_, psbt| {
        let keys: Vec<_> = psbt.inputs[0].partial_sigs.keys().copied().collect();
        let other: Vec<_> = psbt.inputs[1].partial_sigs.values().copied().collect();
        psbt.inputs[0].partial_sigs = keys.into_iter().zip(other).collect();
    });
    refused_as(Tr, "signature-invalid", |_, psbt| {
        let keys: Vec<_> = psbt.inputs[0].tap_script_sigs.keys().copied().collect();
        let other: Vec<_> = psbt.inputs[1].tap_script_sigs.values().copied().collect();
        psbt.inputs[0].tap_script_sigs = keys.into_iter().zip(other).collect();
    });
}

#[test]
fn signatures_kept_after_the_fee_was_changed() {
    // Within what was approved, so that nothing but the signatures tells.
    refused("signature-invalid", |_, psbt| {
        psbt.unsigned_tx.output[1].value -= Amount::from_sat(1000);
    });
}

#[test]
fn signature_with_high_s() {
    refused_as(Wsh, "signature-invalid", |_, psbt| {
        let mut first = psbt.inputs[0].partial_sigs.first_entry().unwrap();
        let signature = &mut first.get_mut().signature;
        let mut compact = signature.serialize_compact();
        let order = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
        let mut borrow = 0i16;
        for place in (0..32).rev() {
            let digit = i16::from(order[place]) - i16::from(compact[32 + place]) - borrow;
            borrow = i16::from(digit < 0);
            compact[32 + place] = u8::try_from(digit.rem_euclid(256)).unwrap();
        }
        *signature = vault::bitcoin::secp256k1::ecdsa::Signature::from_compact(&compact).unwrap();
    });
}

#[test]
fn signature_that_covers_less_than_everything() {
    refused_as(Wsh, "signature-sighash", |_, psbt| {
        let mut first = psbt.inputs[0].partial_sigs.first_entry().unwrap();
        first.get_mut().sighash_type = EcdsaSighashType::AllPlusAnyoneCanPay;
    });
    refused_as(Tr, "signature-sighash", |_, psbt| {
        let mut first = psbt.inputs[0].tap_script_sigs.first_entry().unwrap();
        first.get_mut().sighash_type = TapSighashType::None;
    });
}

#[test]
fn signature_for_the_key_path() {
    refused("signature-key-path", |_, psbt| {
        let mallory = pair("mallory");
        let message = Message::from_digest([1; 32]);
        let signature = Secp256k1::new().sign_schnorr_no_aux_rand(&message, &mallory);
        psbt.inputs[0].tap_key_sig =
            Some(taproot::Signature { signature, sighash_type: TapSighashType::Default });
    });
}

#[test]
fn signature_of_the_cosigner_sent_in() {
    for kind in KINDS {
        let (world, psbt) = honest(kind);
        let cosigned = cosign(&world.verify(psbt).unwrap(), "cosigner").psbt();
        assert_eq!(world.verify(cosigned).unwrap_err(), Refusal::CosignerSignature(0));
    }
}

/// A signature by the key that has a role, valid for a leaf (taproot) or the script.
fn sign_as(world: &World, psbt: &mut Psbt, name: &str, wanted: Role) {
    use vault::bitcoin::bip32::Xpriv;
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

#[test]
fn recovery_keys_used_for_spending() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut psbt = world.psbt();
        sign_as(&world, &mut psbt, "alice", Role::Recovery(0));
        sign_as(&world, &mut psbt, "bob", Role::Recovery(1));
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::RecoverySignature(0), "{kind:?}");
    }
}

#[test]
fn recovery_key_of_somebody_who_is_no_member() {
    for kind in KINDS {
        let (world, mut psbt) = honest(kind);
        sign_as(&world, &mut psbt, "dave", Role::Recovery(2));
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::RecoverySignature(0), "{kind:?}");
    }
}

#[test]
fn recovery_signature_that_is_not_even_valid() {
    for kind in KINDS {
        let (world, mut psbt) = honest(kind);
        sign_as(&world, &mut psbt, "alice", Role::Recovery(0));
        world.verify(psbt.clone()).unwrap();
        let script = world.holdings.coin(&psbt.unsigned_tx.input[0].previous_output).unwrap().script();
        let own = script.keys().iter().find(|own| own.role == Role::Recovery(0)).unwrap().clone();
        let [first, second] = &mut psbt.inputs[..] else { panic!("two inputs") };
        if let Some(signature) = first.partial_sigs.get_mut(&PublicKey::new(own.public_key)) {
            *signature = *second.partial_sigs.values().next().unwrap();
        }
        if let Some((key, leaf)) = first.tap_script_sigs.keys().find(|(key, _)| *key == own.x_only()).copied()
        {
            let other = *second.tap_script_sigs.values().next().unwrap();
            first.tap_script_sigs.insert((key, leaf), other);
        }
        assert_eq!(world.verify(psbt).unwrap_err().code(), "signature-invalid");
    }
}

#[test]
fn recovery_key_on_the_spending_leaf() {
    let world = World::new(Tr);
    let mut psbt = world.signed(&["alice", "bob"]);
    sign_as(&world, &mut psbt, "alice", Role::Recovery(0));
    let input = &mut psbt.inputs[0];
    let spending = world.signed(&["alice"]).inputs[0].tap_script_sigs.keys().next().unwrap().1;
    let moved = *input.tap_script_sigs.keys().find(|(_, leaf)| *leaf != spending).unwrap();
    let signature = input.tap_script_sigs.remove(&moved).unwrap();
    input.tap_script_sigs.insert((moved.0, spending), signature);
    assert_eq!(world.verify(psbt).unwrap_err(), Refusal::ForeignSignature(0));
}

// Outputs.

#[test]
fn payee_swapped_after_approval() {
    refused_though_signed("output-not-approved", |_, psbt| {
        psbt.unsigned_tx.output[0].script_pubkey =
            ScriptBuf::from_hex("00145a6f3c9b0f8f3fbd5f1f5a5c64f8ac0b2f7b5d1e").unwrap();
    });
}

#[test]
fn payment_raised_after_approval() {
    refused_though_signed("output-not-approved", |_, psbt| {
        psbt.unsigned_tx.output[0].value += Amount::from_sat(1);
        psbt.unsigned_tx.output[1].value -= Amount::from_sat(1);
    });
}

#[test]
fn payment_lowered_after_approval() {
    refused_though_signed("output-not-approved", |_, psbt| {
        psbt.unsigned_tx.output[0].value -= Amount::from_sat(1);
    });
}

#[test]
fn payment_left_out() {
    refused_though_signed("output-missing", |_, psbt| {
        psbt.unsigned_tx.output.remove(0);
        psbt.outputs.remove(0);
    });
}

#[test]
fn payment_made_twice() {
    refused_though_signed("output-not-approved", |_, psbt| {
        let again = psbt.unsigned_tx.output[0].clone();
        psbt.unsigned_tx.output.push(again);
        psbt.outputs.push(Default::default());
    });
}

#[test]
fn approved_twice_and_paid_once() {
    for kind in KINDS {
        let (mut world, psbt) = honest(kind);
        let twice = [0, 1].map(|_| (types::Target::Address(world::PAYEE.into()), PAYMENT));
        world.approved = Approved::from_payload(&world::payload(&twice), Network::Regtest, |_| None).unwrap();
        assert_eq!(world.verify(psbt).unwrap_err(), Refusal::OutputMissing(1));
    }
}

#[test]
fn change_to_a_strangers_address() {
    refused_though_signed("output-not-approved", |_, psbt| {
        psbt.unsigned_tx.output[1].script_pubkey =
            ScriptBuf::from_hex("00145a6f3c9b0f8f3fbd5f1f5a5c64f8ac0b2f7b5d1e").unwrap();
    });
}

#[test]
fn change_to_a_vault_of_the_same_members_without_the_cosigner() {
    // The attacker's descriptor has alice's keys at the same positions, so that her device shows it as hers.
    refused_though_signed("output-not-approved", |world, psbt| {
        let mut spec = world::spec(world.holdings.descriptor().kind());
        spec.cosigner = world::text("mallory");
        let script = spec.descriptor().unwrap().script_pubkey(Branch::Change, 1).unwrap();
        psbt.unsigned_tx.output[1].script_pubkey = script;
    });
}

#[test]
fn change_beyond_the_gap() {
    refused_though_signed("change-beyond-gap", |world, psbt| {
        psbt.unsigned_tx.output[1].script_pubkey = world.change_at(5_000_000);
        for source in psbt.outputs[1].bip32_derivation.values_mut() {
            source.1 = replace_index(&source.1, 5_000_000);
        }
        for (_, source) in psbt.outputs[1].tap_key_origins.values_mut() {
            source.1 = replace_index(&source.1, 5_000_000);
        }
    });
}

fn replace_index(path: &DerivationPath, index: u32) -> DerivationPath {
    let mut steps: Vec<ChildNumber> = path.into_iter().copied().collect();
    *steps.last_mut().unwrap() = ChildNumber::Normal { index };
    steps.into()
}

#[test]
fn change_beyond_the_gap_without_a_word() {
    refused_though_signed("output-not-approved", |world, psbt| {
        psbt.unsigned_tx.output[1].script_pubkey = world.change_at(5_000_000);
        psbt.outputs[1] = Default::default();
    });
}

#[test]
fn change_to_an_address_that_is_handed_out() {
    refused_though_signed("change-branch", |world, psbt| {
        let receive = world.holdings.descriptor().script_pubkey(Branch::Receive, 3).unwrap();
        psbt.unsigned_tx.output[1].script_pubkey = receive;
        psbt.outputs[1] = Default::default();
    });
}

#[test]
fn second_change() {
    refused_though_signed("change-second", |world, psbt| {
        let half = Amount::from_sat(psbt.unsigned_tx.output[1].value.to_sat() / 2);
        psbt.unsigned_tx.output[1].value = half;
        psbt.unsigned_tx.output.push(TxOut { value: half, script_pubkey: world.change_at(2) });
        psbt.outputs.push(Default::default());
    });
}

#[test]
fn change_with_a_strangers_key() {
    let stranger = key("mallory").public().xpub().public_key;
    let source = (Fingerprint::default(), DerivationPath::master());
    refused("change-derivation", |_, psbt| {
        psbt.outputs[1].bip32_derivation.insert(stranger, source.clone());
    });
    refused("change-derivation", |_, psbt| {
        psbt.outputs[1].tap_key_origins.insert(stranger.x_only_public_key().0, (vec![], source.clone()));
    });
}

#[test]
fn change_with_another_script() {
    refused("change-derivation", |_, psbt| {
        psbt.outputs[1].witness_script = Some(ScriptBuf::from_bytes(vec![0x51]))
    });
    refused("change-derivation", |_, psbt| psbt.outputs[1].redeem_script = Some(ScriptBuf::new()));
    refused("change-derivation", |_, psbt| {
        psbt.outputs[1].tap_internal_key = Some(key("mallory").public().xpub().to_x_only_pub());
    });
    refused("change-derivation", |_, psbt| {
        let anyone = TaprootBuilder::new().add_leaf(0, ScriptBuf::from_bytes(vec![0x51])).unwrap();
        psbt.outputs[1].tap_tree = Some(anyone.try_into_taptree().unwrap());
    });
}

#[test]
fn payment_dressed_up_as_change() {
    refused("output-claim", |_, psbt| {
        psbt.outputs[0] = psbt.outputs[1].clone();
    });
}

#[test]
fn unknown_output_field() {
    refused("output-field", |_, psbt| drop(psbt.outputs[1].unknown.insert(raw_key(), vec![])));
    refused("output-field", |_, psbt| drop(psbt.outputs[0].proprietary.insert(proprietary(), vec![])));
}

#[test]
fn dust() {
    refused_though_signed("output-dust", |_, psbt| psbt.unsigned_tx.output[1].value = Amount::from_sat(100));
}

#[test]
fn data_carrier_added() {
    refused_though_signed("output-not-approved", |_, psbt| {
        let script_pubkey = ScriptBuf::new_op_return([1, 2, 3]);
        psbt.unsigned_tx.output.push(TxOut { value: Amount::ZERO, script_pubkey });
        psbt.outputs.push(Default::default());
    });
}

// The fee.

#[test]
fn fee_that_drains_the_change() {
    refused_though_signed("fee-above-maximum", |_, psbt| {
        psbt.unsigned_tx.output[1].value -= Amount::from_sat(MAX_FEE - FEE + 1);
    });
}

#[test]
fn change_left_to_the_miners() {
    refused_though_signed("fee-above-maximum", |_, psbt| {
        psbt.unsigned_tx.output.truncate(1);
        psbt.outputs.truncate(1);
    });
}

#[test]
fn fee_of_exactly_the_maximum_is_fine() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut draft = world.draft();
        draft.fee = Amount::from_sat(MAX_FEE);
        let spend = world.verify(build_psbt(&world.holdings, &draft).unwrap()).unwrap();
        assert_eq!(spend.fee().to_sat(), MAX_FEE);
    }
}

#[test]
fn fee_that_nobody_relays() {
    refused_though_signed("fee-too-low", |_, psbt| psbt.unsigned_tx.output[1].value += Amount::from_sat(FEE));
    refused_though_signed("fee-too-low", |_, psbt| {
        psbt.unsigned_tx.output[1].value += Amount::from_sat(FEE - 30)
    });
}

#[test]
fn more_paid_than_spent() {
    refused_though_signed("fee-negative", |_, psbt| {
        psbt.unsigned_tx.output[1].value += Amount::from_sat(FEE + 1)
    });
}

#[test]
fn amounts_that_overflow() {
    refused_though_signed("value-overflow", |_, psbt| {
        psbt.unsigned_tx.output[1].value = Amount::from_sat(u64::MAX)
    });
    refused_though_signed("value-overflow", |_, psbt| {
        psbt.unsigned_tx.output[1].value = Amount::from_sat(Amount::MAX_MONEY.to_sat());
    });
}

/// Every code has a test that names it, here or for the further transactions of a transfer.
#[test]
fn every_code_is_tried() {
    let own = concat!(include_str!("kinds.rs"), include_str!("hostile.rs"));
    let by_value = [
        ("psbt-too-large", "Refusal::TooLarge"),
        ("psbt-trailing-bytes", "Refusal::TrailingBytes"),
        ("spend-wrong-vault", "Refusal::WrongVault"),
        ("tx-no-outputs", "Refusal::NoOutputs"),
        ("input-not-parents", "Refusal::InputNotParents"),
        ("input-shared-missing", "Refusal::SharedInputMissing"),
        ("output-leaves", "Refusal::OutputLeaves"),
        ("refresh-change", "Refusal::RefreshChange"),
        ("refresh-fee-rate", "Refusal::RefreshFeeRate"),
        ("signature-of-cosigner", "Refusal::CosignerSignature"),
        ("signature-recovery-path", "Refusal::RecoverySignature"),
    ];
    let (code, _) = own.split_once("/// Every code has a test").unwrap();
    for wanted in Refusal::CODES {
        let as_value = by_value.iter().find(|(code, _)| code == wanted).map_or("\u{0}", |(_, value)| value);
        assert!(code.contains(&format!("\"{wanted}\"")) || code.contains(as_value), "{wanted} is not tried");
    }
}
