//! Alice at her browser: what the tests have her do.

use browser::{AuthenticatorId, Browser, Options};
use serde_json::json;
use types::Span;

use crate::stage::{Stage, own, proposal};

pub const SITE: &str = "http://localhost:8087";
/// How long a replaced credential waits.
const CHANGE_HOLD: Span = Span::from_hours(7 * 24);

/// Alice's browser, and the words that the page showed her.
pub struct Alice {
    pub browser: Browser,
    pub authenticator: AuthenticatorId,
    pub words: Vec<String>,
}

pub fn options(stage: &Stage) -> Options {
    Options { server_port: Some(stage.address.port()), ..Options::default() }
}

/// The text of a command's answer under a name.
pub fn answered(stage: &Stage, by: &str, path: &str, command: serde_json::Value, name: &str) -> String {
    let answer = stage.post(by, path, command);
    assert!(answer.status() < 300, "{answer:?}");
    answer.json()[name].as_str().unwrap_or_default().to_owned()
}

/// Somebody else proposes a transfer.
pub fn proposed(stage: &Stage, amount: &str, nonce: u8) -> String {
    answered(stage, "bob", "/v1/transfers", proposal(amount, nonce, None), "transfer")
}

impl Alice {
    /// Enrols with a passkey, on the page, with a code that dora opened; bob and carol agree; a week passes.
    pub fn enrolled(stage: &Stage, options: &Options) -> Self {
        let mut browser = Browser::start(options).unwrap();
        let authenticator = browser.add_authenticator().unwrap();
        let code = answered(stage, "dora", "/v1/people/alice/enrolments", json!({}), "code");
        browser.visit(&format!("{SITE}/enrol")).unwrap();
        browser.type_text("#enrol-name", "alice").unwrap();
        browser.type_text("#enrol-code", &code).unwrap();
        browser.click("#alone").unwrap();
        browser.click("#enrol button").unwrap();
        let mut alice = Self { browser, authenticator, words: Vec::new() };
        alice.words = alice.learn();
        let motion =
            answered(stage, "dora", "/v1/people/alice/credential", json!({ "code": code }), "motion");
        for colleague in ["bob", "carol"] {
            answered(stage, colleague, &format!("/v1/motions/{motion}/endorse"), json!({}), "");
        }
        stage.pass(CHANGE_HOLD);
        alice
    }

    /// Reads the words that are shown, hides them, types them back.
    pub fn learn(&mut self) -> Vec<String> {
        self.browser.wait("the words", "!document.querySelector('#shown').hidden").unwrap();
        let shown =
            self.browser.eval("[...document.querySelectorAll('#drawn li')].map((word) => word.textContent)");
        let words: Vec<String> = serde_json::from_value(shown.unwrap()).unwrap();
        assert_eq!(words.len(), 3);
        self.browser.click("#know").unwrap();
        self.type_words("back-words", &words);
        self.browser.click("#typed").unwrap();
        self.browser.wait("the end", "!document.querySelector('#done').hidden").unwrap();
        words
    }

    pub fn type_words<T: AsRef<str>>(&mut self, field: &str, words: &[T]) {
        for (place, word) in words.iter().enumerate() {
            let input = format!("#{field} .word:nth-child({}) input", place + 1);
            self.browser.type_text(&input, word.as_ref()).unwrap();
        }
    }

    /// Opens sign-in, for somebody else where somebody is signed in.
    pub fn begin_sign_in(&mut self) {
        self.visit("/sign-in");
        if self.browser.eval("document.querySelector('#sign-in') === null").unwrap() == json!(true) {
            self.browser.click("main form[action='/sign-out'] button").unwrap();
            self.browser
                .wait("sign-in", "location.search !== '' && document.querySelector('#sign-in') !== null")
                .unwrap();
        }
    }

    /// Signs in with these words.
    pub fn sign_in<T: AsRef<str>>(&mut self, words: &[T]) {
        self.begin_sign_in();
        self.browser.type_text("#sign-in-name", "alice").unwrap();
        self.type_words("sign-in-words", words);
        self.press("sign-in");
        self.browser
            .wait("the inside", "location.pathname === '/' && document.readyState === 'complete'")
            .unwrap();
    }

    pub fn visit(&mut self, path: &str) {
        self.browser.visit(&format!("{SITE}{path}")).unwrap();
    }

    /// Presses the button of a form that acts.
    pub fn press(&mut self, form: &str) {
        self.browser.click(&format!("#{form} button:not([type=button])")).unwrap();
    }

    /// Opens the panel in which a form is.
    pub fn unfold(&mut self, form: &str) {
        self.browser.click(&format!("details:has(> div > #{form}) > summary")).unwrap();
    }

    /// Opens a transfer, and what would be approved of it.
    pub fn choose(&mut self, id: &str) {
        self.visit(&format!("/transfers/{id}"));
        self.unfold("approve");
        self.browser.wait("the payload", "document.querySelector('#payload dl') !== null").unwrap();
    }

    /// Approves what is shown.
    pub fn approve<T: AsRef<str>>(&mut self, words: &[T]) {
        self.type_words("approve-words", words);
        self.press("approve");
        self.browser.wait("approved", "document.body.innerText.includes('You approved it.')").unwrap();
    }

    pub fn wait_for_status(&mut self, section: &str, text: &str) {
        let holds =
            format!("document.querySelector('#{section} .status').textContent.includes({})", json!(text));
        self.browser.wait(text, &holds).unwrap();
    }
}

/// Three words of the list that are not hers.
pub fn others() -> Vec<String> {
    own("somebody else").split(' ').map(str::to_owned).collect()
}
