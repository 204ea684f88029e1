//! The further transactions of a transfer on a real mempool: what `vault` builds to take a waiting payment's place, to bring it back or to
//! speed it up is taken by the node, and only one of them is ever confirmed (G6, G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::hashes::{Hash, sha256};
use bitcoin::{Amount, FeeRate, OutPoint, Psbt, Transaction, TxOut, Txid};
use regtest::Verdict;
use stage::{AFTER_BLOCKS, KINDS, Stage, approved_to, cosign, payee};
use vault::signing::sign_member;
use vault::{
    Branch, BuildError, Built, Holdings, Request, ScriptKind, UnverifiedPsbt, VerifiedSpend, Waiting, child,
    pay, refresh, replace, return_to_self, verify, verify_child, verify_return,
};

const MAX_FEE: u64 = 200_000;
const STORIES: u8 = 10;
const STEPS: u8 = 5;

fn request(payment: u64, sats_per_vb: u64, entropy: u8) -> Request {
    Request {
        outputs: vec![TxOut { value: Amount::from_sat(payment), script_pubkey: payee() }],
        fee_rate: FeeRate::from_sat_per_vb(sats_per_vb).unwrap(),
        max_fee: Amount::from_sat(MAX_FEE),
        locked: BTreeSet::new(),
        heights: BTreeMap::new(),
        change: None,
        entropy: [entropy; 32],
    }
}

fn finished(
    holdings: &Holdings,
    built: &Built,
    check: impl Fn(UnverifiedPsbt) -> Result<VerifiedSpend, vault::Refusal>,
) -> Transaction {
    let mut psbt: Psbt = built.psbt.clone();
    for member in ["bob", "carol"] {
        sign_member(&mut psbt, holdings, &stage::key(member)).unwrap();
    }
    cosign(&check(UnverifiedPsbt::from(psbt)).unwrap(), "cosigner").finish().unwrap().transaction().clone()
}

/// A payment in the mempool and what came of it.
struct Story {
    payment: u64,
    shared: OutPoint,
    /// The payment or return that waits now, and its fee.
    top: (Transaction, Amount),
    child: Option<(Transaction, Amount)>,
    /// Everything that was ever broadcast for it.
    ever: Vec<Transaction>,
}

impl Story {
    fn begin(stage: &Stage, payment: u64, rate: u64, entropy: u8) -> Self {
        let built = pay(&stage.holdings, &request(payment, rate, entropy)).unwrap();
        let approved = approved_to(stage::PAYEE, payment, MAX_FEE);
        let tx = finished(&stage.holdings, &built, |psbt| verify(psbt, &stage.holdings, &approved));
        stage.node.broadcast(&tx).unwrap();
        let shared = tx.input[0].previous_output;
        Self { payment, shared, top: (tx.clone(), built.fee), child: None, ever: vec![tx] }
    }

    fn waiting(&self) -> Waiting<'_> {
        let size = |tx: &Transaction| u64::try_from(tx.vsize()).unwrap();
        let children = self.child.as_ref().map(|(tx, fee)| (*fee, size(tx)));
        Waiting { transaction: &self.top.0, fee: self.top.1, shared: self.shared, children }
    }

    fn replace(&mut self, stage: &Stage, rate: u64, entropy: u8) -> Result<(), BuildError> {
        let built = replace(&stage.holdings, &request(self.payment, rate, entropy), self.waiting())?;
        let approved = approved_to(stage::PAYEE, self.payment, MAX_FEE).sharing(self.shared);
        let tx = finished(&stage.holdings, &built, |psbt| verify(psbt, &stage.holdings, &approved));
        self.takes_the_place(stage, tx, built.fee);
        Ok(())
    }

    fn bring_back(&mut self, stage: &Stage, rate: u64, entropy: u8) -> Result<(), BuildError> {
        let built = return_to_self(&stage.holdings, &request(self.payment, rate, entropy), self.waiting())?;
        let most = Amount::from_sat(MAX_FEE);
        let tx =
            finished(&stage.holdings, &built, |psbt| verify_return(psbt, &stage.holdings, self.shared, most));
        self.takes_the_place(stage, tx, built.fee);
        Ok(())
    }

    fn takes_the_place(&mut self, stage: &Stage, tx: Transaction, fee: Amount) {
        stage.node.broadcast(&tx).unwrap();
        assert_eq!(stage.node.mempool().unwrap(), [tx.compute_txid()], "all that it replaces is gone");
        self.ever.push(tx.clone());
        (self.top, self.child) = ((tx, fee), None);
    }

    fn speed_up(&mut self, stage: &Stage, rate: u64, entropy: u8) -> Result<(), BuildError> {
        let mut request = request(self.payment, rate, entropy);
        request.max_fee -= self.top.1;
        let built = child(&stage.holdings, &request, self.waiting())?;
        let view = stage.holdings.change_of(&self.top.0);
        let check = |psbt| verify_child(psbt, &stage.holdings, &self.top.0, request.max_fee);
        let tx = finished(&view, &built, check);
        stage.node.broadcast(&tx).unwrap();
        let both: BTreeSet<Txid> = [self.top.0.compute_txid(), tx.compute_txid()].into();
        assert_eq!(BTreeSet::from_iter(stage.node.mempool().unwrap()), both);
        self.ever.push(tx.clone());
        self.child = Some((tx, built.fee));
        Ok(())
    }

    /// One block, and everything adds up: exactly one of all that was signed was confirmed, with its child if it had one.
    fn end(self, stage: &mut Stage) {
        let before = stage.holdings.balance();
        stage.mine(1);
        let paid = self
            .top
            .0
            .output
            .iter()
            .filter(|output| output.script_pubkey == payee())
            .map(|it| it.value)
            .sum();
        assert!(paid == Amount::ZERO || paid == Amount::from_sat(self.payment));
        let fees = self.top.1 + self.child.as_ref().map_or(Amount::ZERO, |(_, fee)| *fee);
        assert!(fees <= Amount::from_sat(MAX_FEE));
        assert_eq!(stage.holdings.balance(), before - paid - fees);
        let confirmed = [Some(&self.top.0), self.child.as_ref().map(|(tx, _)| tx)];
        for tx in &self.ever {
            let Verdict::Refused(why) = stage.node.test(tx).unwrap() else {
                panic!("it could be confirmed too")
            };
            let is_in = confirmed.iter().flatten().any(|it| *it == tx);
            assert!(is_in || why.contains("missing-inputs"), "{why}");
        }
    }
}

/// A vault with coins of many sizes.
fn rich(kind: ScriptKind) -> Stage {
    let mut stage = Stage::new(kind);
    let values = [200_000, 1_000_000, 1_500_000, 4_000_000, 9_000_000, 20_000_000, 70_000_000];
    let coins = (0u32..)
        .zip(values)
        .map(|(index, value)| (stage.script(Branch::Receive, index), Amount::from_sat(value)));
    stage.node.fund_all(&coins.collect::<Vec<_>>()).unwrap();
    stage.mine(1);
    stage
}

#[test]
fn a_replacement_takes_the_place_again_and_again_until_the_approved_fee_is_used_up() {
    for kind in KINDS {
        let mut stage = rich(kind);
        let mut story = Story::begin(&stage, 12_000_000, 1, 1);
        let mut replaced = 0;
        for rate in [1, 2, 3, 30, 100, 300, 5_000] {
            match story.replace(&stage, rate, 2) {
                Ok(()) => replaced += 1,
                Err(error) => {
                    assert!(matches!(error, BuildError::FeeAboveMaximum { .. }) && rate >= 300, "{error}")
                }
            }
        }
        assert!(replaced >= 5, "{replaced}");
        story.end(&mut stage);
    }
}

#[test]
fn a_return_ends_a_payment_for_good() {
    for kind in KINDS {
        let mut stage = rich(kind);
        let balance = stage.holdings.balance();
        let mut story = Story::begin(&stage, 5_000_000, 2, 1);
        story.bring_back(&stage, 2, 1).unwrap();
        let fee = story.top.1;
        story.end(&mut stage);
        assert_eq!(stage.holdings.balance(), balance - fee);
    }
}

#[test]
fn a_child_speeds_up_and_goes_with_its_parent_when_that_is_replaced() {
    for kind in KINDS {
        let mut stage = rich(kind);
        let mut story = Story::begin(&stage, 5_000_000, 1, 1);
        story.speed_up(&stage, 20, 1).unwrap();
        let entry =
            stage.node.rpc("getmempoolentry", &[story.top.0.compute_txid().to_string().into()]).unwrap();
        let (fees, size) =
            (entry["fees"]["descendant"].as_f64().unwrap(), entry["descendantsize"].as_u64().unwrap());
        let fees = Amount::from_btc(fees).unwrap().to_sat();
        assert!((size * 20..=size * 21).contains(&fees), "{fees} {size}");
        let mut other = rich(kind);
        story.end(&mut stage);

        let mut story = Story::begin(&other, 5_000_000, 1, 1);
        story.speed_up(&other, 20, 1).unwrap();
        story.replace(&other, 1, 1).unwrap();
        assert!(story.child.is_none());
        story.end(&mut other);
    }
}

#[test]
fn whatever_is_tried_for_a_payment_it_is_taken_and_confirmed_once() {
    for kind in KINDS {
        let mut stage = rich(kind);
        let (mut done, mut refused) = (0, 0);
        for seed in 0..STORIES {
            let roll = |step: u8| sha256::Hash::hash(&[seed, step, 77]).to_byte_array();
            let first = roll(0);
            let payment = 300_000 + u64::from(first[0]) * 30_000;
            let mut story = Story::begin(&stage, payment, 1 + u64::from(first[1] % 8), seed);
            for step in 1..=STEPS {
                let dice = roll(step);
                let rate = if dice[2] < 40 { 1_500 } else { 1 + u64::from(dice[1] % 60) };
                let tried = match dice[0] % 4 {
                    0 | 1 => story.replace(&stage, rate, seed),
                    2 => story.bring_back(&stage, rate, seed),
                    _ if story.child.is_none() => story.speed_up(&stage, rate, seed),
                    _ => continue,
                };
                match tried {
                    Ok(()) => done += 1,
                    Err(
                        BuildError::FeeAboveMaximum { .. }
                        | BuildError::NoChange
                        | BuildError::NotEnough { .. }
                        | BuildError::DustChange(_),
                    ) => refused += 1,
                    Err(other) => panic!("seed {seed}, step {step}: {other}"),
                }
            }
            story.end(&mut stage);
        }
        println!("{kind:?}: {done} further transactions, {refused} that could not be built");
        assert!(done > 2 * u32::from(STORIES) && refused > 0, "{done} {refused}");
    }
}

#[test]
fn a_refresh_is_relayed_and_renews_the_lock() {
    for kind in KINDS {
        let mut stage = rich(kind);
        let born = stage.node.height().unwrap();
        stage.mine(AFTER_BLOCKS);
        let mut request = request(1_000_000, 5, 9);
        request.heights = stage.outpoints().into_iter().map(|outpoint| (outpoint, born)).collect();
        let made = refresh(&stage.holdings, &request, 2).unwrap();
        let approved = stage::approved_refresh(&stage.holdings, &made.values, made.max_fee);
        let tx = finished(&stage.holdings, &made.built, |psbt| verify(psbt, &stage.holdings, &approved));
        stage.node.broadcast(&tx).unwrap();
        let before = stage.holdings.balance();
        stage.mine(1);
        assert_eq!(stage.holdings.balance(), before - made.built.fee);
        let renewed = stage.outpoints();
        assert_eq!(renewed.len(), 2);
        assert!(renewed.iter().all(|outpoint| outpoint.txid == tx.compute_txid()));
    }
}
