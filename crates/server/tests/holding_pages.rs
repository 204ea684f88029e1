//! Overview, vaults, stops and proposed changes in the console of a real server: what their forms carry is what the interface takes, and what was
//! done stands on them afterwards (G5, G9, G10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use serde_json::{Value, json};
use stage::{Raw, Stage, exchange, own};
use types::Span;

struct Browser<'s> {
    stage: &'s Stage,
    who: &'static str,
    cookie: String,
}

impl<'s> Browser<'s> {
    fn of(stage: &'s Stage, who: &'static str) -> Self {
        let raw = stage.send(&stage.sending(who, &own(who), "/v1/session", json!({ "cookie": true })));
        let cookie = raw.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { stage, who, cookie }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Raw {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nAccept: text/html\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded",
            self.cookie
        );
        exchange(self.stage.address, &head, body.as_bytes())
    }

    fn page(&self, path: &str) -> String {
        let raw = self.ask("GET", path, "");
        assert_eq!(raw.status(), 200, "{path}: {raw:?}");
        raw.body()
    }

    /// Posts the form of a page that stands there for browsers without a script, with fields of its own and the three words.
    fn post(&self, page: &str, action: &str, fields: &str) -> Raw {
        let form = page
            .split(&format!("<form method=\"post\" action=\"{action}\""))
            .nth(1)
            .expect("a form without a script");
        let token = form.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let words = own(self.who);
        let words = words.split(' ').enumerate().map(|(at, word)| format!("&word{}={word}", at + 1));
        self.ask("POST", action, &format!("token={token}&{fields}{}", words.collect::<String>()))
    }

    /// Does what a form of a page would have the device sign, with `fields` put in.
    fn act(&self, page: &str, id: &str, fields: Value) -> Value {
        let form = page
            .split(&format!("<form class=\"act\" id=\"{id}\""))
            .nth(1)
            .unwrap_or_else(|| panic!("no form {id}: {page}"));
        let attribute = |name: &str| {
            let value = form.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            value.replace("&quot;", "\"").replace("&amp;", "&")
        };
        let mut command: Value = serde_json::from_str(&attribute("data-command")).unwrap();
        command.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let path = attribute("data-act");
        let raw = self.stage.send(&self.stage.sending(self.who, &own(self.who), &path, command));
        assert_eq!(raw.status(), 202, "{id}: {raw:?}");
        raw.json()
    }
}

#[test]
fn stops_are_placed_from_their_forms_and_lifted_by_others() {
    let stage = Stage::new();
    let (alice, bob, carol) =
        (Browser::of(&stage, "alice"), Browser::of(&stage, "bob"), Browser::of(&stage, "carol"));
    assert!(alice.page("/stops").contains("No stop is in force."));
    // Without a script.
    let everything =
        alice.post(&alice.page("/stops?do=everything"), "/stops", "scope=organisation&reason=first");
    assert_eq!((everything.status(), everything.header("location").as_deref()), (303, Some("/stops")));
    let vault = alice.post(&alice.page("/vaults/treasury"), "/vaults/treasury/stop", "reason=second");
    assert_eq!((vault.status(), vault.header("location").as_deref()), (303, Some("/vaults/treasury")));
    let raised = alice.post(&alice.page("/stops?do=raise"), "/stops/posture", "to=elevated");
    assert_eq!(raised.status(), 303);
    // With a device.
    let fields = json!({ "scope": { "vault": "desk" }, "reason": "third" });
    let stop = alice.act(&alice.page("/stops?do=vault"), "place", fields)["stop"].as_u64().unwrap();
    alice.act(
        &alice.page("/stops?do=person"),
        "place",
        json!({ "scope": { "person": "carol" }, "reason": "fourth" }),
    );
    alice.act(&alice.page("/vaults/treasury"), "stop", json!({ "reason": "fifth" }));
    let page = bob.page("/stops");
    for reason in ["first", "second", "third", "fourth", "fifth"] {
        assert!(page.contains(&format!("<p>{reason}</p>")), "{reason}");
    }
    assert!(!page.contains("alice") && !page.contains("placed by you"), "nobody sees who placed it");
    assert!(
        bob.page("/").contains("5 stops are in force")
            && bob.page("/vaults/treasury").contains("A stop holds this vault.")
    );
    // Lifting is proposed, endorsed by two, and waits.
    let motion = bob.act(&bob.page(&format!("/stops?lift={stop}")), "lift", json!({}))["motion"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/motions/{motion}");
    assert!(carol.page("/").contains(&path) && carol.page("/stops").contains(&path));
    bob.act(&bob.page(&path), "endorse", json!({}));
    assert!(bob.page(&path).contains("endorsed by you"));
    carol.act(&carol.page(&path), "endorse", json!({}));
    assert!(
        alice.page(&path).contains("enough people have agreed") && alice.page(&path).contains("data-until")
    );
    stage.pass(Span::from_hours(25));
    let alice = Browser::of(&stage, "alice");
    let lifted = alice.page("/stops");
    assert!(lifted.split_once("Lifted stops").expect("a list of them").1.contains("third"), "{lifted}");
}

#[test]
fn a_lowering_is_ended_by_one_person() {
    let stage = Stage::new();
    let (alice, bob) = (Browser::of(&stage, "alice"), Browser::of(&stage, "bob"));
    alice.act(&alice.page("/stops?do=raise"), "raise", json!({ "to": "lockdown" }));
    let motion =
        alice.act(&alice.page("/stops?do=lower"), "lower", json!({ "to": "normal" }))["motion"].clone();
    let path = format!("/motions/{}", motion.as_str().unwrap());
    bob.act(&bob.page(&path), "end", json!({}));
    let page = alice.page(&path);
    assert!(
        page.contains("Somebody ended it.") && !page.contains("bob") && !page.contains("form class=\"act\"")
    );
    assert!(alice.page("/motions").contains(&path));
    assert_eq!(alice.ask("GET", &format!("/motions/{}", "00".repeat(32)), "").status(), 404);
}

#[test]
fn a_vault_hands_out_addresses_and_shows_what_it_is_recovered_from() {
    let stage = Stage::new();
    let alice = Browser::of(&stage, "alice");
    assert!(alice.page("/vaults").contains("href=\"/vaults/treasury\""));
    let empty = alice.page("/vaults/treasury");
    assert!(empty.contains("No address has been handed out yet."));
    alice.act(&empty, "new-address", json!({ "label": "Invoices & more" }));
    let page = alice.page("/vaults/treasury");
    assert!(page.contains("Invoices &amp; more") && page.contains("<svg"), "{page}");
    let address = page.split("QR code of the address ").nth(1).unwrap().split('"').next().unwrap();
    let listed =
        stage.get("/v1/vaults/treasury/addresses", Some(&stage.token("alice", &own("alice")))).json();
    assert_eq!(listed["addresses"][0]["address"], address);
    let backup = alice.page("/vaults/treasury?do=backup");
    assert!(backup.contains("older(144)") && backup.contains("144 blocks (about 24 hours)"), "{backup}");
    assert!(alice.page("/vaults/desk").contains("has no addresses and no coins here"));
    assert!(alice.page("/vaults/treasury?do=refresh").contains("fee_rate"), "nothing to renew is no error");
    assert_eq!(alice.ask("GET", "/vaults/nothing", "").status(), 404);
}

#[test]
fn the_overview_has_what_waits_for_each() {
    let stage = Stage::new();
    let (alice, bob) = (Browser::of(&stage, "alice"), Browser::of(&stage, "bob"));
    assert!(bob.page("/").contains("Nothing waits for you."));
    let id = stage.post("alice", "/v1/transfers", stage::proposal("0.2 BTC", 1, None)).json();
    let link = format!("href=\"/transfers/{}\"", id["transfer"].as_str().unwrap());
    assert!(bob.page("/").contains(&link), "{}", bob.page("/"));
    assert!(!alice.page("/").contains(&link), "her own waits for others");
    for browser in [&alice, &bob] {
        let page = browser.page("/");
        assert!(!page.contains("home-"), "no place is named");
    }
    let phrase = stage.post("alice", "/v1/me/phrase", json!({ "language": "en" })).json();
    let motion = format!("/motions/{}", phrase["motion"].as_str().unwrap());
    assert!(bob.page("/").contains(&motion) && !alice.page("/").contains(&motion));
    assert!(bob.page(&motion).contains(phrase["fingerprint"].as_str().unwrap()));
}
