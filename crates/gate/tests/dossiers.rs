//! G4, G5, G9 for dossiers: a revision takes none away, whoever hands it in; responders see which ones were handed in freely, the owner does not;
//! the reminder knows dates and recipients only.
//!
//! Called by `cargo test -p gate`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a scene that goes wrong stops its test")]

mod scene;

use overt::{DOSSIER_REVISIONS_PER_DAY_MAX, DossierDue};
use scene::*;
use testkit::story::What;
use types::PersonId;

fn alice() -> PersonId {
    PersonId::parse("alice").unwrap()
}

/// Each revision on hand and whether it was handed in freely, as responders see it.
fn history(scene: &Scene<'_>) -> Vec<(u32, bool)> {
    let history = gate::dossier_history(&scene.player.state, &alice());
    history.into_iter().map(|(kept, free)| (kept.sealed.revision, free)).collect()
}

fn due(scene: &Scene<'_>) -> Option<DossierDue> {
    scene.player.state.overt().dossier_due(&alice())
}

#[test]
fn a_forced_revision_takes_none_away_and_is_known_for_what_it_is() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.does(ALICE, What::KeepDossier(0)).unwrap();
    scene.hours(24 * 30);
    scene.does(ALICE, What::KeepDossier(0)).unwrap();
    assert_eq!(history(&scene), [(1, true), (2, true)]);
    scene.hours(24 * 30);
    assert!(scene.is_forced(ALICE, What::KeepDossier(0)).is_ok(), "it is taken like any other");
    assert_eq!(history(&scene), [(1, true), (2, true), (3, false)]);
    let shown: Vec<u32> =
        scene.player.state.overt().dossier(&alice()).iter().map(|kept| kept.sealed.revision).collect();
    assert_eq!(shown, [1, 2, 3], "the owner's own view tells nothing");
}

#[test]
fn what_was_handed_in_shortly_before_the_first_sign_may_have_been_forced() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    scene.does(ALICE, What::KeepDossier(0)).unwrap();
    scene.hours(24 * 30);
    scene.does(ALICE, What::KeepDossier(0)).unwrap();
    scene.hours(24 * 6);
    scene.is_forced(ALICE, What::SignIn).unwrap();
    assert_eq!(history(&scene), [(1, true), (2, false)], "the look-back is seven days");
}

#[test]
fn the_number_is_the_next_and_a_day_takes_eight() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    assert_eq!(code(&scene.does(ALICE, What::KeepDossier(1))), "revision-not-next");
    for _ in 0..DOSSIER_REVISIONS_PER_DAY_MAX {
        scene.does(ALICE, What::KeepDossier(0)).unwrap();
    }
    assert_eq!(code(&scene.does(ALICE, What::KeepDossier(0))), "too-many");
    scene.does(BOB, What::KeepDossier(0)).unwrap();
    scene.hours(24);
    scene.does(ALICE, What::KeepDossier(0)).unwrap();
    assert_eq!(history(&scene).len(), DOSSIER_REVISIONS_PER_DAY_MAX + 1);
}

#[test]
fn the_reminder_comes_after_half_a_year_and_when_the_readers_are_others() {
    let world = world(vec![rules()]);
    let mut scene = Scene::new(&world);
    assert_eq!(due(&scene), None, "there is nobody to seal it to");
    scene.does(ALICE, What::KeepDossier(0)).unwrap();
    assert_eq!(due(&scene), Some(DossierDue::Readers), "it was sealed to other keys than these");
    scene.hours(24 * 182);
    scene.does(BOB, What::SignIn).unwrap();
    assert_eq!(due(&scene), Some(DossierDue::Readers), "182 days are not yet more");
    scene.hours(1);
    scene.does(BOB, What::SignIn).unwrap();
    assert_eq!(due(&scene), Some(DossierDue::Old));
}
