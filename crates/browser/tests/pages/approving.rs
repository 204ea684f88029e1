//! Passkey and phrase together: signing in, approving exactly what is shown, and what is refused (G1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use browser::Sent;
use serde_json::{Value, json};
use types::Hash;

use crate::person::{Alice, options, proposed};
use crate::stage::{Stage, exchange};

fn sent(alice: &mut Alice, path: &str) -> Sent {
    let all = alice.browser.requests().unwrap();
    all.into_iter().find(|sent| sent.method == "POST" && sent.address.ends_with(path)).unwrap()
}

fn key(sent: &Sent) -> &str {
    let headers = sent.headers.as_object().unwrap();
    headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")).unwrap().1.as_str().unwrap()
}

/// The challenge that the authenticator signed, as its client data has it.
fn signed_challenge(body: &Value) -> Vec<u8> {
    let client_data = body["proof"]["passkey"]["client_data"].as_str().unwrap();
    let client_data: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(client_data).unwrap()).unwrap();
    assert_eq!(client_data["origin"], "http://localhost:8087");
    URL_SAFE_NO_PAD.decode(client_data["challenge"].as_str().unwrap()).unwrap()
}

#[test]
fn what_is_shown_is_what_the_device_signs_and_it_counts_once() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let id = proposed(&stage, "0.4 BTC", 1);
    let words = alice.words.clone();
    alice.sign_in(&words);
    alice.choose(&id);
    let shown = alice.browser.eval("document.querySelector('#payload dl').textContent").unwrap();
    let shown = shown.as_str().unwrap().replace('\u{a0}', " ");
    for part in [crate::world::PAYEE, "0.4 BTC", "0.00005 BTC", "treasury", "invoice", "INV-7", "bob"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let exact = alice.browser.eval("document.querySelector('#payload .exact').textContent").unwrap();
    let payload: types::Payload = serde_json::from_str(exact.as_str().unwrap()).unwrap();
    assert_eq!(payload.id().unwrap().to_string(), id);
    drop(alice.browser.requests().unwrap());
    alice.approve(&words);

    let path = format!("/v1/transfers/{id}/approve");
    let request = sent(&mut alice, &path);
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["command"], json!({ "payload_hash": id }));
    let hash = api::request_hash("POST", &path, key(&request), &body["command"]).unwrap();
    let nonce = Hash::parse(body["proof"]["nonce"].as_str().unwrap()).unwrap();
    let expected = credentials::challenge(api::COMMAND_DOMAIN, &hash, &nonce.0);
    assert_eq!(signed_challenge(&body), expected.0);

    // The same bytes again, and the same proof for something else.
    let head = |key: &str| format!("POST {path} HTTP/1.1\r\nIdempotency-Key: {key}");
    for key in [key(&request), "another"] {
        let replayed = exchange(stage.address, &head(key), request.body.as_bytes());
        assert_eq!((replayed.status(), replayed.code().as_str()), (401, "unauthenticated"));
    }
}

#[test]
fn a_device_that_has_not_recognised_its_user_is_refused() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let words = alice.words.clone();
    alice.browser.set_user_verified(&alice.authenticator, false).unwrap();
    alice.begin_sign_in();
    alice.browser.type_text("#sign-in-name", "alice").unwrap();
    alice.type_words("sign-in-words", &words);
    alice.press("sign-in");
    alice.wait_for_status("sign-in", "Your device gave no passkey");
    // A page that does not ask for it gets a signature, and the server refuses that.
    let script = |verification: &str| {
        format!(
            "(async () => {{ const p = await import('/assets/passkey.js'); const nonce = await p.nonceFor('alice'); const key = p.newKey(); \
             const challenge = await p.commandChallenge(await p.requestHash('POST', '/v1/session', key, {{}}), nonce); \
             const made = await navigator.credentials.get({{ publicKey: {{ challenge, rpId: 'localhost', userVerification: '{verification}' }} }}); \
             const passkey = {{ id: p.toBase64Url(made.rawId), client_data: p.toBase64Url(made.response.clientDataJSON), \
             authenticator_data: p.toBase64Url(made.response.authenticatorData), signature: p.toBase64Url(made.response.signature) }}; \
             const body = JSON.stringify({{ command: {{}}, proof: {{ by: 'alice', nonce, passkey }}, phrase: '{}' }}); \
             return (await fetch('/v1/session', {{ method: 'POST', headers: {{ 'Idempotency-Key': key, 'Content-Type': 'application/json' }}, body }})).status; }})()",
            words.join(" ")
        )
    };
    assert_eq!(alice.browser.eval(&script("discouraged")).unwrap(), json!(401));
    // The same script with a user who was recognised gets in: it is refused for the reason meant.
    alice.browser.set_user_verified(&alice.authenticator, true).unwrap();
    assert_eq!(alice.browser.eval(&script("required")).unwrap(), json!(201));
}

#[test]
fn a_payload_that_is_not_the_transfer_cannot_be_approved() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let id = proposed(&stage, "0.4 BTC", 1);
    let words = alice.words.clone();
    alice.sign_in(&words);
    // What the server shows is another payload than the one whose hash would be signed.
    alice.visit(&format!("/transfers/{id}"));
    let lie = "(() => { const place = document.querySelector('[data-payload]'); const before = place.dataset.payload; \
               place.dataset.payload = before.replace('40000000', '10000000'); return place.dataset.payload !== before; })()";
    assert_eq!(alice.browser.eval(lie).unwrap(), json!(true));
    alice.unfold("approve");
    let told = "document.querySelector('#payload').textContent.includes('something else than what would be approved')";
    alice.browser.wait("a warning", told).unwrap();
    drop(alice.browser.requests().unwrap());
    alice.type_words("approve-words", &words);
    alice.press("approve");
    alice.wait_for_status("approve", "something else than what would be approved");
    let sent = alice.browser.requests().unwrap();
    assert!(sent.iter().all(|sent| sent.method == "GET"), "{sent:?}");
}

#[test]
fn a_further_passkey_is_proposed_and_another_persons_opens_nothing() {
    let stage = Stage::new();
    let mut alice = Alice::enrolled(&stage, &options(&stage));
    let words = alice.words.clone();
    alice.sign_in(&words);
    let id = alice.authenticator.clone();
    let ask = |alice: &mut Alice| {
        alice.unfold("device");
        alice.type_words("device-words", &words);
        alice.press("device");
    };
    alice.visit("/me");
    ask(&mut alice);
    alice.wait_for_status("device", "a passkey for you already");
    assert_eq!(alice.browser.passkeys(&id).unwrap().len(), 1);
    // A security key makes it; the device that she uses already confirms it.
    alice.visit("/me");
    let key = alice.browser.add_security_key().unwrap();
    // She touches the key first, and her device only when the key is done.
    alice.browser.set_touched(&id, false).unwrap();
    let later = "(() => { const real = navigator.credentials.get.bind(navigator.credentials); \
                 navigator.credentials.get = async (asked) => { await new Promise((go) => { window.touch = go; }); return real(asked); }; })()";
    alice.browser.eval(later).unwrap();
    ask(&mut alice);
    alice.browser.wait("the key", "typeof window.touch === 'function'").unwrap();
    assert_eq!(alice.browser.passkeys(&key).unwrap().len(), 1);
    alice.browser.unplug(&key).unwrap();
    alice.browser.set_touched(&id, true).unwrap();
    alice.browser.eval("window.touch()").unwrap();
    alice.browser.wait("the proposal", "location.pathname.startsWith('/motions/')").unwrap();
    let motions = stage.engine.read(|state| state.overt().motions().count());
    assert_eq!(motions, 2, "her enrolment, and this");
    // Her passkey under bob's name.
    alice.begin_sign_in();
    alice.browser.type_text("#sign-in-name", "bob").unwrap();
    alice.type_words("sign-in-words", &words);
    alice.press("sign-in");
    alice
        .browser
        .wait("a refusal", "document.querySelector('#sign-in .status').classList.contains('bad')")
        .unwrap();
    assert_eq!(alice.browser.eval("location.pathname").unwrap(), json!("/sign-in"));
}
