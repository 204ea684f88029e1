//! The console over HTTP: cookies, forms and their token, headers, absent pages, holding without a script, streams (G3, G5, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use stage::{Raw, Stage, exchange, own, panic, proposal};
use types::TransferId;

const HTML: &str = "Accept: text/html";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// A browser of somebody who is signed in.
struct Browser<'s> {
    stage: &'s Stage,
    cookie: String,
}

impl<'s> Browser<'s> {
    fn of(stage: &'s Stage, by: &str, phrase: &str) -> Self {
        let sending = stage.sending(by, phrase, "/v1/session", json!({ "cookie": true }));
        let raw = stage.send(&sending);
        assert_eq!(raw.status(), 201, "{raw:?}");
        assert!(raw.json().get("token").is_none(), "the token is in the cookie alone");
        let cookie = raw.header("set-cookie").unwrap();
        for part in ["__Host-rempart=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=43200"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        Self { stage, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    fn get(&self, path: &str) -> Raw {
        let head = format!("GET {path} HTTP/1.1\r\n{HTML}\r\nCookie: {}", self.cookie);
        exchange(self.stage.address, &head, b"")
    }

    /// The token that goes with forms.
    fn token(&self) -> String {
        let page = self.get("/settings").body();
        let after = page.split("name=\"token\" value=\"").nth(1).expect("a form with a token");
        after.split('"').next().unwrap().to_owned()
    }

    fn post(&self, path: &str, body: &str) -> Raw {
        self.post_with(path, body, "Sec-Fetch-Site: same-origin")
    }

    fn post_with(&self, path: &str, body: &str, header: &str) -> Raw {
        let head = format!("POST {path} HTTP/1.1\r\n{HTML}\r\n{FORM}\r\n{header}\r\nCookie: {}", self.cookie);
        exchange(self.stage.address, &head, body.as_bytes())
    }
}

fn words(phrase: &str) -> String {
    let words = phrase.split(' ').enumerate().map(|(at, word)| format!("word{}={word}", at + 1));
    words.collect::<Vec<_>>().join("&")
}

#[test]
fn without_a_session_every_path_leads_to_sign_in() {
    let stage = Stage::new();
    for path in [
        "/transfers",
        "/response",
        "/response/incidents/1",
        "/nothing",
        "/audit",
        "/register",
        "/nothing/at/all",
    ] {
        let raw = exchange(stage.address, &format!("GET {path} HTTP/1.1\r\n{HTML}"), b"");
        assert_eq!(raw.status(), 303, "{path}");
        assert!(raw.header("location").unwrap().starts_with("/sign-in?next="), "{path}");
    }
    let page = exchange(stage.address, &format!("GET /sign-in HTTP/1.1\r\n{HTML}"), b"");
    assert_eq!(page.status(), 200);
}

#[test]
fn pages_of_others_are_the_same_bytes_as_pages_that_do_not_exist() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "alice", &own("alice"));
    let absent = browser.get("/nothing");
    assert_eq!(absent.status(), 404);
    for path in [
        "/response",
        "/response/incidents/1",
        "/response/duty",
        "/register",
        "/audit",
        "/transfers/77",
        "/x/y/z",
    ] {
        assert_eq!(browser.get(path).0, absent.0, "{path}");
    }
    let room = Browser::of(&stage, "dora", &own("dora"));
    assert_eq!(room.get("/response").status(), 200);
}

#[test]
fn every_page_is_protected() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "dora", &own("dora"));
    for page in console::PAGES.iter().filter(|page| page.method == "GET" && !page.path.contains('{')) {
        let raw = browser.get(page.path);
        if raw.header("content-type").is_none_or(|kind| !kind.starts_with("text/html")) {
            continue;
        }
        let header = |name: &str| raw.header(name).unwrap_or_else(|| panic!("{}: no {name}", page.path));
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let body = raw.body();
        assert!(
            !body.contains(" style=") && !body.contains("javascript:") && !body.contains("<style"),
            "{}",
            page.path
        );
        assert!(!body.contains(" onclick=") && !body.contains(" onload="), "{}", page.path);
        for script in body.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(" src=\"/assets/"), "{}: {tag}", page.path);
        }
    }
}

#[test]
fn a_form_of_another_site_does_nothing() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "alice", &own("alice"));
    let token = browser.token();
    let form = |token: &str| format!("language=fr&look=dark&token={token}");
    assert_eq!(browser.post("/settings", &form(&token)).status(), 303);
    let refused = [
        browser.post("/settings", "language=fr&look=dark"),
        browser.post("/settings", &form(&"0".repeat(token.len()))),
        browser.post_with("/settings", &form(&token), "Sec-Fetch-Site: cross-site"),
        browser.post_with("/settings", &form(&token), "Sec-Fetch-Site: same-site"),
        browser.post("/settings", &form(&Browser::of(&stage, "bob", &own("bob")).token())),
    ];
    for raw in refused {
        assert!((400..500).contains(&raw.status()) && raw.header("set-cookie").is_none(), "{raw:?}");
    }
    assert_eq!(browser.post("/sign-out", "").status(), 403, "nobody signs others out");
    assert_eq!(browser.get("/settings").status(), 200);
    let out = browser.post("/sign-out", &format!("token={token}"));
    assert_eq!(out.status(), 303);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(browser.get("/settings").status(), 303, "the session has ended");
}

#[test]
fn a_cookie_from_another_site_reads_nothing() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "alice", &own("alice"));
    let read = |site: &str| {
        let head = format!("GET /v1/me HTTP/1.1\r\nCookie: {}\r\nSec-Fetch-Site: {site}", browser.cookie);
        exchange(stage.address, &head, b"").status()
    };
    assert_eq!(
        [read("same-origin"), read("none"), read("cross-site"), read("same-site")],
        [200, 200, 401, 401]
    );
}

#[test]
fn language_and_look_are_kept() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "alice", &own("alice"));
    let kept = browser.post("/settings", &format!("language=fr&look=dark&token={}", browser.token()));
    assert!(kept.header("set-cookie").unwrap().starts_with("look=fr.dark; "));
    let head = format!("GET /settings HTTP/1.1\r\n{HTML}\r\nCookie: {}; look=fr.dark", browser.cookie);
    let page = exchange(stage.address, &head, b"").body();
    assert!(page.contains("<html lang=\"fr\" data-look=\"dark\">"), "{page}");
}

/// Whether the transfer is over, and how many signals there are.
fn standing(stage: &Stage, id: &str) -> (String, usize) {
    let id = TransferId(types::Hash::parse(id).unwrap());
    stage.engine.read(|state| {
        let status = format!("{:?}", state.overt().transfer(id).unwrap().status);
        (status, state.covert().signals().count())
    })
}

#[test]
fn holding_works_without_a_script_and_needs_three_words() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "alice", &own("alice"));
    let id = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None)).json();
    let id = id["transfer"].as_str().unwrap().to_owned();
    let (path, token) = (format!("/transfers/{id}/cancel"), browser.token());
    assert!((400..500).contains(&browser.post(&path, &format!("token={token}")).status()), "no words");
    let unknown = format!("token={token}&word1=xyzzy&word2=plugh&word3=frob");
    assert!((400..500).contains(&browser.post(&path, &unknown).status()), "words of no list");
    assert_eq!(browser.post(&path, &words(&own("alice"))).status(), 403, "no token");
    assert_eq!(standing(&stage, &id).0, "Pending");
    let done = browser.post(&path, &format!("token={token}&{}", words(&own("alice"))));
    assert_eq!(done.status(), 303, "{done:?}");
    assert_eq!(standing(&stage, &id), ("Cancelled".to_owned(), 0));
}

#[test]
fn holding_with_other_words_holds_as_well_and_says_so_to_responders_alone() {
    let done = |phrase: String| {
        let stage = Stage::new();
        let browser = Browser::of(&stage, "alice", &own("alice"));
        let id = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None)).json();
        let id = id["transfer"].as_str().unwrap().to_owned();
        let raw = browser.post(
            &format!("/transfers/{id}/cancel"),
            &format!("token={}&{}", browser.token(), words(&phrase)),
        );
        let (status, signals) = standing(&stage, &id);
        (raw, status, browser.get(&format!("/transfers/{id}")), signals)
    };
    let (free, coerced) = (done(own("alice")), done(panic("alice")));
    assert_eq!((&free.0, &free.1, &free.2), (&coerced.0, &coerced.1, &coerced.2));
    assert_eq!((free.3, coerced.3), (0, 1));
}

#[test]
fn a_session_does_not_sign_what_moves() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "bob", &own("bob"));
    let id = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None)).json();
    let id = id["transfer"].as_str().unwrap();
    // There is no such form, and an operation takes no session in place of a device.
    let form = format!("token={}&{}", browser.token(), words(&own("bob")));
    assert_eq!(browser.post(&format!("/transfers/{id}/approve"), &form).status(), 404);
    let body = json!({ "command": { "payload_hash": id }, "phrase": own("bob") }).to_string();
    let head = format!(
        "POST /v1/transfers/{id}/approve HTTP/1.1\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nCookie: {}",
        browser.cookie
    );
    assert!((400..500).contains(&exchange(stage.address, &head, body.as_bytes()).status()));
}

#[test]
fn a_stream_says_that_a_page_changed_and_nothing_else() {
    let stage = Stage::new();
    let browser = Browser::of(&stage, "bob", &own("bob"));
    let mut stream = TcpStream::connect(stage.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head =
        format!("GET /live?at=%2Ftransfers HTTP/1.1\r\nHost: test\r\nCookie: {}\r\n\r\n", browser.cookie);
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
    let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    assert!(head.iter().any(|line| line == "content-type: text/event-stream"), "{head:?}");
    stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None));
    let said: Vec<String> = lines.filter(|line| line.contains(':')).take(2).collect();
    assert_eq!(said, ["event: changed", "data: changed"], "browsers pass an event without data over");
    let none = exchange(stage.address, "GET /live?at=%2Ftransfers HTTP/1.1", b"");
    assert_eq!(none.status(), 401);
    assert_eq!(browser.get("/live?at=%2Fnothing").status(), 404);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one() {
    let stage = Stage::new();
    let (here, there) =
        (Browser::of(&stage, "alice", &own("alice")), Browser::of(&stage, "alice", &own("alice")));
    let list = here.get("/v1/sessions").json();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    let others = Browser::of(&stage, "bob", &own("bob"));
    let delete = |browser: &Browser<'_>| {
        let head = format!("DELETE /v1/sessions/{other} HTTP/1.1\r\nCookie: {}", browser.cookie);
        exchange(stage.address, &head, b"").status()
    };
    assert_eq!(delete(&others), 404, "somebody else's");
    assert_eq!(delete(&here), 204);
    assert_eq!((here.get("/settings").status(), there.get("/settings").status()), (200, 303));
}
