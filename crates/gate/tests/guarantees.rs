//! The guarantees of the gate, one scene each, readable from top to bottom: what moves, and what anybody can see of it (G1, G3, G4).
//!
//! The same guarantees are tried on random histories by `cargo xtask simulate`; these say by name what must hold. G5 to G8 are in
//! `stops_and_alarms.rs`.

mod scene;

use overt::MotionStatus;
use scene::*;
use testkit::org::{Actor, Apart, Forbid, Goes, Quorum};
use testkit::play::play;
use testkit::story::{Cover, Proposal, Scope, What};

const NANOS_PER_HOUR: u64 = 3_600_000_000_000;

// G1: quorum, limits, wait, prices, clock.

#[test]
fn nothing_moves_without_its_quorum() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.submits(ALICE, HOT, 2_000_000);
    scene.does(BOB, What::Approve(transfer)).unwrap();
    scene.hours(6 * 24);
    assert_eq!(scene.status(transfer), "pending");
    scene.hours(24);
    assert_eq!(scene.status(transfer), "expired");
}

#[test]
fn the_initiator_never_counts_and_nobody_counts_twice() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.submits(ALICE, HOT, 2_000_000);
    assert_eq!(code(&scene.does(ALICE, What::Approve(transfer))), "own-proposal");
    scene.does(CAROL, What::Approve(transfer)).unwrap();
    assert_eq!(code(&scene.does(CAROL, What::Approve(transfer))), "already-approved");
    scene.hours(49);
    assert_eq!(scene.status(transfer), "pending", "Carol is of finance and of the board, but one person");
    scene.does(DAVID, What::Approve(transfer)).unwrap();
    scene.hours(48);
    assert_eq!(scene.status(transfer), "ready");
}

#[test]
fn a_hold_is_not_over_a_nanosecond_early() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.nanos(48 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.status(transfer), "pending");
    scene.nanos(1);
    assert_eq!(scene.status(transfer), "ready");
}

#[test]
fn limit_window_exact_to_the_nanosecond() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    for _ in 0..30 {
        scene.submits(ALICE, HOT, 100_000);
    }
    let next = scene.draft(Actor::Person(ALICE), HOT, 1);
    assert_eq!(code(&scene.does(ALICE, What::Submit(next))), "limit-reached");
    scene.nanos(24 * NANOS_PER_HOUR - 1);
    assert_eq!(code(&scene.does(ALICE, What::Submit(next))), "limit-reached");
    scene.nanos(1);
    assert_eq!(code(&scene.does(ALICE, What::Submit(next))), "ok");
}

#[test]
fn a_change_cannot_loosen_what_was_submitted_before() {
    let mut loose = quick_rules();
    loose.permits[1].approve = Some(Quorum::AtLeast(1, 0, Apart::No));
    let world = world(vec![quick_rules(), loose]);
    let mut scene = Scene::new(&world);
    let transfer = scene.submits(ALICE, HOT, 2_000_000);
    scene.does(BOB, What::Approve(transfer)).unwrap();
    let change = scene.changes();
    scene.hours(24);
    assert_eq!(scene.motion(change), MotionStatus::Passed);
    scene.hours(24);
    assert_eq!(scene.status(transfer), "pending", "one approval suffices now, but not when it was submitted");
    scene.does(DAVID, What::Approve(transfer)).unwrap();
    scene.hours(12);
    assert_eq!(scene.status(transfer), "ready");
}

#[test]
fn a_change_cannot_shorten_the_wait_of_what_was_submitted_before() {
    let mut loose = rules();
    loose.permits[1].hold = 0;
    let world = world(vec![rules(), loose]);
    let mut scene = Scene::new(&world);
    let change = scene.changes();
    scene.hours(47);
    let transfer = scene.approved();
    scene.hours(1);
    assert_eq!(scene.motion(change), MotionStatus::Passed);
    scene.nanos(47 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.status(transfer), "pending");
    scene.nanos(1);
    assert_eq!(scene.status(transfer), "ready");
}

#[test]
fn a_released_transfer_is_judged_by_the_stricter_policy_before_it_is_signed() {
    let mut strict = quick_rules();
    strict.permits[1].approve = Some(Quorum::AtLeast(3, 1, Apart::No));
    let world = world(vec![quick_rules(), strict]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved_on_chain();
    scene.hours(12);
    assert_eq!(scene.status(transfer), "ready");
    let change = scene.changes();
    scene.nanos(1);
    assert_eq!((scene.status(transfer), scene.motion(change)), ("ready", MotionStatus::Passed));
    scene.does(BOB, What::Attach(transfer, vec![1], true)).unwrap();
    assert_eq!(scene.status(transfer), "declined");
}

#[test]
fn a_forbid_of_now_declines_what_was_submitted_before() {
    let mut strict = quick_rules();
    strict.forbids.push(Forbid { vault: Some(HOT), initiator: None, goes: None, over: Some(1_000_000) });
    let world = world(vec![quick_rules(), strict]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.hours(11);
    let change = scene.changes();
    scene.nanos(1);
    assert_eq!((scene.status(transfer), scene.motion(change)), ("pending", MotionStatus::Passed));
    scene.hours(1);
    assert_eq!(scene.status(transfer), "declined");
}

#[test]
fn what_works_only_in_quiet_times_is_declined_in_others() {
    let world = world(vec![quick_rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.does(HUGO, What::Raise(1)).unwrap();
    scene.hours(12);
    assert_eq!(scene.status(transfer), "declined");
}

#[test]
fn what_is_cancelled_gives_its_budget_back() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let mut short = scene.draft(Actor::Person(ALICE), HOT, 2_000_000);
    scene.does(ALICE, What::Submit(short)).unwrap();
    scene.does(BOB, What::Cancel(short)).unwrap();
    short = scene.draft(Actor::Person(ALICE), HOT, 2_000_000);
    assert_eq!(code(&scene.does(ALICE, What::Submit(short))), "ok");
    let over = scene.draft(Actor::Person(ALICE), HOT, 1_000_001);
    assert_eq!(code(&scene.does(ALICE, What::Submit(over))), "limit-reached");
}

#[test]
fn clock_jump_stops_releases() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.happens(What::Wait(NANOS_PER_HOUR, 49 * 3_600_000_000_000)).unwrap();
    assert_eq!(scene.status(transfer), "pending", "civil time alone moves nothing");
    scene.hours(47);
    assert_eq!(scene.status(transfer), "declined");
}

#[test]
fn without_a_good_price_nothing_is_accepted() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.draft(Actor::Person(ALICE), TREASURY, 100_000);
    assert_eq!(code(&scene.does(ALICE, What::Submit(transfer))), "price-unknown");
    scene.happens(What::Price(100_000)).unwrap();
    scene.hours(1);
    scene.happens(What::Price(79_999)).unwrap();
    assert_eq!(code(&scene.does(ALICE, What::Submit(transfer))), "price-unknown");
    scene.hours(1);
    scene.happens(What::Price(80_000)).unwrap();
    scene.hours(24);
    assert_eq!(code(&scene.does(ALICE, What::Submit(transfer))), "ok");
    let late = scene.draft(Actor::Person(ALICE), TREASURY, 100_000);
    scene.nanos(1);
    assert_eq!(code(&scene.does(ALICE, What::Submit(late))), "price-unknown");
}

// G3: nothing overt tells a coerced history from a free one.

#[test]
fn quick_transfer_flows_during_an_incident() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    assert_eq!(scene.open_incidents(), 1);
    let transfer = scene.draft(Actor::Person(ALICE), HOT, 100_000);
    scene.is_forced(ALICE, What::Submit(transfer)).unwrap();
    assert_eq!(scene.status(transfer), "ready");
}

#[test]
fn coerced_and_free_histories_look_the_same_until_ready() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.does(ALICE, What::SignIn).unwrap();
    scene.submits(BOB, HOT, 5_000);
    scene.does(GAELLE, What::Stop(Scope::Vault(TREASURY))).unwrap();
    scene.nanos(48 * NANOS_PER_HOUR - 1);
    let free = play(&world, &scene.story, true);
    let mut story = scene.story.clone();
    story.steps.iter_mut().filter(|step| step.what.is_command()).for_each(|step| step.duress = true);
    let coerced = play(&world, &story, true);
    assert_eq!(clear_bytes(&free), clear_bytes(&coerced));
    assert_eq!(free.looks, coerced.looks);
    assert_eq!(scene.status(transfer), "pending");
}

#[test]
fn objection_looks_like_duress() {
    let world = world(vec![rules()]);
    let end = |act: &dyn Fn(&mut Scene, usize)| {
        let mut scene = Scene::new(&world);
        let transfer = scene.approved();
        act(&mut scene, transfer);
        scene.hours(48);
        assert_eq!(scene.status(transfer), "declined");
        let bytes = clear_bytes(&scene.player.trace);
        bytes.last().cloned().unwrap()
    };
    let objected = end(&|scene, transfer| {
        scene.does(ELISE, What::SignIn).unwrap();
        scene.does(ELISE, What::Object(transfer)).unwrap();
    });
    let coerced = end(&|scene, _| {
        scene.is_forced(ELISE, What::SignIn).unwrap();
    });
    assert_eq!(objected, coerced);
}

#[test]
fn responders_leave_nothing_in_the_overt_chain() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    let before = clear_bytes(&scene.player.trace).len();
    scene.does(FARID, What::Acknowledge(1)).unwrap();
    scene.does(FARID, What::Report(BOB)).unwrap();
    scene.clears(GAELLE, 1).unwrap();
    scene.happens(What::Deliver).unwrap();
    assert_eq!(clear_bytes(&scene.player.trace).len(), before);
}

// G4: only what free people want takes effect slowly.

#[test]
fn coerced_slow_transfer_is_declined_at_ready() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.submits(ALICE, HOT, 2_000_000);
    scene.does(BOB, What::Approve(transfer)).unwrap();
    scene.is_forced(CAROL, What::Approve(transfer)).unwrap();
    scene.nanos(48 * NANOS_PER_HOUR - 1);
    assert_eq!(scene.status(transfer), "pending");
    scene.nanos(1);
    assert_eq!(scene.status(transfer), "declined");
}

#[test]
fn taint_reaches_back() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved();
    scene.hours(24);
    scene.is_forced(CAROL, What::SignIn).unwrap();
    for responder in [FARID, GAELLE] {
        scene.does(responder, What::Narrow(1, Cover { vaults: Vec::new(), people: Vec::new() })).unwrap();
    }
    scene.hours(24);
    assert_eq!(scene.status(transfer), "declined", "Carol approved a day before she could signal");
}

#[test]
fn after_a_clear_the_old_transfer_stays_tainted_and_a_new_one_flows() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let old = scene.approved();
    scene.is_forced(ALICE, What::SignIn).unwrap();
    for responder in [FARID, GAELLE] {
        scene.clears(responder, 1).unwrap();
    }
    scene.hours(24);
    assert_eq!(scene.open_incidents(), 0);
    scene.hours(24);
    assert_eq!(scene.status(old), "declined");
    let new = scene.approved();
    scene.hours(48);
    assert_eq!(scene.status(new), "ready");
}

#[test]
fn coerced_cancel_frees_no_budget_in_the_second_reading() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let first = scene.submits(BOB, HOT, 2_000_000);
    scene.is_forced(ALICE, What::Cancel(first)).unwrap();
    assert_eq!(scene.status(first), "cancelled");
    let second = scene.draft(Actor::Person(BOB), HOT, 2_000_000);
    scene.does(BOB, What::Submit(second)).unwrap();
    scene.does(CAROL, What::Approve(second)).unwrap();
    scene.does(DAVID, What::Approve(second)).unwrap();
    for responder in [FARID, GAELLE] {
        scene.clears(responder, 1).unwrap();
    }
    scene.hours(24);
    assert_eq!(scene.open_incidents(), 0);
    scene.hours(24);
    assert_eq!(scene.status(second), "declined", "without the cancel there was no room for it");
}

#[test]
fn service_is_as_free_as_its_operators() {
    let mut others = rules();
    others.operators = vec![DAVID];
    let world = world(vec![rules(), others]);
    let mut scene = Scene::new(&world);
    scene.does(CAROL, What::Propose(Proposal::Change(1))).unwrap();
    let change = scene.last();
    scene.does(DAVID, What::Endorse(change)).unwrap();
    scene.does(ELISE, What::Endorse(change)).unwrap();
    scene.hours(24);
    let number = scene.draft(Actor::Service, HOT, 2_000_000);
    let step = scene.story.steps.len();
    let submit = testkit::story::Step {
        number: step,
        by: Actor::Service,
        what: What::Submit(number),
        duress: false,
        key: None,
    };
    scene.story.steps.push(submit);
    scene.player.perform(&scene.story, step);
    scene.does(BOB, What::Approve(number)).unwrap();
    scene.does(CAROL, What::Approve(number)).unwrap();
    scene.hours(24);
    assert_eq!(scene.motion(change), MotionStatus::Passed);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    for responder in [FARID, GAELLE] {
        scene.does(responder, What::Narrow(1, Cover { vaults: Vec::new(), people: Vec::new() })).unwrap();
    }
    scene.hours(24);
    assert_eq!(scene.status(number), "declined", "Alice operated the service when it submitted");
}

#[test]
fn a_phrase_on_the_signature_is_judged_first() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    let transfer = scene.approved_on_chain();
    scene.hours(48);
    assert_eq!(scene.status(transfer), "ready");
    scene.is_forced(BOB, What::Attach(transfer, vec![1], true)).unwrap();
    assert_eq!(scene.status(transfer), "declined");
    let id = scene.story.transfers[transfer].identified.id();
    assert_eq!(scene.player.state.overt().reserved_for(&testkit::world::coin(1)), None, "{id}");
}

#[test]
fn an_objection_to_a_released_transfer_looks_like_duress_at_its_signature() {
    let world = world(vec![rules()]);
    let end = |act: &dyn Fn(&mut Scene, usize)| {
        let mut scene = Scene::new(&world);
        let transfer = scene.approved_on_chain();
        scene.hours(48);
        assert_eq!(scene.status(transfer), "ready");
        act(&mut scene, transfer);
        scene.hours(1);
        scene.does(BOB, What::Attach(transfer, vec![1], true)).unwrap();
        assert_eq!(scene.status(transfer), "declined");
        let bytes = clear_bytes(&scene.player.trace);
        bytes.last().cloned().unwrap()
    };
    let objected = end(&|scene, transfer| {
        scene.does(ELISE, What::SignIn).unwrap();
        scene.does(ELISE, What::Object(transfer)).unwrap();
    });
    let coerced = end(&|scene, _| {
        scene.is_forced(ELISE, What::SignIn).unwrap();
    });
    assert_eq!(objected, coerced);
}

#[test]
fn a_coerced_endorsement_passes_no_change() {
    let mut loose = rules();
    loose.permits[1].hold = 0;
    let world = world(vec![rules(), loose]);
    let mut scene = Scene::new(&world);
    scene.does(CAROL, What::Propose(Proposal::Change(1))).unwrap();
    let change = scene.last();
    scene.does(DAVID, What::Endorse(change)).unwrap();
    scene.is_forced(ELISE, What::Endorse(change)).unwrap();
    scene.hours(48);
    assert_eq!(scene.motion(change), MotionStatus::Declined);
}

#[test]
fn a_signal_of_somebody_added_by_a_responder_reaches_back_as_well() {
    let mut policy = rules();
    policy.permits[0].goes = Goes::Any;
    policy.permits.push(testkit::org::Permit {
        name: "known",
        over: Some(100_000),
        up_to: None,
        goes: Goes::Known(0),
        ..policy.permits[0].clone()
    });
    policy.permits[2].hold = 2 * DAY;
    policy.permits.remove(1);
    let world = world(vec![policy]);
    let mut scene = Scene::new(&world);
    let small = scene.submits(ALICE, HOT, 100);
    scene.happens(What::Signed(small, false)).unwrap();
    scene.hours(1);
    scene.is_forced(BOB, What::SignIn).unwrap();
    scene.does(FARID, What::Implicate(1, ALICE, 0)).unwrap();
    scene.is_forced(ALICE, What::SignIn).unwrap();
    for responder in [FARID, GAELLE] {
        scene.does(responder, What::Narrow(1, Cover { vaults: Vec::new(), people: Vec::new() })).unwrap();
    }
    let large = scene.submits(CAROL, HOT, 200_000);
    scene.hours(48);
    assert_eq!(
        scene.status(large),
        "declined",
        "the address is known by a payment that Alice was forced to make"
    );
}
