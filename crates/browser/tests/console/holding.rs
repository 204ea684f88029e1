//! Reading and holding without JavaScript: whoever has an old telephone, or a browser that was told to run nothing, can stop a transfer (G5).

use crate::house::{House, Person, SLOW, keep};

/// Signs in with scripts, which only a device's signature needs; then goes on without them.
fn unscripted(house: &House, name: &'static str) -> Person {
    let mut person = house.signed_in(name);
    person.browser.set_scripts(false).unwrap();
    person
}

fn hold(house: &House, person: &mut Person, action: &str, fields: &[(&str, &str)]) {
    let form = format!("form[action=\"{action}\"]");
    // What is folded is opened by its own summary, as without scripts it must be.
    let folded = format!("document.querySelector('{form}').closest('details:not([open])') !== null");
    if person.browser.eval(&folded).unwrap() == true {
        person.browser.click(&format!("details:has({form}) > summary")).unwrap();
    }
    for (name, value) in fields {
        let field = format!("{form} [name=\"{name}\"]");
        let tag =
            person.browser.eval(&format!("document.querySelector('{field}')?.tagName ?? 'none'")).unwrap();
        assert_ne!(tag, "none", "{form} has no field {name}: {}", person.page());
        if tag == "SELECT" {
            person.browser.choose(&field, value)
        } else {
            person.browser.enter(&field, value)
        }
        .unwrap();
    }
    let words = person.words.clone();
    for (place, word) in words.split(' ').enumerate() {
        person.browser.enter(&format!("{form} [name=word{}]", place + 1), word).unwrap();
    }
    person.browser.mark().unwrap();
    person.browser.click(&format!("{form} button")).unwrap();
    if action.ends_with("/object") {
        // Kept on the covert lane, and answered when its next slot is written.
        std::thread::sleep(std::time::Duration::from_millis(400));
        house.stage.pass(server::engine::SLOT_PERIOD);
    }
    person.browser.wait_for_page(action).unwrap();
    let shown = person.page();
    assert!(shown.starts_with(action.rsplit_once('/').unwrap().0), "{shown}");
}

#[test]
fn without_scripts_one_reads_everything_and_cancels_objects_and_stops() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let [first, second, third] = [0.4, 0.35, 0.31].map(|amount| bob.propose(&amount.to_string()));
    let mut alice = unscripted(&house, "alice");
    for path in
        ["/", "/transfers", "/vaults", "/stops", "/policy", "/motions", "/exposure", "/me", "/settings"]
    {
        alice.go(path);
        assert_eq!(alice.browser.path().unwrap(), path, "{}", alice.page());
        assert!(alice.main().len() > 20, "{path}: {}", alice.main());
    }
    // On a narrow screen the menu opens without a script.
    alice.browser.set_size(390, 844).unwrap();
    alice.go("/transfers");
    alice.browser.click("nav.side summary").unwrap();
    let open = "document.querySelector('nav.side details').open && document.querySelector('nav.side a[href=\"/vaults\"]').checkVisibility()";
    assert_eq!(alice.browser.eval(open).unwrap(), true, "the menu opens");
    alice.go(&format!("/transfers/{first}"));
    keep("holding-without-scripts", &alice.browser.screenshot().unwrap());
    hold(&house, &mut alice, &format!("/transfers/{first}/cancel"), &[]);
    assert_eq!(house.status(&first), "cancelled");
    alice.go(&format!("/transfers/{second}"));
    hold(&house, &mut alice, &format!("/transfers/{second}/stop"), &[]);
    let stopped = house
        .stage
        .get(&format!("/v1/transfers/{second}"), Some(&house.stage.token("bob", &bob.words)))
        .json();
    assert_eq!(stopped["stopped"], true, "{stopped}");
    alice.go("/vaults/treasury");
    hold(&house, &mut alice, "/vaults/treasury/stop", &[]);
    let stopped = house
        .stage
        .get(&format!("/v1/transfers/{third}"), Some(&house.stage.token("bob", &bob.words)))
        .json();
    assert_eq!(stopped["stopped"], true, "{stopped}");
    alice.go("/stops");
    assert!(alice.main().contains("treasury"), "{}", alice.main());
    alice.assert_clean("without scripts");
}

/// An objection is quiet: nothing of it is seen before the transfer is ready.
#[test]
fn an_objection_without_scripts_declines_it_when_it_is_ready() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let id = bob.propose(SLOW);
    let mut alice = house.signed_in("alice");
    alice.go(&format!("/transfers/{id}"));
    alice.act(&format!("/v1/transfers/{id}/approve"), &[]);
    let mut carol = unscripted(&house, "carol");
    carol.go(&format!("/transfers/{id}"));
    hold(&house, &mut carol, &format!("/transfers/{id}/object"), &[]);
    assert_eq!(house.status(&id), "pending");
    house.pass(types::Span::from_hours(49), &mut []);
    assert_eq!(house.status(&id), "declined");
}

/// Words that were typed into a form without scripts are in no address and no page afterwards.
#[test]
fn the_words_of_a_form_are_in_no_address() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let id = bob.propose(SLOW);
    let mut alice = unscripted(&house, "alice");
    alice.go(&format!("/transfers/{id}"));
    let words = alice.words.clone();
    hold(&house, &mut alice, &format!("/transfers/{id}/cancel"), &[]);
    let requests = alice.browser.requests().unwrap();
    for word in words.split(' ').filter(|word| word.len() > 4) {
        assert!(!requests.iter().any(|sent| sent.address.contains(word)), "{requests:?}");
        assert!(!alice.browser.source().unwrap().contains(word), "the page shows what was typed");
    }
}
