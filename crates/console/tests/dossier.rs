//! A dossier in a real browser, from the sealed bytes to the screen and away again (G9): the identity and what was opened are in no request and in
//! no file of the browser's folder.
//!
//! The server is a stand-in that keeps everything it is sent; how the real one hands a packet over is tested in `server`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use browser::{Browser, Options, search_folder};
use console::{Api, Ask, Fields, Language, Look, Pending, Shown, Who, assets, find, problem, whole_page};
use dossier::{Binding, NewIdentity, NoPrompt, Packet, Prompt, seal};
use jiff::tz::TimeZone;
use policy::Recipient;
use serde_json::{Value, json};
use types::{PersonId, Timestamp};

const SITE: &str = "http://localhost:8087";
const PAGE: &str = "/response/dossiers/alice";
const DUTY: &str = "/response/duty";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; manifest-src 'self'; \
                      worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const PASSPHRASE: &str = "seven quiet herons";
const SECRET: &str = "Mathilde d'Exemple, 12 rue du Test";
const KEPT: &str = "2026-11-20T09:30:00Z";

struct Room;

impl Api for Room {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        if path == "/v1/response/duty" {
            return Box::pin(async {
                Ok(
                    json!({ "schedules": [{ "schedule": "night", "people": ["rene"], "until": null }], "overrides": [], "channels": [], "warnings": [] }),
                )
            });
        }
        if path != "/v1/response/incidents" {
            return self.post(path, Value::Null);
        }
        let incident = json!({
            "id": 40213, "status": "actual", "opened": KEPT, "level": "confirmed", "cover": "organisation", "call_back": "731204",
            "subjects": [{ "person": "alice", "found": KEPT, "from": KEPT }], "acknowledged": [], "narrowing": [], "narrowing_to": null,
            "clearing": [], "clearing_met_since": null, "closed": null, "callers": [], "signals": [], "escalation": null, "told": [],
            "procedure": null, "steps": [], "lead": null, "awaits": null, "call_backs": [], "lost": { "transfers": [], "motions": [] }
        });
        Box::pin(async move { Ok(json!({ "incidents": [incident] })) })
    }

    fn post<'a>(&'a self, _: &'a str, _: Value) -> Pending<'a, Value> {
        Box::pin(async { Err(problem(api::Code::NotFound)) })
    }

    fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value> {
        self.post(path, command)
    }

    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        self.post(path, Value::Null)
    }
}

fn page(language: Language, path: &str) -> String {
    let who = Who {
        person: PersonId::parse("rene").unwrap(),
        organisation: "Exemple SAS".to_owned(),
        responder: true,
        auditor: false,
        token: "token".to_owned(),
    };
    let (found, parameters) = find("GET", path).unwrap();
    let (query, fields) = (Fields::new(), Fields::new());
    let (path, zone) = (path.to_owned(), TimeZone::UTC);
    let ask = Ask { language, look: Look::System, path, parameters, query, fields, who: Some(who), zone };
    let mut shown = pin!((found.show)(&ask, &Room));
    let Poll::Ready(Ok(Shown::Page { title, content, scripts, live })) =
        shown.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("no page")
    };
    whole_page(&ask, &title, &content, scripts, live).into_string()
}

/// What the stand-in serves and what it was sent.
struct Server {
    port: u16,
    sent: Arc<Mutex<Vec<String>>>,
    dossier: Arc<Mutex<Value>>,
}

fn serve(language: Language, dossier: Value) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let dossier = Arc::new(Mutex::new(dossier));
    let handed = Arc::clone(&dossier);
    let (own, pages) = (Arc::clone(&sent), [PAGE, DUTY].map(|path| (path, page(language, path))));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let request = request(&stream);
            let answer = answer(&request, &pages, &handed.lock().unwrap());
            own.lock().unwrap().push(request);
            let (kind, body) = answer.unwrap_or(("text/plain", Vec::new()));
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Security-Policy: {POLICY}\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let _written = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(&body));
        }
    });
    Server { port, sent, dossier }
}

/// The whole of it: its head and as much as the head says.
fn request(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match stream.read(&mut part) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&part[..read]),
            _ => return text,
        }
    }
}

fn answer(request: &str, pages: &[(&str, String)], dossier: &Value) -> Option<(&'static str, Vec<u8>)> {
    let path = request.split(' ').nth(1)?.split('?').next()?;
    let json = |value: Value| Some(("application/json", value.to_string().into_bytes()));
    if let Some((_, page)) = pages.iter().find(|(own, _)| *own == path) {
        return Some(("text/html; charset=utf-8", page.as_bytes().to_vec()));
    }
    match path {
        "/empty" => Some(("text/html", b"<!doctype html><title>x</title>".to_vec())),
        "/v1/passkeys" => json(json!({ "relying_party": "localhost", "algorithms": [-7] })),
        "/v1/challenge" => json(json!({ "nonce": "07".repeat(32) })),
        "/v1/response/incidents/40213/dossiers/alice" => json(dossier.clone()),
        _ => assets().find(|asset| asset.path == path).map(|asset| (asset.kind, asset.bytes().to_vec())),
    }
}

fn sealed(person: &str, revision: u32, recipients: &[Recipient]) -> Value {
    let prompt: Arc<dyn Prompt> = Arc::new(NoPrompt);
    let file = format!(
        "name = \"Alice Martin {revision}\"\nnotes = \"<img src=x onerror=alert(1)>\"\n[words]\ndistress = \"ferns\"\n\
         [[telephone]]\nwhat = \"mobile\"\nnumber = \"+33 6 39 98 00 01\"\n[[relative]]\nname = \"{SECRET}\"\n[[relative]]\nname = \"Paul\"\n"
    );
    let binding = Binding {
        organisation: "Exemple SAS".into(),
        person: PersonId::parse(person).unwrap(),
        revision,
        sealed_at: Timestamp::parse(KEPT).unwrap(),
    };
    let bytes = seal(&Packet::parse(&file).unwrap(), &binding, recipients, &prompt).unwrap();
    json!({ "revision": revision, "sealed": STANDARD.encode(bytes) })
}

fn handed(packets: &[Value]) -> Value {
    let revisions = packets.iter().map(
        |packet| json!({ "revision": packet["revision"], "kept_at": KEPT, "free": packet["revision"] == 2 }),
    );
    json!({ "person": "alice", "organisation": "Exemple SAS", "revisions": revisions.collect::<Vec<_>>(), "packets": packets })
}

fn browser(server: &Server, language: &str) -> Browser {
    let options =
        Options { language: language.to_owned(), server_port: Some(server.port), ..Options::default() };
    let mut browser = Browser::start(&options).unwrap();
    browser.add_authenticator().unwrap();
    browser.visit(&format!("{SITE}{PAGE}")).unwrap();
    let make = "navigator.credentials.create({ publicKey: { challenge: new Uint8Array(32), rp: { id: 'localhost', name: 'x' }, \
                user: { id: new Uint8Array(8), name: 'rene', displayName: 'rene' }, pubKeyCredParams: [{ type: 'public-key', alg: -7 }], \
                authenticatorSelection: { residentKey: 'required', userVerification: 'required' }, extensions: { prf: {} } } })\
                .then((made) => { globalThis.made = made.getClientExtensionResults().prf?.enabled ?? false; })";
    browser.eval(make).unwrap();
    browser.wait("the passkey", "globalThis.made !== undefined").unwrap();
    browser
}

/// The act: three words of the list, the device, the button.
fn open_it(browser: &mut Browser) {
    for (number, word) in ["zebra", "zebra", "zebra"].iter().enumerate() {
        browser.type_text(&format!("#open-dossier .word:nth-child({}) input", number + 1), word).unwrap();
    }
    browser.wait("the button", "!document.querySelector('#open-dossier button').disabled").unwrap();
    browser.click("#open-dossier .row button").unwrap();
}

fn status(browser: &mut Browser, place: &str, text: &str) {
    browser
        .wait(text, &format!("document.querySelector('{place}').textContent.includes({})", json!(text)))
        .unwrap();
}

fn paste(browser: &mut Browser, identity: &str) {
    browser.eval("document.querySelector('#identity details').open = true").unwrap();
    browser.eval(&format!("document.querySelector('#identity-text').value = {}", json!(identity))).unwrap();
    browser.click("#identity-use").unwrap();
}

#[test]
fn a_dossier_opens_here_and_leaves_nothing() {
    let identity = NewIdentity::generate();
    let recipients = [identity.recipient().unwrap()];
    let server =
        serve(Language::English, handed(&[sealed("alice", 3, &recipients), sealed("alice", 2, &recipients)]));
    let mut browser = browser(&server, "en");
    let locked = identity.protected(PASSPHRASE, 12).unwrap();
    paste(&mut browser, "orange");
    status(&mut browser, "#identity .status", "no age identity");
    paste(&mut browser, &locked);
    status(&mut browser, "#identity .status", "under a passphrase");
    browser.type_text("#identity-passphrase", PASSPHRASE).unwrap();
    browser.click("#identity-use").unwrap();
    status(&mut browser, "#identity .status", "The key is ready");
    assert_eq!(browser.eval("document.querySelector('#identity-text').value + document.querySelector('#identity-passphrase').value").unwrap(), "");
    open_it(&mut browser);
    status(&mut browser, "#opened", "Alice Martin 3");
    let shown = browser.text("#opened").unwrap();
    for text in [
        "Alice Martin 2",
        "+33 6 39 98 00 01",
        "ferns",
        SECRET,
        "Paul",
        "<img src=x onerror=alert(1)>",
        "may not have been free",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    // What is not in the packet has no line.
    assert!(!shown.contains("Blood group") && !shown.contains("Vehicle"), "{shown}");
    assert_eq!(shown.matches("may not have been free").count(), 1, "{shown}");
    if let Ok(folder) = std::env::var("SHOW_PAGES") {
        std::fs::write(format!("{folder}/dossier-opened.png"), browser.screenshot().unwrap()).unwrap();
    }

    browser.click("#put-away").unwrap();
    assert_eq!(browser.text("#opened").unwrap(), "");
    open_it(&mut browser);
    status(&mut browser, "#opening", "Now choose your key");
    paste(&mut browser, &identity.plain());
    status(&mut browser, "#opened", "Alice Martin 3");
    browser.visit(&format!("{SITE}/empty")).unwrap();
    browser.eval("history.back()").unwrap();
    browser
        .wait(
            "the page again",
            &format!("location.pathname === '{PAGE}' && document.readyState === 'complete'"),
        )
        .unwrap();
    assert_eq!(browser.eval("document.querySelector('#opened').textContent").unwrap(), "");

    let plain = identity.plain().to_string();
    let secret = plain.lines().last().unwrap();
    let texts = [secret, PASSPHRASE, SECRET, "Alice Martin", "AGE-SECRET-KEY-1"];
    let sent = server.sent.lock().unwrap().clone();
    assert!(
        sent.iter().any(|request| request.starts_with("POST /v1/response/incidents/40213/dossiers/alice"))
    );
    for text in texts {
        assert!(!sent.iter().any(|request| request.contains(text)), "{text} was sent");
    }
    assert!(browser.complaints().unwrap().is_empty());
    let folder = browser.close().unwrap();
    let found = search_folder(folder.path(), &[secret, PASSPHRASE, SECRET, "Alice Martin"]).unwrap();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_was_not_asked_for_is_not_shown_at_once() {
    let identity = NewIdentity::generate();
    let recipients = [identity.recipient().unwrap()];
    let other = NewIdentity::generate();
    let server = serve(
        Language::French,
        handed(&[sealed("bob", 2, &recipients), sealed("alice", 1, &[other.recipient().unwrap()])]),
    );
    let mut browser = browser(&server, "fr");
    paste(&mut browser, &identity.plain());
    open_it(&mut browser);
    status(&mut browser, "#opened", "C'est le dossier d'une autre personne.");
    let shown = browser.text("#opened").unwrap();
    assert!(!shown.contains("Alice Martin"), "{shown}");
    assert!(shown.contains("Il n'est pas scellé pour cette clé."), "{shown}");
    browser.click("#opened button").unwrap();
    status(&mut browser, "#opened", "Alice Martin 2");
}

#[test]
fn a_passkey_is_a_key_too() {
    let server = serve(Language::English, json!({}));
    let mut browser = browser(&server, "en");
    assert_eq!(
        browser.eval("globalThis.made").unwrap(),
        true,
        "this browser's authenticator has the PRF extension"
    );
    browser.click("#identity-passkey").unwrap();
    status(&mut browser, "#identity .status", "The key is ready");
    // The public half for the register is that of the same key: what is sealed to it opens with the passkey.
    browser.visit(&format!("{SITE}{DUTY}")).unwrap();
    browser.click("#own-key button").unwrap();
    status(&mut browser, "#own-key .status", "recipients");
    let recipient = Recipient::parse(&browser.text("#own-recipient").unwrap()).unwrap();
    *server.dossier.lock().unwrap() = handed(&[sealed("alice", 2, &[recipient])]);
    browser.visit(&format!("{SITE}{PAGE}")).unwrap();
    browser.click("#identity-passkey").unwrap();
    status(&mut browser, "#identity .status", "The key is ready");
    let sent = server.sent.lock().unwrap().clone();
    assert!(sent.iter().all(|request| request.starts_with("GET ")), "the assertion around it is thrown away");
    open_it(&mut browser);
    status(&mut browser, "#opened", "Alice Martin 2");
}

/// Somebody reads a script to the police while the room renews itself.
#[test]
fn what_was_opened_stays_open_when_the_page_renews_itself() {
    let server = serve(Language::English, json!({}));
    let mut browser = browser(&server, "en");
    browser.visit(&format!("{SITE}{DUTY}")).unwrap();
    browser.eval("document.querySelector('main details').open = true").unwrap();
    // As `console.js` does when it is told that something changed.
    let renew = "htmx.ajax('GET', location.href, { target: '#main', select: '#main', swap: 'outerMorph' }).then(() => { globalThis.renewed = true; })";
    browser.eval("document.querySelector('main h2').textContent = 'old'").unwrap();
    browser.eval(renew).unwrap();
    browser
        .wait("the new page", "globalThis.renewed && document.querySelector('main h2').textContent !== 'old'")
        .unwrap();
    assert_eq!(browser.eval("document.querySelector('main details').open").unwrap(), true);
}
