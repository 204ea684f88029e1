//! Killed at every input and output between the moment of decision and the confirmation, on a real node (G6, G7).
//!
//! The test runs itself again as a child on a vault of its own whose payment is approved; the child lets the hold pass, reserves, signs,
//! reports, broadcasts, has a block mined and sees it, and aborts before or after its n-th input or output. Another child completes it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chain::{ChainError, CoreRpc, Source, SyncLimits, Synced, Tip, Wallet};
use credentials::Class;
use gate::Ask;
use journal::sqlite::Options as Store;
use overt::Command as Overt;
use regtest::Node;
use server::clock::SimulatedClock;
use server::drafts::{self, Draft};
use server::engine::{Engine, Request};
use server::entropy::{Entropy, SystemEntropy};
use signer::{Signer, SignerError};
use types::{Target, TransferId};
use vault::bitcoin::{BlockHash, FeeRate, Network, OutPoint, Script, Transaction};
use vault::signing::sign_member;
use vault::{Branch, Cosigned, VerifiedSpend};

use crate::rig::{HOLD, PAID, Setup, core_since, following, node, payload, payments, seconds};
use crate::world::{self, COIN, People, Site, SoftSigner, start_time, treasury, wait_until, word};

const FOLDER: &str = "REMPART_NODE_FOLDER";
const POINT: &str = "REMPART_NODE_POINT";
const CALL: &str = "REMPART_NODE_CALL";
const SIGABRT: i32 = 6;
const POINTS_MAX: u64 = 300;

#[derive(Clone)]
struct Fuse {
    folder: PathBuf,
    count: Arc<AtomicU64>,
    at: u64,
}

impl Fuse {
    fn point(&self) {
        if self.count.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            std::process::abort();
        }
    }

    fn around<R>(&self, work: impl FnOnce() -> R) -> R {
        self.point();
        let result = work();
        self.point();
        result
    }

    fn note(&self, line: &str) {
        let path = self.folder.join("signed");
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

struct Fused<T>(T, Fuse);

impl Signer for Fused<SoftSigner> {
    fn public_key(&self) -> String {
        self.0.public_key()
    }

    fn cosign(&self, spend: &VerifiedSpend) -> Result<Cosigned, SignerError> {
        self.1.around(|| {
            let cosigned = self.0.cosign(spend)?;
            self.1.note(&hex::encode(cosigned.finish()?.to_bytes()));
            Ok(cosigned)
        })
    }
}

impl Source for Fused<CoreRpc> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn check(&self, network: Network) -> Result<(), ChainError> {
        self.0.check(network)
    }
    fn tip(&self) -> Result<Tip, ChainError> {
        self.0.tip()
    }
    fn block_hash(&self, height: u32) -> Result<Option<BlockHash>, ChainError> {
        self.0.block_hash(height)
    }
    fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        self.1.around(|| self.0.sync(wallet, limits))
    }
    fn unspent(&self, outpoint: &OutPoint, script: &Script) -> Result<bool, ChainError> {
        self.1.around(|| self.0.unspent(outpoint, script))
    }
    fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        self.0.fee_rate(target_blocks)
    }
    fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError> {
        self.1.around(|| self.0.broadcast(transaction))
    }
}

/// Every write is a point; reads are not, since nothing depends on when they happen.
struct Writes(journal::SqliteJournal, Fuse);

impl journal::Journal for Writes {
    fn origin(&self) -> &journal::Origin {
        self.0.origin()
    }
    fn head(&self) -> journal::Head {
        self.0.head()
    }
    fn append(&mut self, batch: &journal::Batch) -> Result<journal::Head, journal::JournalError> {
        if batch.is_empty() {
            return self.0.append(batch);
        }
        self.1.around(|| self.0.append(batch))
    }
    fn replay_overt(
        &mut self,
        after: u64,
        each: &mut dyn FnMut(journal::OvertEntry<'_>) -> std::ops::ControlFlow<()>,
    ) -> Result<u64, journal::JournalError> {
        self.0.replay_overt(after, each)
    }
    fn replay_covert(
        &mut self,
        after: u64,
        each: &mut dyn FnMut(journal::CovertEntry<'_>) -> std::ops::ControlFlow<()>,
    ) -> Result<u64, journal::JournalError> {
        self.0.replay_covert(after, each)
    }
    fn outbox(
        &mut self,
        after: Option<journal::OutboxId>,
        limit: usize,
    ) -> Result<Vec<journal::OutboxItem>, journal::JournalError> {
        self.0.outbox(after, limit)
    }
    fn blob(&mut self, hash: &types::Hash) -> Result<Option<Vec<u8>>, journal::JournalError> {
        self.0.blob(hash)
    }
    fn inbox(&mut self) -> Result<Option<[u8; journal::SLOT_BYTES]>, journal::JournalError> {
        self.0.inbox()
    }
    fn wallet(&mut self, wallet: &types::Hash) -> Result<Vec<Vec<u8>>, journal::JournalError> {
        self.0.wallet(wallet)
    }
    fn save_snapshot(
        &mut self,
        snapshot: &journal::Snapshot,
        key: &ed25519_dalek::SigningKey,
    ) -> Result<(), journal::JournalError> {
        self.1.around(|| self.0.save_snapshot(snapshot, key))
    }
    fn latest_snapshot(
        &mut self,
        key: &ed25519_dalek::VerifyingKey,
    ) -> Result<journal::LatestSnapshot, journal::JournalError> {
        self.0.latest_snapshot(key)
    }
    fn verify(
        &mut self,
        options: &journal::VerifyOptions,
    ) -> Result<journal::VerifyReport, journal::JournalError> {
        self.0.verify(options)
    }
    fn backup_to(&mut self, path: &Path) -> Result<journal::VerifyReport, journal::JournalError> {
        self.0.backup_to(path)
    }
}

fn setup(at: u64) -> Setup {
    Setup { tag: format!("-{at}"), ..Setup::default() }
}

/// Each point pays another amount, so that its payments can be told apart on the node.
fn amount(at: u64) -> u64 {
    PAID + at
}

fn identified(at: u64) -> types::Identified {
    payload(vec![(Target::Address(world::PAYEE.into()), amount(at))], 1, 5_000, false).identify().unwrap()
}

/// An organisation with a coin, and a payment that only waits for its hold.
fn prepare(node: &Node, folder: &Path, at: u64) {
    let (site, setup) = (Site::new(folder), setup(at));
    let clock = world::clock();
    let mut parts = site.parts(site.journal(Store::default()), &clock);
    parts.following = following(vec![core_since(node, node.height().unwrap())], 1);
    let engine = Engine::start(parts).unwrap();
    let found = Ask::Overt(Overt::Found { sources: setup.sources() });
    engine.run_blocking(gate::Command::system(found)).unwrap().unwrap();
    let script =
        engine.book(|book| book.descriptor(&treasury()).unwrap().script_pubkey(Branch::Receive, 0).unwrap());
    node.deposit(&script, vault::bitcoin::Amount::from_sat(COIN)).unwrap();
    engine.look_at_chain();
    let people = People { secrets: Arc::clone(&site.secrets) };
    let (identified, id) = (identified(at), identified(at).id());
    engine.run_blocking(people.free("alice", Overt::Submit(Box::new(identified)))).unwrap().unwrap();
    let rate = FeeRate::from_sat_per_vb(2).unwrap();
    let mut psbt = drafts::transfer(&engine, id, Draft::Payment, rate).unwrap().psbt;
    let holdings = engine.book(|book| book.holdings(&treasury()).unwrap().clone());
    for member in ["alice", "bob"] {
        sign_member(&mut psbt, &holdings, &setup.key(member)).unwrap();
    }
    let prepared = engine.prepare_spend_blocking(id, &psbt.serialize()).unwrap();
    let attach = people.free("bob", Overt::Attach { transfer: id, spend: Box::new(prepared.plan) });
    engine.run_blocking(Request::new(attach, vec![prepared.blob])).unwrap().unwrap();
    engine
        .run_blocking(people.act("bob", Class::Free, Ask::Overt(Overt::Approve { transfer: id })))
        .unwrap()
        .unwrap();
    engine.stop_blocking().unwrap();
}

/// Not a test of its own: what a child does when the parent starts it.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let number = |name: &str| -> u64 { std::env::var(name).unwrap().parse().unwrap() };
    let (folder, at) = (PathBuf::from(folder), number(POINT));
    // The node's address, cookie, command line and the number of the story.
    let call = std::env::var(CALL).unwrap();
    let [url, cookie, cli, data, port, story, birthday] =
        <[&str; 7]>::try_from(call.split('|').collect::<Vec<_>>()).unwrap();
    let fuse = Fuse { folder: folder.clone(), count: Arc::default(), at };
    let site = Site::new(&folder);
    let clock = Arc::new(SimulatedClock::new(start_time().after(HOLD), SystemEntropy.draw()));
    let mut parts = site.parts(Writes(site.journal(Store::default()), fuse.clone()), &clock);
    parts.signer = Arc::new(Fused(SoftSigner(world::key("cosigner")), fuse.clone()));
    let core = CoreRpc::new(url, chain::Auth::Cookie(cookie.into()), birthday.parse().unwrap()).unwrap();
    parts.following = following(vec![Box::new(Fused(core, fuse.clone()))], 1);
    let engine = Engine::start(parts).unwrap();
    let id = identified(story.parse().unwrap()).id();
    engine.tick();
    engine.look_at_chain();
    wait_until("it is signed", || matches!(word(&engine, id), "signed" | "confirmed"));
    let cli = |arguments: &[&str]| {
        let base = ["-regtest".to_owned(), format!("-datadir={data}"), format!("-rpcport={port}")];
        let output = Process::new(cli).args(base).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let own = Node::own_address().to_string();
    wait_until("it is confirmed", || {
        if engine.health().outgoing == 0 && word(&engine, id) == "confirmed" {
            return true;
        }
        if cli(&["getrawmempool"]).contains(&txid(&engine, id)) {
            fuse.point();
            cli(&["generatetoaddress", "1", &own]);
        }
        engine.look_at_chain();
        false
    });
    engine.stop_blocking().unwrap();
}

fn txid(engine: &Engine, id: TransferId) -> String {
    engine.read(|state| {
        let transfer = state.overt().transfer(id).unwrap();
        let mut bytes = transfer.standing_spend().map(|spend| spend.txid.0).unwrap_or_default();
        bytes.reverse();
        hex::encode(bytes)
    })
}

fn run_child(call: &str, folder: &Path, at: u64) -> bool {
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["crashes::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(POINT, at.to_string())
        .env(CALL, call)
        .output()
        .unwrap();
    let was_killed = output.status.signal() == Some(SIGABRT);
    assert!(
        output.status.success() || was_killed,
        "at point {at}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    !was_killed
}

fn check_end(node: &Node, folder: &Path, at: u64) {
    let text = std::fs::read_to_string(folder.join("signed")).unwrap();
    let signed: std::collections::BTreeSet<&str> = text.lines().collect();
    assert_eq!(signed.len(), 1, "point {at}: every signature is the same");
    let paid: Vec<_> = payments(node).into_iter().filter(|(_, paid)| *paid == amount(at)).collect();
    assert_eq!(paid.len(), 1, "point {at}: one payment is confirmed");
    let transaction: Transaction =
        vault::bitcoin::consensus::encode::deserialize(&hex::decode(text.lines().next().unwrap()).unwrap())
            .unwrap();
    assert_eq!(paid[0].0, transaction.compute_txid(), "point {at}");
    assert!(node.mempool().unwrap().is_empty(), "point {at}: and nothing else waits");
    let site = Site::new(folder);
    let parts = site.parts(site.journal(Store::default()), &world::clock());
    let engine = Engine::start(parts).unwrap();
    engine.read(|state| {
        let vault = treasury();
        let coins: Vec<_> = state.overt().coins(&vault).map(|(outpoint, _)| *outpoint).collect();
        assert_eq!(coins.len(), 1, "point {at}: the change is there");
        assert!(coins.iter().all(|coin| state.overt().reserved_for(coin).is_none()), "point {at}: and free");
        assert_eq!(state.overt().afloat(&vault).minor(), 0, "point {at}");
    });
    assert_eq!(
        (word(&engine, identified(at).id()), engine.health().outgoing),
        ("confirmed", 0),
        "point {at}"
    );
    engine.stop_blocking().unwrap();
}

#[test]
fn killed_at_every_point_on_a_real_node_it_pays_once() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let node = node();
    // The chain's time is that of the end of the hold from the beginning.
    node.set_clock(seconds(start_time().after(HOLD))).unwrap();
    node.mine(11).unwrap();
    let program = Node::find_cli().unwrap();
    let mut points = 0;
    for at in 1..POINTS_MAX {
        let folder = tempfile::tempdir().unwrap();
        let birthday = node.height().unwrap();
        prepare(&node, folder.path(), at);
        let (data, port) = (node.data_folder().display().to_string(), node.rpc_port());
        let cookie = node.cookie_file().display().to_string();
        let call = format!("{}|{cookie}|{}|{data}|{port}|{at}|{birthday}", node.url(), program.display());
        let completed = run_child(&call, folder.path(), at);
        if !completed {
            assert!(run_child(&call, folder.path(), 0), "after point {at} it is completed");
        }
        check_end(&node, folder.path(), at);
        if completed {
            points = at - 1;
            break;
        }
    }
    println!("killed at {points} points");
    assert!(points >= 20, "only {points} points: something is no longer counted");
}
