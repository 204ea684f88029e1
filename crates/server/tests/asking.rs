//! What people ask before they act, over HTTP: what would become of a transfer, why one stands where it stands, the rules in words, the
//! register, what a change would do, and a change of some files (G2, G5, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod stage;
mod world;

use credentials::Cost;
use serde_json::{Value, json};
use stage::{Raw, Stage, exchange, own, proposal};
use types::Span;
use world::SLOW_HOLD;

/// Asks with a session and a body, in a language.
fn ask_in(stage: &Stage, language: &str, token: &str, path: &str, body: &str) -> Raw {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nAccept-Language: {language}\r\nContent-Type: application/json"
    );
    exchange(stage.address, &head, body.as_bytes())
}

fn ask(stage: &Stage, token: &str, path: &str, body: &Value) -> Raw {
    ask_in(stage, "en", token, path, &body.to_string())
}

fn plain(text: &Value) -> String {
    text.as_str().unwrap_or("(none)").replace('\u{a0}', " ")
}

/// The world's rules with lists, a forbid, a limit, and an auditor.
fn sources() -> Vec<policy::Source> {
    let mut sources = world::sources();
    sources[0].text = sources[0]
        .text
        .replace("addresses = []", "addresses = [\"desk-account\"]\nbalance = \"2 BTC\"")
        .replace("responders = \"responders\"", "responders = \"responders\"\nauditors = \"auditors\"")
        .replace("clear = { at_least = 2", "clear = { at_least = 1");
    sources[0].text += "[[destination]]\nid = \"kraken\"\naddress = \"bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969\"\nlist = \"partners\"\n\
        [[destination]]\nid = \"mixer\"\naddress = \"bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew\"\nlist = \"sanctions\"\n\
        [[forbid]]\nid = \"no-mixers\"\ndestination = \"list:sanctions\"\n\
        [[limit]]\nid = \"day\"\nvaults = [\"treasury\"]\nper = \"24h\"\namount = \"0.6 BTC\"\nby = \"vault\"\n";
    let emil = "id = \"emil\"\ngroups = [\"responders\"]";
    assert!(sources[1].text.contains(emil));
    sources[1].text = sources[1].text.replace(emil, "id = \"emil\"\ngroups = [\"auditors\"]");
    sources
}

fn stage() -> Stage {
    Stage::on(|_| Cost::CHEAP, sources(), |_, _| {})
}

fn token(stage: &Stage, who: &str) -> String {
    stage.token(who, &own(who))
}

fn transfer(outputs: Value) -> Value {
    json!({ "vault": "treasury", "outputs": outputs, "max_fee": "0.00005 BTC" })
}

const NAMES: [&str; 9] =
    ["bob", "carol", "dora", "emil", "home-alice", "home-bob", "home-carol", "home-dora", "home-emil"];

fn names_nobody(text: &str) {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
    for name in NAMES {
        assert!(!words.contains(&name), "{name} in {text}");
    }
}

#[test]
fn a_transfer_is_checked_and_nothing_is_proposed() {
    let stage = stage();
    let alice = token(&stage, "alice");
    let state = world::state_hash(&stage.engine);
    let check = |command: &Value| ask(&stage, &alice, "/v1/transfers/check", command);
    let good = check(&proposal("0.2 BTC", 1, None));
    assert_eq!(good.status(), 200, "{good:?}");
    let good = good.json();
    assert_eq!(good["value"], json!({ "currency": "BTC", "minor": 20_005_000 }));
    assert_eq!(good["outputs"], json!([{ "target": world::PAYEE, "standing": "new" }]));
    assert!(good.get("refused").is_none(), "{good}");
    let permits = good["permits"].as_array().unwrap();
    assert_eq!(
        (permits.len(), &permits[0]["permit"], &permits[0]["matches"]),
        (2, &json!("quick"), &json!(true))
    );
    assert_eq!(permits[0]["hold_seconds"], 4 * 3600);
    assert_eq!(plain(&permits[0]["why"]), "One of “finance” must approve; from then on it waits 4 hours.");
    assert_eq!(permits[1]["matches"], false);
    assert_eq!(
        plain(&permits[1]["why"]),
        "It is for more than 0.3 BTC; this is 0.20005 BTC with the highest fee."
    );
    names_nobody(&good.to_string());
    assert_eq!(world::state_hash(&stage.engine), state, "asking changes nothing");

    let french =
        ask_in(&stage, "fr", &alice, "/v1/transfers/check", &proposal("0.2 BTC", 1, None).to_string());
    assert_eq!(
        plain(&french.json()["permits"][0]["why"]),
        "Il faut l'accord d'une personne de « finance », puis attendre 4 heures."
    );
}

#[test]
fn each_output_is_said_to_be_what_the_rules_take_it_for() {
    let stage = stage();
    let alice = token(&stage, "alice");
    let kraken = "bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969";
    let outputs = json!([
        { "address": kraken, "amount": "0.01 BTC" },
        { "address": "desk-account", "amount": "0.01 BTC" },
        { "vault": "desk", "amount": "0.01 BTC" },
        { "vault": "nowhere", "amount": "0.01 BTC" },
        { "address": "bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew", "amount": "0.01 BTC" },
        { "address": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "amount": "0.01 BTC" },
        { "address": "hello", "amount": "0.01 BTC" },
        { "address": world::PAYEE, "amount": "0.000001 BTC" },
    ]);
    let checked = ask(&stage, &alice, "/v1/transfers/check", &transfer(outputs)).json();
    let shown: Vec<(String, String, String)> = checked["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|output| (plain(&output["standing"]), plain(&output["list"]), plain(&output["problem"])))
        .collect();
    let shown: Vec<[&str; 3]> = shown.iter().map(|(a, b, c)| [a.as_str(), b.as_str(), c.as_str()]).collect();
    let none = "(none)";
    assert_eq!(
        shown,
        [
            ["listed", "partners", none],
            ["refused", none, "this is not a bitcoin address"],
            ["internal", none, none],
            ["refused", none, "there is no such vault"],
            ["refused", "sanctions", "the rule “no-mixers” forbids it"],
            ["refused", none, "this address is of another network than the vault"],
            ["refused", none, "this is not a bitcoin address"],
            ["refused", none, "so little is not passed on by the network"],
        ]
    );
    assert!(checked["refused"].is_string());
    let forbidden =
        json!([{ "address": "bcrt1qxewjytm24c6ehwypcpm8r6zazyd245j400mdew", "amount": "0.01 BTC" }]);
    let forbidden = ask(&stage, &alice, "/v1/transfers/check", &transfer(forbidden)).json();
    assert_eq!(forbidden["refused"], "the rule “no-mixers” forbids it");
}

#[test]
fn an_address_made_to_look_like_a_known_one_is_pointed_out() {
    let stage = stage();
    let alice = token(&stage, "alice");
    let mut sources = sources();
    // The list has an address with the ends of the payee's; on a gate-only vault anything is an address.
    let payee = world::PAYEE;
    let middle = &payee[10..payee.len() - 4];
    let alike =
        format!("{}{}{}", &payee[..10], middle.chars().rev().collect::<String>(), &payee[payee.len() - 4..]);
    sources[0].text = sources[0].text.replace("bcrt1qaxxan86pyn9znw7gln6gum9prx6trvsvwcw969", &alike);
    let looked = Stage::on(|_| Cost::CHEAP, sources, |_, _| {});
    let other = token(&looked, "alice");
    let command =
        json!({ "vault": "desk", "outputs": [{ "address": payee, "amount": "1 BTC" }], "max_fee": "0 BTC" });
    let warned = ask(&looked, &other, "/v1/transfers/check", &command).json();
    assert_eq!(warned["outputs"][0]["standing"], "new");
    assert!(plain(&warned["outputs"][0]["problem"]).contains("like “kraken” and is another"), "{warned}");
    let quiet = ask(&stage, &alice, "/v1/transfers/check", &command).json();
    assert!(quiet["outputs"][0].get("problem").is_none(), "{quiet}");
    // Neither is refused for it.
    assert!(warned.get("refused").is_none() && quiet.get("refused").is_none());
}

#[test]
fn the_check_refuses_what_the_gate_refuses_and_says_why() {
    let stage = stage();
    let (alice, dora) = (token(&stage, "alice"), token(&stage, "dora"));
    let refused = |token: &str, command: &Value| {
        plain(&ask(&stage, token, "/v1/transfers/check", command).json()["refused"])
    };
    assert_eq!(
        refused(&alice, &proposal("900 BTC", 1, None)),
        "the limit “day” never has room for so much: send it in parts"
    );
    assert_eq!(stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 2, None)).status(), 202);
    let full = refused(&alice, &proposal("0.4 BTC", 3, None));
    assert!(full.starts_with("the limit “day” has no room: it fits from "), "{full}");
    assert_eq!(refused(&alice, &proposal("0.4 BTC", 2, None)), "this was submitted before");
    assert_eq!(refused(&dora, &proposal("0.1 BTC", 4, None)), "no permit allows this transfer");
    // The gate says the same.
    assert_eq!(stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 3, None)).code(), "limit-reached");
    assert_eq!(stage.post("dora", "/v1/transfers", proposal("0.1 BTC", 4, None)).code(), "no-permit");
}

#[test]
fn the_check_has_bounds_and_says_nothing_of_vaults_that_one_does_not_see() {
    let mut sources = sources();
    // A vault of its own group, that dora alone has to do with.
    sources[0].text += "[[vault]]\nid = \"side\"\nchain = \"gate-only\"\naddresses = []\nbalance = \"0 BTC\"\n\
        [[permit]]\nid = \"side\"\nvaults = [\"side\"]\ninitiators = [\"responders\"]\ndestination = \"any\"\nhold = \"0h\"\nexpires = \"1d\"\n";
    sources[0].text = sources[0]
        .text
        .replace(
            "approve = { at_least = 2, of = \"finance\" }\nhold = \"7d\"",
            "approve = { at_least = 1, of = \"responders\" }\nhold = \"7d\"",
        )
        .replace("lift = { at_least = 2, of = \"finance\" }", "lift = { at_least = 1, of = \"responders\" }");
    sources[1].text =
        sources[1].text.replace("groups = [\"auditors\"]", "groups = [\"auditors\", \"responders\"]");
    let stage = Stage::on(|_| Cost::CHEAP, sources, |_, _| {});
    let (alice, dora) = (token(&stage, "alice"), token(&stage, "dora"));
    let check = |token: &str, command: &Value| ask(&stage, token, "/v1/transfers/check", command);
    let on = |vault: &str| json!({ "vault": vault, "outputs": [{ "address": "x", "amount": "1 BTC" }], "max_fee": "0 BTC" });
    assert_eq!(check(&dora, &on("side")).status(), 200);
    let (hidden, nowhere) = (check(&alice, &on("side")), check(&alice, &on("nowhere")));
    assert_eq!((hidden.status(), &hidden), (404, &nowhere));
    let many: Vec<Value> = (0..201).map(|_| json!({ "address": "x", "amount": "1 BTC" })).collect();
    let many = json!({ "vault": "desk", "outputs": many, "max_fee": "0 BTC" });
    assert_eq!(check(&alice, &many).code(), "command-invalid");
    assert_eq!(check(&alice, &json!({ "vault": "desk" })).code(), "command-invalid");
    assert_eq!(
        check(&alice, &json!({ "vault": "desk", "outputs": [{ "amount": "1 BTC" }], "max_fee": "0 BTC" }))
            .code(),
        "command-invalid"
    );
    let long = format!("{{\"vault\": \"{}\"}}", "x".repeat(server::http::BODY_BYTES_MAX));
    assert_eq!(ask_in(&stage, "en", &alice, "/v1/transfers/check", &long).code(), "body-too-large");
    assert_eq!(ask_in(&stage, "en", "nobody", "/v1/transfers/check", "{}").status(), 401);
}

fn reasons(stage: &Stage, language: &str, id: &str) -> Value {
    let answer = ask_in(stage, language, &token(stage, "carol"), &format!("/v1/transfers/{id}/reasons"), "");
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer.json()["parts"].clone()
}

/// A tree, one line for each reason.
fn drawn(parts: &Value, depth: usize) -> String {
    let line = |part: &Value| {
        let below = if part["parts"].is_array() { drawn(&part["parts"], depth + 1) } else { String::new() };
        format!(
            "{}{}: {}\n{below}",
            "  ".repeat(depth),
            part["state"].as_str().unwrap(),
            plain(&part["text"])
        )
    };
    parts.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_transfer_says_why_it_stands_where_it_stands_and_names_nobody() {
    let stage = stage();
    let proposed = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None));
    let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
    let expected = "\
unmet: A permit must be met.
  unmet: “slow”
    unmet: To approve: one of “finance”.
    unmet: Then it waits 48 hours.
    plain: What is not ready by 25 Jan 2026, 09:00 lapses.
unmet: Nobody has brought its transaction yet.
met: No rule forbids it.
met: Every limit had room when it was proposed.
  met: “day”
";
    let first = drawn(&reasons(&stage, "en", &id), 0);
    let lapses = first.lines().find(|line| line.contains("lapses")).unwrap().to_owned();
    let expected = expected.replace("    plain: What is not ready by 25 Jan 2026, 09:00 lapses.", &lapses);
    assert_eq!(first, expected);

    let approve = stage.post("bob", &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }));
    assert_eq!(approve.status(), 202);
    stage.post("bob", "/v1/stops", json!({ "scope": { "person": "bob" }, "reason": "bob is not well" }));
    stage.post("bob", "/v1/stops", json!({ "scope": { "vault": "treasury" }, "reason": "call carol" }));
    let text = drawn(&reasons(&stage, "en", &id), 0);
    assert!(text.contains("waits: A permit is met and its wait runs."), "{text}");
    assert!(text.contains("met: Approved by one of “finance”."), "{text}");
    assert!(
        text.contains("unmet: A stop reaches it.") && text.contains("unmet: Its vault was stopped: "),
        "{text}"
    );
    names_nobody(&text);
    let french = drawn(&reasons(&stage, "fr", &id), 0);
    assert!(french.contains("waits: Une autorisation est remplie et son délai court."), "{french}");
    names_nobody(&french);

    let unseen = ask_in(
        &stage,
        "en",
        &token(&stage, "carol"),
        &format!("/v1/transfers/{}/reasons", "0".repeat(64)),
        "",
    );
    assert_eq!(unseen.status(), 404);
}

#[test]
fn what_was_declined_says_the_same_whoever_objected() {
    let declined = |by: Option<&str>| {
        let stage = stage();
        let proposed = stage.post("alice", "/v1/transfers", proposal("0.4 BTC", 1, None));
        let id = proposed.json()["transfer"].as_str().unwrap().to_owned();
        stage.post("bob", &format!("/v1/transfers/{id}/approve"), json!({ "payload_hash": id }));
        let object = format!("/v1/transfers/{id}/object");
        let phrase = by.map_or_else(|| stage::panic("carol"), own);
        let who = by.unwrap_or("carol");
        let path = if by.is_some() { object.as_str() } else { "/v1/check-ins/now" };
        stage.send_covert(&stage.sending(who, &phrase, path, json!({})));
        let before = drawn(&reasons(&stage, "en", &id), 0);
        stage.pass(SLOW_HOLD);
        (before, drawn(&reasons(&stage, "en", &id), 0))
    };
    let (objected, signalled) = (declined(Some("carol")), declined(None));
    assert_eq!(objected, signalled, "a colleague's objection and a signal");
    assert_eq!(objected.1, "unmet: Not released at the moment of decision.\n");
}

#[test]
fn the_list_is_searched() {
    let stage = stage();
    let submit =
        |by: &str, command: Value| assert_eq!(stage.post(by, "/v1/transfers", command).status(), 202);
    submit("alice", proposal("0.01 BTC", 1, None));
    let with = |memo: &str, reference: &str| {
        json!({ "vault": "desk", "outputs": [{ "address": "IBAN-77", "amount": "1 BTC" }], "max_fee": "0 BTC",
            "memo": memo, "reference": reference })
    };
    submit("bob", with("Rent of MARCH", "R-1"));
    submit("bob", with("été", "R-2"));
    let alice = token(&stage, "alice");
    let found = |query: &str| {
        let answer = stage.get(&format!("/v1/transfers?{query}"), Some(&alice));
        assert_eq!(answer.status(), 200, "{query}: {answer:?}");
        answer.json()["transfers"].as_array().unwrap().len()
    };
    assert_eq!(found(""), 3);
    assert_eq!([found("mine=true"), found("mine=false")], [1, 3]);
    assert_eq!([found("vault=desk"), found("vault=treasury"), found("vault=nowhere")], [2, 1, 0]);
    assert_eq!(
        [found("search=march"), found("search=r-2"), found("search=iban"), found("search=none")],
        [1, 1, 2, 0]
    );
    assert_eq!([found("search=%C3%89T%C3%89"), found("search=w508d6q"), found("search=")], [1, 1, 3]);
    assert_eq!(found("vault=desk&search=R-&mine=true"), 0);
    let long = format!("search={}", "x".repeat(101));
    for query in ["mine=yes", "vault=%20", &long, "owner=bob"] {
        let refused = stage.get(&format!("/v1/transfers?{query}"), Some(&alice));
        assert_eq!((refused.status(), refused.code().as_str()), (400, "query-invalid"), "{query}");
    }
    // Nothing is found in what one does not see, and pages go on.
    let page = stage.get("/v1/transfers?vault=desk&limit=1", Some(&alice)).json();
    let next = page["next"].as_u64().unwrap();
    assert_eq!(found(&format!("vault=desk&limit=1&before={next}")), 1);
}

#[test]
fn the_rules_are_said_to_everybody_and_the_register_to_few() {
    let stage = stage();
    let explained = |who: &str, language: &str| {
        let answer = ask_in(&stage, language, &token(&stage, who), "/v1/policy/explained", "");
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer.json()
    };
    let (alice, emil, french) = (explained("alice", "en"), explained("emil", "en"), explained("alice", "fr"));
    assert_eq!(alice, emil, "the same for everybody");
    assert_ne!(alice["sections"], french["sections"]);
    names_nobody(&alice.to_string());
    assert!(alice.to_string().contains("“slow”: members of “finance” send more than"), "{alice}");
    assert_eq!(stage.get("/v1/policy/explained", None).status(), 401);

    let register = |who: &str| stage.get("/v1/policy/register", Some(&token(&stage, who)));
    assert_eq!(
        register("alice"),
        stage.get("/v1/nothing", Some(&token(&stage, "alice"))),
        "no auditor, no register"
    );
    for who in ["dora", "emil"] {
        let shown = register(who);
        assert_eq!(shown.status(), 200, "{shown:?}");
        let shown = shown.json();
        assert_eq!(shown["people"].as_array().unwrap().len(), 5);
        let alice = json!({ "person": "alice", "groups": ["finance"], "places": ["home-alice"], "keys": ["alice-hw"] });
        assert_eq!(shown["people"][0], alice);
        assert_eq!(shown["services"], json!(["payroll"]));
        assert_eq!(shown["sources"].as_array().unwrap().len(), 2);
    }
    assert_eq!(stage.get("/v1/policy/register", None).status(), 401);
}

/// The rules in force, edited; the register is left out.
fn rules_edited(stage: &Stage, from: &str, to: &str) -> Value {
    let rules = stage.engine.read(|state| state.overt().policy().unwrap().sources()[0].clone());
    assert!(rules.text.contains(from), "{from}");
    json!([{ "name": rules.name, "text": rules.text.replacen(from, to, 1) }])
}

fn preview(stage: &Stage, who: &str, sources: Value) -> Raw {
    ask(stage, &token(stage, who), "/v1/policy/preview", &json!({ "sources": sources, "keep_others": true }))
}

#[test]
fn a_change_of_the_rules_is_looked_at_before_it_is_proposed() {
    let stage = stage();
    let matters = || {
        stage.engine.read(|state| (state.overt().policy().unwrap().hash(), state.overt().motions().count()))
    };
    let before = matters();
    let alone = "approve = { at_least = 1, of = \"finance\" }\nhold = \"4h\"";
    let sooner = rules_edited(&stage, alone, "hold = \"4h\"");
    let (alice, emil) = (preview(&stage, "alice", sooner.clone()), preview(&stage, "emil", sooner));
    assert_eq!((alice.status(), emil.status()), (200, 200), "{alice:?} {emil:?}");
    let (alice, emil) = (alice.json(), emil.json());
    for shown in [&alice, &emil] {
        assert_eq!(shown["direction"], "loosens");
        assert_eq!(shown["differences"][0]["direction"], "loosens");
        assert_eq!(shown["before"]["figures"].as_array().unwrap().len(), 45);
        assert_eq!(shown["after"]["figures"].as_array().unwrap().len(), 45);
    }
    let amounts = |figures: &Value| -> Vec<Value> {
        figures["figures"].as_array().unwrap().iter().map(|figure| figure["amount"].clone()).collect()
    };
    assert_eq!(amounts(&alice["after"]), amounts(&emil["after"]));
    names_nobody(&alice.to_string());
    assert!(!alice.to_string().contains("alice"), "{alice}");
    assert!(plain(&emil["differences"][0]["text"]).contains("asked for by “"), "{emil}");
    assert!(emil["after"]["figures"][0]["coalition"].is_array());
    let tighter = preview(&stage, "alice", rules_edited(&stage, "hold = \"48h\"", "hold = \"72h\"")).json();
    assert_eq!(
        (&tighter["direction"], &tighter["differences"][0]["direction"]),
        (&json!("tightens"), &json!("tightens"))
    );
    let desk = "[[limit]]\nid = \"desk\"\nvaults = [\"desk\"]\nper = \"24h\"\namount = \"0.5 BTC\"\nby = \"vault\"\n[[limit]]";
    let limited = preview(&stage, "alice", rules_edited(&stage, "[[limit]]", desk)).json();
    let [now, then] = ["before", "after"].map(|side| limited[side]["figures"][0]["amount"]["minor"].clone());
    assert_eq!((now, then), (json!(200_000_000), json!(50_000_000)), "one home, one hour");
    let equal = preview(&stage, "alice", rules_edited(&stage, "[[permit]]", "# nothing\n[[permit]]")).json();
    assert_eq!((&equal["direction"], &equal["differences"]), (&json!("equal"), &json!([])));
    assert_eq!(amounts(&equal["before"]), amounts(&equal["after"]));
    assert_eq!(matters(), before, "looking changes nothing");
}

#[test]
fn errors_have_their_place_and_say_nothing_of_the_register() {
    let stage = stage();
    let found = |who: &str, from: &str, to: &str| {
        let shown = preview(&stage, who, rules_edited(&stage, from, to)).json();
        assert!(shown.get("direction").is_none() && shown.get("after").is_none(), "{shown}");
        assert_eq!(shown["before"]["figures"].as_array().unwrap().len(), 45);
        shown["findings"].clone()
    };
    let missing = found("alice", "hold = \"48h\"", "holt = \"48h\"");
    let unknown = missing.as_array().unwrap().iter().find(|one| one["code"] == "unknown-key").unwrap();
    assert!(plain(&unknown["message"]).contains("did you mean `hold`?"), "{unknown}");
    assert!(unknown["line"].as_u64().unwrap() > 1 && unknown["file"] == "rules.toml", "{unknown}");
    // `bob-hv` is nearly a key of the register; whoever may read that is told, and nobody else.
    let from = "keys = { at_least = 2, of = [\"alice-hw\", \"bob-hw\"";
    let to = "keys = { at_least = 2, of = [\"alice-hw\", \"bob-hv\"";
    let (alice, emil) = (found("alice", from, to), found("emil", from, to));
    assert!(plain(&emil[0]["message"]).contains("did you mean `bob-hw`?"), "{emil}");
    assert_eq!(plain(&alice[0]["message"]), "no signing key `bob-hv`");
    assert_eq!((&alice[0]["line"], &alice[0]["column"]), (&emil[0]["line"], &emil[0]["column"]));
    // A name that the register has already.
    let taken = json!([{ "name": "more.toml", "text": "[[vault]]\nid = \"desk\"\nchain = \"gate-only\"\n" }]);
    let taken = preview(&stage, "alice", taken).json();
    assert!(!taken["findings"].to_string().contains("rules.toml"), "{taken}");
    // Warnings name homes to those who may know them.
    let alone = rules_edited(
        &stage,
        "approve = { at_least = 1, of = \"finance\" }\nhold = \"48h\"",
        "hold = \"48h\"",
    );
    let (alice, emil) =
        (preview(&stage, "alice", alone.clone()).json(), preview(&stage, "emil", alone).json());
    assert!(emil["findings"].to_string().contains("home-"), "{emil}");
    assert!(!alice["findings"].as_array().unwrap().is_empty());
    names_nobody(&alice["findings"].to_string());
}

#[test]
fn who_sees_only_the_rules_changes_them_and_leaves_the_register_alone() {
    let stage = stage();
    let before = stage.engine.read(|state| state.overt().policy().unwrap().sources().to_vec());
    let propose = |who: &str, sources: Value| {
        stage.post(who, "/v1/changes", json!({ "sources": sources, "keep_others": true }))
    };
    let accepted = propose("alice", rules_edited(&stage, "hold = \"48h\"", "hold = \"72h\""));
    assert_eq!(accepted.status(), 202, "{accepted:?}");
    let after = stage.engine.read(|state| state.overt().policy().unwrap().sources().to_vec());
    assert!(after[0].text.contains("hold = \"72h\""), "a tightening is in force at once");
    assert_eq!(after[1], before[1], "the register is the same, byte for byte");

    let register = &before[1];
    let mallory = "[[place]]\nid = \"cellar\"\nkind = \"home\"\n[[person]]\nid = \"mallory\"\ngroups = [\"finance\"]\nplaces = [\"cellar\"]\nkeys = []\n";
    let hers = format!("{}{mallory}", register.text);
    let rules = &after[0];
    for (what, sources) in [
        ("the register's own file", json!([{ "name": register.name, "text": hers }])),
        ("another file with its tables", json!([{ "name": "more.toml", "text": mallory }])),
        (
            "tables among the rules",
            json!([{ "name": rules.name, "text": format!("{}{mallory}", rules.text) }]),
        ),
        (
            "rules in the register's place",
            json!([{ "name": register.name, "text": "[prices]\nwindow = \"7d\"\n" }]),
        ),
    ] {
        let refused = propose("alice", sources.clone());
        assert_eq!((refused.status(), refused.code().as_str()), (403, "not-allowed"), "{what}: {refused:?}");
        let looked = preview(&stage, "alice", sources.clone());
        assert_eq!((looked.status(), looked.code().as_str()), (403, "not-allowed"), "{what}: {looked:?}");
        names_nobody(&refused.body());
    }
    let twice = json!([{ "name": "a.toml", "text": "" }, { "name": "a.toml", "text": "" }]);
    assert_eq!(propose("alice", twice).code(), "command-invalid");
    let broken = propose("alice", json!([{ "name": rules.name, "text": "x = " }]));
    assert_eq!((broken.status(), broken.code().as_str()), (422, "policy-invalid"));
    let dangling = rules.text.replace("\"bob-hw\"", "\"bob-hv\"");
    let dangling = propose("alice", json!([{ "name": rules.name, "text": dangling }]));
    assert_eq!(dangling.code(), "policy-invalid");
    assert!(!dangling.text().contains("bob-hw"), "{dangling:?}");
    // Who reads the register may change it in part, and everybody may propose all files, as before.
    let looser = propose("emil", json!([{ "name": register.name, "text": hers }]));
    assert_eq!(looser.status(), 202, "{looser:?}");
    let all = json!([{ "name": rules.name, "text": rules.text }, { "name": register.name, "text": hers }]);
    assert_eq!(stage.post("alice", "/v1/changes", json!({ "sources": all })).status(), 202);
    let unchanged = stage.engine.read(|state| state.overt().policy().unwrap().sources().to_vec());
    assert_eq!(unchanged, after, "those wait for a quorum");
}

#[test]
fn a_refused_change_of_some_files_commits_what_its_phrase_says() {
    let stage = stage();
    let mallory = json!([{ "name": "more.toml", "text": "[[place]]\nid = \"cellar\"\nkind = \"home\"\n" }]);
    let command = json!({ "sources": mallory, "keep_others": true });
    let refused = stage.send(&stage.sending("alice", &stage::panic("alice"), "/v1/changes", command));
    assert_eq!(refused.code(), "not-allowed");
    world::wait_until("an incident", || stage.engine.read(|state| state.covert().incidents().count()) == 1);
}

#[test]
fn previews_are_bounded_by_size_and_by_number() {
    let stage = stage();
    let alice = token(&stage, "alice");
    let look = |body: &str| ask_in(&stage, "en", &alice, "/v1/policy/preview", body);
    assert_eq!(look("{}").code(), "command-invalid");
    assert_eq!(ask_in(&stage, "en", "nobody", "/v1/policy/preview", "{}").status(), 401);
    let head = format!("POST /v1/policy/preview HTTP/1.1\r\nAuthorization: Bearer {alice}");
    let large = exchange(stage.address, &head, &vec![b' '; server::http::BODY_LARGE_BYTES_MAX + 1]);
    assert_eq!(large.code(), "body-too-large");
    let limit = |at: usize| {
        format!("[[limit]]\nid = \"l{at}\"\nvaults = [\"desk\"]\nper = \"24h\"\ncount = 9\nby = \"vault\"\n")
    };
    let many = json!([{ "name": "more.toml", "text": (0..2000).map(limit).collect::<String>() }]);
    let many = json!({ "sources": many, "keep_others": true }).to_string();
    assert_eq!(look(&many).code(), "command-invalid");
    for _ in 3..server::http::PREVIEWS_PER_PERSON_MAX {
        look("{}");
    }
    let refused = look("{}");
    assert_eq!((refused.status(), refused.code().as_str()), (429, "too-many-attempts"));
    assert!(refused.header("retry-after").is_some());
    let emil = token(&stage, "emil");
    let body = json!({ "sources": [], "keep_others": true }).to_string();
    assert_eq!(ask_in(&stage, "en", &emil, "/v1/policy/preview", &body).status(), 200);
    stage.pass(Span::from_hours(1));
    assert_eq!(look("{}").code(), "command-invalid");
}
