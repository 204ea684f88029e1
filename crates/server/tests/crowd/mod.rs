//! Many people at once, over real sockets, each from an address of their own: for the tests of load and the benchmark.
#![allow(dead_code, reason = "each user needs another part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use credentials::{Cost, Language, Phrase, Verifier};
use serde_json::{Value, json};
use server::clock::Stopwatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use types::{Hash, hash_parts};

use crate::stage::{self, Raw, Sending, Stage, device, envelope, own, panic};
use crate::world;

pub fn name(nth: usize) -> String {
    format!("crowd-{nth}")
}

/// The world's organisation with so many more people who may approve; every phrase of theirs costs so much to check.
pub fn stage(people: usize, cost: Cost) -> Stage {
    let mut sources = world::sources();
    for nth in 0..people {
        let name = name(nth);
        sources[1].text += &format!(
            "[[place]]\nid = \"home-{name}\"\nkind = \"home\"\n\
             [[person]]\nid = \"{name}\"\ngroups = [\"finance\"]\nplaces = [\"home-{name}\"]\nkeys = []\n"
        );
    }
    sources[1].text += "[[protected]]\nid = \"mathilde\"\nof = [\"alice\"]\nplaces = [\"home-alice\"]\n";
    let stage = Stage::on(|_| cost, sources, |_, _| {});
    for nth in 0..people {
        stage::enrol(&stage.engine, &name(nth), Some(verifier(&stage, &name(nth), cost)));
    }
    stage
}

fn verifier(stage: &Stage, name: &str, cost: Cost) -> Verifier {
    let salt = hash_parts("salt", &[name.as_bytes()]).0[..16].try_into().unwrap();
    let phrase = Phrase::draw(Language::English, &hash_parts("test-phrase", &[name.as_bytes()]).0);
    Verifier::make(&phrase, stage.engine.secrets().pepper(), salt, cost).unwrap()
}

/// One request on a connection of its own, from one of 250 addresses of this machine.
pub async fn knock(server: SocketAddr, from: usize, head: &str, body: &str) -> Raw {
    let source = Ipv4Addr::new(127, 0, 1, u8::try_from(from % 250).unwrap() + 1);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((source, 0))).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let request =
        format!("{head}\r\nHost: t\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _reset_after_answer = stream.read_to_end(&mut answer).await;
    Raw(answer)
}

/// An act, with its challenge; gives the answer and how long the act itself took.
pub async fn act(server: SocketAddr, from: usize, sending: Sending<'_>) -> (Raw, Duration) {
    let asked = json!({ "by": sending.by }).to_string();
    let challenge = knock(server, from, "POST /v1/challenge HTTP/1.1", &asked).await;
    let nonce = Hash::parse(challenge.json()["nonce"].as_str().unwrap()).unwrap();
    let body = envelope(&sending, nonce);
    let head = format!("{} {} HTTP/1.1\r\nIdempotency-Key: {}", sending.method, sending.path, sending.key);
    let watch = Stopwatch::start();
    let answer = knock(server, from, &head, &body).await;
    (answer, watch.elapsed())
}

/// What somebody sends; every other one of the crowd types another phrase than their own.
pub fn sending<'a>(by: &'a str, forced: bool, path: &'a str, key: String, command: Value) -> Sending<'a> {
    let phrase = Some(if forced { panic(by) } else { own(by) });
    Sending { by, device: device(by), phrase, method: "POST", path, key, command }
}

/// A press on the page of a link that is nobody's: the same work as on any other, and durable when it is answered.
pub async fn press(server: SocketAddr, from: usize, path: &str) -> (Raw, Duration) {
    let watch = Stopwatch::start();
    let answer = knock(server, from, &format!("POST {path} HTTP/1.1"), "do=1").await;
    (answer, watch.elapsed())
}
