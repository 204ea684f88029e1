//! The field of three words while somebody types, and practice, which reaches nobody (G3).

use browser::Browser;
use serde_json::json;

use crate::house::{House, SITE};
use crate::world;

fn type_words<T: AsRef<str>>(browser: &mut Browser, field: &str, words: &[T]) {
    for (place, word) in words.iter().enumerate() {
        browser.type_text(&format!("#{field} .word:nth-child({}) input", place + 1), word.as_ref()).unwrap();
    }
}

#[test]
fn typing_is_completed_forgiven_and_pictured_and_sends_nothing() {
    let house = House::new();
    let mut browser = Browser::start(&house.options()).unwrap();
    browser.visit(&format!("{SITE}/sign-in?lang=fr")).unwrap();
    let input = |place: usize| format!("#sign-in-words .word:nth-child({place}) input");
    // The lists come when the field is first used.
    browser.eval(&format!("document.querySelector('{}').focus()", input(1))).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    drop(browser.requests().unwrap());
    let value = |browser: &mut Browser, place: usize| {
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
    let here = format!("document.activeElement === document.querySelector('{}')", input(3));
    assert_eq!(browser.eval(&here).unwrap(), true);
    browser.type_text(&input(3), "zzz").unwrap();
    assert!(browser.text("#sign-in-words .hint").unwrap().contains('3'));
    assert_eq!(browser.eval("document.querySelectorAll('#sign-in-words circle').length").unwrap(), 0);
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

#[test]
fn the_fields_ask_not_to_be_kept() {
    let house = House::new();
    let mut browser = Browser::start(&house.options()).unwrap();
    for page in ["sign-in", "enrol", "practice"] {
        browser.visit(&format!("{SITE}/{page}")).unwrap();
        let careless = browser.eval(
            "[...document.querySelectorAll('input[type=text]')].filter((input) => input.autocomplete !== 'off' \
             || input.hasAttribute('name') || input.spellcheck || !('1pIgnore' in input.dataset)).length",
        );
        assert_eq!(careless.unwrap(), 0, "{page}");
        assert_eq!(
            browser.eval("document.querySelectorAll('input[type=password]').length").unwrap(),
            0,
            "{page}"
        );
    }
}

#[test]
fn practice_is_played_to_its_end_without_one_request() {
    let house = House::new();
    let mut browser = Browser::start(&house.options()).unwrap();
    browser.visit(&format!("{SITE}/practice")).unwrap();
    let loaded = browser.requests().unwrap();
    assert!(
        loaded.iter().any(|sent| sent.address.ends_with("/practice")),
        "what is sent is seen: {loaded:?}"
    );
    let state = world::state_hash(&house.stage.engine);
    let made_up = |browser: &mut Browser| -> Vec<String> {
        let shown =
            browser.eval("[...document.querySelectorAll('#made-up li')].map((word) => word.textContent)");
        serde_json::from_value(shown.unwrap()).unwrap()
    };
    let shown = |id: &str| format!("!document.querySelector('#{id}').hidden");
    browser.click("#begin button").unwrap();
    let words = made_up(&mut browser);
    assert_eq!(words.len(), 3);
    browser.click("#learn [data-go=own]").unwrap();
    type_words(&mut browser, "own-words", &["zoo", "zoo", "zoo"]);
    browser.click("#try-own").unwrap();
    browser.wait("still there", &shown("own")).unwrap();
    type_words(&mut browser, "own-words", &words);
    browser.click("#try-own").unwrap();
    browser.wait("the others", &shown("others")).unwrap();
    type_words(&mut browser, "other-words", &words);
    browser.click("#try-others").unwrap();
    browser.wait("still there", &shown("others")).unwrap();
    type_words(&mut browser, "other-words", &["zoo", "zebra", "zoo"]);
    browser.click("#try-others").unwrap();
    browser.wait("the end", &shown("end")).unwrap();
    let sent: Vec<String> = browser.requests().unwrap().into_iter().map(|sent| sent.address).collect();
    assert!(sent.iter().all(|address| address.ends_with("/assets/icon.svg")), "{sent:?}");
    assert_eq!(world::state_hash(&house.stage.engine), state);
    // The browser itself would stop anything that tried to leave.
    let tried = "fetch('/v1/challenge', { method: 'POST', body: '{}' }).then(() => 'sent', () => 'stopped')";
    assert_eq!(browser.eval(tried).unwrap(), "stopped");
    browser.visit(&format!("{SITE}/sign-in")).unwrap();
    assert_eq!(browser.eval(tried).unwrap(), "sent");
}
