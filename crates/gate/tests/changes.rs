//! G5 for changes of the policy: what tightens applies at once and by one person, what loosens waits and can be ended by one; and what
//! becomes of a pending change in a crash, a restore, and beside another change.
//!
//! Called by `cargo test -p gate`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a scene that goes wrong stops its test")]

mod scene;

use overt::MotionStatus;
use scene::*;
use testkit::org::{Apart, Policy, Quorum};
use testkit::story::{Cover, Proposal, What};

/// Nobody but one person is needed to tighten.
fn base() -> Policy {
    Policy { tighten: Quorum::AtLeast(1, BOARD, Apart::No), ..rules() }
}

/// The large permit waits a day longer.
fn tighter() -> Policy {
    let mut policy = base();
    policy.permits[1].hold += DAY;
    policy
}

/// The large permit waits a day less.
fn looser() -> Policy {
    let mut policy = base();
    policy.permits[1].hold -= DAY;
    policy
}

/// What happens next to a change.
type Act = &'static dyn Fn(&mut Scene<'_>, usize);

fn proposes(scene: &mut Scene<'_>, person: usize, version: usize) -> usize {
    scene.does(person, What::Propose(Proposal::Change(version))).unwrap();
    let change = scene.last();
    scene.nanos(1);
    change
}

/// The hold of the large permit in force, in days.
fn hold_days(scene: &Scene<'_>) -> u64 {
    scene.player.state.overt().policy().unwrap().permits()[1].hold.seconds() / DAY
}

#[test]
fn one_person_tightens_at_once_also_under_force() {
    let world = world(vec![base(), tighter()]);
    for forced in [false, true] {
        let mut scene = Scene::new(&world);
        let propose = What::Propose(Proposal::Change(1));
        let outcome = if forced { scene.is_forced(CAROL, propose) } else { scene.does(CAROL, propose) };
        outcome.unwrap();
        let change = scene.last();
        scene.nanos(1);
        assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Passed, 3), "forced: {forced}");
    }
}

#[test]
fn a_tightening_by_one_home_lapses_unless_another_joins() {
    let world = world(vec![base(), tighter()]);
    let mut scene = Scene::new(&world);
    let change = proposes(&mut scene, CAROL, 1);
    scene.hours(72);
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Lapsed, 2));
    let again = proposes(&mut scene, CAROL, 1);
    scene.hours(71);
    assert_eq!(hold_days(&scene), 3, "an hour is left");
    scene.does(GAELLE, What::Endorse(again)).unwrap();
    scene.hours(2000);
    assert_eq!((scene.motion(again), hold_days(&scene)), (MotionStatus::Passed, 3));
}

#[test]
fn who_lives_with_the_proposer_does_not_keep_a_tightening() {
    let shared = |mut policy: Policy| {
        policy.people[DAVID].homes = policy.people[CAROL].homes.clone();
        policy
    };
    let world = world(vec![shared(base()), shared(tighter())]);
    let mut scene = Scene::new(&world);
    let change = proposes(&mut scene, CAROL, 1);
    scene.does(DAVID, What::Endorse(change)).unwrap();
    scene.hours(72);
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Lapsed, 2));
}

#[test]
fn a_loosening_waits_though_somebody_calls_it_a_tightening() {
    let world = world(vec![base(), looser()]);
    let mut scene = Scene::new(&world);
    let change = proposes(&mut scene, CAROL, 1);
    scene.hours(100);
    assert_eq!(scene.motion(change), MotionStatus::Pending, "one person does not loosen");
    scene.does(DAVID, What::Endorse(change)).unwrap();
    scene.does(ELISE, What::Endorse(change)).unwrap();
    scene.hours(47);
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Pending, 2));
    scene.hours(1);
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Passed, 1));
}

/// The known defect elsewhere: the old policy stays in force after the wait, because of a restart in between.
#[test]
fn a_pending_change_survives_crash_and_restore_at_every_point() {
    let world = world(vec![base(), looser(), tighter()]);
    let steps: [Act; 5] = [
        &|scene, change| assert!(scene.does(DAVID, What::Endorse(change)).is_ok()),
        &|scene, change| assert!(scene.does(ELISE, What::Endorse(change)).is_ok()),
        &|scene, _| scene.hours(47),
        &|scene, _| scene.hours(1),
        &|scene, _| scene.hours(1),
    ];
    for crash_after in 0..=steps.len() {
        for event in [What::Restart(0), What::Snapshot] {
            let mut scene = Scene::new(&world);
            let change = proposes(&mut scene, CAROL, 1);
            for (at, step) in steps.iter().enumerate() {
                if at == crash_after {
                    scene.happens(event.clone()).unwrap();
                }
                step(&mut scene, change);
            }
            assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Passed, 1), "{crash_after}");
            assert!(scene.player.trace.faults.is_empty(), "{:?}", scene.player.trace.faults);
        }
    }
    // The server is down while the wait ends.
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    scene.happens(What::Restart(60 * 3_600_000_000_000)).unwrap();
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Passed, 1));
    for event in [What::Restart(0), What::Snapshot] {
        let mut scene = Scene::new(&world);
        let tightening = proposes(&mut scene, CAROL, 2);
        scene.happens(event.clone()).unwrap();
        assert_eq!(hold_days(&scene), 3, "a tightening in force is in force after a crash");
        scene.hours(71);
        scene.happens(event).unwrap();
        scene.hours(1);
        assert_eq!((scene.motion(tightening), hold_days(&scene)), (MotionStatus::Lapsed, 2));
    }
}

#[test]
fn changes_beside_one_another() {
    let world = world(vec![base(), looser(), tighter(), base()]);
    // One person's tightening neither ends a pending change nor outlives it.
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    let tightening = proposes(&mut scene, GAELLE, 2);
    assert_eq!(hold_days(&scene), 2, "the responder is not of the board");
    scene.does(CAROL, What::Endorse(tightening)).unwrap();
    scene.nanos(1);
    assert_eq!(hold_days(&scene), 3);
    assert_eq!(
        scene.motion(change),
        MotionStatus::Expired,
        "two homes tightened: what was drawn up before is gone"
    );
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    let tightening = proposes(&mut scene, DAVID, 2);
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Pending, 3));
    scene.hours(71);
    assert_eq!(
        (scene.motion(change), hold_days(&scene)),
        (MotionStatus::Pending, 3),
        "the wait follows the policy in force"
    );
    scene.hours(1);
    assert_eq!(
        (scene.motion(tightening), scene.motion(change)),
        (MotionStatus::Lapsed, MotionStatus::Passed)
    );
    assert_eq!(hold_days(&scene), 1);
    // What is equal ends nothing.
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    let same = proposes(&mut scene, CAROL, 3);
    assert_eq!((scene.motion(same), scene.motion(change)), (MotionStatus::Passed, MotionStatus::Pending));
    scene.hours(48);
    assert_eq!((scene.motion(change), hold_days(&scene)), (MotionStatus::Passed, 1));
}

/// Pending as a tightening for want of one more, and no tightening any more when something tighter is in force.
#[test]
fn a_direction_speaks_of_the_policy_in_force() {
    let two = |policy: Policy| Policy { tighten: Quorum::AtLeast(2, BOARD, Apart::No), ..policy };
    let mut tightest = two(tighter());
    tightest.permits[1].hold += DAY;
    let world = world(vec![two(base()), two(tighter()), tightest]);
    let mut scene = Scene::new(&world);
    let first = proposes(&mut scene, CAROL, 1);
    let second = proposes(&mut scene, DAVID, 2);
    scene.does(CAROL, What::Endorse(second)).unwrap();
    scene.nanos(1);
    assert_eq!((scene.motion(second), hold_days(&scene)), (MotionStatus::Passed, 4));
    assert_eq!(scene.motion(first), MotionStatus::Expired);
    let late = proposes(&mut scene, CAROL, 1);
    scene.does(DAVID, What::Endorse(late)).unwrap();
    scene.hours(1);
    assert_eq!(
        (scene.motion(late), hold_days(&scene)),
        (MotionStatus::Pending, 4),
        "a day less is a loosening now"
    );
}

#[test]
fn one_person_ends_equal_changes_twice_then_it_takes_two_homes() {
    let world = world(vec![base(), looser(), looser()]);
    let mut scene = Scene::new(&world);
    for version in [1, 2] {
        let change = proposes(&mut scene, CAROL, version);
        scene.does(FARID, What::End(change)).unwrap();
        assert_eq!(scene.motion(change), MotionStatus::Ended);
        scene.hours(24);
    }
    let third = proposes(&mut scene, CAROL, 1);
    scene.does(FARID, What::End(third)).unwrap();
    assert_eq!(scene.motion(third), MotionStatus::Pending, "not for the third time alone");
    assert_eq!(code(&scene.does(FARID, What::End(third))), "duplicate");
    scene.does(GAELLE, What::End(third)).unwrap();
    assert_eq!(scene.motion(third), MotionStatus::Ended, "somebody else can");
    scene.hours(90 * 24);
    let later = proposes(&mut scene, CAROL, 1);
    scene.does(FARID, What::End(later)).unwrap();
    assert_eq!(scene.motion(later), MotionStatus::Ended, "after 90 days they are forgotten");
}

#[test]
fn nobody_can_do_away_with_the_authority_to_change() {
    let without = |spoil: &dyn Fn(&mut Policy)| {
        let mut policy = base();
        spoil(&mut policy);
        policy
    };
    let many = Quorum::AtLeast(8, BOARD, Apart::No);
    // All three of the board: whoever of them proposes does not count, and somebody else may propose.
    let three = Quorum::AtLeast(3, BOARD, Apart::No);
    let world = world(vec![
        base(),
        without(&|policy| policy.change = many.clone()),
        without(&|policy| policy.lift = many.clone()),
        without(&|policy| policy.clear = many.clone()),
        without(&|policy| policy.change = three.clone()),
    ]);
    let mut scene = Scene::new(&world);
    for version in 1..4 {
        assert_eq!(code(&scene.does(CAROL, What::Propose(Proposal::Change(version)))), "authority-unmet");
    }
    assert_eq!(code(&scene.does(CAROL, What::Propose(Proposal::Change(4)))), "ok");
}

/// Two of the board want a tightening that takes three; one person tightens further, so that the same proposal loosens.
#[test]
fn a_turned_change_waits_from_the_moment_when_it_turned() {
    let held = |hours: u64| {
        let three = Quorum::AtLeast(3, BOARD, Apart::No);
        let mut policy = base();
        policy.people[HUGO].groups.push(OPERATIONS);
        policy.tighten = Quorum::Any(vec![Quorum::AtLeast(1, OPERATIONS, Apart::No), three]);
        policy.permits[1].hold = hours * HOUR;
        policy
    };
    let world = world(vec![held(24), held(36), held(48)]);
    for joins in [false, true] {
        let mut scene = Scene::new(&world);
        let change = proposes(&mut scene, FARID, 1);
        scene.does(DAVID, What::Endorse(change)).unwrap();
        scene.does(ELISE, What::Endorse(change)).unwrap();
        scene.hours(24);
        assert_eq!(scene.motion(change), MotionStatus::Pending, "two are not three");
        proposes(&mut scene, HUGO, 2);
        if joins {
            scene.does(CAROL, What::Endorse(change)).unwrap();
        }
        scene.hours(47);
        assert_eq!(scene.motion(change), MotionStatus::Pending, "three tighten, but do not loosen at once");
        scene.hours(1);
        assert_eq!(scene.motion(change), MotionStatus::Passed);
    }
}

/// Who endorsed a loosening was not free; saying the same in other words does not make it stand.
#[test]
fn an_equal_change_does_not_launder_a_loosening() {
    let mut same = looser();
    same.limits.push(same.limits[0].clone());
    let world = world(vec![base(), looser(), same]);
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    scene.hours(48);
    assert_eq!(scene.motion(change), MotionStatus::Passed);
    let reworded = proposes(&mut scene, CAROL, 2);
    assert_eq!(scene.motion(reworded), MotionStatus::Passed);
    scene.is_forced(ELISE, What::SignIn).unwrap();
    for responder in [FARID, GAELLE] {
        let cover = Cover { vaults: Vec::new(), people: Vec::new() };
        scene.does(responder, What::Narrow(1, cover)).unwrap();
    }
    let transfer = scene.approved();
    scene.hours(24);
    assert_eq!(scene.status(transfer), "declined", "by free acts it waits 48 h");
}
