//! How many durable commands a second come through HTTP on loopback: a service's submissions, with a device signature each and without
//! phrase checks. `cargo bench -p server --bench http`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends at the first thing that is wrong"
)]
#![allow(dead_code, reason = "the stage of the tests has more than a benchmark needs")]

#[path = "../tests/stage/mod.rs"]
mod stage;
#[path = "../tests/world/mod.rs"]
mod world;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use server::clock::Stopwatch;
use stage::{Sending, Stage, device, envelope};
use types::{Hash, hash_parts};

const PATH: &str = "/v1/transfers";
const COMMANDS: usize = 8_000;
const CONNECTIONS: [usize; 3] = [1, 8, 64];

fn main() {
    // A test runner asks differently; it is answered with nothing, at once.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    for connections in CONNECTIONS {
        let stage = Stage::new();
        // One connection waits for one flush after another: fewer are enough.
        let each = if connections == 1 { COMMANDS / 8 } else { COMMANDS / connections };
        let address = stage.address;
        let watch = Stopwatch::start();
        let threads: Vec<_> =
            (0..connections).map(|nth| std::thread::spawn(move || submit(address, nth, each))).collect();
        let mut latencies: Vec<Duration> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let took = watch.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let at = |hundredth: usize| latencies[latencies.len() * hundredth / 100].as_secs_f64() * 1000.0;
        println!(
            "{connections:>3} connections: {:>6.0} commands/s durable (two requests each: nonce and command), median {:.1} ms, p99 {:.1} ms",
            latencies.len() as f64 / took,
            at(50),
            at(99),
        );
    }
}

/// Submits over one connection that is kept open; gives how long each command took, nonce and signature included.
fn submit(address: SocketAddr, nth: usize, count: usize) -> Vec<Duration> {
    let mut connection = BufReader::new(TcpStream::connect(address).unwrap());
    let one = |number: usize| {
        let watch = Stopwatch::start();
        let key = format!("{nth}-{number}");
        let nonce = post(&mut connection, "/v1/challenge", "none", &json!({ "by": "payroll" }).to_string());
        let nonce = Hash::parse(nonce["nonce"].as_str().unwrap()).unwrap();
        let sending = sending(&key);
        let answer = post(&mut connection, PATH, &key, &envelope(&sending, nonce));
        assert!(answer["transfer"].is_string(), "{answer}");
        watch.elapsed()
    };
    (0..count).map(one).collect()
}

fn sending(key: &str) -> Sending<'static> {
    let nonce = hex::encode(&hash_parts("nonce", &[key.as_bytes()]).0[..16]);
    let output = json!({ "address": "anywhere", "amount": "1 BTC" });
    Sending {
        by: "payroll",
        device: device("payroll"),
        phrase: None,
        method: "POST",
        path: PATH,
        key: key.to_owned(),
        command: json!({ "vault": "desk", "outputs": [output], "max_fee": "0 BTC", "nonce": nonce }),
    }
}

fn post(connection: &mut BufReader<TcpStream>, path: &str, key: &str, body: &str) -> Value {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    connection.get_mut().write_all(request.as_bytes()).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}
