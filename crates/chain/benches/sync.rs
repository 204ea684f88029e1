//! How long a vault of ten thousand transactions takes to be read from a node, and how many bytes are stored, beside bdk's own way.
//!
//! The peer is the flow of bdk's example for Bitcoin Core: its wallet, its emitter, its mempool, and its change set as JSON, over the
//! same node and the same descriptor. Both in turn, five times, the best of each figure. Run by hand: `cargo bench -p chain`; it needs `cargo xtask bitcoind`.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]
#![allow(clippy::expect_used, clippy::panic, reason = "the stage is the tests'")]

#[path = "../tests/stage/mod.rs"]
mod stage;

use std::time::{Duration, Instant};

use bdk_bitcoind_rpc::Emitter;
use bdk_bitcoind_rpc::bitcoincore_rpc::{self, Client};
use bitcoin::ScriptBuf;
use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::secp256k1::Secp256k1;
use chain::{Source, SyncLimits, Synced, Wallet};
use regtest::Node;
use stage::{COIN, NETWORK, core, empty_wallet, now, spend, sync};
use types::VaultId;
use vault::{Branch, GAP_LIMIT, RecoverySpec, ScriptKind, VaultSpec};

const ROUNDS: u32 = 5;
const BLOCKS: u32 = 20;
const IN_BLOCK: u32 = 500;

struct Run {
    took: Duration,
    again: Duration,
    bytes: usize,
    load: Duration,
}

fn main() {
    for kind in [ScriptKind::Wsh, ScriptKind::Tr] {
        let descriptor = descriptor(kind);
        let node = full_node(&descriptor);
        println!(
            "{kind:?} vault of 3 members: {} transactions, each to a fresh address, {} blocks in the chain",
            BLOCKS * IN_BLOCK,
            node.height().unwrap()
        );
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(run_ours(&node, &descriptor));
            theirs.push(run_bdk(&node, &descriptor));
        }
        let (ours, theirs) = (best(&ours), best(&theirs));
        for (name, run) in [("rempart", &ours), ("bdk's example", &theirs)] {
            println!(
                "  {name:<14} sync {:>8.2?}   again, nothing new {:>8.2?}   stored {:>9} bytes   load {:>8.2?}",
                run.took, run.again, run.bytes, run.load
            );
        }
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        println!(
            "  ratio          sync {:.2}   again {:.2}   stored {:.2}   load {:.2}",
            ratio(ours.took, theirs.took),
            ratio(ours.again, theirs.again),
            ours.bytes as f64 / theirs.bytes as f64,
            ratio(ours.load, theirs.load)
        );
    }
}

/// Each figure's best: what is over it is the machine's other work.
fn best(runs: &[Run]) -> Run {
    let least = |figure: fn(&Run) -> Duration| runs.iter().map(figure).min().unwrap();
    Run {
        took: least(|run| run.took),
        again: least(|run| run.again),
        bytes: runs.iter().map(|run| run.bytes).min().unwrap(),
        load: least(|run| run.load),
    }
}

fn descriptor(script: ScriptKind) -> String {
    let (secp, path) = (Secp256k1::new(), "48h/1h/0h/2h");
    let key = |name: &str| {
        let seed = sha256::Hash::hash(name.as_bytes()).to_byte_array();
        let master = Xpriv::new_master(NETWORK, &seed).unwrap();
        let account = master.derive_priv(&secp, &path.parse::<DerivationPath>().unwrap()).unwrap();
        format!("[{}/{path}]{}", master.fingerprint(&secp), Xpub::from_priv(&secp, &account))
    };
    let members = ["alice", "bob", "carol"].map(key).to_vec();
    let recovery = RecoverySpec { at_least: 2, members: members.clone(), after_blocks: 50_000 };
    let id = VaultId::parse("treasury").unwrap();
    let cosigner = key("cosigner");
    let spec = VaultSpec { id, network: NETWORK, script, at_least: 2, members, recovery, cosigner };
    spec.descriptor().unwrap().text().to_owned()
}

/// A node whose chain has all deposits, each from a coin of its own.
fn full_node(descriptor: &str) -> Node {
    let node = Node::funded().unwrap();
    let mut vault = Wallet::create(NETWORK, descriptor).unwrap();
    let mut payer = empty_wallet();
    let script: ScriptBuf = stage::reveal(&mut payer);
    for _ in 0..BLOCKS {
        let payments: Vec<_> = (0..IN_BLOCK).map(|_| (script.clone(), COIN)).collect();
        node.fund_all(&payments).unwrap();
        node.mine(1).unwrap();
    }
    sync(&core(&node), &mut payer);
    for coins in payer.coins(1).chunks(usize::try_from(IN_BLOCK).unwrap()) {
        let mut pay = |coin: &chain::WalletCoin| {
            let to = vault.reveal(Branch::Receive).unwrap().1.script_pubkey();
            spend(std::slice::from_ref(coin), to, 500)
        };
        let payments: Vec<_> = coins.iter().map(&mut pay).collect();
        node.mine_exactly(&payments).unwrap();
    }
    node
}

fn run_ours(node: &Node, descriptor: &str) -> Run {
    let start = Instant::now();
    let source = core(node);
    let mut wallet = Wallet::create(NETWORK, descriptor).unwrap();
    while source.sync(&mut wallet, SyncLimits::at(now())).unwrap() == Synced::Partial {}
    let stored = wallet.take_staged().unwrap();
    let took = start.elapsed();
    assert_eq!(wallet.coins(1).len(), usize::try_from(BLOCKS * IN_BLOCK).unwrap());
    let start = Instant::now();
    sync(&source, &mut wallet);
    let again = start.elapsed();
    let start = Instant::now();
    let loaded = Wallet::load(NETWORK, descriptor, [stored.as_slice()]).unwrap();
    let load = start.elapsed();
    assert_eq!(loaded.balance(), wallet.balance());
    Run { took, again, bytes: stored.len(), load }
}

fn run_bdk(node: &Node, descriptor: &str) -> Run {
    let start = Instant::now();
    let auth = bitcoincore_rpc::Auth::CookieFile(node.cookie_file());
    let client = Client::new(&node.url(), auth).unwrap();
    let mut wallet = bdk_wallet::Wallet::create_from_two_path_descriptor(descriptor.to_owned())
        .network(NETWORK)
        .lookahead(GAP_LIMIT)
        .create_wallet_no_persist()
        .unwrap();
    bdk_sync(&client, &mut wallet);
    let stored = serde_json::to_vec(&wallet.take_staged().unwrap()).unwrap();
    let took = start.elapsed();
    assert_eq!(wallet.list_unspent().count(), usize::try_from(BLOCKS * IN_BLOCK).unwrap());
    let start = Instant::now();
    bdk_sync(&client, &mut wallet);
    let again = start.elapsed();
    let start = Instant::now();
    let changes: bdk_wallet::ChangeSet = serde_json::from_slice(&stored).unwrap();
    let params = bdk_wallet::LoadParams::new().lookahead(GAP_LIMIT);
    let loaded = bdk_wallet::Wallet::load_with_params(changes, params).unwrap().unwrap();
    let load = start.elapsed();
    assert_eq!(loaded.balance(), wallet.balance());
    Run { took, again, bytes: stored.len(), load }
}

fn bdk_sync(client: &Client, wallet: &mut bdk_wallet::Wallet) {
    let waiting: Vec<_> = wallet
        .transactions()
        .filter(|found| found.chain_position.is_unconfirmed())
        .map(|found| found.tx_node.tx)
        .collect();
    let mut emitter = Emitter::new(client, wallet.latest_checkpoint(), 0, waiting);
    while let Some(event) = emitter.next_block().unwrap() {
        wallet.apply_block_connected_to(&event.block, event.block_height(), event.connected_to()).unwrap();
    }
    let mempool = emitter.mempool().unwrap();
    wallet.apply_evicted_txs(mempool.evicted);
    wallet.apply_unconfirmed_txs(mempool.update);
}
