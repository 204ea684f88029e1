//! Another phrase: shown once, typed back once, gone; and the field while somebody types (G3, G4).

use serde_json::json;

use crate::person::{Alice, SITE, options, others};
use crate::stage::Stage;

#[test]
fn another_phrase_is_shown_once_and_is_nowhere_afterwards() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let words = alice.words.clone();
    alice.sign_in(&words);
    alice.visit("/me");
    alice.unfold("phrase");
    alice.browser.click("input[name=list][value=fr]").unwrap();
    alice.type_words("phrase-words", &words);
    // Not before she has said that she is alone.
    alice.press("phrase");
    assert_eq!(
        alice.browser.eval("document.querySelector('#phrase .status').textContent").unwrap(),
        json!("")
    );
    alice.browser.click("#alone").unwrap();
    alice.press("phrase");
    alice.browser.wait("the words", "!document.querySelector('#shown').hidden").unwrap();
    let drawn =
        alice.browser.eval("[...document.querySelectorAll('#drawn li')].map((word) => word.textContent)");
    let drawn: Vec<String> = serde_json::from_value(drawn.unwrap()).unwrap();
    let phrase = credentials::Phrase::parse(&drawn.join(" ")).unwrap();
    assert_ne!(drawn, words);
    assert_eq!(phrase.reveal_words().len(), 3);

    alice.browser.click("#know").unwrap();
    let gone = |alice: &mut Alice| {
        let page = alice.browser.eval("document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((input) => input.value)");
        let page = page.unwrap().to_string();
        let held: Vec<&String> = drawn.iter().filter(|word| page.contains(word.as_str())).collect();
        assert!(held.len() < 3, "{held:?}");
        assert!(!page.contains("<circle"), "no picture is left");
    };
    gone(&mut alice);
    alice.type_words("back-words", &others());
    alice.browser.click("#typed").unwrap();
    alice.wait_for_status("typed-back", "not what was shown");
    alice.type_words("back-words", &drawn);
    alice.browser.click("#typed").unwrap();
    alice.browser.wait("the end", "!document.querySelector('#done').hidden").unwrap();
    gone(&mut alice);
    assert!(alice.browser.text("#fingerprint").unwrap().len() >= 8);
    // Nothing comes back with the page, and the old words are the ones that count until others have agreed.
    alice.browser.visit(&format!("{SITE}/practice")).unwrap();
    alice.browser.eval("history.back()").unwrap();
    alice
        .browser
        .wait("the page", "location.pathname === '/me' && document.querySelector('#own') !== null")
        .unwrap();
    gone(&mut alice);
    assert_eq!(alice.browser.eval("document.querySelector('#own').hidden").unwrap(), json!(false));
    alice.sign_in(&words);
}

/// Left in the middle, while the words are on the screen.
#[test]
fn words_that_are_shown_do_not_come_back_with_the_page() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let words = alice.words.clone();
    alice.sign_in(&words);
    alice.visit("/me");
    alice.unfold("phrase");
    alice.browser.click("#alone").unwrap();
    alice.type_words("phrase-words", &words);
    alice.press("phrase");
    alice.browser.wait("the words", "document.querySelectorAll('#drawn li').length === 3").unwrap();
    let first = alice.browser.text("#drawn li").unwrap();
    alice.browser.eval("location.href = '/practice'").unwrap();
    alice.browser.wait("elsewhere", "location.pathname === '/practice'").unwrap();
    alice.browser.eval("history.back()").unwrap();
    alice
        .browser
        .wait("back", "location.pathname === '/me' && document.querySelector('#drawn') !== null")
        .unwrap();
    let page = alice.browser.text("body").unwrap();
    assert!(!page.contains(&first), "{page}");
    assert_eq!(
        alice.browser.eval("document.querySelectorAll('#drawn li, #drawn circle').length").unwrap(),
        json!(0)
    );
}

#[test]
fn typing_is_completed_forgiven_and_pictured_and_sends_nothing() {
    let stage = Stage::new();
    let mut browser = browser::Browser::start(&options(&stage)).unwrap();
    browser.visit(&format!("{SITE}/sign-in?lang=fr")).unwrap();
    // The field's script comes when the field is first used; after that nothing is asked for.
    browser.click("#sign-in-words .word:nth-child(1) input").unwrap();
    let loaded = browser.eval("import('/assets/phrase-field.js').then(() => new Promise((go) => setTimeout(go, 300))).then(() => 'loaded')");
    assert_eq!(loaded.unwrap(), json!("loaded"));
    drop(browser.requests().unwrap());
    let input = |place: usize| format!("#sign-in-words .word:nth-child({place}) input");
    let value = |browser: &mut browser::Browser, place: usize| {
        let value = browser.eval(&format!("document.querySelector('{}').value", input(place))).unwrap();
        value.as_str().unwrap().to_owned()
    };
    // With the keyboard alone: a beginning without its accent, down to the completion, enter.
    browser.type_text(&input(1), "ECLU").unwrap();
    browser.press("ArrowDown").unwrap();
    browser.press("Enter").unwrap();
    assert_eq!(value(&mut browser, 1), "écluse");
    // A beginning that only one word has, and on to the next input.
    browser.type_text(&input(2), "zoolog").unwrap();
    browser.press("Tab").unwrap();
    assert_eq!(value(&mut browser, 2), "zoologie");
    assert_eq!(
        browser.eval(&format!("document.activeElement === document.querySelector('{}')", input(3))).unwrap(),
        json!(true)
    );
    browser.type_text(&input(3), "zzz").unwrap();
    assert!(browser.text("#sign-in-words .hint").unwrap().contains("Le mot 3 n'est pas dans la liste"));
    assert_eq!(browser.eval("document.querySelectorAll('#sign-in-words circle').length").unwrap(), json!(0));
    browser.eval(&format!("document.querySelector('{}').value = ''", input(3))).unwrap();
    browser.type_text(&input(3), "abaisser").unwrap();
    let phrase = credentials::Phrase::parse("écluse zoologie abaisser").unwrap();
    let picture = credentials::Picture::of(&phrase);
    let told =
        browser.eval("document.querySelector('#sign-in-words .picture').getAttribute('aria-label')").unwrap();
    assert_eq!(told, json!(picture.describe(credentials::Language::French)));
    let beads = browser.eval("document.querySelectorAll('#sign-in-words circle').length").unwrap();
    assert_eq!(beads, json!(picture.svg().matches("<circle").count()));
    // All three at once, pasted or typed into the first.
    browser
        .eval("document.querySelectorAll('#sign-in-words input').forEach((input) => { input.value = ''; })")
        .unwrap();
    browser.type_text(&input(1), "orange zebra stone").unwrap();
    assert_eq!([1, 2, 3].map(|place| value(&mut browser, place)), ["orange", "zebra", "stone"]);
    assert_eq!(browser.requests().unwrap(), []);
}
