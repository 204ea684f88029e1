//! Passkey and phrase together: what is shown is what the device signs, once; and what is refused (G1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use types::Hash;

use crate::house::{House, SLOW};
use crate::stage::exchange;
use crate::world;

#[test]
fn what_is_shown_is_what_the_device_signs_and_it_counts_once() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let id = bob.propose(SLOW);
    let mut alice = house.signed_in("alice");
    alice.go(&format!("/transfers/{id}"));
    let path = format!("/v1/transfers/{id}/approve");
    alice.fill(&path, &[]);
    alice.browser.wait("the payload", "document.querySelector('#payload dl') !== null").unwrap();
    let shown = alice.browser.text("#payload").unwrap().replace('\n', "");
    for part in [world::PAYEE, "0.4\u{a0}BTC", "0.00005\u{a0}BTC", "treasury", "invoice", "INV-7", "bob"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let exact = alice.browser.eval("document.querySelector('#payload .exact').textContent").unwrap();
    let payload: types::Payload = serde_json::from_str(exact.as_str().unwrap()).unwrap();
    assert_eq!(payload.id().unwrap().to_string(), id);
    drop(alice.browser.requests().unwrap());
    alice.go(&format!("/transfers/{id}"));
    alice.act(&path, &[]);

    let requests = alice.browser.requests().unwrap();
    let sent = requests.iter().find(|sent| sent.method == "POST" && sent.address.ends_with(&path)).unwrap();
    let headers = sent.headers.as_object().unwrap();
    let key = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")).unwrap().1;
    let key = key.as_str().unwrap();
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(body["command"], json!({ "payload_hash": id }));
    let hash = api::request_hash("POST", &path, key, &body["command"]).unwrap();
    let nonce = Hash::parse(body["proof"]["nonce"].as_str().unwrap()).unwrap();
    let client_data = body["proof"]["passkey"]["client_data"].as_str().unwrap();
    let client_data: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(client_data).unwrap()).unwrap();
    let signed = URL_SAFE_NO_PAD.decode(client_data["challenge"].as_str().unwrap()).unwrap();
    assert_eq!(signed, credentials::challenge(api::COMMAND_DOMAIN, &hash, &nonce.0).0);
    // The same bytes again, and the same proof for something else.
    for key in [key, "another"] {
        let head = format!("POST {path} HTTP/1.1\r\nIdempotency-Key: {key}");
        let replayed = exchange(house.stage.address, &head, sent.body.as_bytes());
        assert_eq!((replayed.status(), replayed.code().as_str()), (401, "unauthenticated"));
    }
}

#[test]
fn a_payload_that_is_not_the_transfer_cannot_be_approved() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let id = bob.propose(SLOW);
    let mut alice = house.signed_in("alice");
    alice.go(&format!("/transfers/{id}"));
    let lie = "(() => { const place = document.querySelector('#payload'); place.dataset.payload = place.dataset.payload.replace('40000000', '10000000'); })()";
    alice.browser.eval(lie).unwrap();
    let form = alice.fill(&format!("/v1/transfers/{id}/approve"), &[]);
    alice.browser.click(&format!("{form} button:not([type=button])")).unwrap();
    alice
        .browser
        .wait(
            "a refusal",
            &format!("(document.querySelector('{form} .status.bad')?.textContent ?? '') !== ''"),
        )
        .unwrap();
    assert!(alice.browser.text("#payload").unwrap().contains("something else than what would be approved"));
    let sent = alice.browser.requests().unwrap();
    assert!(!sent.iter().any(|sent| sent.address.ends_with("/approve")), "nothing was signed");
}

#[test]
fn a_device_that_has_not_recognised_its_user_signs_nobody_in() {
    let house = House::new();
    let mut alice = house.person("alice");
    alice.browser.set_user_verified(&alice.authenticator, false).unwrap();
    alice.go("/sign-in");
    alice.browser.type_text("form.act [data-by]", "alice").unwrap();
    alice.type_words("form.act");
    alice.browser.click("form.act button:not([type=button])").unwrap();
    alice
        .browser
        .wait("a refusal", "(document.querySelector('form.act .status.bad')?.textContent ?? '') !== ''")
        .unwrap();
    assert!(alice.browser.cookies().unwrap().iter().all(|cookie| cookie.name != "__Host-rempart"));
    // With a device that has, the same is taken.
    house.signed_in("alice");
}
