//! The responders' pages from sample answers: what somebody woken at three sees first, what is signed, and what can never be sent (G4, G8, G9).
//!
//! With `SHOW_PAGES=FOLDER` the pages are written there, to be looked at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

#[path = "samples/response.rs"]
mod samples;

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use api::Problem;
use console::{
    Api, Ask, Audience, Fields, Language, Look, PAGES, Pending, Shown, Who, find, problem, whole_page,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

struct Table(BTreeMap<String, Value>);

impl Table {
    fn new() -> Self {
        Self(samples::response())
    }

    fn with(mut self, path: &str, answer: Value) -> Self {
        self.0.insert(path.to_owned(), answer);
        self
    }
}

impl Api for Table {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.0.get(path).cloned().ok_or_else(|| problem(api::Code::NotFound)) })
    }

    fn post<'a>(&'a self, path: &'a str, _: Value) -> Pending<'a, Value> {
        panic!("{path}: these pages ask for nothing else")
    }

    fn hold<'a>(&'a self, path: &'a str, _: Value) -> Pending<'a, Value> {
        panic!("{path}: these pages ask for nothing else")
    }

    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        panic!("{path}: these pages ask for nothing else")
    }
}

fn asking(language: Language, address: &str) -> Ask {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let query = query.split('&').filter_map(|part| part.split_once('='));
    let who = Who {
        person: types::PersonId::parse("rene").unwrap(),
        organisation: "Exemple SAS".to_owned(),
        responder: true,
        auditor: false,
        token: "token-of-the-form".to_owned(),
    };
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let query: Fields = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (parameters, fields) = (Fields::new(), Fields::new());
    Ask {
        language,
        look: Look::System,
        path: path.to_owned(),
        parameters,
        query,
        fields,
        who: Some(who),
        zone,
    }
}

fn run(mut ask: Ask, table: &Table) -> Result<Shown, Problem> {
    let (page, parameters) = find("GET", &ask.path).unwrap_or_else(|| panic!("no page at {}", ask.path));
    ask.parameters = parameters;
    match pin!((page.show)(&ask, table)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(shown) => shown,
        Poll::Pending => panic!("a page waits for nothing but the table"),
    }
}

fn page_of(language: Language, address: &str, table: &Table) -> String {
    let ask = asking(language, address);
    let frame = ask.clone();
    let Ok(Shown::Page { title, content, scripts, live }) = run(ask, table) else {
        panic!("{address}: no page")
    };
    let page = whole_page(&frame, &title, &content, scripts, live).into_string();
    if let Ok(folder) = std::env::var("SHOW_PAGES") {
        let name = address.replace(['/', '?', '='], "-");
        let language = if language == Language::French { "fr" } else { "en" };
        std::fs::write(format!("{folder}/page{name}-{language}.html"), &page).unwrap();
    }
    page
}

fn page(address: &str) -> String {
    page_of(Language::French, address, &Table::new());
    page_of(Language::English, address, &Table::new())
}

fn room(rest: &str) -> String {
    format!("/response/incidents/{}{rest}", samples::INCIDENT)
}

/// Where a text begins in a page.
fn place(page: &str, text: &str) -> usize {
    page.find(text).unwrap_or_else(|| panic!("`{text}` is missing"))
}

#[test]
fn the_pages_are_responders_only() {
    let pages: Vec<_> = PAGES.iter().filter(|page| page.path.starts_with("/response")).collect();
    assert_eq!(pages.len(), 6);
    assert!(pages.iter().all(|page| page.audience == Audience::Responder && !page.local));
}

#[test]
fn open_incidents_stand_first() {
    let page = page("/response");
    let order = [
        "Open incidents",
        "/response/incidents/40213",
        "id=\"report\"",
        "mathilde",
        "/response/incidents/10021",
    ];
    let places: Vec<usize> = order.iter().map(|text| place(&page, text)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.contains("phrase of distress on an act") || page.contains("alarm of a protected person"));
    assert!(page.contains("Taken charge of in one place"));
    assert!(page.contains("NOBODY"), "an empty schedule is said aloud");
    let empty = Table::new().with("/v1/response/incidents", json!({ "incidents": [] }));
    assert!(page_of(Language::English, "/response", &empty).contains("No incident is open."));
}

#[test]
fn the_room_says_first_what_counts() {
    let page = page(&room(""));
    let first = &page[..place(&page, "id=\"checklist\"")];
    let steps =
        response::Procedures::default().checklist(response::Kind::HomeInvasion, response::Level::Confirmed);
    let steps: Vec<&str> = steps.iter().map(|step| step.en.text.as_str()).collect();
    // The first step is done: the three that follow are what is to do now.
    assert!(!first.contains(steps[0]));
    let steps = steps[1..4].iter().map(|step| maud::html! { (step) }.into_string());
    let mut needed: Vec<String> = steps.collect();
    needed.extend(
        [
            "alice",
            "Confirmed",
            "alarm of a protected person",
            "2026-11-20T02:14:05Z",
            "731 204",
            "bob",
            "(office)",
        ]
        .map(str::to_owned),
    );
    needed.extend(["Never call the person or the household".to_owned(), "more people are called".to_owned()]);
    for text in needed {
        assert!(first.contains(&text), "{text} is not at the top");
    }
    // Ten seconds on a telephone: the whole first part is short.
    assert!(page.contains("data-act=\"/v1/response/incidents/40213/acknowledge\""));
}

#[test]
fn a_level_that_may_be_a_slip_says_so() {
    let mut slip = samples::under_way();
    slip["level"] = json!("verify");
    let table = Table::new().with(&format!("/v1/response/incidents/{}", samples::INCIDENT), slip);
    let page = page_of(Language::English, &room(""), &table);
    assert!(page.contains("The person is called back once"));
    assert!(!page.contains("it would ring in the attackers"));
}

#[test]
fn an_open_stop_comes_with_its_warning() {
    let page = page(&room(""));
    assert!(
        place(&page, "the captor may see it on the captive") < place(&page, "href=\"/stops\">Stop openly")
    );
}

#[test]
fn what_people_wrote_is_text() {
    let page = page(&room(""));
    assert!(page.contains("&lt;b&gt;two cars&lt;/b&gt;"));
    assert!(!page.contains('\u{202e}'), "a mark that turns the line around is taken out");
    assert!(!page.contains("<script>alert"));
}

#[test]
fn the_checklist_signs_the_step_that_was_picked() {
    let page = page(&room(""));
    let form = &page[place(&page, "id=\"tick\"")..];
    let form = &form[..place(form, "</form>")];
    assert!(form.contains("data-act=\"/v1/response/incidents/40213/step\""));
    assert!(form.contains("data-command=\"{&quot;done&quot;:true}\""));
    assert!(form.contains("value=\"call-police\" data-field=\"step\" required"));
    assert!(form.contains("data-due"), "a step has its time");
    assert!(!form.contains("value=\"take-charge\""), "what is done is not ticked again");
    assert!(page.contains("1 step done"));
}

/// The whole checklist is a page of its own: the room stays light.
#[test]
fn every_step_is_on_the_page_of_all_steps() {
    let (short, whole) = (page(&room("")), page(&room("?steps=all")));
    let count = |page: &str| page.matches("name=\"step\"").count();
    assert!(short.contains("?steps=all") && !whole.contains("?steps=all"));
    assert!(count(&short) < count(&whole) && count(&whole) > 20, "{} {}", count(&short), count(&whole));
}

/// Each act, its operation, and what is signed before its fields are put in.
const ACTS: [(&str, &str, &str); 14] = [
    ("note", "note", "{}"),
    ("police", "called", r#"{"whom":"police"}"#),
    ("colleague", "called", "{}"),
    ("other", "called", "{}"),
    ("called-back", "called-back", "{}"),
    ("procedure", "procedure", "{}"),
    ("hand-over", "hand-over", "{}"),
    ("wait", "await", "{}"),
    ("narrow", "narrow", r#"{"cover":{"narrowed":{"people":[],"vaults":[]}}}"#),
    ("narrow-too", "narrow", r#"{"cover":{"narrowed":{"people":["alice"],"vaults":["treasury"]}}}"#),
    ("implicate", "implicate", "{}"),
    ("clear", "clear", "{}"),
    ("end-clear", "end-clear", "{}"),
    ("untick", "step", r#"{"done":false}"#),
];

#[test]
fn each_act_has_its_form_and_says_what_follows() {
    for (word, operation, command) in ACTS {
        let page = page(&room(&format!("?do={word}")));
        let form = &page[place(&page, "id=\"act\"")..];
        let form = &form[..place(form, "</form>")];
        assert!(form.contains(&format!("data-act=\"/v1/response/incidents/40213/{operation}\"")), "{word}");
        assert!(form.contains(&format!("data-command=\"{}\"", command.replace('"', "&quot;"))), "{word}");
        let explained = form.split("</h2>").nth(1).unwrap().split("</p>").next().unwrap();
        assert!(explained.len() > 30, "{word} says nothing of its consequence: {explained}");
    }
    assert!(!page(&room("")).contains("id=\"act\""));
}

#[test]
fn commands_are_those_of_the_wire() {
    let full = |word: &str| -> Value {
        match word {
            "note" => json!({ "text": "seen" }),
            "police" => json!({ "whom": "police", "note": "x" }),
            "colleague" => json!({ "whom": { "person": "bob" }, "note": "x" }),
            "other" => json!({ "whom": { "other": "exchange" } }),
            "called-back" => json!({ "person": "alice", "private": true, "all_clear": false }),
            "procedure" => json!({ "procedure": "abduction" }),
            "hand-over" => json!({ "to": "bob" }),
            "wait" => json!({ "until": "2026-11-20T05:00:00.000Z" }),
            "narrow" | "narrow-too" => {
                json!({ "cover": { "narrowed": { "vaults": ["treasury"], "people": ["alice"] } } })
            }
            "implicate" => json!({ "person": "carol", "since": "2026-11-20T05:00:00.000Z" }),
            "untick" => json!({ "step": "call-police", "done": false }),
            _ => json!({}),
        }
    };
    let fits = |word: &str, value: Value| match word {
        "note" => serde_json::from_value::<api::Note>(value).is_ok(),
        "police" | "colleague" | "other" => serde_json::from_value::<api::Called>(value).is_ok(),
        "called-back" => serde_json::from_value::<api::CalledBack>(value).is_ok(),
        "procedure" => serde_json::from_value::<api::Follow>(value).is_ok(),
        "hand-over" => serde_json::from_value::<api::HandOver>(value).is_ok(),
        "wait" => serde_json::from_value::<api::Await>(value).is_ok(),
        "narrow" | "narrow-too" => serde_json::from_value::<api::Narrow>(value).is_ok(),
        "implicate" => serde_json::from_value::<api::Implicate>(value).is_ok(),
        "untick" => serde_json::from_value::<api::Step>(value).is_ok(),
        "clear" => serde_json::from_value::<api::Clear>(value).is_ok(),
        _ => serde_json::from_value::<api::EndClear>(value).is_ok(),
    };
    for (word, ..) in ACTS {
        assert!(fits(word, full(word)), "{word}");
        // Every field of the wire that the form does not fix is asked for.
        let page = page(&room(&format!("?do={word}")));
        let form = page[place(&page, "id=\"act\"")..].split("</form>").next().unwrap().to_owned();
        for (name, value) in full(word).as_object().unwrap() {
            let fixed = form.contains(&format!("&quot;{name}&quot;:"));
            let way = value
                .as_object()
                .and_then(|inner| inner.keys().next())
                .map_or(name.clone(), |key| format!("{name}.{key}"));
            assert!(fixed || form.contains(&format!("data-field=\"{way}\"")), "{word} lacks {way}");
        }
    }
}

#[test]
fn a_drill_is_marked_and_ends_without_a_clear() {
    let page = page(&format!("/response/incidents/{}", samples::DRILL));
    assert!(place(&page, "EXERCISE: nobody is in danger") < place(&page, "id=\"checklist\""));
    assert!(page.contains("?do=end-drill#act") && !page.contains("?do=clear#act"));
    let drills = page_of(Language::English, "/response/drills", &Table::new());
    assert!(
        drills.contains("You wrote 15 min as `response.reaction`"),
        "the policy's figure is not the usual one"
    );
    assert!(drills.contains("26 min") && drills.contains("slower than you wrote"));
    assert!(drills.contains("Nothing was handed over by: mail."), "a channel that stayed silent is named");
    assert!(drills.contains("data-act=\"/v1/response/drills\"") && drills.contains("role=\"img\""));
    page_of(Language::French, "/response/drills", &Table::new());
}

#[test]
fn a_closed_incident_is_read_only() {
    let page = page(&format!("/response/incidents/{}", samples::CLOSED));
    assert!(!page.contains("data-act="));
    assert!(page.contains("id=\"timeline\""));
}

#[test]
fn duty_shows_dead_channels_and_taken_turns() {
    let page = page("/response/duty");
    for text in [
        "nobody is on duty on `backup`",
        "Dead",
        "connection refused",
        "rene",
        "data-act=\"/v1/response/overrides\"",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_pause_ends_by_the_form_that_was_asked_for() {
    assert!(!page("/response").contains("/v1/response/pauses/"));
    assert!(page("/response?end=mathilde").contains("data-act=\"/v1/response/pauses/mathilde/end\""));
}

#[test]
fn the_pack_is_that_of_the_command_line() {
    let page = page(&room("/pack"));
    for text in [
        "Since 20 November 2026, 03:14:05 (UTC+01:00)",
        "12.5 BTC",
        "Facts signed by the server",
        "class=\"pack\"",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("<style") && page.matches("<h1").count() == 1);
    let Ok(Shown::File { name, kind, bytes }) =
        run(asking(Language::French, &room("/pack?as=html")), &Table::new())
    else {
        panic!("no file")
    };
    assert_eq!((name.as_str(), kind), ("incident-40213.fr.html", "text/html; charset=utf-8"));
    assert!(String::from_utf8(bytes).unwrap().contains("<style"));
    let Ok(Shown::File { bytes, .. }) = run(asking(Language::French, &room("/pack?as=json")), &Table::new())
    else {
        panic!("no file")
    };
    let signed: response::SignedFacts = serde_json::from_slice(&bytes).unwrap();
    signed.check().unwrap();
}

#[test]
fn altered_facts_are_not_shown() {
    let path = format!("/v1/response/incidents/{}/pack", samples::INCIDENT);
    let mut altered = samples::response()[&path].clone();
    altered["facts"]["attempts"][0]["forced"] = json!(false);
    assert!(run(asking(Language::English, &room("/pack")), &Table::new().with(&path, altered)).is_err());
}

#[test]
fn the_identity_stands_in_no_form() {
    let page = page("/response/dossiers/alice");
    let identity = &page[place(&page, "id=\"identity\"")..];
    let identity = &identity[..place(identity, "</section>")];
    for id in ["identity-file", "identity-text", "identity-passphrase"] {
        assert!(identity.contains(&format!("id=\"{id}\"")), "{id}");
    }
    for what in ["<form", "name=", "data-field", "action="] {
        assert!(!identity.contains(what), "{what}");
    }
    assert!(!identity.contains("type=\"password\""), "browsers offer to keep those");
    let before = &page[..place(&page, "id=\"identity\"")];
    assert_eq!(before.matches("<form").count(), before.matches("</form>").count());
    assert!(page.contains("data-act=\"/v1/response/incidents/40213/dossiers/alice\""));
    assert!(!page.contains("data-live"), "a page that renews itself would take the opened dossier away");
    assert!(page.contains("/assets/dossier.js"));
}

#[test]
fn a_dossier_is_opened_in_an_incident_only() {
    let page = page("/response/dossiers/carol");
    assert!(page.contains("No open incident concerns this person") && !page.contains("data-act="));
}

#[test]
fn pages_are_light_enough_for_a_telephone_at_night() {
    for address in [
        "/response".to_owned(),
        room(""),
        room("?do=narrow"),
        "/response/dossiers/alice".to_owned(),
        "/response/duty".to_owned(),
    ] {
        let size = page(&address).len();
        assert!(size < 34_000, "{address} has {size} bytes");
    }
}

#[test]
fn what_is_missing_of_the_rest_does_not_close_the_room() {
    let mut table = Table::new();
    for path in
        ["/v1/response/duty", "/v1/policy/register", "/v1/vaults", "/v1/response/incidents/40213/pack"]
    {
        table.0.remove(path);
    }
    let page = page_of(Language::English, &room("?do=hand-over"), &table);
    assert!(page.contains("731 204") && page.contains("data-field=\"to\""));
}
