//! Sign-in, enrolment, practice, the own entry, sessions and the first run, from sample answers: what stands on them and what must not (G3, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "samples/me.rs"]
mod samples;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use api::Problem;
use console::{Api, Ask, Fields, Language, Look, Pending, Shown, Who, find, problem, whole_page};
use serde_json::{Value, json};

/// Answers from a table, and what was asked.
struct Table {
    answers: BTreeMap<String, Value>,
    asked: Mutex<Vec<String>>,
}

impl Table {
    fn new() -> Self {
        Self { answers: samples::me(), asked: Mutex::default() }
    }

    fn with(mut self, path: &str, answer: Value) -> Self {
        self.answers.insert(path.to_owned(), answer);
        self
    }

    fn without(mut self, path: &str) -> Self {
        self.answers.remove(path);
        self
    }

    fn answer(&self, method: &str, path: &str) -> Result<Value, Problem> {
        self.asked.lock().unwrap().push(format!("{method} {path}"));
        if method == "DELETE" {
            return Ok(Value::Null);
        }
        self.answers.get(path).cloned().ok_or_else(|| problem(api::Code::NotFound))
    }
}

impl Api for Table {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("GET", path) })
    }

    fn post<'a>(&'a self, path: &'a str, _body: Value) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("POST", path) })
    }

    fn hold<'a>(&'a self, path: &'a str, _command: Value) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("HOLD", path) })
    }

    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("DELETE", path) })
    }
}

fn nobody(language: Language, path: &str) -> Ask {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ask {
        language,
        look: Look::System,
        path: path.to_owned(),
        parameters: Fields::new(),
        query: query.collect(),
        fields: Fields::new(),
        who: None,
        zone: jiff::tz::TimeZone::get("Europe/Paris").unwrap(),
    }
}

fn alice(language: Language, path: &str) -> Ask {
    let who = Who {
        person: types::PersonId::parse("alice").unwrap(),
        organisation: "Exemple SAS".to_owned(),
        responder: false,
        auditor: false,
        token: "token-of-the-form".to_owned(),
    };
    Ask { who: Some(who), ..nobody(language, path) }
}

fn run(method: &str, ask: &Ask, table: &Table) -> Result<Shown, Problem> {
    let (page, _) = find(method, &ask.path).unwrap_or_else(|| panic!("no page at {}", ask.path));
    match pin!((page.show)(ask, table)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(shown) => shown,
        Poll::Pending => panic!("a page waits for nothing but the table"),
    }
}

/// The whole page; also written to a folder when the variable `SHOW_PAGES` names one, to be looked at.
fn html(ask: &Ask, table: &Table, name: &str) -> String {
    let shown = run("GET", ask, table);
    let Ok(Shown::Page { title, content, scripts, live }) = shown else { panic!("{name}: no page") };
    let page = whole_page(ask, &title, &content, scripts, live).into_string();
    if let Ok(folder) = std::env::var("SHOW_PAGES") {
        let language = if ask.language == Language::French { "fr" } else { "en" };
        std::fs::write(format!("{folder}/{name}-{language}.html"), &page).unwrap();
    }
    page
}

fn both(of: fn(Language, &str) -> Ask, path: &str, table: &Table, name: &str) -> String {
    let french = html(&of(Language::French, path), table, name);
    assert!(french.contains("lang=\"fr\""), "{name}");
    html(&of(Language::English, path), table, name)
}

/// The form with this id.
fn form<'a>(page: &'a str, id: &str) -> &'a str {
    let begin =
        page.find(&format!("<form class=\"act\" id=\"{id}\"")).unwrap_or_else(|| panic!("no form {id}"));
    page[begin..].split("</form>").next().unwrap()
}

fn command(form: &str) -> Value {
    let text = form.split("data-command=\"").nth(1).unwrap().split('"').next().unwrap();
    serde_json::from_str(&text.replace("&quot;", "\"")).unwrap()
}

#[test]
fn sign_in_asks_for_a_cookie_and_goes_where_it_may() {
    let table = Table::new();
    let page = both(nobody, "/sign-in?next=/settings", &table, "sign-in");
    let sign_in = form(&page, "sign-in");
    assert_eq!(command(sign_in), json!({ "cookie": true }));
    assert!(sign_in.contains("data-act=\"/v1/session\"") && sign_in.contains("data-by"));
    assert!(page.contains("data-next=\"/settings\"") && !page.contains("data-left"));
    for wrong in
        ["//evil.example", "/\\evil.example", "https://evil.example", "/{token}", "/sign-in", "/nowhere"]
    {
        let page =
            html(&nobody(Language::English, &format!("/sign-in?next={wrong}")), &table, "sign-in-wrong");
        assert!(page.contains("data-next=\"/\""), "{wrong}");
    }
    assert!(table.asked.lock().unwrap().is_empty(), "nothing is read for who is not signed in");
    let left = html(&nobody(Language::English, "/sign-in?left=1"), &table, "sign-in-left");
    assert!(left.contains("data-left"));
    let inside = both(alice, "/sign-in?next=/me", &table, "sign-in-inside");
    assert!(
        !inside.contains("<form class=\"act\"")
            && inside.contains("href=\"/me\"")
            && inside.contains("token-of-the-form")
    );
}

/// What a browser might keep or complete has no name and says so (G9).
#[test]
fn nothing_that_is_typed_is_kept_by_the_browser() {
    let table = Table::new();
    for path in ["/sign-in", "/enrol", "/practice", "/me"] {
        let ask =
            if path == "/me" { alice(Language::English, path) } else { nobody(Language::English, path) };
        let page = html(&ask, &table, "kept");
        let inputs = page.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
        for input in inputs.filter(|input| input.starts_with("type=\"text\"")) {
            let asks = [
                "autocomplete=\"off\"",
                "spellcheck=\"false\"",
                "data-1p-ignore",
                "data-lpignore",
                "data-bwignore",
            ];
            assert!(
                asks.iter().all(|asked| input.contains(asked)) && !input.contains(" name="),
                "{path}: {input}"
            );
        }
        assert!(!page.contains("type=\"password\""));
    }
}

#[test]
fn practice_and_enrolment_read_nothing_and_practice_reaches_nobody() {
    let table = Table::new();
    let practice = both(nobody, "/practice", &table, "practice");
    let enrol = both(nobody, "/enrol", &table, "enrol");
    assert!(table.asked.lock().unwrap().is_empty());
    assert!(find("GET", "/practice").unwrap().0.local && !find("GET", "/enrol").unwrap().0.local);
    assert!(!practice.contains("<form") && !practice.contains("data-live"));
    for stage in ["begin", "learn", "own", "others", "end"] {
        assert!(practice.contains(&format!("id=\"{stage}\" data-stage")), "{stage}");
    }
    for stage in ["begin", "shown", "typed-back", "done"] {
        assert!(enrol.contains(&format!("id=\"{stage}\" data-stage")), "{stage}");
    }
    // Only the first stage is to be seen.
    assert_eq!(
        (practice.matches("data-stage hidden").count(), enrol.matches("data-stage data-keep hidden").count()),
        (4, 3)
    );
    assert!(enrol.contains("id=\"alone\" required"));
}

#[test]
fn the_own_entry_shows_what_its_owner_did_and_signs_what_it_says() {
    let table = Table::new();
    let page = both(alice, "/me", &table, "me");
    for part in [
        "finance, board",
        "home-alice, office",
        "5a61b4f7",
        "0fc1d2e3",
        "can only stop",
        "24 hours",
        "22 Nov 2026, 09:00",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let of = |id: &str| {
        (
            form(&page, id).split("data-act=\"").nth(1).unwrap().split('"').next().unwrap().to_owned(),
            command(form(&page, id)),
        )
    };
    assert_eq!(of("revoke-5a61b4f7"), ("/v1/me/revoke".into(), json!({ "device": samples::PASSKEY })));
    assert_eq!(of("revoke-all"), ("/v1/me/revoke".into(), json!({})));
    assert_eq!(of("device"), ("/v1/me/devices".into(), json!({})));
    assert_eq!(of("phrase"), ("/v1/me/phrase".into(), json!({})));
    assert_eq!(of("check-in"), ("/v1/check-ins/now".into(), json!({})));
    assert_eq!(of("check-ins-end"), ("/v1/check-ins/end".into(), json!({})));
    assert_eq!(of("check-ins-set").0, "/v1/check-ins");
    assert!(
        form(&page, "phrase").contains("id=\"alone\" required")
            && form(&page, "phrase").contains("data-field=\"language\"")
    );
    assert!(
        form(&page, "device").contains("data-kind=\"passkey\"")
            && form(&page, "device").contains("data-then=\"/motions/{motion}\"")
    );
    for name in ["next", "every", "grace"] {
        assert!(form(&page, "check-ins-set").contains(&format!("data-field=\"{name}\"")), "{name}");
    }
    assert!(page.contains("The responders have changed since") && page.contains("rempart dossier seal"));
    assert!(page.contains("id=\"push-on\""));
}

#[test]
fn an_entry_with_nothing_in_it_is_whole() {
    let table = Table::new()
        .with("/v1/check-ins", json!({ "schedule": null }))
        .with("/v1/me/dossier", json!({ "revisions": [], "due": true, "because": "missing", "sealed": null }))
        .without("/v1/push");
    let page = both(alice, "/me", &table, "me-empty");
    assert!(
        page.contains("There is none yet")
            && page.contains("You have no schedule")
            && !page.contains("push-on")
    );
    assert!(!page.contains("id=\"check-in\"") && page.contains("id=\"check-ins-set\""));
    assert_eq!(
        run("GET", &alice(Language::English, "/me"), &Table::new().without("/v1/me")).err().unwrap().status,
        404
    );
}

#[test]
fn sessions_are_listed_and_ended_by_their_owner() {
    let table = Table::new();
    let page = both(alice, "/settings", &table, "settings");
    assert!(page.contains("this one") && page.contains("20 Nov 2026, 18:45"));
    assert_eq!(page.matches("action=\"/settings/end-session\"").count(), 2);
    let mut ask = alice(Language::English, "/settings/end-session");
    ask.fields.insert("session".to_owned(), samples::SESSION.to_owned());
    assert!(matches!(run("POST", &ask, &table), Ok(Shown::Go(to)) if to == "/settings"));
    assert_eq!(
        table.asked.lock().unwrap().last().unwrap(),
        &format!("DELETE /v1/sessions/{}", samples::SESSION)
    );
    for wrong in ["", "../me", "x"] {
        ask.fields.insert("session".to_owned(), wrong.to_owned());
        assert_eq!(run("POST", &ask, &table).err().unwrap().status, 404, "{wrong}");
    }
    assert!(
        matches!(run("POST", &alice(Language::English, "/sign-out"), &table), Ok(Shown::Go(to)) if to.starts_with("/sign-in"))
    );
}

#[test]
fn the_first_run_explains_to_anyone_and_shows_figures_to_who_is_signed_in() {
    let (euro, vault) = (
        json!({ "currency": "EUR", "minor": 0 }),
        json!({ "id": "savings", "chain": "bitcoin:regtest", "balance": null, "reserved": null }),
    );
    let mut detail = vault.clone();
    detail["descriptor"] = json!("wsh(…)");
    detail["afloat"] = euro.clone();
    detail["refresh_due"] = json!(0);
    let figure =
        json!({ "k": 1, "horizon_seconds": 48 * 3600, "mode": "silent", "amount": euro, "exact": true });
    let table = Table::new()
        .with("/v1/vaults", json!({ "vaults": [vault] }))
        .with("/v1/vaults/savings", detail)
        .with("/v1/exposure", json!({ "figures": [figure], "unbounded": false }));
    let outside = both(nobody, "/first", &table, "first");
    assert!(table.asked.lock().unwrap().is_empty());
    for part in [
        "rempart init rules.toml register.toml --data my-server",
        "rempart enrol bob",
        "rempart drill",
        "[[permit]]",
        "rempart vault confirm",
    ] {
        assert!(outside.contains(part), "{part}");
    }
    assert_eq!(outside.matches("<li class=\"done\">").count(), 2);
    let inside = both(alice, "/first", &table, "first-inside");
    assert!(inside.contains("0\u{a0}EUR") && inside.contains("href=\"/exposure\""));
    assert_eq!(inside.matches("<li class=\"done\">").count(), 6);
    // Nothing of it is known: it is still a page.
    let bare = both(alice, "/first", &Table::new().without("/v1/me"), "first-bare");
    assert!(!bare.contains("class=\"big\""));
}

/// What can be copied is a policy without a fault and without a warning, in both languages, with one figure: nothing.
#[test]
fn the_policy_to_copy_is_whole() {
    for (rules, register) in [
        (include_str!("../assets/first/rules.en.toml"), include_str!("../assets/first/register.en.toml")),
        (include_str!("../assets/first/rules.fr.toml"), include_str!("../assets/first/register.fr.toml")),
    ] {
        let source = |name: &str, text: &str| policy::Source { name: name.to_owned(), text: text.to_owned() };
        let loaded = policy::load(&[source("rules.toml", rules), source("register.toml", register)]);
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
        assert_eq!(loaded.policy.unwrap().vaults().len(), 1);
    }
}

#[test]
fn it_can_be_installed_and_the_worker_keeps_nothing() {
    let file = |path: &str| {
        console::assets().find(|asset| asset.path == path).unwrap_or_else(|| panic!("no {path}"))
    };
    let manifest: Value = serde_json::from_slice(file("/assets/manifest.webmanifest").bytes()).unwrap();
    assert_eq!(
        (manifest["start_url"].as_str(), manifest["display"].as_str()),
        (Some("/"), Some("standalone"))
    );
    for icon in manifest["icons"].as_array().unwrap() {
        let found = file(icon["src"].as_str().unwrap());
        assert_eq!(found.kind, icon["type"].as_str().unwrap());
        if let Some((width, _)) = icon["sizes"].as_str().unwrap().split_once('x') {
            let size = u32::from_be_bytes(found.bytes()[16..20].try_into().unwrap());
            assert_eq!(size.to_string(), width);
        }
    }
    let worker = String::from_utf8(file("/assets/service-worker.js").bytes().to_vec()).unwrap();
    assert!(worker.contains("Something waits for you.") && worker.contains("Quelque chose vous attend."));
    for never in ["caches", "fetch", "indexedDB", "event.data"] {
        assert!(!worker.contains(never), "{never}");
    }
}
