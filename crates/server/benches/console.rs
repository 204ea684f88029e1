//! How long the pages of an organisation with 10 000 transfers take, over HTTP on loopback, and how much of that is the page: each against
//! plain reads of the operations that it reads. `cargo bench -p server --bench console`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    reason = "a benchmark prints, and ends at the first thing that is wrong; the stage of the tests has more than it needs"
)]

#[path = "../tests/stage/mod.rs"]
mod stage;
#[path = "../tests/world/mod.rs"]
mod world;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use console::{Api, Ask, Fields, Look, Pending, Who};
use credentials::Cost;
use serde_json::{Value, json};
use server::clock::Stopwatch;
use stage::{Sending, Stage, device, envelope, own, proposal};
use types::{Hash, PersonId, hash_parts};

const TRANSFERS: usize = 10_000;
const CONNECTIONS: usize = 8;
/// How many requests each figure rests on.
const ROUNDS: usize = 300;
/// What the slowest page in a hundred should take at most.
const AIM: Duration = Duration::from_millis(20);

/// Who asks for which pages; `ID` stands for a transfer that waits, `ROOM` for the page of an incident.
const PAGES: [(&str, &[&str]); 3] = [
    (
        "alice",
        &[
            "/",
            "/transfers",
            "/transfers?status=pending",
            "/transfers?search=INV-7",
            "/transfers?mine=true",
            "/transfers/ID",
            "/transfers/new",
            "/vaults",
            "/vaults/treasury",
            "/stops",
            "/motions",
            "/policy",
            "/policy/edit",
            "/exposure",
            "/me",
            "/settings",
            "/sign-in",
        ],
    ),
    ("lea", &["/", "/audit", "/register", "/exposure"]),
    ("dora", &["/response", "ROOM", "/response/drills", "/response/duty"]),
];

fn main() {
    // A test runner asks differently; it is answered with nothing, at once.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let stage = organisation();
    let id = busy(&stage);
    let mut missed = 0;
    println!("{:<30} {:>8} {:>8}   {:>6} {:>8}   operations read", "page", "p50 ms", "p99 ms", "KB", "ratio");
    for (name, paths) in PAGES {
        let mut visitor = Visitor::new(&stage, name);
        for path in paths {
            let room = stage.first_incident().replace("/v1", "");
            missed += usize::from(!visitor.measure(&path.replace("ID", &id).replace("ROOM", &room)));
        }
    }
    println!("p99 above {} ms: {missed} pages", AIM.as_millis());
}

/// The world's organisation with an auditor.
fn organisation() -> Stage {
    let mut sources = world::sources();
    sources[0].text = sources[0]
        .text
        .replace("responders = \"responders\"", "responders = \"responders\"\nauditors = \"auditors\"");
    sources[1].text += "[[place]]\nid = \"home-lea\"\nkind = \"home\"\n[[person]]\nid = \"lea\"\ngroups = [\"auditors\"]\nplaces = [\"home-lea\"]\nkeys = []\n";
    let stage = Stage::on(
        |_| Cost::CHEAP,
        sources,
        |parts, folder| {
            parts.settings.exposure_file = Some(folder.join("exposure.json"));
        },
    );
    let phrase = credentials::Phrase::parse(&own("lea")).unwrap();
    let verifier =
        credentials::Verifier::make(&phrase, stage.engine.secrets().pepper(), [4; 16], Cost::CHEAP).unwrap();
    stage::enrol(&stage.engine, "lea", Some(verifier));
    stage
}

/// Many transfers of a program, some of people that wait, and an alarm. Gives one that waits.
fn busy(stage: &Stage) -> String {
    let address = stage.address;
    let each = TRANSFERS / CONNECTIONS;
    let threads: Vec<_> =
        (0..CONNECTIONS).map(|nth| std::thread::spawn(move || submit(address, nth, each))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let waiting = (1..20).map(|nonce| {
        let proposed = stage.post("bob", "/v1/transfers", proposal("0.4 BTC", nonce, None));
        proposed.json()["transfer"].as_str().unwrap().to_owned()
    });
    let id = waiting.last().unwrap();
    stage.post("alice", &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }));
    stage.post("carol", "/v1/stops", json!({ "scope": { "vault": "desk" }, "reason": "stock-taking" }));
    stage.token("bob", &stage::panic("bob"));
    stage.pass(types::Span::from_seconds(60));
    id
}

fn submit(address: SocketAddr, nth: usize, count: usize) {
    let mut line = Line::new(address);
    for number in 0..count {
        let key = format!("{nth}-{number}");
        let nonce = line.post("/v1/challenge", "none", &json!({ "by": "payroll" }).to_string());
        let nonce = Hash::parse(nonce["nonce"].as_str().unwrap()).unwrap();
        let own = hex::encode(&hash_parts("nonce", &[key.as_bytes()]).0[..16]);
        let output = json!({ "address": format!("customer-{number}"), "amount": "1 BTC" });
        let command = json!({ "vault": "desk", "outputs": [output], "max_fee": "0 BTC", "nonce": own, "memo": "withdrawal",
            "reference": format!("W-{nth}-{number}") });
        let sending = Sending {
            by: "payroll",
            device: device("payroll"),
            phrase: None,
            method: "POST",
            path: "/v1/transfers",
            key,
            command,
        };
        let answer = line.post("/v1/transfers", &sending.key, &envelope(&sending, nonce));
        assert!(answer["transfer"].is_string(), "{answer}");
    }
}

/// A connection that is kept open.
struct Line(BufReader<TcpStream>);

impl Line {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    fn post(&mut self, path: &str, key: &str, body: &str) -> Value {
        let head =
            format!("POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nIdempotency-Key: {key}");
        serde_json::from_slice(&self.exchange(&head, body).1).unwrap()
    }

    /// Status and body.
    fn exchange(&mut self, head: &str, body: &str) -> (u16, Vec<u8>) {
        let request = format!("{head}\r\nHost: bench\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut length, mut status) = (0, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if status == 0 {
                status = line.split(' ').nth(1).unwrap().parse().unwrap();
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, body)
    }
}

/// Somebody who looks at pages, and reads the operations plainly.
struct Visitor {
    line: Line,
    token: String,
    who: Who,
}

/// The operations that a page reads, asked over HTTP and written down.
struct Heard<'v> {
    line: Mutex<&'v mut Line>,
    token: &'v str,
    paths: Mutex<Vec<String>>,
}

impl Api for Heard<'_> {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        let (status, body) = self.line.lock().unwrap().exchange(&read(path, self.token), "");
        self.paths.lock().unwrap().push(path.to_owned());
        let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let answer = match status {
            200 => Ok(value),
            _ => Err(serde_json::from_value(value).unwrap()),
        };
        Box::pin(async move { answer })
    }

    fn post<'a>(&'a self, _path: &'a str, _body: Value) -> Pending<'a, Value> {
        panic!("a page that is looked at posts nothing")
    }

    fn hold<'a>(&'a self, _path: &'a str, _command: Value) -> Pending<'a, Value> {
        panic!("a page that is looked at holds nothing up")
    }

    fn delete<'a>(&'a self, _path: &'a str) -> Pending<'a, Value> {
        panic!("a page that is looked at takes nothing away")
    }
}

fn read(path: &str, token: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nAccept: text/html\r\nAuthorization: Bearer {token}\r\nCookie: __Host-rempart={token}"
    )
}

impl Visitor {
    fn new(stage: &Stage, name: &str) -> Self {
        let token = stage.token(name, &own(name));
        let who = Who {
            person: PersonId::parse(name).unwrap(),
            organisation: "Essai".to_owned(),
            responder: name == "dora",
            auditor: name == "lea",
            token: String::new(),
        };
        Self { line: Line::new(stage.address), token, who }
    }

    /// Prints how long a page takes; whether that is fast enough.
    fn measure(&mut self, path: &str) -> bool {
        let operations = self.operations_of(path);
        let token = self.token.clone();
        let size = self.line.exchange(&read(path, &token), "");
        assert_eq!(size.0, 200, "{path}: {}", String::from_utf8_lossy(&size.1));
        let [page_half, page_most] = self.times(|line| drop(line.exchange(&read(path, &token), "")));
        let [plain_half, _] = self.times(|line| {
            for operation in &operations {
                line.exchange(&read(operation, &token), "");
            }
        });
        let millis = |span: Duration| span.as_secs_f64() * 1000.0;
        let ratio =
            if operations.is_empty() { f64::NAN } else { page_half.as_secs_f64() / plain_half.as_secs_f64() };
        let short: Vec<String> = operations.iter().map(|path| path.chars().take(40).collect()).collect();
        let name: String = path.chars().take(30).collect();
        println!(
            "{name:<30} {:>8.2} {:>8.2}   {:>6.1} {ratio:>8.2}   {}",
            millis(page_half),
            millis(page_most),
            size.1.len() as f64 / 1000.0,
            short.join(" ")
        );
        page_most <= AIM
    }

    fn times(&mut self, mut once: impl FnMut(&mut Line)) -> [Duration; 2] {
        let mut took: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let watch = Stopwatch::start();
                once(&mut self.line);
                watch.elapsed()
            })
            .collect();
        took.sort_unstable();
        [took[ROUNDS / 2], took[ROUNDS * 99 / 100]]
    }

    /// What a page reads to be made.
    fn operations_of(&mut self, address: &str) -> Vec<String> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let (page, parameters) = console::find("GET", path).unwrap_or_else(|| panic!("{path} is no page"));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let ask = Ask {
            language: api::Language::English,
            look: Look::System,
            path: path.to_owned(),
            parameters,
            query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            fields: Fields::new(),
            who: Some(self.who.clone()),
            zone: jiff::tz::TimeZone::UTC,
        };
        let heard = Heard { line: Mutex::new(&mut self.line), token: &self.token, paths: Mutex::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Err(problem) = runtime.block_on((page.show)(&ask, &heard)) {
            panic!("{address}: {problem:?}");
        }
        heard.paths.into_inner().unwrap()
    }
}
