//! One twin: the shipped engine and the shipped HTTP interface on a loopback port, with a clock that the harness moves and entropy from a seed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use alarm::{Channel, DeliveryError, Message, Reach, Receipt, Recipient};
use credentials::{Class, Cost, SALT_BYTES, Verifier};
use gate::{Ask, Attestation, Command, Outcome};
use journal::sqlite::Options;
use journal::{Journal, Origin, SqliteJournal};
use overt::{Author, Command as Overt};
use server::clock::{Clock, SimulatedClock};
use server::dispatch::{Broadcast, BroadcastError};
use server::engine::{Engine, EngineError, Parts, SLOT_PERIOD};
use server::entropy::{Entropy, SeededEntropy};
use server::http::{DeviceCredential, Entry, Settings, encode_entry};
use server::keys::Secrets;
use signer::{Signer, SignerError};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use types::{
    Amount, ChannelId, Nonce, Output, Payload, PersonId, Secret, Span, Target, Timestamp, TransferId,
    hash_parts,
};
use vault::bitcoin::Network;
use vault::signing::AccountKey;
use vault::{Cosigned, VerifiedSpend};

use super::orders::{Books, Chains};
use super::organisation::{
    CLEAR_HOLD_SECONDS, MEMBERS, PAYEE, RESPONDERS, VICTIM, device, own_phrase, sources,
};
use crate::failure::Failure;

/// How many ticks the responders' commands get: always the same number, so that both clocks agree. Deliveries may go before them.
const TICKS: u32 = 4;
/// How long nothing may be under way at the latest.
const SETTLE_STEPS: u32 = 50_000;
const SETTLE_STEP: Duration = Duration::from_micros(100);
/// How long nothing is asked after a tick, in either twin: a real tick comes every 5 s, and a request within the next two milliseconds once in thousands.
const AFTER_TICK: Duration = Duration::from_millis(2);

/// A running twin.
pub struct Twin {
    engine: Engine,
    clock: Arc<SimulatedClock>,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    /// Where it serves.
    pub address: SocketAddr,
    folder: PathBuf,
    prepared: Option<TransferId>,
    commands: u64,
}

/// A co-signer that nothing here asks for anything: the vaults are gate-only.
struct Unused(AccountKey);

impl Signer for Unused {
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

struct Nowhere;

impl Broadcast for Nowhere {
    fn broadcast(&self, _transaction: &[u8]) -> Result<(), BroadcastError> {
        Ok(())
    }
}

/// An alarm channel that takes everything at once.
struct Taken(ChannelId);

impl Channel for Taken {
    fn id(&self) -> &ChannelId {
        &self.0
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
        Ok(Receipt { channel: self.0.clone(), at: now, answer: "200".into() })
    }
}

fn told<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) -> Result<T, Failure> {
    result.map_err(|why| Failure::server(what, why))
}

fn entropy(seed: u64, of: &str) -> Arc<SeededEntropy> {
    Arc::new(SeededEntropy::new(
        hash_parts("indistinguishable/entropy", &[&seed.to_be_bytes(), of.as_bytes()]).0,
    ))
}

impl Twin {
    /// Starts one. The same seed gives the same twin.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub fn start(seed: u64, folder: &Path) -> Result<Self, Failure> {
        let start = told("start time", Timestamp::parse("2026-03-02T08:00:00Z"))?;
        let boot = entropy(seed, "boot").draw();
        let clock = Arc::new(SimulatedClock::new(start, boot));
        let secrets = Arc::new(Secrets::in_memory(entropy(seed, "secrets").as_ref()));
        let origin = Origin { organisation: "jumelles".into(), created_at: start };
        let path = folder.join("journal.db");
        told("journal", SqliteJournal::create(&path, &origin, Options::default()))?;
        let journal = told("journal", SqliteJournal::open(&path, Options::default()))?;
        let key = Secret::new(hash_parts("indistinguishable/cosigner", &[]).0);
        let parts = Parts {
            journal: Box::new(journal),
            secrets: Arc::clone(&secrets),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: entropy(seed, "engine"),
            signer: Arc::new(Unused(told("co-signer", AccountKey::from_seed(Network::Regtest, &key))?)),
            broadcast: Arc::new(Nowhere),
            following: Vec::new(),
            channels: vec![Box::new(Taken(id("centre")?)), Box::new(Taken(id("pager")?))],
            settings: server::engine::Settings::default(),
        };
        let engine = told("engine", Engine::start(parts))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = Settings {
            feeds: BTreeMap::new(),
            entropy: entropy(seed, "http"),
            alarm_page: server::pages::AlarmPage::default(),
            phrase_cost: Cost::CHEAP,
            relying_party: passkey::RelyingParty::localhost(address.port()),
        };
        let served = engine.clone();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            server::http::serve(served, settings, listener, async { drop(stopped.await) }).await
        });
        let folder = folder.to_owned();
        let mut twin =
            Self { engine, clock, runtime, stop: Some(stop), address, folder, prepared: None, commands: 0 };
        twin.found(seed, &secrets)?;
        Ok(twin)
    }

    fn found(&mut self, seed: u64, secrets: &Secrets) -> Result<(), Failure> {
        self.system(Overt::Found { sources: sources() })?;
        for name in MEMBERS.iter().chain(&RESPONDERS) {
            let mut salt = [0; SALT_BYTES];
            let drawn = hash_parts("indistinguishable/salt", &[&seed.to_be_bytes(), name.as_bytes()]);
            salt.copy_from_slice(&drawn.0[..SALT_BYTES]);
            let phrase = own_phrase(seed, name);
            let verifier = told("verifier", Verifier::make(&phrase, secrets.pepper(), salt, Cost::CHEAP))?;
            let devices = vec![DeviceCredential::Key(device(name).public())];
            let entry = Entry { devices, verifier: Some(verifier) };
            let credential = told("entry", encode_entry(&entry))?;
            self.system(Overt::Enrol { actor: id(name)?, credential })?;
        }
        self.person("carol", Overt::Raise { to: policy::Posture::Elevated })
    }

    fn system(&self, ask: Overt) -> Result<(), Failure> {
        self.finish(self.engine.run_blocking(Command::system(Ask::Overt(ask))))
    }

    fn finish(&self, outcome: Result<Outcome, EngineError>) -> Result<(), Failure> {
        told("command", told("engine", outcome)?)?;
        Ok(())
    }

    /// A colleague's command, of free will, past the interface: what others do is not measured.
    fn command(&mut self, who: &str, ask: Ask) -> Result<Command, Failure> {
        self.commands += 1;
        let by = Author::Actor(id(who)?);
        let request = hash_parts("indistinguishable/request", &[&self.commands.to_be_bytes()]);
        let attestation =
            Attestation::seal(self.engine.secrets().class_key(), Class::Free, &by, &request, &request.0);
        Ok(Command {
            by,
            request,
            idempotency: Some(request),
            attestation: Some(attestation),
            ..Command::system(ask)
        })
    }

    fn person(&mut self, who: &str, ask: Overt) -> Result<(), Failure> {
        let command = self.command(who, Ask::Overt(ask))?;
        self.finish(self.engine.run_blocking(command))
    }

    /// A colleague proposes a slow transfer.
    ///
    /// # Errors
    /// When it is refused.
    pub fn prepare(&mut self, pair: u32) -> Result<String, Failure> {
        let units = |text| told("amount", Amount::parse(text));
        let mut nonce = Nonce([7; 16]);
        nonce.0[..4].copy_from_slice(&pair.to_be_bytes());
        let payload = Payload {
            vault: id("treasury")?,
            initiator: id("bob")?,
            nonce,
            outputs: vec![Output { target: Target::Address(PAYEE.into()), amount: units("0.4 BTC")? }],
            max_fee: units("0.00005 BTC")?,
            memo: String::new(),
            reference: String::new(),
            refresh: false,
        };
        let identified = told("payload", payload.identify())?;
        let transfer = identified.id();
        self.person("bob", Overt::Submit(Box::new(identified)))?;
        self.prepared = Some(transfer);
        Ok(transfer.0.to_string())
    }

    /// Moves time and lets the engine see it.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Span::from_seconds(seconds));
        self.engine.tick();
    }

    /// The same in the middle of a session.
    pub fn advance_and_rest(&self, seconds: u64) {
        self.advance(seconds);
        std::thread::sleep(AFTER_TICK);
    }

    /// Waits until nothing is under way on the overt side.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn settle(&self) -> Result<(), Failure> {
        for _ in 0..SETTLE_STEPS {
            let health = self.engine.health();
            if health.outgoing == 0 && health.waiting == 0 {
                return Ok(());
            }
            std::thread::sleep(SETTLE_STEP);
        }
        Err(Failure::server("settle", "something is still under way"))
    }

    fn open_incidents(&self) -> Vec<covert::IncidentId> {
        self.engine.read(|state| {
            let open = state.covert().incidents().filter(|(_, incident)| incident.closed.is_none());
            open.map(|(id, _)| id).collect()
        })
    }

    /// Responders take charge of what is open and clear it; where nothing is open they ask in vain. The colleague cancels, and the wait of
    /// the clear passes. How many incidents were open, and how many still are.
    ///
    /// # Errors
    /// When a command is not answered in its ticks.
    pub fn aftermath(&mut self) -> Result<(u32, u32), Failure> {
        if let Some(transfer) = self.prepared.take() {
            self.person("bob", Overt::Cancel { transfer })?;
        }
        let open = self.open_incidents();
        let incident = open.last().copied().unwrap_or(covert::IncidentId(0));
        let victim = PersonId::parse(VICTIM).map_err(|why| Failure::server("victim", why))?;
        let rounds = [
            covert::Command::Acknowledge { incident, from: None },
            covert::Command::CalledBack { incident, person: victim, all_clear: true, private: true },
            covert::Command::Clear { incident },
        ];
        for round in rounds {
            let commands: Result<Vec<Command>, Failure> =
                RESPONDERS.iter().map(|who| self.command(who, Ask::Covert(round.clone()))).collect();
            self.covertly(commands?)?;
        }
        self.advance(CLEAR_HOLD_SECONDS);
        for _ in 0..TICKS {
            self.advance(SLOT_PERIOD.seconds());
        }
        Ok((open.len() as u32, self.open_incidents().len() as u32))
    }

    /// Puts commands on the covert lane, then moves time for them.
    fn covertly(&self, commands: Vec<Command>) -> Result<(), Failure> {
        let mut waiting: Vec<_> =
            commands.into_iter().map(|command| Box::pin(self.engine.run(command))).collect();
        // The first poll puts the command on its lane.
        for future in &mut waiting {
            if let Poll::Ready(outcome) = Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
                return Err(Failure::Server(format!("answered before its tick: {outcome:?}")));
            }
        }
        for _ in 0..TICKS {
            self.advance(SLOT_PERIOD.seconds());
            // A refusal is an answer: in the other twin there is nothing to acknowledge.
            waiting.retain_mut(|future| {
                Pin::new(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
            });
        }
        if waiting.is_empty() { Ok(()) } else { Err(Failure::server("covert lane", "no answer")) }
    }

    /// What lies on the disk.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn books(&self, log: Vec<String>) -> Result<Books, Failure> {
        Ok(Books { records: self.engine.health().records, files: files(&self.folder)?, log })
    }

    /// Ends the twin and reads its journal.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(mut self) -> Result<Chains, Failure> {
        drop(self.stop.take());
        told("stop", self.engine.stop_blocking())?;
        self.runtime.shutdown_timeout(Duration::from_secs(1));
        drop(self.engine);
        let mut journal = told("journal", SqliteJournal::open_read_only(&self.folder.join("journal.db")))?;
        let mut chains = Chains::default();
        let overt = journal.replay_overt(0, &mut |entry| {
            chains.overt.push((entry.at.as_nanos(), entry.body.len()));
            ControlFlow::Continue(())
        });
        told("overt chain", overt)?;
        let covert = journal.replay_covert(0, &mut |entry| {
            chains.covert.push((entry.at.as_nanos(), entry.after_overt, entry.sealed.len()));
            ControlFlow::Continue(())
        });
        told("covert chain", covert)?;
        Ok(chains)
    }
}

fn files(folder: &Path) -> Result<Vec<(String, u64)>, Failure> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        files.push((file.file_name().to_string_lossy().into_owned(), file.metadata()?.len()));
    }
    files.sort();
    Ok(files)
}

fn id<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    told("name", text.parse())
}
