//! Everything with the keyboard alone, and one sees where one is.

use crate::house::{House, SLOW};
use crate::stage::own;

/// Where the keyboard is: what, whether it is on the screen, whether one sees it.
const HERE: &str = "(() => { const at = document.activeElement; if (!at || at === document.body) return null; \
    const box = at.getBoundingClientRect(); const style = getComputedStyle(at); \
    return { index: [...document.querySelectorAll('*')].indexOf(at), what: at.tagName + ' ' + (at.id || at.textContent || at.name || '').trim().slice(0, 40), \
      shown: box.width > 0 && box.height > 0, visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }; })()";

/// What should be reached: everything that somebody could click or type in, but one of each group of choices.
const REACHABLE: &str = "[...document.querySelectorAll('a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), select, textarea, summary')]\
    .filter((at) => at.tabIndex >= 0 && at.checkVisibility({ visibilityProperty: true }))\
    .filter((at) => at.type !== 'radio' || at.checked || !document.querySelector(`input[name=\"${at.name}\"]:checked`))\
    .map((at) => [[...document.querySelectorAll('*')].indexOf(at), at.tagName + ' ' + (at.id || at.textContent || at.name || '').trim().slice(0, 40)])";

const STEPS_MAX: usize = 200;

fn walk(person: &mut crate::house::Person, path: &str) {
    person.go(path);
    person
        .browser
        .eval("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    person.browser.eval("document.activeElement.blur(); document.body.focus()").unwrap();
    let wanted: Vec<(usize, String)> =
        serde_json::from_value(person.browser.eval(REACHABLE).unwrap()).unwrap();
    assert!(wanted.len() > 10, "{path}: {wanted:?}");
    let mut reached = std::collections::BTreeSet::new();
    for step in 0..STEPS_MAX {
        person.browser.press("Tab").unwrap();
        let here = person.browser.eval(HERE).unwrap();
        let Some(index) = here["index"].as_u64() else { continue };
        if !reached.insert(usize::try_from(index).unwrap()) && step > wanted.len() {
            break;
        }
        assert_eq!(here["shown"], true, "{path}: {here}");
        assert_eq!(here["visible"], true, "{path}: one does not see where one is: {here}");
    }
    let missed: Vec<_> = wanted.iter().filter(|(index, _)| !reached.contains(index)).collect();
    assert!(missed.is_empty(), "{path}: the keyboard does not reach {missed:?}");
}

#[test]
fn tab_reaches_everything_and_one_sees_where_it_is() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let id = bob.propose(SLOW);
    let mut alice = house.signed_in("alice");
    for path in [
        format!("/transfers/{id}"),
        "/transfers/new".to_owned(),
        "/".to_owned(),
        "/stops".to_owned(),
        "/settings".to_owned(),
    ] {
        walk(&mut alice, &path);
    }
    alice.browser.set_size(390, 844).unwrap();
    walk(&mut alice, &format!("/transfers/{id}"));
}

/// A whole approval without a mouse.
#[test]
fn somebody_approves_with_the_keyboard_alone() {
    let house = House::new();
    let mut bob = house.signed_in("bob");
    let id = bob.propose(SLOW);
    let mut alice = house.signed_in("alice");
    alice.go(&format!("/transfers/{id}"));
    let act = format!("/v1/transfers/{id}/approve");
    let folded = format!(
        "document.querySelector('form.act[data-act=\"{act}\"]').closest('details:not([open])')?.querySelector('summary')"
    );
    let on = |what: &str| format!("document.activeElement === ({what})");
    let tab_to = |alice: &mut crate::house::Person, what: &str| {
        for _ in 0..STEPS_MAX {
            if alice.browser.eval(&on(what)).unwrap() == true {
                return;
            }
            alice.browser.press("Tab").unwrap();
        }
        panic!("never reached {what}");
    };
    if alice.browser.eval(&format!("({folded}) !== undefined && ({folded}) !== null")).unwrap() == true {
        tab_to(&mut alice, &folded);
        alice.browser.press("Enter").unwrap();
    }
    let field = format!("document.querySelector('form.act[data-act=\"{act}\"] fieldset.phrase input')");
    alice.browser.wait("the field", &format!("({field}).checkVisibility()")).unwrap();
    // The words are loaded when the field is first used.
    tab_to(&mut alice, &field);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let words = own("alice");
    for word in words.split(' ') {
        for letter in word.chars() {
            alice.browser.type_here(&letter.to_string()).unwrap();
        }
        alice.browser.press("Tab").unwrap();
    }
    let button = format!("document.querySelector('form.act[data-act=\"{act}\"] button:not([type=button])')");
    tab_to(&mut alice, &button);
    alice.browser.mark().unwrap();
    alice.browser.press("Enter").unwrap();
    alice.browser.wait_for_page("the approval").unwrap();
    let approved =
        house.stage.get(&format!("/v1/transfers/{id}"), Some(&house.stage.token("alice", &words))).json();
    assert_eq!(approved["approved_by_you"], true, "{approved}");
}
