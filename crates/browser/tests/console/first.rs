//! The first-run page: it leads on without a session, from the first sentence to where one signs in; and its commands can be copied (G10).

use crate::house::{House, SITE, keep};

#[test]
fn the_first_page_leads_a_newcomer_on() {
    let house = House::new();
    let mut farah = house.person("alice");
    for language in ["en", "fr"] {
        farah.browser.set_language(language).unwrap();
        farah.go("/first");
        let steps = farah.browser.eval("document.querySelectorAll('main ol > li > h2').length").unwrap();
        assert!(steps.as_u64().unwrap() >= 8, "{}", farah.main());
        let text = farah.main();
        for command in ["rempart init", "rempart policy check", "rempart enrol", "rempart serve"] {
            assert!(text.contains(command), "{language}: {command}");
        }
        // Every way that leads on is there.
        let ways =
            farah.browser.eval("[...document.querySelectorAll('main a')].map((way) => way.href)").unwrap();
        let ways: Vec<String> = serde_json::from_value(ways).unwrap();
        for way in &ways {
            assert!(way.starts_with(SITE), "{way} leads away");
            let path = way.trim_start_matches(SITE).split('#').next().unwrap().to_owned();
            let status = farah.browser.eval(&format!(
                "fetch('{path}', {{ headers: {{ Accept: 'text/html' }} }}).then((answer) => answer.status)"
            ));
            assert_eq!(status.unwrap(), 200, "{path}");
        }
        farah.assert_clean("/first");
        keep(&format!("first-{language}"), &farah.browser.screenshot().unwrap());
    }
    // With a session it says how far one is.
    let before = farah.browser.eval("document.querySelectorAll('main ol > li.done').length").unwrap();
    farah.sign_in();
    farah.go("/first");
    let after = farah.browser.eval("document.querySelectorAll('main ol > li.done').length").unwrap();
    assert!(after.as_u64() > before.as_u64(), "{}", farah.main());
    keep("first-inside", &farah.browser.screenshot().unwrap());
}

/// A newcomer gets a passkey and words in the browser; colleagues agree; then they sign in. On the pages alone.
#[test]
fn somebody_is_enrolled_in_the_browser() {
    let house = House::new();
    let stage = &house.stage;
    let opened = stage.post("dora", "/v1/people/alice/enrolments", serde_json::json!({}));
    let code = opened.json()["code"].as_str().unwrap().to_owned();
    let mut browser = browser::Browser::start(&house.options()).unwrap();
    let authenticator = browser.add_authenticator().unwrap();
    let mut alice = crate::house::Person { browser, authenticator, name: "alice", words: String::new() };
    alice.set_time(&house);
    alice.go("/enrol");
    keep("enrol-1", &alice.browser.screenshot().unwrap());
    let words = alice.enrol(&code);
    let motion = stage
        .post("dora", "/v1/people/alice/credential", serde_json::json!({ "code": code }))
        .json()["motion"]
        .as_str()
        .unwrap()
        .to_owned();
    for name in ["bob", "carol"] {
        let mut colleague = house.signed_in(name);
        colleague.go(&format!("/motions/{motion}"));
        colleague.act(&format!("/v1/motions/{motion}/endorse"), &[]);
    }
    house.pass(types::Span::from_hours(7 * 24), &mut [&mut alice]);
    alice.words = words;
    alice.sign_in();
    assert_eq!(alice.browser.path().unwrap(), "/");
    alice.assert_clean("enrolled");
}
