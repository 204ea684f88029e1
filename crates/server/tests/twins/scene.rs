//! One history on one server: who is held, what they type, and every byte that comes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use credentials::Cost;
use serde_json::{Value, json};
use server::alarm_links::{Epochs, link_path};
use server::intake::{CapSettings, IntakeSettings, MailReplies, Panels, Replies};
use types::{ChannelId, Hash, PanelId, PlaceId, ProtectedId, Span};

use crate::stage::{Raw, Sending, Stage, device, envelope, exchange, own, panic};
use crate::world;

/// What is different about a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Story {
    /// Everybody is free.
    Free,
    /// Those who are held type panic phrases; responders do all that they can do without being seen.
    Coerced,
    /// Everybody is free, and a colleague objects.
    Objected,
}

/// Who is held in the coerced history: somebody who moves money, and a responder.
const HELD: [&str; 2] = ["alice", "dora"];

/// A request and its answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Exchange {
    pub by: String,
    pub method: String,
    pub path: String,
    pub raw: Raw,
}

/// What the system at bob's home signs with.
const SYSTEM_SECRET: &[u8] = &[b's'; 32];

fn systems() -> Panels {
    let system = CapSettings {
        id: PanelId::parse("system").unwrap(),
        secret_file: Some("secret".into()),
        key: None,
        place: PlaceId::parse("home-bob").ok(),
        person: None,
    };
    Panels::open(&IntakeSettings::default(), &[], &[system], &|_| Ok(SYSTEM_SECRET.to_vec())).unwrap()
}

/// Two responders, one schedule.
const CALLS: &str = r#"
time_zone = "Europe/Paris"
[[contact]]
person = "dora"
ways = { mail = "dora@example.org" }
[[contact]]
person = "emil"
ways = { mail = "emil@example.org" }
[[schedule]]
id = "nights"
[[schedule.layers]]
people = ["dora", "emil"]
from = "2026-01-05T09:00"
every = "7d"
"#;

fn gateway() -> Replies {
    let trust = alarm::parse_secret(SYSTEM_SECRET).unwrap().into();
    Replies::new(Some(MailReplies { channel: ChannelId::parse("mail").unwrap(), trust }))
}

/// The responder who is held is an auditor too, and every vault says what it holds, so that there are figures to be read.
fn watched(sources: &mut [policy::Source]) {
    let auditors = "responders = \"responders\"\nauditors = \"auditors\"";
    let rules = sources[0].text.replace("responders = \"responders\"", auditors);
    sources[0].text = rules.replace("addresses = []", "addresses = []\nbalance = \"2 BTC\"");
    let dora = "id = \"dora\"\ngroups = [\"responders\"";
    sources[1].text = sources[1].text.replace(dora, &format!("{dora}, \"auditors\""));
}

/// A history in the making.
pub struct Scene {
    pub stage: Stage,
    pub story: Story,
    pub seen: Vec<Exchange>,
    /// Whose sessions are whose.
    tokens: BTreeMap<String, String>,
}

impl Scene {
    pub fn new(story: Story) -> Self {
        let mut sources = world::sources();
        watched(&mut sources);
        sources[1].text += "[[protected]]\nid = \"mathilde\"\nof = [\"bob\"]\nplaces = [\"home-bob\"]\n";
        let stage = Stage::on(
            |_| Cost::CHEAP,
            sources,
            |parts, folder| {
                let calls = folder.join("calls.toml");
                std::fs::write(&calls, CALLS).unwrap();
                parts.settings.calls_file = Some(calls);
                parts.settings.panels = Arc::new(systems());
                parts.settings.replies = Arc::new(gateway());
                // Nobody listens there: what leaves is compared in `push`.
                parts.settings.push.hosts = vec!["127.0.0.1".to_owned()];
                parts.settings.push.allow_private = true;
            },
        );
        Self { stage, story, seen: Vec::new(), tokens: BTreeMap::new() }
    }

    /// The page of a protected person's link in the coerced history, of nobody's link in the others. Recorded under one path.
    fn link(&self) -> String {
        let key = self.stage.engine.secrets().alarm();
        let path = link_path(key, &Epochs::default(), &ProtectedId::parse("mathilde").unwrap());
        if self.story == Story::Coerced { path } else { format!("/a/{}", "0".repeat(path.len() - 3)) }
    }

    /// Opens the page of a link, as whoever finds it might, or presses a button on it.
    pub fn at_link(&mut self, method: &str, body: &str) -> Raw {
        let head = format!("{method} {} HTTP/1.1", self.link());
        let raw = exchange(self.stage.address, &head, body.as_bytes());
        self.note(("anybody", method, "/a/link"), raw)
    }

    /// A CAP message of a system that the server knows; real in the coerced history, a test in the others.
    pub fn cap(&mut self, id: &str, is_signed: bool) -> Raw {
        let status = if self.story == Story::Coerced { "Actual" } else { "Test" };
        let body = format!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>g</identifier><sender>g</sender>\
             <sent>2026-11-20T09:30:00+01:00</sent><status>{status}</status><msgType>Alert</msgType><scope>Private</scope></alert>"
        );
        self.signed("/v1/intake/cap", id, is_signed, &body)
    }

    /// A mail that replies to an alarm: with the code of an incident in the coerced history, with another in the others.
    pub fn mail(&mut self, id: &str, is_signed: bool) -> Raw {
        let code = self.stage.engine.read(|state| {
            let mut open = state.covert().incidents().filter(|(_, incident)| incident.closed.is_none());
            open.next().map_or("000000".to_owned(), |(_, incident)| incident.call_back.clone())
        });
        let body = format!("From: dora@example.org\r\nSubject: Re\r\n\r\n{code}\r\n");
        self.signed("/v1/intake/mail", id, is_signed, &body)
    }

    fn signed(&mut self, path: &str, id: &str, is_signed: bool, body: &str) -> Raw {
        let seconds = self.stage.wall().as_millis() / 1000;
        let secret = if is_signed { SYSTEM_SECRET } else { &[b'x'; 32] };
        let signature = alarm::sign_webhook(secret, id, seconds, body.as_bytes());
        let [id_name, time, by] = [alarm::ID_HEADER, alarm::TIMESTAMP_HEADER, alarm::SIGNATURE_HEADER];
        let head =
            format!("POST {path} HTTP/1.1\r\n{id_name}: {id}\r\n{time}: {seconds}\r\n{by}: {signature}");
        let raw = exchange(self.stage.address, &head, body.as_bytes());
        self.note(("anybody", "POST", path), raw)
    }

    /// What somebody types: the own phrase, or one of the others.
    pub fn words(&self, who: &str) -> String {
        if self.story == Story::Coerced && HELD.contains(&who) { panic(who) } else { own(who) }
    }

    fn note(&mut self, (by, method, path): (&str, &str, &str), raw: Raw) -> Raw {
        let exchange = Exchange { by: by.into(), method: method.into(), path: path.into(), raw: raw.clone() };
        self.seen.push(exchange);
        raw
    }

    /// A request as it is.
    pub fn send(&mut self, by: &str, method: &str, path: &str, body: &str) -> Raw {
        let raw = exchange(self.stage.address, &format!("{method} {path} HTTP/1.1"), body.as_bytes());
        self.note((by, method, path), raw)
    }

    /// What a browser asks of its own server, as JSON.
    pub fn browser(&mut self, (by, token): (&str, Option<&str>), method: &str, path: &str, body: &Value) {
        let session = token.map(|token| format!("\r\nAuthorization: Bearer {token}")).unwrap_or_default();
        let head = format!("{method} {path} HTTP/1.1{session}\r\nContent-Type: application/json");
        let raw = exchange(self.stage.address, &head, body.to_string().as_bytes());
        self.note((by, method, path), raw);
    }

    /// Ends something of one's own, with a session.
    pub fn delete(&mut self, token: &str, path: &str) -> Raw {
        let head = format!("DELETE {path} HTTP/1.1\r\nAuthorization: Bearer {token}");
        let raw = exchange(self.stage.address, &head, b"");
        let by = self.tokens.get(token).cloned();
        self.note((by.as_deref().unwrap_or("anybody"), "DELETE", path), raw)
    }

    /// A form of a page, with the token that goes with the session; without a session there is none. An objection is answered at its tick.
    pub fn form(&mut self, token: &str, path: &str, fields: &str) -> Raw {
        let page = self.stage.get("/settings", Some(token)).body();
        let of =
            |page: &str| Some(page.split("name=\"token\" value=\"").nth(1)?.split('"').next()?.to_owned());
        let body = format!("token={}&{fields}", of(&page).unwrap_or_default());
        let head = format!(
            "POST {path} HTTP/1.1\r\nAccept: text/html\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/x-www-form-urlencoded"
        );
        let address = self.stage.address;
        let raw = std::thread::scope(|scope| {
            let answer = scope.spawn(|| exchange(address, &head, body.as_bytes()));
            if path.ends_with("/object") {
                std::thread::sleep(std::time::Duration::from_millis(400));
                self.stage.pass(server::engine::SLOT_PERIOD);
            }
            answer.join().unwrap()
        });
        let by = self.tokens.get(token).cloned();
        self.note((by.as_deref().unwrap_or("anybody"), "POST", path), raw)
    }

    pub fn get(&mut self, path: &str, token: Option<&str>) -> Raw {
        let raw = self.stage.get(path, token);
        let by = token.and_then(|token| self.tokens.get(token)).cloned();
        self.note((by.as_deref().unwrap_or("anybody"), "GET", path), raw)
    }

    /// Something that is asked with a session and a body, and does nothing.
    pub fn ask(&mut self, path: &str, token: Option<&str>, body: &Value) -> Raw {
        let session = token.map(|token| format!("\r\nAuthorization: Bearer {token}")).unwrap_or_default();
        let head = format!("POST {path} HTTP/1.1{session}");
        let raw = exchange(self.stage.address, &head, body.to_string().as_bytes());
        let by = token.and_then(|token| self.tokens.get(token)).cloned();
        self.note((by.as_deref().unwrap_or("anybody"), "POST", path), raw)
    }

    fn nonce(&mut self, by: &str) -> Hash {
        let challenge = self.stage.challenge(by);
        let nonce = Hash::parse(challenge.json()["nonce"].as_str().unwrap()).unwrap();
        self.note((by, "POST", "/v1/challenge"), challenge);
        nonce
    }

    fn sending<'a>(&self, by: &'a str, method: &'a str, path: &'a str, command: Value) -> Sending<'a> {
        let mut sending = self.stage.sending(by, &self.words(by), path, command);
        sending.method = method;
        sending
    }

    /// An act with what this person types in this history.
    pub fn act(&mut self, by: &str, method: &str, path: &str, command: Value) -> Raw {
        let sending = self.sending(by, method, path, command);
        self.dispatch(&sending)
    }

    pub fn post(&mut self, by: &str, path: &str, command: Value) -> Raw {
        self.act(by, "POST", path, command)
    }

    /// An act that must be accepted.
    pub fn done(&mut self, by: &str, path: &str, command: Value) -> Value {
        let raw = self.post(by, path, command);
        assert!(matches!(raw.status(), 201 | 202), "{path}: {raw:?}");
        raw.json()
    }

    /// An act without a phrase, as programs send it.
    pub fn program(&mut self, by: &str, method: &str, path: &str, command: Value) -> Raw {
        let mut sending = self.sending(by, method, path, command);
        sending.phrase = None;
        self.dispatch(&sending)
    }

    pub fn dispatch(&mut self, sending: &Sending<'_>) -> Raw {
        let nonce = self.nonce(sending.by);
        let raw = self.stage.send_with(sending, nonce);
        self.note((sending.by, sending.method, sending.path), raw)
    }

    /// An act on the covert lane, answered at its tick.
    pub fn covert(&mut self, by: &str, path: &str, command: Value) -> Raw {
        let sending = self.sending(by, "POST", path, command);
        self.note_challenge_of_covert(by);
        let raw = self.stage.send_covert(&sending);
        self.note((by, "POST", path), raw)
    }

    /// `send_covert` asks for its own nonce; this one is what the captor would see.
    fn note_challenge_of_covert(&mut self, by: &str) {
        self.nonce(by);
    }

    /// An act that the captor does not see: nothing of it is compared, and time moves by one slot whatever comes of it.
    pub fn unseen(&self, by: &str, path: &str, command: Value) -> Raw {
        let sending = self.stage.sending(by, &own(by), path, command);
        self.stage.send_covert(&sending)
    }

    /// A refusal by the device's signature, whatever the phrase.
    pub fn forged(&mut self, by: &str, path: &str) -> Raw {
        let mut sending = self.sending(by, "POST", path, json!({}));
        sending.device = device("mallory");
        let body = envelope(&sending, Hash([1; 32]));
        let raw = self.stage.send_body(&sending, &body);
        self.note((by, "POST", path), raw)
    }

    /// Signs in.
    pub fn token(&mut self, by: &str) -> String {
        let grant = self.done(by, "/v1/session", json!({}));
        let token = grant["token"].as_str().unwrap().to_owned();
        self.tokens.insert(token.clone(), by.to_owned());
        token
    }

    /// A PSBT of the treasury's first coin that nothing else has reserved.
    pub fn psbt(&self, units: u64, member: &str) -> Vec<u8> {
        let holdings = self.stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
        world::psbt(&holdings, units, &[member])
    }

    /// A PSBT of the treasury's last coin.
    pub fn psbt_of_last(&self, units: u64, member: &str) -> Vec<u8> {
        let holdings = self.stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
        world::psbt_of(&holdings, holdings.coins().last().unwrap(), units, &[member])
    }

    pub fn pass(&self, span: Span) {
        self.stage.pass(span);
    }
}

/// What is different between two histories.
pub fn differences(one: &[Exchange], other: &[Exchange]) -> Vec<String> {
    assert_eq!(one.len(), other.len(), "as many exchanges in both histories");
    let differing = one.iter().zip(other).enumerate().filter(|(_, (one, other))| one != other);
    let told = differing.map(|(at, (one, other))| {
        format!("{at} {} {} by {}:\n{:?}\n--\n{:?}", one.method, one.path, one.by, one.raw, other.raw)
    });
    told.collect()
}
