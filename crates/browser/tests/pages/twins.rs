//! Two people at two browsers, one of free will and one not: the screens are the same to the last pixel (G3).

use crate::person::{Alice, options, others, proposed};
use crate::stage::Stage;

const DOT: &str = "(() => { const dot = document.createElement('i'); document.body.append(dot); \
                   Object.assign(dot.style, { position: 'absolute', left: '7px', top: '9px', width: '1px', height: '1px', background: '#000' }); })()";

/// The screens of one story: signed in, about to approve, approved, another phrase asked for.
fn screens(free: bool) -> Vec<Vec<u8>> {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    proposed(&stage, "0.4 BTC", 1);
    proposed(&stage, "0.2 BTC", 2);
    let words = if free { alice.words.clone() } else { others() };
    let mut seen = Vec::new();
    alice.sign_in(&words);
    seen.push(alice.browser.screenshot().unwrap());
    alice.choose();
    seen.push(alice.browser.screenshot().unwrap());
    alice.approve(&words);
    alice.wait_for_status("inside", "Approved");
    seen.push(alice.browser.screenshot().unwrap());
    alice.browser.click("#leave").unwrap();
    alice.wait_for_status("sign-in", "Signed out");
    seen.push(alice.browser.screenshot().unwrap());
    // One pixel more, as a control: the last screen.
    alice.browser.eval(DOT).unwrap();
    seen.push(alice.browser.screenshot().unwrap());
    // What was found does differ, where it may.
    let signals = stage.engine.read(|state| state.covert().signals().count());
    assert_eq!(signals == 0, free);
    seen
}

#[test]
fn a_free_and_a_coerced_session_look_the_same_to_the_last_pixel() {
    let (free, coerced) = (screens(true), screens(false));
    assert_eq!(free.len(), coerced.len());
    for (screen, (one, other)) in free.iter().zip(&coerced).enumerate() {
        assert!(one.len() > 5_000, "screen {screen} shows something");
        // The same encoder: equal bytes are equal pixels, and one pixel would make other bytes.
        assert!(one == other, "screen {screen} differs");
    }
    assert!(free[0] != free[1] && free[0] != free[2], "screens that differ are told apart");
    assert!(free[3] != free[4], "one pixel is seen");
}
