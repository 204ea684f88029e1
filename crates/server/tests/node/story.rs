//! The life of payments: confirmed, replaced, pushed by a child, taken back, thrown out by a reorganisation; and under coercion.

use credentials::Class;
use server::drafts::Draft;
use vault::bitcoin::OutPoint;

use crate::rig::{HOLD, MAX_FEE, PAID, Rig, Setup, payload};
use crate::world::{COIN, PAYEE, SLOW_HOLD, treasury, wait_until};

/// Four payments of 0.2 BTC have room.
const LIMIT: &str = "\n[[limit]]\nid = \"monthly\"\nvaults = [\"treasury\"]\nper = \"30d\"\namount = \"0.81 BTC\"\nby = \"vault\"\n";

fn rig(script: &'static str) -> Rig {
    Rig::new(Setup { script, rules: LIMIT, confirmations: 2, ..Setup::default() })
}

/// Deposit, members' signatures, approval, hold, co-signature, broadcast, two blocks.
fn first_payment(rig: &Rig) {
    let script = rig.script(0);
    rig.node.fund(&script, vault::bitcoin::Amount::from_sat(COIN)).unwrap();
    rig.look();
    assert!(rig.coins().is_empty(), "what is in no block is not there yet");
    rig.mine(1);
    assert!(rig.coins().is_empty(), "one block is not enough here");
    rig.mine(1);
    let height = rig.node.height().unwrap();
    let heights: Vec<_> = rig.coins().iter().map(|(_, coin)| coin.height).collect();
    assert_eq!(heights, [Some(height - 1)]);
    let id = rig.propose(PAID, 1);
    let psbt = rig.draft(id, Draft::Payment, 2);
    let txid = psbt.unsigned_tx.compute_txid();
    let first = rig.sign(id, psbt.clone(), &["alice"]);
    rig.attach(id, Class::Free, "alice", &first).unwrap();
    rig.approve(id, Class::Free, "carol");
    let second = rig.sign(id, psbt, &["carol"]);
    rig.attach(id, Class::Free, "carol", &second).unwrap();
    assert_eq!(rig.word(id), "pending", "the hold has not passed");
    rig.pass(types::Span::from_seconds(HOLD.seconds() - 1));
    assert_eq!((rig.word(id), rig.node.mempool().unwrap().len()), ("pending", 0));
    rig.pass(types::Span::from_seconds(1));
    rig.wait_word(id, "signed");
    rig.wait_sent(txid);
    rig.mine(1);
    assert_eq!(rig.word(id), "signed", "one block is not enough here");
    rig.mine(1);
    assert_eq!(rig.word(id), "confirmed");
    assert_eq!(rig.payments(), [(txid, PAID)]);
    let fee = u128::from(COIN - PAID) - rig.balance();
    assert!(fee > 0 && fee <= u128::from(MAX_FEE), "the change is a coin: {fee}");
    assert_eq!(rig.engine.health().outgoing, 0);
}

fn replaced(rig: &Rig) {
    let paid = rig.payments().len();
    let (id, slow) = rig.send(2);
    rig.look();
    let fast = rig.bring(id, Draft::Payment, 12);
    rig.wait_sent(fast);
    assert!(!rig.in_mempool(slow), "it took its place");
    rig.look();
    rig.mine(2);
    assert_eq!(rig.word(id), "confirmed");
    let payments = rig.payments();
    assert_eq!(payments.len(), paid + 1);
    assert!(payments.contains(&(fast, PAID)) && !payments.iter().any(|(txid, _)| *txid == slow));
    assert_eq!(rig.engine.health().outgoing, 0);
}

fn pushed_by_a_child(rig: &Rig) {
    let (id, parent) = rig.send(3);
    let child = rig.bring(id, Draft::Child, 12);
    rig.wait_sent(child);
    assert!(rig.in_mempool(parent));
    rig.look();
    rig.mine(2);
    assert_eq!(rig.word(id), "confirmed");
    let confirmations = rig.node.confirmations(OutPoint { txid: child, vout: 0 }).unwrap();
    assert_eq!(confirmations, Some(2), "both are in one block");
    assert!(rig.payments().contains(&(parent, PAID)));
    let held = rig.coins().iter().any(|(coin, _)| coin.txid.0 == *AsRef::<[u8; 32]>::as_ref(&child));
    assert!(held, "what the child brought back is a coin");
}

fn taken_back(rig: &Rig) {
    let (paid, balance) = (rig.payments().len(), rig.balance());
    let (id, payment) = rig.send(4);
    let full = rig.submit(Class::Free, PAID, 5).unwrap_err();
    assert_eq!(full.code(), "limit-reached");
    let back = rig.bring(id, Draft::Return, 12);
    rig.wait_sent(back);
    assert!(!rig.in_mempool(payment));
    rig.mine(2);
    assert_eq!(rig.word(id), "cancelled");
    assert_eq!(rig.payments().len(), paid, "nobody was paid");
    assert!(balance - rig.balance() <= u128::from(MAX_FEE), "but for the fee it is all there");
    let afloat = rig.engine.read(|state| state.overt().afloat(&treasury()));
    assert_eq!(afloat.minor(), 0);
    rig.submit(Class::Free, PAID, 5).unwrap();
}

fn thrown_out_and_confirmed_again(rig: &Rig) {
    let id = payload(vec![(target(), PAID)], 5, MAX_FEE, false).identify().unwrap().id();
    assert_eq!(rig.word(id), "pending", "it was proposed before");
    let txid = rig.bring(id, Draft::Payment, 2);
    rig.approve(id, Class::Free, "carol");
    rig.pass(HOLD);
    rig.wait_sent(txid);
    rig.mine(2);
    assert_eq!(rig.word(id), "confirmed");
    let balance = rig.balance();
    for depth in 2..6 {
        rig.reorganise(depth);
        assert_eq!(rig.word(id), "signed", "the block is gone, {depth} deep");
        assert!(rig.engine.read(|state| state.overt().afloat(&treasury())).minor() > 0);
        rig.look();
        rig.wait_sent(txid);
        rig.mine(2);
        assert_eq!(rig.word(id), "confirmed", "{depth} deep");
        assert_eq!(rig.balance(), balance, "{depth} deep");
    }
    // While it waits again it can still be pushed.
    rig.reorganise(2);
    let faster = rig.bring(id, Draft::Payment, 20);
    rig.wait_sent(faster);
    rig.mine(2);
    assert_eq!(rig.word(id), "confirmed");
    assert!(
        rig.payments().contains(&(faster, PAID)) && !rig.payments().iter().any(|(other, _)| *other == txid)
    );
}

fn target() -> types::Target {
    types::Target::Address(PAYEE.into())
}

#[test]
fn a_wsh_vault_pays_replaces_pushes_takes_back_and_survives_reorganisations() {
    let rig = rig("wsh");
    first_payment(&rig);
    rig.deposit(1, 6);
    replaced(&rig);
    pushed_by_a_child(&rig);
    taken_back(&rig);
    thrown_out_and_confirmed_again(&rig);
}

#[test]
fn a_tr_vault_pays_replaces_pushes_and_takes_back() {
    let rig = rig("tr");
    first_payment(&rig);
    rig.deposit(1, 6);
    replaced(&rig);
    pushed_by_a_child(&rig);
    taken_back(&rig);
}

/// Above what is quick: the wait is 48 h, so that what nobody may see can be known by then.
const LARGE: u64 = 35_000_000;

/// Proposed, signed by members and approved, some of it under duress; what became of it after the wait.
fn coerced(rig: &Rig, nonce: u8, [submits, signs, approves]: [Class; 3]) -> (&'static str, usize) {
    let id = rig.submit(submits, LARGE, nonce).unwrap();
    let psbt = rig.draft(id, Draft::Payment, 2);
    let signed = rig.sign(id, psbt, &["alice", "carol"]);
    rig.attach(id, signs, "carol", &signed).unwrap();
    rig.approve(id, approves, "carol");
    assert_eq!(rig.word(id), "pending", "nothing shows before the wait is over");
    rig.pass(SLOW_HOLD);
    wait_until("it is decided", || matches!(rig.word(id), "signed" | "declined"));
    let signings = rig.engine.read(|state| state.overt().transfer(id).unwrap().signings.len());
    (rig.word(id), signings)
}

#[test]
fn under_duress_nothing_is_signed_and_nothing_shows_before_the_wait_is_over() {
    let (free, duress) = (Class::Free, Class::Duress);
    for acts in [[duress, free, free], [free, duress, free], [free, free, duress]] {
        let rig = Rig::new(Setup::default());
        rig.deposit(0, 2);
        assert_eq!(coerced(&rig, 1, acts), ("declined", 0), "{acts:?}");
        assert!(rig.node.mempool().unwrap().is_empty());
        assert!(
            rig.coins()
                .iter()
                .all(|(coin, _)| rig.engine.read(|state| state.overt().reserved_for(coin).is_none()))
        );
        rig.mine(3);
        assert!(rig.payments().is_empty() && rig.balance() == u128::from(2 * COIN));
    }
    let rig = Rig::new(Setup::default());
    rig.deposit(0, 2);
    assert_eq!(coerced(&rig, 1, [free; 3]), ("signed", 1), "and the same without duress is paid");
    // What waits for a block is replaced by somebody who is forced to as by anybody: it pays the same, and a refusal would tell (ADR 21).
    let (id, slow) = (
        payload(vec![(target(), LARGE)], 1, MAX_FEE, false).identify().unwrap().id(),
        rig.node.mempool().unwrap(),
    );
    let psbt = rig.draft(id, Draft::Payment, 12);
    let signed = rig.sign(id, psbt, &["alice", "carol"]);
    rig.attach(id, duress, "carol", &signed).unwrap();
    rig.look();
    wait_until("it is replaced", || rig.node.mempool().is_ok_and(|now| now.len() == 1 && now != slow));
    assert_eq!((rig.word(id), rig.waits_for(id)), ("signed", None));
    let heard = rig.engine.read(|state| state.covert().signals().count());
    assert_eq!(heard, 1, "the signal is heard all the same");
}
