//! The pages of policy, exposure, register and audit, made from sample answers: what they show to whom, and what they do not.
//!
//! With `SHOW_PAGES=FOLDER` the pages are written there, to be looked at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::result_large_err,
    reason = "a test says what is wrong by failing"
)]

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use console::{Api, Ask, Fields, Language, Look, Pending, Shown, Who, find, problem, whole_page};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

#[path = "samples/audit.rs"]
mod audit;
#[path = "samples/exposure.rs"]
mod exposure;
#[path = "samples/policy.rs"]
mod policy;

/// Answers from a map; what was asked is kept.
#[derive(Default)]
struct Answers {
    answers: BTreeMap<String, Value>,
    asked: Mutex<Vec<(String, Option<Value>)>>,
}

impl Answers {
    fn all() -> Self {
        let answers = policy::policy().into_iter().chain(exposure::exposure()).chain(audit::audit());
        Self { answers: answers.collect(), ..Self::default() }
    }

    fn with(mut self, path: &str, answer: Value) -> Self {
        self.answers.insert(path.to_owned(), answer);
        self
    }

    fn answer(&self, path: &str, body: Option<Value>) -> Result<Value, api::Problem> {
        self.asked.lock().unwrap().push((path.to_owned(), body));
        self.answers.get(path).cloned().ok_or_else(|| problem(api::Code::NotFound))
    }

    fn paths(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }
}

impl Api for Answers {
    fn get<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        Box::pin(async move { self.answer(path, None) })
    }

    fn post<'a>(&'a self, path: &'a str, body: Value) -> Pending<'a, Value> {
        Box::pin(async move { self.answer(path, Some(body)) })
    }

    fn hold<'a>(&'a self, path: &'a str, _command: Value) -> Pending<'a, Value> {
        panic!("nothing here holds anything up: {path}");
    }

    fn delete<'a>(&'a self, path: &'a str) -> Pending<'a, Value> {
        panic!("nothing here takes anything away: {path}");
    }
}

fn ready<T>(future: Pending<'_, T>) -> Result<T, api::Problem> {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("these answers are there at once"),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Person,
    Auditor,
    Responder,
}

fn ask(role: Role, language: Language, path: &str) -> Ask {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query: Fields = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let who = Who {
        person: types::PersonId::parse("yann").unwrap(),
        organisation: "Atelier Nuage SAS".to_owned(),
        responder: role == Role::Responder,
        auditor: role == Role::Auditor,
        token: "token".to_owned(),
    };
    Ask {
        language,
        look: Look::System,
        path: path.to_owned(),
        parameters: Fields::new(),
        query,
        fields: Fields::new(),
        who: Some(who),
        zone: TimeZone::get("Europe/Paris").unwrap(),
    }
}

fn shown(method: &str, ask: &Ask, answers: &Answers) -> Result<String, api::Problem> {
    let (page, _) = find(method, &ask.path).expect("a page");
    assert!(page.audience.admits(ask), "{} is not for them", ask.path);
    match ready((page.show)(ask, answers))? {
        Shown::Page { title, content, scripts, live } => {
            Ok(whole_page(ask, &title, &content, scripts, live).into_string())
        }
        Shown::Go(to) => Ok(format!("to {to}")),
        _ => panic!("a page was expected"),
    }
}

fn page(role: Role, path: &str) -> String {
    shown("GET", &ask(role, Language::English, path), &Answers::all()).unwrap()
}

/// What the preview is posted: the files as a browser sends them.
fn posted(role: Role, language: Language, texts: &[(&str, &str)]) -> Ask {
    let mut ask = ask(role, language, "/policy/preview");
    for (number, (name, text)) in texts.iter().enumerate() {
        ask.fields.insert(format!("file-{number}"), (*name).to_owned());
        ask.fields.insert(format!("text-{number}"), text.replace('\n', "\r\n"));
    }
    ask
}

fn changed() -> String {
    policy::RULES.replace("1000 EUR", "2000 EUR")
}

/// The command of the act of a page.
fn command(page: &str) -> Option<Value> {
    let (_, after) = page.split_once("data-command=\"")?;
    let text = after
        .split('"')
        .next()?
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    Some(serde_json::from_str(&text).unwrap())
}

/// What stands in the field of the first file, as a browser reads it.
fn field(page: &str) -> String {
    let (_, after) = page.split_once("<textarea").unwrap();
    let (_, after) = after.split_once('>').unwrap();
    let text = after.split("</textarea>").next().unwrap();
    let text = text.strip_prefix('\n').unwrap_or(text);
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

// ---- policy ----

#[test]
fn the_policy_is_sentences_files_and_open_changes() {
    let page = page(Role::Person, "/policy");
    assert!(page.contains("At most 3,000 EUR leave hot in 24 hours."));
    assert!(page.contains("everyday payments"));
    let open: Vec<&str> = page.split("/motions/").skip(1).map(|rest| &rest[..2]).collect();
    assert_eq!(open, ["0a", "0c", "0d"], "declined changes are no longer under way");
    assert!(!page.contains("register.toml") && !page.contains("href=\"/register\""));
}

#[test]
fn everybody_edits_what_they_may_read() {
    let (person, auditor) = (page(Role::Person, "/policy/edit"), page(Role::Auditor, "/policy/edit"));
    assert!(!person.contains("register.toml") && auditor.contains("register.toml"));
    assert_eq!(field(&person), policy::RULES, "a text is what it was, to the letter");
    assert!(!person.contains("data-act"), "nothing is proposed without a preview");
}

#[test]
fn a_preview_sends_the_files_as_they_are_and_proposes_exactly_these() {
    for (role, texts, keeps) in [
        (Role::Person, vec![("rules.toml", changed())], true),
        (
            Role::Responder,
            vec![("rules.toml", changed()), ("register.toml", policy::REGISTER.to_owned())],
            false,
        ),
    ] {
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let answers = Answers::all();
        let page = shown("POST", &posted(role, Language::English, &texts), &answers).unwrap();
        let sources: Vec<Value> =
            texts.iter().map(|(name, text)| json!({ "name": name, "text": text })).collect();
        let asked = answers.asked.lock().unwrap().iter().find_map(|(_, body)| body.clone()).unwrap();
        assert_eq!(asked["sources"], json!(sources), "line ends are those of files");
        assert_eq!(asked.get("keep_others") == Some(&json!(true)), keeps);
        assert_eq!(command(&page).unwrap(), asked, "what is signed is what was previewed");
        assert!(
            page.contains("data-act=\"/v1/changes\"") && page.contains("data-then=\"/motions/{motion}\"")
        );
        assert_eq!(field(&page), changed(), "the text stays in the page");
    }
}

#[test]
fn errors_stand_at_their_place_and_leave_nothing_to_propose() {
    let text = changed().replace("\"0h\"", "\"48 hours\"");
    let answers = Answers::all().with("/v1/policy/preview", policy::broken());
    let page =
        shown("POST", &posted(Role::Person, Language::English, &[("rules.toml", &text)]), &answers).unwrap();
    assert!(command(&page).is_none());
    assert!(
        page.contains("data-line=\"10\" data-column=\"8\"")
            || page.contains("data-line=\"10\" data-column=\"8\"")
    );
    assert!(page.contains("There are 2 errors."));
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("aria-describedby=\"found-0\""));
    assert!(
        page.contains("no person is in the group <code translate=\"no\">bord</code>"),
        "what is wrong in a file that is not shown is said too"
    );
}

#[test]
fn the_place_of_an_error_is_quoted() {
    let line = policy::RULES.lines().position(|line| line.starts_with("amount")).unwrap() + 1;
    let finding = json!({ "severity": "error", "code": "x", "message": "m", "file": "rules.toml", "line": line, "column": 20 });
    let preview =
        json!({ "findings": [finding], "differences": [], "before": { "figures": [], "unbounded": false } });
    let answers = Answers::all().with("/v1/policy/preview", preview);
    let page =
        shown("POST", &posted(Role::Person, Language::English, &[("rules.toml", &changed())]), &answers)
            .unwrap();
    assert!(page.contains("amount = { up_to = <mark>&quot;2000 EUR&quot;</mark> }"));
    let line = format!("line {line}, column 20");
    assert!(page.contains(&line), "{line}");
}

#[test]
fn what_was_typed_stays_whatever_is_wrong() {
    let mut answers = Answers::all();
    answers.answers.remove("/v1/policy/preview");
    let page =
        shown("POST", &posted(Role::Person, Language::English, &[("rules.toml", &changed())]), &answers)
            .unwrap();
    assert!(page.contains("There is no preview of this.") && command(&page).is_none());
    assert_eq!(field(&page), changed());
}

#[test]
fn what_rises_is_said_in_a_word() {
    let answers = Answers::all();
    let page =
        shown("POST", &posted(Role::Person, Language::English, &[("rules.toml", &changed())]), &answers)
            .unwrap();
    let (before, rest) = page.split_once("Exposure before and after").unwrap();
    assert!(before.contains("tightens and loosens"));
    for word in ["rises", "falls", "the same"] {
        assert!(rest.contains(&format!(">{word}</span>")), "{word}");
    }
    let row = |word: &str, was: &str, is: &str| {
        let sum = |sum: &str| {
            format!(
                "<td><data class=\"sum\" value=\"{} EUR\">{sum}\u{a0}EUR</data></td>",
                sum.replace(',', "")
            )
        };
        format!(">{word}</span></td>{}{}", sum(was), sum(is))
    };
    assert!(rest.contains(&row("rises", "3,000", "6,000")) && rest.contains(&row("falls", "3,000", "1,500")));
    assert!(rest.contains("more figures rise"));
    let preview = policy::preview();
    let mut unbounded = preview;
    unbounded["after"] = json!({ "figures": [], "unbounded": true });
    let answers = Answers::all().with("/v1/policy/preview", unbounded);
    let page =
        shown("POST", &posted(Role::Person, Language::English, &[("rules.toml", &changed())]), &answers)
            .unwrap();
    assert!(page.contains("nothing would bound the loss"));
}

#[test]
fn what_is_in_force_already_is_not_proposed() {
    let page = shown(
        "POST",
        &posted(Role::Person, Language::English, &[("rules.toml", policy::RULES)]),
        &Answers::all(),
    )
    .unwrap();
    assert!(command(&page).is_none() && page.contains("This is what is in force"));
    assert_eq!(page_of_get_preview(), "to /policy/edit");
}

fn page_of_get_preview() -> String {
    page(Role::Person, "/policy/preview")
}

// ---- exposure ----

#[test]
fn ordinary_people_see_amounts_and_no_name() {
    let answers = Answers::all().with("/v1/exposure", exposure::amounts_only());
    let page = shown(
        "GET",
        &ask(Role::Person, Language::English, "/exposure?k=1&horizon=86400&mode=silent"),
        &answers,
    )
    .unwrap();
    assert_eq!(answers.paths(), ["/v1/exposure"], "nothing is asked for that they may not have");
    assert!(page.contains("2,000,000\u{a0}EUR"));
    for name in ["home-sam", "tess", "/exposure?k=", "/exposure/drill", "/exposure/certificate", "history-"] {
        assert!(!page.contains(name), "{name}");
    }
    assert_eq!(page.matches("<svg").count(), 3);
}

#[test]
fn whoever_sees_names_sees_the_way_to_a_figure() {
    let page = page(Role::Auditor, "/exposure?k=2&horizon=172800&mode=signalled");
    for text in [
        "tess submits 10 000 EUR",
        "home-sam",
        "4 more steps",
        "after 25 hours",
        "Exposure has risen",
        "23 Nov 2026",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("aria-current=\"true\""));
    assert_eq!(page.matches("<svg").count(), 5, "three modes, a day and a week before");
}

#[test]
fn a_query_reaches_no_other_operation() {
    for query in [
        "k=9&horizon=86400&mode=silent",
        "k=1&horizon=86400&mode=silent%26x",
        "k=1&horizon=1/../..&mode=silent",
        "mode=",
        "",
    ] {
        let answers = Answers::all();
        shown("GET", &ask(Role::Auditor, Language::English, &format!("/exposure?{query}")), &answers)
            .unwrap();
        assert_eq!(
            answers.paths(),
            ["/v1/exposure", "/v1/exposure/witness?k=1&horizon_seconds=86400&mode=silent"],
            "{query}"
        );
    }
}

#[test]
fn without_a_bound_it_says_so() {
    let answers = Answers::all().with("/v1/exposure", json!({ "figures": [], "unbounded": true }));
    for role in [Role::Person, Role::Auditor] {
        let page = shown("GET", &ask(role, Language::French, "/exposure"), &answers).unwrap();
        assert!(page.contains("Rien ne borne la perte.") && !page.contains("<svg"));
    }
}

#[test]
fn what_changed_meanwhile_is_left_out() {
    let mut answers = Answers::all();
    answers.answers.retain(|path, _| !path.starts_with("/v1/exposure/"));
    let page = shown("GET", &ask(Role::Auditor, Language::English, "/exposure"), &answers).unwrap();
    assert!(page.contains("Every figure") && !page.contains("Who could be forced"));
    let page = shown("GET", &ask(Role::Auditor, Language::English, "/exposure/drill"), &answers).unwrap();
    assert!(page.contains("Nothing bounds the loss."));
}

#[test]
fn a_chart_has_its_words_and_a_table() {
    let page = page(Role::Person, "/exposure");
    for svg in page.split("<svg").skip(1) {
        let svg = svg.split("</svg>").next().unwrap();
        let (_, labelled) = svg.split_once("aria-labelledby=\"").unwrap();
        for id in labelled.split('"').next().unwrap().split(' ') {
            assert!(svg.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
    assert!(page.contains("one home: 1,000\u{a0}EUR within 1 hour, 2,000,000\u{a0}EUR within 7 days."));
}

#[test]
fn certificate_and_drill_are_for_those_who_see_names() {
    let certificate = page(Role::Responder, "/exposure/certificate");
    assert!(certificate.contains("rempart certificate make") && certificate.contains("21\u{a0}%"));
    let drill = page(Role::Auditor, "/exposure/drill");
    assert!(drill.contains("668,800,000\u{a0}EUR") && drill.contains("src=\"data:image/svg+xml,%3Csvg"));
    assert!(!drill.contains("<style"), "the image keeps its style to itself");
    for path in ["/exposure/certificate", "/exposure/drill", "/register"] {
        let (page, _) = find("GET", path).unwrap();
        assert!(!page.audience.admits(&ask(Role::Person, Language::English, path)), "{path}");
    }
}

// ---- register and audit ----

#[test]
fn the_register_is_searched_and_paged() {
    let first = page(Role::Responder, "/register");
    assert!(
        first.contains("nora-child")
            && first.contains("1 to 50 of 62")
            && first.contains("/register?from=50&amp;search=")
    );
    let last = page(Role::Responder, "/register?from=50");
    assert!(last.contains("51 to 62 of 62") && !last.contains("from=100"));
    let found = page(Role::Responder, "/register?search=NORA-hw");
    let people = found.split("</table>").next().unwrap();
    assert!(people.contains(">nora<") && !people.contains(">sam<"));
    assert!(page(Role::Responder, "/register?search=nobody").contains("Nobody is found."));
    assert!(page(Role::Responder, "/register?from=999999").contains("Nobody is found."));
}

#[test]
fn the_record_is_paged_and_checked_when_asked() {
    let first = page(Role::Auditor, "/audit");
    assert!(
        first.contains("/audit?before=114")
            && first.contains("limit-reached")
            && !first.contains("The record is whole")
    );
    let next = page(Role::Auditor, "/audit?before=114");
    assert!(next.contains(">113<") && next.contains("/audit?before=64"));
    let answers = Answers::all();
    let asked = ask(Role::Auditor, Language::English, "/audit?by=nora&kind=approve&before=90");
    let none = json!({ "entries": [], "next": 40 });
    let answers = answers.with("/v1/audit/entries?before=90&by=nora&kind=approve&limit=50", none);
    let filtered = shown("GET", &asked, &answers).unwrap();
    assert!(
        filtered.contains("There is no entry here.")
            && filtered.contains("/audit?before=40&amp;by=nora&amp;kind=approve")
    );
    let answers = Answers::all();
    shown("GET", &ask(Role::Auditor, Language::English, "/audit?by=no ra%26&kind=x&before=-1"), &answers)
        .unwrap();
    assert_eq!(
        answers.paths(),
        ["/v1/audit/entries?limit=50"],
        "what cannot be in the record is not asked for"
    );
    assert!(page(Role::Auditor, "/audit?check=yes").contains("The record is whole."));
    let torn = json!({ "entries": 3, "head": "ef".repeat(32), "whole": false, "problem": "the hash of entry 2 does not follow from entry 1" });
    let answers = Answers::all().with("/v1/audit/verification", torn);
    let page = shown("GET", &ask(Role::Auditor, Language::English, "/audit?check=yes"), &answers).unwrap();
    assert!(
        page.contains("The record is not whole.")
            && page.contains("entry 2")
            && !page.contains("The record is whole.")
    );
    let (page, _) = find("GET", "/audit").unwrap();
    assert!(!page.audience.admits(&ask(Role::Responder, Language::English, "/audit")));
}

// ---- all of them ----

/// Every page, in both languages: nothing inline that the content policy stops, every id once, no key instead of a text.
#[test]
fn pages_keep_to_the_rules_of_all() {
    let gets = [
        (Role::Person, "/policy"),
        (Role::Person, "/policy/edit"),
        (Role::Auditor, "/policy/edit"),
        (Role::Person, "/exposure"),
        (Role::Auditor, "/exposure"),
        (Role::Auditor, "/exposure/certificate"),
        (Role::Auditor, "/exposure/drill"),
        (Role::Responder, "/register"),
        (Role::Auditor, "/audit"),
        (Role::Auditor, "/audit?check=yes"),
    ];
    for language in [Language::English, Language::French] {
        for (role, path) in gets {
            let answers = Answers::all();
            let answers = if role == Role::Person {
                answers.with("/v1/exposure", exposure::amounts_only())
            } else {
                answers
            };
            let page = shown("GET", &ask(role, language, path), &answers).unwrap();
            sound(&page, path);
            let role = if role == Role::Person { "person" } else { "names" };
            keep(
                &format!("{}-{role}", path.trim_start_matches('/').replace(['/', '?', '='], "-")),
                language,
                &page,
            );
        }
        let fine =
            shown("POST", &posted(Role::Person, language, &[("rules.toml", &changed())]), &Answers::all())
                .unwrap();
        sound(&fine, "preview");
        keep("policy-preview", language, &fine);
        let texts = [
            ("rules.toml", changed().replace("\"0h\"", "\"48 hours\"")),
            ("register.toml", policy::REGISTER.replace("board", "bord")),
        ];
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let answers = Answers::all().with("/v1/policy/preview", policy::broken());
        let broken = shown("POST", &posted(Role::Auditor, language, &texts), &answers).unwrap();
        sound(&broken, "broken");
        keep("policy-preview-broken", language, &broken);
    }
}

fn sound(page: &str, name: &str) {
    for inline in [" style=", "<style", "onclick", "javascript:", "<script>"] {
        assert!(!page.contains(inline), "{name}: {inline}");
    }
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|two| two[0] != two[1]), "{name}: {ids:?}");
    for area in ["policy-", "exposure-", "register-", "audit-"] {
        assert!(!page.contains(&format!(">{area}")), "{name}: a key is shown instead of its text");
    }
    assert_eq!(page.matches("<h1").count(), 1, "{name}");
}

fn keep(name: &str, language: Language, page: &str) {
    if let Some(folder) = std::env::var_os("SHOW_PAGES") {
        let tag = if language == Language::English { "en" } else { "fr" };
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.{tag}.html")), page).unwrap();
    }
}
