//! The guarantees of the gate, one scene each: stopping is easy, moving is hard, everything happens once, nothing is lost, every signal
//! alarms (G5, G6, G7, G8).
//!
//! Called by `cargo test -p gate`. G1, G3 and G4 are in `guarantees.rs`.

mod scene;

use covert::IncidentId;
use overt::MotionStatus;
use scene::*;
use testkit::org::Actor;
use testkit::story::{Cover, Proposal, Scope, What};

const NANOS_PER_HOUR: u64 = 3_600_000_000_000;

// G5: one person stops, a quorum moves.

#[test]
fn one_person_stops_a_quorum_lifts() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.does(HUGO, What::Stop(Scope::Organisation)).unwrap();
    let stop = scene.last();
    let transfer = scene.submits(ALICE, HOT, 5_000);
    assert_eq!(scene.status(transfer), "declined");
    scene.does(CAROL, What::Propose(Proposal::Lift(stop))).unwrap();
    let lift = scene.last();
    scene.does(CAROL, What::Endorse(lift)).unwrap();
    scene.hours(48);
    assert_eq!(scene.motion(lift), MotionStatus::Pending, "one is no quorum");
    scene.does(DAVID, What::Endorse(lift)).unwrap();
    scene.nanos(24 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.motion(lift), MotionStatus::Pending);
    scene.nanos(1);
    assert_eq!(scene.motion(lift), MotionStatus::Passed);
    let next = scene.submits(ALICE, HOT, 5_000);
    assert_eq!(scene.status(next), "ready");
}

#[test]
fn one_person_ends_a_lift() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.does(HUGO, What::Stop(Scope::Organisation)).unwrap();
    let stop = scene.last();
    scene.does(CAROL, What::Propose(Proposal::Lift(stop))).unwrap();
    let lift = scene.last();
    scene.does(CAROL, What::Endorse(lift)).unwrap();
    scene.does(DAVID, What::Endorse(lift)).unwrap();
    scene.hours(23);
    scene.does(BOB, What::End(lift)).unwrap();
    scene.hours(2);
    assert_eq!(scene.motion(lift), MotionStatus::Ended);
}

#[test]
fn a_coerced_stop_and_cancel_work_at_once() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.is_forced(ALICE, What::Cancel(transfer)).unwrap();
    assert_eq!(scene.status(transfer), "cancelled");
    scene.is_forced(ALICE, What::Stop(Scope::Vault(HOT))).unwrap();
    let next = scene.submits(BOB, HOT, 5_000);
    assert_eq!(scene.status(next), "declined");
}

#[test]
fn clear_needs_strangers_and_wait() {
    let mut policy = rules();
    // Farid lives with Alice.
    policy.people[FARID].homes = vec![ALICE];
    let world = world(vec![policy]);
    let mut scene = Scene::new(&world);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    assert_eq!(code(&scene.does(FARID, What::Clear(1))), "not-found", "he is not even told");
    scene.clears(GAELLE, 1).unwrap();
    scene.hours(48);
    assert_eq!(scene.open_incidents(), 1);
    scene.clears(HUGO, 1).unwrap();
    scene.nanos(24 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.open_incidents(), 1);
    scene.nanos(1);
    assert_eq!(scene.open_incidents(), 0);
}

#[test]
fn who_turns_out_to_live_with_somebody_concerned_does_not_count() {
    let mut policy = rules();
    // Farid lives with Bob.
    policy.people[FARID].homes = vec![BOB];
    let world = world(vec![policy]);
    let mut scene = Scene::new(&world);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    let cover = || What::Narrow(1, Cover { vaults: Vec::new(), people: Vec::new() });
    scene.does(FARID, cover()).unwrap();
    scene.does(HUGO, What::Implicate(1, BOB, 0)).unwrap();
    scene.does(GAELLE, cover()).unwrap();
    let covers = |scene: &Scene| scene.player.state.covert().incident(IncidentId(1)).unwrap().cover.clone();
    assert_eq!(covers(&scene), covert::Cover::Organisation);
    scene.does(HUGO, cover()).unwrap();
    assert_ne!(covers(&scene), covert::Cover::Organisation);
}

#[test]
fn a_new_signal_or_subject_starts_the_clear_anew() {
    for disturb in [What::SignIn, What::Implicate(1, BOB, 0)] {
        let world = world(vec![rules()]);
        let mut scene = Scene::new(&world);
        scene.is_forced(ALICE, What::SignIn).unwrap();
        scene.clears(GAELLE, 1).unwrap();
        scene.clears(HUGO, 1).unwrap();
        scene.hours(12);
        match disturb {
            What::SignIn => scene.is_forced(ALICE, disturb).unwrap(),
            _ => scene.does(FARID, disturb).unwrap(),
        };
        scene.hours(48);
        assert_eq!(scene.open_incidents(), 1);
        assert!(
            scene.player.state.covert().incident(IncidentId(1)).unwrap().clearing.endorsements.is_empty()
        );
    }
}

#[test]
fn a_lowering_does_not_undo_a_later_raise() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.does(ALICE, What::Raise(1)).unwrap();
    scene.does(CAROL, What::Propose(Proposal::Lower(0))).unwrap();
    let lowering = scene.last();
    scene.does(CAROL, What::Endorse(lowering)).unwrap();
    scene.does(DAVID, What::Endorse(lowering)).unwrap();
    scene.does(GAELLE, What::Raise(2)).unwrap();
    scene.hours(24);
    assert_eq!(scene.motion(lowering), MotionStatus::Declined);
    assert_eq!(scene.player.state.overt().posture(), policy::Posture::Lockdown);
}

#[test]
fn policy_change_waits_longest_hold() {
    let world = world(vec![rules(), quick_rules()]);
    let mut scene = Scene::new(&world);
    scene.does(CAROL, What::Propose(Proposal::Change(1))).unwrap();
    let change = scene.last();
    scene.does(DAVID, What::Endorse(change)).unwrap();
    scene.hours(10);
    scene.does(ELISE, What::Endorse(change)).unwrap();
    scene.nanos(48 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.motion(change), MotionStatus::Pending, "24 h are asked for, but a permit waits 48 h");
    scene.nanos(1);
    assert_eq!(scene.motion(change), MotionStatus::Passed);
}

// G6: once.

#[test]
fn retry_is_done_once() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.draft(Actor::Person(ALICE), HOT, 5_000);
    let first = scene.with_key(ALICE, What::Submit(transfer), 1);
    let again = scene.with_key(ALICE, What::Submit(transfer), 1);
    assert_eq!(first, again);
    assert_eq!(scene.player.state.overt().transfers().count(), 1);
    let stop = scene.with_key(ALICE, What::Stop(Scope::Organisation), 1);
    assert_eq!(code(&stop), "idempotency-key-reused");
    assert_eq!(scene.player.state.overt().stops().count(), 0);
}

#[test]
fn two_transfers_never_share_an_input() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.happens(What::Price(100_000)).unwrap();
    let one = scene.submits(ALICE, TREASURY, 10_000_000);
    let other = scene.submits(ALICE, TREASURY, 10_000_000);
    for transfer in [one, other] {
        scene.does(BOB, What::Approve(transfer)).unwrap();
        scene.does(CAROL, What::Approve(transfer)).unwrap();
        scene.does(BOB, What::Attach(transfer, vec![1, 2], true)).unwrap();
    }
    scene.hours(48);
    let signing = |transfer: usize| {
        let id = scene.story.transfers[transfer].identified.id();
        scene.player.state.overt().transfer(id).unwrap().status == overt::Status::Signing
    };
    assert!(signing(one) != signing(other), "one of them signs, the other waits for another transaction");
    let waiting = if signing(one) { other } else { one };
    assert_eq!(code(&scene.does(BOB, What::Attach(waiting, vec![2], true))), "input-reserved");
    scene.does(BOB, What::Attach(waiting, vec![3], true)).unwrap();
    assert_eq!(code(&scene.happens(What::Signed(one, false))), "ok");
    assert_eq!(code(&scene.happens(What::Signed(other, false))), "ok");
}

#[test]
fn one_transaction_per_transfer() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved_on_chain();
    scene.does(BOB, What::Attach(transfer, vec![1], true)).unwrap();
    scene.hours(48);
    assert_eq!(code(&scene.happens(What::Signed(transfer, true))), "spend-mismatch");
    assert_eq!(code(&scene.does(BOB, What::Attach(transfer, vec![2], true))), "too-late");
    assert_eq!(code(&scene.does(BOB, What::Cancel(transfer))), "too-late");
    assert_eq!(code(&scene.happens(What::Signed(transfer, false))), "ok");
}

#[test]
fn a_cancelled_transfer_never_signs() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved_on_chain();
    scene.does(BOB, What::Attach(transfer, vec![1], true)).unwrap();
    scene.does(HUGO, What::Cancel(transfer)).unwrap();
    scene.hours(49);
    assert_eq!(scene.status(transfer), "cancelled");
    assert_eq!(code(&scene.happens(What::Signed(transfer, false))), "too-late");
}

// G7: nothing lost.

#[test]
fn a_restart_and_a_snapshot_give_the_same_state() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.approved();
    scene.is_forced(ALICE, What::SignIn).unwrap();
    scene.does(FARID, What::Acknowledge(1)).unwrap();
    scene.hours(5);
    scene.happens(What::Restart(3_600_000_000_000)).unwrap();
    scene.happens(What::Snapshot).unwrap();
    assert_eq!(scene.player.trace.faults, Vec::<String>::new());
    assert_eq!(scene.player.trace.rebuilt, 2);
}

// G8: every signal alarms.

#[test]
fn refused_command_still_alarms() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let forbidden = scene.draft(Actor::Person(FARID), HOT, 5_000);
    assert_eq!(code(&scene.is_forced(FARID, What::Submit(forbidden))), "no-permit");
    assert_eq!(scene.undelivered(), 1);
    assert_eq!(code(&scene.is_forced(BOB, What::Clear(7))), "not-found");
    assert_eq!(scene.undelivered(), 2, "a phrase on the covert lane counts as well");
}

#[test]
fn repeated_command_alarms_again() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.draft(Actor::Person(ALICE), HOT, 5_000);
    scene.with_key(ALICE, What::Submit(transfer), 1).unwrap();
    let number = scene.story.steps.len();
    let mut again = scene.story.steps[number - 1].clone();
    (again.number, again.duress) = (number, true);
    scene.story.steps.push(again);
    scene.player.perform(&scene.story, number);
    assert_eq!(scene.undelivered(), 1);
}

#[test]
fn an_alarm_waits_until_it_is_delivered() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    scene.is_forced(ALICE, What::SignIn).unwrap();
    scene.happens(What::Restart(0)).unwrap();
    assert_eq!(scene.undelivered(), 2);
    scene.happens(What::Deliver).unwrap();
    assert_eq!(scene.undelivered(), 0, "one message tells of both");
    scene.is_forced(ALICE, What::SignIn).unwrap();
    assert_eq!(scene.undelivered(), 1);
}
