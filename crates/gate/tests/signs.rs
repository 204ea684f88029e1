//! Relatives, check-ins and look-back, one scene each: who is told, what is kept back and for how long, and that nothing overt moves
//! (G3, G4, G5, G8).
//!
//! Called by `cargo test -p gate`. The same over random histories is in `testkit`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod scene;

use std::collections::BTreeSet;

use covert::{IncidentId, Level, SignalKind, Teller};
use credentials::Class;
use gate::{IncidentView, View, Viewer, view};
use scene::*;
use testkit::org::{Actor, NAMES};
use testkit::story::{Proposal, What};
use testkit::world::World;
use types::{PersonId, ProtectedId};

const MATHILDE: usize = 0;
const NANOS_PER_HOUR: u64 = 3_600_000_000_000;

fn code(outcome: &gate::Outcome) -> &'static str {
    outcome.as_ref().err().map_or("done", gate::Refusal::code)
}

fn id(person: usize) -> PersonId {
    PersonId::parse(NAMES[person]).unwrap()
}

/// The incident room as a free responder sees it.
fn room(scene: &Scene<'_>, person: usize) -> Vec<IncidentView> {
    match view(&scene.player.state, Viewer::Responder(&id(person), Class::Free)) {
        View::Room(incidents) => incidents,
        View::Overt(_) => panic!("a room was asked for"),
    }
}

fn press(scene: &mut Scene<'_>, alarm: bool) {
    scene.happens(What::Press(Some(MATHILDE), alarm)).unwrap();
}

// G8: a relative's alarm.

#[test]
fn a_relatives_alarm_is_an_incident_of_everybody_she_is_of() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    press(&mut scene, true);
    assert_eq!((scene.undelivered(), scene.open_incidents()), (1, 1));
    let [seen] = &room(&scene, GAELLE)[..] else { panic!("one incident") };
    assert_eq!(seen.incident.level, Level::Confirmed);
    assert!(seen.incident.subjects.keys().eq([&id(ALICE), &id(BOB)]));
    let mathilde = ProtectedId::parse("mathilde").unwrap();
    assert_eq!(seen.incident.callers, BTreeSet::from([mathilde.clone()]));
    let (_, signal) = &seen.signals[0];
    assert_eq!((signal.kind, &signal.told_by), (SignalKind::Relative, &Some(Teller::Protected(mathilde))));
    scene.hours(48);
    assert_eq!(scene.status(transfer), "declined");
}

#[test]
fn nobody_of_the_callers_home_is_told_or_counts() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    press(&mut scene, true);
    // Mathilde lives with Farid, whom nothing ties to Alice and Bob.
    assert!(room(&scene, FARID).is_empty());
    assert_eq!(code(&scene.does(FARID, What::Clear(1))), "not-found");
    assert_eq!(code(&scene.does(FARID, What::Acknowledge(1))), "not-found");
    scene.clears(GAELLE, 1).unwrap();
    scene.hours(48);
    assert_eq!(scene.open_incidents(), 1, "one is no quorum");
    scene.clears(HUGO, 1).unwrap();
    scene.hours(24);
    assert_eq!(scene.open_incidents(), 0);
}

#[test]
fn pressing_again_is_one_press_and_a_later_one_starts_the_clear_anew() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    press(&mut scene, true);
    scene.clears(GAELLE, 1).unwrap();
    scene.nanos(60_000_000_000 - 1);
    press(&mut scene, true);
    assert_eq!(scene.undelivered(), 1);
    assert_eq!(room(&scene, GAELLE)[0].incident.clearing.endorsements.len(), 1);
    scene.nanos(1);
    press(&mut scene, true);
    assert_eq!((scene.undelivered(), scene.open_incidents()), (2, 1));
    assert!(room(&scene, GAELLE)[0].incident.clearing.endorsements.is_empty());
}

#[test]
fn a_press_of_nobody_does_nothing() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let before = scene.player.state.hash().unwrap();
    scene.happens(What::Press(None, true)).unwrap();
    scene.happens(What::Press(None, false)).unwrap();
    assert_eq!(scene.player.state.hash().unwrap(), before);
}

// G4, G5: a stop that a relative asks for.

#[test]
fn a_relatives_stop_declines_slow_matters_and_ends_by_itself() {
    for (asked_before, status) in [(12 * NANOS_PER_HOUR - 1, "declined"), (12 * NANOS_PER_HOUR, "ready")] {
        let world = world(vec![rules()]);
        let mut scene = Scene::new(&world);
        let transfer = scene.approved();
        scene.nanos(48 * NANOS_PER_HOUR - asked_before);
        press(&mut scene, false);
        scene.nanos(asked_before);
        assert_eq!(scene.status(transfer), status, "asked {asked_before} ns before");
        assert_eq!((scene.undelivered(), scene.open_incidents()), (0, 0), "it is no sign of coercion");
    }
}

#[test]
fn a_relatives_stop_reaches_whoever_takes_part_and_no_quick_transfer() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    press(&mut scene, false);
    let quick = scene.submits(ALICE, HOT, 5_000);
    assert_eq!(scene.status(quick), "ready");
    // Carol submits, Bob only approves: he takes part.
    let theirs = scene.submits(CAROL, HOT, 2_000_000);
    scene.does(BOB, What::Approve(theirs)).unwrap();
    scene.does(DAVID, What::Approve(theirs)).unwrap();
    scene.hours(37);
    press(&mut scene, false);
    scene.hours(11);
    assert_eq!(scene.status(theirs), "declined");
    // The service is operated by Alice.
    let number = scene.draft(Actor::Service, HOT, 2_000_000);
    let number_of_step = scene.story.steps.len();
    scene.story.steps.push(testkit::story::Step {
        number: number_of_step,
        by: Actor::Service,
        what: What::Submit(number),
        duress: false,
        key: None,
    });
    scene.player.perform(&scene.story, number_of_step);
    scene.does(CAROL, What::Approve(number)).unwrap();
    scene.does(DAVID, What::Approve(number)).unwrap();
    scene.hours(40);
    press(&mut scene, false);
    scene.hours(8);
    assert_eq!(scene.status(number), "declined");
    // A lift by the board has nothing to do with Alice and Bob.
    scene.does(HUGO, What::Stop(testkit::story::Scope::Organisation)).unwrap();
    let stop = scene.last();
    scene.does(CAROL, What::Propose(Proposal::Lift(stop))).unwrap();
    let lift = scene.last();
    scene.does(CAROL, What::Endorse(lift)).unwrap();
    scene.does(DAVID, What::Endorse(lift)).unwrap();
    scene.hours(20);
    press(&mut scene, false);
    scene.hours(4);
    assert_eq!(scene.motion(lift), overt::MotionStatus::Passed);
}

#[test]
fn a_relatives_stop_ends_early_by_the_quorum_of_a_clear_alone() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.hours(40);
    press(&mut scene, false);
    let ends = |scene: &mut Scene<'_>, who| scene.does(who, What::EndPause(MATHILDE));
    assert_eq!(code(&ends(&mut scene, CAROL)), "not-found", "no responder");
    assert_eq!(code(&ends(&mut scene, FARID)), "not-found", "of her home");
    assert_eq!(code(&scene.is_forced(HUGO, What::EndPause(MATHILDE))), "not-found", "not free");
    ends(&mut scene, GAELLE).unwrap();
    assert_eq!(code(&ends(&mut scene, GAELLE)), "repeated");
    let pauses = |scene: &Scene<'_>, who: usize| {
        let state = &scene.player.state;
        let policy = state.overt().policy().unwrap();
        state.covert().pauses(policy, (&id(who), Class::Free), scene.player.now()).len()
    };
    assert_eq!((pauses(&scene, GAELLE), pauses(&scene, FARID), pauses(&scene, ALICE)), (1, 0, 0));
    scene.hours(8);
    assert_eq!(scene.status(transfer), "declined", "one endorsement ends nothing");
    let world = self::world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.hours(40);
    press(&mut scene, false);
    ends(&mut scene, GAELLE).unwrap();
    ends(&mut scene, HUGO).unwrap();
    assert_eq!(pauses(&scene, GAELLE), 0);
    scene.hours(8);
    assert_eq!(scene.status(transfer), "ready");
}

#[test]
fn who_came_to_live_with_her_meanwhile_does_not_count_for_the_end() {
    let mut later = rules();
    later.protected[MATHILDE].homes = vec![GAELLE];
    let world = world(vec![rules(), later]);
    let [before, after] =
        [0, 1].map(|version: usize| policy::load(&world.versions[version].sources).policy.unwrap());
    let at = world.start;
    let protected = ProtectedId::parse("mathilde").unwrap();
    let ends = |who| {
        let command = covert::Command::EndPause { protected: protected.clone() };
        covert::Event::Acted { by: id(who), command }
    };
    let mut state = covert::State::default();
    let called =
        covert::Event::Called { protected: protected.clone(), alarm: false, seed: types::Hash([1; 32]) };
    state.apply(&before, at, &called);
    state.apply(&before, at, &ends(GAELLE));
    state.apply(&after, at, &ends(HUGO));
    let pauses = |state: &covert::State| state.pauses(&after, (&id(HUGO), Class::Free), at).len();
    assert_eq!(pauses(&state), 1);
    state.apply(&after, at, &ends(FARID));
    assert_eq!(pauses(&state), 0);
}

// G8: check-ins.

fn scheduled(world: &World) -> Scene<'_> {
    let mut scene = Scene::new(world);
    scene.does(ALICE, What::Schedule(DAY, DAY, HOUR)).unwrap();
    scene
}

#[test]
fn what_is_missed_is_asked_first_and_an_alarm_a_second_grace_later() {
    let world = world(vec![rules()]);
    let mut scene = scheduled(&world);
    scene.nanos(25 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.undelivered(), 0);
    scene.nanos(1);
    assert_eq!(scene.undelivered(), 1);
    let seen = room(&scene, GAELLE);
    assert_eq!(seen[0].incident.level, Level::Verify);
    assert_eq!(seen[0].signals[0].1.kind, SignalKind::MissedCheckIn);
    scene.nanos(NANOS_PER_HOUR - 1);
    assert_eq!((scene.undelivered(), room(&scene, GAELLE)[0].incident.level), (1, Level::Verify));
    scene.nanos(1);
    assert_eq!((scene.undelivered(), room(&scene, GAELLE)[0].incident.level), (2, Level::Confirmed));
    scene.hours(24 * 30);
    assert_eq!(scene.undelivered(), 2, "one miss is told of twice and no more");
    scene.does(ALICE, What::CheckIn).unwrap();
    scene.hours(48);
    scene.hours(1);
    assert_eq!(scene.undelivered(), 4, "after a check-in the schedule runs again");
}

#[test]
fn a_check_in_or_a_responder_who_counts_ends_the_wait_for_an_alarm() {
    let ends: [(usize, What, usize); 4] = [
        (ALICE, What::CheckIn, 1),
        (ALICE, What::EndSchedule, 1),
        (GAELLE, What::Acknowledge(1), 1),
        (BOB, What::SignIn, 2),
    ];
    for (who, what, signals) in ends {
        let world = world(vec![rules()]);
        let mut scene = scheduled(&world);
        scene.hours(25);
        scene.does(who, what.clone()).unwrap();
        scene.hours(1);
        assert_eq!(scene.undelivered(), signals, "{what:?}");
    }
}

#[test]
fn an_acknowledgement_of_somebody_near_does_not_end_it() {
    let mut policy = rules();
    // Farid lives with Carol.
    policy.people[FARID].homes = vec![CAROL];
    let world = world(vec![policy]);
    let mut scene = scheduled(&world);
    scene.hours(25);
    scene.does(FARID, What::Acknowledge(1)).unwrap();
    // Carol was held as well: who lives with her does not count any more.
    scene.does(GAELLE, What::Implicate(1, CAROL, 0)).unwrap();
    scene.hours(1);
    assert_eq!(scene.undelivered(), 2);
}

#[test]
fn what_an_author_sees_of_a_schedule_does_not_depend_on_the_phrase_or_on_what_is_missed() {
    let world = world(vec![rules()]);
    let own = |scene: &Scene<'_>| scene.player.state.covert().appointments(&id(ALICE));
    let seen = |force: bool| {
        let mut scene = Scene::new(&world);
        let mut told = Vec::new();
        let mut act = |scene: &mut Scene<'_>, what: What| {
            let outcome = if force { scene.is_forced(ALICE, what) } else { scene.does(ALICE, what) };
            told.push((outcome, own(scene)));
        };
        act(&mut scene, What::CheckIn);
        act(&mut scene, What::Schedule(DAY, DAY, HOUR));
        scene.hours(23);
        act(&mut scene, What::CheckIn);
        scene.hours(72);
        act(&mut scene, What::CheckIn);
        act(&mut scene, What::Schedule(60, 60, 60));
        act(&mut scene, What::EndSchedule);
        act(&mut scene, What::EndSchedule);
        (told, scene.undelivered(), clear_bytes(&scene.player.trace))
    };
    let ((free, missed, free_chain), (forced, signals, forced_chain)) = (seen(false), seen(true));
    assert_eq!(free, forced);
    assert_eq!(free_chain, forced_chain, "nothing of it is on the overt chain");
    assert_eq!(missed, 1);
    assert!(signals >= 7 + missed, "each forced act raises its signal: {signals}");
    let next = |place: usize| free[place].1.map(|own| own.next.as_nanos());
    let (first, second) = (next(1).unwrap(), next(2).unwrap());
    assert_eq!(
        second - first,
        i64::try_from(24 * NANOS_PER_HOUR).unwrap(),
        "an hour early counts for the next"
    );
}

// G4: look-back.

#[test]
fn responders_see_what_has_lost_its_force_and_nothing_overt_moves() {
    let world = world(vec![rules(), quick_rules()]);
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    scene.hours(48);
    assert_eq!(scene.motion(change), overt::MotionStatus::Passed);
    let mine = scene.submits(ALICE, HOT, 5_000);
    let bobs = scene.submits(BOB, HOT, 5_000);
    let overt_before = clear_bytes(&scene.player.trace);
    scene.is_forced(HUGO, What::SignIn).unwrap();
    let overt_after = clear_bytes(&scene.player.trace);
    assert_eq!(room(&scene, GAELLE)[0].lost, gate::Lost::default());
    // David's endorsement carried the change; Alice's submission its transfer.
    scene.does(GAELLE, What::Implicate(1, DAVID, 4 * DAY)).unwrap();
    scene.does(GAELLE, What::Implicate(1, ALICE, 4 * DAY)).unwrap();
    let lost = room(&scene, GAELLE)[0].lost.clone();
    let [motion] = lost.motions[..] else { panic!("one motion: {lost:?}") };
    assert_eq!((motion.id, motion.kind, motion.passed), (scene.player.motion(change), "change", true));
    let id_of = |number: usize| scene.story.transfers[number].identified.id();
    assert!(lost.transfers.contains(&id_of(mine)) && !lost.transfers.contains(&id_of(bobs)), "{lost:?}");
    assert_eq!(clear_bytes(&scene.player.trace), overt_after);
    assert_eq!(overt_after.len(), overt_before.len() + 1);
    assert_eq!(scene.motion(change), overt::MotionStatus::Passed);
    // A responder who is not free, or near, sees no more of it than of anything.
    let forced = view(&scene.player.state, Viewer::Responder(&id(GAELLE), Class::Duress));
    assert_eq!(forced, View::Room(Vec::new()));
}

/// Whoever holds a responder has them report something and look: it is there, and nothing else is.
#[test]
fn a_held_responder_finds_what_they_reported_and_nothing_else() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.is_forced(BOB, What::SignIn).unwrap();
    scene.is_forced(GAELLE, What::Report(ALICE)).unwrap();
    let shown =
        |scene: &Scene<'_>| match view(&scene.player.state, Viewer::Responder(&id(GAELLE), Class::Duress)) {
            View::Room(incidents) => incidents,
            View::Overt(_) => panic!("a room was asked for"),
        };
    let seen = shown(&scene);
    assert_eq!(seen.len(), 1, "Bob's incident and her own are not there");
    assert_eq!(seen[0].incident.subjects.keys().collect::<Vec<_>>(), [&id(ALICE)]);
    // What comes to be known besides is not shown, and what was shown stays as it was.
    scene.is_forced(ALICE, What::SignIn).unwrap();
    scene.does(HUGO, What::Acknowledge(seen[0].id.0)).unwrap();
    assert_eq!(shown(&scene), seen);
}

#[test]
fn a_report_says_who_heard_it_and_looks_back_from_then() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.does(GAELLE, What::Report(ALICE)).unwrap();
    let (_, signal) = &room(&scene, HUGO)[0].signals[0];
    let heard = scene.player.now();
    assert_eq!(signal.told_by, Some(Teller::Responder { by: id(GAELLE), heard }));
    let policy = scene.player.state.overt().policy().unwrap().clone();
    let mut state = covert::State::default();
    let earlier = heard.before(types::Span::from_hours(5));
    let report = covert::Command::Report {
        who: id(ALICE),
        kind: SignalKind::CodeWord,
        heard: earlier,
        seed: types::Hash([1; 32]),
    };
    let decided = |heard, at| {
        let report = match &report {
            covert::Command::Report { who, kind, seed, .. } => {
                covert::Command::Report { who: who.clone(), kind: *kind, heard, seed: *seed }
            }
            _ => panic!("a report"),
        };
        covert::State::default().decide(&policy, (&id(GAELLE), Class::Free), at, &report)
    };
    assert_eq!(decided(heard.after(types::Span::from_seconds(1)), heard), Err(covert::Refusal::Future));
    let event = decided(earlier, heard).unwrap();
    state.apply(&policy, heard, &event);
    let subject = state.incident(IncidentId(1)).unwrap().subjects[&id(ALICE)];
    assert_eq!((subject.found, subject.from), (heard, earlier.before(policy.response().look_back)));
}
