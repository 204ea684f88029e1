//! Servers that are broken or hostile: endless, silent, impossible, nonsensical answers end in an error with a code (G1, G6).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod stage;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use chain::{Auth, CoreRpc, Electrum, Esplora, Source, SyncLimits};
use regtest::{Certificate, ElectrumX, EsploraBridge, Node, Options};
use serde_json::{Value, json};
use stage::*;

/// Listens, and hands every connection to the closure.
fn server(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// An Electrum server that answers each question with what the closure makes of it.
fn electrum(answer: impl Fn(&str, &Value) -> Value + Send + Sync + Clone + 'static) -> Electrum {
    let port = server(move |mut stream| {
        for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
            let asked: Value = serde_json::from_str(&line).unwrap();
            let one = |each: &Value| {
                let method = each["method"].as_str().unwrap();
                let result = match method {
                    "server.version" => json!(["liar", "1.4"]),
                    other => answer(other, &each["params"]),
                };
                json!({ "jsonrpc": "2.0", "id": each["id"], "result": result })
            };
            let text = match asked.as_array() {
                Some(list) => Value::from(list.iter().map(one).collect::<Vec<_>>()).to_string(),
                None => one(&asked).to_string(),
            };
            if stream.write_all(format!("{text}\n").as_bytes()).is_err() {
                break;
            }
        }
    });
    Electrum::new(&format!("tcp://127.0.0.1:{port}"), None).unwrap()
}

fn genesis() -> String {
    bitcoin::consensus::encode::serialize_hex(&bitcoin::constants::genesis_block(NETWORK).header)
}

#[test]
fn an_electrum_server_without_sense_is_an_error_and_no_panic() {
    let mut wallet = empty_wallet();
    let answers: [fn(&str, &Value) -> Value; 5] = [
        |_, _| Value::Null,
        |_, _| json!({ "height": 99_999_999_999u64, "hex": "00", "count": 5, "headers": [], "max": 1 }),
        |_, _| json!([]),
        // Fewer headers than were asked for.
        |method, _| match method {
            "blockchain.headers.subscribe" => json!({ "height": 30, "hex": genesis() }),
            "blockchain.block.headers" => json!({ "count": 1, "hex": genesis(), "max": 2016 }),
            "blockchain.scripthash.get_history" => json!([{ "height": 5, "tx_hash": "11".repeat(32) }]),
            _ => json!([]),
        },
        // A tip below the wallet's own and heights that cannot be.
        |method, _| match method {
            "blockchain.headers.subscribe" => json!({ "height": 0, "hex": genesis() }),
            "blockchain.block.headers" => json!({ "count": 1, "hex": genesis(), "max": 2016 }),
            _ => json!([{ "height": -7, "tx_hash": "11".repeat(32) }]),
        },
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let source = electrum(answer);
        let outcome = source.sync(&mut wallet, SyncLimits::at(now())).unwrap_err();
        let codes = ["chain-answer-malformed", "chain-no-common-block"];
        assert!(codes.contains(&outcome.code()), "{number}: {outcome}");
        assert!(source.tip().is_err() || number == 4, "{number}");
        let nothing = bitcoin::OutPoint::null();
        assert!(!source.unspent(&nothing, &elsewhere(1)).unwrap_or(false), "{number}");
    }
    assert_eq!(wallet.tip().height, 0);
}

/// The client library cuts as many headers out of the answer as the answer claims to have, and panics where there are none.
#[test]
fn a_count_of_headers_that_are_not_there_is_an_error_and_no_panic() {
    let source = electrum(|_, _| json!({ "count": 5, "hex": "00", "max": 2016 }));
    for _ in 0..2 {
        assert_eq!(source.check(NETWORK).unwrap_err().code(), "chain-answer-malformed");
    }
}

#[test]
fn an_electrum_server_that_never_ends_a_line_is_cut_off() {
    let port = server(|mut stream| {
        let much = vec![b' '; 1 << 20];
        while stream.write_all(&much).is_ok() {}
    });
    let source = Electrum::new(&format!("tcp://127.0.0.1:{port}"), None).unwrap();
    assert_eq!(source.tip().unwrap_err().code(), "chain-answer-too-large");
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_is_opened_again() {
    let port = server(|mut stream| {
        // The handshake and one question.
        for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok).take(2) {
            let asked: Value = serde_json::from_str(&line).unwrap();
            let result = match asked["method"].as_str().unwrap() {
                "server.version" => json!(["tired", "1.4"]),
                _ => json!({ "count": 1, "hex": genesis(), "max": 2016 }),
            };
            let text = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result }).to_string();
            stream.write_all(format!("{text}\n").as_bytes()).unwrap();
        }
    });
    let source = Electrum::new(&format!("tcp://127.0.0.1:{port}"), None).unwrap();
    for _ in 0..3 {
        source.check(NETWORK).unwrap();
        thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn endless_http(stream: TcpStream) {
    let mut stream = stream;
    let mut line = String::new();
    let _ = BufReader::new(stream.try_clone().unwrap()).read_line(&mut line);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    let much = vec![b'1'; 1 << 20];
    while stream.write_all(&much).is_ok() {}
}

#[test]
fn an_answer_over_http_that_never_ends_is_cut_off() {
    let port = server(endless_http);
    let url = format!("http://127.0.0.1:{port}");
    assert_eq!(Esplora::new(&url).unwrap().tip().unwrap_err().code(), "chain-answer-too-large");
    let folder = tempfile::tempdir().unwrap();
    let cookie = folder.path().join("cookie");
    std::fs::write(&cookie, "a:b").unwrap();
    let node = CoreRpc::new(&url, Auth::Cookie(cookie), 0).unwrap();
    assert_eq!(node.tip().unwrap_err().code(), "chain-answer-too-large");
}

#[test]
fn what_is_no_json_rpc_is_malformed_and_nobody_is_unreachable() {
    let port = server(|mut stream| {
        let mut line = String::new();
        let _ = BufReader::new(stream.try_clone().unwrap()).read_line(&mut line);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    });
    let folder = tempfile::tempdir().unwrap();
    let cookie = folder.path().join("cookie");
    std::fs::write(&cookie, "a:b").unwrap();
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let node = |port| CoreRpc::new(&at(port), Auth::Cookie(cookie.clone()), 0).unwrap();
    assert_eq!(node(port).tip().unwrap_err().code(), "chain-answer-malformed");
    assert_eq!(Esplora::new(&at(port)).unwrap().tip().unwrap_err().code(), "chain-answer-malformed");
    let nobody = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_eq!(node(nobody).tip().unwrap_err().code(), "chain-unreachable");
    assert_eq!(Esplora::new(&at(nobody)).unwrap().tip().unwrap_err().code(), "chain-unreachable");
    let electrum = Electrum::new(&format!("tcp://127.0.0.1:{nobody}"), None).unwrap();
    assert_eq!(electrum.tip().unwrap_err().code(), "chain-unreachable");
}

/// bdk's graph panics at a mined coin that is said to wait in the mempool: a liar must not stop us for good.
#[test]
fn a_mined_coin_that_is_said_to_wait_stops_nobody() {
    let node = Node::start(&Options { txindex: true, ..Options::default() }).unwrap();
    let mut wallet = empty_wallet();
    let script = reveal(&mut wallet);
    node.mine_to_script(1, &script).unwrap();
    node.mine(5).unwrap();
    let bridge = EsploraBridge::start(&node).unwrap();
    bridge.alter(|path, text| match path.ends_with("/txs") {
        true => text.replace("\"confirmed\":true", "\"confirmed\":false"),
        false => text,
    });
    let source = Esplora::new(bridge.url()).unwrap();
    sync(&source, &mut wallet);
    assert_eq!(wallet.balance().total(), bitcoin::Amount::ZERO);
    // What an index has told is told: a wallet that a liar filled is made anew and scanned.
    let mut anew = empty_wallet();
    sync(&core(&node), &mut anew);
    assert_eq!(anew.coins(1).len(), 1);
}

#[test]
fn electrum_over_tls_trusts_the_certificate_that_it_was_given_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["server", "other"] {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=electrum", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(path(&format!("{name}.key")))
            .arg("-out")
            .arg(path(&format!("{name}.pem")))
            .output()
            .expect("install openssl: `sudo apt-get install openssl`");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let extra = vec![ElectrumX::NODE_ARGUMENT.to_owned()];
    let node = Node::start(&Options { txindex: true, extra, ..Options::default() }).unwrap();
    node.mine(3).unwrap();
    let (certificate, key) = (path("server.pem"), path("server.key"));
    let tls = Certificate { certificate: &certificate, key: &key };
    let server = ElectrumX::start(&node, Some(&tls)).unwrap();
    let tip = |trusted: Option<&std::path::Path>| Electrum::new(server.url(), trusted).unwrap().tip();
    assert_eq!(tip(Some(&certificate)).unwrap(), core(&node).tip().unwrap());
    for refused in [tip(Some(&path("other.pem"))), tip(None)] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), "chain-unreachable");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
}
