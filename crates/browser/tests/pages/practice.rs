//! Practice sends nothing, asks for nothing true, and can reach nobody (G3).

use browser::Browser;
use serde_json::json;

use crate::person::{Alice, SITE, options};
use crate::stage::Stage;
use crate::world;

fn words(browser: &mut Browser) -> Vec<String> {
    let shown = browser.eval("[...document.querySelectorAll('#made-up li')].map((word) => word.textContent)");
    serde_json::from_value(shown.unwrap()).unwrap()
}

#[test]
fn practice_is_played_to_its_end_without_one_request() {
    let stage = Stage::new();
    let mut browser = Browser::start(&options(&stage)).unwrap();
    let authenticator = browser.add_authenticator().unwrap();
    browser.visit(&format!("{SITE}/practice")).unwrap();
    let loaded = browser.requests().unwrap();
    assert!(
        loaded.iter().any(|sent| sent.address.ends_with("/practice")),
        "what is sent is seen: {loaded:?}"
    );
    let state = world::state_hash(&stage.engine);
    let mut alice = Alice { browser, authenticator, words: Vec::new() };

    alice.browser.click("#begin button").unwrap();
    let made_up = words(&mut alice.browser);
    alice.browser.click("#learn [data-go=own]").unwrap();
    alice.type_words("own-words", &["zoo", "zoo", "zoo"]);
    alice.browser.click("#try-own").unwrap();
    alice.wait_for_status("own", "would have been a slip");
    alice.type_words("own-words", &made_up);
    alice.browser.click("#try-own").unwrap();
    alice.wait_for_status("others", "ordinary day");
    alice.type_words("other-words", &made_up);
    alice.browser.click("#try-others").unwrap();
    alice.wait_for_status("others", "the made-up words again");
    alice.type_words("other-words", &["zoo", "zebra", "zoo"]);
    alice.browser.click("#try-others").unwrap();
    alice.wait_for_status("end", "Done");
    assert_eq!(alice.browser.requests().unwrap(), []);
    assert_eq!(world::state_hash(&stage.engine), state);

    // The next round has other words; and the browser itself would stop anything that tried to leave.
    alice.browser.click("#end button").unwrap();
    assert_ne!(words(&mut alice.browser), made_up);
    let tried = "fetch('/v1/challenge', { method: 'POST', body: '{}' }).then(() => 'sent', () => 'stopped')";
    assert_eq!(alice.browser.eval(tried).unwrap(), json!("stopped"));
    alice.browser.visit(&format!("{SITE}/sign-in")).unwrap();
    assert_eq!(alice.browser.eval(tried).unwrap(), json!("sent"));
}
