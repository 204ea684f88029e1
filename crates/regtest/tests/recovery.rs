//! The recovery path on a real node, signed by Bitcoin Core from the descriptor's text alone: nothing of ours is needed to get out, and not
//! one block too early (G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use bitcoin::bip32::DerivationPath;
use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::secp256k1::{Message, Secp256k1};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::LeafVersion;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, TapLeafHash, Transaction, TxOut, Witness, ecdsa};
use regtest::Verdict;
use serde_json::{Value, json};
use stage::{AFTER_BLOCKS, COIN, FEE, KINDS, PAYEE, Stage, private_and_public};
use vault::ScriptKind;

const IMMATURE: &str = "non-BIP68-final";

/// What Core's `descriptorprocesspsbt` makes of it with these people's private keys put into the descriptor.
fn signed_by_core(stage: &Stage, psbt: &Value, people: &[&str]) -> Value {
    let text = stage.holdings.descriptor().text().split('#').next().unwrap().to_owned();
    let private = people.iter().fold(text, |text, name| {
        let (private, public) = private_and_public(name);
        assert!(text.contains(&public.to_string()), "{name}");
        text.replace(&public.to_string(), &private.to_string())
    });
    let private = stage.node.with_checksum(&private).unwrap();
    stage
        .node
        .rpc("descriptorprocesspsbt", &[psbt.clone(), json!([{ "desc": private, "range": 20 }])])
        .unwrap()
}

/// A recovery of these coins as Core makes it, complete or not.
fn attempt(stage: &Stage, coins: &[OutPoint], sequence: u32, people: &[&str]) -> Value {
    let input = |coin: &OutPoint| json!({ "txid": coin.txid, "vout": coin.vout, "sequence": sequence });
    let inputs: Vec<Value> = coins.iter().map(input).collect();
    let value = coins.iter().map(|coin| stage.holdings.coin(coin).unwrap().output().value).sum::<Amount>();
    let value = (value - Amount::from_sat(FEE)).to_btc();
    let psbt = stage.node.rpc("createpsbt", &[json!(inputs), json!([{ PAYEE: value }])]).unwrap();
    signed_by_core(stage, &psbt, people)
}

fn recovery(stage: &Stage, coins: &[OutPoint], sequence: u32, people: &[&str]) -> Transaction {
    let done = attempt(stage, coins, sequence, people);
    assert_eq!(done["complete"], true, "{done}");
    deserialize_hex(done["hex"].as_str().unwrap()).unwrap()
}

#[test]
fn recovery_is_refused_one_block_before_maturity_and_confirmed_at_it() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 1);
        let coins = stage.outpoints();
        let transaction = recovery(&stage, &coins, AFTER_BLOCKS, &["alice", "bob"]);
        // One confirmation now; the lock says in which block it may stand: nine after the coin's.
        stage.mine(AFTER_BLOCKS - 2);
        stage.refused_everywhere(&transaction, IMMATURE);
        stage.mine(1);
        assert_eq!(stage.node.confirmations(coins[0]).unwrap(), Some(u64::from(AFTER_BLOCKS)));
        assert_eq!(stage.node.test(&transaction).unwrap(), Verdict::Accepted);
        let txid = stage.node.broadcast(&transaction).unwrap();
        stage.mine(1);
        assert_eq!(stage.node.confirmations(OutPoint { txid, vout: 0 }).unwrap(), Some(1));
        assert_eq!(stage.holdings.balance(), Amount::ZERO);
    }
}

#[test]
fn any_two_recovery_members_recover_and_nobody_else_does() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 1);
        stage.mine(AFTER_BLOCKS);
        let coins = stage.outpoints();
        for pair in [["alice", "bob"], ["alice", "dave"], ["bob", "dave"]] {
            let transaction = recovery(&stage, &coins, AFTER_BLOCKS, &pair);
            assert_eq!(stage.node.test(&transaction).unwrap(), Verdict::Accepted, "{pair:?}");
        }
        // Carol is a member but not for recovery; one alone is no quorum.
        for few in [&["dave"][..], &["alice", "carol"], &["carol", "dave"]] {
            assert_eq!(attempt(&stage, &coins, AFTER_BLOCKS, few)["complete"], false, "{few:?}");
        }
    }
}

/// The first coin's recovery with another sequence and valid signatures for it by alice and bob, which no honest software makes.
fn forged(stage: &Stage, kind: ScriptKind, sequence: u32) -> Transaction {
    let mut forged = recovery(stage, &stage.outpoints()[..1], AFTER_BLOCKS, &["alice", "bob"]);
    let spent = stage.outputs_of(&forged);
    forged.input[0].sequence = Sequence(sequence);
    let stack = forged.input[0].witness.to_vec();
    let sign = |name: &str| recovery_signature(&forged, &spent, kind, &stack, name);
    let (alice, bob) = (sign("alice"), sign("bob"));
    let stack = match kind {
        ScriptKind::Wsh => vec![vec![], alice, bob, vec![], stack[4].clone()],
        ScriptKind::Tr => vec![vec![], bob, alice, stack[3].clone(), stack[4].clone()],
    };
    forged.input[0].witness = Witness::from_slice(&stack);
    forged
}

fn recovery_signature(
    tx: &Transaction,
    spent: &[TxOut],
    kind: ScriptKind,
    stack: &[Vec<u8>],
    name: &str,
) -> Vec<u8> {
    let (secp, path) = (Secp256k1::new(), "m/2/0".parse::<DerivationPath>().unwrap());
    let pair = private_and_public(name).0.derive_priv(&secp, &path).unwrap().to_keypair(&secp);
    let mut cache = SighashCache::new(tx);
    let script = |place: usize| ScriptBuf::from_bytes(stack[place].clone());
    match kind {
        ScriptKind::Wsh => {
            let hash =
                cache.p2wsh_signature_hash(0, &script(4), spent[0].value, EcdsaSighashType::All).unwrap();
            let signature = secp.sign_ecdsa(&Message::from(hash), &pair.secret_key());
            ecdsa::Signature::sighash_all(signature).to_vec()
        }
        ScriptKind::Tr => {
            let leaf = TapLeafHash::from_script(&script(3), LeafVersion::TapScript);
            let (all, default) = (Prevouts::All(spent), TapSighashType::Default);
            let hash = cache.taproot_script_spend_signature_hash(0, &all, leaf, default).unwrap();
            secp.sign_schnorr_no_aux_rand(&Message::from(hash), &pair).serialize().to_vec()
        }
    }
}

#[test]
fn a_sequence_that_is_not_the_lock_never_opens_the_recovery_path() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 1);
        stage.mine(AFTER_BLOCKS);
        // So much later that locks in units of 512 seconds have passed too.
        let time = stage.node.block(stage.node.tip().unwrap()).unwrap().header.time;
        stage.node.set_clock(time + 512 * (AFTER_BLOCKS + 1)).unwrap();
        stage.mine(11);
        let coins = stage.outpoints();
        for sequence in [0, AFTER_BLOCKS - 1, 0xffff_fffd, 0x0040_0000 | AFTER_BLOCKS] {
            assert_eq!(attempt(&stage, &coins, sequence, &["alice", "bob"])["complete"], false, "{sequence}");
            stage.refused_everywhere(&forged(&stage, kind, sequence), "Locktime requirement not satisfied");
        }
        for sequence in [AFTER_BLOCKS, AFTER_BLOCKS + 1] {
            assert_eq!(
                stage.node.test(&forged(&stage, kind, sequence)).unwrap(),
                Verdict::Accepted,
                "{sequence}"
            );
        }
    }
}

#[test]
fn a_refresh_starts_the_lock_again() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 2);
        stage.mine(AFTER_BLOCKS);
        let before = recovery(&stage, &stage.outpoints()[..1], AFTER_BLOCKS, &["alice", "bob"]);
        assert_eq!(stage.node.test(&before).unwrap(), Verdict::Accepted);
        let spend = stage.spend(&stage.outpoints(), 1_000_000, FEE);
        stage.node.broadcast(&spend).unwrap();
        stage.mine(1);
        stage.refused_everywhere(&before, "missing-inputs");
        let change = stage.outpoints();
        let after = recovery(&stage, &change, AFTER_BLOCKS, &["alice", "bob"]);
        stage.refused_everywhere(&after, IMMATURE);
        stage.mine(AFTER_BLOCKS - 1);
        assert_eq!(stage.node.test(&after).unwrap(), Verdict::Accepted);
    }
}

#[test]
fn one_young_coin_holds_up_a_recovery_of_several() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 1);
        stage.mine(AFTER_BLOCKS);
        let script = stage.script(vault::Branch::Receive, 1);
        let young = stage.node.deposit(&script, Amount::from_sat(COIN)).unwrap();
        stage.follow();
        let both = stage.outpoints();
        assert_eq!(both.len(), 2);
        let transaction = recovery(&stage, &both, AFTER_BLOCKS, &["bob", "dave"]);
        stage.refused_everywhere(&transaction, IMMATURE);
        let old: Vec<OutPoint> = both.into_iter().filter(|coin| *coin != young).collect();
        let alone = recovery(&stage, &old, AFTER_BLOCKS, &["bob", "dave"]);
        assert_eq!(stage.node.test(&alone).unwrap(), Verdict::Accepted);
    }
}

#[test]
fn the_lock_counts_from_the_block_that_a_reorganisation_moved_the_coin_to() {
    let mut stage = Stage::with_coins(stage::KINDS[1], 1);
    let coins = stage.outpoints();
    let transaction = recovery(&stage, &coins, AFTER_BLOCKS, &["alice", "dave"]);
    stage.mine(AFTER_BLOCKS - 1);
    assert_eq!(stage.node.test(&transaction).unwrap(), Verdict::Accepted);
    // The coin is confirmed again only at the end of the other branch, and young once more.
    stage.node.reorganise(AFTER_BLOCKS).unwrap();
    stage.mine(1);
    assert_eq!(stage.node.confirmations(coins[0]).unwrap(), Some(1));
    stage.refused_everywhere(&transaction, IMMATURE);
    stage.mine(AFTER_BLOCKS - 1);
    assert_eq!(stage.node.test(&transaction).unwrap(), Verdict::Accepted);
}

#[test]
fn core_reads_the_descriptor_and_gives_the_same_addresses() {
    for kind in KINDS {
        let stage = Stage::new(kind);
        let text = stage.holdings.descriptor().text();
        let info = stage.node.rpc("getdescriptorinfo", &[json!(text)]).unwrap();
        assert_eq!(info["issolvable"], true);
        let derived = stage.node.rpc("deriveaddresses", &[json!(text), json!([0, 9])]).unwrap();
        for (list, branch) in [(0, vault::Branch::Receive), (1, vault::Branch::Change)] {
            for index in 0..10 {
                let ours = stage.holdings.descriptor().address(branch, index).unwrap().to_string();
                assert_eq!(derived[list][usize::try_from(index).unwrap()], ours);
            }
        }
    }
}
