//! The transactions of transfers, tried at random on a make-believe chain: whatever is brought, signed, mined, thrown out and undone, a
//! transfer is paid once or not at all, and nothing is signed while the chain cannot be relied on (G1, G6, G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a history that goes wrong stops its test"
)]

use std::collections::{BTreeMap, BTreeSet};

use credentials::{Class, ClassKey};
use gate::{Ask, Attestation, Command, Event, State};
use overt::{Author, Command as Overt, Event as OvertEvent, Scope, Status, Tip, Transfer};
use policy::{Network, Source};
use testkit::prng::Chance;
use types::{
    ActorId, Amount, Currency, Hash, Moment, Nonce, OutPoint, Output, Payload, Rate, SpendKind, SpendPlan,
    Target, Timestamp, TransferId, Value, VaultId, hash_parts,
};

const POLICY: &str = r#"
[organisation]
name = "Payments"
currency = "EUR"
time_zone = "UTC"
[[vault]]
id = "treasury"
chain = "bitcoin:regtest"
keys = { at_least = 1, of = ["alice-hw"] }
recovery = { at_least = 1, of = ["alice-hw"], after_blocks = 100 }
outstanding = "60000 EUR"
[[permit]]
id = "quick"
vaults = ["treasury"]
initiators = ["finance"]
amount = { up_to = "30000 EUR" }
destination = "any"
hold = "0h"
expires = "30d"
[[permit]]
id = "slow"
vaults = ["treasury"]
initiators = ["finance"]
amount = { over = "30000 EUR" }
destination = "any"
hold = "48h"
expires = "30d"
[change]
approve = { at_least = 1, of = "board" }
hold = "48h"
tighten = { at_least = 1, of = "board" }
[stop]
lift = { at_least = 1, of = "board" }
after = "24h"
[response]
responders = "board"
quiet = "24h"
clear = { at_least = 1, of = "board" }
clear_hold = "24h"
look_back = "7d"
[prices]
window = "30d"
max_age = "30d"
[[place]]
id = "h1"
kind = "home"
[[place]]
id = "h2"
kind = "home"
[[person]]
id = "alice"
groups = ["finance"]
places = ["h1"]
keys = ["alice-hw"]
[[person]]
id = "bob"
groups = ["board"]
places = ["h2"]
"#;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
const COIN: u128 = 50_000_000;
const FEE_MAX: u128 = 100_000;

/// What the make-believe chain has.
#[derive(Default)]
struct Chain {
    height: u32,
    /// Every transaction that was ever signed: what it spends.
    signed: BTreeMap<Hash, (TransferId, Vec<OutPoint>)>,
    /// In which block each is.
    mined: BTreeMap<Hash, u32>,
    minted: u32,
    /// What somebody else has spent.
    foreign: BTreeSet<OutPoint>,
}

impl Chain {
    fn conflicts(&self, txid: Hash) -> bool {
        let inputs = &self.signed[&txid].1;
        let spent = self.mined.keys().flat_map(|mined| &self.signed[mined].1);
        inputs.iter().any(|input| self.foreign.contains(input))
            || self.mined.contains_key(&txid)
            || spent.into_iter().any(|input| inputs.contains(input))
    }
}

struct Run {
    state: State,
    chance: Chance,
    now: u64,
    chain: Chain,
    /// The median time that was last reported, and whether the sources were in trouble.
    reported: Option<(Timestamp, bool)>,
    transfers: Vec<TransferId>,
    key: ClassKey,
    seen: BTreeSet<&'static str>,
    /// Transfers whose block has gone: what they had freed may be held by others, and the chain decides between them.
    undone: BTreeSet<TransferId>,
    requests: u64,
}

fn vault() -> VaultId {
    VaultId::parse("treasury").unwrap()
}

fn btc(units: u128) -> Amount {
    Amount { units, ..Amount::parse("1 BTC").unwrap() }
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut run = Self {
            state: State::default(),
            chance: Chance::new(seed, 7),
            now: 0,
            chain: Chain { height: 1000, ..Chain::default() },
            reported: None,
            transfers: Vec::new(),
            key: ClassKey::from_bytes([5; 32]),
            seen: BTreeSet::new(),
            undone: BTreeSet::new(),
            requests: 0,
        };
        run.settle();
        let sources = vec![Source { name: "rules.toml".into(), text: POLICY.into() }];
        run.system(Overt::Found { sources }).unwrap();
        let at = run.time();
        let asset = Currency::parse("BTC").unwrap();
        let price =
            policy::PriceEntry { asset, at, rate: Rate::parse("100000").unwrap(), source: "test".into() };
        run.feed(Overt::NotePrice(price)).unwrap();
        run
    }

    fn moment(&self) -> Moment {
        let wall =
            Timestamp::parse("2026-11-20T09:00:00Z").unwrap().as_nanos() + i64::try_from(self.now).unwrap();
        Moment { wall: Timestamp::from_nanos(wall), steady: self.now + 1, boot: 1, entropy: [0; 32] }
    }

    fn time(&self) -> Timestamp {
        self.state.overt().clock().read(&self.moment())
    }

    fn step(&mut self, command: &Command) -> gate::Outcome {
        let (events, outcome) = gate::step(&self.state, command, &self.moment());
        for event in events {
            self.before(&event);
            self.state.apply(&event);
        }
        self.settle();
        self.check();
        outcome
    }

    fn settle(&mut self) {
        while gate::is_due(&self.state, &self.moment()) {
            let (events, _) = gate::step(&self.state, &Command::system(Ask::Tick), &self.moment());
            assert!(!events.is_empty(), "something is due and nothing follows");
            for event in events {
                self.before(&event);
                self.state.apply(&event);
            }
        }
    }

    fn system(&mut self, ask: Overt) -> gate::Outcome {
        self.step(&Command::system(Ask::Overt(ask)))
    }

    fn feed(&mut self, ask: Overt) -> gate::Outcome {
        let by = Author::Feed(ActorId::parse("chain").unwrap());
        self.step(&Command { by, ..Command::system(Ask::Overt(ask)) })
    }

    fn person(&mut self, name: &str, ask: Overt) -> gate::Outcome {
        self.person_of(name, Class::Free, ask)
    }

    fn person_of(&mut self, name: &str, class: Class, ask: Overt) -> gate::Outcome {
        let by = Author::Actor(ActorId::parse(name).unwrap());
        self.requests += 1;
        let request = hash_parts("request", &[&self.requests.to_be_bytes()]);
        let attestation = Some(Attestation::seal(&self.key, class, &by, &request, &self.chance.bytes()));
        self.step(&Command { by, ask: Ask::Overt(ask), request, idempotency: None, attestation, used: None })
    }

    /// What must hold at the moment at which a signature is allowed.
    fn before(&mut self, event: &Event) {
        let Event::Recorded(record) = event else { return };
        let attached = record.events.iter().find_map(|event| match event {
            OvertEvent::Attached { spend, .. } => Some(spend.as_ref().clone()),
            _ => None,
        });
        for event in &record.events {
            let OvertEvent::SigningBegan { transfer: id } = event else { continue };
            let transfer = self.state.overt().transfer(*id).unwrap().clone();
            let spend = attached.clone().or(transfer.spend.clone()).unwrap();
            assert!(spend.complete, "a signature without the members'");
            let now = self.time();
            if let Some((median, trouble)) = self.reported {
                assert!(!trouble, "signed while the sources are in trouble");
                assert!(median.after(overt::MEDIAN_TIME_LAG_MAX) >= now, "signed while the chain is behind");
            }
            if transfer.signings.is_empty() {
                let leaving = if transfer.payload.refresh { transfer.fee } else { transfer.value };
                let sum = self.afloat().plus(leaving).unwrap();
                assert!(sum <= Value::from_minor(6_000_000), "more on its way than the cap: {sum:?}");
                if !transfer.payload.refresh {
                    let stopped = self
                        .state
                        .overt()
                        .stops()
                        .any(|(_, stop)| stop.lifted.is_none() && stop.reaches(*id, &transfer));
                    assert!(!stopped, "signed under a stop");
                }
            }
            self.seen.insert(match (spend.kind, transfer.signings.is_empty()) {
                (SpendKind::Payment, true) if transfer.payload.refresh => "refresh",
                (SpendKind::Payment, true) => "payment",
                (SpendKind::Payment, false) => "replacement",
                (SpendKind::Child, _) => "child",
                (SpendKind::Return, _) => "return",
            });
            let inputs = spend.inputs.clone();
            self.chain.signed.insert(spend.txid, (*id, inputs));
        }
    }

    fn afloat(&self) -> Value {
        let signed = |transfer: &Transfer| matches!(transfer.status, Status::Signing | Status::Signed { .. });
        let leaving =
            |transfer: &Transfer| if transfer.payload.refresh { transfer.fee } else { transfer.value };
        let all = self.state.overt().transfers().filter(|(_, transfer)| signed(transfer));
        all.fold(Value::ZERO, |sum, (_, transfer)| sum.plus(leaving(transfer)).unwrap())
    }

    /// What must hold always.
    fn check(&mut self) {
        let overt = self.state.overt();
        assert_eq!(overt.afloat(&vault()), self.afloat(), "what is on its way is counted wrong");
        let mut holders: BTreeMap<OutPoint, TransferId> = BTreeMap::new();
        for (id, transfer) in overt.transfers() {
            let shared = transfer.shared_input();
            for signing in &transfer.signings {
                assert!(signing.spend.fee <= transfer.payload.max_fee.units, "a fee above the approved one");
                if signing.spend.kind != SpendKind::Child {
                    assert!(signing.spend.inputs.contains(&shared.unwrap()), "no common input");
                }
            }
            let standing = transfer.standing_spend().map_or(0, |spend| spend.fee);
            let beside = transfer.fees_beside(Hash::default());
            assert!(
                beside <= transfer.payload.max_fee.units,
                "children cost more than was approved: {transfer:#?}"
            );
            assert!(beside >= standing);
            let is_afloat = matches!(transfer.status, Status::Signing | Status::Signed { .. });
            if is_afloat && !self.undone.contains(&id) {
                for input in transfer
                    .signings
                    .iter()
                    .filter(|s| s.spend.kind != SpendKind::Child)
                    .flat_map(|s| &s.spend.inputs)
                {
                    let holder = holders.insert(*input, id);
                    assert!(holder.is_none_or(|other| other == id), "two transfers hold one input");
                }
            }
        }
        // The chain takes one of those that share an input: so at most one payment of each transfer.
        let mut paid: BTreeMap<TransferId, usize> = BTreeMap::new();
        for txid in self.chain.mined.keys() {
            let (id, _) = &self.chain.signed[txid];
            let transfer = overt.transfer(*id).unwrap();
            let signing = transfer.signings.iter().find(|signing| signing.spend.txid == *txid).unwrap();
            *paid.entry(*id).or_default() += usize::from(signing.spend.kind == SpendKind::Payment);
        }
        assert!(paid.values().all(|count| *count <= 1), "paid twice");
    }

    fn coins(&self) -> Vec<OutPoint> {
        self.state.overt().coins(&vault()).map(|(outpoint, _)| *outpoint).collect()
    }

    fn any_transfer(&mut self) -> Option<TransferId> {
        let last = self.transfers.len().min(6);
        let from = self.transfers.len() - last;
        (last > 0).then(|| self.transfers[from + self.chance.below(last)])
    }

    fn submit(&mut self) {
        let refresh = self.chance.percent(25);
        let units = u128::from(self.chance.of(&[10_000_000u64, 20_000_000, 29_000_000, 45_000_000]));
        let target = if refresh { Target::Vault(vault()) } else { Target::Address("bcrt1qpartner".into()) };
        let payload = Payload {
            vault: vault(),
            initiator: ActorId::parse("alice").unwrap(),
            nonce: Nonce(self.chance.bytes()[..16].try_into().unwrap()),
            outputs: vec![Output { target, amount: btc(units) }],
            max_fee: btc(FEE_MAX),
            memo: String::new(),
            reference: String::new(),
            refresh,
        };
        let identified = payload.identify().unwrap();
        let id = identified.id();
        if self.person("alice", Overt::Submit(Box::new(identified))).is_ok() {
            self.transfers.push(id);
        }
    }

    fn attach(&mut self) {
        let Some(id) = self.any_transfer() else { return };
        let transfer = self.state.overt().transfer(id).unwrap().clone();
        let kind = if matches!(transfer.status, Status::Signed { .. }) {
            self.chance.of(&[SpendKind::Payment, SpendKind::Child, SpendKind::Return])
        } else {
            SpendKind::Payment
        };
        let coins = self.coins();
        let mut inputs: Vec<OutPoint> = (0..=self.chance.below(2))
            .filter(|_| !coins.is_empty())
            .map(|_| coins[self.chance.below(coins.len())])
            .collect();
        if kind != SpendKind::Child && self.chance.percent(80) {
            inputs.extend(transfer.shared_input());
        }
        if kind == SpendKind::Child && self.chance.percent(90) {
            let txid = transfer.standing_spend().map_or(Hash::default(), |spend| spend.txid);
            inputs = vec![OutPoint { txid, index: 1 }];
        }
        inputs.sort_unstable();
        inputs.dedup();
        let fee = u128::from(self.chance.of(&[1000u64, 5000, 20_000, 60_000, 100_000, 100_001]));
        let list: Vec<u8> = inputs
            .iter()
            .flat_map(|input| [&input.txid.0[..], &input.index.to_be_bytes()].concat())
            .collect();
        let txid = hash_parts("txid", &[&id.0.0, &list, &fee.to_be_bytes(), &[kind as u8]]);
        let complete = self.chance.percent(85);
        let spend = SpendPlan { kind, vault: vault(), txid, inputs, fee, psbt: txid, complete };
        let _ = self.person("alice", Overt::Attach { transfer: id, spend: Box::new(spend) });
    }

    fn sign(&mut self) {
        let waits = |run: &Self| {
            let mut all = run.state.overt().transfers();
            all.find(|(_, transfer)| transfer.status == Status::Signing)
                .map(|(id, found)| (id, found.spend.clone().unwrap().txid))
        };
        while let Some((transfer, txid)) = waits(self) {
            if self.chance.percent(20) {
                return; // It has crashed here, and does it later.
            }
            self.system(Overt::NoteSigned { transfer, txid }).unwrap();
            self.system(Overt::NoteSigned { transfer, txid }).unwrap();
        }
    }

    fn mine(&mut self) {
        self.chain.height += 1 + u32::try_from(self.chance.below(30)).unwrap();
        let reported: BTreeSet<Hash> = self.signed_and_reported();
        let candidates: Vec<Hash> =
            self.chain.signed.keys().copied().filter(|txid| reported.contains(txid)).collect();
        for txid in candidates {
            let (id, _) = self.chain.signed[&txid].clone();
            if self.chance.percent(50) && !self.chain.conflicts(txid) && self.parent_is_mined(txid) {
                self.chain.mined.insert(txid, self.chain.height);
                let before = self.state.overt().transfer(id).unwrap().status.clone();
                let noted = self.feed(Overt::NoteConfirmed { transfer: id, txid });
                if noted.is_ok() && before != self.state.overt().transfer(id).unwrap().status {
                    self.seen.insert("confirmed");
                }
            }
        }
        if self.chance.percent(60) {
            let txid = hash_parts("mint", &[&self.chain.minted.to_be_bytes()]);
            self.chain.minted += 1;
            let (outputs, height) = (vec![(OutPoint { txid, index: 0 }, COIN)], Some(self.chain.height));
            self.feed(Overt::NoteReceived { vault: vault(), transaction: txid, height, outputs }).unwrap();
        }
        self.report(false);
    }

    fn signed_and_reported(&self) -> BTreeSet<Hash> {
        let all = self.state.overt().transfers().flat_map(|(_, transfer)| &transfer.signings);
        all.filter(|signing| signing.signed).map(|signing| signing.spend.txid).collect()
    }

    /// A child can only be in a block when what it builds on is.
    fn parent_is_mined(&self, txid: Hash) -> bool {
        self.chain.signed[&txid].1.iter().all(|input| {
            !self.chain.signed.contains_key(&input.txid) || self.chain.mined.contains_key(&input.txid)
        })
    }

    /// The last blocks go, with everything in them.
    fn reorganise(&mut self) {
        let Some(last) = self.chain.mined.values().max().copied() else { return };
        let gone: Vec<Hash> =
            self.chain.mined.iter().filter(|(_, height)| **height == last).map(|(txid, _)| *txid).collect();
        for txid in gone {
            self.chain.mined.remove(&txid);
            let (transfer, _) = self.chain.signed[&txid];
            self.undone.insert(transfer);
            if self.feed(Overt::NoteUnconfirmed { transfer }).is_ok() {
                self.seen.insert("unconfirmed");
            }
        }
    }

    fn report(&mut self, trouble: bool) {
        let lag = self.chance.below(5) as u64 * HOUR;
        let median_time = Timestamp::from_nanos(self.time().as_nanos() - i64::try_from(lag).unwrap());
        let tip = Tip {
            height: self.chain.height,
            median_time,
            trouble: trouble.then(|| "sources-disagree".into()),
        };
        // What was reported before counts until this is applied.
        self.reported = Some((median_time, trouble));
        self.feed(Overt::NoteChain { network: Network::Regtest, tip }).unwrap();
    }

    /// Somebody with other keys spends what a signed transfer would have spent.
    fn displace(&mut self) {
        let Some(transfer) = self.any_transfer() else { return };
        let found = self.state.overt().transfer(transfer).unwrap();
        let mined = |txid: &Hash| self.chain.mined.contains_key(txid);
        let is_mined = found.signings.iter().any(|signing| mined(&signing.spend.txid));
        let Some(shared) = found.shared_input().filter(|_| !is_mined) else { return };
        if self.chain.mined.keys().any(|txid| self.chain.signed[txid].1.contains(&shared)) {
            return;
        }
        self.chain.foreign.insert(shared);
        self.feed(Overt::NoteLost { vault: vault(), outputs: vec![shared] }).unwrap();
        if self.feed(Overt::NoteDisplaced { transfer }).is_ok() {
            self.seen.insert("displaced");
            let found = self.state.overt().transfer(transfer).unwrap();
            assert_eq!(found.status, Status::Cancelled);
            assert!(self.state.overt().reserved_for(&shared).is_none_or(|holder| holder != transfer));
        }
    }

    fn stop_or_cancel(&mut self) {
        let Some(transfer) = self.any_transfer() else { return };
        let is_refresh = self.state.overt().transfer(transfer).unwrap().payload.refresh;
        let cancelled = self.person("bob", Overt::Cancel { transfer });
        if is_refresh {
            assert!(cancelled.is_err(), "one person ended a refresh");
            let _ =
                self.person("bob", Overt::Stop { scope: Scope::Transfer(transfer), reason: String::new() });
            self.seen.insert("refresh-kept");
        }
    }

    fn restart(&mut self) {
        let before = self.state.hash().unwrap();
        let (overt, covert) = self.state.snapshot(&self.key, &[3; 32], b"here").unwrap();
        self.state = State::restore(&self.key, &overt, &covert, b"here").unwrap();
        assert_eq!(self.state.hash().unwrap(), before, "a restart changed the state");
    }

    fn act(&mut self) {
        match self.chance.below(12) {
            0 | 1 => self.submit(),
            2..=4 => self.attach(),
            5 => self.sign(),
            6 | 7 => self.mine(),
            8 => self.reorganise(),
            9 => {
                let trouble = self.chance.percent(40);
                self.report(trouble);
            }
            10 => {
                self.now += u64::from(self.chance.of(&[600u32, 7200, 100_000])) * SECOND;
                self.settle();
                self.check();
            }
            _ if self.chance.percent(20) => self.displace(),
            _ if self.chance.percent(50) => self.stop_or_cancel(),
            _ => self.restart(),
        }
    }
}

#[test]
fn whatever_happens_a_transfer_is_paid_at_most_once() {
    let mut seen = BTreeSet::new();
    for seed in 0..150 {
        let mut run = Run::new(seed);
        for _ in 0..120 {
            run.act();
        }
        seen.extend(run.seen);
    }
    let wanted = [
        "child",
        "confirmed",
        "displaced",
        "payment",
        "refresh",
        "refresh-kept",
        "replacement",
        "return",
        "unconfirmed",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), wanted, "histories that show nothing");
}

impl Run {
    /// A slow payment that is signed, and then one in its place, brought with this phrase. What follows, and how it stands.
    fn replaces(&mut self, class: Class) -> (gate::Outcome, Status, usize) {
        let shared = OutPoint { txid: hash_parts("mint", &[b"first"]), index: 0 };
        let outputs = vec![(shared, COIN)];
        let received =
            Overt::NoteReceived { vault: vault(), transaction: shared.txid, height: None, outputs };
        self.feed(received).unwrap();
        let output = Output { target: Target::Address("bcrt1qpartner".into()), amount: btc(45_000_000) };
        let payload = Payload {
            vault: vault(),
            initiator: ActorId::parse("alice").unwrap(),
            nonce: Nonce([1; 16]),
            outputs: vec![output],
            max_fee: btc(FEE_MAX),
            memo: String::new(),
            reference: String::new(),
            refresh: false,
        };
        let identified = payload.identify().unwrap();
        let id = identified.id();
        self.person("alice", Overt::Submit(Box::new(identified))).unwrap();
        let spend = |fee: u128| {
            let (kind, txid) = (SpendKind::Payment, hash_parts("txid", &[&fee.to_be_bytes()]));
            let plan = SpendPlan {
                kind,
                vault: vault(),
                txid,
                inputs: vec![shared],
                fee,
                psbt: txid,
                complete: true,
            };
            Overt::Attach { transfer: id, spend: Box::new(plan) }
        };
        self.person("alice", spend(1000)).unwrap();
        self.now += 48 * HOUR;
        self.settle();
        let signing = self.state.overt().transfer(id).unwrap().spend.clone().unwrap();
        self.system(Overt::NoteSigned { transfer: id, txid: signing.txid }).unwrap();
        let outcome = self.person_of("alice", class, spend(5000));
        let found = self.state.overt().transfer(id).unwrap();
        (outcome, found.status.clone(), found.signings.len())
    }
}

/// Otherwise whoever brings it would learn at a moment of their choice whether somebody has signalled (G3).
#[test]
fn what_takes_the_place_of_a_payment_that_is_out_is_decided_by_the_overt_rules_alone() {
    let (mut free, mut forced) = (Run::new(1), Run::new(1));
    let seen = free.replaces(Class::Free);
    assert_eq!((seen.0.is_ok(), &seen.1, seen.2), (true, &Status::Signing, 2));
    assert_eq!(forced.replaces(Class::Duress), seen);
    assert_eq!(forced.state.covert().incidents().count(), 1, "the signal is heard all the same");
    assert_eq!(free.state.covert().incidents().count(), 0);
}
