//! Policy, exposure, register and audit in the console of a real server: from the text of a file over its preview to a change that is proposed
//! exactly as it was looked at; and who sees what (G2, G5, G9).
//!
//! With `SHOW_PAGES=FOLDER` the pages are written there, to be looked at.
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
use stage::{Raw, Stage, exchange, own};

/// Emil is an auditor and nothing else; the desk has a balance, so that the loss is bounded.
fn stage() -> Stage {
    let mut sources = world::sources();
    sources[0].text = sources[0]
        .text
        .replace("addresses = []", "addresses = [\"desk-account\"]\nbalance = \"2 BTC\"")
        .replace("responders = \"responders\"", "responders = \"responders\"\nauditors = \"auditors\"")
        .replace("clear = { at_least = 2", "clear = { at_least = 1");
    let emil = "id = \"emil\"\ngroups = [\"responders\"]";
    sources[1].text = sources[1].text.replace(emil, "id = \"emil\"\ngroups = [\"auditors\"]");
    Stage::on(|_| Cost::CHEAP, sources, |_, _| {})
}

struct Browser<'s> {
    stage: &'s Stage,
    who: &'static str,
    cookie: String,
    language: &'static str,
}

impl<'s> Browser<'s> {
    fn of(stage: &'s Stage, who: &'static str, language: &'static str) -> Self {
        let raw = stage.send(&stage.sending(who, &own(who), "/v1/session", json!({ "cookie": true })));
        let cookie = raw.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { stage, who, cookie, language }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Raw {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nAccept: text/html\r\nAccept-Language: {}\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded",
            self.language, self.cookie
        );
        exchange(self.stage.address, &head, body.as_bytes())
    }

    fn page(&self, path: &str) -> String {
        let raw = self.ask("GET", path, "");
        assert_eq!(raw.status(), 200, "{path}: {raw:?}");
        let name: String =
            path.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        self.keep(&name, raw.body())
    }

    fn keep(&self, name: &str, page: String) -> String {
        if let Some(folder) = std::env::var_os("SHOW_PAGES") {
            std::fs::create_dir_all(&folder).unwrap();
            let name = format!("real{name}-{}.{}.html", self.who, self.language);
            std::fs::write(std::path::Path::new(&folder).join(name), &page).unwrap();
        }
        page
    }

    /// Sends the form of a page with the first file changed.
    fn preview(&self, form: &str, change: impl Fn(&str) -> String) -> String {
        let token = form.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut body = format!("token={token}");
        for (number, (name, text)) in files(form).iter().enumerate() {
            let text = if number == 0 { change(text) } else { text.clone() };
            body += &format!(
                "&file-{number}={}&text-{number}={}",
                encoded(name),
                encoded(&text.replace('\n', "\r\n"))
            );
        }
        let raw = self.ask("POST", "/policy/preview", &body);
        assert_eq!(raw.status(), 200, "{raw:?}");
        raw.body()
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

fn decoded(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The files of a form: name and text, as a browser reads them.
fn files(page: &str) -> Vec<(String, String)> {
    let file = |part: &str| {
        let name = part.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        let text = part
            .split("<textarea")
            .nth(1)
            .unwrap()
            .split_once('>')
            .unwrap()
            .1
            .split("</textarea>")
            .next()
            .unwrap();
        (decoded(name), decoded(text.strip_prefix('\n').unwrap()))
    };
    page.split("type=\"hidden\" name=\"file-").skip(1).map(file).collect()
}

fn command(page: &str) -> Value {
    let text = page.split("data-command=\"").nth(1).expect("an act").split('"').next().unwrap();
    serde_json::from_str(&decoded(text)).unwrap()
}

fn motions(browser: &Browser<'_>) -> usize {
    browser.page("/policy").matches("href=\"/motions/").count()
}

#[test]
fn a_change_is_looked_at_and_then_proposed_as_it_was() {
    let stage = stage();
    let alice = Browser::of(&stage, "alice", "en");
    let form = alice.page("/policy/edit");
    assert_eq!(files(&form).len(), 1, "she sees the rules");
    let preview = alice.preview(&form, |text| text.replace("\"0.3 BTC\"", "\"0.4 BTC\""));
    alice.keep("-preview", preview.clone());
    assert!(preview.contains("loosens") && preview.contains("0.4"), "{preview}");
    assert!(files(&preview)[0].1.contains("\"0.4 BTC\""), "the text stays");
    let before = motions(&alice);
    let command = command(&preview);
    assert_eq!(command["keep_others"], true);
    let done = stage.send(&stage.sending("alice", &own("alice"), "/v1/changes", command));
    assert_eq!(done.status(), 202, "{done:?}");
    assert_eq!(motions(&alice), before + 1);
}

#[test]
fn a_tightening_by_who_sees_the_register_names_every_file() {
    let stage = stage();
    let dora = Browser::of(&stage, "dora", "fr");
    let form = dora.page("/policy/edit");
    assert_eq!(files(&form).len(), 2);
    let preview = dora.preview(&form, |text| text.replace("hold = \"48h\"", "hold = \"72h\""));
    dora.keep("-preview", preview.clone());
    assert!(preview.contains("durcit"));
    let command = command(&preview);
    assert!(command.get("keep_others").is_none() && command["sources"].as_array().unwrap().len() == 2);
}

#[test]
fn errors_are_shown_where_they_are_and_nothing_can_be_proposed() {
    let stage = stage();
    let alice = Browser::of(&stage, "alice", "fr");
    let form = alice.page("/policy/edit");
    for wrong in ["hold = \"two days\"", "hold = ", "hold = \"48h\"\nhould = 1"] {
        let preview = alice.preview(&form, |text| text.replacen("hold = \"48h\"", wrong, 1));
        alice.keep("-preview-wrong", preview.clone());
        assert!(
            preview.contains("data-line=\"") && preview.contains("<mark>")
                || preview.contains("pre class=\"quote\""),
            "{preview}"
        );
        assert!(!preview.contains("data-command"), "{wrong}");
    }
    let preview = alice.preview(&form, |text| format!("{text}[[person]]\nid = \"mallory\"\n"));
    assert!(
        !preview.contains("data-command") && files(&preview)[0].1.contains("mallory"),
        "what was typed stays"
    );
}

#[test]
fn exposure_register_and_record_are_shown_to_whom_they_are_for() {
    let stage = stage();
    let (alice, dora, emil) = (
        Browser::of(&stage, "alice", "en"),
        Browser::of(&stage, "dora", "en"),
        Browser::of(&stage, "emil", "fr"),
    );
    let amounts = alice.page("/exposure");
    for name in ["bob", "carol", "home-", "emil"] {
        assert!(!amounts.contains(name), "{name}");
    }
    assert_eq!(amounts.matches("<svg").count(), 3);
    for browser in [&dora, &emil] {
        let page = browser.page("/exposure?k=1&horizon=172800&mode=silent");
        assert!(page.contains("home-bob") && page.contains("class=\"timeline\""), "{page}");
        browser.page("/exposure/certificate");
        assert!(browser.page("/exposure/drill").contains("data:image/svg+xml,%3Csvg"));
        assert!(browser.page("/register").contains("home-carol"));
    }
    assert!(emil.page("/audit").contains("/audit?by=alice"));
    assert!(emil.page("/audit?check=yes").contains("Le journal est intact."));
    assert!(emil.page("/audit?kind=sign-in").contains("alice"));
    for path in ["/register", "/exposure/drill", "/exposure/certificate", "/audit"] {
        assert_eq!(alice.ask("GET", path, "").status(), 404, "{path}");
    }
    assert_eq!(dora.ask("GET", "/audit", "").status(), 404);
}
