//! The same days, twice: once everybody is free, once alice is held and types other words. The screens and the pages are the same, to the
//! last pixel and the last byte, until the moment when a slow transfer is decided; then one is signed and the other is not (G1, G3, G4).

use browser::difference;
use types::Span;

use crate::house::{House, Person, QUICK, QUICK_UNITS, SLOW, SLOW_UNITS, keep};
use crate::world::{QUICK_HOLD, wait_until};

/// What is on a screen: the page as it was sent, as it stands, and as it looks.
struct Screen {
    name: &'static str,
    sent: String,
    stands: String,
    looks: Vec<u8>,
}

/// A story in the making.
struct Telling {
    free: bool,
    screens: Vec<Screen>,
}

impl Telling {
    fn see(&mut self, name: &'static str, person: &mut Person) {
        person.settle();
        let looks = person.browser.screenshot().unwrap();
        keep(
            &format!("story-{}-{:02}-{name}", if self.free { "free" } else { "coerced" }, self.screens.len()),
            &looks,
        );
        let (sent, stands) = (person.browser.source().unwrap(), person.browser.html().unwrap());
        assert!(sent.len() > 500 && looks.len() > 4_000, "{name} shows something");
        person.assert_clean(name);
        self.screens.push(Screen { name, sent, stands, looks });
    }

    /// Where somebody looks who wants to know more.
    fn look_around(&mut self, person: &mut Person) {
        for (path, name) in [
            ("/transfers", "history"),
            ("/", "overview-late"),
            ("/me", "me"),
            ("/settings", "settings"),
            ("/exposure", "exposure"),
        ] {
            person.go(path);
            self.see(name, person);
        }
    }
}

/// What was seen, and what became of the slow transfer.
struct Told {
    before: Vec<Screen>,
    after: Vec<Screen>,
    slow: &'static str,
    quick: &'static str,
}

fn play(free: bool) -> Told {
    let house = House::new();
    let mut telling = Telling { free, screens: Vec::new() };
    let mut alice = house.person("alice");
    alice.browser.set_seed(5).unwrap();
    if !free {
        alice = alice.coerced();
    }
    alice.go("/sign-in");
    telling.see("asked", &mut alice);
    alice.sign_in();
    telling.see("overview", &mut alice);

    alice.go("/transfers/new");
    telling.see("new", &mut alice);
    alice.check(crate::world::PAYEE, SLOW);
    telling.see("checked", &mut alice);
    let slow = alice.propose(SLOW);
    telling.see("proposed", &mut alice);
    let quick = alice.propose(QUICK);
    telling.see("proposed-quick", &mut alice);

    let mut bob = house.signed_in("bob");
    for id in [&slow, &quick] {
        bob.go(&format!("/transfers/{id}"));
        bob.act(&format!("/v1/transfers/{id}/approve"), &[]);
        bob.assert_clean("bob approves");
    }
    alice.go(&format!("/transfers/{slow}"));
    telling.see("approved", &mut alice);
    for (id, units) in [(&quick, QUICK_UNITS), (&slow, SLOW_UNITS)] {
        house.attach("alice", id, units);
        house.attach("bob", id, units);
    }

    house.pass(QUICK_HOLD, &mut [&mut alice]);
    wait_until("the quick one is signed", || house.status(&quick) == "signed");
    alice.go(&format!("/transfers/{quick}"));
    telling.see("quick", &mut alice);
    alice.go(&format!("/transfers/{slow}"));
    telling.see("waiting", &mut alice);

    // Two nights; the session has ended in between, and she signs in again and again.
    for hours in [20, 23] {
        house.pass(Span::from_hours(hours), &mut [&mut alice]);
        alice.go("/transfers");
        telling.see("asked-again", &mut alice);
        alice.sign_in();
        alice.go(&format!("/transfers/{slow}"));
        telling.see("still-waiting", &mut alice);
    }
    telling.look_around(&mut alice);
    let before = std::mem::take(&mut telling.screens);

    house.pass(Span::from_hours(2), &mut [&mut alice]);
    if free {
        wait_until("the slow one is signed", || house.status(&slow) == "signed");
    }
    alice.go(&format!("/transfers/{slow}"));
    telling.see("decided", &mut alice);
    alice.go("/transfers");
    telling.see("history-at-the-end", &mut alice);
    Told { before, after: telling.screens, slow: house.status(&slow), quick: house.status(&quick) }
}

fn assert_same(one: &Screen, other: &Screen) {
    assert_eq!(one.name, other.name);
    let first = |one: &str, other: &str| one.bytes().zip(other.bytes()).position(|(one, other)| one != other);
    for (what, one_text, other_text) in
        [("was sent", &one.sent, &other.sent), ("stands", &one.stands, &other.stands)]
    {
        if one_text != other_text {
            let at = first(one_text, other_text).unwrap_or(0).saturating_sub(80);
            let part = |text: &str| text.bytes().skip(at).take(200).map(char::from).collect::<String>();
            panic!("{}: what {what} differs:\n{}\n{}", one.name, part(one_text), part(other_text));
        }
    }
    assert_eq!(difference(&one.looks, &other.looks).unwrap(), None, "{}", one.name);
}

#[test]
fn the_captor_sees_the_screens_of_a_free_day_to_the_last_pixel() {
    let [free, coerced] = [true, false].map(|free| std::thread::spawn(move || play(free)));
    let (free, coerced) = (free.join().unwrap(), coerced.join().unwrap());
    assert_eq!(free.before.len(), coerced.before.len());
    assert!(free.before.len() >= 14);
    for (one, other) in free.before.iter().zip(&coerced.before) {
        assert_same(one, other);
    }
    // What is small and quick flows whatever was typed; what is slow is decided by it.
    assert_eq!((free.quick, coerced.quick), ("signed", "signed"));
    assert_eq!((free.slow, coerced.slow), ("signed", "declined"));
    // The comparison can fail: the screens of the decision differ.
    assert!(
        difference(&free.after[0].looks, &coerced.after[0].looks)
            .unwrap()
            .is_some_and(|found| found.pixels > 50)
    );
    assert_ne!(free.after[0].sent, coerced.after[0].sent);
}

/// Somebody's page renews itself when a colleague acts, without being loaded again, and leaves alone what is being typed.
#[test]
fn a_page_renews_itself_and_keeps_what_is_being_typed() {
    let house = House::new();
    let (mut alice, mut bob) = (house.signed_in("alice"), house.signed_in("bob"));
    let id = bob.propose(SLOW);
    drop(alice.browser.answers().unwrap());
    alice.go(&format!("/transfers/{id}"));
    alice.wait_for_stream();
    alice.browser.mark().unwrap();
    let cancel = format!("/v1/transfers/{id}/cancel");
    let form = alice.fill(&cancel, &[]);
    let before = alice.main();
    let mut carol = house.signed_in("carol");
    carol.go(&format!("/transfers/{id}"));
    carol.act(&format!("/v1/transfers/{id}/approve"), &[]);
    alice.browser.wait("the renewal", "document.querySelector('#said').textContent !== ''").unwrap();
    assert_ne!(alice.main(), before);
    assert_eq!(alice.browser.eval("globalThis.rempartMark").unwrap(), true, "it was not loaded again");
    let typed = alice.browser.eval(&format!(
        "[...document.querySelectorAll('{form} fieldset.phrase input')].map((input) => input.value).join(' ')"
    ));
    assert_eq!(typed.unwrap(), alice.words.as_str(), "what was being typed is there");
    alice.browser.mark().unwrap();
    alice.browser.click(&format!("{form} button:not([type=button])")).unwrap();
    alice.browser.wait_for_page("cancelling").unwrap();
    assert_eq!(house.status(&id), "cancelled");
    alice.assert_clean("cancelled");
}

/// The transaction: taken out of the page, signed elsewhere, put back; and what a spreadsheet gets.
#[test]
fn a_transaction_is_brought_by_the_page() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    let id = alice.propose(SLOW);
    let holdings = house.stage.engine.book(|book| book.holdings(&crate::world::treasury()).unwrap().clone());
    let psbt = crate::world::psbt(&holdings, SLOW_UNITS, &["alice"]);
    let file = house.stage.folder().join("signed.psbt");
    std::fs::write(&file, &psbt).unwrap();
    alice.go(&format!("/transfers/{id}"));
    let act = format!("PUT /v1/transfers/{id}/psbt");
    let form = alice.fill(&act, &[]);
    alice.browser.give_file(&format!("{form} [data-field=psbt]"), &file).unwrap();
    alice.browser.mark().unwrap();
    alice.browser.click(&format!("{form} button:not([type=button])")).unwrap();
    alice.browser.wait_for_page("the transaction").unwrap();
    let fetched = |alice: &mut Person, path: &str| {
        let text = alice.browser.eval(&format!("fetch('{path}').then((answer) => answer.text())")).unwrap();
        text.as_str().unwrap().to_owned()
    };
    let back = fetched(&mut alice, &format!("/transfers/{id}/psbt"));
    assert!(back.contains("cHNidP") || back.starts_with("psbt"), "{back}");
    let table = fetched(&mut alice, "/transfers.csv");
    assert!(table.contains(&id) && table.contains("INV-7"), "{table}");
    alice.assert_clean("the transaction");
}
