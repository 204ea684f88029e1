//! A vault on a real node with a server's engine on top: people who propose, sign and approve, and time that passes for clock and chain alike.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::{Amount, FeeRate, OutPoint, Psbt, Transaction, Txid};
use chain::{Agreement, Auth, ChainError, CoreRpc, Source, Sources, SyncLimits, Synced, Tip, Wallet};
use credentials::Class;
use gate::Ask;
use journal::sqlite::Options as Store;
use overt::Command as Overt;
use regtest::{Node, Options};
use server::clock::{Clock, SimulatedClock};
use server::drafts::{self, Draft};
use server::engine::{Engine, Parts, Request, StartError};
use server::entropy::{Entropy, SystemEntropy};
use server::follow::Following;
use types::{ActorId, Hash, Nonce, Output, Payload, Span, Target, Timestamp, TransferId};
use vault::bitcoin::{self, BlockHash, Network, Script, ScriptBuf};
use vault::signing::{AccountKey, sign_member};
use vault::{Branch, Holdings};

use crate::world::{self, PAYEE, People, Site, treasury, wait_until, word};

pub const PAID: u64 = 20_000_000;
pub const MAX_FEE: u64 = 50_000;
pub const HOLD: Span = Span::from_hours(4);

/// What a test chooses.
#[derive(Clone)]
pub struct Setup {
    pub script: &'static str,
    /// Makes another vault of the same people.
    pub tag: String,
    pub recovery_blocks: u32,
    /// Further keys of the vault.
    pub vault_keys: &'static str,
    /// Further tables of the rules.
    pub rules: &'static str,
    pub confirmations: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            script: "wsh",
            tag: String::new(),
            recovery_blocks: 4000,
            vault_keys: "",
            rules: "",
            confirmations: 1,
        }
    }
}

impl Setup {
    pub fn key(&self, name: &str) -> AccountKey {
        world::key(&format!("{name}{}", self.tag))
    }

    pub fn sources(&self) -> Vec<policy::Source> {
        let mut sources = world::sources();
        let recovery = format!(
            "after_blocks = {} }}\nscript = \"{}\"\n{}",
            self.recovery_blocks, self.script, self.vault_keys
        );
        for source in &mut sources {
            source.text = source.text.replace("after_blocks = 144 }", &recovery);
            for name in ["alice", "bob", "carol"] {
                let old = world::key(name).public().to_string();
                source.text = source.text.replace(&old, &self.key(name).public().to_string());
            }
        }
        sources[0].text += self.rules;
        sources
    }
}

pub fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_millis() / 1000).unwrap()
}

/// A node that lives in the simulated time, with coins to give away.
pub fn node() -> Node {
    node_with(&[])
}

pub fn node_with(extra: &[&str]) -> Node {
    let extra = extra.iter().map(|text| (*text).to_owned()).collect();
    // Its clock is set, not started with: after a restart it must not find its own blocks in the future.
    let node = Node::start(&Options { extra, ..Options::default() }).unwrap();
    node.set_clock(seconds(world::start_time())).unwrap();
    node.mine(110).unwrap();
    node
}

pub fn core(node: &Node) -> Box<dyn Source> {
    core_since(node, 0)
}

pub fn core_since(node: &Node, birthday: u32) -> Box<dyn Source> {
    Box::new(CoreRpc::new(&node.url(), Auth::Cookie(node.cookie_file()), birthday).unwrap())
}

pub fn following(list: Vec<Box<dyn Source>>, confirmations: u32) -> Vec<Following> {
    let sources = Sources::new(Network::Regtest, list, Agreement::for_network(Network::Regtest)).unwrap();
    // Tests say when to look.
    vec![Following {
        network: policy::Network::Regtest,
        sources,
        confirmations,
        every: Duration::from_secs(3600),
    }]
}

/// What is wrong with a source, if something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Honest,
    Absent,
    Behind(u32),
    OtherBranch,
    CoinsGone,
    DownBeforeTaking,
    DownAfterTaking,
}

/// A source that can be had to lie, to lag and to be away.
pub struct Moody(pub Box<dyn Source>, pub Arc<Mutex<Mood>>);

impl Moody {
    fn mood(&self) -> Result<Mood, ChainError> {
        match *self.1.lock().unwrap() {
            Mood::Absent => {
                Err(ChainError::Unreachable { source_name: self.0.name().to_owned(), why: "away".into() })
            }
            mood => Ok(mood),
        }
    }

    fn false_hash() -> BlockHash {
        BlockHash::from_raw_hash(bitcoin::hashes::Hash::from_byte_array([9; 32]))
    }
}

impl Source for Moody {
    fn name(&self) -> &str {
        "moody"
    }
    fn check(&self, network: Network) -> Result<(), ChainError> {
        self.mood()?;
        self.0.check(network)
    }
    fn tip(&self) -> Result<Tip, ChainError> {
        let tip = self.0.tip()?;
        Ok(match self.mood()? {
            Mood::Behind(blocks) => {
                let height = tip.height - blocks;
                Tip { height, hash: self.0.block_hash(height)?.unwrap(), ..tip }
            }
            Mood::OtherBranch => Tip { hash: Self::false_hash(), ..tip },
            _ => tip,
        })
    }
    fn block_hash(&self, height: u32) -> Result<Option<BlockHash>, ChainError> {
        match self.mood()? {
            Mood::OtherBranch => Ok(Some(Self::false_hash())),
            _ => self.0.block_hash(height),
        }
    }
    fn sync(&self, wallet: &mut Wallet, limits: SyncLimits<'_>) -> Result<Synced, ChainError> {
        self.mood()?;
        self.0.sync(wallet, limits)
    }
    fn unspent(&self, outpoint: &OutPoint, script: &Script) -> Result<bool, ChainError> {
        Ok(self.mood()? != Mood::CoinsGone && self.0.unspent(outpoint, script)?)
    }
    fn fee_rate(&self, target_blocks: u16) -> Result<Option<FeeRate>, ChainError> {
        self.mood()?;
        self.0.fee_rate(target_blocks)
    }
    fn broadcast(&self, transaction: &Transaction) -> Result<(), ChainError> {
        let down = || ChainError::Unreachable { source_name: self.0.name().to_owned(), why: "down".into() };
        match self.mood()? {
            Mood::DownBeforeTaking => Err(down()),
            Mood::DownAfterTaking => self.0.broadcast(transaction).and(Err(down())),
            _ => self.0.broadcast(transaction),
        }
    }
}

pub struct Rig {
    pub node: Node,
    pub site: Site,
    pub setup: Setup,
    pub clock: Arc<SimulatedClock>,
    pub engine: Engine,
    pub people: People,
    _folder: tempfile::TempDir,
}

impl Rig {
    /// A founded organisation that follows a fresh node.
    pub fn new(setup: Setup) -> Self {
        Self::on(node(), setup, |node| vec![core(node)])
    }

    pub fn on(node: Node, setup: Setup, list: impl Fn(&Node) -> Vec<Box<dyn Source>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let clock = world::clock();
        let mut parts = site.parts(site.journal(Store::default()), &clock);
        parts.following = following(list(&node), setup.confirmations);
        let engine = Engine::start(parts).unwrap();
        let found = Ask::Overt(Overt::Found { sources: setup.sources() });
        engine.run_blocking(gate::Command::system(found)).unwrap().unwrap();
        let people = People { secrets: Arc::clone(&site.secrets) };
        let rig = Self { node, site, setup, clock, engine, people, _folder: folder };
        rig.look();
        rig
    }

    /// Stops the server and starts it again, with a clock that shows this time.
    pub fn restart(&mut self, wall: Timestamp, change: impl FnOnce(&Node, &mut Parts)) {
        self.restart_on(Store::default(), wall, change).unwrap();
    }

    pub fn restart_on(
        &mut self,
        store: Store,
        wall: Timestamp,
        change: impl FnOnce(&Node, &mut Parts),
    ) -> Result<(), StartError> {
        let _it_may_have_ended = self.engine.stop_blocking();
        self.clock = Arc::new(SimulatedClock::new(wall, SystemEntropy.draw()));
        let mut parts = self.site.parts(self.site.journal(store), &self.clock);
        parts.following = following(vec![core(&self.node)], self.setup.confirmations);
        change(&self.node, &mut parts);
        self.engine = Engine::start(parts)?;
        Ok(())
    }

    pub fn wall(&self) -> Timestamp {
        self.clock.moment_parts().0
    }

    pub fn look(&self) {
        self.engine.look_at_chain();
    }

    /// Blocks at the time of the clock.
    pub fn mine(&self, blocks: u32) {
        self.node.set_clock(seconds(self.wall())).unwrap();
        self.node.mine(blocks).unwrap();
        self.look();
    }

    /// The last blocks are replaced by empty ones. Time goes on, or they would be the very blocks that another reorganisation threw out.
    pub fn reorganise(&self, depth: u32) {
        self.clock.advance(Span::from_seconds(60));
        self.node.set_clock(seconds(self.wall())).unwrap();
        self.node.reorganise(depth).unwrap();
        self.look();
    }

    /// Time passes, and eleven blocks come, so that the chain's own time follows.
    pub fn pass(&self, span: Span) {
        self.clock.advance(span);
        self.mine(11);
        self.engine.tick();
    }

    pub fn script(&self, index: u32) -> ScriptBuf {
        self.engine
            .book(|book| book.descriptor(&treasury()).unwrap().script_pubkey(Branch::Receive, index).unwrap())
    }

    /// As many coins of half a bitcoin, in one block, at the addresses from `first` on.
    pub fn deposit(&self, first: u32, coins: u32) {
        let scripts = (first..first + coins).map(|index| (self.script(index), Amount::from_sat(world::COIN)));
        self.node.fund_all(&scripts.collect::<Vec<_>>()).unwrap();
        self.mine(self.setup.confirmations);
    }

    pub fn coins(&self) -> Vec<(types::OutPoint, overt::Coin)> {
        self.engine.read(|state| {
            let vault = treasury();
            state.overt().coins(&vault).map(|(outpoint, coin)| (*outpoint, coin.clone())).collect()
        })
    }

    pub fn balance(&self) -> u128 {
        self.coins().iter().map(|(_, coin)| coin.units).sum()
    }

    pub fn run(&self, who: &str, class: Class, ask: Overt, blobs: Vec<(Hash, Vec<u8>)>) -> gate::Outcome {
        let mut command = self.people.act(who, class, Ask::Overt(ask));
        // The same words may be said twice in one story.
        command.idempotency = Some(Hash(SystemEntropy.draw()));
        self.engine.run_blocking(Request::new(command, blobs)).unwrap()
    }

    /// Whether a sign-in could be written down.
    pub fn signs_in(&self, who: &str) -> bool {
        let mut command = self.people.act(who, Class::Free, Ask::Overt(Overt::Attend));
        command.idempotency = Some(Hash(SystemEntropy.draw()));
        self.engine.run_blocking(Request::from(command)).is_ok()
    }

    pub fn submit(&self, class: Class, units: u64, nonce: u8) -> Result<TransferId, gate::Refusal> {
        self.submit_with(class, units, nonce, MAX_FEE)
    }

    pub fn submit_with(
        &self,
        class: Class,
        units: u64,
        nonce: u8,
        max_fee: u64,
    ) -> Result<TransferId, gate::Refusal> {
        let identified =
            payload(vec![(Target::Address(PAYEE.into()), units)], nonce, max_fee, false).identify().unwrap();
        let id = identified.id();
        self.run("alice", class, Overt::Submit(Box::new(identified)), Vec::new()).map(|_| id)
    }

    pub fn propose(&self, units: u64, nonce: u8) -> TransferId {
        self.submit(Class::Free, units, nonce).unwrap()
    }

    pub fn draft(&self, id: TransferId, kind: Draft, rate: u64) -> Psbt {
        let rate = FeeRate::from_sat_per_vb(rate).unwrap();
        drafts::transfer(&self.engine, id, kind, rate).unwrap().psbt
    }

    pub fn holdings(&self) -> Holdings {
        self.engine.book(|book| book.holdings(&treasury()).unwrap().clone())
    }

    pub fn sign(&self, id: TransferId, mut psbt: Psbt, members: &[&str]) -> Vec<u8> {
        let mut holdings = self.holdings();
        let spends = |holdings: &Holdings| {
            psbt.unsigned_tx.input.iter().all(|input| holdings.coin(&input.previous_output).is_some())
        };
        if !spends(&holdings) {
            let waiting = self.engine.waiting_transactions(id).unwrap();
            holdings = holdings.change_of(&waiting[0]);
        }
        for member in members {
            sign_member(&mut psbt, &holdings, &self.setup.key(member)).unwrap();
        }
        psbt.serialize()
    }

    pub fn attach(&self, id: TransferId, class: Class, who: &str, psbt: &[u8]) -> gate::Outcome {
        let prepared = self.engine.prepare_spend_blocking(id, psbt).unwrap();
        let attach = Overt::Attach { transfer: id, spend: Box::new(prepared.plan) };
        self.run(who, class, attach, vec![prepared.blob])
    }

    /// Built, signed by alice and carol, brought.
    pub fn bring(&self, id: TransferId, kind: Draft, rate: u64) -> Txid {
        let psbt = self.draft(id, kind, rate);
        let txid = psbt.unsigned_tx.compute_txid();
        let signed = self.sign(id, psbt, &["alice", "carol"]);
        self.attach(id, Class::Free, "carol", &signed).unwrap();
        txid
    }

    pub fn approve(&self, id: TransferId, class: Class, who: &str) {
        self.run(who, class, Overt::Approve { transfer: id }, Vec::new()).unwrap();
    }

    /// Proposed, signed by members, approved; the hold has not passed.
    pub fn prepare(&self, nonce: u8) -> (TransferId, Txid) {
        let id = self.propose(PAID, nonce);
        let txid = self.bring(id, Draft::Payment, 2);
        self.approve(id, Class::Free, "carol");
        (id, txid)
    }

    /// The same, released, co-signed and in the mempool.
    pub fn send(&self, nonce: u8) -> (TransferId, Txid) {
        let (id, txid) = self.prepare(nonce);
        self.pass(HOLD);
        self.wait_sent(txid);
        (id, txid)
    }

    pub fn in_mempool(&self, txid: Txid) -> bool {
        self.node.mempool().unwrap().contains(&txid)
    }

    pub fn wait_sent(&self, txid: Txid) {
        wait_until("it is in the mempool", || self.in_mempool(txid));
    }

    pub fn word(&self, id: TransferId) -> &'static str {
        word(&self.engine, id)
    }

    pub fn waits_for(&self, id: TransferId) -> Option<String> {
        self.engine.read(|state| {
            let now = state.overt().clock().now();
            state.overt().waits_for(id, now).map(str::to_owned)
        })
    }

    pub fn wait_word(&self, id: TransferId, expected: &str) {
        wait_until(expected, || self.word(id) == expected);
    }

    /// What blocks have paid to the payee, by transaction.
    pub fn payments(&self) -> Vec<(Txid, u64)> {
        payments(&self.node)
    }
}

pub fn payments(node: &Node) -> Vec<(Txid, u64)> {
    let what = serde_json::json!([format!("addr({PAYEE})")]);
    let found = node.rpc("scantxoutset", &["start".into(), what]).unwrap();
    let unspent = found["unspents"].as_array().unwrap();
    let one = |item: &serde_json::Value| {
        let amount = Amount::from_btc(item["amount"].as_f64().unwrap()).unwrap();
        (item["txid"].as_str().unwrap().parse().unwrap(), amount.to_sat())
    };
    unspent.iter().map(one).collect()
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _it_may_have_ended = self.engine.stop_blocking();
    }
}

pub fn btc(units: u64) -> types::Amount {
    types::Amount::new(types::Currency::parse("BTC").unwrap(), u128::from(units))
}

pub fn payload(outputs: Vec<(Target, u64)>, nonce: u8, max_fee: u64, refresh: bool) -> Payload {
    let output = |(target, units)| Output { target, amount: btc(units) };
    Payload {
        vault: treasury(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([nonce; 16]),
        outputs: outputs.into_iter().map(output).collect(),
        max_fee: btc(max_fee),
        memo: String::new(),
        reference: String::new(),
        refresh,
    }
}
