//! One's own sessions: seen, and ended from elsewhere (G9).

use crate::house::House;

#[test]
fn a_session_is_seen_and_ended_from_another_browser() {
    let house = House::new();
    let (mut desk, mut lost) = (house.signed_in("alice"), house.signed_in("alice"));
    let mut bob = house.signed_in("bob");
    desk.go("/settings");
    let forms = "document.querySelectorAll(\"form[action='/settings/end-session']\").length";
    // The own one may be ended here or by signing out; the other one must have its button.
    let before = desk.browser.eval(forms).unwrap().as_u64().unwrap();
    assert!(before >= 1, "{}", desk.page());
    lost.go("/transfers");
    assert!(lost.browser.path().unwrap().starts_with("/transfers"));
    // The first form of another session.
    desk.browser.follow("form[action='/settings/end-session'] button").unwrap();
    assert!(desk.browser.path().unwrap().starts_with("/settings"), "{}", desk.page());
    assert_eq!(desk.browser.eval(forms).unwrap().as_u64().unwrap(), before - 1);
    lost.go("/transfers");
    assert!(
        lost.browser.path().unwrap().starts_with("/sign-in"),
        "the other browser is out: {}",
        lost.page()
    );
    desk.go("/transfers");
    assert!(desk.browser.path().unwrap().starts_with("/transfers"), "this one is not");
    bob.go("/transfers");
    assert!(bob.browser.path().unwrap().starts_with("/transfers"), "nor is anybody else's");
    desk.assert_clean("sessions");
}

#[test]
fn a_session_cannot_be_used_for_another_persons_and_ends_by_itself() {
    let house = House::new();
    let mut alice = house.signed_in("alice");
    house.pass(types::Span::from_hours(12), &mut [&mut alice]);
    alice.go("/me");
    assert!(alice.browser.path().unwrap().starts_with("/sign-in?next="), "{}", alice.page());
    alice.sign_in_here();
    assert_eq!(alice.browser.path().unwrap(), "/me", "on to where she wanted to go");
}
