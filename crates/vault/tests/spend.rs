//! The honest path, from PSBT to a transaction that Bitcoin Core's code accepts, against other implementations where there are any (G1, G6).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniscript::psbt::PsbtExt;
use miniscript::{Descriptor, DescriptorPublicKey};
use types::{Target, VaultId};
use vault::bitcoin::bip32::Xpriv;
use vault::bitcoin::hashes::{Hash, sha256};
use vault::bitcoin::secp256k1::Secp256k1;
use vault::bitcoin::{Amount, Network, TxOut};
use vault::signing::{SignError, sign_member};
use vault::{
    Approved, ApprovedError, Branch, BuildError, Cosigned, DeriveError, FinishError, GAP_LIMIT, MergeError,
    UnverifiedPsbt, build_psbt, check_consensus, estimated_vsize, verify,
};
use world::{COIN, FEE, KINDS, PAYEE, PAYMENT, World, cosign, funding, key, payee, payload};

#[test]
fn a_spend_is_verified_cosigned_and_valid() {
    for kind in KINDS {
        let world = World::new(kind);
        let spend = world.verify(world.signed(&["alice", "bob"])).unwrap();
        assert!(spend.is_complete());
        assert_eq!(spend.signed_by(), [0, 1]);
        assert_eq!(spend.outflow().to_sat(), PAYMENT + FEE);
        let done = cosign(&spend, "cosigner").finish().unwrap();
        assert_eq!(done.txid(), spend.txid());
        check_consensus(done.transaction(), &spend.spent()).unwrap();
        let vsize = u64::try_from(done.transaction().vsize()).unwrap();
        let script = world.holdings.coins().next().unwrap().script();
        let estimate = estimated_vsize(script, 2, &done.transaction().output);
        assert!(vsize <= estimate && estimate <= vsize + 12, "{vsize} {estimate}");
    }
}

#[test]
fn the_plan_is_what_the_transaction_says() {
    for kind in KINDS {
        let world = World::new(kind);
        let psbt = world.psbt();
        let txid = psbt.unsigned_tx.compute_txid();
        let spend = world.verify(psbt).unwrap();
        let plan = spend.plan();
        assert_eq!(plan.vault.as_str(), "treasury");
        assert_eq!(plan.txid.0, txid.to_byte_array());
        assert_eq!(plan.fee, u128::from(FEE));
        assert!(!plan.complete);
        assert_eq!(plan.psbt.0, sha256::Hash::hash(&spend.psbt_bytes()).to_byte_array());
        let inputs: Vec<_> = world.outpoints().into_iter().take(2).collect();
        assert_eq!(plan.inputs.len(), 2);
        for (planned, input) in plan.inputs.iter().zip(&inputs) {
            assert_eq!((planned.txid.0, planned.index), (input.txid.to_byte_array(), input.vout));
        }
        assert!(world.verify(world.signed(&["alice", "carol"])).unwrap().plan().complete);
    }
}

#[test]
fn signatures_of_several_psbts_are_merged() {
    for kind in KINDS {
        let world = World::new(kind);
        let together = world.verify(world.signed(&["alice", "bob"])).unwrap();
        let alice = world.verify(world.signed(&["alice"])).unwrap();
        let bob = world.verify(world.signed(&["bob"])).unwrap();
        assert!(!alice.is_complete() && !bob.is_complete());
        let merged = alice.clone().merge(bob.clone()).unwrap();
        assert_eq!(merged.psbt_bytes(), together.psbt_bytes());
        assert_eq!(bob.merge(alice).unwrap().plan(), together.plan());
    }
}

#[test]
fn different_spends_are_not_merged() {
    let (wsh, tr) = (World::new(KINDS[0]), World::new(KINDS[1]));
    let spend = wsh.verify(wsh.signed(&["alice"])).unwrap();
    let mut draft = wsh.draft();
    draft.fee = Amount::from_sat(FEE + 1);
    let other = wsh.verify(build_psbt(&wsh.holdings, &draft).unwrap()).unwrap();
    assert_eq!(spend.clone().merge(other).unwrap_err(), MergeError::DifferentTransaction);
    let other = tr.verify(tr.psbt()).unwrap();
    assert_eq!(spend.merge(other).unwrap_err(), MergeError::DifferentVault);
}

#[test]
fn the_canonical_psbt_verifies_to_itself_in_both_forms() {
    for kind in KINDS {
        let world = World::new(kind);
        let bytes = world.verify(world.signed(&["bob", "carol"])).unwrap().psbt_bytes();
        let text = STANDARD.encode(&bytes);
        for psbt in [UnverifiedPsbt::parse(&bytes), UnverifiedPsbt::parse(format!("{text}\n").as_bytes())] {
            let spend = verify(psbt.unwrap(), &world.holdings, &world.approved).unwrap();
            assert_eq!(spend.psbt_bytes(), bytes);
        }
    }
}

#[test]
fn a_retry_gives_the_same_signatures() {
    for kind in KINDS {
        let world = World::new(kind);
        let first = world.verify(world.signed(&["alice", "bob"])).unwrap();
        let second = world.verify(world.signed(&["alice", "bob"])).unwrap();
        let (first, second) = (cosign(&first, "cosigner"), cosign(&second, "cosigner"));
        assert_eq!(first.signatures(), second.signatures());
        assert_eq!(first.finish().unwrap().to_bytes(), second.finish().unwrap().to_bytes());
    }
}

/// rust-bitcoin's own signer, from the derivations in the PSBT and the master key, as a hardware wallet would.
#[test]
fn a_foreign_signer_can_sign_what_we_build() {
    for kind in KINDS {
        let world = World::new(kind);
        let mut psbt = world.psbt();
        let seed = sha256::Hash::hash(b"alice").to_byte_array();
        let master = Xpriv::new_master(Network::Regtest, &seed).unwrap();
        psbt.sign(&master, &Secp256k1::new()).unwrap();
        // It signs wherever it has a key, so on the recovery path too: that signature is checked and dropped.
        let signatures =
            |input: &vault::bitcoin::psbt::Input| input.partial_sigs.len() + input.tap_script_sigs.len();
        assert_eq!(psbt.inputs.iter().map(signatures).sum::<usize>(), 4);
        let spend = world.verify(psbt).unwrap();
        assert_eq!(spend.signed_by(), [0]);
        assert_eq!(spend.psbt().inputs.iter().map(signatures).sum::<usize>(), 2);
    }
}

/// miniscript fills the same fields from the descriptor's text, and finalises to the same transaction.
#[test]
fn miniscript_agrees() {
    let secp = Secp256k1::new();
    for kind in KINDS {
        let world = World::new(kind);
        let ours = world.psbt();
        let text = world.holdings.descriptor().text();
        let parsed: Descriptor<DescriptorPublicKey> = text.parse().unwrap();
        let branches = parsed.into_single_descriptors().unwrap();
        let mut theirs = ours.clone();
        for (index, outpoint) in world.outpoints().into_iter().take(2).enumerate() {
            let position = world.holdings.coin(&outpoint).unwrap().script().position();
            let branch = usize::from(position.branch == Branch::Change);
            let definite = branches[branch].at_derivation_index(position.index).unwrap();
            theirs.inputs[index] = vault::bitcoin::psbt::Input {
                witness_utxo: ours.inputs[index].witness_utxo.clone(),
                non_witness_utxo: ours.inputs[index].non_witness_utxo.clone(),
                ..Default::default()
            };
            theirs.update_input_with_descriptor(index, &definite).unwrap();
        }
        theirs.outputs[1] = Default::default();
        let change = world.holdings.unused(Branch::Change).index;
        theirs.update_output_with_descriptor(1, &branches[1].at_derivation_index(change).unwrap()).unwrap();
        assert_eq!(theirs, ours, "{kind:?}");

        let cosigned = cosign(&world.verify(world.signed(&["alice", "bob"])).unwrap(), "cosigner");
        let finalised = cosigned.psbt().finalize(&secp).map_err(|(_, errors)| errors).unwrap();
        let extracted = finalised.extract(&secp).unwrap();
        assert_eq!(&extracted, cosigned.finish().unwrap().transaction(), "{kind:?}");
    }
}

#[test]
fn without_enough_members_nothing_is_finished() {
    for kind in KINDS {
        let world = World::new(kind);
        let spend = world.verify(world.signed(&["alice"])).unwrap();
        let error = cosign(&spend, "cosigner").finish().unwrap_err();
        assert!(matches!(error, FinishError::Unsatisfied(0, _)), "{error}");
    }
}

#[test]
fn a_wrong_cosigner_signature_is_caught_by_consensus_code() {
    for kind in KINDS {
        let world = World::new(kind);
        let spend = world.verify(world.signed(&["alice", "bob"])).unwrap();
        let mut signatures = cosign(&spend, "cosigner").signatures().to_vec();
        signatures.swap(0, 1);
        let error = Cosigned::new(&spend, signatures.clone()).unwrap().finish().unwrap_err();
        assert!(matches!(error, FinishError::Consensus(0, _)), "{error}");
        signatures.pop();
        let error = Cosigned::new(&spend, signatures).unwrap_err();
        assert_eq!(error, FinishError::SignatureCount { given: 1, inputs: 2 });
    }
    let (wsh, tr) = (World::new(KINDS[0]), World::new(KINDS[1]));
    let spend = wsh.verify(wsh.signed(&["alice", "bob"])).unwrap();
    let other = cosign(&tr.verify(tr.signed(&["alice", "bob"])).unwrap(), "cosigner");
    let error = Cosigned::new(&spend, other.signatures().to_vec()).unwrap_err();
    assert_eq!(error, FinishError::SignatureKind(0));
}

#[test]
fn only_the_named_key_signs() {
    for kind in KINDS {
        let world = World::new(kind);
        let request = world.verify(world.psbt()).unwrap().signing_requests().remove(0);
        let error = key("mallory").signer().unwrap().sign(&request).unwrap_err();
        assert_eq!(error, SignError::WrongKey);
        key("cosigner").signer().unwrap().sign(&request).unwrap();
    }
    let world = World::new(KINDS[1]);
    let mut requests = world.verify(world.psbt()).unwrap().signing_requests();
    requests[0].public_key = requests[1].public_key;
    let error = key("cosigner").signer().unwrap().sign(&requests[0]).unwrap_err();
    assert_eq!(error, SignError::WrongKey);
    let world = World::new(KINDS[0]);
    let error = sign_member(&mut world.psbt(), &world.holdings, &key("mallory")).unwrap_err();
    assert_eq!(error, SignError::NotAMember);
    let mut foreign = world.psbt();
    foreign.unsigned_tx.input[1].previous_output.vout = 9;
    let error = sign_member(&mut foreign, &world.holdings, &key("alice")).unwrap_err();
    assert_eq!(error, SignError::UnknownInput(1));
    assert!(foreign.inputs[0].partial_sigs.is_empty());
}

#[test]
fn a_transfer_may_go_to_another_vault_or_to_this_one() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let id = VaultId::parse("treasury").unwrap();
        let scripts = world::scripts(&world.holdings);
        let payload = payload(&[(Target::Vault(id), COIN * 2 - FEE)]);
        let of_vault = |_: &VaultId| Some(scripts.clone());
        world.approved = Approved::from_payload(&payload, Network::Regtest, of_vault).unwrap();
        let mut draft = world.draft();
        let next = world.holdings.unused(Branch::Receive);
        let script_pubkey = world.holdings.descriptor().script_pubkey(next.branch, next.index).unwrap();
        draft.outputs = vec![TxOut { value: Amount::from_sat(COIN * 2 - FEE), script_pubkey }];
        let psbt = build_psbt(&world.holdings, &draft).unwrap();
        assert_eq!(world.verify(psbt.clone()).unwrap().change(), None);
        world.approved =
            Approved::from_payload(&payload, Network::Regtest, |_| Some(BTreeSet::from([payee()]))).unwrap();
        assert_eq!(world.verify(psbt).unwrap_err().code(), "change-branch");
    }
}

#[test]
fn payloads_that_cannot_be_paid_are_named() {
    let approve = |target: Target, sats| {
        Approved::from_payload(&payload(&[(target, sats)]), Network::Regtest, |_| None).unwrap_err()
    };
    let address = |text: &str| approve(Target::Address(text.into()), 1000);
    assert!(matches!(address("nonsense"), ApprovedError::Address(0, _)));
    assert!(matches!(
        address("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        ApprovedError::WrongNetwork(0, _, _)
    ));
    let vault = VaultId::parse("hot").unwrap();
    assert_eq!(approve(Target::Vault(vault.clone()), 1), ApprovedError::Vault(0, vault));
    let too_much = 21_000_000 * 100_000_000 + 1;
    assert_eq!(approve(Target::Address(PAYEE.into()), too_much), ApprovedError::Amount(0));
    let mut euros = payload(&[(Target::Address(PAYEE.into()), 1)]);
    euros.max_fee.asset = types::Currency::parse("EUR").unwrap();
    assert_eq!(Approved::from_payload(&euros, Network::Regtest, |_| None).unwrap_err(), ApprovedError::Fee);
}

#[test]
fn drafts_that_do_not_add_up_are_named() {
    let world = World::new(KINDS[0]);
    let build = |change: &dyn Fn(&mut vault::SpendDraft)| {
        let mut draft = world.draft();
        change(&mut draft);
        build_psbt(&world.holdings, &draft)
    };
    assert!(matches!(build(&|draft| draft.inputs[0].vout = 9), Err(BuildError::UnknownInput(_))));
    assert!(matches!(build(&|draft| draft.inputs.truncate(1)), Err(BuildError::NotEnough { .. })));
    let left = 2 * COIN - PAYMENT;
    let dust = |draft: &mut vault::SpendDraft| draft.fee = Amount::from_sat(left - 100);
    assert!(matches!(build(&dust), Err(BuildError::DustChange(_))));
    assert_eq!(build(&|draft| draft.fee = Amount::from_sat(left)).unwrap().outputs.len(), 1);
    assert!(matches!(build(&|draft| draft.fee = Amount::MAX), Err(BuildError::Overflow)));
    assert!(matches!(build(&|draft| draft.lock_height = 500_000_000), Err(BuildError::LockHeight(_))));
}

#[test]
fn the_chain_moves_coins_and_the_gap() {
    for kind in KINDS {
        let mut world = World::new(kind);
        let descriptor = world.holdings.descriptor().clone();
        assert_eq!(world.holdings.balance().to_sat(), 3 * COIN);
        assert_eq!(world.holdings.unused(Branch::Receive).index, 2);
        let last = 1 + GAP_LIMIT;
        let at = |index| descriptor.script_pubkey(Branch::Receive, index).unwrap();
        assert_eq!(
            world.holdings.locate(&at(last)).unwrap().position(),
            world.position(Branch::Receive, last)
        );
        assert!(world.holdings.locate(&at(last + 1)).is_none());
        let beyond = world.position(Branch::Receive, last + 1);
        assert_eq!(world.holdings.mark_used(beyond).unwrap_err(), DeriveError::BeyondGap(last + 1));
        world.holdings.confirm(&funding(3, &[at(last)], COIN)).unwrap();
        assert!(world.holdings.locate(&at(last + GAP_LIMIT)).is_some());

        let spend = world.verify(world.signed(&["alice", "bob"])).unwrap();
        let done = cosign(&spend, "cosigner").finish().unwrap();
        world.holdings.confirm(done.transaction()).unwrap();
        assert_eq!(world.holdings.balance().to_sat(), 4 * COIN - PAYMENT - FEE);
        assert_eq!(world.verify(spend.psbt()).unwrap_err().code(), "input-not-ours");
    }
}

#[test]
fn what_was_spent_stays_spent_in_any_order() {
    let mut world = World::new(KINDS[0]);
    let descriptor = world.holdings.descriptor().clone();
    let deposit = funding(3, &[descriptor.script_pubkey(Branch::Receive, 5).unwrap()], COIN);
    let mut withdrawal = funding(4, &[payee()], COIN);
    withdrawal.input[0].previous_output.txid = deposit.compute_txid();
    let before = world.holdings.balance();
    world.holdings.confirm(&deposit).unwrap();
    assert_ne!(world.holdings.balance(), before);
    world.holdings.confirm(&withdrawal).unwrap();
    world.holdings.confirm(&deposit).unwrap();
    assert_eq!(world.holdings.balance(), before);
    let mut world = World::new(KINDS[0]);
    world.holdings.confirm(&withdrawal).unwrap();
    world.holdings.confirm(&deposit).unwrap();
    assert_eq!(world.holdings.balance(), before);
}
