//! What is built passes what checks it: payments, replacements, returns, children and refreshes, over random holdings (G6, G10).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use types::{SpendKind, Target, VaultId};
use vault::bitcoin::hashes::Hash;
use vault::bitcoin::{Address, Amount, FeeRate, Network, OutPoint, ScriptBuf, Transaction, TxOut, Txid};
use vault::signing::sign_member;
use vault::{
    Approved, Branch, BuildError, Built, GAP_LIMIT, Holdings, INCREMENTAL_RELAY_SATS_PER_KVB, Request,
    ScriptKind, VerifiedSpend, Waiting, child, estimated_vsize, is_due, pay, refresh, replace,
    return_to_self, verify, verify_child, verify_return,
};
use world::{AFTER_BLOCKS, HEIGHT, KINDS, btc, cosign, funding, key, payload, spec};

/// The scripts are derived once: that is what takes time.
static EMPTY: LazyLock<[Holdings; 2]> = LazyLock::new(|| {
    KINDS.map(|kind| {
        let mut holdings = Holdings::new(Arc::new(spec(kind).descriptor().unwrap())).unwrap();
        holdings.set_height(HEIGHT);
        holdings
    })
});

fn sats(value: u64) -> Amount {
    Amount::from_sat(value)
}

fn rate(sats_per_kwu: u64) -> FeeRate {
    FeeRate::from_sat_per_kwu(sats_per_kwu)
}

/// Coins of these values on the vault's first addresses.
fn holdings(kind: ScriptKind, values: &[u64]) -> Holdings {
    let mut holdings = EMPTY[usize::from(kind == ScriptKind::Tr)].clone();
    let mut confirm = |number: usize, value: u64| {
        let branch = if number.is_multiple_of(3) { Branch::Change } else { Branch::Receive };
        let index = u32::try_from(number).unwrap() % 5;
        let script = holdings.descriptor().script_pubkey(branch, index).unwrap();
        let mut from = funding(0, &[script], value);
        let mut txid = [0; 32];
        txid[..8].copy_from_slice(&number.to_be_bytes());
        from.input[0].previous_output.txid = Txid::from_byte_array(txid);
        holdings.confirm(&from).unwrap();
    };
    values.iter().enumerate().for_each(|(number, value)| confirm(number, *value));
    holdings
}

fn payees(values: &[u64]) -> Vec<TxOut> {
    let script = |number: usize| {
        let program = [u8::try_from(number).unwrap(); 20];
        ScriptBuf::new_p2wpkh(&vault::bitcoin::WPubkeyHash::from_byte_array(program))
    };
    let output =
        |(number, value): (usize, &u64)| TxOut { value: sats(*value), script_pubkey: script(number) };
    values.iter().enumerate().map(output).collect()
}

fn request(outputs: Vec<TxOut>, fee_rate: FeeRate, max_fee: u64) -> Request {
    Request {
        outputs,
        fee_rate,
        max_fee: sats(max_fee),
        locked: BTreeSet::new(),
        heights: BTreeMap::new(),
        change: None,
        entropy: [7; 32],
    }
}

fn approved(request: &Request) -> Approved {
    let target = |output: &TxOut| {
        let address = Address::from_script(&output.script_pubkey, Network::Regtest).unwrap();
        (Target::Address(address.to_string()), output.value.to_sat())
    };
    let outputs: Vec<_> = request.outputs.iter().map(target).collect();
    let mut payload = payload(&outputs);
    payload.max_fee = btc(request.max_fee.to_sat());
    Approved::from_payload(&payload, Network::Regtest, |_| None).unwrap()
}

/// Signed by two members and the co-signer: what would be broadcast.
fn finish(
    holdings: &Holdings,
    built: &Built,
    check: impl Fn(vault::bitcoin::Psbt) -> VerifiedSpend,
) -> Transaction {
    let mut psbt = built.psbt.clone();
    for member in ["alice", "carol"] {
        sign_member(&mut psbt, holdings, &key(member)).unwrap();
    }
    cosign(&check(psbt), "cosigner").finish().unwrap().transaction().clone()
}

fn vsize(transaction: &Transaction) -> u64 {
    u64::try_from(transaction.vsize()).unwrap()
}

fn spends(built: &Built) -> BTreeSet<OutPoint> {
    built.psbt.unsigned_tx.input.iter().map(|input| input.previous_output).collect()
}

/// Rates from below a tenth of a satoshi for each byte to two hundred.
fn rates() -> impl Strategy<Value = u64> {
    (0u32..12, 1u64..16).prop_map(|(power, part)| (1 << power) * part + 24)
}

fn values(most: usize) -> impl Strategy<Value = Vec<u64>> {
    let value = (9u32..31, 0u64..1 << 30).prop_map(|(bits, noise)| (1u64 << bits) + noise % (1 << bits));
    prop::collection::vec(value, 1..most)
}

fn kinds() -> impl Strategy<Value = ScriptKind> {
    prop_oneof![Just(KINDS[0]), Just(KINDS[1])]
}

/// What must hold of every payment, whatever chose its coins.
fn check_payment(holdings: &Holdings, request: &Request, built: &Built) -> VerifiedSpend {
    let spend = verify(built.psbt.clone().into(), holdings, &approved(request)).unwrap();
    assert_eq!(spend.fee(), built.fee);
    assert!(built.fee <= request.max_fee);
    let least = (u128::from(request.fee_rate.to_sat_per_kwu()) * 4 * u128::from(built.vsize)).div_ceil(1000);
    assert!(u128::from(built.fee.to_sat()) >= least, "{} {least}", built.fee);
    assert_eq!(spend.change(), built.change);
    let outputs = &built.psbt.unsigned_tx.output;
    let mut paid: Vec<TxOut> = outputs.clone();
    if let Some((index, position)) = built.change {
        let change = paid.remove(index);
        let script = holdings.descriptor().script_pubkey(position.branch, position.index).unwrap();
        assert_eq!(change.script_pubkey, script);
        assert!(change.value >= change.script_pubkey.minimal_non_dust());
    }
    let sorted = |mut outputs: Vec<TxOut>| {
        outputs.sort();
        outputs
    };
    assert_eq!(sorted(paid), sorted(request.outputs.clone()));
    assert!(spends(built).is_disjoint(&request.locked));
    let lock = built.psbt.unsigned_tx.lock_time.to_consensus_u32();
    assert!((HEIGHT - 100..=HEIGHT).contains(&lock), "{lock}");
    spend
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn payments_are_verified_and_exact(
        kind in kinds(),
        coins in values(40),
        share in 1u64..1000,
        parts in 1usize..8,
        kwu in rates(),
        entropy in any::<[u8; 32]>(),
        locked in 0usize..4,
        old in 0usize..4,
    ) {
        let holdings = holdings(kind, &coins);
        let part = (holdings.balance().to_sat() / 1000 * share / u64::try_from(parts).unwrap()).max(600);
        let mut request = request(payees(&vec![part; parts]), rate(kwu), 10_000_000);
        request.entropy = entropy;
        let outpoints: Vec<OutPoint> = holdings.coins().map(vault::Coin::outpoint).collect();
        request.locked = outpoints.iter().copied().take(locked).collect();
        request.heights = outpoints.iter().rev().take(old).map(|coin| (*coin, HEIGHT - AFTER_BLOCKS)).collect();
        match pay(&holdings, &request) {
            Ok(built) => drop(check_payment(&holdings, &request, &built)),
            Err(error) => {
                // All free coins, each less what spending it costs, do not cover it; or the fee would be too high.
                let cost = 4 * kwu * 160 / 1000 + 1;
                let free = holdings.coins().filter(|coin| !request.locked.contains(&coin.outpoint()));
                let worth: u64 = free.map(|coin| coin.output().value.to_sat().saturating_sub(cost)).sum();
                let wanted = part * u64::try_from(parts).unwrap() + 4 * kwu * (60 + 43 * 9) / 1000 + 400;
                prop_assert!(worth < wanted || matches!(error, BuildError::FeeAboveMaximum { .. }), "{error} {worth} {wanted}");
            }
        }
    }

    #[test]
    fn replacements_outbid_what_they_replace(
        kind in kinds(),
        coins in values(12),
        share in 1u64..900,
        first in rates(),
        second in rates(),
        entropy in any::<[u8; 32]>(),
        with_child in any::<bool>(),
    ) {
        let holdings = holdings(kind, &coins);
        let part = (holdings.balance().to_sat() / 1000 * share).max(600);
        let mut request = request(payees(&[part]), rate(first), 50_000_000);
        let Ok(built) = pay(&holdings, &request) else { return Ok(()) };
        let waiting = finish(&holdings, &built, |psbt| verify(psbt.into(), &holdings, &approved(&request)).unwrap());
        prop_assert!(vsize(&waiting) <= built.vsize && built.vsize <= vsize(&waiting) + 3 * u64::try_from(waiting.input.len()).unwrap());
        let shared = waiting.input[0].previous_output;
        let mut old = Waiting { transaction: &waiting, fee: built.fee, shared, children: None };
        request.entropy = entropy;
        request.fee_rate = rate(second);

        let mut gone = vec![(built.fee.to_sat(), vsize(&waiting))];
        let view = holdings.change_of(&waiting);
        let sped_up = child(&holdings, &request, old);
        if let Ok(small) = &sped_up {
            let left = request.max_fee;
            let check = |psbt: vault::bitcoin::Psbt| verify_child(psbt.into(), &holdings, &waiting, left).unwrap();
            let done = finish(&view, small, check);
            prop_assert_eq!(done.input.len(), 1);
            prop_assert!(done.output[0].script_pubkey != view.coins().next().unwrap().output().script_pubkey);
            let (fee, size) = (small.fee + built.fee, vsize(&done) + vsize(&waiting));
            prop_assert!(u128::from(fee.to_sat()) * 1000 >= u128::from(second) * 4 * u128::from(size));
            if with_child {
                old.children = Some((small.fee, vsize(&done)));
                gone.push((fee.to_sat(), size));
            }
        }
        let outbids = |new: &Transaction, fee: u64| {
            let relay = (vsize(new) * INCREMENTAL_RELAY_SATS_PER_KVB).div_ceil(1000);
            gone.iter().all(|(old, size)| fee >= old + relay && fee * size > old * vsize(new))
        };
        if let Ok(new) = replace(&holdings, &request, old) {
            let check = |psbt: vault::bitcoin::Psbt| {
                verify(psbt.into(), &holdings, &approved(&request).sharing(shared)).unwrap()
            };
            check_payment(&holdings, &request, &new);
            let done = finish(&holdings, &new, check);
            prop_assert!(spends(&built).is_subset(&spends(&new)));
            prop_assert!(outbids(&done, new.fee.to_sat()), "{} {gone:?} {}", new.fee, vsize(&done));
        }
        if let Ok(back) = return_to_self(&holdings, &request, old) {
            let check = |psbt: vault::bitcoin::Psbt| {
                verify_return(psbt.into(), &holdings, shared, request.max_fee).unwrap()
            };
            let done = finish(&holdings, &back, check);
            prop_assert_eq!(done.output.len(), 1);
            prop_assert!(outbids(&done, back.fee.to_sat()));
        }
    }

    #[test]
    fn refreshes_are_verified_and_cheap(
        kind in kinds(),
        coins in values(60),
        outputs in 1u32..4,
        kwu in rates(),
        old in 0usize..60,
    ) {
        let holdings = holdings(kind, &coins);
        let mut request = request(vec![], rate(kwu), 50_000_000);
        let height = |number: usize| if number < old { HEIGHT - AFTER_BLOCKS } else { HEIGHT - 1 };
        request.heights = holdings.coins().enumerate().map(|(number, coin)| (coin.outpoint(), height(number))).collect();
        let Ok(made) = refresh(&holdings, &request, outputs) else { return Ok(()) };
        let own = VaultId::parse("treasury").unwrap();
        let values: Vec<_> = made.values.iter().map(|value| (Target::Vault(own.clone()), value.to_sat())).collect();
        let mut payload = payload(&values);
        (payload.refresh, payload.max_fee) = (true, btc(made.max_fee.to_sat()));
        payload.check().unwrap();
        let scripts = world::scripts(&holdings);
        let approved = Approved::from_payload(&payload, Network::Regtest, |_| Some(scripts.clone())).unwrap();
        prop_assert_eq!(approved.max_fee(), made.max_fee);
        let spend = verify(made.built.psbt.clone().into(), &holdings, &approved).unwrap();
        prop_assert_eq!(spend.outflow(), made.built.fee);
        prop_assert_eq!(spend.psbt(), made.built.psbt.clone());
        prop_assert!(spends(&made.built).iter().all(|coin| is_due(&holdings, request.heights[coin])));
    }

    /// Nothing panics, whatever is asked.
    #[test]
    fn anything_may_be_asked(
        coins in prop::collection::vec(any::<u64>(), 0..5),
        paid in prop::collection::vec(any::<u64>(), 0..4),
        kwu in any::<u64>(),
        max_fee in any::<u64>(),
        outputs in any::<u32>(),
        height in any::<u32>(),
    ) {
        let mut holdings = holdings(KINDS[0], &coins);
        holdings.set_height(height);
        let mut request = request(payees(&paid), rate(kwu), max_fee);
        request.heights = holdings.coins().map(|coin| (coin.outpoint(), height / 2)).collect();
        let nothing = funding(1, &[], 1);
        let shared = holdings.coins().next().map_or_else(OutPoint::null, vault::Coin::outpoint);
        let old = Waiting { transaction: &nothing, fee: sats(max_fee), shared, children: Some((sats(kwu), max_fee)) };
        let _any = pay(&holdings, &request);
        let _any = replace(&holdings, &request, old);
        let _any = return_to_self(&holdings, &request, old);
        let _any = child(&holdings, &request, old);
        let _any = refresh(&holdings, &request, outputs);
    }
}

#[test]
fn a_set_without_change_is_found() {
    for kind in KINDS {
        // 41 000 + 31 000 pay it and leave 50: nothing worth coming back.
        let holdings = holdings(kind, &[900_000, 41_000, 55_000, 31_000, 200_000]);
        let script = holdings.coins().next().unwrap().script();
        let fee = 2 * estimated_vsize(script, 2, &payees(&[1])) + 50;
        let request = request(payees(&[72_000 - fee]), rate(500), 100_000);
        let built = pay(&holdings, &request).unwrap();
        assert_eq!((built.change, built.fee), (None, sats(fee)));
        check_payment(&holdings, &request, &built);
    }
}

#[test]
fn change_that_would_cost_more_than_it_is_worth_is_not_made() {
    for kind in KINDS {
        let holdings = holdings(kind, &[100_000]);
        let script = holdings.coins().next().unwrap().script();
        let fee = estimated_vsize(script, 1, &payees(&[1, 1])) + 43;
        // More than dust, less than spending it will cost.
        let left_for = |change: u64| request(payees(&[100_000 - fee - change]), rate(250), 100_000);
        assert_eq!(pay(&holdings, &left_for(400)).unwrap().change, None);
        assert!(pay(&holdings, &left_for(2_000)).unwrap().change.is_some());
        // Where it may not go to the network, it comes back all the same.
        let tight = Request { max_fee: sats(fee + 200), ..left_for(400) };
        assert!(pay(&holdings, &tight).unwrap().change.is_some());
    }
}

#[test]
fn a_replacement_ties_up_no_more_than_it_must() {
    for kind in KINDS {
        let holdings = holdings(kind, &[1_000_000, 60_000, 55_000, 54_000, 53_000]);
        let mut request = request(payees(&[900_000]), rate(250), 100_000);
        let built = pay(&holdings, &request).unwrap();
        let transaction =
            finish(&holdings, &built, |psbt| verify(psbt.into(), &holdings, &approved(&request)).unwrap());
        let shared = transaction.input[0].previous_output;
        let waiting = Waiting { transaction: &transaction, fee: built.fee, shared, children: None };
        // Not even coins that are due and cheap to spend now.
        request.heights = holdings.coins().map(|coin| (coin.outpoint(), 1)).collect();
        for entropy in 0..8 {
            request.entropy = [entropy; 32];
            request.fee_rate = rate(750);
            assert_eq!(spends(&replace(&holdings, &request, waiting).unwrap()), spends(&built));
            assert_eq!(
                spends(&return_to_self(&holdings, &request, waiting).unwrap()),
                BTreeSet::from([shared])
            );
        }
    }
}

#[test]
fn old_coins_are_used_first() {
    for kind in KINDS {
        let holdings = holdings(kind, &[900_000, 400_000, 300_000, 100_000]);
        let mut request = request(payees(&[500_000]), rate(250), 100_000);
        let old = |coin: &&vault::Coin| (200_000..500_000).contains(&coin.output().value.to_sat());
        let old: BTreeSet<OutPoint> = holdings.coins().filter(old).map(vault::Coin::outpoint).collect();
        request.heights = old.iter().map(|coin| (*coin, HEIGHT - AFTER_BLOCKS * 3 / 4)).collect();
        assert_eq!(spends(&pay(&holdings, &request).unwrap()), old);
        request.outputs = payees(&[750_000]);
        assert!(spends(&pay(&holdings, &request).unwrap()).is_superset(&old));
    }
}

#[test]
fn what_cannot_be_built_is_named() {
    let holdings = holdings(KINDS[0], &[100_000, 200_000]);
    let build = |values: &[u64], kwu, max_fee| {
        pay(&holdings, &request(payees(values), rate(kwu), max_fee)).unwrap_err()
    };
    assert!(matches!(build(&[400_000], 250, 10_000), BuildError::NotEnough { .. }));
    assert!(matches!(build(&[150_000], 25_000, 10_000), BuildError::FeeAboveMaximum { .. }));
    assert_eq!(build(&[150_000, 100], 250, 10_000), BuildError::DustOutput(1));
    assert_eq!(build(&[], 250, 10_000), BuildError::NoOutputs);
    assert_eq!(build(&[600; 201], 250, 10_000), BuildError::TooManyOutputs(201));
    assert_eq!(build(&[u64::MAX, u64::MAX], 250, 10_000), BuildError::Overflow);
    // What would be left is too much for the fee and too little for an output.
    let tight = 300_000 - 500;
    assert!(matches!(build(&[tight], 250, 400), BuildError::DustChange(_)));
}

#[test]
fn a_transaction_too_heavy_to_be_relayed_is_not_built() {
    for kind in KINDS {
        let holdings = holdings(kind, &[10_000; 900]);
        let request = request(payees(&[8_500_000]), rate(250), 1_000_000);
        assert_eq!(pay(&holdings, &request).unwrap_err(), BuildError::TooManyInputs);
        let mut fits = request.clone();
        fits.outputs = payees(&[4_000_000]);
        let built = pay(&holdings, &fits).unwrap();
        assert!(built.vsize <= 100_000);
        check_payment(&holdings, &fits, &built);
        // A refresh takes what fits and says what is left.
        let mut all = fits.clone();
        all.fee_rate = rate(100);
        all.heights = holdings.coins().map(|coin| (coin.outpoint(), 1)).collect();
        let made = refresh(&holdings, &all, 1).unwrap();
        assert!(made.built.vsize <= 100_000 && made.left > 0);
        assert_eq!(made.left + made.built.psbt.inputs.len(), 900);
    }
}

#[test]
fn a_refresh_that_is_not_needed_or_too_dear_is_not_built() {
    let holdings = holdings(KINDS[0], &[1_000_000, 30_000]);
    let mut request = request(vec![], rate(250), 1_000_000);
    let build = |request: &Request, outputs| refresh(&holdings, request, outputs).unwrap_err();
    assert_eq!(build(&request, 1), BuildError::NothingDue);
    request.heights = holdings.coins().map(|coin| (coin.outpoint(), HEIGHT - AFTER_BLOCKS / 2)).collect();
    assert_eq!(build(&request, 1), BuildError::NothingDue);
    request.heights = holdings.coins().map(|coin| (coin.outpoint(), 1)).collect();
    assert_eq!(build(&request, 0), BuildError::RefreshOutputs(0));
    assert_eq!(build(&request, GAP_LIMIT + 1), BuildError::RefreshOutputs(GAP_LIMIT + 1));
    request.fee_rate = FeeRate::from_sat_per_vb(101).unwrap();
    assert_eq!(build(&request, 1), BuildError::RefreshRate);
    request.fee_rate = FeeRate::from_sat_per_vb(50).unwrap();
    assert!(matches!(build(&request, 1), BuildError::FeeAboveMaximum { .. }), "more than one hundredth");
    request.fee_rate = rate(250);
    assert_eq!(refresh(&holdings, &request, 2).unwrap().values.len(), 2);
    request.locked = spends(&refresh(&holdings, &request, 1).unwrap().built);
    assert_eq!(build(&request, 1), BuildError::NothingDue);
}

#[test]
fn what_waits_and_has_nothing_in_common_is_not_replaced() {
    let holdings = holdings(KINDS[0], &[1_000_000, 500_000]);
    let request = request(payees(&[300_000]), rate(250), 100_000);
    let built = pay(&holdings, &request).unwrap();
    let other =
        holdings.coins().map(vault::Coin::outpoint).find(|coin| !spends(&built).contains(coin)).unwrap();
    let transaction = &built.psbt.unsigned_tx;
    let waiting = Waiting { transaction, fee: built.fee, shared: other, children: None };
    assert_eq!(replace(&holdings, &request, waiting).unwrap_err(), BuildError::SharedInputGone(other));
    assert_eq!(return_to_self(&holdings, &request, waiting).unwrap_err(), BuildError::SharedInputGone(other));
    let shared = transaction.input[0].previous_output;
    let mut spent = holdings.clone();
    spent.confirm(transaction).unwrap();
    let waiting = Waiting { shared, ..waiting };
    assert_eq!(replace(&spent, &request, waiting).unwrap_err(), BuildError::SharedInputGone(shared));
    let mut without = transaction.clone();
    without.output.retain(|output| request.outputs.contains(output));
    let waiting = Waiting { transaction: &without, ..waiting };
    assert_eq!(child(&holdings, &request, waiting).unwrap_err(), BuildError::NoChange);
    // The maximum leaves no room for outbidding.
    let waiting = Waiting { transaction, fee: sats(100_000), ..waiting };
    assert!(matches!(replace(&holdings, &request, waiting), Err(BuildError::FeeAboveMaximum { .. })));
}

/// By the spending path, whatever the recovery path would weigh.
#[test]
fn sizes_are_never_too_small_and_hardly_too_large() {
    for kind in KINDS {
        for (at_least, members, recovery) in [(1, 1, 1), (3, 5, 1), (1, 5, 5), (2, 3, 12), (12, 15, 2)] {
            let names: Vec<String> = (0..members).map(|number| format!("member {number}")).collect();
            let mut spec = spec(kind);
            (spec.at_least, spec.recovery.at_least) = (at_least, recovery);
            spec.members = names.iter().map(|name| world::text(name)).collect();
            spec.recovery.members =
                (0..recovery).map(|number| world::text(&format!("recovery {number}"))).collect();
            let mut holdings = Holdings::new(Arc::new(spec.descriptor().unwrap())).unwrap();
            holdings.set_height(HEIGHT);
            let script = holdings.descriptor().script_pubkey(Branch::Receive, 0).unwrap();
            holdings.confirm(&funding(1, &[script.clone(), script], 1_000_000)).unwrap();
            let request = request(payees(&[1_500_000]), rate(250), 100_000);
            let built = pay(&holdings, &request).unwrap();
            let mut psbt = built.psbt.clone();
            for name in names.iter().rev().take(at_least) {
                sign_member(&mut psbt, &holdings, &key(name)).unwrap();
            }
            let spend = verify(psbt.into(), &holdings, &approved(&request)).unwrap();
            let done = cosign(&spend, "cosigner").finish().unwrap();
            let real = vsize(done.transaction());
            // Signatures may be one byte or two shorter than they can be.
            let slack = 2 * 2 * u64::try_from(at_least + 1).unwrap() / 4 + 1;
            assert!(
                (real..=real + slack).contains(&built.vsize),
                "{kind:?} {at_least} {real} {}",
                built.vsize
            );
        }
    }
}

#[test]
fn as_many_as_a_payload_has_are_paid_at_once() {
    for kind in KINDS {
        let holdings = holdings(kind, &[5_000_000; 9]);
        let request = request(payees(&[100_000; 200]), rate(250), 100_000);
        let built = pay(&holdings, &request).unwrap();
        assert_eq!(built.psbt.outputs.len(), 201);
        check_payment(&holdings, &request, &built);
    }
}

#[test]
fn a_payment_to_another_vault_takes_the_address_that_is_named() {
    let (own, other) = (holdings(KINDS[0], &[1_000_000]), holdings(KINDS[1], &[]));
    let hot = VaultId::parse("hot").unwrap();
    let scripts = world::scripts(&other);
    let payload = payload(&[(Target::Vault(hot), 300_000)]);
    let approved = Approved::from_payload(&payload, Network::Regtest, |_| Some(scripts.clone())).unwrap();
    let named = other.descriptor().script_pubkey(Branch::Receive, 3).unwrap();
    let outputs = approved.txouts(|_| Some(named.clone()));
    assert_eq!(outputs, [TxOut { value: sats(300_000), script_pubkey: named }]);
    let strangers = approved.txouts(|_| Some(world::payee()));
    assert!(scripts.contains(&strangers[0].script_pubkey), "a stranger's is not taken");
    let built = pay(&own, &request(outputs, rate(250), world::MAX_FEE)).unwrap();
    verify(built.psbt.into(), &own, &approved).unwrap();
}

#[test]
fn the_same_entropy_gives_the_same_transaction_and_another_another() {
    let holdings = holdings(KINDS[1], &[1_000_000; 12]);
    let mut request = request(payees(&[300_000, 200_000]), rate(250), 100_000);
    let first = pay(&holdings, &request).unwrap();
    assert_eq!(pay(&holdings, &request).unwrap(), first);
    let mut places = BTreeSet::new();
    for seed in 0..40 {
        request.entropy = [seed; 32];
        places.insert(pay(&holdings, &request).unwrap().change.unwrap().0);
    }
    assert_eq!(places, BTreeSet::from([0, 1, 2]), "change may be anywhere");
    let spend = verify(first.psbt.into(), &holdings, &approved(&request)).unwrap();
    assert_eq!(spend.kind(), SpendKind::Payment);
}
