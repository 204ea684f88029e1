//! Browsers are woken when something waits for their person, by overt facts alone, without a word (G3, G9): a push service on loopback notes
//! every byte, and node's own WebCrypto judges the server's signature as a push service would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credentials::Cost;
use serde_json::{Value, json};
use stage::{Raw, Stage, exchange, own, panic, proposal};
use types::Span;
use world::{SLOW_HOLD, wait_until};

/// One request: its path, its headers in lower case, its body.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pushed {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// What is answered to a path, one status after another.
type Answers = Arc<Mutex<BTreeMap<String, Vec<u16>>>>;

/// A push service. What it answers to a path is said beforehand, one status after another; 201 otherwise.
struct Service {
    address: SocketAddr,
    pushed: Arc<Mutex<Vec<Pushed>>>,
    answers: Answers,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (pushed, answers) = (Arc::<Mutex<Vec<Pushed>>>::default(), Answers::default());
        let (notes, said) = (Arc::clone(&pushed), Arc::clone(&answers));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                let request = read(&mut stream);
                let mut said = said.lock().unwrap();
                let status = said
                    .get_mut(&request.path)
                    .filter(|left| !left.is_empty())
                    .map_or(201, |left| left.remove(0));
                notes.lock().unwrap().push(request);
                let _gone =
                    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { address, pushed, answers }
    }

    fn answer(&self, path: &str, statuses: &[u16]) {
        self.answers.lock().unwrap().insert(path.to_owned(), statuses.to_vec());
    }

    fn endpoint(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn pushed(&self) -> Vec<Pushed> {
        self.pushed.lock().unwrap().clone()
    }

    fn paths(&self) -> Vec<String> {
        self.pushed().into_iter().map(|one| one.path).collect()
    }

    fn waits_for(&self, count: usize) {
        wait_until("as many pushes", || self.pushed().len() >= count);
        quiet();
        assert_eq!(self.pushed().len(), count, "{:?}", self.paths());
    }
}

/// In real time: whatever the thread that wakes browsers has to do, it has done. It looks once a second.
fn quiet() {
    std::thread::sleep(Duration::from_millis(2500));
}

fn read(stream: &mut std::net::TcpStream) -> Pushed {
    let mut bytes = Vec::new();
    let mut one = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut one).unwrap_or(0) == 1 {
        bytes.push(one[0]);
    }
    let text = String::from_utf8(bytes).unwrap();
    let mut lines = text.lines();
    let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Pushed { path, headers, body }
}

fn stage(prepare: impl FnOnce(&mut server::push::PushSettings)) -> Stage {
    Stage::on(
        |_| Cost::CHEAP,
        world::sources(),
        |parts, folder| {
            let push = &mut parts.settings.push;
            push.file = Some(folder.join("push.json"));
            push.hosts = vec!["127.0.0.1".to_owned()];
            push.allow_private = true;
            push.contact = Some("mailto:ops@rempart.example".to_owned());
            prepare(push);
        },
    )
}

fn asked(stage: &Stage, method: &str, headers: &str, body: &Value) -> Raw {
    exchange(stage.address, &format!("{method} /v1/me/push HTTP/1.1{headers}"), body.to_string().as_bytes())
}

fn with(token: &str) -> String {
    format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json")
}

fn subscribe(stage: &Stage, who: &str, endpoint: &str) {
    let token = stage.token(who, &own(who));
    // As `PushSubscription.toJSON()` gives it.
    let body =
        json!({ "endpoint": endpoint, "expirationTime": null, "keys": { "p256dh": "x", "auth": "y" } });
    let answer = asked(stage, "POST", &with(&token), &body);
    assert_eq!((answer.status(), answer.json()), (200, json!({ "on": true })), "{answer:?}");
    // The thread has seen who is there, and what waits for them already.
    quiet();
}

fn propose(stage: &Stage, by: &str, phrase: &str, nonce: u8) -> String {
    let accepted = stage.send(&stage.sending(by, phrase, "/v1/transfers", proposal("0.4 BTC", nonce, None)));
    assert_eq!(accepted.status(), 202, "{accepted:?}");
    accepted.json()["transfer"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_may_approve_is_woken_once_a_minute_and_nobody_else() {
    let (service, stage) = (Service::start(), stage(|_| {}));
    for who in ["alice", "bob", "dora"] {
        subscribe(&stage, who, &service.endpoint(&format!("/{who}")));
    }
    propose(&stage, "alice", &own("alice"), 1);
    // Not who proposed it, and not a responder who approves nothing.
    service.waits_for(1);
    assert_eq!(service.paths(), ["/bob"]);
    propose(&stage, "alice", &own("alice"), 2);
    propose(&stage, "alice", &own("alice"), 3);
    quiet();
    assert_eq!(service.paths(), ["/bob"], "a minute has not passed");
    stage.pass(Span::from_seconds(61));
    service.waits_for(2);
    assert_eq!(service.paths(), ["/bob", "/bob"], "two more, one push");
    stage.pass(Span::from_seconds(600));
    quiet();
    assert_eq!(service.paths().len(), 2, "nothing new");
    let lowered = stage.post("carol", "/v1/people/alice/revoke", json!({}));
    assert_eq!(lowered.status(), 202, "{lowered:?}");
    // A motion that anybody but the one concerned may endorse.
    service.waits_for(4);
    let mut newest = service.paths().split_off(2);
    newest.sort();
    assert_eq!(newest, ["/bob", "/dora"]);
}

#[test]
fn a_push_has_no_content_and_a_signature_that_a_push_service_believes() {
    let (service, stage) = (Service::start(), stage(|_| {}));
    let token = stage.token("bob", &own("bob"));
    let key = stage.get("/v1/push", Some(&token)).json()["key"].as_str().unwrap().to_owned();
    subscribe(&stage, "bob", &service.endpoint("/wpush/v2/bob"));
    propose(&stage, "alice", &own("alice"), 1);
    service.waits_for(1);
    let pushed = &service.pushed()[0];
    assert!(pushed.body.is_empty());
    let names: Vec<&str> = pushed.headers.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "topic",
            "ttl",
            "urgency",
            "user-agent"
        ]
        .into_iter()
        .filter(|name| names.contains(name))
        .collect::<Vec<_>>()
    );
    assert_eq!((pushed.headers["ttl"].as_str(), pushed.headers["urgency"].as_str()), ("86400", "high"));
    assert!(pushed.headers["topic"].len() <= 32, "RFC 8030");
    let authorization = &pushed.headers["authorization"];
    let (jwt, public) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(public, key, "the key that the browser was given");
    let claims = judged(jwt, public).expect("the signature holds");
    let now = stage.wall().as_millis() / 1000;
    assert_eq!(claims["aud"], format!("http://{}", service.address));
    assert_eq!(claims["sub"], "mailto:ops@rempart.example");
    let left = claims["exp"].as_i64().unwrap() - now;
    assert!((1..=86_400).contains(&left), "RFC 8292: at most a day, {left}");
    assert_eq!(claims.as_object().unwrap().len(), 3, "nothing else is said");
    // The judge can say no.
    let (said, _) = jwt.rsplit_once('.').unwrap();
    let forged = format!("{said}.{}", "A".repeat(86));
    assert_eq!(judged(&forged, public), None);
}

/// The claims, if node believes the signature.
fn judged(jwt: &str, public: &str) -> Option<Value> {
    const JUDGE: &str = r#"
const [jwt, key] = require("fs").readFileSync(0, "utf8").split("\n");
const bytes = (text) => Buffer.from(text, "base64url");
const [head, claims, signature] = jwt.split(".");
(async () => {
  const header = JSON.parse(bytes(head));
  if (header.alg !== "ES256" || header.typ !== "JWT") throw new Error("header");
  const kind = { name: "ECDSA", namedCurve: "P-256" };
  const imported = await crypto.subtle.importKey("raw", bytes(key), kind, false, ["verify"]);
  const said = new TextEncoder().encode(`${head}.${claims}`);
  const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, bytes(signature), said);
  console.log(good ? bytes(claims).toString() : "null");
})();
"#;
    let node = Command::new("node").arg("-e").arg(JUDGE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut node = node.expect("node is missing: install it (Debian: apt-get install nodejs)");
    write!(node.stdin.take().unwrap(), "{jwt}\n{public}").unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice::<Option<Value>>(&output.stdout).unwrap()
}

#[test]
fn a_push_that_fails_is_tried_again_and_a_browser_that_is_gone_is_forgotten() {
    let (service, stage) = (Service::start(), stage(|push| push.every = Duration::from_secs(1)));
    service.answer("/weak", &[503, 429, 500, 502, 503]);
    service.answer("/gone", &[410]);
    service.answer("/lost", &[404]);
    service.answer("/angry", &[403]);
    for path in ["/weak", "/gone", "/lost", "/angry"] {
        subscribe(&stage, "bob", &service.endpoint(path));
    }
    propose(&stage, "alice", &own("alice"), 1);
    service.waits_for(4);
    for _ in 0..6 {
        stage.pass(Span::from_seconds(120));
        quiet();
    }
    let count = |path: &str| service.paths().iter().filter(|own| *own == path).count();
    assert_eq!(
        [count("/weak"), count("/gone"), count("/lost"), count("/angry")],
        [4, 1, 1, 1],
        "four tries, then no more"
    );
    let kept = std::fs::read_to_string(stage.folder().join("push.json")).unwrap();
    assert!(!kept.contains("/gone") && !kept.contains("/lost"), "{kept}");
    assert!(kept.contains("/weak") && kept.contains("/angry"), "{kept}");
}

#[test]
fn only_ones_own_page_switches_it_on_and_only_for_push_services() {
    let stage = stage(|push| push.hosts = vec!["push.example".to_owned()]);
    let token = stage.token("bob", &own("bob"));
    let good = json!({ "endpoint": "https://push.example/bob" });
    assert_eq!(stage.get("/v1/push", None).status(), 401);
    assert_eq!(asked(&stage, "POST", "\r\nContent-Type: application/json", &good).status(), 401);
    let plain = format!("\r\nAuthorization: Bearer {token}\r\nContent-Type: text/plain");
    assert_eq!(asked(&stage, "POST", &plain, &good).code(), "malformed");
    for site in ["cross-site", "same-site", "none"] {
        let foreign = format!("{}\r\nSec-Fetch-Site: {site}", with(&token));
        assert_eq!(asked(&stage, "POST", &foreign, &good).code(), "malformed", "{site}");
        let cookie = format!(
            "\r\nCookie: __Host-rempart={token}\r\nContent-Type: application/json\r\nSec-Fetch-Site: {site}"
        );
        assert!(asked(&stage, "POST", &cookie, &good).status() >= 400, "{site}");
    }
    let cookie = format!(
        "\r\nCookie: __Host-rempart={token}\r\nContent-Type: application/json\r\nSec-Fetch-Site: same-origin"
    );
    assert_eq!(asked(&stage, "POST", &cookie, &good).status(), 200);
    for endpoint in
        ["https://evil.example/x", "https://127.0.0.1/x", "http://169.254.169.254/latest", "x", ""]
    {
        let answer = asked(&stage, "POST", &with(&token), &json!({ "endpoint": endpoint }));
        assert_eq!(answer.code(), "command-invalid", "{endpoint}");
    }
    assert_eq!(asked(&stage, "POST", &with(&token), &json!({ "url": 1 })).code(), "malformed");
    let large = json!({ "endpoint": "https://push.example/".to_owned() + &"x".repeat(70_000) });
    assert_eq!(asked(&stage, "POST", &with(&token), &large).code(), "body-too-large");
    for _ in 0..2 {
        // Whether it was on or not.
        let off = asked(&stage, "DELETE", &with(&token), &good);
        assert_eq!((off.status(), off.json()), (200, json!({ "on": false })));
    }
}

/// G3: what leaves for a push service, and when, is the same whatever the phrases were and whatever responders do.
#[test]
fn coercion_wakes_nobody_and_keeps_nobody_asleep() {
    let history = |coerced: bool| {
        let (service, stage) = (Service::start(), stage(|_| {}));
        let typed = |who: &str| if coerced { panic(who) } else { own(who) };
        for who in ["bob", "dora", "emil"] {
            subscribe(&stage, who, &service.endpoint(&format!("/{who}")));
        }
        let mut counts = Vec::new();
        let transfer = propose(&stage, "alice", &typed("alice"), 1);
        quiet();
        counts.push(service.paths());
        // Responders hear of it over their own channels, never here.
        let path = format!("{}/acknowledge", stage.first_incident());
        let acted = stage.send_covert(&stage.sending("emil", &own("emil"), &path, json!({})));
        assert_eq!(acted.status() == 404, !coerced);
        stage.pass(Span::from_seconds(61));
        quiet();
        counts.push(service.paths());
        propose(&stage, "bob", &own("bob"), 2);
        propose(&stage, "alice", &typed("alice"), 3);
        stage.pass(Span::from_seconds(61));
        quiet();
        counts.push(service.paths());
        let approve = format!("/v1/transfers/{transfer}/approve");
        stage.post("bob", &approve, json!({ "payload_hash": transfer }));
        stage.pass(SLOW_HOLD);
        quiet();
        counts.push(service.paths());
        let word = stage.get(&format!("/v1/transfers/{transfer}"), Some(&stage.token("bob", &own("bob"))));
        (counts, word.json()["status"].as_str().unwrap().to_owned())
    };
    let runs = [false, true].map(|coerced| std::thread::spawn(move || history(coerced)));
    let [free, coerced] = runs.map(|run| run.join().unwrap());
    assert_eq!(free.0, coerced.0);
    assert_eq!(free.0[0], ["/bob"]);
    assert!(free.0[2].len() > free.0[1].len());
    // The two histories do differ.
    assert_eq!(coerced.1, "declined");
    assert_ne!(free.1, "declined");
}
