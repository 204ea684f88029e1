//! The call plan is carried out: who, by what, when the next, until people in two places have answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use alarm::{Language, News, Reach};
use types::Span;

use crate::scene::{Scene, plan};
use crate::siren::{Mood, Tape};
use crate::world::wait_until;

const MINUTE: Span = Span::from_seconds(60);

fn told(tape: &Tape) -> BTreeSet<String> {
    tape.taken().into_iter().filter_map(|taken| Some(taken.to?.0.to_string())).collect()
}

fn both() -> (Arc<Tape>, Arc<Tape>) {
    (Tape::new("sms", Reach::Personal, Mood::Up), Tape::new("mail", Reach::Personal, Mood::Up))
}

#[test]
fn one_step_after_another_until_two_places_have_answered() {
    let (sms, mail) = both();
    let steps = plan(&[("person:dora", "sms", "5m"), ("everyone", "", "10m")]);
    let scene = Scene::with_plan(&[&sms, &mail], &steps);
    scene.signal("alice");
    wait_until("the first step", || sms.count() == 1);
    scene.settle();
    let first = &sms.taken()[0];
    assert_eq!(first.to.as_ref().map(|(who, at)| (who.as_str(), at.as_str())), Some(("dora", "+33-dora")));
    assert_eq!((sms.count(), mail.count()), (1, 0), "nobody else before the next step");
    scene.pass(MINUTE);
    scene.pass(MINUTE);
    scene.pass(MINUTE);
    scene.pass(MINUTE);
    scene.pass(MINUTE);
    let strangers: BTreeSet<String> = ["dora", "emil", "fred"].map(str::to_owned).into();
    wait_until("the second step", || told(&mail) == strangers);
    wait_until("by every way", || told(&sms) == strangers);
    scene.acknowledge("dora");
    scene.settle();
    let before = (sms.count(), mail.count());
    scene.pass(Span::from_seconds(600));
    wait_until("one answer is not enough", || sms.count() + mail.count() > before.0 + before.1);
    assert!(sms.taken().iter().any(|taken| taken.message.news == News::Again));
    scene.acknowledge("emil");
    scene.settle();
    let before = (sms.count(), mail.count());
    scene.pass(Span::from_seconds(1200));
    scene.settle();
    assert_eq!((sms.count(), mail.count()), before, "two places have answered");
    scene.pass(Span::from_seconds(900));
    wait_until("and then nothing was done for half an hour", || {
        sms.count() + mail.count() > before.0 + before.1
    });
    assert!(!told(&sms).contains("gina") && !told(&mail).contains("gina"), "gina lives with alice");
}

#[test]
fn where_a_persons_way_fails_their_others_are_used_at_once() {
    let (sms, mail) = both();
    sms.set(Mood::Down);
    let scene = Scene::with_plan(&[&sms, &mail], &plan(&[("person:dora", "sms", "1d")]));
    scene.signal("alice");
    wait_until("the other way", || mail.count() == 1);
    let taken = &mail.taken()[0];
    let to = taken.to.clone().unwrap();
    assert_eq!((to.0.as_str(), to.1.as_str()), ("dora", "dora@example.org"));
    scene.settle();
    assert_eq!(mail.count(), 1, "once");
    sms.set(Mood::Up);
    wait_until("the way that was meant, when it works", || sms.count() == 1);
    assert_eq!(sms.taken()[0].message.id, taken.message.id, "one message, by whatever way");
}

#[test]
fn addresses_and_languages_are_the_contacts_own() {
    let (sms, mail) = both();
    let scene = Scene::with_plan(&[&sms, &mail], &plan(&[("everyone", "mail", "1d")]));
    scene.signal("bob");
    wait_until("everybody who is no kin", || mail.count() == 4);
    for taken in mail.taken() {
        let (person, address) = taken.to.unwrap();
        assert_eq!(address, format!("{person}@example.org"));
        assert!(taken.message.title(Language::Fr).contains("bob"));
    }
    assert_eq!(sms.count(), 0, "not over what the step does not name");
}

#[test]
fn a_plan_that_breaks_changes_nothing_and_responders_hear_of_it() {
    let (sms, mail) = both();
    let centre = Tape::new("centre", Reach::Wide, Mood::Up);
    let good = plan(&[("person:fred", "sms", "1d")]);
    let scene = Scene::with_plan(&[&sms, &mail, &centre], &good);
    std::fs::write(scene.folder.path().join("calls.toml"), "[chain").unwrap();
    wait_until("those who know by themselves", || centre.count() == 1);
    assert_eq!(centre.taken()[0].message.kind, alarm::Kind::Channel);
    wait_until("who is on call", || told(&sms) == ["fred".to_owned()].into());
    let codes: Vec<String> =
        scene.engine.alarm_warnings().iter().map(|warning| warning.code().to_owned()).collect();
    assert!(codes.contains(&"calls-unusable".to_owned()), "{codes:?}");
    let before = sms.count();
    scene.signal("alice");
    wait_until("the old plan holds", || sms.count() > before);
    assert_eq!(told(&sms), ["fred".to_owned()].into());
    std::fs::write(scene.folder.path().join("calls.toml"), good.replace("fred\"]", "emil\"]")).unwrap();
    wait_until("repaired", || scene.engine.alarm_warnings().iter().all(|it| it.code() != "calls-unusable"));
    scene.signal("carol");
    wait_until("the new plan", || told(&sms).contains("emil"));
}
