//! A small organisation with a real vault on an engine with real storage: what the tests of the server have in common.
#![allow(dead_code, reason = "each test file uses another part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use alarm::{Channel, DeliveryError, Message, Reach, Receipt, Recipient};
use credentials::Class;
use gate::{Ask, Attestation, Command};
use journal::sqlite::Options;
use journal::{Journal, Origin, SqliteJournal};
use overt::{Author, Command as Overt};
use policy::Source;
use server::clock::SimulatedClock;
use server::dispatch::{Broadcast, BroadcastError};
use server::engine::{Engine, Parts, SLOT_PERIOD, Settings};
use server::entropy::{Entropy, SeededEntropy, SystemEntropy};
use server::keys::Secrets;
use signer::{Signer, SignerError};
use types::{
    ActorId, Amount, ChannelId, Hash, Identified, Nonce, Output, Payload, Secret, Span, Target, Timestamp,
    TransferId, VaultId, hash_parts,
};
use vault::bitcoin::absolute::LockTime;
use vault::bitcoin::consensus::encode;
use vault::bitcoin::hashes::Hash as _;
use vault::bitcoin::transaction::Version;
use vault::bitcoin::{self, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};
use vault::signing::{AccountKey, sign_member};
use vault::{Branch, Cosigned, Holdings, SpendDraft, VerifiedSpend, build_psbt};

pub const PAYEE: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
pub const COIN: u64 = 50_000_000;
pub const PAYMENT: u64 = 20_000_000;
pub const FEE: u64 = 2_000;
pub const MAX_FEE: u64 = 5_000;
pub const QUICK_HOLD: Span = Span::from_hours(4);
pub const SLOW_HOLD: Span = Span::from_hours(48);

/// Amounts up to 0.3 BTC go after 4 h, larger ones after 48 h.
const RULES: &str = r#"
[organisation]
name = "Essai"
currency = "BTC"
time_zone = "Europe/Paris"

[[vault]]
id = "treasury"
chain = "bitcoin:regtest"
keys = { at_least = 2, of = ["alice-hw", "bob-hw", "carol-hw"] }
recovery = { at_least = 2, of = ["alice-hw", "bob-hw", "carol-hw"], after_blocks = 144 }

[[vault]]
id = "desk"
chain = "gate-only"
addresses = []

[[permit]]
id = "quick"
vaults = ["treasury"]
initiators = ["finance"]
amount = { up_to = "0.3 BTC" }
destination = "any"
approve = { at_least = 1, of = "finance" }
hold = "4h"
expires = "7d"

[[permit]]
id = "slow"
vaults = ["treasury"]
initiators = ["finance"]
amount = { over = "0.3 BTC" }
destination = "any"
approve = { at_least = 1, of = "finance" }
hold = "48h"
expires = "7d"

[[permit]]
id = "desk"
vaults = ["desk"]
initiators = ["finance"]
destination = "any"
hold = "0h"
expires = "1d"

[change]
approve = { at_least = 2, of = "finance" }
hold = "7d"
tighten = { at_least = 1, of = "finance" }

[stop]
lift = { at_least = 2, of = "finance" }
after = "24h"

[response]
responders = "responders"
quiet = "24h"
clear = { at_least = 2, of = "responders" }
clear_hold = "24h"
look_back = "7d"
"#;

const MEMBERS: [&str; 3] = ["alice", "bob", "carol"];
const RESPONDERS: [&str; 2] = ["dora", "emil"];

/// The responders' keys for dossiers: what stands in the register, and what only they have.
pub const RECIPIENTS: [(&str, &str); 2] = [
    (
        "age1r5fzkjlvreprv9gaultr90dyaxtaqqptct4thcsmt6urjc897eqsmhjm4p",
        "AGE-SECRET-KEY-1DC463UDYD4E208MM0DNPKRA2XNDRSJDRESAWN6T55P6PG5G3E42S5DGHM3",
    ),
    (
        "age17qyxyjf3jn58nctyy4lcf2q40x6zqtd7qdz5zy3jnt4mx04tupps3e3krx",
        "AGE-SECRET-KEY-1A082L4PPRTXVQJ543UVYAGE02E37JHRQD6MCSGCQ6G2EUX7S7WSQDY0H83",
    ),
];

pub fn key(name: &str) -> AccountKey {
    let seed = hash_parts("test-seed", &[name.as_bytes()]);
    AccountKey::from_seed(Network::Regtest, &Secret::new(seed.0)).unwrap()
}

fn register() -> String {
    let mut text = String::new();
    for name in MEMBERS.iter().chain(&RESPONDERS) {
        text += &format!("[[place]]\nid = \"home-{name}\"\nkind = \"home\"\n");
    }
    for name in MEMBERS {
        text += &format!(
            "[[person]]\nid = \"{name}\"\ngroups = [\"finance\"]\nplaces = [\"home-{name}\"]\nkeys = [\"{name}-hw\"]\n\
             [[key]]\nid = \"{name}-hw\"\nxpub = \"{}\"\n",
            key(name).public()
        );
    }
    for (name, (recipient, _)) in RESPONDERS.into_iter().zip(RECIPIENTS) {
        text += &format!(
            "[[person]]\nid = \"{name}\"\ngroups = [\"responders\"]\nplaces = [\"home-{name}\"]\nkeys = []\nrecipients = [\"{recipient}\"]\n"
        );
    }
    text
}

pub fn sources() -> Vec<Source> {
    let source = |name: &str, text: String| Source { name: name.into(), text };
    vec![source("rules.toml", RULES.to_owned()), source("register.toml", register())]
}

/// A co-signer whose key is in memory.
pub struct SoftSigner(pub AccountKey);

impl Signer for SoftSigner {
    fn public_key(&self) -> String {
        self.0.public().to_string()
    }

    fn cosign(&self, spend: &VerifiedSpend) -> Result<Cosigned, SignerError> {
        let signer = self.0.signer()?;
        let requests = spend.signing_requests();
        let signatures = requests.iter().map(|request| signer.sign(request)).collect::<Result<_, _>>()?;
        Ok(Cosigned::new(spend, signatures)?)
    }
}

/// A network that takes everything and remembers it.
#[derive(Clone, Default)]
pub struct Taken(pub Arc<Mutex<Vec<Vec<u8>>>>);

impl Broadcast for Taken {
    fn broadcast(&self, transaction: &[u8]) -> Result<(), BroadcastError> {
        self.0.lock().unwrap().push(transaction.to_vec());
        Ok(())
    }
}

/// A channel that remembers; it fails as often as it is told to.
pub struct Bell {
    pub id: ChannelId,
    pub messages: Arc<Mutex<Vec<Message>>>,
    pub failures: Mutex<u32>,
}

impl Bell {
    pub fn new(name: &str, failures: u32) -> (Self, Arc<Mutex<Vec<Message>>>) {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let id = ChannelId::parse(name).unwrap();
        (Self { id, messages: Arc::clone(&messages), failures: Mutex::new(failures) }, messages)
    }
}

impl Channel for Bell {
    fn id(&self) -> &ChannelId {
        &self.id
    }

    fn reach(&self) -> Reach {
        Reach::Wide
    }

    fn probe(&self, _now: Timestamp) -> Result<(), DeliveryError> {
        Ok(())
    }

    fn deliver(
        &self,
        message: &Message,
        _to: Option<&Recipient>,
        now: Timestamp,
    ) -> Result<Receipt, DeliveryError> {
        message.check()?;
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(DeliveryError::Timeout);
        }
        self.messages.lock().unwrap().push(message.clone());
        Ok(Receipt { channel: self.id.clone(), at: now, answer: "200".into() })
    }
}

thread_local! {
    /// Which of the worlds that differ in nothing but what is drawn; for what this thread starts.
    pub static WORLD: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// A seed of its own for each use, and for each world.
pub fn seed(using: u8) -> [u8; 32] {
    let mut seed = [using; 32];
    let world = WORLD.with(std::cell::Cell::get).to_be_bytes();
    seed.iter_mut().zip(world).for_each(|(byte, own)| *byte ^= own);
    seed
}

pub fn start_time() -> Timestamp {
    Timestamp::parse("2026-03-02T08:00:00Z").unwrap()
}

/// Where an organisation lives on disk.
pub struct Site {
    pub folder: PathBuf,
    pub secrets: Arc<Secrets>,
}

impl Site {
    pub fn new(folder: &Path) -> Self {
        let secrets = Secrets::in_memory(&SeededEntropy::new(seed(7)));
        Self { folder: folder.to_owned(), secrets: Arc::new(secrets) }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.join("journal.db")
    }

    pub fn journal(&self, options: Options) -> SqliteJournal {
        let path = self.path();
        if !path.exists() {
            let origin = Origin { organisation: "essai".into(), created_at: start_time() };
            drop(SqliteJournal::create(&path, &origin, Options::default()).unwrap());
        }
        SqliteJournal::open(&path, options).unwrap()
    }

    pub fn parts(&self, journal: impl Journal + 'static, clock: &Arc<SimulatedClock>) -> Parts {
        Parts {
            journal: Box::new(journal),
            secrets: Arc::clone(&self.secrets),
            clock: Arc::clone(clock) as Arc<dyn server::clock::Clock>,
            entropy: Arc::new(SeededEntropy::new(SystemEntropy.draw())),
            signer: Arc::new(SoftSigner(key("cosigner"))),
            broadcast: Arc::new(Taken::default()),
            following: Vec::new(),
            channels: Vec::new(),
            settings: Settings {
                checkpoint_file: Some(self.folder.join("checkpoint.txt")),
                journal_file: Some(self.path()),
                ..Settings::default()
            },
        }
    }
}

/// A clock at the start of the story. Each one is another run.
pub fn clock() -> Arc<SimulatedClock> {
    Arc::new(SimulatedClock::new(start_time(), SystemEntropy.draw()))
}

/// Commands as people give them, sealed with the site's key.
pub struct People {
    pub secrets: Arc<Secrets>,
}

impl People {
    pub fn act(&self, who: &str, class: Class, ask: Ask) -> Command {
        let by = Author::Actor(ActorId::parse(who).unwrap());
        let request = hash_parts("test-request", &[who.as_bytes(), format!("{ask:?}").as_bytes()]);
        let seed = SystemEntropy.draw();
        let attestation = Attestation::seal(self.secrets.class_key(), class, &by, &request, &seed);
        Command { by, ask, request, idempotency: Some(request), attestation: Some(attestation), used: None }
    }

    pub fn free(&self, who: &str, ask: Overt) -> Command {
        self.act(who, Class::Free, Ask::Overt(ask))
    }
}

pub fn feed(ask: Ask) -> Command {
    let by = Author::Feed(ActorId::parse("chain").unwrap());
    Command { by, ..Command::system(ask) }
}

pub fn treasury() -> VaultId {
    VaultId::parse("treasury").unwrap()
}

pub fn transfer(units: u64) -> Identified {
    let btc = |units: u64| Amount { asset: types::Currency::parse("BTC").unwrap(), units: u128::from(units) };
    let output = Output { target: Target::Address(PAYEE.into()), amount: btc(units) };
    let payload = Payload {
        vault: treasury(),
        initiator: ActorId::parse("alice").unwrap(),
        nonce: Nonce([3; 16]),
        outputs: vec![output],
        max_fee: btc(MAX_FEE),
        memo: String::new(),
        reference: String::new(),
        refresh: false,
    };
    payload.identify().unwrap()
}

/// Found, and two coins.
pub fn open_for_work(engine: &Engine) {
    let found = Ask::Overt(Overt::Found { sources: sources() });
    engine.run_blocking(Command::system(found)).unwrap().unwrap();
    fund(engine);
}

/// A transaction out of nowhere that pays two receiving addresses.
pub fn funding(engine: &Engine) -> Vec<u8> {
    let script = |index| {
        let descriptor = engine.book(|book| Arc::clone(book.descriptor(&treasury()).unwrap()));
        descriptor.script_pubkey(Branch::Receive, index).unwrap()
    };
    let output = |index| TxOut { value: bitcoin::Amount::from_sat(COIN), script_pubkey: script(index) };
    let input = TxIn {
        previous_output: OutPoint { txid: Txid::from_byte_array([1; 32]), vout: 0 },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    encode::serialize(&Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![input],
        output: vec![output(0), output(1)],
    })
}

pub fn fund(engine: &Engine) {
    let transaction = funding(engine);
    let (ask, blob) = engine.book(|book| book.receive(&treasury(), &transaction)).unwrap();
    let request = server::engine::Request::new(feed(ask), vec![blob]);
    engine.run_blocking(request).unwrap().unwrap();
}

/// The treasury's coins come into the last quarter of the time before their recovery path opens.
pub fn age_coins(engine: &Engine, at: Timestamp) {
    let funding = funding(engine);
    let (ask, blob) = engine.book(|book| book.receive(&treasury(), &funding)).unwrap();
    let Ask::Overt(Overt::NoteReceived { vault, transaction, outputs, .. }) = ask else { panic!("{ask:?}") };
    let received = Overt::NoteReceived { vault, transaction, height: Some(1), outputs };
    let request = server::engine::Request::new(feed(Ask::Overt(received)), vec![blob]);
    engine.run_blocking(request).unwrap().unwrap();
    let tip = overt::Tip { height: 130, median_time: at, trouble: None };
    let network = policy::Network::Regtest;
    engine.run_blocking(feed(Ask::Overt(Overt::NoteChain { network, tip }))).unwrap().unwrap();
}

/// An honest PSBT from the first coin, signed by these members.
pub fn psbt(holdings: &Holdings, units: u64, members: &[&str]) -> Vec<u8> {
    psbt_of(holdings, holdings.coins().next().unwrap(), units, members)
}

/// The same, from one coin.
pub fn psbt_of(holdings: &Holdings, coin: &vault::Coin, units: u64, members: &[&str]) -> Vec<u8> {
    let payee: bitcoin::Address<bitcoin::address::NetworkUnchecked> = PAYEE.parse().unwrap();
    let payee = payee.assume_checked().script_pubkey();
    let draft = SpendDraft {
        inputs: vec![coin.outpoint()],
        outputs: vec![TxOut { value: bitcoin::Amount::from_sat(units), script_pubkey: payee }],
        fee: bitcoin::Amount::from_sat(FEE),
        change: holdings.unused(Branch::Change),
        lock_height: 0,
    };
    let mut psbt = build_psbt(holdings, &draft).unwrap();
    for member in members {
        sign_member(&mut psbt, holdings, &key(member)).unwrap();
    }
    psbt.serialize()
}

/// Attaches a PSBT that this member signs alone, in the member's name.
pub fn attach(engine: &Engine, people: &People, id: TransferId, units: u64, member: &str) {
    let holdings = engine.book(|book| book.holdings(&treasury()).unwrap().clone());
    let psbt = psbt(&holdings, units, &[member]);
    let prepared = engine.prepare_spend_blocking(id, &psbt).unwrap();
    let command = people.free(member, Overt::Attach { transfer: id, spend: Box::new(prepared.plan) });
    let request = server::engine::Request::new(command, vec![prepared.blob]);
    engine.run_blocking(request).unwrap().unwrap();
}

/// Moves time and lets the engine see it.
pub fn pass(engine: &Engine, clock: &SimulatedClock, span: Span) {
    clock.advance(span);
    engine.tick();
}

pub fn pass_slot(engine: &Engine, clock: &SimulatedClock) {
    pass(engine, clock, SLOT_PERIOD);
}

/// Waits in real time until something holds: for what threads do.
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..15_000 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("never happened: {what}");
}

pub fn word(engine: &Engine, id: TransferId) -> &'static str {
    engine.read(|state| state.overt().transfer(id).map_or("none", |transfer| transfer.status.word()))
}

pub fn state_hash(engine: &Engine) -> Hash {
    engine.read(|state| state.hash().unwrap())
}
