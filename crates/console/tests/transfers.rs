//! The pages of transfers from sample answers: what stands on them, what is asked, what is signed, and what they must not say (G1, G3, G5, G9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::result_large_err,
    reason = "a test says what is wrong by failing"
)]

#[path = "samples/transfers.rs"]
mod samples;
#[path = "transfers/script.rs"]
mod script;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use api::Problem;
use console::{Api, Ask, Fields, Language, Look, Pending, Shown, Who, find, problem, whole_page};
use serde_json::{Value, json};
use types::{Hash, hash_parts};

/// Answers from a table, and everything that was asked.
#[derive(Default)]
struct Table {
    answers: BTreeMap<String, Value>,
    asked: Mutex<Vec<(&'static str, String, Value)>>,
}

impl Table {
    fn new() -> Self {
        Self { answers: samples::transfers(), ..Self::default() }
    }

    fn with(mut self, path: &str, answer: Value) -> Self {
        self.answers.insert(path.to_owned(), answer);
        self
    }

    fn asked(&self) -> Vec<(&'static str, String, Value)> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, method: &'static str, path: &str, body: Value) -> Result<Value, Problem> {
        self.asked.lock().unwrap().push((method, path.to_owned(), body));
        self.answers.get(path).cloned().ok_or_else(|| problem(api::Code::NotFound))
    }
}

impl Api for Table {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("GET", path, Value::Null) })
    }

    fn post<'a>(&'a self, path: &'a str, body: Value) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("POST", path, body) })
    }

    fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(("HOLD", path.to_owned(), command));
            Ok(json!({}))
        })
    }

    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.answer("DELETE", path, Value::Null) })
    }
}

/// The id of a sample.
fn id_of(name: &str) -> Hash {
    let found = samples::each().into_iter().find(|(own, _)| *own == name);
    serde_json::from_value(found.unwrap().1["id"].clone()).unwrap()
}

fn fields(of: &[(&str, &str)]) -> Fields {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn asking(language: Language, path: &str) -> Ask {
    let who = Who {
        person: types::PersonId::parse("alice").unwrap(),
        organisation: "Exemple SAS".to_owned(),
        responder: false,
        auditor: false,
        token: "token-of-the-form".to_owned(),
    };
    let path = path.to_owned();
    let zone = jiff::tz::TimeZone::UTC;
    let (look, parameters, query, fields) = (Look::System, Fields::new(), Fields::new(), Fields::new());
    Ask { language, look, path, parameters, query, fields, who: Some(who), zone }
}

fn run(method: &str, mut ask: Ask, table: &Table) -> Result<Shown, Problem> {
    let (page, parameters) = find(method, &ask.path).unwrap_or_else(|| panic!("no page at {}", ask.path));
    ask.parameters = parameters;
    match pin!((page.show)(&ask, table)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(shown) => shown,
        Poll::Pending => panic!("a page waits for nothing but the table"),
    }
}

/// The whole page; also written to a folder when the variable `SHOW_PAGES` names one, to be looked at.
fn html(method: &str, ask: Ask, table: &Table, name: &str) -> String {
    let frame = ask.clone();
    let Ok(Shown::Page { title, content, scripts, live }) = run(method, ask, table) else {
        panic!("{name}: no page")
    };
    let page = whole_page(&frame, &title, &content, scripts, live).into_string();
    if let Ok(folder) = std::env::var("SHOW_PAGES") {
        let language = if frame.language == Language::French { "fr" } else { "en" };
        std::fs::write(format!("{folder}/transfers-{name}-{language}.html"), &page).unwrap();
    }
    page
}

fn both(path: &str, name: &str) -> String {
    let table = Table::new();
    let french = html("GET", asking(Language::French, path), &table, name);
    assert!(french.contains("lang=\"fr\"") && !french.contains("transfers-title"));
    html("GET", asking(Language::English, path), &table, name)
}

fn detail(name: &str) -> String {
    both(&format!("/transfers/{}", id_of(name)), name)
}

/// What stands in an attribute, as the browser reads it.
fn attribute(page: &str, name: &str) -> Option<String> {
    let begin = page.find(&format!(" {name}=\""))? + name.len() + 3;
    let text = page[begin..].split('"').next()?;
    Some(text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

#[test]
fn the_list_leads_to_every_transfer_and_what_people_wrote_is_text() {
    let page = both("/transfers", "list");
    for (name, transfer) in samples::each() {
        assert!(
            page.contains(&format!("href=\"/transfers/{}\"", transfer["id"].as_str().unwrap())),
            "{name}"
        );
    }
    assert!(page.contains("Server rent &lt;b&gt;&amp;") && !page.contains("rent <b>"));
    assert!(page.contains("href=\"/transfers?before=17\"") && page.contains("href=\"/transfers.csv\""));
    assert!(
        page.contains("bcrt1qcr8te4…eqchgx and 1 more") && page.contains("1.5\u{a0}BTC"),
        "two outputs are added up"
    );
}

#[test]
fn what_is_looked_for_is_asked_of_the_interface_and_kept_from_page_to_page() {
    let list = json!({ "transfers": [], "next": 9 });
    let asked =
        "/v1/transfers?status=pending&vault=treasury&mine=true&search=rent%20%26%20more&limit=40&before=17";
    let table = Table::new().with(asked, list);
    let mut ask = asking(Language::English, "/transfers");
    ask.query = fields(&[
        ("status", "pending"),
        ("vault", "treasury"),
        ("mine", "true"),
        ("search", " rent & more "),
        ("before", "17"),
    ]);
    let page = html("GET", ask, &table, "found");
    let kept = "status=pending&amp;vault=treasury&amp;mine=true&amp;search=rent%20%26%20more";
    for link in [
        format!("/transfers?{kept}&amp;before=9"),
        format!("/transfers?{kept}"),
        format!("/transfers.csv?{kept}"),
    ] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
    }
    assert!(page.contains("value=\"rent &amp; more\"") && page.contains("Nothing fits these filters."));
}

#[test]
fn the_file_has_a_line_for_each_output_and_its_sums_add_up() {
    let table = Table::new();
    let Ok(Shown::File { name, kind, bytes }) =
        run("GET", asking(Language::French, "/transfers.csv"), &table)
    else {
        panic!("no file")
    };
    assert_eq!((name.as_str(), kind), ("transfers.csv", "text/csv; charset=utf-8"));
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + samples::each().len() + 1, "one has two outputs");
    assert!(lines[0].starts_with("transfer,submitted_at,status,"));
    let own = id_of("own");
    let of_two: Vec<&&str> = lines.iter().filter(|line| line.starts_with(&own.to_string())).collect();
    assert!(
        of_two[0].contains(",2026-11-20T09:30:00Z,pending,")
            && of_two[0]
                .contains(",1,bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx,1.25,BTC,0.0002,20008,EUR,"),
        "{}",
        of_two[0]
    );
    assert!(of_two[1].contains(",2,hot,0.25,BTC,,,EUR,"), "{}", of_two[1]);
    assert!(text.contains("\"Server rent <b>&\"\"quoted\"\"\""));
}

#[test]
fn a_memo_in_the_file_is_never_a_formula_and_the_file_ends() {
    let mut transfer = samples::each()[0].1.clone();
    transfer["memo"] = json!("=HYPERLINK(\"http://evil\",\"pay\")");
    let endless = json!({ "transfers": [transfer], "next": 5 });
    let table = Table::new()
        .with("/v1/transfers?limit=200", endless.clone())
        .with("/v1/transfers?limit=200&before=5", endless);
    let Ok(Shown::File { bytes, .. }) = run("GET", asking(Language::English, "/transfers.csv"), &table)
    else {
        panic!("no file")
    };
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.contains("\"'=HYPERLINK(") && !text.contains(",=HYPERLINK") && !text.contains("\"=HYPERLINK")
    );
    assert_eq!(table.asked().len(), 50, "it asks no more often than this");
}

fn typed() -> Fields {
    fields(&[
        ("vault", "treasury"),
        ("rows", "3"),
        ("to0", &format!(" {} ", samples::ADDRESS)),
        ("amount0", "0.4"),
        ("to1", "bcrt1q newn ewne wnew newnewnewnewnewnewnew000000"),
        ("amount1", "0.05 BTC"),
        ("into2", "hot"),
        ("amount2", "1"),
        ("fee", "0.0002"),
        ("memo", "Rent \"November\" & <more>"),
    ])
}

fn checked(language: Language, more: &[(&str, &str)], table: &Table, name: &str) -> String {
    let mut ask = asking(language, "/transfers/check");
    ask.fields = typed();
    ask.fields.extend(fields(more));
    html("POST", ask, table, name)
}

#[test]
fn what_is_signed_is_exactly_what_was_checked() {
    let table = Table::new();
    let page = checked(Language::English, &[], &table, "check");
    checked(Language::French, &[], &Table::new(), "check");
    let (_, _, asked) = table.asked().into_iter().find(|(method, ..)| *method == "POST").unwrap();
    let command: Value = serde_json::from_str(&attribute(&page, "data-command").unwrap()).unwrap();
    assert_eq!(command, asked);
    assert_eq!(command["outputs"][0], json!({ "address": samples::ADDRESS, "amount": "0.4 BTC" }));
    assert_eq!(
        command["outputs"][1]["address"], "bcrt1qnewnewnewnewnewnewnewnewnewnewnew000000",
        "as copied from groups of four"
    );
    assert_eq!(command["outputs"][2], json!({ "vault": "hot", "amount": "1 BTC" }));
    assert_eq!(attribute(&page, "data-act").as_deref(), Some("/v1/transfers"));
    for shown in [
        "<span>bcrt</span><span>1qcr</span>",
        "On the list partners",
        "48 hours",
        "above 1,000 EUR",
        "never paid it",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn what_would_be_refused_cannot_be_proposed_and_says_why() {
    let mut answer = samples::check();
    answer["refused"] = json!("no room in hot-daily before 22 Nov 2026");
    let page = checked(Language::English, &[], &Table::new().with("/v1/transfers/check", answer), "refused");
    assert!(page.contains("no room in hot-daily") && !page.contains("data-act"));
    assert!(page.contains("name=\"edit\"") && page.contains("value=\"0.0002\""), "it can be changed");
}

#[test]
fn a_form_that_is_wrong_comes_back_with_everything_that_was_typed() {
    let table = Table::new();
    let page =
        checked(Language::English, &[("amount0", "1,000"), ("into1", "hot"), ("fee", "")], &table, "wrong");
    checked(
        Language::French,
        &[("amount0", "1.000,5"), ("into1", "hot"), ("fee", "")],
        &Table::new(),
        "wrong",
    );
    assert!(table.asked().iter().all(|(method, ..)| *method == "GET"), "nothing was checked");
    for field in ["amount0", "to1", "fee"] {
        assert!(
            page.contains(&format!("href=\"#{field}\"")) && page.contains(&format!("id=\"wrong-{field}\"")),
            "{field}"
        );
    }
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 3);
    assert!(
        page.contains("value=\"1,000\"")
            && page.contains("value=\"Rent &quot;November&quot; &amp; &lt;more&gt;\"")
    );
}

#[test]
fn one_more_output_and_a_change_of_mind_lose_nothing() {
    let table = Table::new();
    let more = checked(Language::English, &[("more", "1")], &table, "more");
    assert!(
        more.contains("name=\"amount3\"")
            && more.contains("name=\"rows\" value=\"4\"")
            && more.contains("value=\"0.05 BTC\"")
    );
    let full = checked(Language::English, &[("more", "1"), ("rows", "20")], &table, "full");
    assert!(full.contains("name=\"rows\" value=\"20\"") && !full.contains("name=\"more\""));
    let many = checked(Language::English, &[("edit", "1"), ("rows", "4000000000")], &table, "many");
    assert!(many.contains("name=\"rows\" value=\"20\""));
    assert!(table.asked().iter().all(|(method, ..)| *method == "GET"), "nothing was checked");
    let page = both("/transfers/new", "new");
    assert!(
        page.contains("name=\"to0\"") && !page.contains("name=\"to1\"") && !page.contains("type=\"file\"")
    );
}

#[test]
fn a_command_that_the_interface_does_not_take_comes_back_as_well() {
    struct Refusing(Table);
    impl Api for Refusing {
        fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
            self.0.get(path)
        }
        fn post<'a>(&'a self, _: &'a str, _: Value) -> Pending<'a, Value> {
            Box::pin(async { Err(problem(api::Code::CommandInvalid)) })
        }
        fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value> {
            self.0.hold(path, command)
        }
        fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
            self.0.delete(path)
        }
    }
    let mut ask = asking(Language::English, "/transfers/check");
    ask.fields = typed();
    let (page, _) = find("POST", "/transfers/check").unwrap();
    let api = Refusing(Table::new());
    let Poll::Ready(Ok(Shown::Page { content, .. })) =
        pin!((page.show)(&ask, &api)).poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("no page")
    };
    let content = content.into_string();
    assert!(
        content.contains(api::Code::CommandInvalid.text(Language::English))
            && content.contains("value=\"0.4\"")
    );
}

#[test]
fn what_is_approved_is_the_payload_whose_hash_is_the_id() {
    let page = detail("unmet");
    let payload = attribute(&page, "data-payload").unwrap();
    let id = id_of("unmet");
    assert_eq!(hash_parts("rempart/transfer/v1", &[payload.as_bytes()]), id);
    assert!(page.contains(&format!("data-act=\"/v1/transfers/{id}/approve\"")));
    let command: Value = serde_json::from_str(
        &attribute(&page[page.find("id=\"approve\"").unwrap()..], "data-command").unwrap(),
    )
    .unwrap();
    assert_eq!(command, json!({ "payload_hash": id }));
}

#[test]
fn each_state_offers_what_can_be_done_in_it() {
    for (name, approve, hold, file) in [
        ("unmet", true, true, true),
        ("own", false, true, true),
        ("waiting", false, true, true),
        ("stopped", false, true, true),
        ("ready", false, true, true),
        ("signed", false, false, false),
        ("confirmed", false, false, false),
        ("declined", false, false, false),
        ("expired", false, false, false),
        ("cancelled", false, false, false),
    ] {
        let page = detail(name);
        let id = id_of(name);
        assert_eq!(page.contains("data-payload"), approve, "{name}");
        for word in ["cancel", "object", "stop"] {
            assert_eq!(page.contains(&format!("action=\"/transfers/{id}/{word}\"")), hold, "{name} {word}");
        }
        assert_eq!(page.contains(&format!("data-act=\"PUT /v1/transfers/{id}/psbt\"")), file, "{name}");
        assert_eq!(page.contains("2 of finance, from different homes"), hold, "{name}");
        let counted = page.matches("data-until").count();
        assert_eq!(counted > 0, ["unmet", "own", "waiting", "stopped"].contains(&name), "{name}");
    }
}

#[test]
fn a_refresh_cannot_be_held_up_and_a_vault_without_a_chain_has_no_file() {
    let (id, path) = (id_of("unmet"), format!("/v1/transfers/{}", id_of("unmet")));
    let mut transfer = samples::each()[0].1.clone();
    transfer["refresh"] = json!(true);
    transfer["vault"] = json!("payroll");
    transfer["permits"] = json!([]);
    let table = Table::new().with(&path, transfer);
    let page = html("GET", asking(Language::English, &format!("/transfers/{id}")), &table, "refresh");
    assert!(!page.contains(&format!("/transfers/{id}/cancel")) && !page.contains("PUT /v1"));
    assert!(page.contains("Renewal of outputs of payroll") && page.contains("needs no approvals"));
}

#[test]
fn holding_works_without_a_script_and_leaves_no_trace() {
    let id = id_of("own");
    let post = |word: &str| {
        let table = Table::new();
        let mut ask = asking(Language::English, &format!("/transfers/{id}/{word}"));
        ask.fields = fields(&[("reason", " the account was changed by mail ")]);
        let Ok(Shown::Go(then)) = run("POST", ask, &table) else { panic!("{word}") };
        assert_eq!(then, format!("/transfers/{id}"), "nothing of it stands in the browser's history");
        table.asked()
    };
    assert_eq!(post("cancel"), [("HOLD", format!("/v1/transfers/{id}/cancel"), json!({}))]);
    assert_eq!(post("object"), [("HOLD", format!("/v1/transfers/{id}/object"), json!({}))]);
    let stop = json!({ "scope": { "transfer": id }, "reason": "the account was changed by mail" });
    assert_eq!(post("stop"), [("HOLD", "/v1/stops".to_owned(), stop)]);
    let refused = run("POST", asking(Language::English, "/transfers/no-hash/stop"), &Table::new());
    assert_eq!(refused.err().unwrap().status, 404);
}

#[test]
fn the_file_to_sign_is_what_was_brought_or_a_draft() {
    for (name, source) in [("own", "draft"), ("ready", "psbt")] {
        let id = id_of(name);
        let table = Table::new();
        let Ok(Shown::File { bytes, name: file, .. }) =
            run("GET", asking(Language::English, &format!("/transfers/{id}/psbt")), &table)
        else {
            panic!("no file")
        };
        assert_eq!(bytes, b"psbt\xff");
        assert_eq!(file, format!("{}.psbt", &id.to_string()[..12]));
        assert_eq!(table.asked().last().unwrap().1, format!("/v1/transfers/{id}/{source}"));
    }
}

#[test]
fn where_nobody_knows_what_the_network_wants_one_is_asked() {
    struct Unknowing(Table);
    impl Api for Unknowing {
        fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
            if path.ends_with("/draft") {
                return Box::pin(async { Err(problem(api::Code::FeeRateUnknown)) });
            }
            self.0.get(path)
        }
        fn post<'a>(&'a self, path: &'a str, body: Value) -> Pending<'a, Value> {
            self.0.post(path, body)
        }
        fn hold<'a>(&'a self, path: &'a str, command: Value) -> Pending<'a, Value> {
            self.0.hold(path, command)
        }
        fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
            self.0.delete(path)
        }
    }
    let id = id_of("own");
    let draft = json!({ "psbt": "cHNidP8=", "fee": { "asset": "BTC", "units": 1 }, "vsize": 200 });
    let api = Unknowing(Table::new().with(&format!("/v1/transfers/{id}/draft?fee_rate=8"), draft));
    let mut ask = asking(Language::English, &format!("/transfers/{id}/psbt"));
    let shown = |ask: &Ask| {
        let (page, _) = find("GET", &ask.path).unwrap();
        match pin!((page.show)(ask, &api)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(shown) => shown.unwrap(),
            Poll::Pending => panic!("a page waits for nothing but the table"),
        }
    };
    ask.parameters = fields(&[("id", &id.to_string())]);
    let Shown::Page { content, .. } = shown(&ask) else { panic!("no page") };
    assert!(content.into_string().contains("name=\"fee_rate\""));
    ask.query = fields(&[("fee_rate", " 8 ")]);
    assert!(matches!(shown(&ask), Shown::File { .. }));
}

/// Besides the page: style, script, htmx, texts.
const ASSETS: [&str; 4] =
    ["/assets/console.css", "/assets/console.js", "/assets/htmx.js", "/assets/texts.js"];

#[test]
fn no_page_is_heavy() {
    let long: Vec<Value> = (0..40)
        .map(|_| {
            let mut transfer = samples::each()[1].1.clone();
            transfer["memo"] = json!("x".repeat(256));
            transfer["approved_by_you"] = json!(true);
            transfer
        })
        .collect();
    let table = Table::new().with("/v1/transfers?limit=40", json!({ "transfers": long, "next": 1 }));
    let page = html("GET", asking(Language::French, "/transfers"), &table, "long");
    let rest: usize =
        console::assets().filter(|asset| ASSETS.contains(&asset.path)).map(|asset| asset.bytes().len()).sum();
    assert!(page.len() + rest < 100_000, "{} and {rest} bytes", page.len());
    for page in [both("/transfers", "list"), detail("unmet"), both("/transfers/new", "new")] {
        assert!(page.len() < 30_000, "{} bytes", page.len());
    }
}
