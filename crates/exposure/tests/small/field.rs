//! The real gate, a chain that holds what the vaults hold, and people who act: where strategies are replayed and attackers try.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that goes wrong stops"
)]

use std::collections::BTreeMap;

use credentials::{Class, ClassKey};
use gate::{Ask, Attestation, Command, State};
use overt::{Author, Event as Overt, MotionId, Proposal, Reply, Scope};
use policy::{PriceEntry, Source};
use types::{
    ActorId, Amount, Currency, Hash, Moment, Nonce, OutPoint, Output, Payload, Rate, SpendKind, SpendPlan,
    Target, Timestamp, TransferId, VaultId,
};

const SECOND: i64 = 1_000_000_000;
const COINS: u32 = 400;

pub struct Field {
    pub state: State,
    start: Timestamp,
    /// Seconds since the start.
    now: u64,
    key: ClassKey,
    drawn: u64,
    /// What each vault holds.
    pub content: BTreeMap<VaultId, i128>,
    pub lost: u128,
    released: Vec<TransferId>,
}

fn hash(number: u64) -> Hash {
    types::hash_parts("field", &[&number.to_be_bytes()])
}

impl Field {
    /// Nothing when the gate does not take the policy: nobody could ever change, lift or clear again.
    pub fn new(sources: Vec<Source>, start: Timestamp) -> Option<Self> {
        let mut field = Self {
            state: State::default(),
            start,
            now: 0,
            key: ClassKey::from_bytes([7; 32]),
            drawn: 0,
            content: BTreeMap::new(),
            lost: 0,
            released: Vec::new(),
        };
        field.system(Ask::Tick).unwrap();
        match field.system(Ask::Overt(overt::Command::Found { sources })) {
            Ok(_) => {}
            Err(gate::Refusal::Overt(overt::Refusal::NoAuthority(_))) => return None,
            Err(refusal) => panic!("{refusal:?}"),
        }
        let policy = field.state.overt().policy().unwrap().clone();
        for (number, vault) in policy.vaults().iter().enumerate() {
            let balance = vault.balance.map_or(0, |balance| balance.minor());
            field.content.insert(vault.id.clone(), i128::try_from(balance).unwrap());
            if vault.asset().is_some() {
                let coin = |index: u32| (OutPoint { txid: hash(1_000 + number as u64), index }, 1_000_000);
                let coins = overt::Command::NoteReceived {
                    vault: vault.id.clone(),
                    transaction: hash(2_000 + number as u64),
                    height: None,
                    outputs: (0..COINS).map(coin).collect(),
                };
                field.feed(coins);
            }
        }
        Some(field)
    }

    fn moment(&self) -> Moment {
        let nanos = i64::try_from(self.now).unwrap() * SECOND;
        Moment {
            wall: Timestamp::from_nanos(self.start.as_nanos() + nanos),
            steady: 1_000_000_000 + u64::try_from(nanos).unwrap(),
            boot: 1,
            entropy: hash(self.drawn).0,
        }
    }

    fn step(&mut self, command: &Command) -> gate::Outcome {
        let moment = self.moment();
        let (events, outcome) = gate::step(&self.state, command, &moment);
        for event in &events {
            self.state.apply(event);
            if let gate::Event::Recorded(record) = event {
                for event in &record.events {
                    if let Overt::SigningBegan { transfer } = event {
                        self.released.push(*transfer);
                    }
                }
            }
        }
        outcome
    }

    fn system(&mut self, ask: Ask) -> gate::Outcome {
        self.step(&Command::system(ask))
    }

    fn feed(&mut self, command: overt::Command) {
        let feed = Author::Feed(ActorId::parse("feed").unwrap());
        let outcome = self.step(&Command { by: feed, ..Command::system(Ask::Overt(command)) });
        assert!(outcome.is_ok(), "{outcome:?}");
    }

    pub fn does(
        &mut self,
        by: &ActorId,
        command: overt::Command,
        forced: bool,
    ) -> Result<Reply, gate::Refusal> {
        self.settle();
        self.drawn += 1;
        let request = hash(self.drawn);
        let author = Author::Actor(by.clone());
        let class = if forced { Class::Duress } else { Class::Free };
        let is_person = self.state.overt().policy().unwrap().person_of(by).is_some();
        let attestation =
            is_person.then(|| Attestation::seal(&self.key, class, &author, &request, &hash(self.drawn).0));
        let command = Command {
            by: author,
            ask: Ask::Overt(command),
            request,
            idempotency: None,
            attestation,
            used: None,
        };
        let outcome = self.step(&command);
        self.settle();
        outcome
    }

    /// Time passes; whatever is due on the way is decided when it is due.
    pub fn wait_until(&mut self, seconds: u64) {
        self.settle();
        while self.now < seconds {
            let next = self.state.overt().next_due();
            let due = next.map(|at| (at.as_nanos() - self.start.as_nanos() + SECOND - 1).max(0) / SECOND);
            let due = due.map_or(seconds, |due| u64::try_from(due).unwrap());
            self.now = due.clamp(self.now + 1, seconds);
            self.settle();
        }
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            let moment = self.moment();
            if !gate::is_due(&self.state, &moment) {
                break;
            }
            self.system(Ask::Tick).unwrap();
        }
        self.sign();
    }

    /// Signs what has been released and moves the money.
    fn sign(&mut self) {
        for id in std::mem::take(&mut self.released) {
            let transfer = self.state.overt().transfer(id).unwrap().clone();
            let txid = transfer.spend.as_ref().map_or(hash(7), |spend| spend.txid);
            let outcome = self.system(Ask::Overt(overt::Command::NoteSigned { transfer: id, txid }));
            assert!(outcome.is_ok(), "{outcome:?}");
            let from = &transfer.payload.vault;
            for output in &transfer.outputs {
                let value = i128::try_from(output.value.minor()).unwrap();
                *self.content.get_mut(from).unwrap() -= value;
                match &output.target {
                    Target::Vault(into) => *self.content.get_mut(into).unwrap() += value,
                    Target::Address(_) => self.lost += output.value.minor(),
                }
            }
        }
    }

    /// Submits a transfer with its transaction, where there is a chain.
    pub fn submit(
        &mut self,
        by: &ActorId,
        vault: &VaultId,
        outputs: &[(String, u128)],
        forced: bool,
    ) -> Result<TransferId, gate::Refusal> {
        self.settle();
        let policy = self.state.overt().policy().unwrap().clone();
        let on_chain = policy.vault(vault).unwrap().asset().is_some();
        let asset = Currency::parse(if on_chain { "BTC" } else { "EUR" }).unwrap();
        if on_chain {
            self.price();
        }
        let target = |to: &str| match to.strip_prefix("vault:") {
            Some(id) => Target::Vault(VaultId::parse(id).unwrap()),
            None => Target::Address(to.to_owned()),
        };
        self.drawn += 1;
        let payload = Payload {
            vault: vault.clone(),
            initiator: by.clone(),
            nonce: Nonce(hash(self.drawn).0[..16].try_into().unwrap()),
            outputs: outputs
                .iter()
                .map(|(to, value)| Output { target: target(to), amount: Amount::new(asset, *value) })
                .collect(),
            max_fee: Amount::new(asset, 0),
            memo: String::new(),
            reference: String::new(),
            refresh: false,
        };
        let identified = payload.identify().unwrap();
        let id = identified.id();
        let submit = overt::Command::Submit(Box::new(identified));
        // The transaction comes in the same instant, before anything is decided.
        self.drawn += 1;
        let request = hash(self.drawn);
        let author = Author::Actor(by.clone());
        let class = if forced { Class::Duress } else { Class::Free };
        let is_person = policy.person_of(by).is_some();
        let attestation =
            is_person.then(|| Attestation::seal(&self.key, class, &author, &request, &hash(self.drawn).0));
        let command = Command {
            by: author,
            ask: Ask::Overt(submit),
            request,
            idempotency: None,
            attestation,
            used: None,
        };
        self.step(&command)?;
        if on_chain {
            self.settle();
            self.attach(by, id, vault);
        }
        Ok(id)
    }

    fn price(&mut self) {
        let at = self.state.overt().clock().read(&self.moment());
        let entry = PriceEntry {
            asset: Currency::parse("BTC").unwrap(),
            at,
            rate: Rate::parse("1000000").unwrap(),
            source: String::new(),
        };
        let feed = Author::Feed(ActorId::parse("feed").unwrap());
        // The same price twice in one instant is refused; that changes nothing.
        let _ =
            self.step(&Command { by: feed, ..Command::system(Ask::Overt(overt::Command::NotePrice(entry))) });
    }

    fn attach(&mut self, by: &ActorId, transfer: TransferId, vault: &VaultId) {
        let number =
            self.state.overt().policy().unwrap().vaults().iter().position(|v| v.id == *vault).unwrap();
        self.drawn += 1;
        let index = u32::try_from(self.drawn).unwrap() % COINS;
        let spend = SpendPlan {
            kind: SpendKind::Payment,
            vault: vault.clone(),
            txid: hash(self.drawn + 50_000),
            inputs: vec![OutPoint { txid: hash(1_000 + number as u64), index }],
            fee: 0,
            psbt: hash(9),
            complete: true,
        };
        let attach = overt::Command::Attach { transfer, spend: Box::new(spend) };
        // What has been declined meanwhile takes no transaction.
        let _ = self.does(by, attach, false);
    }

    pub fn approve(
        &mut self,
        by: &ActorId,
        transfer: TransferId,
        forced: bool,
    ) -> Result<Reply, gate::Refusal> {
        self.does(by, overt::Command::Approve { transfer }, forced)
    }

    pub fn propose(
        &mut self,
        by: &ActorId,
        sources: Vec<Source>,
        forced: bool,
    ) -> Result<MotionId, gate::Refusal> {
        match self.does(by, overt::Command::Propose(Box::new(Proposal::Change(sources))), forced)? {
            Reply::Motion(motion) => Ok(motion),
            other => panic!("{other:?}"),
        }
    }

    pub fn endorse(&mut self, by: &ActorId, motion: MotionId, forced: bool) -> Result<Reply, gate::Refusal> {
        self.does(by, overt::Command::Endorse { motion }, forced)
    }

    /// A free person stops everything.
    pub fn stop(&mut self, by: &ActorId) {
        let stop = overt::Command::Stop { scope: Scope::Organisation, reason: "stop".into() };
        self.does(by, stop, false).unwrap();
    }
}
