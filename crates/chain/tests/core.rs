//! A wallet filled by a real Bitcoin Core node: deposits, spends, replacements, reorganisations, and a node that fails (G1, G6).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use bitcoin::Amount;
use chain::{Auth, ChainError, CoreRpc, Source, SyncLimits, Synced, TxStatus, Wallet};
use regtest::{Node, Options};
use stage::*;
use vault::Branch;

#[test]
fn a_deposit_is_seen_in_the_mempool_and_in_a_block() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    let script = reveal(&mut wallet);
    sync(&source, &mut wallet);
    assert_eq!(wallet.balance().total(), Amount::ZERO);

    let outpoint = node.fund(&script, COIN).unwrap();
    sync(&source, &mut wallet);
    let seen = coin(&wallet, outpoint);
    assert_eq!((seen.value, seen.height, seen.confirmations), (COIN, None, 0));
    assert_eq!(wallet.status(outpoint.txid), TxStatus::Mempool);
    assert!(wallet.coins(1).is_empty());

    node.mine(3).unwrap();
    sync(&source, &mut wallet);
    let seen = coin(&wallet, outpoint);
    let height = node.height().unwrap() - 2;
    assert_eq!((seen.height, seen.confirmations), (Some(height), 3));
    assert_eq!(wallet.status(outpoint.txid), TxStatus::Confirmed { height, depth: 3 });
    assert_eq!((seen.blocks_to_recovery(10), seen.recovery_opens_at(10)), (7, Some(height + 9)));
    assert_eq!(wallet.coins(3).len(), 1);
    assert!(wallet.coins(4).is_empty());
    assert_eq!(wallet.tip().hash, node.tip().unwrap());
    assert_eq!(seen.transaction.compute_txid(), outpoint.txid);
}

#[test]
fn a_spent_coin_is_marked_and_then_gone() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    let outpoint = deposit(&node, &mut wallet);
    sync(&source, &mut wallet);
    assert!(source.unspent(&outpoint, &coin(&wallet, outpoint).script_pubkey).unwrap());
    assert!(!source.unspent(&outpoint, &elsewhere(1)).unwrap());

    let payment = spend(&wallet.coins(1), elsewhere(1), 500);
    source.broadcast(&payment).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(coin(&wallet, outpoint).spent_by, Some(payment.compute_txid()));
    assert!(!source.unspent(&outpoint, &coin(&wallet, outpoint).script_pubkey).unwrap());

    node.mine(1).unwrap();
    sync(&source, &mut wallet);
    assert!(wallet.coins(0).is_empty());
    let height = node.height().unwrap();
    let expected = TxStatus::Confirmed { height, depth: 1 };
    assert_eq!(wallet.spender(&outpoint), Some((payment.compute_txid(), expected)));
    // Sent again after its confirmation: known, and so no error.
    source.broadcast(&payment).unwrap();
}

#[test]
fn a_payment_that_was_outbid_says_by_what() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    deposit(&node, &mut wallet);
    sync(&source, &mut wallet);
    let coins = wallet.coins(1);
    let (first, second) = (spend(&coins, elsewhere(1), 500), spend(&coins, elsewhere(1), 5_000));
    let child_of_first = {
        source.broadcast(&first).unwrap();
        sync(&source, &mut wallet);
        wallet.status(first.compute_txid())
    };
    assert_eq!(child_of_first, TxStatus::Mempool);

    source.broadcast(&second).unwrap();
    sync(&source, &mut wallet);
    let by = second.compute_txid();
    assert_eq!(wallet.status(first.compute_txid()), TxStatus::Replaced { by });
    assert_eq!(wallet.spender(&coins[0].outpoint), Some((by, TxStatus::Mempool)));
    let refused = source.broadcast(&first).unwrap_err();
    assert_eq!(refused.code(), "broadcast-conflict", "{refused}");

    node.mine(1).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(wallet.status(first.compute_txid()), TxStatus::Replaced { by });
    assert_eq!(source.broadcast(&first).unwrap_err().code(), "broadcast-inputs-spent");
}

#[test]
fn a_conflicting_payment_that_was_mined_is_recognised_and_what_builds_on_the_other_too() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    deposit(&node, &mut wallet);
    sync(&source, &mut wallet);
    let coins = wallet.coins(1);
    let back = wallet.reveal(Branch::Change).unwrap().1.script_pubkey();
    let parent = spend(&coins, back, 500);
    source.broadcast(&parent).unwrap();
    sync(&source, &mut wallet);
    let unspent: Vec<_> = wallet.coins(0).into_iter().filter(|coin| coin.spent_by.is_none()).collect();
    let child = spend(&unspent, elsewhere(1), 500);
    source.broadcast(&child).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(wallet.status(child.compute_txid()), TxStatus::Mempool);

    let thief = spend(&coins, elsewhere(2), 300);
    node.mine_exactly(std::slice::from_ref(&thief)).unwrap();
    sync(&source, &mut wallet);
    let by = thief.compute_txid();
    assert_eq!(wallet.status(parent.compute_txid()), TxStatus::Replaced { by });
    assert_eq!(wallet.status(child.compute_txid()), TxStatus::Replaced { by });
    assert!(matches!(wallet.status(by), TxStatus::Confirmed { depth: 1, .. }));
    assert!(wallet.coins(0).is_empty());
}

#[test]
fn an_evicted_payment_is_dropped_and_may_come_back() {
    let (mut node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    deposit(&node, &mut wallet);
    node.mine(1).unwrap();
    sync(&source, &mut wallet);
    let payment = spend(&wallet.coins(1), elsewhere(1), 500);
    source.broadcast(&payment).unwrap();
    sync(&source, &mut wallet);
    node.flush().unwrap();
    // A restart without its saved mempool stands for any eviction.
    node.stop().unwrap();
    std::fs::remove_file(node.data_folder().join("regtest").join("mempool.dat")).unwrap();
    node.restart().unwrap();
    assert!(node.mempool().unwrap().is_empty());
    sync(&source, &mut wallet);
    assert_eq!(wallet.status(payment.compute_txid()), TxStatus::Dropped);
    assert_eq!(wallet.coins(1).len(), 1);
    assert_eq!(wallet.coins(1)[0].spent_by, None);

    source.broadcast(&payment).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(wallet.status(payment.compute_txid()), TxStatus::Mempool);
    // The same of our own, noted before any source has it: missing at the next look.
    let mut fresh = Wallet::load(NETWORK, &spendable(), [wallet.whole().as_slice()]).unwrap();
    let other = spend(&wallet.coins(1), elsewhere(3), 9_000);
    fresh.insert_broadcast(other.clone(), now());
    assert_eq!(fresh.status(other.compute_txid()), TxStatus::Mempool);
    sync(&source, &mut fresh);
    assert_eq!(fresh.status(other.compute_txid()), TxStatus::Replaced { by: payment.compute_txid() });
}

#[test]
fn a_clock_that_stands_still_or_goes_back_changes_nothing() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    deposit(&node, &mut wallet);
    let mut seconds = 1_800_000_000;
    let mut look = |wallet: &mut Wallet| {
        seconds -= 10;
        source.sync(wallet, SyncLimits::at(seconds)).unwrap();
    };
    look(&mut wallet);
    let coins = wallet.coins(1);
    let payments: Vec<_> = [500, 1_500, 2_500].map(|fee| spend(&coins, elsewhere(1), fee)).into();
    for payment in &payments {
        source.broadcast(payment).unwrap();
        look(&mut wallet);
        assert_eq!(wallet.status(payment.compute_txid()), TxStatus::Mempool);
    }
    let by = payments[2].compute_txid();
    assert_eq!(wallet.status(payments[0].compute_txid()), TxStatus::Replaced { by });
    assert_eq!(wallet.status(payments[1].compute_txid()), TxStatus::Replaced { by });
    node.mine_exactly(&payments[..1]).unwrap();
    look(&mut wallet);
    let by = payments[0].compute_txid();
    assert_eq!(wallet.status(payments[2].compute_txid()), TxStatus::Replaced { by });
}

fn reorganised(depth: u32) {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    let before = deposit(&node, &mut wallet);
    node.mine(2).unwrap();
    let inside = deposit(&node, &mut wallet);
    node.mine(depth - 1).unwrap();
    sync(&source, &mut wallet);
    assert!(matches!(wallet.status(inside.txid), TxStatus::Confirmed { depth: found, .. } if found == depth));

    node.reorganise(depth).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(wallet.tip().hash, node.tip().unwrap());
    if depth > 10 {
        // A node keeps what at most ten blocks confirmed; the rest has to be sent again by whoever has it.
        assert_eq!(wallet.status(inside.txid), TxStatus::Dropped);
        source.broadcast(&wallet.transaction(inside.txid).unwrap()).unwrap();
        sync(&source, &mut wallet);
    }
    assert_eq!(wallet.status(inside.txid), TxStatus::Mempool);
    assert!(matches!(wallet.status(before.txid), TxStatus::Confirmed { .. }));
    let mut staged = Vec::new();
    staged.extend(wallet.take_staged());
    node.mine(1).unwrap();
    sync(&source, &mut wallet);
    let height = node.height().unwrap();
    assert_eq!(wallet.status(inside.txid), TxStatus::Confirmed { height, depth: 1 });
    staged.extend(wallet.take_staged());
    let loaded = Wallet::load(NETWORK, &spendable(), staged.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(all_of(&loaded), all_of(&wallet));
}

#[test]
fn one_block_is_replaced() {
    reorganised(1);
}

#[test]
fn a_hundred_blocks_are_replaced() {
    reorganised(100);
}

#[test]
fn a_node_that_goes_down_in_the_middle_costs_nothing_but_time() {
    let (mut node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    let outpoint = deposit(&node, &mut wallet);
    node.mine(30).unwrap();
    node.flush().unwrap();
    let few = SyncLimits { blocks_max: 20, ..SyncLimits::at(now()) };
    assert_eq!(source.sync(&mut wallet, few).unwrap(), Synced::Partial);
    assert_eq!(wallet.tip().height, 20);
    let stored = wallet.take_staged().unwrap();

    node.kill();
    let down = source.sync(&mut wallet, SyncLimits::at(now())).unwrap_err();
    assert!(matches!(down, ChainError::Unreachable { .. }) && down.is_passing(), "{down}");
    assert_eq!(source.tip().unwrap_err().code(), "chain-unreachable");
    assert!(source.broadcast(&spend_of_nothing()).is_err());

    // It comes back with another cookie; so does this program, from what it stored.
    node.restart().unwrap();
    let mut wallet = Wallet::load(NETWORK, &spendable(), [stored.as_slice()]).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(coin(&wallet, outpoint).confirmations, 31);
}

fn spend_of_nothing() -> bitcoin::Transaction {
    bitcoin::Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![],
        output: vec![],
    }
}

#[test]
fn who_asks_to_stop_keeps_what_was_seen() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    let asked = std::sync::atomic::AtomicU32::new(0);
    let stop = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 7;
    let limits = SyncLimits { stop: &stop, ..SyncLimits::at(now()) };
    assert_eq!(source.sync(&mut wallet, limits), Err(ChainError::Stopped));
    assert_eq!(wallet.tip().height, 7);
}

#[test]
fn another_network_is_refused() {
    let node = Node::start(&Options::default()).unwrap();
    let source = core(&node);
    source.check(NETWORK).unwrap();
    let wrong = source.check(bitcoin::Network::Bitcoin).unwrap_err();
    assert_eq!(wrong.code(), "chain-wrong-network");
}

#[test]
fn a_node_that_is_pruned_past_the_birthday_is_refused() {
    let node = Node::start(&Options { prune: true, ..Options::default() }).unwrap();
    node.mine(1_000).unwrap();
    node.rpc("pruneblockchain", &[700.into()]).unwrap();
    let born = |height| CoreRpc::new(&node.url(), Auth::Cookie(node.cookie_file()), height).unwrap();
    assert_eq!(born(0).check(NETWORK).unwrap_err().code(), "chain-pruned");
    born(900).check(NETWORK).unwrap();
    let lost = born(0).sync(&mut empty_wallet(), SyncLimits::at(now())).unwrap_err();
    assert_eq!(lost.code(), "chain-pruned");
    // What it still has is enough for a vault that is younger.
    let mut wallet = empty_wallet();
    sync(&born(900), &mut wallet);
    assert_eq!(wallet.tip().height, 1_000);
}

#[test]
fn name_and_password_let_in_and_a_wrong_one_does_not() {
    let auth = regtest::Auth::Password { user: "rempart".into(), password: "correct horse".into() };
    let node = Node::start(&Options { auth, ..Options::default() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    let open = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let auth = Auth::PasswordFile { user: "rempart".into(), path: path.clone() };
        CoreRpc::new(&node.url(), auth, 0).unwrap().tip()
    };
    assert_eq!(open("correct horse\n").unwrap().height, 0);
    assert_eq!(open("wrong").unwrap_err().code(), "chain-unauthorized");
    std::fs::remove_file(&path).unwrap();
    let auth = Auth::PasswordFile { user: "rempart".into(), path };
    let unreadable = CoreRpc::new(&node.url(), auth, 0).unwrap().tip().unwrap_err();
    assert_eq!(unreadable.code(), "chain-secret-unreadable");
}

#[test]
fn the_tip_has_the_median_time_and_the_next_block_no_hash() {
    let node = Node::start(&Options { mock_time: Some(1_900_000_000), ..Options::default() }).unwrap();
    node.mine(20).unwrap();
    node.set_clock(1_900_007_000).unwrap();
    node.mine(1).unwrap();
    let source = core(&node);
    let tip = source.tip().unwrap();
    assert_eq!((tip.height, tip.hash), (21, node.tip().unwrap()));
    assert!(tip.median_time < tip.time, "{tip:?}");
    assert_eq!(source.block_hash(22).unwrap(), None);
    assert_eq!(source.block_hash(21).unwrap(), Some(tip.hash));
    assert_eq!(source.fee_rate(6).unwrap(), None, "a regtest node has nothing to estimate from");
}

#[test]
fn what_the_mempool_would_say_can_be_asked_before() {
    let (node, mut wallet) = (Node::funded().unwrap(), empty_wallet());
    let source = core(&node);
    deposit(&node, &mut wallet);
    sync(&source, &mut wallet);
    let coins = wallet.coins(1);
    assert_eq!(source.accepts(&spend(&coins, elsewhere(1), 500)).unwrap(), Some(()));
    let free = source.accepts(&spend(&coins, elsewhere(1), 1)).unwrap_err();
    assert_eq!(free.code(), "broadcast-fee-too-low", "{free}");
    let mut forged = spend(&coins, elsewhere(1), 500);
    forged.output[0].script_pubkey = elsewhere(2);
    assert_eq!(source.accepts(&forged).unwrap_err().code(), "broadcast-not-taken");
    assert!(node.mempool().unwrap().is_empty());
}
