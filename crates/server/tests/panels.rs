//! The receiver of panels over real sockets, against frames that the independent codec `siadc09` makes and reads; and what became of them in
//! the engine. And the way in for CAP messages over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "../../alarm/tests/peers/mod.rs"]
mod peers;
mod stage;
mod world;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alarm::{ID_HEADER, Kind, Message, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign_webhook};
use credentials::Cost;
use serde_json::{Value, json};
use server::entropy::SeededEntropy;
use server::intake::{
    CapSettings, INTAKE_CONNECTIONS_PER_SOURCE_MAX, IntakeSettings, PanelSettings, Panels, serve_tcp,
    serve_udp,
};
use stage::{Raw, Stage, exchange, own};
use types::{PanelId, PersonId, PlaceId, Span};
use world::{Bell, wait_until};

const KEY: &str = "00112233445566778899aabbccddeeff";
const LONG_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECRET: &[u8] = &[b's'; 32];

/// A server with panels at alice's home, and a listener.
struct Site {
    stage: Stage,
    messages: Arc<Mutex<Vec<Message>>>,
    tcp: SocketAddr,
    udp: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

fn panel(id: &str, account: &str, key_file: Option<&str>) -> PanelSettings {
    PanelSettings {
        id: PanelId::parse(id).unwrap(),
        account: account.into(),
        key_file: key_file.map(ToOwned::to_owned),
        plain: key_file.is_none(),
        place: PlaceId::parse("home-alice").ok(),
        person: None,
        supervise: None,
    }
}

fn panels() -> Panels {
    let list = [
        panel("sealed", "1A2B", Some("aes")),
        panel("long", "1A2C", Some("aes-256")),
        panel("plain", "1A2D", None),
    ];
    let guard = CapSettings {
        id: PanelId::parse("guard").unwrap(),
        secret_file: Some("secret".into()),
        key: None,
        place: None,
        person: PersonId::parse("alice").ok(),
    };
    let read = |file: &str| {
        Ok(match file {
            "aes" => KEY.into(),
            "aes-256" => LONG_KEY.into(),
            _ => SECRET.to_vec(),
        })
    };
    Panels::open(&IntakeSettings::default(), &list, &[guard], &read).unwrap()
}

impl Site {
    fn new() -> Self {
        let (bell, messages) = Bell::new("centre", 0);
        let stage = Stage::on(
            |_| Cost::CHEAP,
            world::sources(),
            |parts, _| {
                parts.channels.push(Box::new(bell));
                parts.settings.panels = Arc::new(panels());
            },
        );
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (engine, entropy) = (stage.engine.clone(), Arc::new(SeededEntropy::new(world::seed(8))));
        let (tcp, udp) = runtime.block_on(async {
            let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let addresses = (tcp.local_addr().unwrap(), udp.local_addr().unwrap());
            tokio::spawn(serve_tcp(engine.clone(), entropy.clone(), tcp, std::future::pending()));
            tokio::spawn(serve_udp(engine, entropy, udp, std::future::pending()));
            addresses
        });
        Self { stage, messages, tcp, udp, _runtime: runtime }
    }

    fn signals(&self) -> usize {
        self.stage.engine.read(|state| state.covert().signals().count())
    }

    fn time(&self) -> String {
        self.stage.wall().to_string()
    }

    fn press(&self, account: &str, key: Option<&str>, seq: u16) -> Value {
        json!({ "token": "SIA-DCS", "data": format!("#{account}|Nri1/HA001"), "account": account, "key": key, "seq": seq, "time": self.time() })
    }
}

/// The other side: siadc09.
struct Dialler {
    child: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Dialler {
    fn new(address: SocketAddr, transport: &str) -> Self {
        let mut child = Command::new("python3")
            .arg("-u")
            .arg(peers::folder().join("dc09_panel.py"))
            .args([&address.ip().to_string(), &address.port().to_string(), transport])
            .env("PYTHONPATH", peers::installed("python"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn send(&mut self, frame: &Value) -> Value {
        writeln!(self.input, "{frame}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn answer(&mut self, frame: &Value) -> Option<String> {
        self.send(frame)["answer"].as_str().map(ToOwned::to_owned)
    }
}

impl Drop for Dialler {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn with(mut frame: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        frame[name] = value.clone();
    }
    frame
}

#[test]
fn a_button_at_home_is_an_incident_for_everyone_there() {
    let site = Site::new();
    let mut dialler = Dialler::new(site.tcp, "tcp");
    let health = site.stage.get("/health", None);
    let said = dialler.send(&site.press("1A2B", Some(KEY), 7));
    assert_eq!((said["answer"].as_str(), said["seq"].as_u64()), (Some("ACK"), Some(7)), "{said}");
    assert_eq!((said["encrypted"].as_bool(), said["account"].as_str()), (Some(true), Some("1A2B")));
    assert!(said["time"].is_string(), "{said}");
    // The clock stands still: no slot was written since, and it is durable all the same.
    assert_eq!(site.signals(), 1);
    wait_until("it is delivered", || !site.messages.lock().unwrap().is_empty());
    let told = site.messages.lock().unwrap()[0].clone();
    assert_eq!(told.kind, Kind::Panel);
    assert_eq!(site.stage.get("/health", None), health, "nobody sees it in the server's health");
    let token = site.stage.token("dora", &own("dora"));
    let incident = site.stage.get(&site.stage.first_incident(), Some(&token)).json();
    assert_eq!(incident["level"], "confirmed", "{incident}");
    let subjects: Vec<&str> = incident["subjects"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|subject| subject["person"].as_str())
        .collect();
    assert!(subjects.contains(&"alice"), "{incident}");
    assert_eq!(incident["signals"][0]["kind"], "panel");
    let heard = site.stage.engine.panels().last_heard(&PanelId::parse("sealed").unwrap());
    assert_eq!(heard, Some(site.stage.wall()));
}

#[test]
fn all_keys_both_formats_and_both_transports() {
    let site = Site::new();
    for (round, (address, transport)) in [(site.tcp, "tcp"), (site.udp, "udp")].into_iter().enumerate() {
        let mut dialler = Dialler::new(address, transport);
        for (index, (account, key)) in
            [("1A2B", Some(KEY)), ("1A2C", Some(LONG_KEY)), ("1A2D", None)].into_iter().enumerate()
        {
            let number = (10 * round + index) as u16;
            let before = site.signals();
            assert_eq!(
                dialler.answer(&site.press(account, key, number)).as_deref(),
                Some("ACK"),
                "{account} {transport}"
            );
            site.stage.pass(Span::from_seconds(61));
            assert_eq!(site.signals(), before + 1, "{account} {transport}");
            let contact = json!({ "token": "ADM-CID", "data": format!("#{account}|1121 01 001"), "seq": number + 100, "time": site.time() });
            assert_eq!(dialler.answer(&with(site.press(account, key, 0), contact)).as_deref(), Some("ACK"));
            site.stage.pass(Span::from_seconds(61));
            assert_eq!(site.signals(), before + 2, "{account} {transport}: Contact ID");
        }
    }
}

#[test]
fn signs_of_life_tests_and_restores_are_acknowledged_and_nothing_more() {
    let site = Site::new();
    let mut dialler = Dialler::new(site.tcp, "tcp");
    let frame = |changes| with(site.press("1A2B", Some(KEY), 1), changes);
    for (seq, changes) in (1..).zip([
        json!({ "token": "NULL", "data": null }),
        json!({ "token": "XNM", "data": null }),
        json!({ "data": "#1A2B|NRP000" }),
        json!({ "data": "#1A2B|Nri1/RX001" }),
        json!({ "data": "#1A2B|Nri1/HH001" }),
        json!({ "token": "ADM-CID", "data": "#1A2B|1602 00 000" }),
        json!({ "token": "ADM-CID", "data": "#1A2B|3121 01 001" }),
    ]) {
        let frame = with(frame(changes), json!({ "seq": seq }));
        assert_eq!(dialler.answer(&frame).as_deref(), Some("ACK"), "{frame}");
    }
    let nonsense = frame(json!({ "token": "SIA-PUL", "data": null, "seq": 20 }));
    assert_eq!(dialler.answer(&nonsense).as_deref(), Some("DUH"));
    assert_eq!(site.signals(), 0);
}

#[test]
fn what_is_forged_old_or_broken_never_reaches_the_gate() {
    let site = Site::new();
    let mut dialler = Dialler::new(site.tcp, "tcp");
    let before = site.stage.engine.read(|state| state.hash().unwrap());
    for (frame, why) in [
        (site.press("1A2B", Some("ffffffffffffffffffffffffffffffff"), 1), "a wrong key"),
        (site.press("1A2B", None, 1), "in the clear where there is a key"),
        (site.press("1A2C", Some(KEY), 1), "another panel's key"),
        (site.press("9999", Some(KEY), 1), "an account of nobody"),
        (with(site.press("1A2B", Some(KEY), 1), json!({ "spoil": "crc" })), "a wrong checksum"),
        (with(site.press("1A2D", None, 1), json!({ "spoil": "crc" })), "a wrong checksum in the clear"),
    ] {
        assert_eq!(dialler.answer(&frame), None, "{why}");
    }
    for (seconds, later) in [(60, false), (60, true)] {
        let span = Span::from_seconds(seconds);
        let time = if later { site.stage.wall().after(span) } else { site.stage.wall().before(span) };
        let frame = with(site.press("1A2B", Some(KEY), 2), json!({ "time": time.to_string() }));
        let said = dialler.send(&frame);
        assert_eq!(said["answer"], "NAK");
        assert_eq!(
            said["time"].as_str().unwrap(),
            dc09::write_stamp(site.stage.wall()),
            "with the right time"
        );
    }
    assert_eq!(site.stage.engine.read(|state| state.hash().unwrap()), before);
    assert_eq!(site.signals(), 0);
}

#[test]
fn a_frame_that_comes_again_is_acknowledged_again_and_is_one_sign() {
    let site = Site::new();
    let mut dialler = Dialler::new(site.tcp, "tcp");
    let frame = site.press("1A2B", Some(KEY), 3);
    let again = with(frame.clone(), json!({ "again": true }));
    assert_eq!(dialler.answer(&frame).as_deref(), Some("ACK"));
    for _ in 0..5 {
        assert_eq!(dialler.answer(&again).as_deref(), Some("ACK"));
    }
    assert_eq!(site.signals(), 1);
    site.stage.pass(Span::from_seconds(90));
    assert_eq!(dialler.answer(&again).as_deref(), Some("NAK"), "recorded and sent later");
    assert_eq!(site.signals(), 1);
}

#[test]
fn a_flood_of_connections_ends_and_leaves_room() {
    let site = Site::new();
    let idle: Vec<TcpStream> =
        (0..2 * INTAKE_CONNECTIONS_PER_SOURCE_MAX).map(|_| TcpStream::connect(site.tcp).unwrap()).collect();
    let mut closed = 0;
    for mut stream in &idle {
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        closed += usize::from(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)) && is_closed(stream));
    }
    assert!(
        closed >= INTAKE_CONNECTIONS_PER_SOURCE_MAX,
        "{closed}: those that are too many are closed at once"
    );
    drop(idle);
    let mut dialler = Dialler::new(site.tcp, "tcp");
    wait_until("there is room again", || {
        TcpStream::connect(site.tcp).is_ok_and(|stream| !is_closed(&stream))
    });
    assert_eq!(dialler.answer(&site.press("1A2B", Some(KEY), 3)).as_deref(), Some("ACK"));
    let mut noise = TcpStream::connect(site.tcp).unwrap();
    let _refused = noise.write_all(&vec![b'x'; 100_000]);
    noise.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(matches!(noise.read(&mut [0; 8]), Ok(0) | Err(_)), "what is no frame ends the connection");
}

fn is_closed(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut answer = [0; 8];
    match stream.read(&mut answer) {
        Ok(length) => length <= answer.len(),
        Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
    }
}

#[test]
fn the_panels_own_server_and_ours_understand_each_other() {
    let site = Site::new();
    let settings = json!({
        "kind": "dc09", "id": "arc", "host": "127.0.0.1", "port": site.tcp.port(), "account": "1A2B",
        "allow_private": true, "key_file": "aes"
    });
    let channel = peers::open(settings, &[("aes", KEY.as_bytes())]);
    channel.probe(site.stage.wall()).unwrap();
    assert_eq!(site.signals(), 0);
    channel.deliver(&peers::message(1), None, site.stage.wall()).unwrap();
    assert_eq!(site.signals(), 1);
    site.stage.pass(Span::from_seconds(300));
    channel.deliver(&peers::message(1), None, site.stage.wall().before(Span::from_seconds(120))).unwrap();
    assert_eq!(site.signals(), 2, "with its clock corrected");
}

fn cap(status: &str, kind: &str) -> String {
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>g1</identifier><sender>guard</sender>\
         <sent>2026-11-20T09:30:00+01:00</sent><status>{status}</status><msgType>{kind}</msgType><scope>Private</scope></alert>"
    )
}

fn send_cap(stage: &Stage, secret: &[u8], id: &str, body: &str) -> Raw {
    let seconds = stage.wall().as_millis() / 1000;
    let signature = sign_webhook(secret, id, seconds, body.as_bytes());
    let head = format!(
        "POST /v1/intake/cap HTTP/1.1\r\nContent-Type: application/cap+xml\r\n{ID_HEADER}: {id}\r\n{TIMESTAMP_HEADER}: {seconds}\r\n{SIGNATURE_HEADER}: {signature}"
    );
    exchange(stage.address, &head, body.as_bytes())
}

#[test]
fn a_cap_message_is_an_alarm_once_and_an_exercise_is_none() {
    let site = Site::new();
    let (health, metrics) = (site.stage.get("/health", None), site.stage.get("/metrics", None));
    let mut answers = Vec::new();
    for (number, (status, kind)) in
        [("Exercise", "Alert"), ("Test", "Alert"), ("Actual", "Cancel"), ("Actual", "Ack")]
            .into_iter()
            .enumerate()
    {
        answers.push(send_cap(&site.stage, SECRET, &format!("m{number}"), &cap(status, kind)));
    }
    assert_eq!(site.signals(), 0);
    for _ in 0..3 {
        answers.push(send_cap(&site.stage, SECRET, "press", &cap("Actual", "Alert")));
    }
    assert_eq!(site.signals(), 1);
    assert_eq!(answers[0].status(), 204, "{:?}", answers[0]);
    for answer in &answers {
        assert_eq!(answer, &answers[0], "the same answer whatever follows");
    }
    assert_eq!(site.stage.get("/health", None), health);
    let expected = metrics.body().replace("{kind=\"done\"} 1\n", "{kind=\"done\"} 3\n");
    assert_eq!(site.stage.get("/metrics", None).body(), expected, "not in the figures");
    wait_until("it is delivered", || !site.messages.lock().unwrap().is_empty());
    assert_eq!(site.messages.lock().unwrap()[0].who.as_str(), "alice");
    // The end of it on the other side ends nothing here.
    assert_eq!(send_cap(&site.stage, SECRET, "end", &cap("Actual", "Cancel")).status(), 204);
    let open = site
        .stage
        .engine
        .read(|state| state.covert().incidents().filter(|(_, one)| one.closed.is_none()).count());
    assert_eq!(open, 1);
}

#[test]
fn whoever_is_not_known_gets_one_answer() {
    let site = Site::new();
    let body = cap("Actual", "Alert");
    let before = site.stage.engine.read(|state| state.hash().unwrap());
    let forged = send_cap(&site.stage, &[b'x'; 32], "m1", &body);
    assert_eq!((forged.status(), forged.code().as_str()), (401, "unauthenticated"));
    let head = "POST /v1/intake/cap HTTP/1.1";
    for other in [
        send_cap(&site.stage, b"", "m1", &body),
        send_cap(&site.stage, SECRET, "a.b", &body),
        send_cap(&site.stage, &[b'x'; 32], "m1", "no XML at all"),
        exchange(site.stage.address, head, body.as_bytes()),
        exchange(site.stage.address, &format!("{head}\r\n{ID_HEADER}: \u{ff}"), b""),
    ] {
        assert_eq!(other, forged);
    }
    assert_eq!(site.stage.engine.read(|state| state.hash().unwrap()), before);
    let malformed = send_cap(&site.stage, SECRET, "m2", &body.replace("Actual", "Really"));
    assert_eq!((malformed.status(), malformed.code().as_str()), (422, "cap-invalid"));
    assert_eq!(site.signals(), 0);
}
