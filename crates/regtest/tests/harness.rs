//! The harness itself on a real node: starting, killing, paying, reorganising. What it promises, every other test builds on (G6).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use bitcoin::hex::FromHex;
use bitcoin::{Amount, OutPoint, ScriptBuf, consensus};
use regtest::{Auth, Node, NodeError, Options, Verdict};

fn stranger() -> ScriptBuf {
    ScriptBuf::from_bytes(Vec::from_hex("0014751e76e8199196d454941c45d1b3a323f1433bd6").unwrap())
}

const SATS: Amount = Amount::from_sat(123_456);

#[test]
fn a_deposit_is_confirmed_and_spends_only_mature_coins() {
    let node = Node::start(&Options::default()).unwrap();
    assert!(matches!(node.fund(&stranger(), SATS), Err(NodeError::NoCoins(123_456))));
    node.mine(99).unwrap();
    assert!(matches!(node.fund(&stranger(), SATS), Err(NodeError::NoCoins(123_456))));
    node.mine(1).unwrap();
    let first = node.fund(&stranger(), SATS).unwrap();
    assert_eq!(node.mempool().unwrap(), [first.txid]);
    assert!(
        matches!(node.fund(&stranger(), SATS), Err(NodeError::NoCoins(_))),
        "the only coin is being spent"
    );
    node.mine(2).unwrap();
    let second = node.deposit(&stranger(), SATS).unwrap();
    assert_eq!(node.confirmations(first).unwrap(), Some(3));
    assert_eq!(node.confirmations(second).unwrap(), Some(1));
    assert_eq!(node.height().unwrap(), 103);
}

#[test]
fn a_payment_larger_than_a_coin_takes_several_and_pays_in_order() {
    let node = Node::funded().unwrap();
    let large = Amount::from_sat(7_500_000_000);
    let payment = node.fund_all(&[(stranger(), SATS), (stranger(), large)]).unwrap();
    assert!(payment.input.len() >= 2);
    assert_eq!(payment.output[0].value, SATS);
    assert_eq!(payment.output[1].value, large);
    let block = node.mine(1).unwrap()[0];
    assert!(node.block(block).unwrap().txdata.contains(&payment));
}

#[test]
fn a_killed_node_comes_back_with_its_chain_and_another_cookie() {
    let mut node = Node::start(&Options::default()).unwrap();
    node.mine(3).unwrap();
    let (tip, cookie) = (node.tip().unwrap(), node.credentials().unwrap());
    node.stop().unwrap();
    assert!(matches!(node.tip(), Err(NodeError::NoAnswer { .. })));
    node.restart().unwrap();
    assert_eq!(node.tip().unwrap(), tip);
    assert_ne!(node.credentials().unwrap(), cookie);
    node.kill();
    assert!(matches!(node.tip(), Err(NodeError::NoAnswer { .. })));
    node.restart().unwrap();
    assert!(
        node.height().unwrap() <= 3,
        "a node that was killed may have lost the last blocks, not gained any"
    );
}

#[test]
fn a_password_the_index_of_transactions_and_the_clock_are_honoured() {
    let auth = Auth::Password { user: "rempart".into(), password: "not secret".into() };
    let options = Options { auth, txindex: true, mock_time: Some(1_800_000_000), ..Options::default() };
    let node = Node::start(&options).unwrap();
    assert!(!node.cookie_file().exists());
    node.mine(101).unwrap();
    let deposit = node.deposit(&stranger(), SATS).unwrap();
    let tip = node.tip().unwrap();
    assert!(node.block(tip).unwrap().header.time.abs_diff(1_800_000_000) < 600);
    for _ in 0..100 {
        // The index follows the chain in the background.
        match node.transaction(deposit.txid) {
            Ok(transaction) => return assert_eq!(transaction.output[0].value, SATS),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    panic!("`{}` is not in the index", deposit.txid);
}

#[test]
fn a_reorganisation_unconfirms_and_reconsidering_confirms_again() {
    let node = Node::funded().unwrap();
    let deposit = node.deposit(&stranger(), SATS).unwrap();
    let (confirmed_in, height) = (node.tip().unwrap(), node.height().unwrap());
    node.reorganise(1).unwrap();
    assert_eq!(node.height().unwrap(), height + 1);
    assert_eq!(node.confirmations(deposit).unwrap(), None);
    assert_eq!(node.mempool().unwrap(), [deposit.txid]);
    node.reconsider(confirmed_in).unwrap();
    assert_eq!(node.confirmations(deposit).unwrap(), None, "the longer chain stays the best");
    node.mine(1).unwrap();
    assert_eq!(node.confirmations(deposit).unwrap(), Some(1));
}

#[test]
fn what_is_not_standard_is_refused_by_the_mempool_and_mined_by_consensus() {
    let node = Node::funded().unwrap();
    // Anyone can spend an output that says only "true"; to spend it with a witness program of an unknown version is not standard.
    let odd = ScriptBuf::from_bytes(vec![0x51]);
    assert!(
        matches!(node.fund(&odd, SATS), Err(NodeError::Refused { message, .. }) if message.contains("scriptpubkey"))
    );
    let coin = node.deposit(&stranger(), SATS).unwrap();
    let spend = bitcoin::Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![bitcoin::TxIn { previous_output: coin, ..Default::default() }],
        output: vec![bitcoin::TxOut { value: Amount::from_sat(100_000), script_pubkey: stranger() }],
    };
    let Verdict::Refused(why) = node.test(&spend).unwrap() else { panic!("spent without a signature") };
    assert!(why.contains("script-verify-flag") || why.contains("witness"), "{why}");
    assert!(node.mine_exactly(&[spend]).is_err());
}

#[test]
fn two_nodes_that_meet_agree_on_the_longer_chain() {
    let (long, short) =
        (Node::start(&Options::default()).unwrap(), Node::start(&Options::default()).unwrap());
    long.mine(5).unwrap();
    short.mine(2).unwrap();
    short.connect(&long).unwrap();
    let wanted = long.tip().unwrap();
    for _ in 0..400 {
        if short.tip().unwrap() == wanted {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("the shorter chain stayed");
}

#[test]
fn a_pruned_node_starts() {
    let node = Node::start(&Options { prune: true, ..Options::default() }).unwrap();
    assert_eq!(node.rpc("getblockchaininfo", &[]).unwrap()["pruned"], true);
}

#[test]
fn an_unknown_coin_has_no_confirmations_and_an_unknown_call_is_refused() {
    let node = Node::start(&Options::default()).unwrap();
    assert_eq!(node.confirmations(OutPoint::null()).unwrap(), None);
    assert!(matches!(node.rpc("nosuchcall", &[]), Err(NodeError::Refused { code: -32601, .. })));
    let genesis = node.block(node.block_at(0).unwrap()).unwrap();
    assert_eq!(consensus::serialize(&genesis).len(), 285);
}
