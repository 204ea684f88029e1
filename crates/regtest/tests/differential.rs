//! Our last check before a transaction leaves, `vault::check_consensus`, against the node, on good transactions and hundreds of altered
//! ones: what one calls valid the other does, and what the mempool takes is valid (G1).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use bitcoin::absolute::LockTime;
use bitcoin::hashes::{Hash, sha256};
use bitcoin::secp256k1::ecdsa::Signature;
use bitcoin::transaction::Version;
use bitcoin::{Amount, Sequence, Transaction, TxOut, Witness};
use regtest::{NodeError, Verdict};
use serde_json::json;
use stage::{COIN, FEE, KINDS, Stage};
use vault::check_consensus;

/// For each kind of script; on both together some hundreds.
const ALTERED: u32 = 400;

/// Numbers that look random and are the same in every run.
struct Dice {
    seed: u32,
    rolls: u32,
}

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.rolls += 1;
        let hash = sha256::Hash::hash(format!("differential {} {}", self.seed, self.rolls).as_bytes());
        let (number, _) = hash.as_byte_array().split_first_chunk::<4>().unwrap();
        usize::try_from(u32::from_le_bytes(*number)).unwrap() % end
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Alters the parts that signatures and scripts are about. Amounts only shrink and locks are always met, so that no rule about the chain, which
/// `check_consensus` does not know, decides.
fn altered(good: &Transaction, dice: &mut Dice) -> (&'static str, Transaction) {
    let mut tx = good.clone();
    let input = dice.below(tx.input.len());
    let what = match dice.below(10) {
        0 => {
            let output = dice.below(tx.output.len());
            tx.output[output].value -= Amount::from_sat(1 + dice.below(50) as u64);
            "an amount"
        }
        1 => {
            tx.output[0].script_pubkey = regtest::Node::own_script();
            "a destination"
        }
        2 => {
            tx.input[input].sequence =
                Sequence(dice.of(&[0, 1, 0xffff_fffd, 0xffff_fffe, 0xffff_ffff, 0x8000_0009]));
            "a sequence"
        }
        3 => {
            tx.lock_time = LockTime::from_height(dice.of(&[0, 1, 100])).unwrap();
            "the lock time"
        }
        4 => {
            tx.version = Version(dice.of(&[1, 2, 3]));
            "the version"
        }
        5 => {
            let other = dice.below(tx.input.len());
            let mine = tx.input[input].witness.clone();
            tx.input[input].witness = std::mem::replace(&mut tx.input[other].witness, mine);
            "two witnesses"
        }
        _ => {
            let (what, stack) = altered_stack(tx.input[input].witness.to_vec(), dice);
            tx.input[input].witness = Witness::from_slice(&stack);
            what
        }
    };
    (what, tx)
}

fn altered_stack(mut stack: Vec<Vec<u8>>, dice: &mut Dice) -> (&'static str, Vec<Vec<u8>>) {
    let place = dice.below(stack.len());
    let what = match dice.below(9) {
        0 => {
            stack.remove(place);
            "an element is gone"
        }
        1 => {
            let twin = stack[place].clone();
            stack.insert(place, twin);
            "an element is twice"
        }
        2 => {
            let other = dice.below(stack.len());
            stack.swap(place, other);
            "two elements"
        }
        3 => {
            stack[place].clear();
            "an element is empty"
        }
        4 => {
            stack[place].push(dice.of(&[0, 1, 2, 0x81]));
            "a byte more"
        }
        5 => {
            stack.push(vec![0x50, 7]);
            "an annex"
        }
        6 => {
            for element in &mut stack {
                *element = with_high_s(element);
            }
            "signatures in their other form"
        }
        7 => {
            let last = stack[place].pop();
            stack[place].extend(last.map(|byte| byte ^ 0x80));
            "a sighash type"
        }
        _ => {
            let end = stack[place].len();
            if end > 0 {
                let at = dice.below(end);
                stack[place][at] ^= 1 << dice.below(8);
            }
            "a bit"
        }
    };
    (what, stack)
}

/// `n - s` in place of `s`: as valid by consensus as before, and not standard. Anything else stays.
fn with_high_s(element: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba,
        0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
    ];
    let Some((sighash, der)) = element.split_last() else { return Vec::new() };
    let Ok(signature) = Signature::from_der(der) else { return element.to_vec() };
    let mut compact = signature.serialize_compact();
    let mut borrow = 0;
    for (at, order) in ORDER.iter().enumerate().rev() {
        let (digit, lent) = order.overflowing_sub(compact[32 + at]);
        let (digit, lent_again) = digit.overflowing_sub(borrow);
        compact[32 + at] = digit;
        borrow = u8::from(lent || lent_again);
    }
    let mut bytes = Signature::from_compact(&compact).unwrap().serialize_der().to_vec();
    bytes.push(*sighash);
    bytes
}

/// The node's judgement by consensus alone: whether a block with it would be valid. Nothing is added to the chain.
fn valid_in_a_block(stage: &Stage, tx: &Transaction) -> Result<(), String> {
    let hex = bitcoin::consensus::encode::serialize_hex(tx);
    let to = regtest::Node::own_address().to_string();
    match stage.node.rpc("generateblock", &[json!(to), json!([hex]), json!(false)]) {
        Ok(_) => Ok(()),
        Err(NodeError::Refused { message, .. }) => Err(message),
        Err(other) => panic!("{other}"),
    }
}

#[derive(Default, Debug)]
struct Counts {
    valid: u32,
    invalid: u32,
    valid_but_not_taken: u32,
}

impl Counts {
    fn compare(&mut self, stage: &Stage, what: &str, tx: &Transaction, spent: &[TxOut]) {
        let ours = check_consensus(tx, spent);
        let node = valid_in_a_block(stage, tx);
        assert_eq!(ours.is_ok(), node.is_ok(), "{what}: {ours:?}, {node:?}, {tx:?}");
        let taken = stage.node.test(tx).unwrap();
        match node {
            Ok(()) => {
                self.valid += 1;
                self.valid_but_not_taken += u32::from(taken != Verdict::Accepted);
            }
            Err(why) => {
                self.invalid += 1;
                assert!(why.contains("script-verify-flag-failed"), "another rule decided over {what}: {why}");
                assert_ne!(taken, Verdict::Accepted, "{what}");
            }
        }
    }
}

#[test]
fn our_consensus_check_and_the_node_agree_on_good_and_altered_transactions() {
    for kind in KINDS {
        let mut stage = Stage::with_coins(kind, 4);
        stage.mine(3);
        let coins = stage.outpoints();
        let goods: Vec<Transaction> = (1..=coins.len())
            .map(|count| stage.spend(&coins[..count], COIN / 2, FEE * count as u64))
            .collect();
        let mut good_ones = Counts::default();
        for good in &goods {
            good_ones.compare(&stage, "nothing", good, &stage.outputs_of(good));
        }
        assert_eq!((good_ones.valid, good_ones.valid_but_not_taken), (4, 0));
        let mut counts = Counts::default();
        for seed in 0..ALTERED {
            let mut dice = Dice { seed, rolls: 0 };
            let good = &goods[dice.below(goods.len())];
            let (what, tx) = altered(good, &mut dice);
            counts.compare(&stage, what, &tx, &stage.outputs_of(&tx));
        }
        println!("{kind:?}: {counts:?}");
        // Neither verdict is rare, so that agreeing says something.
        assert!(counts.valid > 5 && counts.invalid > ALTERED / 2, "{counts:?}");
    }
}
