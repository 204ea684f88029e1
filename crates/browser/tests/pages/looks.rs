//! How the pages look: pictures for people under `target/tmp/pages`, and what a program can say of them: nothing sticks out, everything has a
//! label, nothing comes from elsewhere, in both languages, at two widths, light and dark.

use std::path::PathBuf;

use browser::{Browser, Options};
use serde_json::json;

use crate::person::{Alice, SITE, options, proposed};
use crate::stage::Stage;

fn keep(browser: &mut Browser, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    let overflow =
        browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(overflow.unwrap(), json!(0), "{name} sticks out");
    let unlabelled = browser.eval(
        "[...document.querySelectorAll('input, button')].filter((one) => one.labels?.length === 0 && one.textContent.trim() === '').length",
    );
    assert_eq!(unlabelled.unwrap(), json!(0), "{name} has a field without a label");
    std::fs::write(folder.join(format!("{name}.png")), browser.screenshot().unwrap()).unwrap();
}

fn walk(stage: &Stage, options: &Options, tag: &str) {
    let mut alice = Alice::enrolled(stage, options);
    proposed(stage, "0.4 BTC", 1);
    let words = alice.words.clone();
    let page = |path: &str| format!("{SITE}/{path}");
    alice.browser.visit(&page("enrol")).unwrap();
    keep(&mut alice.browser, &format!("{tag}-enrol"));
    alice.browser.visit(&page("practice")).unwrap();
    keep(&mut alice.browser, &format!("{tag}-practice-1"));
    alice.browser.click("#begin button").unwrap();
    keep(&mut alice.browser, &format!("{tag}-practice-2"));
    alice.browser.visit(&page("entry")).unwrap();
    keep(&mut alice.browser, &format!("{tag}-entry-1"));
    alice.browser.type_text("#by", "alice").unwrap();
    alice.type_words("sign-in-words", &["orange", "zebra"]);
    alice.browser.type_text("#sign-in-words .word:nth-child(3) input", "sto").unwrap();
    keep(&mut alice.browser, &format!("{tag}-entry-2"));
    alice.browser.type_text("#sign-in-words .word:nth-child(3) input", "ne").unwrap();
    keep(&mut alice.browser, &format!("{tag}-entry-3"));
    alice.sign_in(&words);
    keep(&mut alice.browser, &format!("{tag}-inside"));
    alice.choose();
    keep(&mut alice.browser, &format!("{tag}-approve"));
    alice.browser.click("#approve [data-go=inside]").unwrap();
    alice.browser.click("[data-go=another-phrase]").unwrap();
    keep(&mut alice.browser, &format!("{tag}-another"));
    alice.browser.click("#alone").unwrap();
    alice.type_words("old-words", &words);
    alice.browser.click("#draw").unwrap();
    alice.browser.wait("the words", "document.querySelectorAll('#drawn li').length === 3").unwrap();
    keep(&mut alice.browser, &format!("{tag}-shown"));
    alice.browser.click("#know").unwrap();
    keep(&mut alice.browser, &format!("{tag}-back"));
    let foreign = alice.browser.requests().unwrap();
    let foreign: Vec<_> = foreign
        .iter()
        .filter(|sent| !sent.address.starts_with(SITE) && !sent.address.starts_with("data:"))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn pages_fit_a_telephone_and_a_desk_in_both_languages() {
    for (language, width, dark) in
        [("en", 390, false), ("fr", 390, true), ("en", 1440, true), ("fr", 1440, false)]
    {
        let stage = Stage::new();
        let base = options(&stage);
        let options = Options { language: language.to_owned(), width, height: 844, dark, ..base };
        walk(&stage, &options, &format!("{language}-{width}"));
    }
}
