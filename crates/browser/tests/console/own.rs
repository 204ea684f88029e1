//! One's own entry: another phrase, shown once and nowhere afterwards; a further passkey (G3, G4, G9).

use serde_json::json;

use crate::house::{House, Person, SITE};

/// Opens the panel in which a form is.
fn unfold(person: &mut Person, form: &str) {
    person.browser.click(&format!("details:has(> div > #{form}) > summary")).unwrap();
}

fn press(person: &mut Person, form: &str) {
    person.browser.click(&format!("#{form} button:not([type=button])")).unwrap();
}

fn type_into(person: &mut Person, field: &str, words: &str) {
    for (place, word) in words.split(' ').enumerate() {
        let input = format!("#{field} .word:nth-child({}) input", place + 1);
        person.browser.type_text(&input, word).unwrap();
    }
}

/// The words that are on the screen.
fn drawn(person: &mut Person) -> String {
    person.browser.wait("the words", "document.querySelectorAll('#drawn li').length === 3").unwrap();
    let words = "[...document.querySelectorAll('#drawn li')].map((word) => word.textContent).join(' ')";
    person.browser.eval(words).unwrap().as_str().unwrap().to_owned()
}

/// Neither the words nor their picture are left in the page or in a field.
fn assert_gone(person: &mut Person, drawn: &str) {
    let page = "document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((input) => input.value)";
    let page = person.browser.eval(page).unwrap().to_string();
    assert!(drawn.split(' ').filter(|word| page.contains(word)).count() < 3, "{drawn}");
    assert!(!page.contains("<circle"), "no picture is left");
}

#[test]
fn another_phrase_is_shown_once_and_is_nowhere_afterwards() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    let words = alice.words.clone();
    alice.go("/me");
    unfold(&mut alice, "phrase");
    type_into(&mut alice, "phrase-words", &words);
    // Not before she has said that she is alone.
    press(&mut alice, "phrase");
    assert_eq!(
        alice.browser.eval("document.querySelector('#phrase .status').textContent").unwrap(),
        json!("")
    );
    alice.browser.click("#alone").unwrap();
    press(&mut alice, "phrase");
    let new = drawn(&mut alice);
    assert_ne!(new, words);
    assert_eq!(credentials::Phrase::parse(&new).unwrap().reveal_words().len(), 3);
    alice.browser.click("#know").unwrap();
    assert_gone(&mut alice, &new);
    type_into(&mut alice, "back-words", &crate::stage::own("somebody else"));
    alice.browser.click("#typed").unwrap();
    alice
        .browser
        .wait("wrong", "document.querySelector('#typed-back .status').classList.contains('bad')")
        .unwrap();
    type_into(&mut alice, "back-words", &new);
    alice.browser.click("#typed").unwrap();
    alice.browser.wait("the end", "document.querySelector('#done').checkVisibility()").unwrap();
    assert_gone(&mut alice, &new);
    assert!(alice.browser.text("#fingerprint").unwrap().len() >= 8);
    // Nothing comes back with the page.
    alice.browser.visit(&format!("{SITE}/practice")).unwrap();
    alice.browser.eval("history.back()").unwrap();
    alice
        .browser
        .wait("the page", "location.pathname === '/me' && document.querySelector('#phrase') !== null")
        .unwrap();
    assert_gone(&mut alice, &new);
}

/// Left in the middle, while the words are on the screen.
#[test]
fn words_that_are_shown_do_not_come_back_with_the_page() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    let words = alice.words.clone();
    alice.go("/me");
    unfold(&mut alice, "phrase");
    alice.browser.click("#alone").unwrap();
    type_into(&mut alice, "phrase-words", &words);
    press(&mut alice, "phrase");
    let new = drawn(&mut alice);
    alice.browser.eval("location.href = '/practice'").unwrap();
    alice.browser.wait("elsewhere", "location.pathname === '/practice'").unwrap();
    alice.browser.eval("history.back()").unwrap();
    alice
        .browser
        .wait("back", "location.pathname === '/me' && document.querySelector('#drawn') !== null")
        .unwrap();
    assert_gone(&mut alice, &new);
    assert_eq!(
        alice.browser.eval("document.querySelectorAll('#drawn li, #drawn circle').length").unwrap(),
        json!(0)
    );
}

#[test]
fn a_further_passkey_is_proposed_and_the_one_in_use_is_made_once() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    let words = alice.words.clone();
    let own = alice.authenticator.clone();
    let ask = |alice: &mut Person| {
        alice.go("/me");
        unfold(alice, "device");
        type_into(alice, "device-words", &words);
    };
    ask(&mut alice);
    press(&mut alice, "device");
    alice
        .browser
        .wait("known", "document.querySelector('#device .status').classList.contains('bad')")
        .unwrap();
    assert_eq!(alice.browser.passkeys(&own).unwrap().len(), 1);
    // A security key makes it; the device that she uses already confirms it. She touches the key first, and her device when that is done.
    ask(&mut alice);
    let key = alice.browser.add_security_key().unwrap();
    alice.browser.set_touched(&own, false).unwrap();
    let later = "(() => { const real = navigator.credentials.get.bind(navigator.credentials); \
                 navigator.credentials.get = async (asked) => { await new Promise((go) => { window.touch = go; }); return real(asked); }; })()";
    alice.browser.eval(later).unwrap();
    press(&mut alice, "device");
    alice.browser.wait("the key", "typeof window.touch === 'function'").unwrap();
    assert_eq!(alice.browser.passkeys(&key).unwrap().len(), 1);
    alice.browser.unplug(&key).unwrap();
    alice.browser.set_touched(&own, true).unwrap();
    alice.browser.eval("window.touch()").unwrap();
    alice.browser.wait("the proposal", "location.pathname.startsWith('/motions/')").unwrap();
    assert_eq!(house.stage.engine.read(|state| state.overt().motions().count()), 1);
}
