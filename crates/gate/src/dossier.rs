//! A dossier's revisions as responders see them: which were handed in by somebody who was free, as far as is known now (G4, G9).
//!
//! Nothing overt follows from it: the owner's own view lists them all alike.

use overt::{Kept, Reading};
use types::PersonId;

use crate::release::Untainted;
use crate::state::State;

/// The revisions on hand, oldest first, and whether each one's act counts.
#[must_use]
pub fn dossier_history<'s>(state: &'s State, person: &PersonId) -> Vec<(&'s Kept, bool)> {
    let reading = Untainted { covert: state.covert(), policies: state.overt().policies() };
    let free = |kept: &Kept| reading.counts(&kept.act, Some(kept.act.at));
    state.overt().dossier(person).iter().map(|kept| (kept, free(kept))).collect()
}
