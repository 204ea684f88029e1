//! A server on a loopback port with a simulated clock and seeded entropy, and people who talk to it over plain sockets, so that every byte
//! of an answer is seen.
#![allow(dead_code, reason = "each test file uses another part of it")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use credentials::{Cost, DeviceKey, Language, Phrase, Verifier};
use gate::{Ask, Command};
use journal::sqlite::Options;
use overt::Command as Overt;
use serde_json::{Value, json};
use server::clock::{Clock, SimulatedClock};
use server::engine::{Engine, SLOT_PERIOD};
use server::entropy::SeededEntropy;
use server::http::{DeviceCredential, Entry, Settings, encode_entry};
use tokio::sync::oneshot;
use types::{ActorId, Hash, Span, hash_parts};

use crate::world::{self, Site};

pub const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dora", "emil"];

pub fn device(name: &str) -> DeviceKey {
    DeviceKey::from_entropy(hash_parts("test-device", &[name.as_bytes()]).0)
}

fn drawn(name: &str) -> Phrase {
    Phrase::draw(Language::English, &hash_parts("test-phrase", &[name.as_bytes()]).0)
}

/// The person's own phrase.
pub fn own(name: &str) -> String {
    drawn(name).reveal_words().join(" ")
}

/// One of the others.
pub fn panic(name: &str) -> String {
    own(&format!("another of {name}"))
}

/// An answer, to the last byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw(pub Vec<u8>);

impl Raw {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    pub fn status(&self) -> u16 {
        self.text().split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }

    pub fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body()).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("(none)").to_owned()
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

/// Sends one request on a connection of its own and reads the answer to its end.
pub fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> Raw {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let head = format!("{head}\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses a body for its announced length closes before it has taken it.
    let _refused_early = stream.write_all(body);
    let mut answer = Vec::new();
    let _reset_after_answer = stream.read_to_end(&mut answer);
    Raw(answer)
}

/// A running server with everybody enrolled.
pub struct Stage {
    pub engine: Engine,
    pub clock: Arc<SimulatedClock>,
    pub address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
    folder: tempfile::TempDir,
    keys: std::cell::Cell<u64>,
}

/// How a command goes out: what is wrong with it, if something should be.
pub struct Sending<'a> {
    pub by: &'a str,
    pub device: DeviceKey,
    pub phrase: Option<String>,
    pub method: &'a str,
    pub path: &'a str,
    pub key: String,
    pub command: Value,
}

impl Stage {
    pub fn new() -> Self {
        Self::with_cost(|_| Cost::CHEAP)
    }

    pub fn with_cost(cost: impl Fn(&str) -> Cost) -> Self {
        Self::on(cost, world::sources(), |_, _| {})
    }

    /// On another policy, with parts that are made ready in the server's folder.
    pub fn on(
        cost: impl Fn(&str) -> Cost,
        sources: Vec<policy::Source>,
        prepare: impl FnOnce(&mut server::engine::Parts, &std::path::Path),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path());
        let clock = Arc::new(SimulatedClock::new(world::start_time(), world::seed(5)));
        let mut parts = site.parts(site.journal(Options::default()), &clock);
        parts.entropy = Arc::new(SeededEntropy::new(world::seed(9)));
        prepare(&mut parts, folder.path());
        let engine = Engine::start(parts).unwrap();
        found(&engine, sources);
        for name in PEOPLE {
            let salt = hash_parts("salt", &[name.as_bytes()]).0[..16].try_into().unwrap();
            let verifier = Verifier::make(&drawn(name), site.secrets.pepper(), salt, cost(name)).unwrap();
            enrol(&engine, name, Some(verifier));
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let feed = ActorId::parse("chain").unwrap();
        let settings = Settings {
            alarm_page: Default::default(),
            phrase_cost: Cost::CHEAP,
            relying_party: passkey::RelyingParty::localhost(8087),
            feeds: BTreeMap::from([(feed, device("chain").public())]),
            entropy: Arc::new(SeededEntropy::new(world::seed(3))),
        };
        let own = engine.clone();
        let served = runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let shutdown = async { drop(stopped.await) };
            server::http::serve(own, settings, listener, shutdown).await.unwrap();
        });
        let keys = std::cell::Cell::new(0);
        Self {
            engine,
            clock,
            address,
            runtime: Some(runtime),
            stop: Some(stop),
            served: Some(served),
            folder,
            keys,
        }
    }

    /// Asks the server to stop.
    pub fn begin_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until it has stopped, at most so long.
    pub fn stopped_within(&mut self, longest: Duration) -> bool {
        let (served, runtime) = (self.served.take().unwrap(), self.runtime.as_ref().unwrap());
        runtime.block_on(async { tokio::time::timeout(longest, served).await.is_ok() })
    }

    /// A fresh idempotency key, in the same order in every run.
    pub fn fresh_key(&self) -> String {
        self.keys.set(self.keys.get() + 1);
        format!("key-{}", self.keys.get())
    }

    pub fn get(&self, path: &str, token: Option<&str>) -> Raw {
        let token = token.map(|token| format!("\r\nAuthorization: Bearer {token}")).unwrap_or_default();
        exchange(self.address, &format!("GET {path} HTTP/1.1{token}"), b"")
    }

    pub fn challenge(&self, by: &str) -> Raw {
        let body = json!({ "by": by }).to_string();
        exchange(self.address, "POST /v1/challenge HTTP/1.1", body.as_bytes())
    }

    pub fn nonce(&self, by: &str) -> Hash {
        Hash::parse(self.challenge(by).json()["nonce"].as_str().unwrap()).unwrap()
    }

    pub fn sending<'a>(&self, by: &'a str, phrase: &str, path: &'a str, command: Value) -> Sending<'a> {
        let (phrase, key) = (Some(phrase.to_owned()), self.fresh_key());
        Sending { by, device: device(by), phrase, method: "POST", path, key, command }
    }

    /// A person's command with the own phrase.
    pub fn post(&self, by: &str, path: &str, command: Value) -> Raw {
        self.send(&self.sending(by, &own(by), path, command))
    }

    pub fn send(&self, sending: &Sending<'_>) -> Raw {
        let nonce = self.nonce(sending.by);
        self.send_with(sending, nonce)
    }

    pub fn send_with(&self, sending: &Sending<'_>, nonce: Hash) -> Raw {
        self.send_body(sending, &envelope(sending, nonce))
    }

    pub fn send_body(&self, sending: &Sending<'_>, body: &str) -> Raw {
        let Sending { method, path, key, .. } = sending;
        exchange(
            self.address,
            &format!("{method} {path} HTTP/1.1\r\nIdempotency-Key: {key}"),
            body.as_bytes(),
        )
    }

    /// Signs in and gives the token.
    /// The path of the first incident that is open, or of none.
    pub fn first_incident(&self) -> String {
        let number = self.engine.read(|state| {
            let mut open = state.covert().incidents().filter(|(_, incident)| incident.closed.is_none());
            open.next().map_or(1, |(_, incident)| incident.number)
        });
        format!("/v1/response/incidents/{number}")
    }

    pub fn token(&self, by: &str, phrase: &str) -> String {
        let grant = self.send(&self.sending(by, phrase, "/v1/session", json!({})));
        assert_eq!(grant.status(), 201, "{grant:?}");
        grant.json()["token"].as_str().unwrap().to_owned()
    }

    /// A command on the covert lane: time moves to the next slots until it is answered.
    pub fn send_covert(&self, sending: &Sending<'_>) -> Raw {
        let nonce = self.nonce(sending.by);
        let body = envelope(sending, nonce);
        std::thread::scope(|scope| {
            let (address, head) = (
                self.address,
                format!("{} {} HTTP/1.1\r\nIdempotency-Key: {}", sending.method, sending.path, sending.key),
            );
            let answer = scope.spawn(move || exchange(address, &head, body.as_bytes()));
            // Real time for the request to reach its lane, then one slot of simulated time, the same in every run.
            std::thread::sleep(Duration::from_millis(150));
            self.pass(SLOT_PERIOD);
            answer.join().unwrap()
        })
    }

    pub fn pass(&self, span: Span) {
        world::pass(&self.engine, &self.clock, span);
    }

    pub fn wall(&self) -> types::Timestamp {
        self.clock.moment_parts().0
    }

    /// Where the server keeps what it keeps.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Every byte that the server keeps on disk.
    pub fn disk(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default()).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
        let _stopped = self.engine.stop_blocking();
    }
}

/// The world's organisation, and a service that submits for it.
fn found(engine: &Engine, mut sources: Vec<policy::Source>) {
    let register = sources.iter_mut().find(|source| source.name.contains("register")).unwrap();
    register.text += "[[service]]\nid = \"payroll\"\ngroups = [\"finance\"]\noperated_by = [\"bob\"]\n";
    engine.run_blocking(Command::system(Ask::Overt(Overt::Found { sources }))).unwrap().unwrap();
    world::fund(engine);
    enrol(engine, "payroll", None);
}

thread_local! {
    /// What people have besides the key of their command line; for what this thread enrols.
    pub static FURTHER_DEVICE: std::cell::Cell<fn(&str) -> Option<DeviceCredential>> = const { std::cell::Cell::new(|_| None) };
}

pub fn enrol(engine: &Engine, name: &str, verifier: Option<Verifier>) {
    let further = FURTHER_DEVICE.with(std::cell::Cell::get)(name);
    let devices =
        [Some(DeviceCredential::Key(device(name).public())), further].into_iter().flatten().collect();
    let credential = encode_entry(&Entry { devices, verifier }).unwrap();
    let actor = ActorId::parse(name).unwrap();
    engine.run_blocking(Command::system(Ask::Overt(Overt::Enrol { actor, credential }))).unwrap().unwrap();
}

pub fn envelope(sending: &Sending<'_>, nonce: Hash) -> String {
    let Sending { by, device, phrase, method, path, key, command } = sending;
    let request = api::request_hash(method, path, key, command).unwrap();
    let signature = device.sign(&credentials::challenge(api::COMMAND_DOMAIN, &request, &nonce.0));
    let proof = json!({ "by": by, "nonce": nonce, "signature": hex::encode(signature.to_bytes()) });
    let mut envelope = json!({ "command": command, "proof": proof });
    if let Some(phrase) = phrase {
        envelope["phrase"] = json!(phrase);
    }
    envelope.to_string()
}

/// The command that proposes a payment to the payee, with a nonce of its own.
pub fn proposal(amount: &str, nonce: u8, psbt: Option<&[u8]>) -> Value {
    let output = json!({ "address": world::PAYEE, "amount": amount });
    let mut command = json!({ "vault": "treasury", "outputs": [output], "max_fee": "0.00005 BTC", "memo": "invoice",
        "reference": "INV-7", "nonce": hex::encode([nonce; 16]) });
    if let Some(psbt) = psbt {
        command["psbt"] = json!(base64(psbt));
    }
    command
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
