//! A house with a server, and people at their browsers: what the tests have them do.

use std::cell::Cell;
use std::path::PathBuf;

use alarm::Reach;
use browser::{AuthenticatorId, Browser, Options};
use credentials::Cost;
use serde_json::json;
use server::engine::SLOT_PERIOD;
use types::Span;

use crate::keys;
use crate::siren::{Mood, Siren, Tape};
use crate::stage::{FURTHER_DEVICE, Stage, base64, enrol, own, panic};
use crate::world;

pub const SITE: &str = "http://localhost:8087";
pub const SLOW: &str = "0.4";
pub const SLOW_UNITS: u64 = 40_000_000;
pub const QUICK: &str = "0.2";
pub const QUICK_UNITS: u64 = 20_000_000;

const SIGNATURES_APART: u32 = 1000;

/// The clock runs in the browser of whoever has it; these people's stands still at the server's time.
pub struct House {
    pub stage: Stage,
    /// How many browsers were opened: a passkey that counts must have counted further in the next one.
    opened: Cell<u32>,
}

/// Two responders, one schedule, two ways to reach each.
const CALLS: &str = r#"
time_zone = "Europe/Paris"
[[contact]]
person = "dora"
ways = { mail = "dora@example.org", sms = "+33639980111" }
[[contact]]
person = "emil"
ways = { mail = "emil@example.org", sms = "+33639980122" }
[[schedule]]
id = "nights"
[[schedule.layers]]
people = ["dora", "emil"]
from = "2026-01-05T09:00"
every = "7d"
[chain]
repeat = 3
progress = "30m"
[[chain.steps]]
tell = ["schedule:nights"]
by = ["sms", "mail"]
wait = "2m"
[[chain.steps]]
tell = ["everyone"]
by = ["sms", "mail"]
wait = "3m"
"#;

/// The world's organisation with an auditor, a listed destination and a relative.
fn sources() -> Vec<policy::Source> {
    let mut sources = world::sources();
    sources[0].text = sources[0]
        .text
        .replace("name = \"Essai\"", "name = \"Maison Aurore\"")
        .replace("responders = \"responders\"", "responders = \"responders\"\nauditors = \"auditors\"");
    // Something bounds what anybody can be made to move.
    sources[0].text = sources[0].text.replace("addresses = []", "addresses = []\nbalance = \"2 BTC\"");
    sources[0].text +=
        &format!("[[destination]]\nid = \"kraken\"\naddress = \"{}\"\nlist = \"partners\"\n", world::PAYEE);
    sources[1].text += "[[protected]]\nid = \"mathilde\"\nof = [\"bob\"]\nplaces = [\"home-bob\"]\n\
        [[place]]\nid = \"home-lea\"\nkind = \"home\"\n[[person]]\nid = \"lea\"\ngroups = [\"auditors\"]\nplaces = [\"home-lea\"]\nkeys = []\n";
    sources
}

impl House {
    pub fn new() -> Self {
        FURTHER_DEVICE.with(|further| further.set(keys::public));
        let stage = Stage::on(
            |_| Cost::CHEAP,
            sources(),
            |parts, folder| {
                let calls = folder.join("calls.toml");
                std::fs::write(&calls, CALLS).unwrap();
                parts.settings.calls_file = Some(calls);
                let channel = |name: &str| Siren::on(&Tape::new(name, Reach::Personal, Mood::Up));
                parts.channels = ["mail", "sms"].map(channel).into();
                parts.settings.independent_channels = Some(2);
                parts.settings.exposure_file = Some(folder.join("exposure.json"));
            },
        );
        let salt = [4; 16];
        let phrase = credentials::Phrase::parse(&own("lea")).unwrap();
        let pepper = stage.engine.secrets();
        let verifier = credentials::Verifier::make(&phrase, pepper.pepper(), salt, Cost::CHEAP).unwrap();
        enrol(&stage.engine, "lea", Some(verifier));
        FURTHER_DEVICE.with(|further| further.set(|_| None));
        Self { stage, opened: Cell::new(0) }
    }

    pub fn options(&self) -> Options {
        Options { server_port: Some(self.stage.address.port()), ..Options::default() }
    }

    /// Somebody's own browser, with their passkey in it.
    pub fn person(&self, name: &'static str) -> Person {
        self.person_with(name, &self.options())
    }

    pub fn person_with(&self, name: &'static str, options: &Options) -> Person {
        let mut browser = Browser::start(options).unwrap();
        let authenticator = browser.add_authenticator().unwrap();
        let key = keys::private_key(name).unwrap();
        self.opened.set(self.opened.get() + 1);
        let signed = self.opened.get() * SIGNATURES_APART;
        browser.give_passkey(&authenticator, (&keys::id(name), &key), keys::RELYING_PARTY, signed).unwrap();
        let mut person = Person { browser, authenticator, name, words: own(name) };
        person.set_time(self);
        person
    }

    /// Somebody whose own browser is open and who has signed in.
    pub fn signed_in(&self, name: &'static str) -> Person {
        let mut person = self.person(name);
        person.sign_in();
        person
    }

    /// Time goes by, for the server and for these people's browsers.
    pub fn pass(&self, span: Span, people: &mut [&mut Person]) {
        self.stage.pass(span);
        people.iter_mut().for_each(|person| person.set_time(self));
    }

    /// The member's signature on a spend of the first coin, or of the last for a slow one, through the interface as their wallet's program sends it.
    pub fn attach(&self, by: &str, transfer: &str, units: u64) {
        let holdings = self.stage.engine.book(|book| book.holdings(&world::treasury()).unwrap().clone());
        let coin = if units == SLOW_UNITS { holdings.coins().last() } else { holdings.coins().next() };
        let psbt = world::psbt_of(&holdings, coin.unwrap(), units, &[by]);
        let (path, own) = (format!("/v1/transfers/{transfer}/psbt"), own(by));
        let mut sending = self.stage.sending(by, &own, &path, json!({ "psbt": base64(&psbt) }));
        sending.method = "PUT";
        let answer = self.stage.send(&sending);
        assert!(answer.status() < 300, "{answer:?}");
    }

    /// The room of the first incident that is open.
    pub fn room(&self) -> String {
        let number = self.stage.engine.read(|state| {
            let mut open = state.covert().incidents().filter(|(_, incident)| incident.closed.is_none());
            open.next().map(|(_, incident)| incident.number)
        });
        format!("/response/incidents/{}", number.expect("an incident is open"))
    }

    pub fn status(&self, transfer: &str) -> &'static str {
        let id = types::TransferId(types::Hash::parse(transfer).unwrap());
        world::word(&self.stage.engine, id)
    }
}

/// Somebody at a browser.
pub struct Person {
    pub browser: Browser,
    pub authenticator: AuthenticatorId,
    pub name: &'static str,
    /// What they type: their own words, or others.
    pub words: String,
}

impl Person {
    /// From now on they are made to act.
    pub fn coerced(mut self) -> Self {
        self.words = panic(self.name);
        self
    }

    pub fn set_time(&mut self, house: &House) {
        self.browser.set_time(house.stage.wall().as_millis()).unwrap();
    }

    pub fn go(&mut self, path: &str) {
        self.browser.visit(&format!("{SITE}{path}")).unwrap();
    }

    pub fn sign_in(&mut self) {
        self.go("/sign-in");
        self.sign_in_here();
    }

    /// On the page of signing in, wherever it leads.
    pub fn sign_in_here(&mut self) {
        self.browser.type_text("form.act [data-by]", self.name).unwrap();
        self.type_words("form.act");
        self.browser.follow("form.act button:not([type=button])").unwrap();
        let path = self.browser.path().unwrap();
        assert!(!path.starts_with("/sign-in"), "{}: {}", path, self.browser.text("main").unwrap());
    }

    pub fn type_words(&mut self, form: &str) {
        let words = self.words.clone();
        for (place, word) in words.split(' ').enumerate() {
            let input = format!("{form} fieldset.phrase .word:nth-child({}) input", place + 1);
            self.browser.type_text(&input, word).unwrap();
        }
    }

    /// Opens the form of an operation, puts values into its fields, and the three words.
    pub fn fill(&mut self, act: &str, fields: &[(&str, &str)]) -> String {
        let form = format!("form.act[data-act=\"{act}\"]");
        let open = format!(
            "(() => {{ const form = document.querySelector('{form}'); if (!form) throw new Error('no such form'); \
             for (let fold = form.closest('details:not([open])'); fold; fold = form.closest('details:not([open])')) fold.open = true; }})()"
        );
        self.browser.eval(&open).unwrap_or_else(|error| panic!("{error}: {}", self.page()));
        // What is to be approved is read before anything is typed.
        let shown = format!("(document.querySelector('{form} [data-payload]')?.children.length ?? 1) > 0");
        self.browser.wait("the payload", &shown).unwrap();
        for (name, value) in fields {
            let field = format!("{form} [data-field=\"{name}\"]");
            let kind = self.browser.eval(&format!(
                "(() => {{ const it = document.querySelector('{field}'); return it ? it.tagName + '/' + it.type : 'none'; }})()"
            ));
            match kind.unwrap().as_str().unwrap() {
                "none" => panic!("{form} has no field {name}: {}", self.page()),
                "SELECT/select-one" => self.browser.choose(&field, value).unwrap(),
                "INPUT/radio" => self.browser.click(&format!("{field}[value=\"{value}\"]")).unwrap(),
                "INPUT/checkbox" => self.browser.click(&field).unwrap(),
                _ => self.browser.enter(&field, value).unwrap(),
            }
        }
        self.type_words(&form);
        form
    }

    /// The whole act: the form is filled, the device signs, another page comes.
    pub fn act(&mut self, act: &str, fields: &[(&str, &str)]) {
        let form = self.fill(act, fields);
        self.send(&form, || {});
    }

    /// An act of the covert lane, which is answered when its next slot is written.
    pub fn act_covertly(&mut self, house: &House, act: &str, fields: &[(&str, &str)]) {
        let form = self.fill(act, fields);
        self.send(&form, || {
            // Real time for the request to reach its lane.
            std::thread::sleep(std::time::Duration::from_millis(400));
            house.stage.pass(SLOT_PERIOD);
        });
        self.set_time(house);
    }

    fn send(&mut self, form: &str, meanwhile: impl FnOnce()) {
        let stays =
            self.browser.eval(&format!("document.querySelector('{form}').dataset.then === ''")).unwrap()
                == true;
        self.browser.mark().unwrap();
        self.browser.click(&format!("{form} button:not([type=button])")).unwrap();
        meanwhile();
        let status =
            |kind: &str| format!("(document.querySelector('{form} .status.{kind}')?.textContent ?? '')");
        let gone = "(globalThis.rempartMark === undefined && document.readyState === 'complete')".to_owned();
        let over = if stays { format!("{} !== ''", status("good")) } else { gone };
        self.browser.wait("the act", &format!("{over} || {} !== ''", status("bad"))).unwrap();
        if self.browser.eval(&over).unwrap() != json!(true) {
            panic!("{form}: {}", self.browser.eval(&status("bad")).unwrap());
        }
    }

    /// One's own part of an enrolment, on its page: a passkey, and three words that are shown once and typed back. Gives them.
    pub fn enrol(&mut self, code: &str) -> String {
        let browser = &mut self.browser;
        browser.type_text("#enrol-name", self.name).unwrap();
        browser.type_text("#enrol-code", code).unwrap();
        browser.click("#alone").unwrap();
        browser.click("#enrol button:not([type=button])").unwrap();
        browser.wait("the words", "document.querySelectorAll('#drawn li').length === 3").unwrap();
        let drawn = browser
            .eval("[...document.querySelectorAll('#drawn li')].map((word) => word.textContent).join(' ')");
        self.words = drawn.unwrap().as_str().unwrap().to_owned();
        self.browser.click("#know").unwrap();
        for (place, word) in self.words.clone().split(' ').enumerate() {
            let input = format!("#back-words .word:nth-child({}) input", place + 1);
            self.browser.type_text(&input, word).unwrap();
        }
        self.browser.click("#typed").unwrap();
        self.browser.wait("the end", "document.querySelector('#done').checkVisibility()").unwrap();
        self.words.clone()
    }

    /// Waits until the page hears of changes.
    pub fn wait_for_stream(&mut self) {
        let began = |person: &mut Self| {
            person.browser.answers().unwrap().iter().any(|answer| answer.address.contains("/live?"))
        };
        let heard = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            began(self)
        });
        assert!(heard, "no stream: {}", self.page());
    }

    /// Waits until nothing on the page is still to come: what counts down stands there.
    pub fn settle(&mut self) {
        let counted = "[...document.querySelectorAll('time[data-until]')].every((time) => time.nextElementSibling?.classList.contains('left'))";
        self.browser.wait("the countdown", counted).unwrap();
    }

    pub fn page(&mut self) -> String {
        let path = self.browser.path().unwrap_or_default();
        format!("{path}: {}", self.browser.text("body").unwrap_or_default())
    }

    pub fn main(&mut self) -> String {
        self.browser.text("main").unwrap()
    }

    /// Proposes a payment to the payee, after the check; gives its id.
    pub fn propose(&mut self, amount: &str) -> String {
        self.go("/transfers/new");
        self.check(world::PAYEE, amount);
        self.act("/v1/transfers", &[]);
        let path = self.browser.path().unwrap();
        let id = path.strip_prefix("/transfers/").unwrap_or_else(|| panic!("{path}: {}", self.main()));
        id.to_owned()
    }

    /// Fills in what is to be paid, and has it checked.
    pub fn check(&mut self, address: &str, amount: &str) {
        self.browser.choose("#vault", "treasury").unwrap();
        let fields = [
            ("to0", address),
            ("amount0", amount),
            ("fee", "0.00005"),
            ("memo", "invoice"),
            ("reference", "INV-7"),
        ];
        for (name, value) in fields {
            self.browser.enter(&format!("form[action='/transfers/check'] [name={name}]"), value).unwrap();
        }
        self.browser.follow("form[action='/transfers/check'] > .row:last-of-type button").unwrap();
    }

    /// What was asked of another site, what went wrong in the page, what its policy stopped.
    pub fn unclean(&mut self) -> Vec<String> {
        let mut wrong = self.browser.complaints().unwrap();
        // The page of signing in asks whether somebody is signed in already; that nobody is, is an answer.
        wrong.retain(|what| !(what.contains("401") && what.contains("/v1/sessions")));
        let own = |address: &str| {
            address.starts_with(&format!("{SITE}/"))
                || ["data:", "blob:", "about:"].iter().any(|own| address.starts_with(own))
        };
        let requests = self.browser.requests().unwrap();
        wrong.extend(
            requests
                .into_iter()
                .filter(|sent| !own(&sent.address))
                .map(|sent| format!("a request to {}", sent.address)),
        );
        wrong
    }

    /// There is nothing of it.
    pub fn assert_clean(&mut self, where_: &str) {
        let wrong = self.unclean();
        assert!(wrong.is_empty(), "{where_}: {wrong:#?}");
    }
}

/// Where pictures are kept for people to look at.
pub fn pictures() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn keep(name: &str, picture: &[u8]) {
    std::fs::write(pictures().join(format!("{name}.png")), picture).unwrap();
}
