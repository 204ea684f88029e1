//! Every kind of source over one node says the same; two must agree, and one that lies, lags or is absent holds (G1).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use chain::{
    Agreement, ChainConfig, ChainError, Electrum, Esplora, Reason, Source, Sources, SyncLimits, TxStatus,
};
use regtest::{ElectrumX, EsploraBridge, Node, Options};
use serde_json::{Value, json};
use stage::*;

fn indexed_node() -> Node {
    let extra = vec![ElectrumX::NODE_ARGUMENT.to_owned()];
    let node = Node::start(&Options { txindex: true, extra, ..Options::default() }).unwrap();
    node.mine(110).unwrap();
    node
}

/// The whole life of some coins, as an index tells it. The same for both kinds.
fn tells_the_whole_story(node: &Node, source: &dyn Source) {
    source.check(NETWORK).unwrap();
    assert_eq!(source.check(bitcoin::Network::Bitcoin).unwrap_err().code(), "chain-wrong-network");
    let mut wallet = empty_wallet();
    let outpoint = deposit(node, &mut wallet);
    eventually(source, &mut wallet, |wallet| wallet.coins(1).len() == 1);
    let script = coin(&wallet, outpoint).script_pubkey;
    assert!(source.unspent(&outpoint, &script).unwrap());
    assert!(!source.unspent(&outpoint, &elsewhere(1)).unwrap());

    let coins = wallet.coins(1);
    let (first, second) = (spend(&coins, elsewhere(1), 500), spend(&coins, elsewhere(1), 5_000));
    source.broadcast(&first).unwrap();
    eventually(source, &mut wallet, |wallet| wallet.status(first.compute_txid()) == TxStatus::Mempool);
    source.broadcast(&second).unwrap();
    let by = second.compute_txid();
    eventually(source, &mut wallet, |wallet| {
        wallet.status(first.compute_txid()) == TxStatus::Replaced { by }
            && wallet.status(by) == TxStatus::Mempool
    });
    assert!(!source.unspent(&outpoint, &script).unwrap());
    assert_eq!(source.broadcast(&first).unwrap_err().code(), "broadcast-conflict");

    node.mine(1).unwrap();
    eventually(source, &mut wallet, |wallet| {
        matches!(wallet.status(by), TxStatus::Confirmed { depth: 1, .. })
    });
    source.broadcast(&second).unwrap();
    assert_eq!(source.broadcast(&first).unwrap_err().code(), "broadcast-inputs-spent");

    for depth in [1, 100] {
        let coin = deposit(node, &mut wallet);
        node.mine(depth - 1).unwrap();
        let confirmed = |wallet: &chain::Wallet| matches!(wallet.status(coin.txid), TxStatus::Confirmed { depth: found, .. } if found == depth);
        eventually(source, &mut wallet, confirmed);
        node.reorganise(depth).unwrap();
        let expected = if depth > 10 { TxStatus::Dropped } else { TxStatus::Mempool };
        let tip = node.tip().unwrap();
        eventually(source, &mut wallet, |wallet| {
            wallet.tip().hash == tip && (depth > 10 || wallet.status(coin.txid) == expected)
        });
        let again = wallet.transaction(coin.txid).unwrap();
        source.broadcast(&again).unwrap();
        node.mine(1).unwrap();
        let height = node.height().unwrap();
        let expected = TxStatus::Confirmed { height, depth: 1 };
        eventually(source, &mut wallet, |wallet| wallet.status(coin.txid) == expected);
    }
    same_as_core(node, source, wallet);
}

fn same_as_core(node: &Node, source: &dyn Source, mut wallet: chain::Wallet) {
    let mut other = empty_wallet();
    let core = core(node);
    sync(&core, &mut other);
    assert_eq!(other.balance(), wallet.balance());
    assert_eq!(other.transactions(), wallet.transactions());
    let (ours, theirs) = (core.tip().unwrap(), source.tip().unwrap());
    assert_eq!(ours, theirs);
    assert_eq!(source.block_hash(ours.height + 1).unwrap(), None);
    assert_eq!(source.block_hash(3).unwrap(), core.block_hash(3).unwrap());
    // A wallet that one kind has filled goes on with the other.
    node.mine(2).unwrap();
    sync(&core, &mut wallet);
    assert_eq!(wallet.tip().hash, node.tip().unwrap());
    assert!(source.fee_rate(6).is_ok());
}

#[test]
fn esplora_tells_the_whole_story() {
    let node = indexed_node();
    let bridge = EsploraBridge::start(&node).unwrap();
    tells_the_whole_story(&node, &Esplora::new(bridge.url()).unwrap());
}

#[test]
fn electrum_tells_the_whole_story() {
    let node = indexed_node();
    let server = ElectrumX::start(&node, None).unwrap();
    tells_the_whole_story(&node, &Electrum::new(server.url(), None).unwrap());
}

#[test]
fn more_transactions_than_a_page_are_all_found() {
    let node = indexed_node();
    let mut wallet = empty_wallet();
    let script = reveal(&mut wallet);
    for _ in 0..8 {
        for _ in 0..8 {
            node.fund(&script, COIN).unwrap();
        }
        node.mine(1).unwrap();
    }
    node.fund(&script, COIN).unwrap();
    let bridge = EsploraBridge::start(&node).unwrap();
    sync(&Esplora::new(bridge.url()).unwrap(), &mut wallet);
    assert_eq!((wallet.coins(0).len(), wallet.coins(1).len()), (65, 64));
}

/// Two sources over one node, the second a bridge that a test can have lie.
fn pair(node: &Node, bridge: &EsploraBridge, agreement: Agreement) -> Sources {
    let second = Esplora::new(bridge.url()).unwrap();
    Sources::new(NETWORK, vec![Box::new(core(node)), Box::new(second)], agreement).unwrap()
}

fn close() -> Agreement {
    Agreement { lag_blocks_max: 2, tip_age_seconds_max: None }
}

/// An hour after the node's last block.
fn moment(node: &Node) -> u64 {
    u64::from(core(node).tip().unwrap().time) + 3_600
}

#[test]
fn two_honest_sources_agree() {
    let node = indexed_node();
    let bridge = EsploraBridge::start(&node).unwrap();
    let sources = pair(&node, &bridge, close());
    let seen = sources.observe(moment(&node)).unwrap();
    assert_eq!((seen.sources, seen.tip), (2, core(&node).tip().unwrap()));
    let mut wallet = empty_wallet();
    let outpoint = deposit(&node, &mut wallet);
    let script = reveal_script_of(&node, &mut wallet, outpoint);
    sources.confirm_unspent(&[(outpoint, script)]).unwrap();
}

fn reveal_script_of(
    node: &Node,
    wallet: &mut chain::Wallet,
    outpoint: bitcoin::OutPoint,
) -> bitcoin::ScriptBuf {
    sync(&core(node), wallet);
    coin(wallet, outpoint).script_pubkey
}

#[test]
fn a_second_source_that_lies_about_a_block_holds() {
    let node = indexed_node();
    let bridge = EsploraBridge::start(&node).unwrap();
    let true_tip = node.tip().unwrap().to_string();
    let false_tip = "00".repeat(31) + "ff";
    let answer = false_tip.clone();
    bridge.alter(move |path, text| {
        // The lie is the hash alone: what it says of the false block is what there is to say of the true one.
        let _ = path;
        text.replace(&true_tip, &answer)
    });
    let sources = pair(&node, &bridge, close());
    let reason = sources.observe(moment(&node)).unwrap_err();
    // The bridge does not know the block that it made up.
    assert!(matches!(reason.code(), "sources-disagree" | "source-absent"), "{reason}");
}

#[test]
fn a_second_source_on_another_branch_holds() {
    let (node, other) =
        (indexed_node(), Node::start(&Options { txindex: true, ..Options::default() }).unwrap());
    other.mine_to_script(110, &elsewhere(9)).unwrap();
    let bridge = EsploraBridge::start(&other).unwrap();
    let sources = pair(&node, &bridge, close());
    let reason = sources.observe(moment(&node)).unwrap_err();
    assert_eq!(reason.code(), "sources-disagree", "{reason}");
    assert!(matches!(reason, Reason::Disagree { height: 110, first, second, .. } if first != second));
}

#[test]
fn a_second_source_that_lags_holds_after_two_blocks() {
    let node = indexed_node();
    node.mine(2).unwrap();
    let behind = Node::start(&Options::default()).unwrap();
    for height in 1..=110 {
        let block = node.block(node.block_at(height).unwrap()).unwrap();
        let text = bitcoin::consensus::encode::serialize_hex(&block);
        behind.rpc("submitblock", &[json!(text)]).unwrap();
    }
    let second: Box<dyn Source> = Box::new(core(&behind));
    let sources = Sources::new(NETWORK, vec![Box::new(core(&node)), second], close()).unwrap();
    let seen = sources.observe(moment(&node)).unwrap();
    assert_eq!(seen.tip.height, 110, "the lower of the two");
    node.mine(1).unwrap();
    let reason = sources.observe(moment(&node)).unwrap_err();
    assert!(
        matches!(&reason, Reason::Lagging { source_name, blocks: 3 } if *source_name == behind.url()),
        "{reason}"
    );
    assert_eq!(reason.code(), "source-lagging");
}

#[test]
fn an_absent_source_holds_and_one_on_another_network_too() {
    let node = indexed_node();
    let mut other = Node::start(&Options::default()).unwrap();
    let second: Box<dyn Source> = Box::new(core(&other));
    let sources = Sources::new(NETWORK, vec![Box::new(core(&node)), second], close()).unwrap();
    other.kill();
    let reason = sources.observe(moment(&node)).unwrap_err();
    assert_eq!(reason.code(), "source-absent", "{reason}");

    let bridge = EsploraBridge::start(&node).unwrap();
    let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin).block_hash().to_string();
    bridge.alter(move |path, text| if path == "/block-height/0" { genesis.clone() } else { text });
    let reason = pair(&node, &bridge, close()).observe(moment(&node)).unwrap_err();
    assert_eq!(reason.code(), "source-wrong-network", "{reason}");
}

#[test]
fn an_old_last_block_holds_and_one_from_the_future_too() {
    let node = indexed_node();
    let bridge = EsploraBridge::start(&node).unwrap();
    let agreement = Agreement { tip_age_seconds_max: Some(4 * 3_600), ..close() };
    let sources = pair(&node, &bridge, agreement);
    sources.observe(moment(&node)).unwrap();
    assert_eq!(sources.observe(moment(&node) + 4 * 3_600).unwrap_err().code(), "source-stale");
    assert_eq!(sources.observe(moment(&node) - 3 * 3_600 - 60).unwrap_err().code(), "source-ahead");
}

#[test]
fn a_coin_that_one_source_has_as_spent_holds() {
    let node = indexed_node();
    let bridge = EsploraBridge::start(&node).unwrap();
    let sources = pair(&node, &bridge, close());
    let mut wallet = empty_wallet();
    let outpoint = deposit(&node, &mut wallet);
    let script = reveal_script_of(&node, &mut wallet, outpoint);
    bridge.alter(|path, text| match path.contains("outspend") {
        true => {
            json!({ "spent": true, "txid": "00".repeat(32), "vin": 0, "status": Value::Null }).to_string()
        }
        false => text,
    });
    let reason = sources.confirm_unspent(&[(outpoint, script)]).unwrap_err();
    assert_eq!(reason.code(), "source-coin-gone");
}

#[test]
fn what_one_source_takes_is_sent() {
    let (node, mut wallet) = (indexed_node(), empty_wallet());
    let bridge = EsploraBridge::start(&node).unwrap();
    let sources = pair(&node, &bridge, close());
    deposit(&node, &mut wallet);
    sources.sync(&mut wallet, SyncLimits::at(now())).unwrap();
    let payment = spend(&wallet.coins(1), elsewhere(1), 500);
    sources.broadcast(&payment).unwrap();
    assert_eq!(node.mempool().unwrap(), [payment.compute_txid()]);
    assert!(matches!(Sources::new(NETWORK, vec![], close()), Err(chain::ConfigError::Count(0))));
    // The node cannot estimate, the index can.
    assert_eq!(sources.fee_rate(6).unwrap().map(|rate| rate.to_sat_per_kwu()), Some(1_775));
}

#[test]
fn a_transaction_under_another_s_name_is_refused() {
    let (node, mut wallet) = (indexed_node(), empty_wallet());
    deposit(&node, &mut wallet);
    let bridge = EsploraBridge::start(&node).unwrap();
    bridge.alter(|path, text| if path.ends_with("/txs") { text.replace("1000000", "9000000") } else { text });
    let lied = Esplora::new(bridge.url()).unwrap().sync(&mut wallet, SyncLimits::at(now())).unwrap_err();
    assert_eq!(lied.code(), "chain-answer-malformed", "{lied}");
    assert!(wallet.coins(0).is_empty());
}

#[test]
fn a_configuration_is_read_strictly() {
    let read = |text: &str| toml::from_str::<ChainConfig>(text);
    let core = read(
        "kind = 'core'\nurl = 'http://127.0.0.1:8332'\ncookie = '/var/lib/bitcoind/.cookie'\nbirthday = 900000",
    );
    assert_eq!(core.unwrap().open().unwrap().name(), "http://127.0.0.1:8332");
    let code = |text: &str| read(text).unwrap().open().err().map(|error| error.code());
    assert_eq!(code("kind = 'core'\nurl = 'http://127.0.0.1:8332'"), Some("chain-auth"));
    assert_eq!(code("kind = 'core'\nurl = 'http://u:p@127.0.0.1:8332'\ncookie = 'c'"), Some("chain-url"));
    assert_eq!(code("kind = 'esplora'\nurl = 'ftp://x'"), Some("chain-url"));
    assert_eq!(code("kind = 'esplora'\nurl = 'https://blockstream.info/api/'"), None);
    assert_eq!(code("kind = 'electrum'\nurl = 'ssl://electrum.example:50002'"), None);
    assert_eq!(code("kind = 'electrum'\nurl = 'ssl://electrum.example'"), Some("chain-url"));
    assert_eq!(code("kind = 'electrum'\nurl = 'http://electrum.example:1'"), Some("chain-url"));
    let certificate = "kind = 'electrum'\nurl = 'ssl://e.example:1'\ncertificate = 'nowhere.pem'";
    assert_eq!(code(certificate), Some("chain-certificate"));
    assert!(read("kind = 'core'\nurl = 'x'\nbirtday = 1").is_err());
    assert!(read("kind = 'oracle'\nurl = 'x'").is_err());
    let _ = ChainError::Stopped;
}
