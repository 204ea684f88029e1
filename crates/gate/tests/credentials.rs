//! G4 and G5 for credentials: a replacement waits as every change does, one person ends it, and what is done with a credential that only
//! people brought who were not free counts for nothing.
//!
//! Called by `cargo test -p gate`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a scene that goes wrong stops its test")]

mod scene;

use overt::MotionStatus;
use scene::*;
use testkit::story::{Cover, Proposal, What};

fn proposes(scene: &mut Scene<'_>, person: usize, proposal: Proposal) -> usize {
    scene.does(person, What::Propose(proposal)).unwrap();
    scene.last()
}

/// Alice's credential is to be replaced; the board of David and Elise has agreed.
fn agreed(scene: &mut Scene<'_>) -> usize {
    let motion = proposes(scene, BOB, Proposal::Replace(ALICE));
    scene.does(DAVID, What::Endorse(motion)).unwrap();
    scene.does(ELISE, What::Endorse(motion)).unwrap();
    motion
}

fn devices(scene: &Scene<'_>, name: &str) -> Vec<bool> {
    let entry = scene.player.state.overt().entry(name);
    entry.map(|entry| entry.devices.iter().map(|device| device.muted).collect()).unwrap_or_default()
}

#[test]
fn a_replacement_waits_for_the_quorum_and_for_the_longest_hold() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let motion = proposes(&mut scene, BOB, Proposal::Replace(ALICE));
    scene.does(DAVID, What::Endorse(motion)).unwrap();
    scene.hours(100);
    assert_eq!(scene.motion(motion), MotionStatus::Pending, "one of the board is not enough");
    scene.does(ELISE, What::Endorse(motion)).unwrap();
    scene.hours(47);
    assert_eq!((scene.motion(motion), devices(&scene, "alice").len()), (MotionStatus::Pending, 0));
    scene.hours(1);
    assert_eq!((scene.motion(motion), devices(&scene, "alice").len()), (MotionStatus::Passed, 1));
}

#[test]
fn neither_who_proposes_nor_the_person_concerned_counts() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let of_elise = proposes(&mut scene, CAROL, Proposal::Replace(ELISE));
    assert_eq!(code(&scene.does(CAROL, What::Endorse(of_elise))), "own-proposal");
    assert_eq!(code(&scene.does(ELISE, What::Endorse(of_elise))), "not-allowed");
    scene.does(DAVID, What::Endorse(of_elise)).unwrap();
    scene.hours(24 * 29);
    assert_eq!(scene.motion(of_elise), MotionStatus::Pending, "only David counts");
}

#[test]
fn one_person_ends_a_replacement_and_twice_at_most() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    for _ in 0..2 {
        let motion = agreed(&mut scene);
        scene.does(ALICE, What::End(motion)).unwrap();
        assert_eq!(scene.motion(motion), MotionStatus::Ended);
    }
    // Whoever stole a credential could otherwise keep it for ever.
    let third = agreed(&mut scene);
    scene.does(ALICE, What::End(third)).unwrap();
    assert_eq!(scene.motion(third), MotionStatus::Pending);
    scene.does(GAELLE, What::End(third)).unwrap();
    assert_eq!(scene.motion(third), MotionStatus::Ended, "somebody of another home ends it");
}

#[test]
fn a_replacement_that_was_forced_is_declined_like_any_change() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let motion = proposes(&mut scene, BOB, Proposal::Replace(ALICE));
    scene.does(DAVID, What::Endorse(motion)).unwrap();
    scene.is_forced(ELISE, What::Endorse(motion)).unwrap();
    scene.hours(48);
    assert_eq!((scene.motion(motion), devices(&scene, "alice").len()), (MotionStatus::Declined, 0));
}

/// Alice's name approves a large transfer of Bob's, with a credential that David and Elise brought. Then both are found to have been held.
fn usurped(found_out: bool) -> &'static str {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    agreed(&mut scene);
    scene.hours(48);
    let transfer = scene.submits(BOB, HOT, 2_000_000);
    scene.does(ALICE, What::Approve(transfer)).unwrap();
    scene.does(CAROL, What::Approve(transfer)).unwrap();
    if found_out {
        scene.does(FARID, What::Report(DAVID)).unwrap();
        scene.does(FARID, What::Implicate(1, ELISE, 30 * DAY)).unwrap();
        let nothing = Cover { vaults: Vec::new(), people: Vec::new() };
        for responder in [FARID, GAELLE] {
            scene.does(responder, What::Narrow(1, nothing.clone())).unwrap();
        }
    }
    scene.hours(48);
    scene.status(transfer)
}

#[test]
fn what_an_impostor_approves_counts_for_nothing_once_it_is_found_out() {
    assert_eq!(usurped(false), "ready");
    assert_eq!(usurped(true), "declined");
}

#[test]
fn two_homes_leave_somebody_nothing_but_stopping() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    assert_eq!(code(&scene.does(BOB, What::Propose(Proposal::Revoke(ALICE)))), "not-found");
    agreed(&mut scene);
    scene.hours(48);
    let motion = proposes(&mut scene, BOB, Proposal::Revoke(ALICE));
    scene.hours(1);
    assert_eq!(devices(&scene, "alice"), [false], "one person alone takes nobody's devices");
    scene.does(CAROL, What::Endorse(motion)).unwrap();
    scene.nanos(1);
    assert_eq!((scene.motion(motion), devices(&scene, "alice")), (MotionStatus::Passed, vec![true]));
}
