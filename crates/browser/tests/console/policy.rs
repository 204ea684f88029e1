//! A change of the rules: what is wrong with it at its place, what it would do before anybody is asked, proposed, endorsed, in force (G2, G5).

use serde_json::Value;

use crate::house::{House, Person, keep};

/// What stands in the rules for what goes at once.
const QUICK: &str = "hold = \"4h\"";

fn edit(person: &mut Person, from: &str, to: &str) {
    let script = format!(
        "(() => {{ const field = [...document.querySelectorAll('textarea')].find((field) => field.value.includes({from})); \
         if (!field) throw new Error('no such text'); field.value = field.value.replace({from}, {to}); }})()",
        from = Value::from(from),
        to = Value::from(to)
    );
    person.browser.eval(&script).unwrap_or_else(|error| panic!("{error}: {}", person.page()));
    person.browser.follow("form[action='/policy/preview'] .row button").unwrap();
}

fn in_force(house: &House, text: &str) -> bool {
    house.stage.engine.read(|state| {
        state.overt().policy().unwrap().sources().iter().any(|source| source.text.contains(text))
    })
}

#[test]
fn a_change_is_previewed_proposed_endorsed_and_in_force() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    alice.go("/policy");
    assert!(alice.main().contains("48"), "the rules as sentences: {}", alice.main());
    alice.go("/policy/edit");
    // Wrong: said at its place, and nothing can be proposed.
    edit(&mut alice, QUICK, "hold = \"4 hours\"");
    let shown = alice.main();
    keep("policy-preview-wrong", &alice.browser.screenshot().unwrap());
    let form = "document.querySelectorAll('form.act[data-act=\"/v1/policy/changes\"], form.act').length";
    assert_eq!(alice.browser.eval(form).unwrap(), 0, "{shown}");
    assert_eq!(
        alice.browser.eval("document.querySelectorAll('textarea[aria-invalid=true]').length").unwrap(),
        1,
        "{shown}"
    );
    assert!(
        alice.browser.eval("document.querySelector('a[data-line]') !== null").unwrap() == true,
        "{shown}"
    );
    // Looser: said so, with what it does to the exposure.
    edit(&mut alice, "hold = \"4 hours\"", "hold = \"2h\"");
    let shown = alice.main();
    keep("policy-preview-loosens", &alice.browser.screenshot().unwrap());
    assert!(shown.to_lowercase().contains("loosens"), "{shown}");
    assert!(shown.contains("Exposure before and after"), "{shown}");
    let tables = alice.browser.eval("document.querySelectorAll('main table').length").unwrap();
    assert!(tables.as_u64().unwrap() >= 1, "exposure before and after: {shown}");
    assert!(in_force(&house, QUICK), "nothing has changed by looking");
    let act = alice.browser.eval("document.querySelector('form.act').dataset.act").unwrap();
    alice.act(act.as_str().unwrap(), &[]);
    assert!(in_force(&house, QUICK), "nothing has changed by proposing");
    alice.assert_clean("proposed");

    let motion = house.stage.engine.read(|state| state.overt().motions().next().map(|(id, _)| id.0).unwrap());
    for name in ["bob", "carol"] {
        let mut person = house.signed_in(name);
        person.go(&format!("/motions/{motion}"));
        keep("motion", &person.browser.screenshot().unwrap());
        person.act(&format!("/v1/motions/{motion}/endorse"), &[]);
        person.assert_clean("endorsed");
    }
    assert!(in_force(&house, QUICK), "it waits");
    house.pass(types::Span::from_hours(7 * 24), &mut [&mut alice]);
    assert!(in_force(&house, "hold = \"2h\"") && !in_force(&house, QUICK));
}

/// One person ends what others want.
#[test]
fn a_change_that_waits_is_ended_by_one_person() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    alice.go("/policy/edit");
    edit(&mut alice, QUICK, "hold = \"3h\"");
    let act = alice.browser.eval("document.querySelector('form.act').dataset.act").unwrap();
    alice.act(act.as_str().unwrap(), &[]);
    let motion = house.stage.engine.read(|state| state.overt().motions().next().map(|(id, _)| id.0).unwrap());
    let mut bob = house.signed_in("bob");
    bob.go(&format!("/motions/{motion}"));
    bob.act(&format!("/v1/motions/{motion}/end"), &[]);
    house.pass(types::Span::from_hours(8 * 24), &mut [&mut bob]);
    assert!(in_force(&house, QUICK));
    // An address of a preview is no preview.
    alice.sign_in();
    alice.go("/policy/preview");
    assert_eq!(alice.browser.path().unwrap(), "/policy/edit");
}
