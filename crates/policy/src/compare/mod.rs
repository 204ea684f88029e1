//! Comparison by consequences: what one policy lets happen that another does not (semantics 7). Keeps G5: a loosening is never
//! taken for a tightening.
//!
//! Called by `rempart policy diff`, and by `overt` when a change is proposed. What counts is *rights* (transfers after every
//! history, changes, lifts, clears, reading, signing) and *stops*; names of rules, order, unused people and groups do not.
//! Every right of one policy is looked for in the other; what is not found comes back as a [`Witness`]. Where a search grows
//! too large, or a difference is found and cannot be shown, the answer is [`Direction::Mixed`]. ADR 0012 says why this is exact.
//!
//! Where to find things: permits and forbids, `transfers`; limits, `windows`; people who suffice, `people`; changes, lifts,
//! clears, keys, reading, `authority`; who can stop, `stops`; what a difference looks like, `witness`.

mod authority;
mod cells;
mod implied;
mod people;
mod stops;
mod text;
mod transfers;
mod windows;
mod witness;

use serde::{Deserialize, Serialize};

pub(crate) use authority::is_kin;
pub use witness::{Deed, Side, Witness};

use crate::policy::Policy;
use people::People;

/// In which direction a change moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Fewer rights, no stop lost.
    Tightens,
    /// More rights, or the same with a stop lost.
    Loosens,
    /// Both, or whether anything was gained is undecided.
    Mixed,
    /// The same rights and stops.
    Equal,
}

impl Direction {
    /// The word that people and programs see.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tightens => "tightens",
            Self::Loosens => "loosens",
            Self::Mixed => "mixed",
            Self::Equal => "equal",
        }
    }

    /// Whether a change may apply at once: nothing is allowed afterwards that was not before.
    #[must_use]
    pub const fn is_immediate(self) -> bool {
        matches!(self, Self::Tightens | Self::Equal)
    }
}

/// What a comparison found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Comparison {
    /// The direction from the old policy to the new one.
    pub direction: Direction,
    /// Something that only one of the two allows; absent when they are equal. For `loosens` and `mixed` something that the new
    /// policy allows or a stop that it lacks, when there is one.
    pub witness: Option<Witness>,
    /// For `mixed`: something on the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Witness>,
}

/// What one policy has over another.
#[derive(Default)]
struct Surplus {
    /// Certain.
    certain: Option<Deed>,
    /// Neither shown nor excluded.
    undecided: Option<Deed>,
}

impl Surplus {
    fn exists(&self) -> bool {
        self.certain.is_some() || self.undecided.is_some()
    }

    fn is_undecided(&self) -> bool {
        self.certain.is_none() && self.undecided.is_some()
    }

    fn deed(self) -> Option<Deed> {
        self.certain.or(self.undecided)
    }

    fn add(&mut self, deed: Deed) {
        self.certain.get_or_insert(deed);
    }

    fn doubt(&mut self, deed: Deed) {
        self.undecided.get_or_insert(deed);
    }
}

/// Two policies, in the roles of one question: what does `more` allow that `less` does not?
struct Pair<'p> {
    less: &'p Policy,
    more: &'p Policy,
    people: People<'p>,
}

/// Compares two policies by what they let happen.
#[must_use]
pub fn compare(old: &Policy, new: &Policy) -> Comparison {
    if old.hash() == new.hash() {
        return Comparison { direction: Direction::Equal, witness: None, other: None };
    }
    let loosening = Pair { less: old, more: new, people: People::new(old, new) };
    let tightening = Pair { less: new, more: old, people: People::new(new, old) };
    let (gained, lost) = (rights(&loosening), rights(&tightening));
    let (stop_gained, stop_lost) = (stops::surplus(&loosening), stops::surplus(&tightening));
    // What may have been lost counts as lost: if nothing was gained, nothing is allowed afterwards that was not before.
    let direction = if gained.is_undecided() {
        Direction::Mixed
    } else {
        direction((gained.exists(), lost.exists()), (stop_gained.is_some(), stop_lost.is_some()))
    };
    let by = |side: Side| move |deed: Deed| Witness { allowed_by: side, deed };
    let toward = gained.deed().map(by(Side::New)).or(stop_lost.map(by(Side::Old)));
    let away = lost.deed().map(by(Side::Old)).or(stop_gained.map(by(Side::New)));
    match direction {
        Direction::Equal => Comparison { direction, witness: None, other: None },
        Direction::Tightens => Comparison { direction, witness: away, other: None },
        Direction::Loosens => Comparison { direction, witness: toward, other: None },
        Direction::Mixed => match (toward, away) {
            (None, away) => Comparison { direction, witness: away, other: None },
            (toward, away) => Comparison { direction, witness: toward, other: away },
        },
    }
}

/// Semantics 7, word for word; each pair is (gained, lost).
fn direction(rights: (bool, bool), stops: (bool, bool)) -> Direction {
    match (rights, stops) {
        ((false, false), (false, false)) => Direction::Equal,
        ((false, true), (_, false)) => Direction::Tightens,
        ((true, false), _) | ((false, false), (_, true)) => Direction::Loosens,
        _ => Direction::Mixed,
    }
}

fn rights(pair: &Pair<'_>) -> Surplus {
    let mut surplus = Surplus::default();
    transfers::search(pair, &mut surplus);
    if surplus.certain.is_none() {
        authority::search(pair, &mut surplus);
    }
    surplus
}
