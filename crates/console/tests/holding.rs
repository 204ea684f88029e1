//! Overview, vaults, stops and proposed changes, made from sample answers: what must stand there does, and what must not does not (G3, G5, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "samples/motions.rs"]
mod motions;
#[path = "samples/overview.rs"]
mod overview;
#[path = "samples/stops.rs"]
mod stops;
#[path = "samples/vaults.rs"]
mod vaults;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use api::{Code, Problem};
use console::{Api, Ask, Fields, Language, Look, Pending, Shown, Who, find, problem, whole_page};
use serde_json::{Value, json};

/// The interface, with answers that are known; keeps what was held.
struct Known {
    answers: BTreeMap<String, Value>,
    held: Mutex<Vec<(String, Value)>>,
}

impl Api for Known {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        let code = if path.contains("/desk/") { Code::NotOnChain } else { Code::NotFound };
        Box::pin(async move { self.answers.get(path).cloned().ok_or_else(|| problem(code)) })
    }

    fn post<'a>(&'a self, _path: &'a str, _body: Value) -> Pending<'a, Value> {
        Box::pin(async { Err(problem(Code::NotFound)) })
    }

    fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value> {
        self.held.lock().unwrap().push((path.to_owned(), command));
        Box::pin(async { Ok(json!({})) })
    }

    fn delete<'a>(&'a self, _path: &'a str) -> Pending<'a, Value> {
        Box::pin(async { Err(problem(Code::NotFound)) })
    }
}

fn samples() -> BTreeMap<String, Value> {
    let all = [vaults::vaults(), stops::stops(), motions::motions(), overview::overview()];
    all.into_iter().flatten().collect()
}

fn ask(path: &str, query: &str, language: Language, names: bool) -> Ask {
    let fields = |text: &str| -> Fields {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let who = Who {
        person: types::PersonId::parse("alice").unwrap(),
        organisation: "Exemple SAS".to_owned(),
        responder: false,
        auditor: names,
        token: "token".to_owned(),
    };
    Ask {
        language,
        look: Look::System,
        path: path.to_owned(),
        parameters: Fields::new(),
        query: fields(query),
        fields: Fields::new(),
        who: Some(who),
        zone: jiff::tz::TimeZone::get("Europe/Paris").unwrap(),
    }
}

/// Nothing here waits, so whatever is made is made at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(made) => made,
        Poll::Pending => panic!("a page waits for something that is not there"),
    }
}

fn shown(
    method: &str,
    mut ask: Ask,
    answers: BTreeMap<String, Value>,
) -> (Result<Shown, Problem>, Vec<(String, Value)>, Ask) {
    let (page, parameters) = find(method, &ask.path).unwrap_or_else(|| panic!("no page {}", ask.path));
    ask.parameters = parameters;
    let api = Known { answers, held: Mutex::default() };
    let made = now((page.show)(&ask, &api));
    (made, api.held.into_inner().unwrap(), ask)
}

fn with(path: &str, language: Language, names: bool, answers: BTreeMap<String, Value>) -> String {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let (made, _, ask) = shown("GET", ask(bare, query, language, names), answers);
    match made.unwrap_or_else(|problem| panic!("{path}: {problem:?}")) {
        Shown::Page { title, content, scripts, live } => {
            let page = whole_page(&ask, &title, &content, scripts, live).into_string();
            keep(path, language, &page);
            page
        }
        _ => panic!("{path} is no page"),
    }
}

/// For whoever wants to look at them: `CONSOLE_PAGES=folder cargo test`.
fn keep(path: &str, language: Language, page: &str) {
    let Ok(folder) = std::env::var("CONSOLE_PAGES") else { return };
    let name = path.trim_matches('/').replace(['/', '?', '=', '&'], "-");
    let name = if name.is_empty() { "overview" } else { &name };
    let name: String = name.chars().take(100).collect();
    std::fs::write(format!("{folder}/{name}-{language:?}.html"), page).unwrap();
}

fn english(path: &str) -> String {
    with(path, Language::English, false, samples())
}

fn motion(number: u8) -> String {
    format!("/motions/{}", motions::id(number))
}

fn paths() -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "/vaults",
        "/vaults/treasury",
        "/vaults/treasury?coins=50",
        "/vaults/treasury?address=3",
        "/vaults/treasury?older=10",
        "/vaults/treasury?do=refresh",
        "/vaults/treasury?do=backup",
        "/vaults/desk",
        "/stops",
        "/stops?do=everything",
        "/stops?do=vault",
        "/stops?do=person",
        "/stops?do=raise",
        "/stops?do=lower",
        "/stops?lift=12",
        "/motions",
    ]
    .map(str::to_owned)
    .into();
    paths.extend((1..=12).map(motion));
    paths.push(format!("{}?text=whole", motion(6)));
    paths
}

/// The style sheet, the script, htmx and the scripts' texts weigh about 70 KB.
const PAGE_BYTES_MAX: usize = 30_000;

#[test]
fn every_view_is_made_in_both_languages_without_styles_or_scripts_of_its_own() {
    for path in paths() {
        for language in [Language::English, Language::French] {
            for names in [false, true] {
                let page = with(&path, language, names, samples());
                for never in [" style=", " onclick=", "<style", "javascript:"] {
                    assert!(!page.contains(never), "{path}: {never}");
                }
                assert_eq!(page.matches("<h1").count(), 1, "{path}");
                let form_ids: Vec<&str> = page
                    .split("<form class=\"act\" id=\"")
                    .skip(1)
                    .filter_map(|rest| rest.split('"').next())
                    .collect();
                let unique: std::collections::BTreeSet<_> = form_ids.iter().collect();
                assert_eq!(unique.len(), form_ids.len(), "{path}: {form_ids:?}");
                for key in ["overview-", "vaults-", "stops-", "motions-"] {
                    assert!(!page.contains(&format!(">{key}")), "{path}: a key is shown");
                }
                assert!(page.len() < PAGE_BYTES_MAX, "{path} has {} bytes", page.len());
            }
        }
    }
}

#[test]
fn the_overview_has_what_waits_for_this_person_and_nothing_that_others_do() {
    let page = english("/");
    let (waiting, way) = page.split_once("On their way").unwrap();
    for mine in ["/transfers/0101", "/transfers/0202", &motion(6), &motion(7), &motion(10)] {
        assert!(waiting.contains(mine), "{mine} waits");
    }
    for other in [
        "/transfers/0303",
        "/transfers/0404",
        "/transfers/0505",
        "/transfers/0606",
        &motion(12),
        &motion(8),
        &motion(9),
    ] {
        assert!(!waiting.contains(other), "{other} does not wait");
    }
    assert!(way.contains("/transfers/0303") && way.contains("/transfers/0404") && way.contains(&motion(9)));
    assert!(page.contains("datetime=\"2026-11-21T08:00:00Z\" data-until"), "the check-in");
    assert!(waiting.contains("Your next check-in") && waiting.contains("up to 1 hour late"));
    assert!(page.contains("4 stops are in force") && page.contains("2 warnings"));
    assert!(page.contains("6,000\u{a0}EUR") && page.contains("/exposure"));
    assert!(!page.contains("/first"), "nobody is new here");
}

#[test]
fn a_server_that_takes_no_commands_says_so_where_people_begin() {
    let mut answers = samples();
    answers.remove("/health");
    assert!(
        with("/", Language::English, false, answers).contains("The server takes no commands at present.")
    );
}

#[test]
fn homes_are_named_on_the_overview_to_auditors_and_responders_alone() {
    assert!(with("/", Language::English, true, samples()).contains("home-alice"));
    assert!(!english("/").contains("home-alice"));
}

#[test]
fn a_newcomer_is_told_where_to_begin() {
    let mut answers = samples();
    let none = [
        ("/v1/transfers?status=pending&limit=50", json!({ "transfers": [] })),
        ("/v1/motions", json!({ "motions": [] })),
        ("/v1/stops", json!({ "stops": [] })),
        ("/v1/posture", json!({ "posture": "normal" })),
        ("/v1/vaults", json!({ "vaults": [] })),
        ("/v1/check-ins", json!({ "schedule": null })),
        ("/health", json!({ "status": "ok", "version": "0.1.0", "warnings": 0 })),
        ("/v1/exposure", json!({ "figures": [], "unbounded": true })),
    ];
    answers.extend(none.map(|(path, answer)| (path.to_owned(), answer)));
    let page = with("/", Language::French, false, answers);
    for link in ["\"/first\"", "\"/practice\"", "\"/policy\"", "\"/transfers/new\""] {
        assert!(page.contains(link), "{link}");
    }
    assert!(!page.contains("notice bad"), "nothing is held up");
}

#[test]
fn a_vault_shows_its_chain_its_coins_and_an_address_to_be_scanned() {
    let page = english("/vaults/treasury");
    assert!(page.contains("37.5\u{a0}BTC") && page.contains("12.5\u{a0}BTC"), "balance and reserved");
    assert!(page.contains("chain-unreachable") && page.contains("waits for the connection"));
    assert!(page.contains("A stop holds this vault."));
    assert!(page.contains(&format!("aria-label=\"QR code of the address {}\"", vaults::ADDRESS)));
    assert!(page.contains("Address 13"), "the newest address");
    assert!(
        page.contains("recovery is open")
            && page.contains("1,440 blocks (about 10 days)")
            && page.contains("reserved")
    );
    assert_eq!(page.matches("<tr>").count(), 2 + 25 + 10, "both tables are paged");
    assert!(page.contains("?coins=25#coins") && page.contains("?do=refresh") && page.contains("?do=backup"));
    assert!(page.contains("data-act=\"/v1/vaults/treasury/addresses\""));
    assert!(english("/vaults/treasury?coins=50").contains("?coins=25#coins"));
    assert!(english("/vaults/treasury?address=3").contains("Address 3 · Invoices of a customer"));
}

#[test]
fn a_vault_without_a_descriptor_says_how_to_get_one() {
    let mut answers = samples();
    answers.insert("/v1/vaults/desk/coins".to_owned(), json!({ "coins": [], "count": 0 }));
    let page = with("/vaults/desk", Language::English, false, answers);
    assert!(page.contains("rempart vault create") && !page.contains("has no addresses and no coins here"));
}

#[test]
fn a_vault_that_somebody_else_signs_for_has_no_addresses_and_no_coins() {
    let page = english("/vaults/desk");
    assert!(page.contains("has no addresses and no coins here"));
    assert!(!page.contains("<svg") && !page.contains("/addresses"));
    assert!(page.contains("data-act=\"/v1/stops\""), "it can be stopped");
}

#[test]
fn what_is_no_vault_or_motion_is_not_found() {
    for path in ["/vaults/other", "/vaults/-", "/motions/abc", &format!("/motions/{}", "ff".repeat(32))] {
        let (made, _, _) = shown("GET", ask(path, "", Language::English, false), samples());
        assert_eq!(made.err().map(|problem| problem.code), Some("not-found".to_owned()), "{path}");
    }
}

#[test]
fn a_renewal_is_proposed_to_the_vault_itself() {
    let page = english("/vaults/treasury?do=refresh");
    let command =
        page.split("data-command=\"").nth(1).unwrap().split('"').next().unwrap().replace("&quot;", "\"");
    let command: api::NewTransfer = serde_json::from_str(&command).unwrap();
    assert!(command.refresh && command.outputs.len() == 2 && command.psbt.is_none());
    assert!(
        command
            .outputs
            .iter()
            .all(|output| output.vault == Some(command.vault.clone()) && output.address.is_none())
    );
    assert_eq!(command.max_fee.0.to_string(), "0.000412 BTC");
    assert!(!page.contains("data-live"), "it stands still");
}

#[test]
fn only_numbers_go_into_the_question_for_a_renewal() {
    let path = "/vaults/treasury?do=refresh&outputs=2%26x&fee_rate=../..";
    assert!(english(path).contains("data-act=\"/v1/transfers\""), "asked without them");
}

#[test]
fn the_backup_has_the_descriptor_and_no_act() {
    let page = english("/vaults/treasury?do=backup");
    assert!(
        page.contains("older(52560)")
            && page.contains("52,560 blocks (about 365 days)")
            && page.contains("docs/recover.md")
    );
    assert!(page.contains(vaults::ADDRESS) && page.contains("<svg") && !page.contains("form class=\"act\""));
}

#[test]
fn stops_are_placed_on_anything_with_and_without_a_script() {
    let page = english("/stops");
    assert!(page.contains("Unknown caller asked about balances &lt;b&gt;"), "words of others are text");
    assert!(page.contains(&format!("/transfers/{}", stops::STOPPED)) && page.contains("placed by you"));
    assert!(page.contains(&motion(9)), "the lift that is proposed");
    assert!(page.contains("?lift=12") && !page.contains("?lift=9\"") && !page.contains("?lift=7\""));
    let cases = [
        ("everything", "{&quot;scope&quot;:&quot;organisation&quot;}"),
        ("vault", "data-field=\"scope.vault\""),
        ("person", "data-field=\"scope.person\""),
    ];
    for (kind, has) in cases {
        let page = english(&format!("/stops?do={kind}"));
        assert!(page.contains("data-act=\"/v1/stops\"") && page.contains(has), "{kind}");
        assert!(
            page.contains("<noscript><form method=\"post\" action=\"/stops\""),
            "{kind} without a script"
        );
    }
    let raise = english("/stops?do=raise");
    assert!(
        raise.contains("value=\"lockdown\"")
            && !raise.contains("value=\"normal\"")
            && raise.contains("action=\"/stops/posture\"")
    );
    let lower = english("/stops?do=lower");
    assert!(
        lower.contains("value=\"normal\"")
            && !lower.contains("value=\"lockdown\"")
            && lower.contains("/v1/posture/lower")
    );
    let lift = english("/stops?lift=12");
    assert!(
        lift.contains("data-act=\"/v1/stops/12/lift\"") && lift.contains("data-then=\"/motions/{motion}\"")
    );
    assert!(!english("/stops?lift=7").contains("/lift\""), "what is lifted already is not lifted again");
}

fn post(path: &str, fields: &[(&str, &str)]) -> (Result<Shown, Problem>, Vec<(String, Value)>) {
    let mut ask = ask(path, "", Language::English, false);
    ask.fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (made, held, _) = shown("POST", ask, samples());
    (made, held)
}

fn goes_to(made: Result<Shown, Problem>) -> String {
    match made {
        Ok(Shown::Go(path)) => path,
        Ok(_) => panic!("it stays"),
        Err(problem) => problem.code,
    }
}

#[test]
fn what_is_posted_without_a_script_is_what_a_device_would_have_signed() {
    let cases = [
        (vec![("scope", "organisation"), ("reason", "a")], json!({ "scope": "organisation", "reason": "a" })),
        (
            vec![("scope.vault", "desk"), ("reason", "")],
            json!({ "scope": { "vault": "desk" }, "reason": "" }),
        ),
        (
            vec![("scope.person", " bob "), ("reason", "")],
            json!({ "scope": { "person": "bob" }, "reason": "" }),
        ),
    ];
    for (fields, command) in cases {
        let (made, held) = post("/stops", &fields);
        assert_eq!(goes_to(made), "/stops");
        assert_eq!(held, [("/v1/stops".to_owned(), command.clone())]);
        serde_json::from_value::<api::NewStop>(command).unwrap();
    }
    let (made, held) = post("/vaults/treasury/stop", &[("reason", "b")]);
    assert_eq!(goes_to(made), "/vaults/treasury");
    assert_eq!(held, [("/v1/stops".to_owned(), json!({ "scope": { "vault": "treasury" }, "reason": "b" }))]);
    let (made, held) = post("/stops/posture", &[("to", "lockdown")]);
    assert_eq!(goes_to(made), "/stops");
    assert_eq!(held, [("/v1/posture/raise".to_owned(), json!({ "to": "lockdown" }))]);
    // Nothing that does not say what it holds holds anything.
    for fields in [vec![], vec![("scope", "everything")], vec![("scope.vault", "a"), ("scope.person", "b")]] {
        let (made, held) = post("/stops", &fields);
        assert_eq!((goes_to(made).as_str(), held.len()), ("command-invalid", 0), "{fields:?}");
    }
}

#[test]
fn a_motion_is_endorsed_by_others_and_ended_by_anyone() {
    let endorses = |number| english(&motion(number)).contains("/endorse\"");
    let ends = |number| english(&motion(number)).contains("/end\"");
    // A tightening in force for now can be joined; it cannot be ended any more.
    let expected = [
        (3, true, false),
        (6, true, true),
        (7, true, true),
        (8, false, true),
        (9, false, true),
        (10, true, true),
        (12, false, true),
        (1, false, false),
        (11, false, false),
    ];
    for (number, endorse, end) in expected {
        assert_eq!((endorses(number), ends(number)), (endorse, end), "{number}");
    }
}

#[test]
fn the_fingerprint_of_a_credential_is_to_be_heard_before_endorsing() {
    let page = english(&motion(7));
    assert!(page.contains("3f2a-9c01-77de-b410") && page.contains("Call carol yourself"));
    let own = english(&motion(8));
    assert!(own.contains("3f2a-9c01-77de-b410") && !own.contains("Call alice"));
}

#[test]
fn a_change_shows_its_verdict_and_what_differs() {
    let page = english(&motion(6));
    assert!(page.contains("Looser rules") && page.contains("one person can end it"));
    assert!(
        page.contains("<del>- hold = &quot;48h&quot;</del>")
            && page.contains("<ins>+ hold = &quot;24h&quot;</ins>")
    );
    assert!(!page.contains("Exemple SAS\""), "what is the same and far away is left out");
    assert!(english(&format!("{}?text=whole", motion(6))).contains("name = &quot;Exemple SAS&quot;"));
}

#[test]
fn an_outcome_says_nothing_of_who_or_why() {
    let (declined, ended) = (english(&motion(2)), english(&motion(4)));
    assert!(declined.contains("It was declined when its wait was over. Nothing was changed."));
    assert!(ended.contains("Somebody ended it."));
    for page in [declined, ended] {
        for name in ["bob", "carol", "home-"] {
            assert!(!page.contains(name), "{name}");
        }
    }
}
